//! The program against endpoints that HTTP allows, or that nobody should take for one of AWS: one that closes
//! connections without a word, one below a path, a web server. And how its runs and its curl commands end.

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process::{Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use bytes::Bytes;
use rstest::rstest;
use wireproof::{
    Request,
    internals::wire::{curl, sigv4::signature},
};

use crate::support::program::{self, Served};

/// A request as a server reads it; `None` at the end of the connection.
pub(crate) fn received(reader: &mut impl std::io::BufRead) -> Option<Request> {
    let mut request = Request::default();
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        lines.push(line.to_owned());
    }
    let mut start = lines.first()?.split(' ');
    start.next()?.clone_into(&mut request.method);
    start.next()?.clone_into(&mut request.target);
    for (name, value) in lines[1..].iter().filter_map(|line| line.split_once(':')) {
        request.headers.push(name, value.trim());
    }
    let length = request.headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    request.body = body.into();
    Some(request)
}

/// A server that passes each connection to `serve`, in a thread of its own.
fn server(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = Arc::clone(&serve);
            thread::spawn(move || serve(stream));
        }
    });
    endpoint
}

/// A server that keeps every request, and sends `response` to it.
fn constant(response: &'static str) -> (String, Arc<Mutex<Vec<Request>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&seen);
    let endpoint = server(move |mut stream| {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        while let Some(request) = received(&mut reader) {
            kept.lock().unwrap().push(request);
            // A connection that breaks is the peer's affair.
            let _ = stream.write_all(response.as_bytes());
        }
    });
    (endpoint, seen)
}

/// Passes a request to a reference, and returns the head and the body of its response.
fn relayed(request: &Request, address: &str) -> (String, Vec<u8>) {
    let mut inside = TcpStream::connect(address).unwrap();
    inside.write_all(&request.to_bytes()).unwrap();
    let mut inside = BufReader::new(inside);
    let (mut head, mut length) = (String::new(), 0);
    while !head.ends_with("\r\n\r\n") {
        let mut line = String::new();
        inside.read_line(&mut line).unwrap();
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    inside.read_exact(&mut body).unwrap();
    (head, body)
}

/// Passes requests to a reference. It closes each connection when its second request arrives, without a response.
fn forgetful(behind: &Served) -> (String, Arc<AtomicUsize>) {
    let closed = Arc::new(AtomicUsize::new(0));
    let (counter, address) = (Arc::clone(&closed), behind.endpoint.trim_start_matches("http://").to_owned());
    let endpoint = server(move |mut stream| {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let Some(request) = received(&mut reader) else { return };
        let (head, body) = relayed(&request, &address);
        let _ = stream.write_all(&[head.as_bytes(), &body].concat());
        if received(&mut reader).is_some() {
            counter.fetch_add(1, Ordering::SeqCst);
        }
    });
    (endpoint, closed)
}

/// Passes requests to a reference. The end of the connection is the end of each body.
fn without_lengths(behind: &Served) -> String {
    let address = behind.endpoint.trim_start_matches("http://").to_owned();
    server(move |mut stream| {
        let Some(request) = received(&mut BufReader::new(stream.try_clone().unwrap())) else { return };
        let (head, body) = relayed(&request, &address);
        let is_kept = |line: &&str| !line.to_ascii_lowercase().starts_with("content-length:");
        let head: Vec<&str> = head.trim_end().split("\r\n").filter(is_kept).collect();
        let head = head.join("\r\n") + "\r\nconnection: close\r\n\r\n";
        let _ = stream.write_all(&[head.as_bytes(), &body].concat());
    })
}

const CASES: &str = "codedeploy/stop-deployment/missing-id";

#[test]
fn an_endpoint_that_closes_kept_connections_conforms_and_the_report_says_so_once() {
    let behind = Served::start();
    let (endpoint, closed) = forgetful(&behind);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json");
    let report = format!("json={}", path.display());
    let arguments = ["run", "codedeploy/stop-deployment", "--filter", "*-id*", "--jobs", "1", "--endpoint", &endpoint];
    let output = program::run(&[&arguments[..], &["--as-reference", "--report", &report]].concat());
    program::assert_status(&output, 0);
    assert_eq!(program::out(&output).matches("closes connections without").count(), 1, "{}", program::out(&output));
    assert_eq!(program::report(&path)["notes"].as_array().unwrap().len(), 1);
    assert_eq!(closed.load(Ordering::SeqCst), 1, "only the first kept connection was used again");
}

#[test]
fn a_body_that_the_end_of_the_connection_ends_is_as_good_as_one_with_a_length() {
    let behind = Served::start();
    let endpoint = without_lengths(&behind);
    let filters = ["--filter", "*-id*", "--filter", "*/open-*"];
    let arguments = ["run", "codedeploy/stop-deployment", "--endpoint", &endpoint, "--as-reference"];
    let output = program::run(&[&arguments[..], &filters].concat());
    program::assert_status(&output, 0);
    assert!(!program::out(&output).contains("warning"), "{}", program::out(&output));
}

#[test]
fn an_exact_run_sends_each_request_once() {
    let behind = Served::start();
    let (endpoint, closed) = forgetful(&behind);
    let output = program::run(&["run", CASES, "--exact", "--endpoint", &endpoint, "--as-reference"]);
    program::assert_status(&output, 0);
    assert!(!program::out(&output).contains("note:"), "{}", program::out(&output));
    assert_eq!(closed.load(Ordering::SeqCst), 0);
}

const REJECTED: &str = "HTTP/1.1 400 No\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: 32\r\n\r\n\
                        {\"__type\":\"ValidationException\"}";

#[test]
fn every_request_goes_below_the_path_of_the_endpoint_and_its_signature_covers_it() {
    let (origin, seen) = constant(REJECTED);
    let (states, changed) = constant("HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n");
    let folder = tempfile::tempdir().unwrap();
    let recording = folder.path().to_str().unwrap();
    let endpoint = format!("{origin}/some/prefix/");
    let states = format!("{states}/below/_states?x=y");
    let given = ["--endpoint", &endpoint, "--state-change-url", &states, "--recording", recording, "--curl"];
    let output = program::run(&[&["run", "codedeploy/stop-deployment/open-stops"], &given[..]].concat());
    let output = format!("{}{}", program::out(&output), program::err(&output));
    let seen = seen.lock().unwrap();
    let targets: BTreeSet<&str> = seen.iter().map(|request| request.target.as_str()).collect();
    assert_eq!(targets, BTreeSet::from(["/some/prefix/"]), "{output}");
    for request in seen.iter().filter(|request| request.method == "POST") {
        let authorization = request.headers.get("authorization").unwrap();
        let part = |name: &str| authorization.split(&format!("{name}=")).nth(1).unwrap().split(',').next().unwrap();
        let signed: Vec<&str> = part("SignedHeaders").split(';').collect();
        let scope = part("Credential").split_once('/').unwrap().1;
        let date = request.headers.get("x-amz-date").unwrap();
        assert_eq!(part("Signature"), signature(request, &signed, "test", scope, date));
    }
    let changed = changed.lock().unwrap();
    assert!(!changed.is_empty() && changed.iter().all(|request| request.target == "/below/_states?x=y"), "{output}");
    let command = format!("'{origin}/some/prefix/'");
    assert!(output.contains(&command), "{output}");
    let recorded = fs::read_to_string(walk(folder.path(), "stop-deployment")).unwrap();
    assert!(recorded.contains(&format!("\"url\":\"{origin}/some/prefix/\"")), "{recorded}");
}

/// The first recorded case below a folder whose path contains `word`.
fn walk(folder: &std::path::Path, word: &str) -> std::path::PathBuf {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else if entry.to_str().unwrap().contains(word) && entry.extension().is_some_and(|end| end == "har") {
                return entry;
            }
        }
    }
    panic!("nothing was recorded")
}

#[rstest]
#[case::python("HTTP/1.1 501 No\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>", 2)]
#[case::nginx("HTTP/1.1 405 No\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>", 2)]
#[case::no_operation("HTTP/1.1 501 No\r\ncontent-length: 0\r\n\r\n", 3)]
#[case::not_found("HTTP/1.1 404 No\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>", 3)]
#[case::unknown("HTTP/1.1 405 No\r\ncontent-length: 38\r\n\r\n{\"__type\":\"UnknownOperationException\"}", 3)]
fn only_a_web_server_that_rejects_every_post_ends_a_run_at_once(#[case] response: &'static str, #[case] status: i32) {
    let (endpoint, _) = constant(response);
    let output = program::run(&["run", CASES, "--endpoint", &endpoint]);
    program::assert_status(&output, status);
    assert_eq!(program::err(&output).contains("is not an AWS endpoint: it rejects POST with"), status == 2);
}

#[test]
fn a_head_that_cannot_be_parsed_is_named_and_recorded() {
    let secret = "AKIAEXAMPLEEXAMPLE00";
    let answers = AtomicUsize::new(0);
    let endpoint = server(move |mut stream| {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        while received(&mut reader).is_some() {
            // The first response is to the check whether the endpoint can be reached.
            let first = answers.fetch_add(1, Ordering::SeqCst) == 0;
            let response =
                if first { REJECTED.to_owned() } else { format!("HTTP/1.1 400 No\r\nbad line {secret}\r\n\r\n") };
            let _ = stream.write_all(response.as_bytes());
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let recording = folder.path().to_str().unwrap();
    let given = ["--assume-implemented", "all", "--endpoint", &endpoint, "--recording", recording];
    let mut command = program::program(&[&["run", CASES], &given[..]].concat());
    command.env("AWS_ACCESS_KEY_ID", secret).env("AWS_SECRET_ACCESS_KEY", "x");
    let output = program::ended(command);
    program::assert_status(&output, 3);
    let hidden = format!("bad line {}", "*".repeat(secret.len()));
    let printed = program::out(&output).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(printed.contains(&hidden), "{printed}");
    let recorded = fs::read_to_string(walk(folder.path(), "stop-deployment")).unwrap();
    assert!(recorded.contains(&hidden) && !recorded.contains(secret), "{recorded}");
}

#[cfg(unix)]
#[test]
fn a_hangup_leaves_whole_reports_and_no_temporary_file() {
    let behind = Served::start();
    let folder = tempfile::tempdir().unwrap();
    let reports = ["json=r.json", "junit=r.xml"];
    let arguments = ["run", "--endpoint", &behind.endpoint, "--as-reference", "--jobs", "1"];
    let reports = reports.iter().flat_map(|report| ["--report", report]);
    let arguments: Vec<&str> = arguments.into_iter().chain(reports).collect();
    // A process inherits ignored signals, as below `nohup`, but not handled ones.
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _entered = runtime.enter();
    let _handled = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).unwrap();
    let mut command = program::program(&arguments);
    let mut child = command.current_dir(folder.path()).stdout(Stdio::null()).spawn().unwrap();
    let names = || -> BTreeSet<String> {
        let entries = fs::read_dir(folder.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    while names().len() < 2 {
        thread::sleep(Duration::from_millis(20));
    }
    thread::sleep(Duration::from_millis(500));
    for _ in 0..2 {
        assert!(Command::new("kill").args(["-HUP", &child.id().to_string()]).status().unwrap().success());
    }
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(names(), ["r.json", "r.xml"].map(str::to_owned).into());
    assert_eq!(program::report(&folder.path().join("r.json"))["interrupted"], true);
}

#[rstest]
#[case::at(b"@Cargo.toml")]
#[case::at_alone(b"@")]
#[case::quotes(b"{\"a\":\"it's\"}\n")]
#[case::nul(b"a\0b")]
#[case::not_utf8(b"\xff\xfe%\\0")]
fn a_printed_command_sends_the_same_body(#[case] body: &'static [u8]) {
    if Command::new("curl").arg("--version").stdout(Stdio::null()).status().is_err() {
        eprintln!("skipped: curl is not installed");
        return;
    }
    let (origin, seen) = constant("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    let request = Request {
        method: "POST".to_owned(),
        target: "/prefix/".to_owned(),
        body: Bytes::from_static(body),
        ..Request::default()
    };
    let command = curl(&request, &format!("{origin}/prefix"), None);
    let shell = Command::new("bash").args(["-c", &command]).stdout(Stdio::null()).status().unwrap();
    let seen = seen.lock().unwrap();
    assert!(shell.success() && seen.len() == 1, "{command}");
    assert_eq!((seen[0].target.as_str(), &seen[0].body[..]), ("/prefix/", body), "{command}");
}
