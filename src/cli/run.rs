//! `wireproof run`: replay and judge.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;
use tokio::sync::watch;

use super::{
    Failure,
    outcome::{Again, OutcomeArguments},
    pace::PaceArguments,
    runtime,
    select::SelectArguments,
    target::TargetArguments,
};
use crate::{
    event::{CaseFinished, Event, RunFinished},
    exit::ExitStatus,
    golden,
    scenario::{Batch, Case, Suite},
    session::Session,
    transport::Wire,
    verdict::Verdict,
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
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) select: SelectArguments,

    #[command(flatten)]
    pub(super) target: TargetArguments,

    #[command(flatten)]
    pub(super) pace: PaceArguments,

    #[command(flatten)]
    outcome: OutcomeArguments,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitStatus, Failure> {
    let (suite, cases, fixtures) = arguments.select.load()?;
    if arguments.outcome.dry_run {
        return super::list::print(&cases, "would run").map(|()| ExitStatus::Incomplete);
    }
    let goldens = fixtures.goldens()?;
    let mut outlet = arguments.outcome.outlet(&arguments.again(), cases.len())?;
    let update =
        arguments.outcome.update.then(|| fixtures.snapshots.clone().unwrap_or_else(|| PathBuf::from("snapshots")));
    let mut sink = |event: Event| {
        outlet.take(&event);
        if let (Event::CaseFinished(finished), Some(folder)) = (&event, &update) {
            outlet.keep(keep_golden(folder, finished, &goldens));
        }
    };
    let shared = Arc::new(goldens.clone());
    let finished = runtime()?.block_on(go(arguments, suite, cases, shared, &mut sink))?;
    let seen = outlet.close()?;
    arguments.outcome.status(&finished, seen.as_ref(), arguments.select.is_everything())
}

impl Arguments {
    fn again(&self) -> Again {
        let mut words = Vec::new();
        if let Some(endpoint) = &self.target.endpoint {
            words.push(format!("--endpoint {endpoint}"));
        }
        if let Some(fixtures) = &self.select.fixtures.fixtures {
            words.push(format!("--fixtures {}", fixtures.display()));
        }
        Again { command: "wireproof run".to_owned(), flags: words.join(" "), model: None, most: None }
    }
}

fn keep_golden(folder: &Path, finished: &CaseFinished, goldens: &golden::Goldens) -> io::Result<()> {
    let observation = finished.observation().text();
    let known = goldens.get(&finished.case.id);
    if finished.report.verdict == Verdict::Conforms && known != Some(observation.as_str()) {
        golden::write_pending(folder, &finished.case, &observation)?;
    }
    Ok(())
}

/// Runs the cases against the target of the arguments.
pub(super) async fn go(
    arguments: &Arguments,
    suite: Suite,
    cases: Vec<Case>,
    goldens: Arc<golden::Goldens>,
    sink: &mut (dyn FnMut(Event) + Send),
) -> Result<RunFinished, Failure> {
    let (target, reference) = arguments.target.target(&suite).await?;
    let session = Session {
        suite: Arc::new(suite),
        target: Arc::new(target),
        transport: Arc::new(Wire::new(&arguments.pace.settings()?).map_err(|error| Failure::usage(error.to_string()))?),
        goldens,
        options: arguments.pace.options(arguments.pace.seed())?,
        interrupt: interrupt(),
        restart: arguments.pace.restart(),
    };
    let finished = session.run(&mut Batch::new(cases), sink).await;
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
