//! What a list and a read say of one resource agrees.

use super::{
    ExpectedOutcome, FamilyBasis, FamilyDefinition, FamilyDrafts, InputChange, ProbeDraft, ProbeSubject, RequestGroup,
    pages::ListPaging,
    related::{RelatedSubject, identifier_of},
};
use crate::{
    model::{Contract, Member, Operation, ShapeId, ShapeKind},
    probe::{
        relations::RelationRole,
        sequence::{BodyPattern, CallOutcome, PatternLeaf, Sequence, SequenceCall, SequenceValue},
    },
};

pub(super) const FAMILY: FamilyDefinition = FamilyDefinition {
    name: "consistent",
    basis: FamilyBasis::LikelyRelation,
    group: RequestGroup::Behavior,
    asks: "a list and a read of the same resource",
    draft,
};

fn draft(subject: &ProbeSubject<'_>) -> Option<FamilyDrafts> {
    let drafts: Vec<ProbeDraft> = RelatedSubject::all(subject, &[RelationRole::Creates])
        .filter(|_| subject.location.path.is_root())
        .flat_map(compared)
        .collect();
    (!drafts.is_empty()).then(|| FamilyDrafts::of("a list and a read agree", drafts))
}

fn compared(related: RelatedSubject<'_>) -> Vec<ProbeDraft> {
    let Some((_, read, reads)) = related.next(RelationRole::Reads).next() else { return Vec::new() };
    let all = related.next(RelationRole::Lists).filter_map(|(relation, list, links)| {
        let path = relation.output.as_ref()?.0.clone();
        let at = path.iter().position(|step| step == "[]")?;
        let origin = related.origin(identifier_of(&path)?)?;
        let shared = shared(related.subject.contract(), read, list, &path[..at]);
        if shared.is_empty() {
            return None;
        }
        let identifier = (path[at + 1..].to_vec(), PatternLeaf::Equals(SequenceValue::Identifier(origin)));
        let same = shared
            .into_iter()
            .map(|(of_item, of_read)| (vec![of_item], PatternLeaf::Equals(SequenceValue::Output(2, of_read))));
        let item = BodyPattern([vec![identifier], same.collect()].concat());
        let mut bodies = vec![BodyPattern(vec![(path[..at].to_vec(), PatternLeaf::Contains(item))])];
        let token = ListPaging::of(related.subject.contract(), list).map(|page| page.next);
        bodies.extend(token.map(|token| BodyPattern(vec![(vec![token], PatternLeaf::Present)])));
        let first = SequenceCall::first(&related.operation().name, CallOutcome::Prepares);
        let get = SequenceCall::linked(&read.name, reads.clone(), CallOutcome::Prepares);
        let list_all = SequenceCall::linked(&list.name, links, CallOutcome::Success(bodies));
        let title = format!("makes what {} and {} describe alike", read.name, list.name);
        Some(ProbeDraft {
            sequence: Some(Sequence { calls: vec![first, get, list_all] }),
            ..ProbeDraft::new(list.name.clone(), title, InputChange::Nothing, ExpectedOutcome::Accepted)
        })
    });
    all.collect()
}

/// The plain members that the items of a list and a read always have: the name in the item, and the path in the read.
fn shared(contract: &Contract, read: &Operation, list: &Operation, path: &[String]) -> Vec<(String, Vec<String>)> {
    let mut at = list.output.clone();
    for name in path {
        let Some(member) = contract.members(&at).iter().find(|member| member.name == *name) else { return Vec::new() };
        at = member.target.clone();
    }
    let item = match contract.shape(&at).map(|shape| &shape.kind) {
        Some(ShapeKind::List(item)) => item.target.clone(),
        _ => return Vec::new(),
    };
    let structures = contract.members(&read.output).iter().map(|member| (vec![member.name.clone()], &member.target));
    let whole = [(Vec::new(), &read.output)].into_iter().chain(structures);
    let same = |other: &Member, id: &ShapeId| {
        let mut members = contract.members(id).iter();
        members.any(|member| member.name == other.name && member.target == other.target)
    };
    let is_plain = |member: &&Member| {
        let kind = contract.shape(&member.target).map(|shape| &shape.kind);
        let name = member.name.to_ascii_lowercase();
        // A state may change between two calls.
        member.traits.required()
            && !["state", "status"].iter().any(|word| name.contains(word))
            && matches!(kind, Some(ShapeKind::String | ShapeKind::Enum(_) | ShapeKind::Boolean | ShapeKind::Number(_)))
    };
    let structures: Vec<(Vec<String>, &ShapeId)> = whole.collect();
    let found = contract.members(&item).iter().filter(is_plain).filter_map(|member| {
        let (path, _) = structures.iter().find(|(_, id)| same(member, id))?;
        Some((member.name.clone(), [path.clone(), vec![member.name.clone()]].concat()))
    });
    found.collect()
}
