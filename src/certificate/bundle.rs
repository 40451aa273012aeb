//! Writes the files of a bundle beside its recording.

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

/// A bundle cannot be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BundleError {
    /// A file is not writable.
    #[error("cannot write {}: {error}", path.display())]
    Write { path: PathBuf, error: io::Error },
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// The report cannot be read back.
    #[error("cannot read back the report: {0}")]
    Report(serde_json::Error),
}

/// The contents of a bundle, except the recording.
pub struct BundleContents<'a> {
    /// The statement of the vendor.
    pub stated: &'a StatementSubject,
    pub suite: &'a Fixtures,
    /// The digest of the suite, file by file.
    pub digest: &'a CertifiedDigest,
    pub profiles: &'a Profiles,
    /// The bytes of the report.
    pub report: &'a [u8],
    pub matrix: Option<&'a KillMatrix>,
    /// The key that signs the statement.
    pub key: Option<&'a CertificateKey>,
}

/// The cases of the profiles, each once.
#[must_use]
pub fn cases(suite: &Fixtures, profiles: &[&Profile]) -> Vec<Case> {
    let counts = |case: &Case| {
        profiles
            .iter()
            .any(|profile| profile.service == case.scenario.service && profile.level_of(suite, case).is_some())
    };
    suite.cases().into_iter().filter(counts).collect()
}

/// The decisions for the requested profiles that follow from a report.
#[must_use]
pub fn decisions(
    suite: &Fixtures,
    profiles: &Profiles,
    stated: &StatementSubject,
    reported: &Reported,
) -> Vec<Decision> {
    let selected = profiles.select(&stated.requested, &stated.services);
    selected.into_iter().map(|profile| decide(suite, profile, reported)).collect()
}

/// The canonical text of a kill matrix.
#[must_use]
pub fn matrix_text(matrix: &KillMatrix) -> String {
    serde_json::to_string_pretty(matrix).map(|text| text + "\n").unwrap_or_default()
}

/// The canonical text of the digest of a suite.
#[must_use]
pub fn suite_text(digest: &CertifiedDigest) -> String {
    serde_json::to_string_pretty(digest).map(|text| text + "\n").unwrap_or_default()
}

/// Writes everything except the recording; the statement comes last.
///
/// # Errors
/// A file is not writable or not readable.
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

/// The SHA-256 of every file except the statement and its envelope.
#[must_use]
pub(super) fn digests(files: &BTreeMap<String, Vec<u8>>) -> BTreeMap<String, String> {
    let others = files.iter().filter(|(path, _)| *path != STATEMENT && *path != ENVELOPE);
    others.map(|(path, bytes)| (path.clone(), sha256(bytes))).collect()
}

fn put(root: &Path, name: &str, bytes: &[u8]) -> Result<(), BundleError> {
    let path = root.join(name);
    fs::write(&path, bytes).map_err(|error| BundleError::Write { path, error })
}
