//! The pages of the book that say what the command line takes, written from its definitions.
//!
//! A test compares them with what is there; with `WIREPROOF_UPDATE=1` it writes them.

use std::{collections::BTreeMap, env, fmt::Write as _, fs, path::Path};

use clap::{Arg, Command, CommandFactory as _};

use super::Cli;

/// Variables that are read without a flag.
const OTHERS: &[(&str, &str)] = &[
    (
        "`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`",
        "the credentials that sign, before those of a profile",
    ),
    ("`AWS_PROFILE`", "the profile where no flag names one"),
    ("`AWS_SHARED_CREDENTIALS_FILE`, `AWS_CONFIG_FILE`", "where profiles are read, in place of `~/.aws`"),
    (
        "`WIREPROOF_DENIED_ACCESS_KEY_ID`, `…_SECRET_ACCESS_KEY`, `…_SESSION_TOKEN`",
        "an identity that may not call the operations",
    ),
    (
        "`WIREPROOF_OTHER_ACCOUNT_ACCESS_KEY_ID`, `…_SECRET_ACCESS_KEY`, `…_SESSION_TOKEN`",
        "an identity of another account",
    ),
    ("`WIREPROOF_STATE`", "the file in which verdicts are remembered for `--last-failed`; empty: none"),
    ("`CI_NODE_INDEX` and others", "which shard this machine is, for `--shard auto`: see [CI](ci.md)"),
    ("`COLUMNS`", "how wide the report for people is"),
    ("`NO_COLOR`, `FORCE_COLOR`", "no colour; colour also where no terminal is"),
];

/// Variables of a test that uses the library, beside those of its target.
const OF_TESTS: &[(&str, &str)] = &[
    ("`WIREPROOF_ENDPOINT`", "with `wireproof::test`: the endpoint in place of the one that the test starts"),
    ("`WIREPROOF_FILTER`", "only these cases of the suite"),
    ("`WIREPROOF_SEED`", "the seed, whatever the suite says"),
    ("`WIREPROOF_BASELINE_UPDATE`, `WIREPROOF_BASELINE_REASON`", "the baseline is rewritten, and fails nothing"),
    ("`INSTA_UPDATE`, `INSTA_FORCE_PASS`, `CI`", "what becomes of snapshots that differ, as insta reads them"),
    ("`RUST_TEST_THREADS`", "how many cases run at once"),
];

const ENVIRONMENT: &str = "# Environment and configuration

Every flag that a repository or a CI system may want to set has a variable. A flag wins over a variable, and a variable
over `.config/wireproof.toml` of the current folder, whose keys are long names of flags: `jobs = 4`, `tag = [\"auth\"]`.
A key holds for every subcommand that has the flag, and in a table such as `[run]` for that one alone. Lists are separated
by commas; a switch takes `1`, `true`, `yes` or `on`.

Written from the program's definitions by `WIREPROOF_UPDATE=1 cargo test --lib cli::manual`.

| variable | flag | of | what it says |
|---|---|---|---|
";

const COMMANDS: &str = "# Commands

What `wireproof` and each subcommand print for `-h`; `--help` says more of some flags.
Written from the program's definitions by `WIREPROOF_UPDATE=1 cargo test --lib cli::manual`.
";

fn environment() -> String {
    let mut rows: BTreeMap<String, (String, Vec<String>, String)> = BTreeMap::new();
    let root = Cli::command();
    for command in std::iter::once(&root).chain(root.get_subcommands()) {
        for argument in command.get_arguments() {
            let (Some(variable), Some(flag)) = (argument.get_env(), argument.get_long()) else { continue };
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default().replace('\n', " ");
            let row = rows.entry(variable.display().to_string());
            let of = if command.get_name() == "wireproof" { "all" } else { command.get_name() };
            let row = row.or_insert_with(|| (flag.to_owned(), Vec::new(), help.clone()));
            // `init` only writes down what others are told.
            if row.1 == ["`init`"] {
                row.2 = help;
            }
            row.1.push(format!("`{of}`"));
        }
    }
    let mut page = ENVIRONMENT.to_owned();
    for (variable, (flag, of, help)) in rows {
        let _ = writeln!(page, "| `{variable}` | `--{flag}` | {} | {} |", of.join(", "), help.replace('|', "\\|"));
    }
    page += "\nRead without a flag:\n\n| variable | what it says |\n|---|---|\n";
    let list = |page: &mut String, variables: &[(&str, &str)]| {
        for (variables, says) in variables {
            let _ = writeln!(page, "| {variables} | {says} |");
        }
    };
    list(&mut page, OTHERS);
    page += "\nRead in a test by the library, beside the variables of its target:\n\n| variable | what it says |\n|---|---|\n";
    list(&mut page, OF_TESTS);
    page
}

fn commands() -> String {
    let root = plain(Cli::command());
    let names: Vec<String> = root.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    let mut page = format!("{COMMANDS}\n```text\n{}```\n", help(root.clone()));
    for name in names {
        let Some(command) = root.find_subcommand(&name) else { continue };
        let command = command.clone().bin_name(format!("wireproof {name}"));
        let _ = write!(page, "\n## {name}\n\n```text\n{}```\n", help(command));
    }
    page
}

/// The command as it is whatever the environment holds.
fn plain(command: Command) -> Command {
    let command = command.term_width(112).mut_args(|argument: Arg| argument.hide_env_values(true));
    command.mut_subcommands(|subcommand| plain(subcommand.term_width(112)))
}

fn help(mut command: Command) -> String {
    let text = command.render_help().to_string();
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n") + "\n"
}

#[rstest::rstest]
#[case("environment.md", environment())]
#[case("commands.md", commands())]
fn the_page_is_what_the_program_says(#[case] name: &str, #[case] page: String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    if env::var_os("WIREPROOF_UPDATE").is_some_and(|value| !value.is_empty()) {
        fs::write(&path, &page).unwrap();
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    assert!(there == page, "docs/{name} differs: write it with WIREPROOF_UPDATE=1 cargo test --lib cli::manual");
}

#[test]
fn every_variable_that_is_read_without_a_flag_is_told() {
    let page = environment();
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli");
    let names = regex::Regex::new(r#"(?:var|var_os|is_set)\("([A-Z_]+)"\)"#).unwrap();
    for file in fs::read_dir(sources).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
        let text = fs::read_to_string(&file).unwrap();
        for name in names.captures_iter(&text).map(|found| found[1].to_owned()) {
            let known = ["PATH", "HOME", "USERPROFILE", "WIREPROOF_UPDATE", "TEST_SHARD_STATUS_FILE"];
            assert!(known.contains(&name.as_str()) || page.contains(&name), "{name} of {}", file.display());
        }
    }
}
