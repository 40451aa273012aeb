//! Verifies a bundle without trust in its vendor: derives everything again and compares.
//!
//! Each problem names the check that found it. Verification continues after a problem, so that all effects of a
//! forgery are reported.

mod bundle_files;
mod evidence;
mod report_differences;
pub mod rerun;

use std::{path::Path, sync::Arc, time::SystemTime};

use serde::Serialize;

use super::{certified_digest::CertifiedDigest, key::PublicKey, nonce::Nonce, profile::Profiles, statement::Statement};
use crate::{judge::snapshots::Snapshots, suite::Fixtures};

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
    /// The seed follows from the nonce.
    Nonce,
    /// The endpoint still behaves as the certificate says.
    Rerun,
}

impl VerifyCheck {
    /// Every check, in the order of reports.
    pub const ALL: [Self; 17] = [
        Self::Files,
        Self::Statement,
        Self::Envelope,
        Self::Signature,
        Self::Tool,
        Self::Suite,
        Self::Recording,
        Self::Cases,
        Self::Requests,
        Self::Times,
        Self::Verdicts,
        Self::Ledger,
        Self::Requirements,
        Self::Profiles,
        Self::Mutants,
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
            Self::Recording => "recording",
            Self::Cases => "cases",
            Self::Requests => "requests",
            Self::Times => "times",
            Self::Verdicts => "verdicts",
            Self::Ledger => "ledger",
            Self::Requirements => "requirements",
            Self::Profiles => "profiles",
            Self::Mutants => "mutants",
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
    /// The nonce that was given before the run, if any.
    pub nonce: Option<&'a Nonce>,
    /// The current time.
    pub now: SystemTime,
}

/// The result of a verification.
#[derive(Debug, Clone)]
pub struct Verified {
    /// The statement, if it is readable.
    pub statement: Option<Statement>,
    /// The problems.
    pub problems: Vec<VerifyProblem>,
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
        let mut problems = Vec::new();
        let files = match super::bundle_folder::read(root) {
            Ok(files) => files,
            Err(error) => {
                problems.push(VerifyProblem::new(VerifyCheck::Files, error.to_string()));
                return Verified { statement: None, problems };
            }
        };
        let statement = bundle_files::statement(&files, &mut problems);
        if let Some(statement) = &statement {
            bundle_files::accounted(&files, statement, &mut problems);
            bundle_files::signed(&files, self.keys, &mut problems);
            bundle_files::suite(&files, self.digest, &mut problems);
            bundle_files::nonce(statement, self.suite.digest(), self.nonce, &mut problems);
            let matrix = bundle_files::matrix(&files, &mut problems);
            evidence::check(self, root, &files, statement, matrix.as_ref(), &mut problems);
        }
        problems.sort();
        problems.dedup();
        Verified { statement, problems }
    }
}
