//! An operation is implemented if any response of the run proves it. Only a response counts that no unknown operation
//! gets.

use bytes::Bytes;
use wireproof::internals::{
    judge::verdict::Verdict,
    reference::STATE_PATH,
    run::session::{PresenceChecks, RunOptions},
    suite::Case,
    wire::{Request, Response},
};

use crate::support::{self, PACE, Run, SUITE, Virtual};

const STOP: &str = "CodeDeploy_20141006.StopDeployment";

/// The page that some emulators send whenever a handler fails, and for every operation that they do not have.
fn page() -> Response {
    Response {
        status: 500,
        headers: [("content-type", "text/html"), ("content-length", "6")].into_iter().collect(),
        body: Bytes::from_static(b"<html>"),
        ..Response::default()
    }
}

/// The cases of `StopDeployment`.
fn cases() -> Vec<Case> {
    SUITE.cases().into_iter().filter(|case| case.scenario.operation == "StopDeployment").collect()
}

/// Runs the cases against the reference. `change` gets the target of each request and the response.
fn run(options: RunOptions, change: impl Fn(&str, Response) -> Response + Send + Sync + 'static) -> Run {
    let endpoint = Virtual::start();
    let right = endpoint.endpoint();
    let respond = move |request: &Request| {
        let target = request.headers.get("x-amz-target").unwrap_or_default();
        change(target, support::handle(&right, request))
    };
    endpoint.run_against(respond, cases(), options)
}

/// An operation that fails for every invalid or unknown input, like an operation that does not exist.
fn fails_on_rejection(target: &str, response: Response) -> Response {
    // Requests for states have no target.
    let is_unknown = !target.is_empty() && target.contains("Unknown");
    if is_unknown || (target == STOP && response.status >= 400) { page() } else { response }
}

#[test]
fn one_success_proves_an_operation_that_fails_for_made_up_inputs_like_an_unknown_one() {
    let run = run(PACE, fails_on_rejection);
    let ledger = run.ledger();
    assert_eq!(ledger.not_implemented, 0, "{ledger:?}");
    assert!(ledger.conforms > 20 && ledger.deviates > 100, "{ledger:?}");
    let crash = run.cases.iter().find(|case| case.report.id.0 == "codedeploy/stop-deployment/unknown-id").unwrap();
    assert_eq!(crash.report.verdict, Verdict::Deviates);
}

#[test]
fn an_operation_that_always_responds_like_an_unknown_one_is_not_implemented_in_any_case() {
    let run =
        run(PACE, |target, response| if target == STOP || target.contains("Unknown") { page() } else { response });
    let ledger = run.ledger();
    assert_eq!((ledger.not_implemented, ledger.entered()), (ledger.selected, ledger.selected), "{ledger:?}");
}

#[test]
fn a_declared_error_for_a_request_that_names_no_operation_proves_nothing() {
    let endpoint = Virtual::start();
    let right = endpoint.endpoint();
    // Some emulators tell the caller which name they do not know, with an error that some operations declare.
    let respond = move |request: &Request| {
        let target = request.headers.get("x-amz-target").unwrap_or_default();
        let is_known = target.starts_with("CodeDeploy_20141006.") && !target.contains("Unknown") && target != STOP;
        let right = support::handle(&right, request);
        if is_known || request.target == STATE_PATH { right } else { unknown_action(target) }
    };
    let run = endpoint.run_against(respond, cases(), PACE);
    let ledger = run.ledger();
    assert_eq!((ledger.not_implemented, ledger.entered()), (ledger.selected, ledger.selected), "{ledger:?}");
}

fn unknown_action(target: &str) -> Response {
    let (_, operation) = target.split_once('.').unwrap_or_default();
    let message = format!("Unknown action: {operation}");
    let body = serde_json::json!({"__type": "DeploymentDoesNotExistException", "message": message}).to_string();
    let length = body.len().to_string();
    let headers = [("content-type", "application/x-amz-json-1.1"), ("content-length", &length)];
    Response { status: 400, headers: headers.into_iter().collect(), body: body.into(), ..Response::default() }
}

#[test]
fn an_operation_that_always_fails_unlike_an_unknown_one_crashes_and_deviates() {
    let run = run(PACE, |target, response| if target == STOP { page() } else { response });
    let ledger = run.ledger();
    assert_eq!(ledger.not_implemented, 0, "{ledger:?}");
    assert!(ledger.deviates > ledger.selected / 2, "{ledger:?}");
}

#[test]
fn an_operation_that_is_assumed_to_be_implemented_is_judged() {
    let mut presence = PresenceChecks::all();
    presence.assume("StopDeployment".to_owned());
    let run = run(RunOptions { presence, ..PACE }, |target, response| {
        if target == STOP || target.contains("Unknown") { page() } else { response }
    });
    let ledger = run.ledger();
    assert_eq!(ledger.not_implemented, 0, "{ledger:?}");
    assert!(ledger.deviates > ledger.selected / 2 && ledger.conforms == 0, "{ledger:?}");
}
