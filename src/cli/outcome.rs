//! The arguments that say what comes of a run: its progress, and what fails it. Its reports have a file of their own.

use std::{
    io::{self, IsTerminal as _, Write},
    path::{Path, PathBuf},
};

use clap::{Args, builder::BoolishValueParser};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{
    Failure,
    reports::{Again, ReportArguments, Reports},
};
use crate::{
    baseline::{Baseline, Difference, Seen},
    event::{Event, RunFinished},
    exit::ExitStatus,
    recording::{Command, Recorder},
    verdict::Verdict,
};

/// What comes of a run.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Outcome")]
pub(super) struct OutcomeArguments {
    /// Verdicts that do not fail the run: blocked, inconclusive, not-implemented, deviates.
    #[arg(long, value_name = "VERDICT", value_delimiter = ',', env = "WIREPROOF_ALLOW", value_parser = verdict)]
    allow: Vec<Verdict>,

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

    #[command(flatten)]
    reports: ReportArguments,
}

fn verdict(name: &str) -> Result<Verdict, String> {
    let known = Verdict::ALL.into_iter().find(|verdict| verdict.name() == name);
    known.ok_or_else(|| "expected blocked, inconclusive, not-implemented or deviates".to_owned())
}

/// Where the events of a run go.
pub(super) struct Outlet {
    reports: Reports,
    bar: ProgressBar,
    /// What a baseline wants to know, where there is one.
    seen: Option<Seen>,
}

impl Outlet {
    /// Gives an event to every report. What fails is kept until [`Outlet::close`].
    pub(super) fn take(&mut self, event: &Event) {
        advance(&self.bar, event);
        if let (Event::CaseFinished(finished), Some(seen)) = (event, &mut self.seen) {
            seen.enter(&finished.report);
        }
        self.reports.take(event);
    }

    /// Remembers a failure beside those of the reports.
    pub(super) fn keep(&mut self, what: &str, result: io::Result<()>) {
        self.reports.keep(what, result);
    }

    /// Puts the reports in their places.
    pub(super) fn close(self) -> Result<Option<Seen>, Failure> {
        self.reports.close()?;
        Ok(self.seen)
    }
}

impl OutcomeArguments {
    /// The reports and the progress that are asked for.
    pub(super) fn outlet(&self, again: &Again, cases: usize) -> Result<Outlet, Failure> {
        let mut reports = self.reports.open(again)?;
        if let Some(folder) = &self.transcript {
            let failed = |error| Failure::internal(format!("cannot write below {}: {error}", folder.display()));
            std::fs::create_dir_all(folder).map_err(failed)?;
            reports
                .add("the transcript", Box::new(Recorder::new(folder.clone(), Command { model: again.model.clone() })));
        }
        Ok(Outlet {
            reports,
            bar: progress(cases, self.reports.quiet),
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
