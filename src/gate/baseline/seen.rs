//! The results of a run, as a baseline compares them.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    cause::{Cause, JudgedLocations, causes, response},
    judge::{
        fingerprint::steady,
        verdict::{Severity, Verdict},
    },
    run::event::{CaseReport, ShownExchange},
};

/// The results of a run.
#[derive(Debug, Clone, Default)]
pub struct SeenCases {
    results: BTreeMap<String, CaseResult>,
    deviating: Vec<CaseReport>,
    /// The cases that conform, with warnings.
    warned: Vec<CaseReport>,
    /// The run is a single case, whatever was selected.
    is_alone: bool,
    locations: JudgedLocations,
    implemented: BTreeSet<String>,
    /// A case of each operation that is not implemented, with an exchange if one has it.
    not_implemented: BTreeMap<String, CaseReport>,
    blocked: BTreeMap<String, BlockedCase>,
    /// The cases of each error, by service, name and status: `sqs: QueueDoesNotExist (400)`.
    errors: BTreeMap<String, BTreeSet<String>>,
}

/// A case that is blocked.
#[derive(Debug, Clone)]
pub(super) struct BlockedCase {
    pub(super) reason: String,
    pub(super) exchange: Option<ShownExchange>,
}

/// The result of a case.
#[derive(Debug, Clone)]
struct CaseResult {
    verdict: Verdict,
    /// The verdict, or what was wrong in the response.
    text: String,
}

impl SeenCases {
    /// Enters a case.
    pub fn enter(&mut self, case: &CaseReport) {
        let operation = || format!("{}.{}", case.service, case.operation);
        let is_deviation = case.verdict == Verdict::Deviates;
        match case.verdict {
            Verdict::Conforms | Verdict::Deviates => drop(self.implemented.insert(operation())),
            Verdict::NotImplemented => {
                let shown = self.not_implemented.entry(operation()).or_insert_with(|| case.clone());
                if shown.exchange.is_none() && case.exchange.is_some() {
                    shown.clone_from(case);
                }
            }
            Verdict::Blocked => {
                let blocked = BlockedCase { reason: case.reason.clone(), exchange: case.exchange.clone() };
                self.blocked.insert(case.id.0.clone(), blocked);
            }
            Verdict::Inconclusive | Verdict::NotApplicable => {}
        }
        for error in &case.errors {
            let error = format!("{}: {}", case.service, steady(error));
            self.errors.entry(error).or_default().insert(case.id.0.clone());
        }
        self.locations.enter(case);
        let text = if is_deviation { response(case) } else { case.verdict.name().to_owned() };
        self.results.insert(case.id.0.clone(), CaseResult { verdict: case.verdict, text });
        self.deviating.extend(is_deviation.then(|| case.clone()));
        let warns = case.findings.iter().any(|finding| finding.severity == Severity::Warning);
        self.warned.extend((warns && case.verdict == Verdict::Conforms).then(|| case.clone()));
    }

    /// A run of one case alone. Nothing is known of the others of its operation.
    #[must_use]
    pub fn alone(case: &CaseReport) -> Self {
        let mut seen = Self { is_alone: true, ..Self::default() };
        seen.enter(case);
        seen
    }

    /// The run is a single case.
    pub(super) fn is_alone(&self) -> bool {
        self.is_alone
    }

    /// The cases that conform, with warnings.
    pub(super) fn warned(&self) -> &[CaseReport] {
        &self.warned
    }

    /// The causes of the deviations, the most important first.
    pub(super) fn causes(&self) -> Vec<Cause> {
        causes(&self.locations, &self.deviating)
    }

    /// The number of cases that deviate.
    #[must_use]
    pub fn count(&self) -> usize {
        self.deviating.len()
    }

    /// The number of cases of a set with this verdict.
    pub(super) fn count_of(&self, verdict: Verdict, cases: &BTreeSet<&str>) -> usize {
        let of = |case: &&&str| self.results.get(**case).is_some_and(|result| result.verdict == verdict);
        cases.iter().filter(of).count()
    }

    /// The case with this ID, if it deviates or has warnings.
    pub(super) fn report(&self, case: &str) -> Option<&CaseReport> {
        self.deviating.iter().chain(&self.warned).find(|report| report.id.0 == case)
    }

    /// The first case of an operation that is not implemented.
    pub(super) fn without(&self, operation: &str) -> Option<&CaseReport> {
        self.not_implemented.get(operation).filter(|_| !self.implemented.contains(operation))
    }

    /// The operations with a case that was judged.
    pub(super) fn implemented(&self) -> &BTreeSet<String> {
        &self.implemented
    }

    /// The cases that are blocked.
    pub(super) fn blocked(&self) -> &BTreeMap<String, BlockedCase> {
        &self.blocked
    }

    /// The cases of each error, by service, name and status.
    pub(super) fn errors(&self) -> &BTreeMap<String, BTreeSet<String>> {
        &self.errors
    }

    /// Each case with its result.
    pub(super) fn results(&self) -> impl Iterator<Item = (&str, &str)> {
        self.results.iter().map(|(case, result)| (case.as_str(), result.text.as_str()))
    }

    /// The result of a case in the run.
    pub(super) fn result(&self, case: &str) -> Option<&str> {
        self.results.get(case).map(|result| result.text.as_str())
    }

    /// The case conforms.
    pub(super) fn conforms(&self, case: &str) -> bool {
        self.results.get(case).is_some_and(|result| result.verdict == Verdict::Conforms)
    }

    /// The case conforms or deviates.
    pub(super) fn is_judged(&self, case: &str) -> bool {
        let result = self.results.get(case);
        result.is_some_and(|result| matches!(result.verdict, Verdict::Conforms | Verdict::Deviates))
    }
}
