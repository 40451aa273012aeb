//! The arguments that say what comes of a run: its reports and its progress; what fails it stands in a file of its own.

use std::{
    fs::File,
    io::{self, BufWriter, IsTerminal as _, Write},
    path::PathBuf,
};

use clap::{Args, builder::BoolishValueParser};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{
    Failure,
    gate::{Gate, GateArguments},
    memory::Memory,
};
use crate::{
    event::Event,
    report::{Human, HumanOptions, Json, Reporter, WireFiles},
};

/// What comes of a run.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Outcome")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(super) struct OutcomeArguments {
    #[command(flatten)]
    gate: GateArguments,

    /// Write a report: human or json, to standard output or to FORMAT=PATH (repeatable).
    #[arg(long, value_name = "FORMAT[=PATH]", env = "WIREPROOF_REPORT", value_delimiter = ',')]
    report: Vec<String>,

    /// Keep every request and response below this folder, without credentials.
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

/// The command that runs one case again: what stands before its id, and what after it.
#[derive(Debug, Clone)]
pub(super) struct Again {
    /// The subcommand with what makes it find the case.
    pub(super) command: String,
    /// The flags that a single case needs again; credentials come from where they came from.
    pub(super) flags: String,
    /// So many deviations of each operation are told; `None`: all.
    pub(super) most: Option<usize>,
}

/// Where the events of a run go.
pub(super) struct Outlet {
    reporters: Vec<Box<dyn Reporter>>,
    bar: ProgressBar,
    failed: Option<io::Error>,
    gate: Gate,
    memory: Memory,
}

impl Outlet {
    /// Gives an event to every report. The first failure is kept until [`Outlet::close`].
    pub(super) fn take(&mut self, event: &Event) {
        advance(&self.bar, event);
        self.gate.take(event);
        self.memory.take(event);
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
    pub(super) fn close(self) -> Result<Gate, Failure> {
        self.memory.keep();
        match self.failed {
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Failure::internal(format!("a report cannot be written: {error}")))
            }
            _ => Ok(self.gate),
        }
    }
}

impl OutcomeArguments {
    /// The reports and the progress that are asked for.
    pub(super) fn outlet(&self, again: &Again, cases: usize, memory: Memory) -> Result<Outlet, Failure> {
        Ok(Outlet {
            reporters: self.reporters(again)?,
            bar: progress(cases, self.quiet),
            failed: None,
            gate: self.gate.open()?,
            memory,
        })
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
            let failed = |error| Failure::internal(format!("cannot write below {}: {error}", folder.display()));
            std::fs::create_dir_all(folder).map_err(failed)?;
            reporters.push(Box::new(WireFiles::new(folder.clone())));
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
