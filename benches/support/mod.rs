//! What the benchmarks share: a server that does nothing, a session on it, and the cases that it runs.

use std::{
    collections::{BTreeMap, VecDeque},
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
use wireproof::internals::{
    harness::Runner,
    judge::redaction::SensitiveValues,
    run::{
        resolved_target::ResolvedTarget,
        session::{PresenceChecks, RunOptions},
        transport::Transport,
    },
    suite::{
        Alternative, Call, CallerName, Case, CaseId, CaseStanding, Expectation, FixtureFiles, Fixtures, Opening, Plan,
        PlanStage, Region, Repeat, Scenario, ScenarioRow, Step, Template, Whole, requirement::Evidence, source::Source,
    },
    wire::{client_style::ClientStyle, sigv4::Credentials},
};

pub(crate) const ANSWER: &[u8] = br#"{"status":"Succeeded","statusMessage":"The deployment has been stopped."}"#;

/// The presence check sees by it that the operation is implemented.
const UNKNOWN: &[u8] = br#"{"__type":"UnknownOperationException"}"#;

pub(crate) fn input() -> Value {
    json!({"deploymentId": "d-LGUMS25CC"})
}

pub(crate) fn credentials() -> Credentials {
    Credentials { access_key_id: "test".to_owned(), secret_access_key: "test".to_owned(), session_token: None }
}

/// The bundled model of CodeDeploy alone, as a published model is: nobody has written requirements about it.
fn model() -> Result<Fixtures> {
    let bundled = FixtureFiles::bundled_fixtures();
    let model = bundled.get("codedeploy/model.json").context("the model of CodeDeploy is not bundled")?;
    let mut model: Value = serde_json::from_str(model)?;
    forget_requirements(&mut model);
    Ok(Fixtures::read(&FixtureFiles::from_texts([("codedeploy/model.json".to_owned(), model.to_string())]))?)
}

fn forget_requirements(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.remove("wireproof#requirements");
            members.values_mut().for_each(forget_requirements);
        }
        Value::Array(items) => items.iter_mut().for_each(forget_requirements),
        _ => {}
    }
}

/// Makes cases as a derivation does: each with a scenario, an input and an id of its own, built when it is asked for.
pub(crate) struct Probes {
    pub(crate) suite: Arc<Fixtures>,
    source: Arc<Source>,
}

impl Probes {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self { suite: Arc::new(model()?), source: Arc::new(Source::read("model.json", "{}")?) })
    }

    /// The probe of that number.
    pub(crate) fn probe(&self, number: usize) -> Case {
        let id = format!("codedeploy.StopDeployment/deploymentId/length/{number}");
        let scenario = Scenario {
            id: id.clone(),
            service: "codedeploy".to_owned(),
            operation: "StopDeployment".to_owned(),
            title: format!("deploymentId of length {number} is taken"),
            cites: vec!["smithy.api#length".to_owned()],
            evidence: Evidence::Modelled,
            tags: vec!["length".to_owned()],
            given: Vec::new(),
            rows: Vec::new(),
            steps: vec![step(number)],
            teardown: Vec::new(),
            removal: Vec::new(),
            source: Arc::clone(&self.source),
            standing: CaseStanding::Free,
            probe: None,
        };
        Case { id: CaseId(id), scenario: Arc::new(scenario), row: ScenarioRow { name: None, values: Map::new() } }
    }
}

fn step(number: usize) -> Step {
    let call = Call {
        service: "codedeploy".to_owned(),
        operation: "StopDeployment".to_owned(),
        input: Template::Literal(json!({ "deploymentId": format!("d-{number:09}") })),
        valid: true,
        caller: CallerName::Owner,
        region: Region::Home,
        signing: None,
        raw: None,
    };
    Step {
        pointer: String::new(),
        call,
        expect: Expectation { alternatives: vec![Alternative::Success { status: 200, body: None }] },
        control: None,
        unchanged: Vec::new(),
        capture: Vec::new(),
        repeat: Repeat::Once,
        racing: false,
        when: None,
        at_end: false,
        prepares: false,
    }
}

/// A run of so many probes, each made when the session asks for it.
pub(crate) struct Stream<'p> {
    probes: &'p Probes,
    stages: VecDeque<PlanStage>,
    next: usize,
    count: usize,
    whole: Whole,
}

impl<'p> Stream<'p> {
    pub(crate) fn new(probes: &'p Probes, count: usize) -> Self {
        let (service, operation) = ("codedeploy".to_owned(), "StopDeployment".to_owned());
        let opening = Opening { service, operation, sample: Some(input()), given: Vec::new(), removal: Vec::new() };
        let whole = Whole { services: [opening.service.clone()].into(), ..Whole::default() };
        Self { probes, stages: [PlanStage::Open(opening), PlanStage::Cases(None)].into(), next: 0, count, whole }
    }
}

impl Plan for Stream<'_> {
    fn selected(&self) -> usize {
        self.count
    }

    fn whole(&self) -> &Whole {
        &self.whole
    }

    fn stage(&mut self) -> Option<PlanStage> {
        self.stages.pop_front()
    }

    fn case(&mut self) -> Option<Case> {
        let number = self.next;
        (number < self.count).then(|| {
            self.next += 1;
            self.probes.probe(number)
        })
    }

    fn opened(&mut self, _: Map<String, Value>) {}
}

/// A runner on the server.
pub(crate) fn runner(
    suite: Arc<Fixtures>,
    address: SocketAddr,
    transport: Arc<dyn Transport>,
    jobs: usize,
) -> Result<Runner> {
    Ok(Runner::new(suite, target(address)?, transport, options(jobs)))
}

pub(crate) fn options(jobs: usize) -> RunOptions {
    RunOptions {
        jobs,
        seed: 1,
        case_timeout: Duration::from_secs(60),
        patience: Duration::from_secs(30),
        fail_fast: false,
        presence: PresenceChecks::all(),
        sensitive: SensitiveValues::Hidden,
    }
}

pub(crate) fn target(address: SocketAddr) -> Result<ResolvedTarget> {
    Ok(ResolvedTarget {
        endpoint: format!("http://{address}").parse()?,
        name: "the trivial server".to_owned(),
        region: "us-east-1".to_owned(),
        other_region: None,
        owner: credentials(),
        denied: None,
        other_account: None,
        state_handler: None,
        states: BTreeMap::new(),
        client: ClientStyle::default(),
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
