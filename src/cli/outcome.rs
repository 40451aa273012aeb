//! The arguments that say what comes of a run: its reports, its progress, and what fails it.

use std::{
    fs::File,
    io::{self, BufWriter, IsTerminal as _, Write},
    path::{Path, PathBuf},
};

use clap::{Args, builder::BoolishValueParser};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Failure;
use crate::{
    baseline::{Baseline, Difference, Seen},
    event::{Event, RunFinished},
    exit::ExitStatus,
    recording::{Command, Recorder},
    report::{Human, HumanOptions, Json, Reporter},
    verdict::Verdict,
};

/// What comes of a run.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Outcome")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(super) struct OutcomeArguments {
    /// Verdicts that do not fail the run: blocked, inconclusive, not-implemented, deviates.
    #[arg(long, value_name = "VERDICT", value_delimiter = ',', env = "WIREPROOF_ALLOW", value_parser = verdict)]
    allow: Vec<Verdict>,

    /// Write a report: human or json, to standard output or to FORMAT=PATH (repeatable).
    #[arg(long, value_name = "FORMAT[=PATH]", env = "WIREPROOF_REPORT", value_delimiter = ',')]
    report: Vec<String>,

    /// Deviations that are known and accepted, each with a reason: only what differs from this file fails the run.
    #[arg(long, value_name = "FILE", env = "WIREPROOF_BASELINE")]
    baseline: Option<PathBuf>,

    /// Write what deviates into the baseline; reasons of what stays are kept.
    #[arg(long, requires = "baseline", env = "WIREPROOF_BASELINE_UPDATE", value_parser = BoolishValueParser::new())]
    baseline_update: bool,

    /// Record every request and response below this folder, a HAR file a case; `wireproof judge` takes it.
    #[arg(long, value_name = "DIR", env = "WIREPROOF_TRANSCRIPT")]
    transcript: Option<PathBuf>,

    /// Write pending goldens for review (cargo insta review) where an observation differs.
    #[arg(long, env = "WIREPROOF_UPDATE", value_parser = BoolishValueParser::new())]
    pub(super) update: bool,

    /// Show what would run, and run nothing.
    #[arg(long, env = "WIREPROOF_DRY_RUN", value_parser = BoolishValueParser::new())]
    pub(super) dry_run: bool,

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

fn verdict(name: &str) -> Result<Verdict, String> {
    let known = Verdict::ALL.into_iter().find(|verdict| verdict.name() == name);
    known.ok_or_else(|| "expected blocked, inconclusive, not-implemented or deviates".to_owned())
}

/// The command that runs one case again: what stands before its id, and what after it.
#[derive(Debug, Clone)]
pub(super) struct Again {
    /// The subcommand with what makes it find the case.
    pub(super) command: String,
    /// The flags that a single case needs again; credentials come from where they came from.
    pub(super) flags: String,
    /// The model whose probes are run; `None`: fixtures.
    pub(super) model: Option<String>,
    /// So many deviations of each operation are told; `None`: all.
    pub(super) most: Option<usize>,
}

/// Where the events of a run go.
pub(super) struct Outlet {
    reporters: Vec<Box<dyn Reporter>>,
    bar: ProgressBar,
    failed: Option<io::Error>,
    /// What a baseline wants to know, where there is one.
    seen: Option<Seen>,
}

impl Outlet {
    /// Gives an event to every report. The first failure is kept until [`Outlet::close`].
    pub(super) fn take(&mut self, event: &Event) {
        advance(&self.bar, event);
        if let (Event::CaseFinished(finished), Some(seen)) = (event, &mut self.seen) {
            seen.enter(&finished.report);
        }
        let result = self.reporters.iter_mut().try_for_each(|reporter| reporter.event(event));
        self.keep(result);
    }

    /// Remembers a failure beside those of the reports.
    pub(super) fn keep(&mut self, result: io::Result<()>) {
        if let Err(error) = result {
            self.failed.get_or_insert(error);
        }
    }

    /// Whether everything could be written. A reader that closed its end early is content with what it has.
    pub(super) fn close(self) -> Result<Option<Seen>, Failure> {
        match self.failed {
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Failure::internal(format!("a report cannot be written: {error}")))
            }
            _ => Ok(self.seen),
        }
    }
}

impl OutcomeArguments {
    /// The reports and the progress that are asked for.
    pub(super) fn outlet(&self, again: &Again, cases: usize) -> Result<Outlet, Failure> {
        Ok(Outlet {
            reporters: self.reporters(again)?,
            bar: progress(cases, self.quiet),
            failed: None,
            seen: self.baseline.as_ref().map(|_| Seen::default()),
        })
    }

    /// How the program ends. `whole`: every case was selected, so that a case which was not seen does not exist.
    pub(super) fn status(
        &self,
        finished: &RunFinished,
        seen: Option<&Seen>,
        whole: bool,
    ) -> Result<ExitStatus, Failure> {
        let (Some(path), Some(seen)) = (&self.baseline, seen) else {
            return Ok(ExitStatus::of_run(&finished.ledger, &self.allow, finished.interrupted));
        };
        let baseline = self.known(path)?;
        let differences = if self.baseline_update {
            let text = baseline.updated(seen).text();
            std::fs::write(path, text)
                .map_err(|error| Failure::internal(format!("cannot write {}: {error}", path.display())))?;
            Vec::new()
        } else {
            baseline.compare(seen, &today(), whole && !finished.interrupted)
        };
        let told = tell(path, seen, &differences);
        super::written(told)?;
        let allowed: Vec<Verdict> = self.allow.iter().copied().chain([Verdict::Deviates]).collect();
        let status = ExitStatus::of_run(&finished.ledger, &allowed, finished.interrupted);
        let red = !differences.is_empty() && matches!(status, ExitStatus::Conforms | ExitStatus::Incomplete);
        Ok(if red { ExitStatus::Deviates } else { status })
    }

    /// The baseline; an empty one where it is about to be made.
    fn known(&self, path: &Path) -> Result<Baseline, Failure> {
        if self.baseline_update && !path.exists() {
            return Ok(Baseline::default());
        }
        let text = std::fs::read_to_string(path).map_err(|error| {
            Failure::usage(format!("cannot read {}: {error}; --baseline-update makes it", path.display()))
        })?;
        Baseline::read(&path.display().to_string(), &text).map_err(|error| Failure::usage(error.to_string()))
    }

    fn reporters(&self, again: &Again) -> Result<Vec<Box<dyn Reporter>>, Failure> {
        let mut reporters: Vec<Box<dyn Reporter>> = Vec::new();
        let mut formats = self.report.clone();
        if formats.iter().all(|format| format.contains('=')) {
            // Nothing else goes to standard output: a person is told as ever.
            formats.push("human".to_owned());
        }
        for format in &formats {
            reporters.push(self.reporter(format, again)?);
        }
        if let Some(folder) = &self.transcript {
            reporters.push(Box::new(Recorder::new(folder.clone(), Command { model: again.model.clone() })));
        }
        Ok(reporters)
    }

    fn reporter(&self, format: &str, again: &Again) -> Result<Box<dyn Reporter>, Failure> {
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
            "human" => Ok(Box::new(Human::new(writer, self.human_options(path.is_none(), again)))),
            "json" => Ok(Box::new(Json::new(writer))),
            other => Err(Failure::usage(format!("no report format {other:?}; there are human and json"))),
        }
    }

    fn human_options(&self, to_terminal: bool, again: &Again) -> HumanOptions {
        let choice = anstream::AutoStream::choice(&io::stdout());
        HumanOptions {
            color: to_terminal && choice != anstream::ColorChoice::Never,
            width: width(),
            verbose: self.verbose,
            quiet: self.quiet,
            curl: self.curl,
            command: again.command.clone(),
            rerun: again.flags.clone(),
            most: again.most.filter(|_| !self.verbose),
        }
    }
}

/// Tells on standard error, so that reports on standard output stay what they are.
fn tell(path: &Path, seen: &Seen, differences: &[(Difference, String, String)]) -> io::Result<()> {
    let mut out = anstream::stderr();
    for (difference, case, code) in differences {
        writeln!(out, "baseline: {case} ({code}): {}", difference.words())?;
    }
    let known = format!("{} known by {}", seen.deviations(), path.display());
    match differences.len() {
        0 => writeln!(out, "baseline: {known}, nothing differs"),
        count => writeln!(out, "baseline: {count} differ from {}", path.display()),
    }
}

fn today() -> String {
    let now = time::OffsetDateTime::now_utc();
    format!("{:04}-{:02}-{:02}", now.year(), u8::from(now.month()), now.day())
}

/// The width of the terminal, as the shell tells it; a page's where it does not.
pub(super) fn width() -> usize {
    std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).filter(|width| *width >= 40).unwrap_or(100)
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
        Event::RunStarted(_) | Event::Surveyed(_) | Event::TargetDied(_) => {}
    }
}
