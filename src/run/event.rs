//! What happens in a run, as values: the only thing that a report ever sees.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    judge::{
        observation::Observation,
        transcript::Transcript,
        verdict::{Finding, Ledger, Verdict},
    },
    probe::{Coverage, CoverageReport},
    suite::{Case, CaseId, Fixtures, Selected, requirement::Evidence, shard::Shard},
};

/// One thing that happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// The run begins.
    RunStarted(RunStarted),
    /// An operation under test is known to be there or not.
    Surveyed(PresenceChecked),
    /// The endpoint no longer listens.
    TargetDied(TargetDied),
    /// A case has its verdict.
    CaseFinished(Box<CaseFinished>),
    /// The run is over.
    RunFinished(RunFinished),
}

impl Event {
    /// Enters the event into what a run covers; the end of the run tells it.
    #[must_use]
    pub fn covered(mut self, coverage: &mut Coverage) -> Self {
        match &mut self {
            Self::CaseFinished(finished) => coverage.finished(&finished.case, finished.report.verdict),
            Self::RunFinished(finished) => finished.coverage = Some(coverage.report()),
            Self::RunStarted(_) | Self::Surveyed(_) | Self::TargetDied(_) => {}
        }
        self
    }
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
    /// What fresh names are derived from.
    pub seed: u64,
    /// How many cases are selected.
    pub selected: usize,
    /// The selection that they are of.
    pub selection: Selected,
    /// Which part of it they are; `None`: all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
}

/// An endpoint that answered, and no longer listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetDied {
    /// Cases whose connection was cut off since its last answer: one of them ended it.
    pub suspects: Vec<CaseId>,
    /// Whether it was started anew, so that the run went on.
    pub restarted: bool,
    /// How that was seen.
    pub reason: String,
}

/// Whether an operation is there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PresenceChecked {
    /// The service.
    pub service: String,
    /// The operation.
    pub operation: String,
    /// What the survey came to.
    pub presence: Presence,
    /// Why, unless it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What was asked, and what the states came to that its cases share.
    #[serde(skip)]
    pub opening: Option<Arc<Transcript>>,
}

/// Whether an operation is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Presence {
    /// It is there, or nothing says that it is not.
    Present,
    /// The endpoint does not have it.
    Absent,
    /// The endpoint gave no answer.
    Unreachable,
}

/// A case with its verdict, and all that a report may want to show of it.
#[derive(Debug, Clone)]
pub struct CaseFinished {
    /// The report's own part.
    pub report: CaseReport,
    /// The case.
    pub case: Case,
    /// The fixtures that it was judged by.
    pub suite: Arc<Fixtures>,
    /// What it did.
    pub transcript: Arc<Transcript>,
    /// The recorded observation, where there is one.
    pub snapshot: Option<String>,
}

impl CaseFinished {
    /// What the case did, redacted. Made when it is asked for, because few reports do.
    #[must_use]
    pub fn observation(&self) -> Observation {
        Observation::of(&self.suite, &self.case, &self.transcript)
    }
}

/// A case as reports write it.
#[derive(Debug, Clone, Serialize, Deserialize)]
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
    /// The verdict.
    pub verdict: Verdict,
    /// Why, where the findings do not say it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// What the checks found.
    pub findings: Vec<Finding>,
    /// How many checks were evaluated.
    pub checks: usize,
    /// Which of several documented answers was given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<String>,
    /// The requirements that it cites.
    pub cites: Vec<String>,
    /// The fixture, with the line of the step that is shown.
    pub place: String,
    /// The exchange that the first finding is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exchange: Option<ShownExchange>,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
}

/// An exchange for people: without credentials, and with everything else as it was.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ShownExchange {
    /// The request.
    pub request: String,
    /// The response, or why there is none.
    pub response: String,
    /// A `curl` command that sends the same request.
    pub curl: String,
}

/// The end of a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunFinished {
    /// How many cases, and what became of them.
    pub ledger: Ledger,
    /// What became of the requirements.
    pub requirements: Vec<RequirementReport>,
    /// What was probed, in a run of derived probes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coverage: Option<CoverageReport>,
    /// Whether the run was interrupted.
    pub interrupted: bool,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
}

/// What became of a requirement.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RequirementReport {
    /// Its number.
    pub id: String,
    /// What it says.
    pub says: String,
    /// The ground that it is.
    pub evidence: Evidence,
    /// What became of it.
    pub outcome: RequirementOutcome,
    /// In how many cases it met.
    pub met: usize,
    /// In how many cases it was violated.
    pub violated: usize,
    /// Why it was not exercised, or why it cannot be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Why a requirement that cases cite was not exercised.
pub const UNJUDGED: &str = "no case that cites it came to a judgement";

/// What a run says of a requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RequirementOutcome {
    /// It met wherever it was judged.
    Met,
    /// It was violated at least once.
    Violated,
    /// No case judged it.
    NotExercised,
}

impl RunFinished {
    /// How many requirements came to that.
    #[must_use]
    pub fn count(&self, outcome: RequirementOutcome) -> usize {
        self.requirements.iter().filter(|requirement| requirement.outcome == outcome).count()
    }
}

impl RequirementOutcome {
    /// Every outcome, in the order in which they are counted.
    pub const ALL: [Self; 3] = [Self::Met, Self::Violated, Self::NotExercised];

    /// What a requirement's counts come to.
    #[must_use]
    pub fn of(met: usize, violated: usize) -> Self {
        match (met, violated) {
            (0, 0) => Self::NotExercised,
            (_, 0) => Self::Met,
            _ => Self::Violated,
        }
    }
}
