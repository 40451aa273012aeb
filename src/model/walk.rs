//! One way through a value by its shape: every part with its location and with what the model says of it.
//!
//! Three things walk: [`ShapeKind::steps`] goes from a shape to its parts, without a value; [`walk`] visits a value
//! from the outside in; [`rewrite`] builds another value on the way. All of them handle lists, maps, unions, shapes
//! that hold themselves, members that no shape knows, and values of another JSON type than their shape. Pure.

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{Map, Value, value::RawValue};

use super::{Contract, Member, Shape, ShapeId, ShapeKind, pointer};

/// One step from a shape to a part of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ShapeStep {
    /// Step to a member of a structure or union.
    Member(String),
    /// Step to the items of a list.
    Item,
    /// Step to the keys of a map.
    Key,
    /// Step to the values of a map.
    Value,
}

impl ShapeKind {
    /// The parts of a shape, each with the step that leads to it.
    #[must_use]
    pub fn steps(&self) -> Vec<(ShapeStep, &Member)> {
        match self {
            Self::Structure(members) | Self::Union(members) => {
                members.iter().map(|member| (ShapeStep::Member(member.name.clone()), member)).collect()
            }
            Self::List(item) => vec![(ShapeStep::Item, item)],
            Self::Map { key, value } => vec![(ShapeStep::Key, key), (ShapeStep::Value, value)],
            _ => Vec::new(),
        }
    }

    /// The members, items, keys and values of a shape.
    pub fn parts(&self) -> impl Iterator<Item = &Member> {
        let (members, rest) = match self {
            Self::Structure(members) | Self::Union(members) => (members.as_slice(), [None, None]),
            Self::List(item) => (Default::default(), [Some(item), None]),
            Self::Map { key, value } => (Default::default(), [Some(key), Some(value)]),
            _ => (Default::default(), [None, None]),
        };
        members.iter().chain(rest.into_iter().flatten())
    }

    /// The part that a step leads to.
    #[must_use]
    pub fn at(&self, step: &ShapeStep) -> Option<&Member> {
        match (self, step) {
            (Self::Structure(_) | Self::Union(_), ShapeStep::Member(name)) => self.named(name),
            (Self::List(item), ShapeStep::Item) => Some(item),
            (Self::Map { key, .. }, ShapeStep::Key) => Some(key),
            (Self::Map { value, .. }, ShapeStep::Value) => Some(value),
            _ => None,
        }
    }

    /// The member of that name in a JSON object of this shape.
    fn named(&self, name: &str) -> Option<&Member> {
        match self {
            Self::Structure(members) | Self::Union(members) => members.iter().find(|member| member.name == name),
            Self::Map { value, .. } => Some(value),
            _ => None,
        }
    }

    /// The member that describes the items of a JSON array of this shape.
    fn item(&self) -> Option<&Member> {
        match self {
            Self::List(item) => Some(item),
            _ => None,
        }
    }
}

impl Contract {
    /// The members that a JSON pointer leads through below the shape `root`, the outermost first, as far as the model
    /// knows them.
    #[must_use]
    pub fn members_on(&self, root: &ShapeId, pointer: &str) -> Vec<&Member> {
        let mut kind = self.shape(root).map(|shape| &shape.kind);
        let known = pointer.split('/').skip(1).map_while(|token| {
            let within = kind?;
            let member = within.named(&pointer::unescape(token)).or_else(|| within.item())?;
            kind = self.shape(&member.target).map(|shape| &shape.kind);
            Some(member)
        });
        known.collect()
    }

    /// The member that a JSON pointer leads to below the shape `root`, through list items and map values.
    #[must_use]
    pub fn member_at(&self, root: &ShapeId, pointer: &str) -> Option<&Member> {
        let members = self.members_on(root, pointer);
        members.last().copied().filter(|_| members.len() == pointer.split('/').skip(1).count())
    }

    /// Returns whether the value that a JSON pointer leads to below the shape `root` is sensitive, or part of one that
    /// is.
    #[must_use]
    pub fn is_sensitive_at(&self, root: &ShapeId, pointer: &str) -> bool {
        let is_sensitive = |id: &ShapeId| self.shape(id).is_some_and(|shape| shape.traits.sensitive());
        let on_the_way = self.members_on(root, pointer);
        is_sensitive(root) || on_the_way.iter().any(|member| member.traits.sensitive() || is_sensitive(&member.target))
    }
}

/// A JSON value as the walker reads it: parsed, or as text that keeps its position.
pub trait JsonNode: Copy {
    /// The parts of the value.
    fn parts(self) -> JsonParts<Self>;
}

/// The parts of a JSON value.
#[derive(Debug)]
pub enum JsonParts<V> {
    /// The members of an object. Of text, names that occur twice included.
    Object(Vec<(String, V)>),
    /// The items of an array.
    Array(Vec<V>),
    /// No parts: the value is a string, a number, a boolean or null.
    Scalar,
}

impl JsonNode for &Value {
    fn parts(self) -> JsonParts<Self> {
        match self {
            Value::Object(members) => {
                JsonParts::Object(members.iter().map(|(name, value)| (name.clone(), value)).collect())
            }
            Value::Array(items) => JsonParts::Array(items.iter().collect()),
            _ => JsonParts::Scalar,
        }
    }
}

impl JsonNode for &RawValue {
    fn parts(self) -> JsonParts<Self> {
        match self.get().as_bytes().first() {
            Some(b'{') => {
                let RawMembers(members) = serde_json::from_str(self.get()).unwrap_or_default();
                JsonParts::Object(members)
            }
            Some(b'[') => JsonParts::Array(serde_json::from_str(self.get()).unwrap_or_default()),
            _ => JsonParts::Scalar,
        }
    }
}

/// The members of an object in their order, names that occur twice included.
#[derive(Default)]
struct RawMembers<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for RawMembers<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfObject;
        impl<'de> Visitor<'de> for OfObject {
            type Value = RawMembers<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(RawMembers(members))
            }
        }
        deserializer.deserialize_map(OfObject)
    }
}

/// One value on the way.
#[derive(Debug, Clone, Copy)]
pub struct VisitedValue<'c, 'p, V> {
    /// The shape that the value has by the model; `None` for the parts that the model does not know.
    pub shape: Option<&'c Shape>,
    /// The member, list item or map value that it is; `None` for the root and for what the model does not know.
    pub member: Option<&'c Member>,
    /// The shape that contains the value, if the containing value has the shape's JSON type.
    pub owner: Option<&'c Shape>,
    /// The value.
    pub value: V,
    /// The JSON pointer of the value.
    pub pointer: &'p str,
}

impl<V> VisitedValue<'_, '_, V> {
    /// Returns whether the model marks the value itself sensitive.
    #[must_use]
    pub fn is_sensitive(&self) -> bool {
        self.member.is_some_and(|member| member.traits.sensitive())
            || self.shape.is_some_and(|shape| shape.traits.sensitive())
    }

    /// Returns whether the value is a member of a structure or union, known or not.
    #[must_use]
    pub fn is_in_structure(&self) -> bool {
        self.owner.is_some_and(|owner| matches!(owner.kind, ShapeKind::Structure(_) | ShapeKind::Union(_)))
    }
}

/// Visits a value of the shape `root` and its parts, outer before inner; `None`: a shape that the model does not have.
///
/// `visit` is given what it returned for the value around; where it returns nothing, the parts are left out.
pub fn walk<'c, V: JsonNode, S>(
    contract: &'c Contract,
    root: Option<&ShapeId>,
    value: V,
    state: &S,
    visit: &mut impl FnMut(&VisitedValue<'c, '_, V>, &S) -> Option<S>,
) {
    let shape = root.and_then(|id| contract.shape(id));
    let root = VisitedValue { shape, member: None, owner: None, value, pointer: "" };
    walk_from(contract, &root, state, visit);
}

fn walk_from<'c, V: JsonNode, S>(
    contract: &'c Contract,
    at: &VisitedValue<'c, '_, V>,
    state: &S,
    visit: &mut impl FnMut(&VisitedValue<'c, '_, V>, &S) -> Option<S>,
) {
    let Some(state) = visit(at, state) else { return };
    let mut part = |token: &str, member, owner, value| {
        let (shape, pointer) = (shape_of(contract, member), pointer::child(at.pointer, token));
        walk_from(contract, &VisitedValue { shape, member, owner, value, pointer: &pointer }, &state, visit);
    };
    match at.value.parts() {
        JsonParts::Object(members) => {
            let owner = owner_of_names(at.shape);
            for (name, value) in members {
                part(&name, owner.and_then(|owner| owner.kind.named(&name)), owner, value);
            }
        }
        JsonParts::Array(items) => {
            let owner = owner_of_items(at.shape);
            for (index, value) in items.into_iter().enumerate() {
                part(&index.to_string(), owner.and_then(|owner| owner.kind.item()), owner, value);
            }
        }
        JsonParts::Scalar => {}
    }
}

fn shape_of<'c>(contract: &'c Contract, member: Option<&Member>) -> Option<&'c Shape> {
    member.and_then(|member| contract.shape(&member.target))
}

fn owner_of_names(shape: Option<&Shape>) -> Option<&Shape> {
    shape.filter(|shape| matches!(shape.kind, ShapeKind::Structure(_) | ShapeKind::Union(_) | ShapeKind::Map { .. }))
}

fn owner_of_items(shape: Option<&Shape>) -> Option<&Shape> {
    shape.filter(|shape| matches!(shape.kind, ShapeKind::List(_)))
}

/// The result of rewriting a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Rewritten {
    /// It stays, and its parts are visited.
    Parts,
    /// A new value replaces it.
    Value(Value),
    /// It is left out; the root becomes null.
    Nothing,
}

/// Rewrites the values of a tree.
pub trait Rewrite {
    /// Rewrites one value.
    fn value(&mut self, at: &VisitedValue<'_, '_, &Value>) -> Rewritten;

    /// Rewrites a key of a map.
    fn key(&mut self, key: &str) -> String {
        key.to_owned()
    }
}

impl<F: FnMut(&VisitedValue<'_, '_, &Value>) -> Rewritten> Rewrite for F {
    fn value(&mut self, at: &VisitedValue<'_, '_, &Value>) -> Rewritten {
        self(at)
    }
}

/// Builds another value from a value of the shape `root`, outer before inner.
pub fn rewrite(contract: &Contract, root: &ShapeId, value: &Value, by: &mut impl Rewrite) -> Value {
    let root = VisitedValue { shape: contract.shape(root), member: None, owner: None, value, pointer: "" };
    rewrite_from(contract, &root, by).unwrap_or_default()
}

fn rewrite_from(contract: &Contract, at: &VisitedValue<'_, '_, &Value>, by: &mut impl Rewrite) -> Option<Value> {
    match by.value(at) {
        Rewritten::Value(value) => return Some(value),
        Rewritten::Nothing => return None,
        Rewritten::Parts => {}
    }
    let part = |token: &str, member, owner, value, by: &mut _| {
        let pointer = pointer::child(at.pointer, token);
        let shape = shape_of(contract, member);
        rewrite_from(contract, &VisitedValue { shape, member, owner, value, pointer: &pointer }, by)
    };
    Some(match at.value {
        Value::Object(members) => {
            let owner = owner_of_names(at.shape);
            let is_map = owner.is_some_and(|owner| matches!(owner.kind, ShapeKind::Map { .. }));
            let mut out = Map::new();
            for (name, value) in members {
                let key = if is_map { by.key(name) } else { name.clone() };
                let member = owner.and_then(|owner| owner.kind.named(name));
                out.extend(part(name, member, owner, value, by).map(|value| (key, value)));
            }
            Value::Object(out)
        }
        Value::Array(items) => {
            let owner = owner_of_items(at.shape);
            let item = owner.and_then(|owner| owner.kind.item());
            let items = items.iter().enumerate();
            items.filter_map(|(index, value)| part(&index.to_string(), item, owner, value, by)).collect()
        }
        scalar => scalar.clone(),
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::model::read;

    const MODEL: &str = r#"{"smithy":"2.0","shapes":{
        "x#S":{"type":"service","version":"1","operations":[{"target":"x#Op"}],"traits":{"aws.protocols#awsJson1_0":{}}},
        "x#Op":{"type":"operation","input":{"target":"x#In"}},
        "x#In":{"type":"structure","members":{
            "name":{"target":"smithy.api#String"},"list":{"target":"x#L"},"map":{"target":"x#M"},
            "choice":{"target":"x#U"},"next":{"target":"x#In"},"secret":{"target":"x#Secret"}}},
        "x#L":{"type":"list","member":{"target":"x#In"}},
        "x#M":{"type":"map","key":{"target":"smithy.api#String"},"value":{"target":"x#In"}},
        "x#U":{"type":"union","members":{"a":{"target":"smithy.api#Integer"}}},
        "x#Secret":{"type":"structure","members":{"a":{"target":"smithy.api#String"}},"traits":{"smithy.api#sensitive":{}}}}}"#;

    fn contract() -> Contract {
        read("m", MODEL).unwrap()
    }

    fn root() -> ShapeId {
        ShapeId::new("x#In")
    }

    /// The pointers of a value, each with the name of its shape.
    fn visited<V: JsonNode>(value: V) -> Vec<String> {
        let (contract, mut found) = (contract(), Vec::new());
        walk(&contract, Some(&root()), value, &(), &mut |at, ()| {
            found.push(format!("{} {}", at.pointer, at.shape.map_or("unknown", |shape| shape.id.name())));
            Some(())
        });
        found
    }

    #[rstest]
    #[case::scalar(r#"{"name": "a"}"#, &[" In", "/name String"])]
    #[case::list(r#"{"list": [{"name": "a"}, {}]}"#, &[" In", "/list L", "/list/0 In", "/list/0/name String", "/list/1 In"])]
    #[case::map(r#"{"map": {"a/b": {"name": "x"}}}"#, &[" In", "/map M", "/map/a~1b In", "/map/a~1b/name String"])]
    #[case::union(r#"{"choice": {"a": 1}}"#, &[" In", "/choice U", "/choice/a Integer"])]
    #[case::recursion(r#"{"next": {"next": {}}}"#, &[" In", "/next In", "/next/next In"])]
    #[case::unknown(r#"{"more": {"name": [1]}}"#, &[" In", "/more unknown", "/more/name unknown", "/more/name/0 unknown"])]
    #[case::other_type(r#"{"list": {"0": 1}, "next": [1]}"#, &[" In", "/list L", "/list/0 unknown", "/next In", "/next/0 unknown"])]
    fn every_part_is_visited_with_its_shape(#[case] text: &str, #[case] expected: &[&str]) {
        assert_eq!(visited(&serde_json::from_str::<Value>(text).unwrap()), expected);
        assert_eq!(visited(serde_json::from_str::<&RawValue>(text).unwrap()), expected);
    }

    #[test]
    fn text_keeps_duplicate_members() {
        let raw: &RawValue = serde_json::from_str(r#"{"name":"a","name":"b"}"#).unwrap();
        assert_eq!(visited(raw), [" In", "/name String", "/name String"]);
    }

    #[test]
    fn a_visitor_gives_state_to_the_parts_and_leaves_parts_out() {
        let (contract, mut depths) = (contract(), Vec::new());
        let value = json!({"next": {"next": {"next": {}}}});
        walk(&contract, Some(&root()), &value, &0, &mut |at, depth: &i32| {
            depths.push((at.pointer.to_owned(), *depth));
            (*depth < 2).then_some(depth + 1)
        });
        assert_eq!(depths, [(String::new(), 0), ("/next".to_owned(), 1), ("/next/next".to_owned(), 2)]);
    }

    struct Shout;

    impl Rewrite for Shout {
        fn value(&mut self, at: &VisitedValue<'_, '_, &Value>) -> Rewritten {
            match at.value {
                Value::Null => Rewritten::Nothing,
                Value::String(text) => Rewritten::Value(json!(format!("{}={text}", at.pointer))),
                _ => Rewritten::Parts,
            }
        }

        fn key(&mut self, key: &str) -> String {
            key.to_uppercase()
        }
    }

    #[test]
    fn a_value_is_rewritten_part_by_part_and_only_keys_of_maps_are_renamed() {
        let value =
            json!({"name": "a", "map": {"k": {"name": "b"}}, "list": [null, {"name": "c"}], "more": null, "n": 1});
        let rewritten = rewrite(&contract(), &root(), &value, &mut Shout);
        let expected = json!({"name": "/name=a", "map": {"K": {"name": "/map/k/name=b"}}, "list": [{"name": "/list/1/name=c"}], "n": 1});
        assert_eq!(rewritten, expected);
    }

    #[rstest]
    #[case("/list/0/name", &["list", "member", "name"])]
    #[case("/map/a~1b/name", &["map", "value", "name"])]
    #[case("/list/0/gone/name", &["list", "member"])]
    #[case("", &[])]
    fn a_pointer_leads_through_members(#[case] pointer: &str, #[case] expected: &[&str]) {
        let contract = contract();
        let names: Vec<&str> =
            contract.members_on(&root(), pointer).iter().map(|member| member.name.as_str()).collect();
        assert_eq!(names, expected);
    }

    #[test]
    fn a_part_of_a_sensitive_value_is_sensitive() {
        let contract = contract();
        assert!(contract.is_sensitive_at(&root(), "/next/secret/a") && !contract.is_sensitive_at(&root(), "/name"));
    }

    #[rstest]
    #[case("x#In", 6)]
    #[case("x#L", 1)]
    #[case("x#M", 2)]
    #[case("smithy.api#String", 0)]
    fn each_step_leads_to_its_part(#[case] id: &str, #[case] count: usize) {
        let contract = contract();
        let kind = &contract.shape(&ShapeId::new(id)).unwrap().kind;
        let steps = kind.steps();
        assert_eq!((steps.len(), kind.parts().count()), (count, count));
        assert!(steps.iter().all(|(step, member)| kind.at(step).is_some_and(|found| std::ptr::eq(found, *member))));
    }
}
