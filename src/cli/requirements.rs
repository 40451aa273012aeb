//! `wireproof requirements`: the numbered requirements, and what became of them.

use std::{collections::HashSet, io::Write as _, sync::Arc};

use clap::Args;

use super::{Failure, run, runtime, select::SelectedCases, written};
use crate::{
    judge::snapshots::Snapshots,
    report::text::count,
    run::{
        event::{Event, RequirementOutcome, RequirementReport, RunFinished},
        exit::ExitStatus,
        observer::OnEvent,
    },
    suite::{Fixtures, requirement::Requirement},
};

/// Arguments of `wireproof requirements`.
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
    let mut batch = arguments.run.batch(cases)?;
    let mut silent = OnEvent(|_: &Event| {});
    let run = run::execute(&arguments.run, suite, &mut batch, Arc::new(Snapshots::default()), &mut silent);
    let finished = runtime()?.block_on(run)?;
    written(outcomes(&shown, &finished))?;
    Ok(ExitStatus::of_run(&finished.ledger, &[], finished.interrupted))
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
