//! Shared helpers of the tests: one runtime per process, references of their own on sockets and in process, and runs
//! with a time limit.

pub(crate) mod botocore;
pub(crate) mod corpus;
pub(crate) mod fuzz_targets;
pub(crate) mod modelled;
pub(crate) mod program;

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    future::Future,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, LazyLock},
    thread,
    time::{Duration, SystemTime},
};

use tokio::{
    runtime::{self, Runtime},
    time::timeout,
};
use wireproof::internals::{
    harness::Runner,
    judge::{
        redaction::SensitiveValues,
        snapshots::Snapshots,
        verdict::{Finding, Ledger, Verdict},
    },
    reference::{Clock, Identity, Reference, ReferenceEndpoint, ReferenceOptions, STATE_PATH},
    run::{
        event::RunFinished,
        judged_case::JudgedCase,
        observer::OnCase,
        resolved_target::{ResolvedTarget, StateHandler},
        session::{PresenceChecks, RunOptions},
        transport::{InProcess, Limits, Reply, Settings, Transport, Wire},
    },
    suite::{Batch, Case, FixtureFiles, Fixtures},
    wire::{Request, Response, client_style::ClientStyle},
};

/// The bundled fixtures, read once.
pub(crate) static SUITE: LazyLock<Arc<Fixtures>> =
    LazyLock::new(|| Arc::new(Fixtures::bundled().expect("the bundled suite loads")));

/// The bundled snapshots.
static SNAPSHOTS: LazyLock<Arc<Snapshots>> =
    LazyLock::new(|| Arc::new(Snapshots::new(FixtureFiles::bundled_snapshots())));

/// Threads that no test owns: what a test starts on them goes on while it waits.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime starts"));

/// The folder of the package.
pub(crate) fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Cargo, to build examples of this package in the folder of this build. Build scripts read the variables that cargo
/// sets for a test of its package. With these variables, the scripts would run again, and would rebuild the program
/// under this test.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    let reported =
        |name: &str| name == "OUT_DIR" || name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for (name, _) in env::vars().filter(|(name, _)| reported(name)) {
        cargo.env_remove(name);
    }
    cargo.current_dir(package());
    cargo
}

/// Every file below a folder whose name ends so, by its path from there, sorted.
pub(crate) fn files_below(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut open = vec![folder.to_owned()];
    let mut found = Vec::new();
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(&dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path.strip_prefix(folder).unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

/// Waits for something, but not for ever.
pub(crate) fn within<T>(limit: Duration, work: impl Future<Output = T>) -> T {
    RUNTIME.block_on(async { timeout(limit, work).await }).unwrap_or_else(|_| panic!("not done within {limit:?}"))
}

/// A target that nothing is known of but where it listens; it has every identity and two regions.
pub(crate) fn target(endpoint: &str) -> ResolvedTarget {
    ResolvedTarget {
        endpoint: endpoint.parse().unwrap(),
        name: endpoint.to_owned(),
        region: "us-east-1".to_owned(),
        other_region: Some("eu-west-1".to_owned()),
        owner: Identity::test().credentials().clone(),
        denied: Some(Identity::denied().credentials().clone()),
        other_account: Some(Identity::other_account().credentials().clone()),
        state_handler: None,
        states: BTreeMap::new(),
        client: ClientStyle::default(),
    }
}

/// A reference of its own, with the target that it is.
pub(crate) fn reference() -> (Reference, ResolvedTarget) {
    reference_at(1.0)
}

/// A reference whose time runs that many times as fast: the slower, the less an observation hangs on the machine.
pub(crate) fn reference_at(speed: f64) -> (Reference, ResolvedTarget) {
    let contracts = SUITE.services().map(|service| Arc::clone(service.contract())).collect();
    let options = ReferenceOptions::default();
    options.clock.speed(speed);
    let reference = within(Duration::from_secs(10), Reference::start(contracts, options)).unwrap();
    let endpoint = reference.endpoint();
    let path = reference.state_change_url().strip_prefix(&endpoint).unwrap().to_owned();
    let mut target = target(&endpoint);
    target.state_handler = Some(StateHandler::Url { endpoint: target.endpoint.clone(), path });
    (reference, target)
}

/// The default options of a run.
pub(crate) const PACE: RunOptions = RunOptions {
    jobs: 16,
    seed: 1,
    case_timeout: Duration::from_secs(60),
    patience: Duration::from_secs(30),
    fail_fast: false,
    presence: PresenceChecks::AllBut(BTreeSet::new()),
    sensitive: SensitiveValues::Hidden,
};

/// A runner of the bundled suite. Its requests take no longer than `timeout`.
pub(crate) fn runner(target: ResolvedTarget, options: RunOptions, timeout: Duration) -> Runner {
    let limits = Limits { timeout, connect_timeout: timeout, ..Limits::default() };
    runner_over(Wire::new(&Settings { limits, ..Settings::default() }).unwrap(), target, options)
}

/// A runner of the bundled suite over any transport.
pub(crate) fn runner_over(transport: impl Transport + 'static, target: ResolvedTarget, options: RunOptions) -> Runner {
    Runner::new(Arc::clone(&SUITE), target, Arc::new(transport), options).snapshots(Arc::clone(&SNAPSHOTS))
}

/// A reference without a socket, in time that passes by itself whenever everything waits: minutes of polling pass at
/// once, and nothing hangs on how busy the machine is.
pub(crate) struct Virtual {
    runtime: Runtime,
    reference: Arc<ReferenceEndpoint>,
}

impl Virtual {
    /// A reference without any state.
    pub(crate) fn start() -> Self {
        let runtime = runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let contracts = SUITE.services().map(|service| Arc::clone(service.contract())).collect();
        // Its clock has to be the runtime's.
        let _inside = runtime.enter();
        let reference = ReferenceEndpoint::new(contracts, Identity::defaults(), Clock::new()).unwrap();
        Self { reference: Arc::new(reference), runtime }
    }

    /// Runs the cases with this delay of every response.
    pub(crate) fn run(&self, cases: Vec<Case>, options: RunOptions, delay: Duration) -> Run {
        let reference = Arc::clone(&self.reference);
        self.run_over(
            InProcess::new(move |request| Reply::Answer(handle(&reference, request))).delayed(delay),
            cases,
            options,
        )
    }

    /// The reference itself.
    pub(crate) fn endpoint(&self) -> Arc<ReferenceEndpoint> {
        Arc::clone(&self.reference)
    }

    /// Waits for something in this one's time.
    pub(crate) fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Makes something whose clock has to be the runtime's.
    pub(crate) fn inside<T>(&self, make: impl FnOnce() -> T) -> T {
        let _inside = self.runtime.enter();
        make()
    }

    /// Runs the cases against `respond` instead of the reference, with the clock of this one.
    pub(crate) fn run_against(
        &self,
        respond: impl Fn(&Request) -> Response + Send + Sync + 'static,
        cases: Vec<Case>,
        options: RunOptions,
    ) -> Run {
        self.run_over(InProcess::new(move |request: &Request| Reply::Answer(respond(request))), cases, options)
    }

    /// Runs the cases over whatever carries requests to the reference, in this one's time.
    pub(crate) fn run_over(&self, transport: impl Transport + 'static, cases: Vec<Case>, options: RunOptions) -> Run {
        let mut target = target("http://127.0.0.1:1");
        target.state_handler =
            Some(StateHandler::Url { endpoint: target.endpoint.clone(), path: STATE_PATH.to_owned() });
        let runner = runner_over(transport, target, options);
        self.runtime.block_on(Run::entered(&runner, cases))
    }
}

/// A run of everything against the reference, for every test that only reads what came of it. While tests wait for it,
/// the other run is made, too.
pub(crate) static RUN: LazyLock<Run> = LazyLock::new(|| {
    thread::spawn(|| LazyLock::force(&OTHER_RUN).cases.len());
    Virtual::start().run(SUITE.cases(), PACE, Duration::ZERO)
});

/// As many things as possible differ from [`RUN`]: the order, the number of jobs, and the seed.
pub(crate) static OTHER_RUN: LazyLock<Run> = LazyLock::new(|| {
    let options = RunOptions { jobs: 32, seed: 987_654_321, ..PACE };
    Virtual::start().run(shuffled(7, some_rows()), options, Duration::ZERO)
});

/// The cases of a run that repeats [`RUN`] in another way. Without optimization, the first row of each scenario has to do.
pub(crate) fn some_rows() -> Vec<Case> {
    let mut cases = SUITE.cases();
    if cfg!(debug_assertions) {
        cases.dedup_by(|case, before| Arc::ptr_eq(&case.scenario, &before.scenario));
    }
    cases
}

/// The cases in an order that only the seed knows.
pub(crate) fn shuffled(seed: u64, mut cases: Vec<Case>) -> Vec<Case> {
    cases.sort_by_key(|case| {
        let mut hasher = DefaultHasher::new();
        (seed, &case.id).hash(&mut hasher);
        hasher.finish()
    });
    cases
}

/// The response of the reference. Signatures have the date of the real clock, not that of the runtime.
pub(crate) fn handle(reference: &ReferenceEndpoint, request: &Request) -> Response {
    reference.handle(request, real_now())
}

/// Seconds since 1970.
pub(crate) fn real_now() -> f64 {
    SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs_f64()
}

/// The result of a run.
pub(crate) struct Run {
    /// Its cases, in the order in which they ended.
    pub(crate) cases: Vec<JudgedCase>,
    /// Its end.
    pub(crate) finished: RunFinished,
}

impl Run {
    /// Runs the cases, for so long at the most.
    pub(crate) fn of(runner: &Runner, cases: Vec<Case>, limit: Duration) -> Self {
        within(limit, Self::entered(runner, cases))
    }

    async fn entered(runner: &Runner, cases: Vec<Case>) -> Self {
        let mut judged = Vec::new();
        let mut observer = OnCase(|case: &JudgedCase| judged.push(case.clone()));
        let finished = runner.run(&mut Batch::new(cases), &mut observer).await;
        Self { cases: judged, finished }
    }

    /// The ids of the cases that conform.
    pub(crate) fn conforming(&self) -> Vec<&str> {
        let conforming = self.cases.iter().filter(|case| case.report.verdict == Verdict::Conforms);
        conforming.map(|case| case.report.id.0.as_str()).collect()
    }

    /// The sums, which have to be those of the cases.
    pub(crate) fn ledger(&self) -> Ledger {
        let mut counted = Ledger::default();
        counted.selected = self.finished.ledger.selected;
        self.cases.iter().for_each(|case| counted.enter(case.report.verdict));
        assert_eq!(counted, self.finished.ledger, "the ledger is not the sum of the cases");
        assert!(counted.balances(), "{counted:?}");
        counted
    }
}

/// A case with its findings, for a person.
pub(crate) fn describe(case: &JudgedCase) -> String {
    let report = &case.report;
    let findings: String = report.findings.iter().map(describe_finding).collect();
    format!("{}: {} {}\n  at {}\n{findings}", report.id, report.verdict, report.reason, report.position)
}

fn describe_finding(finding: &Finding) -> String {
    let Finding { code, severity, step, pointer, expected, actual, cites, .. } = finding;
    format!("  {severity} {code} step {step} {pointer}: expected {expected}, got {actual} ({})\n", cites.join(", "))
}
