//! Each documented form of an identifier means the same resource: a name, an id, an ARN.

use std::collections::BTreeSet;

use super::{
    ExpectedOutcome, FamilyBasis, FamilyDefinition, FamilyDrafts, InputChange, ProbeDraft, ProbeSubject, RequestGroup,
    documented_forms::documented_forms, related::RelatedSubject,
};
use crate::{
    model::{Contract, Member, Operation, OutputPath, ShapeKind, walk::ShapeStep},
    probe::{
        relations::{IdentifierLink, IdentifierOrigin, IdentityForm, Relation, RelationRole},
        sequence::{BodyPattern, CallOutcome, PatternLeaf, Sequence, SequenceCall, SequenceValue},
    },
};

pub(super) const FAMILY: FamilyDefinition = FamilyDefinition {
    name: "names",
    basis: FamilyBasis::LikelyRelation,
    group: RequestGroup::Behavior,
    asks: "another form of the identifier",
    draft,
};

/// The forms that are tried, with the endings of their members and the last part of the id of a probe.
const FORMS: [(IdentityForm, &str, &str); 3] =
    [(IdentityForm::Arn, "Arn", "arn"), (IdentityForm::Name, "Name", "name"), (IdentityForm::Id, "Id", "id")];

/// The greatest length of a member that an ARN may be too long for.
const SHORT: u64 = 128;

/// A read of a resource by the identifier that its operations usually have.
struct PlainRead<'a> {
    relation: &'a Relation,
    operation: &'a Operation,
    links: Vec<IdentifierLink>,
    /// The member with the identifier, and its usual value.
    member: &'a Member,
    origin: IdentifierOrigin,
}

fn draft(subject: &ProbeSubject<'_>) -> Option<FamilyDrafts> {
    let derived = RelatedSubject::all(subject, &[RelationRole::Creates])
        .filter(|related| subject.location.path.is_root() && !related.is_part())
        .flat_map(|related| {
            let reads = related.next(RelationRole::Reads).filter_map(move |read| plain_read(related, read));
            reads.flat_map(move |read| by_other_forms(related, &read))
        });
    let drafts: Vec<ProbeDraft> = by_names_of_a_recipe(subject).into_iter().chain(derived).collect();
    (!drafts.is_empty()).then(|| FamilyDrafts::of("each form of an identifier is accepted", drafts))
}

/// The same call by each other name of a resource that a recipe yields.
fn by_names_of_a_recipe(subject: &ProbeSubject<'_>) -> Vec<ProbeDraft> {
    let operation = subject.recipe.operation;
    let names = subject.inputs.names_at(operation, &subject.location.path);
    let ([ShapeStep::Member(member)], Some(names)) = (subject.location.path.0.as_slice(), names) else {
        return Vec::new();
    };
    let Some((usual, others)) = names.variables.split_first() else { return Vec::new() };
    let shown = shown_identifier(subject, member);
    let by = |name: &str, outcome: CallOutcome| {
        let mut call = SequenceCall::first(&operation.name, outcome);
        let value = SequenceValue::OfState(names.state.clone(), name.to_owned());
        call.set.push((member.clone(), as_member_takes(subject, value)));
        call
    };
    let drafts = others.iter().map(|other| {
        let calls =
            vec![by(usual, CallOutcome::Prepares), by(other, CallOutcome::Success(same_or_nothing(shown.as_deref())))];
        let title = format!("means the same as {other} of {}", names.state);
        ProbeDraft {
            sequence: Some(Sequence { calls }),
            ..ProbeDraft::new(other.clone(), title, InputChange::Nothing, ExpectedOutcome::Accepted)
        }
    });
    drafts.collect()
}

/// The outputs with the identifier that the first call returned, or without it.
fn same_or_nothing(shown: Option<&[String]>) -> Vec<BodyPattern> {
    let Some(path) = shown else { return vec![BodyPattern::default()] };
    let same = BodyPattern(vec![(path.to_vec(), PatternLeaf::Agrees(1, path.to_vec()))]);
    let is_inner = path.len() > 1;
    let without = path.iter().take(1).filter(|_| is_inner).map(|around| (vec![around.clone()], PatternLeaf::Absent));
    [same].into_iter().chain(without.map(|leaf| BodyPattern(vec![leaf]))).collect()
}

/// A value, or a list of it.
fn as_member_takes(subject: &ProbeSubject<'_>, value: SequenceValue) -> SequenceValue {
    match subject.shape.kind {
        ShapeKind::List(_) => SequenceValue::List(vec![value]),
        _ => value,
    }
}

/// Where the output of an operation identifies the resource that a member of the input names.
fn shown_identifier(subject: &ProbeSubject<'_>, member: &str) -> Option<Vec<String>> {
    let read = RelatedSubject::all(subject, &[RelationRole::Reads]);
    let mut named = read.filter(|related| related.resource.identifiers.last().is_some_and(|own| own == member));
    let same = || {
        let members = subject.contract().members(&subject.recipe.operation.output);
        let found = members.iter().find(|output| output.name == member);
        found.map(|found| vec![found.name.clone()])
    };
    named
        .find_map(|related| related.relation.output.clone().filter(|path| path.pointer().is_some()))
        .map_or_else(same, |path| Some(path.0))
}

fn plain_read<'a>(
    related: RelatedSubject<'a>,
    (relation, operation, links): (&'a Relation, &'a Operation, Vec<IdentifierLink>),
) -> Option<PlainRead<'a>> {
    let own = related.resource.identifiers.last()?;
    let link = links.iter().find(|link| link.member == *own && !link.is_list)?;
    let member = related.subject.contract().members(&operation.input).iter().find(|member| member.name == *own)?;
    Some(PlainRead { relation, operation, member, origin: link.origin.clone(), links })
}

fn by_other_forms(related: RelatedSubject<'_>, read: &PlainRead<'_>) -> Vec<ProbeDraft> {
    let forms = allowed_forms(related, read.member);
    let allowed = FORMS.iter().filter(|(form, ..)| forms.contains(form));
    allowed.filter_map(|(_, ending, variant)| by_form(related, read, ending, variant)).collect()
}

fn by_form(related: RelatedSubject<'_>, read: &PlainRead<'_>, ending: &str, variant: &str) -> Option<ProbeDraft> {
    let value = value(related, read, ending)?;
    let PlainRead { operation, links, member, .. } = read;
    let first = SequenceCall::first(&related.operation().name, CallOutcome::Prepares);
    let plain = SequenceCall::linked(&operation.name, links.clone(), CallOutcome::Prepares);
    let expected = CallOutcome::Success(vec![same_output(read.relation.output.as_ref(), 2)]);
    let mut other = SequenceCall::linked(&operation.name, links.clone(), expected);
    other.set.push((member.name.clone(), value));
    let title = format!("makes what {} returns by its {variant}, too", operation.name);
    Some(ProbeDraft {
        sequence: Some(Sequence { calls: vec![first, plain, other] }),
        ..ProbeDraft::new(
            format!("{}-by-{variant}", operation.name),
            title,
            InputChange::Nothing,
            ExpectedOutcome::Accepted,
        )
    })
}

/// The output with the identifier that an earlier call returned, by its number from 1.
fn same_output(path: Option<&OutputPath>, call: usize) -> BodyPattern {
    let path = path.filter(|path| path.pointer().is_some());
    let same = path.map(|path| (path.0.clone(), PatternLeaf::Equals(SequenceValue::Output(call, path.0.clone()))));
    BodyPattern(same.into_iter().collect())
}

/// The identifier in another form: as the creation was given or returned it, else as the read returned it.
fn value(related: RelatedSubject<'_>, read: &PlainRead<'_>, ending: &str) -> Option<SequenceValue> {
    let name = format!("{}{ending}", related.resource.name);
    if let Some(origin) = related.origin(&name) {
        return (origin != read.origin && is_of_form(&origin, ending)).then_some(SequenceValue::Identifier(origin));
    }
    match related.resource.origin(related.subject.contract(), read.operation, &name)? {
        origin @ IdentifierOrigin::Output(_) if !is_of_form(&origin, ending) => None,
        IdentifierOrigin::Output(path) if path.pointer().is_some() => Some(SequenceValue::Output(2, path.0)),
        _ => None,
    }
}

fn is_of_form(origin: &IdentifierOrigin, ending: &str) -> bool {
    let name = match origin {
        IdentifierOrigin::Input(name) => Some(name),
        IdentifierOrigin::Output(path) => path.0.last(),
    };
    name.is_some_and(|name| name.to_ascii_lowercase().ends_with(&ending.to_ascii_lowercase()))
}

/// The forms that the model promises to accept: those that the documents of the member list, and an ARN if its pattern
/// has one beside another form.
fn allowed_forms(related: RelatedSubject<'_>, member: &Member) -> BTreeSet<IdentityForm> {
    let contract = related.subject.contract();
    let Some(shape) = contract.shape(&member.target) else { return BTreeSet::new() };
    let own = member.traits.documentation().map(str::to_owned);
    let text = own.or_else(|| shape.traits.documentation().map(str::to_owned)).unwrap_or_default();
    let mut forms = documented_forms(&text, &related.resource.name);
    let pattern = member.traits.pattern().or_else(|| shape.traits.pattern()).unwrap_or_default();
    if pattern.contains("arn:") || pattern.contains("(arn") {
        forms.insert(IdentityForm::Arn);
    }
    if !is_long(contract, member) {
        forms.remove(&IdentityForm::Arn);
    }
    forms
}

/// Returns whether an ARN is not too long for a member.
fn is_long(contract: &Contract, member: &Member) -> bool {
    let shape = contract.shape(&member.target);
    let bounds = member.traits.length().or_else(|| shape.and_then(|shape| shape.traits.length()));
    let is_text = shape.is_some_and(|shape| matches!(shape.kind, ShapeKind::String));
    is_text && bounds.and_then(|bounds| bounds.max).is_none_or(|max| max >= SHORT)
}
