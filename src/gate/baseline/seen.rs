//! The findings of a run, as a baseline compares them.

use std::collections::{BTreeMap, BTreeSet};

use super::EntryKey;
use crate::{
    judge::{
        fingerprint::fingerprint,
        verdict::{Finding, Severity, Verdict},
    },
    run::event::CaseReport,
};

/// The findings of a run.
#[derive(Debug, Clone, Default)]
pub struct SeenDeviations {
    deviations: BTreeMap<EntryKey, FoundDeviation>,
    cases: BTreeSet<String>,
    judged: BTreeSet<String>,
    implemented: BTreeSet<String>,
    not_implemented: BTreeSet<String>,
}

/// The findings of one check in one case.
#[derive(Debug, Clone)]
pub(super) struct FoundDeviation {
    pub(super) fingerprint: String,
    /// The first finding as text.
    pub(super) says: String,
}

impl SeenDeviations {
    /// Enters a case.
    pub fn enter(&mut self, case: &CaseReport) {
        self.cases.insert(case.id.0.clone());
        let operation = || format!("{}.{}", case.service, case.operation);
        match case.verdict {
            Verdict::Conforms | Verdict::Deviates => {
                self.judged.insert(case.id.0.clone());
                self.implemented.insert(operation());
            }
            Verdict::NotImplemented => drop(self.not_implemented.insert(operation())),
            Verdict::Blocked | Verdict::Inconclusive | Verdict::NotApplicable => {}
        }
        let mut found: BTreeMap<String, Vec<&Finding>> = BTreeMap::new();
        let errors = case.findings.iter().filter(|finding| finding.severity == Severity::Error);
        for finding in errors.filter(|_| case.verdict == Verdict::Deviates) {
            found.entry(finding.code.to_string()).or_default().push(finding);
        }
        for (code, findings) in found {
            let says = findings.first().map(|first| format!("expected {}, got {}", first.expected, first.actual));
            let found = FoundDeviation { fingerprint: fingerprint(&findings), says: says.unwrap_or_default() };
            self.deviations.insert((case.id.0.clone(), code), found);
        }
    }

    /// The number of deviations.
    #[must_use]
    pub fn count(&self) -> usize {
        self.deviations.len()
    }

    pub(super) fn deviations(&self) -> impl Iterator<Item = (&EntryKey, &FoundDeviation)> {
        self.deviations.iter()
    }

    pub(super) fn deviates_by(&self, key: &EntryKey) -> bool {
        self.deviations.contains_key(key)
    }

    /// The codes of the checks that found something in a case.
    pub(super) fn codes_of(&self, case: &str) -> Vec<&str> {
        let from = (case.to_owned(), String::new());
        let of_case = self.deviations.range(from..).take_while(|((of, _), _)| of == case);
        of_case.map(|((_, code), _)| code.as_str()).collect()
    }

    /// The operations with a case that was judged.
    pub(super) fn implemented(&self) -> &BTreeSet<String> {
        &self.implemented
    }

    /// The endpoint does not implement the operation.
    pub(super) fn lacks(&self, operation: &str) -> bool {
        self.not_implemented.contains(operation) && !self.implemented.contains(operation)
    }

    /// The run had the case.
    pub(super) fn has(&self, case: &str) -> bool {
        self.cases.contains(case)
    }

    /// The case conforms or deviates.
    pub(super) fn is_judged(&self, case: &str) -> bool {
        self.judged.contains(case)
    }
}
