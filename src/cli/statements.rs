//! `wireproof statements`: the numbered statements, and what became of them.

use std::{collections::HashSet, io::Write as _, sync::Arc};

use clap::Args;

use super::{Failure, run, runtime, select::SelectedCases, written};
use crate::{
    judge::snapshots::Snapshots,
    report::text::count,
    run::{
        event::{RequirementOutcome, RequirementReport, RunFinished},
        exit::ExitStatus,
    },
    suite::{Fixtures, requirement::Requirement},
};

/// Arguments of `wireproof statements`.
///
/// Without a group of its own: clap names it after the type, and `run::Arguments` has that name already.
#[derive(Debug, Args)]
#[group(skip)]
pub(super) struct RequirementsArguments {
    /// Only show them; run nothing.
    #[arg(long)]
    list: bool,

    #[command(flatten)]
    run: run::RunArguments,
}

pub(super) fn run(arguments: &RequirementsArguments) -> Result<ExitStatus, Failure> {
    let SelectedCases { suite, cases, .. } = arguments.run.select.load(HashSet::new())?;
    if arguments.list {
        return written(list(&suite)).map(|()| ExitStatus::Conforms);
    }
    let shown = suite.clone();
    let mut silent = |_| {};
    let go = run::go(&arguments.run, suite, arguments.run.batch(cases)?, Arc::new(Snapshots::default()), &mut silent);
    let finished = runtime()?.block_on(go)?;
    written(outcomes(&shown, &finished))?;
    Ok(ExitStatus::of_run(&finished.ledger, &[], finished.interrupted))
}

fn list(suite: &Fixtures) -> std::io::Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout());
    for service in suite.services() {
        for statement in service.statements.iter() {
            let document =
                service.statements.document(statement).map(|document| document.title.as_str()).unwrap_or_default();
            writeln!(out, "{:<9} {:<10} {}", statement.id, statement.evidence.to_string(), statement.says)?;
            writeln!(out, "{:21}{document}, {} ({})", "", statement.section, statement.edition)?;
            contradiction(&mut out, statement)?;
        }
    }
    out.flush()
}

fn contradiction(out: &mut impl std::io::Write, statement: &Requirement) -> std::io::Result<()> {
    match &statement.contradiction {
        Some(contradiction) => {
            writeln!(out, "{:21}{}: {} Policy: {}", "", contradiction.id, contradiction.with, contradiction.policy)
        }
        None => Ok(()),
    }
}

fn outcomes(suite: &Fixtures, finished: &RunFinished) -> std::io::Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout());
    for statement in &finished.statements {
        writeln!(out, "{:<13} {:<9} {}", word(statement), statement.id, statement.says)?;
        let reason = statement.reason.clone().or_else(|| why_untestable(suite, &statement.id));
        if let Some(reason) = reason {
            writeln!(out, "{:23} {reason}", "")?;
        }
    }
    let [held, broken, not_provoked] = RequirementOutcome::ALL.map(|outcome| finished.count(outcome));
    let all = count(finished.statements.len(), "statement");
    writeln!(out, "{all}: {held} held, {broken} broken, {not_provoked} not provoked")?;
    out.flush()
}

fn why_untestable(suite: &Fixtures, id: &str) -> Option<String> {
    suite.services().find_map(|service| service.statements.get(id))?.untestable.clone()
}

fn word(statement: &RequirementReport) -> String {
    match statement.outcome {
        RequirementOutcome::Held => format!("held {}", statement.held),
        RequirementOutcome::Broken => format!("broken {}", statement.broken),
        RequirementOutcome::NotProvoked => "not provoked".to_owned(),
    }
}
