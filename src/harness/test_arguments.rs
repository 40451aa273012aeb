//! The arguments of a test program, as `cargo test`, cargo-nextest and editors give them.

use std::{num::ParseIntError, path::PathBuf};

use thiserror::Error;

/// How a test program is called.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct TestArguments {
    pub(super) mode: TestMode,
    pub(super) ignored: IgnoredTests,
    pub(super) format: TestFormat,
    pub(super) color: ColorUse,
    /// How many tests run at once.
    pub(super) threads: Option<usize>,
    /// Where the output goes instead of standard output.
    pub(super) logfile: Option<PathBuf>,
    /// Names, or parts of names, one of which a test must have; all tests where there is none.
    filters: Vec<String>,
    /// Names, or parts of names, that no test may have.
    skipped: Vec<String>,
    /// Filters are whole names.
    exact: bool,
}

/// What the program does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum TestMode {
    #[default]
    Run,
    List,
    /// Benchmarks alone, and there are none.
    Bench,
    Help,
}

/// What becomes of tests that are marked as ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum IgnoredTests {
    #[default]
    LeftOut,
    /// They run, and no others.
    Alone,
    /// They run like the others.
    Included,
}

/// The form of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum TestFormat {
    /// A line for each test.
    #[default]
    Pretty,
    /// A character for each test.
    Terse,
    /// A JSON object for each event.
    Json,
}

/// Whether the output has colors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum ColorUse {
    /// On a terminal.
    #[default]
    Auto,
    Always,
    Never,
}

/// Arguments that cannot be used.
#[derive(Debug, PartialEq, Eq, Error)]
pub(super) enum TestArgumentError {
    #[error("unknown option {0}\nhelp: --help lists the options")]
    Unknown(String),
    #[error("{0} needs a value")]
    NoValue(String),
    #[error("{option} {value} cannot be used: expected {expected}")]
    Value { option: String, value: String, expected: &'static str },
}

/// What `--help` prints.
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
    /// Reads arguments, the program's name left out.
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
            // Nothing is captured here, and unstable options are no others.
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

    /// Whether the filters leave a test in.
    pub(super) fn keeps(&self, name: &str, is_ignored: bool) -> bool {
        let matches = |filter: &String| if self.exact { name == filter } else { name.contains(filter) };
        (self.filters.is_empty() || self.filters.iter().any(matches))
            && !self.skipped.iter().any(matches)
            && (is_ignored || self.ignored != IgnoredTests::Alone)
    }

    /// Whether a test that is left in runs.
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
    #[case(&["--frob"], "unknown option --frob")]
    #[case(&["--skip"], "--skip needs a value")]
    #[case(&["--test-threads", "0"], "--test-threads 0 cannot be used: expected a number from 1")]
    #[case(&["--format=junit"], "--format junit cannot be used: expected pretty, terse or json")]
    #[case(&["--color=blue"], "--color blue cannot be used")]
    fn arguments_that_cannot_be_used_are_named(#[case] arguments: &[&str], #[case] says: &str) {
        assert!(read(arguments).unwrap_err().to_string().starts_with(says));
    }
}
