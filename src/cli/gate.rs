//! The arguments for what fails a run. [`crate::gate`] decides the exit status.

use std::{collections::BTreeSet, io::Write as _, path::PathBuf, sync::Arc};

use clap::{Args, builder::BoolishValueParser};

use super::{Failure, written};
use crate::{
    gate::{
        baseline_file::GateError,
        run_gate::{GateResult, GateRules, RunGate},
    },
    judge::verdict::Verdict,
    run::{event::RunFinished, exit::ExitStatus},
};

/// The rules for what fails a run.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Gate")]
pub(super) struct GateArguments {
    /// Verdicts that do not fail the run: blocked, inconclusive, not-implemented or deviates.
    #[arg(long, value_name = "VERDICT", value_delimiter = ',', env = "WIREPROOF_ALLOW", value_parser = verdict)]
    allow: Vec<Verdict>,

    /// Accept the deviations in this file; only differences from it fail the run.
    #[arg(long, value_name = "FILE", env = "WIREPROOF_BASELINE")]
    baseline: Option<PathBuf>,

    /// Write the current deviations into the baseline; keep the reasons and comments of existing entries. Runs every case
    /// twice, to record unstable ones.
    #[arg(long, env = "WIREPROOF_BASELINE_UPDATE", value_parser = BoolishValueParser::new())]
    baseline_update: bool,

    /// Reason for every entry that an update adds; without it, a new entry fails the run until it has a reason.
    #[arg(long, value_name = "TEXT", requires = "baseline_update", env = "WIREPROOF_BASELINE_REASON")]
    baseline_reason: Option<String>,
}

fn verdict(name: &str) -> Result<Verdict, String> {
    let known = Verdict::ALL.into_iter().find(|verdict| verdict.name() == name);
    known.ok_or_else(|| "expected blocked, inconclusive, not-implemented or deviates".to_owned())
}

impl GateArguments {
    /// Reads the baseline, so that a broken one stops the command before it runs anything.
    /// `missing` returns the IDs that no case has.
    pub(super) fn open(
        &self,
        missing: impl Fn(&BTreeSet<String>) -> Result<BTreeSet<String>, Failure> + Send + Sync + 'static,
    ) -> Result<RunGate, Failure> {
        if self.baseline_update && self.baseline.is_none() {
            return Err(Failure::alone("--baseline-update", "--baseline FILE"));
        }
        let rules = GateRules {
            allowed: self.allow.clone(),
            baseline: self.baseline.clone(),
            update: self.baseline_update,
            reason: self.baseline_reason.clone(),
            update_hint: "--baseline-update",
        };
        let missing = move |ids: &BTreeSet<String>| missing(ids).map_err(|failure| failure.to_string());
        Ok(RunGate::open(rules, Arc::new(missing))?)
    }
}

impl From<GateError> for Failure {
    fn from(error: GateError) -> Self {
        match error {
            GateError::Write { .. } => Self::internal(error.to_string()),
            _ => Self::usage(error.to_string()),
        }
    }
}

/// The gate of a command whose run is over.
pub(super) struct CommandGate(pub(super) RunGate);

impl CommandGate {
    /// The reason why an empty run is a success.
    pub(super) fn with_idle(self, reason: Option<String>) -> Self {
        Self(self.0.with_idle(reason))
    }

    /// The exit status. One line goes to standard error, so that it does not mix with reports on standard output. Reports
    /// have the differences.
    pub(super) fn status(self, finished: &RunFinished) -> Result<ExitStatus, Failure> {
        let GateResult { status, comparison, updated, idle } = self.0.conclude(finished)?;
        let compared = comparison.map(|comparison| comparison.summary());
        for line in compared.iter().chain(&updated).chain(&idle) {
            written(writeln!(anstream::stderr(), "{line}"))?;
        }
        Ok(status)
    }
}
