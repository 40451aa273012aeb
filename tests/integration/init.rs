//! `wireproof init`, in folders as its users have them.

use std::{fs, path::Path, process::Output};

use crate::support::{
    self,
    program::{Served, assert_status, ended, err, out, program},
};
use rstest::rstest;
use tempfile::TempDir;

const MANIFEST: &str = "[package]\nname = \"emulator\" # of a day\nversion = \"0.1.0\"\nedition = \"2024\"\n";

fn in_folder(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = program(arguments);
    command.current_dir(folder);
    ended(command)
}

fn package() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("Cargo.toml"), MANIFEST).unwrap();
    folder
}

/// Every file below a folder, with its text.
fn files(folder: &Path) -> Vec<(String, String)> {
    let paths = support::files_below(folder, "");
    paths.iter().map(|path| (path.display().to_string(), fs::read_to_string(folder.join(path)).unwrap())).collect()
}

fn names(folder: &Path) -> Vec<String> {
    files(folder).into_iter().map(|(name, _)| name).collect()
}

#[test]
fn a_package_gets_a_test_a_config_a_baseline_and_a_job() {
    let folder = package();
    let output = in_folder(folder.path(), &["init", "--operation", "StopDeployment"]);
    assert_status(&output, 0);
    assert_eq!(
        names(folder.path()),
        [
            ".config/wireproof.toml",
            ".github/workflows/wireproof.yml",
            "Cargo.toml",
            "tests/baseline.toml",
            "tests/conformance.rs"
        ]
    );
    assert!(
        out(&output).ends_with("http://127.0.0.1:4566 and run: cargo test --test conformance\n"),
        "{}",
        out(&output)
    );
    let manifest = fs::read_to_string(folder.path().join("Cargo.toml")).unwrap();
    assert!(manifest.starts_with(MANIFEST), "{manifest}");
    let read: toml::Table = manifest.parse().unwrap();
    assert_eq!(read["test"][0]["harness"].as_bool(), Some(false));
}

#[test]
fn a_folder_of_another_language_gets_no_test() {
    let folder = tempfile::tempdir().unwrap();
    assert_status(&in_folder(folder.path(), &["init", "--ci", "gitlab"]), 0);
    assert_eq!(names(folder.path()), [".gitlab/wireproof.yml", "conformance.toml"]);
    let job = fs::read_to_string(folder.path().join(".gitlab/wireproof.yml")).unwrap();
    assert!(job.contains("wireproof run --endpoint http://127.0.0.1:4566 --baseline conformance.toml "), "{job}");
}

#[rstest]
#[case::any(&[], &[".github/workflows/wireproof.yml", "probes/sqs.toml", "probes/ssm.toml"], "--baseline-update")]
#[case::rust(
    &["--language", "rust"],
    &[".github/workflows/wireproof.yml", "Cargo.toml", "tests/probes/sqs.toml", "tests/probes/ssm.toml", "tests/probes.rs"],
    "WIREPROOF_BASELINE_UPDATE=1"
)]
fn probes_of_services_get_a_test_in_rust_and_a_baseline_each(
    #[case] more: &[&str],
    #[case] expected: &[&str],
    #[case] next: &str,
) {
    let folder = if more.is_empty() { tempfile::tempdir().unwrap() } else { package() };
    let output = in_folder(folder.path(), &[&["init", "--probe", "ssm,sqs"], more].concat());
    assert_status(&output, 0);
    assert_eq!(names(folder.path()), expected);
    assert!(out(&output).contains(next) && out(&output).contains("not on crates.io yet"), "{}", out(&output));
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/integration/support/tiny.json");
    let baseline = expected.iter().find(|name| name.ends_with("ssm.toml")).unwrap();
    let probed = ["probe", "--model", model, "--baseline", baseline, "--dry-run"];
    assert_status(&in_folder(folder.path(), &probed), 3);
}

#[test]
fn the_program_takes_the_selection_and_the_baseline() {
    let folder = tempfile::tempdir().unwrap();
    let reference = Served::start();
    let options = ["--service", "proton", "--endpoint", &reference.endpoint];
    assert_status(&in_folder(folder.path(), &[["init"].as_slice(), &options].concat()), 0);
    let listed = in_folder(folder.path(), &["list"]);
    assert!(out(&listed).lines().all(|line| line.starts_with("proton/")), "{}", out(&listed));
    let gate = ["run", "--endpoint", &reference.endpoint, "--baseline", "conformance.toml"];
    let output = in_folder(folder.path(), &[gate.as_slice(), &["--as-reference", "--filter", "unknown-name"]].concat());
    assert_status(&output, 0);
    assert!(out(&output).contains(&reference.endpoint), "{}", out(&output));
    assert!(err(&output).contains("baseline conformance.toml: 0 known"), "{}", err(&output));
    let output = in_folder(folder.path(), &[gate.as_slice(), &["--baseline-update", "--filter", "twice"]].concat());
    assert!(err(&output).contains("baseline conformance.toml: "), "{}", err(&output));
}

#[test]
fn a_second_time_changes_nothing() {
    let folder = package();
    assert_status(&in_folder(folder.path(), &["init"]), 0);
    let first = files(folder.path());
    let output = in_folder(folder.path(), &["init"]);
    assert_status(&output, 0);
    assert_eq!(files(folder.path()), first);
    assert_eq!(out(&output).matches("unchanged").count(), 4, "{}", out(&output));
}

#[test]
fn an_existing_file_with_another_text_stops_init() {
    let folder = package();
    fs::create_dir(folder.path().join("tests")).unwrap();
    fs::write(folder.path().join("tests/conformance.rs"), "// mine\n").unwrap();
    let before = files(folder.path());
    let output = in_folder(folder.path(), &["init"]);
    assert_status(&output, 2);
    assert!(err(&output).contains("tests/conformance.rs already exists"), "{}", err(&output));
    assert_eq!(files(folder.path()), before);
    assert_status(&in_folder(folder.path(), &["init", "--force"]), 0);
    assert!(fs::read_to_string(folder.path().join("tests/conformance.rs")).unwrap().contains("wireproof::test"));
}

#[test]
fn a_baseline_is_kept_even_by_force() {
    let folder = package();
    assert_status(&in_folder(folder.path(), &["init"]), 0);
    let path = folder.path().join("tests/baseline.toml");
    let theirs = fs::read_to_string(&path).unwrap() + "# looked at on Monday\n";
    fs::write(&path, &theirs).unwrap();
    let output = in_folder(folder.path(), &["init", "--force"]);
    assert_status(&output, 0);
    assert!(out(&output).contains("kept       tests/baseline.toml"), "{}", out(&output));
    assert_eq!(fs::read_to_string(&path).unwrap(), theirs);
}

#[test]
fn a_dry_run_prints_everything_and_writes_nothing() {
    let folder = package();
    let output = in_folder(folder.path(), &["init", "--dry-run"]);
    assert_status(&output, 0);
    for part in ["--- Cargo.toml", "harness = false", "--- tests/conformance.rs", "wireproof::test"] {
        assert!(out(&output).contains(part), "{part}: {}", out(&output));
    }
    assert_eq!(files(folder.path()), [("Cargo.toml".to_owned(), MANIFEST.to_owned())]);
}

#[test]
fn a_workspace_without_a_package_gets_a_hint_to_name_a_member() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("Cargo.toml"), "[workspace]\nmembers = [\"emulator\"]\n").unwrap();
    let output = in_folder(folder.path(), &["init"]);
    assert_status(&output, 2);
    assert!(err(&output).contains("member"), "{}", err(&output));
    assert_eq!(names(folder.path()), ["Cargo.toml"]);
}

/// A folder with something to depend on, and a package two folders down.
fn package_beside_sources() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("sources")).unwrap();
    fs::write(folder.path().join("sources/Cargo.toml"), "[package]\nname = \"wireproof\"\n").unwrap();
    fs::create_dir_all(folder.path().join("mine/emulator")).unwrap();
    fs::write(folder.path().join("mine/emulator/Cargo.toml"), MANIFEST).unwrap();
    folder
}

#[rstest]
#[case::in_the_package("mine/emulator", ".", "../../sources/")]
#[case::above_it(".", "mine/emulator", "sources")]
#[case::beside_it("sources", "../mine/emulator", ".")]
fn sources_named_relatively_are_named_from_the_package(#[case] from: &str, #[case] package: &str, #[case] path: &str) {
    let folder = package_beside_sources();
    let output = in_folder(&folder.path().join(from), &["init", package, "--path", path]);
    assert_status(&output, 0);
    let manifest = fs::read_to_string(folder.path().join("mine/emulator/Cargo.toml")).unwrap();
    assert!(manifest.contains("wireproof = { path = \"../../sources\", "), "{manifest}");
}

#[test]
fn a_path_that_comes_second_replaces_the_version_that_came_first() {
    let folder = package_beside_sources();
    let package = folder.path().join("mine/emulator");
    assert_status(&in_folder(&package, &["init"]), 0);
    let output = in_folder(&package, &["init", "--path", "../../sources"]);
    assert_status(&output, 0);
    assert!(out(&output).contains("edited     Cargo.toml"), "{}", out(&output));
    let manifest = fs::read_to_string(package.join("Cargo.toml")).unwrap();
    assert!(manifest.contains("path = \"../../sources\"") && !manifest.contains("wireproof = { version"), "{manifest}");
}

#[rstest]
#[case::not_there("../../wrong", "--path ../../wrong: ")]
#[case::something_else("../..", "--path ../.. is not the source folder of wireproof")]
fn invalid_sources_are_reported_with_their_path(#[case] path: &str, #[case] says: &str) {
    let folder = package_beside_sources();
    let package = folder.path().join("mine/emulator");
    let output = in_folder(&package, &["init", "--path", path]);
    assert_status(&output, 2);
    assert!(err(&output).contains(says), "{}", err(&output));
    assert_eq!(names(&package), ["Cargo.toml"]);
}

#[test]
fn sources_for_a_repository_without_a_package_are_rejected() {
    let folder = tempfile::tempdir().unwrap();
    let output = in_folder(folder.path(), &["init", "--path", env!("CARGO_MANIFEST_DIR")]);
    assert_status(&output, 2);
    assert!(err(&output).contains("--path needs a Rust repository"), "{}", err(&output));
    assert_eq!(files(folder.path()), []);
}
