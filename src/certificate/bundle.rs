//! Makes a bundle of a run whose recording lies in it already.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use thiserror::Error;

use super::{
    bundle_folder::{self, ENVELOPE, FolderError, STATEMENT},
    certified_digest::CertifiedDigest,
    certified_report::Reported,
    decision::{Decision, decide},
    envelope::Envelope,
    key::CertificateKey,
    profile::{Profile, Profiles},
    statement::{EvidenceFiles, MUTANTS, RECORDING, REPORT, SUITE, Statement, StatementSubject},
};
use crate::{
    proof::matrix::KillMatrix,
    run::recording::{Recording, RecordingError, sha256},
    suite::{Case, Fixtures},
};

/// Why no bundle can be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BundleError {
    /// A file that cannot be written.
    #[error("cannot write {}: {error}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The files cannot be read back.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The recording cannot be read back.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// The report is none.
    #[error("the report cannot be read back: {0}")]
    Report(serde_json::Error),
}

/// What a bundle is made of, beside the recording.
pub struct BundleContents<'a> {
    /// What the vendor states.
    pub stated: &'a StatementSubject,
    /// The suite.
    pub suite: &'a Fixtures,
    /// Its digest, file by file.
    pub digest: &'a CertifiedDigest,
    /// Its profiles.
    pub profiles: &'a Profiles,
    /// The report, as it was written.
    pub report: &'a [u8],
    /// The kill matrix.
    pub matrix: Option<&'a KillMatrix>,
    /// What signs it.
    pub key: Option<&'a CertificateKey>,
}

/// The cases that profiles ask for, each once.
#[must_use]
pub fn cases(suite: &Fixtures, profiles: &[&Profile]) -> Vec<Case> {
    let counts = |case: &Case| {
        profiles
            .iter()
            .any(|profile| profile.service == case.scenario.service && profile.level_of(suite, case).is_some())
    };
    suite.cases().into_iter().filter(counts).collect()
}

/// What a report comes to by the profiles that were asked for.
#[must_use]
pub fn decisions(
    suite: &Fixtures,
    profiles: &Profiles,
    stated: &StatementSubject,
    reported: &Reported,
) -> Vec<Decision> {
    let asked = profiles.select(&stated.requested, &stated.services);
    asked.into_iter().map(|profile| decide(suite, profile, reported)).collect()
}

/// The text of a kill matrix: one form for one matrix.
#[must_use]
pub fn matrix_text(matrix: &KillMatrix) -> String {
    serde_json::to_string_pretty(matrix).map(|text| text + "\n").unwrap_or_default()
}

/// The text of a suite's digest.
#[must_use]
pub fn suite_text(digest: &CertifiedDigest) -> String {
    serde_json::to_string_pretty(digest).map(|text| text + "\n").unwrap_or_default()
}

/// Writes everything beside the recording, the statement last.
///
/// # Errors
/// A file cannot be written or read back.
pub fn write(root: &Path, contents: &BundleContents<'_>) -> Result<Statement, BundleError> {
    put(root, REPORT, contents.report)?;
    put(root, SUITE, suite_text(contents.digest).as_bytes())?;
    if let Some(matrix) = contents.matrix {
        put(root, MUTANTS, matrix_text(matrix).as_bytes())?;
    }
    let files = digests(&bundle_folder::read(root)?);
    let reported: Reported = serde_json::from_slice(contents.report).map_err(BundleError::Report)?;
    let decisions = decisions(contents.suite, contents.profiles, contents.stated, &reported);
    let recording = Recording::open(&root.join(RECORDING))?;
    let evidence = EvidenceFiles {
        reported: &reported,
        decisions: &decisions,
        matrix: contents.matrix,
        chain: recording.chain(),
        files: &files,
    };
    let statement = Statement::of(contents.stated, evidence);
    let text = statement.text();
    put(root, STATEMENT, text.as_bytes())?;
    put(root, ENVELOPE, Envelope::of(text.as_bytes(), contents.key).text().as_bytes())?;
    Ok(statement)
}

/// SHA-256 of every file but the statement and its envelope.
#[must_use]
pub(super) fn digests(files: &BTreeMap<String, Vec<u8>>) -> BTreeMap<String, String> {
    let others = files.iter().filter(|(path, _)| *path != STATEMENT && *path != ENVELOPE);
    others.map(|(path, bytes)| (path.clone(), sha256(bytes))).collect()
}

fn put(root: &Path, name: &str, bytes: &[u8]) -> Result<(), BundleError> {
    let path = root.join(name);
    fs::write(&path, bytes).map_err(|error| BundleError::Write { path, error })
}
