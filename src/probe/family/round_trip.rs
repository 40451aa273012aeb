//! What is given at creation or change is returned by a read.

use super::{
    ExpectedOutcome, FamilyBasis, FamilyDefinition, FamilyDrafts, InputChange, ProbeDraft, ProbeSubject, RequestGroup,
    member_documents::has_condition,
    related::RelatedSubject,
    resource_view::{ListedItem, LocatedLeaf, structures},
    unknown_names::{has_special_text, has_unknown_name},
};
use crate::{
    model::{Contract, Member, Operation, ShapeId, ShapeKind, walk::ShapeStep},
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

/// Parts of the names of members that a service changes, or never returns as they were given, each with the reason.
const CHANGED: [(&str, &str); 13] = [
    ("arn", "may be given as a name, and is returned as an ARN"),
    ("checksum", "must fit the content"),
    ("contentlength", "is that of the request"),
    ("document", "is normalized, or percent-encoded"),
    ("dryrun", "asks for no change"),
    ("keyid", "may be given as an alias, and is returned as an ARN"),
    ("md5", "must fit the content"),
    ("password", "is a secret"),
    ("policy", "is normalized"),
    ("role", "may be given as a name, and is returned as an ARN"),
    ("secret", "is a secret"),
    ("ssecustomer", "is a key of the caller, and must fit the others"),
    ("token", "makes a request repeatable"),
];

fn draft(subject: &ProbeSubject<'_>) -> Option<FamilyDrafts> {
    let [ShapeStep::Member(name)] = subject.location.path.0.as_slice() else { return None };
    let members = subject.contract().members(&subject.recipe.operation.input);
    let member = members.iter().find(|member| member.name == *name)?;
    if !is_returned(subject, member) {
        return None;
    }
    let drafts: Vec<ProbeDraft> = RelatedSubject::all(subject, &SETTING)
        .map(SettingCalls::of)
        .filter(SettingCalls::has_resource)
        .map(|opening| read_back(&opening, member))
        .find(|drafts| !drafts.is_empty())?;
    Some(FamilyDrafts::of("what is set is returned", drafts))
}

/// The roles of operations that set members.
const SETTING: [RelationRole; 3] = [RelationRole::Creates, RelationRole::Updates, RelationRole::Tags];

/// Returns whether a member is kept as it was given.
fn is_returned(subject: &ProbeSubject<'_>, member: &Member) -> bool {
    let name = member.name.to_ascii_lowercase();
    let is_sensitive = member.traits.sensitive() || subject.shape.traits.sensitive();
    let is_token = member.traits.get("smithy.api#idempotencyToken").is_some();
    let is_plain = !matches!(subject.shape.kind, ShapeKind::Timestamp | ShapeKind::Document | ShapeKind::Blob)
        && !is_empty_at_least(subject);
    let related = RelatedSubject::all(subject, &SETTING);
    let identifies = related.into_iter().any(|one| one.relation.input.contains(&member.name));
    let is_changed = identifies
        || is_conditional(subject, member)
        || has_unknown_name(subject)
        || names_another(subject, &member.name)
        || CHANGED.iter().any(|(part, _)| name.contains(part));
    is_plain && !is_sensitive && !is_token && !is_changed
}

/// Returns whether a value that nobody chose may be invalid: by the documents of the member, or because only some texts
/// are valid.
fn is_conditional(subject: &ProbeSubject<'_>, member: &Member) -> bool {
    let is_chosen = subject.inputs.is_filled_at(subject.recipe.operation, &subject.location.path);
    let documentation = member.traits.documentation().or_else(|| subject.shape.traits.documentation());
    !is_chosen && (documentation.is_some_and(has_condition) || has_special_text(subject))
}

/// Returns whether the least value is an empty structure, which says nothing.
fn is_empty_at_least(subject: &ProbeSubject<'_>) -> bool {
    let ShapeKind::Structure(members) = &subject.shape.kind else { return false };
    let path = &subject.location.path;
    let needed = |inner: &Member| {
        subject.inputs.is_wanted(subject.recipe.operation, inner, &path.then(ShapeStep::Member(inner.name.clone())))
    };
    !members.iter().any(needed) && !subject.inputs.is_filled_at(subject.recipe.operation, path)
}

/// Returns whether a text may name a resource in another form than the one that is returned.
fn names_another(subject: &ProbeSubject<'_>, name: &str) -> bool {
    let mut resources = subject.inputs.relations().resources.iter();
    matches!(subject.shape.kind, ShapeKind::String) && resources.any(|one| one.name.eq_ignore_ascii_case(name))
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

/// The call that returns a member, and for tags one after their removal. Reads come before lists.
fn read_back(opening: &SettingCalls<'_>, member: &Member) -> Vec<ProbeDraft> {
    let related = opening.related;
    let contract = related.subject.contract();
    let reads = related.next(RelationRole::Reads).chain(related.next(RelationRole::ListsTags));
    let mut reads = reads.filter_map(|(_, read, links)| {
        let places = echoes(contract, &structures(contract, &read.output, &related.resource.name), member)?;
        let bodies = places.into_iter().map(|path| BodyPattern(vec![given(path)])).collect();
        let call = SequenceCall::linked(&read.name, links, CallOutcome::Success(bodies));
        selecting(contract, read, member, call)
    });
    let listed = || {
        let all = ListedItem::of_reads(related).chain(ListedItem::all(related));
        let mut all = all.filter(|item| opening.is_made && !is_documented_as_partial(item.list));
        all.find_map(|item| {
            let places = echoes(contract, item.structures(), member)?;
            let call = item.call(places.into_iter().map(|path| vec![given(path)]).collect())?;
            Some(narrowed(contract, item.list, member, call))
        })
    };
    let returned = reads.next().or_else(listed).map(|read| opening.draft(read));
    returned.into_iter().chain(untagged(opening, member)).collect()
}

fn given(path: Vec<String>) -> LocatedLeaf {
    (path, PatternLeaf::Equals(SequenceValue::Given))
}

/// A list of what has the member that was set, where the list can ask for it: by default it may leave that out.
fn narrowed(contract: &Contract, list: &Operation, member: &Member, mut call: SequenceCall) -> SequenceCall {
    let is_same = |other: &&Member| {
        other.name.eq_ignore_ascii_case(&member.name) && is_same_kind(contract, &other.target, &member.target)
    };
    let same = contract.members(&list.input).iter().find(is_same);
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
fn untagged(opening: &SettingCalls<'_>, member: &Member) -> Option<ProbeDraft> {
    let related = opening.related;
    let contract = related.subject.contract();
    if related.relation.role != RelationRole::Tags {
        return None;
    }
    let mut all = related.resource.in_role(RelationRole::Untags);
    let untag = all.find_map(|relation| contract.operation(&relation.operation))?;
    let links = related.links(untag)?;
    let keys = contract.members(&untag.input).iter().find(|keys| is_list_of_keys(contract, keys))?.name.clone();
    let mut removal = SequenceCall::linked(&untag.name, links, CallOutcome::Prepares);
    removal.set.push((keys, SequenceValue::GivenKeys));
    let (_, list, links) = related.next(RelationRole::ListsTags).next()?;
    let path =
        echoes(contract, &structures(contract, &list.output, &related.resource.name), member)?.into_iter().next()?;
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

/// Where structures have a member of the same name and shape, and where they have it until a change takes effect. Tags may
/// have another name.
fn echoes(contract: &Contract, structures: &[(Vec<String>, &ShapeId)], member: &Member) -> Option<Vec<Vec<String>>> {
    let is_same_kind = |other: &Member| is_same_kind(contract, &other.target, &member.target);
    let is_same = |other: &&Member| other.name.eq_ignore_ascii_case(&member.name) && is_same_kind(other);
    let is_tags = |name: &str| name.to_ascii_lowercase().contains("tag");
    let is_same_tags = |other: &&Member| is_tags(&member.name) && is_tags(&other.name) && other.target == member.target;
    let pending = |other: &Member| {
        let of = other.name.get(..PENDING.len()).filter(|head| head.eq_ignore_ascii_case(PENDING))?;
        let is_own = other.name[of.len()..].eq_ignore_ascii_case(&member.name) && is_same_kind(other);
        let inner = || contract.members(&other.target).iter().find(is_same).map(|inner| inner.name.clone());
        if is_own { Some(vec![other.name.clone()]) } else { Some(vec![other.name.clone(), inner()?]) }
    };
    structures.iter().find_map(|(path, shape)| {
        let members = contract.members(shape);
        let found = members.iter().find(is_same).or_else(|| members.iter().find(is_same_tags))?;
        let places = [vec![found.name.clone()]].into_iter().chain(members.iter().filter_map(pending));
        Some(places.map(|place| [path.clone(), place].concat()).collect())
    })
}

/// The beginning of the names of members for changes that have not taken effect.
const PENDING: &str = "Pending";

/// Returns whether two shapes are one, or simple shapes of one kind.
fn is_same_kind(contract: &Contract, one: &ShapeId, other: &ShapeId) -> bool {
    let kinds = (contract.shape(one).map(|shape| &shape.kind), contract.shape(other).map(|shape| &shape.kind));
    one == other
        || matches!(
            kinds,
            (Some(ShapeKind::String | ShapeKind::Enum(_)), Some(ShapeKind::String | ShapeKind::Enum(_)))
                | (Some(ShapeKind::Boolean), Some(ShapeKind::Boolean))
                | (Some(ShapeKind::Number(_)), Some(ShapeKind::Number(_)))
        )
}
