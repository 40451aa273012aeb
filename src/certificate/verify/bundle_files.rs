//! Checks everything in a bundle except the recording: the file list, the statement, the envelope, the suite, the kill
//! matrix, the statement about it and the nonce.

use std::collections::BTreeMap;

use super::{VerifyCheck, VerifyProblem};
use crate::{
    certificate::{
        bundle::{digests, matrix_text, states_text, suite_text},
        bundle_folder::{ENVELOPE, STATEMENT},
        certified_digest::CertifiedDigest,
        envelope::Envelope,
        held_states::HeldStates,
        key::PublicKey,
        nonce::{Claim, Nonce},
        proof_statement::{JudgeIdentity, StatedProof},
        statement::{MUTANTS, PROOF, STATES, SUITE, Statement},
    },
    proof::matrix::{KillMatrix, TOOL},
};

/// The files of a bundle, by path.
pub(super) type BundleFiles = BTreeMap<String, Vec<u8>>;

/// Reads the statement, if it is valid.
pub(super) fn statement(files: &BundleFiles, problems: &mut Vec<VerifyProblem>) -> Option<Statement> {
    let Some(bytes) = files.get(STATEMENT) else {
        problems
            .push(VerifyProblem::new(VerifyCheck::Files, format!("{STATEMENT} is missing: this is not a certificate")));
        return None;
    };
    let statement: Statement = match serde_json::from_slice(bytes) {
        Ok(statement) => statement,
        Err(error) => {
            problems.push(VerifyProblem::new(
                VerifyCheck::Statement,
                format!("{STATEMENT} is not the statement of a certificate: {error}"),
            ));
            return None;
        }
    };
    let made_by = &statement.predicate.wireproof.stated.tool;
    if made_by != TOOL {
        let says = format!("it was made by {made_by}, but this is {TOOL}: only the same version can verify it");
        problems.push(VerifyProblem::new(VerifyCheck::Tool, says));
    }
    Some(statement)
}

/// Checks that the statement lists exactly the files of the bundle, with their digests.
pub(super) fn accounted(files: &BundleFiles, statement: &Statement, problems: &mut Vec<VerifyProblem>) {
    let listed = &statement.predicate.wireproof.files;
    let found = digests(files);
    let mut problem = |says: String| problems.push(VerifyProblem::new(VerifyCheck::Files, says));
    for (path, digest) in listed {
        match found.get(path) {
            None => problem(format!("{path} is missing")),
            Some(other) if other != digest => problem(format!("{path} was changed")),
            Some(_) => {}
        }
    }
    found
        .keys()
        .filter(|path| !listed.contains_key(*path))
        .for_each(|path| problem(format!("{path} does not belong to the bundle")));
}

/// Checks that the envelope contains the statement and has a signature for each key.
pub(super) fn signed(files: &BundleFiles, keys: &[PublicKey], problems: &mut Vec<VerifyProblem>) {
    let Some(bytes) = files.get(ENVELOPE) else {
        problems.push(VerifyProblem::new(VerifyCheck::Files, format!("{ENVELOPE} is missing")));
        return;
    };
    let envelope: Envelope = match serde_json::from_slice(bytes) {
        Ok(envelope) => envelope,
        Err(error) => {
            problems
                .push(VerifyProblem::new(VerifyCheck::Envelope, format!("{ENVELOPE} is not a DSSE envelope: {error}")));
            return;
        }
    };
    let mut problem = |check, says: String| problems.push(VerifyProblem::new(check, says));
    if envelope.payload().as_ref() != files.get(STATEMENT) {
        problem(VerifyCheck::Envelope, "the envelope contains a different statement".to_owned());
    }
    for found in envelope.form_problems(bytes) {
        problem(VerifyCheck::Envelope, found.to_string());
    }
    for found in envelope.signature_problems(keys) {
        problem(VerifyCheck::Signature, found.to_string());
    }
}

/// Checks that the suite of the bundle is the local one.
pub(super) fn suite(files: &BundleFiles, own: &CertifiedDigest, problems: &mut Vec<VerifyProblem>) {
    let mut problem = |says: String| problems.push(VerifyProblem::new(VerifyCheck::Suite, says));
    let Some(bytes) = files.get(SUITE) else { return problem(format!("{SUITE} is missing")) };
    let theirs: CertifiedDigest = match serde_json::from_slice(bytes) {
        Ok(theirs) => theirs,
        Err(error) => return problem(format!("{SUITE} is not the digest of a suite: {error}")),
    };
    let differences = own.differences(&theirs);
    let (shown, rest) = differences.split_at(differences.len().min(MOST));
    for difference in shown {
        problem(format!("the suite differs: {difference}"));
    }
    if !rest.is_empty() {
        problem(format!("the suite differs: {} more files", rest.len()));
    }
    if !theirs.is_sound() {
        problem(format!("{SUITE}: the digest over all does not match the digests of the files"));
    } else if differences.is_empty() && suite_text(own).as_bytes() != bytes.as_slice() {
        problem(format!("{SUITE} is not in canonical form"));
    }
}

/// The maximum number of files that are listed.
const MOST: usize = 5;

/// The kill matrix, if there is one.
pub(super) fn matrix(files: &BundleFiles, problems: &mut Vec<VerifyProblem>) -> Option<KillMatrix> {
    let bytes = files.get(MUTANTS)?;
    let mut problem = |says: String| problems.push(VerifyProblem::new(VerifyCheck::Mutants, says));
    match serde_json::from_slice::<KillMatrix>(bytes) {
        Ok(matrix) => {
            if matrix_text(&matrix).as_bytes() != bytes.as_slice() {
                problem(format!("{MUTANTS} is not in canonical form"));
            }
            Some(matrix)
        }
        Err(error) => {
            problem(format!("{MUTANTS} is not a kill matrix: {error}"));
            None
        }
    }
}

/// The proof by statement, if there is one: signed by the key, and about the judge of the verifier. A key requires one,
/// because a vendor can make a kill matrix.
pub(super) fn proof(
    files: &BundleFiles,
    judge: &JudgeIdentity,
    key: Option<&PublicKey>,
    problems: &mut Vec<VerifyProblem>,
) -> Option<StatedProof> {
    let mut problem = |says: String| problems.push(VerifyProblem::new(VerifyCheck::Proof, says));
    let Some(bytes) = files.get(PROOF) else {
        if let Some(key) = key {
            problem(format!("{PROOF} is missing: the bundle has no statement of {}", key.id()));
        }
        return None;
    };
    if files.contains_key(MUTANTS) {
        problem(format!("{MUTANTS} does not belong to a bundle with {PROOF}"));
    }
    let read = StatedProof::read(bytes, judge, key);
    read.map_err(|error| problem(format!("{PROOF}: {error}"))).ok()
}

/// The values of the states that probes share.
pub(super) fn held(files: &BundleFiles, problems: &mut Vec<VerifyProblem>) -> Vec<HeldStates> {
    let Some(bytes) = files.get(STATES) else { return Vec::new() };
    let mut problem = |says: String| problems.push(VerifyProblem::new(VerifyCheck::Requests, says));
    match serde_json::from_slice::<Vec<HeldStates>>(bytes) {
        Ok(held) if states_text(&held).as_bytes() == bytes.as_slice() => held,
        Ok(_) => {
            problem(format!("{STATES} is not in canonical form"));
            Vec::new()
        }
        Err(error) => {
            problem(format!("{STATES} does not list values of states: {error}"));
            Vec::new()
        }
    }
}

/// Checks that the nonce is the verifier's, and that the seed follows from it.
pub(super) fn nonce(statement: &Statement, suite: &str, given: Option<&Nonce>, problems: &mut Vec<VerifyProblem>) {
    let claims = &statement.predicate.wireproof;
    let mut problem = |says: String| problems.push(VerifyProblem::new(VerifyCheck::Nonce, says));
    let stated = claims.stated.nonce.as_deref();
    if let Some(given) = given
        && stated != Some(given.digits())
    {
        problem(format!("the nonce is {}, which is not the one that was given", stated.unwrap_or("missing")));
    }
    let Some(stated) = stated else { return };
    let target = &claims.stated.target;
    let claim = Claim { suite, target: &target.name, version: &target.version };
    match Nonce::read(stated) {
        Ok(nonce) if nonce.digits() != stated => problem("the nonce is not in canonical form".to_owned()),
        Ok(nonce) if nonce.seed(claim) != claims.seed => {
            problem(format!("the nonce yields the seed {}, but the statement has {}", nonce.seed(claim), claims.seed));
        }
        Ok(_) => {}
        Err(error) => problem(error.to_string()),
    }
}
