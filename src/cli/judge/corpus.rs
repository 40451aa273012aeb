//! `wireproof judge --corpus`: judges recorded responses of AWS by their models.

use std::{
    io::{self, Read as _, Write},
    path::{Path, PathBuf},
};

use clap::Args;
use flate2::read::MultiGzDecoder;
use time::OffsetDateTime;

use super::super::{
    Failure,
    botocore::BotocoreArguments,
    model_source::{ModelFolder, ModelSource},
    report_arguments::{DocumentReports, WantedReport},
    terminal::width,
};
use crate::{
    model::bounded_file::{self, FileKind},
    proof::corpus::{
        CorpusTally, Models, Record,
        corpus_report::{self, CorpusOptions, FalsePositives},
        read,
    },
    report::Format,
    run::exit::ExitStatus,
};

/// The models and the limit for a corpus.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Corpus")]
pub(super) struct CorpusArguments {
    /// Folder of Smithy JSON models, searched recursively [default: the models of the installed botocore].
    #[arg(long, value_name = "DIR", env = "WIREPROOF_MODELS", requires = "corpus")]
    models: Option<PathBuf>,

    /// Maximum share of AWS responses with an error, from 0 to 1.
    #[arg(long, value_name = "SHARE", env = "WIREPROOF_MAX_ERROR_RATE", default_value_t = 0.001, value_parser = share)]
    max_error_rate: f64,
}

fn share(text: &str) -> Result<f64, String> {
    let share: f64 = text.parse().map_err(|_| "expected a number from 0 to 1, such as 0.001".to_owned())?;
    if (0.0..=1.0).contains(&share) {
        Ok(share)
    } else {
        Err("expected a number from 0 to 1, such as 0.001".to_owned())
    }
}

/// Judges the responses of a corpus.
pub(super) fn judge(
    path: &Path,
    arguments: &CorpusArguments,
    botocore: &BotocoreArguments,
    reports: &[WantedReport],
) -> Result<ExitStatus, Failure> {
    let reports = DocumentReports::open(reports)?;
    let records = records(path)?;
    let shelf = arguments.shelf(botocore)?;
    let models = Models::gather(&records, |service| shelf.find(service))?;
    let tally = CorpusTally::of(records.iter().map(|record| (record, models.judge(record))));
    reports.write(|format, color, out| write(arguments, format, color, &tally, out))?;
    Ok(match tally.all().responses {
        share if share.of == 0 => ExitStatus::Incomplete,
        share if share.rate() <= arguments.max_error_rate => ExitStatus::Conforms,
        _ => ExitStatus::Deviates,
    })
}

impl CorpusArguments {
    fn shelf(&self, botocore: &BotocoreArguments) -> Result<ModelSource, Failure> {
        let folder = self.models.as_ref().map(|folder| ModelFolder::open(folder).map(ModelSource::Folder));
        folder.unwrap_or_else(|| Ok(ModelSource::Botocore(botocore.places())))
    }
}

fn records(path: &Path) -> Result<Vec<Record>, Failure> {
    let shown = path.display();
    let bytes = bounded_file::bytes(path, FileKind::Report)
        .map_err(|error| Failure::usage(format!("cannot read {shown}: {error}")))?;
    let mut text = String::new();
    let read_whole = if bytes.starts_with(GZIP) {
        MultiGzDecoder::new(bytes.as_slice()).take(FileKind::Report.limit()).read_to_string(&mut text)
    } else {
        bytes.as_slice().read_to_string(&mut text)
    };
    read_whole.map_err(|error| Failure::usage(format!("cannot read {shown}: {error}")))?;
    read(&text).map_err(|broken| Failure::usage(format!("{shown}: {broken}")))
}

/// The first bytes of a gzip file.
const GZIP: &[u8] = &[0x1f, 0x8b];

fn write(
    arguments: &CorpusArguments,
    format: Format,
    color: bool,
    tally: &CorpusTally,
    mut out: &mut dyn Write,
) -> io::Result<()> {
    if format == Format::JSON {
        return corpus_report::json(&FalsePositives::of(date(), tally.clone()), &mut out);
    }
    let options = CorpusOptions { color, width: width(), max_error_rate: arguments.max_error_rate };
    corpus_report::human(tally, &options, &mut out)
}

/// The current date, in UTC.
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
