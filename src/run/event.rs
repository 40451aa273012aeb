//! The events of a run as plain data. They contain everything that a report may show.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use super::exchange_report::ShownExchange;
use super::{baseline_comparison::BaselineComparison, exchange_report::ExchangeReport};
use crate::{
    judge::{
        check::implementation::PresenceDecision,
        verdict::{Finding, Ledger, Verdict},
    },
    probe::CoverageReport,
    suite::{
        CaseAim, CaseId, Fixtures, ModelIdentity, SelectionDigest, ServiceFixtures,
        requirement::{Contradiction, Evidence, Requirement, RequirementKind, SourceDocument},
        shard::Shard,
    },
};

/// One thing that happened. The events of a run start with [`Event::RunStarted`] and [`Event::RequirementsListed`], and end
/// with [`Event::RunFinished`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// The run begins.
    RunStarted(RunStarted),
    /// The requirements that findings may cite.
    RequirementsListed(Vec<CitableRequirement>),
    /// The presence check of an operation is done.
    PresenceChecked(PresenceChecked),
    /// The endpoint no longer listens.
    TargetDied(TargetDied),
    /// A case has its verdict.
    CaseFinished(Box<CaseFinished>),
    /// The run is over.
    RunFinished(RunFinished),
}

/// What a run is about to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunStarted {
    /// The target's name.
    pub target: String,
    /// Its endpoint.
    pub endpoint: String,
    /// Its region.
    pub region: String,
    /// The digest of the fixtures.
    pub suite: String,
    /// The models of the services.
    #[serde(default)]
    pub models: Vec<ModelIdentity>,
    /// The seed of generated names.
    pub seed: u64,
    /// The number of cases in this run.
    pub selected: usize,
    /// The selection that they belong to.
    pub selection: SelectionDigest,
    /// The part of the selection that runs; `None` for all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
}

/// A requirement with the document that it paraphrases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CitableRequirement {
    /// Its number.
    pub id: String,
    /// The service, by its folder.
    pub service: String,
    /// The operation; `None` if it binds the whole service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// What it says.
    pub says: String,
    /// What it is about.
    pub kind: RequirementKind,
    /// The kind of document that it is taken from.
    pub evidence: Evidence,
    /// Its document, if the fixtures have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<SourceDocument>,
    /// The section of the document.
    pub section: String,
    /// The edition of the document.
    pub edition: String,
    /// A document that disagrees, and the policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contradiction: Option<Contradiction>,
}

impl CitableRequirement {
    /// All requirements of some fixtures, in their order.
    #[must_use]
    pub fn all(fixtures: &Fixtures) -> Vec<Self> {
        let mut all = Vec::new();
        for service in fixtures.services() {
            all.extend(service.requirements.iter().map(|requirement| Self::of(service, requirement)));
        }
        all
    }

    fn of(service: &ServiceFixtures, requirement: &Requirement) -> Self {
        Self {
            id: requirement.id.clone(),
            service: service.name.clone(),
            operation: requirement.operation.clone(),
            says: requirement.says.clone(),
            kind: requirement.kind,
            evidence: requirement.evidence,
            document: service.requirements.document(requirement).cloned(),
            section: requirement.section.clone(),
            edition: requirement.edition.clone(),
            contradiction: requirement.contradiction.clone(),
        }
    }
}

/// An endpoint that has responded before, and no longer listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetDied {
    /// Cases whose connection was cut since its last response: one of them crashed it.
    pub suspects: Vec<CaseId>,
    /// The endpoint was started again, and the run went on.
    pub restarted: bool,
    /// What was observed.
    pub reason: String,
}

/// The result of the presence check of one operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresenceChecked {
    /// The service.
    pub service: String,
    /// The operation.
    pub operation: String,
    /// The result.
    pub presence: Presence,
    /// The evidence that decided.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// The states that could not be established, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unavailable: Option<String>,
}

/// The presence of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Presence {
    /// The endpoint has the operation, or nothing shows that it lacks it.
    Implemented,
    /// The endpoint lacks the operation.
    NotImplemented,
    /// The endpoint has the operation, and every request of the check got a server error.
    Crashes,
    /// The endpoint did not respond.
    Unreachable,
}

impl PresenceChecked {
    /// Adds the result to a list. It replaces an earlier result of the same operation, which it refutes.
    pub fn enter(&self, known: &mut Vec<Self>) {
        known.retain(|earlier| (&earlier.service, &earlier.operation) != (&self.service, &self.operation));
        known.push(self.clone());
    }
}

impl From<&PresenceDecision> for Presence {
    fn from(decision: &PresenceDecision) -> Self {
        match decision {
            PresenceDecision::Implemented(_) => Self::Implemented,
            PresenceDecision::NotImplemented(_) => Self::NotImplemented,
            PresenceDecision::Crashes(_) => Self::Crashes,
            PresenceDecision::Unreachable(_) => Self::Unreachable,
        }
    }
}

/// A case with its verdict. The details are present only if an [observer](super::observer::Observer::detail) wants them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaseFinished {
    /// The verdict, and what led to it.
    pub report: CaseReport,
    /// All exchanges, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exchanges: Vec<ExchangeReport>,
    /// How the observation differs from the recorded snapshot, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<SnapshotDifference>,
}

/// A recorded observation, and a different one from this run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotDifference {
    /// The recorded observation.
    pub recorded: String,
    /// The observation of this run.
    pub observed: String,
}

/// A case as reports show it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CaseReport {
    /// Its id.
    pub id: CaseId,
    /// Its service.
    pub service: String,
    /// Its operation.
    pub operation: String,
    /// What it shows, in one line.
    pub title: String,
    /// Its aim.
    #[serde(default)]
    pub aim: CaseAim,
    /// The verdict.
    pub verdict: Verdict,
    /// The reason for the verdict, where the findings do not give it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// What the checks found.
    pub findings: Vec<Finding>,
    /// The number of checks that were evaluated.
    pub checks: usize,
    /// Which of several documented responses was given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<String>,
    /// The errors of the responses to its steps, each with its status, such as `ValidationException (400)`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub errors: BTreeSet<String>,
    /// The requirements that it cites.
    pub cites: Vec<String>,
    /// The fixture, with the line of the step that is shown.
    pub position: String,
    /// The exchange that the first finding is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exchange: Option<ShownExchange>,
    /// The duration in milliseconds.
    pub duration_ms: u64,
}

/// The end of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunFinished {
    /// The cases, counted by verdict.
    pub ledger: Ledger,
    /// The outcome of each requirement.
    pub requirements: Vec<RequirementReport>,
    /// The coverage of the model, in a run of derived probes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coverage: Option<CoverageReport>,
    /// The run was interrupted.
    pub interrupted: bool,
    /// The duration in milliseconds.
    pub duration_ms: u64,
    /// Notes on the whole run, such as an unusual connection, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The comparison with the baseline, if there is one. The gate adds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<BaselineComparison>,
}

/// The outcome of one requirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequirementReport {
    /// Its number.
    pub id: String,
    /// What it says.
    pub says: String,
    /// The kind of document that it is taken from.
    pub evidence: Evidence,
    /// The outcome.
    pub outcome: RequirementOutcome,
    /// The number of cases in which it was met.
    pub met: usize,
    /// The number of cases in which it was violated.
    pub violated: usize,
    /// Why it was not exercised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Why a requirement that cases cite was not exercised.
pub const UNJUDGED: &str = "no case that cites it was judged";

/// What became of a requirement in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RequirementOutcome {
    /// It was met wherever it was judged.
    Met,
    /// It was violated at least once.
    Violated,
    /// No case judged it.
    NotExercised,
}

impl RunFinished {
    /// The number of requirements with that outcome.
    #[must_use]
    pub fn count(&self, outcome: RequirementOutcome) -> usize {
        self.requirements.iter().filter(|requirement| requirement.outcome == outcome).count()
    }
}

impl RequirementOutcome {
    /// Every outcome, in the order in which reports count them.
    pub const ALL: [Self; 3] = [Self::Met, Self::Violated, Self::NotExercised];

    /// The outcome that follows from the counts.
    #[must_use]
    pub fn of(met: usize, violated: usize) -> Self {
        match (met, violated) {
            (0, 0) => Self::NotExercised,
            (_, 0) => Self::Met,
            _ => Self::Violated,
        }
    }
}
