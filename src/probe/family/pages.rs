//! The pages of a list: a limit is kept, a token is there while more follows, and it leads to other items.

use super::{
    ExpectedOutcome, FamilyBasis, FamilyDefinition, FamilyDrafts, InputChange, ProbeDraft, ProbeSubject, RequestGroup,
    member_documents,
    related::{RelatedSubject, parents},
    unknown_names::has_unknown_sibling,
};
use crate::{
    model::{Contract, Member, Operation, ShapeId, ShapeKind, Traits},
    probe::{
        relations::{IdentifierLink, OutputPath, Relation, RelationRole},
        sequence::{
            BodyPattern, CallInput, CallOutcome, PatternLeaf, Sequence, SequenceCall, SequenceValue, WholeList,
        },
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
/// An output may repeat the token of its input, such as `ContinuationToken`, beside the next one.
const NEXT: [&str; 6] =
    ["nexttoken", "nextmarker", "nextcontinuationtoken", "paginationtoken", "marker", "continuationtoken"];

impl ListPaging {
    /// By the trait of the operation, else by the names of its members.
    pub(super) fn of(contract: &Contract, operation: &Operation) -> Option<Self> {
        let paginated = operation.traits.get("smithy.api#paginated");
        let stated = |key: &str, id: &ShapeId| {
            let name = paginated?.get(key)?.as_str()?;
            let mut members = contract.members(id).iter();
            let named = members.find(|member| member.own_name() == name || member.name == name);
            Some(named?.name.clone())
        };
        let named = |id: &ShapeId, names: &[&str]| {
            let members = contract.members(id);
            let of = |name: &&str| members.iter().find(|member| member.name.eq_ignore_ascii_case(name));
            names.iter().find_map(of).map(|member| member.name.clone())
        };
        Some(Self {
            limit: stated("pageSize", &operation.input).or_else(|| named(&operation.input, &LIMITS)),
            token: stated("inputToken", &operation.input).or_else(|| named(&operation.input, &TOKENS))?,
            next: stated("outputToken", &operation.output).or_else(|| named(&operation.output, &NEXT))?,
        })
    }
}

fn draft(subject: &ProbeSubject<'_>) -> Option<FamilyDrafts> {
    if !subject.location.path.is_root() {
        return None;
    }
    let mut drafts: Vec<ProbeDraft> = RelatedSubject::all(subject, &[RelationRole::Creates])
        .filter(|related| related.is_new_each_time())
        .flat_map(|related| {
            let lists = related.next(RelationRole::Lists).filter_map(move |list| PagedList::of(related, list));
            lists.flat_map(move |list| [paged(related, &list), whole(related, &list), Some(ended(related, &list))])
        })
        .flatten()
        .collect();
    drafts.extend(unknown_token(subject));
    drafts.extend(foreign_tokens(subject));
    (!drafts.is_empty()).then(|| FamilyDrafts::of("smithy.api#paginated", drafts))
}

/// A list of resources in pages.
struct PagedList<'a> {
    list: &'a Operation,
    links: Vec<IdentifierLink>,
    page: ListPaging,
    /// Where the output has the list.
    items: Vec<String>,
    /// The names on the way from an item to the identifier.
    by: Vec<String>,
}

impl<'a> PagedList<'a> {
    fn of(
        related: RelatedSubject<'_>,
        (relation, list, links): (&Relation, &'a Operation, Vec<IdentifierLink>),
    ) -> Option<Self> {
        let page = ListPaging::of(related.subject.contract(), list)?;
        let path = &relation.output.as_ref()?.0;
        let at = path.iter().position(|step| step == OutputPath::ITEMS)?;
        let by = path[at + 1..].to_vec();
        Some(Self { list, links, page, items: path[..at].to_vec(), by })
    }

    /// The member that limits a page, if it may be one item.
    fn limit_of_one(&self, contract: &Contract) -> Option<String> {
        self.page.limit.clone().filter(|limit| allows_one(contract, self.list, limit))
    }

    /// Calls that make three resources for the list.
    fn three(&self, related: RelatedSubject<'_>) -> Vec<SequenceCall> {
        let make = SequenceCall::first(&related.operation().name, CallOutcome::Prepares);
        let more = SequenceCall { input: CallInput::Fresh(parents(&self.links)), ..make.clone() };
        vec![make, more.clone(), more]
    }

    fn call(&self, expected: Vec<BodyPattern>) -> SequenceCall {
        SequenceCall::linked(&self.list.name, self.links.clone(), CallOutcome::Success(expected))
    }

    /// The page after that of an earlier call.
    fn after(&self, call: usize, expected: Vec<BodyPattern>) -> SequenceCall {
        let mut next = self.call(expected);
        next.set.push((self.page.token.clone(), SequenceValue::Output(call, vec![self.page.next.clone()])));
        next
    }

    fn more(&self) -> (Vec<String>, PatternLeaf) {
        (vec![self.page.next.clone()], PatternLeaf::Present)
    }

    /// The only item of the page of a call.
    fn item(&self, call: usize) -> SequenceValue {
        SequenceValue::Output(call, [self.items.clone(), vec!["0".to_owned()]].concat())
    }

    /// A page with another item than those of earlier pages. It may be empty while more follow.
    fn another(&self, seen: &[usize], is_last: bool) -> Vec<BodyPattern> {
        let seen = || SequenceValue::AnyOf(seen.iter().map(|call| self.item(*call)).collect());
        let mut other = vec![(self.items.clone(), PatternLeaf::HasOther(seen()))];
        other.extend((!is_last).then(|| self.more()));
        let empty = vec![(self.items.clone(), PatternLeaf::Lacks(Vec::new(), seen())), self.more()];
        vec![BodyPattern(other), BodyPattern(empty)]
    }
}

/// A call of a page of one item.
fn of_one(limit: &str, mut call: SequenceCall) -> SequenceCall {
    call.set.push((limit.to_owned(), SequenceValue::Constant(1.into())));
    call
}

/// Three resources on pages of one item: the first two are not the last, and no item comes twice.
fn paged(related: RelatedSubject<'_>, list: &PagedList<'_>) -> Option<ProbeDraft> {
    let limit = list.limit_of_one(related.subject.contract())?;
    let first = BodyPattern(vec![(list.items.clone(), PatternLeaf::AtMost(1)), list.more()]);
    let pages =
        [list.call(vec![first]), list.after(4, list.another(&[4], false)), list.after(5, list.another(&[4, 5], true))];
    let pages = pages.map(|page| of_one(&limit, page));
    let name = &list.list.name;
    Some(several(name.clone(), format!("makes three that {name} returns one by one"), list.three(related), pages))
}

/// The whole list, a page of one item of it, and all that follows: each item of the whole is there once. The whole may be a
/// page itself, whose items must be in it nevertheless.
fn whole(related: RelatedSubject<'_>, list: &PagedList<'_>) -> Option<ProbeDraft> {
    let limit = list.limit_of_one(related.subject.contract())?;
    let items = |call: usize| SequenceValue::Output(call, list.items.clone());
    let rest = WholeList { whole: items(4), part: items(5), by: list.by.clone() };
    let rest = BodyPattern(vec![(list.items.clone(), PatternLeaf::Completes(rest))]);
    let plain = || SequenceCall { expected: CallOutcome::Prepares, ..list.call(Vec::new()) };
    // Only some services say that the limit may change from page to page.
    let outcome = CallOutcome::Tolerated(vec![rest, BodyPattern(vec![list.more()])]);
    let after = SequenceCall { expected: outcome, ..list.after(5, Vec::new()) };
    let name = &list.list.name;
    let title = format!("makes three that {name} returns on two pages");
    Some(several(format!("{name}-whole"), title, list.three(related), [plain(), of_one(&limit, plain()), after]))
}

/// The calls that make resources, and those of pages.
fn several(variant: String, title: String, made: Vec<SequenceCall>, pages: [SequenceCall; 3]) -> ProbeDraft {
    ProbeDraft {
        sequence: Some(Sequence { calls: [made, pages.into()].concat() }),
        ..ProbeDraft::new(variant, title, InputChange::Nothing, ExpectedOutcome::Accepted)
    }
}

/// Pages without a limit: if more pages follow, those after the second are not all empty.
fn ended(related: RelatedSubject<'_>, list: &PagedList<'_>) -> ProbeDraft {
    let next = vec![list.page.next.clone()];
    let any = || vec![BodyPattern::default()];
    let when = |call: usize| Some((call, next.clone()));
    let nothing_more = BodyPattern(vec![(next.clone(), PatternLeaf::Absent)]);
    let some_item = BodyPattern(vec![([list.items.clone(), vec!["[]".to_owned()]].concat(), PatternLeaf::Present)]);
    let calls = vec![
        SequenceCall::first(&related.operation().name, CallOutcome::Prepares),
        list.call(any()),
        SequenceCall { when: when(2), ..list.after(2, any()) },
        SequenceCall { when: when(3), ..list.after(3, any()) },
        SequenceCall { when: when(4), ..list.after(4, vec![nothing_more, some_item]) },
    ];
    let name = &list.list.name;
    ProbeDraft {
        sequence: Some(Sequence { calls }),
        ..ProbeDraft::new(
            format!("{name}-ends"),
            format!("makes what {name} returns on pages that end"),
            InputChange::Nothing,
            ExpectedOutcome::Accepted,
        )
    }
}

/// A token that no page had, where the operation declares an error for it.
fn unknown_token(subject: &ProbeSubject<'_>) -> Option<ProbeDraft> {
    let operation = subject.recipe.operation;
    let (member, outcome) = rejected_token(subject, operation).filter(|_| !has_unknown_sibling(subject, &[]))?;
    let mut call = SequenceCall::first(&operation.name, outcome);
    call.set.push((member.clone(), SequenceValue::Constant(TOKEN.into())));
    let title = format!("has a {member} that no page had");
    Some(ProbeDraft {
        sequence: Some(Sequence { calls: vec![call] }),
        ..ProbeDraft::new("unknown-token", title, InputChange::Nothing, ExpectedOutcome::Accepted)
    })
}

/// The token of a list given to each other one that declares an error for it. Each is asked once in a service: with a token
/// of the first list that has one.
fn foreign_tokens(subject: &ProbeSubject<'_>) -> Vec<ProbeDraft> {
    if RelatedSubject::all(subject, &[RelationRole::Creates]).next().is_none() {
        return Vec::new();
    }
    let operations = subject.contract().operations();
    let takers = operations.filter_map(|operation| Some((operation, rejected_token(subject, operation)?)));
    let takers: Vec<(&Operation, (String, CallOutcome))> = takers.collect();
    let givers = if takers.is_empty() { Vec::new() } else { TokenGiver::first_two(subject) };
    let drafts = takers.into_iter().filter_map(|(taker, (member, outcome))| {
        let giver = givers.iter().find(|giver| giver.list.list.name != taker.name)?;
        let is_own = giver.related.operation().name == subject.recipe.operation.name;
        let is_complete = is_own && giver.related.is_complete(taker, &[]);
        is_complete.then(|| giver.draft(SequenceCall::linked(&taker.name, Vec::new(), outcome), member))
    });
    drafts.collect()
}

/// A list that has a token after one item, and what makes its items.
struct TokenGiver<'a> {
    related: RelatedSubject<'a>,
    list: PagedList<'a>,
    limit: String,
}

impl<'a> TokenGiver<'a> {
    /// The first two of a service.
    fn first_two(subject: &'a ProbeSubject<'a>) -> Vec<Self> {
        let contract = subject.contract();
        let made = RelatedSubject::made(subject).filter(|related| related.is_new_each_time());
        let all = made.flat_map(|related| {
            let lists = related.next(RelationRole::Lists).filter_map(move |list| PagedList::of(related, list));
            lists.filter_map(move |list| Some(Self { related, limit: list.limit_of_one(contract)?, list }))
        });
        let mut found: Vec<Self> = Vec::new();
        for one in all {
            let is_new = found.iter().all(|known| known.list.list.name != one.list.list.name);
            found.extend(is_new.then_some(one));
            if found.len() > 1 {
                break;
            }
        }
        found
    }

    /// A call of another list with the token in this member.
    fn draft(&self, mut call: SequenceCall, member: String) -> ProbeDraft {
        let Self { related, list, limit } = self;
        call.set.push((member, SequenceValue::Output(4, vec![list.page.next.clone()])));
        let page = SequenceCall { expected: CallOutcome::Prepares, ..list.call(Vec::new()) };
        let variant = format!("{}-token-of-{}", call.operation, list.list.name);
        let title = format!("makes what gives {} a token of {}", call.operation, list.list.name);
        let calls = [list.three(*related), vec![of_one(limit, page), call]].concat();
        ProbeDraft {
            sequence: Some(Sequence { calls }),
            ..ProbeDraft::new(variant, title, InputChange::Nothing, ExpectedOutcome::Accepted)
        }
    }
}

/// The member with the token of a page, and the declared rejection of one that no page had.
fn rejected_token(subject: &ProbeSubject<'_>, operation: &Operation) -> Option<(String, CallOutcome)> {
    let contract = subject.contract();
    let page = ListPaging::of(contract, operation)?;
    let errors = token_errors(contract, operation);
    let mut members = contract.members(&operation.input).iter().filter(|_| !errors.is_empty());
    let member = members.find(|member| member.name == page.token)?;
    let witness = subject.inputs.witness_at(&member.target, Some(&member.traits))?;
    witness.is_valid(TOKEN).then(|| (page.token, CallOutcome::Rejected(errors, Vec::new())))
}

/// A token that no service returns.
const TOKEN: &str = "d2lyZXByb29mLW5vLXN1Y2gtdG9rZW4tMDAwMDAwMDA=";

/// The declared errors for a token of a page that is invalid, by name and by code of the query protocol.
fn token_errors(contract: &Contract, operation: &Operation) -> Vec<String> {
    const TOKENS: [&str; 5] = ["NextToken", "Pagination", "Marker", "PageToken", "ContinuationToken"];
    const FAULTS: [&str; 3] = ["Invalid", "Expired", "Malformed"];
    let has = |name: &str, words: &[&str]| words.iter().any(|word| name.contains(word));
    let shapes = operation.errors.iter().filter_map(|id| contract.shape(id));
    let meant = shapes.filter(|shape| has(shape.id.name(), &TOKENS) && has(shape.id.name(), &FAULTS));
    let names = meant.flat_map(|shape| [Some(shape.id.name()), shape.traits.query_error_code()]);
    names.flatten().map(str::to_owned).collect()
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
