//! A run: which cases at once, in which order, until when. Emits events; decides nothing about a case.
//!
//! Cases are executed, observed and judged in tasks of their own; what concerns the run as a whole (request
//! ids that occur twice, the ledger, an endpoint that died) is settled where the tasks report to.

mod shown;
mod tally;

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{sync::watch, task::JoinSet};

use crate::{
    check::{
        self, Judgement,
        implementation::{Presence, presence},
        request_id::SeenRequestIds,
    },
    event::{self, CaseFinished, CaseReport, Event, RunFinished, RunStarted, Surveyed},
    execute::Executor,
    golden::Goldens,
    scenario::{Case, Suite},
    target::Target,
    transcript::{End, Transcript},
    transport::Transport,
    verdict::Verdict,
};

use shown::Shown;
use tally::Tally;

/// What a run is made with.
#[derive(Clone)]
pub struct Session {
    /// The fixtures.
    pub suite: Arc<Suite>,
    /// The endpoint.
    pub target: Arc<Target>,
    /// What carries requests there.
    pub transport: Arc<dyn Transport>,
    /// The recorded observations.
    pub goldens: Arc<Goldens>,
    /// How it runs.
    pub options: Options,
    /// Turns true when the run is to end early.
    pub interrupt: watch::Receiver<bool>,
}

/// How a run goes.
#[derive(Debug, Clone, Copy)]
pub struct Options {
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
}

/// So many cases in a row without any answer mean that the endpoint is gone.
const DEAD_AFTER: usize = 8;

/// How long running cases may go on after an interruption.
const GRACE: Duration = Duration::from_secs(2);

type Presences = HashMap<(String, String), Presence>;

struct Finished {
    case: Case,
    transcript: Transcript,
    judgement: Judgement,
}

impl Session {
    /// Runs the cases; every event goes to `sink`, in one order.
    pub async fn run(&self, cases: Vec<Case>, sink: &mut (dyn FnMut(Event) + Send)) -> RunFinished {
        let started = Instant::now();
        sink(Event::RunStarted(RunStarted {
            target: self.target.name.clone(),
            endpoint: self.target.endpoint.to_string(),
            region: self.target.region.clone(),
            suite: self.suite.digest().to_owned(),
            seed: self.options.seed,
            selected: cases.len(),
        }));
        let mut collector = Collector {
            session: self,
            tally: Tally::new(&self.suite, &cases),
            seen: SeenRequestIds::default(),
            silent: 0,
            stop: false,
            sink,
        };
        let presences = self.survey(&cases, &mut collector).await;
        self.cases(cases, &presences, &mut collector).await;
        let mut finished = collector.tally.finish(&self.suite);
        finished.interrupted = *self.interrupt.borrow();
        finished.duration_ms = milliseconds(started.elapsed());
        (collector.sink)(Event::RunFinished(finished.clone()));
        finished
    }

    /// Asks each operation under test whether it is there.
    async fn survey(&self, cases: &[Case], collector: &mut Collector<'_>) -> Presences {
        let mut presences = Presences::new();
        for case in cases {
            let key = (case.scenario.service.clone(), case.scenario.operation.clone());
            if !self.options.survey || presences.contains_key(&key) || *self.interrupt.borrow() {
                continue;
            }
            let Some(service) = self.suite.service(&key.0) else { continue };
            let Some(operation) = service.contract().operation(&key.1) else { continue };
            let mut interrupt = self.interrupt.clone();
            let executor = self.executor();
            let survey = tokio::select! {
                survey = executor.survey(service, &key.1) => survey,
                () = interrupted(&mut interrupt) => break,
            };
            let presence = presence(service.contract(), operation, service.protocol, &survey);
            let (known, reason) = match &presence {
                Presence::Present => (event::Presence::Present, None),
                Presence::Absent(reason) => (event::Presence::Absent, Some(reason.clone())),
                Presence::Unreachable(error) => (event::Presence::Unreachable, Some(error.to_string())),
            };
            let (service, operation) = key.clone();
            (collector.sink)(Event::Surveyed(Surveyed { service, operation, presence: known, reason }));
            presences.insert(key, presence);
        }
        presences
    }

    fn executor(&self) -> Executor<'_> {
        Executor {
            suite: &self.suite,
            target: &self.target,
            transport: &*self.transport,
            seed: self.options.seed,
            case_timeout: self.options.case_timeout,
        }
    }

    async fn cases(&self, cases: Vec<Case>, presences: &Presences, collector: &mut Collector<'_>) {
        let mut tasks = JoinSet::new();
        let mut running: HashMap<tokio::task::Id, Case> = HashMap::new();
        let mut waiting = cases.into_iter();
        let mut interrupt = self.interrupt.clone();
        loop {
            while tasks.len() < self.options.jobs.max(1) {
                let Some(case) = waiting.next() else { break };
                if let Some(judgement) = collector.not_to_run(&case, presences) {
                    collector.enter_unrun(case, &judgement);
                } else {
                    let handle = tasks.spawn(self.clone().one(case.clone()));
                    running.insert(handle.id(), case);
                }
            }
            tokio::select! {
                joined = tasks.join_next_with_id() => match joined {
                    None => break,
                    Some(Ok((id, finished))) => {
                        running.remove(&id);
                        collector.enter(finished);
                    }
                    Some(Err(error)) => {
                        if let Some(case) = running.remove(&error.id()) {
                            collector.enter_unrun(case, &Judgement::internal(&error.to_string()));
                        }
                    }
                },
                () = interrupted(&mut interrupt) => break,
            }
        }
        self.wind_down(tasks, running, collector).await;
        for case in waiting {
            collector.enter_unrun(case, &Judgement::inconclusive("the run was interrupted".to_owned()));
        }
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
            collector.enter_unrun(case, &Judgement::inconclusive("the run was interrupted".to_owned()));
        }
    }

    async fn one(self, case: Case) -> Finished {
        let transcript = self.executor().execute(&case).await;
        let judgement = check::judge(&self.suite, &case, &transcript, self.goldens.get(&case.id));
        Finished { case, transcript, judgement }
    }
}

async fn interrupted(interrupt: &mut watch::Receiver<bool>) {
    if interrupt.wait_for(|stop| *stop).await.is_err() {
        // Nobody can interrupt any more.
        std::future::pending::<()>().await;
    }
}

/// Where finished cases come together, one after the other.
struct Collector<'s> {
    session: &'s Session,
    tally: Tally,
    seen: SeenRequestIds,
    silent: usize,
    stop: bool,
    sink: &'s mut (dyn FnMut(Event) + Send),
}

impl Collector<'_> {
    /// The judgement of a case that is not worth running.
    fn not_to_run(&self, case: &Case, presences: &Presences) -> Option<Judgement> {
        if self.stop {
            return Some(Judgement::inconclusive("a deviation ended the run (--fail-fast)".to_owned()));
        }
        if self.silent >= DEAD_AFTER {
            return Some(Judgement::inconclusive(format!(
                "the endpoint gave no answer to {DEAD_AFTER} cases in a row"
            )));
        }
        match presences.get(&(case.scenario.service.clone(), case.scenario.operation.clone())) {
            Some(Presence::Absent(reason)) => Some(Judgement::absent(format!("{}: {reason}", case.scenario.operation))),
            Some(Presence::Unreachable(error)) => Some(Judgement::inconclusive(error.to_string())),
            Some(Presence::Present) | None => None,
        }
    }

    fn enter(&mut self, finished: Finished) {
        let Finished { case, transcript, mut judgement } = finished;
        let repeated = self.seen.enter(&self.session.suite, &case, &transcript);
        if !judgement.is_internal() {
            judgement.findings.extend(repeated);
        }
        let answered = transcript.exchanges.iter().any(|exchange| exchange.outcome.is_ok());
        self.silent = if answered || transcript.exchanges.is_empty() { 0 } else { self.silent + 1 };
        self.report(case, transcript, judgement);
    }

    fn enter_unrun(&mut self, case: Case, judgement: &Judgement) {
        let transcript = Transcript::empty(&case, self.session.options.seed, End::Interrupted);
        self.report(case, transcript, judgement.clone());
    }

    fn report(&mut self, case: Case, transcript: Transcript, judgement: Judgement) {
        let (verdict, reason) = judgement.verdict();
        self.stop |= self.session.options.fail_fast && verdict == Verdict::Deviates;
        self.tally.enter(&case, verdict, &judgement);
        let Session { suite, target, goldens, .. } = self.session;
        let shown = Shown::of(&judgement.findings);
        let report = CaseReport {
            id: case.id.clone(),
            service: case.scenario.service.clone(),
            operation: case.scenario.operation.clone(),
            title: case.scenario.title.clone(),
            verdict,
            reason,
            place: shown.place(&case.scenario),
            // Most cases conform, and nobody looks at what they sent.
            exchange: (verdict != Verdict::Conforms).then(|| shown.exchange(suite, target, &transcript)).flatten(),
            findings: judgement.findings,
            checks: judgement.checks,
            alternatives: judgement.alternatives,
            cites: case.scenario.cites.clone(),
            duration_ms: milliseconds(transcript.elapsed),
        };
        let golden = goldens.get(&case.id).map(str::to_owned);
        let (suite, transcript) = (Arc::clone(suite), Arc::new(transcript));
        let finished = CaseFinished { report, case, suite, transcript, golden };
        (self.sink)(Event::CaseFinished(Box::new(finished)));
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
