//! A run: which cases at once, in which order, until when. Emits events; decides nothing about a case.
//!
//! Cases are executed, observed and judged in tasks of their own; what concerns the run as a whole (request
//! ids that occur twice, the ledger, an endpoint that died) is settled where the tasks report to.

mod collector;
mod life;
mod replay;
mod shown;
mod tally;

use std::{
    collections::HashMap,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use tokio::{sync::watch, task::JoinSet};

use crate::{
    judge::{
        check::{
            self, CaseJudgement,
            implementation::{PresenceDecision, presence},
        },
        obstacle::Obstacle,
        redaction::{SensitiveValues, redact},
        snapshots::Snapshots,
        transcript::{Exchange, Transcript},
    },
    run::{
        event::{self, Event, PresenceChecked, RunFinished, RunStarted},
        execute::{Executor, PreparedStates},
        target::ResolvedTarget,
        transport::Transport,
    },
    suite::{Case, CaseId, Fixtures, Opening, Plan, PlanStage},
    wire::{TransportError, sigv4::SigningKeys},
};

use collector::{Collector, JudgeBench};
pub use replay::{Replayed, replay};

/// What a run is made with.
#[derive(Clone)]
pub struct Session {
    /// The fixtures.
    pub suite: Arc<Fixtures>,
    /// The endpoint.
    pub target: Arc<ResolvedTarget>,
    /// What carries requests there.
    pub transport: Arc<dyn Transport>,
    /// The recorded observations.
    pub snapshots: Arc<Snapshots>,
    /// How it runs.
    pub options: RunOptions,
    /// Turns true when the run is to end early.
    pub interrupt: watch::Receiver<bool>,
    /// What starts the endpoint anew when it died; without it, a death ends the run.
    pub restart: Option<Restart>,
}

/// Starts an endpoint anew. Whether it listens again is looked at afterwards.
pub type Restart = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// How long a restarted endpoint may take until it listens.
const RESTART_LIMIT: Duration = Duration::from_secs(30);

/// How a run goes.
#[derive(Debug, Clone, Copy)]
pub struct RunOptions {
    /// How many cases run at once.
    pub jobs: usize,
    /// What fresh names are derived from.
    pub seed: u64,
    /// How long a case may take.
    pub case_timeout: Duration,
    /// Whether the first deviation ends the run.
    pub fail_fast: bool,
    /// Whether each operation is asked first whether it is there. Without it, an absent one is judged like any
    /// other: that shows what the checks are worth by themselves.
    pub survey: bool,
    /// What becomes of members that the model marks sensitive.
    pub sensitive: SensitiveValues,
}

/// So many cases run at once unless it is said.
pub const JOBS: usize = 16;

/// A seed that no run had before. It is printed, so it is short enough to be typed.
#[must_use]
pub fn fresh_seed() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    (u64::from(since.subsec_nanos()) ^ since.as_secs().rotate_left(20)) % 1_000_000
}

/// How long an endpoint that refused a connection has until it is asked once more.
const SECOND_LOOK: Duration = Duration::from_millis(300);

/// Why a case has no verdict that an interruption kept from running.
const INTERRUPTED: &str = "the run was interrupted";

/// How long running cases may go on after an interruption.
const GRACE: Duration = Duration::from_secs(2);

/// What the tasks of a stage share.
struct SharedSession {
    session: Session,
    keys: SigningKeys,
}

/// What came of opening an operation.
struct OpenedOperation<'s> {
    presence: Option<PresenceDecision>,
    questions: Vec<Exchange>,
    prepared: Option<PreparedStates<'s>>,
}

impl OpenedOperation<'_> {
    /// What is told of it; nothing where nobody asked.
    fn tell(&self, session: &Session, opening: &Opening) -> Option<PresenceChecked> {
        let mut transcript = Transcript {
            region: session.target.region.clone(),
            begun: SystemTime::now(),
            ..Transcript::new(CaseId(format!("{}.{}", opening.service, opening.operation)), session.options.seed)
        };
        transcript.exchanges.clone_from(&self.questions);
        let mut problems = String::new();
        if let Some(prepared) = &self.prepared {
            transcript.exchanges.extend_from_slice(&prepared.transcript().exchanges);
            transcript.variables.clone_from(&prepared.variables);
            problems = prepared.problems.join("; ");
        }
        let pseudonyms = redact(&session.suite, &mut transcript, session.options.sensitive);
        let (presence, reason) = match self.presence.as_ref()? {
            PresenceDecision::Implemented => (event::Presence::Present, problems),
            PresenceDecision::NotImplemented(reason) => (event::Presence::Absent, reason.to_string()),
            PresenceDecision::Unreachable(error) => (event::Presence::Unreachable, error.to_string()),
        };
        Some(PresenceChecked {
            service: opening.service.clone(),
            operation: opening.operation.clone(),
            presence,
            reason: Some(pseudonyms.in_text(&reason)).filter(|reason| !reason.is_empty()),
            opening: Some(Arc::new(transcript)),
        })
    }
}

struct Finished {
    case: Case,
    transcript: Transcript,
    judgement: CaseJudgement,
}

impl Session {
    /// Runs the cases of a plan; every event goes to `sink`, in one order.
    pub async fn run(&self, plan: &mut dyn Plan, sink: &mut (dyn FnMut(Event) + Send)) -> RunFinished {
        let started = Instant::now();
        sink(Event::RunStarted(RunStarted {
            target: self.target.name.clone(),
            endpoint: self.target.endpoint.to_string(),
            region: self.target.region.clone(),
            suite: self.suite.digest().to_owned(),
            seed: self.options.seed,
            selected: plan.selected(),
            selection: plan.whole().selected.clone(),
            shard: plan.whole().shard,
        }));
        let endpoint = self.target.endpoint.to_string();
        let bench = JudgeBench {
            suite: &self.suite,
            snapshots: &self.snapshots,
            endpoint: &endpoint,
            region: &self.target.region,
            seed: self.options.seed,
            fail_fast: self.options.fail_fast,
        };
        let mut collector = Collector::new(bench, plan.selected(), &plan.whole().services, sink);
        let mut prepared: Option<PreparedStates<'_>> = None;
        while let Some(stage) = plan.stage() {
            match stage {
                PlanStage::Open(opening) => {
                    release(prepared.take()).await;
                    prepared = self.open(&opening, &mut collector).await;
                    plan.opened(prepared.as_ref().map(|prepared| prepared.variables.clone()).unwrap_or_default());
                }
                PlanStage::Cases(at_once) => self.cases(plan, at_once, &mut collector).await,
            }
        }
        release(prepared).await;
        let mut finished = collector.tally.finish(&self.suite);
        finished.interrupted = *self.interrupt.borrow();
        finished.duration_ms = milliseconds(started.elapsed());
        (collector.sink)(Event::RunFinished(finished.clone()));
        finished
    }

    /// Asks an operation whether it is there, and establishes what its cases share.
    async fn open<'s>(&'s self, opening: &Opening, collector: &mut Collector<'_>) -> Option<PreparedStates<'s>> {
        if *self.interrupt.borrow() || collector.life.is_over() {
            return None;
        }
        let mut asked = self.asked(opening).await?;
        if matches!(asked.presence, Some(PresenceDecision::Unreachable(_))) && collector.life.has_answered() {
            // What was asked last may have ended it; an endpoint that was started anew is asked again.
            collector.life.doubt();
            self.look_after(collector).await;
            if !collector.life.is_over() {
                asked = self.asked(opening).await?;
            }
        }
        asked.tell(self, opening).into_iter().for_each(|surveyed| collector.surveyed(surveyed));
        asked.prepared
    }

    /// Whether the operation is there, and what its cases share; `None` where the run was interrupted.
    async fn asked<'s>(&'s self, opening: &Opening) -> Option<OpenedOperation<'s>> {
        let mut interrupt = self.interrupt.clone();
        let work = async {
            let mut questions = Vec::new();
            let presence = self.survey(opening, &mut questions).await;
            let absent =
                matches!(presence, Some(PresenceDecision::NotImplemented(_) | PresenceDecision::Unreachable(_)));
            let prepared = if absent || opening.given.is_empty() {
                None
            } else {
                Some(self.executor().prepare(&opening.service, &opening.operation, &opening.given).await)
            };
            OpenedOperation { presence, questions, prepared }
        };
        tokio::select! {
            asked = work => Some(asked),
            () = interrupted(&mut interrupt) => None,
        }
    }

    /// Whether an operation under test is there; `None`: nobody asked, or there is no such operation.
    async fn survey(&self, opening: &Opening, questions: &mut Vec<Exchange>) -> Option<PresenceDecision> {
        let service = self.suite.service(&opening.service)?;
        let operation = service.contract().operation(&opening.operation).filter(|_| self.options.survey)?;
        let survey = self.executor().survey(service, operation, opening.sample.as_ref(), questions).await;
        Some(presence(service.contract(), operation, service.protocol, &survey))
    }

    fn executor(&self) -> Executor<'_> {
        Executor {
            suite: &self.suite,
            target: &self.target,
            transport: &*self.transport,
            keys: None,
            seed: self.options.seed,
            case_timeout: self.options.case_timeout,
        }
    }

    /// Runs one stage.
    async fn cases(&self, plan: &mut dyn Plan, at_once: Option<usize>, collector: &mut Collector<'_>) {
        let shared = Arc::new(SharedSession { session: self.clone(), keys: SigningKeys::default() });
        let mut tasks = JoinSet::new();
        let mut running: HashMap<tokio::task::Id, Case> = HashMap::new();
        let mut interrupt = self.interrupt.clone();
        let jobs = at_once.unwrap_or(usize::MAX).min(self.options.jobs).max(1);
        loop {
            // In doubt, those under way end first: each of them may be the one that ended it.
            while (tasks.is_empty() || !collector.life.is_in_doubt()) && tasks.len() < jobs && !*interrupt.borrow() {
                let Some(case) = plan.case() else { break };
                if let Some(judgement) = collector.not_to_run(&case) {
                    collector.enter_unrun(case, &judgement);
                } else {
                    let handle = tasks.spawn(one(Arc::clone(&shared), case.clone()));
                    running.insert(handle.id(), case);
                }
            }
            tokio::select! {
                joined = tasks.join_next_with_id() => match joined {
                    None => break,
                    Some(Ok((id, finished))) => {
                        running.remove(&id);
                        collector.enter(finished);
                        if collector.life.is_in_doubt() && tasks.is_empty() {
                            self.look_after(collector).await;
                        }
                    }
                    Some(Err(error)) => {
                        if let Some(case) = running.remove(&error.id()) {
                            collector.enter_unrun(case, &CaseJudgement::obstructed(Obstacle::Internal(error.to_string())));
                        }
                    }
                },
                () = interrupted(&mut interrupt) => break,
            }
        }
        self.wind_down(tasks, running, collector).await;
        // What ended the endpoint may have been the last case of the stage; the next one begins with other questions.
        if collector.life.is_cut_off() && !*self.interrupt.borrow() {
            self.look_after(collector).await;
        }
        while let Some(case) = plan.case() {
            collector.enter_unrun(case, &CaseJudgement::obstructed(Obstacle::NotRun(INTERRUPTED.to_owned())));
        }
    }

    /// Finds out whether the endpoint died, and starts it anew where that can be done.
    async fn look_after(&self, collector: &mut Collector<'_>) {
        let gone = self.is_gone(collector.life.is_mute()).await;
        let restarted = match &self.restart {
            Some(restart) if gone => {
                restart().await;
                self.listens_again().await
            }
            _ => false,
        };
        if let Some(died) = collector.life.settle(gone, restarted) {
            (collector.sink)(Event::TargetDied(died));
        }
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

    /// Whether nobody listens any more, asked after a moment: a server may be about to start anew. One that was mute
    /// for long must answer.
    async fn is_gone(&self, mute: bool) -> bool {
        tokio::time::sleep(SECOND_LOOK).await;
        self.executor().knock().await.is_err_and(|error| mute || error == TransportError::Refused)
    }

    /// Gives running cases a moment to end and clean up, then ends them.
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
async fn one(run: Arc<SharedSession>, case: Case) -> Finished {
    let SharedSession { session, keys } = &*run;
    let executor = Executor { keys: Some(keys), ..session.executor() };
    let mut transcript = executor.execute(&case).await;
    let _ = redact(&session.suite, &mut transcript, session.options.sensitive);
    let judgement = check::judge(&session.suite, &case, &transcript, session.snapshots.get(&case.id));
    Finished { case, transcript, judgement }
}

async fn release(prepared: Option<PreparedStates<'_>>) {
    if let Some(prepared) = prepared {
        prepared.release().await;
    }
}

async fn interrupted(interrupt: &mut watch::Receiver<bool>) {
    if interrupt.wait_for(|stop| *stop).await.is_err() {
        // Nobody can interrupt any more.
        std::future::pending::<()>().await;
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
