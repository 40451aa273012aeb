//! A waiter of the model ends in its success: after a creation, or after a deletion.

use serde_json::json;

use super::{
    ExpectedOutcome, FamilyBasis, FamilyDefinition, FamilyDrafts, InputChange, ProbeDraft, ProbeSubject, RequestGroup,
    list_filter::IdentifierFilter, related::RelatedSubject,
};
use crate::{
    model::{Contract, Operation, OutputPath, Waiter, WaiterMatcher, WaiterState, WaiterTrigger, waiters},
    probe::{
        UnprobedReason, related_errors,
        relations::{IdentifierLink, RelationRole},
        sequence::{BodyPattern, CallOutcome, PatternLeaf, Sequence, SequenceCall, SequenceValue},
    },
};

pub(super) const FAMILY: FamilyDefinition = FamilyDefinition {
    name: "waits",
    basis: FamilyBasis::LikelyRelation,
    group: RequestGroup::Behavior,
    asks: "what a waiter polls until it ends",
    draft,
};

/// An operation that a waiter polls.
struct PolledOperation<'a> {
    operation: &'a Operation,
    links: Vec<IdentifierLink>,
}

/// The responses that a waiter recognizes in one of its states.
#[derive(Default)]
struct Recognized {
    errors: Vec<String>,
    bodies: Vec<BodyPattern>,
}

fn draft(subject: &ProbeSubject<'_>) -> Option<FamilyDrafts> {
    if !subject.location.path.is_root() {
        return None;
    }
    let mut found = FamilyDrafts::of("smithy.waiters#waitable", Vec::new());
    for related in RelatedSubject::all(subject, &[RelationRole::Creates]).filter(|related| !related.is_part()) {
        for polled in polled(related) {
            for waiter in waiters(related.subject.contract(), polled.operation) {
                match waiter {
                    Ok(waiter) => found.drafts.extend(waited(related, &polled, &waiter)),
                    Err(name) if WaiterTrigger::of(&name, &related.resource.name).is_some() => {
                        found.unprobed.push(UnprobedReason::WaiterExpression(name));
                    }
                    Err(_) => {}
                }
            }
        }
    }
    (!found.drafts.is_empty() || !found.unprobed.is_empty()).then_some(found)
}

/// The operations that show the resource of a creation, and only that one.
fn polled(related: RelatedSubject<'_>) -> Vec<PolledOperation<'_>> {
    let reads = related.next(RelationRole::Reads).map(|(_, operation, links)| PolledOperation { operation, links });
    let lists = related.next(RelationRole::Lists).filter_map(|(_, operation, mut links)| {
        links.push(IdentifierFilter::narrowing(related, operation, &links)?);
        Some(PolledOperation { operation, links })
    });
    reads.chain(lists).collect()
}

fn waited(related: RelatedSubject<'_>, polled: &PolledOperation<'_>, waiter: &Waiter) -> Option<ProbeDraft> {
    let contract = related.subject.contract();
    let trigger = WaiterTrigger::of(&waiter.name, &related.resource.name)?;
    let mut calls = vec![SequenceCall::first(&related.operation().name, CallOutcome::Prepares)];
    if trigger == WaiterTrigger::Deletion {
        let (_, delete, links) = related.next(RelationRole::Deletes).next()?;
        calls.push(SequenceCall::linked(&delete.name, links, CallOutcome::Prepares));
    }
    let PolledOperation { operation, links } = polled;
    let poll = |expected: CallOutcome| SequenceCall::linked(&operation.name, links.clone(), expected);
    let success = recognized(contract, operation, waiter, WaiterState::Success)?;
    // A waiter that has not ended is not judged.
    calls.push(poll(ends(contract, operation, waiter)?));
    calls.push(poll(if success.errors.is_empty() {
        CallOutcome::Success(success.bodies)
    } else {
        CallOutcome::Rejected(success.errors, success.bodies)
    }));
    let title = format!("makes what the waiter {} waits for", waiter.name);
    Some(ProbeDraft {
        sequence: Some(Sequence { calls }),
        ..ProbeDraft::new(waiter.name.clone(), title, InputChange::Nothing, ExpectedOutcome::Accepted)
    })
}

/// The responses at which a waiter ends: those that it recognizes, and that the resource does not exist.
fn ends(contract: &Contract, operation: &Operation, waiter: &Waiter) -> Option<CallOutcome> {
    let of = |state: WaiterState| recognized(contract, operation, waiter, state);
    let (success, failure, retry) = (of(WaiterState::Success)?, of(WaiterState::Failure)?, of(WaiterState::Retry)?);
    let mut errors = [success.errors, failure.errors, related_errors::absent(contract, operation)].concat();
    errors.retain(|error| !retry.errors.contains(error));
    errors.dedup();
    Some(CallOutcome::Ends(errors, [success.bodies, failure.bodies].concat()))
}

/// `None` where a waiter waits for any error.
fn recognized(contract: &Contract, operation: &Operation, waiter: &Waiter, state: WaiterState) -> Option<Recognized> {
    let mut found = Recognized::default();
    for acceptor in waiter.acceptors.iter().filter(|acceptor| acceptor.state == state) {
        let pattern = |path: &OutputPath, leaf: PatternLeaf| BodyPattern(vec![(path.0.clone(), leaf)]);
        match &acceptor.matcher {
            WaiterMatcher::Success(true) => found.bodies.push(BodyPattern::default()),
            WaiterMatcher::Success(false) if state == WaiterState::Retry => {}
            WaiterMatcher::Success(false) => return None,
            WaiterMatcher::Error(name) => found.errors.extend(names(contract, operation, name)),
            WaiterMatcher::Output(path, value) => {
                let value = SequenceValue::Constant(value.clone());
                found.bodies.push(pattern(path, PatternLeaf::Equals(value)));
            }
            WaiterMatcher::SomeItem(path) => found.bodies.push(pattern(path, PatternLeaf::Present)),
            WaiterMatcher::NoItem(path) => found.bodies.push(without_items(path)),
        }
    }
    Some(found)
}

/// The name of an error, and its code in the query protocol.
fn names(contract: &Contract, operation: &Operation, name: &str) -> Vec<String> {
    let code = contract.error(operation, name).and_then(|shape| shape.traits.query_error_code());
    let other = code.filter(|code| *code != name).map(str::to_owned);
    [Some(name.to_owned()), other].into_iter().flatten().collect()
}

/// A list without an item that has something at the rest of the path.
fn without_items(path: &OutputPath) -> BodyPattern {
    let anything = || SequenceValue::Constant(json!({"$not": {"$absent": true}}));
    let at = path.0.iter().position(|step| step == OutputPath::ITEMS).unwrap_or(path.0.len());
    let inner = path.0.get(at + 1..).unwrap_or_default().to_vec();
    BodyPattern(vec![(path.0[..at].to_vec(), PatternLeaf::Lacks(inner, anything()))])
}
