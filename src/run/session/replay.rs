//! A recorded run, judged again without a network: the same events as when it was run.
//!
//! What was recorded says which cases there were, in which order they ended, and what crossed the wire. All else is
//! found anew: bindings, answers, verdicts, which cases rest on which, the sums. It sends nothing, and awaits nothing.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use serde_json::{Map, Value};

use super::{
    Finished, INTERRUPTED,
    collector::{Collector, JudgeBench},
};
use crate::{
    judge::{
        check::{self, CaseJudgement},
        obstacle::Obstacle,
        snapshots::Snapshots,
        transcript::Transcript,
    },
    run::{
        event::{Event, RunFinished},
        recording::{Opened, Recorded, RecordedEnd, Recording, RecordingEntry, RecordingError, sha256},
    },
    suite::{Case, CaseId, Fixtures, Plan, PlanStage},
};

/// What came of judging a recording again.
#[derive(Debug)]
pub struct Replayed {
    /// The end of the run.
    pub finished: RunFinished,
    /// Recorded cases that the plan does not have.
    pub unknown: Vec<CaseId>,
    /// Cases whose fixture is another one than when they were recorded.
    pub changed: Vec<CaseId>,
}

/// Judges a recording again by these fixtures. `plan` has the cases that may be in it, in any order.
///
/// # Errors
/// A file of the recording cannot be read, or was changed.
pub fn replay(
    suite: &Arc<Fixtures>,
    snapshots: &Arc<Snapshots>,
    recording: &Recording,
    plan: &mut dyn Plan,
    sink: &mut (dyn FnMut(Event) + Send),
) -> Result<Replayed, RecordingError> {
    let mut run = recording.header().run.clone();
    suite.digest().clone_into(&mut run.suite);
    let bench = JudgeBench {
        suite,
        snapshots,
        endpoint: &run.endpoint,
        region: &run.region,
        seed: run.seed,
        // Cases that this ended were recorded as not run.
        fail_fast: false,
    };
    sink(Event::RunStarted(run.clone()));
    let collector = Collector::new(bench, run.selected, &plan.whole().services, sink);
    let mut replay = Replay { recording, collector, cases: Cases::new(plan), unknown: Vec::new(), changed: Vec::new() };
    for entry in recording.entries() {
        replay.enter(entry?)?;
    }
    Ok(replay.finish(recording.ended()))
}

struct Replay<'r> {
    recording: &'r Recording,
    collector: Collector<'r>,
    cases: Cases<'r>,
    unknown: Vec<CaseId>,
    changed: Vec<CaseId>,
}

impl Replay<'_> {
    fn enter(&mut self, entry: RecordingEntry) -> Result<(), RecordingError> {
        match entry {
            RecordingEntry::Opened(opened) => self.opened(opened)?,
            RecordingEntry::Died(died) => {
                self.collector.life.mourn(&died);
                (self.collector.sink)(Event::TargetDied(died));
            }
            RecordingEntry::Case(recorded) => self.case(recorded)?,
            RecordingEntry::Started(_) | RecordingEntry::Finished(_) => {}
        }
        Ok(())
    }

    fn opened(&mut self, opened: Opened) -> Result<(), RecordingError> {
        let transcript = opened.file.map(|file| self.recording.transcript(&file)).transpose()?;
        if let Some(transcript) = &transcript {
            self.cases.opened(&opened.surveyed.service, &opened.surveyed.operation, transcript);
        }
        let mut surveyed = opened.surveyed;
        surveyed.opening = transcript.map(Arc::new);
        self.collector.surveyed(surveyed);
        Ok(())
    }

    fn case(&mut self, recorded: Recorded) -> Result<(), RecordingError> {
        let Some(case) = self.cases.find(&recorded.id) else {
            self.unknown.push(recorded.id);
            return Ok(());
        };
        if recorded.fixture != sha256(case.scenario.source.text().as_bytes()) {
            self.changed.push(recorded.id);
        }
        let transcript = self.recording.transcript(&recorded.file)?;
        if let Some(reason) = recorded.unrun {
            // An interruption comes before every other reason.
            let judgement = if reason == INTERRUPTED { None } else { self.collector.not_to_run(&case) };
            self.collector
                .enter_unrun(case, &judgement.unwrap_or_else(|| CaseJudgement::obstructed(Obstacle::NotRun(reason))));
            return Ok(());
        }
        let JudgeBench { suite, snapshots, .. } = self.collector.bench;
        let judgement = check::judge(suite, &case, &transcript, snapshots.get(&case.id));
        self.collector.enter(Finished { case, transcript, judgement });
        Ok(())
    }

    fn finish(self, ended: &RecordedEnd) -> Replayed {
        let Self { collector, unknown, changed, .. } = self;
        let mut finished = collector.tally.finish(collector.bench.suite);
        finished.interrupted = ended.interrupted;
        finished.duration_ms = ended.duration_ms;
        (collector.sink)(Event::RunFinished(finished.clone()));
        Replayed { finished, unknown, changed }
    }
}

/// The cases of a plan by id. The plan is asked for more only until the one that is wanted comes, so that few are held:
/// cases end nearly in the order in which they began.
struct Cases<'p> {
    plan: &'p mut dyn Plan,
    waiting: HashMap<CaseId, Case>,
    /// What the states of operations yielded, until the plan opens them.
    variables: VecDeque<(String, String, Map<String, Value>)>,
    over: bool,
}

impl<'p> Cases<'p> {
    fn new(plan: &'p mut dyn Plan) -> Self {
        Self { plan, waiting: HashMap::new(), variables: VecDeque::new(), over: false }
    }

    fn opened(&mut self, service: &str, operation: &str, transcript: &Transcript) {
        self.variables.push_back((service.to_owned(), operation.to_owned(), transcript.variables.clone()));
    }

    fn find(&mut self, id: &CaseId) -> Option<Case> {
        if let Some(case) = self.waiting.remove(id) {
            return Some(case);
        }
        while !self.over {
            while let Some(case) = self.plan.case() {
                if case.id == *id {
                    return Some(case);
                }
                self.waiting.insert(case.id.clone(), case);
            }
            self.next_stage();
        }
        None
    }

    fn next_stage(&mut self) {
        match self.plan.stage() {
            Some(PlanStage::Open(opening)) => {
                let is_it = |(service, operation, _): &(String, String, _)| {
                    *service == opening.service && *operation == opening.operation
                };
                let known = self.variables.iter().position(is_it).and_then(|at| self.variables.remove(at));
                self.plan.opened(known.map(|(_, _, variables)| variables).unwrap_or_default());
            }
            Some(PlanStage::Cases(_)) => {}
            None => self.over = true,
        }
    }
}
