//! The flags of a command that make another run of one of its cases the same.
//!
//! Every argument that was given by flag or by a variable `WIREPROOF_…` is one of them, except those in [`LEFT_OUT`], so
//! that a new argument is never forgotten. The configuration file holds for the other run too. Pure.

use clap::{Arg, ArgMatches, Command, parser::ValueSource};

use crate::report::text::shell_word;

/// The arguments that say which cases run, how many at a time, what is written, and what fails the run; and the model
/// and the seed, which the command for a case has already.
const LEFT_OUT: [&str; 30] = [
    "paths",
    "service",
    "operation",
    "tag",
    "filter",
    "exclude",
    "shard",
    "since",
    "last_failed",
    "fixtures",
    "model",
    "probes",
    "max_per_operation",
    "jobs",
    "seed",
    "fail_fast",
    "name",
    "color",
    "recording",
    "update",
    "dry_run",
    "report",
    "quiet",
    "verbose",
    "curl",
    "cause",
    "allow",
    "baseline",
    "baseline_update",
    "baseline_reason",
];

/// Flags and their values, each as a word of a shell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct RerunFlags(Vec<String>);

impl RerunFlags {
    /// The flags of a subcommand, by its arguments and their values.
    pub(super) fn of(command: &Command, matches: &ArgMatches) -> Self {
        let arguments = command.get_arguments().filter(|argument| !LEFT_OUT.contains(&argument.get_id().as_str()));
        Self(arguments.flat_map(|argument| flag(argument, matches)).collect())
    }

    /// The same with another flag and its value before them.
    pub(super) fn with(mut self, flag: &str, value: Option<&str>) -> Self {
        if let Some(value) = value {
            self.0.insert(0, format!("{flag} {}", shell_word(value)));
        }
        self
    }

    /// The flags in one line.
    pub(super) fn line(&self) -> String {
        self.0.join(" ")
    }
}

/// An argument as it was given: the flag once for each value.
fn flag(argument: &Arg, matches: &ArgMatches) -> Vec<String> {
    let id = argument.get_id().as_str();
    // Other variables, such as `AWS_CA_BUNDLE`, describe the machine.
    let is_own = argument.get_env().is_some_and(|name| name.to_string_lossy().starts_with("WIREPROOF_"));
    let given = match matches.value_source(id) {
        Some(ValueSource::CommandLine) => true,
        Some(ValueSource::EnvVariable) => is_own,
        _ => false,
    };
    let Some(long) = argument.get_long().filter(|_| given) else { return Vec::new() };
    if !argument.get_action().takes_values() {
        return if matches.get_flag(id) { vec![format!("--{long}")] } else { Vec::new() };
    }
    let values = matches.get_raw(id).into_iter().flatten();
    values.map(|value| format!("--{long} {}", word(&value.to_string_lossy(), argument))).collect()
}

/// A value as a word. A URL with a password is left to the variable of the argument.
fn word(value: &str, argument: &Arg) -> String {
    let has_password =
        value.split_once("://").is_some_and(|(_, rest)| rest.split('/').next().unwrap_or_default().contains('@'));
    match argument.get_env().filter(|_| has_password) {
        Some(variable) => format!("\"${}\"", variable.to_string_lossy()),
        None => shell_word(value),
    }
}

#[cfg(test)]
mod tests {
    use clap::{
        CommandFactory as _,
        builder::{OsStr, Resettable},
    };
    use rstest::rstest;

    use super::*;
    use crate::cli::Cli;

    /// The flags for a command line. The variables of the process that tests are not read.
    fn flags(words: &[&str]) -> String {
        let unset = |argument: Arg| argument.env(Resettable::<OsStr>::Reset);
        let parser = Cli::command().mut_args(unset).mut_subcommands(|subcommand| subcommand.mut_args(unset));
        let matches = parser.try_get_matches_from(words).unwrap();
        let (name, matches) = matches.subcommand().unwrap();
        RerunFlags::of(Cli::command().find_subcommand(name).unwrap(), matches).line()
    }

    #[rstest]
    #[case::nothing(&["wireproof", "run", "a", "--seed", "1", "--jobs", "2", "--filter", "x", "-v"], "")]
    #[case::values(
        &["wireproof", "run", "--endpoint", "http://h:1", "--region", "r", "--timeout", "2.5", "--ca-file", "a b.pem"],
        "--endpoint http://h:1 --region r --timeout 2.5 --ca-file 'a b.pem'"
    )]
    #[case::switches(&["wireproof", "run", "--exact", "--one-region"], "--one-region --exact")]
    #[case::list(&["wireproof", "run", "--assume-implemented", "A,B"], "--assume-implemented A --assume-implemented B")]
    #[case::probe(
        &["wireproof", "probe", "--model", "m", "--botocore", "b", "--destructive", "--probes", "enum", "--operation", "O"],
        "--botocore b --destructive"
    )]
    #[case::password(&["wireproof", "run", "--proxy", "http://u:p@h:1"], r#"--proxy "$WIREPROOF_PROXY""#)]
    fn what_was_given_is_repeated(#[case] words: &[&str], #[case] expected: &str) {
        assert_eq!(flags(words), expected);
    }

    /// A value that the argument accepts.
    fn value(argument: &Arg) -> &'static str {
        match argument.get_id().as_str() {
            "model" => "m",
            "shard" => "1/1",
            "probes" => "enum",
            "report" => "json",
            "allow" => "blocked",
            "protocol" => "awsJson1_1",
            "s3_addressing" => "path",
            _ => "1",
        }
    }

    #[rstest]
    #[case("run")]
    #[case("probe")]
    fn every_argument_is_repeated_or_left_out_by_name(#[case] name: &str) {
        let command = Cli::command();
        let subcommand = command.find_subcommand(name).unwrap();
        let mut repeated = 0;
        for argument in subcommand.get_arguments() {
            let (id, Some(long)) = (argument.get_id().as_str(), argument.get_long()) else { continue };
            let flag = format!("--{long}");
            let mut words = vec!["wireproof", name, &flag];
            words.extend(argument.get_action().takes_values().then(|| value(argument)));
            words.extend((name == "probe" && id != "model").then_some(["--model", "m"]).into_iter().flatten());
            words.extend((id == "baseline_reason").then_some("--baseline-update"));
            let is_repeated = flags(&words).starts_with(&flag);
            assert_eq!(is_repeated, !LEFT_OUT.contains(&id), "{flag}");
            repeated += usize::from(is_repeated);
        }
        assert!(repeated > 15, "{repeated}");
    }

    #[test]
    fn every_name_is_that_of_an_argument() {
        let command = Cli::command();
        let of_run = ["run", "probe"].map(|name| command.find_subcommand(name).unwrap());
        for id in LEFT_OUT {
            let known = |command: &&Command| command.get_arguments().any(|argument| argument.get_id() == id);
            assert!(
                of_run.iter().any(known) || command.get_arguments().any(|argument| argument.get_id() == id),
                "{id}"
            );
        }
    }

    #[test]
    fn a_flag_is_put_before_the_others() {
        let flags = RerunFlags(vec!["--exact".to_owned()]).with("--fixtures", Some("my fixtures")).with("--x", None);
        assert_eq!(flags.line(), "--fixtures 'my fixtures' --exact");
    }
}
