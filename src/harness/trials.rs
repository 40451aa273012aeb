//! One test a case: what `cargo test`, cargo-nextest and IDEs list and run, without a macro.
//!
//! The cases that are asked for run as one run, so that whether an operation is there is asked once, a control runs before
//! what rests on it, and an endpoint that dies is told as ever. Each test waits for the verdict of its own case.

use std::{
    collections::{HashMap, HashSet},
    env,
    fmt::Write as _,
    io::{self, Write as _},
    path::Path,
    pin::pin,
    process::ExitCode,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::{
    runtime,
    time::{Instant, interval_at},
};

use super::{
    Outcome, Problem, Suite, Target, outcome,
    run::PreparedRun,
    test_arguments::{HELP, IgnoredTests, TestArguments, TestMode},
    test_program::{self, FAILED, Trial, TrialEnd, TrialResult},
};
use crate::{
    gate::baseline_file::BaselineFile,
    judge::verdict::Verdict,
    report::human,
    run::{
        event::{CaseReport, CitableRequirement},
        panicked::caught,
        resolved_target::BoxError,
    },
    wire::TransportError,
};

/// The test that looks whether every entry of the baseline is of a case that exists.
const BASELINE: &str = "baseline";

/// Runs each case of a suite as a test of its own: the `main` of a test target with `harness = false`.
///
/// Listing and filtering are those of `cargo test`, as cargo-nextest and IDEs use them, too. `start` gives the target: it
/// is called once in a process, and only if a case runs. `WIREPROOF_ENDPOINT` takes its place (see [`Target::from_env`]).
/// As many cases run at once as `--test-threads` or `RUST_TEST_THREADS` say, else as [`Suite::jobs`] does.
///
/// A deviation that the baseline knows passes, and is told at the end; one that it knows and that is gone fails. What
/// [`Suite::ignore`] names is listed as ignored, and run by `--ignored`. What is not applicable, or of an allowed verdict
/// other than a deviation, is ignored with its reason when it has run.
///
/// ```toml
/// # Cargo.toml
/// [[test]]
/// name = "conformance"
/// harness = false
/// ```
///
/// ```no_run
/// // tests/conformance.rs
/// use wireproof::{Suite, Target};
/// # async fn start() -> Result<String, std::io::Error> { Ok(String::new()) }
///
/// fn main() -> std::process::ExitCode {
///     wireproof::test(Suite::bundled().operation("StopDeployment"), || async { Ok(Target::at(start().await?)) })
/// }
/// ```
#[must_use = "the exit code fails the tests"]
pub fn test<F, R>(suite: Suite, start: F) -> ExitCode
where
    F: FnOnce() -> R + Send + 'static,
    R: Future<Output = Result<Target, BoxError>> + 'static,
{
    let mut arguments = match TestArguments::read(env::args().skip(1)) {
        Ok(arguments) if arguments.mode == TestMode::Help => {
            // A closed pipe is no reason to fail.
            let _ = io::stdout().write_all(HELP.as_bytes());
            return ExitCode::SUCCESS;
        }
        Ok(arguments) => arguments,
        Err(error) => return failed(&format!("error: {error}\n")),
    };
    match PreparedRun::new(suite) {
        Ok(prepared) => Trials::new(prepared, &mut arguments, start).run(&arguments),
        // A tool that lists tests must see the problem, too.
        Err(problem) => failed(&outcome::described(&problem)),
    }
}

fn failed(why: &str) -> ExitCode {
    // A closed pipe is no reason to fail in another way.
    let _ = io::stderr().write_all(why.as_bytes());
    ExitCode::from(FAILED)
}

/// How long an endpoint may take to start before that is told, each time.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs the cases, and leaves when all are done.
type TrialDriver = Box<dyn FnOnce(Arc<SharedTrials>) -> Outcome + Send>;

struct Trials {
    shared: Arc<SharedTrials>,
    trials: Vec<Trial>,
}

/// What the tests of a process share.
struct SharedTrials {
    prepared: PreparedRun,
    /// The cases that run in this process.
    selected: HashSet<String>,
    state: Mutex<TrialState>,
    /// Something in the state is new.
    news: Condvar,
}

#[derive(Default)]
struct TrialState {
    driver: Option<TrialDriver>,
    running: Option<JoinHandle<Outcome>>,
    /// What became of cases, until their tests ask for it.
    ended: HashMap<String, TrialResult>,
    /// Why nothing more will end.
    over: Option<String>,
    /// Known deviations, in words.
    known: Vec<String>,
    /// Where the endpoint is.
    url: String,
}

impl Trials {
    fn new<F, R>(mut prepared: PreparedRun, arguments: &mut TestArguments, start: F) -> Self
    where
        F: FnOnce() -> R + Send + 'static,
        R: Future<Output = Result<Target, BoxError>> + 'static,
    {
        prepared.human.command = command();
        let threads = env::var("RUST_TEST_THREADS").ok().and_then(|threads| threads.parse().ok());
        let jobs = arguments.threads.or(threads).filter(|jobs| *jobs > 0).unwrap_or(prepared.suite.jobs);
        arguments.threads = Some(jobs);
        let ids: Vec<String> = prepared.loaded.ids().collect();
        let selected = ids.iter().filter(|id| is_selected(arguments, &prepared, id)).cloned().collect();
        let driver: TrialDriver = Box::new(move |shared| drive(&shared, jobs, start));
        let state = Mutex::new(TrialState { driver: Some(driver), ..TrialState::default() });
        let shared = Arc::new(SharedTrials { prepared, selected, state, news: Condvar::new() });
        let mut trials: Vec<Trial> = ids.into_iter().map(|id| shared.trial(arguments, id)).collect();
        trials.extend(shared.prepared.gate.baseline().is_some().then(|| shared.trial_of_baseline()));
        Self { shared, trials }
    }

    fn run(self, arguments: &TestArguments) -> ExitCode {
        let Self { shared, trials } = self;
        let counts = match test_program::run(arguments, trials) {
            Ok(counts) => counts,
            Err(error) => return failed(&format!("error: cannot write the log file: {error}\n")),
        };
        // The run may still write its reports, or the baseline.
        let running = shared.state().running.take();
        let (problem, updated) = match running.map(JoinHandle::join) {
            Some(Ok(outcome)) => (outcome.problem, outcome.updated),
            Some(Err(_)) => (Some(Problem::Ended), None),
            None => (None, None),
        };
        let mut known = std::mem::take(&mut shared.state().known);
        known.sort();
        let updated = updated.map(|line| format!("{line}\n"));
        let told: String = known.into_iter().chain(updated).chain(problem.as_ref().map(outcome::described)).collect();
        // A closed pipe is no reason to fail.
        let _ = io::stderr().write_all(told.as_bytes());
        if problem.is_some() && !counts.has_failed() { ExitCode::from(FAILED) } else { counts.exit_code() }
    }
}

/// Whether a test runs in this process: as cargo-nextest asks, as a rule one alone.
fn is_selected(arguments: &TestArguments, prepared: &PreparedRun, id: &str) -> bool {
    let is_ignored = prepared.suite.why_ignored(id).is_some();
    arguments.keeps(id, is_ignored) && arguments.runs(is_ignored)
}

impl SharedTrials {
    fn state(&self) -> MutexGuard<'_, TrialState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn trial(self: &Arc<Self>, arguments: &TestArguments, id: String) -> Trial {
        let reason = self.prepared.suite.why_ignored(&id).map(str::to_owned);
        match reason {
            // Only a test that runs can tell why it is ignored; whoever lists, or runs them, wants the flag.
            Some(reason) if arguments.mode == TestMode::Run && arguments.ignored == IgnoredTests::LeftOut => {
                Trial::new(id, false, || Ok(TrialEnd::Ignored(Some(reason))))
            }
            reason => {
                let shared = Arc::clone(self);
                let name = id.clone();
                Trial::new(name, reason.is_some(), move || shared.result(&id))
            }
        }
    }

    /// What became of a case, once it has ended. The first to ask starts the run.
    fn result(self: &Arc<Self>, id: &str) -> TrialResult {
        let mut state = self.state();
        if let Some(driver) = state.driver.take() {
            let shared = Arc::clone(self);
            state.running = Some(thread::spawn(move || driver(shared)));
        }
        loop {
            match (state.ended.remove(id), &state.over) {
                (Some(ended), _) => return ended,
                (None, Some(why)) => return Err(why.clone()),
                (None, None) => state = self.news.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    fn trial_of_baseline(self: &Arc<Self>) -> Trial {
        let shared = Arc::clone(self);
        Trial::new(BASELINE, false, move || shared.check_baseline())
    }

    /// Entries of cases that exist under no name; the others are looked at by the tests of their cases.
    fn check_baseline(&self) -> TrialResult {
        let Some(baseline) = self.baseline() else { return Ok(TrialEnd::Passed) };
        let missing = self.prepared.loaded.missing(&baseline.unseen()).map_err(|problem| problem.to_string())?;
        let differing = baseline.compare(&missing);
        if differing.is_empty() { Ok(TrialEnd::Passed) } else { Err(baseline.describe(&differing)) }
    }

    /// The baseline, unless this run updates it.
    fn baseline(&self) -> Option<&BaselineFile> {
        let gate = &self.prepared.gate;
        gate.baseline().filter(|_| !gate.rules().update)
    }

    fn enter(&self, report: &CaseReport, snapshot: Option<&str>) {
        let id = &report.id.0;
        // A control that runs for a selected case has no test.
        if self.selected.contains(id) {
            let ended = self.judge(report, snapshot);
            self.state().ended.insert(id.clone(), ended);
            self.news.notify_all();
        }
    }

    fn judge(&self, report: &CaseReport, snapshot: Option<&str>) -> TrialResult {
        let failure = self.failure(report) + snapshot.unwrap_or_default();
        if failure.is_empty() { Ok(self.passed(report)) } else { Err(failure) }
    }

    /// Why a case fails by its verdict; empty if it does not.
    fn failure(&self, report: &CaseReport) -> String {
        let PreparedRun { loaded, gate, human: options, seed, .. } = &self.prepared;
        let (baseline, allowed) = (self.baseline(), &gate.rules().allowed);
        let verdict = report.verdict;
        let differing = baseline.map(|baseline| baseline.compare_case(report)).unwrap_or_default();
        let accepted = match verdict {
            Verdict::Conforms | Verdict::NotApplicable => true,
            Verdict::Deviates => gate.baseline().is_some() || allowed.contains(&verdict),
            _ => allowed.contains(&verdict),
        };
        let mut text = String::new();
        if !accepted || !differing.is_empty() {
            text.push_str(&human::case(report, &CitableRequirement::all(&loaded.suite), *seed, options));
        }
        if !text.is_empty() && report.reason.contains(&TransportError::Refused.to_string()) {
            let url = &self.state().url;
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "nothing listens at {url}\nhelp: start the endpoint there, or set WIREPROOF_ENDPOINT to its address"
            );
        }
        if let Some(baseline) = baseline.filter(|_| !differing.is_empty()) {
            text.push('\n');
            text.push_str(&baseline.describe(&differing));
        }
        text
    }

    fn passed(&self, report: &CaseReport) -> TrialEnd {
        match report.verdict {
            Verdict::Conforms => TrialEnd::Passed,
            Verdict::Deviates => {
                let baseline = self.prepared.gate.baseline();
                let entries = baseline.iter().flat_map(|known| known.baseline().entries_of(&report.id.0));
                let reasons: Vec<String> =
                    entries.map(|entry| format!(" ({}: {})", entry.code, entry.reason)).collect();
                self.state().known.push(format!("accepted: {} deviates{}\n", report.id, reasons.concat()));
                TrialEnd::Passed
            }
            verdict => TrialEnd::Ignored(Some(format!("{verdict}: {}", report.reason))),
        }
    }
}

/// Starts the endpoint and runs the cases.
fn drive<F, R>(shared: &Arc<SharedTrials>, jobs: usize, start: F) -> Outcome
where
    F: FnOnce() -> R,
    R: Future<Output = Result<Target, BoxError>>,
{
    let over = Over(Arc::clone(shared));
    let outcome = match runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(async {
            let target = match Target::from_env() {
                Some(target) => target,
                None => match started(start).await {
                    Ok(target) => target,
                    Err(error) => return Problem::Start(error).into(),
                },
            };
            shared.state().url.push_str(target.url());
            let wanted = |id: &str| shared.selected.contains(id);
            shared.prepared.run(&target, jobs, &wanted, &mut |report, snapshot| shared.enter(report, snapshot)).await
        }),
        Err(error) => Problem::Runtime(error).into(),
    };
    shared.state().over = outcome.problem.as_ref().map(ToString::to_string);
    drop(over);
    outcome
}

/// What the user's own function starts. One that takes long is told of, and one that panics has failed.
async fn started<F, R>(start: F) -> Result<Target, BoxError>
where
    F: FnOnce() -> R,
    R: Future<Output = Result<Target, BoxError>>,
{
    let mut starting = pin!(caught(async { start().await }));
    let mut told = interval_at(Instant::now() + PATIENCE, PATIENCE);
    loop {
        tokio::select! {
            started = &mut starting => {
                return started.unwrap_or_else(|words| Err(format!("it panicked: {words}").into()));
            }
            _ = told.tick() => {
                let _ = writeln!(io::stderr(), "still waiting for the endpoint to be started");
            }
        }
    }
}

/// Wakes whoever waits, however the run ends.
struct Over(Arc<SharedTrials>);

impl Drop for Over {
    fn drop(&mut self) {
        self.0.state().over.get_or_insert_with(|| Problem::Ended.to_string());
        self.0.news.notify_all();
    }
}

/// What runs one test of this binary again.
fn command() -> String {
    let program = env::args_os().next().unwrap_or_default();
    let stem = Path::new(&program).file_stem().unwrap_or_default().to_string_lossy().into_owned();
    // Cargo adds a hash to the name of a test.
    let test = stem.rsplit_once('-').map_or(stem.as_str(), |(name, _)| name);
    format!("WIREPROOF_SEED={{seed}} cargo test --test {test} -- --exact {{id}}")
}
