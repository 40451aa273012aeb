//! The parts of a report that a certificate depends on. Verification compares the other parts as plain JSON.

use serde::Deserialize;

use crate::{
    judge::verdict::{Finding, Ledger, Verdict},
    suite::CaseId,
};

/// The parts of a report that decide a profile.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Reported {
    pub tool: ReportedTool,
    pub suite: SuiteName,
    pub target: Addressed,
    /// The seed of generated names.
    pub seed: u64,
    pub interrupted: bool,
    /// The cases, counted by verdict.
    pub ledger: Ledger,
    pub cases: Vec<ReportedCase>,
    pub requirements: Vec<ReportedRequirement>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ReportedTool {
    pub name: String,
    pub version: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SuiteName {
    pub digest: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Addressed {
    /// The name in reports.
    pub name: String,
    pub endpoint: String,
    pub region: String,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ReportedCase {
    pub id: CaseId,
    pub verdict: Verdict,
    /// The reason, if the findings do not give it.
    #[serde(default)]
    pub reason: String,
    pub findings: Vec<Finding>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ReportedRequirement {
    pub id: String,
    /// The outcome.
    pub outcome: ReportedFate,
    #[serde(default)]
    pub reason: Option<String>,
}

/// The outcome of a requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReportedFate {
    /// Met wherever it was judged.
    Met,
    /// Violated at least once.
    Violated,
    /// No case judged it.
    NotExercised,
}

impl Reported {
    /// The ledger that follows from its verdicts.
    #[must_use]
    pub fn sums(&self) -> Ledger {
        let mut ledger = Ledger { selected: self.cases.len(), internal: self.ledger.internal, ..Ledger::default() };
        self.cases.iter().for_each(|case| ledger.enter(case.verdict));
        ledger
    }
}
