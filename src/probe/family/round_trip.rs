//! What is given at creation or change is returned by a read.

use std::collections::BTreeSet;

use serde_json::json;

use super::{
    ExpectedOutcome, FamilyBasis, FamilyDefinition, FamilyDrafts, InputChange, ProbeDraft, ProbeSubject, RequestGroup,
    echoes::{echoes, is_same_member},
    general_tags,
    kept_parts::{SETTING, SetPart, is_kept, kept_inside},
    related::RelatedSubject,
    resource_view::{ListedItem, LocatedLeaf, structures},
};
use crate::{
    model::{Contract, Member, Operation, ShapeKind, walk::ShapeStep},
    probe::{
        relations::RelationRole,
        sequence::{BodyPattern, CallOutcome, PatternLeaf, Sequence, SequenceCall, SequenceValue},
    },
};

pub(super) const FAMILY: FamilyDefinition = FamilyDefinition {
    name: "round-trip",
    basis: FamilyBasis::LikelyRelation,
    group: RequestGroup::Behavior,
    asks: "a value that is set and read back",
    draft,
};

/// The maximum number of parts inside one member that are asked.
const MOST_INSIDE: usize = 16;

fn draft(subject: &ProbeSubject<'_>) -> Option<FamilyDrafts> {
    let Some(ShapeStep::Member(name)) = subject.location.path.0.first() else { return None };
    let members = subject.contract().members(&subject.recipe.operation.input);
    let member = members.iter().find(|member| member.name == *name)?;
    let part =
        SetPart { path: subject.location.path.clone(), target: &subject.location.target, ..SetPart::whole(member) };
    let is_asked = if part.is_whole() { is_kept(subject, member) } else { is_asked_inside(subject, &part) };
    let drafts = if is_asked { drafts_of(&openings(subject), &part) } else { Vec::new() };
    (!drafts.is_empty()).then(|| FamilyDrafts::of("what is set is returned", drafts))
}

/// The ways to set members of a resource.
fn openings<'a>(subject: &'a ProbeSubject<'a>) -> Vec<SettingCalls<'a>> {
    let all = RelatedSubject::all(subject, &SETTING).map(SettingCalls::of);
    all.filter(SettingCalls::has_resource).collect()
}

fn drafts_of(openings: &[SettingCalls<'_>], part: &SetPart<'_>) -> Vec<ProbeDraft> {
    openings.iter().map(|opening| read_back(opening, part)).find(|drafts| !drafts.is_empty()).unwrap_or_default()
}

/// Returns whether a part inside a member is one of the first that are kept and returned.
fn is_asked_inside(subject: &ProbeSubject<'_>, part: &SetPart<'_>) -> bool {
    let asked = subject.inputs.remembered(subject.recipe.operation, &part.top.name, || {
        let openings = openings(subject);
        if openings.is_empty() {
            return BTreeSet::new();
        }
        let is_whole_asked = is_kept(subject, part.top) && !drafts_of(&openings, &SetPart::whole(part.top)).is_empty();
        let parts = kept_inside(subject, part.top).filter(|part| !is_whole_asked || is_told_apart(subject, part));
        let asked = parts.filter(|part| !drafts_of(&openings, part).is_empty());
        asked.take(MOST_INSIDE).map(|part| part.path.to_string()).collect()
    });
    asked.contains(&part.path.to_string())
}

/// Returns whether a part has another value where it is asked than where its member is.
fn is_told_apart(subject: &ProbeSubject<'_>, part: &SetPart<'_>) -> bool {
    let kind = subject.contract().shape(part.target).map(|shape| &shape.kind);
    !part.is_in_least || matches!(kind, Some(ShapeKind::Enum(_) | ShapeKind::Boolean | ShapeKind::Number(_)))
}

/// The calls that set a member of a resource.
struct SettingCalls<'a> {
    related: RelatedSubject<'a>,
    calls: Vec<SequenceCall>,
    /// True if the resource exists: a call or a recipe makes it.
    is_made: bool,
}

impl<'a> SettingCalls<'a> {
    /// The call of the probe. What it changes is made before it, unless a recipe knows what to change.
    fn of(related: RelatedSubject<'a>) -> Self {
        let is_made = is_made_already(related);
        let calls = vec![SequenceCall::first(&related.operation().name, CallOutcome::Prepares)];
        let made = if is_made { None } else { Self::with_maker(related) };
        made.unwrap_or(Self { related, calls, is_made }).at_once()
    }

    fn with_maker(related: RelatedSubject<'a>) -> Option<Self> {
        let changes = related.operation();
        let makers = related.resource.in_role(RelationRole::Creates);
        let mut makers = makers.filter_map(|one| related.subject.contract().operation(&one.operation));
        makers.find_map(|maker| {
            let related = related.made_by(maker);
            let links = related.links(changes)?;
            let calls = vec![SequenceCall::maker(&maker.name), SequenceCall::probed(&changes.name, links)];
            Some(Self { related, calls, is_made: true })
        })
    }

    /// Returns whether there is something to change: the resource exists, or there is one of its kind.
    fn has_resource(&self) -> bool {
        self.is_made || self.related.relation.input.is_empty()
    }

    /// The same without a delay of the change, where the input has a member for it.
    fn at_once(mut self) -> Self {
        let members = self.related.subject.contract().members(&self.related.subject.recipe.operation.input).iter();
        let now = members.filter(|member| member.name.eq_ignore_ascii_case("ApplyImmediately"));
        if let Some(call) = self.calls.last_mut() {
            call.set.extend(now.map(|member| (member.name.clone(), SequenceValue::Constant(true.into()))));
        }
        self
    }

    /// A probe with another call that reads.
    fn draft(&self, read: SequenceCall) -> ProbeDraft {
        let title = format!("is returned by {}", read.operation);
        self.titled(read.operation.clone(), title, vec![read])
    }

    fn titled(&self, variant: String, title: String, more: Vec<SequenceCall>) -> ProbeDraft {
        ProbeDraft {
            sequence: Some(Sequence { calls: [self.calls.clone(), more].concat() }),
            ..ProbeDraft::new(variant, title, InputChange::Nothing, ExpectedOutcome::Accepted)
        }
    }
}

/// Returns whether the operation of a probe makes the resource, or a recipe names one that exists.
fn is_made_already(related: RelatedSubject<'_>) -> bool {
    let makes = related.resource.in_role(RelationRole::Creates);
    let operation = related.operation();
    let inputs = related.subject.inputs;
    let members = inputs.contract().members(&operation.input);
    let is_known =
        |name: &String| members.iter().any(|member| member.name == *name && inputs.is_filled(operation, member));
    let is_named = !related.relation.input.is_empty() && related.relation.input.iter().all(is_known);
    is_named || makes.into_iter().any(|one| one.operation == operation.name)
}

/// The call that returns a member, for tags one after their removal, and for a flag one after it is off again.
fn read_back(opening: &SettingCalls<'_>, part: &SetPart<'_>) -> Vec<ProbeDraft> {
    let returned = reading(opening, part, &|| PatternLeaf::Equals(SequenceValue::Given));
    let returned = returned.map(|read| opening.draft(read));
    let more = untagged(opening, part).into_iter().chain(listed_tags(opening, part));
    returned.into_iter().chain(more).chain(switched_off(opening, part)).collect()
}

/// The first call that returns a part, with what it must have there. Reads come before lists.
fn reading(opening: &SettingCalls<'_>, part: &SetPart<'_>, expected: &dyn Fn() -> PatternLeaf) -> Option<SequenceCall> {
    let related = opening.related;
    let noun = &related.resource.name;
    let contract = related.subject.contract();
    let leaf = |path| vec![(path, expected())];
    let (old, reads): (Vec<_>, Vec<_>) =
        related.next(RelationRole::Reads).partition(|(_, read, _)| is_deprecated(read));
    let reads = reads.into_iter().chain(old).chain(related.next(RelationRole::ListsTags));
    let mut reads = reads.filter_map(|(_, read, links)| {
        let places = echoes(contract, &structures(contract, &read.output, noun), noun, part)?;
        let bodies = places.into_iter().map(|path| BodyPattern(leaf(path))).collect();
        let call = SequenceCall::linked(&read.name, links, CallOutcome::Success(bodies));
        selecting(contract, read, part.top, call)
    });
    let listed = || {
        let all = ListedItem::of_reads(related).chain(ListedItem::all(related));
        let mut all = all.filter(|item| opening.is_made && !is_documented_as_partial(item.list));
        all.find_map(|item| {
            let places = echoes(contract, item.structures(), noun, part)?;
            let call = item.call(places.into_iter().map(leaf).collect())?;
            Some(narrowed(contract, item.list, part, call))
        })
    };
    reads.next().or_else(listed)
}

/// A flag that is set and then cleared is off.
fn switched_off(opening: &SettingCalls<'_>, part: &SetPart<'_>) -> Option<ProbeDraft> {
    let related = opening.related;
    let kind = related.subject.contract().shape(part.target).map(|shape| &shape.kind);
    let is_flag = matches!(kind, Some(ShapeKind::Boolean)) && part.is_whole();
    let is_update = related.relation.role == RelationRole::Updates;
    let off = SequenceValue::AnyOf(vec![
        SequenceValue::Constant(false.into()),
        SequenceValue::Constant(json!({"$absent": true})),
    ]);
    let mut cleared = opening.calls.last()?.clone();
    cleared.set.push((part.top.name.clone(), SequenceValue::Constant(false.into())));
    let expected = || PatternLeaf::Equals(off.clone());
    let mut read = reading(opening, part, &expected).filter(|_| is_flag && is_update)?;
    read.set.retain(|(_, value)| !matches!(value, SequenceValue::Given));
    let title = format!("is off in {} after it was cleared", read.operation);
    Some(opening.titled(format!("{}-off", read.operation), title, vec![cleared, read]))
}

/// Tags that are given at creation are listed by the operation for the tags of any resource.
fn listed_tags(opening: &SettingCalls<'_>, part: &SetPart<'_>) -> Option<ProbeDraft> {
    let related = opening.related;
    let contract = related.subject.contract();
    let is_creation = related.relation.role == RelationRole::Creates && part.is_whole();
    let is_related = related.resource.in_role(RelationRole::ListsTags).next().is_some();
    let (list, link) = general_tags::listing(related).filter(|_| is_creation && !is_related)?;
    let root = [(Vec::new(), &list.output)];
    let is_tags = part.top.name.to_ascii_lowercase().contains("tag");
    let places = echoes(contract, &root, &related.resource.name, part).filter(|_| is_tags)?;
    let bodies = places.into_iter().map(|path| BodyPattern(vec![given(path)])).collect();
    Some(opening.draft(SequenceCall::linked(&list.name, vec![link], CallOutcome::Success(bodies))))
}

fn is_deprecated(operation: &Operation) -> bool {
    operation.traits.get("smithy.api#deprecated").is_some()
}

fn given(path: Vec<String>) -> LocatedLeaf {
    (path, PatternLeaf::Equals(SequenceValue::Given))
}

/// A list of what has the member that was set, where the list can ask for it: by default it may leave that out.
fn narrowed(contract: &Contract, list: &Operation, part: &SetPart<'_>, mut call: SequenceCall) -> SequenceCall {
    let mut members = contract.members(&list.input).iter().filter(|_| part.is_whole());
    let same = members.find(|other| is_same_member(contract, other, part.top));
    call.set.extend(same.map(|same| (same.name.clone(), SequenceValue::Given)));
    call
}

/// A read that returns one attribute at a time, of this member. `None` if it has no such attribute.
fn selecting(contract: &Contract, read: &Operation, member: &Member, mut call: SequenceCall) -> Option<SequenceCall> {
    let selector = contract.members(&read.input).iter().find(|one| one.name.eq_ignore_ascii_case("attribute"));
    let Some((selector, shape)) = selector.and_then(|one| Some((one, contract.shape(&one.target)?))) else {
        return Some(call);
    };
    if let ShapeKind::Enum(values) = &shape.kind {
        let value = values.iter().find(|one| one.value.eq_ignore_ascii_case(&member.name))?;
        call.set.push((selector.name.clone(), SequenceValue::Constant(value.value.clone().into())));
    }
    Some(call)
}

/// Returns whether the documents of an operation say that it leaves out members of what it lists.
fn is_documented_as_partial(list: &Operation) -> bool {
    list.traits.documentation().unwrap_or_default().contains("subset of the available attributes")
}

/// Tags that are removed again are not returned.
fn untagged(opening: &SettingCalls<'_>, part: &SetPart<'_>) -> Option<ProbeDraft> {
    let related = opening.related;
    let contract = related.subject.contract();
    if related.relation.role != RelationRole::Tags || !part.is_whole() {
        return None;
    }
    let mut all = related.resource.in_role(RelationRole::Untags);
    let untag = all.find_map(|relation| contract.operation(&relation.operation))?;
    let links = related.links(untag)?;
    let keys = contract.members(&untag.input).iter().find(|keys| is_list_of_keys(contract, keys))?.name.clone();
    let mut removal = SequenceCall::linked(&untag.name, links, CallOutcome::Prepares);
    removal.set.push((keys, SequenceValue::GivenKeys));
    let (_, list, links) = related.next(RelationRole::ListsTags).next()?;
    let noun = &related.resource.name;
    let path = echoes(contract, &structures(contract, &list.output, noun), noun, part)?.into_iter().next()?;
    let lacks = BodyPattern(vec![(path, PatternLeaf::LacksGiven)]);
    let list = SequenceCall::linked(&list.name, links, CallOutcome::Success(vec![lacks]));
    let title = format!("is no longer returned by {} after {}", list.operation, untag.name);
    Some(opening.titled(untag.name.clone(), title, vec![removal, list]))
}

fn is_list_of_keys(contract: &Contract, member: &Member) -> bool {
    let item = match contract.shape(&member.target).map(|shape| &shape.kind) {
        Some(ShapeKind::List(item)) => contract.shape(&item.target),
        _ => None,
    };
    let is_text = item.is_some_and(|item| matches!(item.kind, ShapeKind::String));
    is_text && member.name.to_ascii_lowercase().contains("key")
}
