//! The arguments of a test program, as `cargo test`, cargo-nextest and editors give them.

use std::{collections::BTreeSet, num::ParseIntError, path::PathBuf};

use thiserror::Error;

/// The arguments of a test program.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct TestArguments {
    pub(super) mode: TestMode,
    pub(super) ignored: IgnoredTests,
    pub(super) format: TestFormat,
    pub(super) color: ColorUse,
    /// The number of tests that run at the same time.
    pub(super) threads: Option<usize>,
    /// The file for the output; `None` for standard output.
    pub(super) logfile: Option<PathBuf>,
    /// A test runs only if its name contains one of these; empty: all tests.
    filters: Vec<String>,
    /// A test whose name contains one of these does not run.
    skipped: Vec<String>,
    /// Filters must equal the whole name.
    exact: bool,
}

/// The action of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum TestMode {
    #[default]
    Run,
    List,
    /// Runs only benchmarks. There are none.
    Bench,
    Help,
}

/// The treatment of ignored tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum IgnoredTests {
    #[default]
    LeftOut,
    /// Only ignored tests run.
    Alone,
    /// Ignored tests run like the others.
    Included,
}

/// The format of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum TestFormat {
    /// One line per test.
    #[default]
    Pretty,
    /// One character per test.
    Terse,
    /// One JSON object per event.
    Json,
}

/// The use of colors in the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum ColorUse {
    /// Only on a terminal.
    #[default]
    Auto,
    Always,
    Never,
}

/// An error in the arguments.
#[derive(Debug, PartialEq, Eq, Error)]
pub(super) enum TestArgumentError {
    #[error("unknown option {0}\nhelp: --help lists the options")]
    Unknown(String),
    #[error("{0} needs a value")]
    NoValue(String),
    #[error("{option} {value} cannot be used: expected {expected}")]
    Value { option: String, value: String, expected: &'static str },
}

/// The output of `--help`.
pub(super) const HELP: &str = "\
Usage: [OPTIONS] [FILTER]...

Runs the tests whose names contain one of the filters; all tests without a filter.

Options:
      --list                       List the tests
      --exact                      Filters are whole names
      --skip FILTER                Leave out tests whose names contain FILTER (repeatable)
      --ignored                    Run only ignored tests
      --include-ignored            Run ignored tests, too
      --test-threads N             Run up to N tests at once
      --format pretty|terse|json   A line, a character or JSON objects for each test
  -q, --quiet                      Same as --format terse
      --color auto|always|never    Color the output
      --logfile PATH               Write the output to this file
  -h, --help                       Print this help
";

impl TestArguments {
    /// Reads arguments, without the name of the program.
    pub(super) fn read(arguments: impl IntoIterator<Item = String>) -> Result<Self, TestArgumentError> {
        let mut read = Self::default();
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let (option, value) = match argument.split_once('=') {
                Some((option, value)) if option.starts_with("--") => (option.to_owned(), Some(value.to_owned())),
                _ => (argument, None),
            };
            if read.enter_flag(&option) {
                continue;
            }
            if !option.starts_with('-') {
                read.filters.push(option);
                continue;
            }
            if !takes_value(&option) {
                return Err(TestArgumentError::Unknown(option));
            }
            let value = value.or_else(|| arguments.next());
            let value = value.ok_or_else(|| TestArgumentError::NoValue(option.clone()))?;
            read.enter_value(option, value)?;
        }
        Ok(read)
    }

    fn enter_flag(&mut self, flag: &str) -> bool {
        match flag {
            "--list" => self.mode = TestMode::List,
            "--bench" => self.mode = TestMode::Bench,
            "-h" | "--help" => self.mode = TestMode::Help,
            "--exact" => self.exact = true,
            "--ignored" => self.ignored = IgnoredTests::Alone,
            "--include-ignored" => self.ignored = IgnoredTests::Included,
            "-q" | "--quiet" => self.format = TestFormat::Terse,
            // The program captures no output, and `-Z unstable-options` changes nothing.
            "--test" | "--nocapture" | "--no-capture" | "--show-output" | "-Zunstable-options" => {}
            _ => return false,
        }
        true
    }

    fn enter_value(&mut self, option: String, value: String) -> Result<(), TestArgumentError> {
        let misused = |option, value, expected| Err(TestArgumentError::Value { option, value, expected });
        match (&*option, &*value) {
            ("--skip", _) => self.skipped.push(value),
            ("--logfile", _) => self.logfile = Some(value.into()),
            ("--test-threads", _) => match value.parse().map_err(|_: ParseIntError| ()) {
                Ok(threads) if threads > 0 => self.threads = Some(threads),
                _ => return misused(option, value, "a number from 1"),
            },
            ("--format", "pretty") => self.format = TestFormat::Pretty,
            ("--format", "terse") => self.format = TestFormat::Terse,
            ("--format", "json") => self.format = TestFormat::Json,
            ("--format", _) => return misused(option, value, "pretty, terse or json"),
            ("--color", "auto") => self.color = ColorUse::Auto,
            ("--color", "always") => self.color = ColorUse::Always,
            ("--color", "never") => self.color = ColorUse::Never,
            ("--color", _) => return misused(option, value, "auto, always or never"),
            _ => {}
        }
        Ok(())
    }

    /// Returns whether the filters select a test.
    pub(super) fn keeps(&self, name: &str, is_ignored: bool) -> bool {
        let matches = |filter: &String| if self.exact { name == filter } else { name.contains(filter) };
        (self.filters.is_empty() || self.filters.iter().any(matches))
            && !self.skipped.iter().any(matches)
            && (is_ignored || self.ignored != IgnoredTests::Alone)
    }

    /// The names of the tests that run, if the filters are whole names. cargo-nextest starts a process for each.
    pub(super) fn exact_names(&self) -> Option<BTreeSet<String>> {
        let named = self.exact && self.mode == TestMode::Run && !self.filters.is_empty();
        named.then(|| self.filters.iter().cloned().collect())
    }

    /// Returns whether a selected test runs.
    pub(super) fn runs(&self, is_ignored: bool) -> bool {
        self.mode == TestMode::Run && !(is_ignored && self.ignored == IgnoredTests::LeftOut)
    }
}

fn takes_value(option: &str) -> bool {
    ["--skip", "--logfile", "--test-threads", "--format", "--color", "-Z"].contains(&option)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn read(arguments: &[&str]) -> Result<TestArguments, TestArgumentError> {
        TestArguments::read(arguments.iter().map(|argument| (*argument).to_owned()))
    }

    #[test]
    fn options_are_read_in_both_spellings() {
        let nextest = read(&["--list", "--format", "terse", "--ignored"]).unwrap();
        assert_eq!(
            (nextest.mode, nextest.format, nextest.ignored),
            (TestMode::List, TestFormat::Terse, IgnoredTests::Alone)
        );
        let editor = ["-Z", "unstable-options", "--format=json", "--show-output", "--test-threads=3", "--color=never"];
        let editor = read(&editor).unwrap();
        assert_eq!((editor.format, editor.threads, editor.color), (TestFormat::Json, Some(3), ColorUse::Never));
        let included = read(&["-q", "--include-ignored", "--logfile", "x"]).unwrap();
        assert!(included.runs(true) && included.logfile.is_some() && included.format == TestFormat::Terse);
    }

    #[rstest]
    #[case::part(&["op/a"], &["op/a", "op/a#1"])]
    #[case::several(&["op/a", "b"], &["op/a", "op/a#1", "op/b"])]
    #[case::exact(&["--exact", "op/a"], &["op/a"])]
    #[case::skip(&["--skip", "#1"], &["op/a", "op/b"])]
    #[case::skip_exact(&["--exact", "--skip=op/a"], &["op/a#1", "op/b"])]
    #[case::ignored(&["--ignored"], &["op/b"])]
    fn filters_leave_tests_in(#[case] arguments: &[&str], #[case] expected: &[&str]) {
        let arguments = read(arguments).unwrap();
        let names = ["op/a", "op/a#1", "op/b"];
        let kept: Vec<&str> = names.into_iter().filter(|name| arguments.keeps(name, *name == "op/b")).collect();
        assert_eq!(kept, expected);
    }

    #[rstest]
    #[case::exact(&["--exact", "op/a"], Some(1))]
    #[case::part(&["op/a"], None)]
    #[case::all(&["--exact"], None)]
    #[case::list(&["--exact", "op/a", "--list"], None)]
    fn whole_names_of_tests_that_run_are_known(#[case] arguments: &[&str], #[case] expected: Option<usize>) {
        assert_eq!(read(arguments).unwrap().exact_names().map(|names| names.len()), expected);
    }

    #[rstest]
    #[case(&["--frob"], "unknown option --frob")]
    #[case(&["--skip"], "--skip needs a value")]
    #[case(&["--test-threads", "0"], "--test-threads 0 cannot be used: expected a number from 1")]
    #[case(&["--format=junit"], "--format junit cannot be used: expected pretty, terse or json")]
    #[case(&["--color=blue"], "--color blue cannot be used")]
    fn arguments_that_cannot_be_used_are_named(#[case] arguments: &[&str], #[case] says: &str) {
        assert!(read(arguments).unwrap_err().to_string().starts_with(says));
    }
}
