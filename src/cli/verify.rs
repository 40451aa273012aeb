//! `wireproof verify`: verifies a certificate without trusting its author.

use std::{
    ffi::OsString,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::{Args, builder::BoolishValueParser};
use serde::Serialize;

use super::{
    Failure,
    certify::{CertifyBench, conclusions, nonce},
    execution::ExecutionArguments,
    select::{FixtureArguments, SnapshotArguments},
    target_arguments::TargetArguments,
    written,
};
use crate::{
    certificate::{
        bundle_folder,
        certificate_scope::cases,
        certified_report::Reported,
        decision::Decision,
        key::{PublicKey, random},
        nonce::Nonce,
        probe_scope::{ModelStanding, ProbeScope, StatedProbes, recipe_in_words},
        statement::{MUTANTS, REPORT, Statement},
        verify::{
            Verified, VerifiedModel, VerifyCheck, VerifyProblem,
            rerun::{CertificateRerun, compare, sample},
        },
    },
    judge::redaction::SensitiveValues,
    model::bounded_file::{self, FileKind},
    proof::matrix::KillMatrix,
    report::text::{CommandFreeJson, count, line},
    run::{event::CaseReport, exit::ExitStatus, judged_case::JudgedCase, observer::OnCase},
    suite::{Batch, Fixtures, ModelIdentity, Plan, RequestGroup},
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

    /// Also produce the kill matrix again, which takes about a minute.
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

/// The JSON result for a bundle.
#[derive(Serialize)]
struct VerifyReport<'a> {
    schema: &'static str,
    verified: bool,
    granted: bool,
    signed_by: Vec<String>,
    /// The nonce that the verifier passed.
    nonce: Option<&'a str>,
    problems: &'a [VerifyProblem],
    #[serde(skip_serializing_if = "Option::is_none")]
    rerun: Option<Rerun>,
    /// The number of mutants and constant endpoints in the kill matrix, if producing it again gave the same result.
    #[serde(skip_serializing_if = "Option::is_none")]
    proven: Option<usize>,
    profiles: &'a [Decision],
}

/// The optional repetitions.
#[derive(Debug, Clone, Copy, Default)]
struct DoneAgain {
    rerun: Option<Rerun>,
    proven: Option<usize>,
}

/// The result of rerunning a sample.
#[derive(Debug, Clone, Copy, Serialize)]
struct Rerun {
    seed: u64,
    asked: usize,
    compared: usize,
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
    let bench = CertifyBench::load(&arguments.fixtures, &arguments.snapshots)?;
    let mut verified =
        bench.verifier(&keys, arguments.nonce.as_ref(), arguments.model.as_deref()).verify(&arguments.bundle);
    let mut done = DoneAgain::default();
    if arguments.prove {
        match proof_again(&bench, &arguments.bundle)? {
            Ok(rows) => done.proven = Some(rows),
            Err(problem) => verified.problems.push(problem),
        }
    }
    if let (Some(count), Some(statement)) = (arguments.rerun, &verified.statement) {
        let (problems, reported) = again(arguments, &bench, statement, count)?;
        verified.problems.extend(problems);
        done.rerun = Some(reported);
    }
    written(tell(arguments, &verified, &keys, done))?;
    Ok(if verified.is_granted() { ExitStatus::Conforms } else { ExitStatus::Deviates })
}

fn public_key(path: &Path) -> Result<PublicKey, Failure> {
    let failed = |error: String| Failure::usage(format!("{}: {error}", path.display()));
    let text = bounded_file::text(path, FileKind::Setting).map_err(|error| failed(error.to_string()))?;
    PublicKey::read(&text).map_err(|error| failed(error.to_string()))
}

/// Produces the kill matrix again, and returns the number of its rows if it is the same.
fn proof_again(bench: &CertifyBench, root: &Path) -> Result<Result<usize, VerifyProblem>, Failure> {
    let problem = |says| Ok(Err(VerifyProblem::new(VerifyCheck::Mutants, says)));
    let read = || -> Option<KillMatrix> {
        serde_json::from_slice(&bounded_file::bytes(&root.join(MUTANTS), FileKind::Recorded).ok()?).ok()
    };
    let Some(said) = read() else { return problem("the bundle has no kill matrix") };
    if said.agrees_with(&bench.proof(said.seed, said.exhaustive)?) {
        Ok(Ok(said.mutants.len() + said.constant_endpoints.len()))
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

fn tell(arguments: &VerifyArguments, verified: &Verified, keys: &[PublicKey], done: DoneAgain) -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout());
    if arguments.json {
        serde_json::to_writer_pretty(
            CommandFreeJson::new(&mut out),
            &reported(verified, keys, arguments.nonce.as_ref(), done),
        )?;
        writeln!(out)?;
    } else {
        human(&mut out, verified, keys, arguments.nonce.as_ref(), done)?;
    }
    out.flush()
}

fn reported<'a>(
    verified: &'a Verified,
    keys: &[PublicKey],
    nonce: Option<&'a Nonce>,
    done: DoneAgain,
) -> VerifyReport<'a> {
    let claims = verified.statement.as_ref().map(|statement| &statement.predicate.wireproof);
    let signed = !verified
        .problems
        .iter()
        .any(|problem| matches!(problem.check, VerifyCheck::Signature | VerifyCheck::Envelope));
    VerifyReport {
        schema: "wireproof/verification/v1",
        verified: verified.is_sound(),
        granted: verified.is_granted(),
        signed_by: keys.iter().filter(|_| signed).map(PublicKey::id).collect(),
        nonce: nonce.map(Nonce::digits),
        problems: &verified.problems,
        rerun: done.rerun,
        proven: done.proven,
        profiles: claims.map(|claims| claims.profiles.as_slice()).unwrap_or_default(),
    }
}

fn human(
    out: &mut impl Write,
    verified: &Verified,
    keys: &[PublicKey],
    nonce: Option<&Nonce>,
    done: DoneAgain,
) -> io::Result<()> {
    for VerifyProblem { check, says } in &verified.problems {
        writeln!(out, "{}: {}", check.name(), line(says))?;
    }
    let Some(statement) = verified.statement.as_ref().filter(|_| verified.is_sound()) else {
        return writeln!(out, "not verified: {}", count(verified.problems.len(), "problem"));
    };
    conclusions(out, statement)?;
    if let (Some(model), Some(stated)) = (&verified.model, &statement.predicate.wireproof.stated.probes) {
        writeln!(out, "model: {}", line(&model_in_words(model, stated)))?;
    }
    writeln!(out, "verified:")?;
    shown(out, verified, statement, keys, (nonce, done))?;
    writeln!(out, "not proven:")?;
    not_shown(out, verified, statement, keys, (nonce, done))
}

/// The model of the probes, and what the verifier knows of it.
fn model_in_words(model: &VerifiedModel, stated: &StatedProbes) -> String {
    let known = match &model.standing {
        ModelStanding::Same => "the same as on this machine".to_owned(),
        ModelStanding::Differs(files) => format!("NOT that of this machine: {} differ", files.join(", ")),
        ModelStanding::Unknown => "the vendor's copy: this machine has none to compare".to_owned(),
    };
    let ModelIdentity { source, digest, .. } = &stated.model;
    let digest = digest.get(..12).unwrap_or_default();
    format!("{source}, sha256 {digest}…, {known}; {}", recipe_in_words(model.recipe))
}

/// What the verification shows.
fn shown(
    out: &mut impl Write,
    verified: &Verified,
    statement: &Statement,
    keys: &[PublicKey],
    (nonce, done): (Option<&Nonce>, DoneAgain),
) -> io::Result<()> {
    let claims = &statement.predicate.wireproof;
    let cases = claims.ledger.selected;
    let requests = match verified.underived {
        0 => "every request derived again from the seed".to_owned(),
        some => format!("the requests of {} derived again from the seed", count(cases.saturating_sub(some), "case")),
    };
    let files = count(claims.files.len() + 2, "file");
    writeln!(out, "  {files} intact, {} judged again, {requests}", count(cases, "case"))?;
    keys.iter().try_for_each(|key| writeln!(out, "  signed by {}", key.id()))?;
    if let (Some(stated), Some(_)) = (&claims.stated.nonce, nonce) {
        writeln!(out, "  nonce {}: the run is not older than the nonce", line(stated))?;
    }
    if let Some(Rerun { seed, compared, .. }) = done.rerun {
        let verb = if compared == 1 { "was" } else { "were" };
        let cases = count(compared, "case");
        writeln!(out, "  {cases} {verb} rerun with the same result (--rerun-seed {seed})")?;
    }
    if let Some(rows) = done.proven {
        writeln!(
            out,
            "  the kill matrix of {rows} mutants and constant endpoints was produced again with the same result"
        )?;
    }
    Ok(())
}

/// What remains to be trusted.
fn not_shown(
    out: &mut impl Write,
    verified: &Verified,
    statement: &Statement,
    keys: &[PublicKey],
    (nonce, done): (Option<&Nonce>, DoneAgain),
) -> io::Result<()> {
    let claims = &statement.predicate.wireproof;
    if done.rerun.is_none() {
        let name = line(&claims.stated.target.name);
        writeln!(out, "  that {name} sent these responses: --rerun N asks it again")?;
    }
    if keys.is_empty() {
        writeln!(out, "  who made it: unsigned, the author is unknown, and the responses may be invented")?;
    }
    match (&claims.stated.nonce, nonce) {
        (Some(_), Some(_)) => {}
        (Some(stated), None) => {
            let stated = line(stated);
            writeln!(
                out,
                "  when it was made: nonce {stated} proves it to the verifier who chose it and passes --nonce"
            )?;
        }
        (None, _) => writeln!(out, "  when it was made: no nonce, so the vendor chose the time and the seed")?,
    }
    if claims.stated.probes.is_some() {
        let groups = RequestGroup::ALL.map(RequestGroup::name).into_iter();
        let absent: Vec<&str> = groups.filter(|name| !claims.stated.requested.iter().any(|of| of == name)).collect();
        let absent = if absent.is_empty() { "none".to_owned() } else { absent.join(", ") };
        writeln!(out, "  what no probe of these groups covers (groups left out: {absent})")?;
        if verified.underived > 0 {
            let cases = count(verified.underived, "case");
            writeln!(out, "  the requests of {cases}: they name sensitive values, which the bundle does not contain")?;
        }
    } else if done.proven.is_none() {
        writeln!(out, "  that the suite detects faults: the kill matrix is the vendor's, --prove makes it again")?;
    }
    Ok(())
}
