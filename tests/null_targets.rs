//! An endpoint that always gives the same answer proves nothing, and must be given nothing: no case conforms.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic here is a failed test")]

mod support;

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use rstest::rstest;
use tokio::net::{TcpListener, TcpStream};
use wireproof::{
    check,
    execute::Executor,
    observe::Observation,
    scenario::Case,
    session::{Options, Session},
    statement::Evidence,
    target::Target,
    transport::{Endpoint, Settings, Transport as _, Wire},
    verdict::Verdict,
    wire::Request,
};

use support::{Run, SUITE};

/// What a null target does with every request.
#[derive(Clone, Copy)]
enum Null {
    /// Answers so, whatever is asked.
    Always { status: u16, content_type: &'static str, body: &'static str },
    /// Answers 200 with what was sent.
    Echo,
    /// Accepts connections and never answers.
    Silent,
    /// Accepts connections and closes them.
    Closing,
}

const fn json(status: u16, body: &'static str) -> Null {
    Null::Always { status, content_type: "application/x-amz-json-1.1", body }
}

const STOPPED: &str = r#"{"status":"Succeeded","statusMessage":"The deployment is stopped"}"#;
const HTML: Null = Null::Always { status: 404, content_type: "text/html", body: "<html><h1>404 Not Found</h1></html>" };

static ANSWERS: AtomicU64 = AtomicU64::new(0);

/// So many cases at once, and so long for each: a null target answers at once or never.
const PACE: Options =
    Options { jobs: 32, seed: 7, case_timeout: Duration::from_millis(1500), fail_fast: false, survey: true };
const REQUEST: Duration = Duration::from_millis(250);

#[rstest]
#[case::an_empty_success(json(200, ""))]
#[case::an_empty_object(json(200, "{}"))]
#[case::a_plausible_answer(json(200, STOPPED))]
#[case::no_such_deployment(json(400, r#"{"__type":"DeploymentDoesNotExistException","message":"m"}"#))]
#[case::invalid_deployment_id(json(400, r#"{"__type":"InvalidDeploymentIdException","message":"m"}"#))]
#[case::deployment_completed(json(400, r#"{"__type":"DeploymentAlreadyCompletedException","message":"m"}"#))]
#[case::validation(json(400, r#"{"__type":"ValidationException","message":"m"}"#))]
#[case::resource_not_found(json(400, r#"{"__type":"ResourceNotFoundException","message":"m"}"#))]
#[case::access_denied(json(400, r#"{"__type":"AccessDeniedException","message":"m"}"#))]
#[case::a_page_of_html(HTML)]
#[case::a_server_error(json(500, r#"{"__type":"InternalServerException","message":"m"}"#))]
#[case::not_implemented(json(501, "{}"))]
#[case::an_echo(Null::Echo)]
#[case::silence(Null::Silent)]
#[case::a_closed_door(Null::Closing)]
fn nothing_conforms_on_a_null_target(#[case] null: Null) {
    let endpoint = start(null);
    let session = support::session(support::target(&endpoint), PACE, REQUEST);
    let run = Run::of(&session, SUITE.cases(), Duration::from_secs(60));
    let ledger = run.ledger();
    let conforming = run.conforming();
    assert!(conforming.is_empty(), "{conforming:#?}");
    assert_eq!(ledger.selected, SUITE.cases().len());
}

/// What each case comes to when no survey has told that the operation is not there.
async fn unprotected(session: &Session) -> Vec<(String, Verdict)> {
    let executor = Executor {
        suite: &session.suite,
        target: &session.target,
        transport: &*session.transport,
        seed: session.options.seed,
        case_timeout: session.options.case_timeout,
    };
    let one = |case: Case| async move {
        let transcript = executor.execute(&case).await;
        let observation = Observation::of(&SUITE, &case, &transcript);
        (case.id.0.clone(), check::judge(&SUITE, &case, &transcript, &observation, None).verdict().0)
    };
    stream::iter(SUITE.cases()).map(one).buffer_unordered(session.options.jobs).collect().await
}

/// Starts a null target; it lasts as long as the process.
fn start(null: Null) -> String {
    support::within(Duration::from_secs(5), async move {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let mut silent = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                match null {
                    Null::Silent => silent.push(stream),
                    Null::Closing => drop(stream),
                    Null::Always { .. } | Null::Echo => drop(tokio::spawn(serve(stream, null))),
                }
            }
        });
        format!("http://{address}")
    })
}

async fn serve(stream: TcpStream, null: Null) {
    let answer = service_fn(move |request: hyper::Request<Incoming>| async move {
        let body = request.into_body().collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        Ok::<_, Infallible>(answer(null, body))
    });
    // A connection that breaks is the peer's affair.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
}

fn answer(null: Null, sent: Bytes) -> hyper::Response<Full<Bytes>> {
    let (status, content_type, body) = match null {
        Null::Always { status, content_type, body } => (status, content_type, Bytes::from_static(body.as_bytes())),
        _ => (200, "application/x-amz-json-1.1", sent),
    };
    let response = hyper::Response::builder().status(status).header("content-type", content_type);
    // The one thing that differs, or every case but the first would be convicted of it alone.
    let id = format!("00000000-0000-0000-0000-{:012}", ANSWERS.fetch_add(1, Ordering::Relaxed));
    response.header("x-amzn-requestid", id).body(Full::new(body)).unwrap()
}

#[rstest]
#[case::an_empty_success(json(200, ""))]
#[case::an_empty_object(json(200, "{}"))]
#[case::a_plausible_answer(json(200, STOPPED))]
#[case::no_such_deployment(json(400, r#"{"__type":"DeploymentDoesNotExistException","message":"m"}"#))]
#[case::invalid_deployment_id(json(400, r#"{"__type":"InvalidDeploymentIdException","message":"m"}"#))]
#[case::deployment_completed(json(400, r#"{"__type":"DeploymentAlreadyCompletedException","message":"m"}"#))]
#[case::validation(json(400, r#"{"__type":"ValidationException","message":"m"}"#))]
#[case::resource_not_found(json(400, r#"{"__type":"ResourceNotFoundException","message":"m"}"#))]
#[case::access_denied(json(400, r#"{"__type":"AccessDeniedException","message":"m"}"#))]
#[case::a_page_of_html(HTML)]
#[case::a_server_error(json(500, r#"{"__type":"InternalServerException","message":"m"}"#))]
#[case::not_implemented(json(501, "{}"))]
#[case::an_echo(Null::Echo)]
#[case::a_closed_door(Null::Closing)]
fn nothing_conforms_without_the_survey_either(#[case] null: Null) {
    let session = support::session(support::target(&start(null)), PACE, REQUEST);
    let verdicts = support::within(Duration::from_secs(60), unprotected(&session));
    let conforming: Vec<&str> =
        verdicts.iter().filter(|(_, verdict)| *verdict == Verdict::Conforms).map(|(id, _)| id.as_str()).collect();
    assert!(conforming.is_empty(), "{conforming:#?}");
    assert_eq!(verdicts.len(), SUITE.cases().len());
}

/// Cases that a null operation may well pass, and why.
const MEANT: [(&str, &str); 7] = [
    ("codedeploy/stop-deployment/group-deleted", "a stop is accepted as well as refused"),
    ("codedeploy/stop-deployment/rerouting-wait-elapsed", "C-3: a stopped deployment may be stopped once more"),
    ("codedeploy/stop-deployment/stopped-by-an-alarm", "C-3: a stopped deployment may be stopped once more"),
    ("codedeploy/stop-deployment/target-absent", "the request names no operation"),
    ("codedeploy/stop-deployment/unknown-target", "the request names no operation that there is"),
    ("proton/cancel-service-pipeline-deployment/no-target", "the request names no operation"),
    ("proton/cancel-service-pipeline-deployment/unknown-target", "the request names no operation that there is"),
];

#[rstest]
#[case::a_plausible_answer(json(200, STOPPED))]
#[case::no_such_deployment(json(400, r#"{"__type":"DeploymentDoesNotExistException","message":"m"}"#))]
#[case::resource_not_found(json(400, r#"{"__type":"ResourceNotFoundException","message":"m"}"#))]
fn what_is_documented_tells_an_operation_that_always_answers_the_same(#[case] null: Null) {
    let (reference, behind) = support::reference();
    let front = front(behind.endpoint.clone(), null);
    let target = Target { state_change: behind.state_change, ..support::target(&front) };
    let options = Options { case_timeout: Duration::from_secs(30), ..PACE };
    let session = support::session(target, options, Duration::from_secs(10));
    let run = Run::of(&session, SUITE.cases(), Duration::from_secs(120));
    drop(reference);
    let ledger = run.ledger();
    assert!(ledger.deviates > ledger.selected / 4, "{ledger:?}");
    // What is merely recorded convicts nobody.
    let proven = run.cases.iter().filter(|case| case.case.scenario.evidence != Evidence::Recorded);
    let conforming = proven.filter(|case| case.report.verdict == Verdict::Conforms).map(|case| &case.case.scenario.id);
    let unmeant: Vec<&String> = conforming.filter(|id| MEANT.iter().all(|(meant, _)| meant != id)).collect();
    assert!(unmeant.is_empty(), "{ledger:?} {unmeant:#?}");
}

/// A server that hands everything on but the operations under test.
fn front(behind: Endpoint, null: Null) -> String {
    support::within(Duration::from_secs(5), async move {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let address = listener.local_addr().unwrap();
        let wire = Arc::new(Wire::new(&Settings::default()).unwrap());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (wire, behind) = (Arc::clone(&wire), behind.clone());
                let service = service_fn(move |request: hyper::Request<Incoming>| {
                    let (wire, behind) = (Arc::clone(&wire), behind.clone());
                    async move { hand_on(request, &wire, &behind, null).await }
                });
                tokio::spawn(async move {
                    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        format!("http://{address}")
    })
}

async fn hand_on(
    request: hyper::Request<Incoming>,
    wire: &Wire,
    behind: &Endpoint,
    null: Null,
) -> Result<hyper::Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let target = head.headers.get("x-amz-target").map_or("", |target| target.to_str().unwrap_or(""));
    if is_under_test(target) {
        return Ok(answer(null, body));
    }
    let headers = head.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap_or_default()));
    let request = Request {
        method: head.method.to_string(),
        target: head.uri.to_string(),
        headers: headers.collect(),
        body,
        ..Request::default()
    };
    let received = wire.send(behind, &request).await.unwrap();
    let mut response = hyper::Response::builder().status(received.status);
    for (name, value) in received.headers.iter() {
        response = response.header(name, value);
    }
    Ok(response.body(Full::new(received.body)).unwrap())
}

fn is_under_test(target: &str) -> bool {
    ["CodeDeploy_20141006.StopDeployment", "AwsProton20200720.CancelServicePipelineDeployment"].contains(&target)
}
