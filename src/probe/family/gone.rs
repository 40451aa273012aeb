//! What was deleted is not read, and not listed.

use super::{
    ExpectedOutcome, FamilyBasis, FamilyDefinition, FamilyDrafts, InputChange, ProbeDraft, ProbeSubject, RequestGroup,
    related::{RelatedSubject, identifier_of},
    resource_view::item_shape,
};
use crate::{
    model::{Contract, Operation, ShapeId},
    probe::{
        related_errors,
        relations::{IdentifierLink, Relation, RelationRole},
        sequence::{BodyPattern, CallOutcome, PatternLeaf, Sequence, SequenceCall, SequenceValue},
    },
};

pub(super) const FAMILY: FamilyDefinition = FamilyDefinition {
    name: "gone",
    basis: FamilyBasis::LikelyRelation,
    group: RequestGroup::Behavior,
    asks: "a read after a deletion",
    draft,
};

/// The states of a resource that is being deleted, or is kept for a while after its deletion.
const ENDING: &str = "(?i)delet|terminat|inactive|ended|archiv|pending|disabl|removed|cancel|retired";

fn draft(subject: &ProbeSubject<'_>) -> Option<FamilyDrafts> {
    let drafts: Vec<ProbeDraft> = RelatedSubject::all(subject, &[RelationRole::Creates])
        .filter(|related| subject.location.path.is_root() && !related.is_part())
        .filter_map(|related| related.next(RelationRole::Deletes).next().map(|deletion| (related, deletion)))
        .flat_map(|(related, (_, delete, links))| after(related, delete, &links))
        .collect();
    (!drafts.is_empty()).then(|| FamilyDrafts::of("what was deleted is gone", drafts))
}

/// The calls after a deletion that must not show the resource.
fn after(related: RelatedSubject<'_>, delete: &Operation, deletes: &[IdentifierLink]) -> Vec<ProbeDraft> {
    let reads = related.next(RelationRole::Reads).filter_map(|(_, next, links)| {
        let errors = related_errors::absent(related.subject.contract(), next);
        let endings = endings(related.subject.contract(), &next.output);
        let rejected = CallOutcome::Rejected(errors.clone(), endings);
        (!errors.is_empty()).then(|| SequenceCall::linked(&next.name, links, rejected))
    });
    // What only waits for its deletion, or has a state, may be listed until its end.
    let lingers = delete.name.starts_with("Schedule") || reads_a_state(related);
    let lists = related.next(RelationRole::Lists).filter(|_| !lingers).filter_map(|(relation, next, links)| {
        Some(SequenceCall::linked(&next.name, links, CallOutcome::Success(vec![without(related, relation, next)?])))
    });
    let calls: Vec<SequenceCall> = reads.take(1).chain(lists.take(1)).collect();
    let draft = |call: SequenceCall| {
        let first = SequenceCall::first(&related.operation().name, CallOutcome::Prepares);
        let deletion = SequenceCall::linked(&delete.name, deletes.to_vec(), CallOutcome::Prepares);
        let title = format!("makes what {} no longer returns after {}", call.operation, delete.name);
        let variant = call.operation.clone();
        ProbeDraft {
            sequence: Some(Sequence { calls: vec![first, deletion, call] }),
            ..ProbeDraft::new(variant, title, InputChange::Nothing, ExpectedOutcome::Accepted)
        }
    };
    calls.into_iter().map(draft).collect()
}

/// Returns whether a read says that a resource ends.
fn reads_a_state(related: RelatedSubject<'_>) -> bool {
    let contract = related.subject.contract();
    related.next(RelationRole::Reads).any(|(_, next, _)| !endings(contract, &next.output).is_empty())
}

/// A list without the resource. `None` where its items may be kept with a state of their own.
fn without(related: RelatedSubject<'_>, relation: &Relation, list: &Operation) -> Option<BodyPattern> {
    let path = relation.output.as_ref()?.0.clone();
    let origin = related.origin(identifier_of(&path)?)?;
    let at = path.iter().position(|step| step == "[]")?;
    let item = item_shape(related.subject.contract(), &list.output, &path[..at])?;
    if !endings(related.subject.contract(), item).is_empty() {
        return None;
    }
    let lacks = PatternLeaf::Lacks(path[at + 1..].to_vec(), SequenceValue::Identifier(origin));
    Some(BodyPattern(vec![(path[..at].to_vec(), lacks)]))
}

/// The bodies that say of a resource that it ends: by a state, or by the time of its deletion.
fn endings(contract: &Contract, output: &ShapeId) -> Vec<BodyPattern> {
    let mut found = Vec::new();
    let structures = contract.members(output).iter().map(|member| (vec![member.name.clone()], &member.target));
    for (path, id) in [(Vec::new(), output)].into_iter().chain(structures) {
        for member in contract.members(id) {
            let name = member.name.to_ascii_lowercase();
            let at = [path.clone(), vec![member.name.clone()]].concat();
            if name.contains("state") || name.contains("status") {
                found.push(BodyPattern(vec![(at, PatternLeaf::Matches(ENDING))]));
            } else if name.contains("delet") {
                found.push(BodyPattern(vec![(at, PatternLeaf::Present)]));
            }
        }
    }
    found
}
