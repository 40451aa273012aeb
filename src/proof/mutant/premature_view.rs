//! Faults in the time at which a change becomes visible: too early, or although it was stopped.
//!
//! The future value comes from a fork of the reference whose clock is far ahead.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    Mutant, MutantFamily, MutantSubject,
    behavior::{Behavior, ReceivedCall, change_body, is_success},
    member_location::MemberLocation,
    sample::SeenMembers,
    view_faults::KIND,
};
use crate::{
    reference::{Clock, ReferenceEndpoint},
    wire::Response,
};

/// The result of an update is visible too early, or although the update was stopped.
pub(super) fn mutants(
    subject: &MutantSubject<'_>,
    acts: &[String],
    seen: &SeenMembers,
    location: &MemberLocation,
) -> Vec<Mutant> {
    let states: BTreeSet<&MemberLocation> = seen.edges.keys().map(|(at, _, _)| at).collect();
    let beside = states.iter().find(|at| at.is_beside(location)).filter(|_| !states.contains(location));
    let Some(state) = beside.filter(|_| seen.members.contains(location)) else { return Vec::new() };
    let ways = [
        ("early", "shown with its future value during a change", true),
        ("not-reverted", "shown as if the change had not been stopped", false),
    ];
    ways.into_iter()
        .map(|(way, says, under_way)| {
            let (target, acts, location, state) = (subject.target(), acts.to_vec(), location.clone(), (*state).clone());
            let (name, says) = (format!("{location}/{way}"), format!("{location} is {says}"));
            subject.mutant(MutantFamily::View, &name, KIND, says, move || Premature {
                target: target.clone(),
                acts: acts.clone(),
                location: location.clone(),
                state: state.clone(),
                under_way,
                unstopped: None,
            })
        })
        .collect()
}

/// The time after which every change is complete, in seconds.
const OVER: f64 = 100_000.0;

struct Premature {
    target: String,
    acts: Vec<String>,
    location: MemberLocation,
    /// The state beside the member. A different state in the future means that a change is in progress.
    state: MemberLocation,
    under_way: bool,
    /// The endpoint as it would have become without the last act.
    unstopped: Option<ReferenceEndpoint>,
}

impl Behavior for Premature {
    fn respond(&mut self, received: &ReceivedCall<'_>) -> Option<Response> {
        if self.acts.iter().any(|act| act == received.target()) {
            let future = over(received.endpoint);
            let response = received.reference();
            if is_success(&response) {
                self.unstopped = Some(future);
            }
            return Some(response);
        }
        if received.target() != self.target || received.is_control() {
            return None;
        }
        let right = received.reference();
        let mut response = right.clone();
        if is_success(&right) {
            change_body(&mut response, |body| self.show(received, body));
        }
        if response != right {
            received.deviate();
        }
        Some(response)
    }
}

impl Premature {
    fn show(&self, received: &ReceivedCall<'_>, body: &mut Value) {
        let Some(future) = read(&over(received.endpoint), received) else { return };
        let under_way = value_at(&self.state, &future) != value_at(&self.state, body);
        let unstopped = || read(self.unstopped.as_ref()?, received);
        let other = if self.under_way { Some(future) } else { unstopped() };
        if let Some(value) =
            other.filter(|_| under_way == self.under_way).and_then(|other| value_at(&self.location, &other))
        {
            self.location.change(body, &mut |shown| shown.clone_from(&value));
        }
    }
}

/// A fork of the endpoint in which every change is complete.
fn over(endpoint: &ReferenceEndpoint) -> ReferenceEndpoint {
    endpoint.fork(Clock::held_at(endpoint.clock().now() + OVER))
}

/// The output of an endpoint for the same request, if it succeeds.
fn read(endpoint: &ReferenceEndpoint, received: &ReceivedCall<'_>) -> Option<Value> {
    let response = endpoint.handle(received.request, received.real_now);
    serde_json::from_slice(&response.body).ok().filter(|_| is_success(&response))
}

fn value_at(location: &MemberLocation, body: &Value) -> Option<Value> {
    let mut found = None;
    location.change(&mut body.clone(), &mut |value| found = Some(value.clone()));
    found
}
