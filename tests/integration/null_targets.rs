//! Constant endpoints must get no verdict in their favor: no case conforms.
//!
//! `wireproof mutants` runs the whole suite against many more of them, without a socket. These tests cover the few
//! kinds of response that need a socket, and one constant operation beside correct ones.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use rstest::rstest;
use tokio::net::{TcpListener, TcpStream};
use wireproof::internals::{
    judge::verdict::Verdict,
    run::session::{PresenceChecks, RunOptions},
    suite::requirement::Evidence,
    wire::{Request, Response},
};

use crate::support::{self, PACE, Run, SUITE, Virtual};

/// The behavior of a constant endpoint.
#[derive(Clone, Copy)]
enum Null {
    /// Sends this response to every request.
    Always { status: u16, content_type: &'static str, body: &'static str },
    /// Responds with 200 and the body of the request.
    Echo,
    /// Accepts connections and never responds.
    Silent,
    /// Accepts connections and closes them.
    Closing,
}

const fn json(status: u16, body: &'static str) -> Null {
    Null::Always { status, content_type: JSON, body }
}

const JSON: &str = "application/x-amz-json-1.1";
const STOPPED: &str = r#"{"status":"Succeeded","statusMessage":"The deployment is stopped"}"#;
const NOT_FOUND: &str = r#"{"__type":"ResourceNotFoundException","message":"m"}"#;
const HTML: Null = Null::Always { status: 404, content_type: "text/html", body: "<html><h1>404 Not Found</h1></html>" };

static RESPONSES: AtomicU64 = AtomicU64::new(0);

/// The number of concurrent cases and their time limit: a constant endpoint responds at once or never.
fn briefly() -> RunOptions {
    RunOptions { jobs: 64, case_timeout: Duration::from_millis(300), ..PACE }
}
const REQUEST: Duration = Duration::from_millis(150);

/// Without the presence check, the other checks have to detect it. Silence costs every case its time, and no check detects it.
#[rstest]
#[case::a_plausible_response(json(200, STOPPED), &[true, false])]
#[case::a_page_of_html(HTML, &[true, false])]
#[case::an_echo(Null::Echo, &[true, false])]
#[case::silence(Null::Silent, &[true])]
#[case::a_closed_door(Null::Closing, &[true, false])]
fn nothing_conforms_on_a_constant_endpoint(#[case] null: Null, #[case] presence_checks: &[bool]) {
    let target = support::target(&start(null));
    for check_presence in presence_checks {
        let presence = if *check_presence { PresenceChecks::all() } else { PresenceChecks::Assumed };
        let options = RunOptions { presence, ..briefly() };
        let runner = support::runner(target.clone(), options, REQUEST);
        let run = Run::of(&runner, SUITE.cases(), Duration::from_secs(60));
        let conforming = run.conforming();
        assert!(conforming.is_empty(), "presence check {check_presence}: {conforming:#?}");
        assert_eq!(run.ledger().selected, SUITE.cases().len());
    }
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
    let respond = service_fn(move |request: hyper::Request<Incoming>| async move {
        let body = request.into_body().collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        Ok::<_, Infallible>(respond(null, body))
    });
    // A connection that breaks is the peer's affair.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), respond).await;
}

fn respond(null: Null, sent: Bytes) -> hyper::Response<Full<Bytes>> {
    let (status, content_type, body) = match null {
        Null::Always { status, content_type, body } => (status, content_type, Bytes::from_static(body.as_bytes())),
        _ => (200, JSON, sent),
    };
    let response = hyper::Response::builder().status(status).header("content-type", content_type);
    response.header("x-amzn-requestid", request_id()).body(Full::new(body)).unwrap()
}

/// The only part that differs; otherwise every case but the first would deviate because of it alone.
fn request_id() -> String {
    format!("00000000-0000-0000-0000-{:012}", RESPONSES.fetch_add(1, Ordering::Relaxed))
}

/// Cases that a null operation may well pass, and why.
const MEANT: [(&str, &str); 8] = [
    ("codedeploy/stop-deployment/content-length-too-long", "the connection ends before the operation is called"),
    ("codedeploy/stop-deployment/group-deleted", "a stop may be accepted or rejected"),
    ("codedeploy/stop-deployment/rerouting-wait-elapsed", "C-3: a stopped deployment may be stopped once more"),
    ("codedeploy/stop-deployment/stopped-by-an-alarm", "C-3: a stopped deployment may be stopped once more"),
    ("codedeploy/stop-deployment/target-absent", "the request names no operation"),
    ("codedeploy/stop-deployment/unknown-target", "the request names no operation that there is"),
    ("proton/cancel-service-pipeline-deployment/no-target", "the request names no operation"),
    ("proton/cancel-service-pipeline-deployment/unknown-target", "the request names no operation that there is"),
];

#[rstest]
#[case::a_plausible_response(200, STOPPED)]
#[case::no_such_deployment(400, r#"{"__type":"DeploymentDoesNotExistException","message":"m"}"#)]
#[case::resource_not_found(400, NOT_FOUND)]
#[ignore = "a full run takes a minute without optimisation"]
fn documented_scenarios_detect_a_constant_operation(#[case] status: u16, #[case] body: &'static str) {
    let reference = Virtual::start();
    let right = reference.endpoint();
    let respond = move |request: &Request| {
        let target = request.headers.get("x-amz-target").unwrap_or_default();
        if is_under_test(target) { constant(status, body) } else { support::handle(&right, request) }
    };
    let run = reference.run_against(respond, SUITE.cases(), PACE);
    let ledger = run.ledger();
    assert!(ledger.deviates > ledger.selected / 4, "{ledger:?}");
    // Recorded observations cannot detect a fault.
    let proven = run.cases.iter().filter(|case| case.case.scenario.evidence != Evidence::Recorded);
    let conforming = proven.filter(|case| case.report.verdict == Verdict::Conforms).map(|case| &case.case.scenario.id);
    let unmeant: Vec<&String> = conforming.filter(|id| MEANT.iter().all(|(meant, _)| meant != id)).collect();
    assert!(unmeant.is_empty(), "{ledger:?} {unmeant:#?}");
}

fn constant(status: u16, body: &'static str) -> Response {
    let (length, id) = (body.len().to_string(), request_id());
    let headers = [("content-type", JSON), ("content-length", &length), ("x-amzn-requestid", &id)];
    Response {
        status,
        headers: headers.into_iter().collect(),
        body: Bytes::from_static(body.as_bytes()),
        ..Response::default()
    }
}

fn is_under_test(target: &str) -> bool {
    ["CodeDeploy_20141006.StopDeployment", "AwsProton20200720.CancelServicePipelineDeployment"].contains(&target)
}
