//! Faults in the effect of an operation under test: no effect, a further or different resource, or a wrong duration.

use std::sync::Arc;

use serde_json::Value;

use super::{
    FaultMemory, FaultScope, Mutant, MutantFamily, MutantSubject,
    behavior::{Altered, Behavior, ReceivedCall, ResponseRule, Understood, error_of, is_success, set_body},
    known_resources::{KnowingFault, KnownResources, key_member},
    sample::SeenMembers,
};
use crate::{
    judge::code::Code,
    model::{Contract, Member, Operation, ShapeKind},
    reference::Snapshot,
    wire::Response,
};

/// An expected effect is missing or different.
const EFFECT: &[Code] = &[Code::EVENTUALLY, Code::CONSISTENTLY, Code::EXPECTED_BODY, Code::SIDE_EFFECT, Code::OUTCOME];
/// Something changed that must stay the same.
const SPARED: &[Code] = &[Code::SIDE_EFFECT, Code::CONSISTENTLY, Code::EVENTUALLY, Code::EXPECTED_BODY, Code::OUTCOME];
/// An operation that rejects everything.
const REJECTION: &[Code] = &[Code::OUTCOME, Code::ERROR_IDENTITY, Code::CONTROL];

/// The time after which a success is undone, in seconds of virtual time. It is longer than the effect takes to become
/// visible.
const UNDONE_AFTER: f64 = 0.6;

pub(super) fn mutants(subject: &MutantSubject<'_>, seen: &SeenMembers) -> Vec<Mutant> {
    let Some(key) = key_member(subject.contract, subject.operation) else { return Vec::new() };
    let target = subject.target();
    let (contract, operation) = (Arc::clone(subject.contract), subject.operation.clone());
    let at = Calling { key, target: target.clone(), contract, operation };
    let mut mutants = vec![
        no_effect(subject, &at),
        on_sibling(subject, &at, true),
        on_sibling(subject, &at, false),
        subject.mutant(MutantFamily::State, "undone", EFFECT, "the effect is undone shortly after", {
            let target = target.clone();
            move || Undone { target: target.clone(), done: None }
        }),
        subject.mutant(MutantFamily::State, "never-ends", EFFECT, "the change never ends", move || Endless {
            target: target.clone(),
        }),
    ];
    mutants.extend(seen.actionable.iter().map(|error| despite(subject, &at, error)));
    mutants.extend(seen.rejections.keys().map(|error| always(subject, error)));
    let members = subject.contract.members(&subject.operation.input).iter();
    mutants.extend(members.filter(|member| !member.traits.required()).flat_map(|member| of_option(subject, member)));
    mutants
}

/// The requirements of a valid call of the operation.
#[derive(Debug, Clone)]
struct Calling {
    key: String,
    target: String,
    contract: Arc<Contract>,
    operation: Operation,
}

fn knowing(
    subject: &MutantSubject<'_>,
    at: &Calling,
    name: &str,
    kind: &'static [Code],
    says: impl Into<String>,
    act: impl Fn(&ReceivedCall<'_>, &KnownResources, &Calling) -> Option<Response> + Clone + Send + Sync + 'static,
) -> Mutant {
    let at = at.clone();
    subject.mutant(MutantFamily::State, name, kind, says, move || {
        let (act, calling) = (act.clone(), at.clone());
        let act = move |received: &ReceivedCall<'_>, known: &KnownResources| act(received, known, &calling);
        KnowingFault { target: at.target.clone(), known: KnownResources::by(&at.key), act }
    })
}

fn no_effect(subject: &MutantSubject<'_>, at: &Calling) -> Mutant {
    knowing(subject, at, "no-effect", EFFECT, "a success has no effect", |received, _, _| {
        let response = received.rehearsed();
        is_success(&response).then(|| {
            received.deviate();
            response
        })
    })
}

/// The call acts on another resource, instead of the named one or in addition to it.
fn on_sibling(subject: &MutantSubject<'_>, at: &Calling, instead: bool) -> Mutant {
    let (name, says) = if instead {
        ("sibling", "the call acts on another resource instead of the named one")
    } else {
        ("sibling-too", "the call acts on another resource in addition to the named one")
    };
    knowing(subject, at, name, SPARED, says, move |received, known, at| {
        let named = received.input()?[&at.key].as_str()?;
        let sibling = known.other_than(named)?;
        let response = if instead { received.rehearsed() } else { received.reference() };
        if is_success(&response) {
            received.deviate();
            // The result for the sibling does not matter: the response is about the named resource.
            drop(known.call(received, &at.contract, &at.operation, sibling).map(|call| received.instead(&call)));
        }
        Some(response)
    })
}

/// A rejected request acts on its resource anyway.
fn despite(subject: &MutantSubject<'_>, at: &Calling, error: &str) -> Mutant {
    let expected = error.to_owned();
    let says = format!("{error} is returned, but the request has its effect");
    knowing(subject, at, &format!("despite-{error}"), SPARED, says, move |received, known, at| {
        let response = received.reference();
        if error_of(&response).as_deref() == Some(&expected)
            && let Some(resource) = known.named_in(received.request)
        {
            let done = known.call(received, &at.contract, &at.operation, resource).map(|call| received.instead(&call));
            if done.as_ref().is_some_and(is_success) {
                received.deviate();
            }
        }
        Some(response)
    })
    .at(FaultScope::Error(error.to_owned()))
}

/// Every success becomes a rejection with that error.
fn always(subject: &MutantSubject<'_>, error: &str) -> Mutant {
    let (target, body) = (subject.target(), subject.error_body(error));
    let says = format!("every success becomes {error}");
    let mutant = subject.mutant(MutantFamily::State, &format!("always-{error}"), REJECTION, says, move || {
        let body = body.clone();
        Altered {
            target: target.clone(),
            responses: ResponseRule::Successes,
            alter: move |response: &mut Response| {
                response.status = 400;
                set_body(response, body.clone());
            },
        }
    });
    mutant.at(FaultScope::Success)
}

/// The value of an optional member as a fault reads it; `None` if it reads it correctly.
type StateReading = fn(Option<&Value>) -> Option<Option<Value>>;

/// An optional member is ignored, or has a fixed value.
fn of_option(subject: &MutantSubject<'_>, member: &Member) -> Vec<Mutant> {
    let shape = subject.contract.shape(&member.target);
    let is_flag = shape.is_some_and(|shape| matches!(shape.kind, ShapeKind::Boolean));
    let ignored: (&str, &str, StateReading) = ("ignored", "is ignored", |given| given.map(|_| None));
    let forced: [(&str, &str, StateReading); 2] = [
        ("always-true", "always counts as true", |given| {
            (given != Some(&Value::Bool(true))).then_some(Some(Value::Bool(true)))
        }),
        ("always-false", "always counts as false", |given| {
            (given != Some(&Value::Bool(false))).then_some(Some(Value::Bool(false)))
        }),
    ];
    let ways = std::iter::once(ignored).chain(forced.into_iter().filter(|_| is_flag));
    ways.map(|(name, says, reading)| {
        let (target, member) = (subject.target(), member.name.clone());
        let says = format!("{member} {says}");
        let mutant = subject.mutant(MutantFamily::State, &format!("{member}/{name}"), EFFECT, says, move || {
            let (target, member) = (target.clone(), member.clone());
            Understood {
                rewrite: move |received: &ReceivedCall<'_>| {
                    let mut input = received.input().filter(|_| received.target() == target)?.as_object()?.clone();
                    let valid = |value: &Value| value.is_boolean() || !is_flag;
                    let given = input.shift_remove(&member).filter(|value| !value.is_null());
                    if given.as_ref().is_some_and(|value| !valid(value)) || error_of(&received.rehearsed()).is_some() {
                        return None;
                    }
                    input.extend(reading(given.as_ref())?.map(|value| (member.clone(), value)));
                    Some(received.with_input(&Value::Object(input)))
                },
            }
        });
        mutant.remembering(FaultMemory::Nothing)
    })
    .collect()
}

/// Restores the state before a success, shortly after it.
struct Undone {
    target: String,
    done: Option<(f64, Snapshot)>,
}

impl Behavior for Undone {
    fn respond(&mut self, received: &ReceivedCall<'_>) -> Option<Response> {
        let now = received.endpoint.clock().now();
        if let Some((_, before)) = self.done.take_if(|(at, _)| now >= *at + UNDONE_AFTER) {
            received.deviate();
            received.endpoint.restore(&before);
        }
        if received.target() != self.target {
            return None;
        }
        let before = received.endpoint.snapshot();
        let response = received.reference();
        if is_success(&response) {
            self.done = Some((now, before));
        }
        Some(response)
    }
}

/// Stops the clock after a success, until the next write.
struct Endless {
    target: String,
}

impl Behavior for Endless {
    fn respond(&mut self, received: &ReceivedCall<'_>) -> Option<Response> {
        if !received.is_read() {
            received.endpoint.clock().resume();
        }
        if received.target() != self.target {
            return None;
        }
        let response = received.reference();
        if is_success(&response) {
            received.deviate();
            received.endpoint.clock().hold();
        }
        Some(response)
    }
}
