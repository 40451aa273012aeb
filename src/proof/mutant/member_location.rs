//! The location of a fault in a body: a member, or that member of every item of a list.

use std::fmt;

use serde_json::{Map, Value};

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Member(String),
    Items,
}

/// A location in a body, displayed as names with dots, with `*` for every item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct MemberLocation(Vec<Segment>);

impl fmt::Display for MemberLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let segments = self.0.iter().map(|segment| match segment {
            Segment::Member(name) => name.as_str(),
            Segment::Items => "*",
        });
        f.write_str(&segments.collect::<Vec<_>>().join("."))
    }
}

impl MemberLocation {
    pub(super) fn root() -> Self {
        Self(Vec::new())
    }

    pub(super) fn member(&self, name: &str) -> Self {
        self.then(Segment::Member(name.to_owned()))
    }

    pub(super) fn items(&self) -> Self {
        self.then(Segment::Items)
    }

    fn then(&self, segment: Segment) -> Self {
        Self(self.0.iter().cloned().chain([segment]).collect())
    }

    /// Returns whether it is in an item of a list.
    pub(super) fn has_items(&self) -> bool {
        self.0.contains(&Segment::Items)
    }

    /// Returns whether it is a member of the body itself.
    pub(super) fn is_top(&self) -> bool {
        self.0.len() == 1
    }

    /// Returns whether both are members of the same object.
    pub(super) fn is_beside(&self, other: &Self) -> bool {
        let owner = |location: &Self| location.0.split_last().map(|(_, owner)| owner.to_vec());
        self != other && owner(self) == owner(other)
    }

    /// The names from the body down to the location; `None` for an item.
    pub(super) fn names(&self) -> impl Iterator<Item = Option<&str>> {
        self.0.iter().map(|segment| match segment {
            Segment::Member(name) => Some(name.as_str()),
            Segment::Items => None,
        })
    }

    /// The name of the member, if it is one.
    pub(super) fn name(&self) -> Option<&str> {
        self.names().last().flatten()
    }

    /// Changes every value at the location.
    pub(super) fn change(&self, body: &mut Value, change: &mut dyn FnMut(&mut Value)) {
        at(&self.0, body, change);
    }

    /// Changes every object that has the member.
    pub(super) fn change_owner(&self, body: &mut Value, change: &mut dyn FnMut(&mut Map<String, Value>, &str)) {
        let Some((Segment::Member(name), owner)) = self.0.split_last() else { return };
        at(owner, body, &mut |value| {
            if let Some(members) = value.as_object_mut().filter(|members| members.contains_key(name)) {
                change(members, name);
            }
        });
    }
}

fn at(path: &[Segment], value: &mut Value, change: &mut dyn FnMut(&mut Value)) {
    match path.split_first() {
        None => change(value),
        Some((Segment::Member(name), rest)) => {
            if let Some(inner) = value.get_mut(name).filter(|inner| !inner.is_null()) {
                at(rest, inner, change);
            }
        }
        Some((Segment::Items, rest)) => {
            for item in value.as_array_mut().into_iter().flatten() {
                at(rest, item, change);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn body() -> Value {
        json!({"a": {"b": 1}, "list": [{"b": 2}, {"c": 3}, {"b": null}]})
    }

    #[test]
    fn a_value_is_changed_in_every_item_that_has_it() {
        let location = MemberLocation::root().member("list").items().member("b");
        let mut changed = body();
        location.change(&mut changed, &mut |value| *value = json!("x"));
        assert_eq!(changed, json!({"a": {"b": 1}, "list": [{"b": "x"}, {"c": 3}, {"b": null}]}));
        assert_eq!(
            (location.to_string().as_str(), location.has_items(), location.name()),
            ("list.*.b", true, Some("b"))
        );
    }

    #[test]
    fn the_owner_of_a_member_is_changed_where_it_has_the_member() {
        let location = MemberLocation::root().member("a").member("b");
        let mut changed = body();
        location.change_owner(&mut changed, &mut |owner, name| drop(owner.remove(name)));
        assert_eq!(changed, json!({"a": {}, "list": [{"b": 2}, {"c": 3}, {"b": null}]}));
        let mut same = body();
        MemberLocation::root().member("nowhere").change_owner(&mut same, &mut |owner, _| owner.clear());
        MemberLocation::root().change_owner(&mut same, &mut |owner, _| owner.clear());
        assert_eq!(same, body());
    }
}
