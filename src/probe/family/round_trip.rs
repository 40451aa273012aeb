//! What is given at creation or change is returned by a read.

use super::{
    ExpectedOutcome, FamilyBasis, FamilyDefinition, FamilyDrafts, InputChange, ProbeDraft, ProbeSubject, RequestGroup,
    member_documents::has_condition,
    related::RelatedSubject,
    unknown_names::{has_special_text, has_unknown_name},
};
use crate::{
    model::{Contract, Member, ShapeId, ShapeKind, walk::ShapeStep},
    probe::{
        relations::RelationRole,
        sequence::{BodyPattern, CallOutcome, PatternLeaf, Sequence, SequenceCall, SequenceValue},
    },
};

pub(super) const FAMILY: FamilyDefinition = FamilyDefinition {
    name: "round-trip",
    basis: FamilyBasis::LikelyRelation,
    group: RequestGroup::Behavior,
    asks: "a value that is set and read back",
    draft,
};

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

fn draft(subject: &ProbeSubject<'_>) -> Option<FamilyDrafts> {
    let [ShapeStep::Member(name)] = subject.location.path.0.as_slice() else { return None };
    let members = subject.contract().members(&subject.recipe.operation.input);
    let member = members.iter().find(|member| member.name == *name)?;
    if !is_returned(subject, member) {
        return None;
    }
    let drafts: Vec<ProbeDraft> = RelatedSubject::all(subject, &[RelationRole::Creates, RelationRole::Updates])
        .filter(|related| related.exists())
        .filter_map(|related| read_back(related, member))
        .take(1)
        .collect();
    (!drafts.is_empty()).then(|| FamilyDrafts::of("what is set is returned", drafts))
}

/// Returns whether a member is kept as it was given.
fn is_returned(subject: &ProbeSubject<'_>, member: &Member) -> bool {
    let name = member.name.to_ascii_lowercase();
    let is_sensitive = member.traits.sensitive() || subject.shape.traits.sensitive();
    let is_token = member.traits.get("smithy.api#idempotencyToken").is_some();
    let is_plain = !matches!(subject.shape.kind, ShapeKind::Timestamp | ShapeKind::Document | ShapeKind::Blob)
        && !is_empty_at_least(subject);
    let related = RelatedSubject::all(subject, &[RelationRole::Creates, RelationRole::Updates]);
    let identifies = related.into_iter().any(|one| one.relation.input.contains(&member.name));
    let is_changed = identifies
        || is_conditional(subject, member)
        || has_unknown_name(subject)
        || CHANGED.iter().any(|(part, _)| name.contains(part));
    is_plain && !is_sensitive && !is_token && !is_changed
}

/// Returns whether a value that nobody chose may be invalid: by the documents of the member, or because only some texts
/// are valid.
fn is_conditional(subject: &ProbeSubject<'_>, member: &Member) -> bool {
    let is_chosen = subject.inputs.is_filled_at(subject.recipe.operation, &subject.location.path);
    let documentation = member.traits.documentation().or_else(|| subject.shape.traits.documentation());
    !is_chosen && (documentation.is_some_and(has_condition) || has_special_text(subject))
}

/// Returns whether the least value is an empty structure, which says nothing.
fn is_empty_at_least(subject: &ProbeSubject<'_>) -> bool {
    let ShapeKind::Structure(members) = &subject.shape.kind else { return false };
    let path = &subject.location.path;
    let needed = |inner: &Member| {
        subject.inputs.is_wanted(subject.recipe.operation, inner, &path.then(ShapeStep::Member(inner.name.clone())))
    };
    !members.iter().any(needed) && !subject.inputs.is_filled_at(subject.recipe.operation, path)
}

fn read_back(related: RelatedSubject<'_>, member: &Member) -> Option<ProbeDraft> {
    let contract = related.subject.contract();
    let noun = related.resource.name.as_str();
    related.next(RelationRole::Reads).find_map(|(_, next, links)| {
        let path = echo(contract, &next.output, noun, member)?;
        let body = BodyPattern(vec![(path, PatternLeaf::Equals(SequenceValue::Given))]);
        let first = SequenceCall::first(&related.operation().name, CallOutcome::Prepares);
        let read = SequenceCall::linked(&next.name, links, CallOutcome::Success(vec![body]));
        let title = format!("is returned by {}", next.name);
        Some(ProbeDraft {
            sequence: Some(Sequence { calls: vec![first, read] }),
            ..ProbeDraft::new(next.name.clone(), title, InputChange::Nothing, ExpectedOutcome::Accepted)
        })
    })
}

/// Where an output has a member of the same name and shape: at its root, or in the structure of the resource.
fn echo(contract: &Contract, output: &ShapeId, noun: &str, member: &Member) -> Option<Vec<String>> {
    let same = |id: &ShapeId| {
        let members = contract.members(id).iter();
        let mut named = members.filter(|other| other.name.eq_ignore_ascii_case(&member.name));
        named.find(|other| is_same_kind(contract, &other.target, &member.target)).map(|other| other.name.clone())
    };
    if let Some(name) = same(output) {
        return Some(vec![name]);
    }
    let structures = contract.members(output).iter().filter(|inner| !contract.members(&inner.target).is_empty());
    let structures: Vec<&Member> = structures.collect();
    let is_of = |inner: &Member| inner.name.to_ascii_lowercase().contains(&noun.to_ascii_lowercase());
    let is_only = structures.len() == 1;
    let mut about = structures.into_iter().filter(|inner| is_only || is_of(inner));
    about.find_map(|inner| Some(vec![inner.name.clone(), same(&inner.target)?]))
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
