//! What was created is in the list.

use super::{
    ExpectedOutcome, FamilyBasis, FamilyDefinition, FamilyDrafts, InputChange, ProbeDraft, ProbeSubject, RequestGroup,
    pages::ListPaging,
    related::{RelatedSubject, identifier_of},
};
use crate::probe::{
    relations::RelationRole,
    sequence::{BodyPattern, CallOutcome, PatternLeaf, Sequence, SequenceCall, SequenceValue},
};

pub(super) const FAMILY: FamilyDefinition = FamilyDefinition {
    name: "listed",
    basis: FamilyBasis::LikelyRelation,
    group: RequestGroup::Behavior,
    asks: "a list after a creation",
    draft,
};

fn draft(subject: &ProbeSubject<'_>) -> Option<FamilyDrafts> {
    let drafts: Vec<ProbeDraft> = RelatedSubject::all(subject, &[RelationRole::Creates])
        .filter(|related| subject.location.path.is_root() && !related.is_part())
        .flat_map(lists)
        .collect();
    (!drafts.is_empty()).then(|| FamilyDrafts::of("what was created is listed", drafts))
}

fn lists(related: RelatedSubject<'_>) -> Vec<ProbeDraft> {
    let all = related.next(RelationRole::Lists).filter_map(|(relation, next, links)| {
        let path = relation.output.as_ref()?.0.clone();
        let origin = related.origin(identifier_of(&path)?)?;
        let has = (path, PatternLeaf::Equals(SequenceValue::Identifier(origin)));
        let mut bodies = vec![BodyPattern(vec![has])];
        // It may be on a later page.
        let token = ListPaging::of(related.subject.contract(), next).map(|page| page.next);
        bodies.extend(token.map(|token| BodyPattern(vec![(vec![token], PatternLeaf::Present)])));
        let first = SequenceCall::first(&related.operation().name, CallOutcome::Prepares);
        let list = SequenceCall::linked(&next.name, links, CallOutcome::Success(bodies));
        Some(ProbeDraft {
            sequence: Some(Sequence { calls: vec![first, list] }),
            ..ProbeDraft::new(
                next.name.clone(),
                format!("makes what {} returns", next.name),
                InputChange::Nothing,
                ExpectedOutcome::Accepted,
            )
        })
    });
    all.collect()
}
