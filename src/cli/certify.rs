//! `wireproof certify`: a run by profiles, as a bundle that others can check.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use clap::{Args, builder::BoolishValueParser};

use super::{
    Failure, pace::PaceArguments, run::interrupt, runtime, select::FixtureArguments, target::TargetArguments, written,
};
use crate::{
    certificate::{
        bundle::{self, Contents},
        decision::Decision,
        key::SigningKey,
        profile::{Level, Profile, Profiles},
        seed::{Claim, Nonce},
        statement::{Stated, StatedTarget, StatedUrl, Statement, TRANSCRIPTS, foreign},
        suite::SuiteDigest,
        verify::Verifier,
    },
    event::Event,
    exit::ExitStatus,
    golden::Goldens,
    matrix::{KillMatrix, TOOL},
    proof::Proof,
    recording::Recorder,
    report::{Json, Reporter as _},
    scenario::{Batch, Case, Files, Suite, nearest},
    session::{Options, Session},
    target::Target,
    transport::Wire,
};

const EXAMPLES: &str = "Examples:
  wireproof certify --list                                            the profiles, with their statements
  wireproof certify --new-key vendor.pem                              a key to sign with
  wireproof certify --profile wire,auth --out bundle --endpoint URL --target-name Acme --target-version 3.1 \\
      --mutants run --nonce 5f0c9f0e7a1b2c3d4e5f60718293a4b5 --key vendor.pem
  wireproof verify bundle --key vendor.pem.pub --nonce 5f0c…          what the customer runs

Exit status:
    0  granted
    1  not granted; the bundle says what is missing
    2  usage, configuration or fixture error";

/// Arguments of `wireproof certify`.
#[derive(Debug, Args)]
#[group(skip)]
#[command(after_help = EXAMPLES, mut_arg("profile", |argument| argument.long("aws-profile")))]
pub(super) struct Arguments {
    #[command(flatten)]
    target: TargetArguments,

    #[command(flatten)]
    pace: PaceArguments,

    #[command(flatten)]
    fixtures: FixtureArguments,

    #[command(flatten)]
    claim: ClaimArguments,
}

/// What is certified.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Certificate")]
struct ClaimArguments {
    /// Show the profiles, and run nothing.
    #[arg(long, value_parser = BoolishValueParser::new())]
    list: bool,

    /// Write a new private key here, its public half beside it as FILE.pub, and run nothing.
    #[arg(long, value_name = "FILE")]
    new_key: Option<PathBuf>,

    /// Profiles that are to be granted: wire, constraints, behaviour, auth, or full for all of them (repeatable).
    #[arg(id = "certified", long = "profile", value_name = "NAME", value_delimiter = ',', env = "WIREPROOF_CERTIFY_PROFILE", required_unless_present_any = ["list", "new_key"])]
    profiles: Vec<String>,

    /// Only the profiles of this service, by its folder (repeatable).
    #[arg(long, value_name = "NAME", env = "WIREPROOF_CERTIFY_SERVICE", value_delimiter = ',')]
    service: Vec<String>,

    /// The level that must be reached: core or extended.
    #[arg(long, value_name = "LEVEL", env = "WIREPROOF_LEVEL", default_value = "core", value_parser = level)]
    level: Level,

    /// The folder of the bundle, which must be new or empty.
    #[arg(long, value_name = "DIR", env = "WIREPROOF_OUT", required_unless_present_any = ["list", "new_key"])]
    out: Option<PathBuf>,

    /// The name of what is certified, as its vendor states it.
    #[arg(long, value_name = "TEXT", env = "WIREPROOF_TARGET_NAME", required_unless_present_any = ["list", "new_key"])]
    target_name: Option<String>,

    /// Its version, as its vendor states it.
    #[arg(long, value_name = "TEXT", env = "WIREPROOF_TARGET_VERSION", required_unless_present_any = ["list", "new_key"])]
    target_version: Option<String>,

    /// What the verifier gave: the seed is derived from it, so that the run cannot be older.
    #[arg(long, value_name = "HEX", env = "WIREPROOF_NONCE", value_parser = nonce, conflicts_with = "seed")]
    nonce: Option<Nonce>,

    /// Sign with this Ed25519 key: PKCS#8 in PEM, or 64 hexadecimal digits.
    #[arg(long, value_name = "FILE", env = "WIREPROOF_KEY")]
    key: Option<PathBuf>,

    /// The kill matrix: `run` makes it, which takes about a minute; else a file of `wireproof mutants --report json`.
    #[arg(long, value_name = "run|FILE", env = "WIREPROOF_MUTANTS")]
    mutants: Option<String>,
}

fn level(text: &str) -> Result<Level, String> {
    let known = [Level::Core, Level::Extended].into_iter().find(|level| level.name() == text);
    known.ok_or_else(|| "expected core or extended".to_owned())
}

pub(super) fn nonce(text: &str) -> Result<Nonce, String> {
    Nonce::read(text).map_err(|error| error.to_string())
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitStatus, Failure> {
    if let Some(path) = &arguments.claim.new_key {
        return new_key(path);
    }
    let bench = Bench::load(&arguments.fixtures)?;
    if arguments.claim.list {
        return written(list(&bench)).map(|()| ExitStatus::Conforms);
    }
    let key = arguments.claim.key.as_deref().map(signing_key).transpose()?;
    let out = arguments.claim.out.as_deref().map(fresh).transpose()?.unwrap_or(Path::new("."));
    let cases = bench.cases(&arguments.claim)?;
    let matrix = bench.matrix(arguments.claim.mutants.as_deref())?;
    let made = runtime()?.block_on(made(arguments, &bench, cases, out))?;
    let contents = Contents {
        stated: &made.stated,
        suite: &bench.suite,
        digest: &bench.digest,
        profiles: &bench.profiles,
        report: &made.report,
        matrix: matrix.as_ref(),
        key: key.as_ref(),
    };
    let statement = bundle::write(out, &contents).map_err(|error| Failure::internal(error.to_string()))?;
    bench.prove(out, key.as_ref(), arguments.claim.nonce.as_ref())?;
    written(tell(out, &statement, key.as_ref()))?;
    Ok(if statement.predicate.wireproof.granted { ExitStatus::Conforms } else { ExitStatus::Deviates })
}

/// The suite at hand, with all that a certificate needs of it.
pub(super) struct Bench {
    pub(super) suite: Arc<Suite>,
    pub(super) goldens: Arc<Goldens>,
    pub(super) profiles: Profiles,
    pub(super) digest: SuiteDigest,
}

impl Bench {
    pub(super) fn load(fixtures: &FixtureArguments) -> Result<Self, Failure> {
        let broken = |error: String| Failure::usage(error);
        let found = fixtures.files()?;
        Suite::read(&found).map_err(|error| broken(error.to_string()))?;
        // Reports name fixtures by where they stand: a bundle must say the same on every machine.
        let files = Files::from_texts(found.iter().map(|(path, text)| (path.to_owned(), text.to_owned())));
        let suite = Suite::read(&files).map_err(|error| broken(error.to_string()))?;
        let profiles = Profiles::read(&files, &suite).map_err(|error| broken(error.to_string()))?;
        let snapshots = snapshot_files(fixtures)?;
        let digest = SuiteDigest::of(&files, &snapshots);
        let goldens = Arc::new(Goldens::new(snapshots));
        Ok(Self { suite: Arc::new(suite), goldens, profiles, digest })
    }

    /// The cases of the profiles that are asked for.
    fn cases(&self, claim: &ClaimArguments) -> Result<Vec<Case>, Failure> {
        let known = |wanted: &[String], name: fn(&Profile) -> &str| -> Result<(), Failure> {
            let unknown = wanted.iter().find(|wanted| !self.profiles.iter().any(|profile| name(profile) == *wanted));
            let Some(wrong) = unknown else { return Ok(()) };
            let meant = nearest(wrong, self.profiles.iter().map(name));
            let hint = meant.map(|name| format!("; did you mean {name}?")).unwrap_or_default();
            Err(Failure::usage(format!("no profile has {wrong:?}{hint} `wireproof certify --list` shows them")))
        };
        known(&claim.profiles, |profile| &profile.name)?;
        known(&claim.service, |profile| &profile.service)?;
        Ok(bundle::cases(&self.suite, &self.profiles.select(&claim.profiles, &claim.service)))
    }

    /// The kill matrix, made or read.
    fn matrix(&self, from: Option<&str>) -> Result<Option<KillMatrix>, Failure> {
        let matrix = match from {
            None => return Ok(None),
            Some("run") => self.proof()?,
            Some(path) => {
                let text = fs::read(path).map_err(|error| Failure::usage(format!("cannot read {path}: {error}")))?;
                serde_json::from_slice(&text)
                    .map_err(|error| Failure::usage(format!("{path} is no kill matrix: {error}")))?
            }
        };
        match foreign(&matrix, self.suite.digest(), TOOL) {
            Some(foreign) => Err(Failure::usage(format!("{foreign}; `--mutants run` makes another"))),
            None => Ok(Some(matrix)),
        }
    }

    /// The proof of this suite's judge.
    pub(super) fn proof(&self) -> Result<KillMatrix, Failure> {
        let proof = Proof {
            suite: Arc::clone(&self.suite),
            goldens: Arc::clone(&self.goldens),
            only: Vec::new(),
            exhaustive: false,
            judge_again: false,
            jobs: std::thread::available_parallelism().map_or(2, Into::into),
            seed: 1,
        };
        proof.run(&|_, _| {}).map_err(|error| Failure::usage(error.to_string()))
    }

    /// No bundle is handed out that does not verify.
    fn prove(&self, out: &Path, key: Option<&SigningKey>, nonce: Option<&Nonce>) -> Result<(), Failure> {
        let keys: Vec<_> = key.map(SigningKey::public).into_iter().collect();
        let verified = self.verifier(&keys, nonce).verify(out);
        match verified.problems.first() {
            None => Ok(()),
            Some(problem) => Err(Failure::internal(format!(
                "the bundle does not verify ({}: {}): this is an error of wireproof",
                problem.check.name(),
                problem.says
            ))),
        }
    }

    pub(super) fn verifier<'b>(
        &'b self,
        keys: &'b [crate::certificate::key::PublicKey],
        nonce: Option<&'b Nonce>,
    ) -> Verifier<'b> {
        let Self { suite, goldens, profiles, digest } = self;
        Verifier { suite, goldens, profiles, digest, keys, nonce }
    }
}

/// What a run gives to a bundle, beside the recording.
struct Made {
    stated: Stated,
    report: Vec<u8>,
}

/// Runs the cases, and records them in the bundle.
async fn made(arguments: &Arguments, bench: &Bench, cases: Vec<Case>, out: &Path) -> Result<Made, Failure> {
    let claim = &arguments.claim;
    let (name, version) =
        (claim.target_name.clone().unwrap_or_default(), claim.target_version.clone().unwrap_or_default());
    let (mut target, reference) = arguments.target.target(&bench.suite).await?;
    target.name = format!("{name} {version}");
    let stated_target = stated_target(&target, name, version);
    let of = Claim { suite: bench.suite.digest(), target: &stated_target.name, version: &stated_target.version };
    let seed = claim.nonce.as_ref().map_or_else(|| arguments.pace.seed(), |nonce| nonce.seed(of));
    let session = Session {
        suite: Arc::clone(&bench.suite),
        target: Arc::new(target),
        transport: Arc::new(Wire::new(&arguments.pace.settings()?).map_err(|error| Failure::usage(error.to_string()))?),
        goldens: Arc::clone(&bench.goldens),
        // A certificate has no use for a run that ends early.
        options: Options { fail_fast: false, ..arguments.pace.options(seed)? },
        interrupt: interrupt(),
        restart: arguments.pace.restart(),
    };
    let mut report = Vec::new();
    let mut json = Json::new(&mut report);
    let mut recorder = Recorder::new(out.join(TRANSCRIPTS), None);
    let mut failed = Ok(());
    let mut sink = |event: Event| {
        if failed.is_ok() {
            failed = json.event(&event).and_then(|()| recorder.event(&event));
        }
    };
    let started_ms = now();
    session.run(&mut Batch::new(cases), &mut sink).await;
    let finished_ms = now();
    failed.map_err(|error| Failure::internal(format!("the bundle cannot be written: {error}")))?;
    if let Some(reference) = reference {
        reference.stop().await;
    }
    let stated = Stated {
        tool: TOOL.to_owned(),
        target: stated_target,
        asked: claim.profiles.clone(),
        services: claim.service.clone(),
        level: claim.level,
        nonce: claim.nonce.as_ref().map(|nonce| nonce.digits().to_owned()),
        started_ms,
        finished_ms,
    };
    Ok(Made { stated, report })
}

/// The target as the statement has it: without a credential.
fn stated_target(target: &Target, name: String, version: String) -> StatedTarget {
    StatedTarget {
        name,
        version,
        endpoint: target.endpoint.to_string(),
        region: target.region.clone(),
        other_region: target.other_region.clone(),
        denied_identity: target.denied.is_some(),
        other_account: target.other_account.is_some(),
        state_change: target
            .state_change
            .as_ref()
            .map(|url| StatedUrl { endpoint: url.endpoint.to_string(), path: url.path.clone() }),
        states: target.states.clone(),
    }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A folder that is new, or empty.
fn fresh(path: &Path) -> Result<&Path, Failure> {
    let failed = |error: io::Error| Failure::usage(format!("cannot use {}: {error}", path.display()));
    fs::create_dir_all(path).map_err(failed)?;
    match fs::read_dir(path).map_err(failed)?.next() {
        None => Ok(path),
        Some(_) => Err(Failure::usage(format!("{} is not empty: a bundle holds nothing else", path.display()))),
    }
}

fn signing_key(path: &Path) -> Result<SigningKey, Failure> {
    let failed = |error: String| Failure::usage(format!("{}: {error}", path.display()));
    let text = fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    SigningKey::read(&text).map_err(|error| failed(error.to_string()))
}

/// A new key in a file that nobody else may read, and its public half beside it.
fn new_key(path: &Path) -> Result<ExitStatus, Failure> {
    let failed = |error: io::Error| Failure::usage(format!("cannot write {}: {error}", path.display()));
    let text = SigningKey::fresh().map_err(|error| Failure::internal(error.to_string()))?;
    let public = SigningKey::read(&text).map_err(|error| Failure::internal(error.to_string()))?.public();
    private(path).and_then(|mut file| file.write_all(text.as_bytes())).map_err(failed)?;
    let mut beside = path.as_os_str().to_owned();
    beside.push(".pub");
    fs::write(&beside, public.pem()).map_err(failed)?;
    written(writeln!(io::stdout(), "{}", public.hex()))?;
    Ok(ExitStatus::Conforms)
}

/// A file that was not there before.
fn private(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn list(bench: &Bench) -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout());
    for profile in bench.profiles.iter() {
        let Profile { service, name, says, .. } = profile;
        let (core, extended) = (profile.count(Level::Core), profile.count(Level::Extended));
        let cases = profile.cases(&bench.suite);
        writeln!(out, "{service} {name}: {says}")?;
        writeln!(out, "  {core} core and {extended} extended statements, {} cases", cases.len())?;
        for level in [Level::Core, Level::Extended] {
            let ids = profile.statements.iter().filter(|(_, of)| **of == level).map(|(id, _)| id.as_str());
            let ids: Vec<&str> = ids.collect();
            if !ids.is_empty() {
                writeln!(out, "  {}: {}", level.name(), ids.join(" "))?;
            }
        }
    }
    for (id, reason) in bench.profiles.outside() {
        writeln!(out, "{id} is in no profile: {reason}")?;
    }
    out.flush()
}

/// So many things that are missing are told; the statement has all of them.
const MOST: usize = 12;

fn tell(root: &Path, statement: &Statement, key: Option<&SigningKey>) -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout());
    conclusions(&mut out, statement)?;
    match key {
        Some(key) => writeln!(out, "signed by {}", key.public().hex())?,
        None => writeln!(out, "unsigned: nothing says who made it")?,
    }
    writeln!(out, "bundle in {}", root.display())?;
    out.flush()
}

/// What a certificate grants, and what is missing.
pub(super) fn conclusions(out: &mut impl Write, statement: &Statement) -> io::Result<()> {
    let claims = &statement.predicate.wireproof;
    for Decision { service, profile, granted, cases, statements, missing } in &claims.profiles {
        let granted = granted.map_or("not granted", Level::name);
        writeln!(out, "{service} {profile}: {granted} ({cases} cases, {statements} statements)")?;
        for missing in missing.iter().take(MOST) {
            writeln!(out, "  {} lacks {}: {}", missing.level.name(), missing.what, missing.because)?;
        }
        if missing.len() > MOST {
            writeln!(out, "  and {} more, in statement.json", missing.len() - MOST)?;
        }
    }
    for missing in &claims.missing {
        writeln!(out, "missing: {missing}")?;
    }
    let (name, version) = (&claims.stated.target.name, &claims.stated.target.version);
    let granted = if claims.granted { "granted" } else { "not granted" };
    writeln!(out, "{granted} to {name} {version} at {}, seed {}", claims.stated.target.endpoint, claims.seed)
}

/// The files that goldens are read from: other fixtures have other goldens.
pub(super) fn snapshot_files(fixtures: &FixtureArguments) -> Result<Files, Failure> {
    match (&fixtures.snapshots, &fixtures.fixtures) {
        (Some(folder), _) => Files::folder(folder).map_err(|error| Failure::usage(error.to_string())),
        (None, Some(_)) => Ok(Files::default()),
        (None, None) => Ok(Files::bundled_snapshots()),
    }
}
