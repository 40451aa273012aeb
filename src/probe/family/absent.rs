//! A well-formed identifier of nothing is rejected with a declared error: never a success, never a crash.

use super::{
    ExpectedOutcome, FamilyBasis, FamilyDefinition, FamilyDrafts, InputChange, ProbeDraft, ProbeSubject, RequestGroup,
    related::RelatedSubject, unknown_names::has_unknown_sibling,
};
use crate::{
    model::walk::ShapeStep,
    probe::{related_errors, relations::RelationRole},
};

pub(super) const FAMILY: FamilyDefinition = FamilyDefinition {
    name: "absent",
    basis: FamilyBasis::Relation,
    group: RequestGroup::Behavior,
    asks: "an identifier of nothing",
    draft,
};

/// The roles in which an operation meets the resource that its input identifies.
const MEETS: [RelationRole; 6] = [
    RelationRole::Reads,
    RelationRole::Updates,
    RelationRole::Deletes,
    RelationRole::Tags,
    RelationRole::Untags,
    RelationRole::ListsTags,
];

fn draft(subject: &ProbeSubject<'_>) -> Option<FamilyDrafts> {
    let [ShapeStep::Member(name)] = subject.location.path.0.as_slice() else { return None };
    let operation = subject.recipe.operation;
    // Another account exists, and denies access.
    if !subject.location.in_least_input || name.to_ascii_lowercase().ends_with("accountid") {
        return None;
    }
    let meets: Vec<_> = RelatedSubject::all(subject, &MEETS).filter(|one| one.relation.input.contains(name)).collect();
    let creates = RelatedSubject::all(subject, &[RelationRole::Creates]).next().is_some();
    // What is put may be new, unless it is a part of what must exist.
    let may_create = operation.name.starts_with("Put") && !meets.iter().all(|related| related.is_part());
    if meets.is_empty() || creates || may_create {
        return None;
    }
    let deletes = meets.iter().any(|related| related.relation.role == RelationRole::Deletes);
    let errors = related_errors::absent(subject.contract(), operation);
    // Many deletions of nothing are no error, whatever the operation declares.
    let identifiers: Vec<String> = meets.iter().flat_map(|related| related.relation.input.clone()).collect();
    let is_sure = !errors.is_empty() && !deletes && !has_unknown_sibling(subject, &identifiers);
    let expected = if is_sure { ExpectedOutcome::Absent } else { ExpectedOutcome::Responded };
    let draft = ProbeDraft::new("unknown", "identifies nothing", InputChange::Unlike, expected);
    Some(FamilyDrafts::of("what does not exist is not found", vec![draft]))
}
