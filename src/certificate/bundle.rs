//! Writes the files of a bundle beside its recording.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use thiserror::Error;

use super::{
    bundle_folder::{self, ENVELOPE, FolderError, STATEMENT},
    certificate_scope::{CertificateScope, Conclusions},
    certified_digest::CertifiedDigest,
    envelope::Envelope,
    held_states::HeldStates,
    key::CertificateKey,
    statement::{
        EvidenceFiles, JudgeProof, MUTANTS, PROOF, RECORDING, REPORT, STATES, SUITE, Statement, StatementSubject,
    },
};
use crate::{
    proof::matrix::KillMatrix,
    run::recording::{Recording, RecordingError, sha256},
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
    pub scope: CertificateScope<'a>,
    /// The bytes of the report.
    pub report: &'a [u8],
    pub proof: Option<JudgeProof<'a>>,
    /// The values of the states that probes share.
    pub held: &'a [HeldStates],
    /// The key that signs the statement.
    pub key: Option<&'a CertificateKey>,
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

/// The canonical text of the values of states.
#[must_use]
pub fn states_text(held: &[HeldStates]) -> String {
    serde_json::to_string_pretty(held).map(|text| text + "\n").unwrap_or_default()
}

/// Writes everything except the recording; the statement comes last.
///
/// # Errors
/// A file is not writable or not readable.
pub fn write(root: &Path, contents: &BundleContents<'_>) -> Result<Statement, BundleError> {
    put(root, REPORT, contents.report)?;
    put(root, SUITE, suite_text(contents.scope.digest()).as_bytes())?;
    match contents.proof {
        Some(JudgeProof::Matrix(matrix)) => put(root, MUTANTS, matrix_text(matrix).as_bytes())?,
        Some(JudgeProof::Statement(proof)) => put(root, PROOF, &proof.envelope)?,
        None => {}
    }
    if let CertificateScope::Probes(scope) = contents.scope {
        put(root, STATES, states_text(contents.held).as_bytes())?;
        scope.bundled().iter().try_for_each(|(path, text)| put(root, path, text.as_bytes()))?;
    }
    let files = digests(&bundle_folder::read(root)?);
    let Conclusions { reported, decisions, probed } =
        contents.scope.conclude(contents.stated, contents.report).map_err(BundleError::Report)?;
    let recording = Recording::open(&root.join(RECORDING))?;
    let evidence = EvidenceFiles {
        reported: &reported,
        decisions: &decisions,
        probed: probed.as_ref(),
        proof: contents.proof,
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
    let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
    folder.and_then(|()| fs::write(&path, bytes)).map_err(|error| BundleError::Write { path, error })
}
