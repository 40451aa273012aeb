//! Collects finished cases, one after the other, and settles what concerns the whole run.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::Arc,
};

use super::{
    Finished,
    life::Life,
    milliseconds,
    presences::{Admission, OperationKey, PresenceEvidence, Presences, key_of},
    protocol_hint::protocol_hint,
    report_budget::ReportBudget,
    shown::ShownFinding,
    tally::RunTally,
    unsettled_cases::UnsettledCases,
};
use crate::{
    judge::{
        check::{
            CaseJudgement,
            implementation::{NormalizedResponse, PresenceProof},
            request_id::SeenRequestIds,
        },
        code::Code,
        obstacle::Obstacle,
        snapshots::Snapshots,
        transcript::{CaseEnd, Transcript},
        verdict::{Finding, Verdict},
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
    let failed = [Code::OUTCOME, Code::SERVER_ERROR];
    let accepted = || judgement.findings.iter().all(|finding| !failed.contains(&finding.code));
    verdict == Verdict::Conforms || (verdict == Verdict::Deviates && accepted())
}

/// A result that later evidence refuted.
fn proven(checked: PresenceChecked, proof: &PresenceProof) -> PresenceChecked {
    PresenceChecked { presence: Presence::Implemented, reason: proof.to_string(), ..checked }
}

/// Why no case of an operation runs.
fn obstacle(checked: &PresenceChecked) -> Option<Obstacle> {
    let (operation, reason) = (checked.operation.clone(), checked.reason.clone());
    match checked.presence {
        Presence::NotImplemented => Some(Obstacle::NotImplemented { operation, reason }),
        Presence::Unreachable => Some(Obstacle::Unreachable(reason)),
        Presence::Implemented | Presence::Crashes => None,
    }
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

/// Collects finished cases, one after the other.
pub(super) struct Collector<'s> {
    pub(super) bench: JudgeBench<'s>,
    tally: RunTally,
    coverage: Option<Coverage>,
    presences: Presences,
    /// Cases that waited for the decision about their operation, and can run now.
    released: VecDeque<Case>,
    /// Why probes cannot rest on a control; `None` if they can.
    controls: HashMap<CaseId, Option<String>>,
    seen: SeenRequestIds,
    pub(super) life: Life,
    /// Cases that conform, unless bytes follow their responses.
    unsettled: UnsettledCases,
    budget: ReportBudget,
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
            presences: Presences::default(),
            released: VecDeque::new(),
            controls: HashMap::new(),
            seen: SeenRequestIds::default(),
            life: Life::default(),
            unsettled: UnsettledCases::default(),
            budget: ReportBudget::default(),
            stop: false,
            detail,
            observer,
        }
    }

    /// Enters the result of a presence check. If cases may refute it, the operation is put on trial.
    pub(super) fn opened(
        &mut self,
        checked: PresenceChecked,
        transcript: Transcript,
        unknown: Vec<NormalizedResponse>,
        refutable: bool,
    ) {
        // A plan of probes is done with the operation before.
        for key in self.presences.tried() {
            self.conclude(&key);
        }
        let key = (checked.service.clone(), checked.operation.clone());
        self.presences.compare_with(key.clone(), unknown);
        if !refutable {
            self.presence_checked(checked, Some(&transcript));
        } else if let Some(proof) = self.presences.early_proof(&key) {
            self.presence_checked(proven(checked, &proof), Some(&transcript));
        } else {
            self.presences.try_cases(checked, transcript);
        }
    }

    /// Enters a final result.
    pub(super) fn presence_checked(&mut self, checked: PresenceChecked, transcript: Option<&Transcript>) {
        self.presences.decide(checked.clone());
        self.observer.presence_checked(&checked, transcript);
        self.observer.event(&Event::PresenceChecked(checked));
    }

    /// Enters what responses showed, which may prove operations to be implemented.
    pub(super) fn see(&mut self, shown: Vec<PresenceEvidence>) {
        for (key, proof) in self.presences.see(shown) {
            if let Some(trial) = self.presences.end_trial(&key) {
                self.presence_checked(proven(trial.checked, &proof), Some(&trial.transcript));
                trial.held.into_iter().for_each(|finished| self.report_tried(finished));
                self.released.extend(trial.waiting);
            } else if let Some(checked) = self.presences.decision(&key).cloned() {
                self.presence_checked(proven(checked, &proof), None);
            }
        }
    }

    /// Decides that an operation on trial is not implemented.
    fn conclude(&mut self, key: &OperationKey) {
        let Some(trial) = self.presences.end_trial(key) else { return };
        self.presence_checked(trial.checked, Some(&trial.transcript));
        trial.held.into_iter().for_each(|finished| self.report_decided(finished));
        self.released.extend(trial.waiting);
    }

    /// Nothing shows yet that the operation is implemented.
    pub(super) fn is_on_trial(&self, key: &OperationKey) -> bool {
        self.presences.is_on_trial(key)
    }

    /// A case waits for the decision about its operation. The plan must not be asked for another one.
    pub(super) fn is_waiting(&self) -> bool {
        self.presences.has_waiting()
    }

    /// The next case that waited and can run now.
    pub(super) fn released(&mut self) -> Option<Case> {
        self.released.pop_front()
    }

    /// Responses of cases may still prove operations to be implemented.
    pub(super) fn is_open(&self) -> bool {
        self.presences.is_open()
    }

    /// A case that is to run. Any other case is reported, or waits.
    pub(super) fn admit(&mut self, case: Case) -> Option<Case> {
        let judgement = self.not_to_run(&case);
        if !self.is_on_trial(&key_of(&case)) || self.is_over() {
            return match judgement {
                None => Some(case),
                Some(judgement) => {
                    self.enter_unrun(case, &judgement);
                    None
                }
            };
        }
        match self.presences.admit(case, judgement.is_none()) {
            Admission::Run(case) => Some(case),
            Admission::Waits => None,
            Admission::Conclude(case) => {
                self.conclude(&key_of(&case));
                self.admit(case)
            }
        }
    }

    fn is_over(&self) -> bool {
        self.stop || self.life.is_over()
    }

    /// Ends the run.
    pub(super) fn finish(mut self, interrupted: bool, duration_ms: u64, mut notes: Vec<String>) -> RunFinished {
        for key in self.presences.open_trials() {
            self.conclude(&key);
        }
        let JudgeBench { suite, snapshots, .. } = self.bench;
        for settled in self.unsettled.settled(suite, snapshots, true) {
            self.report_settled(settled);
        }
        let coverage = self.coverage.as_ref().map(Coverage::report);
        let tallied = self.tally.finish(self.bench.suite);
        // A recording has the hint of its run.
        let hint = coverage.is_some().then(|| protocol_hint(suite, &tallied.ledger)).flatten();
        notes.extend(hint.filter(|hint| !notes.contains(hint)));
        let finished = RunFinished { coverage, interrupted, duration_ms, notes, ..tallied };
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
        if let Some(obstacle) = self.presences.decision(&key_of(case)).and_then(obstacle) {
            return Some(CaseJudgement::obstructed(obstacle));
        }
        let CaseStanding::Controlled(control) = &case.scenario.standing else { return None };
        let obstacle = match self.controls.get(control) {
            Some(None) => return None,
            Some(Some(reason)) => Obstacle::ControlFailed { control: control.clone(), reason: reason.clone() },
            None => Obstacle::ControlNotRun(control.clone()),
        };
        Some(CaseJudgement::obstructed(obstacle))
    }

    pub(super) fn enter(&mut self, mut finished: Finished) {
        // They ended before this one.
        let JudgeBench { suite, snapshots, .. } = self.bench;
        for settled in self.unsettled.settled(suite, snapshots, false) {
            self.report_settled(settled);
        }
        let repeated = self.seen.enter(self.bench.suite, &finished.case, &finished.transcript);
        if !finished.judgement.is_internal() {
            finished.judgement.findings.extend(repeated);
        }
        self.life.enter(&finished.case, &finished.transcript);
        self.presences.ended(&finished.case);
        self.see(std::mem::take(&mut finished.shown));
        self.note_control(&finished);
        if let Some(finished) = self.presences.hold(finished) {
            self.report_tried(finished);
        }
        self.conclude_exhausted();
    }

    pub(super) fn enter_unrun(&mut self, case: Case, judgement: &CaseJudgement) {
        self.presences.ended(&case);
        let transcript = Transcript::empty(&case, self.bench.seed, CaseEnd::Interrupted);
        let finished = Finished::judged(case, transcript, judgement.clone());
        self.note_control(&finished);
        self.report(finished);
        self.conclude_exhausted();
    }

    fn conclude_exhausted(&mut self) {
        for key in self.presences.exhausted() {
            self.conclude(&key);
        }
    }

    /// Notes whether cases can rest on a control.
    fn note_control(&mut self, finished: &Finished) {
        if finished.case.scenario.standing == CaseStanding::Control {
            let (verdict, reason) = finished.judgement.verdict();
            let reason = (!bears(verdict, &finished.judgement)).then(|| format!("{verdict}, {reason}"));
            self.controls.insert(finished.case.id.clone(), reason);
        }
    }

    /// Reports a case that ran, or runs it again if its trial was too short for its changes and proved the operation.
    fn report_tried(&mut self, finished: Finished) {
        let decision = self.presences.decision(&key_of(&finished.case));
        if finished.is_cut_short && decision.and_then(obstacle).is_none() && !self.is_over() {
            self.released.push_back(finished.case);
        } else {
            self.report_decided(finished);
        }
    }

    /// Reports a case that ran. One of an operation that turned out not to be implemented is not judged.
    fn report_decided(&mut self, mut finished: Finished) {
        if let Some(obstacle @ Obstacle::NotImplemented { .. }) =
            self.presences.decision(&key_of(&finished.case)).and_then(obstacle)
        {
            finished.judgement = CaseJudgement::obstructed(obstacle);
        }
        self.report(finished);
    }

    fn report(&mut self, finished: Finished) {
        let JudgeBench { suite, snapshots, .. } = self.bench;
        if let Some(settled) = self.unsettled.hold(finished, suite, snapshots) {
            self.report_settled(settled);
        }
    }

    /// Some cases wait until it is known what followed their responses.
    pub(super) fn has_unsettled(&self) -> bool {
        !self.unsettled.is_empty()
    }

    fn report_settled(&mut self, finished: Finished) {
        let Finished { case, transcript, judgement, .. } = finished;
        let (verdict, reason) = judgement.verdict();
        self.stop |= self.bench.fail_fast && verdict == Verdict::Deviates;
        let JudgeBench { suite, snapshots, endpoint, region, .. } = self.bench;
        self.tally.enter(&case, verdict, &judgement);
        self.coverage.iter_mut().for_each(|coverage| coverage.finished(&case, verdict));
        let shown = ShownFinding::of(&judgement.findings);
        let report = CaseReport {
            id: case.id.clone(),
            service: case.scenario.service.clone(),
            operation: case.scenario.operation.clone(),
            title: case.scenario.title.clone(),
            aim: case.scenario.aim(shown.step()),
            verdict,
            reason,
            position: shown.position(&case.scenario),
            // Most cases conform, and reports do not show what they sent.
            exchange: (verdict != Verdict::Conforms || judgement.findings.iter().any(Finding::is_likely))
                .then(|| shown.exchange(suite, endpoint, region, &transcript))
                .flatten(),
            findings: judgement.findings,
            checks: judgement.checks,
            alternatives: judgement.alternatives,
            errors: judgement.errors,
            cites: case.scenario.cites.clone(),
            duration_ms: milliseconds(transcript.elapsed),
        };
        let snapshot = snapshots.get(&case.id).map(str::to_owned);
        let (fixtures, transcript) = (Arc::clone(suite), Arc::new(transcript));
        let judged = JudgedCase { report, case, fixtures, transcript, snapshot };
        self.observer.case(&judged);
        let mut finished = judged.finished(self.detail);
        self.budget.fit(&mut finished);
        self.observer.event(&Event::CaseFinished(Box::new(finished)));
    }
}
