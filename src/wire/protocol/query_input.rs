//! The input of an operation as form fields, in the key rules of awsQuery and ec2Query.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{
    form::{Form, FormNode},
    plain_text::{object, text},
    unshowable::Unshowable,
    xml_names::{ENTRY, ITEM, entry_names, is_flattened, item_name, member_name},
    xml_value::scalar,
};
use crate::model::{Contract, Member, ShapeKind};

/// The rules by which keys are made of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum QueryKeys {
    /// Those of awsQuery.
    Aws,
    /// Those of ec2Query: lists are flat, an empty list sends nothing, and names are capitalized.
    Ec2,
}

impl QueryKeys {
    fn of_member(self, member: &Member) -> Cow<'_, str> {
        match self {
            Self::Aws => Cow::Borrowed(member_name(member)),
            Self::Ec2 => {
                let own = member.traits.get("aws.protocols#ec2QueryName").and_then(Value::as_str);
                own.map_or_else(|| Cow::Owned(capitalized(member_name(member))), Cow::Borrowed)
            }
        }
    }

    /// The key in front of the numbers of a list; `None` if it is that of the list itself.
    fn of_items<'m>(self, list: &Member, item: &'m Member) -> Option<&'m str> {
        let is_flat = self == Self::Ec2 || is_flattened(list);
        (!is_flat).then(|| item_name(item))
    }

    /// The key in front of the numbers of a map; `None` if it is that of the map itself.
    fn of_entries(map: &Member) -> Option<&'static str> {
        (!is_flattened(map)).then_some(ENTRY)
    }
}

fn capitalized(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// Writes inputs as fields, and reads them.
#[derive(Debug, Clone, Copy)]
pub(super) struct QueryInput<'c> {
    pub(super) contract: &'c Contract,
    pub(super) keys: QueryKeys,
}

impl QueryInput<'_> {
    /// Writes the members of an input. A value of another form than its shape is written in the form that it has.
    ///
    /// # Errors
    /// A form cannot show a part of the value.
    pub(super) fn write(self, form: &mut Form, members: &[Member], input: &Value) -> Result<(), Unshowable> {
        let input = object(input).ok_or(Unshowable::NotAnObject)?;
        self.members(form, "", members, input)
    }

    fn members(
        self,
        form: &mut Form,
        prefix: &str,
        members: &[Member],
        value: &Map<String, Value>,
    ) -> Result<(), Unshowable> {
        for (name, value) in value.iter().filter(|(_, value)| !value.is_null()) {
            match members.iter().find(|member| member.name == *name) {
                Some(member) => self.value(form, &join(prefix, &self.keys.of_member(member)), member, value)?,
                None => generic(form, &join(prefix, name), value)?,
            }
        }
        Ok(())
    }

    fn value(self, form: &mut Form, key: &str, member: &Member, value: &Value) -> Result<(), Unshowable> {
        let kind = self.contract.shape(&member.target).map(|shape| &shape.kind);
        match (kind, object(value), value.as_array()) {
            (Some(ShapeKind::Structure(members) | ShapeKind::Union(members)), Some(value), _) => {
                self.members(form, key, members, value)
            }
            (Some(ShapeKind::List(item)), _, Some(items)) => self.items(form, key, (member, item), items),
            (Some(ShapeKind::Map { key: name, value: part }), Some(entries), _) => {
                let prefix = QueryKeys::of_entries(member).map_or_else(|| key.to_owned(), |entry| join(key, entry));
                self.entries(form, &prefix, (name, part), entries)
            }
            _ => generic(form, key, value),
        }
    }

    fn items(
        self,
        form: &mut Form,
        key: &str,
        (list, item): (&Member, &Member),
        items: &[Value],
    ) -> Result<(), Unshowable> {
        if items.is_empty() && self.keys == QueryKeys::Aws {
            form.push(key, "");
        }
        let prefix = self.keys.of_items(list, item).map_or_else(|| key.to_owned(), |name| join(key, name));
        let mut numbered = (1..).zip(items);
        numbered
            .try_for_each(|(number, value): (usize, _)| self.value(form, &format!("{prefix}.{number}"), item, value))
    }

    fn entries(
        self,
        form: &mut Form,
        prefix: &str,
        (key, part): (&Member, &Member),
        entries: &Map<String, Value>,
    ) -> Result<(), Unshowable> {
        let (key_name, value_name) = entry_names(key, part);
        let mut numbered = (1..).zip(entries);
        numbered.try_for_each(|(number, (name, value)): (usize, _)| {
            form.push(format!("{prefix}.{number}.{key_name}"), name.as_str());
            self.value(form, &format!("{prefix}.{number}.{value_name}"), part, value)
        })
    }

    /// Reads the members of an input. Fields that no member has are kept under their own names.
    pub(super) fn read(self, members: &[Member], node: &FormNode) -> Value {
        let mut found = Map::new();
        let mut unknown: Vec<&str> = node.children.keys().map(String::as_str).collect();
        for member in members {
            let key = self.keys.of_member(member);
            if let Some(child) = node.children.get(&*key) {
                unknown.retain(|name| *name != key);
                found.insert(member.name.clone(), self.read_value(member, child));
            }
        }
        unknown.retain(|name| !members.iter().any(|member| member.name == *name));
        let generic = |name: &str| Some((name.to_owned(), read_generic(node.children.get(name)?)));
        found.extend(unknown.into_iter().filter_map(generic));
        Value::Object(found)
    }

    fn read_value(self, member: &Member, node: &FormNode) -> Value {
        let kind = self.contract.shape(&member.target).map(|shape| &shape.kind);
        match kind {
            Some(ShapeKind::Structure(members) | ShapeKind::Union(members)) if !node.children.is_empty() => {
                self.read(members, node)
            }
            Some(ShapeKind::List(item)) => {
                let is_empty = node.children.is_empty() && node.text.as_deref() == Some("");
                let within = within(node, self.keys.of_items(member, item));
                let items = if is_empty { Some(Vec::new()) } else { within.and_then(FormNode::numbered) };
                let values = items.map(|items| items.into_iter().map(|one| self.read_value(item, one)).collect());
                values.map_or_else(|| read_generic(node), Value::Array)
            }
            Some(ShapeKind::Map { key, value }) => {
                let entries = within(node, QueryKeys::of_entries(member)).and_then(FormNode::numbered);
                let read = entries.and_then(|entries| self.read_entries((key, value), &entries));
                read.map_or_else(|| read_generic(node), Value::Object)
            }
            _ if node.children.is_empty() => scalar(self.contract, member, node.text.as_deref().unwrap_or_default()),
            _ => read_generic(node),
        }
    }

    fn read_entries(self, (key, value): (&Member, &Member), entries: &[&FormNode]) -> Option<Map<String, Value>> {
        let (key_name, value_name) = entry_names(key, value);
        let entry = |entry: &&FormNode| {
            let name = entry.children.get(key_name)?.text.clone()?;
            Some((name, self.read_value(value, entry.children.get(value_name)?)))
        };
        entries.iter().map(entry).collect()
    }
}

fn within<'n>(node: &'n FormNode, segment: Option<&str>) -> Option<&'n FormNode> {
    match segment {
        Some(segment) => node.children.get(segment),
        None => Some(node),
    }
}

fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}

/// Writes a value by its own form.
fn generic(form: &mut Form, key: &str, value: &Value) -> Result<(), Unshowable> {
    if let Some(text) = text(value) {
        form.push(key, text);
        return Ok(());
    }
    match value {
        Value::Array(items) if !items.is_empty() => {
            let mut numbered = (1..).zip(items);
            numbered.try_for_each(|(number, item): (usize, _)| generic(form, &format!("{key}.{ITEM}.{number}"), item))
        }
        Value::Object(members) if members.values().any(|value| !value.is_null()) => {
            let mut members = members.iter().filter(|(_, value)| !value.is_null());
            members.try_for_each(|(name, value)| generic(form, &join(key, name), value))
        }
        Value::Null => Err(Unshowable::Null(key.to_owned())),
        _ => Err(Unshowable::Empty(key.to_owned())),
    }
}

/// The value of fields without a shape: a text, a list for numbers, else an object.
fn read_generic(node: &FormNode) -> Value {
    if node.children.is_empty() {
        return node.text.clone().unwrap_or_default().into();
    }
    let items = match node.children.get(ITEM) {
        Some(items) if node.children.len() == 1 => items.numbered(),
        _ => node.numbered(),
    };
    let object = || node.children.iter().map(|(name, child)| (name.clone(), read_generic(child))).collect();
    items.map_or_else(|| Value::Object(object()), |items| items.into_iter().map(read_generic).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::model::ShapeId;

    const MODEL: &str = r#"{"smithy":"2.0","shapes":{
        "x#S":{"type":"service","version":"1","operations":[{"target":"x#Op"}],"traits":{"aws.protocols#awsQuery":{}}},
        "x#Op":{"type":"operation","input":{"target":"x#T"}},
        "x#T":{"type":"structure","members":{
            "Text":{"target":"smithy.api#String"},
            "number":{"target":"smithy.api#Long","traits":{"smithy.api#xmlName":"theNumber"}},
            "ec2":{"target":"smithy.api#String","traits":{"smithy.api#xmlName":"c","aws.protocols#ec2QueryName":"b"}},
            "Flag":{"target":"smithy.api#Boolean"},
            "At":{"target":"smithy.api#Timestamp"},
            "List":{"target":"x#Strings"},
            "Named":{"target":"x#Items"},
            "Flat":{"target":"x#Items","traits":{"smithy.api#xmlFlattened":{},"smithy.api#xmlName":"Hi"}},
            "Map":{"target":"x#Map"},
            "FlatMap":{"target":"x#Named","traits":{"smithy.api#xmlFlattened":{}}},
            "Next":{"target":"x#T"}}},
        "x#Strings":{"type":"list","member":{"target":"smithy.api#String"}},
        "x#Items":{"type":"list","member":{"target":"smithy.api#Integer","traits":{"smithy.api#xmlName":"item"}}},
        "x#Map":{"type":"map","key":{"target":"smithy.api#String"},"value":{"target":"x#Strings"}},
        "x#Named":{"type":"map","key":{"target":"smithy.api#String","traits":{"smithy.api#xmlName":"K"}},
            "value":{"target":"smithy.api#String","traits":{"smithy.api#xmlName":"V"}}}}}"#;

    fn contract() -> Contract {
        crate::model::read("m", MODEL).unwrap()
    }

    fn write(keys: QueryKeys, input: &Value) -> Result<String, String> {
        let contract = contract();
        let mut form = Form::default();
        let members = contract.members(&ShapeId::new("x#T"));
        QueryInput { contract: &contract, keys }
            .write(&mut form, members, input)
            .map_err(|problem| problem.to_string())?;
        Ok(form.fields.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join("&"))
    }

    fn read(keys: QueryKeys, text: &str) -> Value {
        let contract = contract();
        let (tree, _) = FormNode::of(&Form::read(text.as_bytes()).fields).unwrap();
        QueryInput { contract: &contract, keys }.read(contract.members(&ShapeId::new("x#T")), &tree)
    }

    #[rstest]
    #[case::scalars(json!({"Text": "a", "number": 5, "Flag": true}), "Text=a&theNumber=5&Flag=true", "Text=a&TheNumber=5&Flag=true")]
    #[case::null(json!({"Text": null}), "", "")]
    #[case::empty_string(json!({"Text": ""}), "Text=", "Text=")]
    #[case::query_name(json!({"ec2": "a"}), "c=a", "b=a")]
    #[case::list(json!({"List": ["a", "b"]}), "List.member.1=a&List.member.2=b", "List.1=a&List.2=b")]
    #[case::named(json!({"Named": [1]}), "Named.item.1=1", "Named.1=1")]
    #[case::flat(json!({"Flat": [1, 2]}), "Hi.1=1&Hi.2=2", "Hi.1=1&Hi.2=2")]
    #[case::empty_list(json!({"List": [], "Flat": []}), "List=&Hi=", "")]
    #[case::map(json!({"Map": {"a": ["b"]}}), "Map.entry.1.key=a&Map.entry.1.value.member.1=b", "Map.entry.1.key=a&Map.entry.1.value.1=b")]
    #[case::flat_map(json!({"FlatMap": {"a": "b"}}), "FlatMap.1.K=a&FlatMap.1.V=b", "FlatMap.1.K=a&FlatMap.1.V=b")]
    #[case::nothing(json!({"Map": {}, "Next": {}}), "", "")]
    #[case::nested(json!({"Next": {"number": 1}}), "Next.theNumber=1", "Next.TheNumber=1")]
    #[case::wrong_types(json!({"Text": 5, "number": "x", "List": "y", "Next": "z"}), "Text=5&theNumber=x&List=y&Next=z", "Text=5&TheNumber=x&List=y&Next=z")]
    #[case::list_for_a_string(json!({"Text": ["a"]}), "Text.member.1=a", "Text.member.1=a")]
    #[case::object_for_a_list(json!({"List": {"a": 1}}), "List.a=1", "List.a=1")]
    #[case::unknown(json!({"More": {"a": [true]}}), "More.a.member.1=true", "More.a.member.1=true")]
    fn an_input_is_written_by_the_rules_of_each_protocol(#[case] input: Value, #[case] aws: &str, #[case] ec2: &str) {
        assert_eq!(write(QueryKeys::Aws, &input).as_deref(), Ok(aws));
        assert_eq!(write(QueryKeys::Ec2, &input).as_deref(), Ok(ec2));
    }

    #[rstest]
    #[case::null_item(json!({"List": [null]}), "List.member.1 has no form for null")]
    #[case::empty_object(json!({"Text": {}}), "Text has no form for an empty list or object")]
    #[case::not_an_object(json!([]), "the input is not an object")]
    fn what_no_field_shows_is_an_error(#[case] input: Value, #[case] expected: &str) {
        assert_eq!(write(QueryKeys::Aws, &input), Err(expected.to_owned()));
    }

    #[rstest]
    #[case::wrong_type("theNumber=x&Flag=True", json!({"number": "x", "Flag": "True"}))]
    #[case::gaps("List.member.1=a&List.member.3=c", json!({"List": ["a", "c"]}))]
    #[case::ten("List.member.10=b&List.member.9=a", json!({"List": ["a", "b"]}))]
    #[case::no_number("List.member.x=a", json!({"List": {"member": {"x": "a"}}}))]
    #[case::other_item("List.item.1=a", json!({"List": {"item": ["a"]}}))]
    #[case::no_key("FlatMap.1.V=a", json!({"FlatMap": [{"V": "a"}]}))]
    #[case::text_for_a_list("List=a", json!({"List": "a"}))]
    #[case::text_for_a_structure("Next=a", json!({"Next": "a"}))]
    #[case::members_of_a_string("Text.a=b", json!({"Text": {"a": "b"}}))]
    #[case::unknown("More.member.1=a&More.member.2=b&Odd=", json!({"More": ["a", "b"], "Odd": ""}))]
    #[case::name_of_another_member("number=1", json!({}))]
    fn an_input_is_read_as_far_as_its_fields_show_it(#[case] text: &str, #[case] expected: Value) {
        assert_eq!(read(QueryKeys::Aws, text), expected);
    }

    fn any_input(depth: u32) -> BoxedStrategy<Value> {
        let scalars = (
            proptest::option::of(".{0,6}"),
            proptest::option::of(any::<i64>()),
            proptest::option::of(any::<bool>()),
            proptest::option::of(proptest::collection::vec(".{0,6}", 1..12)),
            proptest::option::of(proptest::collection::vec(any::<i32>(), 1..3)),
            proptest::option::of(proptest::collection::btree_map(
                ".{0,6}",
                proptest::collection::vec(".{0,6}", 1..3),
                1..3,
            )),
            proptest::option::of(proptest::collection::btree_map(".{0,6}", ".{0,6}", 1..3)),
        );
        let next = if depth == 0 { Just(None).boxed() } else { proptest::option::of(any_input(depth - 1)).boxed() };
        let whole = (scalars, next).prop_map(|((text, number, flag, list, flat, map, flat_map), next)| {
            let next = next.filter(|next| next != &json!({}));
            let all = json!({"Text": text, "number": number, "Flag": flag, "List": list, "Flat": flat, "ec2": text,
                "Named": flat, "Map": map, "FlatMap": flat_map, "Next": next});
            let members = all.as_object().cloned().unwrap_or_default();
            Value::Object(members.into_iter().filter(|(_, value)| !value.is_null()).collect())
        });
        whole.boxed()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn an_input_is_read_as_it_was_written(input in any_input(2)) {
            let contract = contract();
            let members = contract.members(&ShapeId::new("x#T"));
            for keys in [QueryKeys::Aws, QueryKeys::Ec2] {
                let (mut form, fields) = (Form::default(), QueryInput { contract: &contract, keys });
                fields.write(&mut form, members, &input).unwrap();
                let (tree, repeated) = FormNode::of(&Form::read(form.write().as_bytes()).fields).unwrap();
                prop_assert_eq!((fields.read(members, &tree), repeated), (input.clone(), Vec::new()));
            }
        }
    }
}
