//! Files that no one should read whole, in each place where the program reads files: refused at once, with the name of the
//! file and what was expected.

use std::{
    fs::{self, File},
    os::unix::fs::symlink,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use rstest::rstest;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{
    package,
    program::{Served, assert_status, err, out, run},
};

/// A debug build on a busy machine takes longer than the program that users have.
const LIMIT: Duration = Duration::from_secs(20);

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Puts a file that does not end, or is very large, at a path.
fn put(kind: &str, path: &Path) {
    let _ = fs::remove_file(path);
    match kind {
        "pipe" => assert!(Command::new("mkfifo").arg(path).status().unwrap().success()),
        "link to a device" => symlink("/dev/zero", path).unwrap(),
        _ => File::create(path).unwrap().set_len(8 << 30).unwrap(),
    }
}

#[track_caller]
fn assert_refused(arguments: &[&str], status: i32, file: &str) {
    let begun = Instant::now();
    let output = run(arguments);
    assert!(begun.elapsed() < LIMIT, "{:?}", begun.elapsed());
    assert_status(&output, status);
    let printed = err(&output) + &out(&output);
    assert!(printed.contains(file), "{printed}");
    let reasons = ["expected a regular file", "the limit for", "neither a regular file nor a folder"];
    assert!(reasons.iter().any(|reason| printed.contains(reason)), "{printed}");
}

/// A folder with fixtures, a recording and a bundle of one file each.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let service = folder.path().join("fixtures/codedeploy");
    fs::create_dir_all(service.join("stop-deployment")).unwrap();
    for file in ["model.json", "requirements.yaml", "states.yaml", "stop-deployment/unknown-id.yaml"] {
        fs::copy(package().join("fixtures/codedeploy").join(file), service.join(file)).unwrap();
    }
    for name in ["recording", "bundle"] {
        fs::create_dir(folder.path().join(name)).unwrap();
    }
    folder
}

#[rstest]
#[case::fixture("fixtures/codedeploy/stop-deployment/x.yaml", &["check", "--fixtures", "DIR/fixtures"], 2)]
#[case::states("fixtures/codedeploy/states.yaml", &["check", "--fixtures", "DIR/fixtures"], 2)]
#[case::model("fixtures/codedeploy/model.json", &["check", "--fixtures", "DIR/fixtures"], 2)]
#[case::own_model("m.json", &["probe", "--model", "DIR/m.json", "--endpoint", "http://127.0.0.1:9", "--dry-run"], 2)]
#[case::bundle("bundle/statement.json", &["verify", "DIR/bundle"], 1)]
#[case::report("report.json", &["merge", "DIR/report.json"], 2)]
#[case::corpus("records.jsonl", &["judge", "--corpus", "DIR/records.jsonl"], 2)]
#[case::baseline("b.toml", &["run", "codedeploy/stop-deployment/unknown-id", "--endpoint", "http://127.0.0.1:9", "--baseline", "DIR/b.toml"], 2)]
fn what_has_no_end_is_refused(
    #[values("pipe", "link to a device", "sparse file")] kind: &str,
    #[case] file: &str,
    #[case] arguments: &[&str],
    #[case] status: i32,
) {
    let folder = folder();
    let path = folder.path().join(file);
    put(kind, &path);
    let arguments: Vec<String> = arguments.iter().map(|word| word.replace("DIR", text(folder.path()))).collect();
    assert_refused(&arguments.iter().map(String::as_str).collect::<Vec<_>>(), status, file);
}

#[test]
fn a_recording_with_an_endless_line_or_transcript_is_refused() {
    let (served, folder) = (Served::start(), folder());
    let recording = folder.path().join("run");
    let case = "codedeploy/stop-deployment/unknown-id";
    run(&["run", case, "--endpoint", &served.endpoint, "--recording", text(&recording)]);
    put("pipe", &recording.join(format!("{case}.har")));
    assert_refused(&["judge", text(&recording)], 2, "unknown-id.har");
    fs::write(recording.join("index.ndjson"), "x".repeat(100 << 20)).unwrap();
    let judged = run(&["judge", text(&recording)]);
    assert_status(&judged, 2);
    assert!(err(&judged).contains("line 1 is longer than 4 MiB, the limit of an index"), "{}", err(&judged));
}

#[test]
fn a_loop_of_links_and_deep_nesting_are_refused() {
    let folder = folder();
    let fixtures = folder.path().join("fixtures");
    for name in ["one", "two"] {
        symlink(".", fixtures.join("codedeploy").join(name)).unwrap();
    }
    let checked = run(&["check", "--fixtures", text(&fixtures)]);
    assert_status(&checked, 2);
    assert!(err(&checked).contains("look for a loop of links"), "{}", err(&checked));
    for name in ["one", "two"] {
        fs::remove_file(fixtures.join("codedeploy").join(name)).unwrap();
    }
    let deep = format!("a: {}", "[".repeat(100_000));
    fs::write(fixtures.join("codedeploy/stop-deployment/deep.yaml"), deep).unwrap();
    let checked = run(&["check", "--fixtures", text(&fixtures)]);
    assert_status(&checked, 2);
    assert!(err(&checked).contains("recursion limit exceeded"), "{}", err(&checked));
}

fn model(shapes: &Value) -> String {
    let mut all = json!({
        "x#S": {"type": "service", "version": "1", "operations": [{"target": "x#Op"}],
            "traits": {"aws.api#service": {"sdkId": "X"}, "aws.auth#sigv4": {"name": "x"}, "aws.protocols#awsJson1_1": {}}},
        "x#Op": {"type": "operation", "input": {"target": "x#In"}, "output": {"target": "x#Out"}},
        "x#Out": {"type": "structure", "members": {}},
        "x#In": {"type": "structure", "members": {"l": {"target": "x#L", "traits": {"smithy.api#required": {}}}}},
    });
    for (id, shape) in shapes.as_object().unwrap() {
        all[id] = shape.clone();
    }
    json!({"smithy": "2.0", "shapes": all}).to_string()
}

#[rstest]
#[case::list(json!({"x#L": {"type": "list", "member": {"target": "smithy.api#String"},
    "traits": {"smithy.api#length": {"min": 100_000_000}}}}), "too large to be sent")]
#[case::map(json!({"x#L": {"type": "map", "key": {"target": "smithy.api#String"}, "value": {"target": "smithy.api#String"},
    "traits": {"smithy.api#length": {"min": 100_000_000}}}}), "too large to be sent")]
#[case::blob(json!({"x#L": {"type": "blob", "traits": {"smithy.api#length": {"min": 1_000_000_000}}}}), "too large to be sent")]
#[case::cycle(json!({"x#L": {"type": "list", "member": {"target": "x#L"}, "traits": {"smithy.api#length": {"min": 2}}}}),
    "requires itself without end")]
#[case::repetition(json!({"x#L": {"type": "string", "traits": {"smithy.api#pattern": "^((a{1,1000}){1,1000}){1,1000}$"}}}),
    "cannot be checked")]
fn a_model_with_endless_values_is_bounded(#[case] shapes: Value, #[case] expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.json");
    fs::write(&path, model(&shapes)).unwrap();
    let begun = Instant::now();
    let output = run(&["probe", "--model", text(&path), "--endpoint", "http://127.0.0.1:9", "--dry-run"]);
    assert!(begun.elapsed() < LIMIT, "{:?}", begun.elapsed());
    let printed = err(&output) + &out(&output);
    assert!(printed.contains(expected), "{printed}");
}

#[test]
fn a_model_of_too_many_shapes_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.json");
    let shapes: serde_json::Map<String, Value> =
        (0..200_000).map(|number| (format!("x#Z{number}"), json!({"type": "string"}))).collect();
    fs::write(&path, model(&shapes.into())).unwrap();
    let output = run(&["probe", "--model", text(&path), "--endpoint", "http://127.0.0.1:9", "--dry-run"]);
    assert_status(&output, 2);
    assert!(err(&output).contains("more than 150000 shapes"), "{}", err(&output));
}
