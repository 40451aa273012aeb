//! What a bundle is on paper: its files, the statement, the envelope, the suite, the kill matrix, the nonce.

use std::collections::BTreeMap;

use super::{VerifyCheck, VerifyProblem};
use crate::{
    certificate::{
        bundle::{digests, matrix_text, suite_text},
        bundle_folder::{ENVELOPE, STATEMENT},
        certified_digest::CertifiedDigest,
        envelope::{Envelope, PAYLOAD_TYPE},
        key::PublicKey,
        nonce::{Claim, Nonce},
        statement::{MUTANTS, SUITE, Statement},
    },
    proof::matrix::{KillMatrix, TOOL},
};

/// The files of a bundle.
pub(super) type BundleFiles = BTreeMap<String, Vec<u8>>;

/// The statement, where there is one of our form.
pub(super) fn statement(files: &BundleFiles, problems: &mut Vec<VerifyProblem>) -> Option<Statement> {
    let Some(bytes) = files.get(STATEMENT) else {
        problems
            .push(VerifyProblem::new(VerifyCheck::Files, format!("{STATEMENT} is missing: this is no certificate")));
        return None;
    };
    let statement: Statement = match serde_json::from_slice(bytes) {
        Ok(statement) => statement,
        Err(error) => {
            problems.push(VerifyProblem::new(
                VerifyCheck::Statement,
                format!("{STATEMENT} is no statement of a certificate: {error}"),
            ));
            return None;
        }
    };
    let made_by = &statement.predicate.wireproof.stated.tool;
    if made_by != TOOL {
        let says = format!("it was made by {made_by}, and this is {TOOL}: only the same version comes to the same");
        problems.push(VerifyProblem::new(VerifyCheck::Tool, says));
    }
    Some(statement)
}

/// Every file is in the list with its digest, and nothing else is there.
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
        .for_each(|path| problem(format!("{path} does not belong to it")));
}

/// The envelope holds the statement, and each of the keys has signed it.
pub(super) fn signed(files: &BundleFiles, keys: &[PublicKey], problems: &mut Vec<VerifyProblem>) {
    let Some(bytes) = files.get(ENVELOPE) else {
        problems.push(VerifyProblem::new(VerifyCheck::Files, format!("{ENVELOPE} is missing")));
        return;
    };
    let envelope: Envelope = match serde_json::from_slice(bytes) {
        Ok(envelope) => envelope,
        Err(error) => {
            problems
                .push(VerifyProblem::new(VerifyCheck::Envelope, format!("{ENVELOPE} is no DSSE envelope: {error}")));
            return;
        }
    };
    let mut problem = |check, says: &str| problems.push(VerifyProblem::new(check, says));
    if envelope.payload_type != PAYLOAD_TYPE {
        problem(VerifyCheck::Envelope, "the payload of the envelope is not of the type of a statement");
    }
    if envelope.payload().as_ref() != files.get(STATEMENT) {
        problem(VerifyCheck::Envelope, "the envelope holds another statement");
    } else if envelope.text().as_bytes() != bytes.as_slice() {
        problem(VerifyCheck::Envelope, "the envelope is not written as it should be");
    }
    signatures(&envelope, keys, problems);
}

/// Each key signed, and each signature is by one of the keys.
fn signatures(envelope: &Envelope, keys: &[PublicKey], problems: &mut Vec<VerifyProblem>) {
    let mut problem = |says: String| problems.push(VerifyProblem::new(VerifyCheck::Signature, says));
    for key in keys.iter().filter(|key| !envelope.is_signed_by(key)) {
        let what = if envelope.signatures.is_empty() { "it is not signed" } else { "it is not signed by that key" };
        problem(format!("{what}: {}", key.hex()));
    }
    for signature in &envelope.signatures {
        if keys.is_empty() {
            problem(format!("it is signed by {}, and no key was given to check that by", signature.keyid));
        } else if !keys.iter().any(|key| envelope.is_by(signature, key)) {
            problem(format!("a signature ({}) is by none of the keys", signature.keyid));
        }
    }
}

/// The suite of the bundle is the one at hand.
pub(super) fn suite(files: &BundleFiles, own: &CertifiedDigest, problems: &mut Vec<VerifyProblem>) {
    let mut problem = |says: String| problems.push(VerifyProblem::new(VerifyCheck::Suite, says));
    let Some(bytes) = files.get(SUITE) else { return problem(format!("{SUITE} is missing")) };
    let theirs: CertifiedDigest = match serde_json::from_slice(bytes) {
        Ok(theirs) => theirs,
        Err(error) => return problem(format!("{SUITE} is no digest of a suite: {error}")),
    };
    let differences = own.differences(&theirs);
    let (shown, rest) = differences.split_at(differences.len().min(MOST));
    for difference in shown {
        problem(format!("another suite: {difference}"));
    }
    if !rest.is_empty() {
        problem(format!("another suite: {} more files differ", rest.len()));
    }
    if !theirs.is_sound() {
        problem(format!("{SUITE}: the digest over all is not that of its files"));
    } else if differences.is_empty() && suite_text(own).as_bytes() != bytes.as_slice() {
        problem(format!("{SUITE} is not written as it should be"));
    }
}

/// So many files that differ are told.
const MOST: usize = 5;

/// The kill matrix, where there is one.
pub(super) fn matrix(files: &BundleFiles, problems: &mut Vec<VerifyProblem>) -> Option<KillMatrix> {
    let bytes = files.get(MUTANTS)?;
    let mut problem = |says: String| problems.push(VerifyProblem::new(VerifyCheck::Mutants, says));
    match serde_json::from_slice::<KillMatrix>(bytes) {
        Ok(matrix) => {
            if matrix_text(&matrix).as_bytes() != bytes.as_slice() {
                problem(format!("{MUTANTS} is not written as it should be"));
            }
            Some(matrix)
        }
        Err(error) => {
            problem(format!("{MUTANTS} is no kill matrix: {error}"));
            None
        }
    }
}

/// The nonce is the verifier's, and the seed is the one that it gives.
pub(super) fn nonce(statement: &Statement, suite: &str, given: Option<&Nonce>, problems: &mut Vec<VerifyProblem>) {
    let claims = &statement.predicate.wireproof;
    let mut problem = |says: String| problems.push(VerifyProblem::new(VerifyCheck::Nonce, says));
    let stated = claims.stated.nonce.as_deref();
    if let Some(given) = given
        && stated != Some(given.digits())
    {
        problem(format!("the nonce is {}, and not the one that was given", stated.unwrap_or("missing")));
    }
    let Some(stated) = stated else { return };
    let target = &claims.stated.target;
    let claim = Claim { suite, target: &target.name, version: &target.version };
    match Nonce::read(stated) {
        Ok(nonce) if nonce.digits() != stated => problem("the nonce is not written as it should be".to_owned()),
        Ok(nonce) if nonce.seed(claim) != claims.seed => {
            problem(format!("the nonce gives the seed {}, and not {}", nonce.seed(claim), claims.seed));
        }
        Ok(_) => {}
        Err(error) => problem(error.to_string()),
    }
}
