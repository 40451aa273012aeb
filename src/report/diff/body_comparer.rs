//! Compares two JSON bodies, member by member.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Map, Value};

use super::{
    identities::{Identities, Of, nameless},
    response_change::{ChangeKind, DiffLocation},
};
use crate::model::{
    JsonText,
    exact_number::{ExactNumber, same},
    pointer::child,
};

/// A difference in a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FoundChange {
    pub(super) location: DiffLocation,
    pub(super) kind: ChangeKind,
    pub(super) before: String,
    pub(super) after: String,
}

/// The value of a missing member or item.
pub(super) const ABSENT: &str = "absent";

/// The placeholder for numeric timestamps in observations.
const TIMESTAMP: &str = "<timestamp>";

/// Compares the values of one case. The mapping of identities applies to all of them.
pub(super) struct Comparer<'i> {
    pub(super) identities: &'i mut Identities,
    pub(super) found: Vec<FoundChange>,
}

impl Comparer<'_> {
    pub(super) fn value(&mut self, pointer: &str, a: &Value, b: &Value) {
        match (a, b) {
            _ if type_of(a) != type_of(b) => {
                self.add(pointer, ChangeKind::Type, type_of(a).to_owned(), type_of(b).to_owned());
            }
            _ if ExactNumber::of(a).is_some() => {
                if !same(a, b) {
                    self.add(pointer, ChangeKind::Value, JsonText(a).to_string(), JsonText(b).to_string());
                }
            }
            (Value::Object(a), Value::Object(b)) => self.object(pointer, a, b),
            (Value::Array(a), Value::Array(b)) => self.list(pointer, a, b),
            (Value::String(a), Value::String(b)) => self.text(pointer, a, b),
            _ if a == b => {}
            _ => self.add(pointer, ChangeKind::Value, a.to_string(), b.to_string()),
        }
    }

    fn add(&mut self, pointer: &str, kind: ChangeKind, before: String, after: String) {
        self.found.push(FoundChange { location: DiffLocation::Body(nameless(pointer)), kind, before, after });
    }

    fn text(&mut self, pointer: &str, a: &str, b: &str) {
        if self.identities.same(a, b) {
            return;
        }
        let (before, after) = (quoted(a), quoted(b));
        let after = if before == after { format!("a different {after}") } else { after };
        self.add(pointer, ChangeKind::Value, before, after);
    }

    fn object(&mut self, pointer: &str, a: &Map<String, Value>, b: &Map<String, Value>) {
        let mut added: Vec<BodyMember<'_>> =
            b.iter().filter(|(name, _)| !a.contains_key(*name)).map(|(name, value)| (name.as_str(), value)).collect();
        let mut removed: Vec<BodyMember<'_>> = Vec::new();
        for (name, value) in a {
            match b.get(name) {
                Some(other) => self.value(&child(pointer, name), value, other),
                None => removed.push((name, value)),
            }
        }
        for member in removed {
            let (name, value) = member;
            if let Some(at) = added.iter().position(|other| self.is_renamed(member, *other)) {
                let other = added.remove(at);
                self.renamed(&child(pointer, name), member, other);
            } else {
                self.add(&child(pointer, name), ChangeKind::Removed, type_of(value).to_owned(), ABSENT.to_owned());
            }
        }
        for (name, value) in added {
            self.add(&child(pointer, name), ChangeKind::Added, ABSENT.to_owned(), type_of(value).to_owned());
        }
    }

    /// Compares a renamed member. The key of a map may be an identity, which is not a renaming. The value of an
    /// unmodeled name is ignored, because its IDs and times are not replaced.
    fn renamed(&mut self, pointer: &str, (name, value): BodyMember<'_>, (new, other): BodyMember<'_>) {
        if self.identities.same(name, new) {
            self.value(pointer, value, other);
        } else {
            self.add(pointer, ChangeKind::Renamed, nameless(name), nameless(new));
        }
    }

    /// Pairs equal items at any position, and the others in order.
    fn list(&mut self, pointer: &str, a: &[Value], b: &[Value]) {
        let mut locations: BTreeMap<String, VecDeque<usize>> = BTreeMap::new();
        for (at, item) in b.iter().enumerate() {
            locations.entry(self.loose(item, Of::Second)).or_default().push_back(at);
        }
        let mut pairs = Vec::new();
        let mut removed = VecDeque::new();
        for item in a {
            match locations.get_mut(&self.loose(item, Of::First)).and_then(VecDeque::pop_front) {
                Some(at) => pairs.push((item, at)),
                None => removed.push_back(item),
            }
        }
        let mut rest: Vec<usize> = locations.into_values().flatten().collect();
        rest.sort_unstable();
        let below = child(pointer, "*");
        let in_order = pairs.is_sorted_by_key(|(_, at)| *at);
        if !in_order && removed.is_empty() && rest.is_empty() {
            self.add(pointer, ChangeKind::Order, "the same items".to_owned(), "in a different order".to_owned());
        }
        for (item, other) in pairs.into_iter().filter_map(|(item, at)| Some((item, b.get(at)?))) {
            self.value(&below, item, other);
        }
        for other in rest.into_iter().filter_map(|at| b.get(at)) {
            match removed.pop_front() {
                Some(item) => self.value(&below, item, other),
                None => self.add(&below, ChangeKind::Added, ABSENT.to_owned(), type_of(other).to_owned()),
            }
        }
        for item in removed {
            self.add(&below, ChangeKind::Removed, type_of(item).to_owned(), ABSENT.to_owned());
        }
    }
}

/// A member of an object.
type BodyMember<'v> = (&'v str, &'v Value);

impl Comparer<'_> {
    /// Returns whether two members that are on one side each are the same one with a different name.
    fn is_renamed(&self, (name, value): BodyMember<'_>, (new, other): BodyMember<'_>) -> bool {
        let plain = |name: &str| name.replace(['_', '-'], "").to_lowercase();
        let says_nothing = match value {
            Value::Null | Value::Bool(_) => true,
            Value::String(text) => text.is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Object(members) => members.is_empty(),
            Value::Number(_) => false,
        };
        nameless(name) == nameless(new)
            || plain(name) == plain(new)
            || (!says_nothing && self.loose(value, Of::First) == self.loose(other, Of::Second))
    }

    /// A value as text, without what changes from run to run, and with mapped identities.
    fn loose(&self, value: &Value, of: Of) -> String {
        self.identities.known(&sorted(value).to_string(), of)
    }
}

fn quoted(text: &str) -> String {
    Value::from(nameless(text)).to_string()
}

/// A value with its members sorted by name.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let sorted: BTreeMap<&String, Value> =
                members.iter().map(|(name, member)| (name, sorted(member))).collect();
            sorted.into_iter().map(|(name, member)| (name.clone(), member)).collect()
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(text) if text == TIMESTAMP => "a timestamp",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) if ExactNumber::of(value).is_some() => "a number",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::model::exact_number::number;

    fn printed(a: &Value, b: &Value) -> Vec<String> {
        let mut identities = Identities::default();
        let mut comparer = Comparer { identities: &mut identities, found: Vec::new() };
        comparer.value("", a, b);
        let printed = comparer.found.into_iter();
        printed
            .map(|FoundChange { location, kind, before, after }| format!("{kind} {location}: {before} -> {after}"))
            .collect()
    }

    #[rstest]
    #[case::equal(json!({"a": [1, {"b": null}]}), json!({"a": [1.0, {"b": null}]}), &[])]
    #[case::order_of_members(json!({"a": 1, "b": 2}), json!({"b": 2, "a": 1}), &[])]
    #[case::value(json!({"a": {"b": "x"}}), json!({"a": {"b": "y"}}), &[r#"value /a/b: "x" -> "y""#])]
    #[case::number(json!({"a": 1}), json!({"a": 2}), &["value /a: 1 -> 2"])]
    #[case::long(json!({"a": number("1e400")}), json!({"a": number("1e401")}), &["value /a: 1e400 -> 1e401"])]
    #[case::same_long(json!({"a": number("1e400")}), json!({"a": number("10e399")}), &[])]
    #[case::long_for_an_object(json!({"a": {}}), json!({"a": number("1e400")}), &["type /a: an object -> a number"])]
    #[case::type_changed(json!({"a": 1}), json!({"a": "1"}), &["type /a: a number -> a string"])]
    #[case::timestamp(json!({"a": "<timestamp>"}), json!({"a": "noon"}), &["type /a: a timestamp -> a string"])]
    #[case::nothing(json!(null), json!({}), &["type the body: null -> an object"])]
    #[case::removed(json!({"a": 1, "b": [1]}), json!({"a": 1}), &["removed /b: a list -> absent"])]
    #[case::added(json!({}), json!({"b": {}}), &["added /b: absent -> an object"])]
    #[case::renamed(json!({"status": "Open"}), json!({"state": "Open"}), &["renamed /status: status -> state"])]
    #[case::other_case(json!({"Message": "a"}), json!({"message": "b"}), &["renamed /Message: Message -> message"])]
    #[case::not_by_chance(json!({"a": true}), json!({"b": true}), &["removed /a: a boolean -> absent", "added /b: absent -> a boolean"])]
    #[case::slash(json!({"a/b": 1}), json!({}), &["removed /a~1b: a number -> absent"])]
    fn members_are_compared(#[case] a: Value, #[case] b: Value, #[case] expected: &[&str]) {
        assert_eq!(printed(&a, &b), expected);
    }

    #[rstest]
    #[case::order(json!([1, 2, 3]), json!([3, 1, 2]), &["order the body: the same items -> in a different order"])]
    #[case::added(json!([1, 2]), json!([0, 1, 2]), &["added /*: absent -> a number"])]
    #[case::removed(json!([{"a": 1}, {"a": 2}]), json!([{"a": 2}]), &["removed /*: an object -> absent"])]
    #[case::changed(json!([{"a": 1}, {"a": 2}]), json!([{"a": 1}, {"a": 3}]), &["value /*/a: 2 -> 3"])]
    #[case::nested(json!([[1], [2]]), json!([[1], [2, 3]]), &["added /*/*: absent -> a number"])]
    #[case::twice(json!([1, 1]), json!([1]), &["removed /*: a number -> absent"])]
    fn items_belong_together_wherever_they_stand(#[case] a: Value, #[case] b: Value, #[case] expected: &[&str]) {
        assert_eq!(printed(&a, &b), expected);
    }

    #[rstest]
    #[case::numbered(json!(["<id:1>", "<id:2>"]), json!(["<id:2>", "<id:1>"]), &[])]
    #[case::known_in_another_order(json!({"a": "<id:1>", "b": ["<id:1>", "<id:2>"]}), json!({"a": "<id:1>", "b": ["<id:2>", "<id:1>"]}), &["order /b: the same items -> in a different order"])]
    #[case::mixed_up(json!({"a": "<id:1>", "b": "<id:1>"}), json!({"a": "<id:1>", "b": "<id:2>"}), &[r#"value /b: "<id>" -> a different "<id>""#])]
    #[case::key(json!({"<id:1>": 1}), json!({"<id:3>": 1}), &[])]
    #[case::value_below_a_key(json!({"<id:1>": 1}), json!({"<id:3>": 2}), &["value /<id>: 1 -> 2"])]
    fn identities_are_compared_by_what_they_are(#[case] a: Value, #[case] b: Value, #[case] expected: &[&str]) {
        assert_eq!(printed(&a, &b), expected);
    }
}
