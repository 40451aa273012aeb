//! `wireproof list`: lists the cases that would run.

use std::{collections::HashSet, io::Write as _};

use clap::Args;

use super::{
    Failure,
    select::{FixtureArguments, SelectArguments, SelectedCases},
    written,
};
use crate::{report::text::count, run::exit::ExitStatus, suite::Case};

/// Arguments of `wireproof list`.
#[derive(Debug, Args)]
pub(super) struct ListArguments {
    #[command(flatten)]
    select: SelectArguments,

    #[command(flatten)]
    fixtures: FixtureArguments,
}

pub(super) fn run(arguments: &ListArguments) -> Result<ExitStatus, Failure> {
    let SelectedCases { cases, settled, .. } = arguments.select.load(&arguments.fixtures, HashSet::new())?;
    let selected = cases.len() + settled;
    print(&arguments.select.subset.cases(cases)?, "selected")?;
    Ok(if selected == 0 { ExitStatus::Incomplete } else { ExitStatus::Conforms })
}

/// Prints one line for each case, and the count to standard error.
pub(super) fn print(cases: &[Case], what: &str) -> Result<(), Failure> {
    let mut out = std::io::BufWriter::new(std::io::stdout());
    let mut lines = || -> std::io::Result<()> {
        for case in cases {
            writeln!(out, "{}\t{}\t{}", case.id, case.scenario.evidence, case.scenario.title)?;
        }
        out.flush()
    };
    written(lines())?;
    let _ = writeln!(std::io::stderr(), "{} {what}", count(cases.len(), "case"));
    Ok(())
}
