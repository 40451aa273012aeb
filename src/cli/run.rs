//! `wireproof run`: replay and judge.

use std::{
    fs::File,
    io::{self, BufWriter, IsTerminal as _, Write},
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use clap::{Args, builder::BoolishValueParser};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::sync::watch;

use super::{Failure, runtime, select::SelectArguments, target::TargetArguments};
use crate::{
    event::{CaseFinished, Event, RunFinished},
    exit::ExitStatus,
    golden,
    report::{Human, HumanOptions, Json, Reporter, WireFiles},
    scenario::{Case, Suite},
    session::{Options, Session},
    transport::{Limits, Settings, Wire},
    verdict::Verdict,
};

const EXAMPLES: &str = "Examples:
  wireproof run                                             every scenario, against the embedded reference
  wireproof run --endpoint http://127.0.0.1:4566 -v         against an emulator, with every exchange
  wireproof run codedeploy/stop-deployment/unknown-id       one scenario
  wireproof run --tag auth --exclude '*region*'             by tag, without some
  wireproof run --report human --report json=report.json    two reports
  wireproof run --allow not-implemented,blocked             what is missing does not fail CI";

/// Arguments of `wireproof run`.
#[derive(Debug, Args)]
#[group(skip)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) select: SelectArguments,

    #[command(flatten)]
    pub(super) target: TargetArguments,

    #[command(flatten)]
    pub(super) pace: PaceArguments,

    #[command(flatten)]
    outcome: OutcomeArguments,
}

/// What comes of a run.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Outcome")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
struct OutcomeArguments {
    /// Verdicts that do not fail the run: blocked, inconclusive, not-implemented, deviates.
    #[arg(long, value_name = "VERDICT", value_delimiter = ',', env = "WIREPROOF_ALLOW", value_parser = verdict)]
    allow: Vec<Verdict>,

    /// Write a report: human or json, to standard output or to FORMAT=PATH (repeatable).
    #[arg(long, value_name = "FORMAT[=PATH]", env = "WIREPROOF_REPORT", value_delimiter = ',')]
    report: Vec<String>,

    /// Keep every request and response below this folder, without credentials.
    #[arg(long, value_name = "DIR", env = "WIREPROOF_TRANSCRIPT")]
    transcript: Option<PathBuf>,

    /// Write pending goldens for review (cargo insta review) where an observation differs.
    #[arg(long, env = "WIREPROOF_UPDATE", value_parser = BoolishValueParser::new())]
    update: bool,

    /// Show what would run, and run nothing.
    #[arg(long, env = "WIREPROOF_DRY_RUN", value_parser = BoolishValueParser::new())]
    dry_run: bool,

    /// Print an equal curl command for each case that does not conform.
    #[arg(long, env = "WIREPROOF_CURL", value_parser = BoolishValueParser::new())]
    curl: bool,

    /// Only the summary.
    #[arg(long, short, conflicts_with = "verbose", env = "WIREPROOF_QUIET", value_parser = BoolishValueParser::new())]
    quiet: bool,

    /// Also warnings, notes, differences to goldens, and the exchange of every case that deviates.
    #[arg(long, short, env = "WIREPROOF_VERBOSE", value_parser = BoolishValueParser::new())]
    verbose: bool,
}

/// How fast and how long.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Pace and transport")]
pub(super) struct PaceArguments {
    /// How many cases run at once.
    #[arg(short, long = "jobs", value_name = "N", env = "WIREPROOF_JOBS", default_value_t = 16, value_parser = jobs)]
    jobs: usize,

    /// What fresh names are derived from; a run with the same seed asks the same.
    #[arg(long, value_name = "N", env = "WIREPROOF_SEED")]
    seed: Option<u64>,

    /// Seconds that one request may take.
    #[arg(long, value_name = "SECONDS", env = "WIREPROOF_TIMEOUT", default_value_t = 10.0)]
    timeout: f64,

    /// Seconds that one case may take.
    #[arg(long, value_name = "SECONDS", env = "WIREPROOF_CASE_TIMEOUT", default_value_t = 60.0)]
    case_timeout: f64,

    /// The largest body of an answer that is read, in bytes.
    #[arg(long, value_name = "BYTES", env = "WIREPROOF_MAX_BODY", default_value_t = 16 << 20)]
    max_body: usize,

    /// End the run at the first deviation.
    #[arg(long, env = "WIREPROOF_FAIL_FAST", value_parser = BoolishValueParser::new())]
    fail_fast: bool,

    /// Send every request on a connection of its own and keep every response byte for byte.
    #[arg(long, env = "WIREPROOF_EXACT", value_parser = BoolishValueParser::new())]
    exact: bool,

    /// Send requests through this HTTP proxy; the environment's proxy variables are never read.
    #[arg(long, value_name = "URL", env = "WIREPROOF_PROXY")]
    proxy: Option<String>,

    /// Trust the certificates of this PEM file, too.
    #[arg(long, value_name = "FILE", env = "AWS_CA_BUNDLE")]
    ca_file: Option<PathBuf>,
}

fn jobs(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|jobs| (1..=1024).contains(jobs))
        .ok_or_else(|| "expected a number from 1 to 1024".to_owned())
}

fn verdict(name: &str) -> Result<Verdict, String> {
    let known = Verdict::ALL.into_iter().find(|verdict| verdict.name() == name);
    known.ok_or_else(|| "expected blocked, inconclusive, not-implemented or deviates".to_owned())
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitStatus, Failure> {
    let (suite, cases, fixtures) = arguments.select.load()?;
    if arguments.outcome.dry_run {
        return super::list::print(&cases, "would run").map(|()| ExitStatus::Incomplete);
    }
    let goldens = fixtures.goldens()?;
    let mut reporters = arguments.reporters()?;
    let bar = progress(cases.len(), arguments.outcome.quiet);
    let mut failed = None;
    let update =
        arguments.outcome.update.then(|| fixtures.snapshots.clone().unwrap_or_else(|| PathBuf::from("snapshots")));
    let mut sink = |event: Event| {
        advance(&bar, &event);
        let result = reporters.iter_mut().try_for_each(|reporter| reporter.event(&event));
        let pending = match (&event, &update) {
            (Event::CaseFinished(finished), Some(folder)) => keep_golden(folder, finished, &goldens),
            _ => Ok(()),
        };
        if let Err(error) = result.and(pending) {
            failed.get_or_insert(error);
        }
    };
    let shared = Arc::new(goldens.clone());
    let finished = runtime()?.block_on(go(arguments, suite, cases, shared, &mut sink))?;
    match failed {
        Some(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::internal(format!("a report cannot be written: {error}")))
        }
        _ => Ok(ExitStatus::of_run(&finished.ledger, &arguments.outcome.allow, finished.interrupted)),
    }
}

/// Runs the cases against the target of the arguments.
pub(super) async fn go(
    arguments: &Arguments,
    suite: Suite,
    cases: Vec<Case>,
    goldens: Arc<golden::Goldens>,
    sink: &mut (dyn FnMut(Event) + Send),
) -> Result<RunFinished, Failure> {
    let (target, reference) = arguments.target.target(&suite).await?;
    let session = Session {
        suite: Arc::new(suite),
        target: Arc::new(target),
        transport: Arc::new(Wire::new(&arguments.pace.settings()?).map_err(|error| Failure::usage(error.to_string()))?),
        goldens,
        options: arguments.pace.options()?,
        interrupt: interrupt(),
    };
    let finished = session.run(cases, sink).await;
    if let Some(reference) = reference {
        reference.stop().await;
    }
    Ok(finished)
}

/// Turns true at the first Ctrl-C or request to end; the second ends the process at once.
fn interrupt() -> watch::Receiver<bool> {
    let (sender, receiver) = watch::channel(false);
    tokio::spawn(async move {
        asked_to_end().await;
        let _ = sender.send(true);
        asked_to_end().await;
        std::process::exit(i32::from(ExitStatus::Interrupted.code()));
    });
    receiver
}

/// Waits for Ctrl-C, or for SIGTERM, by which CI systems cancel a job. For ever, where neither can be heard.
async fn asked_to_end() {
    let ctrl_c = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = ctrl_c => {}
        () = terminated() => {}
    }
}

#[cfg(unix)]
async fn terminated() {
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut signal) => drop(signal.recv().await),
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending().await
}

impl PaceArguments {
    fn options(&self) -> Result<Options, Failure> {
        Ok(Options {
            jobs: self.jobs,
            seed: self.seed.unwrap_or_else(fresh_seed),
            case_timeout: seconds(self.case_timeout, "--case-timeout")?,
            fail_fast: self.fail_fast,
            survey: true,
        })
    }

    fn settings(&self) -> Result<Settings, Failure> {
        let timeout = seconds(self.timeout, "--timeout")?;
        let limits = Limits { timeout, body: self.max_body, ..Limits::default() };
        let extra_ca = self.ca_file.as_ref().map(|path| {
            std::fs::read(path).map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))
        });
        Ok(Settings {
            limits: Limits { connect_timeout: limits.connect_timeout.min(timeout), ..limits },
            extra_ca: extra_ca.transpose()?,
            proxy: self.proxy.clone(),
            exact_always: self.exact,
        })
    }
}

fn seconds(value: f64, flag: &str) -> Result<Duration, Failure> {
    let duration = Duration::try_from_secs_f64(value).ok().filter(|duration| !duration.is_zero());
    duration.ok_or_else(|| Failure::usage(format!("{flag} takes a number of seconds above 0, not {value}")))
}

/// A seed is printed, so it is short enough to be typed.
fn fresh_seed() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (u64::from(since.subsec_nanos()) ^ since.as_secs().rotate_left(20)) % 1_000_000
}

impl Arguments {
    fn reporters(&self) -> Result<Vec<Box<dyn Reporter>>, Failure> {
        let mut reporters: Vec<Box<dyn Reporter>> = Vec::new();
        let mut formats = self.outcome.report.clone();
        if formats.iter().all(|format| format.contains('=')) {
            // Nothing else goes to standard output: a person is told as ever.
            formats.push("human".to_owned());
        }
        for format in &formats {
            reporters.push(self.reporter(format)?);
        }
        if let Some(folder) = &self.outcome.transcript {
            let failed = |error| Failure::internal(format!("cannot write below {}: {error}", folder.display()));
            std::fs::create_dir_all(folder).map_err(failed)?;
            reporters.push(Box::new(WireFiles::new(folder.clone())));
        }
        Ok(reporters)
    }

    fn reporter(&self, format: &str) -> Result<Box<dyn Reporter>, Failure> {
        let (format, path) = format.split_once('=').map_or((format, None), |(format, path)| (format, Some(path)));
        let writer: Box<dyn Write + Send> = match path {
            Some(path) => {
                let file =
                    File::create(path).map_err(|error| Failure::internal(format!("cannot write {path}: {error}")))?;
                Box::new(BufWriter::new(file))
            }
            None => Box::new(io::stdout()),
        };
        match format {
            "human" => Ok(Box::new(Human::new(writer, self.human_options(path.is_none())))),
            "json" => Ok(Box::new(Json::new(writer))),
            other => Err(Failure::usage(format!("no report format {other:?}; there are human and json"))),
        }
    }

    fn human_options(&self, to_terminal: bool) -> HumanOptions {
        let choice = anstream::AutoStream::choice(&io::stdout());
        HumanOptions {
            color: to_terminal && choice != anstream::ColorChoice::Never,
            width: width(),
            verbose: self.outcome.verbose,
            quiet: self.outcome.quiet,
            curl: self.outcome.curl,
            rerun: self.rerun(),
        }
    }

    /// The flags that a single case needs again; credentials come from where they came from.
    fn rerun(&self) -> String {
        let mut words = Vec::new();
        if let Some(endpoint) = &self.target.endpoint {
            words.push(format!("--endpoint {endpoint}"));
        }
        if let Some(fixtures) = &self.select.fixtures.fixtures {
            words.push(format!("--fixtures {}", fixtures.display()));
        }
        words.join(" ")
    }
}

/// The width of the terminal, as the shell tells it; a page's where it does not.
pub(super) fn width() -> usize {
    std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).filter(|width| *width >= 40).unwrap_or(100)
}

fn keep_golden(folder: &std::path::Path, finished: &CaseFinished, goldens: &golden::Goldens) -> io::Result<()> {
    let observation = finished.observation().text();
    let known = goldens.get(&finished.case.id);
    if finished.report.verdict == Verdict::Conforms && known != Some(observation.as_str()) {
        golden::write_pending(folder, &finished.case, &observation)?;
    }
    Ok(())
}

fn progress(cases: usize, quiet: bool) -> ProgressBar {
    let shown = io::stderr().is_terminal() && !quiet;
    let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {wide_msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(Some(cases as u64), target).with_style(style)
}

fn advance(bar: &ProgressBar, event: &Event) {
    match event {
        Event::CaseFinished(finished) => {
            bar.inc(1);
            bar.set_message(finished.report.id.0.clone());
        }
        Event::RunFinished(_) => bar.finish_and_clear(),
        Event::RunStarted(_) | Event::Surveyed(_) => {}
    }
}
