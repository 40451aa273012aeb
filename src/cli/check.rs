//! `wireproof check`: lints fixtures without a network.

use std::io::Write as _;

use clap::Args;

use super::{
    Failure,
    select::{FixtureArguments, SnapshotArguments},
    written,
};
use crate::{certificate::profile::Profiles, report::text::count, run::exit::ExitStatus, suite::Fixtures};

/// Arguments of `wireproof check`.
#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    /// Folder of the fixtures, or a scenario that names its model [default: the bundled fixtures].
    #[arg(value_name = "PATH", conflicts_with = "fixtures")]
    folder: Option<std::path::PathBuf>,

    #[command(flatten)]
    fixtures: FixtureArguments,

    #[command(flatten)]
    snapshots: SnapshotArguments,
}

pub(super) fn run(arguments: &CheckArguments) -> Result<ExitStatus, Failure> {
    let mut fixtures = arguments.fixtures.clone();
    fixtures.fixtures = fixtures.fixtures.or_else(|| arguments.folder.clone());
    let suite = fixtures.suite()?;
    Profiles::read(&fixtures.files()?, &suite).map_err(|error| Failure::usage(error.to_string()))?;
    let mut problems = uncovered(&suite);
    if arguments.snapshots.snapshots.is_some() || fixtures.fixtures.is_none() {
        let snapshots = arguments.snapshots.load(&fixtures)?;
        problems.extend(snapshots.broken());
        let (orphaned, missing) = snapshots.misfits(&suite.cases());
        problems.extend(orphaned.iter().map(|path| format!("{path} does not belong to any case")));
        problems.extend(missing_snapshots(&missing));
    }
    let (scenarios, cases) = (suite.scenarios().count(), suite.cases().len());
    let requirements: usize = suite.services().map(|service| service.requirements.iter().count()).sum();
    let sums = [
        (suite.services().count(), "service"),
        (requirements, "requirement"),
        (scenarios, "scenario"),
        (cases, "case"),
    ];
    let summary = sums.map(|(number, noun)| count(number, noun)).join(", ");
    if problems.is_empty() {
        written(writeln!(std::io::stdout(), "{summary}: no problems"))?;
        return Ok(ExitStatus::Conforms);
    }
    Err(Failure::usage(format!("{}\n{summary}: {}", problems.join("\nerror: "), count(problems.len(), "problem"))))
}

/// One line for all missing snapshots, because there may be hundreds.
fn missing_snapshots(missing: &[String]) -> Option<String> {
    let (first, rest) = missing.split_first()?;
    let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
    Some(format!(
        "no snapshot for {first}{more}\nhelp: write snapshots with `wireproof run --update`, and review them with `cargo insta review`"
    ))
}

/// Requirements that no scenario cites and no check judges, without a reason.
fn uncovered(suite: &Fixtures) -> Vec<String> {
    let requirements = suite.services().flat_map(|service| service.requirements.iter());
    let open = requirements.filter(|requirement| {
        let cited = suite.scenarios().any(|scenario| scenario.cites.contains(&requirement.id));
        !cited && requirement.checks.is_empty() && requirement.untestable.is_none()
    });
    open.map(|requirement| {
        format!("no scenario cites {}, no check judges it, and it gives no reason why it is untestable", requirement.id)
    })
    .collect()
}
