//! A filter of a list narrows it: with the identifier of one of two resources, the list has that one alone; with a value of
//! a member, it has the items with that value.

use super::{
    ExpectedOutcome, FamilyBasis, FamilyDefinition, FamilyDrafts, InputChange, ProbeDraft, ProbeSubject, RequestGroup,
    list_filter::{IdentifierFilter, ItemFilter, NOTHING},
    pages::ListPaging,
    related::{RelatedSubject, identifier_of, parents},
};
use crate::{
    model::{Member, Operation, OutputPath, ShapeKind},
    probe::{
        relations::{IdentifierLink, Relation, RelationRole},
        sequence::{BodyPattern, CallInput, CallOutcome, PatternLeaf, Sequence, SequenceCall, SequenceValue},
    },
};

pub(super) const FAMILY: FamilyDefinition = FamilyDefinition {
    name: "narrowing",
    basis: FamilyBasis::Relation,
    group: RequestGroup::Behavior,
    asks: "a list of one of two resources, or of those with a value",
    draft,
};

fn draft(subject: &ProbeSubject<'_>) -> Option<FamilyDrafts> {
    if !subject.location.path.is_root() {
        return None;
    }
    let mut drafts: Vec<ProbeDraft> = RelatedSubject::all(subject, &[RelationRole::Creates])
        .filter(|related| related.is_new_each_time())
        .flat_map(|related| {
            let lists = related.next(RelationRole::Lists);
            lists.filter_map(move |list| NarrowedList::of(related, list)).flat_map(NarrowedList::drafts)
        })
        .collect();
    drafts.extend(by_nothing(subject));
    (!drafts.is_empty()).then(|| FamilyDrafts::of("a filter narrows a list", drafts))
}

/// A list of new resources.
struct NarrowedList<'a> {
    related: RelatedSubject<'a>,
    relation: &'a Relation,
    list: &'a Operation,
    links: Vec<IdentifierLink>,
    /// Where the output has an identifier, and where it has the list.
    path: Vec<String>,
    items: Vec<String>,
}

impl<'a> NarrowedList<'a> {
    fn of(
        related: RelatedSubject<'a>,
        (relation, list, links): (&'a Relation, &'a Operation, Vec<IdentifierLink>),
    ) -> Option<Self> {
        let path = relation.output.as_ref()?.0.clone();
        let items = path[..path.iter().position(|step| step == OutputPath::ITEMS)?].to_vec();
        Some(Self { related, relation, list, links, path, items })
    }

    fn drafts(self) -> Vec<ProbeDraft> {
        let filters = ItemFilter::all(self.related, self.relation, self.list, &self.links);
        let by_members = filters.iter().filter_map(|filter| self.by_member(filter));
        self.by_identifier().into_iter().chain(by_members).collect()
    }

    /// Calls that make two resources for the list.
    fn two(&self) -> Vec<SequenceCall> {
        let create = SequenceCall::first(&self.related.operation().name, CallOutcome::Prepares);
        let another = SequenceCall { input: CallInput::Fresh(parents(&self.links)), ..create.clone() };
        vec![create, another]
    }

    fn by_identifier(&self) -> Option<ProbeDraft> {
        let listed = self.related.origin(identifier_of(&self.path)?)?;
        let filter = IdentifierFilter::narrowing(self.related, self.list, &self.links)?;
        let member = filter.member.clone();
        let links: Vec<IdentifierLink> = self.links.iter().cloned().chain([filter]).collect();
        let with = |expected: BodyPattern| {
            SequenceCall::linked(&self.list.name, links.clone(), CallOutcome::Success(vec![expected]))
        };
        let has = (self.path.clone(), PatternLeaf::Equals(SequenceValue::Identifier(listed)));
        let alone = (self.items.clone(), PatternLeaf::AtMost(1));
        let calls = [self.two(), vec![with(BodyPattern(vec![has])), with(BodyPattern(vec![alone]))]].concat();
        let title = format!("makes two, and {} returns the one that {member} names", self.list.name);
        Some(ProbeDraft {
            sequence: Some(Sequence { calls }),
            ..ProbeDraft::new(self.list.name.clone(), title, InputChange::Nothing, ExpectedOutcome::Accepted)
        })
    }

    /// A list of the items with a value of a member: first the value that an item has, then others.
    fn by_member(&self, filter: &ItemFilter) -> Option<ProbeDraft> {
        let shown = filter.shown.as_ref()?;
        let with = |value: SequenceValue, outcome: CallOutcome| {
            let mut call = SequenceCall::linked(&self.list.name, self.links.clone(), outcome);
            call.set.push((filter.member.clone(), filter.form.asking_for(value)));
            call
        };
        let own = |path: &[String]| {
            SequenceValue::Output(3, [self.items.clone(), vec!["0".to_owned()], path.to_vec()].concat())
        };
        let whole = SequenceCall::linked(&self.list.name, self.links.clone(), CallOutcome::Prepares);
        let id = self.path.get(self.items.len() + 1..)?;
        let has = BodyPattern(vec![(self.path.clone(), PatternLeaf::Equals(own(id)))]);
        let later = ListPaging::of(self.related.subject.contract(), self.list);
        let later = later.map(|page| BodyPattern(vec![(vec![page.next], PatternLeaf::Present)]));
        let bodies = [has].into_iter().chain(later).collect();
        let found = filter.is_steady().then(|| [whole, with(own(shown), CallOutcome::Success(bodies))]);
        let values: Vec<&str> = match filter.choices.as_slice() {
            [first, second, ..] => vec![first, second],
            [] if filter.accepts_nothing(self.related.subject.inputs) => vec![NOTHING],
            _ => Vec::new(),
        };
        let others = values.into_iter().map(|value| {
            let value = SequenceValue::Constant(value.into());
            let all = PatternLeaf::AllHave(shown.clone(), value.clone());
            with(value, CallOutcome::Tolerated(vec![BodyPattern(vec![(self.items.clone(), all)])]))
        });
        let calls: Vec<SequenceCall> = found.into_iter().flatten().chain(others).collect();
        let title = format!("makes two, and {} returns those with a value of {}", self.list.name, shown.join("."));
        (!calls.is_empty()).then(|| ProbeDraft {
            sequence: Some(Sequence { calls: [self.two(), calls].concat() }),
            is_likely: true,
            ..ProbeDraft::new(
                format!("{}-by-{}", self.list.name, filter.variant),
                title,
                InputChange::Nothing,
                ExpectedOutcome::Accepted,
            )
        })
    }
}

/// Each named filter of a list with a value that nothing has: nothing is returned. Whether such a value is valid is
/// documented for some filters only.
fn by_nothing(subject: &ProbeSubject<'_>) -> Vec<ProbeDraft> {
    let list = subject.recipe.operation;
    let items = items(subject);
    let filters = ItemFilter::documented(subject.contract(), list).into_iter();
    let drafts = filters.filter(|filter| filter.accepts_nothing(subject.inputs)).map(|filter| {
        let empty = items.iter().map(|items| (items.clone(), PatternLeaf::AtMost(0))).collect();
        let mut call = SequenceCall::first(&list.name, CallOutcome::Tolerated(vec![BodyPattern(empty)]));
        let value = SequenceValue::Constant(NOTHING.into());
        call.set.push((filter.member.clone(), filter.form.asking_for(value)));
        let title = format!("returns nothing for a value that nothing has of {}", filter.variant);
        ProbeDraft {
            sequence: Some(Sequence { calls: vec![call] }),
            is_likely: true,
            ..ProbeDraft::new(
                format!("{}-of-nothing", filter.variant),
                title,
                InputChange::Nothing,
                ExpectedOutcome::Accepted,
            )
        }
    });
    drafts.collect()
}

/// Where the output of an operation has what it lists: by its relation, else the only list.
fn items(subject: &ProbeSubject<'_>) -> Option<Vec<String>> {
    let related = RelatedSubject::all(subject, &[RelationRole::Lists]).find_map(|related| {
        let path = &related.relation.output.as_ref()?.0;
        path.get(..path.iter().position(|step| step == OutputPath::ITEMS)?).map(<[String]>::to_vec)
    });
    let contract = subject.contract();
    let is_list =
        |member: &&Member| matches!(contract.shape(&member.target).map(|one| &one.kind), Some(ShapeKind::List(_)));
    let mut lists = contract.members(&subject.recipe.operation.output).iter().filter(is_list);
    let only = lists.next().filter(|_| lists.next().is_none()).map(|member| vec![member.name.clone()]);
    related.or(only)
}
