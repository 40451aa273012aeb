//! Where finished cases come together, one after the other: what concerns the run as a whole is settled here.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use super::{Finished, life::Life, milliseconds, shown::ShownFinding, tally::RunTally};
use crate::{
    judge::{
        check::{CaseJudgement, request_id::SeenRequestIds},
        code::Code,
        obstacle::Obstacle,
        snapshots::Snapshots,
        transcript::{CaseEnd, Transcript},
        verdict::Verdict,
    },
    run::event::{self, CaseFinished, CaseReport, Event, PresenceChecked},
    suite::{Case, CaseId, CaseStanding, Fixtures},
};

/// Other cases may rest on a control if its input was accepted, whatever the form of the response.
fn bears(verdict: Verdict, judgement: &CaseJudgement) -> bool {
    let accepted = || judgement.findings.iter().all(|finding| finding.code != Code::OUTCOME);
    verdict == Verdict::Conforms || (verdict == Verdict::Deviates && accepted())
}

/// What cases are judged and told by, whether they run or were recorded.
#[derive(Clone, Copy)]
pub(super) struct JudgeBench<'s> {
    pub(super) suite: &'s Arc<Fixtures>,
    pub(super) snapshots: &'s Arc<Snapshots>,
    pub(super) endpoint: &'s str,
    pub(super) region: &'s str,
    pub(super) seed: u64,
    pub(super) fail_fast: bool,
}

/// What became of the question whether an operation is there: what it is, and why.
type KnownPresence = (event::Presence, String);

/// By service and operation.
type Presences = HashMap<String, HashMap<String, KnownPresence>>;

/// Where finished cases come together, one after the other.
pub(super) struct Collector<'s> {
    pub(super) bench: JudgeBench<'s>,
    pub(super) tally: RunTally,
    presences: Presences,
    /// What keeps a control from being rested on; `None` for one that conforms.
    controls: HashMap<CaseId, Option<String>>,
    seen: SeenRequestIds,
    pub(super) life: Life,
    stop: bool,
    pub(super) sink: &'s mut (dyn FnMut(Event) + Send),
}

impl<'s> Collector<'s> {
    pub(super) fn new(
        bench: JudgeBench<'s>,
        selected: usize,
        services: &BTreeSet<String>,
        sink: &'s mut (dyn FnMut(Event) + Send),
    ) -> Self {
        Self {
            bench,
            tally: RunTally::new(bench.suite, selected, services),
            presences: Presences::new(),
            controls: HashMap::new(),
            seen: SeenRequestIds::default(),
            life: Life::default(),
            stop: false,
            sink,
        }
    }

    pub(super) fn surveyed(&mut self, surveyed: PresenceChecked) {
        let known = (surveyed.presence, surveyed.reason.clone().unwrap_or_default());
        self.presences.entry(surveyed.service.clone()).or_default().insert(surveyed.operation.clone(), known);
        (self.sink)(Event::Surveyed(surveyed));
    }

    /// The judgement of a case that is not worth running.
    pub(super) fn not_to_run(&self, case: &Case) -> Option<CaseJudgement> {
        if self.stop {
            return Some(CaseJudgement::obstructed(Obstacle::NotRun(
                "a deviation ended the run (--fail-fast)".to_owned(),
            )));
        }
        if let Some(reason) = self.life.over() {
            return Some(CaseJudgement::obstructed(Obstacle::NotRun(reason)));
        }
        match self.presences.get(&case.scenario.service).and_then(|of| of.get(&case.scenario.operation)) {
            Some((event::Presence::Absent, reason)) => {
                let (operation, reason) = (case.scenario.operation.clone(), reason.clone());
                return Some(CaseJudgement::obstructed(Obstacle::NotImplemented { operation, reason }));
            }
            Some((event::Presence::Unreachable, reason)) => {
                return Some(CaseJudgement::obstructed(Obstacle::Unreachable(reason.clone())));
            }
            Some((event::Presence::Present, _)) | None => {}
        }
        let CaseStanding::Controlled(control) = &case.scenario.standing else { return None };
        let obstacle = match self.controls.get(control) {
            Some(None) => return None,
            Some(Some(reason)) => Obstacle::ControlFailed { control: control.clone(), reason: reason.clone() },
            None => Obstacle::ControlNotRun(control.clone()),
        };
        Some(CaseJudgement::obstructed(obstacle))
    }

    pub(super) fn enter(&mut self, finished: Finished) {
        let Finished { case, transcript, mut judgement } = finished;
        let repeated = self.seen.enter(self.bench.suite, &case, &transcript);
        if !judgement.is_internal() {
            judgement.findings.extend(repeated);
        }
        self.life.enter(&case, &transcript);
        self.report(case, transcript, judgement);
    }

    pub(super) fn enter_unrun(&mut self, case: Case, judgement: &CaseJudgement) {
        let transcript = Transcript::empty(&case, self.bench.seed, CaseEnd::Interrupted);
        self.report(case, transcript, judgement.clone());
    }

    fn report(&mut self, case: Case, transcript: Transcript, judgement: CaseJudgement) {
        let (verdict, reason) = judgement.verdict();
        self.stop |= self.bench.fail_fast && verdict == Verdict::Deviates;
        if case.scenario.standing == CaseStanding::Control {
            let reason = (!bears(verdict, &judgement)).then(|| format!("{verdict}, {reason}"));
            self.controls.insert(case.id.clone(), reason);
        }
        let JudgeBench { suite, snapshots, endpoint, region, .. } = self.bench;
        self.tally.enter(&case, verdict, &judgement);
        let shown = ShownFinding::of(&judgement.findings);
        let report = CaseReport {
            id: case.id.clone(),
            service: case.scenario.service.clone(),
            operation: case.scenario.operation.clone(),
            title: case.scenario.title.clone(),
            verdict,
            reason,
            place: shown.place(&case.scenario),
            // Most cases conform, and nobody looks at what they sent.
            exchange: (verdict != Verdict::Conforms)
                .then(|| shown.exchange(suite, endpoint, region, &transcript))
                .flatten(),
            findings: judgement.findings,
            checks: judgement.checks,
            alternatives: judgement.alternatives,
            cites: case.scenario.cites.clone(),
            duration_ms: milliseconds(transcript.elapsed),
        };
        let snapshot = snapshots.get(&case.id).map(str::to_owned);
        let (suite, transcript) = (Arc::clone(suite), Arc::new(transcript));
        let finished = CaseFinished { report, case, suite, transcript, snapshot };
        (self.sink)(Event::CaseFinished(Box::new(finished)));
    }
}
