//! The commands of the book, page by page in a folder of their own, one after the other as a reader would type them.
//!
//! A block of `console` or `sh` is run, unless `no-run: REASON` follows the language; `status=N` says how its last
//! command ends, where that is not 0. What stands below a command is in its output, line by line. A block with `file=PATH` is a file that is there when what follows it is run.
//! Addresses of endpoints become those of references, and no command runs more than a handful of cases.

use std::{
    env, fs,
    path::Path,
    process::{Command, Stdio},
};

use crate::{
    page::{Fence, Page, pages},
    support::program::{Served, ended, err, out},
};

/// Quick cases of both services, which need no state.
const FEW: &str = "unknown-id,unknown-name";

/// Where the pages say that endpoints listen.
const ADDRESSES: [&str; 2] = ["http://127.0.0.1:4566", "http://127.0.0.1:5000"];

#[test]
fn every_command_of_the_book_does_what_it_says() {
    let references = [Served::start(), Served::start()];
    let mut told = Vec::new();
    for page in pages() {
        let folder = tempfile::tempdir().unwrap();
        for fence in page.fences() {
            told.extend(follow(&page, &fence, folder.path(), &references));
        }
    }
    let ran = told.iter().filter(|line| line.starts_with("ran")).count();
    println!("{}\n{ran} of {} commands ran", told.join("\n"), told.len());
    assert!(ran >= 20, "{ran}");
}

/// Takes a block as a reader would, and says of each of its commands what became of it.
fn follow(page: &Page, fence: &Fence, folder: &Path, references: &[Served; 2]) -> Vec<String> {
    let place = format!("{}:{}", page.path.display(), fence.line);
    if let Some(path) = fence.info.strip_prefix("file=") {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, fence.lines.join("\n") + "\n").unwrap();
        return Vec::new();
    }
    if !matches!(fence.language.as_str(), "console" | "sh") {
        return Vec::new();
    }
    let commands = commands(fence);
    assert!(!commands.is_empty(), "{place}: no command: begin its line with \"$ \"");
    if let Some(reason) = fence.info.strip_prefix("no-run: ") {
        let names = commands.iter().map(|(command, _)| format!("not run ({reason}): {place}: {command}"));
        return names.collect();
    }
    let last = commands.len() - 1;
    let status = fence.info.strip_prefix("status=").map_or(0, |status| status.parse().unwrap());
    let followed = commands.iter().enumerate().map(|(index, (command, shown))| {
        if command.starts_with("cargo ") && !command.starts_with("cargo run -- ") {
            return format!("not run (it builds): {place}: {command}");
        }
        let output = run(&place, command, if index == last { status } else { 0 }, folder, references);
        for line in shown {
            assert!(output.contains(line.trim()), "{place}: {command}: no line {line:?} in\n{output}");
        }
        format!("ran: {place}: {command}")
    });
    followed.collect()
}

/// The commands of a block, each in one line, with the lines of its output that are shown.
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

/// Runs a command to its end, and gives what it printed.
fn run(place: &str, command: &str, status: i32, folder: &Path, references: &[Served; 2]) -> String {
    let mut line = command.replacen("cargo run -- ", "wireproof ", 1);
    for (address, reference) in ADDRESSES.iter().zip(references) {
        line = line.replace(address, &reference.endpoint);
    }
    let program = Path::new(env!("CARGO_BIN_EXE_wireproof")).parent().unwrap();
    let path = env::join_paths([program, Path::new("/usr/bin"), Path::new("/bin")]).unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-e", "-c", &line]).current_dir(folder).stdin(Stdio::null()).env_clear();
    shell.env("PATH", path).env("HOME", folder).env("NO_COLOR", "1").env("WIREPROOF_STATE", "");
    if !line.contains("--filter") {
        shell.env("WIREPROOF_FILTER", FEW);
    }
    if line.contains("--endpoint http") {
        shell.env("WIREPROOF_AS_REFERENCE", "1");
    }
    let output = ended(shell);
    let (stdout, stderr) = (out(&output), err(&output));
    assert_eq!(output.status.code(), Some(status), "{place}: {command}\nstdout:\n{stdout}\nstderr:\n{stderr}");
    stdout + &stderr
}

/// A command in an indented block, or one that no prompt stands before, would be run by nobody.
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
            let hides = line.starts_with("wireproof ") || line.starts_with("cargo run ");
            assert!(!hides || line.contains("${{"), "{}: {line}", page.path.display());
        }
    }
}
