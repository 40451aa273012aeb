//! A suite against a target: set up, run, and brought to an outcome. The one way for a test function and for one test a case.

use std::{collections::BTreeMap, sync::Arc};

use tokio::{runtime, sync::watch};

use super::{
    Outcome, Problem, Suite, Target,
    environment::TestEnvironment,
    loaded::{LoadedSuite, Planned},
    outcome,
    reports::ReportFiles,
    snapshot_folder::SnapshotFolder,
};
use crate::{
    gate::{self, Gate, baseline::Differing},
    judge::redaction::SensitiveValues,
    probe::Coverage,
    report::{Human, HumanOptions, Reporter as _},
    run::{
        event::{CaseFinished, CaseReport, Event, RunFinished},
        exit::ExitStatus,
        session::{self, RunOptions, Session},
    },
    suite::CaseId,
};

/// A suite that is about to be asked of a target.
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

    /// Runs it, on the runtime that awaits it: tokio's, with time and I/O.
    pub async fn run(self) -> Outcome {
        match PreparedRun::new(self.suite) {
            Ok(prepared) => {
                let wanted = |id: &str| prepared.suite.why_ignored(id).is_none();
                let jobs = prepared.suite.jobs;
                prepared.run(&self.target, jobs, &wanted, &mut |_, _| ()).await
            }
            Err(problem) => problem.into(),
        }
    }

    /// Runs it on a runtime of its own: for tests that are not asynchronous.
    ///
    /// # Panics
    /// Inside of a runtime, which could not go on while it waits.
    pub fn run_blocking(self) -> Outcome {
        match runtime::Builder::new_multi_thread().enable_all().build() {
            Ok(runtime) => runtime.block_on(self.run()),
            Err(error) => Problem::Runtime(error).into(),
        }
    }
}

/// Who wants to see cases as they end.
pub(super) type See<'a> = dyn FnMut(&CaseFinished, Option<&str>) + Send + 'a;

/// A suite that is read and checked, with what is known already.
pub(super) struct PreparedRun {
    pub(super) suite: Suite,
    pub(super) environment: TestEnvironment,
    pub(super) loaded: LoadedSuite,
    /// Without anything seen.
    pub(super) gate: Option<Gate>,
    pub(super) snapshots: Option<SnapshotFolder>,
    pub(super) human: HumanOptions,
    pub(super) seed: u64,
}

/// What brings a baseline up to date in a test.
const UPDATE: &str = "WIREPROOF_BASELINE_UPDATE=1";

impl PreparedRun {
    pub(super) fn new(suite: Suite) -> Result<Self, Problem> {
        let environment = TestEnvironment::read()?;
        let loaded = LoadedSuite::load(&suite)?;
        let gate =
            suite.baseline.as_ref().map(|path| Gate::open(path, environment.update_baseline, UPDATE)).transpose()?;
        let snapshots = suite.snapshots.clone().map(|folder| SnapshotFolder::open(folder, &environment)).transpose()?;
        let seed = environment.seed.or(suite.seed).unwrap_or_else(session::fresh_seed);
        let human = human(command(), suite.model.is_some());
        Ok(Self { suite, environment, loaded, gate, snapshots, human, seed })
    }

    /// Runs the `wanted` cases. Each is shown to `see` as it ends, with how it differs from its snapshot where that fails.
    pub(super) async fn run(
        &self,
        target: &Target,
        jobs: usize,
        wanted: &(dyn Fn(&str) -> bool + Sync),
        see: &mut See<'_>,
    ) -> Outcome {
        match self.begin(target, jobs, wanted) {
            Ok((session, planned)) => self.go(&session, planned, see).await,
            Err(problem) => problem.into(),
        }
    }

    fn begin(
        &self,
        target: &Target,
        jobs: usize,
        wanted: &(dyn Fn(&str) -> bool + Sync),
    ) -> Result<(Session, Planned), Problem> {
        let (target, transport) = target.open(self.suite.timeout, self.suite.state_function.as_ref())?;
        let planned = self.loaded.plan(self.seed, target.endpoint.is_loopback(), wanted)?;
        let snapshots = self.snapshots.as_ref().map(|snapshots| snapshots.snapshots.clone());
        let options = RunOptions {
            jobs: jobs.max(1),
            seed: self.seed,
            case_timeout: self.suite.case_timeout,
            fail_fast: false,
            survey: true,
            sensitive: SensitiveValues::Hidden,
        };
        let session = Session {
            suite: Arc::clone(&self.loaded.suite),
            target: Arc::new(target),
            transport,
            snapshots: Arc::new(snapshots.unwrap_or_default()),
            options,
            // Nobody interrupts a test but by ending its process.
            interrupt: watch::channel(false).1,
            restart: None,
        };
        Ok((session, planned))
    }

    async fn go(&self, session: &Session, planned: Planned, see: &mut See<'_>) -> Outcome {
        let Planned { mut plan, coverage } = planned;
        // Where each test is a process, none sees the whole run.
        let paths = if self.environment.process_per_test { &[] } else { self.suite.reports.as_slice() };
        let reports = match ReportFiles::open(paths, &self.human) {
            Ok(reports) => reports,
            Err(problem) => return problem.into(),
        };
        let mut taken = Taken::new(self, reports, coverage);
        let finished = session.run(&mut *plan, &mut |event| taken.take(event, see)).await;
        taken.outcome(&finished)
    }
}

/// What was taken of a run so far.
struct Taken<'a> {
    prepared: &'a PreparedRun,
    gate: Option<Gate>,
    coverage: Option<Coverage>,
    human: Human<Vec<u8>>,
    reports: ReportFiles,
    cases: Vec<CaseReport>,
    observed: BTreeMap<CaseId, CaseFinished>,
    /// What differs from snapshots, in words.
    snapshots: Vec<String>,
    problem: Option<Problem>,
}

impl<'a> Taken<'a> {
    fn new(prepared: &'a PreparedRun, reports: ReportFiles, coverage: Option<Coverage>) -> Self {
        Self {
            prepared,
            gate: prepared.gate.clone(),
            coverage,
            human: Human::new(Vec::new(), prepared.human.clone()),
            reports,
            cases: Vec::new(),
            observed: BTreeMap::new(),
            snapshots: Vec::new(),
            problem: None,
        }
    }

    fn take(&mut self, event: Event, see: &mut See<'_>) {
        let event = match &mut self.coverage {
            Some(coverage) => event.covered(coverage),
            None => event,
        };
        // Memory takes everything.
        let _ = self.human.event(&event);
        self.reports.take(&event);
        if let Event::CaseFinished(finished) = event {
            self.case(*finished, see);
        }
    }

    fn case(&mut self, finished: CaseFinished, see: &mut See<'_>) {
        if let Some(gate) = &mut self.gate {
            gate.enter(&finished.report);
        }
        let settled = self.prepared.snapshots.as_ref().map(|snapshots| snapshots.settle(&finished));
        let snapshot = settled.transpose().unwrap_or_else(|problem| {
            self.problem.get_or_insert(problem);
            None
        });
        let snapshot = snapshot.flatten();
        see(&finished, snapshot.as_deref());
        self.snapshots.extend(snapshot);
        self.cases.push(finished.report.clone());
        if self.prepared.loaded.is_of_scenarios() {
            self.observed.insert(finished.report.id.clone(), finished);
        }
    }

    fn outcome(self, finished: &RunFinished) -> Outcome {
        let prepared = self.prepared;
        let mut told = String::from_utf8_lossy(&self.human.into_writer()).into_owned();
        let mut problem = self.problem.or(self.reports.close().err());
        let settled = self.gate.as_ref().map(|gate| prepared.settle(gate)).transpose();
        let (differing, updated) = match settled {
            Ok(None) => (None, None),
            Ok(Some(Settled::Compared(differing, words))) => {
                told.push_str(&words);
                (Some(differing), None)
            }
            Ok(Some(Settled::Updated(line))) => (Some(Vec::new()), Some(line)),
            Err(failed) => {
                problem = Some(failed);
                (None, None)
            }
        };
        told.extend(updated.iter().map(|line| format!("{line}\n")));
        told.push_str(&prepared.ignored());
        self.snapshots.iter().for_each(|snapshot| told.push_str(snapshot));
        let status = gate::status(finished, &prepared.suite.allowed, differing.as_ref().map(Vec::len));
        let status = gate::red(status, !self.snapshots.is_empty());
        told.extend(problem.iter().map(outcome::told));
        let mut cases = self.cases;
        cases.sort_by(|a, b| a.id.cmp(&b.id));
        Outcome {
            status: if problem.is_some() { ExitStatus::Internal } else { status },
            problem,
            seed: prepared.seed,
            ledger: finished.ledger,
            cases,
            observed: self.observed,
            differing: differing.unwrap_or_default(),
            report: told,
            updated,
        }
    }
}

impl PreparedRun {
    /// What differs from the baseline, unless that is brought up to date.
    fn settle(&self, gate: &Gate) -> Result<Settled, Problem> {
        let missing = self.loaded.missing(&gate.unseen())?;
        if self.environment.update_baseline {
            return Ok(Settled::Updated(gate.update(&missing, self.environment.reason.as_deref())?));
        }
        let differing = gate.compare(&missing);
        let words = gate.told(&differing);
        Ok(Settled::Compared(differing, words))
    }

    /// The cases that are not run, by their reasons.
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

/// What became of a baseline.
enum Settled {
    /// What differs, and that in words.
    Compared(Vec<Differing>, String),
    /// It was brought up to date, in a line.
    Updated(String),
}

/// So many deviations of each operation are told one by one, where there may be thousands.
const TOLD: usize = 3;

fn human(command: String, of_probes: bool) -> HumanOptions {
    HumanOptions {
        color: false,
        width: 100,
        verbose: false,
        more: "Outcome::cases",
        quiet: false,
        curl: false,
        command,
        rerun: String::new(),
        most: of_probes.then_some(TOLD),
    }
}

/// What runs one case of this test again. The test's name is that of its thread.
fn command() -> String {
    let thread = std::thread::current();
    let test = thread.name().filter(|name| *name != "main").map(|name| format!(" {name}")).unwrap_or_default();
    format!("WIREPROOF_SEED={{seed}} WIREPROOF_FILTER={{id}} cargo test{test}")
}
