//! An endpoint that accepts connections and does not respond, before a case runs.

use std::{
    io::{BufReader, Write as _},
    net::{TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use rstest::rstest;
use wireproof::Request;

use crate::{
    support::program::{assert_status, err, out, report, run},
    unusual_endpoints::received,
};

const CASE: &str = "codedeploy/stop-deployment/unknown-id";

const RESPONSE: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 14\r\n\r\n{\"__type\":\"X\"}";

/// Starts a server that writes `response` to each request. It keeps all connections open.
fn server(response: fn(&Request) -> &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || serve(&stream, response));
        }
    });
    endpoint
}

fn serve(mut stream: &TcpStream, response: fn(&Request) -> &'static [u8]) {
    let mut reader = BufReader::new(stream);
    while let Some(request) = received(&mut reader) {
        if stream.write_all(response(&request)).is_err() {
            break;
        }
    }
}

#[rstest]
#[case::nothing(|_: &Request| -> &'static [u8] { b"" })]
#[case::a_part(|_: &Request| -> &'static [u8] { b"HTTP/1.1 200 OK\r\nconten" })]
fn silence_ends_the_program_before_a_case_runs(
    #[case] response: fn(&Request) -> &'static [u8],
    #[values(false, true)] probes: bool,
) {
    let (endpoint, begun) = (server(response), Instant::now());
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/integration/support/tiny.json");
    let command: &[&str] = if probes { &["probe", "--model", model] } else { &["run"] };
    let output = run(&[command, &["--timeout", "0.2", "--endpoint", &endpoint]].concat());
    assert_status(&output, 2);
    let error = err(&output);
    let (says, help) = error.split_once('\n').unwrap();
    let silence = format!("error: {endpoint} accepts connections but does not respond: no complete response within ");
    assert!(says.starts_with(&silence), "{error}");
    assert_eq!(help, "help: wait until the endpoint has started, or restart it; if it is only slow, raise --timeout\n");
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
}

#[test]
fn an_endpoint_that_leaves_out_only_plain_requests_is_tested() {
    let endpoint = server(|request| if request.method == "GET" { b"" } else { RESPONSE });
    let output = run(&["run", CASE, "--timeout", "0.5", "--endpoint", &endpoint]);
    assert_status(&output, 3);
    assert!(out(&output).contains("1 not implemented"), "{}", out(&output));
}

#[test]
fn the_duration_of_a_run_includes_that_of_its_start_check() {
    let endpoint = server(|request| {
        if request.method == "GET" {
            thread::sleep(Duration::from_millis(1200));
        }
        RESPONSE
    });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.json");
    let json = format!("json={}", file.display());
    assert_status(&run(&["run", CASE, "--endpoint", &endpoint, "--report", &json]), 3);
    assert!(report(&file)["duration_ms"].as_u64().unwrap() >= 1200);
}
