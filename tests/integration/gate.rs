//! The program as a regression gate: red on every way to differ from a baseline, each in its own words, and on nothing
//! else. The endpoint is a reference behind a proxy that changes one thing.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use rstest::rstest;
use serde_json::Value;
use tempfile::TempDir;

use wireproof::internals::gate::baseline::Baseline;

use crate::support::{
    self,
    program::{Fault, Proxy, assert_status, ended, err, out, program, report},
};

/// Two cases that each see one rejection.
const CASES: [&str; 2] =
    ["codedeploy/stop-deployment/missing-id#flag-alone", "codedeploy/stop-deployment/missing-id#nothing"];

const ODD: Fault = Fault::Name("OddException");

/// One endpoint and one baseline.
struct Gate {
    proxy: Proxy,
    folder: TempDir,
}

impl Gate {
    fn new() -> Self {
        Self { proxy: Proxy::start(), folder: tempfile::tempdir().unwrap() }
    }

    /// A gate whose baseline accepts that the names of errors are odd, for a reason.
    fn accepting_odd_names() -> Self {
        let gate = Self::new();
        gate.proxy.set(ODD);
        assert_status(&gate.run(&["--baseline-update", "--baseline-reason", "names are made anew, see the plan"]), 0);
        gate
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn baseline(&self) -> String {
        fs::read_to_string(self.path("baseline.toml")).unwrap()
    }

    fn edit(&self, edit: impl FnOnce(String) -> String) {
        fs::write(self.path("baseline.toml"), edit(self.baseline())).unwrap();
    }

    /// Runs both cases against the baseline.
    fn run(&self, more: &[&str]) -> Output {
        self.run_cases(&CASES, more)
    }

    fn run_cases(&self, cases: &[&str], more: &[&str]) -> Output {
        let baseline = self.path("baseline.toml").display().to_string();
        self.command(cases, &[&["--baseline", &baseline], more].concat())
    }

    fn command(&self, cases: &[&str], more: &[&str]) -> Output {
        let common = ["run", "--endpoint", &self.proxy.endpoint, "--as-reference", "--seed", "1"];
        let mut command = program(&[&common[..], cases, more].concat());
        command.env("WIREPROOF_NAME", "x").env("WIREPROOF_STATE", self.path("state.json"));
        ended(command)
    }
}

#[test]
fn known_deviations_do_not_fail_the_run() {
    let gate = Gate::accepting_odd_names();
    let output = gate.run(&[]);
    assert_status(&output, 0);
    assert!(err(&output).contains("4 known, nothing differs"), "{}", err(&output));
    assert!(out(&output).contains("2 deviate"), "a baseline changes no count: {}", out(&output));
}

#[rstest]
#[case::new(ODD, |text: String| text[..text.rfind("\n[[deviation]]").unwrap()].to_owned(),
    "new deviation (1)", "--baseline-update adds it", &["#nothing (error-identity)", "got OddException (400)"])]
#[case::changed(Fault::Name("EvenException"), |text: String| text,
    "deviates differently than the baseline says (2)", "accepts it", &["got EvenException (400)", "reason: names are made anew"])]
#[case::replaced(Fault::Status(500), |text: String| text,
    "this check no longer finds anything, but another one does (4)", "removes this entry", &["(error-identity)", "found now: control, error-status"])]
#[case::expired(ODD, |text: String| text.replace("reason = ", "expires = \"2020-02-29\"\nissue = \"https://example.com/7\"\nreason = "),
    "the entry has expired (4)", "give the entry a later day", &["accepted until 2020-02-29", "issue: https://example.com/7"])]
#[case::unexplained(ODD, |text: String| text.replacen("names are made anew, see the plan", "seen when the baseline was made, not yet looked at", 1),
    "the entry has no reason (1)", "write its reason in the baseline", &["#flag-alone (declared-error)"])]
#[case::stale(Fault::None, |text: String| text,
    "no longer deviates (4)", "remove the entry", &["#flag-alone (error-identity)", "#nothing (error-identity)"])]
#[case::unknown_case(ODD, |text: String| text + "\n[[deviation]]\ncase = \"codedeploy/stop-deployment/gone\"\ncode = \"json\"\nfingerprint = \"0\"\nreason = \"r\"\nissue = \"#8\"\n",
    "no case has this id (1)", "it was renamed or removed", &["codedeploy/stop-deployment/gone (json)", "issue: #8"])]
fn each_way_to_differ_is_red_in_its_own_words(
    #[case] fault: Fault,
    #[case] edit: fn(String) -> String,
    #[case] words: &str,
    #[case] advice: &str,
    #[case] reported: &[&str],
) {
    let gate = Gate::accepting_odd_names();
    gate.proxy.set(fault);
    gate.edit(edit);
    let output = gate.run(&[]);
    assert_status(&output, 1);
    for expected in [words, advice].iter().chain(reported) {
        assert!(err(&output).contains(expected), "{expected}\n{}", err(&output));
    }
    // An update settles it, all but the day that is over.
    assert_status(&gate.run(&["--baseline-update", "--baseline-reason", "as it is"]), 0);
    let is_settled = i32::from(words.contains("expired") || words.contains("no reason"));
    assert_status(&gate.run(&[]), is_settled);
}

#[test]
fn entries_of_cases_that_were_not_judged_are_not_stale() {
    let gate = Gate::accepting_odd_names();
    gate.proxy.set(Fault::None);
    let filtered = gate.run_cases(&["codedeploy/stop-deployment/unknown-id"], &[]);
    assert_status(&filtered, 0);
    let sharded = gate.run(&["--shard", "1/1000000"]);
    assert_status(&sharded, 0);
    gate.proxy.set(Fault::Silence);
    let silent = gate.run(&["--allow", "inconclusive"]);
    // No case conforms, so that the run is not green, but no entry is stale.
    assert_status(&silent, 3);
    assert!(err(&silent).contains("0 known, nothing differs"), "{}", err(&silent));
    assert_status(&gate.run(&[]), 3);
}

#[test]
fn an_update_keeps_edits_and_lists_entries_without_a_reason() {
    let gate = Gate::new();
    gate.proxy.set(ODD);
    assert_status(&gate.run_cases(&CASES[..1], &["--baseline-update", "--baseline-reason", "we know"]), 0);
    gate.edit(|text| {
        format!("# Ours.\n{}", text.replace("reason = \"we know\"", "reason = 'we know' # since 1999\nissue = '#7'"))
    });
    let before = gate.baseline();
    let update = gate.run(&["--baseline-update"]);
    assert_status(&update, 0);
    assert!(
        err(&update)
            .contains("4 entries, 2 added, 0 removed; 2 have no reason yet, and fail the run until they have one"),
        "{}",
        err(&update)
    );
    let after = gate.baseline();
    let added: BTreeSet<&str> = after.lines().filter(|line| !before.lines().any(|known| known == *line)).collect();
    assert_eq!(added.len(), 2, "entries that are alike but for their case and their reason: {added:?}");
    assert!(before.lines().all(|line| after.lines().any(|kept| kept == line)), "{after}");
    let red = gate.run(&[]);
    assert_status(&red, 1);
    assert!(err(&red).contains("the entry has no reason (2)"), "{}", err(&red));
    gate.edit(|text| text.replace("seen when the baseline was made, not yet looked at", "we know that, too"));
    assert_status(&gate.run(&[]), 0);
    let same = gate.baseline();
    assert_status(&gate.run(&["--baseline-update"]), 0);
    assert_eq!(gate.baseline(), same, "an update of what is as it was changes no byte");
    assert_eq!(names(gate.folder.path()), ["baseline.toml", "state.json", "state.lock"]);
}

fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// A report without times and ids that the endpoint makes.
fn steady(path: &Path) -> String {
    let mut value = report(path);
    still(&mut value);
    value.to_string()
}

fn still(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for name in ["duration_ms", "exchange"] {
                members.remove(name);
            }
            members.values_mut().for_each(still);
        }
        Value::Array(items) => items.iter_mut().for_each(still),
        _ => {}
    }
}

#[test]
fn a_baseline_changes_the_exit_status_and_no_byte_of_a_report() {
    let gate = Gate::accepting_odd_names();
    let to = |name: &str| format!("json={}", gate.path(name).display());
    assert_status(&gate.command(&CASES, &["--report", &to("without.json")]), 1);
    assert_status(&gate.run(&["--report", &to("with.json")]), 0);
    gate.proxy.set(Fault::None);
    assert_status(&gate.run(&["--report", &to("red.json")]), 1);
    assert_status(&gate.command(&CASES, &["--report", &to("conforms.json")]), 0);
    assert_eq!(steady(&gate.path("with.json")), steady(&gate.path("without.json")));
    assert_eq!(steady(&gate.path("red.json")), steady(&gate.path("conforms.json")));
}

#[test]
fn an_invalid_baseline_is_reported_before_the_first_request() {
    let gate = Gate::accepting_odd_names();
    gate.edit(|text| text.replacen("reason = ", "raeson = ", 1));
    let report = format!("json={}", gate.path("report.json").display());
    let output = gate.run(&["--report", &report]);
    assert_status(&output, 2);
    assert!(err(&output).contains("unknown field `raeson`") && !gate.path("report.json").exists(), "{}", err(&output));
}

#[test]
fn failed_cases_run_again_until_none_is_left() {
    let gate = Gate::new();
    gate.proxy.set(ODD);
    let first = gate.command(&CASES, &["--last-failed"]);
    assert_status(&first, 1);
    assert!(err(&first).contains("no earlier run against x is known: everything runs"), "{}", err(&first));
    gate.proxy.set(Fault::None);
    assert_status(&gate.command(&CASES[..1], &[]), 0);
    let second = gate.command(&CASES, &["--last-failed"]);
    assert_status(&second, 0);
    assert!(out(&second).contains("1 case selected = 1 conform"), "what conforms by now is left out: {}", out(&second));
    let third = gate.command(&CASES, &["--last-failed"]);
    assert_status(&third, 0);
    assert!(err(&third).contains("nothing to run: all 2 selected cases conformed"), "{}", err(&third));
    let other = gate.command(&CASES, &["--last-failed", "--name", "y"]);
    assert!(out(&other).contains("2 cases selected"), "another target: {}", out(&other));
}

#[test]
fn open_cases_of_a_report_run_again_with_the_missing_ones() {
    let gate = Gate::new();
    let path = gate.path("report.json").display().to_string();
    let to = format!("json={path}");
    assert_status(&gate.command(&CASES[..1], &["--report", &to]), 0);
    let rest = gate.command(&CASES, &["--since", &path]);
    assert_status(&rest, 0);
    assert!(out(&rest).contains("1 case selected = 1 conform"), "what it does not have runs: {}", out(&rest));
    gate.proxy.set(ODD);
    assert_status(&gate.command(&CASES, &["--report", &to]), 1);
    gate.proxy.set(Fault::None);
    assert!(out(&gate.command(&CASES, &["--since", &path])).contains("2 cases selected = 2 conform"));
    assert_status(&gate.command(&CASES, &["--report", &to]), 0);
    let nothing = gate.command(&CASES, &["--since", &path]);
    assert_status(&nothing, 0);
    assert!(err(&nothing).contains("nothing to run"), "{}", err(&nothing));
    let broken = gate.command(&CASES, &["--since", "Cargo.toml"]);
    assert_status(&broken, 2);
    assert!(err(&broken).contains("Cargo.toml is not a JSON report of wireproof"), "{}", err(&broken));
    assert_status(&gate.command(&CASES, &["--since", &path, "--last-failed"]), 2);
}

const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/codedeploy/model.json");

#[test]
fn probes_have_a_gate_and_a_memory_of_the_same_kind() {
    let gate = Gate::new();
    gate.proxy.set(ODD);
    let baseline = gate.path("baseline.toml").display().to_string();
    let probe = |more: &[&str]| {
        let common = ["probe", "--model", MODEL, "--endpoint", &gate.proxy.endpoint, "--as-reference", "--seed", "1"];
        let few = ["--operation", "StopDeployment", "--probes", "required", "--baseline", &baseline];
        let mut command = program(&[&common[..], &few, more].concat());
        command.env("WIREPROOF_STATE", gate.path("state.json"));
        ended(command)
    };
    assert_status(&probe(&["--baseline-update", "--baseline-reason", "we know"]), 0);
    assert!(gate.baseline().contains("codedeploy.StopDeployment/deploymentId/required/absent"), "{}", gate.baseline());
    assert_status(&probe(&[]), 0);
    let gone =
        |id: &str| format!("\n[[deviation]]\ncase = \"{id}\"\ncode = \"json\"\nfingerprint = \"0\"\nreason = \"r\"\n");
    // The ids of a case that is not selected, of an operation that is gone, and of a location that is gone.
    let ids = [
        "codedeploy.StopDeployment/deploymentId/type/array",
        "codedeploy.Gone/control",
        "codedeploy.StopDeployment/gone/x/y",
    ];
    gate.edit(|text| text + &ids.map(gone).concat());
    let unknown = probe(&[]);
    assert_status(&unknown, 1);
    assert!(err(&unknown).contains("no case has this id (2)"), "{}", err(&unknown));
    let again = probe(&["--last-failed"]);
    assert!(out(&again).contains(" deviate"), "{}", out(&again));
    gate.proxy.set(Fault::None);
    assert!(err(&probe(&["--last-failed"])).contains("no longer deviates"));
    assert!(err(&probe(&["--last-failed"])).contains("nothing to run"));
}

#[test]
fn every_baseline_of_this_repository_is_read_and_says_why() {
    let folder = support::package().join("docs/endpoints");
    let files = support::files_below(&folder, ".toml");
    let mut entries = 0;
    for file in &files {
        let text = fs::read_to_string(folder.join(file)).unwrap();
        let baseline = Baseline::read(&file.display().to_string(), &text).unwrap();
        assert_eq!(baseline.unexplained(), 0, "{}", file.display());
        assert_eq!(baseline.text(), text, "{} is as it would be written", file.display());
        entries += baseline.len();
    }
    assert_eq!((files.len(), entries > 30), (2, true), "{entries}");
}
