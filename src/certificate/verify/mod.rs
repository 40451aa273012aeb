//! Checks a bundle without trusting whoever made it: everything that can be derived is derived anew, and compared.
//!
//! What it finds is told by the check that found it. It looks further after a finding, as far as anything is left to
//! look at, so that one forgery is told in all its places.

mod bundle_files;
mod evidence;
mod report_differences;
pub mod rerun;

use std::{path::Path, sync::Arc};

use serde::Serialize;

use super::{certified_digest::CertifiedDigest, key::PublicKey, nonce::Nonce, profile::Profiles, statement::Statement};
use crate::{judge::snapshots::Snapshots, suite::Fixtures};

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum VerifyCheck {
    /// Every file is accounted for, unchanged, and nothing else is there.
    Files,
    /// The statement is of its form, and is what the evidence comes to.
    Statement,
    /// The envelope holds the statement.
    Envelope,
    /// The keys at hand signed the envelope, and no other did.
    Signature,
    /// This program made it.
    Tool,
    /// The suite is the one at hand, file by file.
    Suite,
    /// The recording's chain and files are those that were written.
    Recording,
    /// The cases are those of the profiles, each once.
    Cases,
    /// Requests, captures, states and ends follow from the seed and the answers.
    Requests,
    /// Everything happened in the time of the run.
    Times,
    /// The verdicts are those that the recording comes to.
    Verdicts,
    /// The sums are those of the verdicts.
    Ledger,
    /// What became of the requirements is what the recording comes to.
    Requirements,
    /// The profiles are granted by what the recording comes to.
    Profiles,
    /// The kill matrix is of this suite and this program, and proves the judge.
    Mutants,
    /// The seed is the one that the nonce gives.
    Nonce,
    /// The endpoint does today what the certificate says.
    Rerun,
}

impl VerifyCheck {
    /// Every check, in the order in which they are told.
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

    /// The kebab-case name.
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

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct VerifyProblem {
    /// What was compared.
    pub check: VerifyCheck,
    /// What is wrong, in words.
    pub says: String,
}

impl VerifyProblem {
    /// A problem of that check.
    #[must_use]
    pub fn new(check: VerifyCheck, says: impl Into<String>) -> Self {
        Self { check, says: says.into() }
    }
}

/// What somebody checks a bundle by.
pub struct Verifier<'a> {
    /// The suite at hand.
    pub suite: &'a Arc<Fixtures>,
    /// Its snapshots.
    pub snapshots: &'a Arc<Snapshots>,
    /// Its profiles.
    pub profiles: &'a Profiles,
    /// Its digest, file by file.
    pub digest: &'a CertifiedDigest,
    /// The keys that must have signed it; none: it is not to be signed.
    pub keys: &'a [PublicKey],
    /// The nonce that was given before the run, if one was.
    pub nonce: Option<&'a Nonce>,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Verified {
    /// The statement, as far as there is one.
    pub statement: Option<Statement>,
    /// What is not as it should be.
    pub problems: Vec<VerifyProblem>,
}

impl Verified {
    /// Whether nothing is wrong with the bundle; it may still say that nothing is granted.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty() && self.statement.is_some()
    }

    /// Whether the bundle is sound and what was asked for is granted.
    #[must_use]
    pub fn is_granted(&self) -> bool {
        self.is_sound() && self.statement.as_ref().is_some_and(|statement| statement.predicate.wireproof.granted)
    }
}

impl Verifier<'_> {
    /// Checks the bundle in a folder.
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
