//! What the harness costs beside a bare HTTP client: requests a second against a server that does nothing.
//!
//! `cargo bench --bench throughput`. Without `--bench` among the arguments, as under `cargo test --benches`, it
//! makes one small round, to show that it still works.

mod support;

use std::{
    env,
    hint::black_box,
    io::{self, Write as _},
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use serde_json::{Value, json};
use wireproof::internals::{
    harness::Runner,
    judge::check,
    model::{self, Operation, PayloadSide, Schemas},
    run::{
        event::Event,
        execute::{Breaker, Executor, Patience},
        observer::OnEvent,
        session::{PresenceChecks, RunOptions},
        transport::{Endpoint, InProcess, Reply, Settings, Transport as _, Wire},
    },
    suite::{Batch, FixtureFiles, Fixtures, Plan},
    wire::{
        self, ParsedResponse, Protocol, Request, Response,
        sigv4::{CredentialScope, Credentials, SigningKeys},
    },
};

use support::{ANSWER, Probes, Stream, credentials, input, options, runner, start_server, target};

/// The one of the program; the bare client has it, too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<()> {
    let volume = Volume::from_args(env::args());
    let address = start_server()?;
    let bare = Arc::new(Bare::new(address)?);
    let harness = Arc::new(Harness::new(address)?);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let cases = Arc::new(Cases::new(volume, address)?);
    let mut rounds = Vec::new();
    for _ in 0..volume.rounds {
        rounds.push([
            runtime.block_on(rate(volume, &bare, |bare| async move { bare.exchange().await }))?,
            runtime.block_on(rate(volume, &harness, |harness| async move { harness.exchange().await }))?,
            // On the runtime's own threads, as the workers of the first two: to wake another one for each case is dear.
            runtime.block_on(runtime.spawn(Arc::clone(&cases).rows()))??,
            runtime.block_on(runtime.spawn(Arc::clone(&cases).probes(volume)))??,
        ]);
    }
    report(volume, &rounds)?;
    report_stages("one request of b", &harness.stages(volume.requests)?)?;
    report_stages("one probe of d", &cases.stages(volume)?)
}

/// How much is measured.
#[derive(Clone, Copy)]
struct Volume {
    requests: usize,
    at_a_time: usize,
    rounds: usize,
}

impl Volume {
    fn from_args(mut args: impl Iterator<Item = String>) -> Self {
        let small = Self { requests: 200, at_a_time: 32, rounds: 1 };
        if args.any(|arg| arg == "--bench") { Self { requests: 10_000, rounds: 5, ..small } } else { small }
    }
}

/// Requests a second when `at_a_time` tasks share the work.
async fn rate<S, F, Fut>(volume: Volume, subject: &Arc<S>, exchange: F) -> Result<f64>
where
    S: Send + Sync + 'static,
    F: Fn(Arc<S>) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = Result<()>> + Send,
{
    let taken = Arc::new(AtomicUsize::new(0));
    let started = Instant::now();
    let workers: Vec<_> = (0..volume.at_a_time)
        .map(|_| {
            let (taken, subject, exchange) = (Arc::clone(&taken), Arc::clone(subject), exchange.clone());
            tokio::spawn(async move {
                while taken.fetch_add(1, Ordering::Relaxed) < volume.requests {
                    exchange(Arc::clone(&subject)).await?;
                }
                anyhow::Ok(())
            })
        })
        .collect();
    for worker in workers {
        worker.await??;
    }
    Ok(f64::from(u32::try_from(volume.requests)?) / started.elapsed().as_secs_f64())
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
    scope: CredentialScope,
    keys: SigningKeys,
}

impl Harness {
    fn new(address: SocketAddr) -> Result<Self> {
        let contract = model::read("model.json", include_str!("../fixtures/codedeploy/model.json"))?;
        let protocol = wire::protocol_of(&contract)?;
        Ok(Self {
            wire: Wire::new(&Settings::default())?,
            endpoint: format!("http://{address}").parse()?,
            scope: CredentialScope { region: "us-east-1".to_owned(), service: contract.service().signing_name.clone() },
            schemas: Schemas::new(Arc::new(contract), protocol.body_rules()),
            protocol,
            credentials: credentials(),
            keys: SigningKeys::default(),
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
        let mut request = self.protocol.build_request(self.schemas.contract(), self.operation()?, &input())?;
        request.headers.push("host", self.endpoint.host_header());
        request.headers.push("accept", "*/*");
        request.headers.push("content-length", request.body.len().to_string());
        Ok(request)
    }

    fn sign(&self, request: &mut Request) -> Result<()> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs();
        self.keys.sign(request, &self.credentials, &self.scope, i64::try_from(now)?, None);
        Ok(())
    }

    fn parse(&self, response: &Response) -> ParsedResponse {
        self.protocol.parse_response(self.schemas.contract(), self.operation().ok(), response)
    }

    fn validate(&self, answer: &ParsedResponse) -> Result<()> {
        let value = answer.value.as_ref().context("the answer has no value")?;
        let violations = self.schemas.violations(&self.operation()?.output, PayloadSide::Output, value)?;
        ensure!(answer.rejection.is_none() && violations.is_empty(), "the answer breaks the model: {violations:?}");
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

/// Whole cases: executed, judged by every check, and entered into the ledger.
struct Cases {
    rows: Runner,
    fixtures: Arc<Fixtures>,
    probes: Runner,
    address: SocketAddr,
    jobs: usize,
    made: Probes,
}

impl Cases {
    fn new(volume: Volume, address: SocketAddr) -> Result<Self> {
        let jobs = volume.at_a_time;
        let on = |suite| runner(suite, address, Arc::new(Wire::new(&Settings::default())?), jobs);
        let (fixtures, made) = (Arc::new(suite(volume.requests)?), Probes::new()?);
        let (rows, probes) = (on(Arc::clone(&fixtures))?, on(Arc::clone(&made.suite))?);
        Ok(Self { rows, fixtures, probes, address, jobs, made })
    }

    /// Rows of one fixture, a second.
    async fn rows(self: Arc<Self>) -> Result<f64> {
        run(&self.rows, &mut Batch::new(self.fixtures.cases())).await
    }

    /// Probes that share nothing, a second; to make them is part of it.
    async fn probes(self: Arc<Self>, volume: Volume) -> Result<f64> {
        run(&self.probes, &mut Stream::new(&self.made, volume.requests)).await
    }

    /// The time of each stage for one probe, measured alone on one thread, with an endpoint in the process.
    fn stages(&self, volume: Volume) -> Result<Vec<(&'static str, Duration)>> {
        let times = volume.requests;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let transport = InProcess::new(|_: &Request| Reply::Answer(response()));
        // This endpoint has one response for everything.
        let options = RunOptions { presence: PresenceChecks::Assumed, ..options(self.jobs) };
        let (suite, target) = (&self.made.suite, target(self.address)?);
        let RunOptions { seed, case_timeout, patience, .. } = options;
        let patience = Patience::new(patience);
        let keys = SigningKeys::default();
        let breaker = Breaker::default();
        let executor = Executor {
            suite,
            target: &target,
            transport: &transport,
            keys: Some(&keys),
            seed,
            case_timeout,
            patience: &patience,
            breaker: &breaker,
            late: None,
        };
        let case = self.made.probe(1);
        let transcript = runtime.block_on(executor.execute(&case));
        let made = mean(times, || Ok(black_box(self.made.probe(1))))?;
        let executed = mean(times, || Ok(runtime.block_on(executor.execute(&case))))?;
        let sent = mean(times, || Ok(runtime.block_on(transport.send(&target.endpoint, &Request::default()))))?;
        let judged = mean(times, || Ok(check::judge(suite, &case, &transcript, None)))?;
        let alone = Runner::new(Arc::clone(suite), target, Arc::new(transport), options);
        let whole = runtime.block_on(run(&alone, &mut Stream::new(&self.made, times)))?;
        let whole = Duration::from_secs_f64(1.0 / whole);
        Ok(vec![
            ("make", made),
            ("execute", executed.saturating_sub(sent)),
            ("judge", judged),
            ("session", whole.saturating_sub(made + executed + judged)),
        ])
    }
}

/// Cases per second, with the presence check and the events of a report.
async fn run(runner: &Runner, cases: &mut dyn Plan) -> Result<f64> {
    let selected = cases.selected();
    let started = Instant::now();
    let mut observer = OnEvent(|event: &Event| {
        black_box(event);
    });
    let finished = runner.run(cases, &mut observer).await;
    ensure!(finished.ledger.conforms == selected, "not all cases conform: {:?}", finished.ledger);
    Ok(f64::from(u32::try_from(selected)?) / started.elapsed().as_secs_f64())
}

/// An answer as the server gives it, each with an id of its own.
fn response() -> Response {
    static ANSWERED: AtomicUsize = AtomicUsize::new(0);
    let id = ANSWERED.fetch_add(1, Ordering::Relaxed).to_string();
    let headers = [
        ("content-type", "application/x-amz-json-1.1"),
        ("x-amzn-requestid", &*id),
        ("content-length", "73"),
        ("date", "Thu, 01 Jan 1970 00:00:00 GMT"),
    ];
    let headers = headers.into_iter().collect();
    Response { status: 200, headers, body: Bytes::from_static(ANSWER), ..Response::default() }
}

/// The bundled contracts, and one scenario with a row a case.
fn suite(rows: usize) -> Result<Fixtures> {
    let bundled = FixtureFiles::bundled_fixtures();
    let contracts =
        bundled.iter().filter(|(path, _)| path.ends_with("model.json") || path.ends_with("requirements.yaml"));
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
    Ok(Fixtures::read(&FixtureFiles::from_texts(files))?)
}

fn mean<T>(times: usize, stage: impl Fn() -> Result<T>) -> Result<Duration> {
    let started = Instant::now();
    for _ in 0..times {
        black_box(stage()?);
    }
    Ok(started.elapsed() / u32::try_from(times)?)
}

/// The rates of each round, and their ratios to the first, which is the bare client's.
fn report(volume: Volume, rounds: &[[f64; 4]]) -> Result<()> {
    let Volume { requests, at_a_time, rounds: count } = volume;
    let cores = thread::available_parallelism()?.get();
    let mut out = io::stdout().lock();
    writeln!(out, "{requests} requests, {at_a_time} at a time, median of {count} rounds, {cores} cores")?;
    let names = ["a  bare reqwest", "b  signed and validated", "c  rows of a fixture", "d  probes"];
    for (index, name) in names.into_iter().enumerate() {
        let rate = median(rounds.iter().map(|round| round[index]).collect());
        // Within a round, because a busy machine slows all of it.
        let ratio = median(rounds.iter().map(|round| round[index] / round[0]).collect());
        writeln!(out, "  {name:<24} {rate:>9.0} a second  {ratio:>5.2} of a")?;
    }
    Ok(())
}

fn report_stages(what: &str, stages: &[(&str, Duration)]) -> Result<()> {
    let mut out = io::stdout().lock();
    let whole: Duration = stages.iter().map(|(_, time)| *time).sum();
    writeln!(out, "{what}, beside client, server and kernel: {:.1} µs", whole.as_secs_f64() * 1e6)?;
    for (name, time) in stages {
        writeln!(out, "  {name:<10} {:>7.1} µs", time.as_secs_f64() * 1e6)?;
    }
    Ok(())
}
