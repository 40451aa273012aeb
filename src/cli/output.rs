//! The arguments for the outputs of a run. Its gate and its reports are in other files.

use std::{collections::BTreeSet, path::PathBuf};

use clap::{Args, builder::BoolishValueParser};

use super::{
    Failure,
    gate::{CommandGate, GateArguments},
    last_runs::LastRuns,
    report_arguments::{ReportArguments, RerunCommand, written_reports},
    terminal::Progress,
};
use crate::{
    harness::RunOutputs,
    run::{event::RunFinished, observer::Observer, recording::Recorder},
};

/// The outputs of a run.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Outcome")]
pub(super) struct OutputArguments {
    #[command(flatten)]
    gate: GateArguments,

    /// Record every request and response in this folder, one HAR file per case, for `wireproof judge`.
    #[arg(long, value_name = "DIR", env = "WIREPROOF_RECORDING", help_heading = "Outcome")]
    recording: Option<PathBuf>,

    /// Write pending snapshots of changed observations, for review with cargo insta review.
    #[arg(long, env = "WIREPROOF_UPDATE", value_parser = BoolishValueParser::new(), help_heading = "Outcome")]
    pub(super) update: bool,

    /// List the cases that would run, and run nothing.
    #[arg(long, env = "WIREPROOF_DRY_RUN", value_parser = BoolishValueParser::new(), help_heading = "Outcome")]
    pub(super) dry_run: bool,

    #[command(flatten)]
    reports: ReportArguments,
}

/// Everything that receives the events of a run.
pub(super) struct CommandOutputs {
    outputs: RunOutputs,
    beside: (Progress, LastRuns),
}

impl CommandOutputs {
    pub(super) fn observer(&mut self) -> impl Observer {
        (&mut self.outputs, &mut self.beside)
    }

    /// True if the same cases must run once more, for [`repetition`](Self::repetition).
    pub(super) fn wants_repetition(&self, finished: &RunFinished) -> bool {
        self.outputs.wants_repetition(finished)
    }

    /// Observes the second run of an update of the baseline.
    pub(super) fn repetition(&mut self) -> impl Observer {
        self.outputs.repetition()
    }

    /// Finishes the reports and the recording.
    pub(super) fn close(self) -> Result<CommandGate, Failure> {
        written_reports(self.outputs)
    }
}

impl OutputArguments {
    /// Starts the reports, the recording and the progress. `missing` returns the IDs that no case has.
    pub(super) fn open(
        &self,
        rerun: &RerunCommand,
        cases: usize,
        last_runs: LastRuns,
        missing: impl Fn(&BTreeSet<String>) -> Result<BTreeSet<String>, Failure> + Send + Sync + 'static,
    ) -> Result<CommandOutputs, Failure> {
        let gate = self.gate.open(missing)?;
        let reports = self.reports.open(rerun)?;
        let recorder = self.recording.as_ref().map(|folder| {
            let failed = |error| Failure::internal(format!("cannot write to {}: {error}", folder.display()));
            std::fs::create_dir_all(folder).map_err(failed)?;
            Ok::<_, Failure>(Recorder::new(folder.clone(), rerun.derivation.clone()))
        });
        let outputs = RunOutputs::new(reports, gate).recorder(recorder.transpose()?);
        Ok(CommandOutputs { outputs, beside: (Progress::of_cases(cases, self.reports.quiet), last_runs) })
    }
}
