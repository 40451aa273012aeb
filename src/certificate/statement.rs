//! The statement of a certificate: an in-toto test result about a target, with our own claims beside it.
//!
//! It is a pure function of what the vendor states and of what the evidence comes to. Whoever verifies makes it anew
//! from the evidence, and compares.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    certified_report::{Reported, ReportedCase},
    decision::Decision,
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
    /// The form of the statement.
    #[serde(rename = "_type")]
    pub form: String,
    /// What it is about: the target, by the recording of what it answered.
    pub subject: Vec<ResourceDescriptor>,
    /// The form of the predicate.
    pub predicate_type: String,
    /// What is said of it.
    pub predicate: Predicate,
}

/// Something by its name and its digests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceDescriptor {
    /// Its name.
    pub name: String,
    /// Where it can be had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// Its digests, by algorithm.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub digest: BTreeMap<String, String>,
}

/// A test result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Predicate {
    /// What it came to.
    pub result: TestResult,
    /// What it was tested with.
    pub configuration: Vec<ResourceDescriptor>,
    /// Cases that conform.
    pub passed_tests: Vec<String>,
    /// Cases that conform, with a warning.
    pub warned_tests: Vec<String>,
    /// All others, but those that the target rules out.
    pub failed_tests: Vec<String>,
    /// Our own part.
    pub wireproof: Claims,
}

/// What a test came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TestResult {
    /// Everything is granted, at the extended level and without a warning.
    Passed,
    /// What was asked for is granted, and something remains to be said.
    Warned,
    /// It is not granted.
    Failed,
}

/// What a certificate says beyond a test result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Claims {
    /// The form of this part.
    pub schema: String,
    /// Whether what was asked for is granted.
    pub granted: bool,
    /// What keeps it from being granted whatever the profile.
    pub missing: Vec<String>,
    /// What the run came to, by profile.
    pub profiles: Vec<Decision>,
    /// What the vendor states.
    #[serde(flatten)]
    pub stated: StatementSubject,
    /// What fresh names were derived from.
    pub seed: u64,
    /// The ledger of the run.
    pub ledger: Ledger,
    /// The kill matrix of suite and judge, in sums; `None`: there is none.
    pub mutants: Option<Mutants>,
    /// The end of the recording's chain.
    pub chain: String,
    /// SHA-256 of every other file of the bundle.
    pub files: BTreeMap<String, String>,
}

/// What only whoever made the certificate knows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatementSubject {
    /// What made it: name and version.
    pub tool: String,
    /// Who was tested.
    pub target: StatedTarget,
    /// The profiles that were asked for.
    pub requested: Vec<String>,
    /// The services that were asked for.
    pub services: Vec<String>,
    /// The level that was asked for.
    pub level: Level,
    /// What the verifier gave before the run.
    pub nonce: Option<String>,
    /// When the run began, in milliseconds since 1970.
    pub started_ms: u64,
    /// When it ended.
    pub finished_ms: u64,
}

/// A target as its vendor states it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StatedTarget {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Where it was reached.
    pub endpoint: String,
    /// The region of the calls.
    pub region: String,
    /// The other region, where it has one.
    pub other_region: Option<String>,
    /// Whether it has an identity that lacks permissions.
    pub denied_identity: bool,
    /// Whether it has an identity of another account.
    pub other_account: bool,
    /// Its state-change URL, where it has one.
    pub state_change: Option<StatedUrl>,
    /// Variables of states that were established by hand.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub states: BTreeMap<String, Value>,
}

/// A URL in two parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatedUrl {
    /// Scheme, host and port.
    pub endpoint: String,
    /// The path.
    pub path: String,
}

/// A kill matrix in sums.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Mutants {
    /// How many were made.
    pub mutants: usize,
    /// How many the suite kills.
    pub killed: usize,
    /// How many are written down as equivalent.
    pub equivalent: usize,
    /// How many null targets were given nothing.
    pub constant_endpoints: usize,
}

/// What the evidence comes to.
#[derive(Debug, Clone, Copy)]
pub struct EvidenceFiles<'a> {
    /// The report.
    pub reported: &'a Reported,
    /// What it comes to by profile.
    pub decisions: &'a [Decision],
    /// The kill matrix, where there is one.
    pub matrix: Option<&'a KillMatrix>,
    /// The end of the recording's chain.
    pub chain: &'a str,
    /// SHA-256 of every file of the bundle but the statement and its envelope.
    pub files: &'a BTreeMap<String, String>,
}

/// The file of the report in a bundle.
pub const REPORT: &str = "report.json";
/// The file of the suite's digest.
pub const SUITE: &str = "suite.json";
/// The file of the kill matrix.
pub const MUTANTS: &str = "mutants.json";
/// The folder of the recording.
pub const RECORDING: &str = "recording";

impl Statement {
    /// The statement about a run.
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

    /// The text of the file: one form for one statement.
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
            constant_endpoints: matrix.constant_endpoints.len(),
        }
    }
}

fn has_warning(case: &ReportedCase) -> bool {
    case.findings.iter().any(|finding| finding.severity == Severity::Warning)
}

/// What keeps anything from being granted.
fn missing(evidence: EvidenceFiles<'_>, stated: &StatementSubject) -> Vec<String> {
    let EvidenceFiles { reported, matrix, .. } = evidence;
    let mut missing = Vec::new();
    if reported.interrupted {
        missing.push("the run was interrupted".to_owned());
    }
    if reported.sums() != reported.ledger || reported.ledger.internal > 0 {
        missing.push("the ledger does not balance, or the harness itself was at fault".to_owned());
    }
    match matrix {
        None => missing.push("there is no kill matrix: nothing shows that the judge convicts anybody".to_owned()),
        Some(matrix) => {
            let unproven = || (!matrix.is_proven()).then(|| "the kill matrix does not prove the judge".to_owned());
            missing.extend(foreign(matrix, &reported.suite.digest, &stated.tool).or_else(unproven));
        }
    }
    missing
}

/// Why a kill matrix is not about this suite and this program as a whole, unless it is.
#[must_use]
pub fn foreign(matrix: &KillMatrix, suite: &str, tool: &str) -> Option<String> {
    if matrix.suite != suite {
        return Some(format!("the kill matrix is of another suite ({})", matrix.suite));
    }
    if matrix.tool != tool {
        return Some(format!("the kill matrix is of {}, and not of {tool}", matrix.tool));
    }
    (!matrix.only.is_empty()).then(|| "the kill matrix has only some of the mutants".to_owned())
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
    [Some(tool), file(SUITE), file(MUTANTS)].into_iter().flatten().collect()
}
