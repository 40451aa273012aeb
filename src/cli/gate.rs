//! The arguments that say what fails a run. What that comes to is decided by [`crate::gate`].

use std::{collections::BTreeSet, io::Write as _, path::PathBuf};

use clap::{Args, builder::BoolishValueParser};

use super::{Failure, written};
use crate::{
    gate::{self, GateError},
    judge::verdict::Verdict,
    run::{
        event::{Event, RunFinished, RunStarted},
        exit::ExitStatus,
    },
};

/// What fails a run.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Gate")]
pub(super) struct GateArguments {
    /// Verdicts that do not fail the run: blocked, inconclusive, not-implemented, deviates.
    #[arg(long, value_name = "VERDICT", value_delimiter = ',', env = "WIREPROOF_ALLOW", value_parser = verdict)]
    allow: Vec<Verdict>,

    /// Deviations that are known and accepted, each with a reason: only what differs from this file fails the run.
    #[arg(long, value_name = "FILE", env = "WIREPROOF_BASELINE")]
    baseline: Option<PathBuf>,

    /// Write what deviates into the baseline; reasons and comments of what stays are kept.
    #[arg(long, env = "WIREPROOF_BASELINE_UPDATE", value_parser = BoolishValueParser::new())]
    baseline_update: bool,

    /// The reason of every entry that an update adds; without it, each waits for one and is red until then.
    #[arg(long, value_name = "TEXT", requires = "baseline_update", env = "WIREPROOF_BASELINE_REASON")]
    baseline_reason: Option<String>,
}

fn verdict(name: &str) -> Result<Verdict, String> {
    let known = Verdict::ALL.into_iter().find(|verdict| verdict.name() == name);
    known.ok_or_else(|| "expected blocked, inconclusive, not-implemented or deviates".to_owned())
}

/// Decides how the program ends, from the events of a run.
pub(super) struct RunGate {
    arguments: GateArguments,
    known: Option<gate::Gate>,
    /// Why it is right that nothing ran, where it is.
    idle: Option<String>,
}

impl GateArguments {
    /// Begins. A baseline that cannot be used is told before anything is run.
    pub(super) fn open(&self) -> Result<RunGate, Failure> {
        if self.baseline_update && self.baseline.is_none() {
            return Err(Failure::alone("--baseline-update", "--baseline FILE"));
        }
        let known = self
            .baseline
            .as_deref()
            .map(|path| gate::Gate::open(path, self.baseline_update, "--baseline-update"))
            .transpose()?;
        Ok(RunGate { arguments: self.clone(), known, idle: None })
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

impl RunGate {
    /// Takes an event.
    pub(super) fn take(&mut self, event: &Event) {
        match (event, &mut self.known) {
            (Event::CaseFinished(finished), Some(known)) => known.enter(&finished.report),
            (Event::RunStarted(started), _) => self.idle = nothing_of_shard(started),
            _ => {}
        }
    }

    /// Where nothing ran, that is as it should be, for this reason if there is one.
    pub(super) fn idle(self, why: Option<String>) -> Self {
        Self { idle: why.or(self.idle), ..self }
    }

    /// How the program ends. `missing` tells which of these ids no case has.
    pub(super) fn status(
        self,
        finished: &RunFinished,
        missing: impl FnOnce(&BTreeSet<String>) -> Result<BTreeSet<String>, Failure>,
    ) -> Result<ExitStatus, Failure> {
        let differing = match &self.known {
            Some(known) => Some(self.settle(known, &missing(&known.unseen())?)?),
            None => None,
        };
        match &self.idle {
            Some(why) if finished.ledger.selected == 0 && !finished.interrupted => {
                written(writeln!(anstream::stderr(), "{why}"))?;
                Ok(gate::red(ExitStatus::Conforms, differing.is_some_and(|count| count > 0)))
            }
            _ => Ok(gate::status(finished, &self.arguments.allow, differing)),
        }
    }

    /// Updates the baseline, or tells what differs, and how much that is. On standard error, so that reports on standard
    /// output stay what they are.
    fn settle(&self, known: &gate::Gate, missing: &BTreeSet<String>) -> Result<usize, Failure> {
        if self.arguments.baseline_update {
            let told = known.update(missing, self.arguments.baseline_reason.as_deref())?;
            written(writeln!(anstream::stderr(), "{told}"))?;
            return Ok(0);
        }
        let differing = known.compare(missing);
        written(write!(anstream::stderr(), "{}", known.told(&differing)))?;
        Ok(differing.len())
    }
}

/// A small selection leaves some shards without a case.
fn nothing_of_shard(started: &RunStarted) -> Option<String> {
    let shard = started.shard.filter(|_| started.selected == 0 && started.selection.cases > 0)?;
    Some(format!("shard {shard} has none of the {} selected cases", started.selection.cases))
}
