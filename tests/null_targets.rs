//! An endpoint that always gives the same answer proves nothing, and must be given nothing: no case conforms.

mod support;

use std::{
    collections::BTreeMap,
    convert::Infallible,
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use rstest::rstest;
use tokio::net::{TcpListener, TcpStream};
use wireproof::{check, execute::Executor, observe::Observation, scenario::Case, session::{Options, Session}, target::Target, verdict::Verdict};

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
const PACE: Options = Options { jobs: 32, seed: 7, case_timeout: Duration::from_secs(4), fail_fast: false };
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
    let conforming: Vec<&str> =
        run.cases.iter().filter(|case| case.report.verdict == Verdict::Conforms).map(|case| &*case.report.id.0).collect();
    assert!(conforming.is_empty(), "{conforming:#?}");
    assert_eq!(ledger.selected, SUITE.cases().len());
}

/// What each case comes to when no survey has told that the operation is not there.
async fn unprotected(session: &Session) -> Vec<(String, Verdict)> {
    let executor = Executor {
        suite: &session.suite,
        target: &session.target,
        transport: &*session.transport,
        seed: PACE.seed,
        case_timeout: PACE.case_timeout,
    };
    let one = |case: Case| async move {
        let transcript = executor.execute(&case).await;
        let observation = Observation::of(&SUITE, &case, &transcript);
        (case.id.0.clone(), check::judge(&SUITE, &case, &transcript, &observation, None).verdict().0)
    };
    stream::iter(SUITE.cases()).map(one).buffer_unordered(PACE.jobs).collect().await
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
    let (_reference, elsewhere) = support::reference();
    let target = Target { state_change: elsewhere.state_change, ..support::target(&start(null)) };
    let session = support::session(target, PACE, REQUEST);
    let verdicts = support::within(Duration::from_secs(60), unprotected(&session));
    let conforming: Vec<&str> =
        verdicts.iter().filter(|(_, verdict)| *verdict == Verdict::Conforms).map(|(id, _)| id.as_str()).collect();
    let mut counts = BTreeMap::<&str, usize>::new();
    verdicts.iter().for_each(|(_, verdict)| *counts.entry(verdict.name()).or_insert(0) += 1);
    println!("{counts:?} {conforming:#?}");
    assert!(conforming.is_empty(), "{conforming:#?}");
}
