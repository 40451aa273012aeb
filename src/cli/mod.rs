//! The command line: the only reader of arguments and environment variables. One file for each subcommand.
//!
//! | module | holds | may import |
//! |---|---|---|
//! | `botocore` | The argument with the location of botocore, for commands that find a model by the name of its service |  |
//! | `interrupt` | Ctrl-C, SIGTERM and SIGHUP |  |
//! | `unexpanded_home` | Paths that begin with `~` |  |
//! | `gate` | The arguments for what fails a run |  |
//! | `given_path` | Paths as they were given |  |
//! | `terminal` | The width of the terminal, and the progress of a run |  |
//! | `report_arguments` | `--report FORMAT[=PATH]`: the reports of a command, and the destination of each | `gate`, `given_path`, `terminal`, `unexpanded_home` |
//! | `rerun_flags` | The flags of a command that make another run of one of its cases the same |  |
//! | `subset` | The arguments that run a subset of a selection |  |
//! | `select` | The arguments that select fixtures and cases | `botocore`, `subset` |
//! | `key_files` | Reads key files, and writes new ones that only their owner can read |  |
//! | `mutants` | `wireproof mutants`: runs the whole suite against every mutant and every constant endpoint | `terminal`, `report_arguments`, `select`, `key_files` |
//! | `credentials` | Credentials |  |
//! | `target_arguments` | The arguments for the endpoint under test, its callers and its states | `credentials` |
//! | `execution` | The arguments for the execution of cases | `interrupt`, `target_arguments` |
//! | `certify` | `wireproof certify`: runs the cases of profiles, and writes a bundle that others can verify | `execution`, `terminal`, `select`, `key_files`, `mutants`, `target_arguments` |
//! | `check` | `wireproof check`: lints fixtures without a network | `select` |
//! | `config` | Files with default flags: `.config/wireproof.toml` in the home folder, and in the current folder |  |
//! | `derivation_arguments` | The arguments for the derivation of probes | `botocore`, `given_path`, `select` |
//! | `diff` | `wireproof diff`: compares two endpoints, recordings or reports, response by response | `execution`, `terminal`, `report_arguments`, `subset`, `select`, `target_arguments`, `derivation_arguments` |
//! | `explain` | `wireproof explain`: prints what a check expects, why, and the severities of its findings | `given_path`, `select` |
//! | `init` | `wireproof init`: adds a test, a configuration file, a baseline and a CI job to a repository | `botocore`, `select` |
//! | `model_source` | The models of many services, in a folder or in the botocore of this machine |  |
//! | `last_runs` | The verdict of each case in its last run, for `--last-failed` | `subset` |
//! | `output` | The arguments for the outputs of a run | `gate`, `terminal`, `report_arguments`, `last_runs` |
//! | `probe` | `wireproof probe`: derives probes from a model, sends them, and judges the responses | `execution`, `gate`, `given_path`, `report_arguments`, `rerun_flags`, `subset`, `target_arguments`, `derivation_arguments`, `last_runs`, `output` |
//! | `judge` | `wireproof judge`: judges a recorded run, or recorded responses of AWS, again without a network | `botocore`, `gate`, `given_path`, `terminal`, `report_arguments`, `select`, `derivation_arguments`, `model_source` |
//! | `list` | `wireproof list`: lists the cases that would run | `select` |
//! | `merge` | `wireproof merge`: merges the reports of shards into one, with the exit status of the whole run | `gate`, `report_arguments`, `subset`, `select`, `target_arguments` |
//! | `record` | `wireproof record`: writes the responses of an endpoint as snapshots | `execution`, `terminal`, `select`, `target_arguments` |
//! | `relations` | `wireproof relations`: prints the resources of a service, and the operations that create, read, change and delete them | `botocore`, `terminal` |
//! | `requirements` | `wireproof requirements`: the numbered requirements, and the outcome of each | `execution`, `select`, `target_arguments` |
//! | `run` | `wireproof run`: replay and judge | `execution`, `report_arguments`, `rerun_flags`, `subset`, `select`, `target_arguments`, `last_runs`, `output`, `list` |
//! | `serve` | `wireproof serve`: starts the reference implementation, or the model server of a service | `given_path`, `select`, `target_arguments` |
//! | `verify` | `wireproof verify`: verifies a certificate without trusting its author | `execution`, `select`, `key_files`, `target_arguments`, `certify` |
//! | `schema` | `wireproof schema`: prints the JSON Schemas of the reports for programs | `verify` |

#![allow(missing_docs, reason = "this room has no promised API")]

mod botocore;
mod certify;
mod check;
mod config;
mod credentials;
mod derivation_arguments;
mod diff;
mod execution;
mod explain;
mod gate;
mod given_path;
mod init;
mod interrupt;
mod judge;
mod key_files;
mod last_runs;
mod list;
#[cfg(test)]
mod manual;
mod merge;
mod model_source;
mod mutants;
mod output;
mod probe;
mod record;
mod relations;
mod report_arguments;
mod requirements;
mod rerun_flags;
mod run;
mod schema;
mod select;
mod serve;
mod subset;
mod target_arguments;
mod terminal;
mod unexpanded_home;
mod verify;

pub use schema::SCHEMAS;

use std::{ffi::OsString, io::Write as _, path::Path};

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand, builder::Resettable};

use rerun_flags::RerunFlags;

use crate::{report::text, run::exit::ExitStatus};

/// Conformance harness for AWS-compatible endpoints.
///
/// Replays documented requests byte for byte against any endpoint, checks every documented constraint of the
/// responses, and cites the document for each finding.
#[derive(Debug, Parser)]
#[command(name = "wireproof", version, propagate_version = true, after_help = EXAMPLES)]
struct Cli {
    /// When to use color.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, env = "WIREPROOF_COLOR")]
    color: Color,

    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  wireproof run                                          test the embedded reference implementation
  wireproof run --endpoint http://127.0.0.1:4566         test an emulator
  wireproof run codedeploy/stop-deployment/unknown-id    run one scenario
  wireproof check my/fixtures                            lint fixtures without a network
  wireproof serve --listen 127.0.0.1:8080                start the reference implementation as a server

Exit status:
    0  all cases conform
    1  a case deviates, or the baseline is stale
    2  usage, configuration or fixture error
    3  no case deviates, but one is blocked, inconclusive or not implemented, or none conforms
    4  internal error, or a report could not be written
  130  interrupted";

/// When output has color.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Color {
    /// On a terminal, unless `NO_COLOR` is set; always if `FORCE_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Add a test, a configuration file, a baseline and a CI job to a repository.
    Init(init::InitArguments),
    /// Replay scenarios against an endpoint and judge its responses.
    Run(Box<run::RunArguments>),
    /// Derive probes from the published model of a service, and judge an endpoint with them.
    Probe(Box<probe::ProbeArguments>),
    /// Record the responses of an endpoint as snapshots.
    Record(Box<record::RecordArguments>),
    /// Compare two endpoints, recordings or reports, and print each difference once.
    Diff(Box<diff::DiffArguments>),
    /// Merge the reports of shards into one, and check that they are one complete run.
    Merge(Box<merge::MergeArguments>),
    /// List the cases that would run.
    List(list::ListArguments),
    /// Lint fixtures, models, requirements and snapshots without a network.
    Check(check::CheckArguments),
    /// Start the reference implementation, or the model server of a service, as a server.
    Serve(serve::ServeArguments),
    /// Run the suite against every mutant of the reference implementation and every constant endpoint.
    Mutants(mutants::MutantsArguments),
    /// Judge a recorded run again, or recorded responses of AWS.
    Judge(judge::JudgeArguments),
    /// Print the numbered requirements, and which were met, violated or not exercised.
    Requirements(Box<requirements::RequirementsArguments>),
    /// Print the resources of a service, and the operations that create, read, change and delete them.
    Relations(relations::RelationsArguments),
    /// Run the cases of profiles or the probes of a model, and write a certificate that others can verify.
    Certify(Box<certify::CertifyArguments>),
    /// Verify a certificate without trusting its author.
    Verify(Box<verify::VerifyArguments>),
    /// Explain a check or a requirement.
    Explain(explain::ExplainArguments),
    /// Print the JSON Schema of a report.
    Schema(schema::SchemaArguments),
}

/// Runs the program with these arguments, including the program name.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitStatus {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let command = without_empty_variables(Cli::command());
    let (mut command, defaults) = match config::with_defaults(command.clone()) {
        Ok(configured) => configured,
        // Help needs no configuration.
        Err(failure) => return help(command, arguments).unwrap_or_else(|| failed(&failure)),
    };
    let matches = command.try_get_matches_from_mut(arguments);
    let parsed = matches.and_then(|matches| Cli::from_arg_matches(&matches).map(|cli| (cli, matches)));
    let (cli, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            let error = defaults.blamed_by_clap(error);
            let status = if error.use_stderr() { ExitStatus::Usage } else { ExitStatus::Conforms };
            // A closed pipe is not a failure.
            let _ = error.print();
            return status;
        }
    };
    apply(cli.color);
    let paths = unexpanded_home::reject_unexpanded_home(&command, &matches);
    let flags = rerun_flags(&command, &matches);
    let done = paths.and_then(|()| dispatch(cli.command, &flags));
    done.unwrap_or_else(|failure| failed(&defaults.blamed(failure, &matches)))
}

/// Prints help or the version, if the arguments request it.
fn help(command: clap::Command, arguments: Vec<OsString>) -> Option<ExitStatus> {
    let error = command.try_get_matches_from(arguments).err().filter(|error| !error.use_stderr())?;
    // A closed pipe is not a failure.
    let _ = error.print();
    Some(ExitStatus::Conforms)
}

/// An empty environment variable counts as unset.
fn without_empty_variables(command: clap::Command) -> clap::Command {
    let is_empty = |arg: &clap::Arg| arg.get_env().and_then(std::env::var_os).is_some_and(|value| value.is_empty());
    let reset = move |arg: clap::Arg| if is_empty(&arg) { arg.env(Resettable::Reset) } else { arg };
    command.mut_args(reset).mut_subcommands(without_empty_variables)
}

/// The flags of the subcommand for another run of one of its cases.
fn rerun_flags(command: &clap::Command, matches: &clap::ArgMatches) -> RerunFlags {
    let subcommand = matches.subcommand();
    let known = subcommand.and_then(|(name, matches)| Some((command.find_subcommand(name)?, matches)));
    known.map_or_else(RerunFlags::default, |(command, matches)| RerunFlags::of(command, matches))
}

fn dispatch(command: Command, flags: &RerunFlags) -> Result<ExitStatus, Failure> {
    match command {
        Command::Init(arguments) => init::run(&arguments),
        Command::Run(arguments) => run::run(&arguments, flags),
        Command::Probe(arguments) => probe::run(&arguments, flags),
        Command::Record(arguments) => record::run(&arguments),
        Command::Diff(arguments) => diff::run(&arguments),
        Command::Merge(arguments) => merge::run(&arguments),
        Command::List(arguments) => list::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Mutants(arguments) => mutants::run(&arguments),
        Command::Judge(arguments) => judge::run(&arguments),
        Command::Requirements(arguments) => requirements::run(&arguments),
        Command::Relations(arguments) => relations::run(&arguments),
        Command::Certify(arguments) => certify::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Schema(arguments) => schema::run(&arguments),
    }
}

fn failed(failure: &Failure) -> ExitStatus {
    let _ = writeln!(anstream::stderr(), "{}", text::block(&failure.to_string()));
    failure.status
}

fn apply(color: Color) {
    match color {
        // anstream does not read `FORCE_COLOR`.
        Color::Auto if is_set("FORCE_COLOR") && !is_set("NO_COLOR") => anstream::ColorChoice::Always.write_global(),
        Color::Auto => {}
        Color::Always => anstream::ColorChoice::Always.write_global(),
        Color::Never => anstream::ColorChoice::Never.write_global(),
    }
}

fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty())
}

/// The reason why a subcommand failed, with its exit status.
#[derive(Debug)]
struct Failure {
    status: ExitStatus,
    message: String,
}

impl Failure {
    fn usage(message: impl Into<String>) -> Self {
        Self { status: ExitStatus::Usage, message: message.into() }
    }

    /// A flag without another one that it needs. The `requires` of clap does not see values from the configuration file.
    fn alone(flag: &str, other: &str) -> Self {
        Self::usage(format!(
            "{flag} needs {other}\nhelp: pass it as a flag or a variable, or set it in the configuration file"
        ))
    }

    fn missing(path: &Path) -> Self {
        Self::usage(format!("{}: no such file or folder", path.display()))
    }

    fn internal(message: impl Into<String>) -> Self {
        Self { status: ExitStatus::Internal, message: message.into() }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.message.starts_with("error") {
            f.write_str(&self.message)
        } else {
            write!(f, "error: {}", self.message)
        }
    }
}

/// Converts an error of standard output. A closed pipe is not a failure.
fn written(result: std::io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|error| Failure::internal(format!("cannot write: {error}"))),
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::internal(format!("cannot start: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn no_command_has_hidden_options() {
        for command in Cli::command().get_subcommands() {
            for argument in command.get_arguments() {
                assert!(!argument.is_hide_set(), "{} {}", command.get_name(), argument.get_id());
            }
        }
    }

    #[test]
    fn the_text_after_the_options_is_not_wrapped() {
        for command in Cli::command().get_subcommands() {
            let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let long = text.lines().find(|line| line.chars().count() > 112);
            assert_eq!(long, None, "{}", command.get_name());
        }
    }

    #[test]
    fn every_help_line_is_a_sentence_that_starts_with_a_capital() {
        for command in Cli::command().get_subcommands() {
            for argument in command.get_arguments() {
                let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
                assert!(
                    help.chars().next().is_some_and(char::is_uppercase),
                    "{} {}",
                    command.get_name(),
                    argument.get_id()
                );
            }
        }
    }

    /// The words of every wireproof command in a YAML document.
    fn commands(value: &serde_json::Value) -> Vec<Vec<String>> {
        use serde_json::Value::{Array, Object, String as Text};
        let words = |text: &str| text.split_whitespace().map(|word| word.trim_matches('"').to_owned()).collect();
        match value {
            Text(text) => {
                let lines = text.replace("\\\n", " ");
                lines.lines().filter(|line| line.starts_with("wireproof ")).map(words).collect()
            }
            Object(members) if members.get("command") == Some(&serde_json::json!(["wireproof"])) => {
                let arguments =
                    members["args"].as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned());
                vec![std::iter::once("wireproof".to_owned()).chain(arguments).collect()]
            }
            Object(members) => members.values().flat_map(commands).collect(),
            Array(items) => items.iter().flat_map(commands).collect(),
            _ => Vec::new(),
        }
    }

    /// A text with the placeholders of a CI system replaced.
    fn filled(text: &str) -> String {
        let expression = regex::Regex::new(r"\$\{\{[^}]*\}\}|\$\([A-Z_]+\)|\$[A-Z_]+").unwrap();
        expression.replace_all(text, "1").into_owned()
    }

    #[rstest::rstest]
    #[case("github-matrix.yml", &["run", "merge"])]
    #[case("gitlab.yml", &["run", "merge"])]
    #[case("indexed-job.yaml", &["run", "merge"])]
    fn the_examples_for_ci_are_yaml_and_their_commands_are_understood(
        #[case] file: &str,
        #[case] subcommands: &[&str],
    ) {
        let path = format!("{}/examples/ci/{file}", env!("CARGO_MANIFEST_DIR"));
        let text = filled(&std::fs::read_to_string(path).unwrap());
        let documents = text.split("\n---\n").map(|text| crate::suite::source::Source::read(file, text).unwrap());
        let found: Vec<Vec<String>> = documents.flat_map(|document| commands(document.value())).collect();
        assert_eq!(found.iter().map(|words| words[1].as_str()).collect::<Vec<_>>(), subcommands);
        for words in found {
            let parsed = Cli::command().try_get_matches_from(&words).map(drop);
            assert!(parsed.is_ok(), "{words:?}: {}", parsed.unwrap_err());
        }
    }
}
