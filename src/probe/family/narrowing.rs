//! A filter of a list narrows it: with the identifier of one of two resources, the list has that one alone.

use super::{
    ExpectedOutcome, FamilyBasis, FamilyDefinition, FamilyDrafts, InputChange, ProbeDraft, ProbeSubject, RequestGroup,
    related::{RelatedSubject, identifier_of, parents},
};
use crate::{
    model::{Contract, Member, Operation, ShapeKind},
    probe::{
        relations::{IdentifierLink, IdentifierOrigin, RelationRole},
        sequence::{BodyPattern, CallInput, CallOutcome, PatternLeaf, Sequence, SequenceCall, SequenceValue},
    },
};

pub(super) const FAMILY: FamilyDefinition = FamilyDefinition {
    name: "narrowing",
    basis: FamilyBasis::Relation,
    group: RequestGroup::Behavior,
    asks: "a list of one of two resources",
    draft,
};

fn draft(subject: &ProbeSubject<'_>) -> Option<FamilyDrafts> {
    let drafts: Vec<ProbeDraft> = RelatedSubject::all(subject, &[RelationRole::Creates])
        .filter(|related| subject.location.path.is_root() && related.is_new_each_time())
        .flat_map(narrowed)
        .collect();
    (!drafts.is_empty()).then(|| FamilyDrafts::of("a filter narrows a list", drafts))
}

fn narrowed(related: RelatedSubject<'_>) -> Vec<ProbeDraft> {
    let contract = related.subject.contract();
    let lists = related.next(RelationRole::Lists).filter_map(|(relation, list, links)| {
        let path = relation.output.as_ref()?.0.clone();
        let items = path[..path.iter().position(|step| step == "[]")?].to_vec();
        let listed = related.origin(identifier_of(&path)?)?;
        let (filter, origin) = filter(related, contract, list, &links)?;
        let create = SequenceCall::first(&related.operation().name, CallOutcome::Prepares);
        let another = SequenceCall { input: CallInput::Fresh(parents(&links)), ..create.clone() };
        let with = |expected: BodyPattern| {
            let mut links = links.clone();
            links.push(IdentifierLink { is_list: filter.1, member: filter.0.clone(), origin: origin.clone() });
            SequenceCall::linked(&list.name, links, CallOutcome::Success(vec![expected]))
        };
        let has = (path, PatternLeaf::Equals(SequenceValue::Identifier(listed)));
        let calls = vec![
            create,
            another,
            with(BodyPattern(vec![has])),
            with(BodyPattern(vec![(items, PatternLeaf::AtMostOne)])),
        ];
        let title = format!("makes two, and {} returns the one that {} names", list.name, filter.0);
        Some(ProbeDraft {
            sequence: Some(Sequence { calls }),
            ..ProbeDraft::new(list.name.clone(), title, InputChange::Nothing, ExpectedOutcome::Accepted)
        })
    });
    lists.collect()
}

/// The member that takes the identifiers, or the beginning of the name, of what to list, and whether it is a list; with the
/// origin of its value.
pub(super) fn filter(
    related: RelatedSubject<'_>,
    contract: &Contract,
    list: &Operation,
    links: &[IdentifierLink],
) -> Option<((String, bool), IdentifierOrigin)> {
    let mut free =
        contract.members(&list.input).iter().filter(|member| !links.iter().any(|link| link.member == member.name));
    free.find_map(|member| {
        let is_list = is_list_of_texts(contract, member);
        let singular = member.name.strip_suffix('s').filter(|_| is_list).unwrap_or(&member.name);
        let named = singular.strip_suffix("Prefix").unwrap_or(singular);
        let is_filter = related.resource.names(named) && (is_list || singular != named || !member.traits.required());
        let origin = related.origin(named).filter(|_| is_filter && !is_start(contract, list, &member.name))?;
        Some(((member.name.clone(), is_list), origin))
    })
}

/// Returns whether a member says where a list starts: the output has the same one for the next page.
fn is_start(contract: &Contract, list: &Operation, member: &str) -> bool {
    let next = format!("Next{member}");
    contract.members(&list.output).iter().any(|other| other.name.eq_ignore_ascii_case(&next))
}

fn is_list_of_texts(contract: &Contract, member: &Member) -> bool {
    let item = match contract.shape(&member.target).map(|shape| &shape.kind) {
        Some(ShapeKind::List(item)) => contract.shape(&item.target),
        _ => None,
    };
    item.is_some_and(|item| matches!(item.kind, ShapeKind::String))
}
