//! `wireproof run`: replay and judge.

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;
use tokio::sync::watch;

use super::{
    Failure,
    memory::{LastFailedArguments, LastRuns},
    outcome::OutputArguments,
    pace::ExecutionArguments,
    part::nothing_left,
    reports::RerunCommand,
    runtime,
    select::{SelectArguments, SelectedCases},
    target::TargetArguments,
};
use crate::{
    judge::{snapshots, verdict::Verdict},
    run::{
        event::{CaseFinished, Event, RunFinished},
        exit::ExitStatus,
        session::Session,
        transport::Wire,
    },
    suite::{Batch, Case, Fixtures, Plan as _},
};

const EXAMPLES: &str = "Examples:
  wireproof run                                             every scenario, against the embedded reference
  wireproof run --endpoint http://127.0.0.1:4566 -v         against an emulator, with every exchange
  wireproof run codedeploy/stop-deployment/unknown-id       one scenario
  wireproof run --tag auth --exclude '*region*'             by tag, without some
  wireproof run --report human --report json=report.json    two reports
  wireproof run --allow not-implemented,blocked             what is missing does not fail CI";

/// Arguments of `wireproof run`.
#[derive(Debug, Args)]
#[group(skip)]
#[command(after_help = EXAMPLES)]
pub(super) struct RunArguments {
    #[command(flatten)]
    pub(super) select: SelectArguments,

    #[command(flatten)]
    memory: LastFailedArguments,

    #[command(flatten)]
    pub(super) target: TargetArguments,

    #[command(flatten)]
    pub(super) pace: ExecutionArguments,

    #[command(flatten)]
    outcome: OutputArguments,
}

pub(super) fn run(arguments: &RunArguments) -> Result<ExitStatus, Failure> {
    let memory = LastRuns::of(arguments.target.called(), arguments.select.origin());
    let SelectedCases { suite, cases, fixtures, settled } =
        arguments.select.load(arguments.memory.settled(&memory)?)?;
    if arguments.outcome.dry_run {
        let cases = arguments.select.part.cases(cases)?;
        return super::list::print(&cases, "would run").map(|()| ExitStatus::Incomplete);
    }
    let ids: BTreeSet<String> = suite.cases().into_iter().map(|case| case.id.0).collect();
    let batch = arguments.batch(cases)?;
    let nothing_left = (settled > 0 && batch.whole().selected.cases == 0).then(|| nothing_left(settled));
    let snapshots = fixtures.snapshots()?;
    let mut outlet = arguments.outcome.outlet(&arguments.again(), batch.selected(), memory)?;
    let update =
        arguments.outcome.update.then(|| fixtures.snapshots.clone().unwrap_or_else(|| PathBuf::from("snapshots")));
    let mut sink = |event: Event| {
        outlet.take(&event);
        if let (Event::CaseFinished(finished), Some(folder)) = (&event, &update) {
            outlet.keep("a snapshot", keep_snapshot(folder, finished, &snapshots));
        }
    };
    let shared = Arc::new(snapshots.clone());
    let finished = runtime()?.block_on(go(arguments, suite, batch, shared, &mut sink))?;
    outlet.close()?.idle(nothing_left).status(&finished, |unseen| Ok(unseen.difference(&ids).cloned().collect()))
}

impl RunArguments {
    /// What is run of the selected cases.
    pub(super) fn batch(&self, cases: Vec<Case>) -> Result<Batch, Failure> {
        Ok(Batch::sharded(cases, self.select.part.shard_of_run(self.pace.has_seed())?))
    }

    fn again(&self) -> RerunCommand {
        let mut words = Vec::new();
        if let Some(endpoint) = &self.target.endpoint {
            words.push(format!("--endpoint {endpoint}"));
        }
        if let Some(fixtures) = &self.select.fixtures.fixtures {
            words.push(format!("--fixtures {}", fixtures.display()));
        }
        RerunCommand { command: "wireproof run".to_owned(), flags: words.join(" "), derivation: None, most: None }
    }
}

fn keep_snapshot(folder: &Path, finished: &CaseFinished, snapshots: &snapshots::Snapshots) -> io::Result<()> {
    let observation = finished.observation().text();
    let known = snapshots.get(&finished.case.id);
    if finished.report.verdict == Verdict::Conforms && known != Some(observation.as_str()) {
        snapshots::write_pending(folder, &finished.case, &observation)?;
    }
    Ok(())
}

/// Runs the batch against the target of the arguments.
pub(super) async fn go(
    arguments: &RunArguments,
    suite: Fixtures,
    mut batch: Batch,
    snapshots: Arc<snapshots::Snapshots>,
    sink: &mut (dyn FnMut(Event) + Send),
) -> Result<RunFinished, Failure> {
    let (target, reference) = arguments.target.target(&suite).await?;
    let session = Session {
        suite: Arc::new(suite),
        target: Arc::new(target),
        transport: Arc::new(Wire::new(&arguments.pace.settings()?).map_err(|error| Failure::usage(error.to_string()))?),
        snapshots,
        options: arguments.pace.options(arguments.pace.seed())?,
        interrupt: interrupt(),
        restart: arguments.pace.restart(),
    };
    let finished = session.run(&mut batch, sink).await;
    if let Some(reference) = reference {
        reference.stop().await;
    }
    Ok(finished)
}

/// Turns true at the first Ctrl-C or request to end; the second ends the process at once.
pub(super) fn interrupt() -> watch::Receiver<bool> {
    let (sender, receiver) = watch::channel(false);
    tokio::spawn(async move {
        asked_to_end().await;
        let _ = sender.send(true);
        asked_to_end().await;
        std::process::exit(i32::from(ExitStatus::Interrupted.code()));
    });
    receiver
}

/// Waits for Ctrl-C, or for SIGTERM, by which CI systems cancel a job. For ever, where neither can be heard.
async fn asked_to_end() {
    let ctrl_c = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = ctrl_c => {}
        () = terminated() => {}
    }
}

#[cfg(unix)]
async fn terminated() {
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut signal) => drop(signal.recv().await),
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending().await
}
