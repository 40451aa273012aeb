//! Runs the commands of each page in a folder of its own, in order, as a reader would type them.
//!
//! A block of `console` or `sh` is run, unless `no-run: REASON` follows the language. `cd=DIR` is the folder to run it in,
//! `status=N` the exit status of its last command if that is not 0. Lines below a command must occur in its output. A block
//! with `file=PATH` is written to that file before the blocks below it are run. Addresses of endpoints become those of
//! reference implementations, and no command runs more than a handful of cases. A separate test follows the tutorial, which
//! builds crates and takes minutes.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use crate::book::page::{Fence, Page, pages};
use crate::support::{
    self,
    program::{Served, err, out},
};

/// Quick cases of both services that need no state.
const FEW: &str = "unknown-id,unknown-name";

/// The addresses of endpoints on the pages.
const ADDRESSES: [&str; 2] = ["http://127.0.0.1:4566", "http://127.0.0.1:5000"];

#[test]
#[ignore = "it runs every command of the pages: minutes without optimisation"]
fn every_command_of_the_book_does_what_it_says() {
    let references = [Served::start(), Served::start()];
    let mut results = Vec::new();
    for page in pages() {
        let reader = Reader::of(page, |line| as_program(line, &references));
        results.extend(reader.follow());
    }
    let ran = results.iter().filter(|line| line.starts_with("ran")).count();
    println!("{}\n{ran} of {} commands ran", results.join("\n"), results.len());
    assert!(ran >= 20, "{ran}");
}

#[test]
#[ignore = "it builds the crate as a dependency, for minutes; and it needs a registry"]
fn the_tutorial_is_followed_word_for_word() {
    let results = Reader::of(Page::read("docs/tutorial.md".into()), as_cargo).follow();
    println!("{}", results.join("\n"));
    assert!(results.iter().all(|line| line.starts_with("ran")) && results.len() > 10);
}

/// A reader who follows one page.
struct Reader<F> {
    page: Page,
    folder: tempfile::TempDir,
    /// The command for a line of the page; `None` if this reader skips it.
    typed: F,
}

/// The words after a fence's language.
#[derive(Debug, Default)]
struct Info {
    file: Option<PathBuf>,
    cd: PathBuf,
    status: i32,
    no_run: Option<String>,
}

impl Info {
    fn of(text: &str) -> Self {
        if let Some(reason) = text.strip_prefix("no-run: ") {
            return Self { no_run: Some(reason.to_owned()), ..Self::default() };
        }
        text.split_whitespace().fold(Self::default(), |info, word| match word.split_once('=') {
            Some(("file", path)) => Self { file: Some(path.into()), ..info },
            Some(("cd", path)) => Self { cd: path.into(), ..info },
            Some(("status", status)) => Self { status: status.parse().unwrap(), ..info },
            _ => panic!("unknown word after a fence: {word:?}"),
        })
    }
}

impl<F: Fn(&str) -> Option<Command>> Reader<F> {
    fn of(page: Page, typed: F) -> Self {
        Self { page, folder: tempfile::tempdir().unwrap(), typed }
    }

    fn follow(&self) -> Vec<String> {
        self.page.fences().iter().flat_map(|fence| self.take(fence)).collect()
    }

    /// Runs the commands of a block, and returns one line about each.
    fn take(&self, fence: &Fence) -> Vec<String> {
        let place = format!("{}:{}", self.page.path.display(), fence.line);
        let info = Info::of(&fence.info);
        if let Some(path) = info.file {
            let path = self.folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, fence.lines.join("\n") + "\n").unwrap();
        }
        if !matches!(fence.language.as_str(), "console" | "sh") {
            return Vec::new();
        }
        let commands = commands(fence);
        assert!(!commands.is_empty(), "{place}: no command: begin its line with \"$ \"");
        let last = commands.len() - 1;
        let results = commands.iter().enumerate().map(|(index, (line, shown))| {
            let command = match &info.no_run {
                Some(reason) => return format!("not run ({reason}): {place}: {line}"),
                None => (self.typed)(line),
            };
            let Some(mut command) = command else { return format!("not run (it builds): {place}: {line}") };
            command.current_dir(self.folder.path().join(&info.cd));
            let output = run(command, if index == last { info.status } else { 0 }, &format!("{place}: {line}"));
            for line in shown {
                assert!(output.contains(line.trim()), "{place}: no line {line:?} in\n{output}");
            }
            format!("ran: {place}: {line}")
        });
        results.collect()
    }
}

/// The commands of a block, each in one line, with the output lines below it.
fn commands(fence: &Fence) -> Vec<(String, Vec<String>)> {
    let text = fence.lines.join("\n").replace("\\\n", " ");
    let mut commands: Vec<(String, Vec<String>)> = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix("$ "), commands.last_mut()) {
            (Some(command), _) => commands.push((command.to_owned(), Vec::new())),
            (None, Some((_, output))) => output.push(line.to_owned()),
            (None, None) => {}
        }
    }
    commands
}

/// Runs a command to its end, and returns its output.
fn run(command: Command, status: i32, what: &str) -> String {
    let limit = Duration::from_secs(900);
    let output = assert_cmd::Command::from_std(command).timeout(limit).output().unwrap();
    let (stdout, stderr) = (out(&output), err(&output));
    assert_eq!(output.status.code(), Some(status), "{what}\nstdout:\n{stdout}\nstderr:\n{stderr}");
    stdout + &stderr
}

/// A shell line that calls the program of this build against these endpoints; `None` if it calls cargo.
fn as_program(line: &str, references: &[Served; 2]) -> Option<Command> {
    let mut line = line.replacen("cargo run -- ", "wireproof ", 1);
    if line.split_whitespace().any(|word| word == "cargo") {
        return None;
    }
    for (address, reference) in ADDRESSES.iter().zip(references) {
        line = line.replace(address, &reference.endpoint);
    }
    let program = Path::new(env!("CARGO_BIN_EXE_wireproof")).parent().unwrap();
    let path = env::join_paths([program, Path::new("/usr/bin"), Path::new("/bin")]).unwrap();
    let mut shell = shell(&line);
    shell.env_clear().env("PATH", path).env("NO_COLOR", "1").env("WIREPROOF_STATE", "");
    if !line.contains("--filter") {
        shell.env("WIREPROOF_FILTER", FEW);
    }
    if line.contains("--endpoint http") {
        shell.env("WIREPROOF_AS_REFERENCE", "1");
    }
    Some(shell)
}

/// A shell line as it stands, with the path of this crate filled in.
#[expect(clippy::unnecessary_wraps, reason = "the other reader skips lines")]
fn as_cargo(line: &str) -> Option<Command> {
    let package = support::package().display().to_string();
    let mut shell = shell(&line.replace("../wireproof", &package));
    for (name, _) in env::vars().filter(|(name, _)| name.starts_with("WIREPROOF_") || name.starts_with("CARGO_PKG")) {
        shell.env_remove(name);
    }
    shell
        .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("tutorial"))
        .env("CARGO_TERM_COLOR", "never");
    Some(shell)
}

fn shell(line: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-e", "-c", line]).stdin(Stdio::null());
    shell
}

/// A command in an indented block or without a prompt would never be run.
#[test]
fn no_command_hides() {
    for page in pages() {
        let fenced = page.fences().into_iter().filter(|fence| fence.language != "text");
        let mut shown: Vec<String> = fenced.flat_map(|fence| fence.lines).collect();
        shown.extend(
            page.prose().into_iter().filter(|(_, line)| line.starts_with("    ")).map(|(_, line)| line.to_owned()),
        );
        for line in shown {
            let line = line.trim_start_matches("- ").trim();
            let is_dependency = line.starts_with("wireproof = ");
            let hides = (line.starts_with("wireproof ") && !is_dependency) || line.starts_with("cargo run ");
            assert!(!hides || line.contains("${{"), "{}: {line}", page.path.display());
        }
    }
}
