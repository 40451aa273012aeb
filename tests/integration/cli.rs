//! The program from outside: what it prints, and how it ends.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use rstest::rstest;
use tokio::sync::watch;
use wireproof::internals::{
    judge::check::CHECKS,
    run::{judged_case::JudgedCase, observer::OnCase, session::RunOptions},
    suite::Batch,
};

use crate::support::{self, SUITE};

const LIMIT: Duration = Duration::from_secs(60);

/// A small selection that conforms.
const SMALL: &str = "codedeploy/stop-deployment/missing-id";

/// The program in a clean environment.
fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wireproof"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("WIREPROOF_") || name.starts_with("AWS_")) {
        command.env_remove(name);
    }
    command.env("AWS_CONFIG_FILE", "/dev/null").env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null").env("NO_COLOR", "1");
    // The program does not remember runs of tests.
    command.env("WIREPROOF_STATE", "").stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> Output {
    assert_cmd::Command::from_std(with(arguments)).timeout(LIMIT).output().expect("the program ends in time")
}

fn with(arguments: &[&str]) -> Command {
    let mut command = program();
    command.args(arguments);
    command
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

/// A process that is ended with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    /// The status, once it has ended by itself.
    fn wait(&mut self, limit: Duration) -> Option<i32> {
        let deadline = Instant::now() + limit;
        while Instant::now() < deadline {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status.code();
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("still running after {limit:?}");
    }
}

/// A server on loopback that responds to each request with a status and a body, by its `x-amz-target`.
fn server(respond: impl Fn(&str) -> (u16, String) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let respond = Arc::new(respond);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let respond = Arc::clone(&respond);
            // A connection that breaks is the peer's affair.
            thread::spawn(move || drop(exchange(&stream, &*respond)));
        }
    });
    endpoint
}

fn exchange(stream: &TcpStream, respond: &dyn Fn(&str) -> (u16, String)) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let (mut target, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim().split_once(':') else {
            if line.trim().is_empty() {
                break;
            }
            continue;
        };
        match name.to_ascii_lowercase().as_str() {
            "x-amz-target" => value.trim().clone_into(&mut target),
            "content-length" => length = value.trim().parse().unwrap_or(0),
            _ => {}
        }
    }
    reader.take(length).read_to_end(&mut Vec::new())?;
    let (status, body) = respond(&target);
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 {status} X\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// It knows its operations and does what it likes.
fn deviating(target: &str) -> (u16, String) {
    match target {
        "CodeDeploy_20141006.StopDeployment" => (200, r#"{"status":"Whatever"}"#.to_owned()),
        _ => (400, r#"{"__type":"UnknownOperationException"}"#.to_owned()),
    }
}

#[rstest]
fn every_subcommand_explains_itself(
    #[values(
        "",
        "run",
        "probe",
        "list",
        "check",
        "serve",
        "requirements",
        "relations",
        "explain",
        "judge",
        "mutants",
        "schema",
        "merge"
    )]
    subcommand: &str,
) {
    let arguments: Vec<&str> = [subcommand, "--help"].into_iter().filter(|word| !word.is_empty()).collect();
    let output = run(&arguments);
    assert_status(&output, 0);
    let text = out(&output);
    let description = text.lines().next().unwrap_or_default();
    assert!(description.len() > 15 && text.contains("Usage:"), "{text}");
    assert!(!subcommand.is_empty() || text.contains("Examples:") && text.contains("Exit status:"), "{text}");
}

#[test]
fn a_selection_that_conforms_ends_with_0() {
    assert_status(&run(&["run", SMALL]), 0);
}

#[test]
fn a_deviation_ends_with_1() {
    let endpoint = server(deviating);
    let output = run(&["run", "--endpoint", &endpoint, SMALL]);
    assert_status(&output, 1);
}

#[test]
fn a_run_in_which_no_case_conforms_ends_with_3_whatever_is_allowed() {
    let endpoint = server(deviating);
    let output = run(&["run", "--endpoint", &endpoint, "--allow", "deviates,inconclusive,blocked", SMALL]);
    assert_status(&output, 3);
}

#[test]
fn a_constant_endpoint_ends_with_3() {
    let endpoint = server(|_| (200, "{}".to_owned()));
    assert_status(&run(&["run", "--endpoint", &endpoint, SMALL]), 3);
}

#[test]
fn a_report_to_a_file_leaves_the_terminal_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json");
    let output =
        run(&["run", "codedeploy/stop-deployment/missing-id", "--report", &format!("json={}", path.display())]);
    assert_status(&output, 0);
    assert!(String::from_utf8_lossy(&output.stdout).contains("0 deviate"));
    assert!(fs::read_to_string(path).unwrap().contains("wireproof/report/v3"));
}

#[test]
fn nothing_selected_ends_with_3() {
    assert_status(&run(&["run", "--filter", "no-such-case-anywhere"]), 3);
    assert_status(&run(&["list", "--filter", "no-such-case-anywhere"]), 3);
}

#[rstest]
#[case::one("codedeploy/stop-deployment/missing-id#nothing", "1 case selected\n")]
#[case::two("codedeploy/stop-deployment/missing-id", "2 cases selected\n")]
fn a_count_agrees_with_its_noun(#[case] path: &str, #[case] reported: &str) {
    assert_eq!(err(&run(&["list", path])), reported);
}

#[rstest]
#[case::flag(&["run", "--no-such-flag"], "--no-such-flag")]
#[case::path(&["run", "codedeploy/stop-deployment/unknown-i"], "did you mean codedeploy/stop-deployment/unknown-id?")]
#[case::operation(&["list", "--operation", "StopDeploymnt"], "did you mean StopDeployment?")]
#[case::tag(&["run", "--tag", "no-such-tag"], "no-such-tag")]
#[case::end_of_an_id(&["run", "missing-id"], "\"missing-id\" matches no case\nhelp: --filter missing-id would select ")]
#[case::service(&["run", "--service", "xyz"], "\"xyz\" matches no case\nhelp: the known names are codedeploy, proton")]
#[case::jobs(&["run", "--jobs", "0"], "1 to 1024")]
#[case::subcommand(&["rnu"], "rnu")]
#[case::folder(&["run", "--fixtures", "no/such/folder"], "no/such/folder")]
#[case::snapshots(&["run", "--snapshots", "no/such/folder"], "no/such/folder")]
#[case::endpoint(&["run", "--endpoint", "not a url"], "not a url")]
#[case::report(&["run", "--report", "papyrus"], "unknown report format \"papyrus\"\nhelp: the formats are human, json, ndjson")]
#[case::report_of_diff(&["diff", "a", "b", "--report", "papyrus"], "unknown report format \"papyrus\"\nhelp: the formats are human, json\n")]
#[case::report_of_mutants(&["mutants", "--report", "junit"], "unsupported report format \"junit\"\nhelp: the formats are human, json, html\n")]
#[case::report_of_a_corpus(&["judge", "--corpus", "x", "--report", "html"], "unsupported report format \"html\"\nhelp: the formats are human, json\n")]
#[case::side(&["diff", "no/such/side", "reference"], "error: no/such/side: no such file or folder\nhelp: ")]
#[case::recording(&["judge", "no/such/recording"], "error: no/such/recording: no such file or folder\n")]
#[case::bundle(&["verify", "no/such/bundle"], "error: no/such/bundle: no such file or folder\n")]
#[case::verdict(&["run", "--allow", "everything"], "everything")]
#[case::timeout(&["run", "--timeout", "0"], "--timeout")]
#[case::code(&["explain", "no-such-code"], "no-such-code")]
#[case::reference_without_endpoint(&["run", "--as-reference"], "--endpoint")]
#[case::update_without_baseline(&["run", "--baseline-update"], "--baseline FILE")]
#[case::rerun_without_endpoint(&["verify", "/", "--rerun", "1"], "--endpoint URL")]
#[case::listen_to_others(&["serve", "--listen", "0.0.0.0:0"], "0.0.0.0")]
#[case::stateless_reference(&["serve", "--stateless"], "--model")]
fn an_invalid_argument_ends_with_2_and_is_named(#[case] arguments: &[&str], #[case] named: &str) {
    let output = run(arguments);
    assert_status(&output, 2);
    assert!(err(&output).contains(named), "{}", err(&output));
}

#[rstest]
fn requirements_rejects_flags_that_it_would_ignore(
    #[values("--dry-run", "--update", "--curl", "--quiet", "--verbose", "--show-sensitive", "--last-failed")]
    switch: &str,
) {
    let output = run(&["requirements", switch]);
    assert_status(&output, 2);
    assert!(err(&output).contains(&format!("unexpected argument '{switch}'")), "{}", err(&output));
}

#[rstest]
#[case::requirements(&["requirements"], &["--report", "--baseline", "--allow", "--recording", "--snapshots"])]
#[case::diff(&["diff", "a", "b"], &["--endpoint", "--name", "--snapshots", "--baseline"])]
#[case::list(&["list"], &["--endpoint", "--snapshots"])]
fn a_command_rejects_options_that_it_would_ignore(#[case] command: &[&str], #[case] options: &[&str]) {
    for option in options {
        let output = run(&[command, &[*option, "x"]].concat());
        assert_status(&output, 2);
        assert!(err(&output).contains(&format!("unexpected argument '{option}'")), "{}", err(&output));
    }
}

#[test]
fn requirements_prints_the_outcome_of_the_selected_cases() {
    let output = run(&["requirements", "codedeploy/stop-deployment/unknown-id"]);
    assert_status(&output, 0);
    assert!(out(&output).lines().any(|line| line.starts_with("met ") && line.contains(" SD-22 ")), "{}", out(&output));
    assert!(out(&output).contains(" 0 violated, "), "{}", out(&output));
}

#[rstest]
#[case::selection("[list]\noperation = ['StopDeploymnt']", &["list"], "did you mean StopDeployment?\nnote: `operation` is set in ")]
#[case::folder("fixtures = 'no/such/folder'", &["check"], "\nnote: `fixtures` is set in .config/wireproof.toml\n")]
#[case::value_of_clap("seed = 'x'", &["run"], "tip: `seed` is set in .config/wireproof.toml")]
#[case::command("restart = 'touch broken'", &["run"], "`restart` executes a command, or opens a port, so a file in the")]
#[case::endpoint("[run]\nendpoint = 'http://127.0.0.1:1'", &["run"], "help: use --endpoint, its variable, or ~/.config")]
fn a_value_that_the_config_of_a_folder_cannot_set_is_reported_as_such(
    #[case] config: &str,
    #[case] arguments: &[&str],
    #[case] says: &str,
) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(".config")).unwrap();
    fs::write(folder.path().join(".config/wireproof.toml"), config).unwrap();
    let mut command = with(arguments);
    command.current_dir(folder.path());
    let output = assert_cmd::Command::from_std(command).timeout(LIMIT).output().unwrap();
    assert_status(&output, 2);
    assert!(err(&output).contains(says), "{}", err(&output));
}

#[rstest]
fn hosts_of_aws_are_rejected_at_once(
    #[values(
        "https://codedeploy.us-east-1.amazonaws.com",
        "https://CodeDeploy.US-East-1.AmazonAWS.com.",
        "https://proton.cn-north-1.amazonaws.com.cn",
        "https://codedeploy.us-east-1.api.aws"
    )]
    endpoint: &str,
) {
    let output = run(&["run", "--endpoint", endpoint, SMALL]);
    assert_status(&output, 2);
    assert!(err(&output).contains("--allow-aws"), "{}", err(&output));
}

#[rstest]
#[case::list(&["list"], 0)]
#[case::dry_run(&["run", "--dry-run"], 3)]
fn the_ids_of_all_cases_are_printed(#[case] arguments: &[&str], #[case] status: i32) {
    let output = run(arguments);
    assert_status(&output, status);
    let text = out(&output);
    let ids: Vec<&str> = text.lines().filter_map(|line| line.split('\t').next()).collect();
    let cases = SUITE.cases();
    assert_eq!(ids, cases.iter().map(|case| case.id.0.as_str()).collect::<Vec<_>>());
}

#[test]
fn the_bundled_fixtures_and_those_of_the_package_are_without_problem() {
    assert_status(&run(&["check"]), 0);
    let (fixtures, snapshots) = (support::package().join("fixtures"), support::package().join("snapshots"));
    let output = run(&["check", fixtures.to_str().unwrap(), "--snapshots", snapshots.to_str().unwrap()]);
    assert_status(&output, 0);
}

/// A scenario with these lines instead of the lines of a step.
fn step(lines: &str) -> String {
    format!("title: t\ncites: [SD-22]\nevidence: documented\nsteps:\n{lines}")
}

const STOP: &str = "  - call: StopDeployment\n    input: { deploymentId: x }\n";

#[rstest]
#[case::unknown_field("unknown-field", &step("  - call: StopDeployment\n    inptu: { deploymentId: x }\n"))]
#[case::wrong_type("wrong-type", &step("  - call: [StopDeployment]\n"))]
#[case::unknown_requirement("unknown-requirement", &step(STOP).replace("SD-22", "SD-220"))]
#[case::unknown_operation("unknown-operation", &step("  - call: StopDeploymnt\n    input: { deploymentId: x }\n"))]
#[case::invalid_input("invalid-input", &step("  - call: StopDeployment\n    input: { deploymentId: 5 }\n"))]
#[case::capture_from_nowhere("capture-from-nowhere", &step(&format!("{STOP}    capture: {{ s: /statsu }}\n")))]
#[case::bad_duration("bad-duration", &step(&format!("{STOP}    eventually: {{ within: 5 minutes, every: 1s }}\n")))]
#[case::bad_template("bad-template", &step("  - call: StopDeployment\n    input: { deploymentId: \"${unique('a'\" }\n"))]
#[case::unknown_variable("unknown-variable", &step("  - call: StopDeployment\n    input: { deploymentId: \"${gone.id}\" }\n"))]
#[case::duplicate_key("duplicate-key", &step("  - call: StopDeployment\n    input: { deploymentId: x, deploymentId: z }\n"))]
#[case::anchor("anchor", &step("  - call: StopDeployment\n    input: &same { deploymentId: x }\n"))]
#[case::yaml_1_1_boolean("yaml-1.1-boolean", &step("  - call: StopDeployment\n    input: { deploymentId: yes }\n"))]
#[case::not_yaml("not-yaml", &step("  - call: StopDeployment\n    input: { deploymentId: x\n"))]
fn a_broken_fixture_is_shown_at_its_place_with_help(#[case] name: &str, #[case] text: &str) {
    let folder = tempfile::tempdir().unwrap();
    suite_with(folder.path(), text);
    for subcommand in ["check", "run"] {
        let mut command = with(&[subcommand, "my"]);
        command.current_dir(folder.path());
        let output = assert_cmd::Command::from_std(command).timeout(LIMIT).output().unwrap();
        assert_status(&output, 2);
        let shown = err(&output);
        assert!(shown.contains("x.yaml:") && shown.contains('^'), "{shown}");
        let mut settings = insta::Settings::new();
        settings.set_omit_expression(true);
        settings.set_description(text);
        settings.set_prepend_module_to_snapshot(false);
        settings.bind(|| insta::assert_snapshot!(format!("broken-{name}"), shown));
    }
}

/// The bundled services with one scenario of their own, in the folder `my`.
fn suite_with(folder: &Path, scenario: &str) {
    for service in ["codedeploy", "proton"] {
        let (from, to) = (support::package().join("fixtures").join(service), folder.join("my").join(service));
        fs::create_dir_all(&to).unwrap();
        for file in ["model.json", "requirements.yaml", "states.yaml"] {
            fs::copy(from.join(file), to.join(file)).unwrap();
        }
    }
    let operation = folder.join("my/codedeploy/stop-deployment");
    fs::create_dir_all(&operation).unwrap();
    fs::write(operation.join("x.yaml"), scenario).unwrap();
}

#[test]
fn every_check_is_explained() {
    let all = run(&["explain"]);
    assert_status(&all, 0);
    for check in CHECKS {
        assert!(out(&all).contains(check.code.name()), "{}", check.code);
    }
    let one = run(&["explain", "outcome"]);
    assert_status(&one, 0);
    assert!(out(&one).contains("\n\nRequires ") && out(&one).contains("\nSeverity if"), "{}", out(&one));
}

#[rstest]
#[case::ranks(&["causes"], &["1  server error on a request that the model allows", "8  signatures"])]
#[case::case_of_a_scenario(
    &["codedeploy/stop-deployment/unknown-id"],
    &["step 2   StopDeployment\n  expected DeploymentDoesNotExistException", "ground     SD-22: An ID", "fixture    "]
)]
#[case::probe(
    &["codedeploy.StopDeployment/deploymentId/required/absent", "--model", "fixtures/codedeploy/model.json"],
    &[
        "  input    {}",
        "control    codedeploy.StopDeployment/control, which the endpoint must accept first",
        "ground     StopDeploymentInput$deploymentId: smithy.api#required",
    ]
)]
fn causes_cases_and_probes_are_explained(#[case] arguments: &[&str], #[case] says: &[&str]) {
    let output = run(&[&["explain"], arguments].concat());
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(says.iter().all(|text| out(&output).contains(text)), "{}", out(&output));
}

#[test]
fn a_probe_that_does_not_exist_is_rejected_with_the_command_that_lists_the_probes() {
    let id = "codedeploy.StopDeployment/deploymentId/required/nowhere";
    let output = run(&["explain", id, "--model", "fixtures/codedeploy/model.json"]);
    assert_eq!(output.status.code(), Some(2), "{}", out(&output));
    assert!(err(&output).contains("--operation StopDeployment --probes all --dry-run"), "{}", err(&output));
}

#[test]
fn a_requirement_is_explained_with_its_document() {
    let output = run(&["explain", "SD-22"]);
    assert_status(&output, 0);
    assert!(out(&output).contains("https://") && out(&output).contains("Cited by:"), "{}", out(&output));
}

#[test]
fn the_reference_serves_another_process() {
    let mut server = Running(with(&["serve"]).stdout(Stdio::piped()).spawn().unwrap());
    let mut endpoint = String::new();
    BufReader::new(server.0.stdout.take().unwrap()).read_line(&mut endpoint).unwrap();
    let endpoint = endpoint.trim();
    assert!(endpoint.starts_with("http://127.0.0.1:"), "{endpoint}");
    let selection = ["codedeploy/stop-deployment/unknown-id", "proton/cancel-service-pipeline-deployment/twice"];
    let output = run(&["run", "--endpoint", endpoint, "--as-reference", selection[0], selection[1]]);
    assert_status(&output, 0);
}

#[test]
fn a_closed_pipe_is_not_an_error() {
    let mut child = Running(with(&["list"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    drop(child.0.stdout.take());
    let mut stderr = String::new();
    child.0.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!(child.wait(LIMIT), Some(0), "{stderr}");
    assert!(!stderr.contains("panic") && !stderr.contains("error"), "{stderr}");
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_ends_soon_with_130() {
    static REQUESTS: AtomicUsize = AtomicUsize::new(0);
    let endpoint = server(|target| {
        REQUESTS.fetch_add(1, Ordering::Relaxed);
        thread::sleep(Duration::from_millis(100));
        deviating(target)
    });
    let arguments = ["run", "--endpoint", &endpoint, "-j", "1", "--service", "codedeploy"];
    let mut child = Running(with(&arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
    let deadline = Instant::now() + LIMIT;
    // Four requests are the presence check; a few more, and cases are running.
    while REQUESTS.load(Ordering::Relaxed) < 8 {
        assert!(Instant::now() < deadline, "no case has begun");
        thread::sleep(Duration::from_millis(10));
    }
    let killed = Command::new("kill").args(["-INT", &child.0.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let begun = Instant::now();
    let mut report = String::new();
    child.0.stdout.take().unwrap().read_to_string(&mut report).unwrap();
    assert_eq!(child.wait(Duration::from_secs(20)), Some(130));
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    assert!(!report.is_empty(), "an interrupted run reports what was done");
}

#[test]
fn an_interrupted_run_gives_every_case_its_verdict() {
    let (_reference, target) = support::reference();
    let options = RunOptions { jobs: 4, ..support::PACE };
    let (interrupt, interrupted) = watch::channel(false);
    let runner = support::runner(target, options, Duration::from_secs(10)).interrupt(interrupted);
    let mut ended = 0;
    let mut observer = OnCase(|_: &JudgedCase| {
        ended += 1;
        let _ = interrupt.send(ended >= 20);
    });
    let finished = support::within(LIMIT, runner.run(&mut Batch::new(SUITE.cases()), &mut observer));
    assert!(finished.interrupted && finished.ledger.balances(), "{:?}", finished.ledger);
    assert_eq!((ended, finished.ledger.selected), (SUITE.cases().len(), SUITE.cases().len()));
    assert!(finished.ledger.conforms >= 15 && finished.ledger.inconclusive > 100, "{:?}", finished.ledger);
}

#[test]
#[ignore = "it proves mutants with an unoptimized program: minutes"]
fn the_proof_of_a_selection_is_reported_to_people_and_programs() {
    let (header, constants) = ("StopDeployment/header/success/request-id", "constant/empty-*");
    let command = with(&["mutants", "--only", header, "--only", constants, "--report", "json"]);
    let output = assert_cmd::Command::from_std(command).timeout(10 * LIMIT).output().expect("the program ends in time");
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let matrix: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let mutants = matrix["mutants"].as_array().unwrap();
    assert_eq!(mutants.len(), 3);
    assert!(mutants.iter().all(|mutant| mutant["fate"] == "killed" && mutant["detection"]["code"] == "request-id"));
    let endpoints = matrix["constant_endpoints"].as_array().unwrap();
    assert_eq!(endpoints.len(), 3);
    for endpoint in endpoints {
        assert_eq!(
            (&endpoint["unexplained"], &endpoint["unused_allowances"]),
            (&serde_json::json!([]), &serde_json::json!([])),
            "{endpoint}"
        );
    }
    assert_eq!(matrix["reference"]["conforms"], SUITE.cases().len());
}

#[test]
#[ignore = "it lists mutants with an unoptimised program: a minute"]
fn mutants_are_listed_without_being_run_and_an_unknown_one_proves_nothing() {
    let run = |arguments: &[&str]| {
        assert_cmd::Command::from_std(with(arguments)).timeout(10 * LIMIT).output().expect("the program ends in time")
    };
    let listed = run(&["mutants", "--list", "--only", "/caller/"]);
    assert_eq!(listed.status.code(), Some(0), "{}", err(&listed));
    assert!(out(&listed).lines().all(|line| line.contains("/caller/")) && err(&listed).contains("22 listed"));
    let listed = run(&["mutants", "--list", "--only", "constant/empty-*"]);
    assert_eq!(out(&listed).lines().filter(|line| line.starts_with("constant/empty-")).count(), 3, "{}", out(&listed));
    assert_eq!(run(&["mutants", "--only", "no such mutant"]).status.code(), Some(2));
}

/// A recorded response of `StopDeployment`, with this status and body.
fn recorded(id: &str, status: &str) -> String {
    let record = serde_json::json!({
        "id": id, "service": "codedeploy", "operation": "StopDeployment", "protocol": "json-1.1", "kind": "response",
        "tier": "A-recorded", "status": 200, "headers": { "content-type": "application/x-amz-json-1.1" },
        "headers_reconstructed": true, "body": { "status": status },
    });
    format!("{record}\n")
}

/// Judges this text by the models of the package.
fn judge(corpus: &str, more: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recorded.jsonl");
    fs::write(&path, corpus).unwrap();
    let models = support::package().join("fixtures");
    let models: Vec<PathBuf> = ["codedeploy", "proton"].iter().map(|service| models.join(service)).collect();
    for model in &models {
        fs::copy(model.join("model.json"), folder.path().join(model.file_name().unwrap()).with_extension("json"))
            .unwrap();
    }
    let mut arguments = vec!["judge", "--corpus", path.to_str().unwrap(), "--models", folder.path().to_str().unwrap()];
    arguments.extend(more);
    run(&arguments)
}

#[test]
fn recorded_responses_are_judged_and_each_error_is_printed() {
    let output = judge(&recorded("r-1", "Pending"), &[]);
    assert_status(&output, 0);
    assert!(out(&output).contains("0 of 1 (0.000 %): within 0.1 %, the maximum"), "{}", out(&output));
    let wrong = recorded("r-2", "Pending").replace("\"Pending\"", "[1]");
    let corpus = format!("{}{wrong}", recorded("r-1", "Pending"));
    let output = judge(&corpus, &[]);
    assert_status(&output, 1);
    let reported = out(&output);
    assert!(
        reported.contains("r-2 codedeploy StopDeployment") && reported.contains("response-shape/type /status"),
        "{reported}"
    );
    assert!(reported.contains("1 of 2 (50.000 %): above"), "{reported}");
    assert_status(&judge(&corpus, &["--max-error-rate", "0.5"]), 0);
}

#[test]
fn recorded_responses_are_summed_up_for_programs() {
    let output = judge(&recorded("r-1", "Odd"), &["--report", "json"]);
    assert_status(&output, 0);
    let reported: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&reported["schema"], &reported["tally"]["records"]), (&"wireproof/judge/v2".into(), &1.into()));
    assert_eq!(reported["tally"]["rules"][0]["rule"], "response-shape/enum");
}

#[test]
fn responses_without_a_model_are_counted_and_nothing_judged_ends_with_3() {
    let output = judge(&recorded("r-1", "Pending").replace("codedeploy", "nimbus"), &[]);
    assert_status(&output, 3);
    assert!(out(&output).contains("not judged, no model of: nimbus (1)"), "{}", out(&output));
    let output = judge(&recorded("r-1", "Pending").replace("StopDeployment", "Stop"), &[]);
    assert!(out(&output).contains("not judged, the model lacks: codedeploy Stop (1)"), "{}", out(&output));
}

#[test]
fn a_corpus_or_a_model_that_cannot_be_read_ends_with_2_and_is_named() {
    let broken = format!("{}{{\"id\": 5}}\n", recorded("r-1", "Pending"));
    let output = judge(&broken, &[]);
    assert_status(&output, 2);
    assert!(err(&output).contains("recorded.jsonl: line 2 at /id: invalid type"), "{}", err(&output));
    let output = judge("", &["--max-error-rate", "2"]);
    assert_status(&output, 2);
    for (corpus, models, named) in
        [("no/such.jsonl", ".", "no/such.jsonl"), ("Cargo.toml", "no/such/models", "Cargo.toml: line 1")]
    {
        let output = run(&["judge", "--corpus", corpus, "--models", models]);
        assert_status(&output, 2);
        assert!(err(&output).contains(named), "{}", err(&output));
    }
}

#[test]
fn an_endpoint_that_refuses_connections_ends_the_program_before_a_case_runs() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let output = run(&["run", "--endpoint", &endpoint]);
    assert_status(&output, 2);
    let says = format!(
        "error: cannot reach {endpoint}: the connection was refused\nhelp: start the endpoint, or correct --endpoint\n"
    );
    assert_eq!(err(&output), says);
}

#[test]
fn the_config_of_the_home_folder_sets_any_flag_also_when_it_is_the_current_folder() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join(".config")).unwrap();
    fs::write(home.path().join(".config/wireproof.toml"), "endpoint = 'http://127.0.0.1:1'\n").unwrap();
    for folder in [home.path(), Path::new("/")] {
        let mut command = with(&["run", SMALL]);
        command.current_dir(folder).env("HOME", home.path());
        let output = assert_cmd::Command::from_std(command).timeout(LIMIT).output().unwrap();
        assert_status(&output, 2);
        assert!(err(&output).contains("cannot reach http://127.0.0.1:1"), "{}", err(&output));
    }
}

#[test]
fn help_needs_no_valid_configuration() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(".config")).unwrap();
    fs::write(folder.path().join(".config/wireproof.toml"), "broken = [").unwrap();
    for arguments in [["--help"], ["--version"]] {
        let mut command = with(&arguments);
        command.current_dir(folder.path());
        assert_status(&assert_cmd::Command::from_std(command).timeout(LIMIT).output().unwrap(), 0);
    }
}

#[test]
fn an_empty_variable_counts_as_unset() {
    let mut command = with(&["run", SMALL]);
    for name in ["WIREPROOF_ENDPOINT", "WIREPROOF_FIXTURES", "WIREPROOF_JOBS", "WIREPROOF_TAG", "WIREPROOF_EXACT"] {
        command.env(name, "");
    }
    assert_status(&assert_cmd::Command::from_std(command).timeout(LIMIT).output().unwrap(), 0);
}

#[test]
fn the_path_of_a_scenario_file_selects_it_as_reports_print_it() {
    let folder = tempfile::tempdir().unwrap();
    let text =
        fs::read_to_string(support::package().join("fixtures/codedeploy/stop-deployment/missing-id.yaml")).unwrap();
    suite_with(folder.path(), &text);
    let path = folder.path().join("my/codedeploy/stop-deployment/x.yaml");
    for path in [path.display().to_string(), format!("{}:3:1", path.display())] {
        let listed = run(&["list", &path]);
        assert_status(&listed, 0);
        assert!(out(&listed).lines().all(|line| line.starts_with("codedeploy/stop-deployment/x")), "{}", out(&listed));
    }
}
