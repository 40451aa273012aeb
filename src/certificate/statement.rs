//! The statement of a certificate: an in-toto test result for a target, with additional claims.
//!
//! It is a pure function of the vendor's statement and the evidence. A verifier derives it again and compares.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    certified_report::{Reported, ReportedCase},
    decision::Decision,
    probe_decision::ProbedModel,
    probe_scope::StatedProbes,
    profile::Level,
};
use crate::{
    judge::verdict::{Ledger, Severity, Verdict},
    proof::matrix::{Fate, KillMatrix},
};

const TYPE: &str = "https://in-toto.io/Statement/v1";
const PREDICATE_TYPE: &str = "https://in-toto.io/attestation/test-result/v0.1";
const SCHEMA: &str = "wireproof/certificate/v2";

/// An in-toto statement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Statement {
    /// The type of the statement.
    #[serde(rename = "_type")]
    pub form: String,
    /// The target, identified by the recording of its responses.
    pub subject: Vec<ResourceDescriptor>,
    /// The type of the predicate.
    pub predicate_type: String,
    /// The test result.
    pub predicate: Predicate,
}

/// An artifact, identified by name and digests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceDescriptor {
    pub name: String,
    /// Its location.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// The digests, by algorithm.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub digest: BTreeMap<String, String>,
}

/// The in-toto predicate of a test result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Predicate {
    /// The result.
    pub result: TestResult,
    /// The artifacts that were used for the test.
    pub configuration: Vec<ResourceDescriptor>,
    /// The cases that conform without a warning.
    pub passed_tests: Vec<String>,
    /// The cases that conform with a warning.
    pub warned_tests: Vec<String>,
    /// All other cases, except those that are not applicable.
    pub failed_tests: Vec<String>,
    /// The claims beyond in-toto.
    pub wireproof: Claims,
}

/// The result of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TestResult {
    /// Everything is granted at the extended level, without a warning.
    Passed,
    /// The requested level is granted, but there are warnings or missing items of a higher level.
    Warned,
    /// The requested level is not granted.
    Failed,
}

/// The claims of a certificate beyond the test result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Claims {
    /// The schema and its version.
    pub schema: String,
    /// True if the requested level of all requested profiles is granted.
    pub granted: bool,
    /// The causes that prevent any grant, regardless of the profile.
    pub missing: Vec<String>,
    /// The decision for each profile.
    pub profiles: Vec<Decision>,
    /// The result of the probes; `None` for profiles of a suite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probed: Option<ProbedModel>,
    /// The statement of the vendor.
    #[serde(flatten)]
    pub stated: StatementSubject,
    /// The seed of generated names.
    pub seed: u64,
    pub ledger: Ledger,
    /// The sums of the kill matrix; `None` without one.
    pub mutants: Option<Mutants>,
    /// The last digest of the recording's chain.
    pub chain: String,
    /// The SHA-256 of every other file of the bundle.
    pub files: BTreeMap<String, String>,
}

/// The facts that only the vendor knows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatementSubject {
    /// The name and version of the program.
    pub tool: String,
    /// The target.
    pub target: StatedTarget,
    /// The requested profiles.
    pub requested: Vec<String>,
    /// The requested services.
    pub services: Vec<String>,
    /// The requested probes; `None` for profiles of a suite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probes: Option<StatedProbes>,
    /// The requested level.
    pub level: Level,
    /// The nonce of the verifier.
    pub nonce: Option<String>,
    /// The start of the run, in milliseconds since 1970.
    pub started_ms: u64,
    /// The end of the run, in milliseconds since 1970.
    pub finished_ms: u64,
}

/// The target as its vendor describes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StatedTarget {
    pub name: String,
    pub version: String,
    /// The endpoint of the run.
    pub endpoint: String,
    pub region: String,
    /// The second region, if there is one.
    pub other_region: Option<String>,
    /// True if there is an identity without permissions.
    pub denied_identity: bool,
    /// True if there is an identity in another account.
    pub other_account: bool,
    /// The state-change URL, if there is one.
    pub state_change: Option<StatedUrl>,
    /// The variables of states that were established by hand.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub states: BTreeMap<String, Value>,
}

/// A URL in two parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatedUrl {
    /// The scheme, host and port.
    pub endpoint: String,
    pub path: String,
}

/// The sums of a kill matrix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Mutants {
    /// The number of mutants.
    pub mutants: usize,
    /// The number of mutants that the suite kills.
    pub killed: usize,
    /// The number of equivalent mutants.
    pub equivalent: usize,
    /// The number of mutants whose change never ends, so that cases are inconclusive.
    #[serde(default)]
    pub inconclusive: usize,
    /// The number of constant endpoints.
    pub constant_endpoints: usize,
}

/// The evidence of a certificate.
#[derive(Debug, Clone, Copy)]
pub struct EvidenceFiles<'a> {
    pub reported: &'a Reported,
    /// The decision for each profile.
    pub decisions: &'a [Decision],
    /// The result of the probes; `None` for profiles of a suite.
    pub probed: Option<&'a ProbedModel>,
    /// The kill matrix, if there is one.
    pub matrix: Option<&'a KillMatrix>,
    /// The last digest of the recording's chain.
    pub chain: &'a str,
    /// The SHA-256 of every file of the bundle, except the statement and its envelope.
    pub files: &'a BTreeMap<String, String>,
}

/// The path of the report in a bundle.
pub const REPORT: &str = "report.json";
/// The path of the suite's digest.
pub const SUITE: &str = "suite.json";
/// The path of the kill matrix.
pub const MUTANTS: &str = "mutants.json";
/// The path of the recording.
pub const RECORDING: &str = "recording";
/// The path of the values of states that probes share.
pub const STATES: &str = "states.json";

impl Statement {
    /// Derives the statement of a run.
    #[must_use]
    pub fn of(stated: &StatementSubject, evidence: EvidenceFiles<'_>) -> Self {
        let missing = missing(evidence, stated);
        let reached = |decision: &Decision| decision.granted.is_some_and(|level| level >= stated.level);
        let granted = missing.is_empty() && !evidence.decisions.is_empty() && evidence.decisions.iter().all(reached);
        let tests = |wanted: fn(&ReportedCase) -> bool| -> Vec<String> {
            evidence.reported.cases.iter().filter(|case| wanted(case)).map(|case| case.id.0.clone()).collect()
        };
        let warned_tests = tests(|case| case.verdict == Verdict::Conforms && has_warning(case));
        let whole = evidence.decisions.iter().all(|decision| decision.granted == Some(Level::Extended));
        let result = match granted {
            false => TestResult::Failed,
            true if whole && warned_tests.is_empty() => TestResult::Passed,
            true => TestResult::Warned,
        };
        let claims = Claims {
            schema: SCHEMA.to_owned(),
            granted,
            missing,
            profiles: evidence.decisions.to_vec(),
            probed: evidence.probed.cloned(),
            stated: stated.clone(),
            seed: evidence.reported.seed,
            ledger: evidence.reported.ledger,
            mutants: evidence.matrix.map(Mutants::of),
            chain: evidence.chain.to_owned(),
            files: evidence.files.clone(),
        };
        let predicate = Predicate {
            result,
            configuration: configuration(stated, evidence.files),
            passed_tests: tests(|case| case.verdict == Verdict::Conforms && !has_warning(case)),
            warned_tests,
            failed_tests: tests(|case| !matches!(case.verdict, Verdict::Conforms | Verdict::NotApplicable)),
            wireproof: claims,
        };
        Self {
            form: TYPE.to_owned(),
            subject: vec![subject(stated, evidence)],
            predicate_type: PREDICATE_TYPE.to_owned(),
            predicate,
        }
    }

    /// The text of the file. Equal statements have equal texts.
    #[must_use]
    pub fn text(&self) -> String {
        serde_json::to_string_pretty(self).map(|text| text + "\n").unwrap_or_default()
    }
}

impl Mutants {
    fn of(matrix: &KillMatrix) -> Self {
        Self {
            mutants: matrix.mutants.len(),
            killed: matrix.count(Fate::Killed, None),
            equivalent: matrix.count(Fate::Equivalent, None),
            inconclusive: matrix.count(Fate::Inconclusive, None),
            constant_endpoints: matrix.constant_endpoints.len(),
        }
    }
}

fn has_warning(case: &ReportedCase) -> bool {
    case.findings.iter().any(|finding| finding.severity == Severity::Warning)
}

/// The causes that prevent any grant.
fn missing(evidence: EvidenceFiles<'_>, stated: &StatementSubject) -> Vec<String> {
    let EvidenceFiles { reported, matrix, .. } = evidence;
    let mut missing = Vec::new();
    if reported.interrupted {
        missing.push("the run was interrupted".to_owned());
    }
    if reported.sums() != reported.ledger || reported.ledger.internal > 0 {
        missing.push("the ledger does not balance, or wireproof had an internal error".to_owned());
    }
    match matrix {
        // A kill matrix proves the suite, and says nothing about a model.
        None if stated.probes.is_some() => {}
        None => missing
            .push("no kill matrix: a certificate needs proof that the suite detects faults (--mutants run)".to_owned()),
        Some(matrix) => {
            let unproven = || (!matrix.is_proven()).then(|| "the kill matrix does not prove the judge".to_owned());
            missing.extend(foreign(matrix, &reported.suite.digest, &stated.tool).or_else(unproven));
        }
    }
    missing
}

/// Returns why a kill matrix does not belong to this suite and this program; `None` if it does.
#[must_use]
pub fn foreign(matrix: &KillMatrix, suite: &str, tool: &str) -> Option<String> {
    if matrix.suite != suite {
        return Some(format!("the kill matrix belongs to a different suite ({})", matrix.suite));
    }
    if matrix.tool != tool {
        return Some(format!("the kill matrix was made by {}, not by {tool}", matrix.tool));
    }
    (!matrix.only.is_empty()).then(|| "the kill matrix contains only some of the mutants".to_owned())
}

fn subject(stated: &StatementSubject, evidence: EvidenceFiles<'_>) -> ResourceDescriptor {
    let index = evidence.files.get(&format!("{RECORDING}/{}", crate::run::recording::INDEX)).cloned();
    let chain = ("wireproofChain".to_owned(), evidence.chain.to_owned());
    ResourceDescriptor {
        name: format!("{} {}", stated.target.name, stated.target.version),
        uri: None,
        digest: index.map(|index| ("sha256".to_owned(), index)).into_iter().chain([chain]).collect(),
    }
}

fn configuration(stated: &StatementSubject, files: &BTreeMap<String, String>) -> Vec<ResourceDescriptor> {
    let version = stated.tool.rsplit(' ').next().unwrap_or_default();
    let tool = ResourceDescriptor {
        name: stated.tool.clone(),
        uri: Some(format!("pkg:cargo/{}@{version}", env!("CARGO_PKG_NAME"))),
        ..ResourceDescriptor::default()
    };
    let file = |name: &str| {
        let digest = BTreeMap::from([("sha256".to_owned(), files.get(name)?.clone())]);
        Some(ResourceDescriptor { name: name.to_owned(), uri: None, digest })
    };
    [Some(tool), file(SUITE), file(MUTANTS), file(STATES)].into_iter().flatten().collect()
}
