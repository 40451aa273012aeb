//! Collects finished cases, one after the other, and settles what concerns the whole run.

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
    probe::Coverage,
    run::{
        event::{CaseReport, CitableRequirement, Event, Presence, PresenceChecked, RunFinished, RunStarted},
        judged_case::JudgedCase,
        observer::{EventDetail, Observer},
    },
    suite::{Case, CaseId, CaseStanding, Fixtures},
};

/// Other cases may rest on a control if its input was accepted, whatever the form of the response.
fn bears(verdict: Verdict, judgement: &CaseJudgement) -> bool {
    let accepted = || judgement.findings.iter().all(|finding| finding.code != Code::OUTCOME);
    verdict == Verdict::Conforms || (verdict == Verdict::Deviates && accepted())
}

/// What every case is judged and reported with, executed or recorded.
#[derive(Clone, Copy)]
pub(super) struct JudgeBench<'s> {
    pub(super) suite: &'s Arc<Fixtures>,
    pub(super) snapshots: &'s Arc<Snapshots>,
    pub(super) endpoint: &'s str,
    pub(super) region: &'s str,
    pub(super) seed: u64,
    pub(super) fail_fast: bool,
}

/// The presence of operations with its reason, by service and operation.
type Presences = HashMap<String, HashMap<String, (Presence, String)>>;

/// Collects finished cases, one after the other.
pub(super) struct Collector<'s> {
    pub(super) bench: JudgeBench<'s>,
    tally: RunTally,
    coverage: Option<Coverage>,
    presences: Presences,
    /// Why probes cannot rest on a control; `None` if they can.
    controls: HashMap<CaseId, Option<String>>,
    seen: SeenRequestIds,
    pub(super) life: Life,
    stop: bool,
    detail: EventDetail,
    pub(super) observer: &'s mut dyn Observer,
}

impl<'s> Collector<'s> {
    /// Begins the run. `services` are those of the whole selection.
    pub(super) fn start(
        bench: JudgeBench<'s>,
        started: RunStarted,
        services: &BTreeSet<String>,
        coverage: Option<Coverage>,
        observer: &'s mut dyn Observer,
    ) -> Self {
        let detail = observer.detail();
        let tally = RunTally::new(bench.suite, started.selected, services);
        observer.event(&Event::RunStarted(started));
        observer.event(&Event::RequirementsListed(CitableRequirement::all(bench.suite)));
        Self {
            bench,
            tally,
            coverage,
            presences: Presences::new(),
            controls: HashMap::new(),
            seen: SeenRequestIds::default(),
            life: Life::default(),
            stop: false,
            detail,
            observer,
        }
    }

    pub(super) fn presence_checked(&mut self, checked: PresenceChecked, transcript: Option<&Transcript>) {
        let known = (checked.presence, checked.reason.clone().unwrap_or_default());
        self.presences.entry(checked.service.clone()).or_default().insert(checked.operation.clone(), known);
        self.observer.presence_checked(&checked, transcript);
        self.observer.event(&Event::PresenceChecked(checked));
    }

    /// Ends the run.
    pub(super) fn finish(self, interrupted: bool, duration_ms: u64) -> RunFinished {
        let coverage = self.coverage.as_ref().map(Coverage::report);
        let tallied = self.tally.finish(self.bench.suite);
        let finished = RunFinished { coverage, interrupted, duration_ms, ..tallied };
        self.observer.event(&Event::RunFinished(finished.clone()));
        finished
    }

    /// The judgement of a case that need not run.
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
            Some((Presence::NotImplemented, reason)) => {
                let (operation, reason) = (case.scenario.operation.clone(), reason.clone());
                return Some(CaseJudgement::obstructed(Obstacle::NotImplemented { operation, reason }));
            }
            Some((Presence::Unreachable, reason)) => {
                return Some(CaseJudgement::obstructed(Obstacle::Unreachable(reason.clone())));
            }
            Some((Presence::Implemented, _)) | None => {}
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
        self.coverage.iter_mut().for_each(|coverage| coverage.finished(&case, verdict));
        let shown = ShownFinding::of(&judgement.findings);
        let report = CaseReport {
            id: case.id.clone(),
            service: case.scenario.service.clone(),
            operation: case.scenario.operation.clone(),
            title: case.scenario.title.clone(),
            verdict,
            reason,
            position: shown.position(&case.scenario),
            // Most cases conform, and reports do not show what they sent.
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
        let (fixtures, transcript) = (Arc::clone(suite), Arc::new(transcript));
        let judged = JudgedCase { report, case, fixtures, transcript, snapshot };
        self.observer.case(&judged);
        self.observer.event(&Event::CaseFinished(Box::new(judged.finished(self.detail))));
    }
}
