//! Tags, read from inputs and written into outputs of any form.

use serde_json::{Map, Value};

use crate::model::{Contract, Member, ShapeId, ShapeKind};

/// Tags by key, in the order in which they were added.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct TagSet(Vec<(String, Value)>);

/// The form in which a member holds tags.
enum TagForm<'c> {
    /// Values by key.
    Map,
    /// Structures of a key and a value.
    Pairs { item: &'c ShapeId, key: &'c str, value: &'c str },
    /// A structure that holds tags.
    Inner,
    /// Keys alone.
    Keys,
}

/// The deepest structure that holds tags.
const DEEPEST: usize = 2;

impl TagSet {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn size(&self) -> usize {
        self.0.iter().map(|(key, value)| key.len() + value.as_str().map_or(0, str::len) + 64).sum()
    }

    /// The tags from one position to another.
    pub(super) fn slice(&self, from: usize, to: usize) -> Self {
        Self(self.0.iter().take(to).skip(from).cloned().collect())
    }

    pub(super) fn insert(&mut self, key: String, value: Value) {
        match self.0.iter_mut().find(|(known, _)| *known == key) {
            Some((_, known)) => *known = value,
            None => self.0.push((key, value)),
        }
    }

    pub(super) fn extend(&mut self, other: Self) {
        for (key, value) in other.0 {
            self.insert(key, value);
        }
    }

    /// Removes the tags of these keys.
    pub(super) fn remove_all(&mut self, keys: &[String]) {
        self.0.retain(|(key, _)| !keys.contains(key));
    }

    /// The tags of an input; `None` if it has none.
    pub(super) fn given(contract: &Contract, shape: &ShapeId, input: &Map<String, Value>) -> Option<Self> {
        let mut tags = Self::default();
        let mut is_given = false;
        each_given(contract, shape, input, 0, &mut |form, value| {
            is_given |= !matches!(form, TagForm::Keys | TagForm::Inner);
            match (form, value) {
                (TagForm::Map, Value::Object(entries)) => {
                    entries.iter().for_each(|(key, value)| tags.insert(key.clone(), value.clone()));
                }
                (TagForm::Pairs { key, value, .. }, Value::Array(items)) => {
                    for item in items {
                        let name = item.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
                        tags.insert(name, item.get(value).cloned().unwrap_or(Value::Null));
                    }
                }
                _ => {}
            }
        });
        is_given.then_some(tags)
    }

    /// The keys of the tags that an input removes; `None` if it names none.
    pub(super) fn removed(contract: &Contract, shape: &ShapeId, input: &Map<String, Value>) -> Option<Vec<String>> {
        let mut keys: Option<Vec<String>> = None;
        each_given(contract, shape, input, 0, &mut |form, value| {
            let texts: Vec<String> = match (form, value) {
                (TagForm::Keys, Value::Array(items)) => {
                    items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
                }
                (TagForm::Pairs { key, .. }, Value::Array(items)) => {
                    let of_item = |item: &Value| item.get(key).and_then(Value::as_str).map(str::to_owned);
                    items.iter().filter_map(of_item).collect()
                }
                _ => return,
            };
            keys.get_or_insert_default().extend(texts);
        });
        keys
    }

    /// The value of a member that holds tags; `None` if the member holds none.
    pub(super) fn written(&self, contract: &Contract, member: &Member) -> Option<Value> {
        self.written_in(contract, member, 0)
    }

    fn written_in(&self, contract: &Contract, member: &Member, depth: usize) -> Option<Value> {
        match form(contract, member)? {
            TagForm::Map => Some(Value::Object(self.0.iter().cloned().collect())),
            TagForm::Pairs { item, key, value } => {
                let is_optional =
                    contract.members(item).iter().any(|part| part.name == value && !part.traits.required());
                let pair = |(name, given): &(String, Value)| {
                    let mut pair = Map::new();
                    pair.insert(key.to_owned(), name.as_str().into());
                    if !(given.is_null() && is_optional) {
                        pair.insert(value.to_owned(), given.clone());
                    }
                    Value::Object(pair)
                };
                Some(self.0.iter().map(pair).collect())
            }
            TagForm::Inner if depth < DEEPEST => {
                let parts = contract.members(&member.target).iter();
                let written =
                    parts.filter_map(|part| Some((part.name.clone(), self.written_in(contract, part, depth + 1)?)));
                let written: Map<String, Value> = written.collect();
                (!written.is_empty()).then_some(Value::Object(written))
            }
            TagForm::Inner | TagForm::Keys => None,
        }
    }
}

/// Calls `found` for each member that holds tags or their keys.
fn each_given<'c>(
    contract: &'c Contract,
    shape: &ShapeId,
    input: &Map<String, Value>,
    depth: usize,
    found: &mut impl FnMut(TagForm<'c>, &Value),
) {
    for member in contract.members(shape) {
        let Some(value) = input.get(&member.name) else { continue };
        match (form(contract, member), value) {
            (Some(TagForm::Inner), Value::Object(inner)) if depth < DEEPEST => {
                each_given(contract, &member.target, inner, depth + 1, found);
            }
            (Some(form), value) => found(form, value),
            (None, _) => {}
        }
    }
}

/// The form of a member that holds tags, by its name and shape.
fn form<'c>(contract: &'c Contract, member: &'c Member) -> Option<TagForm<'c>> {
    // A stage has no tags.
    if !member.name.starts_with("tag") && !member.name.contains("Tag") {
        return None;
    }
    let is_text = |id: &ShapeId| {
        matches!(contract.shape(id).map(|shape| &shape.kind), Some(ShapeKind::String | ShapeKind::Enum(_)))
    };
    match &contract.shape(&member.target)?.kind {
        ShapeKind::Map { value, .. } if is_text(&value.target) => Some(TagForm::Map),
        ShapeKind::List(item) if is_text(&item.target) => {
            member.name.to_ascii_lowercase().contains("key").then_some(TagForm::Keys)
        }
        ShapeKind::List(item) => {
            let parts = contract.members(&item.target).iter();
            let named = |end: &str| {
                let mut parts = parts.clone();
                let is_named = |part: &str| part == end || part == format!("tag{end}");
                parts.find(|part| is_named(&part.name.to_ascii_lowercase())).map(|part| part.name.as_str())
            };
            Some(TagForm::Pairs { item: &item.target, key: named("key")?, value: named("value")? })
        }
        ShapeKind::Structure(parts) => {
            let all_hold = !parts.is_empty() && parts.iter().all(|part| is_container(contract, part));
            all_hold.then_some(TagForm::Inner)
        }
        _ => None,
    }
}

/// Returns whether a member is a list or a map, as tags are.
fn is_container(contract: &Contract, member: &Member) -> bool {
    let kind = contract.shape(&member.target).map(|shape| &shape.kind);
    matches!(kind, Some(ShapeKind::List(_) | ShapeKind::Map { .. })) && form(contract, member).is_some()
}

/// Returns whether a member holds tags.
pub(super) fn holds_tags(contract: &Contract, member: &Member) -> bool {
    TagSet::default().written(contract, member).is_some()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::model::read;

    fn contract() -> Contract {
        let text = json!({"target": "smithy.api#String"});
        let model = json!({"smithy": "2.0", "shapes": {
            "x#S": {"type": "service", "version": "1", "operations": [{"target": "x#Put"}]},
            "x#Put": {"type": "operation", "input": {"target": "x#In"}},
            "x#In": {"type": "structure", "members": {
                "Tags": {"target": "x#Pairs"}, "tagMap": {"target": "x#Map"}, "Tagging": {"target": "x#Tagging"},
                "TagKeys": {"target": "x#Keys"}, "StageVariables": {"target": "x#Map"}, "TagPolicy": {"target": "x#Policy"}}},
            "x#Policy": {"type": "structure", "members": {"Mode": text, "Tags": {"target": "x#Map"}}},
            "x#Pairs": {"type": "list", "member": {"target": "x#Pair"}},
            "x#Pair": {"type": "structure", "members": {"TagKey": text, "TagValue": text}},
            "x#Map": {"type": "map", "key": text, "value": text},
            "x#Tagging": {"type": "structure", "members": {"TagSet": {"target": "x#Pairs"}}},
            "x#Keys": {"type": "list", "member": text},
        }});
        read("m", &model.to_string()).unwrap()
    }

    fn given(input: &Value) -> Option<TagSet> {
        TagSet::given(&contract(), &ShapeId::new("x#In"), input.as_object().unwrap())
    }

    #[rstest]
    #[case::pairs(&json!({"Tags": [{"TagKey": "a", "TagValue": "1"}, {"TagKey": "b"}]}), &["a", "b"])]
    #[case::map(&json!({"tagMap": {"a": "1"}}), &["a"])]
    #[case::inner(&json!({"Tagging": {"TagSet": [{"TagKey": "a", "TagValue": "1"}]}}), &["a"])]
    fn tags_are_read_and_written_in_every_form(#[case] input: &Value, #[case] expected: &[&str]) {
        let tags = given(input).unwrap();
        assert_eq!(tags.0.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), expected);
        let (contract, name) = (contract(), input.as_object().unwrap().keys().next().unwrap());
        let members = contract.members(&ShapeId::new("x#In"));
        let member = members.iter().find(|member| member.name == *name).unwrap();
        assert_eq!(tags.written(&contract, member).as_ref(), input.get(name));
    }

    #[test]
    fn other_maps_hold_no_tags_and_keys_alone_remove_them() {
        assert_eq!(given(&json!({"StageVariables": {"a": "1"}})), None);
        assert_eq!(given(&json!({"TagPolicy": {"Mode": "m", "Tags": {"a": "1"}}})), None);
        let input = json!({"TagKeys": ["a"]});
        let removed = TagSet::removed(&contract(), &ShapeId::new("x#In"), input.as_object().unwrap());
        assert_eq!((given(&input), removed), (None, Some(vec!["a".to_owned()])));
    }

    #[test]
    fn a_tag_of_the_same_key_is_replaced_and_removed() {
        let mut tags = given(&json!({"tagMap": {"a": "1", "b": "2"}})).unwrap();
        tags.extend(given(&json!({"tagMap": {"a": "3"}})).unwrap());
        tags.remove_all(&["b".to_owned()]);
        assert_eq!((tags.len(), tags.slice(0, 9)), (1, given(&json!({"tagMap": {"a": "3"}})).unwrap()));
        assert!(tags.slice(1, 9).is_empty());
    }
}
