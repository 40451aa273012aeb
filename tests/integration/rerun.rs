//! The command that a report prints for a case runs that case, with the same verdict.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use regex::Regex;
use rstest::rstest;

use crate::support::program::{Fault, Proxy, ended, err, out, program, report};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The verdict of each case of a JSON report.
fn verdicts(path: &Path) -> BTreeMap<String, String> {
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let report = report(path);
    report["cases"].as_array().unwrap().iter().map(|case| (text(&case["id"]), text(&case["verdict"]))).collect()
}

/// The commands of an HTML report.
fn commands(page: &str) -> Vec<String> {
    let command = Regex::new(r#"class="command">([^<]*)<"#).unwrap();
    let characters = [("&#x27;", "'"), ("&#x2f;", "/"), ("&quot;", "\""), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")];
    let plain = |text: &str| characters.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
    command.captures_iter(page).map(|found| plain(&found[1])).collect()
}

/// The program as a shell finds it.
fn shell(command: &str) -> Command {
    let folder = Path::new(env!("CARGO_BIN_EXE_wireproof")).parent().unwrap();
    let mut shell = Command::new("/bin/sh");
    shell.env_clear().env("PATH", folder).env("WIREPROOF_STATE", "").current_dir(ROOT).args(["-c", command]);
    shell
}

#[rstest]
#[case::bundled(&["run", "--as-reference"], &["codedeploy/stop-deployment/unknown-id"], &["deviates"])]
#[case::table_row(&["run", "--as-reference"], &["codedeploy/stop-deployment/body-spellings"], &[])]
#[case::accounts_and_regions(
    &["run", "--as-reference", "--region", "us-west-2", "--other-region", "eu-central-1", "--exact", "--timeout", "5"],
    &["codedeploy/stop-deployment/other-account", "codedeploy/stop-deployment/other-region"],
    &["deviates"]
)]
#[case::fixture_folder(&["run", "--as-reference"], &["./fixtures", "codedeploy/stop-deployment/unknown-id"], &["deviates"])]
#[case::probes_and_controls(
    &["probe", "--as-reference", "--model", "fixtures/codedeploy/model.json", "--probes", "required"],
    &["--operation", "StopDeployment"],
    &[]
)]
fn a_printed_command_gives_the_same_verdict(
    #[case] flags: &[&str],
    #[case] selection: &[&str],
    #[case] expected: &[&str],
) {
    let proxy = Proxy::start();
    proxy.set(Fault::Name("UnheardOfException"));
    let folder = tempfile::tempdir().unwrap();
    let (json, html, again) = ["a.json", "a.html", "b.json"].map(|name| folder.path().join(name)).into();
    let reports = [format!("json={}", json.display()), format!("html={}", html.display())];
    let mut command = program(flags);
    command.args(["--endpoint", &proxy.endpoint, "--seed", "3", "--report", &reports[0], "--report", &reports[1]]);
    let output = ended({
        command.args(selection).current_dir(ROOT);
        command
    });
    assert!(json.exists(), "{}{}", out(&output), err(&output));
    let verdicts = verdicts(&json);
    let commands = commands(&fs::read_to_string(&html).unwrap());
    assert_eq!(commands.len(), verdicts.len());
    assert!(expected.iter().all(|verdict| verdicts.values().any(|found| found == verdict)), "{verdicts:?}");
    for (id, verdict) in &verdicts {
        let is_of_case = |command: &&String| command.split([' ', '\'']).any(|word| word == id);
        let command = commands.iter().find(is_of_case).unwrap_or_else(|| panic!("no command for {id}: {commands:?}"));
        let output = ended(shell(&format!("{command} --report json={}", again.display())));
        assert!(again.exists(), "{command}: {}{}", out(&output), err(&output));
        assert_eq!(self::verdicts(&again).get(id), Some(verdict), "{command}");
        fs::remove_file(&again).unwrap();
    }
}
