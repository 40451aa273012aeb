//! One side of a comparison.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    judge::{
        observation::Observation,
        verdict::{Finding, Verdict},
    },
    run::{
        event::{CaseReport, Event, RequirementReport},
        judged_case::JudgedCase,
        observer::Observer,
    },
    suite::CaseId,
};

/// The description of a side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// The name as given by the user.
    pub name: String,
    /// Its kind.
    pub kind: PartyKind,
    /// The endpoint that responded.
    pub endpoint: String,
    /// The seed of generated names.
    pub seed: u64,
    /// The digest of the fixtures.
    pub suite: String,
    /// The number of cases.
    pub cases: usize,
    /// True if the run was interrupted.
    pub interrupted: bool,
}

/// The kind of a side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartyKind {
    /// An endpoint that was run for the comparison.
    Endpoint,
    /// A recording.
    Recording,
    /// A JSON report.
    Report,
}

/// A case of a side.
#[derive(Debug, Clone)]
pub(super) struct RespondedCase {
    pub(super) service: String,
    pub(super) operation: String,
    pub(super) verdict: Verdict,
    pub(super) findings: Vec<Finding>,
    /// The observed steps; `None` for a report.
    pub(super) steps: Option<Vec<Value>>,
}

/// One side.
#[derive(Debug, Clone)]
pub struct DiffSide {
    /// Its kind.
    pub party: Party,
    pub(super) cases: BTreeMap<CaseId, RespondedCase>,
    pub(super) requirements: BTreeMap<String, RequirementReport>,
}

impl DiffSide {
    /// Creates an empty side.
    #[must_use]
    pub fn new(name: &str, kind: PartyKind) -> Self {
        let party = Party {
            name: name.to_owned(),
            kind,
            endpoint: String::new(),
            seed: 0,
            suite: String::new(),
            cases: 0,
            interrupted: false,
        };
        Self { party, cases: BTreeMap::new(), requirements: BTreeMap::new() }
    }

    /// Adds a case.
    pub fn enter(&mut self, report: &CaseReport, observation: Option<&Observation>) {
        let responded = RespondedCase {
            service: report.service.clone(),
            operation: report.operation.clone(),
            verdict: report.verdict,
            findings: report.findings.clone(),
            steps: observation.map(|observation| steps(observation.value())),
        };
        self.cases.insert(report.id.clone(), responded);
        self.party.cases = self.cases.len();
    }

    /// Sets the outcomes of the requirements.
    pub fn conclude(&mut self, requirements: &[RequirementReport]) {
        self.requirements =
            requirements.iter().map(|requirement| (requirement.id.clone(), requirement.clone())).collect();
    }

    /// Keeps only these cases.
    pub fn retain(&mut self, wanted: impl Fn(&CaseId) -> bool) {
        self.cases.retain(|id, _| wanted(id));
        self.party.cases = self.cases.len();
    }

    /// The IDs of its cases, sorted.
    pub fn ids(&self) -> impl Iterator<Item = &CaseId> {
        self.cases.keys()
    }
}

impl Observer for DiffSide {
    fn event(&mut self, event: &Event) {
        match event {
            Event::RunStarted(started) => {
                self.party.endpoint.clone_from(&started.endpoint);
                self.party.suite.clone_from(&started.suite);
                self.party.seed = started.seed;
            }
            Event::RunFinished(finished) => {
                self.party.interrupted = finished.interrupted;
                self.conclude(&finished.requirements);
            }
            _ => {}
        }
    }

    fn case(&mut self, case: &JudgedCase) {
        let observation = Observation::in_full(&case.fixtures, &case.case, &case.transcript);
        self.enter(&case.report, Some(&observation));
    }
}

/// The steps of an observation.
pub(super) fn steps(observation: &Value) -> Vec<Value> {
    observation["steps"].as_array().cloned().unwrap_or_default()
}
