//! `wireproof merge`: merges the reports of shards into one, with the exit status of the whole run.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use clap::Args;

use super::{
    Failure,
    gate::GateArguments,
    report_arguments::{ReportArguments, RerunCommand, written_reports},
    select::FixtureArguments,
    subset::read_report,
    target_arguments::EMBEDDED,
};
use crate::{
    gate::merge::{self, ShardReport},
    harness::RunOutputs,
    report::ReportDocument,
    run::{
        event::{CitableRequirement, Event},
        exit::ExitStatus,
        observer::Observer as _,
    },
    suite::Fixtures,
};

const EXAMPLES: &str = "Examples:
  wireproof merge shard-*.json                                     print the summary; exit like the whole run
  wireproof merge shard-*.json --report json=whole.json            write one report, as of a single run
  wireproof merge shard-*.json --baseline wireproof.toml           fail only on differences from the baseline

Each report must be from --report json with --shard K/N. All reports must have the same suite, version, target,
seed and selection, and contain each shard and each case exactly once; otherwise the exit status is 2 and
nothing is merged. A JSON report contains only the exchanges of cases that do not conform.";

/// Arguments of `wireproof merge`.
#[derive(Debug, Args)]
#[group(skip)]
#[command(after_help = EXAMPLES)]
pub(super) struct MergeArguments {
    /// JSON reports of shards, or folders of reports, in any order; a report of a whole run must be the only one.
    #[arg(value_name = "REPORT", required = true)]
    shards: Vec<PathBuf>,

    #[command(flatten)]
    fixtures: FixtureArguments,

    #[command(flatten)]
    gate: GateArguments,

    #[command(flatten)]
    reports: ReportArguments,
}

pub(super) fn run(arguments: &MergeArguments) -> Result<ExitStatus, Failure> {
    let document = merge::merge(parts(&arguments.shards)?).map_err(|error| Failure::usage(error.to_string()))?;
    let suite = arguments.suite(&document)?;
    let ids: BTreeSet<String> = suite.cases().into_iter().map(|case| case.id.0).collect();
    // Without the fixtures, the other cases are unknown.
    let gate = arguments.gate.open(move |unseen| {
        Ok(if ids.is_empty() { BTreeSet::new() } else { unseen.difference(&ids).cloned().collect() })
    })?;
    let mut outputs = RunOutputs::new(arguments.reports.open(&again(&document))?, gate);
    let mut end = None;
    for event in merge::events(document, CitableRequirement::all(&suite)) {
        outputs.event(&event);
        if let Event::RunFinished(finished) = event {
            end = Some(finished);
        }
    }
    let gate = written_reports(outputs)?;
    let finished = end.ok_or_else(|| Failure::internal("the merged report has no end"))?;
    gate.status(&finished)
}

fn parts(paths: &[PathBuf]) -> Result<Vec<ShardReport>, Failure> {
    let mut parts = Vec::new();
    for path in paths {
        for file in reports_at(path)? {
            parts.push(ShardReport { file: file.display().to_string(), document: read_report(&file)? });
        }
    }
    Ok(parts)
}

/// The file, or the JSON files in a folder.
fn reports_at(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let failed = |error: std::io::Error| Failure::usage(format!("cannot read {}: {error}", path.display()));
    let entries = fs::read_dir(path).map_err(failed)?.map(|entry| entry.map(|entry| entry.path()));
    let mut files: Vec<PathBuf> = entries.collect::<Result<_, _>>().map_err(failed)?;
    files.retain(|file| file.extension().is_some_and(|kind| kind == "json"));
    files.sort();
    if files.is_empty() {
        return Err(Failure::usage(format!("no JSON report in {}", path.display())));
    }
    Ok(files)
}

impl MergeArguments {
    /// The suite of the report, or an empty suite if these fixtures are different.
    fn suite(&self, document: &ReportDocument) -> Result<Fixtures, Failure> {
        let is_it = self.fixtures.files()?.digest() == document.suite.digest;
        if is_it { self.fixtures.suite() } else { Ok(Fixtures::of_services([])) }
    }
}

/// The command that reruns a case of the report.
fn again(document: &ReportDocument) -> RerunCommand {
    let of_probes = document.coverage.is_some();
    let command = if of_probes { "wireproof probe --model MODEL --filter" } else { "wireproof run" };
    let first = document.target.endpoint.split(", ").next().unwrap_or_default();
    let flags = if document.target.name == EMBEDDED { String::new() } else { format!("--endpoint {first}") };
    RerunCommand { command: command.to_owned(), flags, derivation: None }
}
