//! `wireproof probe` and baselines, as a person or a CI job uses them: against the embedded reference and small servers.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    process::Output,
    thread,
    time::Duration,
};

use assert_cmd::Command;
use rstest::rstest;

const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/codedeploy/model.json");

/// A few probes of one operation, enough to see each part of the report.
const FEW: [&str; 6] = ["--operation", "StopDeployment", "--probes", "required,type", "--seed", "1"];

fn probe(arguments: &[&str]) -> Output {
    let mut command = Command::cargo_bin("wireproof").unwrap();
    command.env_clear().args(["probe", "--model", MODEL]).args(arguments);
    command.timeout(Duration::from_secs(120)).output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn assert_status(output: &Output, status: i32) {
    assert_eq!(output.status.code(), Some(status), "{}\n{}", out(output), err(output));
}

#[test]
fn a_dry_run_lists_every_case_and_never_passes() {
    let output = probe(&[&FEW[..], &["--dry-run"]].concat());
    assert_status(&output, 3);
    let text = out(&output);
    assert!(text.contains("codedeploy.StopDeployment/control  "), "{text}");
    assert!(text.contains("codedeploy.StopDeployment/deploymentId/required/absent  "), "{text}");
    assert!(text.contains("would run "), "{text}");
}

#[test]
fn the_reference_conforms_to_its_model_and_the_report_has_the_coverage() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.json");
    let report_to = format!("json={}", report.display());
    let output = probe(&[&FEW[..], &["--report", &report_to]].concat());
    assert_status(&output, 0);
    let text = out(&output);
    assert!(text.contains("coverage") && text.contains("+ 0 deviate"), "{text}");
    let json: serde_json::Value = serde_json::from_str(&fs::read_to_string(report).unwrap()).unwrap();
    let schema: serde_json::Value = serde_json::from_str(wireproof::internals::report::REPORT_SCHEMA).unwrap();
    let problems: Vec<String> =
        jsonschema::validator_for(&schema).unwrap().iter_errors(&json).map(|error| error.to_string()).collect();
    assert!(problems.is_empty(), "{problems:?}");
    let families = json["coverage"]["families"].as_array().unwrap();
    let required = families.iter().find(|row| row["family"] == "required").unwrap();
    assert_eq!((&required["probed"], &required["judged"]), (&1.into(), &1.into()), "{required}");
}

#[test]
fn one_probe_is_run_by_its_id_with_the_control_that_it_rests_on() {
    let output = probe(&["--filter", "codedeploy.StopDeployment/deploymentId/required/null", "--seed", "1"]);
    assert_status(&output, 0);
    assert!(out(&output).contains("2 cases selected = 2 conform"), "{}", out(&output));
}

#[rstest]
#[case::an_operation(&["--operation", "StopDeploymnt"], "did you mean StopDeployment?")]
#[case::a_family(&["--probes", "lenght"], "expected one of sdk, behaviour, wire, signing, all, required, length, range")]
#[case::a_recipe(&["--recipe", "nowhere.yaml"], "cannot read nowhere.yaml")]
#[case::a_baseline(&["--baseline", "nowhere.toml", "--operation", "StopDeployment", "--probes", "required"], "--baseline-update creates it")]
fn an_invalid_argument_ends_with_2_and_is_named(#[case] arguments: &[&str], #[case] named: &str) {
    let output = probe(arguments);
    assert_status(&output, 2);
    assert!(err(&output).contains(named), "{}", err(&output));
}

#[test]
fn a_service_without_a_reference_needs_an_endpoint() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("tiny.json");
    let text = r#"{"smithy":"2.0","shapes":{"x#Tiny":{"type":"service","version":"1","operations":[],
        "traits":{"aws.protocols#awsJson1_0":{},"aws.auth#sigv4":{"name":"tiny"}}}}}"#;
    fs::write(&model, text).unwrap();
    let mut command = Command::cargo_bin("wireproof").unwrap();
    let output = command.env_clear().args(["probe", "--model"]).arg(&model).output().unwrap();
    assert_status(&output, 2);
    assert!(err(&output).contains("pass --endpoint"), "{}", err(&output));
}

/// Runs the signing probes against an endpoint that accepts every signature: each probe of an invalid one deviates.
fn gate(baseline: &Path, more: &[&str]) -> Output {
    let server = accepting_everything();
    let file = baseline.display().to_string();
    let common =
        ["--operation", "StopDeployment", "--probes", "signing", "--seed", "1", "--quiet", "--endpoint", &server];
    probe(&[&common[..], &["--baseline", &file], more].concat())
}

/// An endpoint that stops every deployment for any caller; it knows that there are other operations.
fn accepting_everything() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for (number, stream) in listener.incoming().flatten().enumerate() {
            thread::spawn(move || respond(stream, number));
        }
    });
    url
}

fn respond(mut stream: TcpStream, number: usize) -> std::io::Result<()> {
    let mut head = vec![0; 8192];
    let read = stream.read(&mut head)?;
    let is_known = String::from_utf8_lossy(&head[..read]).contains("CodeDeploy_20141006.StopDeployment");
    let (status, body) = if is_known {
        ("200 OK", r#"{"status":"Succeeded"}"#)
    } else {
        ("400 Bad Request", r#"{"__type":"UnknownOperationException"}"#)
    };
    let length = body.len();
    let id = format!("00000000-0000-4000-8000-{number:012}");
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: application/x-amz-json-1.1\r\nx-amzn-requestid: {id}\r\n\
         content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

#[test]
fn a_gate_fails_only_on_new_deviations() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("baseline.toml");
    let made = gate(&file, &["--baseline-update", "--baseline-reason", "signatures are not verified"]);
    assert_status(&made, 0);
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("flipped-digit"), "{text}");
    let same = gate(&file, &[]);
    assert_status(&same, 0);
    assert!(err(&same).contains("nothing differs"), "{}", err(&same));

    let without_the_first = &text[..text.find("\n[[cause]]").unwrap()];
    fs::write(&file, without_the_first).unwrap();
    let new = gate(&file, &[]);
    assert_status(&new, 1);
    assert!(out(&new).contains("a new cause"), "{}", out(&new));

    let more = format!(
        "{text}\n[[cause]]\nheadline = \"h\"\nreason = \"r\"\nrank = \"wire\"\nkind = \"k\"\nscope = \"s\"\n\
         cases.\"outcome: x\" = [\"codedeploy.StopDeployment/control\"]\n"
    );
    fs::write(&file, more).unwrap();
    let stale = gate(&file, &[]);
    assert_status(&stale, 1);
    assert!(out(&stale).contains("a known cause is gone"), "{}", out(&stale));
}
