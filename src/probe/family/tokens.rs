//! The same idempotency token means the same resource.

use super::{
    ExpectedOutcome, FamilyBasis, FamilyDefinition, FamilyDrafts, InputChange, ProbeDraft, ProbeSubject, RequestGroup,
    related::RelatedSubject,
};
use crate::{
    model::walk::ShapeStep,
    probe::{
        relations::{IdentifierOrigin, RelationRole},
        sequence::{BodyPattern, CallOutcome, PatternLeaf, Sequence, SequenceCall, SequenceValue},
    },
};

pub(super) const FAMILY: FamilyDefinition = FamilyDefinition {
    name: "tokens",
    basis: FamilyBasis::Relation,
    group: RequestGroup::Behavior,
    asks: "the same request with the same idempotency token",
    draft,
};

fn draft(subject: &ProbeSubject<'_>) -> Option<FamilyDrafts> {
    let [ShapeStep::Member(_)] = subject.location.path.0.as_slice() else { return None };
    subject.location.traits()?.get("smithy.api#idempotencyToken")?;
    let drafts: Vec<ProbeDraft> =
        RelatedSubject::all(subject, &[RelationRole::Creates]).filter_map(same_resource).take(1).collect();
    (!drafts.is_empty()).then(|| FamilyDrafts::of("smithy.api#idempotencyToken", drafts))
}

fn same_resource(related: RelatedSubject<'_>) -> Option<ProbeDraft> {
    let path = related.relation.output.clone()?;
    path.pointer()?;
    let same = PatternLeaf::Equals(SequenceValue::Identifier(IdentifierOrigin::Output(path.clone())));
    let operation = &related.operation().name;
    let first = SequenceCall::first(operation, CallOutcome::Prepares);
    let again = SequenceCall::first(operation, CallOutcome::Success(vec![BodyPattern(vec![(path.0, same)])]));
    Some(ProbeDraft {
        sequence: Some(Sequence { calls: vec![first, again] }),
        ..ProbeDraft::new("again", "is sent twice", InputChange::Nothing, ExpectedOutcome::Accepted)
    })
}
