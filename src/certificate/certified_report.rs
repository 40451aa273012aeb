//! What a certificate reads of a report: the rest of the document is compared, and not understood.

use serde::Deserialize;

use crate::{
    judge::verdict::{Finding, Ledger, Verdict},
    suite::CaseId,
};

/// A report, as far as a profile is decided by it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Reported {
    /// What made it.
    pub tool: ReportedTool,
    /// What was asked.
    pub suite: SuiteName,
    /// Who answered.
    pub target: Addressed,
    /// What fresh names were derived from.
    pub seed: u64,
    /// Whether the run was interrupted.
    pub interrupted: bool,
    /// How many cases, and what became of them.
    pub ledger: Ledger,
    /// The cases.
    pub cases: Vec<ReportedCase>,
    /// The requirements.
    pub requirements: Vec<ReportedRequirement>,
}

/// A tool by its name and version.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ReportedTool {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// A suite by its digest.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SuiteName {
    /// The digest of the fixtures.
    pub digest: String,
}

/// A target by its address.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Addressed {
    /// What reports call it.
    pub name: String,
    /// Its endpoint.
    pub endpoint: String,
    /// Its region.
    pub region: String,
}

/// A case.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ReportedCase {
    /// Its id.
    pub id: CaseId,
    /// Its verdict.
    pub verdict: Verdict,
    /// Why, where the findings do not say it.
    #[serde(default)]
    pub reason: String,
    /// What was found.
    pub findings: Vec<Finding>,
}

/// A requirement.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ReportedRequirement {
    /// Its number.
    pub id: String,
    /// What became of it.
    pub outcome: ReportedFate,
    /// Why it was not exercised.
    #[serde(default)]
    pub reason: Option<String>,
}

/// What became of a requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReportedFate {
    /// It met wherever it was judged.
    Met,
    /// It was violated.
    Violated,
    /// No case judged it.
    NotExercised,
}

impl Reported {
    /// The sums of the verdicts that stand in it.
    #[must_use]
    pub fn sums(&self) -> Ledger {
        let mut ledger = Ledger { selected: self.cases.len(), internal: self.ledger.internal, ..Ledger::default() };
        self.cases.iter().for_each(|case| ledger.enter(case.verdict));
        ledger
    }
}
