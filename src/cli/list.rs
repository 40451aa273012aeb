//! `wireproof list`: what would run.

use std::io::Write as _;

use clap::Args;

use super::{Failure, select::SelectArguments, written};
use crate::{exit::ExitStatus, scenario::Case};

/// Arguments of `wireproof list`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    select: SelectArguments,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitStatus, Failure> {
    let (_, cases, _) = arguments.select.load()?;
    print(&cases, "selected")?;
    Ok(if cases.is_empty() { ExitStatus::Incomplete } else { ExitStatus::Conforms })
}

/// One line a case, and how many there are on standard error.
pub(super) fn print(cases: &[Case], what: &str) -> Result<(), Failure> {
    let mut out = std::io::BufWriter::new(std::io::stdout());
    let mut lines = || -> std::io::Result<()> {
        for case in cases {
            writeln!(out, "{}\t{}\t{}", case.id, case.scenario.evidence, case.scenario.title)?;
        }
        out.flush()
    };
    written(lines())?;
    let _ = writeln!(std::io::stderr(), "{} cases {what}", cases.len());
    Ok(())
}
