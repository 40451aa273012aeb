//! Endpoints that the documents allow although the reference behaves otherwise: no case deviates on any of them.

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Value, json};
use wireproof::internals::{
    judge::verdict::{Severity, Verdict},
    run::{exit::ExitStatus, judged_case::JudgedCase, session::RunOptions},
    suite::Case,
    wire::{Request, Response, protocol::called},
};

use crate::support::{self, PACE, RUN, Run, SUITE, Virtual};

/// Changes a response of the reference.
type Variant = fn(&Request, &mut Response);

fn calls(request: &Request, operation: &str) -> bool {
    called(request).is_some_and(|call| call.ends_with(&format!(".{operation}")))
}

fn change_body(response: &mut Response, change: impl FnOnce(&mut Value)) {
    let Ok(right) = serde_json::from_slice::<Value>(&response.body) else { return };
    let mut body = right.clone();
    change(&mut body);
    if body != right {
        response.body = body.to_string().into();
        response.headers.set("content-length", response.body.len().to_string());
    }
}

/// Every stop that succeeds is forced.
fn forced(request: &Request, response: &mut Response) {
    if calls(request, "StopDeployment") && response.status == 200 {
        change_body(response, |body| body["status"] = json!("Forced"));
    }
}

/// A stop responds without its status.
fn no_status(request: &Request, response: &mut Response) {
    if calls(request, "StopDeployment") && response.status == 200 {
        change_body(response, |body| remove(body, "status"));
    }
}

/// A stop responds with an empty object.
fn empty_output(request: &Request, response: &mut Response) {
    if calls(request, "StopDeployment") && response.status == 200 {
        change_body(response, |body| *body = json!({}));
    }
}

fn no_complete_time(_: &Request, response: &mut Response) {
    change_body(response, |body| remove(body, "completeTime"));
}

fn no_creator(_: &Request, response: &mut Response) {
    change_body(response, |body| remove(body, "creator"));
}

/// Removes a member wherever it is.
fn remove(value: &mut Value, name: &str) {
    match value {
        Value::Object(members) => {
            members.shift_remove(name);
            members.values_mut().for_each(|value| remove(value, name));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| remove(value, name)),
        _ => {}
    }
}

/// Proton has one error for every input that it cannot use.
fn unreadable_is_invalid(request: &Request, response: &mut Response) {
    if called(request).is_some_and(|call| call.starts_with("AwsProton")) {
        rename_error(response, "SerializationException");
    }
}

/// Proton has the same error for a pipeline whose state does not allow the call.
fn conflict_is_invalid(request: &Request, response: &mut Response) {
    if calls(request, "CancelServicePipelineDeployment") || calls(request, "UpdateServicePipeline") {
        rename_error(response, "ConflictException");
    }
}

fn rename_error(response: &mut Response, from: &str) {
    change_body(response, |body| {
        if body["__type"].as_str().is_some_and(|name| name.ends_with(from)) {
            *body = json!({"__type": "ValidationException", "message": "The input is invalid."});
        }
    });
}

/// A router in front of the services rejects every other path and method in its own words.
fn router(request: &Request, response: &mut Response) {
    let path = request.target.split('?').next().unwrap_or_default();
    let status = match request.method.as_str() {
        _ if path != "/" && !path.starts_with("/_wireproof/") => 404,
        "POST" => return,
        _ => 405,
    };
    let body = format!("<html><h1>{status}</h1></html>");
    let headers = [("content-type", "text/html"), ("content-length", &body.len().to_string())].into_iter().collect();
    *response = Response { status, headers, body: body.into(), ..Response::default() };
}

/// The cases in which the variant responds otherwise than the reference.
fn affected(variant: Variant) -> Vec<Case> {
    let differs = |request: &Request, response: &Response| {
        let mut changed = response.clone();
        variant(request, &mut changed);
        changed != *response
    };
    let affected = RUN.cases.iter().filter(|case| {
        let mut exchanges = case.transcript.exchanges.iter();
        exchanges.any(|exchange| exchange.outcome.as_ref().is_ok_and(|response| differs(&exchange.request, response)))
    });
    affected.map(|case| case.case.clone()).collect()
}

fn run(variant: Variant, cases: Vec<Case>, options: RunOptions) -> Run {
    let time = Virtual::start();
    let reference = time.endpoint();
    let respond = move |request: &Request| {
        let mut response = support::handle(&reference, request);
        variant(request, &mut response);
        response
    };
    time.run_against(respond, cases, options)
}

/// The variants, and the warnings about each.
const VARIANTS: [(&str, Variant, &str); 8] = [
    ("forced", forced, "response-shape/contested-value"),
    ("no status", no_status, "response-shape/contested-member"),
    ("empty output", empty_output, "response-shape/contested-member"),
    ("no completeTime", no_complete_time, ""),
    ("no creator", no_creator, ""),
    ("unreadable is invalid", unreadable_is_invalid, ""),
    ("conflict is invalid", conflict_is_invalid, ""),
    ("router", router, ""),
];

/// Cases that expect one of two responses because the target itself promises it.
const PROMISED: [&str; 2] = ["codedeploy/stop-deployment/forced", "proton/cancel-service-pipeline-deployment/conflict"];

/// Runs at most so many of the cases that each variant affects, and returns what is wrong.
fn problems(seed: u64, most: usize) -> String {
    let of_variant = |(name, variant, warning): &(&str, Variant, &str)| {
        let mut cases = affected(*variant);
        cases.retain(|case| !PROMISED.contains(&&*case.id.0));
        assert!(!cases.is_empty(), "{name} changes nothing");
        let step = cases.len().div_ceil(most);
        let run = run(*variant, cases.into_iter().step_by(step).collect(), RunOptions { seed, ..PACE });
        let new = new_warnings(&run);
        let warnings = if new == *warning { String::new() } else { format!("{new} instead of {warning}\n") };
        let problems = not_conforming(&run) + &warnings;
        if problems.is_empty() { problems } else { format!("{name}, seed {seed}:\n{problems}") }
    };
    VARIANTS.iter().map(of_variant).collect()
}

/// The cases that do not conform, for a person.
fn not_conforming(run: &Run) -> String {
    run.cases.iter().filter(|case| case.report.verdict != Verdict::Conforms).map(support::describe).collect()
}

/// The rules of warnings that the reference does not get.
fn new_warnings(run: &Run) -> String {
    let rules = |case: &JudgedCase| -> BTreeSet<String> {
        let warnings = case.report.findings.iter().filter(|finding| finding.severity == Severity::Warning);
        warnings.map(|finding| format!("{}/{}", finding.code, finding.rule.as_deref().unwrap_or_default())).collect()
    };
    let of_reference = |case: &JudgedCase| RUN.cases.iter().find(|known| known.report.id == case.report.id).map(rules);
    let new = run.cases.iter().flat_map(|case| &rules(case) - &of_reference(case).unwrap_or_default());
    new.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(" ")
}

#[test]
fn cases_conform_on_endpoints_that_the_documents_allow() {
    assert_eq!(problems(1, 4), "");
}

#[test]
#[ignore = "it runs most of the suite many times"]
fn every_case_conforms_on_endpoints_that_the_documents_allow() {
    assert_eq!([1, 2, 3].map(|seed| problems(seed, usize::MAX)).concat(), "");
}

/// A stop of the reference takes 0.15 s, a cancellation 0.2 s, a rollback 0.5 s, and the edit of a service 1 s.
fn slow(cases: Vec<Case>) -> Run {
    let time = Virtual::start();
    time.endpoint().clock().speed(0.02);
    time.run(cases, RunOptions { patience: Duration::from_secs(60), ..PACE }, Duration::ZERO)
}

#[test]
fn cases_conform_on_an_endpoint_whose_stops_take_8_seconds_and_whose_rollbacks_take_25() {
    let names =
        ["/open-stops", "/rollback-true", "/rollback-depth-true#configured", "/documented-walk", "/recreated-service"];
    let mut cases = SUITE.cases();
    cases.retain(|case| names.iter().any(|name| case.id.0.ends_with(name)));
    assert_eq!(cases.len(), names.len());
    assert_eq!(not_conforming(&slow(cases)), "");
}

#[test]
#[ignore = "it runs the whole suite, with long waits"]
fn every_case_conforms_on_an_endpoint_whose_stops_take_8_seconds_and_whose_rollbacks_take_25() {
    assert_eq!(not_conforming(&slow(SUITE.cases())), "");
}

/// Reads show a deployment that stopped as if its stop were still in progress.
fn never_stops(request: &Request, response: &mut Response) {
    if calls(request, "GetDeployment") {
        change_body(response, |body| {
            let status = &mut body["deploymentInfo"]["status"];
            if *status == "Stopped" {
                *status = json!("InProgress");
            }
        });
    }
}

#[test]
fn stops_that_never_end_leave_cases_inconclusive_and_use_the_patience_up_once() {
    let time = Virtual::start();
    let reference = time.endpoint();
    let respond = move |request: &Request| {
        let mut response = support::handle(&reference, request);
        never_stops(request, &mut response);
        response
    };
    let now = || time.block_on(async { tokio::time::Instant::now() });
    let begun = now();
    let cases = affected(never_stops).into_iter().step_by(2).collect();
    let run = time.run_against(respond, cases, PACE);
    let took = now() - begun;
    assert!(took < 3 * PACE.patience, "{took:?}");
    let pending = |seconds: &str| {
        let reason = format!("the change that GetDeployment reports is still pending after {seconds}");
        let cases = run.cases.iter().filter(|case| case.report.verdict == Verdict::Inconclusive);
        cases.filter(|case| case.report.reason.starts_with(&reason)).count()
    };
    let (whole, short) = (pending("30."), pending("5."));
    assert!((1..=PACE.jobs).contains(&whole) && short > whole, "{whole} {short}");
    assert_ne!(ExitStatus::of_run(&run.ledger(), &[Verdict::Deviates], false), ExitStatus::Conforms);
}
