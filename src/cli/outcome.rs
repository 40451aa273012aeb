//! The arguments that say what comes of a run: its progress. What fails it and its reports have files of their own.

use std::{
    io::{self, IsTerminal as _},
    path::PathBuf,
};

use clap::{Args, builder::BoolishValueParser};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{
    Failure,
    gate::{GateArguments, RunGate},
    memory::LastRuns,
    reports::{OpenReports, ReportArguments, RerunCommand},
};
use crate::run::{event::Event, recording::Recorder};

/// What comes of a run.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Outcome")]
pub(super) struct OutputArguments {
    #[command(flatten)]
    gate: GateArguments,

    /// Record every request and response below this folder, a HAR file a case; `wireproof judge` takes it.
    #[arg(long, value_name = "DIR", env = "WIREPROOF_TRANSCRIPT")]
    transcript: Option<PathBuf>,

    /// Write pending snapshots for review (cargo insta review) where an observation differs.
    #[arg(long, env = "WIREPROOF_UPDATE", value_parser = BoolishValueParser::new())]
    pub(super) update: bool,

    /// Show what would run, and run nothing.
    #[arg(long, env = "WIREPROOF_DRY_RUN", value_parser = BoolishValueParser::new())]
    pub(super) dry_run: bool,

    #[command(flatten)]
    reports: ReportArguments,
}

/// Where the events of a run go.
pub(super) struct EventSinks {
    reports: OpenReports,
    bar: ProgressBar,
    gate: RunGate,
    memory: LastRuns,
}

impl EventSinks {
    /// Gives an event to every report. What fails is kept until [`Outlet::close`].
    pub(super) fn take(&mut self, event: &Event) {
        advance(&self.bar, event);
        self.gate.take(event);
        self.memory.take(event);
        self.reports.take(event);
    }

    /// Remembers a failure beside those of the reports.
    pub(super) fn keep(&mut self, what: &str, result: io::Result<()>) {
        self.reports.keep(what, result);
    }

    /// Puts the reports in their places.
    pub(super) fn close(self) -> Result<RunGate, Failure> {
        self.memory.keep();
        self.reports.close()?;
        Ok(self.gate)
    }
}

impl OutputArguments {
    /// The reports and the progress that are asked for.
    pub(super) fn outlet(&self, again: &RerunCommand, cases: usize, memory: LastRuns) -> Result<EventSinks, Failure> {
        let gate = self.gate.open()?;
        let mut reports = self.reports.open(again)?;
        if let Some(folder) = &self.transcript {
            let failed = |error| Failure::internal(format!("cannot write below {}: {error}", folder.display()));
            std::fs::create_dir_all(folder).map_err(failed)?;
            reports.add("the transcript", Box::new(Recorder::new(folder.clone(), again.derivation.clone())));
        }
        Ok(EventSinks { reports, bar: progress(cases, self.reports.quiet), gate, memory })
    }
}

/// The width of the terminal, as the shell tells it; a page's where it does not.
pub(super) fn width() -> usize {
    std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).filter(|width| *width >= 40).unwrap_or(100)
}

pub(super) fn progress(cases: usize, quiet: bool) -> ProgressBar {
    let shown = io::stderr().is_terminal() && !quiet;
    let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {wide_msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(Some(cases as u64), target).with_style(style)
}

pub(super) fn advance(bar: &ProgressBar, event: &Event) {
    match event {
        Event::CaseFinished(finished) => {
            bar.inc(1);
            bar.set_message(finished.report.id.0.clone());
        }
        Event::RunFinished(_) => bar.finish_and_clear(),
        Event::RunStarted(_) | Event::Surveyed(_) | Event::TargetDied(_) => {}
    }
}
