//! Judges a recorded run again without a network. Its events are the same as those of the run.
//!
//! The recording has the cases in the order in which they ended, and what crossed the wire. Everything else is computed again:
//! bindings, parsed responses, verdicts, controls, sums. It sends nothing, and waits for nothing.

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
    probe::Coverage,
    run::{
        event::{Event, RunFinished},
        observer::Observer,
        recording::{Opened, Recorded, RecordedEnd, Recording, RecordingEntry, RecordingError, sha256},
    },
    suite::{Case, CaseId, Fixtures, Plan, PlanStage},
};

/// The result of judging a recording again.
#[derive(Debug)]
pub struct Replayed {
    /// The end of the run.
    pub finished: RunFinished,
    /// Recorded cases that the plan does not have.
    pub unknown: Vec<CaseId>,
    /// Cases whose fixture has changed since the recording.
    pub changed: Vec<CaseId>,
}

/// Judges a recording again by these fixtures. `plan` has the cases that may be in it, in any order, and `coverage` is that of
/// the plan's model, if there is one.
///
/// # Errors
/// A file of the recording cannot be read, or was changed.
pub fn replay(
    suite: &Arc<Fixtures>,
    snapshots: &Arc<Snapshots>,
    recording: &Recording,
    plan: &mut dyn Plan,
    coverage: Option<Coverage>,
    observer: &mut dyn Observer,
) -> Result<Replayed, RecordingError> {
    let mut run = recording.header().run.clone();
    suite.digest().clone_into(&mut run.suite);
    let bench = JudgeBench {
        suite,
        snapshots,
        endpoint: &run.endpoint,
        region: &run.region,
        seed: run.seed,
        // The recording already has the cases that this kept from running.
        fail_fast: false,
    };
    let collector = Collector::start(bench, run.clone(), &plan.whole().services, coverage, observer);
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
                self.collector.observer.event(&Event::TargetDied(died));
            }
            RecordingEntry::Case(recorded) => self.case(recorded)?,
            RecordingEntry::Started(_) | RecordingEntry::Finished(_) => {}
        }
        Ok(())
    }

    fn opened(&mut self, opened: Opened) -> Result<(), RecordingError> {
        let transcript = opened.file.map(|file| self.recording.transcript(&file)).transpose()?;
        let checked = opened.checked;
        if let Some(transcript) = &transcript {
            self.cases.opened(&checked.service, &checked.operation, transcript);
        }
        self.collector.presence_checked(checked, transcript.as_ref());
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
            // An interruption takes precedence over every other reason.
            let judgement = if reason == INTERRUPTED { None } else { self.collector.not_to_run(&case) };
            self.collector
                .enter_unrun(case, &judgement.unwrap_or_else(|| CaseJudgement::obstructed(Obstacle::NotRun(reason))));
            return Ok(());
        }
        let JudgeBench { suite, snapshots, .. } = self.collector.bench;
        let judgement = check::judge(suite, &case, &transcript, snapshots.get(&case.id));
        self.collector.enter(Finished::judged(case, transcript, judgement));
        Ok(())
    }

    fn finish(self, ended: &RecordedEnd) -> Replayed {
        let Self { collector, unknown, changed, .. } = self;
        let finished = collector.finish(ended.interrupted, ended.duration_ms, ended.notes.clone());
        Replayed { finished, unknown, changed }
    }
}

/// The cases of a plan by id. It takes cases from the plan only until the wanted one comes. So it holds few, because cases end
/// nearly in the order in which they began.
struct Cases<'p> {
    plan: &'p mut dyn Plan,
    waiting: HashMap<CaseId, Case>,
    /// The variables of the states of operations, until the plan opens them.
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
            // A recording has no new states; the cases after them come all the same.
            Some(PlanStage::Renew | PlanStage::Cases(_)) => {}
            None => self.over = true,
        }
    }
}
