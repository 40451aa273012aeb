//! What a list and a read say of one resource agrees.

use super::{
    ExpectedOutcome, FamilyBasis, FamilyDefinition, FamilyDrafts, InputChange, ProbeDraft, ProbeSubject, RequestGroup,
    related::RelatedSubject,
    resource_view::{ListedItem, LocatedLeaf, structures},
};
use crate::{
    model::{Contract, Member, Operation, ShapeKind},
    probe::{
        relations::RelationRole,
        sequence::{CallOutcome, PatternLeaf, Sequence, SequenceCall},
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

/// Parts of the names of members that two calls may return differently, each with the reason.
const UNCOMPARED: [(&str, &str); 13] = [
    ("count", "changes with what the resource has"),
    ("document", "is normalized, or percent-encoded"),
    ("health", "is measured"),
    ("last", "is of the latest use"),
    ("marker", "is of a page"),
    ("message", "explains a state"),
    ("phase", "ends by itself"),
    ("policy", "is normalized, or percent-encoded"),
    ("progress", "ends by itself"),
    ("state", "ends by itself"),
    ("status", "ends by itself"),
    ("token", "is of a response"),
    ("used", "changes with what the resource has"),
];

fn compared(related: RelatedSubject<'_>) -> Vec<ProbeDraft> {
    let Some((_, read, reads)) = related.next(RelationRole::Reads).next() else { return Vec::new() };
    let all = ListedItem::all(related).into_iter().filter_map(|item| {
        let agrees = shared(related, read, &item);
        let has_any = !agrees.is_empty();
        let first = SequenceCall::first(&related.operation().name, CallOutcome::Prepares);
        let get = SequenceCall::linked(&read.name, reads.clone(), CallOutcome::Prepares);
        let list = item.call(vec![agrees]).filter(|_| has_any)?;
        let title = format!("makes what {} and {} describe alike", read.name, list.operation);
        let variant = list.operation.clone();
        Some(ProbeDraft {
            sequence: Some(Sequence { calls: vec![first, get, list] }),
            ..ProbeDraft::new(variant, title, InputChange::Nothing, ExpectedOutcome::Accepted)
        })
    });
    all.collect()
}

/// The plain members that the item of a list and a read may have, as the second call says them.
fn shared(related: RelatedSubject<'_>, read: &Operation, item: &ListedItem<'_>) -> Vec<LocatedLeaf> {
    let contract = related.subject.contract();
    let described = structures(contract, &read.output, &related.resource.name);
    let same = |member: &Member| {
        described.iter().find_map(|(path, shape)| {
            let mut members = contract.members(shape).iter();
            let is_same = |other: &&Member| other.name == member.name && other.target == member.target;
            Some([path.clone(), vec![members.find(is_same)?.name.clone()]].concat())
        })
    };
    let mut found = Vec::new();
    for (path, shape) in item.structures() {
        for member in contract.members(shape).iter().filter(|member| is_kept(contract, member)) {
            let at = [path.clone(), vec![member.name.clone()]].concat();
            found.extend(same(member).map(|read| (at, PatternLeaf::Agrees(2, read))));
        }
    }
    found
}

/// Returns whether a member is a plain value that stays as it is.
fn is_kept(contract: &Contract, member: &Member) -> bool {
    let kind = contract.shape(&member.target).map(|shape| &shape.kind);
    let is_plain =
        matches!(kind, Some(ShapeKind::String | ShapeKind::Enum(_) | ShapeKind::Boolean | ShapeKind::Number(_)));
    let name = member.name.to_ascii_lowercase();
    is_plain && !UNCOMPARED.iter().any(|(part, _)| name.contains(part))
}
