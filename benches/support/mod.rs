//! What the benchmarks share: a server that does nothing, a session on it, and the cases that it runs.

use std::{
    collections::BTreeMap,
    io,
    net::{SocketAddr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Map, Value, json};
use wireproof::{
    golden::Goldens,
    scenario::{Alternative, Case, CaseId, Expectation, Files, Row, Scenario, Suite, Template},
    session::{Options, Session},
    target::Target,
    transport::Transport,
    wire::sigv4::Credentials,
};

pub(crate) const ANSWER: &[u8] = br#"{"status":"Succeeded","statusMessage":"The deployment has been stopped."}"#;

/// So that the survey sees an operation that is there.
const UNKNOWN: &[u8] = br#"{"__type":"UnknownOperationException"}"#;

pub(crate) fn input() -> Value {
    json!({"deploymentId": "d-LGUMS25CC"})
}

pub(crate) fn credentials() -> Credentials {
    Credentials { access_key_id: "test".to_owned(), secret_access_key: "test".to_owned(), session_token: None }
}

/// The bundled contracts, and one scenario with a row a case.
pub(crate) fn suite(rows: usize) -> Result<Suite> {
    let bundled = Files::bundled_fixtures();
    let contracts =
        bundled.iter().filter(|(path, _)| path.ends_with("model.json") || path.ends_with("statements.yaml"));
    let mut files: Vec<(String, String)> = contracts.map(|(path, text)| (path.to_owned(), text.to_owned())).collect();
    let rows: Vec<Value> = (0..rows).map(|row| json!({ "id": format!("r{row}") })).collect();
    let scenario = json!({
        "title": "A stop succeeds",
        "cites": ["SD-13"],
        "evidence": "documented",
        "table": rows,
        "steps": [{ "call": "StopDeployment", "input": input(), "expect": { "body": { "status": "Succeeded" } } }],
    });
    files.push(("codedeploy/stop-deployment/succeeds.json".to_owned(), scenario.to_string()));
    Ok(Suite::read(&Files::from_texts(files))?)
}

/// Makes cases as a derivation does: each with a scenario, an input and an id of its own, built when it is asked for.
pub(crate) struct Probes {
    model: Arc<Scenario>,
}

impl Probes {
    /// In the form of the first scenario of a suite.
    pub(crate) fn new(suite: &Suite) -> Result<Self> {
        Ok(Self { model: Arc::clone(suite.scenarios().next().context("the suite has no scenario")?) })
    }

    /// The probe of that number.
    pub(crate) fn probe(&self, number: usize) -> Case {
        let mut scenario = Scenario {
            id: format!("codedeploy.StopDeployment/deploymentId/probe/{number}"),
            title: format!("deploymentId of form {number} is taken"),
            rows: Vec::new(),
            ..(*self.model).clone()
        };
        for step in &mut scenario.steps {
            step.call.input = Template::Literal(json!({ "deploymentId": format!("d-{number:09}") }));
            step.expect = Expectation { alternatives: vec![Alternative::Success { status: 200, body: None }] };
        }
        let row = Row { name: None, values: Map::new() };
        Case { id: CaseId(scenario.id.clone()), scenario: Arc::new(scenario), row }
    }
}

/// A session on the server.
pub(crate) fn session(
    suite: Arc<Suite>,
    address: SocketAddr,
    transport: Arc<dyn Transport>,
    jobs: usize,
) -> Result<Session> {
    let target = Target {
        endpoint: format!("http://{address}").parse()?,
        name: "the trivial server".to_owned(),
        region: "us-east-1".to_owned(),
        other_region: None,
        owner: credentials(),
        denied: None,
        other_account: None,
        state_change: None,
        states: BTreeMap::new(),
    };
    Ok(Session {
        suite,
        target: Arc::new(target),
        transport,
        goldens: Arc::new(Goldens::default()),
        options: Options { jobs, seed: 1, case_timeout: Duration::from_secs(60), fail_fast: false, survey: true },
        interrupt: tokio::sync::watch::channel(false).1,
        restart: None,
    })
}

/// Starts a server on a thread of its own; it knows one operation and does nothing.
pub(crate) fn start_server() -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    thread::spawn(move || runtime.block_on(serve(listener)));
    Ok(address)
}

async fn serve(listener: TcpListener) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)));
    }
}

async fn answer(request: hyper::Request<Incoming>) -> Result<hyper::Response<Full<Bytes>>, hyper::Error> {
    static ANSWERED: AtomicUsize = AtomicUsize::new(0);
    let known =
        request.headers().get("x-amz-target").is_some_and(|target| target == "CodeDeploy_20141006.StopDeployment");
    request.into_body().collect().await?;
    let body = if known { ANSWER } else { UNKNOWN };
    let mut response = hyper::Response::new(Full::new(Bytes::from_static(body)));
    if !known {
        *response.status_mut() = hyper::StatusCode::BAD_REQUEST;
    }
    let content_type = hyper::header::HeaderValue::from_static("application/x-amz-json-1.1");
    response.headers_mut().insert(hyper::header::CONTENT_TYPE, content_type);
    let id = hyper::header::HeaderValue::from(ANSWERED.fetch_add(1, Ordering::Relaxed));
    response.headers_mut().insert("x-amzn-requestid", id);
    Ok(response)
}
