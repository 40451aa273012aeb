//! The reference keeps the contract: one test per fixture, one snapshot per case.
//!
//! Every fixture is replayed, with all its rows, against a reference in this process. A case must conform, and its
//! observation must equal `snapshots/<service>/<operation>/<case>.snap`; a difference is written beside it for
//! `cargo insta review`. `WIREPROOF_TEST_SNAPSHOTS` names another folder instead of `snapshots`; then only the cases of
//! the fixture run. On request, all of them run over sockets, too.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::Duration,
};

use rstest::rstest;
use wireproof::internals::{
    judge::{snapshots::Snapshots, verdict::Verdict},
    run::judged_case::JudgedCase,
    suite::{Case, FixtureFiles},
};

use crate::support::{self, PACE, RUN, Run, SUITE, Virtual};

/// The variable with the folder that this process searches for snapshots.
const SNAPSHOTS: &str = "WIREPROOF_TEST_SNAPSHOTS";

#[rstest]
fn replays(
    #[base_dir = "fixtures"]
    #[files("*/*/*.yaml")]
    fixture: PathBuf,
) {
    let id = id_of(&fixture);
    let cases: Vec<Case> = SUITE.cases().into_iter().filter(|case| case.scenario.id == id).collect();
    let wanted = cases.len();
    let folder = env::var_os(SNAPSHOTS).map(PathBuf::from);
    let replayed: Vec<JudgedCase> = if folder.is_some() {
        Virtual::start().run(cases, PACE, Duration::ZERO).cases
    } else {
        RUN.cases.iter().filter(|case| case.case.scenario.id == id).cloned().collect()
    };
    assert!(wanted > 0 && replayed.len() == wanted, "{id} has {} of {wanted} cases", replayed.len());
    let broken: String = replayed.iter().filter(|case| !conforms(case)).map(support::describe).collect();
    assert!(broken.is_empty(), "\n{broken}");
    let folder = folder.unwrap_or_else(|| support::package().join("snapshots"));
    for case in &replayed {
        assert_snapshot(&folder, case);
    }
}

#[test]
#[ignore = "it waits as long as a real endpoint takes: minutes"]
fn every_case_is_observed_over_sockets_as_its_snapshot_says() {
    let (_reference, target) = support::reference();
    let runner = support::runner(target, PACE, Duration::from_secs(10));
    let run = Run::of(&runner, SUITE.cases(), Duration::from_secs(300));
    assert_eq!(run.ledger().conforms, SUITE.cases().len());
    let snapshots = Snapshots::new(FixtureFiles::bundled_snapshots());
    let differs = |case: &&JudgedCase| snapshots.get(&case.case.id) != Some(case.observation().text().as_str());
    let differ: Vec<&str> = run.cases.iter().filter(differs).map(|case| case.report.id.0.as_str()).collect();
    assert!(differ.is_empty(), "{differ:#?}");
}

fn conforms(case: &JudgedCase) -> bool {
    case.report.verdict == Verdict::Conforms
}

/// A fixture's path below `fixtures`, without its ending.
fn id_of(fixture: &Path) -> String {
    let below = fixture.strip_prefix(support::package().join("fixtures")).unwrap().with_extension("");
    below.components().map(|part| part.as_os_str().to_str().unwrap()).collect::<Vec<_>>().join("/")
}

fn assert_snapshot(folder: &Path, finished: &JudgedCase) {
    let (place, name) = finished.report.id.0.rsplit_once('/').unwrap();
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(folder.join(place));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_description(finished.report.title.as_str());
    settings.bind(|| insta::assert_snapshot!(name, finished.observation().text()));
}

#[test]
fn every_fixture_has_its_test() {
    let expanded = tests_of_this_binary();
    let files = support::files_below(&support::package().join("fixtures"), ".yaml");
    let fixtures = files.iter().filter(|path| path.components().count() == 3).count();
    assert!(fixtures > 100, "only {fixtures} fixtures were found");
    assert_eq!(
        expanded.len(),
        fixtures,
        "the tests are those of other fixtures: touch tests/integration/conformance.rs"
    );
}

#[test]
fn every_case_has_its_snapshot_and_every_snapshot_its_case() {
    let snapshots = Snapshots::new(FixtureFiles::folder(&support::package().join("snapshots")).unwrap());
    let (orphaned, missing) = snapshots.misfits(&SUITE.cases());
    assert!(orphaned.is_empty(), "snapshots of no case: {orphaned:#?}");
    assert!(missing.is_empty(), "cases without a snapshot: {missing:#?}");
}

#[test]
fn compiled_in_files_equal_those_in_the_folders() {
    for (compiled, folder) in
        [(FixtureFiles::bundled_fixtures(), "fixtures"), (FixtureFiles::bundled_snapshots(), "snapshots")]
    {
        let on_disk = FixtureFiles::folder(&support::package().join(folder)).unwrap();
        let differ: Vec<&str> =
            on_disk.iter().filter(|(path, text)| compiled.get(path) != Some(*text)).map(|(path, _)| path).collect();
        assert!(differ.is_empty(), "{folder} was not compiled anew: {differ:?}");
        assert_eq!(compiled.iter().count(), on_disk.iter().count(), "{folder} holds fewer files than are compiled in");
    }
}

#[test]
fn a_changed_observation_fails_and_leaves_a_pending_snapshot() {
    let id = "codedeploy/stop-deployment/unknown-id";
    let own = support::package().join(format!("snapshots/{id}.snap"));
    let snapshot = fs::read_to_string(&own).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join(format!("{id}.snap"));
    fs::create_dir_all(copy.parent().unwrap()).unwrap();

    fs::write(&copy, &snapshot).unwrap();
    let output = replay_alone(id, folder.path());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(support::files_below(folder.path(), "").len(), 1, "a snapshot that holds leaves nothing behind");

    let changed = snapshot.replace("DeploymentDoesNotExistException", "DeploymentIsGoneException");
    assert_ne!(changed, snapshot);
    fs::write(&copy, &changed).unwrap();
    let output = replay_alone(id, folder.path());
    assert!(!output.status.success(), "a changed observation passes");
    let pending = fs::read_to_string(copy.with_extension("snap.new")).expect("a pending snapshot");
    let (head, body) = pending.strip_prefix("---\n").unwrap().split_once("\n---\n").unwrap();
    assert!(snapshot.ends_with(body), "what is pending is not what was observed:\n{body}");
    assert!(head.contains("source: tests/integration/conformance.rs") && head.contains("description: "), "{head}");
    assert_eq!(fs::read_to_string(&copy).unwrap(), changed, "the snapshot itself was written");
    assert_eq!(fs::read_to_string(&own).unwrap(), snapshot);
}

/// The test of one fixture, in a process of its own, with other snapshots.
fn replay_alone(id: &str, snapshots: &Path) -> Output {
    let wanted = format!("{}_yaml", id.replace(['/', '-'], "_"));
    let tests = tests_of_this_binary();
    let test = tests.iter().find(|name| name.ends_with(&wanted)).unwrap_or_else(|| panic!("no {wanted}: {tests:#?}"));
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", test]).env(SNAPSHOTS, snapshots).env("INSTA_UPDATE", "new").env_remove("CI");
    command.env_remove("INSTA_FORCE_PASS").output().unwrap()
}

/// The names of the tests that `rstest` made of fixtures.
fn tests_of_this_binary() -> Vec<String> {
    let output = Command::new(env::current_exe().unwrap()).args(["--list", "--format", "terse"]).output().unwrap();
    let list = String::from_utf8(output.stdout).unwrap();
    let names = list.lines().filter_map(|line| line.strip_suffix(": test"));
    names.filter(|name| name.starts_with("conformance::replays::")).map(str::to_owned).collect()
}
