//! The suite with everything that writing or verifying a certificate needs.

use std::{ffi::OsStr, path::Path, sync::Arc, time::SystemTime};

use crate::{
    certificate::{
        certificate_scope::CertificateScope,
        certified_digest::CertifiedDigest,
        key::{CertificateKey, PublicKey},
        nonce::Nonce,
        profile::{Profile, Profiles},
        proof_statement::{JudgeIdentity, ProofStatementError, StatedProof},
        statement::foreign,
        verify::Verifier,
    },
    cli::{
        Failure,
        mutants::proven,
        select::{FixtureArguments, SnapshotArguments},
    },
    judge::{named_checks::read_fixtures, snapshots::Snapshots},
    model::{
        bounded_file::{self, FileKind},
        published::Places,
    },
    proof::{
        Proof,
        matrix::{KillMatrix, TOOL},
    },
    suite::{FixtureFiles, Fixtures, nearest},
};

/// The suite with everything that a certificate needs.
pub(in crate::cli) struct CertifyBench {
    pub(in crate::cli) suite: Arc<Fixtures>,
    pub(in crate::cli) snapshots: Arc<Snapshots>,
    pub(in crate::cli) profiles: Profiles,
    pub(in crate::cli) digest: CertifiedDigest,
    /// The locations of botocore.
    pub(in crate::cli) places: Places,
}

impl CertifyBench {
    pub(in crate::cli) fn load(fixtures: &FixtureArguments, snapshots: &SnapshotArguments) -> Result<Self, Failure> {
        let broken = |error: String| Failure::usage(error);
        let found = fixtures.files()?;
        // A bundle must be the same on every machine, so only errors name the locations of fixtures.
        let files = FixtureFiles::from_texts(found.iter().map(|(path, text)| (path.to_owned(), text.to_owned())));
        let suite =
            read_fixtures(&files).map_err(|error| broken(read_fixtures(&found).err().unwrap_or(error).to_string()))?;
        let profiles = Profiles::read(&files, &suite).map_err(|error| broken(error.to_string()))?;
        let snapshots = snapshots.files(fixtures)?;
        let digest = CertifiedDigest::of(&files, &snapshots);
        let snapshots = Arc::new(Snapshots::new(snapshots));
        Ok(Self { suite: Arc::new(suite), snapshots, profiles, digest, places: fixtures.botocore.places() })
    }

    pub(in crate::cli) fn scope(&self) -> CertificateScope<'_> {
        CertificateScope::Profiles { suite: &self.suite, digest: &self.digest, profiles: &self.profiles }
    }

    /// Checks that there are such profiles and services.
    pub(super) fn check_names(&self, requested: &[String], services: &[String]) -> Result<(), Failure> {
        let known = |wanted: &[String], name: fn(&Profile) -> &str| -> Result<(), Failure> {
            let unknown = wanted.iter().find(|wanted| !self.profiles.iter().any(|profile| name(profile) == *wanted));
            let Some(wrong) = unknown else { return Ok(()) };
            let meant = nearest(wrong, self.profiles.iter().map(name));
            let hint = meant.map(|name| format!("did you mean {name}? ")).unwrap_or_default();
            Err(Failure::usage(format!(
                "no profile or service {wrong:?}\nhelp: {hint}`wireproof certify --list` lists them"
            )))
        };
        known(requested, |profile| &profile.name)?;
        known(services, |profile| &profile.service)
    }

    /// The kill matrix, produced or read.
    pub(super) fn matrix(&self, from: Option<&str>) -> Result<Option<KillMatrix>, Failure> {
        let matrix = match from {
            None => return Ok(None),
            Some("run") => self.proof(1, false)?,
            Some(path) => {
                let text = bounded_file::bytes(Path::new(path), FileKind::Recorded)
                    .map_err(|error| Failure::usage(format!("cannot read {path}: {error}")))?;
                serde_json::from_slice(&text)
                    .map_err(|error| Failure::usage(format!("{path} is not a kill matrix: {error}")))?
            }
        };
        match foreign(&matrix, self.suite.digest(), TOOL) {
            Some(foreign) => Err(Failure::usage(format!("{foreign}\nhelp: pass --mutants run to produce one"))),
            None => Ok(Some(matrix)),
        }
    }

    /// The statement about the kill matrix of this program and suite. The key must have signed it.
    pub(super) fn stated_proof(
        &self,
        path: Option<&Path>,
        key: Option<&PublicKey>,
    ) -> Result<Option<StatedProof>, Failure> {
        let Some(path) = path else { return Ok(None) };
        if key.is_none() {
            return Err(Failure::alone("--proof", "--proof-key FILE"));
        }
        let failed = |error: String| Failure::usage(format!("{}: {error}", path.display()));
        let bytes = bounded_file::bytes(path, FileKind::Setting).map_err(|error| failed(error.to_string()))?;
        let refused = |error: ProofStatementError| {
            failed(format!(
                "{error}\nhelp: pass the statement and the public key that came with this build, or --mutants run instead"
            ))
        };
        StatedProof::read(&bytes, &JudgeIdentity::of(&self.digest), key).map(Some).map_err(refused)
    }

    /// Runs the mutants against this suite.
    pub(in crate::cli) fn proof(&self, seed: u64, exhaustive: bool) -> Result<KillMatrix, Failure> {
        let proof = Proof {
            suite: Arc::clone(&self.suite),
            snapshots: Arc::clone(&self.snapshots),
            only: Vec::new(),
            exhaustive,
            judge_again: false,
            jobs: std::thread::available_parallelism().map_or(2, Into::into),
            seed,
        };
        proven(&proof)
    }

    /// Verifies a new bundle before it is handed out.
    pub(super) fn prove(
        &self,
        out: &Path,
        key: Option<&CertificateKey>,
        proof_key: Option<&PublicKey>,
        nonce: Option<&Nonce>,
    ) -> Result<(), Failure> {
        let keys: Vec<_> = key.map(CertificateKey::public).into_iter().collect();
        let verified = self.verifier(&keys, proof_key, nonce, None).verify(out);
        match verified.problems.first() {
            None => Ok(()),
            Some(problem) => Err(Failure::internal(format!(
                "the bundle does not verify ({}: {}); this is a bug in wireproof",
                problem.check.name(),
                problem.says
            ))),
        }
    }

    /// The verifier of a bundle; `model` is the one that its probes must be of.
    pub(in crate::cli) fn verifier<'b>(
        &'b self,
        keys: &'b [PublicKey],
        proof_key: Option<&'b PublicKey>,
        nonce: Option<&'b Nonce>,
        model: Option<&'b OsStr>,
    ) -> Verifier<'b> {
        let Self { suite, snapshots, profiles, digest, places } = self;
        Verifier { suite, snapshots, profiles, digest, keys, proof_key, nonce, now: SystemTime::now(), places, model }
    }
}
