//! The statement of a certificate: an in-toto test result for a target, with additional claims.
//!
//! It is a pure function of the vendor's statement and the evidence. A verifier derives it again and compares.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    certified_report::{Reported, ReportedCase},
    decision::Decision,
    in_toto::{InTotoStatement, ResourceDescriptor, TestResult},
    probe_decision::ProbedModel,
    probe_scope::StatedProbes,
    profile::Level,
    proof_statement::{MutantSums, StatedProof},
};
use crate::{
    judge::verdict::{Ledger, Severity, Verdict},
    proof::matrix::KillMatrix,
};

const SCHEMA: &str = "wireproof/certificate/v2";

/// The statement of a certificate. Its subject is the target, identified by the recording of its responses.
pub type Statement = InTotoStatement<Predicate>;

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
    /// The sums of the proof of the judge; `None` without one.
    pub mutants: Option<MutantSums>,
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

/// The proof that the judge of a certificate detects faults.
#[derive(Debug, Clone, Copy)]
pub enum JudgeProof<'a> {
    /// A kill matrix, which the bundle contains.
    Matrix(&'a KillMatrix),
    /// A signed statement about the kill matrix of this program and suite.
    Statement(&'a StatedProof),
}

/// The evidence of a certificate.
#[derive(Debug, Clone, Copy)]
pub struct EvidenceFiles<'a> {
    pub reported: &'a Reported,
    /// The decision for each profile.
    pub decisions: &'a [Decision],
    /// The result of the probes; `None` for profiles of a suite.
    pub probed: Option<&'a ProbedModel>,
    /// The proof of the judge, if there is one.
    pub proof: Option<JudgeProof<'a>>,
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
/// The path of the statement about a kill matrix.
pub const PROOF: &str = "proof.json";
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
            mutants: evidence.proof.map(JudgeProof::sums),
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
        Self::about(subject(stated, evidence), predicate)
    }
}

impl JudgeProof<'_> {
    fn sums(self) -> MutantSums {
        match self {
            Self::Matrix(matrix) => MutantSums::of(matrix),
            Self::Statement(proof) => MutantSums { stated_by: Some(proof.key.clone()), ..proof.claims.mutants.clone() },
        }
    }
}

fn has_warning(case: &ReportedCase) -> bool {
    case.findings.iter().any(|finding| finding.severity == Severity::Warning)
}

/// The causes that prevent any grant.
fn missing(evidence: EvidenceFiles<'_>, stated: &StatementSubject) -> Vec<String> {
    let EvidenceFiles { reported, proof, .. } = evidence;
    let mut missing = Vec::new();
    if reported.interrupted {
        missing.push("the run was interrupted".to_owned());
    }
    if reported.sums() != reported.ledger || reported.ledger.internal > 0 {
        missing.push("the ledger does not balance, or wireproof had an internal error".to_owned());
    }
    match proof {
        Some(JudgeProof::Statement(_)) => {}
        // A kill matrix proves the suite, and says nothing about a model.
        None if stated.probes.is_some() => {}
        None => missing.push(
            "no kill matrix: a certificate needs proof that the suite detects faults (--mutants run, or --proof FILE)"
                .to_owned(),
        ),
        Some(JudgeProof::Matrix(matrix)) => {
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
    let tool = ResourceDescriptor::program(&stated.tool);
    let file = |name: &str| {
        let digest = BTreeMap::from([("sha256".to_owned(), files.get(name)?.clone())]);
        Some(ResourceDescriptor { name: name.to_owned(), uri: None, digest })
    };
    [Some(tool), file(SUITE), file(MUTANTS), file(PROOF), file(STATES)].into_iter().flatten().collect()
}
