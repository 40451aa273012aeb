//! `wireproof requirements`: the numbered requirements, and the outcome of each.

use std::{collections::HashSet, io::Write as _, sync::Arc};

use clap::Args;

use super::{
    Failure,
    execution::ExecutionArguments,
    select::{FixtureArguments, SelectArguments, SelectedCases},
    target_arguments::TargetArguments,
    written,
};
use crate::{
    judge::redaction::SensitiveValues,
    report::text::count,
    run::{
        event::{Event, RequirementOutcome, RequirementReport, RunFinished},
        exit::ExitStatus,
        observer::OnEvent,
    },
    suite::{Batch, Fixtures, requirement::Requirement},
};

const EXAMPLES: &str = "Examples:
  wireproof requirements --list                                     print the requirements, run nothing
  wireproof requirements --endpoint http://127.0.0.1:4566           print the outcome of each requirement
  wireproof requirements --service codedeploy --endpoint URL        requirements of one service";

/// Arguments of `wireproof requirements`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct RequirementsArguments {
    /// List the requirements and run nothing.
    #[arg(long)]
    list: bool,

    #[command(flatten)]
    select: SelectArguments,

    #[command(flatten)]
    fixtures: FixtureArguments,

    #[command(flatten)]
    target: TargetArguments,

    #[command(flatten)]
    execution: ExecutionArguments,
}

pub(super) fn run(arguments: &RequirementsArguments) -> Result<ExitStatus, Failure> {
    let SelectedCases { suite, cases, .. } = arguments.select.load(&arguments.fixtures, HashSet::new())?;
    if arguments.list {
        return written(list(&suite)).map(|()| ExitStatus::Conforms);
    }
    let suite = Arc::new(suite);
    let mut batch = Batch::sharded(cases, arguments.select.subset.shard_of_run(arguments.execution.has_seed())?);
    let finished = arguments.target.runtime()?.block_on(execute(arguments, Arc::clone(&suite), &mut batch))?;
    written(outcomes(&suite, &finished))?;
    Ok(ExitStatus::of_run(&finished.ledger, &[], finished.interrupted))
}

async fn execute(
    arguments: &RequirementsArguments,
    suite: Arc<Fixtures>,
    batch: &mut Batch,
) -> Result<RunFinished, Failure> {
    let endpoint = arguments.target.resolved(&suite)?;
    let runner =
        arguments.execution.runner(suite, endpoint, arguments.execution.seed(), SensitiveValues::Hidden).await?;
    let finished = runner.run(batch, &mut OnEvent(|_: &Event| {})).await;
    Ok(finished)
}

fn list(suite: &Fixtures) -> std::io::Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout());
    for service in suite.services() {
        for requirement in service.requirements.iter() {
            let document =
                service.requirements.document(requirement).map(|document| document.title.as_str()).unwrap_or_default();
            writeln!(out, "{:<9} {:<10} {}", requirement.id, requirement.evidence.to_string(), requirement.says)?;
            writeln!(out, "{:21}{document}, {} ({})", "", requirement.section, requirement.edition)?;
            contradiction(&mut out, requirement)?;
        }
    }
    out.flush()
}

fn contradiction(out: &mut impl std::io::Write, requirement: &Requirement) -> std::io::Result<()> {
    match &requirement.contradiction {
        Some(contradiction) => {
            writeln!(out, "{:21}{}: {} Policy: {}", "", contradiction.id, contradiction.with, contradiction.policy)
        }
        None => Ok(()),
    }
}

fn outcomes(suite: &Fixtures, finished: &RunFinished) -> std::io::Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout());
    for requirement in &finished.requirements {
        writeln!(out, "{:<13} {:<9} {}", word(requirement), requirement.id, requirement.says)?;
        let reason = requirement.reason.clone().or_else(|| why_untestable(suite, &requirement.id));
        if let Some(reason) = reason {
            writeln!(out, "{:23} {reason}", "")?;
        }
    }
    let [met, violated, not_exercised] = RequirementOutcome::ALL.map(|outcome| finished.count(outcome));
    let all = count(finished.requirements.len(), "requirement");
    writeln!(out, "{all}: {met} met, {violated} violated, {not_exercised} not exercised")?;
    out.flush()
}

fn why_untestable(suite: &Fixtures, id: &str) -> Option<String> {
    suite.services().find_map(|service| service.requirements.get(id))?.untestable.clone()
}

fn word(requirement: &RequirementReport) -> String {
    match requirement.outcome {
        RequirementOutcome::Met => format!("met {}", requirement.met),
        RequirementOutcome::Violated => format!("violated {}", requirement.violated),
        RequirementOutcome::NotExercised => "not exercised".to_owned(),
    }
}
