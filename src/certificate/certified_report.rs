//! The parts of a report that a certificate depends on. Verification compares the other parts as plain JSON.

use serde::{Deserialize, Deserializer, de::Error as _};

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
    #[serde(flatten, deserialize_with = "cases")]
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

#[derive(Debug, Clone, PartialEq)]
pub struct ReportedCase {
    pub id: CaseId,
    pub verdict: Verdict,
    /// The reason, if the findings do not give it.
    pub reason: String,
    pub findings: Vec<Finding>,
}

/// The cases of a report, and the results that several of them share.
#[derive(Deserialize)]
struct ReportedCases {
    #[serde(default)]
    results: Vec<ReportedResult>,
    cases: Vec<NamedResult>,
}

/// A case with its own result, or the index of one that it shares.
#[derive(Deserialize)]
struct NamedResult {
    id: CaseId,
    verdict: Verdict,
    result: Option<usize>,
    #[serde(flatten)]
    own: ReportedResult,
}

#[derive(Clone, Deserialize)]
struct ReportedResult {
    #[serde(default)]
    reason: String,
    #[serde(default)]
    findings: Vec<Finding>,
}

fn cases<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<ReportedCase>, D::Error> {
    let ReportedCases { results, cases } = ReportedCases::deserialize(deserializer)?;
    let case = |NamedResult { id, verdict, result, own }| {
        let result = result.map_or(Some(own), |index| results.get(index).cloned());
        let missing = || D::Error::custom(format!("{id} refers to a result that does not exist"));
        let ReportedResult { reason, findings } = result.ok_or_else(missing)?;
        Ok(ReportedCase { id, verdict, reason, findings })
    };
    cases.into_iter().map(case).collect()
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
