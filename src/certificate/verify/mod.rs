//! Verifies a bundle without trust in its vendor: derives everything again and compares.
//!
//! Each problem names the check that found it. Verification continues after a problem, so that all effects of a
//! forgery are reported.

mod bundle_files;
mod evidence;
mod probed_model;
mod report_differences;
pub mod rerun;

use std::{ffi::OsStr, path::Path, sync::Arc, time::SystemTime};

use serde::Serialize;

use bundle_files::BundleFiles;
use evidence::BundleEvidence;

use super::{
    certificate_scope::CertificateScope,
    certified_digest::CertifiedDigest,
    key::PublicKey,
    nonce::Nonce,
    probe_scope::{ModelStanding, ProbeScope},
    profile::Profiles,
    proof_statement::JudgeIdentity,
    statement::{JudgeProof, Statement},
};
use crate::{judge::snapshots::Snapshots, model::published::Places, probe::RecipeOrigin, suite::Fixtures};

/// A check of the verifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum VerifyCheck {
    /// The statement lists exactly the files of the bundle, unchanged.
    Files,
    /// The statement is well-formed, and follows from the evidence.
    Statement,
    /// The envelope contains the statement.
    Envelope,
    /// The given keys signed the envelope, and no other key did.
    Signature,
    /// The same version of this program made it.
    Tool,
    /// The suite is the local one, file by file.
    Suite,
    /// The model of the probes is that of the statement, and the one that this machine has under its name.
    Model,
    /// The chain and the files of the recording are intact.
    Recording,
    /// The recording contains the cases of the profiles, each once.
    Cases,
    /// Requests, captures, states and ends follow from the seed and the responses.
    Requests,
    /// All times are within the run.
    Times,
    /// The verdicts follow from the recording.
    Verdicts,
    /// The ledger follows from the verdicts.
    Ledger,
    /// The outcomes of the requirements follow from the recording.
    Requirements,
    /// The decisions follow from the recording.
    Profiles,
    /// The kill matrix belongs to this suite and this program, and proves the judge.
    Mutants,
    /// The statement about the kill matrix is signed by the given key, and is about this suite and this program.
    Proof,
    /// The seed follows from the nonce.
    Nonce,
    /// The endpoint still behaves as the certificate says.
    Rerun,
}

impl VerifyCheck {
    /// Every check, in the order of reports.
    pub const ALL: [Self; 19] = [
        Self::Files,
        Self::Statement,
        Self::Envelope,
        Self::Signature,
        Self::Tool,
        Self::Suite,
        Self::Model,
        Self::Recording,
        Self::Cases,
        Self::Requests,
        Self::Times,
        Self::Verdicts,
        Self::Ledger,
        Self::Requirements,
        Self::Profiles,
        Self::Mutants,
        Self::Proof,
        Self::Nonce,
        Self::Rerun,
    ];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Statement => "statement",
            Self::Envelope => "envelope",
            Self::Signature => "signature",
            Self::Tool => "tool",
            Self::Suite => "suite",
            Self::Model => "model",
            Self::Recording => "recording",
            Self::Cases => "cases",
            Self::Requests => "requests",
            Self::Times => "times",
            Self::Verdicts => "verdicts",
            Self::Ledger => "ledger",
            Self::Requirements => "requirements",
            Self::Profiles => "profiles",
            Self::Mutants => "mutants",
            Self::Proof => "proof",
            Self::Nonce => "nonce",
            Self::Rerun => "rerun",
        }
    }
}

/// A problem of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct VerifyProblem {
    /// The check that found it.
    pub check: VerifyCheck,
    /// The problem, in one sentence.
    pub says: String,
}

impl VerifyProblem {
    #[must_use]
    pub fn new(check: VerifyCheck, says: impl Into<String>) -> Self {
        Self { check, says: says.into() }
    }
}

/// The inputs of a verification.
pub struct Verifier<'a> {
    /// The local suite.
    pub suite: &'a Arc<Fixtures>,
    pub snapshots: &'a Arc<Snapshots>,
    pub profiles: &'a Profiles,
    /// The digest of the suite, file by file.
    pub digest: &'a CertifiedDigest,
    /// The keys that must have signed the bundle. Without keys, it must not be signed.
    pub keys: &'a [PublicKey],
    /// The key that must have signed a statement about the kill matrix; `None`: there must be no statement.
    pub proof_key: Option<&'a PublicKey>,
    /// The nonce that was given before the run, if any.
    pub nonce: Option<&'a Nonce>,
    /// The current time.
    pub now: SystemTime,
    /// The locations of this machine's botocore.
    pub places: &'a Places,
    /// The model that the probes must be of; `None`: the one of this machine's botocore, where it has it.
    pub model: Option<&'a OsStr>,
}

/// The result of a verification.
#[derive(Debug, Clone)]
pub struct Verified {
    /// The statement, if it is readable.
    pub statement: Option<Statement>,
    /// The problems.
    pub problems: Vec<VerifyProblem>,
    /// The model of the probes and their recipe; `None` for profiles.
    pub model: Option<VerifiedModel>,
    /// The number of cases whose requests cannot be derived, because they name sensitive values.
    pub underived: usize,
}

/// The model of a bundle, as the verifier sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedModel {
    pub standing: ModelStanding,
    pub recipe: RecipeOrigin,
}

impl Verified {
    /// Returns whether the bundle has no problem. Its statement may still grant nothing.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty() && self.statement.is_some()
    }

    /// Returns whether the bundle is sound and grants the requested level.
    #[must_use]
    pub fn is_granted(&self) -> bool {
        self.is_sound() && self.statement.as_ref().is_some_and(|statement| statement.predicate.wireproof.granted)
    }
}

impl Verifier<'_> {
    /// Verifies the bundle in a folder.
    #[must_use]
    pub fn verify(&self, root: &Path) -> Verified {
        let mut verified = Verified { statement: None, problems: Vec::new(), model: None, underived: 0 };
        match super::bundle_folder::read(root) {
            Ok(files) => self.verify_files(root, &files, &mut verified),
            Err(error) => verified.problems.push(VerifyProblem::new(VerifyCheck::Files, error.to_string())),
        }
        verified.problems.sort();
        verified.problems.dedup();
        verified
    }

    fn verify_files(&self, root: &Path, files: &BundleFiles, verified: &mut Verified) {
        verified.statement = bundle_files::statement(files, &mut verified.problems);
        let Some(statement) = verified.statement.clone() else { return };
        bundle_files::accounted(files, &statement, &mut verified.problems);
        bundle_files::signed(files, self.keys, &mut verified.problems);
        let Self { suite, digest, profiles, .. } = *self;
        let probed = statement.predicate.wireproof.stated.probes.as_ref();
        let of_bundle = probed.map(|stated| ProbeScope::of_bundle(files, stated));
        let scope = match &of_bundle {
            None => CertificateScope::Profiles { suite, digest, profiles },
            Some(Some(scope)) => CertificateScope::Probes(scope),
            Some(None) => {
                let says = "the bundle contains no readable model of the service";
                return verified.problems.push(VerifyProblem::new(VerifyCheck::Model, says));
            }
        };
        if let (Some(stated), CertificateScope::Probes(scope)) = (probed, scope) {
            verified.model = Some(probed_model::check(self, scope, stated, &mut verified.problems));
        }
        bundle_files::suite(files, scope.digest(), &mut verified.problems);
        bundle_files::nonce(&statement, scope.suite().digest(), self.nonce, &mut verified.problems);
        let matrix = bundle_files::matrix(files, &mut verified.problems);
        let held = bundle_files::held(files, &mut verified.problems);
        let judge = JudgeIdentity::of(scope.digest());
        // A kill matrix says nothing about the probes of a model.
        let proof_key = self.proof_key.filter(|_| probed.is_none());
        let stated = bundle_files::proof(files, &judge, proof_key, &mut verified.problems);
        let proof = stated.as_ref().map(JudgeProof::Statement).or(matrix.as_ref().map(JudgeProof::Matrix));
        let evidence = BundleEvidence { files, statement: &statement, proof, held: &held };
        verified.underived = evidence::check(self, scope, root, evidence, &mut verified.problems);
    }
}
