//! The reports of the program from outside: several in one run, their destinations, and failures to write one.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use rstest::rstest;
use serde_json::Value;
use wireproof::internals::report::{FORMATS, Format};

const LIMIT: Duration = Duration::from_secs(60);

/// A small selection that conforms.
const SMALL: &str = "codedeploy/stop-deployment/missing-id";

/// The program in a clean environment.
fn with(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wireproof"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("WIREPROOF_") || name.starts_with("AWS_")) {
        command.env_remove(name);
    }
    command.env("AWS_CONFIG_FILE", "/dev/null").env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null").env("NO_COLOR", "1");
    command.stdin(Stdio::null()).args(arguments);
    command
}

fn run(arguments: &[&str]) -> Output {
    assert_cmd::Command::from_std(with(arguments)).timeout(LIMIT).output().expect("the program ends in time")
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[track_caller]
fn assert_status(output: &Output, status: i32) {
    assert_eq!(output.status.code(), Some(status), "stdout:\n{}\nstderr:\n{}", out(output), err(output));
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// An endpoint that responds late to each request, and violates the contract.
fn endpoint(delay: Duration) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A connection that breaks is the peer's affair.
            thread::spawn(move || drop(respond(&stream, delay)));
        }
    });
    endpoint
}

fn respond(mut stream: &TcpStream, delay: Duration) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let (mut line, mut length, mut is_known) = (String::new(), 0, false);
    while reader.read_line(&mut line)? > 2 {
        let (name, value) = line.trim().split_once(':').unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap_or(0),
            "x-amz-target" => is_known = value.trim() == "CodeDeploy_20141006.StopDeployment",
            _ => {}
        }
        line.clear();
    }
    reader.take(length).read_to_end(&mut Vec::new())?;
    thread::sleep(delay);
    let (status, body) = if is_known {
        (200, "{\"status\":\"<b>|::error::`` \u{1b}[2J\"}")
    } else {
        (400, "{\"__type\":\"UnknownOperationException\"}")
    };
    let length = body.len();
    let head = "content-type: application/x-amz-json-1.1\r\nconnection: close";
    write!(stream, "HTTP/1.1 {status} X\r\n{head}\r\ncontent-length: {length}\r\n\r\n{body}")
}

/// A process that is ended with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// `--report` for every format, each to its own file in the folder.
fn every_format(folder: &Path) -> Vec<String> {
    let file = |format: &Format| folder.join("made").join(format!("{format}.{}", format.extension()));
    FORMATS.iter().flat_map(|format| ["--report".to_owned(), format!("{format}={}", file(format).display())]).collect()
}

#[rstest]
#[case::reference(None, 0)]
#[case::wrong_endpoint(Some(endpoint(Duration::ZERO)), 1)]
fn all_formats_are_written_in_one_run_and_agree(#[case] endpoint: Option<String>, #[case] status: i32) {
    let folder = tempfile::tempdir().unwrap();
    let reports = every_format(folder.path());
    let mut arguments = vec!["run", SMALL, "codedeploy/stop-deployment/unknown-id"];
    arguments.extend(reports.iter().map(String::as_str));
    arguments.extend(endpoint.iter().flat_map(|endpoint| ["--endpoint", endpoint]));
    let output = run(&arguments);
    assert_status(&output, status);
    assert!(out(&output).contains(" selected = "), "people are told as ever: {}", out(&output));

    let made = folder.path().join("made");
    assert_eq!(names(&made).len(), FORMATS.len(), "{:?}", names(&made));
    let text = |format: Format| fs::read_to_string(made.join(format!("{format}.{}", format.extension()))).unwrap();
    for format in FORMATS {
        assert!(!text(*format).is_empty() && text(*format).ends_with('\n'), "{format}");
        assert!(!text(*format).contains('\u{1b}'), "{format}");
    }
    let report = json(&text(Format::JSON));
    let ledger = |verdict: &str| report["ledger"][verdict].as_u64().unwrap();
    assert_eq!(json(&text(Format::BADGE))["message"], format!("{}/{}", ledger("conforms"), ledger("selected")));
    let junit = text(Format::JUNIT);
    assert_eq!(junit.matches("<testcase ").count() as u64, ledger("selected"));
    assert_eq!(junit.matches("<failure ").count() as u64, ledger("deviates"));
    assert_eq!(text(Format::GITHUB).matches("::error file=").count() as u64, ledger("deviates"));
    let page = text(Format::HTML);
    assert_eq!(page.matches("<details class=\"case ").count() as u64, ledger("selected"));
    assert_eq!(page.matches("data-verdict=\"deviates\"").count() as u64, ledger("deviates"));
    let sums = format!("{} conform + {} deviate", ledger("conforms"), ledger("deviates"));
    assert!(text(Format::HUMAN).contains(&sums), "{}", text(Format::HUMAN));
    let last = text(Format::NDJSON).lines().last().map(json).unwrap();
    assert_eq!(last["run"]["ledger"], report["ledger"]);
    let head = format!("## wireproof: {} of {} cases conform\n", ledger("conforms"), ledger("selected"));
    assert!(text(Format::MARKDOWN).starts_with(&head), "{}", text(Format::MARKDOWN));
    let cases = report["cases"].as_array().unwrap().iter();
    let result = |case: &Value| {
        case["result"].as_u64().map_or(case.clone(), |index| report["results"][usize::try_from(index).unwrap()].clone())
    };
    let findings: usize = cases.map(|case| result(case)["findings"].as_array().unwrap().len()).sum();
    assert_eq!(json(&text(Format::SARIF))["runs"][0]["results"].as_array().unwrap().len(), findings);
}

#[test]
fn a_program_reads_standard_output_and_people_standard_error() {
    let output = run(&["run", SMALL, "--report", "human,json"]);
    assert_status(&output, 0);
    assert_eq!(json(&out(&output))["schema"], "wireproof/report/v3");
    assert!(err(&output).contains(" selected = "), "{}", err(&output));
    let output = run(&["run", SMALL, "--report", "junit=-"]);
    assert!(out(&output).starts_with("<?xml ") && !err(&output).contains("selected"), "{}", err(&output));
}

#[rstest]
#[case::near("jnuit", "did you mean junit?")]
#[case::list("papyrus", "the formats are human, json, ndjson")]
#[case::both_on_stdout("json,junit", "json and junit cannot share standard output")]
#[case::one_file("json=x,junit=x", "two reports have the same file x")]
#[case::no_path("json=", "no path after json=")]
fn an_invalid_report_argument_ends_with_2(#[case] report: &str, #[case] reported: &str) {
    let output = run(&["run", SMALL, "--report", report]);
    assert_status(&output, 2);
    assert!(err(&output).contains(reported) && out(&output).is_empty(), "{}", err(&output));
}

#[test]
fn a_report_that_cannot_be_begun_ends_with_4_before_anything_is_run() {
    let folder = tempfile::tempdir().unwrap();
    let occupied = folder.path().join("occupied");
    fs::write(&occupied, "x").unwrap();
    let wanted = format!("junit={}/below/it.xml", occupied.display());
    let output = run(&["run", SMALL, "--report", &wanted]);
    assert_status(&output, 4);
    assert!(err(&output).contains("occupied/below/it.xml: ") && out(&output).is_empty(), "{}", err(&output));
}

#[cfg(target_os = "linux")]
#[test]
fn a_report_that_fails_ends_with_4_and_the_others_are_finished() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole.json");
    let wanted = format!("junit=/dev/full,ndjson=/dev/../dev/full,json={}", whole.display());
    let output = run(&["run", SMALL, "--report", &wanted]);
    assert_status(&output, 4);
    let reported = err(&output);
    assert!(reported.contains("error: cannot write /dev/full: ") && reported.contains("No space left"), "{reported}");
    assert!(out(&output).contains(" selected = "), "{}", out(&output));
    assert_eq!(json(&fs::read_to_string(whole).unwrap())["interrupted"], false);
    assert_eq!(names(folder.path()), ["whole.json"]);
}

/// A slow run with two reports, once its first cases have ended.
#[cfg(unix)]
fn slow(folder: &Path) -> Running {
    let endpoint = endpoint(Duration::from_millis(60));
    let lines = folder.join("lines.ndjson");
    let reports = format!("json={},ndjson={}", folder.join("report.json").display(), lines.display());
    let mut command =
        with(&["run", "--endpoint", &endpoint, "-j", "1", "--service", "codedeploy", "--report", &reports]);
    let running = Running(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    let deadline = Instant::now() + LIMIT;
    while !fs::read_to_string(&lines).is_ok_and(|text| text.matches("case-finished").count() > 2) {
        assert!(Instant::now() < deadline, "no case has ended");
        thread::sleep(Duration::from_millis(20));
    }
    running
}

#[cfg(unix)]
#[test]
fn a_program_that_is_killed_leaves_the_old_report_and_whole_lines() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("report.json"), "old").unwrap();
    let mut running = slow(folder.path());
    running.0.kill().unwrap();
    running.0.wait().unwrap();
    assert_eq!(fs::read_to_string(folder.path().join("report.json")).unwrap(), "old");
    let text = fs::read_to_string(folder.path().join("lines.ndjson")).unwrap();
    let lines: Vec<Value> = text.lines().map(json).collect();
    assert_eq!(lines[0]["event"], "run-started");
    assert!(lines.iter().all(|line| line["event"] != "run-finished"));
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_leaves_whole_reports_that_say_so() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("report.json"), "old").unwrap();
    let mut running = slow(folder.path());
    let killed = Command::new("kill").args(["-INT", &running.0.id().to_string()]).status().unwrap();
    assert!(killed.success());
    assert_eq!(running.0.wait().unwrap().code(), Some(130));
    let report = json(&fs::read_to_string(folder.path().join("report.json")).unwrap());
    assert_eq!(report["interrupted"], true);
    let text = fs::read_to_string(folder.path().join("lines.ndjson")).unwrap();
    assert_eq!(text.lines().last().map(json).unwrap()["run"]["interrupted"], true);
    assert_eq!(names(folder.path()), ["lines.ndjson", "report.json"]);
}

#[test]
fn schemas_are_listed_and_reports_fit_them() {
    let listed = out(&run(&["schema"]));
    let known: Vec<&str> = listed.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(known, ["report", "ndjson", "matrix", "judge", "diff", "relations", "verification"]);
    let schema = |name: &str| {
        let output = run(&["schema", name]);
        assert_status(&output, 0);
        jsonschema::draft202012::new(&json(&out(&output))).unwrap()
    };
    assert!(known.iter().all(|name| !schema(name).is_valid(&json("{}"))));
    let folder = tempfile::tempdir().unwrap();
    let lines = folder.path().join("lines");
    let endpoint = endpoint(Duration::ZERO);
    let wanted = format!("json,ndjson={}", lines.display());
    let output = run(&["run", "--endpoint", &endpoint, "--operation", "StopDeployment", "--report", &wanted]);
    assert_status(&output, 1);
    let (report, event) = (schema("report"), schema("ndjson"));
    assert!(report.validate(&json(&out(&output))).is_ok());
    for line in fs::read_to_string(lines).unwrap().lines() {
        assert!(event.validate(&json(line)).is_ok(), "{line}");
    }
    let output = run(&["schema", "reprot"]);
    assert_status(&output, 2);
    assert!(err(&output).contains("did you mean report?"), "{}", err(&output));
}
