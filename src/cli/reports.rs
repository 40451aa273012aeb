//! `--report FORMAT[=PATH]`: which reports a command writes, and where each goes.
//!
//! The report for people goes to standard output; if a report for programs is there, to standard error.

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
    str::FromStr,
};

use clap::{Args, builder::BoolishValueParser};

use super::{Failure, gate::CommandGate, terminal::width};
use crate::{
    harness::{OpenReports, RunOutputs},
    report::{FORMATS, Format, HumanOptions},
    suite::nearest,
};

/// Which reports, and how the one for people looks.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Reports")]
pub(super) struct ReportArguments {
    /// Write a report, to standard output or to FORMAT=PATH (repeatable).
    #[arg(long, value_name = "FORMAT[=PATH]", env = "WIREPROOF_REPORT", value_delimiter = ',', help = help())]
    report: Vec<WantedReport>,

    /// Print an equal curl command for each case that does not conform.
    #[arg(long, env = "WIREPROOF_CURL", value_parser = BoolishValueParser::new())]
    curl: bool,

    /// Only the summary.
    #[arg(long, short, conflicts_with = "verbose", env = "WIREPROOF_QUIET", value_parser = BoolishValueParser::new())]
    pub(super) quiet: bool,

    /// Also warnings, notes, differences to snapshots, and the exchange of every case that deviates.
    #[arg(long, short, env = "WIREPROOF_VERBOSE", value_parser = BoolishValueParser::new())]
    verbose: bool,
}

fn help() -> String {
    let formats: Vec<String> = FORMATS.iter().map(|format| format!("{format} ({})", format.purpose())).collect();
    format!(
        "Write a report to standard output, or to FORMAT=PATH (repeatable). PATH is replaced at the end of the run; - is \
         standard output. Formats: {}",
        formats.join(", ")
    )
}

/// The command that runs one case again: what stands before its id, and what after it.
#[derive(Debug, Clone)]
pub(super) struct RerunCommand {
    /// The subcommand with what makes it find the case.
    pub(super) command: String,
    /// The flags that a single case needs again; credentials come from where they came from.
    pub(super) flags: String,
    /// Which probes are run, for a recording; `None`: fixtures.
    pub(super) derivation: Option<serde_json::Value>,
    /// So many deviations of each operation are told; `None`: all.
    pub(super) most: Option<usize>,
}

/// A report that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct WantedReport {
    format: Format,
    /// The file; without one, standard output.
    path: Option<PathBuf>,
}

impl FromStr for WantedReport {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, path) = text.split_once('=').map_or((text, None), |(name, path)| (name, Some(path)));
        let format = Format::named(name).ok_or_else(|| unknown(name))?;
        if path == Some("") {
            return Err(format!("no path behind {name}=; without the sign it goes to standard output"));
        }
        Ok(Self { format, path: path.filter(|path| *path != "-").map(PathBuf::from) })
    }
}

impl WantedReport {
    /// Where it goes. `people`: where people are told.
    fn place<'a>(&'a self, people: Destination<'a>) -> Destination<'a> {
        match &self.path {
            Some(path) => Destination::File(path),
            None if self.format == Format::HUMAN => people,
            None => Destination::Stdout,
        }
    }
}

/// What is said of a format that does not exist.
fn unknown(name: &str) -> String {
    let names = || FORMATS.iter().map(|format| format.name());
    let near = nearest(name, names()).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
    format!("no report format {name:?}{near} There are {}", names().collect::<Vec<_>>().join(", "))
}

/// Where a report goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Destination<'a> {
    Stdout,
    Stderr,
    File(&'a Path),
}

/// Every report with its place. One format at most has standard output; people make room for a program.
fn placed(wanted: &[WantedReport]) -> Result<Vec<(Format, Destination<'_>)>, String> {
    let to_stdout = || wanted.iter().filter(|report| report.path.is_none()).map(|report| report.format);
    let (human, machine) = (Format::HUMAN, to_stdout().filter(|format| *format != Format::HUMAN));
    let machine: Vec<Format> = machine.collect();
    if machine.len() > 1 || to_stdout().filter(|format| *format == human).count() > 1 {
        let names: Vec<&str> = to_stdout().map(Format::name).collect();
        return Err(format!("{} cannot share standard output: give each a file, FORMAT=PATH", names.join(" and ")));
    }
    let mut files = BTreeSet::new();
    if let Some(path) = wanted.iter().filter_map(|report| report.path.as_ref()).find(|path| !files.insert(*path)) {
        return Err(format!("two reports cannot be one file: {}", path.display()));
    }
    let people = if machine.is_empty() { Destination::Stdout } else { Destination::Stderr };
    let mut placed: Vec<_> = wanted.iter().map(|report| (report.format, report.place(people))).collect();
    if to_stdout().next().is_none() {
        // Nothing else goes to standard output: a person is told as ever.
        placed.push((human, Destination::Stdout));
    }
    Ok(placed)
}

impl ReportArguments {
    /// Begins the reports, so that a file that cannot be written stops the command before it runs anything.
    pub(super) fn open(&self, rerun: &RerunCommand) -> Result<OpenReports, Failure> {
        let mut reports = OpenReports::default();
        for (format, destination) in placed(&self.report).map_err(Failure::usage)? {
            let options = self.human_options(destination, rerun);
            match destination {
                Destination::Stdout => reports.add_stream(format, Box::new(io::stdout()), &options),
                Destination::Stderr => reports.add_stream(format, Box::new(io::stderr()), &options),
                Destination::File(path) => reports
                    .add_file(format, path, &options)
                    .map_err(|error| Failure::internal(format!("cannot write {}: {error}", path.display())))?,
            }
        }
        Ok(reports)
    }

    /// The one format of an output that has no file of its own, out of those that it knows.
    pub(super) fn only(&self, known: &[Format]) -> Result<Format, Failure> {
        match self.report.as_slice() {
            [] => Ok(Format::HUMAN),
            [WantedReport { format, path: None }] if known.contains(format) => Ok(*format),
            _ => {
                let names: Vec<&str> = known.iter().map(|format| format.name()).collect();
                Err(Failure::usage(format!("here --report is one of {}, to standard output", names.join(", "))))
            }
        }
    }

    fn human_options(&self, destination: Destination<'_>, rerun: &RerunCommand) -> HumanOptions {
        let choice = match destination {
            Destination::Stdout => anstream::AutoStream::choice(&io::stdout()),
            Destination::Stderr => anstream::AutoStream::choice(&io::stderr()),
            Destination::File(_) => anstream::ColorChoice::Never,
        };
        HumanOptions {
            color: choice != anstream::ColorChoice::Never,
            width: width(),
            verbose: self.verbose,
            more: "--verbose",
            quiet: self.quiet,
            curl: self.curl,
            command: rerun.command.clone(),
            rerun: rerun.flags.clone(),
            most: rerun.most.filter(|_| !self.verbose),
        }
    }
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
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[rstest]
    #[case::nothing(&[], &[(Format::HUMAN, Destination::Stdout)])]
    #[case::one(&["json"], &[(Format::JSON, Destination::Stdout)])]
    #[case::dash(&["json=-"], &[(Format::JSON, Destination::Stdout)])]
    #[case::people_make_room(&["human", "json"], &[(Format::HUMAN, Destination::Stderr), (Format::JSON, Destination::Stdout)])]
    #[case::files_leave_it(
        &["json=a=b", "json=c"],
        &[(Format::JSON, Destination::File(Path::new("a=b"))), (Format::JSON, Destination::File(Path::new("c"))), (Format::HUMAN, Destination::Stdout)]
    )]
    #[case::people_twice(&["human", "human=a"], &[(Format::HUMAN, Destination::Stdout), (Format::HUMAN, Destination::File(Path::new("a")))])]
    fn every_report_has_a_place(#[case] texts: &[&str], #[case] expected: &[(Format, Destination<'_>)]) {
        assert_eq!(placed(&wanted(texts)).unwrap(), expected);
    }

    #[rstest]
    #[case::programs(&["json", "json=-"], "json and json cannot share standard output")]
    #[case::people(&["human", "human"], "human and human cannot share standard output")]
    #[case::file(&["json=a", "human=a"], "two reports cannot be one file: a")]
    fn what_would_be_mixed_is_refused(#[case] texts: &[&str], #[case] says: &str) {
        assert!(placed(&wanted(texts)).unwrap_err().starts_with(says));
    }

    #[rstest]
    #[case("jsno", "no report format \"jsno\"; did you mean json? There are human, json")]
    #[case("papyrus=x", "no report format \"papyrus\"")]
    #[case("json=", "no path behind json=")]
    fn what_is_no_report_is_told(#[case] text: &str, #[case] says: &str) {
        let error = text.parse::<WantedReport>().unwrap_err();
        assert!(error.starts_with(says), "{error}");
    }
}
