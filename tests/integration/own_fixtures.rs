//! Scenarios of one's own: one file that names its model, run against an endpoint, with no other file.

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Output,
    thread,
};

use tempfile::TempDir;

use crate::support::program::{assert_status, ended, err, out, program};

/// A fixture as a user writes it.
const SCENARIO: &str = r#"model: botocore:ssm
title: A parameter that was put can be read
steps:
  - call: PutParameter
    input: { Name: "${unique('greeting')}", Value: hello, Type: String }
  - call: GetParameter
    input: { Name: "${unique('greeting')}" }
    expect: { body: { Parameter: { Value: hello } } }
"#;

/// Two operations of a parameter store.
const MODEL: &str = r#"{"metadata":{"apiVersion":"2014-11-06","endpointPrefix":"ssm","serviceFullName":"Amazon SSM",
    "serviceId":"SSM","protocol":"json","jsonVersion":"1.1","targetPrefix":"AmazonSSM"},
  "operations":{
    "PutParameter":{"http":{"method":"POST","requestUri":"/"},"input":{"shape":"Put"},"output":{"shape":"Done"}},
    "GetParameter":{"http":{"method":"POST","requestUri":"/"},"input":{"shape":"Get"},"output":{"shape":"Got"}}},
  "shapes":{
    "Put":{"type":"structure","required":["Name","Value"],"members":{"Name":{"shape":"Text"},"Value":{"shape":"Text"},"Type":{"shape":"Text"}}},
    "Done":{"type":"structure","members":{"Version":{"shape":"Version"}}},
    "Get":{"type":"structure","required":["Name"],"members":{"Name":{"shape":"Text"}}},
    "Got":{"type":"structure","members":{"Parameter":{"shape":"Parameter"}}},
    "Parameter":{"type":"structure","members":{"Name":{"shape":"Text"},"Value":{"shape":"Text"}}},
    "Version":{"type":"long"},
    "Text":{"type":"string","min":1}}}"#;

/// A folder with a botocore and the scenario.
fn folder(scenario: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let version = folder.path().join("botocore/data/ssm/2014-11-06");
    fs::create_dir_all(&version).unwrap();
    fs::write(version.join("service-2.json"), MODEL).unwrap();
    let file = folder.path().join("parameter.yaml");
    fs::write(&file, scenario).unwrap();
    (folder, file)
}

fn in_folder(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = program(arguments);
    command.env("WIREPROOF_BOTOCORE", folder.join("botocore")).current_dir(folder);
    ended(command)
}

/// A parameter store whose every value is this one.
fn store(value: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let mut names = BTreeSet::new();
        for (number, stream) in listener.incoming().flatten().enumerate() {
            // A connection that breaks is the peer's affair.
            let _ = respond(stream, number, value, &mut names);
        }
    });
    url
}

fn respond(mut stream: TcpStream, number: usize, value: &str, names: &mut BTreeSet<String>) -> std::io::Result<()> {
    let (target, input) = request(&stream)?;
    let name = input["Name"].as_str().unwrap_or_default().to_owned();
    let (status, body) = match target.as_str() {
        "AmazonSSM.PutParameter" if !name.is_empty() => {
            names.insert(name);
            ("200 OK", r#"{"Version":1}"#.to_owned())
        }
        "AmazonSSM.GetParameter" if names.contains(&name) => {
            ("200 OK", format!(r#"{{"Parameter":{{"Name":"{name}","Value":"{value}"}}}}"#))
        }
        "AmazonSSM.PutParameter" | "AmazonSSM.GetParameter" => {
            ("400 Bad Request", r#"{"__type":"ValidationException","message":"no such parameter"}"#.to_owned())
        }
        _ => ("400 Bad Request", r#"{"__type":"UnknownOperationException"}"#.to_owned()),
    };
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: application/x-amz-json-1.1\r\nx-amzn-requestid: \
         00000000-0000-4000-8000-{number:012}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

/// The target and the input of a request.
fn request(stream: &TcpStream) -> std::io::Result<(String, serde_json::Value)> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut target, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line == "\r\n" {
            break;
        }
        match line.trim().split_once(": ").map(|(name, value)| (name.to_lowercase(), value)) {
            Some((name, value)) if name == "x-amz-target" => value.clone_into(&mut target),
            Some((name, value)) if name == "content-length" => length = value.parse().unwrap_or(0),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok((target, serde_json::from_slice(&body).unwrap_or_default()))
}

#[test]
fn one_file_and_one_command_test_a_behavior() {
    assert!(SCENARIO.lines().count() <= 10);
    let (folder, file) = folder(SCENARIO);
    let endpoint = store("hello");
    let output = in_folder(folder.path(), &["run", "--fixtures", file.to_str().unwrap(), "--endpoint", &endpoint]);
    assert_status(&output, 0);
    assert!(out(&output).contains("1 conform"), "{}", out(&output));
    let output = in_folder(folder.path(), &["run", "parameter.yaml", "--endpoint", &endpoint]);
    assert_status(&output, 0);
}

#[test]
fn an_expectation_without_evidence_that_is_not_met_is_an_error() {
    let (folder, _) = folder(SCENARIO);
    let output = in_folder(folder.path(), &["run", "--fixtures", ".", "--endpoint", &store("goodbye")]);
    assert_status(&output, 1);
    assert!(out(&output).contains("ssm/parameter") && out(&output).contains("goodbye"), "{}", out(&output));
}

#[test]
fn a_file_without_a_model_says_what_to_write() {
    let (folder, _) = folder("title: A parameter\nsteps:\n  - { call: PutParameter }\n");
    let output = in_folder(folder.path(), &["run", "--fixtures", "parameter.yaml", "--endpoint", "http://127.0.0.1:1"]);
    assert_status(&output, 2);
    assert!(
        err(&output).contains("help: write the service in the first line, such as `model: botocore:ssm`"),
        "{}",
        err(&output)
    );
}
