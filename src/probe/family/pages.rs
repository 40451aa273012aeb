//! The pages of a list: a limit is kept, a token is there while more follows, and it leads to other items.

use super::{
    ExpectedOutcome, FamilyBasis, FamilyDefinition, FamilyDrafts, InputChange, ProbeDraft, ProbeSubject, RequestGroup,
    member_documents,
    related::{RelatedSubject, parents},
};
use crate::{
    model::{Contract, Member, Operation, ShapeKind, Traits},
    probe::{
        relations::RelationRole,
        sequence::{BodyPattern, CallInput, CallOutcome, PatternLeaf, Sequence, SequenceCall, SequenceValue},
    },
};

pub(super) const FAMILY: FamilyDefinition = FamilyDefinition {
    name: "pages",
    basis: FamilyBasis::LikelyRelation,
    group: RequestGroup::Behavior,
    asks: "a list of one item a page",
    draft,
};

/// The members of a list operation that are about pages.
pub(super) struct ListPaging {
    /// The input member with the most items of a page.
    pub(super) limit: Option<String>,
    /// The input member with the token of a page.
    pub(super) token: String,
    /// The output member with the token of the next page.
    pub(super) next: String,
}

const LIMITS: [&str; 7] = ["maxresults", "limit", "maxitems", "pagesize", "maxrecords", "maxkeys", "maxbuckets"];
const TOKENS: [&str; 5] = ["nexttoken", "marker", "continuationtoken", "nextmarker", "paginationtoken"];
const NEXT: [&str; 6] =
    ["nexttoken", "nextmarker", "marker", "nextcontinuationtoken", "paginationtoken", "continuationtoken"];

impl ListPaging {
    /// By the trait of the operation, else by the names of its members.
    pub(super) fn of(contract: &Contract, operation: &Operation) -> Option<Self> {
        let paginated = operation.traits.get("smithy.api#paginated");
        let stated = |name: &str| paginated?.get(name)?.as_str().map(str::to_owned);
        let named = |id, names: &[&str]| {
            let members = contract.members(id).iter();
            let named = members.filter(|member| names.contains(&member.name.to_ascii_lowercase().as_str()));
            named.map(|member| member.name.clone()).next()
        };
        Some(Self {
            limit: stated("pageSize").or_else(|| named(&operation.input, &LIMITS)),
            token: stated("inputToken").or_else(|| named(&operation.input, &TOKENS))?,
            next: stated("outputToken").or_else(|| named(&operation.output, &NEXT))?,
        })
    }
}

fn draft(subject: &ProbeSubject<'_>) -> Option<FamilyDrafts> {
    let drafts: Vec<ProbeDraft> = RelatedSubject::all(subject, &[RelationRole::Creates])
        .filter(|related| subject.location.path.is_root() && related.is_new_each_time())
        .flat_map(paged)
        .collect();
    (!drafts.is_empty()).then(|| FamilyDrafts::of("smithy.api#paginated", drafts))
}

fn paged(related: RelatedSubject<'_>) -> Vec<ProbeDraft> {
    let contract = related.subject.contract();
    let all = related.next(RelationRole::Lists).filter_map(|(relation, list, links)| {
        let page = ListPaging::of(contract, list)?;
        let limit = page.limit.filter(|limit| allows_one(contract, list, limit))?;
        let path = &relation.output.as_ref()?.0;
        let items = path[..path.iter().position(|step| step == "[]")?].to_vec();
        let make = SequenceCall::first(&related.operation().name, CallOutcome::Prepares);
        let more = SequenceCall { input: CallInput::Fresh(parents(&links)), ..make.clone() };
        let first_page =
            BodyPattern(vec![(items.clone(), PatternLeaf::AtMostOne), (vec![page.next.clone()], PatternLeaf::Present)]);
        let one = (limit, SequenceValue::Constant(1.into()));
        let mut list_one = SequenceCall::linked(&list.name, links, CallOutcome::Success(vec![first_page]));
        list_one.set.push(one);
        let mut list_next = list_one.clone();
        let next = page.next.clone();
        list_next.set.push((page.token, SequenceValue::Output(3, vec![page.next])));
        let seen = SequenceValue::Output(3, [items.clone(), vec!["0".to_owned()]].concat());
        let other = BodyPattern(vec![(items.clone(), PatternLeaf::HasOther(seen.clone()))]);
        // A page may be empty while more follow.
        let later = (vec![next], PatternLeaf::Present);
        let empty = BodyPattern(vec![(items, PatternLeaf::Lacks(Vec::new(), seen)), later]);
        list_next.expected = CallOutcome::Success(vec![other, empty]);
        let title = format!("makes two that {} returns one by one", list.name);
        Some(ProbeDraft {
            sequence: Some(Sequence { calls: vec![make, more, list_one, list_next] }),
            ..ProbeDraft::new(list.name.clone(), title, InputChange::Nothing, ExpectedOutcome::Accepted)
        })
    });
    all.collect()
}

/// Returns whether a page may have one item.
fn allows_one(contract: &Contract, operation: &Operation, limit: &str) -> bool {
    let member = contract.members(&operation.input).iter().find(|member| member.name == limit);
    member.is_some_and(|member| {
        let shape = contract.shape(&member.target);
        let range = member.traits.range().or_else(|| shape.map(|shape| &shape.traits).and_then(Traits::range));
        let is_number = shape.is_some_and(|shape| matches!(shape.kind, ShapeKind::Number(_)));
        let documented = is_documented(contract, member);
        is_number && documented && range.and_then(|range| range.min).is_none_or(|min| min <= 1.0)
    })
}

/// Returns whether the documents allow one item. Lists of a service that count records share a least number, which the pages
/// of some leave out.
fn is_documented(contract: &Contract, limit: &Member) -> bool {
    let allows = |member: &Member| member.traits.documentation().is_none_or(member_documents::allows_one);
    let inputs = contract.operations().flat_map(|operation| contract.members(&operation.input));
    let mut same = inputs.filter(|member| limit.name == "MaxRecords" && member.name == limit.name);
    allows(limit) && same.all(allows)
}
