//! `.config/wireproof.toml`: default flags for a repository. Flags and variables override the file.
//!
//! A key is the long name of a flag, for every subcommand that has it, or in a table such as `[run]` only for that
//! subcommand. A list sets a repeatable flag.

use std::{collections::BTreeMap, fs, io, path::Path};

use clap::{
    ArgAction, ArgMatches, Command, Id,
    error::{ContextKind, ContextValue},
    parser::ValueSource,
};
use toml::{Table, Value};

use super::Failure;

const PATH: &str = ".config/wireproof.toml";

/// The settings of the file, by subcommand and flag. Errors name their origin, because the user may not know the file.
#[derive(Debug, Default)]
pub(super) struct Defaults(BTreeMap<(String, String), Setting>);

#[derive(Debug)]
struct Setting {
    id: Id,
    texts: Vec<String>,
}

/// The command line with the defaults of the file in the current folder, if there is one.
pub(super) fn with_defaults(command: Command) -> Result<(Command, Defaults), Failure> {
    match fs::read_to_string(Path::new(PATH)) {
        Ok(text) => apply(command, &text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok((command, Defaults::default())),
        Err(error) => Err(Failure::usage(format!("cannot read {PATH}: {error}"))),
    }
}

impl Defaults {
    /// Adds a note to a failure that mentions flags or values from the file.
    pub(super) fn blamed(&self, failure: Failure, matches: &ArgMatches) -> Failure {
        let Some((subcommand, matches)) = matches.subcommand() else { return failure };
        let holds = |setting: &Setting| matches.value_source(setting.id.as_str()) == Some(ValueSource::DefaultValue);
        let named = |flag: &str, setting: &Setting| {
            let mut texts = setting.texts.iter().filter(|text| identifies_origin(text));
            has_word(&failure.message, &format!("--{flag}")) || texts.any(|text| has_word(&failure.message, text))
        };
        let settings = self
            .0
            .iter()
            .filter(|((owner, flag), setting)| owner == subcommand && holds(setting) && named(flag, setting));
        let flags: Vec<&str> = settings.map(|((_, flag), _)| flag.as_str()).collect();
        if flags.is_empty() {
            return failure;
        }
        Failure { message: format!("{}\nnote: {}", failure.message, origin(&flags)), ..failure }
    }

    /// Adds a note to an error of clap about a value from the file.
    pub(super) fn blamed_by_clap(&self, mut error: clap::Error) -> clap::Error {
        let text = |kind| match error.get(kind) {
            Some(ContextValue::String(text)) => Some(text.as_str()),
            _ => None,
        };
        let flag = text(ContextKind::InvalidArg).and_then(|usage| usage.strip_prefix("--")?.split([' ', '=']).next());
        let (Some(flag), Some(value)) = (flag, text(ContextKind::InvalidValue)) else { return error };
        let is_it = |((_, known), setting): (&(String, String), &Setting)| {
            known == flag && setting.texts.iter().any(|text| text.split(',').any(|part| part == value))
        };
        if self.0.iter().any(is_it) {
            let tip = origin(&[flag]);
            error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
        }
        error
    }
}

fn origin(flags: &[&str]) -> String {
    let names = flags.iter().map(|flag| format!("`{flag}`")).collect::<Vec<_>>().join(" and ");
    format!("{names} {} set in {PATH}", if flags.len() == 1 { "is" } else { "are" })
}

/// True if a value in a message identifies its origin. Numbers and booleans may be there for other reasons.
fn identifies_origin(text: &str) -> bool {
    !text.is_empty() && text.parse::<f64>().is_err() && text.parse::<bool>().is_err()
}

/// True if a message contains a text as a whole word.
fn has_word(message: &str, text: &str) -> bool {
    let goes_on = |beside: Option<char>| beside.is_some_and(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
    let mut found = message.match_indices(text);
    found.any(|(at, _)| {
        let (before, rest) = message.split_at(at);
        !goes_on(before.chars().next_back()) && !goes_on(rest[text.len()..].chars().next())
    })
}

fn apply(command: Command, text: &str) -> Result<(Command, Defaults), Failure> {
    let table: Table = text.parse().map_err(|error| Failure::usage(format!("{PATH}: {error}")))?;
    // A table for one subcommand overrides the top level, in any order.
    let (tables, flags): (Table, Table) = table.into_iter().partition(|(_, value)| value.is_table());
    let mut defaults = Defaults::default();
    let command = with_flags(command, &mut defaults, None, flags)?;
    let command = tables.into_iter().try_fold(command, |command, (name, value)| match value {
        Value::Table(flags) if command.get_subcommands().any(|subcommand| subcommand.get_name() == name) => {
            with_flags(command, &mut defaults, Some(&name), flags)
        }
        _ => Err(Failure::usage(format!("{PATH}: [{name}] is not a subcommand"))),
    })?;
    Ok((command, defaults))
}

fn with_flags(command: Command, defaults: &mut Defaults, only: Option<&str>, flags: Table) -> Result<Command, Failure> {
    flags.into_iter().try_fold(command, |command, (flag, value)| with_default(command, defaults, only, &flag, &value))
}

/// Sets the default of a flag, for one subcommand or for all that have it.
fn with_default(
    command: Command,
    defaults: &mut Defaults,
    only: Option<&str>,
    flag: &str,
    value: &Value,
) -> Result<Command, Failure> {
    let texts = texts(value).ok_or_else(|| {
        Failure::usage(format!("{PATH}: {flag} must be a string, a number, a boolean or a list of these"))
    })?;
    let owners: Vec<String> = command
        .get_subcommands()
        .filter(|subcommand| only.is_none_or(|only| subcommand.get_name() == only))
        .filter(|subcommand| argument(subcommand, flag).is_some())
        .map(|subcommand| subcommand.get_name().to_owned())
        .collect();
    if owners.is_empty() {
        let of = only.map(|only| format!(" of {only}")).unwrap_or_default();
        return Err(Failure::usage(format!("{PATH}: unknown flag --{flag}{of}")));
    }
    Ok(owners.into_iter().fold(command, |command, owner| {
        command.mut_subcommand(&owner, |subcommand| {
            let Some(id) = argument(&subcommand, flag) else { return subcommand };
            defaults.0.insert((owner.clone(), flag.to_owned()), Setting { id: id.clone(), texts: texts.clone() });
            subcommand.mut_arg(id, |argument| argument.default_values(texts.clone()))
        })
    }))
}

/// The ID of the argument with that long name, if it takes a value or is a switch.
fn argument(command: &Command, flag: &str) -> Option<Id> {
    let found = command.get_arguments().find(|argument| argument.get_long() == Some(flag))?;
    matches!(found.get_action(), ArgAction::Set | ArgAction::Append | ArgAction::SetTrue)
        .then(|| found.get_id().clone())
}

fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Array(items) => items.iter().map(one).collect(),
        other => Some(vec![one(other)?]),
    }
}

fn one(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Float(number) => Some(number.to_string()),
        Value::Boolean(switch) => Some(switch.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use clap::Arg;
    use rstest::rstest;

    use super::*;

    fn command() -> Command {
        let jobs = Arg::new("jobs").long("jobs").default_value("16");
        let fast = Arg::new("fast").long("fail-fast").action(ArgAction::SetTrue);
        let tags = Arg::new("tag").long("tag").action(ArgAction::Append);
        let listed = tags.clone();
        Command::new("w")
            .subcommand(Command::new("run").args([jobs, fast, tags]))
            .subcommand(Command::new("list").arg(listed))
    }

    #[test]
    fn a_table_applies_only_to_its_subcommand() {
        let (command, _) = apply(command(), "tag = ['all']\n[run]\ntag = 'a'\njobs = 4").unwrap();
        let tags = |subcommand: &str| {
            let matches = command.clone().get_matches_from(["w", subcommand]);
            let tags = matches.subcommand_matches(subcommand).unwrap().get_many::<String>("tag").unwrap();
            tags.cloned().collect::<Vec<_>>()
        };
        assert_eq!((tags("run"), tags("list")), (vec!["a".to_owned()], vec!["all".to_owned()]));
    }

    #[test]
    fn the_file_gives_defaults_and_a_flag_wins() {
        let (command, _) = apply(command(), "jobs = 4\nfail-fast = true\ntag = ['a', 'b']\n").unwrap();
        let matches = command.get_matches_from(["w", "run", "--tag", "c"]);
        let run = matches.subcommand_matches("run").unwrap();
        assert_eq!(run.get_one::<String>("jobs").unwrap(), "4");
        assert!(run.get_flag("fast"));
        assert_eq!(run.get_many::<String>("tag").unwrap().collect::<Vec<_>>(), ["c"]);
    }

    #[rstest]
    #[case::text("a case \"slow\"", &["w", "run"], "a case \"slow\"\nnote: `tag` is set in .config/wireproof.toml")]
    #[case::flag("--jobs means nothing", &["w", "run"], "--jobs means nothing\nnote: `jobs` is set in .config/wireproof.toml")]
    #[case::both(
        "slow: not\nby --jobs",
        &["w", "run"],
        "slow: not\nby --jobs\nnote: `jobs` and `tag` are set in .config/wireproof.toml"
    )]
    #[case::another_flag("--jobs-of and slower, 4 of them", &["w", "run"], "--jobs-of and slower, 4 of them")]
    #[case::typed("no slow one", &["w", "run", "--tag", "slow"], "no slow one")]
    #[case::another_subcommand("no slow one", &["w", "list"], "no slow one")]
    fn an_error_about_a_value_of_the_file_names_the_file(
        #[case] message: &str,
        #[case] typed: &[&str],
        #[case] expected: &str,
    ) {
        let (command, defaults) = apply(command(), "jobs = 4\n[run]\ntag = ['slow']").unwrap();
        let matches = command.get_matches_from(typed);
        assert_eq!(defaults.blamed(Failure::usage(message), &matches).message, expected);
    }

    #[rstest]
    #[case("job = 4", "unknown flag --job")]
    #[case("jobs = [[1]]", "jobs must be a string")]
    #[case("jobs = {a = 1}", "[jobs] is not a subcommand")]
    #[case("[list]\njobs = 3", "unknown flag --jobs of list")]
    #[case("[list]\ntag = {a = 1}", "tag must be a string")]
    #[case("jobs = ", "wireproof.toml")]
    fn a_broken_file_is_rejected(#[case] text: &str, #[case] says: &str) {
        let failure = apply(command(), text).unwrap_err();
        assert!(failure.message.contains(says), "{failure}");
    }
}
