//! One test per case: `cargo test`, cargo-nextest and IDEs list and run the cases, without a macro.
//!
//! The selected cases run as one run. So the presence of an operation is checked once, a control runs before the probes
//! that rest on it, and the report names a crash of the endpoint. Each test waits for the verdict of its own case.

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

/// The test that checks that every entry of the baseline belongs to an existing case.
const BASELINE: &str = "baseline";

/// Runs each case of a suite as a test of its own: the `main` of a test target with `harness = false`.
///
/// Listing and filtering work as in `cargo test`, also for cargo-nextest and IDEs. `start` returns the target. It is
/// called once per process, and only if a case runs. `WIREPROOF_ENDPOINT` replaces it (see [`Target::from_env`]).
/// `--test-threads` or `RUST_TEST_THREADS` limits the number of cases that run at the same time; the default is that of
/// [`Suite::jobs`].
///
/// A deviation in the baseline passes, and is printed at the end. A baseline entry without its deviation fails. Cases
/// of [`Suite::ignore`] are listed as ignored, and `--ignored` runs them. A case that is not applicable, or that has an
/// allowed verdict other than a deviation, is reported as ignored with its reason.
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
    let mut arguments = match TestArguments::read(words()) {
        Ok(arguments) if arguments.mode == TestMode::Help => {
            // A closed pipe does not fail the run.
            let _ = io::stdout().write_all(HELP.as_bytes());
            return ExitCode::SUCCESS;
        }
        Ok(arguments) => arguments,
        Err(error) => return failed(&format!("error: {error}\n")),
    };
    match PreparedRun::new(suite, arguments.exact_names()) {
        Ok(prepared) => Trials::new(prepared, &mut arguments, start).run(&arguments),
        // A tool that lists tests must see the problem as well.
        Err(problem) => failed(&outcome::described(&problem)),
    }
}

/// The arguments of this process. One that is not UTF-8 selects nothing, and must not end the tests with a panic.
fn words() -> impl Iterator<Item = String> {
    env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned())
}

fn failed(why: &str) -> ExitCode {
    // A closed pipe does not change the failure.
    let _ = io::stderr().write_all(why.as_bytes());
    ExitCode::from(FAILED)
}

/// The interval between messages that the endpoint has not started yet.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs the cases, and returns when all are done.
type TrialDriver = Box<dyn FnOnce(Arc<SharedTrials>) -> Outcome + Send>;

struct Trials {
    shared: Arc<SharedTrials>,
    trials: Vec<Trial>,
}

/// The state that the tests of a process share.
struct SharedTrials {
    prepared: PreparedRun,
    /// The cases that run in this process.
    selected: HashSet<String>,
    state: Mutex<TrialState>,
    /// The state has changed.
    news: Condvar,
}

#[derive(Default)]
struct TrialState {
    driver: Option<TrialDriver>,
    running: Option<JoinHandle<Outcome>>,
    /// The results of cases whose tests have not fetched them yet.
    ended: HashMap<String, TrialResult>,
    /// The reason why no further case will end.
    over: Option<String>,
    /// The descriptions of known deviations.
    known: Vec<String>,
    /// The URL of the endpoint.
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
        // The run may still write its reports or the baseline.
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
        // A closed pipe does not fail the run.
        let _ = io::stderr().write_all(told.as_bytes());
        if problem.is_some() && !counts.has_failed() { ExitCode::from(FAILED) } else { counts.exit_code() }
    }
}

/// Returns whether a test runs in this process. Under cargo-nextest, this is usually a single test.
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
            // Only a test that runs can print the reason. With `--list` or `--ignored`, the test needs the ignored flag
            // instead.
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

    /// Waits for the result of a case. The first call starts the run.
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

    /// Checks the entries without an existing case. The tests of the other cases check their own entries.
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

    /// The reason why the verdict of a case fails its test; empty if it does not.
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

/// Calls the user's function that starts the target. Prints a message while it waits, and turns a panic into an error.
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

/// Wakes all waiting tests when the run ends for any reason.
struct Over(Arc<SharedTrials>);

impl Drop for Over {
    fn drop(&mut self) {
        self.0.state().over.get_or_insert_with(|| Problem::Ended.to_string());
        self.0.news.notify_all();
    }
}

/// The command that runs one test of this binary again.
fn command() -> String {
    let program = env::args_os().next().unwrap_or_default();
    let stem = Path::new(&program).file_stem().unwrap_or_default().to_string_lossy().into_owned();
    // Cargo adds a hash to the name of a test.
    let test = stem.rsplit_once('-').map_or(stem.as_str(), |(name, _)| name);
    format!("WIREPROOF_SEED={{seed}} cargo test --test {test} -- --exact {{id}}")
}
