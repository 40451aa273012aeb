//! Files with default flags: `.config/wireproof.toml` in the home folder, and in the current folder. Flags and variables
//! override both, and the second overrides the first.
//!
//! A key is the long name of a flag, for every subcommand that has it, or in a table such as `[run]` only for that
//! subcommand. A list sets a repeatable flag. The current folder may be anyone's, so its file sets only what selects or
//! displays.

pub(super) mod option_class;

use std::{collections::BTreeMap, env, fs, io, path::Path};

use clap::{
    ArgAction, ArgMatches, Command, Id,
    error::{ContextKind, ContextValue},
    parser::ValueSource,
};
use toml::{Table, Value};

use super::Failure;
use option_class::OptionClass;

use crate::model::bounded_file::{self, FileKind};

/// The path of each file, in its folder.
const PATH: &str = ".config/wireproof.toml";

/// A file with default flags.
#[derive(Debug)]
struct ConfigFile {
    /// Its path in messages.
    name: String,
    /// True if it may set any option.
    is_own: bool,
}

impl ConfigFile {
    /// The file of the user.
    fn own(path: &Path) -> Self {
        Self { name: path.display().to_string(), is_own: true }
    }

    /// The file in the current folder.
    fn of_folder() -> Self {
        Self { name: PATH.to_owned(), is_own: false }
    }

    fn failure(&self, message: impl std::fmt::Display) -> Failure {
        Failure::usage(format!("{}: {message}", self.name))
    }

    /// Rejects an option that this file may not set.
    fn check(&self, flag: &str) -> Result<(), Failure> {
        match OptionClass::of(flag).filter(|class| !self.is_own && !class.is_harmless()) {
            None => Ok(()),
            Some(class) => Err(self.failure(format!(
                "`{flag}` {}, so a file in the current folder cannot set it\nhelp: use --{flag}, its variable, or \
                 ~/{PATH}",
                class.says()
            ))),
        }
    }
}

/// The settings of the file, by subcommand and flag. Errors name their origin, because the user may not know the file.
#[derive(Debug, Default)]
pub(super) struct Defaults(BTreeMap<(String, String), Setting>);

#[derive(Debug)]
struct Setting {
    id: Id,
    texts: Vec<String>,
    /// The name of the file that has it.
    file: String,
}

/// The command line with the defaults of both files, if there are any.
pub(super) fn with_defaults(command: Command) -> Result<(Command, Defaults), Failure> {
    let mut defaults = Defaults::default();
    // A relative path would name a folder of anyone.
    let own = env::home_dir().filter(|home| home.is_absolute()).map(|home| home.join(PATH));
    let here = Path::new(PATH);
    let command = match &own {
        Some(own) => with_file(command, &mut defaults, own, &ConfigFile::own(own))?,
        None => command,
    };
    let is_own = own.is_some_and(|own| is_same(&own, here));
    let command = if is_own { command } else { with_file(command, &mut defaults, here, &ConfigFile::of_folder())? };
    Ok((command, defaults))
}

fn with_file(command: Command, defaults: &mut Defaults, path: &Path, file: &ConfigFile) -> Result<Command, Failure> {
    match bounded_file::text(path, FileKind::Setting) {
        Ok(text) => apply(command, defaults, file, &text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(command),
        Err(error) => Err(Failure::usage(format!("cannot read {}: {error}", file.name))),
    }
}

fn is_same(one: &Path, other: &Path) -> bool {
    fs::canonicalize(one).is_ok_and(|one| fs::canonicalize(other).is_ok_and(|other| one == other))
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
        let mut files: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for ((_, flag), setting) in settings {
            files.entry(&setting.file).or_default().push(flag);
        }
        let notes = files.iter().map(|(file, flags)| format!("\nnote: {}", origin(flags, file)));
        Failure { message: notes.fold(failure.message, |message, note| message + &note), ..failure }
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
        if let Some((_, setting)) = self.0.iter().find(|entry| is_it(*entry)) {
            let tip = origin(&[flag], &setting.file);
            error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
        }
        error
    }
}

fn origin(flags: &[&str], file: &str) -> String {
    let names = flags.iter().map(|flag| format!("`{flag}`")).collect::<Vec<_>>().join(" and ");
    format!("{names} {} set in {file}", if flags.len() == 1 { "is" } else { "are" })
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

fn apply(command: Command, defaults: &mut Defaults, file: &ConfigFile, text: &str) -> Result<Command, Failure> {
    let table: Table = text.parse().map_err(|error| file.failure(error))?;
    // A table for one subcommand overrides the top level, in any order.
    let (tables, flags): (Table, Table) = table.into_iter().partition(|(_, value)| value.is_table());
    let command = with_flags(command, defaults, file, None, flags)?;
    tables.into_iter().try_fold(command, |command, (name, value)| match value {
        Value::Table(flags) if command.get_subcommands().any(|subcommand| subcommand.get_name() == name) => {
            with_flags(command, defaults, file, Some(&name), flags)
        }
        _ => Err(file.failure(format!("[{name}] is not a subcommand"))),
    })
}

fn with_flags(
    command: Command,
    defaults: &mut Defaults,
    file: &ConfigFile,
    only: Option<&str>,
    flags: Table,
) -> Result<Command, Failure> {
    flags.into_iter().try_fold(command, |command, (flag, value)| {
        file.check(&flag)?;
        let texts = texts(&value)
            .ok_or_else(|| file.failure(format!("{flag} must be a string, a number, a boolean or a list of these")))?;
        with_default(command, defaults, file, only, &flag, &texts)
    })
}

/// Sets the default of a flag, for one subcommand or for all that have it.
fn with_default(
    command: Command,
    defaults: &mut Defaults,
    file: &ConfigFile,
    only: Option<&str>,
    flag: &str,
    texts: &[String],
) -> Result<Command, Failure> {
    let owners: Vec<String> = command
        .get_subcommands()
        .filter(|subcommand| only.is_none_or(|only| subcommand.get_name() == only))
        .filter(|subcommand| argument(subcommand, flag).is_some())
        .map(|subcommand| subcommand.get_name().to_owned())
        .collect();
    if owners.is_empty() {
        let of = only.map(|only| format!(" of {only}")).unwrap_or_default();
        return Err(file.failure(format!("unknown flag --{flag}{of}")));
    }
    Ok(owners.into_iter().fold(command, |command, owner| {
        command.mut_subcommand(&owner, |subcommand| {
            let Some(id) = argument(&subcommand, flag) else { return subcommand };
            let setting = Setting { id: id.clone(), texts: texts.to_vec(), file: file.name.clone() };
            defaults.0.insert((owner.clone(), flag.to_owned()), setting);
            subcommand.mut_arg(id, |argument| argument.default_values(texts.to_vec()))
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

    fn configured(file: &ConfigFile, text: &str) -> Result<(Command, Defaults), Failure> {
        let mut defaults = Defaults::default();
        apply(command(), &mut defaults, file, text).map(|command| (command, defaults))
    }

    fn own() -> ConfigFile {
        ConfigFile::own(Path::new("/home/me/.config/wireproof.toml"))
    }

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
        let (command, _) = configured(&own(), "tag = ['all']\n[run]\ntag = 'a'\njobs = 4").unwrap();
        let tags = |subcommand: &str| {
            let matches = command.clone().get_matches_from(["w", subcommand]);
            let tags = matches.subcommand_matches(subcommand).unwrap().get_many::<String>("tag").unwrap();
            tags.cloned().collect::<Vec<_>>()
        };
        assert_eq!((tags("run"), tags("list")), (vec!["a".to_owned()], vec!["all".to_owned()]));
    }

    #[test]
    fn the_file_gives_defaults_and_a_flag_wins() {
        let (command, _) = configured(&own(), "jobs = 4\nfail-fast = true\ntag = ['a', 'b']\n").unwrap();
        let matches = command.get_matches_from(["w", "run", "--tag", "c"]);
        let run = matches.subcommand_matches("run").unwrap();
        assert_eq!(run.get_one::<String>("jobs").unwrap(), "4");
        assert!(run.get_flag("fast"));
        assert_eq!(run.get_many::<String>("tag").unwrap().collect::<Vec<_>>(), ["c"]);
    }

    #[rstest]
    #[case::text("a case \"slow\"", &["w", "run"], "a case \"slow\"\nnote: `tag` is set in /home/me/.config/wireproof.toml")]
    #[case::flag("--jobs means nothing", &["w", "run"], "--jobs means nothing\nnote: `jobs` is set in /home/me/.config/wireproof.toml")]
    #[case::both(
        "slow: not\nby --jobs",
        &["w", "run"],
        "slow: not\nby --jobs\nnote: `jobs` and `tag` are set in /home/me/.config/wireproof.toml"
    )]
    #[case::another_flag("--jobs-of and slower, 4 of them", &["w", "run"], "--jobs-of and slower, 4 of them")]
    #[case::typed("no slow one", &["w", "run", "--tag", "slow"], "no slow one")]
    #[case::another_subcommand("no slow one", &["w", "list"], "no slow one")]
    fn an_error_about_a_value_of_the_file_names_the_file(
        #[case] message: &str,
        #[case] typed: &[&str],
        #[case] expected: &str,
    ) {
        let (command, defaults) = configured(&own(), "jobs = 4\n[run]\ntag = ['slow']").unwrap();
        let matches = command.get_matches_from(typed);
        assert_eq!(defaults.blamed(Failure::usage(message), &matches).message, expected);
    }

    #[test]
    fn the_file_of_a_folder_only_selects_and_displays_and_overrides_that_of_the_user() {
        let mut defaults = Defaults::default();
        let command = apply(command(), &mut defaults, &own(), "tag = 'mine'\njobs = 2").unwrap();
        let command = apply(command, &mut defaults, &ConfigFile::of_folder(), "[run]\ntag = 'theirs'").unwrap();
        let matches = command.get_matches_from(["w", "run"]);
        let run = matches.subcommand_matches("run").unwrap();
        assert_eq!(
            (run.get_one::<String>("tag").unwrap().as_str(), run.get_one::<String>("jobs").unwrap().as_str()),
            ("theirs", "2")
        );
        assert_eq!(
            configured(&ConfigFile::of_folder(), "[run]\njobs = 4").unwrap_err().message,
            ".config/wireproof.toml: `jobs` sets the load and the limits of a run, so a file in the current folder cannot \
             set it\nhelp: use --jobs, its variable, or ~/.config/wireproof.toml"
        );
    }

    #[rstest]
    #[case("job = 4", "unknown flag --job")]
    #[case("jobs = [[1]]", "jobs must be a string")]
    #[case("jobs = {a = 1}", "[jobs] is not a subcommand")]
    #[case("[list]\njobs = 3", "unknown flag --jobs of list")]
    #[case("[list]\ntag = {a = 1}", "tag must be a string")]
    #[case("jobs = ", "wireproof.toml")]
    fn a_broken_file_is_rejected(#[case] text: &str, #[case] says: &str) {
        let failure = configured(&own(), text).unwrap_err();
        assert!(failure.message.contains(says), "{failure}");
    }
}
