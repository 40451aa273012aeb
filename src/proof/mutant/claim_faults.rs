//! A status in the response that contradicts the state: the response calls an end what is still under way.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Value, json};

use super::{
    FaultScope, Mutant, MutantFamily, MutantSubject,
    behavior::{Acting, DelayedCalls, ReceivedCall, change_body, is_success, rejection},
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
    let of_status = claims.flat_map(|claim| claim.to.iter().flat_map(|to| of_claim(subject, claim, to)));
    let further = match subject.operation.name.as_str() {
        "StopDeployment" => vec![
            complete_while_ready(subject),
            attempted_group(subject, "targetRevision"),
            attempted_group(subject, "lastAttemptedDeployment"),
        ],
        "CancelServicePipelineDeployment" => vec![spec_of_the_update(subject)],
        _ => Vec::new(),
    };
    of_status.chain(further).collect()
}

/// A deployment that waits to reroute traffic is rejected as complete.
fn complete_while_ready(subject: &MutantSubject<'_>) -> Mutant {
    const ERROR: &str = "DeploymentAlreadyCompletedException";
    let (target, body) = (subject.target(), subject.error_body(ERROR));
    let says = format!("the stop of a deployment that is Ready is rejected with {ERROR}");
    subject.mutant(MutantFamily::Claim, &format!("{ERROR}/Ready"), KIND, says, move || {
        let (target, body, mut ready) = (target.clone(), body.clone(), BTreeSet::new());
        Acting(move |received: &ReceivedCall<'_>| {
            if received.target() == target {
                let named = received.texts().into_iter().any(|id| ready.contains(&id));
                let right = received.rehearsed();
                return (named && is_success(&right)).then(|| {
                    received.deviate();
                    rejection(right, body.clone())
                });
            }
            let response = received.reference();
            if received.target().ends_with(".GetDeployment")
                && String::from_utf8_lossy(&response.body).contains(r#""status":"Ready""#)
            {
                ready.extend(received.texts());
            }
            Some(response)
        })
    })
}

/// A group shows its last attempt, stopped or not, as what it has or as still under way.
fn attempted_group(subject: &MutantSubject<'_>, member: &'static str) -> Mutant {
    let says = format!("{member} of a group is that of the last attempt before its stop");
    subject.mutant(MutantFamily::Claim, &format!("group/{member}"), KIND, says, move || {
        let mut attempts = HashMap::<[String; 2], Value>::new();
        Acting(move |received: &ReceivedCall<'_>| {
            let mut response = received.reference();
            let group = |input: &Value| ["applicationName", "deploymentGroupName"].map(|name| input[name].to_string());
            let Some(input) = received.input().filter(|_| is_success(&response)) else { return Some(response) };
            if received.target().ends_with(".CreateDeployment") {
                let output: Value = serde_json::from_slice(&response.body).unwrap_or_default();
                let status = json!({"deploymentId": output["deploymentId"], "status": "InProgress"});
                attempts
                    .insert(group(input), if member == "targetRevision" { input["revision"].clone() } else { status });
            }
            let attempt = attempts.get(&group(input)).filter(|_| received.target().ends_with(".GetDeploymentGroup"));
            if let Some(attempt) = attempt {
                change_body(&mut response, |body| {
                    let shown = &mut body["deploymentGroupInfo"][member];
                    if shown != attempt {
                        received.deviate();
                        *shown = attempt.clone();
                    }
                });
            }
            Some(response)
        })
    })
}

/// The response to a cancellation has the spec of the update that it cancels.
fn spec_of_the_update(subject: &MutantSubject<'_>) -> Mutant {
    let target = subject.target();
    let says = "the response has the spec of the cancelled update";
    subject.mutant(MutantFamily::Claim, "pipeline.spec/of-the-update", KIND, says, move || {
        let (target, mut specs) = (target.clone(), HashMap::<String, Value>::new());
        Acting(move |received: &ReceivedCall<'_>| {
            let mut response = received.reference();
            let Some(input) = received.input().filter(|_| is_success(&response)) else { return Some(response) };
            let name = input["serviceName"].to_string();
            if received.target().ends_with(".UpdateServicePipeline") {
                specs.insert(name, input["spec"].clone());
            } else if let Some(spec) = specs.get(&name).filter(|_| received.target() == target) {
                received.deviate();
                change_body(&mut response, |body| body["pipeline"]["spec"] = spec.clone());
            }
            Some(response)
        })
    })
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
        assert_eq!(stop.len(), 10, "{stop:?}");
        assert!(
            stop.contains(&"codedeploy/StopDeployment/claim/status/Succeeded/autoRollbackEnabled-absent".to_owned())
        );
        let cancel = names("proton", "CancelServicePipelineDeployment");
        assert_eq!(cancel.len(), 10, "{cancel:?}");
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
