//! `--report FORMAT[=PATH]`: the reports of a command, and the destination of each.
//!
//! The human report goes to standard output, or to standard error if a report for programs goes to standard output.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    io::{self, Write},
    path::{Path, PathBuf},
};

use clap::{
    Args,
    builder::{BoolishValueParser, OsStringValueParser, TypedValueParser},
};

use super::{
    Failure,
    gate::CommandGate,
    given_path::split_at_equals,
    terminal::width,
    unexpanded_home::{is_below_home, unexpanded},
    written,
};
use crate::{
    harness::{OpenReports, RunOutputs},
    report::{DocumentKind, Format, HumanOptions, PendingFile},
};

/// The reports of a run, and the options of the human one.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Reports")]
pub(super) struct ReportArguments {
    /// Write a report.
    #[arg(
        long,
        value_name = "FORMAT[=PATH]",
        env = "WIREPROOF_REPORT",
        value_delimiter = ',',
        help = report_help(DocumentKind::Run),
        value_parser = WantedReport::parser(DocumentKind::Run)
    )]
    report: Vec<WantedReport>,

    /// Print an equivalent curl command for each case that does not conform.
    #[arg(long, env = "WIREPROOF_CURL", value_parser = BoolishValueParser::new())]
    curl: bool,

    /// Print cause N of the list in full: its exchange, its findings and its cases (repeatable).
    #[arg(long, value_name = "N", value_delimiter = ',', env = "WIREPROOF_CAUSE")]
    cause: Vec<usize>,

    /// Print only the summary.
    #[arg(long, short, conflicts_with = "verbose", env = "WIREPROOF_QUIET", value_parser = BoolishValueParser::new())]
    pub(super) quiet: bool,

    /// Also print warnings, notes, differences from snapshots, and the exchanges of every case that deviates.
    #[arg(long, short, env = "WIREPROOF_VERBOSE", value_parser = BoolishValueParser::new())]
    verbose: bool,
}

/// The help of `--report` for a document.
pub(super) fn report_help(document: DocumentKind) -> String {
    let formats: Vec<String> = Format::of(document).map(|format| format!("{format} ({})", format.purpose())).collect();
    format!(
        "Write a report to standard output, or to a file with FORMAT=PATH (repeatable). The file is replaced at the end; \
         PATH - means standard output. Formats: {}",
        formats.join(", ")
    )
}

/// The command that runs one case again, before and after the case ID.
#[derive(Debug, Clone)]
pub(super) struct RerunCommand {
    /// The subcommand and the flags that find the case.
    pub(super) command: String,
    /// The flags after the case ID. Credentials come from the same source as before.
    pub(super) flags: String,
    /// The derivation of the probes, for a recording; `None`: fixtures.
    pub(super) derivation: Option<serde_json::Value>,
}

/// A report that the user requested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WantedReport {
    format: Format,
    /// The file; `None`: standard output.
    path: Option<PathBuf>,
}

/// The paths that mean standard output. Opened as a file, it would be written twice, or replaced.
const STDOUT: [&str; 4] = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];

impl WantedReport {
    /// The parser of `FORMAT[=PATH]`.
    pub(super) fn parser(document: DocumentKind) -> impl TypedValueParser<Value = Self> {
        OsStringValueParser::new().try_map(move |text| Self::read(&text, document))
    }

    /// Reads `FORMAT[=PATH]`. The path need not be UTF-8.
    fn read(text: &OsStr, document: DocumentKind) -> Result<Self, String> {
        let (name, path) = split_at_equals(text);
        let name = name.to_string_lossy();
        let format = Format::named(&name, document).map_err(|error| error.to_string())?;
        let Some(path) = path else { return Ok(Self { format, path: None }) };
        match path.to_str() {
            Some("") => Err(format!("no path after {name}=\nhelp: pass {name} alone to write to standard output")),
            Some(path) if is_below_home(path) => Err(unexpanded(path)),
            Some(path) if STDOUT.contains(&path) => Ok(Self { format, path: None }),
            _ => Ok(Self { format, path: Some(PathBuf::from(path)) }),
        }
    }

    fn destination<'a>(&'a self, human: Destination<'a>) -> Destination<'a> {
        match &self.path {
            Some(path) => Destination::File(path),
            None if self.format == Format::HUMAN => human,
            None => Destination::Stdout,
        }
    }
}

/// The destination of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Destination<'a> {
    Stdout,
    Stderr,
    File(&'a Path),
}

impl Destination<'_> {
    /// True if a report for people should have color there.
    fn has_color(self) -> bool {
        let choice = match self {
            Self::Stdout => anstream::AutoStream::choice(&io::stdout()),
            Self::Stderr => anstream::AutoStream::choice(&io::stderr()),
            Self::File(_) => anstream::ColorChoice::Never,
        };
        choice != anstream::ColorChoice::Never
    }
}

/// Every report with its destination. At most one report for programs goes to standard output; the human report then goes
/// to standard error.
fn placed(wanted: &[WantedReport]) -> Result<Vec<(Format, Destination<'_>)>, String> {
    let to_stdout = || wanted.iter().filter(|report| report.path.is_none()).map(|report| report.format);
    let (human, machine) = (Format::HUMAN, to_stdout().filter(|format| *format != Format::HUMAN));
    let machine: Vec<Format> = machine.collect();
    if machine.len() > 1 || to_stdout().filter(|format| *format == human).count() > 1 {
        let names: Vec<&str> = to_stdout().map(Format::name).collect();
        return Err(format!(
            "the reports {} cannot share standard output\nhelp: write all but one to a file with FORMAT=PATH",
            names.join(" and ")
        ));
    }
    let mut files = BTreeSet::new();
    if let Some(path) = wanted.iter().filter_map(|report| report.path.as_ref()).find(|path| !files.insert(*path)) {
        return Err(format!("two reports have the same file {}", path.display()));
    }
    let human_destination = if machine.is_empty() { Destination::Stdout } else { Destination::Stderr };
    let mut placed: Vec<_> =
        wanted.iter().map(|report| (report.format, report.destination(human_destination))).collect();
    if to_stdout().next().is_none() {
        // Standard output is free for the human report.
        placed.push((human, Destination::Stdout));
    }
    Ok(placed)
}

impl ReportArguments {
    /// Starts the reports, so that a file that cannot be written stops the command before it runs anything.
    pub(super) fn open(&self, rerun: &RerunCommand) -> Result<OpenReports, Failure> {
        let mut reports = OpenReports::default();
        for (format, destination) in placed(&self.report).map_err(Failure::usage)? {
            let options = self.human_options(destination, rerun);
            match destination {
                Destination::Stdout => reports.add_stream(format, Box::new(io::stdout()), &options),
                Destination::Stderr => reports.add_stream(format, Box::new(io::stderr()), &options),
                Destination::File(path) => {
                    reports.add_file(format, path, &options).map_err(|error| unwritable(path, &error))?;
                }
            }
        }
        Ok(reports)
    }

    /// The requested reports, if all their formats can show the document.
    pub(super) fn for_document(&self, document: DocumentKind) -> Result<&[WantedReport], Failure> {
        for WantedReport { format, .. } in &self.report {
            Format::named(format.name(), document).map_err(|error| Failure::usage(error.to_string()))?;
        }
        Ok(&self.report)
    }

    fn human_options(&self, destination: Destination<'_>, rerun: &RerunCommand) -> HumanOptions {
        HumanOptions {
            color: destination.has_color(),
            width: width(),
            verbose: self.verbose,
            more: "--verbose",
            one: "--cause N",
            quiet: self.quiet,
            curl: self.curl,
            command: rerun.command.clone(),
            rerun: rerun.flags.clone(),
            causes: self.cause.clone(),
        }
    }
}

/// The reports of a document that is written as a whole. They are opened before the work, so that a file that cannot be
/// written stops the command first.
pub(super) struct DocumentReports<'a>(Vec<(Format, Destination<'a>, Option<PendingFile>)>);

impl<'a> DocumentReports<'a> {
    /// Opens the requested reports, and one for people if nothing else goes to standard output.
    pub(super) fn open(wanted: &'a [WantedReport]) -> Result<Self, Failure> {
        let open = |(format, destination)| {
            let file = match destination {
                Destination::File(path) => Some(PendingFile::create(path).map_err(|error| unwritable(path, &error))?),
                Destination::Stdout | Destination::Stderr => None,
            };
            Ok::<_, Failure>((format, destination, file))
        };
        placed(wanted).map_err(Failure::usage)?.into_iter().map(open).collect::<Result<_, _>>().map(Self)
    }

    /// Writes the document. `write` gets the format, and true if the text should have color.
    pub(super) fn write(self, write: impl Fn(Format, bool, &mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
        for (format, destination, file) in self.0 {
            let write = |out: &mut dyn Write| {
                let mut out = io::BufWriter::new(out);
                write(format, destination.has_color(), &mut out)?;
                out.flush()
            };
            match (destination, file) {
                (Destination::File(path), Some(file)) => {
                    let committed = file.writer().and_then(|mut out| write(&mut out)).and_then(|()| file.commit());
                    committed.map_err(|error| unwritable(path, &error))?;
                }
                (Destination::Stderr, _) => written(write(&mut io::stderr()))?,
                _ => written(write(&mut io::stdout()))?,
            }
        }
        Ok(())
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::internal(format!("cannot write {}: {error}", path.display()))
}

/// Finishes reports and recordings.
pub(super) fn written_reports(outputs: RunOutputs) -> Result<CommandGate, Failure> {
    let (gate, failed) = outputs.close();
    if failed.is_empty() {
        return Ok(CommandGate(gate));
    }
    let failed: Vec<String> = failed.iter().map(ToString::to_string).collect();
    Err(Failure::internal(failed.join("\nerror: ")))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn wanted(texts: &[&str]) -> Vec<WantedReport> {
        texts.iter().map(|text| WantedReport::read(text.as_ref(), DocumentKind::Run).unwrap()).collect()
    }

    #[rstest]
    #[case::nothing(&[], &[(Format::HUMAN, Destination::Stdout)])]
    #[case::one(&["json"], &[(Format::JSON, Destination::Stdout)])]
    #[case::dash(&["json=-"], &[(Format::JSON, Destination::Stdout)])]
    #[case::device(&["human", "json=/dev/stdout"], &[(Format::HUMAN, Destination::Stderr), (Format::JSON, Destination::Stdout)])]
    #[case::people_make_room(&["human", "json"], &[(Format::HUMAN, Destination::Stderr), (Format::JSON, Destination::Stdout)])]
    #[case::files_leave_it(
        &["json=a=b", "json=c"],
        &[(Format::JSON, Destination::File(Path::new("a=b"))), (Format::JSON, Destination::File(Path::new("c"))), (Format::HUMAN, Destination::Stdout)]
    )]
    #[case::people_twice(&["human", "human=a"], &[(Format::HUMAN, Destination::Stdout), (Format::HUMAN, Destination::File(Path::new("a")))])]
    fn every_report_has_a_destination(#[case] texts: &[&str], #[case] expected: &[(Format, Destination<'_>)]) {
        assert_eq!(placed(&wanted(texts)).unwrap(), expected);
    }

    #[rstest]
    #[case::programs(&["json", "json=-"], "the reports json and json cannot share standard output")]
    #[case::people(&["human", "human"], "the reports human and human cannot share standard output")]
    #[case::file(&["json=a", "human=a"], "two reports have the same file a")]
    fn reports_that_would_mix_are_rejected(#[case] texts: &[&str], #[case] says: &str) {
        assert!(placed(&wanted(texts)).unwrap_err().starts_with(says));
    }

    #[rstest]
    #[case("jsno", "unknown report format \"jsno\"\nhelp: did you mean json? the formats are human, json")]
    #[case("papyrus=x", "unknown report format \"papyrus\"\nhelp: the formats are human, json")]
    #[case("json=", "no path after json=\nhelp: ")]
    #[case("json=~/x", "the shell did not expand the ~ in ~/x\nhelp: ")]
    fn a_malformed_report_is_rejected(#[case] text: &str, #[case] says: &str) {
        let error = WantedReport::read(text.as_ref(), DocumentKind::Run).unwrap_err();
        assert!(error.starts_with(says), "{error}");
    }
}
