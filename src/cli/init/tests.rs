use std::fs;

use clap::Parser;
use rstest::rstest;

use super::*;
use crate::{gate::baseline::Baseline, suite::source::Source};

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    arguments: InitArguments,
}

fn arguments(words: &[&str]) -> InitArguments {
    Line::try_parse_from(std::iter::once(&"init").chain(words)).unwrap().arguments
}

#[rstest]
fn a_job_is_yaml_and_its_commands_are_understood(
    #[values("github", "gitlab")] ci: &str,
    #[values("rust", "any")] language: &str,
) {
    let job = arguments(&["--ci", ci, "--language", language]).job().unwrap();
    Source::read("job", &job.text).unwrap();
    let lines = job.text.lines().map(|line| line.trim().trim_start_matches("- ").trim_start_matches("run: "));
    let commands: Vec<&str> = lines.filter(|line| line.starts_with("wireproof ")).collect();
    assert_eq!(commands.is_empty(), language == "rust");
    for command in commands {
        let parsed = <super::super::Cli as clap::CommandFactory>::command().try_get_matches_from(command.split(' '));
        assert!(parsed.is_ok(), "{command}: {:?}", parsed.err());
    }
}

#[rstest]
fn a_job_of_probes_installs_from_the_given_repository_and_its_commands_are_understood(
    #[values("github", "gitlab")] ci: &str,
    #[values("rust", "any")] language: &str,
    #[values(true, false)] is_given: bool,
) {
    let git: &[&str] = if is_given { &["--git", "https://example.com/wireproof"] } else { &[] };
    let words = [&["--probe", "ssm,sqs", "--ci", ci, "--language", language], git].concat();
    let job = arguments(&words).probe_job().unwrap().text;
    Source::read("job", &job).unwrap();
    let lines = job.lines().map(|line| line.trim().trim_start_matches("- ").trim_start_matches("run: "));
    let commands: Vec<&str> = lines.filter(|line| line.starts_with("wireproof ")).collect();
    assert_eq!(commands.len(), if language == "any" { 2 } else { 0 });
    for command in commands {
        let parsed = <super::super::Cli as clap::CommandFactory>::command().try_get_matches_from(command.split(' '));
        assert!(parsed.is_ok(), "{command}: {:?}", parsed.err());
    }
    let expected = if is_given { "https://example.com/wireproof" } else { "WIREPROOF_REPOSITORY:?set it" };
    assert_eq!(job.contains(expected), language == "any", "{job}");
}

#[test]
fn the_test_has_the_requested_services_and_operations() {
    let test = arguments(&["--language", "rust", "--service", "codedeploy", "--operation", "StopDeployment"]).test();
    for part in
        [".service(\"codedeploy\")\n", ".operation(\"StopDeployment\")\n", "Target::at(\"http://127.0.0.1:4566\")"]
    {
        assert!(test.contains(part), "{part}: {test}");
    }
    assert!(!test.contains("{suite}") && !test.contains("{endpoint}"), "{test}");
}

#[rstest]
#[case(&[])]
#[case(&["--operation", "StopDeployment"])]
#[case(&["--service", "codedeploy,proton", "--operation", "StopDeployment"])]
fn the_test_is_laid_out_as_rustfmt_does(#[case] words: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("conformance.rs");
    fs::write(&path, arguments(&[&["--language", "rust"], words].concat()).test()).unwrap();
    let probes = folder.path().join("probes.rs");
    fs::write(&probes, arguments(&["--language", "rust", "--probe", "ssm,runtime-x"]).probe_test()).unwrap();
    let check =
        std::process::Command::new("rustfmt").args(["--edition", "2024", "--check"]).args([&path, &probes]).output();
    // Without rustfmt there is nothing to check.
    let Ok(check) = check else { return };
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stdout));
}

#[test]
fn the_baseline_is_one_without_entries() {
    let baseline = Baseline::read("baseline.toml", include_str!("templates/baseline.toml")).unwrap();
    assert_eq!(baseline.entries().len(), 0);
}

#[rstest]
#[case(&["--endpoint", "nowhere"], "nowhere")]
#[case(&["--endpoint", "https://codedeploy.us-east-1.amazonaws.com"], "is an AWS host")]
#[case(&["--operation", "StopDeploymnt"], "did you mean StopDeployment?")]
#[case(&["no/such/folder"], "no/such/folder")]
fn an_endpoint_or_a_name_that_no_run_accepts_is_rejected(#[case] words: &[&str], #[case] says: &str) {
    let failure = arguments(words).check().unwrap_err();
    assert!(failure.message.contains(says), "{failure}");
}
