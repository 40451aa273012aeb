//! The locations of an operation's input: each member, list item, map key and map value, at any depth.
//!
//! A shape that contains itself is entered once on each path: the locations below its second occurrence repeat those
//! below the first.

use super::{MemberPath, input::Inputs};
use crate::model::{Bounds, Member, Operation, Shape, ShapeId, ShapeKind, TimestampFormat, Traits, walk::ShapeStep};

/// A location of an input. The traits of its member win over those of the member's target.
#[derive(Debug, Clone)]
pub struct Location {
    /// The path from the input.
    pub path: MemberPath,
    /// The shape of the value.
    pub target: ShapeId,
    /// The structure, union, list or map that it is a part of; `None` for the input itself.
    pub owner: Option<ShapeId>,
    /// True if it is a required member of a structure.
    pub required: bool,
    /// True if the least valid input has it: each step to it is a required member, or one that a recipe always fills.
    pub in_least_input: bool,
    member: Option<Member>,
}

impl Location {
    /// The input itself.
    fn root(operation: &Operation) -> Self {
        Self {
            path: MemberPath::default(),
            target: operation.input.clone(),
            owner: None,
            required: true,
            in_least_input: true,
            member: None,
        }
    }

    fn below(&self, inputs: &Inputs, operation: &Operation, owner: &Shape, token: ShapeStep, member: &Member) -> Self {
        let in_structure = matches!(owner.kind, ShapeKind::Structure(_));
        let required = in_structure && member.traits.required();
        let path = self.path.then(token);
        let wanted = in_structure && inputs.is_wanted(operation, member, &path);
        Self {
            path,
            target: member.target.clone(),
            owner: Some(owner.id.clone()),
            required,
            // The least list or map that is built has one entry.
            in_least_input: self.in_least_input
                && (wanted || matches!(owner.kind, ShapeKind::List(_) | ShapeKind::Map { .. })),
            member: Some(member.clone()),
        }
    }

    /// Returns whether the member's name says that the value is an ARN.
    pub(super) fn names_a_resource(&self) -> bool {
        self.path.members().last().is_some_and(|name| name.to_ascii_lowercase().ends_with("arn"))
    }

    /// Returns whether it is a key of a map.
    pub(super) fn is_key(&self) -> bool {
        self.path.0.last() == Some(&ShapeStep::Key)
    }

    /// The traits of the member itself.
    pub(super) fn traits(&self) -> Option<&Traits> {
        self.member.as_ref().map(|member| &member.traits)
    }

    pub(super) fn length(&self, shape: &Shape) -> Option<Bounds<u64>> {
        self.member.as_ref().and_then(|member| member.traits.length()).or_else(|| shape.traits.length())
    }

    pub(super) fn range(&self, shape: &Shape) -> Option<Bounds<f64>> {
        self.member.as_ref().and_then(|member| member.traits.range()).or_else(|| shape.traits.range())
    }

    pub(super) fn pattern<'s>(&'s self, shape: &'s Shape) -> Option<&'s str> {
        self.member.as_ref().and_then(|member| member.traits.pattern()).or_else(|| shape.traits.pattern())
    }

    /// Returns whether the items must differ.
    pub(super) fn unique(&self, shape: &Shape) -> bool {
        self.member.as_ref().is_some_and(|member| member.traits.unique_items()) || shape.traits.unique_items()
    }

    pub(super) fn timestamp(&self, inputs: &Inputs, shape: &Shape) -> TimestampFormat {
        let own = self.member.as_ref().and_then(|member| member.traits.timestamp_format());
        own.or_else(|| shape.traits.timestamp_format()).unwrap_or(inputs.rules().timestamp_format)
    }

    /// The part of the model that defines it: `structure$member`, or the shape.
    pub(super) fn origin(&self) -> String {
        match (&self.owner, &self.member) {
            (Some(owner), Some(member)) => format!("{}${}", owner.name(), member.name),
            _ => self.target.name().to_owned(),
        }
    }
}

/// The maximum number of locations of an operation. Structures that share their parts may have exponentially many.
pub(super) const MOST: usize = 50_000;

/// The locations of an operation's input, at most [`MOST`]: the input itself first, outer before inner.
pub(super) fn locations(inputs: &Inputs, operation: &Operation) -> Vec<Location> {
    let mut found = Vec::new();
    let mut open = vec![(Location::root(operation), Vec::new())];
    while let Some((location, above)) = open.pop() {
        let mut inner = below(inputs, operation, &location, &above);
        // The stack yields the last one first.
        inner.reverse();
        open.extend(inner);
        found.push(location);
        if found.len() == MOST {
            break;
        }
    }
    found
}

fn below(
    inputs: &Inputs,
    operation: &Operation,
    location: &Location,
    above: &[ShapeId],
) -> Vec<(Location, Vec<ShapeId>)> {
    let Some(shape) = inputs.contract().shape(&location.target).filter(|shape| !above.contains(&shape.id)) else {
        return Vec::new();
    };
    let above: Vec<ShapeId> = above.iter().cloned().chain([shape.id.clone()]).collect();
    let inner = |token, member: &Member| (location.below(inputs, operation, shape, token, member), above.clone());
    shape.kind.steps().into_iter().map(|(step, member)| inner(step, member)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::testing::{SHAPES, inputs, put};

    fn paths(keep: impl Fn(&Location) -> bool) -> Vec<String> {
        let inputs = inputs(SHAPES);
        let locations = locations(&inputs, &put(&inputs));
        locations.iter().filter(|location| keep(location)).map(|location| location.path.to_string()).collect()
    }

    #[test]
    fn every_member_item_key_and_value_is_a_location_and_a_shape_that_holds_itself_is_entered_once() {
        let expected = [
            "",
            "name",
            "tags",
            "tags[]",
            "tags[]/key",
            "choice",
            "choice/a",
            "choice/b",
            "tree",
            "tree/left",
            "tree/leaf",
            "by",
            "by{key}",
            "by{}",
        ];
        assert_eq!(paths(|_| true), expected);
    }

    #[test]
    fn the_least_input_holds_required_members_alone() {
        assert_eq!(paths(|location| location.in_least_input), ["", "name"]);
        assert_eq!(paths(|location| location.required && !location.path.is_root()), ["name", "tags[]/key"]);
    }
}
