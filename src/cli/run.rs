//! `wireproof run`: replay and judge.

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    Failure,
    execution::{ExecutionArguments, SensitiveArguments},
    last_runs::{LastFailedArguments, LastRuns},
    output::{CommandOutputs, OutputArguments},
    report_arguments::RerunCommand,
    rerun_flags::RerunFlags,
    select::{FixtureArguments, SelectArguments, SelectedCases, SnapshotArguments},
    subset::nothing_left,
    target_arguments::TargetArguments,
};
use crate::{
    judge::{
        snapshots::{self, Snapshots},
        verdict::Verdict,
    },
    run::{
        event::{Event, RunFinished},
        exit::ExitStatus,
        judged_case::JudgedCase,
        observer::Observer,
    },
    suite::{Batch, Case, Fixtures, Plan as _},
};
use clap::Args;

const EXAMPLES: &str = "Examples:
  wireproof run                                             run every scenario against the embedded reference
  wireproof run --endpoint http://127.0.0.1:4566 -v         test an emulator, and print exchanges
  wireproof run codedeploy/stop-deployment/unknown-id       run one scenario
  wireproof run --tag auth --exclude '*region*'             select by tag, and skip some IDs
  wireproof run --report human --report json=report.json    write two reports
  wireproof run --allow not-implemented,blocked             do not fail on missing operations";

/// Arguments of `wireproof run`.
#[derive(Debug, Args)]
#[group(skip)]
#[command(after_help = EXAMPLES)]
pub(super) struct RunArguments {
    #[command(flatten)]
    select: SelectArguments,

    #[command(flatten)]
    fixtures: FixtureArguments,

    #[command(flatten)]
    snapshots: SnapshotArguments,

    #[command(flatten)]
    last_failed: LastFailedArguments,

    #[command(flatten)]
    target: TargetArguments,

    #[command(flatten)]
    execution: ExecutionArguments,

    #[command(flatten)]
    sensitive: SensitiveArguments,

    #[command(flatten)]
    output: OutputArguments,
}

pub(super) fn run(arguments: &RunArguments, flags: &RerunFlags) -> Result<ExitStatus, Failure> {
    let last_runs = LastRuns::of(arguments.target.called(), arguments.select.origin(&arguments.fixtures));
    let SelectedCases { suite, cases, fixtures, settled } =
        arguments.select.load_for_run(&arguments.fixtures, arguments.last_failed.settled(&last_runs)?)?;
    if arguments.output.dry_run {
        let cases = arguments.select.subset.cases(cases)?;
        return super::list::print(&cases, "would run").map(|()| ExitStatus::Incomplete);
    }
    let batch = arguments.batch(cases)?;
    let nothing_left = (settled > 0 && batch.whole().selected.cases == 0).then(|| nothing_left(settled));
    let snapshots = arguments.snapshots.load(&fixtures)?;
    let command = rerun(flags, &fixtures);
    let missing = move |unseen: &BTreeSet<String>| missing(&fixtures, unseen);
    let mut outputs = arguments.output.open(&command, batch.selected(), last_runs, missing)?;
    let mut pending =
        arguments.output.update.then(|| PendingSnapshots::below(arguments.snapshots.snapshots.as_deref()));
    let executed = execute(arguments, suite, batch, Arc::new(snapshots), (&mut outputs, &mut pending));
    let finished = arguments.target.runtime()?.block_on(executed)?;
    let gate = outputs.close()?;
    pending.map_or(Ok(()), PendingSnapshots::close)?;
    gate.with_idle(nothing_left).status(&finished)
}

/// The ids that no case of the fixtures has.
fn missing(fixtures: &FixtureArguments, ids: &BTreeSet<String>) -> Result<BTreeSet<String>, Failure> {
    let known: BTreeSet<String> = fixtures.suite()?.cases().into_iter().map(|case| case.id.0).collect();
    Ok(ids.difference(&known).cloned().collect())
}

impl RunArguments {
    /// The selected cases that run.
    fn batch(&self, cases: Vec<Case>) -> Result<Batch, Failure> {
        Ok(Batch::sharded(cases, self.select.subset.shard_of_run(self.execution.has_seed())?))
    }
}

/// The command for one case of these fixtures.
fn rerun(flags: &RerunFlags, fixtures: &FixtureArguments) -> RerunCommand {
    let folder = fixtures.fixtures.as_ref().map(|folder| folder.to_string_lossy());
    let flags = flags.clone().with("--fixtures", folder.as_deref()).line();
    RerunCommand { command: "wireproof run".to_owned(), flags, derivation: None }
}

/// Writes pending snapshots of cases that conform and differ from their snapshot.
struct PendingSnapshots {
    folder: PathBuf,
    failed: io::Result<()>,
}

impl PendingSnapshots {
    fn below(folder: Option<&Path>) -> Self {
        Self { folder: folder.unwrap_or(Path::new("snapshots")).to_owned(), failed: Ok(()) }
    }

    fn close(self) -> Result<(), Failure> {
        self.failed.map_err(|error| Failure::internal(format!("cannot write a snapshot: {error}")))
    }
}

impl Observer for PendingSnapshots {
    fn event(&mut self, _: &Event) {}

    fn case(&mut self, case: &JudgedCase) {
        if case.report.verdict != Verdict::Conforms {
            return;
        }
        let observation = case.observation().text();
        if case.snapshot.as_deref() != Some(observation.as_str()) {
            let written = snapshots::write_pending(&self.folder, &case.case, &observation).map(drop);
            self.failed = std::mem::replace(&mut self.failed, Ok(())).and(written);
        }
    }
}

/// Runs the batch against the target of the arguments; twice, if it updates a baseline.
async fn execute(
    arguments: &RunArguments,
    suite: Fixtures,
    mut batch: Batch,
    snapshots: Arc<Snapshots>,
    (outputs, pending): (&mut CommandOutputs, &mut Option<PendingSnapshots>),
) -> Result<RunFinished, Failure> {
    let endpoint = arguments.target.resolved(&suite)?;
    let (seed, sensitive) = (arguments.execution.seed(), arguments.sensitive.values());
    let runner = arguments.execution.runner(Arc::new(suite), endpoint, seed, sensitive).await?.snapshots(snapshots);
    let mut again = batch.clone();
    let finished = runner.run(&mut batch, &mut (outputs.observer(), pending)).await;
    if outputs.wants_repetition(&finished) {
        runner.repeated().await.run(&mut again, &mut outputs.repetition()).await;
    }
    Ok(finished)
}
