//! `.config/wireproof.toml`: defaults of flags for a repository. Flags and variables win over it.
//!
//! A key is the long name of a flag, for every subcommand that has it, and in a table such as `[run]` for that subcommand
//! alone; a list is a flag that may be repeated.

use std::{fs, io, path::Path};

use clap::{ArgAction, Command};
use toml::{Table, Value};

use super::Failure;

const PATH: &str = ".config/wireproof.toml";

/// The command line with the defaults of the file below the current folder, if there is one.
pub(super) fn with_defaults(command: Command) -> Result<Command, Failure> {
    match fs::read_to_string(Path::new(PATH)) {
        Ok(text) => apply(command, &text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(command),
        Err(error) => Err(Failure::usage(format!("cannot read {PATH}: {error}"))),
    }
}

fn apply(command: Command, text: &str) -> Result<Command, Failure> {
    let table: Table = text.parse().map_err(|error| Failure::usage(format!("{PATH}: {error}")))?;
    // What holds for one subcommand wins over what holds for all, wherever it stands.
    let (tables, flags): (Table, Table) = table.into_iter().partition(|(_, value)| value.is_table());
    let command = with_flags(command, None, flags)?;
    tables.into_iter().try_fold(command, |command, (name, value)| match value {
        Value::Table(flags) if command.get_subcommands().any(|subcommand| subcommand.get_name() == name) => {
            with_flags(command, Some(&name), flags)
        }
        _ => Err(Failure::usage(format!("{PATH}: [{name}] is no subcommand, and no flag takes a table"))),
    })
}

fn with_flags(command: Command, only: Option<&str>, flags: Table) -> Result<Command, Failure> {
    flags.into_iter().try_fold(command, |command, (flag, value)| with_default(command, only, &flag, &value))
}

/// The default of a flag, of one subcommand or of all that have it.
fn with_default(command: Command, only: Option<&str>, flag: &str, value: &Value) -> Result<Command, Failure> {
    let texts = texts(value)
        .ok_or_else(|| Failure::usage(format!("{PATH}: {flag} takes text, a number, true or a list of them")))?;
    let owners: Vec<String> = command
        .get_subcommands()
        .filter(|subcommand| only.is_none_or(|only| subcommand.get_name() == only))
        .filter(|subcommand| argument(subcommand, flag).is_some())
        .map(|subcommand| subcommand.get_name().to_owned())
        .collect();
    if owners.is_empty() {
        let of = only.map(|only| format!(" of {only}")).unwrap_or_default();
        return Err(Failure::usage(format!("{PATH}: no flag --{flag}{of}")));
    }
    Ok(owners.into_iter().fold(command, |command, owner| {
        command.mut_subcommand(owner, |subcommand| {
            let Some(id) = argument(&subcommand, flag) else { return subcommand };
            subcommand.mut_arg(id, |argument| argument.default_values(texts.clone()))
        })
    }))
}

/// The id of the argument with that long name, where it takes a value or is a switch.
fn argument(command: &Command, flag: &str) -> Option<clap::Id> {
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
    fn a_table_holds_for_its_subcommand_alone() {
        let command = apply(command(), "tag = ['all']\n[run]\ntag = 'a'\njobs = 4").unwrap();
        let tags = |subcommand: &str| {
            let matches = command.clone().get_matches_from(["w", subcommand]);
            let tags = matches.subcommand_matches(subcommand).unwrap().get_many::<String>("tag").unwrap();
            tags.cloned().collect::<Vec<_>>()
        };
        assert_eq!((tags("run"), tags("list")), (vec!["a".to_owned()], vec!["all".to_owned()]));
    }

    #[test]
    fn the_file_gives_defaults_and_a_flag_wins() {
        let command = apply(command(), "jobs = 4\nfail-fast = true\ntag = ['a', 'b']\n").unwrap();
        let matches = command.get_matches_from(["w", "run", "--tag", "c"]);
        let run = matches.subcommand_matches("run").unwrap();
        assert_eq!(run.get_one::<String>("jobs").unwrap(), "4");
        assert!(run.get_flag("fast"));
        assert_eq!(run.get_many::<String>("tag").unwrap().collect::<Vec<_>>(), ["c"]);
    }

    #[rstest]
    #[case("job = 4", "no flag --job")]
    #[case("jobs = [[1]]", "jobs takes text")]
    #[case("jobs = {a = 1}", "[jobs] is no subcommand")]
    #[case("[list]\njobs = 3", "no flag --jobs of list")]
    #[case("[list]\ntag = {a = 1}", "tag takes text")]
    #[case("jobs = ", "wireproof.toml")]
    fn a_broken_file_is_refused(#[case] text: &str, #[case] says: &str) {
        let failure = apply(command(), text).unwrap_err();
        assert!(failure.message.contains(says), "{failure}");
    }
}
