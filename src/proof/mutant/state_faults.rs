//! Faults in what an operation under test does: nothing, too much, elsewhere, for a while, or for ever.

use std::sync::Arc;

use serde_json::Value;

use super::{
    FaultSite, Mutant, MutantFamily, MutantSubject,
    behaviour::{Altered, AskedCall, Behaviour, ResponseRule, Understood, error_of, is_success, set_body},
    known_resources::{Knowing, KnownResources, key_member},
    sample::SeenMembers,
};
use crate::{
    judge::code::Code,
    model::{Contract, Member, Operation, ShapeKind},
    reference::Snapshot,
    wire::Response,
};

/// What was to come about did not, or something else did.
const EFFECT: &[Code] = &[Code::EVENTUALLY, Code::CONSISTENTLY, Code::EXPECTED_BODY, Code::SIDE_EFFECT, Code::OUTCOME];
/// What was to stay as it was did not.
const SPARED: &[Code] = &[Code::SIDE_EFFECT, Code::CONSISTENTLY, Code::EVENTUALLY, Code::EXPECTED_BODY, Code::OUTCOME];
/// An operation that only ever refuses.
const REFUSAL: &[Code] = &[Code::OUTCOME, Code::ERROR_IDENTITY, Code::CONTROL];

/// How long after a success it is undone, in seconds of the reference's time: later than it takes to show.
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
        subject.mutant(MutantFamily::State, "undone", EFFECT, "what is done is undone a little later", {
            let target = target.clone();
            move || Undone { target: target.clone(), done: None }
        }),
        subject.mutant(MutantFamily::State, "never-ends", EFFECT, "what is begun never ends", move || Endless {
            target: target.clone(),
        }),
    ];
    mutants.extend(seen.actionable.iter().map(|error| despite(subject, &at, error)));
    mutants.extend(seen.refusals.keys().map(|error| always(subject, error)));
    let members = subject.contract.members(&subject.operation.input).iter();
    mutants.extend(members.filter(|member| !member.traits.required()).flat_map(|member| of_option(subject, member)));
    mutants
}

/// How the operation is called rightly.
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
    act: impl Fn(&AskedCall<'_>, &KnownResources, &Calling) -> Option<Response> + Clone + Send + Sync + 'static,
) -> Mutant {
    let at = at.clone();
    subject.mutant(MutantFamily::State, name, kind, says, move || {
        let (act, calling) = (act.clone(), at.clone());
        let act = move |asked: &AskedCall<'_>, known: &KnownResources| act(asked, known, &calling);
        Knowing { target: at.target.clone(), known: KnownResources::by(&at.key), act }
    })
}

fn no_effect(subject: &MutantSubject<'_>, at: &Calling) -> Mutant {
    knowing(subject, at, "no-effect", EFFECT, "a success is answered, and nothing is done", |asked, _, _| {
        let response = asked.rehearsed();
        is_success(&response).then(|| {
            asked.deviate();
            response
        })
    })
}

/// The call acts on another resource: in place of the named one, or besides.
fn on_sibling(subject: &MutantSubject<'_>, at: &Calling, instead: bool) -> Mutant {
    let (name, says) = if instead {
        ("sibling", "another resource is acted on in place of the named one")
    } else {
        ("sibling-too", "another resource is acted on besides the named one")
    };
    knowing(subject, at, name, SPARED, says, move |asked, known, at| {
        let named = asked.input()?[&at.key].as_str()?;
        let sibling = known.other_than(named)?;
        let response = if instead { asked.rehearsed() } else { asked.reference() };
        if is_success(&response) {
            asked.deviate();
            // Whether the sibling can be acted on is its own affair: the caller is told of the named one.
            drop(known.call(asked, &at.contract, &at.operation, sibling).map(|call| asked.instead(&call)));
        }
        Some(response)
    })
}

/// A refused request acts all the same on what it names.
fn despite(subject: &MutantSubject<'_>, at: &Calling, error: &str) -> Mutant {
    let expected = error.to_owned();
    let says = format!("{error} is given, and what was asked for is done all the same");
    knowing(subject, at, &format!("despite-{error}"), SPARED, says, move |asked, known, at| {
        let response = asked.reference();
        if error_of(&response).as_deref() == Some(&expected)
            && let Some(resource) = known.named_in(asked.request)
        {
            let done = known.call(asked, &at.contract, &at.operation, resource).map(|call| asked.instead(&call));
            if done.as_ref().is_some_and(is_success) {
                asked.deviate();
            }
        }
        Some(response)
    })
    .at(FaultSite::Error(error.to_owned()))
}

/// The operation refuses whatever it should do, with an error that is right at times.
fn always(subject: &MutantSubject<'_>, error: &str) -> Mutant {
    let (target, body) = (subject.target(), subject.error_body(error));
    let says = format!("{error} is what every success becomes");
    let mutant = subject.mutant(MutantFamily::State, &format!("always-{error}"), REFUSAL, says, move || {
        let body = body.clone();
        Altered {
            target: target.clone(),
            answers: ResponseRule::Successes,
            alter: move |response: &mut Response| {
                response.status = 400;
                set_body(response, body.clone());
            },
        }
    });
    mutant.at(FaultSite::Success)
}

/// What is made of an optional member: `None`, it is left as it is.
type StateReading = fn(Option<&Value>) -> Option<Option<Value>>;

/// An optional member is not looked at, or taken for another value than it has.
fn of_option(subject: &MutantSubject<'_>, member: &Member) -> Vec<Mutant> {
    let shape = subject.contract.shape(&member.target);
    let is_flag = shape.is_some_and(|shape| matches!(shape.kind, ShapeKind::Boolean));
    let ignored: (&str, &str, StateReading) = ("ignored", "is not looked at", |given| given.map(|_| None));
    let forced: [(&str, &str, StateReading); 2] = [
        ("always-true", "is always taken for true", |given| {
            (given != Some(&Value::Bool(true))).then_some(Some(Value::Bool(true)))
        }),
        ("always-false", "is always taken for false", |given| {
            (given != Some(&Value::Bool(false))).then_some(Some(Value::Bool(false)))
        }),
    ];
    let ways = std::iter::once(ignored).chain(forced.into_iter().filter(|_| is_flag));
    ways.map(|(name, says, reading)| {
        let (target, member) = (subject.target(), member.name.clone());
        let says = format!("{member} {says}");
        subject.mutant(MutantFamily::State, &format!("{member}/{name}"), EFFECT, says, move || {
            let (target, member) = (target.clone(), member.clone());
            Understood {
                rewrite: move |asked: &AskedCall<'_>| {
                    let mut input = asked.input().filter(|_| asked.target() == target)?.as_object()?.clone();
                    let legal = |value: &Value| value.is_boolean() || !is_flag;
                    let given = input.shift_remove(&member).filter(|value| !value.is_null());
                    if given.as_ref().is_some_and(|value| !legal(value)) || error_of(&asked.rehearsed()).is_some() {
                        return None;
                    }
                    input.extend(reading(given.as_ref())?.map(|value| (member.clone(), value)));
                    Some(asked.with_input(&Value::Object(input)))
                },
            }
        })
    })
    .collect()
}

/// Puts everything back to before a success, a little after it.
struct Undone {
    target: String,
    done: Option<(f64, Snapshot)>,
}

impl Behaviour for Undone {
    fn answer(&mut self, asked: &AskedCall<'_>) -> Option<Response> {
        let now = asked.endpoint.clock().now();
        if let Some((_, before)) = self.done.take_if(|(at, _)| now >= *at + UNDONE_AFTER) {
            asked.deviate();
            asked.endpoint.restore(&before);
        }
        if asked.target() != self.target {
            return None;
        }
        let before = asked.endpoint.snapshot();
        let response = asked.reference();
        if is_success(&response) {
            self.done = Some((now, before));
        }
        Some(response)
    }
}

/// Lets no time pass after a success, until something else is begun.
struct Endless {
    target: String,
}

impl Behaviour for Endless {
    fn answer(&mut self, asked: &AskedCall<'_>) -> Option<Response> {
        if !asked.is_read() {
            asked.endpoint.clock().resume();
        }
        if asked.target() != self.target {
            return None;
        }
        let response = asked.reference();
        if is_success(&response) {
            asked.deviate();
            asked.endpoint.clock().hold();
        }
        Some(response)
    }
}
