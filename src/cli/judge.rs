//! `wireproof judge`: recorded answers, judged by their models.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};
use flate2::read::MultiGzDecoder;
use time::OffsetDateTime;

use super::{
    Failure,
    botocore::BotocoreArguments,
    outcome::width,
    shelf::{ModelFolder, Shelf},
    written,
};
use crate::{
    corpus::{Models, Record, Tally, read},
    exit::ExitStatus,
    report::corpus::{self, CorpusOptions, FalseAlarms},
};

const EXAMPLES: &str = "Examples:
  wireproof judge --corpus recorded.jsonl.gz                      by the installed botocore
  wireproof judge --corpus recorded.jsonl.gz --models models/     by Smithy models
  wireproof judge --corpus recorded.jsonl --report json > judged.json
  wireproof judge --corpus recorded.jsonl --max-error-rate 0

A record is a JSON object on a line of its own: id, service, operation, protocol (json-1.0, json-1.1, rest-json),
kind (response, error), tier (W-wire, A-recorded, B-edited), status, headers, headers_reconstructed, body or
body_text, and where they apply error_code, masked_paths and model_violations ({path, label}).

Exit status:
    0  at most the allowed share of AWS's own answers has an error
    1  more have one
    2  usage, a corpus or a model that cannot be read
    3  nothing was judged";

/// Arguments of `wireproof judge`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The recorded answers: JSON Lines, plain or compressed by gzip.
    #[arg(long, value_name = "FILE", env = "WIREPROOF_RECORDED")]
    corpus: PathBuf,

    /// A folder of Smithy JSON models, searched to any depth; without it, the models of the installed botocore.
    #[arg(long, value_name = "DIR", env = "WIREPROOF_MODELS")]
    models: Option<PathBuf>,

    #[command(flatten)]
    botocore: BotocoreArguments,

    /// The share of AWS's own answers that may have an error, from 0 to 1.
    #[arg(long, value_name = "SHARE", env = "WIREPROOF_MAX_ERROR_RATE", default_value_t = 0.001, value_parser = share)]
    max_error_rate: f64,

    /// How the sums are written, to standard output.
    #[arg(long, value_enum, value_name = "FORMAT", env = "WIREPROOF_JUDGE_REPORT", default_value_t = Format::Human)]
    report: Format,
}

/// A form of the sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Human,
    /// One JSON document.
    Json,
}

fn share(text: &str) -> Result<f64, String> {
    let share: f64 = text.parse().map_err(|_| "a number from 0 to 1, such as 0.001".to_owned())?;
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err("a number from 0 to 1, such as 0.001".to_owned()) }
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitStatus, Failure> {
    let records = records(&arguments.corpus)?;
    let shelf = shelf(arguments)?;
    let models = Models::gather(&records, |service| shelf.find(service))?;
    let tally = Tally::of(records.iter().map(|record| (record, models.judge(record))));
    written(write(arguments, &tally))?;
    Ok(match tally.all().answers {
        share if share.of == 0 => ExitStatus::Incomplete,
        share if share.rate() <= arguments.max_error_rate => ExitStatus::Conforms,
        _ => ExitStatus::Deviates,
    })
}

fn shelf(arguments: &Arguments) -> Result<Shelf, Failure> {
    let places = || arguments.botocore.places();
    let folder = arguments.models.as_ref().map(|folder| ModelFolder::open(folder).map(Shelf::Folder));
    folder.unwrap_or_else(|| Ok(Shelf::Botocore(places())))
}

fn records(path: &Path) -> Result<Vec<Record>, Failure> {
    let shown = path.display();
    let bytes = fs::read(path).map_err(|error| Failure::usage(format!("cannot read {shown}: {error}")))?;
    let mut text = String::new();
    let read_whole = if bytes.starts_with(GZIP) {
        MultiGzDecoder::new(bytes.as_slice()).read_to_string(&mut text)
    } else {
        bytes.as_slice().read_to_string(&mut text)
    };
    read_whole.map_err(|error| Failure::usage(format!("cannot read {shown}: {error}")))?;
    read(&text).map_err(|broken| Failure::usage(format!("{shown}: {broken}")))
}

/// The first bytes of anything that gzip has compressed.
const GZIP: &[u8] = &[0x1f, 0x8b];

fn write(arguments: &Arguments, tally: &Tally) -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout());
    match arguments.report {
        Format::Human => {
            let color = anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never;
            let options = CorpusOptions { color, width: width(), max_error_rate: arguments.max_error_rate };
            corpus::human(tally, &options, &mut out)?;
        }
        Format::Json => corpus::json(&FalseAlarms::of(date(), tally.clone()), &mut out)?,
    }
    out.flush()
}

/// The day, in UTC.
fn date() -> String {
    OffsetDateTime::now_utc().date().to_string()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("0", Some(0.0))]
    #[case("0.001", Some(0.001))]
    #[case("1", Some(1.0))]
    #[case("1.1", None)]
    #[case("-0.1", None)]
    #[case("NaN", None)]
    #[case("one", None)]
    fn a_share_is_from_0_to_1(#[case] text: &str, #[case] expected: Option<f64>) {
        assert_eq!(share(text).ok(), expected);
    }
}
