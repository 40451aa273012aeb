//! A run is split into seven processes against one reference and merged again: the result equals that of one run.
//! Reports that are not one complete run are rejected.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::LazyLock,
    thread,
};

use rstest::rstest;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::program::{Served, assert_status, ended, err, out, program, report, run};

const SHARDS: usize = 7;

/// Runs every shard at once.
fn shards(folder: &Path, command: impl Fn(&str) -> Command + Sync) -> Vec<PathBuf> {
    let path = |index: usize| folder.join(format!("shard-{index}.json"));
    thread::scope(|scope| {
        let runs: Vec<_> = (1..=SHARDS)
            .map(|index| {
                let mut command = command(&format!("{index}/{SHARDS}"));
                command.arg("--report").arg(format!("json={}", path(index).display()));
                scope.spawn(move || ended(command))
            })
            .collect();
        for run in runs {
            assert_status(&run.join().unwrap(), 0);
        }
    });
    (1..=SHARDS).map(path).collect()
}

/// A whole run, and all shards of the same, each of the two against a reference of its own: one seed makes one set of
/// names, and what was made with them is there afterwards.
fn both(folder: &Path, command: &[&str]) -> (PathBuf, Vec<PathBuf>) {
    let (whole, served) = (folder.join("whole.json"), [Served::start(), Served::start()]);
    let common = |served: &Served, more: &[&str]| {
        let target = ["--endpoint", &served.endpoint, "--as-reference", "--name", "x", "--seed", "7"];
        program(&[command, &target, more].concat())
    };
    assert_status(&ended(common(&served[0], &["--report", &format!("json={}", whole.display())])), 0);
    let reports = shards(folder, |shard| common(&served[1], &["--shard", shard]));
    (whole, reports)
}

fn merge(reports: &[PathBuf], more: &[&str]) -> Output {
    let files: Vec<&str> = reports.iter().map(|path| path.to_str().unwrap()).collect();
    run(&[&["merge"], &files[..], more].concat())
}

/// Asserts that two reports are equal, except for times and the address of the endpoint.
#[track_caller]
fn assert_same(merged: &Value, whole: &Value) {
    let parts = ["tool", "suite", "seed", "selection", "shard", "interrupted", "ledger", "presence", "coverage"];
    for part in parts {
        assert_eq!(merged[part], whole[part], "{part}");
    }
    // The number of judgements of a requirement depends on which of several valid responses was sent.
    let outcomes = |report: &Value| {
        let requirements = report["requirements"].as_array().unwrap().iter();
        requirements.map(|requirement| (requirement["id"].clone(), requirement["outcome"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(outcomes(merged), outcomes(whole));
    assert_eq!(ids(merged), ids(whole));
    let cases = |report: &Value| -> Vec<Value> {
        report["cases"].as_array().unwrap().iter().map(|case| with_result(case, report)).collect()
    };
    for (one, other) in cases(merged).iter().zip(&cases(whole)) {
        for part in ["verdict", "title", "cites", "position"] {
            assert_eq!(one[part], other[part], "{part} of {}", one["id"]);
        }
        let codes = |case: &Value| {
            case["findings"].as_array().unwrap().iter().map(|found| found["code"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(codes(one), codes(other), "{}", one["id"]);
    }
}

/// A case with the members of the result that it shares.
fn with_result(case: &Value, report: &Value) -> Value {
    let mut case = case.clone();
    if let Some(index) = case["result"].as_u64() {
        let result = report["results"][usize::try_from(index).unwrap()].as_object().unwrap().clone();
        case.as_object_mut().unwrap().extend(result);
    }
    case
}

fn ids(report: &Value) -> Vec<String> {
    report["cases"].as_array().unwrap().iter().map(|case| case["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
#[ignore = "a full run takes a minute without optimisation"]
fn seven_processes_give_the_result_of_one() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, reports) = both(folder.path(), &["run", "-j", "4"]);
    let sizes: Vec<usize> = reports.iter().map(|path| ids(&report(path)).len()).collect();
    let merged = folder.path().join("merged.json");
    let output = merge(&reports, &["--report", &format!("json={}", merged.display())]);
    assert_status(&output, 0);
    let (whole, merged) = (report(&whole), report(&merged));
    assert_eq!(ids(&merged).len(), sizes.iter().sum::<usize>());
    assert!(sizes.iter().all(|size| *size > 0), "{sizes:?}");
    assert_same(&merged, &whole);
    for (at, requirement) in merged["requirements"].as_array().unwrap().iter().enumerate() {
        for count in ["met", "violated"] {
            let sum: u64 = reports.iter().map(|path| report(path)["requirements"][at][count].as_u64().unwrap()).sum();
            assert_eq!(requirement[count], json!(sum), "{count} of {}", requirement["id"]);
        }
    }
    let schema: Value = serde_json::from_str(wireproof::internals::report::REPORT_SCHEMA).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    for document in reports.iter().map(|path| report(path)).chain([merged]) {
        let problems: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
        assert_eq!(problems, Vec::<String>::new());
    }
    // Rows stay with their scenario.
    let of: Vec<BTreeSet<String>> =
        reports.iter().map(|path| ids(&report(path)).iter().map(|id| scenario(id)).collect()).collect();
    let scenarios: BTreeSet<&String> = of.iter().flatten().collect();
    assert_eq!(scenarios.len(), of.iter().map(BTreeSet::len).sum::<usize>());
}

fn scenario(id: &str) -> String {
    id.split('#').next().unwrap_or(id).to_owned()
}

#[test]
fn shards_of_probes_give_the_result_of_one_run() {
    let folder = tempfile::tempdir().unwrap();
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/codedeploy/model.json");
    let few = ["--max-per-operation", "6", "--probes", "required,length,type,enum,legal", "--allow", "blocked"];
    let (whole, reports) = both(folder.path(), &[&["probe", "--model", model][..], &few].concat());
    let merged = folder.path().join("merged.json");
    assert_status(&merge(&reports, &["--report", &format!("json={}", merged.display()), "--allow", "blocked"]), 0);
    let merged = report(&merged);
    assert_same(&merged, &report(&whole));
    assert!(merged["coverage"]["constraints"]["judged"].as_u64().unwrap() > 10, "{}", merged["coverage"]);
    for shard in reports.iter().map(|path| report(path)) {
        let ids: BTreeSet<String> = ids(&shard).into_iter().collect();
        let operation = |id: &String| id.split('/').next().unwrap().to_owned();
        let controls = ids.iter().map(|id| format!("{}/control", operation(id)));
        assert!(controls.clone().all(|control| ids.contains(&control)), "a probe without its control: {ids:?}");
    }
}

/// Reports of three shards of a few cases, made once.
static REPORTS: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    (1..=3).for_each(|index| shard_to(&folder.path().join(format!("{index}.json")), &format!("{index}/3"), &SEED));
    folder
});

/// Runs a shard of the few cases.
fn shard_to(path: &Path, shard: &str, more: &[&str]) {
    let to = format!("json={}", path.display());
    assert_status(&run(&[&FEW[..], &["--shard", shard, "--report", &to], more].concat()), 0);
}

/// A copy of the reports, for one test.
struct Parts {
    folder: TempDir,
    paths: Vec<PathBuf>,
}

const FEW: [&str; 3] = ["run", "codedeploy/stop-deployment/missing-id", "codedeploy/stop-deployment/malformed-id"];

const SEED: [&str; 2] = ["--seed", "7"];

impl Parts {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let copy = |name: String| {
            let path = folder.path().join(&name);
            fs::copy(REPORTS.path().join(name), &path).unwrap();
            path
        };
        let paths = (1..=3).map(|index| copy(format!("{index}.json"))).collect();
        Self { folder, paths }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs another shard.
    fn shard(&self, name: &str, shard: &str, more: &[&str]) -> PathBuf {
        shard_to(&self.path(name), shard, more);
        self.path(name)
    }

    /// Changes a report of a shard that has cases.
    fn change(&self, change: impl FnOnce(&mut Value)) {
        let path = self.paths.iter().find(|path| !ids(&report(path)).is_empty()).unwrap();
        let mut value = report(path);
        change(&mut value);
        fs::write(path, value.to_string()).unwrap();
    }
}

fn drop_a_case(report: &mut Value) {
    let cases = report["cases"].as_array_mut().unwrap();
    assert_eq!(cases.pop().unwrap()["verdict"], "conforms");
    let left = json!(cases.len());
    report["ledger"]["selected"] = left.clone();
    report["ledger"]["conforms"] = left;
}

#[rstest]
#[case::missing(|parts: &mut Parts| drop(parts.paths.remove(1)), "of 3 shards, shard 2 is missing")]
#[case::twice(|parts: &mut Parts| parts.paths.push(parts.paths[0].clone()), "shard 1/3 is given twice")]
#[case::other_total(|parts: &mut Parts| parts.paths[1] = parts.shard("x", "2/4", &["--seed", "7"]), "the number of shards 4")]
#[case::seed(|parts: &mut Parts| parts.paths[1] = parts.shard("x", "2/3", &["--seed", "8"]), "give every shard the same --seed")]
#[case::region(|parts: &mut Parts| parts.paths[1] = parts.shard("x", "2/3", &["--seed", "7", "--region", "eu-west-2"]), "the region eu-west-2")]
#[case::selection(
    |parts: &mut Parts| parts.paths[1] = parts.shard("x", "2/3", &["--seed", "7", "--exclude", "*#nothing"]),
    "give every shard the same flags of selection"
)]
#[case::suite(|parts: &mut Parts| parts.change(|report| report["suite"]["digest"] = json!("0")), "run every shard with the same")]
#[case::dropped(|parts: &mut Parts| parts.change(drop_a_case), "of the shards are not the")]
#[case::dropped_without_care(
    |parts: &mut Parts| parts.change(|report| drop(report["cases"].as_array_mut().unwrap().pop())),
    "the ledger counts"
)]
#[case::renamed(
    |parts: &mut Parts| parts.change(|report| report["cases"][0]["id"] = json!("codedeploy/stop-deployment/unknown-id")),
    "codedeploy/stop-deployment/unknown-id"
)]
#[case::verdict(
    |parts: &mut Parts| parts.change(|report| report["cases"][0]["verdict"] = json!("blocked")),
    "the ledger counts"
)]
#[case::no_report(|parts: &mut Parts| fs::write(&parts.paths[0], "{}").unwrap(), "is not a JSON report of wireproof")]
#[case::no_file(|parts: &mut Parts| parts.paths.push(parts.path("nowhere.json")), "cannot read")]
fn reports_that_are_not_one_complete_run_are_rejected(#[case] spoil: fn(&mut Parts), #[case] says: &str) {
    let mut parts = Parts::new();
    spoil(&mut parts);
    let output = merge(&parts.paths, &[]);
    assert_status(&output, 2);
    assert!(err(&output).contains(says), "{}", err(&output));
    assert_eq!(out(&output), "", "rejected reports produce no output");
}

#[test]
fn a_merge_ends_as_the_whole_run_would_have() {
    let parts = Parts::new();
    assert_status(&merge(&parts.paths, &[]), 0);
    parts.change(|report| {
        report["cases"][0]["verdict"] = json!("deviates");
        report["cases"][0]["findings"] = json!([{ "code": "body-format", "severity": "error", "evidence": "documented", "step": 1,
            "role": "step", "pointer": "", "expected": "x", "actual": "y", "cites": [] }]);
        report["ledger"]["deviates"] = json!(1);
        report["ledger"]["conforms"] = json!(report["ledger"]["conforms"].as_u64().unwrap() - 1);
    });
    let red = merge(&parts.paths, &[]);
    assert_status(&red, 1);
    assert!(out(&red).contains("1 deviate"), "{}", out(&red));
    let baseline = parts.path("baseline.toml").display().to_string();
    let accept = ["--baseline", &baseline, "--baseline-update", "--baseline-reason", "we know"];
    assert_status(&merge(&parts.paths, &accept), 0);
    let known = merge(&parts.paths, &["--baseline", &baseline]);
    assert_status(&known, 0);
    assert!(err(&known).contains("1 known, nothing differs"), "{}", err(&known));
}

#[test]
fn an_empty_shard_passes_and_an_empty_selection_fails() {
    let one = "codedeploy/stop-deployment/missing-id#nothing";
    let statuses: Vec<Option<i32>> = (1..=3)
        .map(|index| {
            let shard = format!("{index}/3");
            let output = run(&["run", one, "--seed", "1", "--shard", &shard]);
            let reported = format!("shard {shard} has none of the 1 selected cases");
            assert_eq!(err(&output).contains(&reported), out(&output).contains("0 cases selected"), "{}", err(&output));
            output.status.code()
        })
        .collect();
    assert_eq!(statuses, [Some(0); 3]);
    assert_status(&run(&["run", "--filter", "nothing-like-that", "--seed", "1", "--shard", "1/3"]), 3);
    let listed = (1..=3).map(|index| out(&run(&["list", one, "--shard", &format!("{index}/3")])).lines().count());
    assert_eq!(listed.sum::<usize>(), 1);
}

#[test]
fn the_shard_is_taken_from_the_environment_and_a_run_of_shards_needs_a_seed() {
    let auto = |variables: &[(&str, &str)], more: &[&str]| {
        let mut command = program(&[&["run", FEW[1], "--shard", "auto"], more].concat());
        command.envs(variables.iter().copied());
        ended(command)
    };
    let folder = tempfile::tempdir().unwrap();
    let (path, sign) = (folder.path().join("r.json"), folder.path().join("sign"));
    let to = format!("json={}", path.display());
    let bazel =
        [("TEST_SHARD_INDEX", "2"), ("TEST_TOTAL_SHARDS", "3"), ("TEST_SHARD_STATUS_FILE", sign.to_str().unwrap())];
    assert_status(&auto(&bazel, &["--seed", "1", "--report", &to]), 0);
    assert_eq!(report(&path)["shard"], json!({ "index": 3, "total": 3 }));
    assert!(sign.exists(), "Bazel is told that shards are known here");
    let unseeded = auto(&bazel, &[]);
    assert_status(&unseeded, 2);
    assert!(err(&unseeded).contains("--shard needs --seed N\nhelp: pass the same seed"), "{}", err(&unseeded));
    let unknown = auto(&[("GITHUB_ACTIONS", "true")], &["--seed", "1"]);
    assert_status(&unknown, 2);
    assert!(
        err(&unknown).contains("CI_NODE_INDEX/CI_NODE_TOTAL") && err(&unknown).contains("GitHub"),
        "{}",
        err(&unknown)
    );
}
