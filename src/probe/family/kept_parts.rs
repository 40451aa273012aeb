//! The parts of an input that a service keeps as they were given: members, and what is inside them.

use std::{collections::VecDeque, iter};

use super::{
    ProbeSubject,
    member_documents::{allows_one, has_alternatives, has_choices, has_condition, has_dependence},
    related::RelatedSubject,
    unknown_names::{has_special_text, has_unknown_name, is_name},
};
use crate::{
    model::{Member, ShapeId, ShapeKind, Traits, walk::ShapeStep},
    probe::{MemberPath, relations::RelationRole},
};

/// A part of an input that is set.
#[derive(Clone)]
pub(super) struct SetPart<'c> {
    /// The member of the input that is or has the part.
    pub(super) top: &'c Member,
    /// The path from the input.
    pub(super) path: MemberPath,
    pub(super) target: &'c ShapeId,
    /// True if the least value of the member has it.
    pub(super) is_in_least: bool,
}

/// A part that may be kept, or have such parts.
struct OpenPart<'c> {
    part: SetPart<'c>,
    member: &'c Member,
    /// The other members of its structure.
    siblings: &'c [Member],
    /// The shapes around it.
    above: Vec<&'c ShapeId>,
    /// True if the documents of what is around it list the texts that it may be.
    is_chosen_text: bool,
}

/// The deepest part that is looked at, in steps from the input.
const DEEPEST: usize = 8;

/// The maximum number of parts of a member that are looked at. Structures that share their parts may have
/// exponentially many.
const MOST: usize = 2_000;

/// Parts of the names of members that a service changes, or never returns as they were given, each with the reason.
const CHANGED: [(&str, &str); 13] = [
    ("arn", "may be given as a name, and is returned as an ARN"),
    ("checksum", "must fit the content"),
    ("contentlength", "is that of the request"),
    ("document", "is normalized, or percent-encoded"),
    ("dryrun", "asks for no change"),
    ("keyid", "may be given as an alias, and is returned as an ARN"),
    ("md5", "must fit the content"),
    ("password", "is a secret"),
    ("policy", "is normalized"),
    ("role", "may be given as a name, and is returned as an ARN"),
    ("secret", "is a secret"),
    ("ssecustomer", "is a key of the caller, and must fit the others"),
    ("token", "makes a request repeatable"),
];

/// The roles of operations that set members.
pub(super) const SETTING: [RelationRole; 3] = [RelationRole::Creates, RelationRole::Updates, RelationRole::Tags];

impl<'c> SetPart<'c> {
    /// A member of the input.
    pub(super) fn whole(top: &'c Member) -> Self {
        let path = MemberPath(vec![ShapeStep::Member(top.name.clone())]);
        Self { top, path, target: &top.target, is_in_least: true }
    }

    fn then(&self, step: ShapeStep, target: &'c ShapeId, is_in_least: bool) -> Self {
        Self { path: self.path.then(step), target, is_in_least: self.is_in_least && is_in_least, ..self.clone() }
    }

    /// Returns whether it is the id that a caller gives to an item of a list.
    fn is_own_id(&self) -> bool {
        let is_id = |name: &str| name.eq_ignore_ascii_case("id");
        matches!(self.path.0.as_slice(), [.., ShapeStep::Item, ShapeStep::Member(name)] if is_id(name))
    }

    /// Returns whether it is a member of the input itself.
    pub(super) fn is_whole(&self) -> bool {
        self.path.0.len() == 1
    }
}

/// Returns whether a member is kept as it was given.
pub(super) fn is_kept(subject: &ProbeSubject<'_>, member: &Member) -> bool {
    let part = SetPart::whole(member);
    let kind = subject.contract().shape(&member.target).map(|shape| &shape.kind);
    let is_plain = !matches!(kind, None | Some(ShapeKind::Timestamp | ShapeKind::Document | ShapeKind::Blob))
        && !is_empty_at_least(subject, &part);
    is_plain && is_open(subject, &part, member) && !is_changed(subject, &member.name, &member.target)
}

/// The parts inside a member that are kept as they were given, outer ones first: numbers, flags, choices, texts that may be
/// any, and lists of them.
pub(super) fn kept_inside<'a>(
    subject: &'a ProbeSubject<'a>,
    top: &'a Member,
) -> impl Iterator<Item = SetPart<'a>> + 'a {
    let whole =
        OpenPart { part: SetPart::whole(top), member: top, siblings: &[], above: Vec::new(), is_chosen_text: false };
    let mut open = VecDeque::from([whole]);
    let parts = iter::from_fn(move || {
        let one = open.pop_front()?;
        let kind = subject.contract().shape(one.part.target).map(|shape| &shape.kind);
        let Some(kind) = kind.filter(|_| is_open(subject, &one.part, one.member) && !goes_with_others(subject, &one))
        else {
            return Some(None);
        };
        if one.part.path.0.len() < DEEPEST && !one.above.contains(&one.part.target) {
            open.extend(inner(subject, &one, kind));
        }
        let is_kept = !one.part.is_whole() && is_kept_leaf(subject, &one, kind);
        Some(is_kept.then_some(one.part))
    });
    parts.take(MOST).flatten()
}

/// The parts of a structure, and the items of a list.
fn inner<'a>(subject: &'a ProbeSubject<'a>, one: &OpenPart<'a>, kind: &'a ShapeKind) -> Vec<OpenPart<'a>> {
    let above: Vec<&ShapeId> = one.above.iter().copied().chain([one.part.target]).collect();
    let is_chosen_text = one.is_chosen_text || one.member.traits.documentation().is_some_and(has_choices);
    match kind {
        ShapeKind::Structure(members) | ShapeKind::Union(members) => {
            let is_union = matches!(kind, ShapeKind::Union(_));
            let below = members.iter().map(|member| {
                let step = ShapeStep::Member(member.name.clone());
                let path = one.part.path.then(step.clone());
                let is_wanted = !is_union && subject.inputs.is_wanted(subject.recipe.operation, member, &path);
                let part = one.part.then(step, &member.target, is_wanted);
                OpenPart { part, member, siblings: members, above: above.clone(), is_chosen_text }
            });
            below.collect()
        }
        // An item has the name and the documents of its list.
        ShapeKind::List(item) if is_told(subject, one, &item.target) => {
            let part = one.part.then(ShapeStep::Item, &item.target, true);
            vec![OpenPart { part, member: one.member, siblings: &[], above, is_chosen_text }]
        }
        _ => Vec::new(),
    }
}

/// Returns whether the model tells what an item of a list needs: it is a union, or a structure that requires something, or
/// has one member.
fn is_told(subject: &ProbeSubject<'_>, one: &OpenPart<'_>, item: &ShapeId) -> bool {
    match subject.contract().shape(item).map(|shape| &shape.kind) {
        Some(ShapeKind::Structure(members)) => {
            let path = one.part.path.then(ShapeStep::Item);
            let is_wanted = |member: &Member| {
                let at = path.then(ShapeStep::Member(member.name.clone()));
                subject.inputs.is_wanted(subject.recipe.operation, member, &at)
            };
            let is_filled = || subject.inputs.is_filled_at(subject.recipe.operation, &one.part.path);
            members.len() == 1 || members.iter().any(is_wanted) || is_filled()
        }
        Some(ShapeKind::Union(_)) => true,
        _ => false,
    }
}

/// Returns whether a part inside a member goes with others that the model does not require: by its documents, or since its
/// structure may name a resource, without which the rest may mean nothing.
fn goes_with_others(subject: &ProbeSubject<'_>, one: &OpenPart<'_>) -> bool {
    let of_shape = subject.contract().shape(one.part.target).and_then(|shape| shape.traits.documentation());
    let documents = one.member.traits.documentation().into_iter().chain(of_shape);
    let names_resource = |sibling: &Member| {
        let kind = subject.contract().shape(&sibling.target).map(|shape| &shape.kind);
        matches!(kind, Some(ShapeKind::String)) && is_name(&sibling.name) && !sibling.traits.required()
    };
    documents.into_iter().any(has_dependence) || one.siblings.iter().any(names_resource)
}

/// Returns whether a part can be given with made-up values, and is returned.
fn is_open(subject: &ProbeSubject<'_>, part: &SetPart<'_>, member: &Member) -> bool {
    let of_shape = subject.contract().shape(part.target).map(|shape| &shape.traits);
    let is_sensitive = member.traits.sensitive() || of_shape.is_some_and(Traits::sensitive);
    let is_token = member.traits.get("smithy.api#idempotencyToken").is_some();
    let is_deprecated = member.traits.get("smithy.api#deprecated").is_some();
    let identifies = || part.is_whole() && identifies(subject, member);
    !is_sensitive
        && !is_token
        && !is_deprecated
        && !identifies()
        && !is_conditional(subject, part, member)
        && (is_of_recipe(subject, part) || !has_unknown_name(subject, &part.path, part.target))
}

/// Returns whether a part is in the value that a recipe has for what is around it.
fn is_of_recipe(subject: &ProbeSubject<'_>, part: &SetPart<'_>) -> bool {
    part.is_in_least && is_within_chosen(subject, part)
}

/// Returns whether a member is one by which an operation names a resource.
fn identifies(subject: &ProbeSubject<'_>, member: &Member) -> bool {
    RelatedSubject::all(subject, &SETTING).any(|one| one.relation.input.contains(&member.name))
}

/// Returns whether a value that nobody chose may be invalid: by the documents of the member, or because only some texts
/// are valid.
fn is_conditional(subject: &ProbeSubject<'_>, part: &SetPart<'_>, member: &Member) -> bool {
    let is_chosen = subject.inputs.is_filled_at(subject.recipe.operation, &part.path);
    let of_shape = subject.contract().shape(part.target).and_then(|shape| shape.traits.documentation());
    let documentation = member.traits.documentation().or(of_shape);
    let is_text = matches!(subject.contract().shape(part.target).map(|shape| &shape.kind), Some(ShapeKind::String));
    let is_choice = || is_text && documentation.is_some_and(has_choices);
    let is_special = || is_choice() || !part.is_own_id() && has_special_text(subject, &part.path, part.target);
    // A recipe may have chosen another one.
    let is_alternative =
        || of_shape.is_some_and(has_alternatives) && !part.is_whole() && is_within_chosen(subject, part);
    let is_made_up = || !is_of_recipe(subject, part) && is_special();
    is_alternative() || !is_chosen && (documentation.is_some_and(has_condition) || is_made_up())
}

/// Returns whether a recipe has a value that has a part.
fn is_within_chosen(subject: &ProbeSubject<'_>, part: &SetPart<'_>) -> bool {
    let mut around = part.path.around();
    around.any(|path| subject.inputs.is_filled_at(subject.recipe.operation, &path))
}

/// Returns whether the least value is an empty structure, which says nothing.
fn is_empty_at_least(subject: &ProbeSubject<'_>, part: &SetPart<'_>) -> bool {
    let Some(ShapeKind::Structure(members)) = subject.contract().shape(part.target).map(|shape| &shape.kind) else {
        return false;
    };
    let needed = |inner: &Member| {
        let path = part.path.then(ShapeStep::Member(inner.name.clone()));
        subject.inputs.is_wanted(subject.recipe.operation, inner, &path)
    };
    !members.iter().any(needed) && !subject.inputs.is_filled_at(subject.recipe.operation, &part.path)
}

/// Returns whether a service changes what was given, by the name of the member.
fn is_changed(subject: &ProbeSubject<'_>, name: &str, target: &ShapeId) -> bool {
    let lower = name.to_ascii_lowercase();
    names_another(subject, name, target) || CHANGED.iter().any(|(part, _)| lower.contains(part))
}

/// Returns whether a text may name a resource in another form than the one that is returned.
fn names_another(subject: &ProbeSubject<'_>, name: &str, target: &ShapeId) -> bool {
    let mut resources = subject.inputs.relations().resources.iter();
    let kind = subject.contract().shape(target).map(|shape| &shape.kind);
    matches!(kind, Some(ShapeKind::String)) && resources.any(|one| one.name.eq_ignore_ascii_case(name))
}

/// Returns whether a part inside a member is a value that is kept as it was given.
fn is_kept_leaf(subject: &ProbeSubject<'_>, one: &OpenPart<'_>, kind: &ShapeKind) -> bool {
    let is_simple = |kind: &ShapeKind| {
        matches!(kind, ShapeKind::String | ShapeKind::Enum(_) | ShapeKind::Boolean | ShapeKind::Number(_))
    };
    let is_leaf = match kind {
        ShapeKind::List(item) => subject.contract().shape(&item.target).is_some_and(|item| is_simple(&item.kind)),
        kind => is_simple(kind) && matches!(one.part.path.0.last(), Some(ShapeStep::Member(_))),
    };
    is_leaf
        && !is_changed(subject, &one.member.name, one.part.target)
        && !fits_others(one, kind)
        && !is_one_of_few(one, kind)
}

/// Returns whether a value must fit the others of its structure: a choice that says which of them are there, their number,
/// or a number that another one, or the documents, limit.
fn fits_others(one: &OpenPart<'_>, kind: &ShapeKind) -> bool {
    let name = one.member.name.to_ascii_lowercase();
    let has_greatest = || {
        let mut siblings = one.siblings.iter().filter(|sibling| sibling.traits.required());
        siblings.any(|sibling| sibling.name.to_ascii_lowercase().starts_with("max"))
    };
    match kind {
        ShapeKind::Enum(_) => name.ends_with("type"),
        ShapeKind::Number(_) => {
            let allows_little = one.member.traits.documentation().is_none_or(allows_one);
            name == "quantity" || !allows_little || (name.starts_with("min") && has_greatest())
        }
        _ => false,
    }
}

/// Returns whether a text is probably one of a few, although its shape allows any: the documents list texts, or it is a
/// name, a key or a value of anything but a tag, a variable or a label.
fn is_one_of_few(one: &OpenPart<'_>, kind: &ShapeKind) -> bool {
    let name = one.member.name.to_ascii_lowercase();
    let is_free = |around: &str| {
        let around = around.to_ascii_lowercase();
        ["tag", "environment", "label", "metadata"].iter().any(|free| around.contains(free))
    };
    let is_bare = ["key", "name", "value"].contains(&name.as_str()) && !one.part.path.members().any(is_free);
    matches!(kind, ShapeKind::String) && (is_bare || one.is_chosen_text)
}
