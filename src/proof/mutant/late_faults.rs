//! Faults that appear long after the response: seconds later, when the case that could see them has ended.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{
    Mutant, MutantFamily, MutantSubject,
    behavior::{Acting, DelayedCalls, ReceivedCall, change_body, error_of, is_success},
    known_resources::{KnownCreations, key_member},
    member_location::MemberLocation,
};
use crate::{judge::code::Code, reference::Identity};

/// A read at the end of the run, or a later one of the same case.
const KIND: &[Code] = &[Code::EXPECTED_BODY, Code::EVENTUALLY, Code::CONSISTENTLY, Code::SIDE_EFFECT, Code::OUTCOME];

/// The delays in seconds of virtual time. The last one ends after every case that caused it.
const DELAYS: [u32; 3] = [1, 5, 25];

/// The late changes of what an operation acts on.
struct LateChange {
    operation: &'static str,
    /// The read that shows the change, with the member of its state.
    read: &'static str,
    state: &'static [&'static str],
    /// The state after a success, and those that it changes to.
    end: &'static str,
    others: &'static [&'static str],
    /// The other final states, which a rejected call leaves.
    finished: &'static [&'static str],
    /// The rejections that take effect late.
    rejections: &'static [&'static str],
}

const CHANGES: [LateChange; 2] = [
    LateChange {
        operation: "StopDeployment",
        read: "GetDeployment",
        state: &["deploymentInfo", "status"],
        end: "Stopped",
        others: &["InProgress", "Succeeded", "Failed"],
        finished: &["Succeeded", "Failed"],
        rejections: &["AccessDeniedException", "InvalidSignatureException", "DeploymentDoesNotExistException"],
    },
    LateChange {
        operation: "CancelServicePipelineDeployment",
        read: "GetService",
        state: &["service", "pipeline", "deploymentStatus"],
        end: "CANCELLED",
        others: &["IN_PROGRESS", "SUCCEEDED", "FAILED"],
        finished: &["SUCCEEDED"],
        rejections: &["AccessDeniedException", "InvalidSignatureException", "ResourceNotFoundException"],
    },
];

pub(super) fn mutants(subject: &MutantSubject<'_>) -> Vec<Mutant> {
    let change = CHANGES.iter().find(|change| change.operation == subject.operation.name);
    let Some((change, key)) = change.zip(key_member(subject.contract, subject.operation)) else { return Vec::new() };
    let mut mutants = Vec::new();
    for delay in DELAYS {
        mutants.extend(change.others.iter().map(|other| leaving(subject, change, &key, (change.end, other, delay))));
        let finished = change.finished.iter();
        mutants.extend(finished.map(|from| leaving(subject, change, &key, (from, change.end, delay))));
        mutants.extend(change.rejections.iter().map(|error| despite(subject, error, delay)));
        if change.operation == "StopDeployment" {
            mutants.push(rolling_back(subject, delay));
        }
    }
    mutants
}

/// A final state changes some time after a call that succeeded or, if the state is another one than a success leads to,
/// after any call.
fn leaving(
    subject: &MutantSubject<'_>,
    change: &'static LateChange,
    key: &str,
    (from, other, delay): (&'static str, &'static str, u32),
) -> Mutant {
    let (target, key) = (subject.target(), key.to_owned());
    let location = change.state.iter().fold(MemberLocation::root(), |location, name| location.member(name));
    let name = format!("{from}-to-{other}/after-{delay}s");
    let says = format!("{location} changes from {from} to {other} after {delay} s");
    subject.mutant(MutantFamily::Late, &name, KIND, says, move || {
        let (target, key, location) = (target.clone(), key.clone(), location.clone());
        let mut acted_on = BTreeSet::<String>::new();
        let mut since = BTreeMap::<String, f64>::new();
        Acting(move |received: &ReceivedCall<'_>| {
            let mut response = received.reference();
            if received.target() == target && (is_success(&response) || from != change.end) {
                let named = received.input().and_then(|input| input[&key].as_str()).map(str::to_owned);
                // Scenarios often read a resource only once if it had ended before the call.
                let now = received.endpoint.clock().now();
                since.extend(named.iter().filter(|_| from != change.end).map(|named| (named.clone(), now)));
                acted_on.extend(named);
            }
            let named = received.texts().into_iter().find(|text| acted_on.contains(text));
            let reads = received.target().ends_with(&format!(".{}", change.read)) && is_success(&response);
            if let Some(named) = named.filter(|_| reads) {
                let now = received.endpoint.clock().now();
                let mut late = |value: &mut Value| {
                    let ended = value.as_str() == Some(from);
                    if ended && now >= *since.entry(named.clone()).or_insert(now) + f64::from(delay) {
                        received.deviate();
                        *value = json!(other);
                    }
                };
                change_body(&mut response, |body| location.change(body, &mut late));
            }
            Some(response)
        })
    })
}

/// A rejected call takes effect after some time, as if its owner had made it.
fn despite(subject: &MutantSubject<'_>, error: &'static str, delay: u32) -> Mutant {
    let target = subject.target();
    let says = format!("a call that was rejected with {error} takes effect after {delay} s");
    subject.mutant(MutantFamily::Late, &format!("despite-{error}/after-{delay}s"), KIND, says, move || {
        let (target, mut delayed) = (target.clone(), DelayedCalls::default());
        Acting(move |received: &ReceivedCall<'_>| {
            delayed.run(received);
            if received.target() != target {
                return None;
            }
            let response = received.reference();
            if error_of(&response).as_deref() == Some(error) {
                let call = received.signed_by(received.request.clone(), &Identity::test(), &received.region());
                delayed.add(received, call, f64::from(delay));
            }
            Some(response)
        })
    })
}

/// A stop that must not roll back starts a deployment of the same group after some time.
fn rolling_back(subject: &MutantSubject<'_>, delay: u32) -> Mutant {
    let target = subject.target();
    let says = format!("a stop with autoRollbackEnabled false starts a deployment after {delay} s");
    subject.mutant(MutantFamily::Late, &format!("rollback/after-{delay}s"), KIND, says, move || {
        let (target, mut delayed) = (target.clone(), DelayedCalls::default());
        let mut creations = KnownCreations::default();
        Acting(move |received: &ReceivedCall<'_>| {
            delayed.run(received);
            let response = received.reference();
            creations.learn(received, &response);
            let input = received.input().filter(|_| received.target() == target && is_success(&response));
            let stop = input.filter(|input| input["autoRollbackEnabled"] == false);
            if let Some(creation) = stop.and_then(|input| creations.of(input)) {
                delayed.add(received, received.signed(creation.clone()), f64::from(delay));
            }
            Some(response)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::mutant::testing::of_operation;

    #[test]
    fn every_change_is_enumerated_with_every_delay() {
        let names = |service, operation| of_operation(service, operation, mutants).len();
        assert_eq!(names("codedeploy", "StopDeployment"), DELAYS.len() * 9);
        assert_eq!(names("proton", "CancelServicePipelineDeployment"), DELAYS.len() * 7);
        assert_eq!(names("codedeploy", "GetDeployment"), 0);
    }
}
