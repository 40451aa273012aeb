//! `wireproof statements`: the numbered statements, and what became of them.

use std::{collections::HashSet, io::Write as _, sync::Arc};

use clap::Args;

use super::{Failure, run, runtime, select::Loaded, written};
use crate::{
    judge::snapshots::Goldens,
    report::text::count,
    run::{
        event::{Outcome, RunFinished, StatementReport},
        exit::ExitStatus,
    },
    suite::{Suite, requirement::Statement},
};

/// Arguments of `wireproof statements`.
///
/// Without a group of its own: clap names it after the type, and `run::Arguments` has that name already.
#[derive(Debug, Args)]
#[group(skip)]
pub(super) struct Arguments {
    /// Only show them; run nothing.
    #[arg(long)]
    list: bool,

    #[command(flatten)]
    run: run::Arguments,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitStatus, Failure> {
    let Loaded { suite, cases, .. } = arguments.run.select.load(HashSet::new())?;
    if arguments.list {
        return written(list(&suite)).map(|()| ExitStatus::Conforms);
    }
    let shown = suite.clone();
    let mut silent = |_| {};
    let go = run::go(&arguments.run, suite, arguments.run.batch(cases)?, Arc::new(Goldens::default()), &mut silent);
    let finished = runtime()?.block_on(go)?;
    written(outcomes(&shown, &finished))?;
    Ok(ExitStatus::of_run(&finished.ledger, &[], finished.interrupted))
}

fn list(suite: &Suite) -> std::io::Result<()> {
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

fn contradiction(out: &mut impl std::io::Write, statement: &Statement) -> std::io::Result<()> {
    match &statement.contradiction {
        Some(contradiction) => {
            writeln!(out, "{:21}{}: {} Policy: {}", "", contradiction.id, contradiction.with, contradiction.policy)
        }
        None => Ok(()),
    }
}

fn outcomes(suite: &Suite, finished: &RunFinished) -> std::io::Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout());
    for statement in &finished.statements {
        writeln!(out, "{:<13} {:<9} {}", word(statement), statement.id, statement.says)?;
        let reason = statement.reason.clone().or_else(|| why_untestable(suite, &statement.id));
        if let Some(reason) = reason {
            writeln!(out, "{:23} {reason}", "")?;
        }
    }
    let [held, broken, not_provoked] = Outcome::ALL.map(|outcome| finished.count(outcome));
    let all = count(finished.statements.len(), "statement");
    writeln!(out, "{all}: {held} held, {broken} broken, {not_provoked} not provoked")?;
    out.flush()
}

fn why_untestable(suite: &Suite, id: &str) -> Option<String> {
    suite.services().find_map(|service| service.statements.get(id))?.untestable.clone()
}

fn word(statement: &StatementReport) -> String {
    match statement.outcome {
        Outcome::Held => format!("held {}", statement.held),
        Outcome::Broken => format!("broken {}", statement.broken),
        Outcome::NotProvoked => "not provoked".to_owned(),
    }
}
