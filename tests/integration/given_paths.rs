//! Paths that are not UTF-8, wherever the command line takes a path.
#![cfg(unix)]

use std::{
    ffi::{OsStr, OsString},
    fs,
    os::unix::ffi::OsStrExt as _,
    path::Path,
    process::Output,
    time::Duration,
};

use assert_cmd::Command;
use serde_json::Value;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");

fn wireproof(arguments: &[&OsStr]) -> Output {
    let mut command = Command::cargo_bin("wireproof").unwrap();
    command.env_clear().args(arguments).timeout(Duration::from_secs(120)).output().unwrap()
}

fn assert_status(output: &Output, status: i32) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert_eq!(output.status.code(), Some(status), "{}\n{}", text(&output.stdout), text(&output.stderr));
}

/// A name that is not UTF-8.
fn name(start: &str, end: &str) -> OsString {
    OsStr::from_bytes(&[start.as_bytes(), b"\xff", end.as_bytes()].concat()).to_owned()
}

fn report(path: &Path) -> OsString {
    let mut argument = OsString::from("--report=json=");
    argument.push(path);
    argument
}

fn cases(path: &Path) -> usize {
    let report: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    report["cases"].as_array().unwrap().len()
}

fn without_requirements(model: &mut Value) {
    match model {
        Value::Object(members) => {
            members.remove("wireproof#requirements");
            members.values_mut().for_each(without_requirements);
        }
        Value::Array(items) => items.iter_mut().for_each(without_requirements),
        _ => {}
    }
}

#[test]
fn a_model_and_a_report_are_found_and_a_recording_finds_the_model_again() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: OsString| folder.path().join(name);
    let (model, json, recording) = (at(name("codedeploy", ".json")), at(name("report", ".json")), at(name("rec", "")));
    // The requirements that the bundled model cites are not beside the copy.
    let mut text: Value =
        serde_json::from_slice(&fs::read(format!("{FIXTURES}/codedeploy/model.json")).unwrap()).unwrap();
    without_requirements(&mut text);
    fs::write(&model, text.to_string()).unwrap();
    let few = ["--operation", "StopDeployment", "--filter", "required,nothing", "--seed", "1"].map(OsStr::new);
    let (report_to, record_to) = (report(&json), ["--recording".as_ref(), recording.as_os_str()]);
    let of_model = ["probe".as_ref(), "--model".as_ref(), model.as_os_str(), report_to.as_os_str()];
    assert_status(&wireproof(&[&of_model[..], &few, &record_to].concat()), 0);
    let probed = cases(&json);
    assert!(probed > 0);
    assert_status(&wireproof(&["judge".as_ref(), recording.as_os_str(), report_to.as_os_str()]), 0);
    assert_eq!(cases(&json), probed);
}

#[test]
fn a_folder_of_fixtures_is_a_positional_path() {
    let folder = tempfile::tempdir().unwrap();
    let fixtures = folder.path().join(name("fixtures", ""));
    let scenario = fixtures.join("codedeploy/stop-deployment/unknown-id.yaml");
    for file in ["model.json", "requirements.yaml", "states.yaml", "stop-deployment/unknown-id.yaml"] {
        let to = fixtures.join("codedeploy").join(file);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(format!("{FIXTURES}/codedeploy/{file}"), to).unwrap();
    }
    for path in [&fixtures, &scenario] {
        let output = wireproof(&["list".as_ref(), path.as_os_str()]);
        assert_status(&output, 0);
        let listed = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(listed.contains("codedeploy/stop-deployment/unknown-id"), "{listed}");
    }
}
