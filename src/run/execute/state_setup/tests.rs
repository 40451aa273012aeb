//! States that are established and cleaned up, and the reasons of those that are not established.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use rstest::rstest;

use super::*;
use crate::run::{
    execute::{
        Patience,
        testing::{executor, suite, target},
    },
    resolved_target::{BoxError, StateFunction},
    transport::{Endpoint, ExchangeFuture as Sent, InProcess, Reply, Transport},
};

const STATES: &str = "states:
  half made:
    says: Two applications. The second request gets no response.
    steps:
      - { call: CreateApplication, input: { applicationName: first } }
      - { call: CreateApplication, input: { applicationName: second } }
    yields: { name: first }
    teardown:
      - { call: DeleteApplication, input: { applicationName: first } }
";

const SCENARIO: &str = "title: T
cites: [SD-17]
evidence: documented
given: { half: half made }
steps:
  - { call: StopDeployment, input: { deploymentId: d-ABCDEF123 } }
";

/// Responds to every operation, except to the second application and to a state change.
#[derive(Default)]
struct Hanging(Mutex<Vec<String>>);

impl Transport for Hanging {
    fn send<'a>(&'a self, _: &'a Endpoint, request: &'a Request) -> Sent<'a> {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let hangs = body.contains("second") || body.contains("setup");
        let name = request.headers.get("x-amz-target").unwrap_or(&body).to_owned();
        self.0.lock().unwrap().push(name);
        Box::pin(async move {
            if hangs {
                std::future::pending::<()>().await;
            }
            Ok(Response { status: 200, body: Bytes::from_static(b"{}"), ..Response::default() })
        })
    }
}

async fn sent(state_handler: Option<StateHandler>) -> (Vec<String>, CaseEnd) {
    let (suite, target) = (suite(STATES, SCENARIO), target(state_handler));
    let transport = Hanging::default();
    let case_timeout = Duration::from_millis(50);
    let patience = Patience::new(case_timeout);
    let executor = executor(&suite, &target, &transport, &patience, case_timeout);
    let transcript = executor.execute(&suite.cases()[0]).await;
    (transport.0.into_inner().unwrap(), transcript.end)
}

#[tokio::test]
async fn a_state_that_is_incomplete_at_the_time_limit_is_cleaned_up() {
    let (sent, end) = sent(None).await;
    let operations: Vec<&str> = sent.iter().filter_map(|target| target.split('.').nth(1)).collect();
    assert_eq!(operations, ["CreateApplication", "CreateApplication", "DeleteApplication"]);
    assert!(matches!(end, CaseEnd::TimedOut(_)));
}

#[tokio::test]
async fn a_state_change_without_a_response_in_time_is_reverted() {
    let url = StateHandler::Url { endpoint: "http://127.0.0.1:9".parse().unwrap(), path: "/state".to_owned() };
    let (sent, _) = sent(Some(url)).await;
    assert!(sent.len() == 2 && sent[0].contains("setup") && sent[1].contains("teardown"), "{sent:?}");
}

const CHAIN: &str = "states:
  an application:
    says: There is one.
    steps: [{ call: CreateApplication, input: { applicationName: a } }]
    yields: { name: a, deploymentId: d-ABCDEF123 }
  a group:
    says: It belongs to an application.
    given: { app: an application }
    steps: [{ call: CreateApplication, input: { applicationName: '${app.name}' } }]
    yields: { name: '${app.name}' }
  an open deployment:
    says: It runs in a group.
    given: { group: a group }
    steps: [{ call: CreateApplication, input: { applicationName: '${group.name}' } }]
    yields: { deploymentId: d-ABCDEF123 }
  a far deployment:
    says: No call reaches it.
    yields: { deploymentId: true }
";

fn scenario_with(state: &str) -> String {
    SCENARIO.replace("half made", state).replace("deploymentId: d-ABCDEF123", "deploymentId: '${half.deploymentId}'")
}

/// The reason that blocks a case of this state at an endpoint that rejects every call.
async fn end_of(state: &str, state_handler: Option<StateHandler>) -> String {
    let body = Bytes::from_static(br#"{"__type":"UnknownOperationException"}"#);
    let rejection = Response { status: 400, body, ..Response::default() };
    end_at(rejection, (CHAIN, &scenario_with(state)), state_handler).await
}

/// The reason that blocks the case at an endpoint with one response.
async fn end_at(response: Response, (states, scenario): (&str, &str), state_handler: Option<StateHandler>) -> String {
    let (suite, target) = (suite(states, scenario), target(state_handler));
    let transport = InProcess::new(move |_: &Request| Reply::Answer(response.clone()));
    let case_timeout = Duration::from_secs(5);
    let patience = Patience::new(case_timeout);
    let executor = executor(&suite, &target, &transport, &patience, case_timeout);
    match executor.execute(&suite.cases()[0]).await.end {
        CaseEnd::Blocked(reason) => reason,
        other => panic!("{other:?}"),
    }
}

const TWINS: &str = "states:
  an application:
    says: There is one.
    params: { name: a }
    steps: [{ call: CreateApplication, input: { applicationName: \"${params.name}-${unique('app')}-${region}-${other_region}\" } }]
    yields: { name: x }
    teardown: [{ call: DeleteApplication, input: { applicationName: \"${params.name}-${unique('app')}\" } }]
  a group:
    says: It belongs to an application.
    given: { app: { state: an application, params: { name: b } } }
    yields: { deploymentId: d-ABCDEF123, name: '${app.name}' }
";

#[tokio::test]
async fn a_twin_is_set_up_and_cleaned_up_in_the_other_region_with_the_same_names() {
    let scenario = scenario_with("a group").replace("half: a group", "half: a group, other: { twin_of: half }");
    let handler = function(|_| Ok(Some(json!({ "deploymentId": "d-OFHANDLER" }))));
    let (suite, mut target) = (suite(TWINS, &scenario), target(Some(handler)));
    target.other_region = Some("eu-west-1".to_owned());
    let sent = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&sent);
    let transport = InProcess::new(move |request: &Request| {
        let region = request.headers.get("authorization").unwrap().split('/').nth(2).unwrap().to_owned();
        seen.lock().unwrap().push((region, String::from_utf8_lossy(&request.body).into_owned()));
        Reply::Answer(Response { status: 200, body: Bytes::from_static(b"{}"), ..Response::default() })
    });
    let case_timeout = Duration::from_secs(5);
    let patience = Patience::new(case_timeout);
    executor(&suite, &target, &transport, &patience, case_timeout).execute(&suite.cases()[0]).await;
    let sent = sent.lock().unwrap();
    let regions: Vec<&str> = sent.iter().map(|(region, _)| region.as_str()).collect();
    let [home, other] = ["us-east-1", "eu-west-1"];
    assert_eq!(regions, [home, other, home, other, home]);
    let name = |at: usize, regions: &str| sent[at].1.replace(&format!("-{regions}"), "");
    assert_eq!(name(0, "us-east-1-eu-west-1"), name(1, "eu-west-1-us-east-1"));
    assert_eq!([&sent[3].1, &sent[4].1], [&name(0, "us-east-1-eu-west-1"); 2]);
    assert!(sent[2].1.contains("d-ABCDEF123"));
}

const SLOW: &str = "pending: { GetDeployment: { deploymentInfo: { status: InProgress } } }
states:
  half made:
    says: A change that ends.
    steps:
      - call: GetDeployment
        input: { deploymentId: d-ABCDEF123 }
        expect: { body: { deploymentInfo: { status: Succeeded } } }
        eventually: { within: 1s, every: 1s }
    yields: { name: first }
";

#[rstest]
#[case::pending("InProgress", "; the change is still pending (--patience waits longer)")]
#[case::ended_otherwise("Failed", "")]
#[tokio::test(start_paused = true)]
async fn a_state_that_waited_for_a_change_in_progress_says_so(#[case] status: &str, #[case] hint: &str) {
    let body = json!({"deploymentInfo": {"status": status}}).to_string().into();
    let response = Response { status: 200, body, ..Response::default() };
    let gave = format!("gave 200 with \"{status}\" at /deploymentInfo/status; expected \"Succeeded\"");
    assert_eq!(end_at(response, (SLOW, SCENARIO), None).await, format!("half made: GetDeployment {gave}{hint}"));
}

fn function(function: impl Fn(StateChange) -> Result<Option<Value>, BoxError> + Send + Sync + 'static) -> StateHandler {
    let function = Arc::new(function);
    StateHandler::Function(StateFunction::new(move |change| {
        let function = Arc::clone(&function);
        async move { function(change) }
    }))
}

const REJECTED: &str = "an application: CreateApplication gave 400 UnknownOperationException";

#[tokio::test]
async fn the_reason_of_a_failed_state_leads_from_the_requested_state_to_the_failed_call() {
    let expected = format!("an open deployment > a group > {REJECTED}");
    assert_eq!(end_of("an open deployment", None).await, expected);
    let expected = format!("an open deployment (unknown to the state handler) > a group > {REJECTED}");
    assert_eq!(end_of("an open deployment", Some(function(|_| Ok(None)))).await, expected);
    let expected =
        "an application (unknown to the state handler): CreateApplication gave 400 UnknownOperationException";
    assert_eq!(end_of("an application", Some(function(|_| Ok(None)))).await, expected);
    let expected = "a far deployment (unknown to the state handler): no documented call reaches it, and the target has no other way";
    assert_eq!(end_of("a far deployment", Some(function(|_| Ok(None)))).await, expected);
}

#[tokio::test]
async fn a_fault_in_a_nested_state_is_reported_with_the_states_above_it() {
    let handler = function(|change| match change.state.as_str() {
        "an application" => Ok(Some(json!({ "nam": "a" }))),
        "a group" | "an open deployment" => Ok(None),
        _ => Err("none such".into()),
    });
    let expected = "an open deployment (unknown to the state handler) > a group: \"app\" (the state \"an application\") has no \"name\"";
    assert_eq!(end_of("an open deployment", Some(handler)).await, expected);
}

#[tokio::test]
async fn a_variable_that_a_handler_omits_is_reported_with_the_name_of_the_state() {
    let handler = function(|_| Ok(Some(json!({ "deployment_id": "d-ABCDEF123" }))));
    let expected = "\"half\" (the state \"a far deployment\") has no \"deploymentId\"";
    assert_eq!(end_of("a far deployment", Some(handler)).await, expected);
}

#[rstest]
#[case::text(json!("d-ABCDEF123"))]
#[case::list(json!([{"variables": {}}]))]
#[case::null(json!(null))]
#[tokio::test]
async fn a_function_that_returns_no_object_is_an_error_that_shows_the_expected_form(#[case] given: Value) {
    let handler = function(move |_| Ok(Some(given.clone())));
    let expected = "a far deployment: the state handler returned JSON that is not an object: a function returns the variables \
                themselves, such as {\"deploymentId\": …}";
    assert_eq!(end_of("a far deployment", Some(handler)).await, expected);
}

#[tokio::test]
async fn a_function_that_fails_or_panics_blocks_the_case_with_its_message() {
    let failing = function(|_| Err("the disk is full".into()));
    assert_eq!(
        end_of("a far deployment", Some(failing)).await,
        "a far deployment: the state handler failed: the disk is full"
    );
    let panicking = function(|change| panic!("no {}", change.state));
    let expected = "a far deployment: the state handler panicked: no a far deployment";
    assert_eq!(end_of("a far deployment", Some(panicking)).await, expected);
    let at_once = StateFunction::new(|_| -> std::future::Ready<Result<Option<Value>, BoxError>> { panic!("at once") });
    let expected = "a far deployment: the state handler panicked: at once";
    assert_eq!(end_of("a far deployment", Some(StateHandler::Function(at_once))).await, expected);
}

#[test]
fn a_url_responds_with_an_object_of_variables() {
    let result = |status: u16, body: &'static str| {
        of_url(&Ok(Response { status, body: Bytes::from_static(body.as_bytes()), ..Response::default() }))
    };
    assert_eq!(result(200, r#"{"variables": {"a": 1}}"#), Ok(Some(json!({"a": 1}))));
    assert_eq!(result(200, r#"{"a": 1}"#), Err("responded without {\"variables\": {…}}".to_owned()));
    assert_eq!((result(404, ""), result(501, "")), (Ok(None), Ok(None)));
    assert_eq!(result(500, "x"), Err("responded with 500".to_owned()));
}
