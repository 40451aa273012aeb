//! The program as a regression gate: red on every way to differ from a baseline, each in its own words, and on nothing
//! else. The endpoint is a reference behind a proxy that changes one thing.

use std::{
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
    assert!(err(&output).contains("2 known, nothing differs"), "{}", err(&output));
    assert!(out(&output).contains("2 deviate"), "a baseline changes no count: {}", out(&output));
}

/// An entry of a baseline that nothing of it is true of.
fn strange_entry(case: &str) -> String {
    format!(
        "\n[[cause]]\nheadline = \"strange\"\nreason = \"r\"\nissue = \"#8\"\nrank = \"wire\"\nkind = \"wire\"\nscope = \"{case}\"\n\
         cases.\"json: x\" = [\"{case}\"]\n"
    )
}

#[rstest]
#[case::new(ODD, |text: String| text[..text.find("\n[[cause]]").unwrap()].to_owned(),
    "a new cause:  StopDeployment", "--baseline-update adds it", &["missing-id#{flag-alone,nothing}", "now  ", "< HTTP/1.1 400"])]
#[case::grown(ODD, |text: String| text.replacen("#{flag-alone,nothing}", "#nothing", 9),
    "a known cause grew", "adds them", &["missing-id#flag-alone", "reason:  names are made anew"])]
#[case::changed(Fault::Name("EvenException"), |text: String| text,
    "known cases respond differently", "accepts them", &["missing-id#{flag-alone,nothing}", "EvenException (400)", "OddException (400)"])]
#[case::crashes(Fault::Status(500), |text: String| text,
    "known cases respond differently", "accepts them", &["missing-id#"])]
#[case::expired(ODD, |text: String| text.replace("reason = ", "expires = \"2020-02-29\"\nissue = \"https://example.com/7\"\nreason = "),
    "an entry has expired", "give the entry a later day", &["accepted until:  2020-02-29", "issue:  https://example.com/7"])]
#[case::unexplained(ODD, |text: String| text.replacen("names are made anew, see the plan", "not yet looked at", 1),
    "an entry has no reason", "write its reason in the baseline", &["missing-id#{flag-alone,nothing}"])]
#[case::gone(Fault::None, |text: String| text,
    "a known cause is gone", "remove the entry", &["missing-id#{flag-alone,nothing}"])]
#[case::unknown_case(ODD, |text: String| text + &strange_entry("codedeploy/stop-deployment/gone"),
    "cases of an entry do not exist:  strange", "they were renamed or removed", &["codedeploy/stop-deployment/gone", "issue:  #8"])]
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
    let printed = out(&output);
    for expected in [words, advice].iter().chain(reported) {
        assert!(printed.contains(expected), "{expected}\n{printed}");
    }
    assert!(printed.lines().count() <= 40, "one regression fits a screen: {printed}");
    assert!(err(&output).contains("difference"), "{}", err(&output));
    // An update settles it, all but the day that is over.
    assert_status(&gate.run(&["--baseline-update", "--baseline-reason", "as it is"]), 0);
    let is_settled = i32::from(words.contains("expired") || words.contains("no reason"));
    assert_status(&gate.run(&[]), is_settled);
}

#[test]
fn every_format_has_the_differences() {
    let gate = Gate::accepting_odd_names();
    gate.proxy.set(Fault::Name("EvenException"));
    let formats = [("json", "known"), ("markdown", "### Baseline"), ("junit", "baseline"), ("github", "::error")];
    let to = |name: &str| format!("{name}={}", gate.path(name).display());
    let reports: Vec<String> = formats.iter().flat_map(|(name, _)| ["--report".to_owned(), to(name)]).collect();
    assert_status(&gate.run(&reports.iter().map(String::as_str).collect::<Vec<_>>()), 1);
    for (name, own) in formats {
        let text = fs::read_to_string(gate.path(name)).unwrap();
        for expected in [own, "EvenException (400)", "fix the endpoint; if the new responses are intended"] {
            assert!(text.contains(expected), "{name}: {expected}\n{text}");
        }
    }
    let report = report(&gate.path("json"));
    assert_eq!(report["baseline"]["differences"][0]["difference"], "changed", "{report}");
}

#[test]
fn a_baseline_of_an_older_version_says_how_to_replace_it() {
    let gate = Gate::accepting_odd_names();
    gate.edit(|_| "schema = \"wireproof/baseline/v1\"\n\n[[deviation]]\ncase = \"a\"\n".to_owned());
    let output = gate.run(&[]);
    assert_status(&output, 2);
    assert!(err(&output).contains("is a baseline of an older version"), "{}", err(&output));
    assert!(err(&output).contains("help: run once with --baseline-update"), "{}", err(&output));
    assert_status(&gate.run(&["--baseline-update", "--baseline-reason", "as it is"]), 0);
    assert_status(&gate.run(&[]), 0);
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
    assert!(err(&update).contains("0 added, 0 removed\n"), "{}", err(&update));
    let after = gate.baseline();
    assert!(after.contains("# Ours.\n") && after.contains("reason = 'we know' # since 1999\nissue = '#7'"), "{after}");
    assert_eq!(before.matches("#{flag-alone,nothing}").count(), 0);
    assert!(after.contains("#{flag-alone,nothing}"), "{after}");
    assert_status(&gate.run(&[]), 0);
    assert_status(&gate.run(&["--baseline-update"]), 0);
    assert_eq!(gate.baseline(), after, "an update of what is as it was changes no byte");
    fs::remove_file(gate.path("baseline.toml")).unwrap();
    let fresh = gate.run(&["--baseline-update"]);
    assert!(err(&fresh).contains("no reason yet, and fail"), "{}", err(&fresh));
    let red = gate.run(&[]);
    assert_status(&red, 1);
    assert!(out(&red).contains("an entry has no reason"), "{}", out(&red));
    gate.edit(|text| text.replace("not yet looked at", "we know that, too"));
    assert_status(&gate.run(&[]), 0);
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
            for name in ["duration_ms", "exchange", "baseline"] {
                members.remove(name);
            }
            members.values_mut().for_each(still);
        }
        Value::Array(items) => items.iter_mut().for_each(still),
        _ => {}
    }
}

#[test]
fn a_baseline_changes_the_exit_status_and_no_verdict_of_a_report() {
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
    assert!(gate.baseline().contains("codedeploy.StopDeployment/deploymentId/required/"), "{}", gate.baseline());
    assert_status(&probe(&[]), 0);
    // The ids of a case that is not selected, of an operation that is gone, and of a location that is gone.
    let ids = [
        "codedeploy.StopDeployment/deploymentId/type/array",
        "codedeploy.Gone/control",
        "codedeploy.StopDeployment/gone/x/y",
    ];
    gate.edit(|text| text + &ids.map(strange_entry).concat());
    let unknown = probe(&[]);
    assert_status(&unknown, 1);
    assert_eq!(out(&unknown).matches("cases of an entry do not exist").count(), 2, "{}", out(&unknown));
    let again = probe(&["--last-failed"]);
    assert!(out(&again).contains(" deviate"), "{}", out(&again));
    gate.proxy.set(Fault::None);
    assert!(out(&probe(&["--last-failed"])).contains("a known cause is gone"));
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
        assert_eq!(baseline.text_over("", "").unwrap(), text, "{} is as it would be written", file.display());
        entries += baseline.entries().len();
    }
    assert_eq!((files.len(), entries > 5), (2, true), "{entries}");
}
