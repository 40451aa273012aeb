//! A run: which cases run at the same time, in which order, and until when. It emits events, and judges no case itself.
//!
//! Each case is executed and judged in a task of its own. The collector settles what concerns the whole run: duplicate
//! request ids, the ledger, a crashed endpoint.

mod collector;
mod life;
mod parked_cases;
mod presences;
mod replay;
mod report_budget;
mod shown;
mod tally;
mod unsettled_cases;

use std::{
    collections::{BTreeSet, HashMap},
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use tokio::{sync::watch, task::JoinSet};

use crate::{
    judge::{
        check::{
            self, CaseJudgement,
            implementation::{NormalizedResponse, PresenceDecision, PresenceProof, PresenceSubject, presence},
        },
        obstacle::Obstacle,
        redaction::{SensitiveValues, redact},
        snapshots::Snapshots,
        transcript::{Exchange, Transcript},
    },
    probe::Coverage,
    run::{
        event::{Event, PresenceChecked, RunFinished, RunStarted},
        execute::{Breaker, Executor, LateCalls, Patience, PreparedStates},
        observer::Observer,
        resolved_target::ResolvedTarget,
        transport::{Transport, late_bytes::LateBytes},
    },
    suite::{Case, CaseId, Fixtures, Opening, Plan, PlanStage},
    wire::{TransportError, sigv4::SigningKeys},
};

use collector::{Collector, JudgeBench};
use parked_cases::ParkedCases;
use presences::{PresenceEvidence, evidence};
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
}

/// Why an endpoint cannot be tested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReachError {
    /// It cannot be reached, or speaks no HTTP or TLS.
    Transport(TransportError),
    /// It rejects the method of every request with this status, and never with an error of AWS.
    NotAws(u16),
}

/// Starts an endpoint again. The session then checks whether it listens.
pub type Restart = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// The time limit of a restart.
const RESTART_LIMIT: Duration = Duration::from_secs(30);

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
    /// None: all are assumed to be implemented. The proof of the judge shows so what the other checks detect.
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

/// A new seed, short enough to be typed.
#[must_use]
pub fn fresh_seed() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    (u64::from(since.subsec_nanos()) ^ since.as_secs().rotate_left(20)) % 1_000_000
}

/// The pause before the session connects again to an endpoint that refused a connection.
const SECOND_LOOK: Duration = Duration::from_millis(300);

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

/// The presence check of an operation, and the states that its cases share.
struct OpenedOperation<'s> {
    presence: Option<PresenceDecision>,
    /// The response to an operation that does not exist.
    unknown: Option<NormalizedResponse>,
    questions: Vec<Exchange>,
    prepared: Option<PreparedStates<'s>>,
    /// What the requests of the states showed.
    shown: Vec<PresenceEvidence>,
}

impl OpenedOperation<'_> {
    /// The result with its transcript; `None` where no presence check was made.
    fn checked(&self, session: &Session, opening: &Opening) -> Option<(PresenceChecked, Transcript)> {
        let mut transcript = Transcript {
            region: session.target.region.clone(),
            begun: SystemTime::now(),
            ..Transcript::new(CaseId(format!("{}.{}", opening.service, opening.operation)), session.options.seed)
        };
        transcript.exchanges.clone_from(&self.questions);
        let mut unavailable = None;
        if let Some(prepared) = &self.prepared {
            transcript.exchanges.extend_from_slice(&prepared.transcript().exchanges);
            transcript.variables.clone_from(&prepared.variables);
            unavailable = Some(prepared.problems.join("; ")).filter(|problems| !problems.is_empty());
        }
        let pseudonyms = redact(&session.suite, &mut transcript, session.options.sensitive);
        let decision = self.presence.as_ref()?;
        let checked = PresenceChecked {
            service: opening.service.clone(),
            operation: opening.operation.clone(),
            presence: decision.into(),
            reason: pseudonyms.in_text(&decision.reason()),
            unavailable: unavailable.map(|unavailable| pseudonyms.in_text(&unavailable)),
        };
        Some((checked, transcript))
    }
}

struct Finished {
    case: Case,
    transcript: Transcript,
    judgement: CaseJudgement,
    shown: Vec<PresenceEvidence>,
    /// What will be known of the bytes after responses, by the index of the exchange.
    late: Vec<(usize, LateBytes)>,
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

    /// Sends a health request whenever the breaker is in doubt.
    async fn decide_doubts(&self) -> Infallible {
        loop {
            self.breaker.doubted().await;
            self.breaker.settle(self.executor().is_healthy().await);
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
                    prepared = self.open(&opening, &mut collector).await;
                    if collector.is_on_trial(&opening) {
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
        collector.finish(is_interrupted, milliseconds(started.elapsed()), self.transport.notes())
    }

    /// Asks the endpoint whether it can be tested at all. It need not respond well.
    ///
    /// # Errors
    /// Nothing listens, what listens speaks no HTTP or TLS, or it is clearly no AWS endpoint.
    pub async fn reach(&self) -> Result<(), ReachError> {
        let executor = self.executor();
        match executor.knock().await {
            Err(
                error @ (TransportError::Refused
                | TransportError::Dns(_)
                | TransportError::ConnectTimeout(_)
                | TransportError::Tls { .. }
                | TransportError::NotHttp { .. }),
            ) => return Err(ReachError::Transport(error)),
            Err(_) => return Ok(()),
            Ok(_) => {}
        }
        let mut rejected = None;
        for service in self.suite.services() {
            rejected = executor.rejected_method(service).await;
            if rejected.is_none() {
                break;
            }
        }
        rejected.map_or(Ok(()), |status| Err(ReachError::NotAws(status)))
    }

    fn started(&self, plan: &dyn Plan) -> RunStarted {
        RunStarted {
            target: self.target.name.clone(),
            endpoint: self.target.endpoint.to_string(),
            region: self.target.region.clone(),
            suite: self.suite.digest().to_owned(),
            seed: self.options.seed,
            selected: plan.selected(),
            selection: plan.whole().selected.clone(),
            shard: plan.whole().shard,
        }
    }

    /// Checks the presence of an operation, and establishes the states that its cases share.
    async fn open<'s>(&'s self, opening: &Opening, collector: &mut Collector<'_>) -> Option<PreparedStates<'s>> {
        if *self.interrupt.borrow() || collector.life.is_over() {
            return None;
        }
        let mut opened = self.opened(opening).await?;
        let is_unreachable = matches!(opened.presence, Some(PresenceDecision::Unreachable(_)));
        let is_silent = is_unreachable && self.breaker.suspect();
        self.heed_breaker(collector).await;
        if collector.life.is_over() {
            return opened.prepared;
        }
        if is_silent {
            // The endpoint responds to other requests, and may have left out only this one.
            opened = self.opened(opening).await?;
        }
        if matches!(opened.presence, Some(PresenceDecision::Unreachable(_))) && collector.life.has_answered() {
            // The last case may have crashed it. A restarted endpoint gets a new check.
            collector.life.doubt();
            self.look_after(collector).await;
            if !collector.life.is_over() {
                opened = self.opened(opening).await?;
            }
        }
        if let Some((checked, transcript)) = opened.checked(self, opening) {
            let refutable = opened.presence.as_ref().is_some_and(PresenceDecision::is_refutable);
            collector.opened(checked, transcript, opened.unknown, refutable);
        }
        collector.see(opened.shown);
        opened.prepared
    }

    /// The presence of an operation, and the states that its cases share; `None` after an interruption.
    async fn opened<'s>(&'s self, opening: &Opening) -> Option<OpenedOperation<'s>> {
        let mut interrupt = self.interrupt.clone();
        let work = async {
            let mut opened = OpenedOperation {
                presence: None,
                unknown: None,
                questions: Vec::new(),
                prepared: None,
                shown: Vec::new(),
            };
            self.check_presence(opening, &mut opened).await;
            let no_case_runs = |decision: &PresenceDecision| match decision {
                PresenceDecision::NotImplemented(_) => !decision.is_refutable(),
                PresenceDecision::Unreachable(_) => true,
                PresenceDecision::Implemented(_) | PresenceDecision::Crashes(_) => false,
            };
            if !opened.presence.as_ref().is_some_and(no_case_runs) && !opening.given.is_empty() {
                let prepared = self.executor().prepare(&opening.service, &opening.operation, &opening.given).await;
                opened.shown = evidence(&self.suite, &prepared.transcript().exchanges);
                opened.prepared = Some(prepared);
            }
            opened
        };
        tokio::select! {
            opened = work => Some(opened),
            () = interrupted(&mut interrupt) => None,
        }
    }

    /// New states in place of those that a case spoiled. `is_over`: the endpoint crashed for good.
    async fn renewed<'s>(&'s self, prepared: Option<PreparedStates<'s>>, is_over: bool) -> Option<PreparedStates<'s>> {
        let prepared = prepared?;
        if *self.interrupt.borrow() || is_over {
            return Some(prepared);
        }
        let mut interrupt = self.interrupt.clone();
        tokio::select! {
            renewed = prepared.renew() => Some(renewed),
            () = interrupted(&mut interrupt) => None,
        }
    }

    /// Checks the presence of an operation that the model has.
    async fn check_presence(&self, opening: &Opening, opened: &mut OpenedOperation<'_>) {
        let subject = PresenceSubject::find(&self.suite, &opening.service, &opening.operation);
        let Some((service, subject)) = self.suite.service(&opening.service).zip(subject) else { return };
        if self.options.presence.assumes(&opening.operation) {
            opened.presence = Some(PresenceDecision::Implemented(PresenceProof::Assumed));
            return;
        }
        let sample = opening.sample.as_ref();
        let responses = self.executor().check_presence(service, subject.operation, sample, &mut opened.questions).await;
        opened.unknown = responses.unknown_operation.as_ref().ok().map(|response| subject.normalized(response));
        opened.presence = Some(presence(subject, &responses));
        self.executor().remove_samples(opening, &responses).await;
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
            // If the endpoint may have crashed, running cases end first: any of them may be the cause.
            loop {
                let active = tasks.len() - parked.len();
                let is_in_doubt = collector.life.is_in_doubt() || !self.breaker.is_closed();
                if (active > 0 && is_in_doubt) || active >= jobs || *interrupt.borrow() {
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
                    let handle = tasks.spawn(one(Arc::clone(&shared), case.clone(), collector.is_open()));
                    running.insert(handle.id(), case);
                }
            }
            tokio::select! {
                joined = tasks.join_next_with_id() => match joined {
                    None => break,
                    Some(Ok((id, finished))) => {
                        running.remove(&id);
                        plan.ended(&finished.case, finished.transcript.aftermath());
                        if finished.transcript.exchanges.iter().any(|exchange| exchange.outcome.is_err()) {
                            // Reports of earlier cases do not wait for a connection that is gone.
                            self.transport.settle();
                        }
                        collector.enter(finished);
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

    /// Waits while the breaker is in doubt. If it is open, the endpoint is restarted, or the run is over. Returns true if it
    /// was open.
    async fn heed_breaker(&self, collector: &mut Collector<'_>) -> bool {
        let mut interrupt = self.interrupt.clone();
        tokio::select! {
            () = self.breaker.decided() => {}
            () = interrupted(&mut interrupt) => return false,
        }
        let is_open = self.breaker.open().is_some();
        if is_open && !collector.life.is_over() {
            self.look_after(collector).await;
        }
        is_open
    }

    /// Checks whether the endpoint crashed, and restarts it if possible. Returns true if it crashed.
    async fn look_after(&self, collector: &mut Collector<'_>) -> bool {
        let silent = self.breaker.open();
        let gone = silent.is_some() || self.is_gone(collector.life.is_mute()).await;
        let restarted = gone && self.start_again().await;
        if let Some(died) = collector.life.settle(gone, restarted, silent) {
            collector.observer.event(&Event::TargetDied(died));
        }
        gone
    }

    /// Starts the endpoint again. Returns true if there is a way to do so, and it listens.
    pub async fn start_again(&self) -> bool {
        let Some(restart) = &self.restart else { return false };
        restart().await;
        self.breaker.reset();
        self.listens_again().await
    }

    async fn listens_again(&self) -> bool {
        let deadline = tokio::time::Instant::now() + RESTART_LIMIT;
        while tokio::time::Instant::now() < deadline {
            if !self.is_gone(false).await {
                return true;
            }
        }
        false
    }

    /// Nothing listens any more, even after a pause: a server may be restarting. With `mute`, it must also respond.
    async fn is_gone(&self, mute: bool) -> bool {
        tokio::time::sleep(SECOND_LOOK).await;
        let (executor, limit) = (self.executor(), self.breaker.health_limit());
        let knock = tokio::time::timeout(limit, executor.knock()).await;
        let outcome = knock.unwrap_or(Err(TransportError::Timeout(limit)));
        outcome.is_err_and(|error| mute || error == TransportError::Refused)
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

/// Executes and judges one case. `is_open`: its responses may prove operations to be implemented.
async fn one(run: Arc<SharedSession>, case: Case, is_open: bool) -> Finished {
    let SharedSession { session, keys, late } = &*run;
    let executor = Executor { keys: Some(keys), late: Some(late), ..session.executor() };
    let (mut transcript, late) = executor.execute_watched(&case).await;
    // Before redaction, which would make equal responses different.
    let shown = if is_open { evidence(&session.suite, &transcript.exchanges) } else { Vec::new() };
    let _ = redact(&session.suite, &mut transcript, session.options.sensitive);
    let judgement = check::judge(&session.suite, &case, &transcript, session.snapshots.get(&case.id));
    Finished { case, transcript, judgement, shown, late }
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
