//! `wireproof diff`: compares two endpoints, recordings or reports, response by response.

mod origin;
mod sides;

use std::io::{self, Write};

use clap::{Args, builder::BoolishValueParser};

use super::{
    Failure,
    execution::{ExecutionArguments, SensitiveArguments},
    report_arguments::{WantedReport, report_help, write_document},
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
    a: String,

    /// The second side.
    #[arg(value_name = "B")]
    b: String,

    #[command(flatten)]
    select: SelectArguments,

    #[command(flatten)]
    fixtures: FixtureArguments,

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
        value_parser = |text: &str| WantedReport::read(text, DocumentKind::Comparison)
    )]
    report: Vec<WantedReport>,

    /// Print every difference, without a limit.
    #[arg(long, short, env = "WIREPROOF_VERBOSE", value_parser = BoolishValueParser::new(), help_heading = "Differences")]
    verbose: bool,
}

pub(super) fn run(arguments: &DiffArguments) -> Result<ExitStatus, Failure> {
    let (a, b) = (Origin::of(&arguments.a)?, Origin::of(&arguments.b)?);
    let (a, b) = sides(arguments, a, b)?;
    // A case that did not run would look like a difference.
    if [&a.party, &b.party].iter().any(|side| side.interrupted && side.kind == PartyKind::Endpoint) {
        return say("diff: interrupted, so nothing is compared").map(|()| ExitStatus::Interrupted);
    }
    let options = CompareOptions { ignore: arguments.ignore.clone(), only: arguments.only.clone() };
    let comparison = compare(&a, &b, &options);
    write_document(&arguments.report, |format, color, out| arguments.write(format, color, &comparison, out))?;
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
    fn write(&self, format: Format, color: bool, comparison: &Comparison, mut out: &mut dyn Write) -> io::Result<()> {
        if format == Format::JSON {
            return diff_report::json(comparison.clone(), &mut out);
        }
        let most = if self.verbose { usize::MAX } else { SHOWN };
        diff_report::human(comparison, &DiffOptions { color, width: width(), most }, &mut out)
    }
}
