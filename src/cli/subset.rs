//! The arguments that run a subset of a selection: a shard, or the cases that did not conform before.

use std::{
    collections::HashSet,
    env, fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use clap::Args;

use super::{Failure, written};
use crate::{
    judge::verdict::Verdict,
    report::ReportDocument,
    suite::{
        Case,
        shard::{Shard, ShardError},
    },
};

/// A subset of a selection.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Selection")]
pub(super) struct SubsetArguments {
    /// Only the K-th of N parts, counted from 1; auto: what variables such as `CI_NODE_INDEX` say.
    #[arg(long, value_name = "K/N|auto", env = "WIREPROOF_SHARD", value_parser = wanted)]
    shard: Option<WantedShard>,

    /// Only what did not conform in this JSON report, and what it does not have.
    #[arg(long, value_name = "REPORT", env = "WIREPROOF_SINCE")]
    since: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy)]
enum WantedShard {
    Auto,
    Told(Shard),
}

fn wanted(text: &str) -> Result<WantedShard, ShardError> {
    if text == "auto" { Ok(WantedShard::Auto) } else { text.parse().map(WantedShard::Told) }
}

impl SubsetArguments {
    /// The shard, if only one is to run.
    pub(super) fn shard(&self) -> Result<Option<Shard>, Failure> {
        match self.shard {
            None => Ok(None),
            Some(WantedShard::Told(shard)) => Ok(Some(shard)),
            Some(WantedShard::Auto) => {
                let shard = Shard::of_environment(|name| env::var(name).ok());
                shard.map(Some).map_err(|error| Failure::usage(error.to_string()))
            }
        }
    }

    /// The cases of the shard.
    pub(super) fn cases(&self, mut cases: Vec<Case>) -> Result<Vec<Case>, Failure> {
        let shard = self.shard()?;
        cases.retain(|case| shard.is_none_or(|shard| shard.has(&case.id.0)));
        Ok(cases)
    }

    /// The shard of a run: all shards of one must ask with one seed, or they are not one.
    pub(super) fn shard_of_run(&self, has_seed: bool) -> Result<Option<Shard>, Failure> {
        let shard = self.shard()?;
        if shard.is_some_and(|shard| shard.total() > 1) && !has_seed {
            return Err(Failure::usage(
                "--shard needs --seed N, the same for every shard: else they are not of one run",
            ));
        }
        if shard.is_some() {
            sign_for_bazel()?;
        }
        Ok(shard)
    }

    /// The ids that conformed in the report of an earlier run, or were not applicable.
    pub(super) fn settled(&self) -> Result<HashSet<String>, Failure> {
        let Some(path) = &self.since else { return Ok(HashSet::new()) };
        let document = read_report(path)?;
        let settled = document.cases.into_iter().filter(|case| is_settled(case.verdict));
        Ok(settled.map(|case| case.id.0).collect())
    }
}

/// Whether a case need not run again.
pub(super) fn is_settled(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Conforms | Verdict::NotApplicable)
}

/// Reads a JSON report.
pub(super) fn read_report(path: &Path) -> Result<ReportDocument, Failure> {
    let text =
        fs::read_to_string(path).map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))?;
    ReportDocument::read(&path.display().to_string(), &text).map_err(|error| Failure::usage(error.to_string()))
}

/// Bazel wants to know that a test runner knows of shards.
fn sign_for_bazel() -> Result<(), Failure> {
    let Some(path) = env::var_os("TEST_SHARD_STATUS_FILE").filter(|path| !path.is_empty()) else { return Ok(()) };
    fs::write(&path, "").map_err(|error| {
        Failure::internal(format!("cannot write {} (TEST_SHARD_STATUS_FILE): {error}", path.display()))
    })
}

/// Why nothing is left, where what an earlier run settled is all that there is.
pub(super) fn nothing_left(settled: usize) -> String {
    let cases = if settled == 1 { "the 1 selected case".to_owned() } else { format!("all {settled} selected cases") };
    format!("nothing is left to run: {cases} conformed, or did not apply, when last run")
}

/// Says so on standard error.
pub(super) fn say(text: &str) -> Result<(), Failure> {
    written(writeln!(anstream::stderr(), "{text}"))
}
