//! What is known of each operation's presence, and the cases that wait for it.
//!
//! A presence check sends made-up inputs, so its negative result may be wrong: an operation that needs a resource often
//! fails like an unknown one. So the first cases of the operation run all the same. If one of their responses, or that of
//! any other request of the run, proves that the operation is implemented, all of its cases are judged. Otherwise the
//! operation is not implemented, and so are these cases. They are reported only after the decision.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::Finished;
use crate::{
    judge::{
        check::implementation::{NormalizedResponse, PresenceProof, PresenceSubject, proof},
        transcript::{Exchange, Role, Transcript},
    },
    run::event::{Presence, PresenceChecked},
    suite::{Case, CaseId, Fixtures},
};

/// The number of cases that run before an operation counts as not implemented.
const TRIALS: usize = 8;

/// The number of different responses of an operation that are kept until its presence check.
const EARLY_PROOFS: usize = 4;

/// A service and an operation.
pub(super) type OperationKey = (String, String);

/// What is known of the presence of operations.
#[derive(Default)]
pub(super) struct Presences {
    decided: HashMap<OperationKey, PresenceChecked>,
    on_trial: BTreeMap<OperationKey, PresenceTrial>,
    /// The normalized responses to an unknown operation and subresource, by the operation whose check sent them.
    unknown: HashMap<OperationKey, Vec<NormalizedResponse>>,
    /// Proofs from requests before the presence check of the operation.
    early: HashMap<OperationKey, Vec<(PresenceProof, NormalizedResponse)>>,
}

/// An operation that is not implemented, unless one of its cases proves that it is.
pub(super) struct PresenceTrial {
    pub(super) checked: PresenceChecked,
    pub(super) transcript: Transcript,
    started: usize,
    running: HashSet<CaseId>,
    /// Cases that ran without a proof.
    pub(super) held: Vec<Finished>,
    /// The next case, which waits for the decision.
    pub(super) waiting: Option<Case>,
}

/// What to do with a case.
pub(super) enum Admission {
    /// It can run.
    Run(Case),
    /// It waits for the decision about its operation.
    Waits,
    /// No further case proves anything: the operation is not implemented.
    Conclude(Case),
}

pub(super) fn key_of(case: &Case) -> OperationKey {
    (case.scenario.service.clone(), case.scenario.operation.clone())
}

impl Presences {
    /// Enters a final result.
    pub(super) fn decide(&mut self, checked: PresenceChecked) {
        self.decided.insert((checked.service.clone(), checked.operation.clone()), checked);
    }

    /// Enters the responses to an unknown operation and subresource.
    pub(super) fn compare_with(&mut self, key: OperationKey, unknown: Vec<NormalizedResponse>) {
        self.unknown.insert(key, unknown);
    }

    /// The proof that a request before the presence check gave.
    pub(super) fn early_proof(&mut self, key: &OperationKey) -> Option<PresenceProof> {
        let early = self.early.remove(key).unwrap_or_default();
        early.into_iter().find(|(_, response)| !self.is_of_unknown(key, response)).map(|(proof, _)| proof)
    }

    fn is_of_unknown(&self, key: &OperationKey, response: &NormalizedResponse) -> bool {
        self.unknown.get(key).is_some_and(|unknown| unknown.contains(response))
    }

    /// Puts an operation on trial.
    pub(super) fn try_cases(&mut self, checked: PresenceChecked, transcript: Transcript) {
        let key = (checked.service.clone(), checked.operation.clone());
        let (running, held) = (HashSet::new(), Vec::new());
        self.on_trial.insert(key, PresenceTrial { checked, transcript, started: 0, running, held, waiting: None });
    }

    /// The final result for an operation.
    pub(super) fn decision(&self, key: &OperationKey) -> Option<&PresenceChecked> {
        self.decided.get(key)
    }

    /// Nothing shows yet that the operation is implemented.
    pub(super) fn is_on_trial(&self, key: &OperationKey) -> bool {
        self.on_trial.contains_key(key)
    }

    /// A case waits for a decision, so the plan must not be asked for another one.
    pub(super) fn has_waiting(&self) -> bool {
        self.on_trial.values().any(|trial| trial.waiting.is_some())
    }

    /// Admits a case of an operation on trial. `can_run`: no control keeps it from running.
    pub(super) fn admit(&mut self, case: Case, can_run: bool) -> Admission {
        let Some(trial) = self.on_trial.get_mut(&key_of(&case)) else { return Admission::Run(case) };
        if can_run && trial.started < TRIALS {
            trial.started += 1;
            trial.running.insert(case.id.clone());
            return Admission::Run(case);
        }
        if trial.running.is_empty() {
            return Admission::Conclude(case);
        }
        trial.waiting = Some(case);
        Admission::Waits
    }

    /// Notes that a case of an operation on trial ended.
    pub(super) fn ended(&mut self, case: &Case) {
        if let Some(trial) = self.on_trial.get_mut(&key_of(case)) {
            trial.running.remove(&case.id);
        }
    }

    /// Keeps a case without a proof until its operation is decided.
    pub(super) fn hold(&mut self, finished: Finished) -> Option<Finished> {
        match self.on_trial.get_mut(&key_of(&finished.case)) {
            Some(trial) => {
                trial.held.push(finished);
                None
            }
            None => Some(finished),
        }
    }

    /// Ends a trial.
    pub(super) fn end_trial(&mut self, key: &OperationKey) -> Option<PresenceTrial> {
        self.on_trial.remove(key)
    }

    /// The operations on trial whose last case ended while another one waits: nothing more can prove them.
    pub(super) fn exhausted(&self) -> Vec<OperationKey> {
        let is_over = |trial: &PresenceTrial| trial.running.is_empty() && trial.waiting.is_some();
        self.on_trial.iter().filter(|(_, trial)| is_over(trial)).map(|(key, _)| key.clone()).collect()
    }

    /// An operation is on trial, or not implemented as far as is known: responses of cases may change that.
    pub(super) fn is_open(&self) -> bool {
        let is_missing = |checked: &PresenceChecked| checked.presence == Presence::NotImplemented;
        !self.on_trial.is_empty() || self.decided.values().any(is_missing)
    }

    /// All operations on trial.
    pub(super) fn open_trials(&self) -> Vec<OperationKey> {
        self.on_trial.keys().cloned().collect()
    }

    /// The operations on trial of which some cases ran, and none is running.
    pub(super) fn tried(&self) -> Vec<OperationKey> {
        let is_tried = |trial: &PresenceTrial| trial.started > 0 && trial.running.is_empty();
        self.on_trial.iter().filter(|(_, trial)| is_tried(trial)).map(|(key, _)| key.clone()).collect()
    }

    /// Enters what responses showed. Returns the operations that they prove to be implemented, and that were not known to be.
    pub(super) fn see(&mut self, shown: Vec<PresenceEvidence>) -> Vec<(OperationKey, PresenceProof)> {
        let mut proven = Vec::new();
        for PresenceEvidence { key, proof, response } in shown {
            let known = self.decided.get(&key).map(|checked| checked.presence);
            if known.is_some_and(|known| known != Presence::NotImplemented) {
                continue;
            }
            if known.is_some() || self.on_trial.contains_key(&key) {
                proven.extend((!self.is_of_unknown(&key, &response)).then_some((key, proof)));
                continue;
            }
            let early = self.early.entry(key).or_default();
            if early.len() < EARLY_PROOFS && early.iter().all(|(_, known)| *known != response) {
                early.push((proof, response));
            }
        }
        proven
    }
}

/// A response that proves that an operation is implemented, unless an unknown operation gets the same one.
pub(super) struct PresenceEvidence {
    key: OperationKey,
    proof: PresenceProof,
    response: NormalizedResponse,
}

/// What exchanges show. The response to a request that names another operation, or none, shows nothing.
pub(super) fn evidence(suite: &Fixtures, exchanges: &[Exchange]) -> Vec<PresenceEvidence> {
    let shown = exchanges.iter().filter(|exchange| exchange.role != Role::Question);
    let shown = shown.filter_map(|exchange| {
        let subject = PresenceSubject::find(suite, &exchange.service, &exchange.operation)?;
        if !subject.is_named_by(&exchange.request) {
            return None;
        }
        let response = exchange.outcome.as_ref().ok()?;
        let (proof, response) = (proof(subject, response, &[])?, subject.normalized(response));
        Some(PresenceEvidence { key: (exchange.service.clone(), exchange.operation.clone()), proof, response })
    });
    shown.collect()
}
