//! An endpoint that sends every credential of the run back, in many forms and places. No output holds one.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Command, Output},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use regex::Regex;
use wireproof::internals::report;

use crate::support::{
    files_below, package,
    program::{ended, err, out, program},
};

const OWNER: [&str; 3] =
    ["AKIACANARY0OWNER0001", "canary/secret+of+the+owner/0123456789abc", "canary//token+of/the+owner//0123456789=="];
const DENIED: [&str; 3] =
    ["AKIACANARY0DENIED002", "canary/secret+of+the+denied/0123456789ab", "canary//token+of/the+denied//0123456789="];
const OTHER: [&str; 3] =
    ["AKIACANARY0OTHER0003", "canary/secret+of+the+other/0123456789abc", "canary//token+of/the+other//0123456789=="];

/// The ways to write a credential.
const FORMS: [fn(&str) -> String; 8] = [
    str::to_owned,
    |text| text.replace('/', r"\/"),
    |text| text.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect::<Vec<_>>().concat(),
    |text| text.replace('a', "\\u0061"),
    str::to_uppercase,
    |text| text.replace('/', "%2F").replace('+', "%2b").replace('=', "%3d"),
    |text| text.replace('/', "&#x2F;").replace('+', "&#43;"),
    |text| text.replace('/', r"\\\/"),
];

/// The ways to send a text.
const PLACES: [fn(&str) -> Vec<u8>; 12] = [
    |text| {
        response(200, "", &format!(r#"{{"deploymentId":"{text}","applicationId":"{text}","x":{{"y":["{text}"]}}}}"#))
    },
    |text| response(200, "", &format!(r#"{{"{text}":{{"{text}":null}}}}"#)),
    |text| response(400, "", &format!(r#"{{"__type":"DeploymentDoesNotExistException","message":"{text}"}}"#)),
    |text| response(400, "", &format!(r#"{{"__type":"{text}"}}"#)),
    |text| response(400, &format!("x-amzn-requestid: {text}\r\nx-amzn-errortype: {text}\r\n"), "{}"),
    |text| response(200, &format!("{}: 1\r\n", text.replace(['/', '+', '=', '\\', '%', '&', '#', ';'], "-")), "{}"),
    |text| response(500, "content-type: text/html\r\n", &format!("<p title=\"{text}\">{text}</p>")),
    |text| response(403, "", &format!("The signature does not match\n{text}")),
    |text| format!("{text}\r\n\r\n").into_bytes(),
    |text| format!("HTTP/1.1 200 {text}\r\n{text}\r\n\r\n").into_bytes(),
    |text| response(200, &format!("content-type: {text}\r\ncontent-encoding: {text}\r\n"), &format!("{{\"a\":{text}")),
    |text| {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(format!(r#"{{"deploymentId":"{text}"}}"#).as_bytes()).unwrap();
        let packed = packed.finish().unwrap();
        let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", packed.len());
        [head.into_bytes(), packed].concat()
    },
];

fn response(status: u16, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} OK\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// The endpoint: each response has a credential of some identity, or the last signature that it received.
struct Echo {
    endpoint: String,
    /// All signatures that it received.
    signatures: Arc<Mutex<Vec<String>>>,
}

impl Echo {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let signatures: Arc<Mutex<Vec<String>>> = Arc::default();
        let (seen, count) = (Arc::clone(&signatures), Arc::new(AtomicUsize::new(0)));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, count) = (Arc::clone(&seen), Arc::clone(&count));
                thread::spawn(move || drop(serve(stream, &seen, &count)));
            }
        });
        Self { endpoint, signatures }
    }

    /// The credentials and signatures that the run sent or held.
    fn secrets(&self) -> Vec<String> {
        let signatures = self.signatures.lock().unwrap().clone();
        [OWNER, DENIED, OTHER].concat().into_iter().map(str::to_owned).chain(signatures).collect()
    }
}

fn serve(mut stream: TcpStream, seen: &Mutex<Vec<String>>, count: &AtomicUsize) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head)? == 0 {
                return Ok(());
            }
        }
        let length = head.to_lowercase().split_once("content-length: ").map(|(_, rest)| rest.to_owned());
        let length = length.and_then(|rest| rest.split("\r\n").next()?.parse().ok()).unwrap_or_default();
        reader.read_exact(&mut vec![0; length])?;
        let signature = head.split_once("Signature=").and_then(|(_, rest)| rest.get(..64)).map(str::to_owned);
        let mut known = seen.lock().unwrap();
        known.extend(signature);
        let number = count.fetch_add(1, Ordering::SeqCst);
        let all = [OWNER, DENIED, OTHER].concat();
        let secret = match number % 4 {
            0 => known.iter().rev().nth(number % 7).cloned().unwrap_or_default(),
            _ => all[number / 4 % all.len()].to_owned(),
        };
        drop(known);
        let text = FORMS[number / 3 % FORMS.len()](&secret);
        // What creates a resource returns an ID.
        let place = if head.contains(".Create") { 0 } else { number % PLACES.len() };
        stream.write_all(&PLACES[place](&text))?;
        // Some of these responses have no end.
        if matches!(place, 8 | 9) {
            return Ok(());
        }
    }
}

fn with_identities(arguments: &[&str]) -> Command {
    let mut command = program(arguments);
    for (prefix, values) in [("AWS", OWNER), ("WIREPROOF_DENIED", DENIED), ("WIREPROOF_OTHER_ACCOUNT", OTHER)] {
        for (name, value) in ["ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN"].into_iter().zip(values) {
            command.env(format!("{prefix}_{name}"), value);
        }
    }
    command
}

/// Everything that the program printed or wrote below a folder, with compressed and encoded parts decoded.
fn texts(output: &Output, folder: &Path) -> Vec<(String, String)> {
    let mut texts = vec![("stdout".to_owned(), out(output)), ("stderr".to_owned(), err(output))];
    for file in files_below(folder, "") {
        let text = String::from_utf8_lossy(&fs::read(folder.join(&file)).unwrap()).into_owned();
        texts.push((file.display().to_string(), text));
    }
    let encoded = Regex::new("[A-Za-z0-9+/]{24,}={0,2}").unwrap();
    let decoded = texts.iter().flat_map(|(file, text)| {
        encoded.find_iter(text).filter_map(|found| STANDARD.decode(found.as_str()).ok()).map(move |bytes| {
            let mut unpacked = String::new();
            let _ = GzDecoder::new(bytes.as_slice()).read_to_string(&mut unpacked);
            (format!("{file}, encoded"), String::from_utf8_lossy(&bytes).into_owned() + &unpacked)
        })
    });
    let decoded: Vec<(String, String)> = decoded.collect();
    texts.into_iter().chain(decoded).collect()
}

/// The text without escapes and encodings, in lower case.
fn plain(text: &str) -> String {
    let code = Regex::new(r"\\+u00([0-9a-fA-F]{2})|%([0-9a-fA-F]{2})|&#x([0-9a-fA-F]{2});").unwrap();
    let text = text.replace("&#43;", "+").replace("&amp;", "&");
    let text = code.replace_all(&text, |found: &regex::Captures<'_>| {
        let digits = found.iter().skip(1).flatten().next().map_or("", |digits| digits.as_str());
        char::from(u8::from_str_radix(digits, 16).unwrap()).to_string()
    });
    text.replace('\\', "").to_lowercase()
}

#[track_caller]
fn assert_no_secret(echo: &Echo, texts: &[(String, String)]) {
    let secrets: Vec<String> = echo.secrets().iter().map(|secret| secret.to_lowercase()).collect();
    for (file, text) in texts {
        let text = plain(text);
        let found = secrets.iter().find(|secret| text.contains(secret.as_str()));
        assert_eq!(found, None, "{file}");
    }
    let all: String = texts.iter().map(|(_, text)| text.as_str()).collect();
    assert!(all.contains("********************"), "the endpoint echoed credentials");
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

const QUICK: [&str; 6] = ["--timeout", "2", "--case-timeout", "4", "--patience", "1"];

#[test]
fn no_report_recording_or_snapshot_of_a_run_holds_a_credential() {
    let (echo, folder) = (Echo::start(), tempfile::tempdir().unwrap());
    let formats = report::FORMATS.iter().map(|format| format.name());
    let reports: Vec<String> =
        formats.map(|format| format!("{format}={}", text(&folder.path().join(format)))).collect();
    let (recording, snapshots) = (folder.path().join("run"), folder.path().join("snapshots"));
    fs::create_dir(&snapshots).unwrap();
    let fixtures = folder.path().join("fixtures");
    few_fixtures(&fixtures);
    let mut arguments = vec!["run", "--fixtures", text(&fixtures), "--endpoint", &echo.endpoint, "--verbose", "--curl"];
    arguments.extend(["--recording", text(&recording), "--snapshots", text(&snapshots), "--update", "-j", "32"]);
    arguments.extend(["--assume-implemented", "all", "--show-sensitive"]);
    arguments.extend(QUICK);
    arguments.extend(reports.iter().flat_map(|report| ["--report", report]));
    let output = ended(with_identities(&arguments));
    assert_eq!(output.status.code(), Some(1), "{}", err(&output));
    let texts = texts(&output, folder.path());
    assert!(texts.len() > 30, "{} files: {}", texts.len(), err(&output));
    assert!(echo.signatures.lock().unwrap().len() > 15);
    assert_no_secret(&echo, &texts);
    let report = fs::read_to_string(folder.path().join("json")).unwrap();
    assert!(report.contains("has a credential of this run at /"), "a captured credential is a reason");
}

/// The scenarios of a certificate that is made in a second.
fn few_fixtures(folder: &Path) {
    let service = package().join("fixtures/codedeploy");
    let scenarios =
        ["unknown-id", "open-stops", "wrong-signature", "denied-identity", "missing-id", "forced", "null-id"];
    let scenarios = scenarios.map(|name| format!("stop-deployment/{name}.yaml"));
    let files = ["model.json", "profiles.yaml", "requirements.yaml", "states.yaml"].map(str::to_owned);
    fs::create_dir_all(folder.join("codedeploy/stop-deployment")).unwrap();
    for file in files.iter().chain(&scenarios) {
        fs::copy(service.join(file), folder.join("codedeploy").join(file)).unwrap();
    }
}

#[rstest::rstest]
#[case::comparison(&["diff", "ENDPOINT", "ENDPOINT", "--operation", "StopDeployment", "--report", "json=DIR/diff"])]
#[case::probes(&["probe", "--model", "fixtures/codedeploy/model.json", "--operation", "StopDeployment", "--endpoint", "ENDPOINT",
    "--max-per-operation", "60", "--report", "json=DIR/probe", "--recording", "DIR/run", "--verbose", "--curl"])]
#[case::certificate(&["certify", "--profile", "auth", "--fixtures", "DIR/fixtures", "--endpoint", "ENDPOINT",
    "--key", "DIR/key", "--out", "DIR/bundle", "--target-name", "Echo", "--target-version", "1"])]
fn no_output_of_another_command_holds_a_credential(#[case] arguments: &[&str]) {
    let (echo, folder) = (Echo::start(), tempfile::tempdir().unwrap());
    fs::write(folder.path().join("key"), "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60").unwrap();
    few_fixtures(&folder.path().join("fixtures"));
    let filled = |word: &str| word.replace("ENDPOINT", &echo.endpoint).replace("DIR", text(folder.path()));
    let mut arguments: Vec<String> = arguments.iter().map(|word| filled(word)).collect();
    arguments.extend(QUICK.map(str::to_owned));
    let output = ended(with_identities(&arguments.iter().map(String::as_str).collect::<Vec<_>>()));
    fs::remove_file(folder.path().join("key")).unwrap();
    let texts = texts(&output, folder.path());
    assert!(!echo.signatures.lock().unwrap().is_empty(), "{}", err(&output));
    assert_no_secret(&echo, &texts);
}
