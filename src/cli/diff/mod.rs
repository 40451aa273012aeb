//! `wireproof diff`: compares two endpoints, recordings or reports, response by response.

mod origin;
mod sides;

use std::{
    ffi::OsString,
    io::{self, Write},
    path::PathBuf,
};

use clap::{Args, builder::BoolishValueParser};

use super::{
    Failure,
    derivation_arguments::{ChoiceArguments, DerivationArguments, FamilyArguments},
    execution::{ExecutionArguments, SensitiveArguments},
    report_arguments::{DocumentReports, WantedReport, report_help},
    select::{FixtureArguments, SelectArguments},
    subset::say,
    target_arguments::AccessArguments,
    terminal::width,
};
use crate::{
    report::{
        DocumentKind, Format,
        diff::{
            ChangePattern, CompareOptions, Comparison, PartyKind, compare,
            diff_report::{self, DiffOptions},
        },
    },
    run::exit::ExitStatus,
};

use origin::Origin;
use sides::sides;

const EXAMPLES: &str = "Examples:
  wireproof diff http://127.0.0.1:4566 http://127.0.0.1:5000          compare two endpoints
  wireproof diff reference http://127.0.0.1:4566 --operation StopDeployment
  wireproof diff --model botocore:ssm URL URL                         compare them by the probes of a model
  wireproof diff recorded-on-aws/ http://127.0.0.1:4566               repeat the cases of a recording
  wireproof diff last-release.json this-release.json                  compare two JSON reports
  wireproof diff A B --ignore value --ignore /deploymentInfo/creator  skip these differences
  wireproof diff A B --report json=differences.json

Both endpoints get the same credentials, Region and identities. If they need different ones, record each
endpoint with `wireproof run --recording DIR`, and compare the folders.

Exit status:
    0  no difference
    1  differences
    2  usage error, or a side cannot be read
    3  nothing to compare
  130  interrupted";

/// Arguments of `wireproof diff`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct DiffArguments {
    /// The first side: the URL of an endpoint, the word reference, a recording, or a JSON report.
    #[arg(value_name = "A")]
    a: OsString,

    /// The second side.
    #[arg(value_name = "B")]
    b: OsString,

    #[command(flatten)]
    select: SelectArguments,

    #[command(flatten)]
    fixtures: FixtureArguments,

    /// Compare the responses to the probes of this model instead of scenarios, as `wireproof probe` sends them. A recording
    /// determines its probes itself.
    #[arg(long, value_name = "FILE|botocore:SERVICE", env = "WIREPROOF_MODEL", help_heading = "Probes")]
    model: Option<PathBuf>,

    /// Recipe that creates the resources of the service, in the format of states.yaml with `members` [default: built in].
    #[arg(long, value_name = "FILE", env = "WIREPROOF_RECIPE", help_heading = "Probes")]
    recipe: Option<PathBuf>,

    #[command(flatten)]
    families: FamilyArguments,

    #[command(flatten)]
    access: AccessArguments,

    #[command(flatten)]
    execution: ExecutionArguments,

    #[command(flatten)]
    sensitive: SensitiveArguments,

    /// Ignore differences of this kind, at or below this JSON pointer (`*` matches any part), or of this header:NAME
    /// (repeatable).
    #[arg(
        long,
        value_name = "POINTER|KIND",
        env = "WIREPROOF_DIFF_IGNORE",
        value_delimiter = ',',
        help_heading = "Differences"
    )]
    ignore: Vec<ChangePattern>,

    /// Print only differences of this kind, at or below this JSON pointer, or of this header:NAME (repeatable).
    #[arg(
        long,
        value_name = "POINTER|KIND",
        env = "WIREPROOF_DIFF_ONLY",
        value_delimiter = ',',
        help_heading = "Differences"
    )]
    only: Vec<ChangePattern>,

    /// Write the differences.
    #[arg(
        long,
        value_name = "FORMAT[=PATH]",
        env = "WIREPROOF_DIFF_REPORT",
        value_delimiter = ',',
        help_heading = "Differences",
        help = report_help(DocumentKind::Comparison),
        value_parser = WantedReport::parser(DocumentKind::Comparison)
    )]
    report: Vec<WantedReport>,

    /// Print every difference, without a limit.
    #[arg(long, short, env = "WIREPROOF_VERBOSE", value_parser = BoolishValueParser::new(), help_heading = "Differences")]
    verbose: bool,
}

pub(super) fn run(arguments: &DiffArguments) -> Result<ExitStatus, Failure> {
    let derives = arguments.recipe.as_ref().map(|_| "--recipe").or(arguments.families.given());
    if let Some(flag) = derives.filter(|_| arguments.model.is_none()) {
        return Err(Failure::alone(flag, "--model"));
    }
    let (a, b) = (Origin::of(&arguments.a)?, Origin::of(&arguments.b)?);
    let reports = DocumentReports::open(&arguments.report)?;
    let (a, b) = sides(arguments, a, b)?;
    // A case that did not run would look like a difference.
    if [&a.party, &b.party].iter().any(|side| side.interrupted && side.kind == PartyKind::Endpoint) {
        return say("diff: interrupted, so nothing is compared").map(|()| ExitStatus::Interrupted);
    }
    let options = CompareOptions { ignore: arguments.ignore.clone(), only: arguments.only.clone() };
    let comparison = compare(&a, &b, &options);
    reports.write(|format, color, out| arguments.write(format, color, &comparison, out))?;
    Ok(status(&comparison))
}

fn status(comparison: &Comparison) -> ExitStatus {
    match comparison {
        _ if comparison.is_empty() => ExitStatus::Incomplete,
        _ if comparison.is_equal() => ExitStatus::Conforms,
        _ => ExitStatus::Deviates,
    }
}

/// The number of differences that are printed without `--verbose`.
const SHOWN: usize = 20;

impl DiffArguments {
    /// The derivation of the probes, if a model is named.
    fn derivation(&self) -> Option<DerivationArguments> {
        let choice = ChoiceArguments {
            families: self.families.clone(),
            operation: self.select.operation.clone(),
            filter: self.select.filter.clone(),
            exclude: self.select.exclude.clone(),
        };
        let (botocore, recipe) = (self.fixtures.botocore.clone(), self.recipe.clone());
        Some(DerivationArguments { model: self.model.clone()?, botocore, recipe, choice })
    }

    fn write(&self, format: Format, color: bool, comparison: &Comparison, mut out: &mut dyn Write) -> io::Result<()> {
        if format == Format::JSON {
            return diff_report::json(comparison.clone(), &mut out);
        }
        let most = if self.verbose { usize::MAX } else { SHOWN };
        diff_report::human(comparison, &DiffOptions { color, width: width(), most }, &mut out)
    }
}
