//! `wireproof mutants`: runs the whole suite against every mutant and every constant endpoint.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::{Args, builder::BoolishValueParser};

use super::{
    Failure,
    key_files::signing_key,
    report_arguments::{DocumentReports, WantedReport, report_help},
    select::{FixtureArguments, SnapshotArguments},
    terminal::{Progress, width},
    written,
};
use crate::{
    certificate::{
        certified_digest::CertifiedDigest,
        key::CertificateKey,
        proof_statement::{JudgeIdentity, ProofClaims},
    },
    proof::{
        Proof, ProofError,
        matrix::{
            KillMatrix, TOOL,
            matrix_report::{self, MatrixOptions},
        },
    },
    report::{DocumentKind, Format, PendingFile},
    run::exit::ExitStatus,
    suite::GlobList,
};

const EXAMPLES: &str = "Examples:
  wireproof mutants                                run every mutant and every constant endpoint
  wireproof mutants --only '*/StopDeployment/*'    run the mutants of one operation
  wireproof mutants --only state --report json     run one family, and print JSON
  wireproof mutants --only 'constant/*'            run the constant endpoints alone
  wireproof mutants --report html=matrix.html      write the matrix as a web page
  wireproof mutants --statement wireproof.proof.json --key release.pem
                                                   sign the result for certificates

Exit status:
    0  every mutant is detected, equivalent or inconclusive, and each case that conforms on a constant
       endpoint has a reason
    1  a mutant is not detected, or a case conforms on a constant endpoint without a reason";

/// Arguments of `wireproof mutants`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(super) struct MutantsArguments {
    /// Run only mutants and constant endpoints whose ID matches this glob or contains this text (repeatable).
    #[arg(long, value_name = "GLOB", env = "WIREPROOF_ONLY")]
    only: Vec<GlobList>,

    /// Number of mutants and constant endpoints to run concurrently [default: number of processors].
    #[arg(short, long = "jobs", value_name = "N", env = "WIREPROOF_MUTANT_JOBS", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,

    /// Seed for generated names; makes a run reproducible.
    #[arg(long, value_name = "N", env = "WIREPROOF_SEED", default_value_t = 1)]
    seed: u64,

    /// Write the matrix.
    #[arg(
        long,
        value_name = "FORMAT[=PATH]",
        env = "WIREPROOF_MUTANT_REPORT",
        value_delimiter = ',',
        help = report_help(DocumentKind::KillMatrix),
        value_parser = WantedReport::parser(DocumentKind::KillMatrix)
    )]
    report: Vec<WantedReport>,

    /// Print every mutant, not only those with an unexpected result.
    #[arg(long, short)]
    verbose: bool,

    /// Run every case against every mutant, instead of stopping after three detections.
    #[arg(long)]
    exhaustive: bool,

    /// Record each run, judge the recording again, and require the same result.
    #[arg(long, env = "WIREPROOF_JUDGE_AGAIN", value_parser = BoolishValueParser::new())]
    judge_again: bool,

    /// Write a signed statement about the kill matrix, for `certify --proof`; the judge must be proven. Needs --key.
    #[arg(long, value_name = "FILE", env = "WIREPROOF_PROOF_STATEMENT", conflicts_with_all = ["only", "list"])]
    statement: Option<PathBuf>,

    /// Sign the statement with this Ed25519 key, in PKCS#8 PEM or as 64 hexadecimal digits.
    #[arg(long, value_name = "FILE", env = "WIREPROOF_KEY")]
    key: Option<PathBuf>,

    /// List the mutants and constant endpoints, and run nothing.
    #[arg(long)]
    list: bool,

    #[command(flatten)]
    fixtures: FixtureArguments,

    #[command(flatten)]
    snapshots: SnapshotArguments,
}

pub(super) fn run(arguments: &MutantsArguments) -> Result<ExitStatus, Failure> {
    let jobs = arguments.jobs.map_or_else(|| std::thread::available_parallelism().map_or(2, Into::into), usize::from);
    let proof = Proof {
        suite: Arc::new(arguments.fixtures.suite()?),
        snapshots: Arc::new(arguments.snapshots.load(&arguments.fixtures)?),
        only: arguments.only.iter().flat_map(|list| list.0.clone()).collect(),
        exhaustive: arguments.exhaustive,
        judge_again: arguments.judge_again,
        jobs,
        seed: arguments.seed,
    };
    if arguments.list {
        return list(&proof);
    }
    let statement = arguments.statement.as_deref().map(|path| PendingStatement::open(path, arguments)).transpose()?;
    let reports = DocumentReports::open(&arguments.report)?;
    let matrix = proven(&proof)?;
    reports.write(|format, color, out| write(arguments, format, color, &matrix, out))?;
    if arguments.judge_again {
        let runs = 1 + matrix.mutants.len() + matrix.constant_endpoints.len();
        written(writeln!(anstream::stderr(), "judged {runs} recordings again, each with the same result"))?;
    }
    if let Some(statement) = statement {
        statement.write(&matrix)?;
    }
    Ok(if matrix.is_proven() { ExitStatus::Conforms } else { ExitStatus::Deviates })
}

/// A statement about a kill matrix that does not exist yet.
struct PendingStatement {
    judge: JudgeIdentity,
    key: CertificateKey,
    file: PendingFile,
    path: PathBuf,
}

impl PendingStatement {
    /// Reads the key and starts the file, because a run takes minutes.
    fn open(path: &Path, arguments: &MutantsArguments) -> Result<Self, Failure> {
        let key = arguments.key.as_deref().ok_or_else(|| Failure::alone("--statement", "--key FILE"))?;
        let (key, path) = (signing_key(key)?, path.to_owned());
        let snapshots = arguments.snapshots.files(&arguments.fixtures)?;
        let judge = JudgeIdentity::of(&CertifiedDigest::of(&arguments.fixtures.files()?, &snapshots));
        let file = PendingFile::create(&path).map_err(|error| unwritable(&path, &error))?;
        Ok(Self { judge, key, file, path })
    }

    /// Writes the statement if the kill matrix proves the judge.
    fn write(self, matrix: &KillMatrix) -> Result<(), Failure> {
        let Self { judge, key, file, path } = self;
        let claims = match ProofClaims::of(judge, matrix) {
            Ok(claims) => claims,
            Err(error) => return written(writeln!(anstream::stderr(), "no statement was written: {error}")),
        };
        let text = claims.envelope(&key);
        let put = |mut out: Box<dyn Write>| out.write_all(text.as_bytes()).and_then(|()| out.flush());
        let put = file.writer().and_then(|out| put(Box::new(out))).and_then(|()| file.commit());
        put.map_err(|error| unwritable(&path, &error))?;
        let key = key.public().id();
        written(writeln!(anstream::stderr(), "the statement of {key} for {TOOL} is in {}", path.display()))
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!("cannot write {}: {error}", path.display()))
}

/// Runs a proof, and shows its progress.
pub(super) fn proven(proof: &Proof) -> Result<KillMatrix, Failure> {
    let progress = Progress::of_work();
    let matrix = proof.run(&|done, all| progress.set(done, all)).map_err(failure)?;
    progress.clear();
    Ok(matrix)
}

fn list(proof: &Proof) -> Result<ExitStatus, Failure> {
    let listings = proof.listings().map_err(failure)?;
    let mut out = io::BufWriter::new(io::stdout());
    let mut lines = || listings.iter().try_for_each(|listing| writeln!(out, "{}\t{}", listing.id, listing.says));
    written(lines())?;
    written(out.flush())?;
    let _ = writeln!(io::stderr(), "{} listed", listings.len());
    Ok(ExitStatus::Conforms)
}

fn failure(error: ProofError) -> Failure {
    match error {
        ProofError::Endpoint(_) | ProofError::NothingFits(_) => Failure::usage(error.to_string()),
        other => Failure::internal(other.to_string()),
    }
}

fn write(
    arguments: &MutantsArguments,
    format: Format,
    color: bool,
    matrix: &KillMatrix,
    mut out: &mut dyn Write,
) -> io::Result<()> {
    let rerun = rerun(arguments);
    if format == Format::JSON {
        matrix_report::json(matrix, &mut out)
    } else if format == Format::HTML {
        matrix_report::html(matrix, &rerun, &mut out)
    } else {
        let options = MatrixOptions { color, width: width(), verbose: arguments.verbose, rerun };
        matrix_report::human(matrix, &options, &mut out)
    }
}

/// The flags for rerunning a single mutant.
fn rerun(arguments: &MutantsArguments) -> String {
    let mut words = vec![format!("--seed {}", arguments.seed)];
    words.extend(arguments.fixtures.fixtures.iter().map(|folder| format!("--fixtures {}", folder.display())));
    words.extend(arguments.snapshots.snapshots.iter().map(|folder| format!("--snapshots {}", folder.display())));
    words.join(" ")
}
