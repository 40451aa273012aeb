use std::{fs, path::Path};

use rstest::rstest;
use serde_json::json;

use super::*;
use crate::{
    judge::verdict::Ledger,
    run::{
        event::{Event, Presence, RunFinished},
        observer::Observer as _,
    },
};

fn started() -> RunStarted {
    serde_json::from_value(json!({
        "target": "t", "endpoint": "http://127.0.0.1:1/", "region": "r", "suite": "s", "seed": 7, "selected": 0,
        "selection": { "cases": 0, "digest": "0" },
    }))
    .unwrap()
}

fn finished() -> RunFinished {
    RunFinished {
        ledger: Ledger::default(),
        requirements: Vec::new(),
        coverage: None,
        interrupted: false,
        duration_ms: 5,
        notes: Vec::new(),
        baseline: None,
    }
}

fn check_presence(recorder: &mut Recorder, operation: &str) {
    let checked = PresenceChecked {
        service: "s".to_owned(),
        operation: operation.to_owned(),
        presence: Presence::Implemented,
        reason: String::new(),
        unavailable: None,
    };
    let transcript = Transcript::new(CaseId(format!("s.{operation}")), 7);
    recorder.presence_checked(&checked, Some(&transcript));
    recorder.event(&Event::PresenceChecked(checked));
}

/// A recording of two presence checks and no case.
fn record(folder: &Path) {
    let mut recorder = Recorder::new(folder, None);
    recorder.event(&Event::RunStarted(started()));
    for operation in ["A", "B"] {
        check_presence(&mut recorder, operation);
    }
    recorder.event(&Event::RunFinished(finished()));
    recorder.close().unwrap();
}

fn index(folder: &Path) -> String {
    fs::read_to_string(folder.join(INDEX)).unwrap()
}

#[test]
fn a_recording_is_read_in_its_order() {
    let folder = tempfile::tempdir().unwrap();
    record(folder.path());
    let recording = Recording::open(folder.path()).unwrap();
    assert_eq!((recording.header().run.seed, recording.ended().duration_ms), (7, 5));
    let entries: Vec<RecordingEntry> = recording.entries().map(Result::unwrap).collect();
    let [RecordingEntry::Opened(a), RecordingEntry::Opened(b), RecordingEntry::Finished(_)] = &entries[..] else {
        panic!("{entries:?}")
    };
    assert_eq!([&*a.checked.operation, &*b.checked.operation], ["A", "B"]);
    let file = a.file.as_ref().unwrap();
    assert_eq!(file.path, "_presence/s.A.har");
    assert_eq!(recording.transcript(file).unwrap().case.0, "s.A");
    assert!(index(folder.path()).trim_end().ends_with(&format!("\"chain\":\"{}\"}}", recording.chain())));
}

fn without(text: &str, line: usize) -> String {
    let kept = text.lines().enumerate().filter(|(index, _)| *index != line);
    kept.flat_map(|(_, line)| [line, "\n"]).collect()
}

#[rstest]
#[case::a_value(|text: &str| text.replace("\"seed\":7", "\"seed\":8"), "line 1 of index.ndjson was changed")]
#[case::a_line_that_is_gone(|text: &str| without(text, 1), "line 2 of index.ndjson was changed")]
#[case::no_end(|text: &str| without(text, 3), "it has no end")]
#[case::no_beginning(|text: &str| without(text, 0), "line 1 of index.ndjson was changed")]
#[case::lines_that_changed_places(
    |text: &str| {
        let lines: Vec<&str> = text.lines().collect();
        [lines[0], lines[2], lines[1], lines[3]].map(|line| format!("{line}\n")).concat()
    },
    "line 2 of index.ndjson was changed"
)]
#[case::a_line_without_a_chain(|text: &str| format!("{text}{{}}\n"), "line 5 of index.ndjson was changed")]
#[case::nothing(|_: &str| String::new(), "it does not start with a run")]
fn a_changed_line_is_an_error(#[case] change: fn(&str) -> String, #[case] expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    record(folder.path());
    fs::write(folder.path().join(INDEX), change(&index(folder.path()))).unwrap();
    let error = Recording::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn a_changed_file_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    record(folder.path());
    let recording = Recording::open(folder.path()).unwrap();
    let Some(Ok(RecordingEntry::Opened(Opened { file: Some(file), .. }))) = recording.entries().next() else {
        panic!()
    };
    let path = folder.path().join(&file.path);
    let mut bytes = fs::read(&path).unwrap();
    bytes[10] ^= 1;
    fs::write(&path, bytes).unwrap();
    assert!(matches!(recording.transcript(&file), Err(RecordingError::Changed { .. })));
    fs::remove_file(&path).unwrap();
    assert!(matches!(recording.transcript(&file), Err(RecordingError::Unreadable { .. })));
}

#[test]
fn an_index_that_names_a_file_outside_of_its_folder_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    record(folder.path());
    let recording = Recording::open(folder.path()).unwrap();
    let outside = Kept { path: "../secret".to_owned(), sha256: String::new() };
    assert!(matches!(recording.transcript(&outside), Err(RecordingError::Changed { .. })));
}

#[test]
fn a_second_recording_replaces_only_the_first() {
    let folder = tempfile::tempdir().unwrap();
    record(folder.path());
    fs::write(folder.path().join("mine.txt"), "mine").unwrap();
    let mut recorder = Recorder::new(folder.path(), None);
    for event in [Event::RunStarted(started()), Event::RunFinished(finished())] {
        recorder.event(&event);
    }
    recorder.close().unwrap();
    assert_eq!(Recording::open(folder.path()).unwrap().entries().count(), 1);
    assert!(!folder.path().join("_presence/s.A.har").exists());
    assert_eq!(fs::read_to_string(folder.path().join("mine.txt")).unwrap(), "mine");
}

#[test]
fn a_folder_without_an_index_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let error = Recording::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("--recording DIR"), "{error}");
}
