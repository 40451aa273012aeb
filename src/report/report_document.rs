//! The JSON report as data, written at the end of a run and read to compare or merge runs.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::stored_cases;
use crate::{
    cause::{Cause, condense},
    judge::verdict::Ledger,
    probe::CoverageReport,
    run::{
        baseline_comparison::BaselineComparison,
        event::{CaseReport, PresenceChecked, RequirementReport, RunFinished, RunStarted, TargetDied},
    },
    suite::{ModelIdentity, SelectionDigest, shard::Shard},
};

const SCHEMA: &str = "wireproof/report/v3";

/// The version before, in which every case has its own result.
const OLDER: &str = "wireproof/report/v2";

/// The JSON report of a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReportDocument {
    schema: String,
    /// The program that wrote it.
    pub tool: Tool,
    pub suite: SuiteDigest,
    /// The models of the services.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<ModelIdentity>,
    /// The endpoint under test.
    pub target: TargetNames,
    /// The seed of generated names.
    pub seed: u64,
    /// The selection of cases.
    pub selection: SelectionDigest,
    /// The part of the selection that ran; `None` for all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// True if the run was interrupted.
    pub interrupted: bool,
    /// The duration in milliseconds.
    pub duration_ms: u64,
    /// The number of cases, by verdict.
    pub ledger: Ledger,
    /// The presence checks of the operations under test.
    pub presence: Vec<PresenceChecked>,
    /// The crashes of the endpoint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub died: Vec<TargetDied>,
    /// Notes on the whole run, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The causes of the deviations, the most important first.
    #[serde(default)]
    pub causes: Vec<Cause>,
    /// The causes of what is probably wrong: warnings about what is only inferred.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub likely_causes: Vec<Cause>,
    /// The cases, sorted by ID.
    #[serde(flatten, with = "stored_cases")]
    pub cases: Vec<CaseReport>,
    /// The outcomes of the requirements.
    pub requirements: Vec<RequirementReport>,
    /// The comparison with a baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<BaselineComparison>,
    /// The coverage of a run of probes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coverage: Option<CoverageReport>,
}

/// The program that wrote a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    pub name: String,
    pub version: String,
}

/// The digest of the fixtures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuiteDigest {
    pub digest: String,
}

/// The target of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetNames {
    pub name: String,
    pub endpoint: String,
    pub region: String,
}

impl Tool {
    /// This program.
    #[must_use]
    pub fn this() -> Self {
        Self { name: env!("CARGO_PKG_NAME").to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }
    }
}

impl SuiteDigest {
    pub(super) fn of(started: &RunStarted) -> Self {
        Self { digest: started.suite.clone() }
    }
}

impl TargetNames {
    pub(super) fn of(started: &RunStarted) -> Self {
        Self { name: started.target.clone(), endpoint: started.endpoint.clone(), region: started.region.clone() }
    }
}

/// A file that is not a report.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReportDocumentError {
    /// The file is malformed.
    #[error("{file} is not a JSON report of wireproof: {problem}")]
    Form {
        file: String,
        /// The problem and its location.
        problem: String,
    },
    /// The schema is unknown.
    #[error("{file}: unknown schema {found:?}; expected {SCHEMA:?}")]
    Schema {
        file: String,
        /// The schema in the file.
        found: String,
    },
}

impl ReportDocument {
    /// Reads a report. `file` is only for errors.
    ///
    /// # Errors
    /// The text is not a report, or has an unknown version.
    pub fn read(file: &str, text: &str) -> Result<Self, ReportDocumentError> {
        let mut reader = serde_json::Deserializer::from_str(text);
        let read: Result<Self, _> = serde_path_to_error::deserialize(&mut reader);
        let document =
            read.map_err(|error| ReportDocumentError::Form { file: file.to_owned(), problem: error.to_string() })?;
        if [SCHEMA, OLDER].contains(&document.schema.as_str()) {
            Ok(document)
        } else {
            Err(ReportDocumentError::Schema { file: file.to_owned(), found: document.schema })
        }
    }

    /// The report of a run that has just started.
    pub(super) fn begun(started: &RunStarted) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            tool: Tool::this(),
            suite: SuiteDigest::of(started),
            models: started.models.clone(),
            target: TargetNames::of(started),
            seed: started.seed,
            selection: started.selection.clone(),
            shard: started.shard,
            interrupted: false,
            duration_ms: 0,
            ledger: Ledger::default(),
            presence: Vec::new(),
            died: Vec::new(),
            notes: Vec::new(),
            causes: Vec::new(),
            likely_causes: Vec::new(),
            cases: Vec::new(),
            requirements: Vec::new(),
            baseline: None,
            coverage: None,
        }
    }

    /// Sorts the cases and names the causes of their deviations and of what is probably wrong.
    pub(crate) fn settle(&mut self) {
        self.cases.sort_by(|a, b| a.id.cmp(&b.id));
        (self.causes, self.likely_causes) = condense(&mut self.cases);
    }

    /// Completes the report. Its order does not depend on the order of events.
    pub(super) fn end(&mut self, finished: &RunFinished) {
        self.presence.sort_by(|a, b| (&a.service, &a.operation).cmp(&(&b.service, &b.operation)));
        self.settle();
        self.interrupted = finished.interrupted;
        self.duration_ms = finished.duration_ms;
        self.ledger = finished.ledger;
        self.notes.clone_from(&finished.notes);
        self.requirements.clone_from(&finished.requirements);
        self.baseline.clone_from(&finished.baseline);
        self.coverage.clone_from(&finished.coverage);
    }
}
