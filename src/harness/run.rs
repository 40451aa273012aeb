//! A suite against a target: prepared, run, and brought to an outcome. It serves test functions, and one test for each case.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use tokio::runtime;

use super::{
    Outcome, Problem, Suite, Target,
    loaded::{LoadedSuite, Planned},
    outcome,
    outputs::RunOutputs,
    report_format::report_format,
    reports::OpenReports,
    runner::Runner,
    snapshot_folder::SnapshotFolder,
    test_environment::TestEnvironment,
};
use crate::{
    gate::run_gate::{GateRules, RunGate, red},
    judge::redaction::SensitiveValues,
    report::{Human, HumanOptions, Reporter as _},
    run::{
        event::{CaseReport, Event, RunFinished},
        exit::ExitStatus,
        judged_case::JudgedCase,
        observer::{EventDetail, Observer},
        session::{self, RunOptions},
    },
    suite::{CaseId, Plan},
};

/// A suite that is about to run against a target.
#[derive(Debug, Clone)]
#[must_use = "nothing happens before run()"]
pub struct Run {
    suite: Suite,
    target: Target,
}

impl Run {
    pub(super) fn new(suite: Suite, target: Target) -> Self {
        Self { suite, target }
    }

    /// Runs it on the current tokio runtime, which needs time and I/O.
    pub async fn run(self) -> Outcome {
        match PreparedRun::new(self.suite, None) {
            Ok(prepared) => {
                let wanted = |id: &str| prepared.suite.why_ignored(id).is_none();
                let jobs = prepared.suite.jobs;
                prepared.run(&self.target, jobs, &wanted, &mut |_, _| ()).await
            }
            Err(problem) => problem.into(),
        }
    }

    /// Runs it on a runtime of its own, for tests that are not async.
    ///
    /// # Panics
    /// Inside another runtime, which would be blocked.
    pub fn run_blocking(self) -> Outcome {
        match runtime::Builder::new_multi_thread().enable_all().build() {
            Ok(runtime) => runtime.block_on(self.run()),
            Err(error) => Problem::Runtime(error).into(),
        }
    }
}

/// Sees each case as it ends, with its difference from the snapshot where that fails.
pub(super) type See<'a> = dyn FnMut(&CaseReport, Option<&str>) + Send + 'a;

/// A suite that is read and checked, ready to run.
pub(super) struct PreparedRun {
    pub(super) suite: Suite,
    pub(super) loaded: Arc<LoadedSuite>,
    /// Without any event.
    pub(super) gate: RunGate,
    pub(super) human: HumanOptions,
    pub(super) seed: u64,
    snapshots: Option<SnapshotFolder>,
    process_per_test: bool,
}

/// The variable that requests an update of the baseline in a test.
const UPDATE: &str = "WIREPROOF_BASELINE_UPDATE=1";

impl PreparedRun {
    /// Prepares a suite, or `only` its cases with these ids.
    pub(super) fn new(suite: Suite, only: Option<BTreeSet<String>>) -> Result<Self, Problem> {
        let environment = TestEnvironment::read()?;
        let loaded = Arc::new(LoadedSuite::load(&suite, only)?);
        let snapshots = suite.snapshots.clone().map(|folder| SnapshotFolder::open(folder, &environment)).transpose()?;
        let rules = GateRules {
            allowed: suite.allowed.clone(),
            baseline: suite.baseline.clone(),
            update: environment.update_baseline,
            reason: environment.reason,
            update_hint: UPDATE,
        };
        let cases = Arc::clone(&loaded);
        // If each test is a process, one of them is about the entries without a case.
        let missing = move |ids: &BTreeSet<String>| {
            let of_whole = || cases.missing(ids).map_err(|problem| problem.to_string());
            if cases.is_narrow() { Ok(BTreeSet::new()) } else { of_whole() }
        };
        let gate = RunGate::open(rules, Arc::new(missing))?;
        let seed = environment.seed.or(suite.seed).unwrap_or_else(session::fresh_seed);
        let human = human(command());
        Ok(Self { suite, loaded, gate, human, seed, snapshots, process_per_test: environment.process_per_test })
    }

    /// Runs the `wanted` cases.
    pub(super) async fn run(
        &self,
        target: &Target,
        jobs: usize,
        wanted: &(dyn Fn(&str) -> bool + Sync),
        see: &mut See<'_>,
    ) -> Outcome {
        match self.begin(target, jobs, wanted).and_then(|run| Ok((run, self.reports()?))) {
            Ok(((runner, mut plan), reports)) => {
                let mut watched = WatchedRun::new(self, reports, see);
                let finished = runner.run(&mut *plan, &mut watched).await;
                if watched.outputs.wants_repetition(&finished) {
                    watched.problem = self.repeat(target, jobs, wanted, &mut watched.outputs).await.err();
                }
                watched.outcome(&finished)
            }
            Err(problem) => problem.into(),
        }
    }

    /// Runs the same cases once more with other names, to find those whose results differ.
    async fn repeat(
        &self,
        target: &Target,
        jobs: usize,
        wanted: &(dyn Fn(&str) -> bool + Sync),
        outputs: &mut RunOutputs,
    ) -> Result<(), Problem> {
        let (runner, mut plan) = self.begin(target, jobs, wanted)?;
        runner.repeated().await.run(&mut *plan, &mut outputs.repetition()).await;
        Ok(())
    }

    fn begin(
        &self,
        target: &Target,
        jobs: usize,
        wanted: &(dyn Fn(&str) -> bool + Sync),
    ) -> Result<(Runner, Box<dyn Plan>), Problem> {
        #[cfg(feature = "reference")]
        let target = &target.served(super::loaded::protocol_of_suite(&self.suite)?)?;
        let (target, transport) = target.open(self.suite.timeout, self.suite.state_function.as_ref())?;
        let Planned { plan, coverage } = self.loaded.plan(self.seed, target.endpoint.is_loopback(), wanted)?;
        let snapshots = self.snapshots.as_ref().map(|snapshots| snapshots.snapshots.clone());
        let options = RunOptions {
            jobs: jobs.max(1),
            seed: self.seed,
            case_timeout: self.suite.case_timeout,
            patience: self.suite.patience,
            fail_fast: false,
            presence: self.suite.presence.clone(),
            sensitive: SensitiveValues::Hidden,
        };
        // A test is interrupted by ending its process.
        let runner = Runner::new(Arc::clone(&self.loaded.suite), target, transport, options)
            .snapshots(Arc::new(snapshots.unwrap_or_default()))
            .coverage(coverage);
        Ok((runner, plan))
    }

    /// If each test is a process, none of them sees the whole run.
    fn reports(&self) -> Result<OpenReports, Problem> {
        let paths = if self.process_per_test { &[] } else { self.suite.reports.as_slice() };
        let mut reports = OpenReports::default();
        for path in paths {
            let added = reports.add_file(report_format(path)?, path, &self.human);
            added.map_err(|error| Problem::Write { path: path.clone(), error })?;
        }
        Ok(reports)
    }
}

/// A run that goes on, with everything that its outcome needs.
struct WatchedRun<'a> {
    prepared: &'a PreparedRun,
    outputs: RunOutputs,
    human: Human<Vec<u8>>,
    see: &'a mut See<'a>,
    cases: Vec<CaseReport>,
    observations: BTreeMap<CaseId, String>,
    /// The differences from snapshots, as text.
    snapshots: Vec<String>,
    problem: Option<Problem>,
}

impl<'a> WatchedRun<'a> {
    fn new(prepared: &'a PreparedRun, reports: OpenReports, see: &'a mut See<'a>) -> Self {
        Self {
            prepared,
            outputs: RunOutputs::new(reports, prepared.gate.clone()),
            human: Human::new(Vec::new(), prepared.human.clone()),
            see,
            cases: Vec::new(),
            observations: BTreeMap::new(),
            snapshots: Vec::new(),
            problem: None,
        }
    }

    /// The difference of the case from its snapshot, as text, if the difference fails the test.
    fn settle(&mut self, case: &JudgedCase) -> Option<String> {
        let snapshots = self.prepared.snapshots.as_ref()?;
        snapshots.settle(case).unwrap_or_else(|problem| {
            self.problem.get_or_insert(problem);
            None
        })
    }

    fn outcome(self, finished: &RunFinished) -> Outcome {
        let prepared = self.prepared;
        let (gate, failed) = self.outputs.close();
        let unwritten = failed.into_iter().next().map(Problem::from);
        let mut problem = self.problem.or(unwritten);
        let result = gate.conclude(finished).map_err(|failed| problem = Some(failed.into())).ok();
        let mut text = String::from_utf8_lossy(&self.human.into_writer()).into_owned();
        text.extend(result.iter().flat_map(|result| &result.updated).map(|line| format!("{line}\n")));
        text.push_str(&prepared.ignored());
        text.extend(self.snapshots.iter().map(String::as_str));
        text.extend(problem.iter().map(outcome::described));
        let status = result.as_ref().map_or(ExitStatus::Internal, |result| result.status);
        let mut cases = self.cases;
        cases.sort_by(|a, b| a.id.cmp(&b.id));
        let (comparison, updated) = result.map(|result| (result.comparison, result.updated)).unwrap_or_default();
        Outcome {
            status: if problem.is_some() { ExitStatus::Internal } else { red(status, !self.snapshots.is_empty()) },
            problem,
            seed: prepared.seed,
            ledger: finished.ledger,
            cases,
            observations: self.observations,
            differing: comparison.map(|compared| compared.differences).unwrap_or_default(),
            report: text,
            updated,
        }
    }
}

impl Observer for WatchedRun<'_> {
    fn detail(&self) -> EventDetail {
        self.outputs.detail()
    }

    fn event(&mut self, event: &Event) {
        self.outputs.event(event);
        // Writing to memory cannot fail.
        let _ = self.human.event(&self.outputs.completed(event));
    }

    fn case(&mut self, case: &JudgedCase) {
        let snapshot = self.settle(case);
        (self.see)(&case.report, snapshot.as_deref());
        self.snapshots.extend(snapshot);
        self.cases.push(case.report.clone());
        // There may be a million probes, and no test uses their observations.
        if self.prepared.loaded.is_of_scenarios() {
            self.observations.insert(case.case.id.clone(), case.observation().text());
        }
    }
}

impl PreparedRun {
    /// The ignored cases, by their reasons.
    fn ignored(&self) -> String {
        let mut reasons: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for id in self.loaded.ids() {
            if let Some(reason) = self.suite.why_ignored(&id) {
                reasons.entry(reason).or_default().push(id);
            }
        }
        let line = |(reason, ids): (&str, Vec<String>)| format!("ignored: {}, {reason}\n", ids.join(", "));
        reasons.into_iter().map(line).collect()
    }
}

fn human(command: String) -> HumanOptions {
    HumanOptions {
        color: false,
        width: 100,
        verbose: false,
        more: "Outcome::cases",
        one: "a report",
        quiet: false,
        curl: false,
        command,
        rerun: String::new(),
        causes: Vec::new(),
    }
}

/// The command that runs one case of this test again. The name of the thread is that of the test.
fn command() -> String {
    let thread = std::thread::current();
    let test = thread.name().filter(|name| *name != "main").map(|name| format!(" {name}")).unwrap_or_default();
    format!("WIREPROOF_SEED={{seed}} WIREPROOF_FILTER={{id}} cargo test{test}")
}
