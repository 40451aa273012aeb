//! An operation is implemented if any response of the run proves it. Only a response counts that no unknown operation
//! gets.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use serde_json::{Value, json};
use wireproof::internals::{
    harness::Runner,
    judge::verdict::Verdict,
    probe::{Effect, ProbeOptions, Probes},
    reference::STATE_PATH,
    run::{
        event::{Event, Presence},
        observer::OnEvent,
        session::{PresenceChecks, RunOptions},
        transport::{InProcess, Reply},
    },
    suite::{Case, FixtureFiles, Fixtures, source::Source},
    wire::{Request, Response},
};

use crate::support::{self, PACE, Run, Virtual};

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
    support::some_rows().into_iter().filter(|case| case.scenario.operation == "StopDeployment").collect()
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
    assert!(ledger.conforms > 10 && ledger.deviates > 50, "{ledger:?}");
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

/// Lets a deployment be created forever.
fn never_starts(body: &Bytes) -> Bytes {
    let mut body: Value = serde_json::from_slice(body).unwrap();
    if let Some(status) = body.pointer_mut("/deploymentInfo/status") {
        *status = json!("Created");
    }
    body.to_string().into()
}

#[test]
fn a_missing_operation_is_not_waited_for_although_its_states_never_come() {
    let time = Virtual::start();
    let right = time.endpoint();
    let respond = move |request: &Request| {
        let target = request.headers.get("x-amz-target").unwrap_or_default();
        if target.is_empty() {
            // It has no state handler.
            return Response { status: 404, ..page() };
        }
        if target == STOP || target.contains("Unknown") {
            return page();
        }
        let response = support::handle(&right, request);
        if !target.ends_with("GetDeployment") {
            return response;
        }
        let body = never_starts(&response.body);
        let mut response = Response { body, ..response };
        response.headers.set("content-length", response.body.len().to_string());
        response
    };
    let now = || time.block_on(async { tokio::time::Instant::now() });
    let begun = now();
    let ledger = time.run_against(respond, cases(), PACE).ledger();
    assert_eq!(ledger.not_implemented, ledger.selected, "{ledger:?}");
    let took = now() - begun;
    assert!(Duration::from_secs(1) < took && took < Duration::from_secs(15), "{took:?}");
}

#[test]
fn a_case_of_an_operation_that_proves_to_be_implemented_waits_as_long_as_any_other() {
    let time = Virtual::start();
    let right = time.endpoint();
    // A stop takes 15 s, and the scenario waits for 5.
    right.clock().speed(0.01);
    let respond = move |request: &Request| {
        let target = request.headers.get("x-amz-target").unwrap_or_default();
        fails_on_rejection(target, support::handle(&right, request))
    };
    let mut cases = cases();
    cases.retain(|case| case.id.0.ends_with("/open-stops"));
    let run = time.run_against(respond, cases, PACE);
    let ledger = run.ledger();
    assert_eq!((ledger.selected, ledger.conforms), (1, 1), "{}", support::describe(&run.cases[0]));
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

/// Each box has rules, tags and marks, which subresources name.
const BOXES: &str = r#"{"smithy": "2.0", "shapes": {
  "x#Boxes": {"type": "service", "version": "2026-01-01", "operations": [{"target": "x#PutBox"}, {"target": "x#GetBox"},
      {"target": "x#DeleteBox"}, {"target": "x#PutRules"}, {"target": "x#GetRules"}, {"target": "x#DeleteRules"},
      {"target": "x#PutTags"}, {"target": "x#GetTags"}, {"target": "x#DeleteTags"}, {"target": "x#PutMarks"}],
    "traits": {"aws.auth#sigv4": {"name": "boxes"}, "aws.protocols#restXml": {}}},
  "x#PutBox": {"type": "operation", "input": {"target": "x#Box"}, "traits": {"smithy.api#http": {"method": "PUT", "uri": "/{Name}"}}},
  "x#GetBox": {"type": "operation", "input": {"target": "x#Box"}, "output": {"target": "x#Content"},
    "traits": {"smithy.api#readonly": {}, "smithy.api#http": {"method": "GET", "uri": "/{Name}"}}},
  "x#DeleteBox": {"type": "operation", "input": {"target": "x#Box"}, "traits": {"smithy.api#http": {"method": "DELETE", "uri": "/{Name}", "code": 204}}},
  "x#PutRules": {"type": "operation", "input": {"target": "x#Box"}, "traits": {"smithy.api#http": {"method": "PUT", "uri": "/{Name}?rules"}}},
  "x#GetRules": {"type": "operation", "input": {"target": "x#Box"}, "output": {"target": "x#Content"},
    "traits": {"smithy.api#readonly": {}, "smithy.api#http": {"method": "GET", "uri": "/{Name}?rules"}}},
  "x#DeleteRules": {"type": "operation", "input": {"target": "x#Box"}, "traits": {"smithy.api#http": {"method": "DELETE", "uri": "/{Name}?rules", "code": 204}}},
  "x#PutTags": {"type": "operation", "input": {"target": "x#Box"}, "traits": {"smithy.api#http": {"method": "PUT", "uri": "/{Name}?tags"}}},
  "x#GetTags": {"type": "operation", "input": {"target": "x#Box"}, "output": {"target": "x#Content"},
    "traits": {"smithy.api#readonly": {}, "smithy.api#http": {"method": "GET", "uri": "/{Name}?tags"}}},
  "x#DeleteTags": {"type": "operation", "input": {"target": "x#Box"}, "traits": {"smithy.api#http": {"method": "DELETE", "uri": "/{Name}?tags", "code": 204}}},
  "x#PutMarks": {"type": "operation", "input": {"target": "x#Box"}, "traits": {"smithy.api#http": {"method": "PUT", "uri": "/{Name}?marks"}}},
  "x#Box": {"type": "structure", "members": {"Name": {"target": "x#Name",
    "traits": {"smithy.api#required": {}, "smithy.api#httpLabel": {}}}}},
  "x#Content": {"type": "structure", "members": {"Text": {"target": "smithy.api#String"}}},
  "x#Name": {"type": "string", "traits": {"smithy.api#length": {"min": 3, "max": 40}}}}}"#;

/// Nothing fills the members of `PutMarks`.
const BOX_RECIPE: &str = r#"
states:
  a box:
    says: A box exists.
    steps:
      - call: PutBox
        input: { Name: "${unique('box')}" }
    yields: { name: "${unique('box')}" }
    teardown:
      - call: DeleteBox
        input: { Name: "${unique('box')}" }
members:
  "*Rules/Name": a box/name
  "*Tags/Name": a box/name
  GetBox/Name: a box/name
  DeleteBox/Name: a box/name
removals:
  PutBox: [{ call: DeleteBox, input: { Name: "${input.Name}" } }]
"#;

/// An endpoint that knows the subresource `rules`, and ignores any other.
fn box_response(boxes: &mut BTreeSet<String>, request: &Request) -> Response {
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let exists = boxes.contains(path);
    let is_of_box = request.method == "PUT" && query != "rules";
    let (status, body) = match (request.method.as_str(), query) {
        _ if path.matches('/').count() > 1 => (404, "<html>"),
        ("PUT", "rules") if exists => (200, ""),
        ("GET", "rules") if exists => (200, "<GetRulesResponse><Text>rules</Text></GetRulesResponse>"),
        ("DELETE", "rules") if exists => (204, ""),
        _ if is_of_box => {
            boxes.insert(path.to_owned());
            (200, "")
        }
        ("GET", _) if exists => (200, "<GetBoxResponse><Text>box</Text></GetBoxResponse>"),
        ("DELETE", _) if exists => {
            boxes.remove(path);
            (204, "")
        }
        _ => (404, "<ErrorResponse><Error><Code>NoSuchBox</Code><Message>m</Message></Error></ErrorResponse>"),
    };
    let length = body.len().to_string();
    let mut headers: Vec<(&str, &str)> = vec![("content-type", "application/xml"), ("content-length", &length)];
    headers.extend(is_of_box.then_some(("location", path)));
    Response { status, headers: headers.into_iter().collect(), body: body.into(), ..Response::default() }
}

#[test]
fn an_operation_whose_subresource_is_ignored_is_not_implemented_and_leaves_nothing_behind() {
    let files = [("boxes/model.json", BOXES), ("boxes/states.yaml", BOX_RECIPE)];
    let files = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
    let suite = Arc::new(Fixtures::read(&FixtureFiles::from_texts(files)).unwrap());
    let boxes = Arc::new(Mutex::new(BTreeSet::new()));
    let kept = Arc::clone(&boxes);
    let respond =
        InProcess::new(move |request: &Request| Reply::Answer(box_response(&mut kept.lock().unwrap(), request)));
    let options = ProbeOptions { effect: Effect::Destroys, ..ProbeOptions::default() };
    let mut plan = Probes::new(suite.service("boxes").unwrap(), &Arc::new(Source::none("boxes")), options);
    let mut found = BTreeMap::new();
    let mut observer = OnEvent(|event: &Event| {
        if let Event::PresenceChecked(checked) = event {
            found.insert(checked.operation.clone(), checked.presence);
        }
    });
    let runner = Runner::new(suite, support::target("http://127.0.0.1:1"), Arc::new(respond), PACE);
    support::within(Duration::from_secs(60), runner.run(&mut plan, &mut observer));
    let implemented: Vec<&str> =
        found.iter().filter(|(_, presence)| **presence == Presence::Implemented).map(|(name, _)| &**name).collect();
    assert_eq!(implemented, ["DeleteBox", "DeleteRules", "GetBox", "GetRules", "PutBox", "PutRules"], "{found:?}");
    assert_eq!(*boxes.lock().unwrap(), BTreeSet::new());
}
