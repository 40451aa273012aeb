//! A second creation of the same name is rejected, where the operation declares an error for it.

use super::{
    ExpectedOutcome, FamilyBasis, FamilyDefinition, FamilyDrafts, InputChange, ProbeDraft, ProbeSubject, RequestGroup,
    related::RelatedSubject,
};
use crate::{
    model::{Member, Operation},
    probe::{
        related_errors,
        relations::{IdentifierOrigin, RelationRole},
        sequence::{CallOutcome, Sequence, SequenceCall},
    },
};

pub(super) const FAMILY: FamilyDefinition = FamilyDefinition {
    name: "duplicate",
    basis: FamilyBasis::Relation,
    group: RequestGroup::Behavior,
    asks: "a second creation of the same name",
    draft,
};

fn draft(subject: &ProbeSubject<'_>) -> Option<FamilyDrafts> {
    let operation = subject.recipe.operation;
    let errors = related_errors::present(subject.contract(), operation);
    let mut related = RelatedSubject::all(subject, &[RelationRole::Creates]);
    let is_named = related.any(is_named_by_the_caller);
    let is_repeatable = related_errors::is_documented_as_repeatable(operation) || has_token(subject, operation);
    if !subject.location.path.is_root() || errors.is_empty() || !is_named || is_repeatable {
        return None;
    }
    let first = SequenceCall::first(&operation.name, CallOutcome::Prepares);
    let again = SequenceCall::first(&operation.name, CallOutcome::Rejected(errors, Vec::new()));
    let draft = ProbeDraft {
        sequence: Some(Sequence { calls: vec![first, again] }),
        ..ProbeDraft::new("again", "is sent twice", InputChange::Nothing, ExpectedOutcome::Accepted)
    };
    Some(FamilyDrafts::of("a name is given once", vec![draft]))
}

/// Returns whether the caller names the resource, and not only its parents.
fn is_named_by_the_caller(related: RelatedSubject<'_>) -> bool {
    let is_update =
        related.resource.in_role(RelationRole::Updates).any(|one| one.operation == related.relation.operation);
    let own = related.resource.identifiers.last().and_then(|name| related.origin(name));
    !is_update && !related.is_part() && matches!(own, Some(IdentifierOrigin::Input(_)))
}

/// Returns whether the same request may be a repetition that a token identifies.
fn has_token(subject: &ProbeSubject<'_>, operation: &Operation) -> bool {
    let is_token = |member: &Member| {
        let name = member.name.to_ascii_lowercase();
        member.traits.get("smithy.api#idempotencyToken").is_some()
            || ["clienttoken", "clientrequesttoken", "creatorrequestid", "callerreference", "idempotencytoken"]
                .contains(&name.as_str())
    };
    subject.contract().members(&operation.input).iter().any(is_token)
}
