//! What the harness costs beside a bare HTTP client: requests a second against a server that does nothing.
//!
//! `cargo bench --bench throughput`. Without `--bench` among the arguments, as under `cargo test --benches`, it
//! makes one small round, to show that it still works.

use std::{
    env,
    hint::black_box,
    io::{self, Write as _},
    net::{SocketAddr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use wireproof::{
    contract::{self, Operation, Schemas, Side},
    event::Event,
    golden::Goldens,
    scenario::{Batch, Case, Files, Suite},
    session::{Options, Session},
    target::Target,
    transport::{Endpoint, Settings, Transport as _, Wire},
    wire::{
        self, Answer, Protocol, Request, Response,
        sigv4::{self, Credentials, Scope},
    },
};

const ANSWER: &[u8] = br#"{"status":"Succeeded","statusMessage":"The deployment has been stopped."}"#;

/// So that the survey sees an operation that is there.
const UNKNOWN: &[u8] = br#"{"__type":"UnknownOperationException"}"#;

fn main() -> Result<()> {
    let plan = Plan::from_args(env::args());
    let address = start_server()?;
    let bare = Arc::new(Bare::new(address)?);
    let harness = Arc::new(Harness::new(address)?);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let cases = Cases::new(plan, address)?;
    let (mut bare_rates, mut harness_rates, mut case_rates) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        bare_rates.push(runtime.block_on(rate(plan, &bare, |bare| async move { bare.exchange().await }))?);
        harness_rates.push(runtime.block_on(rate(
            plan,
            &harness,
            |harness| async move { harness.exchange().await },
        ))?);
        case_rates.push(runtime.block_on(cases.rate())?);
    }
    let stages = harness.stages(plan.requests)?;
    report(plan, median(bare_rates), median(harness_rates), median(case_rates), &stages)?;
    Ok(())
}

/// How much is measured.
#[derive(Clone, Copy)]
struct Plan {
    requests: usize,
    at_a_time: usize,
    rounds: usize,
}

impl Plan {
    fn from_args(mut args: impl Iterator<Item = String>) -> Self {
        let small = Self { requests: 200, at_a_time: 32, rounds: 1 };
        if args.any(|arg| arg == "--bench") { Self { requests: 10_000, rounds: 3, ..small } } else { small }
    }
}

/// Requests a second when `at_a_time` tasks share the work.
async fn rate<S, F, Fut>(plan: Plan, subject: &Arc<S>, exchange: F) -> Result<f64>
where
    S: Send + Sync + 'static,
    F: Fn(Arc<S>) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = Result<()>> + Send,
{
    let taken = Arc::new(AtomicUsize::new(0));
    let started = Instant::now();
    let workers: Vec<_> = (0..plan.at_a_time)
        .map(|_| {
            let (taken, subject, exchange) = (Arc::clone(&taken), Arc::clone(subject), exchange.clone());
            tokio::spawn(async move {
                while taken.fetch_add(1, Ordering::Relaxed) < plan.requests {
                    exchange(Arc::clone(&subject)).await?;
                }
                anyhow::Ok(())
            })
        })
        .collect();
    for worker in workers {
        worker.await??;
    }
    Ok(f64::from(u32::try_from(plan.requests)?) / started.elapsed().as_secs_f64())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// A client without a harness.
struct Bare {
    client: reqwest::Client,
    url: String,
    body: Bytes,
}

impl Bare {
    fn new(address: SocketAddr) -> Result<Self> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        let client = reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().build()?;
        Ok(Self { client, url: format!("http://{address}/"), body: Bytes::from(input().to_string()) })
    }

    async fn exchange(&self) -> Result<()> {
        let request = self.client.post(&self.url).body(self.body.clone());
        let request = request.header("content-type", "application/x-amz-json-1.1");
        let body = request.header("x-amz-target", "CodeDeploy_20141006.StopDeployment").send().await?.bytes().await?;
        ensure!(body == ANSWER, "the server answered something else");
        Ok(())
    }
}

/// The same requests the harness's way: built, signed, sent, parsed and validated.
struct Harness {
    wire: Wire,
    endpoint: Endpoint,
    schemas: Schemas,
    protocol: &'static dyn Protocol,
    credentials: Credentials,
    scope: Scope,
}

impl Harness {
    fn new(address: SocketAddr) -> Result<Self> {
        let contract = contract::read("model.json", include_str!("../fixtures/codedeploy/model.json"))?;
        let protocol = wire::protocol(&contract)?;
        Ok(Self {
            wire: Wire::new(&Settings::default())?,
            endpoint: format!("http://{address}").parse()?,
            scope: Scope { region: "us-east-1".to_owned(), service: contract.service().signing_name.clone() },
            schemas: Schemas::new(Arc::new(contract)),
            protocol,
            credentials: Credentials {
                access_key_id: "test".to_owned(),
                secret_access_key: "test".to_owned(),
                session_token: None,
            },
        })
    }

    async fn exchange(&self) -> Result<()> {
        let mut request = self.build()?;
        self.sign(&mut request)?;
        let response = self.wire.send(&self.endpoint, &request).await?;
        self.validate(&self.parse(&response))
    }

    fn operation(&self) -> Result<&Operation> {
        self.schemas.contract().operation("StopDeployment").context("the model lacks StopDeployment")
    }

    fn build(&self) -> Result<Request> {
        let mut request = self.protocol.request(self.schemas.contract(), self.operation()?, &input())?;
        request.headers.push("host", self.endpoint.host_header());
        request.headers.push("accept", "*/*");
        request.headers.push("content-length", request.body.len().to_string());
        Ok(request)
    }

    fn sign(&self, request: &mut Request) -> Result<()> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs();
        sigv4::sign(request, &self.credentials, &self.scope, i64::try_from(now)?, None);
        Ok(())
    }

    fn parse(&self, response: &Response) -> Answer {
        self.protocol.answer(response)
    }

    fn validate(&self, answer: &Answer) -> Result<()> {
        let value = answer.value.as_ref().context("the answer has no value")?;
        let violations = self.schemas.violations(&self.operation()?.output, Side::Output, value)?;
        ensure!(answer.refusal.is_none() && violations.is_empty(), "the answer breaks the model: {violations:?}");
        Ok(())
    }

    /// The time of each stage for one request, measured alone on one thread.
    fn stages(&self, times: usize) -> Result<Vec<(&'static str, Duration)>> {
        let built = self.build()?;
        let response = Response { status: 200, body: Bytes::from_static(ANSWER), ..Response::default() };
        let answer = self.parse(&response);
        let copied = mean(times, || Ok(black_box(built.clone())))?;
        let signed = mean(times, || {
            let mut request = built.clone();
            self.sign(&mut request)?;
            Ok(black_box(request))
        })?;
        Ok(vec![
            ("build", mean(times, || self.build())?),
            ("sign", signed.saturating_sub(copied)),
            ("parse", mean(times, || Ok(self.parse(&response)))?),
            ("validate", mean(times, || self.validate(&answer))?),
        ])
    }
}

/// Whole cases: executed, observed, judged by every check, and entered into the ledger.
struct Cases {
    session: Session,
    cases: Vec<Case>,
}

impl Cases {
    fn new(plan: Plan, address: SocketAddr) -> Result<Self> {
        let suite = suite(plan.requests)?;
        let cases = suite.cases();
        let credentials = || Credentials {
            access_key_id: "test".to_owned(),
            secret_access_key: "test".to_owned(),
            session_token: None,
        };
        let target = Target {
            endpoint: format!("http://{address}").parse()?,
            name: "the trivial server".to_owned(),
            region: "us-east-1".to_owned(),
            other_region: None,
            owner: credentials(),
            denied: None,
            other_account: None,
            state_change: None,
            states: std::collections::BTreeMap::new(),
        };
        let session = Session {
            suite: Arc::new(suite),
            target: Arc::new(target),
            transport: Arc::new(Wire::new(&Settings::default())?),
            goldens: Arc::new(Goldens::default()),
            options: Options {
                jobs: plan.at_a_time,
                seed: 1,
                case_timeout: Duration::from_secs(60),
                fail_fast: false,
                survey: true,
            },
            interrupt: tokio::sync::watch::channel(false).1,
        };
        Ok(Self { session, cases })
    }

    /// Cases a second; the survey and what a report would do with the events are part of it.
    async fn rate(&self) -> Result<f64> {
        let cases = self.cases.clone();
        let count = f64::from(u32::try_from(cases.len())?);
        let started = Instant::now();
        let mut sink = |event: Event| drop(black_box(event));
        let finished = self.session.run(&mut Batch::new(cases), &mut sink).await;
        ensure!(finished.ledger.conforms == self.cases.len(), "not all cases conform: {:?}", finished.ledger);
        Ok(count / started.elapsed().as_secs_f64())
    }
}

/// The bundled contracts, and one scenario with a row a case.
fn suite(rows: usize) -> Result<Suite> {
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

fn input() -> Value {
    json!({"deploymentId": "d-LGUMS25CC"})
}

fn mean<T>(times: usize, stage: impl Fn() -> Result<T>) -> Result<Duration> {
    let started = Instant::now();
    for _ in 0..times {
        black_box(stage()?);
    }
    Ok(started.elapsed() / u32::try_from(times)?)
}

/// Starts a server on a thread of its own; it knows one operation and does nothing.
fn start_server() -> Result<SocketAddr> {
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

fn report(plan: Plan, bare: f64, harness: f64, cases: f64, stages: &[(&str, Duration)]) -> Result<()> {
    let cores = thread::available_parallelism()?.get();
    let mut out = io::stdout().lock();
    let Plan { requests, at_a_time, rounds } = plan;
    writeln!(out, "{requests} requests, {at_a_time} at a time, median of {rounds} rounds, {cores} cores")?;
    writeln!(out, "  a  bare reqwest         {bare:>9.0} requests/s")?;
    writeln!(out, "  b  signed and judged    {harness:>9.0} requests/s")?;
    writeln!(out, "  c  whole cases          {cases:>9.0} cases/s")?;
    writeln!(out, "  b / a                   {:>9.2}", harness / bare)?;
    writeln!(out, "  c / a                   {:>9.2}", cases / bare)?;
    // All cores are busy, the server's part included: so much of their time passes for one request.
    let whole = f64::from(u32::try_from(cores)?) / harness;
    writeln!(out, "one request of b takes {:.1} µs of the cores' time:", whole * 1e6)?;
    let stages = stages.iter().map(|(name, time)| (*name, time.as_secs_f64()));
    let known: f64 = stages.clone().map(|(_, time)| time).sum();
    for (name, time) in stages.chain([("rest", whole - known)]) {
        writeln!(out, "  {name:<10} {:>7.1} µs  {:>5.1} %", time * 1e6, 100.0 * time / whole)?;
    }
    writeln!(out, "  (rest: client, server and kernel)")?;
    Ok(())
}
