//! `wireproof certify`: runs the cases of profiles or the probes of a model, and writes a bundle that others can verify.

mod bench;
mod certificate_text;
mod certified_model;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use clap::{Args, builder::BoolishValueParser};

use super::{
    Failure,
    execution::ExecutionArguments,
    key_files::{new_key, public_key, signing_key},
    select::{FixtureArguments, SnapshotArguments},
    target_arguments::TargetArguments,
    terminal::Progress,
    written,
};
use crate::{
    certificate::{
        bundle::{self, BundleContents},
        certificate_scope::{CertificateScope, CertifiedPlan},
        held_states::{HeldStates, HoldingPlan},
        nonce::{Claim, Nonce},
        probe_scope::StatedProbes,
        profile::Level,
        statement::{JudgeProof, RECORDING, StatedTarget, StatedUrl, StatementSubject},
    },
    harness::Runner,
    judge::redaction::SensitiveValues,
    proof::matrix::TOOL,
    report::{Json, Reporter as _},
    run::{
        event::Event,
        exit::ExitStatus,
        observer::OnEvent,
        recording::{Recorder, RecordingError},
        resolved_target::{ResolvedTarget, StateHandler},
    },
    suite::Plan,
};

pub(super) use bench::CertifyBench;
pub(super) use certificate_text::{conclusions, proof_in_words};
use certificate_text::{list, print};
use certified_model::{CertifiedModelArguments, without_sensitive};

const EXAMPLES: &str = "Examples:
  wireproof certify --list                                            list the profiles and their requirements
  wireproof certify --new-key vendor.pem                              create a signing key
  wireproof certify --profile wire,auth --out bundle --endpoint URL --target-name Acme --target-version 3.1 \\
      --mutants run --nonce 5f0c9f0e7a1b2c3d4e5f60718293a4b5 --key vendor.pem
  wireproof certify --profile full --out bundle --endpoint URL --target-name Acme --target-version 3.1 \\
      --proof wireproof.proof.json --proof-key release.pem.pub        without a run of the mutants
  wireproof certify --model botocore:sqs --out bundle --endpoint URL --target-name Acme --target-version 3.1 \\
      --probes sdk,behaviour --key vendor.pem                         certify the probes of any service
  wireproof verify bundle --key vendor.pem.pub --nonce 5f0c…          the customer's check

Exit status:
    0  granted
    1  not granted; the bundle lists what is missing
    2  usage, configuration or fixture error";

/// Arguments of `wireproof certify`.
#[derive(Debug, Args)]
#[group(skip)]
#[command(after_help = EXAMPLES, mut_arg("profile", |argument| argument.long("aws-profile")))]
pub(super) struct CertifyArguments {
    #[command(flatten)]
    target: TargetArguments,

    #[command(flatten)]
    execution: ExecutionArguments,

    #[command(flatten)]
    fixtures: FixtureArguments,

    #[command(flatten)]
    snapshots: SnapshotArguments,

    #[command(flatten)]
    claim: ClaimArguments,

    #[command(flatten)]
    model: CertifiedModelArguments,
}

/// The claim of the certificate.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Certificate")]
struct ClaimArguments {
    /// List the profiles, and run nothing.
    #[arg(long, value_parser = BoolishValueParser::new())]
    list: bool,

    /// Write a new private key to FILE and its public key to FILE.pub, and run nothing.
    #[arg(long, value_name = "FILE")]
    new_key: Option<PathBuf>,

    /// Profile to certify: wire, constraints, behaviour, auth, or full for all of them (repeatable).
    #[arg(id = "certified", long = "profile", value_name = "NAME", value_delimiter = ',', env = "WIREPROOF_CERTIFY_PROFILE", required_unless_present_any = ["list", "new_key", "model"])]
    profiles: Vec<String>,

    /// Certify only this service, by folder name (repeatable).
    #[arg(long, value_name = "NAME", env = "WIREPROOF_CERTIFY_SERVICE", value_delimiter = ',')]
    service: Vec<String>,

    /// Level to reach: core or extended.
    #[arg(long, value_name = "LEVEL", env = "WIREPROOF_LEVEL", default_value = "core", value_parser = level)]
    level: Level,

    /// Folder for the bundle; it must be new or empty.
    #[arg(long, value_name = "DIR", env = "WIREPROOF_OUT", required_unless_present_any = ["list", "new_key"])]
    out: Option<PathBuf>,

    /// Name of the certified product, as its vendor states it.
    #[arg(long, value_name = "TEXT", env = "WIREPROOF_TARGET_NAME", required_unless_present_any = ["list", "new_key"])]
    target_name: Option<String>,

    /// Version of the certified product, as its vendor states it.
    #[arg(long, value_name = "TEXT", env = "WIREPROOF_TARGET_VERSION", required_unless_present_any = ["list", "new_key"])]
    target_version: Option<String>,

    /// Nonce from the verifier; it determines the seed and proves freshness.
    #[arg(long, value_name = "HEX", env = "WIREPROOF_NONCE", value_parser = nonce, conflicts_with = "seed")]
    nonce: Option<Nonce>,

    /// Sign with this Ed25519 key, in PKCS#8 PEM or as 64 hexadecimal digits.
    #[arg(long, value_name = "FILE", env = "WIREPROOF_KEY")]
    key: Option<PathBuf>,

    /// Kill matrix: `run` to produce it, which takes some minutes, or a file from `wireproof mutants --report json`.
    #[arg(long, value_name = "run|FILE", env = "WIREPROOF_MUTANTS")]
    mutants: Option<String>,

    /// Signed statement about the kill matrix, which ships with a release and replaces --mutants; needs --proof-key.
    #[arg(long, value_name = "FILE", env = "WIREPROOF_PROOF", conflicts_with = "mutants")]
    proof: Option<PathBuf>,

    /// Require a statement about the kill matrix that only this public key has signed, in PEM or as 64 hexadecimal digits.
    #[arg(long, value_name = "FILE", env = "WIREPROOF_PROOF_KEY")]
    proof_key: Option<PathBuf>,
}

fn level(text: &str) -> Result<Level, String> {
    let known = [Level::Core, Level::Extended].into_iter().find(|level| level.name() == text);
    known.ok_or_else(|| "expected core or extended".to_owned())
}

pub(super) fn nonce(text: &str) -> Result<Nonce, String> {
    Nonce::read(text).map_err(|error| error.to_string())
}

pub(super) fn run(arguments: &CertifyArguments) -> Result<ExitStatus, Failure> {
    if let Some(path) = &arguments.claim.new_key {
        return new_key(path);
    }
    let bench = || CertifyBench::load(&arguments.fixtures, &arguments.snapshots);
    if arguments.claim.list {
        return written(list(&bench()?)).map(|()| ExitStatus::Conforms);
    }
    let execution = arguments.execution.for_certificate()?;
    let key = arguments.claim.key.as_deref().map(signing_key).transpose()?;
    let out = arguments.claim.out.as_deref().map(fresh).transpose()?.unwrap_or(Path::new("."));
    arguments.target.check_certifiable()?;
    let bench = bench()?;
    bench.check_names(&arguments.claim.profiles, &arguments.claim.service)?;
    let probes = arguments.model.scope(&bench.places)?;
    let scope = probes.as_ref().map_or_else(|| bench.scope(), |(scope, _)| CertificateScope::Probes(scope));
    let proof_key = arguments.claim.proof_key.as_deref().filter(|_| arguments.claim.proof.is_some());
    let proof_key = proof_key.map(public_key).transpose()?;
    let matrix = bench.matrix(arguments.claim.mutants.as_deref())?;
    let stated_proof = bench.stated_proof(arguments.claim.proof.as_deref(), proof_key.as_ref())?;
    let proof = stated_proof.as_ref().map(JudgeProof::Statement).or(matrix.as_ref().map(JudgeProof::Matrix));
    let stated = probes.as_ref().map(|(_, stated)| stated.clone());
    let made = arguments.target.runtime()?.block_on(made(arguments, &execution, (&bench, scope), stated, out))?;
    let contents = BundleContents {
        stated: &made.stated,
        scope,
        report: &made.report,
        proof,
        held: &made.held,
        key: key.as_ref(),
    };
    let statement = bundle::write(out, &contents).map_err(|error| Failure::internal(error.to_string()))?;
    bench.prove(out, key.as_ref(), proof_key.as_ref(), arguments.claim.nonce.as_ref())?;
    written(print(out, &statement, key.as_ref()))?;
    Ok(if statement.predicate.wireproof.granted { ExitStatus::Conforms } else { ExitStatus::Deviates })
}

/// The contributions of a run to a bundle, besides the recording.
struct Made {
    stated: StatementSubject,
    report: Vec<u8>,
    held: Vec<HeldStates>,
}

/// Runs the cases, and records them in the bundle.
async fn made(
    arguments: &CertifyArguments,
    execution: &ExecutionArguments,
    (bench, scope): (&CertifyBench, CertificateScope<'_>),
    probes: Option<StatedProbes>,
    out: &Path,
) -> Result<Made, Failure> {
    let claim = &arguments.claim;
    let name = claim.target_name.clone().unwrap_or_default();
    let version = claim.target_version.clone().unwrap_or_default();
    let mut endpoint = arguments.target.resolved(scope.suite())?;
    arguments.model.check_writes(endpoint.target.endpoint.is_loopback())?;
    endpoint.target.name = format!("{name} {version}");
    let groups = probes.iter().flat_map(|probes| &probes.groups).map(|group| group.name().to_owned());
    let mut stated = StatementSubject {
        tool: TOOL.to_owned(),
        target: stated_target(&endpoint.target, name, version),
        requested: claim.profiles.iter().cloned().chain(groups).collect(),
        services: claim.service.iter().cloned().chain(probes.iter().map(|of| of.model.service.clone())).collect(),
        probes,
        level: claim.level,
        nonce: claim.nonce.as_ref().map(|nonce| nonce.digits().to_owned()),
        started_ms: now(),
        finished_ms: 0,
    };
    let seed = seed(arguments, execution, scope, &stated.target);
    let CertifiedPlan { plan, coverage } = scope.plan(&stated, seed);
    let runner = execution.runner(Arc::clone(scope.suite()), endpoint, seed, SensitiveValues::Hidden).await?;
    let snapshots = match scope {
        CertificateScope::Profiles { .. } => Arc::clone(&bench.snapshots),
        CertificateScope::Probes(_) => Arc::default(),
    };
    let mut plan = HoldingPlan::new(plan);
    let report = recorded(&runner.snapshots(snapshots).coverage(coverage), &mut plan, out).await?;
    stated.finished_ms = now();
    let failed = |error: RecordingError| Failure::internal(format!("cannot read back the bundle: {error}"));
    let held = without_sensitive(plan.into_held(), &out.join(RECORDING)).map_err(failed)?;
    Ok(Made { stated, report, held })
}

/// The seed of the run. It is derived from the nonce, if there is one.
fn seed(
    arguments: &CertifyArguments,
    execution: &ExecutionArguments,
    scope: CertificateScope<'_>,
    stated: &StatedTarget,
) -> u64 {
    let of = Claim { suite: scope.suite().digest(), target: &stated.name, version: &stated.version };
    let nonce = arguments.claim.nonce.as_ref();
    nonce.map_or_else(|| execution.seed(), |nonce| nonce.seed(of))
}

/// Runs and records the cases. Returns their report.
async fn recorded(runner: &Runner, plan: &mut dyn Plan, out: &Path) -> Result<Vec<u8>, Failure> {
    let mut report = Vec::new();
    let mut json = Json::new(&mut report);
    let mut written = Ok(());
    let reporter = OnEvent(|event: &Event| {
        if written.is_ok() {
            written = json.event(event);
        }
    });
    let mut recorder = Recorder::new(out.join(RECORDING), None);
    let progress = Progress::of_cases(plan.selected(), false);
    runner.run(plan, &mut (progress, (reporter, &mut recorder))).await;
    written
        .and_then(|()| recorder.close())
        .map_err(|error| Failure::internal(format!("cannot write the bundle: {error}")))?;
    Ok(report)
}

/// The target for the statement, without credentials.
fn stated_target(target: &ResolvedTarget, name: String, version: String) -> StatedTarget {
    StatedTarget {
        name,
        version,
        endpoint: target.endpoint.to_string(),
        region: target.region.clone(),
        other_region: target.other_region.clone(),
        denied_identity: target.denied.is_some(),
        other_account: target.other_account.is_some(),
        state_change: target.state_handler.as_ref().and_then(stated_url),
        states: target.states.clone(),
    }
}

fn stated_url(handler: &StateHandler) -> Option<StatedUrl> {
    match handler {
        StateHandler::Url { endpoint, path } => Some(StatedUrl { endpoint: endpoint.to_string(), path: path.clone() }),
        StateHandler::Function(_) => None,
    }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Checks that a folder is new or empty.
fn fresh(path: &Path) -> Result<&Path, Failure> {
    let failed = |error: io::Error| Failure::usage(format!("cannot use {}: {error}", path.display()));
    fs::create_dir_all(path).map_err(failed)?;
    match fs::read_dir(path).map_err(failed)?.next() {
        None => Ok(path),
        Some(_) => Err(Failure::usage(format!(
            "{} is not empty\nhelp: name a new or empty folder for the bundle",
            path.display()
        ))),
    }
}
