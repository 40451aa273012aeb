//! `wireproof verify`: verifies a certificate without trusting its author.

mod verify_report;
mod verify_text;

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::{Args, builder::BoolishValueParser};

use verify_report::Rerun;
pub(super) use verify_report::VERIFICATION;

use super::{
    Failure,
    certify::{CertifyBench, nonce},
    execution::ExecutionArguments,
    key_files::public_key,
    select::{FixtureArguments, SnapshotArguments},
    target_arguments::TargetArguments,
    written,
};
use crate::{
    certificate::{
        bundle_folder,
        certificate_scope::cases,
        certified_report::Reported,
        key::{PublicKey, random},
        nonce::Nonce,
        probe_scope::ProbeScope,
        proof_statement::{JudgeIdentity, StatedProof},
        statement::{MUTANTS, PROOF, REPORT, Statement},
        verify::{
            Verified, VerifyCheck, VerifyProblem,
            rerun::{CertificateRerun, compare, sample},
        },
    },
    judge::redaction::SensitiveValues,
    model::bounded_file::{self, FileKind},
    proof::matrix::KillMatrix,
    run::{event::CaseReport, exit::ExitStatus, judged_case::JudgedCase, observer::OnCase},
    suite::{Batch, Fixtures, Plan},
};

const EXAMPLES: &str = "Examples:
  wireproof verify bundle                                             verify an unsigned bundle
  wireproof verify bundle --key vendor.pem.pub --nonce 5f0c…          check the signature and the freshness
  wireproof verify bundle --rerun 20 --endpoint URL                   also rerun 20 cases against the endpoint

Exit status:
    0  verified and granted
    1  not verified, or not granted
    2  usage, configuration or fixture error";

/// Arguments of `wireproof verify`.
#[derive(Debug, Args)]
#[group(skip)]
#[command(after_help = EXAMPLES)]
pub(super) struct VerifyArguments {
    /// Folder of the bundle.
    #[arg(value_name = "DIR")]
    bundle: PathBuf,

    /// Require a signature by this public key, in PEM or as 64 hexadecimal digits (repeatable).
    #[arg(long, value_name = "FILE", env = "WIREPROOF_PUBLIC_KEY")]
    key: Vec<PathBuf>,

    /// Require that the run used this nonce, which proves freshness.
    #[arg(long, value_name = "HEX", env = "WIREPROOF_NONCE", value_parser = nonce)]
    nonce: Option<Nonce>,

    /// Rerun N of its cases against the endpoint and compare, which detects invented responses.
    #[arg(long, value_name = "N", env = "WIREPROOF_RERUN")]
    rerun: Option<usize>,

    /// Seed for the sample of cases to rerun [default: random].
    #[arg(long, value_name = "N", env = "WIREPROOF_RERUN_SEED", requires = "rerun")]
    rerun_seed: Option<u64>,

    /// Require a statement about the kill matrix that only this public key has signed, in PEM or as 64 hexadecimal digits.
    #[arg(long, value_name = "FILE", env = "WIREPROOF_PROOF_KEY")]
    proof_key: Option<PathBuf>,

    /// Also produce the kill matrix again, which takes some minutes.
    #[arg(long, env = "WIREPROOF_PROVE", value_parser = BoolishValueParser::new())]
    prove: bool,

    /// Require that the probes are those of this model: a file, or botocore:SERVICE@VERSION [default: the name in the bundle].
    #[arg(long, value_name = "FILE|botocore:SERVICE", env = "WIREPROOF_MODEL")]
    model: Option<OsString>,

    /// Print the result as one JSON document.
    #[arg(long, env = "WIREPROOF_JSON", value_parser = BoolishValueParser::new())]
    json: bool,

    #[command(flatten)]
    target: TargetArguments,

    #[command(flatten)]
    execution: ExecutionArguments,

    #[command(flatten)]
    fixtures: FixtureArguments,

    #[command(flatten)]
    snapshots: SnapshotArguments,
}

/// A verification, with what the verifier brought and did.
#[derive(Clone, Copy)]
struct Verification<'a> {
    verified: &'a Verified,
    keys: &'a [PublicKey],
    nonce: Option<&'a Nonce>,
    done: DoneAgain,
}

/// The optional repetitions.
#[derive(Debug, Clone, Copy, Default)]
struct DoneAgain {
    rerun: Option<Rerun>,
    /// The number of rows of the kill matrix.
    proven: Option<usize>,
}

pub(super) fn run(arguments: &VerifyArguments) -> Result<ExitStatus, Failure> {
    if !arguments.bundle.exists() {
        return Err(Failure::missing(&arguments.bundle));
    }
    if !arguments.bundle.is_dir() {
        return Err(Failure::usage(format!("{} is not a folder", arguments.bundle.display())));
    }
    if arguments.rerun.is_some() && arguments.target.endpoint.is_none() {
        return Err(Failure::alone("--rerun", "--endpoint URL"));
    }
    arguments.target.check_certifiable()?;
    let keys = arguments.key.iter().map(|path| public_key(path)).collect::<Result<Vec<_>, _>>()?;
    let proof_key = arguments.proof_key.as_deref().map(public_key).transpose()?;
    let bench = CertifyBench::load(&arguments.fixtures, &arguments.snapshots)?;
    let (nonce, model) = (arguments.nonce.as_ref(), arguments.model.as_deref());
    let mut verified = bench.verifier(&keys, proof_key.as_ref(), nonce, model).verify(&arguments.bundle);
    let mut done = DoneAgain::default();
    if arguments.prove {
        match proof_again(&bench, proof_key.as_ref(), &arguments.bundle)? {
            Ok(rows) => done.proven = Some(rows),
            Err(problem) => verified.problems.push(problem),
        }
    }
    if let (Some(count), Some(statement)) = (arguments.rerun, &verified.statement) {
        let (problems, reported) = again(arguments, &bench, statement, count)?;
        verified.problems.extend(problems);
        done.rerun = Some(reported);
    }
    let verification = Verification { verified: &verified, keys: &keys, nonce, done };
    written(verify_text::print(&verification, arguments.json))?;
    Ok(if verified.is_granted() { ExitStatus::Conforms } else { ExitStatus::Deviates })
}

/// Produces the kill matrix again, and returns the number of its rows if it is the same.
fn proof_again(
    bench: &CertifyBench,
    key: Option<&PublicKey>,
    root: &Path,
) -> Result<Result<usize, VerifyProblem>, Failure> {
    let problem = |says| Ok(Err(VerifyProblem::new(VerifyCheck::Mutants, says)));
    let read = |name: &str| bounded_file::bytes(&root.join(name), FileKind::Recorded).ok();
    let stated = read(PROOF).and_then(|bytes| StatedProof::read(&bytes, &JudgeIdentity::of(&bench.digest), key).ok());
    let matrix = read(MUTANTS).and_then(|bytes| serde_json::from_slice::<KillMatrix>(&bytes).ok());
    let (seed, exhaustive) = match (&stated, &matrix) {
        (Some(stated), _) => (stated.claims.seed, stated.claims.exhaustive),
        (None, Some(matrix)) => (matrix.seed, matrix.exhaustive),
        (None, None) => return problem("the bundle has no kill matrix and no valid statement about one"),
    };
    let again = bench.proof(seed, exhaustive)?;
    let agrees = stated.map(|stated| stated.agrees_with(&again)).or(matrix.map(|matrix| matrix.agrees_with(&again)));
    if agrees == Some(true) {
        Ok(Ok(again.mutants.len() + again.constant_endpoints.len()))
    } else {
        problem("producing the kill matrix again gives a different result")
    }
}

/// Reruns a sample.
fn again(
    arguments: &VerifyArguments,
    bench: &CertifyBench,
    statement: &Statement,
    count: usize,
) -> Result<(Vec<VerifyProblem>, Rerun), Failure> {
    let stated = &statement.predicate.wireproof.stated;
    let random = || random().map(u64::from_be_bytes).map_err(|error| Failure::internal(error.to_string()));
    let seed = arguments.rerun_seed.map_or_else(random, Ok)?;
    let said = bounded_file::bytes(&arguments.bundle.join(REPORT), FileKind::Recorded)
        .ok()
        .and_then(|text| serde_json::from_slice::<Reported>(&text).ok());
    let Some(said) = said else {
        return Ok((Vec::new(), Rerun { seed, asked: 0, compared: 0 }));
    };
    let (suite, mut plan, asked) = match &stated.probes {
        None => {
            let cases = cases(&bench.suite, &bench.profiles.select(&stated.requested, &stated.services));
            let ids = sample(cases.iter().map(|case| case.id.clone()).collect(), count, seed);
            let cases = cases.into_iter().filter(|case| ids.contains(&case.id)).collect();
            (Arc::clone(&bench.suite), Box::new(Batch::new(cases)) as Box<dyn Plan>, ids)
        }
        Some(probes) => {
            let scope =
                bundle_folder::read(&arguments.bundle).ok().and_then(|files| ProbeScope::of_bundle(&files, probes));
            let scope = scope.ok_or_else(|| Failure::usage("the bundle contains no readable model of the service"))?;
            let ids = sample(said.cases.iter().map(|case| case.id.clone()).collect(), count, seed);
            let plan = scope.sample(probes, seed, ids.iter().map(|id| id.0.clone()).collect());
            (scope.suite, plan.map_or_else(nothing, |plan| Box::new(plan) as Box<dyn Plan>), ids)
        }
    };
    let mut today = arguments.target.runtime()?.block_on(today(arguments, bench, suite, &mut *plan))?;
    today.retain(|case| asked.contains(&case.id));
    let (problems, compared) = compare(&said, &today);
    Ok((problems, Rerun { seed, asked: asked.len(), compared }))
}

fn nothing() -> Box<dyn Plan> {
    Box::new(Batch::new(Vec::new()))
}

async fn today(
    arguments: &VerifyArguments,
    bench: &CertifyBench,
    suite: Arc<Fixtures>,
    plan: &mut dyn Plan,
) -> Result<Vec<CertificateRerun>, Failure> {
    let endpoint = arguments.target.resolved(&suite)?;
    let runner = arguments
        .execution
        .for_certificate()?
        .runner(suite, endpoint, arguments.execution.seed(), SensitiveValues::Hidden)
        .await?;
    let mut today = Vec::new();
    let mut observer = OnCase(|case: &JudgedCase| today.push(rerun(&case.report)));
    runner.snapshots(Arc::clone(&bench.snapshots)).run(plan, &mut observer).await;
    Ok(today)
}

fn rerun(report: &CaseReport) -> CertificateRerun {
    let found = report.findings.first().map(|finding| format!("{}: {}", finding.code, finding.actual));
    let reason = if report.reason.is_empty() { found.unwrap_or_default() } else { report.reason.clone() };
    CertificateRerun { id: report.id.clone(), verdict: report.verdict, reason }
}
