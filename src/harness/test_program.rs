//! Runs tests that are created at run time, with the output of `cargo test`'s own harness.

use std::{
    any::Any,
    env,
    fs::File,
    io::{self, IsTerminal as _, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
    sync::{Mutex, PoisonError, mpsc},
    thread,
    time::{Duration, Instant},
};

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

use super::test_arguments::{ColorUse, TestArguments, TestFormat, TestMode};

/// The exit status that `cargo test` reads as failed tests.
pub(super) const FAILED: u8 = 101;

/// One test.
pub(super) struct Trial {
    name: String,
    is_ignored: bool,
    test: Box<dyn FnOnce() -> TrialResult + Send>,
}

/// The result of a test, or the reason of its failure.
pub(super) type TrialResult = Result<TrialEnd, String>;

/// The result of a test that does not fail.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TrialEnd {
    Passed,
    /// Ignored, with the reason if there is one.
    Ignored(Option<String>),
}

impl Trial {
    /// Creates a test. A test that `is_ignored` runs only with `--ignored` or `--include-ignored`.
    pub(super) fn new(
        name: impl Into<String>,
        is_ignored: bool,
        test: impl FnOnce() -> TrialResult + Send + 'static,
    ) -> Self {
        Self { name: name.into(), is_ignored, test: Box::new(test) }
    }

    fn result(self, arguments: &TestArguments) -> (String, TrialResult) {
        if !arguments.runs(self.is_ignored) {
            return (self.name, Ok(TrialEnd::Ignored(None)));
        }
        let caught = catch_unwind(AssertUnwindSafe(self.test));
        (self.name, caught.unwrap_or_else(|panic| Err(panic_message(&*panic))))
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.map_or_else(|| "test panicked".to_owned(), |text| format!("test panicked: {text}"))
}

/// The number of tests with each result.
#[derive(Debug, Default)]
pub(super) struct TrialCounts {
    passed: usize,
    ignored: usize,
    filtered_out: usize,
    /// The names of the failed tests, each with its reason.
    failed: Vec<(String, String)>,
}

impl TrialCounts {
    fn enter(&mut self, name: String, result: TrialResult) {
        match result {
            Ok(TrialEnd::Passed) => self.passed += 1,
            Ok(TrialEnd::Ignored(_)) => self.ignored += 1,
            Err(why) => self.failed.push((name, why)),
        }
    }

    pub(super) fn has_failed(&self) -> bool {
        !self.failed.is_empty()
    }

    pub(super) fn exit_code(&self) -> ExitCode {
        if self.has_failed() { ExitCode::from(FAILED) } else { ExitCode::SUCCESS }
    }
}

/// Runs or lists tests, and prints their results.
///
/// # Errors
/// The log file cannot be written.
pub(super) fn run(arguments: &TestArguments, mut trials: Vec<Trial>) -> io::Result<TrialCounts> {
    let started = Instant::now();
    let all = trials.len();
    trials.retain(|trial| arguments.keeps(&trial.name, trial.is_ignored));
    let mut counts = TrialCounts { filtered_out: all - trials.len(), ..TrialCounts::default() };
    let mut printer = Printer::new(arguments, &trials)?;
    if arguments.mode == TestMode::List {
        for trial in &trials {
            printer.put(&format!("{}: test\n", trial.name));
        }
        return Ok(TrialCounts::default());
    }
    printer.start(trials.len());
    run_at_once(arguments, trials, |name, result| {
        printer.result(&name, &result);
        counts.enter(name, result);
    });
    printer.end(&counts, started.elapsed());
    Ok(counts)
}

/// Calls `enter` with each result as soon as the test ends.
fn run_at_once(arguments: &TestArguments, trials: Vec<Trial>, mut enter: impl FnMut(String, TrialResult)) {
    let waiting = Mutex::new(trials.into_iter());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
    let (sender, results) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..arguments.threads.unwrap_or(1) {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                while let Some(trial) = next() {
                    // The receiver lives until the last sender is gone.
                    let _ = sender.send(trial.result(arguments));
                }
            });
        }
        drop(sender);
        for (name, result) in results {
            enter(name, result);
        }
    });
}

struct Printer {
    out: Box<dyn Write>,
    format: TestFormat,
    colored: bool,
    /// The width of the longest name.
    width: usize,
}

impl Printer {
    fn new(arguments: &TestArguments, trials: &[Trial]) -> io::Result<Self> {
        let on_terminal =
            || arguments.logfile.is_none() && io::stdout().is_terminal() && env::var_os("NO_COLOR").is_none();
        let out: Box<dyn Write> = match &arguments.logfile {
            Some(path) => Box::new(File::create(path)?),
            None => Box::new(io::stdout()),
        };
        let colored = match arguments.color {
            ColorUse::Auto => on_terminal(),
            ColorUse::Always => true,
            ColorUse::Never => false,
        };
        let width = trials.iter().map(|trial| trial.name.chars().count()).max().unwrap_or(0);
        Ok(Self { out, format: arguments.format, colored, width })
    }

    /// Writes a text. A closed pipe does not fail the run.
    fn put(&mut self, text: &str) {
        let _ = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
    }

    fn event(&mut self, event: &Value) {
        self.put(&format!("{event}\n"));
    }

    fn start(&mut self, count: usize) {
        match self.format {
            TestFormat::Json => self.event(&json!({"type": "suite", "event": "started", "test_count": count})),
            _ => self.put(&format!("\nrunning {count} test{}\n", if count == 1 { "" } else { "s" })),
        }
    }

    fn result(&mut self, name: &str, result: &TrialResult) {
        let word = word(result);
        match (self.format, result) {
            (TestFormat::Json, _) => {
                self.event(&json!({"type": "test", "event": "started", "name": name}));
                let mut ended = json!({"type": "test", "name": name, "event": word.to_lowercase()});
                if let Err(why) = result {
                    ended["stdout"] = format!("{why}\n").into();
                }
                self.event(&ended);
            }
            (TestFormat::Terse, _) => {
                let dot = if word == "ok" { "." } else { &word[..1] };
                self.put(&self.painted(result, dot));
            }
            (TestFormat::Pretty, _) => {
                let reason = match result {
                    Ok(TrialEnd::Ignored(Some(reason))) => format!(" ({reason})"),
                    _ => String::new(),
                };
                let painted = self.painted(result, &format!("{word}{reason}"));
                self.put(&format!("test {name: <0$} ... {painted}\n", self.width));
            }
        }
    }

    fn painted(&self, result: &TrialResult, text: &str) -> String {
        if !self.colored {
            return text.to_owned();
        }
        let color = match result {
            Ok(TrialEnd::Passed) => AnsiColor::Green,
            Ok(TrialEnd::Ignored(_)) => AnsiColor::Yellow,
            Err(_) => AnsiColor::Red,
        };
        let style = Style::new().fg_color(Some(color.into()));
        format!("{style}{text}{style:#}")
    }

    fn end(&mut self, counts: &TrialCounts, took: Duration) {
        let TrialCounts { passed, ignored, filtered_out, failed } = counts;
        let (seconds, count) = (took.as_secs_f64(), failed.len());
        if self.format == TestFormat::Json {
            let event = if failed.is_empty() { "ok" } else { "failed" };
            return self.event(&json!({
                "type": "suite", "event": event, "passed": passed, "failed": count, "ignored": ignored, "measured": 0,
                "filtered_out": filtered_out, "exec_time": seconds,
            }));
        }
        let whole = if failed.is_empty() { Ok(TrialEnd::Passed) } else { Err(String::new()) };
        let word = self.painted(&whole, word(&whole));
        self.put(&failures(failed));
        self.put(&format!(
            "\ntest result: {word}. {passed} passed; {count} failed; {ignored} ignored; 0 measured; \
             {filtered_out} filtered out; finished in {seconds:.2}s\n\n"
        ));
    }
}

fn word(result: &TrialResult) -> &'static str {
    match result {
        Ok(TrialEnd::Passed) => "ok",
        Ok(TrialEnd::Ignored(_)) => "ignored",
        Err(_) => "FAILED",
    }
}

fn failures(failed: &[(String, String)]) -> String {
    if failed.is_empty() {
        return String::new();
    }
    let whole = failed.iter().flat_map(|(name, why)| ["---- ", name, " ----\n", why, "\n\n"]);
    let names = failed.iter().flat_map(|(name, _)| ["    ", name, "\n"]);
    ["\nfailures:\n\n"].into_iter().chain(whole).chain(["\nfailures:\n"]).chain(names).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// The output of a program of three tests with these arguments.
    fn printed(arguments: &[&str]) -> (String, TrialCounts) {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let given = arguments.iter().copied().chain(["--logfile", log.to_str().unwrap()]).map(str::to_owned);
        let trials = vec![
            Trial::new("one", false, || Ok(TrialEnd::Passed)),
            Trial::new("two", false, || Err("why".to_owned())),
            Trial::new("three", false, || Ok(TrialEnd::Ignored(Some("late".to_owned())))),
            Trial::new("four", true, || panic!("a {}", "panic")),
        ];
        let counts = run(&TestArguments::read(given).unwrap(), trials).unwrap();
        (fs::read_to_string(log).unwrap(), counts)
    }

    #[test]
    fn each_test_has_a_line_and_each_failure_its_reason() {
        let (text, counts) = printed(&["--test-threads", "1"]);
        let expected = "\nrunning 4 tests\ntest one   ... ok\ntest two   ... FAILED\ntest three ... ignored (late)\n\
                        test four  ... ignored\n\nfailures:\n\n---- two ----\nwhy\n\n\nfailures:\n    two\n\n\
                        test result: FAILED. 1 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; ";
        assert!(text.starts_with(expected), "{text}");
        assert_eq!(counts.exit_code(), ExitCode::from(FAILED));
    }

    #[test]
    fn a_panic_is_a_failure_and_filters_are_counted() {
        let (text, counts) = printed(&["--ignored", "--color=always"]);
        assert!(text.contains("\u{1b}[31mFAILED\u{1b}[0m"), "{text}");
        assert_eq!(counts.failed, [("four".to_owned(), "test panicked: a panic".to_owned())]);
        assert_eq!(counts.filtered_out, 3);
    }

    #[test]
    fn the_other_formats_are_those_of_cargo_test() {
        assert!(printed(&["-q", "--test-threads=2", "one", "two"]).0.contains("running 2 tests\n"));
        assert!(printed(&["-q", "one"]).0.starts_with("\nrunning 1 test\n.\ntest result: ok. 1 passed;"));
        assert_eq!(printed(&["--list"]).0, "one: test\ntwo: test\nthree: test\nfour: test\n");
        let (text, _) = printed(&["--format=json", "two"]);
        let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(events[2], json!({"type": "test", "name": "two", "event": "failed", "stdout": "why\n"}));
        assert_eq!((&events[3]["event"], &events[3]["filtered_out"]), (&json!("failed"), &json!(3)));
    }

    #[test]
    fn there_are_no_benchmarks() {
        assert_eq!(printed(&["--bench"]).1.ignored, 4);
    }
}
