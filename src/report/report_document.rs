//! The JSON report as data: what is written at the end of a run, and read again to compare or to merge runs.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    judge::verdict::Ledger,
    probe::CoverageReport,
    run::event::{CaseReport, PresenceChecked, RequirementReport, RunFinished, RunStarted, TargetDied},
    suite::{SelectionDigest, shard::Shard},
};

const SCHEMA: &str = "wireproof/report/v2";

/// A run, as the JSON report has it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReportDocument {
    schema: String,
    /// What wrote it.
    pub tool: Tool,
    /// The fixtures.
    pub suite: SuiteDigest,
    /// The endpoint under test.
    pub target: TargetNames,
    /// What fresh names were derived from.
    pub seed: u64,
    /// The selection that the cases are of.
    pub selection: SelectionDigest,
    /// Which part of it they are; `None`: all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// Whether the run ended early.
    pub interrupted: bool,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// How many cases, and what became of them.
    pub ledger: Ledger,
    /// The presence checks of the operations under test.
    pub presence: Vec<PresenceChecked>,
    /// The times that the endpoint stopped listening.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub died: Vec<TargetDied>,
    /// The cases, sorted by id.
    pub cases: Vec<CaseReport>,
    /// What became of the requirements.
    pub requirements: Vec<RequirementReport>,
    /// What was probed, in a run of derived probes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coverage: Option<CoverageReport>,
}

/// The program that wrote a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// Which fixtures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuiteDigest {
    /// The digest of the suite.
    pub digest: String,
}

/// Which endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetNames {
    /// What it is called.
    pub name: String,
    /// Where it is.
    pub endpoint: String,
    /// The region of the calls.
    pub region: String,
}

impl Tool {
    /// This very program.
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

/// A text that is no report.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReportDocumentError {
    /// Another form.
    #[error("{file} is no JSON report of wireproof: {problem}")]
    Form {
        /// The file as the caller named it.
        file: String,
        /// What is wrong, and where.
        problem: String,
    },
    /// Another version of the form.
    #[error("{file}: the schema is {found:?}; {SCHEMA:?} is known here")]
    Schema {
        /// The file.
        file: String,
        /// What it says.
        found: String,
    },
}

impl ReportDocument {
    /// Reads a report. `file` is used in errors alone.
    ///
    /// # Errors
    /// The text is no report, or one of a version that is not known.
    pub fn read(file: &str, text: &str) -> Result<Self, ReportDocumentError> {
        let mut reader = serde_json::Deserializer::from_str(text);
        let read: Result<Self, _> = serde_path_to_error::deserialize(&mut reader);
        let document =
            read.map_err(|error| ReportDocumentError::Form { file: file.to_owned(), problem: error.to_string() })?;
        if document.schema == SCHEMA {
            Ok(document)
        } else {
            Err(ReportDocumentError::Schema { file: file.to_owned(), found: document.schema })
        }
    }

    /// A run that has just begun.
    pub(super) fn begun(started: &RunStarted) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            tool: Tool::this(),
            suite: SuiteDigest::of(started),
            target: TargetNames::of(started),
            seed: started.seed,
            selection: started.selection.clone(),
            shard: started.shard,
            interrupted: false,
            duration_ms: 0,
            ledger: Ledger::default(),
            presence: Vec::new(),
            died: Vec::new(),
            cases: Vec::new(),
            requirements: Vec::new(),
            coverage: None,
        }
    }

    /// The end of the run. The order in which things happened is no part of a report.
    pub(super) fn end(&mut self, finished: &RunFinished) {
        self.presence.sort_by(|a, b| (&a.service, &a.operation).cmp(&(&b.service, &b.operation)));
        self.cases.sort_by(|a, b| a.id.cmp(&b.id));
        self.interrupted = finished.interrupted;
        self.duration_ms = finished.duration_ms;
        self.ledger = finished.ledger;
        self.requirements.clone_from(&finished.requirements);
        self.coverage.clone_from(&finished.coverage);
    }
}
