//! Paths that begin with `~`. The shell expands `~` only at the start of a word, so `--report json=~/x` would make a
//! folder named `~`.

use clap::{ArgMatches, Command, builder::ValueParser};

use super::Failure;

/// Rejects arguments, variables and configured values that are paths and begin with `~/`.
pub(super) fn reject_unexpanded_home(command: &Command, matches: &ArgMatches) -> Result<(), Failure> {
    let of_paths = ValueParser::path_buf().type_id();
    for argument in command.get_arguments().filter(|argument| argument.get_value_parser().type_id() == of_paths) {
        let given = matches.try_get_raw(argument.get_id().as_str()).ok().flatten();
        let mut texts = given.into_iter().flatten().filter_map(|path| path.to_str());
        if let Some(path) = texts.find(|path| is_below_home(path)) {
            return Err(Failure::usage(unexpanded(path)));
        }
    }
    let below = matches.subcommand().and_then(|(name, matches)| Some((command.find_subcommand(name)?, matches)));
    below.map_or(Ok(()), |(command, matches)| reject_unexpanded_home(command, matches))
}

/// Returns true for `~`, `~/x` and `~user/x`.
pub(super) fn is_below_home(path: &str) -> bool {
    path == "~" || (path.starts_with('~') && path.contains('/'))
}

/// The error for such a path, with what to write instead.
pub(super) fn unexpanded(path: &str) -> String {
    format!(
        "the shell did not expand the ~ in {path}\nhelp: write $HOME for your home folder, or ./{path} for a folder named ~"
    )
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use clap::{Arg, value_parser};
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("~", true)]
    #[case("~/x", true)]
    #[case("~me/x", true)]
    #[case("./~/x", false)]
    #[case("~x", false)]
    #[case("a/~/x", false)]
    fn only_a_path_below_a_home_folder_is_rejected(#[case] path: &str, #[case] rejected: bool) {
        let path_argument = Arg::new("file").long("file").value_parser(value_parser!(PathBuf));
        let below = Command::new("run").arg(path_argument).arg(Arg::new("text").long("text"));
        let mut command = Command::new("x").subcommand(below);
        let mut outcome = |flag: &str| {
            let matches = command.try_get_matches_from_mut(["x", "run", flag, path]).unwrap();
            reject_unexpanded_home(&command, &matches).map_err(|failure| failure.to_string())
        };
        assert_eq!(outcome("--text"), Ok(()));
        assert_eq!(outcome("--file").is_err_and(|error| error.contains("$HOME")), rejected);
    }
}
