//! A status in the response that contradicts the state: the response calls an end what is still under way.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{
    FaultScope, Mutant, MutantFamily, MutantSubject,
    behavior::{Acting, DelayedCalls, ReceivedCall, change_body, is_success},
    member_location::MemberLocation,
};
use crate::{judge::code::Code, wire::Response};

/// A read contradicts the response.
const KIND: &[Code] = &[Code::EXPECTED_BODY, Code::EVENTUALLY, Code::CONSISTENTLY, Code::OUTCOME];

/// The time after which a claimed effect takes place, in seconds of virtual time.
const LATE: f64 = 1.0;

/// The responses of an operation that say that something ended.
struct ClaimedEnd {
    operation: &'static str,
    /// The member that says so.
    location: &'static [&'static str],
    /// The value while the change is under way.
    from: &'static str,
    /// The values that claim an end.
    to: &'static [&'static str],
    /// A second call for the same resource succeeds while the first one is under way.
    repeats: bool,
}

/// `Forced` is missing: no document says what it means for the state.
const CLAIMS: [ClaimedEnd; 2] = [
    ClaimedEnd {
        operation: "StopDeployment",
        location: &["status"],
        from: "Pending",
        to: &["Succeeded"],
        repeats: true,
    },
    ClaimedEnd {
        operation: "CancelServicePipelineDeployment",
        location: &["pipeline", "deploymentStatus"],
        from: "CANCELLING",
        to: &["CANCELLED", "FAILED", "SUCCEEDED"],
        repeats: false,
    },
];

/// The calls whose response makes the claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ClaimWay {
    Always,
    /// The calls after the first one for the same resource.
    Again,
    /// Nothing happens at all.
    NoEffect,
    /// It happens later.
    Late,
    /// The calls that give this value for a flag.
    Flag(&'static str, Option<bool>),
}

pub(super) fn mutants(subject: &MutantSubject<'_>) -> Vec<Mutant> {
    let claims = CLAIMS.iter().filter(|claim| claim.operation == subject.operation.name);
    claims.flat_map(|claim| claim.to.iter().flat_map(|to| of_claim(subject, claim, to))).collect()
}

fn of_claim(subject: &MutantSubject<'_>, claim: &'static ClaimedEnd, to: &'static str) -> Vec<Mutant> {
    let ended = format!("the response says {to} while the state is that of {}", claim.from);
    let mut ways = vec![
        ("always".to_owned(), ended.clone(), ClaimWay::Always),
        ("no-effect".to_owned(), format!("the response says {to}, but nothing happens"), ClaimWay::NoEffect),
        ("late".to_owned(), format!("the response says {to}, but it happens {LATE} s later"), ClaimWay::Late),
    ];
    if claim.repeats {
        ways.push(("again".to_owned(), format!("{ended}, in a second call"), ClaimWay::Again));
        for (name, given) in [("true", Some(true)), ("false", Some(false)), ("absent", None)] {
            let (flag, says) = ("autoRollbackEnabled", format!("{ended}, if autoRollbackEnabled is {name}"));
            ways.push((format!("{flag}-{name}"), says, ClaimWay::Flag(flag, given)));
        }
    }
    ways.into_iter().map(|(name, says, way)| claiming(subject, claim, to, (&name, says, way))).collect()
}

fn claiming(
    subject: &MutantSubject<'_>,
    claim: &'static ClaimedEnd,
    to: &'static str,
    (name, says, way): (&str, String, ClaimWay),
) -> Mutant {
    let location = claim.location.iter().fold(MemberLocation::root(), |location, name| location.member(name));
    let target = subject.target();
    let mutant = subject.mutant(MutantFamily::Claim, &format!("{location}/{to}/{name}"), KIND, says, move || {
        let (target, location, mut calls) = (target.clone(), location.clone(), HashMap::new());
        let mut delayed = DelayedCalls::default();
        Acting(move |received: &ReceivedCall<'_>| {
            delayed.run(received);
            if received.target() != target {
                return None;
            }
            let call = calls.entry(received.texts()).and_modify(|calls| *calls += 1).or_insert(1);
            let rehearses = matches!(way, ClaimWay::NoEffect | ClaimWay::Late);
            let right = if rehearses { received.rehearsed() } else { received.reference() };
            if !is_success(&right) || !way.includes(received, *call) {
                return Some(if rehearses { received.reference() } else { right });
            }
            let response = claimed(&right, &location, claim.from, to);
            if response == right {
                return Some(if rehearses { received.reference() } else { right });
            }
            received.deviate();
            if way == ClaimWay::Late {
                delayed.add(received, received.request.clone(), LATE);
            }
            Some(response)
        })
    });
    mutant.at(FaultScope::Success)
}

impl ClaimWay {
    fn includes(self, received: &ReceivedCall<'_>, call: usize) -> bool {
        match self {
            Self::Always | Self::NoEffect | Self::Late => true,
            Self::Again => call > 1,
            Self::Flag(name, value) => received.input().and_then(|input| input[name].as_bool()) == value,
        }
    }
}

/// The response with `to` instead of `from`.
fn claimed(right: &Response, location: &MemberLocation, from: &str, to: &str) -> Response {
    let mut response = right.clone();
    let claim = |value: &mut Value| {
        if value.as_str() == Some(from) {
            *value = json!(to);
        }
    };
    if String::from_utf8_lossy(&right.body).contains(from) {
        change_body(&mut response, |body| location.change(body, &mut |value| claim(value)));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::mutant::testing::of_operation;

    fn names(service: &str, operation: &str) -> Vec<String> {
        of_operation(service, operation, mutants).into_iter().map(|mutant| mutant.id).collect()
    }

    #[test]
    fn every_final_status_can_be_claimed_in_every_way() {
        let stop = names("codedeploy", "StopDeployment");
        assert_eq!(stop.len(), 7, "{stop:?}");
        assert!(
            stop.contains(&"codedeploy/StopDeployment/claim/status/Succeeded/autoRollbackEnabled-absent".to_owned())
        );
        let cancel = names("proton", "CancelServicePipelineDeployment");
        assert_eq!(cancel.len(), 9, "{cancel:?}");
        assert!(names("codedeploy", "GetDeployment").is_empty());
    }

    #[test]
    fn only_the_value_of_a_change_under_way_is_replaced() {
        let response =
            |status: &str| Response { body: json!({"status": status}).to_string().into(), ..Response::default() };
        let location = MemberLocation::root().member("status");
        let claimed = |status: &str| claimed(&response(status), &location, "Pending", "Succeeded").body;
        assert_eq!(claimed("Pending"), response("Succeeded").body);
        assert_eq!(claimed("Forced"), response("Forced").body);
    }
}
