//! `wireproof diff`: two endpoints, recordings or reports, compared answer by answer.

mod origin;
mod sides;

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    str::FromStr,
};

use clap::{Args, builder::BoolishValueParser};

use super::{
    Failure, execution::ExecutionArguments, select::SelectArguments, subset::say, target::TargetArguments,
    terminal::width, written,
};
use crate::{
    report::{
        PendingFile,
        diff::{
            ChangePattern, CompareOptions, Comparison, PartyKind, compare,
            text::{self as told, DiffOptions},
        },
    },
    run::exit::ExitStatus,
};

use origin::Origin;
use sides::sides;

const EXAMPLES: &str = "Examples:
  wireproof diff http://127.0.0.1:4566 http://127.0.0.1:5000          two endpoints, asked the same
  wireproof diff reference http://127.0.0.1:4566 --operation StopDeployment
  wireproof diff recorded-on-aws/ http://127.0.0.1:4566               the cases of the recording, with its seed
  wireproof diff last-release.json this-release.json                  verdicts, findings, requirements
  wireproof diff A B --ignore value --ignore /deploymentInfo/creator  all but these
  wireproof diff A B --report json=differences.json

Credentials, region and identities are the same for both endpoints. Where they need their own, record each with
`wireproof run --transcript DIR`, and compare the folders.

Exit status:
    0  no difference
    1  a difference
    2  usage, or a side that cannot be read
    3  nothing to compare
  130  interrupted";

/// Arguments of `wireproof diff`.
#[derive(Debug, Args)]
#[command(
    after_help = EXAMPLES,
    mut_arg("endpoint", |arg| arg.hide(true)),
    mut_arg("name", |arg| arg.hide(true)),
    mut_arg("as_reference", |arg| arg.hide(true)),
    mut_arg("snapshots", |arg| arg.hide(true)),
)]
pub(super) struct DiffArguments {
    /// The first side: the URL of an endpoint, reference, a folder of transcripts, or a JSON report.
    #[arg(value_name = "A")]
    a: String,

    /// The second side.
    #[arg(value_name = "B")]
    b: String,

    #[command(flatten)]
    select: SelectArguments,

    #[command(flatten)]
    target: TargetArguments,

    #[command(flatten)]
    execution: ExecutionArguments,

    /// No differences of this kind, at this JSON pointer (`*`: any part) and below, or of this header:NAME (repeatable).
    #[arg(
        long,
        value_name = "POINTER|KIND",
        env = "WIREPROOF_DIFF_IGNORE",
        value_delimiter = ',',
        help_heading = "Differences"
    )]
    ignore: Vec<ChangePattern>,

    /// Only differences of this kind, at this JSON pointer and below, or of this header:NAME (repeatable).
    #[arg(
        long,
        value_name = "POINTER|KIND",
        env = "WIREPROOF_DIFF_ONLY",
        value_delimiter = ',',
        help_heading = "Differences"
    )]
    only: Vec<ChangePattern>,

    /// How the differences are written: human or json, to standard output or to FORMAT=PATH (repeatable).
    #[arg(
        long,
        value_name = "FORMAT[=PATH]",
        env = "WIREPROOF_DIFF_REPORT",
        value_delimiter = ',',
        help_heading = "Differences"
    )]
    report: Vec<WantedFormat>,

    /// Every difference, however many there are.
    #[arg(long, short, env = "WIREPROOF_VERBOSE", value_parser = BoolishValueParser::new(), help_heading = "Differences")]
    verbose: bool,
}

/// A form of the differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DiffForm {
    Human,
    Json,
}

/// A form, and the file that it goes to; without one, standard output.
#[derive(Debug, Clone)]
struct WantedFormat {
    form: DiffForm,
    path: Option<PathBuf>,
}

impl FromStr for WantedFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, path) = text.split_once('=').map_or((text, None), |(name, path)| (name, Some(path)));
        let form = match name {
            "human" => DiffForm::Human,
            "json" => DiffForm::Json,
            other => return Err(format!("no form {other:?}; there are human and json")),
        };
        if path == Some("") {
            return Err(format!("no path behind {name}=; without the sign it goes to standard output"));
        }
        Ok(Self { form, path: path.filter(|path| *path != "-").map(PathBuf::from) })
    }
}

pub(super) fn run(arguments: &DiffArguments) -> Result<ExitStatus, Failure> {
    let (a, b) = (Origin::of(&arguments.a)?, Origin::of(&arguments.b)?);
    let (a, b) = sides(arguments, a, b)?;
    // What was not asked any more would look like a difference.
    if [&a.party, &b.party].iter().any(|side| side.interrupted && side.kind == PartyKind::Endpoint) {
        return say("diff: interrupted: nothing is compared").map(|()| ExitStatus::Interrupted);
    }
    let options = CompareOptions { ignore: arguments.ignore.clone(), only: arguments.only.clone() };
    let comparison = compare(&a, &b, &options);
    arguments.write(&comparison)?;
    Ok(status(&comparison))
}

fn status(comparison: &Comparison) -> ExitStatus {
    match comparison {
        _ if comparison.is_empty() => ExitStatus::Incomplete,
        _ if comparison.is_equal() => ExitStatus::Conforms,
        _ => ExitStatus::Deviates,
    }
}

/// So many differences are told unless all are asked for.
const TOLD: usize = 20;

impl DiffArguments {
    fn write(&self, comparison: &Comparison) -> Result<(), Failure> {
        let machine = self.report.iter().any(|wanted| wanted.path.is_none() && wanted.form == DiffForm::Json);
        for WantedFormat { form, path } in &self.report {
            match path {
                Some(path) => self.write_file(*form, path, comparison)?,
                None if machine && *form == DiffForm::Human => {
                    let color = anstream::AutoStream::choice(&io::stderr());
                    written(self.write_to(*form, color, comparison, &mut io::stderr()))?;
                }
                None => self.write_stdout(*form, comparison)?,
            }
        }
        if self.report.iter().all(|wanted| wanted.path.is_some()) {
            self.write_stdout(DiffForm::Human, comparison)?;
        }
        Ok(())
    }

    fn write_stdout(&self, form: DiffForm, comparison: &Comparison) -> Result<(), Failure> {
        let color = anstream::AutoStream::choice(&io::stdout());
        written(self.write_to(form, color, comparison, &mut io::stdout()))
    }

    fn write_file(&self, form: DiffForm, path: &Path, comparison: &Comparison) -> Result<(), Failure> {
        let write = || {
            let pending = PendingFile::create(path)?;
            self.write_to(form, anstream::ColorChoice::Never, comparison, &mut pending.writer()?)?;
            pending.commit()
        };
        write().map_err(|error| Failure::internal(format!("cannot write {}: {error}", path.display())))
    }

    fn write_to(
        &self,
        form: DiffForm,
        color: anstream::ColorChoice,
        comparison: &Comparison,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let most = if self.verbose { usize::MAX } else { TOLD };
        let options = DiffOptions { color: color != anstream::ColorChoice::Never, width: width(), most };
        match form {
            DiffForm::Human => told::human(comparison, &options, out)?,
            DiffForm::Json => told::json(comparison.clone(), out)?,
        }
        out.flush()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("human", None)]
    #[case("json=-", None)]
    #[case("json=a=b", Some("a=b"))]
    fn a_form_has_a_place(#[case] text: &str, #[case] path: Option<&str>) {
        assert_eq!(text.parse::<WantedFormat>().unwrap().path, path.map(PathBuf::from));
    }

    #[rstest]
    #[case("papyrus", "no form \"papyrus\"; there are human and json")]
    #[case("json=", "no path behind json=")]
    fn what_is_no_form_is_told(#[case] text: &str, #[case] says: &str) {
        assert!(text.parse::<WantedFormat>().unwrap_err().starts_with(says));
    }
}
