//! A run: which cases run at the same time, in which order, and until when. It emits events, and judges no case itself.
//!
//! Each case is executed and judged in a task of its own. The collector settles what concerns the whole run: duplicate
//! request ids, the ledger, a crashed endpoint.

mod collector;
mod endpoint_health;
mod life;
mod opened_operation;
mod parked_cases;
mod presences;
mod protocol_hint;
mod replay;
mod report_budget;
mod shown;
mod tally;
mod unsettled_cases;

use std::{
    collections::{BTreeSet, HashMap},
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use tokio::{sync::watch, task::JoinSet};

use crate::{
    judge::{
        check::{self, CaseJudgement},
        obstacle::Obstacle,
        redaction::{SensitiveValues, redact},
        snapshots::Snapshots,
        transcript::Transcript,
    },
    probe::Coverage,
    run::{
        event::{RunFinished, RunStarted},
        execute::{Breaker, Executor, LateCalls, Patience, PreparedStates},
        observer::Observer,
        resolved_target::ResolvedTarget,
        transport::{Transport, late_bytes::LateBytes},
    },
    suite::{Case, Fixtures, Plan, PlanStage},
    wire::{TransportError, sigv4::SigningKeys},
};

use collector::{Collector, JudgeBench};
use parked_cases::ParkedCases;
use presences::{PresenceEvidence, evidence, key_of};
pub use replay::{Replayed, replay};

/// A run that is set up. Only the runner constructs it.
#[derive(Clone)]
pub struct Session {
    /// The fixtures.
    pub suite: Arc<Fixtures>,
    /// The endpoint.
    pub target: Arc<ResolvedTarget>,
    /// The transport of its requests.
    pub transport: Arc<dyn Transport>,
    /// The recorded observations.
    pub snapshots: Arc<Snapshots>,
    /// The options.
    pub options: RunOptions,
    /// The patience that its cases share.
    pub patience: Arc<Patience>,
    /// The circuit breaker that its requests share.
    pub breaker: Arc<Breaker>,
    /// Turns true to end the run early.
    pub interrupt: watch::Receiver<bool>,
    /// Starts the endpoint again after a crash. Without it, a crash ends the run.
    pub restart: Option<Restart>,
    /// The duration of the check of the endpoint before the run, which is part of that of the run.
    pub start_check: Duration,
}

/// Why an endpoint cannot be tested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReachError {
    /// It cannot be reached, or speaks no HTTP or TLS.
    Transport(TransportError),
    /// It accepts connections, but sent no complete response in this time.
    Silent(Duration),
    /// It rejects the method of every request with this status, and never with an error of AWS.
    NotAws(u16),
}

/// Starts an endpoint again. The session then checks whether it listens.
pub type Restart = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// The options of a run.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// The number of cases that run at the same time.
    pub jobs: usize,
    /// The seed of generated names.
    pub seed: u64,
    /// The time limit of a case.
    pub case_timeout: Duration,
    /// The time that a poll waits for a change in progress.
    pub patience: Duration,
    /// The first deviation ends the run.
    pub fail_fast: bool,
    /// The operations that get a presence check. Without it, an operation that is not implemented is judged like any
    /// other.
    pub presence: PresenceChecks,
    /// How reports show members that the model marks sensitive.
    pub sensitive: SensitiveValues,
}

/// The operations that get a presence check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PresenceChecks {
    /// All but these, which are assumed to be implemented.
    AllBut(BTreeSet<String>),
    /// None: all are assumed to be implemented. The proof of the judge uses it, to see what the other checks detect.
    Assumed,
}

impl PresenceChecks {
    /// Every operation.
    #[must_use]
    pub fn all() -> Self {
        Self::AllBut(BTreeSet::new())
    }

    /// Assumes that an operation is implemented; `all` stands for every operation.
    pub fn assume(&mut self, operation: String) {
        match self {
            Self::AllBut(_) if operation == "all" => *self = Self::Assumed,
            Self::AllBut(assumed) => drop(assumed.insert(operation)),
            Self::Assumed => {}
        }
    }

    fn assumes(&self, operation: &str) -> bool {
        match self {
            Self::AllBut(assumed) => assumed.contains(operation),
            Self::Assumed => true,
        }
    }
}

/// The default number of cases that run at the same time.
pub const JOBS: usize = 16;

/// The default time that a poll waits for a change in progress.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The default limit of a case.
pub const CASE_TIMEOUT: Duration = Duration::from_secs(60);

/// A new seed, short enough to be typed.
#[must_use]
pub fn fresh_seed() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    (u64::from(since.subsec_nanos()) ^ since.as_secs().rotate_left(20)) % 1_000_000
}

/// The reason why a case did not run after an interruption.
const INTERRUPTED: &str = "the run was interrupted";

/// The reason why the last calls of a case are not made.
const RESTARTED: &str = "the endpoint crashed before the last calls of this case";

/// The time that a run waits for bytes after the last responses.
const LAST_BYTES: Duration = Duration::from_millis(25);

/// The time limit of running cases after an interruption.
const GRACE: Duration = Duration::from_secs(2);

/// The data that the tasks of a stage share.
struct SharedSession {
    session: Session,
    keys: SigningKeys,
    late: LateCalls,
}

/// Facts about the operations of the run, at the start of a case.
struct CaseStart {
    /// The responses of the case may prove operations to be implemented.
    is_open: bool,
    /// The operation of the case is on trial: the case waits for changes only as long as its scenario says.
    is_trial: bool,
}

struct Finished {
    case: Case,
    transcript: Transcript,
    judgement: CaseJudgement,
    shown: Vec<PresenceEvidence>,
    /// What will be known of the bytes after responses, by the index of the exchange.
    late: Vec<(usize, LateBytes)>,
    /// A change was still pending when the short wait of a trial ended.
    is_cut_short: bool,
}

impl Finished {
    /// A case of which nothing else is known, and nothing will be.
    fn judged(case: Case, transcript: Transcript, judgement: CaseJudgement) -> Self {
        Self { case, transcript, judgement, shown: Vec::new(), late: Vec::new(), is_cut_short: false }
    }
}

impl Session {
    /// Runs the cases of a plan, and reports everything to `observer`, in one order. `coverage` is that of the plan's model,
    /// where there is one.
    pub async fn run(
        &self,
        plan: &mut dyn Plan,
        coverage: Option<Coverage>,
        observer: &mut dyn Observer,
    ) -> RunFinished {
        tokio::select! {
            finished = Box::pin(self.run_plan(plan, coverage, observer)) => finished,
            never = self.decide_doubts() => match never {},
        }
    }

    async fn run_plan(
        &self,
        plan: &mut dyn Plan,
        coverage: Option<Coverage>,
        observer: &mut dyn Observer,
    ) -> RunFinished {
        let started = Instant::now();
        let endpoint = self.target.endpoint.to_string();
        let bench = JudgeBench {
            suite: &self.suite,
            snapshots: &self.snapshots,
            endpoint: &endpoint,
            region: &self.target.region,
            seed: self.options.seed,
            fail_fast: self.options.fail_fast,
        };
        let mut collector = Collector::start(bench, self.started(plan), &plan.whole().services, coverage, observer);
        let mut prepared: Option<PreparedStates<'_>> = None;
        while let Some(stage) = plan.stage() {
            self.heed_breaker(&mut collector).await;
            match stage {
                PlanStage::Open(opening) => {
                    release(prepared.take()).await;
                    prepared = self.open(&opening, plan, &mut collector).await;
                    if collector.is_on_trial(&(opening.service.clone(), opening.operation.clone())) {
                        plan.try_first(&opening.service, &opening.operation);
                    }
                    plan.opened(prepared.as_ref().map(|prepared| prepared.variables.clone()).unwrap_or_default());
                }
                PlanStage::Renew => {
                    let is_over = collector.life.is_over();
                    prepared = self.renewed(prepared, is_over).await;
                    plan.opened(prepared.as_ref().map(|prepared| prepared.variables.clone()).unwrap_or_default());
                }
                PlanStage::Cases(at_once) => self.cases(plan, at_once, &mut collector).await,
            }
        }
        release(prepared).await;
        if collector.has_unsettled() {
            tokio::time::sleep(LAST_BYTES).await;
            self.transport.settle();
        }
        // The last cases are reported now, and an observer may interrupt: the state must not be borrowed.
        let is_interrupted = *self.interrupt.borrow();
        let skipped = self.suite.services().flat_map(|service| service.skipped.iter().cloned());
        let notes = skipped.chain(self.transport.notes()).collect();
        collector.finish(is_interrupted, milliseconds(self.start_check + started.elapsed()), notes)
    }

    fn started(&self, plan: &dyn Plan) -> RunStarted {
        RunStarted {
            target: self.target.name.clone(),
            endpoint: self.target.endpoint.to_string(),
            region: self.target.region.clone(),
            suite: self.suite.digest().to_owned(),
            models: self.suite.services().map(|service| service.model.clone()).collect(),
            seed: self.options.seed,
            selected: plan.selected(),
            selection: plan.whole().selected.clone(),
            shard: plan.whole().shard,
        }
    }

    fn executor(&self) -> Executor<'_> {
        Executor {
            suite: &self.suite,
            target: &self.target,
            transport: &*self.transport,
            keys: None,
            seed: self.options.seed,
            case_timeout: self.options.case_timeout,
            patience: &self.patience,
            breaker: &self.breaker,
            late: None,
        }
    }

    /// Runs one stage.
    async fn cases(&self, plan: &mut dyn Plan, at_once: Option<usize>, collector: &mut Collector<'_>) {
        let (late, arriving) = LateCalls::new();
        let mut parked = ParkedCases::new(arriving);
        let shared = Arc::new(SharedSession { session: self.clone(), keys: SigningKeys::default(), late });
        let mut tasks = JoinSet::new();
        let mut running: HashMap<tokio::task::Id, Case> = HashMap::new();
        let mut interrupt = self.interrupt.clone();
        let jobs = at_once.unwrap_or(usize::MAX).min(self.options.jobs).max(1);
        loop {
            if tasks.len() == parked.len() && self.heed_breaker(collector).await {
                parked.give_up(RESTARTED);
            }
            loop {
                let active = tasks.len() - parked.len();
                if active >= jobs || self.waits(active, collector) {
                    break;
                }
                let next = if collector.is_waiting() { None } else { collector.released().or_else(|| plan.case()) };
                let Some(case) = next else {
                    if parked.resume(active > 0) {
                        continue;
                    }
                    break;
                };
                if let Some(case) = collector.admit(case) {
                    let (is_open, is_trial) = (collector.is_open(), collector.is_on_trial(&key_of(&case)));
                    let start = CaseStart { is_open, is_trial };
                    let handle = tasks.spawn(one(Arc::clone(&shared), case.clone(), start));
                    running.insert(handle.id(), case);
                }
            }
            tokio::select! {
                joined = tasks.join_next_with_id() => match joined {
                    None => break,
                    Some(Ok((id, finished))) => {
                        running.remove(&id);
                        self.enter(finished, plan, collector);
                        if collector.life.is_in_doubt() && tasks.len() == parked.len() && self.look_after(collector).await {
                            parked.give_up(RESTARTED);
                        }
                    }
                    Some(Err(error)) => {
                        if let Some(case) = running.remove(&error.id()) {
                            collector.enter_unrun(case, &CaseJudgement::obstructed(Obstacle::Internal(error.to_string())));
                        }
                    }
                },
                () = parked.arrival() => {}
                () = interrupted(&mut interrupt) => break,
            }
        }
        drop(parked);
        self.wind_down(tasks, running, collector).await;
        // The last case of the stage may have crashed the endpoint. The next stage starts with a presence check.
        if collector.life.is_cut_off() && !*self.interrupt.borrow() {
            self.look_after(collector).await;
        }
        while let Some(case) = collector.released().or_else(|| plan.case()) {
            collector.enter_unrun(case, &CaseJudgement::obstructed(Obstacle::NotRun(INTERRUPTED.to_owned())));
        }
    }

    /// Returns whether no case starts now. If the endpoint may have crashed, running cases end first: any of them may be the
    /// cause.
    fn waits(&self, active: usize, collector: &Collector<'_>) -> bool {
        let is_in_doubt = collector.life.is_in_doubt() || !self.breaker.is_closed();
        (active > 0 && is_in_doubt) || *self.interrupt.borrow()
    }

    /// Enters a case that ran to its end.
    fn enter(&self, finished: Finished, plan: &mut dyn Plan, collector: &mut Collector<'_>) {
        plan.ended(&finished.case, finished.transcript.aftermath());
        if finished.transcript.exchanges.iter().any(|exchange| exchange.outcome.is_err()) {
            // Reports of earlier cases do not wait for a connection that is gone.
            self.transport.settle();
        }
        collector.enter(finished);
    }

    /// Gives running cases some time to end and clean up, then stops them.
    async fn wind_down(
        &self,
        mut tasks: JoinSet<Finished>,
        mut running: HashMap<tokio::task::Id, Case>,
        collector: &mut Collector<'_>,
    ) {
        let deadline = tokio::time::Instant::now() + GRACE;
        while let Ok(Some(joined)) = tokio::time::timeout_at(deadline, tasks.join_next_with_id()).await {
            if let Ok((id, finished)) = joined {
                running.remove(&id);
                collector.enter(finished);
            }
        }
        tasks.abort_all();
        for case in running.into_values() {
            collector.enter_unrun(case, &CaseJudgement::obstructed(Obstacle::NotRun(INTERRUPTED.to_owned())));
        }
    }
}

/// Executes and judges one case.
async fn one(run: Arc<SharedSession>, case: Case, start: CaseStart) -> Finished {
    let SharedSession { session, keys, late } = &*run;
    let trial = start.is_trial.then(|| Patience::new(Duration::ZERO));
    let patience = trial.as_ref().unwrap_or(&session.patience);
    let executor = Executor { keys: Some(keys), late: Some(late), patience, ..session.executor() };
    let (mut transcript, late) = executor.execute_watched(&case).await;
    let is_cut_short = trial.is_some_and(|patience| patience.is_used_up());
    // Before redaction, which would make equal responses different.
    let shown = if start.is_open { evidence(&session.suite, &transcript.exchanges) } else { Vec::new() };
    let _ = redact(&session.suite, &mut transcript, session.options.sensitive);
    let judgement = check::judge(&session.suite, &case, &transcript, session.snapshots.get(&case.id));
    Finished { case, transcript, judgement, shown, late, is_cut_short }
}

async fn release(prepared: Option<PreparedStates<'_>>) {
    if let Some(prepared) = prepared {
        prepared.release().await;
    }
}

async fn interrupted(interrupt: &mut watch::Receiver<bool>) {
    if interrupt.wait_for(|stop| *stop).await.is_err() {
        // The sender is gone: no interruption can come.
        std::future::pending::<()>().await;
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
