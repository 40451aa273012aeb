//! The face for `cargo test`, used as its users do: whole runs in one test function, and `tests/harness_libtest.rs`, which has
//! a test for each case, run in all the ways in which cargo, cargo-nextest and people run it.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::{
        Arc, LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use rstest::rstest;
use serde_json::{Value, json};
use wireproof::{
    Action, Credentials, Outcome, Problem, StateChange, Suite, Target, Verdict,
    internals::{
        gate::baseline::{Baseline, Difference, SeenCases, SeenRuns},
        reference::{Clock, Identity, ReferenceEndpoint, STATE_PATH},
        run::{
            exit::ExitStatus,
            transport::{InProcess, Reply},
        },
        wire::{Request, Response},
    },
};

use crate::support::{self, SUITE};

/// The arguments of a test program that select five cases.
const USER_AGENTS: [&str; 3] = ["user-agent", "--skip", "signature"];

/// Cases that need a state of each kind, and one that needs none.
const FEW: [&str; 3] = ["/user-agent", "/succeeded-refused", "/throttled"];

/// Those cases.
fn few() -> Suite {
    FEW.into_iter().fold(Suite::bundled().operation("StopDeployment").seed(1), Suite::filter)
}

fn reference() -> Arc<ReferenceEndpoint> {
    let contracts = SUITE.services().map(|service| Arc::clone(service.contract())).collect();
    Arc::new(ReferenceEndpoint::new(contracts, Identity::defaults(), Clock::new()).unwrap())
}

/// The reference in this process, whose responses pass through `fault`.
fn faulty(
    reference: &Arc<ReferenceEndpoint>,
    fault: impl Fn(&Request, &mut Response) + Send + Sync + 'static,
) -> Target {
    let reference = Arc::clone(reference);
    let target = Target::in_process(InProcess::new(move |request: &Request| {
        let mut response = support::handle(&reference, request);
        fault(request, &mut response);
        Reply::Answer(response)
    }));
    target.denied(Credentials::new("denied", "denied")).other_account(Credentials::new("other", "other"))
}

fn with_states(target: Target) -> Target {
    target.state_change_url(format!("http://localhost{STATE_PATH}"))
}

fn right() -> Target {
    with_states(faulty(&reference(), |_, _| ()))
}

/// The fault: no response has a request id.
fn without_request_ids() -> Target {
    with_states(faulty(&reference(), |_, response| response.headers.remove("x-amzn-requestid")))
}

fn panic_of(outcome: &Outcome) -> String {
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| outcome.assert_conforms()));
    *panicked.unwrap_err().downcast::<String>().unwrap()
}

#[tokio::test]
async fn an_endpoint_that_keeps_the_contract_conforms() {
    let outcome = few().against(right()).run().await;
    outcome.assert_conforms();
    assert_eq!(outcome.ledger().conforms, outcome.cases().len());
    assert!(outcome.ledger().balances() && outcome.cases().len() > 4, "{}", outcome.report());
    assert!(outcome.report().contains("against the endpoint of this process at http://localhost, seed 1"));
    assert!(outcome.cases().is_sorted_by_key(|case| &case.id) && outcome.problem().is_none());
}

#[test]
fn a_test_that_is_not_asynchronous_may_run_a_suite_too() {
    let outcome =
        Suite::bundled().filter("codedeploy/stop-deployment/user-agent-absent").against(right()).run_blocking();
    outcome.assert_conforms();
    assert_eq!(outcome.ledger().conforms, 1);
}

#[tokio::test]
async fn a_deviation_fails_the_test_with_the_report_and_the_command_that_shows_it_again() {
    let outcome = few().against(without_request_ids()).run().await;
    assert!(!outcome.conforms() && outcome.status() == ExitStatus::Deviates);
    let reported = panic_of(&outcome);
    assert!(reported.contains("request-id  (SD-40, documented)"), "{reported}");
    let again = "rerun: WIREPROOF_SEED=1 WIREPROOF_FILTER=codedeploy/stop-deployment/succeeded-refused cargo test \
                 harness::a_deviation_fails_the_test";
    assert!(reported.contains(again), "{reported}");
    let case = outcome.case("codedeploy/stop-deployment/succeeded-refused").unwrap();
    assert_eq!(case.verdict, Verdict::Deviates);
    assert!(outcome.case("codedeploy/stop-deployment/no-such").is_none());
}

/// A baseline that accepts what an outcome deviates by.
fn accepting(folder: &Path, outcome: &Outcome) -> PathBuf {
    let mut seen = SeenCases::default();
    outcome.cases().iter().for_each(|case| seen.enter(case));
    let path = folder.join("baseline.toml");
    let runs = SeenRuns { first: &seen, repeated: None };
    let baseline = Baseline::default().updated(runs, &BTreeSet::new(), Some("we know"));
    fs::write(&path, baseline.text_over("baseline.toml", "").unwrap()).unwrap();
    path
}

#[tokio::test]
async fn a_baseline_accepts_what_is_known_and_fails_on_what_is_new_and_on_what_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let deviating = few().against(without_request_ids()).run().await;
    let baseline = accepting(folder.path(), &deviating);
    let known = few().baseline(&baseline).against(without_request_ids()).run().await;
    known.assert_conforms();
    assert!(known.ledger().deviates > 0 && known.report().contains("known, nothing differs"), "{}", known.report());

    let stale = few().baseline(&baseline).against(right()).run().await;
    assert!(stale.differing().iter().all(|one| one.difference == Difference::Gone) && !stale.conforms());
    assert!(panic_of(&stale).contains("a known cause is gone"));

    let lone = few().filter("unknown-key").baseline(&baseline).against(without_request_ids()).run().await;
    assert_eq!(lone.differing().iter().map(|one| one.difference).collect::<BTreeSet<_>>(), [Difference::Grown].into());
    assert!(panic_of(&lone).contains("a known cause grew"));
}

#[tokio::test]
async fn a_function_establishes_and_ends_states_without_a_request() {
    let reference = reference();
    let (setups, teardowns) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (own, counts) = (Arc::clone(&reference), (Arc::clone(&setups), Arc::clone(&teardowns)));
    let target = faulty(&reference, |request, _| assert_ne!(request.target, STATE_PATH)).state_handler(
        move |change: StateChange| {
            let (setups, teardowns) = &counts;
            let count = if change.action == Action::Setup { setups } else { teardowns };
            count.fetch_add(1, Ordering::Relaxed);
            let variables = established(&own, &change);
            async move { Ok(variables) }
        },
    );
    let outcome = few().against(target).run().await;
    outcome.assert_conforms();
    assert!(setups.load(Ordering::Relaxed) > teardowns.load(Ordering::Relaxed), "some states it does not know");
    assert!(teardowns.load(Ordering::Relaxed) > 0, "{}", outcome.report());
}

/// The response of the reference's own state-change URL.
fn established(reference: &ReferenceEndpoint, change: &StateChange) -> Option<Value> {
    let body = json!({"state": change.state, "params": change.params, "action": change.action.name()}).to_string();
    let request = Request {
        method: "POST".to_owned(),
        target: STATE_PATH.to_owned(),
        headers: [("Content-Length", body.len().to_string())].into_iter().collect(),
        body: body.into(),
        ..Request::default()
    };
    let response = support::handle(reference, &request);
    (response.status == 200).then(|| serde_json::from_slice::<Value>(&response.body).unwrap()["variables"].clone())
}

#[tokio::test]
async fn a_state_handler_of_the_suite_serves_a_target_without_one_and_its_failure_blocks_the_case() {
    let target = faulty(&reference(), |_, _| ());
    let suite = few().state_handler(|change: StateChange| async move {
        if change.state == "a succeeded deployment" { Err("the disk is full".into()) } else { Ok(None) }
    });
    let outcome = suite.against(target).run().await;
    let blocked: Vec<_> = outcome.cases().iter().filter(|case| case.verdict == Verdict::Blocked).collect();
    assert!(!blocked.is_empty(), "{}", outcome.report());
    assert!(outcome.report().contains("the state handler failed: the disk is full"), "{}", outcome.report());
}

#[tokio::test]
async fn what_an_endpoint_lacks_may_be_allowed_or_left_out_with_a_reason() {
    let target = || faulty(&reference(), |_, _| ());
    let blocked = Suite::bundled().filter("stop-deployment/throttled").filter("stop-deployment/user-agent-absent");
    assert_eq!(blocked.clone().against(target()).run().await.status(), ExitStatus::Incomplete);
    blocked.clone().allow(Verdict::Blocked).against(target()).run().await.assert_conforms();
    let left_out = blocked.ignore("*/throttled", "no throttling here");
    assert_eq!(left_out.cases().unwrap().len(), 1);
    let outcome = left_out.against(target()).run().await;
    outcome.assert_conforms();
    assert!(outcome.report().contains("ignored: codedeploy/stop-deployment/throttled, no throttling here"));
}

const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/codedeploy/model.json");

#[tokio::test]
async fn probes_run_with_their_controls_and_detect_faults() {
    let suite = || Suite::bundled().probes(MODEL).operation("StopDeployment").filter("/required/").seed(1);
    let outcome = suite().against(right()).run().await;
    outcome.assert_conforms();
    assert!(outcome.ledger().conforms > 1, "{}", outcome.report());
    assert!(outcome.report().contains("1 of 1 constraint judged"), "{}", outcome.report());
    let lax = with_states(faulty(&reference(), |_, response| {
        if String::from_utf8_lossy(&response.body).contains("DeploymentIdRequiredException") {
            response.status = 200;
            response.body = "{}".into();
        }
    }));
    let outcome = suite().against(lax).run().await;
    assert_eq!(outcome.status(), ExitStatus::Deviates, "{}", outcome.report());
}

#[test]
fn probes_are_what_an_sdk_can_send_unless_other_families_are_named() {
    let has = |suite: Suite, family: &str| {
        let ids = suite.probes(MODEL).operation("StopDeployment").cases().unwrap();
        ids.iter().any(|id| id.0.contains(&format!("/{family}/")))
    };
    assert!(has(Suite::bundled(), "required") && !has(Suite::bundled(), "type"));
    assert!(has(Suite::bundled().filter("/type/"), "type"));
    let wire = || Suite::bundled().probe_families(["wire"]);
    assert!(has(wire(), "type") && !has(wire(), "required") && !has(wire(), "signing"));
    assert!(["required", "type", "signing"].iter().all(|family| has(Suite::bundled().probe_families(["all"]), family)));
}

#[rstest]
#[case::operation(Suite::bundled().operation("StopDeploymnt"), "\"StopDeploymnt\" matches no case\nhelp: did you mean StopDeployment?")]
#[case::filter(few().filter("user-agnt"), "\"user-agnt\" matches no case\nhelp: did you mean user-agent?")]
#[case::exclude(few().exclude("user-agnt"), "\"user-agnt\" matches no case")]
#[case::ignore(few().ignore("user-agnt", "it is slow"), "\"user-agnt\" matches no case")]
#[case::glob(few().filter("user-[agent"), "a [ without ] in the glob user-[agent, at character 6")]
#[case::nothing(few().exclude("*"), "no case matches all filters of the suite")]
#[case::no_probe(Suite::bundled().probes(MODEL).filter("nothing-like-it"), "\"nothing-like-it\" matches no case")]
#[case::no_probe_left(Suite::bundled().probes(MODEL).exclude("*"), "no case matches all filters of the suite")]
#[case::folder(Suite::load("no/such/folder"), "no/such/folder")]
#[case::broken(Suite::load("tests/support"), "the run failed\n\nerror: ")]
#[case::baseline(Suite::bundled().baseline("no/such.toml"), "cannot read no/such.toml")]
#[case::report(few().report("report.pdf"), "no report has this extension")]
#[case::model(Suite::bundled().probes("no-such.json"), "no-such.json")]
#[case::probes_by_tag(Suite::bundled().probes(MODEL).tag("auth"), "not by service or tag")]
#[case::probes_of(Suite::bundled().probes(MODEL).operation("Stop"), "has no operation Stop")]
#[case::destructive(
    Suite::bundled().probes(MODEL).operation("DeleteApplication"),
    "DeleteApplication deletes resources, so it has no probes\nhelp: Suite::destructive"
)]
#[case::destructive_by_filter(
    Suite::bundled().probes(MODEL).filter("codedeploy.DeleteApplication/*"),
    "DeleteApplication deletes resources, so it has no probes\nhelp: Suite::destructive"
)]
#[case::family(Suite::bundled().probes(MODEL).probe_families(["lenght"]), "\"lenght\" selects no probes; expected one of sdk, behaviour, wire,")]
#[tokio::test]
async fn what_cannot_be_set_up_fails_the_test_and_says_why(#[case] suite: Suite, #[case] says: &str) {
    let outcome = suite.against(right()).run().await;
    let reported = panic_of(&outcome);
    assert!(reported.contains(says) && !reported.contains("error: error: "), "{reported}");
    assert!(outcome.problem().is_some() && outcome.cases().is_empty());
}

#[tokio::test]
async fn an_endpoint_of_this_process_has_as_long_as_the_suite_says() {
    let silent = || Target::in_process(InProcess::new(|_: &Request| Reply::Silence));
    let begun = std::time::Instant::now();
    let outcome = few().timeout(Duration::from_millis(50)).against(silent()).run().await;
    assert!(outcome.cases().iter().all(|case| case.verdict == Verdict::Inconclusive), "{}", outcome.report());
    assert!(outcome.report().contains("the endpoint does not respond"), "{}", outcome.report());
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_target_that_is_no_url_is_a_problem_and_no_panic() {
    let outcome = few().against(Target::at("localhost:4566")).run().await;
    assert!(matches!(outcome.problem(), Some(Problem::Endpoint(_))), "{}", outcome.report());
}

#[tokio::test]
async fn reports_are_written_by_the_endings_of_their_files() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    few().report(at("r.json")).report(at("r.xml")).report(at("r.txt")).against(right()).run().await.assert_conforms();
    let json: Value = serde_json::from_str(&fs::read_to_string(at("r.json")).unwrap()).unwrap();
    assert_eq!(json["schema"], "wireproof/report/v3");
    assert!(fs::read_to_string(at("r.xml")).unwrap().contains("<testsuites"));
    assert!(fs::read_to_string(at("r.txt")).unwrap().contains("conform"));
}

#[tokio::test]
async fn an_observation_is_the_same_text_each_time_for_a_snapshot_of_ones_own() {
    let id = "codedeploy/stop-deployment/succeeded-refused";
    let one = || async { Suite::bundled().filter(id).against(right()).run().await.observation(id).unwrap() };
    let (first, second) = (one().await, one().await);
    assert_eq!(first, second);
    assert!(first.contains("DeploymentAlreadyCompletedException"), "{first}");
}

/// The program of `tests/harness_libtest.rs`.
static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
    let build = ["test", "--offline", "--quiet", "--no-run", "--message-format=json", "--test", "harness_libtest"];
    let output = support::cargo().args(build).output().unwrap();
    let messages = String::from_utf8(output.stdout).unwrap();
    let found = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut found = found.filter(|message| message["target"]["name"] == "harness_libtest");
    let executable = found.find_map(|message| message["executable"].as_str().map(PathBuf::from));
    executable.unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&output.stderr)))
});

/// The result of one of its processes.
struct Ended {
    status: Option<i32>,
    out: String,
    err: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { status: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Ended {
    /// The tests with this result, such as `ok`.
    fn with_result(&self, result: &str) -> Vec<&str> {
        let tests = self.out.lines().filter_map(|line| line.strip_prefix("test ")?.split_once(" ... "));
        tests.filter(|(_, found)| found.starts_with(result)).map(|(name, _)| name.trim()).collect()
    }
}

/// Runs it with these arguments and variables.
fn program(arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
    let mut command = Command::new(&*PROGRAM);
    for name in ["CI", "INSTA_UPDATE", "INSTA_FORCE_PASS", "NEXTEST_EXECUTION_MODE", "RUST_TEST_THREADS"] {
        command.env_remove(name);
    }
    command.args(arguments).envs(variables.iter().copied()).output().unwrap().into()
}

const ABSENT: &str = "codedeploy/stop-deployment/user-agent-absent";

#[test]
#[ignore = "it builds and runs a test target"]
fn listing_starts_no_endpoint_and_names_every_case() {
    let listed = program(&["--list", "--format", "terse"], &[("HARNESS_ENDPOINT", "none")]);
    let expected = Suite::bundled().operation("StopDeployment").cases().unwrap();
    let expected: Vec<String> = expected.iter().map(|id| format!("{id}: test")).collect();
    assert_eq!(
        (listed.status, listed.out.lines().collect::<Vec<_>>()),
        (Some(0), expected.iter().map(String::as_str).collect())
    );
    let ignored = program(&["--list", "--format", "terse", "--ignored"], &[]);
    assert_eq!(ignored.out.trim(), "codedeploy/stop-deployment/unknown-id: test");
}

#[rstest]
#[case::one(&["--exact", ABSENT], &[ABSENT])]
#[case::text(&["user-agent#"], &["#browser", "#comment", "#word"])]
#[case::skip(&["user-agent#", "--skip", "comment", "--skip", "word"], &["#browser"])]
#[case::nothing(&["--exact", "user-agent"], &[])]
#[ignore = "it builds and runs a test target"]
fn filters_choose_what_runs(#[case] arguments: &[&str], #[case] expected: &[&str]) {
    let run = program(arguments, &[]);
    let mut ok = run.with_result("ok");
    ok.sort_unstable();
    assert!(run.status == Some(0) && ok.len() == expected.len(), "{}", run.out);
    assert!(ok.iter().zip(expected).all(|(name, end)| name.ends_with(end)), "{}", run.out);
}

#[test]
#[ignore = "it builds and runs a test target"]
fn an_ignored_case_prints_its_reason_and_runs_on_request() {
    let id = "codedeploy/stop-deployment/unknown-id";
    let run = program(&["--exact", id], &[("HARNESS_ENDPOINT", "none")]);
    assert!(run.status == Some(0) && run.out.contains("ignored (takes too long here)"), "{}", run.out);
    for flag in ["--ignored", "--include-ignored"] {
        assert_eq!(program(&["--exact", id, flag], &[]).with_result("ok"), [id]);
    }
}

#[test]
#[ignore = "it builds and runs a test target"]
fn a_deviation_fails_its_own_test_alone_with_all_there_is_to_see_of_it() {
    let run = program(&USER_AGENTS, &[("HARNESS_ENDPOINT", "without-request-ids"), ("WIREPROOF_SEED", "7")]);
    assert_eq!(
        (run.status, run.with_result("FAILED").len(), run.with_result("ok").len()),
        (Some(101), 5, 0),
        "{}",
        run.out
    );
    assert!(run.out.contains("request-id  (SD-40, documented)"), "{}", run.out);
    let again = format!("rerun: WIREPROOF_SEED=7 cargo test --test harness_libtest -- --exact {ABSENT}\n");
    assert!(run.out.contains(&again), "{}", run.out);
}

#[test]
#[ignore = "it builds and runs a test target"]
fn an_endpoint_that_cannot_be_started_fails_every_test_and_one_that_is_given_needs_no_start() {
    let run = program(&USER_AGENTS, &[("HARNESS_ENDPOINT", "none")]);
    assert_eq!((run.status, run.with_result("FAILED").len()), (Some(101), 5));
    assert!(run.out.contains("the endpoint could not be started: no emulator here"), "{}", run.out);
    let panicked = program(&USER_AGENTS, &[("HARNESS_ENDPOINT", "panic")]);
    let why = "the endpoint could not be started: it panicked: the emulator has no port";
    assert!(panicked.status == Some(101) && panicked.out.contains(why), "{}", panicked.out);
    let gone = program(&["--exact", ABSENT], &[("WIREPROOF_ENDPOINT", "http://127.0.0.1:1")]);
    let what_to_do = "nothing listens at http://127.0.0.1:1\nhelp: start the endpoint there, or set WIREPROOF_ENDPOINT to its address";
    assert!(gone.status == Some(101) && gone.out.contains(what_to_do), "{}", gone.out);
    let (reference, _) = support::reference();
    let given =
        [("HARNESS_ENDPOINT", "none"), ("WIREPROOF_ENDPOINT", &*reference.endpoint()), ("RUST_TEST_THREADS", "1")];
    assert_eq!(program(&USER_AGENTS, &given).with_result("ok").len(), 5);
}

#[test]
#[ignore = "it builds and runs a test target"]
fn a_baseline_is_created_kept_and_compared_with_each_case() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("baseline.toml");
    let baseline = ("HARNESS_BASELINE", path.to_str().unwrap());
    let odd = [baseline, ("HARNESS_ENDPOINT", "without-request-ids")];
    assert!(program(&USER_AGENTS, &odd).err.contains("WIREPROOF_BASELINE_UPDATE=1 creates it"));
    let update = [&odd[..], &[("WIREPROOF_BASELINE_UPDATE", "1"), ("WIREPROOF_BASELINE_REASON", "we know")]].concat();
    // Like cargo-nextest: one process per test, concurrently.
    std::thread::scope(|scope| {
        for name in ["user-agent-absent", "user-agent#word", "user-agent#comment", "user-agent#browser"] {
            let update = &update;
            let id = format!("codedeploy/stop-deployment/{name}");
            scope.spawn(move || {
                let updated = program(&["--exact", &id], update);
                assert_eq!(updated.status, Some(0), "{}", updated.err);
                assert!(updated.err.contains(": 1 cause, "), "{}", updated.err);
            });
        }
    });
    let known = program(&["user-agent", "--skip", "signed"], &odd);
    assert_eq!((known.status, known.with_result("ok").len()), (Some(0), 4), "{}", known.out);
    assert!(known.err.contains(&format!("accepted: {ABSENT} deviates (response: we know)")), "{}", known.err);
    let new = program(&["signed-user-agent"], &odd);
    assert!(new.status == Some(101) && new.out.contains("a known cause grew"), "{}", new.out);
    assert!(new.out.contains("if the reason also holds for these cases, WIREPROOF_BASELINE_UPDATE=1"), "{}", new.out);
    let stale = program(&["--exact", ABSENT], &[baseline]);
    assert!(stale.status == Some(101) && stale.out.contains("a known cause shrank"), "{}", stale.out);
    let text = fs::read_to_string(&path).unwrap().replace("absent", "gone");
    fs::write(&path, text).unwrap();
    let gone = program(&["--exact", "baseline"], &odd);
    assert!(gone.status == Some(101) && gone.out.contains("do not exist"), "{}", gone.out);
}

#[test]
#[ignore = "it builds and runs a test target"]
fn own_snapshots_are_reviewed_like_those_of_insta() {
    let folder = tempfile::tempdir().unwrap();
    let own = ("HARNESS_SNAPSHOTS", folder.path().to_str().unwrap());
    let first = program(&["--exact", ABSENT], &[own]);
    assert!(first.status == Some(101) && first.out.contains("has no snapshot yet"), "{}", first.out);
    let pending = folder.path().join(format!("{ABSENT}.snap.new"));
    let snapshot = pending.with_extension("");
    fs::rename(&pending, &snapshot).unwrap();
    assert_eq!(program(&["--exact", ABSENT], &[own]).status, Some(0));
    fs::write(&snapshot, fs::read_to_string(&snapshot).unwrap().replace("\"status\": ", "\"status\": 1")).unwrap();
    let changed = program(&["--exact", ABSENT], &[own, ("CI", "1")]);
    assert!(changed.status == Some(101) && changed.out.contains("\n    -"), "{}", changed.out);
    assert!(changed.out.contains("differs from its snapshot") && !pending.exists(), "{}", changed.out);
    assert_eq!(program(&["--exact", ABSENT], &[own, ("INSTA_UPDATE", "always")]).status, Some(0));
    assert_eq!(program(&["--exact", ABSENT], &[own]).status, Some(0));
}
