//! A signed statement that the judge of a program is proven: the sums of its kill matrix, for one build and one suite.
//!
//! It ships with a release, so that a certificate needs no run of the mutants. It is a pure function of its claims.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{
    certified_digest::CertifiedDigest,
    envelope::{Envelope, EnvelopeProblem},
    in_toto::{InTotoStatement, ResourceDescriptor, TestResult},
    key::{CertificateKey, PublicKey},
};
use crate::proof::matrix::{Fate, KillMatrix, TOOL};

const SCHEMA: &str = "wireproof/proof/v1";

/// The SHA-256 of the lines that `sha256sum` prints for the sources of this program, sorted by path.
const SOURCES: &str = env!("WIREPROOF_SOURCES");

/// The sums of a kill matrix, or of the statement about one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MutantSums {
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
    /// The ID of the key whose statement has these sums; `None`: the kill matrix has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stated_by: Option<String>,
}

/// The judge of a build: everything that determines a kill matrix, except the seed and the dependencies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JudgeIdentity {
    /// The name and version of the program.
    pub tool: String,
    /// The SHA-256 over the sources of the program, which contain the checks and the lists of mutants.
    pub sources: String,
    /// The SHA-256 over the fixtures and snapshots.
    pub suite: String,
}

/// The claims of the statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProofClaims {
    /// The schema and its version.
    pub schema: String,
    pub judge: JudgeIdentity,
    /// The seed of generated names.
    pub seed: u64,
    /// True if every case ran on every mutant, even after the mutant was detected.
    pub exhaustive: bool,
    pub mutants: MutantSums,
    /// The digest of the result. A kill matrix that is made again has the same.
    pub result: String,
}

/// The in-toto predicate of the statement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProofPredicate {
    pub result: TestResult,
    /// The artifacts that were used for the proof.
    pub configuration: Vec<ResourceDescriptor>,
    /// The claims beyond in-toto.
    pub wireproof: ProofClaims,
}

/// A statement that was read and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatedProof {
    pub claims: ProofClaims,
    /// The ID of the key that signed it.
    pub key: String,
    /// The bytes of its envelope.
    pub envelope: Vec<u8>,
}

/// A kill matrix that proves nothing about the whole suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UnprovenJudge {
    /// Only some mutants ran.
    #[error("the kill matrix contains only some of the mutants")]
    Selection,
    /// A mutant is not detected, or a case conforms on a constant endpoint without a reason.
    #[error("the kill matrix does not prove the judge")]
    Undetected,
}

/// A statement that is not accepted.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProofStatementError {
    /// The file is not an envelope.
    #[error("not a DSSE envelope: {0}")]
    Envelope(serde_json::Error),
    /// The envelope has another form, or another key signed it.
    #[error(transparent)]
    Signature(#[from] EnvelopeProblem),
    /// Nobody signed it.
    #[error("the statement is not signed")]
    Unsigned,
    /// No key was given for its signature. The value is the ID of the key that it names.
    #[error("signed by {0}, but no key was given to verify the signature (--proof-key FILE)")]
    NoKey(String),
    /// The envelope contains something else.
    #[error("the envelope does not contain the statement of a proof: {0}")]
    Statement(serde_json::Error),
    /// It is about another version.
    #[error("the statement is about {stated}, but this is {own}")]
    Version { stated: String, own: String },
    /// It is about another build of the same version.
    #[error("the statement is about another build of {tool}: its sources have the SHA-256 {stated}, not {own}")]
    Sources { tool: String, stated: String, own: String },
    /// It is about other fixtures or snapshots.
    #[error("the statement is about another suite: its fixtures and snapshots have the SHA-256 {stated}, not {own}")]
    Suite { stated: String, own: String },
    /// Its sums contradict each other.
    #[error("the sums of the statement do not prove the judge")]
    Sums,
    /// Other parts contradict its claims, or it is written in another way.
    #[error("the statement does not follow from its claims")]
    Derived,
}

impl MutantSums {
    #[must_use]
    pub fn of(matrix: &KillMatrix) -> Self {
        Self {
            mutants: matrix.mutants.len(),
            killed: matrix.count(Fate::Killed, None),
            equivalent: matrix.count(Fate::Equivalent, None),
            inconclusive: matrix.count(Fate::Inconclusive, None),
            constant_endpoints: matrix.constant_endpoints.len(),
            stated_by: None,
        }
    }

    /// Returns whether every mutant has a good fate, and there are mutants and constant endpoints.
    fn are_proof(&self) -> bool {
        let good = self.killed.checked_add(self.equivalent).and_then(|sum| sum.checked_add(self.inconclusive));
        self.killed > 0 && self.constant_endpoints > 0 && good == Some(self.mutants) && self.stated_by.is_none()
    }
}

impl JudgeIdentity {
    /// The judge of this program with that suite.
    #[must_use]
    pub fn of(suite: &CertifiedDigest) -> Self {
        Self { tool: TOOL.to_owned(), sources: SOURCES.to_owned(), suite: suite.digest.clone() }
    }

    /// Checks that a statement about `stated` is about this judge.
    fn check(&self, stated: &Self) -> Result<(), ProofStatementError> {
        let (own, stated) = (self.clone(), stated.clone());
        if own.tool != stated.tool {
            return Err(ProofStatementError::Version { stated: stated.tool, own: own.tool });
        }
        if own.sources != stated.sources {
            return Err(ProofStatementError::Sources { tool: own.tool, stated: stated.sources, own: own.sources });
        }
        if own.suite != stated.suite {
            return Err(ProofStatementError::Suite { stated: stated.suite, own: own.suite });
        }
        Ok(())
    }
}

impl ProofClaims {
    /// The claims that follow from a kill matrix.
    ///
    /// # Errors
    /// The kill matrix has a selection of the mutants, or does not prove the judge.
    pub fn of(judge: JudgeIdentity, matrix: &KillMatrix) -> Result<Self, UnprovenJudge> {
        if !matrix.only.is_empty() {
            return Err(UnprovenJudge::Selection);
        }
        let (mutants, result) = (MutantSums::of(matrix), matrix.result_digest());
        let (seed, exhaustive, schema) = (matrix.seed, matrix.exhaustive, SCHEMA.to_owned());
        let is_proven = matrix.is_proven() && mutants.are_proof();
        is_proven.then_some(Self { schema, judge, seed, exhaustive, mutants, result }).ok_or(UnprovenJudge::Undetected)
    }

    /// The text of the envelope, signed by the key.
    #[must_use]
    pub fn envelope(&self, key: &CertificateKey) -> String {
        Envelope::of(self.statement().text().as_bytes(), Some(key)).text()
    }

    /// The statement. Its subject is the program, identified by its sources.
    #[must_use]
    pub fn statement(&self) -> InTotoStatement<ProofPredicate> {
        let JudgeIdentity { tool, sources, suite } = &self.judge;
        let named = |name: &str, digest: &str| ResourceDescriptor {
            name: name.to_owned(),
            uri: None,
            digest: BTreeMap::from([("sha256".to_owned(), digest.to_owned())]),
        };
        let predicate = ProofPredicate {
            result: TestResult::Passed,
            configuration: vec![ResourceDescriptor::program(tool), named("suite", suite)],
            wireproof: self.clone(),
        };
        InTotoStatement::about(named(tool, sources), predicate)
    }
}

impl StatedProof {
    /// Reads the bytes of an envelope. The key must have signed it, and it must be about this judge.
    ///
    /// # Errors
    /// The bytes are not such a statement.
    pub fn read(bytes: &[u8], judge: &JudgeIdentity, key: Option<&PublicKey>) -> Result<Self, ProofStatementError> {
        let envelope: Envelope = serde_json::from_slice(bytes).map_err(ProofStatementError::Envelope)?;
        let payload = signed(&envelope, bytes, key)?;
        let statement: InTotoStatement<ProofPredicate> =
            serde_json::from_slice(&payload).map_err(ProofStatementError::Statement)?;
        let claims = statement.predicate.wireproof;
        judge.check(&claims.judge)?;
        if !claims.mutants.are_proof() {
            return Err(ProofStatementError::Sums);
        }
        if claims.schema != SCHEMA || claims.statement().text().as_bytes() != payload {
            return Err(ProofStatementError::Derived);
        }
        Ok(Self { claims, key: key.map(PublicKey::id).unwrap_or_default(), envelope: bytes.to_vec() })
    }

    /// Returns whether a kill matrix that was made again has the result of the statement.
    #[must_use]
    pub fn agrees_with(&self, matrix: &KillMatrix) -> bool {
        self.claims.result == matrix.result_digest() && self.claims.mutants == MutantSums::of(matrix)
    }
}

/// The payload of an envelope that the key and no other key has signed.
fn signed(envelope: &Envelope, bytes: &[u8], key: Option<&PublicKey>) -> Result<Vec<u8>, ProofStatementError> {
    let signature = envelope.signatures.first().ok_or(ProofStatementError::Unsigned)?;
    let key = key.ok_or_else(|| ProofStatementError::NoKey(signature.keyid.clone()))?;
    let mut problems = envelope.form_problems(bytes);
    problems.extend(envelope.signature_problems(std::slice::from_ref(key)));
    match problems.into_iter().next() {
        Some(problem) => Err(problem.into()),
        None => envelope.payload().ok_or(ProofStatementError::Derived),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn key() -> CertificateKey {
        CertificateKey::read(&"7f".repeat(32)).unwrap()
    }

    fn judge() -> JudgeIdentity {
        JudgeIdentity { tool: TOOL.to_owned(), sources: SOURCES.to_owned(), suite: "5".repeat(64) }
    }

    fn claims() -> ProofClaims {
        let mutants = MutantSums {
            mutants: 9,
            killed: 6,
            equivalent: 2,
            inconclusive: 1,
            constant_endpoints: 3,
            stated_by: None,
        };
        ProofClaims {
            schema: SCHEMA.to_owned(),
            judge: judge(),
            seed: 1,
            exhaustive: false,
            mutants,
            result: "6".repeat(64),
        }
    }

    fn read(text: &str) -> Result<StatedProof, String> {
        StatedProof::read(text.as_bytes(), &judge(), Some(&key().public())).map_err(|error| error.to_string())
    }

    #[test]
    fn a_statement_is_read_back_with_its_key_and_its_bytes() {
        let text = claims().envelope(&key());
        let read = read(&text).unwrap();
        assert_eq!((read.claims, read.key), (claims(), key().public().id()));
        assert_eq!(read.envelope, text.as_bytes());
    }

    #[test]
    fn the_digest_of_the_sources_is_compiled_in() {
        assert!(SOURCES.len() == 64 && SOURCES.bytes().all(|byte| byte.is_ascii_hexdigit()), "{SOURCES}");
    }

    #[test]
    fn the_statement_names_the_program_by_its_sources_and_the_suite() {
        let statement = serde_json::to_value(claims().statement()).unwrap();
        assert_eq!(statement["subject"][0]["name"], TOOL);
        assert_eq!(statement["subject"][0]["digest"]["sha256"], SOURCES);
        assert_eq!(statement["predicate"]["result"], "PASSED");
        assert_eq!(statement["predicate"]["configuration"][1]["digest"]["sha256"], judge().suite);
    }

    /// The key of the statement signed these.
    #[rstest]
    #[case::of_another_version(|claims: &mut ProofClaims| claims.judge.tool = "wireproof 9.9.9".to_owned(), "is about wireproof 9.9.9, but this is wireproof ")]
    #[case::of_another_build(|claims: &mut ProofClaims| claims.judge.sources = "0".repeat(64), "about another build of wireproof")]
    #[case::of_another_suite(|claims: &mut ProofClaims| claims.judge.suite = "0".repeat(64), "about another suite")]
    #[case::with_a_survivor(|claims: &mut ProofClaims| claims.mutants.killed = 5, "do not prove the judge")]
    #[case::with_more_than_all(|claims: &mut ProofClaims| claims.mutants.killed = usize::MAX, "do not prove the judge")]
    #[case::without_constant_endpoints(|claims: &mut ProofClaims| claims.mutants.constant_endpoints = 0, "do not prove the judge")]
    #[case::with_another_key_in_it(|claims: &mut ProofClaims| claims.mutants.stated_by = Some(String::new()), "do not prove the judge")]
    #[case::of_another_schema(|claims: &mut ProofClaims| claims.schema = "wireproof/proof/v9".to_owned(), "does not follow from its claims")]
    fn a_statement_about_another_judge_is_refused(#[case] change: fn(&mut ProofClaims), #[case] says: &str) {
        let mut claims = claims();
        change(&mut claims);
        let error = read(&claims.envelope(&key())).unwrap_err();
        assert!(error.contains(says), "{error}");
    }

    #[test]
    fn a_statement_without_a_signature_or_a_key_is_refused() {
        let text = claims().statement().text();
        assert_eq!(read(&Envelope::of(text.as_bytes(), None).text()).unwrap_err(), "the statement is not signed");
        let signed = claims().envelope(&key());
        let error = StatedProof::read(signed.as_bytes(), &judge(), None).unwrap_err();
        assert!(error.to_string().contains("but no key was given to verify the signature"), "{error}");
    }
}
