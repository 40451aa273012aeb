//! Recordings give the same verdicts offline, contain no secret, and detect every changed byte.

use std::{fs, path::Path, sync::Arc, time::Duration};

use crate::support::{
    SUITE, files_below, package,
    program::{Served, assert_status, ended, err, out, program, run},
    within,
};
use rstest::rstest;
use wireproof::internals::{
    reference::{Identity, Reference, ReferenceOptions},
    report,
    wire::sigv4::Credentials,
};

/// A text without the times in it.
fn timeless(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    text.lines().filter(|line| !line.contains("\"duration_ms\"")).flat_map(|line| [line, "\n"]).collect()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Runs the program with a recording and a JSON report, judges the recording, and holds the reports against each other.
fn assert_same(arguments: &[&str], judge: &[&str]) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    let (recording, live, offline) =
        (folder.path().join("run"), folder.path().join("live.json"), folder.path().join("offline.json"));
    let (live_report, offline_report) = (format!("json={}", text(&live)), format!("json={}", text(&offline)));
    let ran = run(&[arguments, &["--recording", text(&recording), "--report", &live_report]].concat());
    let judged = run(&[&["judge", text(&recording), "--report", &offline_report], judge].concat());
    assert_eq!(ran.status.code(), judged.status.code(), "{}\n{}", err(&ran), err(&judged));
    assert_eq!(timeless(&live), timeless(&offline));
    assert_eq!(err(&judged), "");
    (timeless(&live), out(&judged))
}

#[test]
#[ignore = "a full run takes a minute without optimisation"]
fn the_whole_catalogue_is_judged_offline_as_it_was_live() {
    let (report, reported) = assert_same(&["run", "--seed", "5"], &[]);
    assert!(report.contains("\"conforms\": 876"), "{report}");
    assert!(reported.contains("876 cases selected = 876 conform"), "{reported}");
}

#[test]
fn deviations_and_what_never_ran_are_judged_offline_as_they_were_live() {
    // It closes every connection, so that no operation is reachable, and nothing runs.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || listener.incoming().for_each(drop));
    let (report, _) = assert_same(&["run", "--endpoint", &endpoint, "--timeout", "1", "--tag", "auth"], &[]);
    assert!(report.contains("\"inconclusive\""), "{report}");
}

#[test]
fn derived_probes_are_judged_offline_as_they_were_live() {
    let served = Served::start();
    let model = package().join("fixtures/codedeploy/model.json");
    let probes = ["probe", "--model", text(&model), "--operation", "StopDeployment", "--seed", "3"];
    let (report, _) = assert_same(&[&probes[..], &["--endpoint", &served.endpoint]].concat(), &[]);
    assert!(report.contains("\"coverage\""), "{report}");
}

/// A recording of one scenario with a few cases.
fn small(folder: &Path) {
    let scenario = "codedeploy/stop-deployment/unknown-id";
    assert_status(&run(&["run", scenario, "--recording", text(folder)]), 0);
}

#[test]
fn a_fixture_that_has_changed_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let (recording, fixtures) = (folder.path().join("run"), folder.path().join("fixtures"));
    small(&recording);
    for file in files_below(&package().join("fixtures"), "") {
        let to = fixtures.join(&file);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(package().join("fixtures").join(&file), to).unwrap();
    }
    let changed = fixtures.join("codedeploy/stop-deployment/unknown-id.yaml");
    let text_now = fs::read_to_string(&changed).unwrap();
    fs::write(&changed, format!("# Another one.\n{text_now}")).unwrap();
    let judged = run(&["judge", text(&recording), "--fixtures", text(&fixtures)]);
    assert_status(&judged, 0);
    assert!(err(&judged).contains("the recording was made with other fixtures"), "{}", err(&judged));
    assert!(err(&judged).contains("the fixture of codedeploy/stop-deployment/unknown-id has changed"));
    fs::remove_file(&changed).unwrap();
    let judged = run(&["judge", text(&recording), "--fixtures", text(&fixtures)]);
    assert!(err(&judged).contains("codedeploy/stop-deployment/unknown-id is skipped"), "{}", err(&judged));
    assert_ne!(judged.status.code(), Some(0));
}

#[rstest]
#[case::a_transcript("codedeploy/stop-deployment/unknown-id.har", "was changed: its SHA-256")]
#[case::the_index("index.ndjson", "its chain does not match")]
fn a_changed_byte_is_reported_and_nothing_is_judged(#[case] file: &str, #[case] expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    small(folder.path());
    let path = folder.path().join(file);
    let changed = fs::read_to_string(&path).unwrap().replacen("deployment", "Deployment", 1);
    fs::write(&path, changed).unwrap();
    let judged = run(&["judge", text(folder.path())]);
    assert_status(&judged, 2);
    assert!(err(&judged).contains(expected), "{}", err(&judged));
}

#[test]
fn an_invalid_recording_is_a_usage_error() {
    let folder = tempfile::tempdir().unwrap();
    let judged = run(&["judge", text(folder.path())]);
    assert_status(&judged, 2);
    assert!(err(&judged).contains("is not a recording"), "{}", err(&judged));
    assert_status(&run(&["judge"]), 2);
}

/// Credentials that are looked for in everything that a run writes.
const SECRETS: [&str; 3] =
    ["AKIDCANARY7EXAMPLE00", "canary/secret+key+of+forty+characters+000", "canary-session-token-of-some-length=="];

/// Values that the model of Proton marks sensitive: the text of a spec, and of a message.
const SENSITIVE: [&str; 2] = ["revision: \\\"2", "initiated cancellation"];

#[test]
fn no_output_of_a_run_holds_a_secret() {
    let [key, secret, token] = SECRETS.map(str::to_owned);
    let owner = Credentials { access_key_id: key, secret_access_key: secret, session_token: Some(token) };
    let contracts = SUITE.services().map(|service| Arc::clone(service.contract())).collect();
    let options =
        ReferenceOptions { identities: vec![Identity::new(owner, "123456789012")], ..ReferenceOptions::default() };
    let reference = within(Duration::from_secs(10), Reference::start(contracts, options)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let formats = report::FORMATS.iter().map(|format| format.name());
    let reports: Vec<String> =
        formats.map(|format| format!("{format}={}", text(&folder.path().join(format)))).collect();
    let recording = folder.path().join("run");
    let endpoint = reference.endpoint();
    // States that no call reaches are missing here, so that much is blocked, and shown with its exchange.
    let scenarios = ["proton/cancel-service-pipeline-deployment", "codedeploy/stop-deployment/unknown-id"];
    let mut arguments = vec!["run", scenarios[0], scenarios[1], "--exclude", "*#*", "--endpoint", &endpoint];
    arguments.extend(["--verbose", "--curl"]);
    arguments.extend(["--recording", text(&recording)]);
    arguments.extend(reports.iter().flat_map(|report| ["--report", report]));
    let mut command = program(&arguments);
    command.env("AWS_ACCESS_KEY_ID", SECRETS[0]).env("AWS_SECRET_ACCESS_KEY", SECRETS[1]);
    command.env("AWS_SESSION_TOKEN", SECRETS[2]);
    let output = ended(command);
    let mut texts = vec![("stdout".to_owned(), out(&output)), ("stderr".to_owned(), err(&output))];
    for file in files_below(folder.path(), "") {
        let bytes = fs::read(folder.path().join(&file)).unwrap();
        texts.push((file.display().to_string(), String::from_utf8_lossy(&bytes).into_owned()));
    }
    assert!(texts.len() > 80, "{} files: {}", texts.len(), err(&output));
    assert!(texts.iter().any(|(_, text)| text.contains("authorization")), "the requests were signed, and are shown");
    let has = |wanted: &str| texts.iter().find(|(_, text)| text.contains(wanted)).map(|(file, _)| file);
    for secret in SECRETS {
        assert_eq!(has(secret), None, "{secret}");
    }
    let entries = |text: &str| {
        text.split_once("\"_wireproof\":{\"case\"").map_or(text.to_owned(), |(entries, _)| entries.to_owned())
    };
    for sensitive in SENSITIVE {
        let held = texts.iter().find(|(file, text)| file.starts_with("run/") && entries(text).contains(sensitive));
        assert_eq!(held.map(|(file, _)| file), None, "{sensitive}");
    }
}
