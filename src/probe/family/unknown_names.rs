//! Made-up values that an endpoint may reject although they are valid by the model: names of resources that no recipe
//! has, and texts where only some are valid.

use super::ProbeSubject;
use crate::{
    model::{Member, ShapeId, ShapeKind, walk::ShapeStep},
    probe::MemberPath,
};

/// The deepest part of a value that is searched.
const DEEPEST: usize = 6;

/// Endings of the names of members that name resources.
const ENDINGS: [&str; 5] = ["id", "ids", "arn", "arns", "identifier"];

/// Names of members whose text may be any, and the endings of such names.
const FREE_TEXT: [&str; 16] = [
    "cachecontrol",
    "comment",
    "contentdisposition",
    "contentlanguage",
    "contenttype",
    "description",
    "displayname",
    "key",
    "label",
    "message",
    "name",
    "note",
    "prefix",
    "tagkey",
    "title",
    "value",
];
const FREE_ENDINGS: [&str; 6] = ["comment", "description", "displayname", "headers", "message", "title"];

/// Returns whether the least value at a path names a resource that no recipe knows.
pub(super) fn has_unknown_name(subject: &ProbeSubject<'_>, path: &MemberPath, target: &ShapeId) -> bool {
    holds(subject, path, target, &|member, kind| is_text(kind) && is_name(member))
}

/// Returns whether the least value at a path has a made-up text where only some may be valid.
pub(super) fn has_special_text(subject: &ProbeSubject<'_>, path: &MemberPath, target: &ShapeId) -> bool {
    let is_free = |member: &str| {
        let member = member.to_ascii_lowercase();
        FREE_TEXT.contains(&member.as_str()) || FREE_ENDINGS.iter().any(|ending| member.ends_with(ending))
    };
    holds(subject, path, target, &|member, kind| is_text(kind) && !is_free(member))
}

/// Returns whether the least input has, beside the member at the location of a probe, a member that names a resource that no
/// recipe knows.
pub(super) fn has_unknown_sibling(subject: &ProbeSubject<'_>, identifiers: &[String]) -> bool {
    let operation = subject.recipe.operation;
    let mut members = subject.contract().members(&operation.input).iter();
    let names = |member: &str, kind: &ShapeKind| is_text(kind) && is_name(member);
    members.any(|member| {
        let path = MemberPath(vec![ShapeStep::Member(member.name.clone())]);
        !identifiers.contains(&member.name)
            && path != subject.location.path
            && is_meant(subject, member, &path)
            && is_within(subject, &member.target, &path, &names)
    })
}

/// Decides by the name of the nearest member, and by the kind of the shape.
type PartRule<'r> = &'r dyn Fn(&str, &ShapeKind) -> bool;

/// Returns whether a rule holds for a part of the least value at a path, unless a recipe has the value.
fn holds(subject: &ProbeSubject<'_>, path: &MemberPath, target: &ShapeId, rule: PartRule<'_>) -> bool {
    let is_filled = subject.inputs.is_filled_at(subject.recipe.operation, path);
    !is_filled && is_within(subject, target, path, rule)
}

fn is_within(subject: &ProbeSubject<'_>, id: &ShapeId, path: &MemberPath, rule: PartRule<'_>) -> bool {
    let Some(kind) = subject.contract().shape(id).map(|shape| &shape.kind) else { return false };
    if path.0.len() >= DEEPEST {
        return false;
    }
    match kind {
        ShapeKind::Structure(members) => members.iter().any(|member| {
            let at = path.then(ShapeStep::Member(member.name.clone()));
            is_meant(subject, member, &at) && is_within(subject, &member.target, &at, rule)
        }),
        ShapeKind::List(item) => is_within(subject, &item.target, &path.then(ShapeStep::Item), rule),
        _ => path.members().last().is_some_and(|member| rule(member, kind)),
    }
}

/// Returns whether the least value has a member, and no recipe its value.
fn is_meant(subject: &ProbeSubject<'_>, member: &Member, path: &MemberPath) -> bool {
    let operation = subject.recipe.operation;
    subject.inputs.is_wanted(operation, member, path) && !subject.inputs.is_filled_at(operation, path)
}

fn is_text(kind: &ShapeKind) -> bool {
    matches!(kind, ShapeKind::String)
}

/// Returns whether a member of this name names a resource.
pub(super) fn is_name(member: &str) -> bool {
    let member = member.to_ascii_lowercase();
    ENDINGS.iter().any(|ending| member.len() > ending.len() && member.ends_with(ending))
}
