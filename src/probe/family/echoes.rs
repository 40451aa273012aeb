//! Where an output has what was set: under the same names, in a shape of the same kind.

use super::kept_parts::SetPart;
use crate::{
    model::{Contract, Member, ShapeId, ShapeKind, walk::ShapeStep},
    probe::relations::OutputPath,
};

/// The beginning of the names of members for changes that have not taken effect.
const PENDING: &str = "Pending";

/// Endings that tell the structure of a request from that of a response: the rest of the two names is the same.
const ENDINGS: [&str; 16] = [
    "config",
    "configuration",
    "description",
    "detail",
    "details",
    "input",
    "options",
    "output",
    "properties",
    "request",
    "response",
    "result",
    "setting",
    "settings",
    "specification",
    "summary",
];

/// The least length of a name without its ending.
const SHORTEST: usize = 4;

/// Where structures have a part that was set, and where they have it until a change takes effect. Tags may have another
/// name. What a request wraps in one structure may be returned without it.
pub(super) fn echoes(
    contract: &Contract,
    structures: &[(Vec<String>, &ShapeId)],
    noun: &str,
    part: &SetPart<'_>,
) -> Option<Vec<Vec<String>>> {
    let steps = part.path.0.as_slice();
    let in_each = |steps: &[ShapeStep]| {
        structures.iter().find_map(|(path, shape)| {
            let places = places(contract, shape, steps, part)?;
            Some(places.into_iter().map(|place| [path.clone(), place].concat()).collect())
        })
    };
    in_each(steps).or_else(|| in_each(unwrapped(part, noun)?))
}

/// Where a structure has a part, at once or pending.
fn places(contract: &Contract, shape: &ShapeId, steps: &[ShapeStep], part: &SetPart<'_>) -> Option<Vec<Vec<String>>> {
    let found = follow(contract, shape, steps, part.target).or_else(|| tags(contract, shape, part))?;
    let pending = contract.members(shape).iter().filter_map(|member| pending(contract, member, steps, part.target));
    Some([found].into_iter().chain(pending).collect())
}

/// The path to what lies at steps of an input, in a structure of an output.
fn follow(contract: &Contract, shape: &ShapeId, steps: &[ShapeStep], target: &ShapeId) -> Option<Vec<String>> {
    let Some((step, rest)) = steps.split_first() else { return is_same_kind(contract, shape, target).then(Vec::new) };
    let below = |name: &str, shape: &ShapeId| {
        follow(contract, shape, rest, target).map(|path| [vec![name.to_owned()], path].concat())
    };
    match (step, &contract.shape(shape)?.kind) {
        (ShapeStep::Item, ShapeKind::List(item)) => below(OutputPath::ITEMS, &item.target),
        (ShapeStep::Member(name), ShapeKind::Structure(members) | ShapeKind::Union(members)) => {
            let same = members.iter().filter(|member| member.name.eq_ignore_ascii_case(name));
            let alike = members.iter().filter(|member| !rest.is_empty() && differs_in_ending(&member.name, name));
            same.chain(alike).find_map(|member| below(&member.name, &member.target))
        }
        _ => None,
    }
}

/// Returns whether two names of structures differ only in an ending that tells requests from responses.
#[must_use]
pub fn differs_in_ending(one: &str, other: &str) -> bool {
    let (one, other) = (one.to_ascii_lowercase(), other.to_ascii_lowercase());
    let stem = |name: &str| -> Option<String> {
        let stem = ENDINGS.iter().filter_map(|ending| name.strip_suffix(ending)).min_by_key(|stem| stem.len())?;
        (stem.len() >= SHORTEST).then(|| stem.to_owned())
    };
    let stems = (stem(&one).unwrap_or_else(|| one.clone()), stem(&other).unwrap_or_else(|| other.clone()));
    one != other && stems.0 == stems.1
}

/// The member for tags, which may have another name.
fn tags(contract: &Contract, shape: &ShapeId, part: &SetPart<'_>) -> Option<Vec<String>> {
    let is_tags = |name: &str| name.to_ascii_lowercase().contains("tag");
    let is_whole = part.path.0.len() == 1 && is_tags(&part.top.name);
    let mut members = contract.members(shape).iter().filter(|_| is_whole);
    let found = members.find(|other| is_tags(&other.name) && other.target == *part.target)?;
    Some(vec![found.name.clone()])
}

fn pending(contract: &Contract, other: &Member, steps: &[ShapeStep], target: &ShapeId) -> Option<Vec<String>> {
    let head = other.name.get(..PENDING.len()).filter(|head| head.eq_ignore_ascii_case(PENDING))?;
    let (Some(ShapeStep::Member(name)), rest) = (steps.first(), steps.get(1..).unwrap_or_default()) else {
        return None;
    };
    let is_own = other.name[head.len()..].eq_ignore_ascii_case(name);
    let own = is_own.then(|| follow(contract, &other.target, rest, target)).flatten();
    let inner = own.or_else(|| follow(contract, &other.target, steps, target))?;
    Some([vec![other.name.clone()], inner].concat())
}

/// The steps without the structure that wraps what the request is about: the body of it, or the structure that is named
/// after the resource.
fn unwrapped<'s>(part: &'s SetPart<'_>, noun: &str) -> Option<&'s [ShapeStep]> {
    let is_body = part.top.traits.get("smithy.api#httpPayload").is_some();
    let is_named = part.top.name.to_ascii_lowercase().starts_with(&noun.to_ascii_lowercase());
    let inner = part.path.0.get(1..).filter(|_| is_body || is_named)?;
    matches!(inner.first(), Some(ShapeStep::Member(_))).then_some(inner)
}

/// Returns whether two shapes are one, or simple shapes of one kind.
fn is_same_kind(contract: &Contract, one: &ShapeId, other: &ShapeId) -> bool {
    let kinds = (contract.shape(one).map(|shape| &shape.kind), contract.shape(other).map(|shape| &shape.kind));
    one == other
        || matches!(
            kinds,
            (Some(ShapeKind::String | ShapeKind::Enum(_)), Some(ShapeKind::String | ShapeKind::Enum(_)))
                | (Some(ShapeKind::Boolean), Some(ShapeKind::Boolean))
                | (Some(ShapeKind::Number(_)), Some(ShapeKind::Number(_)))
        )
}

/// Returns whether two members have one name and the same kind of value.
pub(super) fn is_same_member(contract: &Contract, one: &Member, other: &Member) -> bool {
    one.name.eq_ignore_ascii_case(&other.name) && is_same_kind(contract, &one.target, &other.target)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("PointInTimeRecoverySpecification", "PointInTimeRecoveryDescription", true)]
    #[case("VpcConfig", "VpcConfigResponse", true)]
    #[case("NetworkSettings", "Network", true)]
    #[case("Options", "Settings", false)]
    #[case("LogOptions", "LogSettings", false)]
    #[case("Network", "Network", false)]
    fn names_of_one_structure_may_end_otherwise(#[case] one: &str, #[case] other: &str, #[case] expected: bool) {
        assert_eq!(differs_in_ending(one, other), expected);
    }
}
