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
    model::bounded_file::{self, FileKind},
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
    /// Run shard K of N, counted from 1; auto reads variables such as `CI_NODE_INDEX`.
    #[arg(long, value_name = "K/N|auto", env = "WIREPROOF_SHARD", value_parser = wanted)]
    shard: Option<WantedShard>,

    /// Run only cases that failed in this JSON report, or are not in it.
    #[arg(long, value_name = "REPORT", env = "WIREPROOF_SINCE")]
    since: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy)]
enum WantedShard {
    Auto,
    Given(Shard),
}

fn wanted(text: &str) -> Result<WantedShard, ShardError> {
    if text == "auto" { Ok(WantedShard::Auto) } else { text.parse().map(WantedShard::Given) }
}

impl SubsetArguments {
    /// The requested shard.
    pub(super) fn shard(&self) -> Result<Option<Shard>, Failure> {
        match self.shard {
            None => Ok(None),
            Some(WantedShard::Given(shard)) => Ok(Some(shard)),
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

    /// The shard of a run. All shards of a run need the same seed.
    pub(super) fn shard_of_run(&self, has_seed: bool) -> Result<Option<Shard>, Failure> {
        let shard = self.shard()?;
        if shard.is_some_and(|shard| shard.total() > 1) && !has_seed {
            return Err(Failure::usage("--shard needs --seed N\nhelp: pass the same seed to every shard of a run"));
        }
        if shard.is_some() {
            sign_for_bazel()?;
        }
        Ok(shard)
    }

    /// The IDs that conformed in the report of an earlier run, or were not applicable.
    pub(super) fn settled(&self) -> Result<HashSet<String>, Failure> {
        let Some(path) = &self.since else { return Ok(HashSet::new()) };
        let document = read_report(path)?;
        let settled = document.cases.into_iter().filter(|case| is_settled(case.verdict));
        Ok(settled.map(|case| case.id.0).collect())
    }
}

/// True if a case need not run again.
pub(super) fn is_settled(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Conforms | Verdict::NotApplicable)
}

/// Reads a JSON report.
pub(super) fn read_report(path: &Path) -> Result<ReportDocument, Failure> {
    let text = bounded_file::text(path, FileKind::Report)
        .map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))?;
    ReportDocument::read(&path.display().to_string(), &text).map_err(|error| Failure::usage(error.to_string()))
}

/// Informs Bazel that this test runner supports shards.
fn sign_for_bazel() -> Result<(), Failure> {
    let Some(path) = env::var_os("TEST_SHARD_STATUS_FILE").filter(|path| !path.is_empty()) else { return Ok(()) };
    fs::write(&path, "").map_err(|error| {
        Failure::internal(format!("cannot write {} (TEST_SHARD_STATUS_FILE): {error}", path.display()))
    })
}

/// The message for a run in which earlier runs have settled every selected case.
pub(super) fn nothing_left(settled: usize) -> String {
    let cases = if settled == 1 { "the 1 selected case".to_owned() } else { format!("all {settled} selected cases") };
    format!("nothing to run: {cases} conformed or did not apply in their last run")
}

/// Prints a line to standard error.
pub(super) fn say(text: &str) -> Result<(), Failure> {
    written(writeln!(anstream::stderr(), "{text}"))
}
