//! Where finished cases come together, one after the other: what concerns the run as a whole is settled here.

use std::{collections::HashMap, sync::Arc};

use super::{Finished, Presences, Session, life::Life, milliseconds, shown::Shown, tally::Tally};
use crate::{
    check::{Judgement, implementation::Presence, request_id::SeenRequestIds},
    code::Code,
    event::{self, CaseFinished, CaseReport, Event, Surveyed},
    scenario::{Case, CaseId, Opening, Standing},
    transcript::{End, Transcript},
    verdict::Verdict,
};

/// Whether other cases may rest on a control: its input was taken, in whichever form that was answered.
fn bears(verdict: Verdict, judgement: &Judgement) -> bool {
    let taken = || judgement.findings.iter().all(|finding| finding.code != Code::Outcome);
    verdict == Verdict::Conforms || (verdict == Verdict::Deviates && taken())
}

/// Where finished cases come together, one after the other.
pub(super) struct Collector<'s> {
    pub(super) session: &'s Session,
    pub(super) tally: Tally,
    pub(super) presences: Presences,
    /// What keeps a control from being rested on; `None` for one that conforms.
    pub(super) controls: HashMap<CaseId, Option<String>>,
    pub(super) seen: SeenRequestIds,
    pub(super) life: Life,
    pub(super) stop: bool,
    pub(super) sink: &'s mut (dyn FnMut(Event) + Send),
}

impl Collector<'_> {
    pub(super) fn surveyed(&mut self, opening: &Opening, presence: Presence, problems: String) {
        let (known, reason) = match &presence {
            Presence::Present => (event::Presence::Present, Some(problems).filter(|problems| !problems.is_empty())),
            Presence::Absent(reason) => (event::Presence::Absent, Some(reason.clone())),
            Presence::Unreachable(error) => (event::Presence::Unreachable, Some(error.to_string())),
        };
        let (service, operation) = (opening.service.clone(), opening.operation.clone());
        (self.sink)(Event::Surveyed(Surveyed { service, operation, presence: known, reason }));
        self.presences.entry(opening.service.clone()).or_default().insert(opening.operation.clone(), presence);
    }

    /// The judgement of a case that is not worth running.
    pub(super) fn not_to_run(&self, case: &Case) -> Option<Judgement> {
        if self.stop {
            return Some(Judgement::inconclusive("a deviation ended the run (--fail-fast)".to_owned()));
        }
        if let Some(reason) = self.life.over() {
            return Some(Judgement::inconclusive(reason));
        }
        match self.presences.get(&case.scenario.service).and_then(|of| of.get(&case.scenario.operation)) {
            Some(Presence::Absent(reason)) => {
                return Some(Judgement::absent(format!("{}: {reason}", case.scenario.operation)));
            }
            Some(Presence::Unreachable(error)) => return Some(Judgement::inconclusive(error.to_string())),
            Some(Presence::Present) | None => {}
        }
        let Standing::Controlled(control) = &case.scenario.standing else { return None };
        match self.controls.get(control) {
            Some(None) => None,
            Some(Some(reason)) => Some(Judgement::blocked(format!("{control}: {reason}"))),
            None => Some(Judgement::blocked(format!("{control} was not run"))),
        }
    }

    pub(super) fn enter(&mut self, finished: Finished) {
        let Finished { case, transcript, mut judgement } = finished;
        let repeated = self.seen.enter(&self.session.suite, &case, &transcript);
        if !judgement.is_internal() {
            judgement.findings.extend(repeated);
        }
        self.life.enter(&case, &transcript);
        self.report(case, transcript, judgement);
    }

    pub(super) fn enter_unrun(&mut self, case: Case, judgement: &Judgement) {
        let transcript = Transcript::empty(&case, self.session.options.seed, End::Interrupted);
        self.report(case, transcript, judgement.clone());
    }

    fn report(&mut self, case: Case, transcript: Transcript, judgement: Judgement) {
        let (verdict, reason) = judgement.verdict();
        self.stop |= self.session.options.fail_fast && verdict == Verdict::Deviates;
        if case.scenario.standing == Standing::Control {
            let reason = (!bears(verdict, &judgement)).then(|| format!("{verdict}, {reason}"));
            self.controls.insert(case.id.clone(), reason);
        }
        let Session { suite, target, goldens, .. } = self.session;
        self.tally.enter(&case, verdict, &judgement);
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
