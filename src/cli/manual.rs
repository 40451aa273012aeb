//! The pages of the book that list commands, flags and variables, written from the definitions of the command line.
//!
//! A test compares them with the files; `WIREPROOF_UPDATE=1` writes the files.

use std::{collections::BTreeMap, env, fmt::Write as _, fs, path::Path};

use clap::{Arg, Command, CommandFactory as _};

use super::{Cli, config::option_class};

/// Variables that are read without a flag.
const OTHERS: &[(&str, &str)] = &[
    (
        "`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`",
        "credentials that sign requests; they win over those of the default profile",
    ),
    ("`AWS_PROFILE`", "the profile to use if no flag names one"),
    ("`AWS_SHARED_CREDENTIALS_FILE`, `AWS_CONFIG_FILE`", "profile files to read instead of those in `~/.aws`"),
    (
        "`WIREPROOF_DENIED_ACCESS_KEY_ID`, `…_SECRET_ACCESS_KEY`, `…_SESSION_TOKEN`",
        "an identity that may not call the operations under test",
    ),
    (
        "`WIREPROOF_OTHER_ACCOUNT_ACCESS_KEY_ID`, `…_SECRET_ACCESS_KEY`, `…_SESSION_TOKEN`",
        "an identity of another account",
    ),
    ("`WIREPROOF_STATE`", "the file that stores verdicts for `--last-failed`; set it to nothing to store none"),
    ("`CI_NODE_INDEX` and others", "the shard that `--shard auto` selects: see [CI](ci.md#shards)"),
    ("`COLUMNS`", "the width of the `human` report"),
    ("`NO_COLOR`, `FORCE_COLOR`", "disable color; use color even without a terminal"),
];

/// Variables that the library reads in a test, besides those of its target.
const OF_TESTS: &[(&str, &str)] = &[
    ("`WIREPROOF_ENDPOINT`", "with `wireproof::test`: test this endpoint instead of the one that the test starts"),
    ("`WIREPROOF_FILTER`", "run only these cases of the suite"),
    ("`WIREPROOF_SEED`", "the seed; wins over the one in the code"),
    ("`WIREPROOF_BASELINE_UPDATE`, `WIREPROOF_BASELINE_REASON`", "rewrite the baseline instead of comparing with it"),
    ("`INSTA_UPDATE`, `INSTA_FORCE_PASS`, `CI`", "what to do with snapshots that differ, as in insta"),
    ("`RUST_TEST_THREADS`", "how many cases run at once"),
];

const ENVIRONMENT: &str = "# Environment and configuration

Most flags can also be set by an environment variable or in a file: `.config/wireproof.toml` in your home folder, or in
the current folder. A flag wins over a variable, a variable over the files, and the current folder over the home folder.

In a file, a key is the long name of a flag. A key at the top holds for every subcommand that has the flag, a key in a
table for that subcommand only:

```toml
service = [\"codedeploy\"]

[run]
tag = [\"auth\"]
```

The file in the current folder may come from anyone. It only selects what runs and what is printed, with the keys
HARMLESS. Any other flag in that file stops the command, also if it is harmless in your case: set it in your home
folder, by a variable, or on the command line.

In a variable, separate the items of a list by commas, and turn a switch on with `1`, `true`, `yes` or `on`.

This page is generated. To update it, run `WIREPROOF_UPDATE=1 cargo test --lib cli::manual`.

| variable | flag | commands | meaning |
|---|---|---|---|
";

const COMMANDS: &str = "# Commands

Each command lists its own options here. Options that several commands share are described once, under
[Shared options](#shared-options). `wireproof COMMAND -h` prints all options of a command, and `--help` prints them with
more detail.

This page is generated. To update it, run `WIREPROOF_UPDATE=1 cargo test --lib cli::manual`.
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
            // `init` writes the flag down for others, so theirs is the text to show.
            if row.1 == ["`init`"] {
                row.2 = help;
            }
            row.1.push(format!("`{of}`"));
        }
    }
    let harmless: Vec<String> = option_class::harmless().map(|option| format!("`{option}`")).collect();
    let mut page = ENVIRONMENT.replace("HARMLESS", &harmless.join(", "));
    for (variable, (flag, of, help)) in rows {
        let _ = writeln!(page, "| `{variable}` | `--{flag}` | {} | {} |", of.join(", "), help.replace('|', "\\|"));
    }
    page += "\n## Variables without a flag\n\n| variable | meaning |\n|---|---|\n";
    let list = |page: &mut String, variables: &[(&str, &str)]| {
        for (variables, meaning) in variables {
            let _ = writeln!(page, "| {variables} | {meaning} |");
        }
    };
    list(&mut page, OTHERS);
    page += "\n## Variables in tests\n\nThe library reads these in `cargo test`, besides the variables of its target:\n\n\
             | variable | meaning |\n|---|---|\n";
    list(&mut page, OF_TESTS);
    page
}

fn commands() -> String {
    let root = plain(Cli::command());
    let shared = SharedOptions::of(&root);
    let mut page = format!("{COMMANDS}\n```text\n{}```\n", help(root.clone()));
    for command in root.get_subcommands() {
        page += &shared.section(command);
    }
    page + &shared.descriptions()
}

/// Options that several commands have with the same meaning, each under one heading.
struct SharedOptions {
    groups: Vec<(String, Vec<Arg>)>,
}

impl SharedOptions {
    fn of(root: &Command) -> Self {
        let options = || root.get_subcommands().flat_map(options_of);
        let mut groups: Vec<(String, Vec<Arg>)> = Vec::new();
        // One command may show an option among its own, and another one under a heading: the heading wins.
        for option in options().filter(|option| options().filter(|other| is_same(option, other)).count() > 1) {
            let Some(heading) = option.get_help_heading() else { continue };
            if groups.iter().flat_map(|(_, known)| known).any(|known| is_same(known, option)) {
                continue;
            }
            match groups.iter_mut().find(|(name, _)| name == heading) {
                Some((_, known)) => known.push(option.clone()),
                None => groups.push((heading.to_owned(), vec![option.clone()])),
            }
        }
        Self { groups }
    }

    fn has(&self, option: &Arg) -> bool {
        self.groups.iter().any(|(_, options)| options.iter().any(|known| is_same(known, option)))
    }

    /// A command with its own options, and the names of the shared ones.
    fn section(&self, command: &Command) -> String {
        let name = command.get_name();
        let usage = command.clone().bin_name(format!("wireproof {name}")).render_usage().to_string();
        let own = command.clone().override_usage(usage.trim_start_matches("Usage: ").to_owned());
        let own = own.disable_help_flag(true).disable_version_flag(true).mut_args(|option| {
            let is_shared = self.has(&option);
            option.hide(is_shared)
        });
        let mut section = format!("\n## {name}\n\n```text\n{}```\n", help(own));
        let links: Vec<String> =
            self.groups.iter().filter_map(|(heading, group)| link(command, heading, group)).collect();
        if !links.is_empty() {
            let _ = write!(section, "\nShared options: {}.\n", links.join("; "));
        }
        section
    }

    fn descriptions(&self) -> String {
        let mut text = "\n## Shared options\n".to_owned();
        for (heading, options) in &self.groups {
            let group = Command::new("shared").term_width(112).disable_help_flag(true).args(options.clone());
            let lines = help(group).split_once(":\n").map(|(_, lines)| lines.to_owned()).unwrap_or_default();
            let _ = write!(text, "\n### {heading}\n\n```text\n{lines}```\n");
        }
        text
    }
}

/// The shared options of one group that a command has: by a link where it has all of them.
fn link(command: &Command, heading: &str, group: &[Arg]) -> Option<String> {
    let has = |option: &&Arg| options_of(command).any(|own| is_same(own, option));
    let names: Vec<String> =
        group.iter().filter(has).filter_map(Arg::get_long).map(|name| format!("`--{name}`")).collect();
    let link = format!("[{heading}](#{})", heading.to_lowercase().replace(' ', "-"));
    match names.len() {
        0 => None,
        count if count == group.len() => Some(link),
        _ => Some(format!("{} of {link}", names.join(", "))),
    }
}

fn options_of(command: &Command) -> impl Iterator<Item = &Arg> {
    command.get_arguments().filter(|argument| argument.get_long().is_some())
}

fn is_same(one: &Arg, other: &Arg) -> bool {
    let help = |option: &Arg| option.get_help().map(ToString::to_string);
    one.get_long() == other.get_long()
        && one.get_default_values() == other.get_default_values()
        && help(one) == help(other)
}

/// The command with nothing in its texts that depends on the environment.
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
fn shared_options_are_described_once() {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let page = words(&commands());
    for option in SharedOptions::of(&plain(Cli::command())).groups.iter().flat_map(|(_, options)| options) {
        let variable = option.get_env().map(|name| format!(" [env: {}]", name.display())).unwrap_or_default();
        let text = words(&option.get_help().map(ToString::to_string).unwrap_or_default()) + &variable;
        let flag = option.get_long().unwrap_or_default();
        let description = regex::Regex::new(&format!("--{flag}( <[^ ]+>)? {}", regex::escape(&text))).unwrap();
        assert_eq!(description.find_iter(&page).count(), 1, "{description}");
    }
}

/// Every option of every command is in the section of the command, or in a group that the section links to.
#[test]
fn no_option_is_left_out() {
    let page = commands();
    let described =
        |heading: &str| page.split("\n## ").find(|section| section.starts_with(&format!("{heading}\n"))).unwrap();
    let root = plain(Cli::command());
    let shared = SharedOptions::of(&root);
    for command in root.get_subcommands() {
        let section = described(command.get_name());
        for option in options_of(command) {
            let name = format!("--{}", option.get_long().unwrap_or_default());
            let group = shared.groups.iter().find(|(_, group)| group.iter().any(|known| is_same(known, option)));
            let is_linked = group.is_some_and(|(heading, _)| section.contains(&format!("[{heading}]")));
            assert!(section.contains(&name) || is_linked, "{} {name}", command.get_name());
        }
    }
}

#[test]
fn every_variable_that_is_read_without_a_flag_is_listed() {
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
