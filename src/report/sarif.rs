//! SARIF 2.1.0, for code scanning and editors. Checks are its rules, and findings its results, located in the
//! fixtures.
//!
//! A result has the same fingerprint as in a baseline.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{self, Write},
};

use serde::Serialize;

use super::{collected_run::CollectedRun, phrasing, text};
use crate::{
    cause::Cause,
    judge::{
        check::{CHECKS, Check},
        fingerprint::fingerprint,
        verdict::{Finding, FindingRole, Severity, Verdict},
    },
    run::event::CaseReport,
    suite::requirement::Evidence,
    wire::{digest::Sha256, sigv4::hex},
};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

#[derive(Serialize)]
struct SarifLog<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [SarifRun<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifRun<'a> {
    tool: SarifTool,
    invocations: [Invocation; 1],
    automation_details: Automation,
    column_kind: &'static str,
    results: Vec<SarifResult<'a>>,
}

#[derive(Serialize)]
struct SarifTool {
    driver: SarifDriver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifDriver {
    name: &'static str,
    semantic_version: &'static str,
    rules: Vec<SarifRule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifRule {
    id: &'static str,
    short_description: SarifMessage,
    full_description: SarifMessage,
    help: SarifMessage,
}

#[derive(Serialize)]
struct SarifMessage {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Serialize)]
struct Notification {
    level: &'static str,
    message: SarifMessage,
}

#[derive(Serialize)]
struct Automation {
    id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult<'a> {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: SarifMessage,
    locations: [SarifLocation; 1],
    partial_fingerprints: BTreeMap<&'static str, String>,
    properties: Properties<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifLocation {
    physical_location: Physical,
    logical_locations: [Logical; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<SarifRegion>,
}

#[derive(Serialize)]
struct Artifact {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifRegion {
    start_line: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Logical {
    fully_qualified_name: String,
}

/// The parts of a finding that SARIF does not define.
#[derive(Serialize)]
struct Properties<'a> {
    /// The number of the cause.
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<usize>,
    /// The cause in one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    headline: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'a str>,
    evidence: Evidence,
    step: usize,
    role: FindingRole,
    pointer: &'a str,
    expected: &'a str,
    actual: &'a str,
    cites: &'a [String],
}

pub(super) fn write(run: &CollectedRun, out: &mut dyn Write) -> io::Result<()> {
    let tool = SarifTool {
        driver: SarifDriver {
            name: env!("CARGO_PKG_NAME"),
            semantic_version: env!("CARGO_PKG_VERSION"),
            rules: CHECKS.iter().map(rule).collect(),
        },
    };
    let sarif = SarifRun {
        tool,
        invocations: [invocation(run)],
        // The results of one target are compared from run to run.
        automation_details: Automation { id: format!("wireproof/{}/", text::line(&run.started.target)) },
        column_kind: "unicodeCodePoints",
        results: run.cases.iter().flat_map(|case| results(run, case)).collect(),
    };
    serde_json::to_writer_pretty(
        text::CommandFreeJson::new(&mut *out),
        &SarifLog { schema: SCHEMA, version: "2.1.0", runs: [sarif] },
    )?;
    writeln!(out)
}

fn rule(check: &Check) -> SarifRule {
    let Check { code, wants, why, .. } = *check;
    let message = |text: &str| SarifMessage { text: text.to_owned() };
    let help = format!("{wants}\n\n{why}\n\n`wireproof explain {code}` shows the severities.");
    SarifRule {
        id: code.name(),
        short_description: message(wants),
        full_description: message(why),
        help: message(&help),
    }
}

/// The outcome of the run. Cases that were not judged are notifications, because SARIF has no result for them.
fn invocation(run: &CollectedRun) -> Invocation {
    let ledger = &run.finished.ledger;
    let unjudged = [Verdict::NotImplemented, Verdict::Blocked, Verdict::Inconclusive];
    let notifications = unjudged.into_iter().filter(|verdict| ledger.count(*verdict) > 0).map(|verdict| {
        let text = format!("{} of {} cases: {verdict}", ledger.count(verdict), ledger.selected);
        Notification { level: "warning", message: SarifMessage { text } }
    });
    Invocation {
        execution_successful: !run.finished.interrupted && ledger.balances() && ledger.internal == 0,
        tool_execution_notifications: notifications.collect(),
    }
}

fn results<'a>(run: &'a CollectedRun, case: &'a CaseReport) -> impl Iterator<Item = SarifResult<'a>> {
    let cause = run.cause_of(case);
    case.findings.iter().enumerate().map(move |(index, finding)| SarifResult {
        rule_id: finding.code.name(),
        rule_index: CHECKS.iter().position(|check| check.code == finding.code).unwrap_or_default(),
        level: level(finding.severity),
        message: SarifMessage { text: message(run, case, finding) },
        locations: [location(case)],
        partial_fingerprints: fingerprints(case, index, finding),
        properties: properties(cause.filter(|_| finding.severity == Severity::Error), finding),
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn message(run: &CollectedRun, case: &CaseReport, finding: &Finding) -> String {
    let mut printed = format!("{}: {}", text::line(&case.id.0), text::line(&phrasing::found(finding)));
    for (id, cited) in finding.cites.iter().filter_map(|id| Some((id, run.requirements.get(id)?))) {
        // Writing to a String cannot fail.
        let _ = write!(printed, "\n{id}: {} {}", cited.says, cited.url);
    }
    printed
}

fn location(case: &CaseReport) -> SarifLocation {
    let (file, line) = phrasing::file_and_line(case);
    let region = line.filter(|line| *line > 0).map(|start_line| SarifRegion { start_line });
    let fully_qualified_name = case.id.0.clone();
    SarifLocation {
        physical_location: Physical { artifact_location: Artifact { uri: uri(file) }, region },
        logical_locations: [Logical { fully_qualified_name }],
    }
}

/// The URI reference of a path: relative to the checkout of the fixtures, or absolute.
fn uri(path: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let encode = |byte: u8| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    let encoded: String = path.bytes().map(encode).collect();
    if encoded.starts_with('/') { format!("file://{encoded}") } else { encoded }
}

/// The fingerprints, which are stable from run to run: that of the baseline for the case and the check, and one of the
/// finding, under the name that GitHub uses to match results.
fn fingerprints(case: &CaseReport, index: usize, finding: &Finding) -> BTreeMap<&'static str, String> {
    let of_check: Vec<&Finding> =
        case.findings.iter().filter(|other| (other.code, other.severity) == (finding.code, finding.severity)).collect();
    let own = fingerprint(&[finding]);
    let earlier = case.findings.iter().take(index).filter(|other| other.code == finding.code);
    let occurrence = earlier.filter(|other| fingerprint(&[other]) == own).count() + 1;
    let own = hex(&Sha256::digest(format!("{}\n{}\n{own}", case.id, finding.code)));
    let own: String = own.chars().take(16).collect();
    [("wireproof/finding/v1", fingerprint(&of_check)), ("primaryLocationLineHash", format!("{own}:{occurrence}"))]
        .into()
}

fn properties<'a>(cause: Option<&'a Cause>, finding: &'a Finding) -> Properties<'a> {
    Properties {
        cause: cause.map(|cause| cause.number),
        headline: cause.map(|cause| cause.headline.as_str()),
        rule: finding.rule.as_deref(),
        evidence: finding.evidence,
        step: finding.step,
        role: finding.role,
        pointer: &finding.pointer,
        expected: &finding.expected,
        actual: &finding.actual,
        cites: &finding.cites,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        report::{
            collected_run::AtEnd,
            testing::{case, deviation, events, hostile, report_of, run, secrets_in},
        },
        run::event::Event,
    };

    fn log(events: &[Event]) -> Value {
        let mut out = Vec::new();
        report_of(&mut AtEnd::new(&mut out, write), events).unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    fn problems(log: &Value) -> Vec<String> {
        // The pattern has an extra bracket, which this engine rejects.
        let schema = include_str!("../../tests/schemas/sarif-2.1.0.json").replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}$");
        let schema: Value = serde_json::from_str(&schema).unwrap();
        let options = jsonschema::draft7::options().should_validate_formats(true);
        let validator = options.build(&schema).unwrap();
        validator.iter_errors(log).map(|error| format!("{}: {error}", error.instance_path())).collect()
    }

    #[rstest]
    #[case::every_verdict(events())]
    #[case::conforms(run(vec![case("s/o/x", Verdict::Conforms, "")]))]
    #[case::nothing(run(Vec::new()))]
    #[case::hostile(run(vec![hostile(Verdict::Deviates)]))]
    fn a_run_fits_the_schema_of_oasis(#[case] events: Vec<Event>) {
        assert_eq!(problems(&log(&events)), Vec::<String>::new());
    }

    #[test]
    fn the_schema_would_notice() {
        for (pointer, value) in [
            ("/version", json!("2.2.0")),
            ("/runs/0/results/0/level", json!("fatal")),
            ("/runs/0/results/0/locations/0/physicalLocation/region/startLine", json!(0)),
            ("/runs/0/tool/driver/name", Value::Null),
        ] {
            let mut violated = log(&events());
            *violated.pointer_mut(pointer).unwrap() = value;
            assert!(!problems(&violated).is_empty(), "{pointer}");
        }
    }

    #[test]
    fn findings_are_results_with_their_rule_and_place() {
        let log = log(&events());
        let results = log["runs"][0]["results"].as_array().unwrap();
        let levels: Vec<&str> = results.iter().map(|result| result["level"].as_str().unwrap()).collect();
        assert_eq!(levels, ["warning", "error", "error", "error", "warning", "note"]);
        for result in results {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            let rule = &log["runs"][0]["tool"]["driver"]["rules"][index];
            assert_eq!(rule["id"], result["ruleId"]);
            assert!(rule["help"]["text"].as_str().unwrap().len() > 60, "{rule}");
            let location = &result["locations"][0]["physicalLocation"];
            assert_eq!(location["region"]["startLine"], 7);
            assert!(location["artifactLocation"]["uri"].as_str().unwrap().starts_with("fixtures/codedeploy/"));
        }
        let violated = &results[3]["message"]["text"];
        assert!(violated.as_str().unwrap().contains("SD-22: An ID that belongs to no deployment"), "{violated}");
        let notes = log["runs"][0]["invocations"][0]["toolExecutionNotifications"].as_array().unwrap();
        assert_eq!(notes.len(), 3);
    }

    #[test]
    fn a_result_has_the_fingerprint_of_its_check_and_one_of_its_own() {
        let finished = deviation("x");
        let of_check = fingerprint(&[&finished.report.findings[0]]);
        let mut twice = deviation("y");
        twice.report.findings = vec![twice.report.findings[0].clone(), twice.report.findings[0].clone()];
        let log = log(&run(vec![finished, twice]));
        let results = log["runs"][0]["results"].as_array().unwrap();
        assert_eq!(results[0]["partialFingerprints"]["wireproof/finding/v1"], of_check);
        let own: BTreeSet<&str> = results
            .iter()
            .map(|result| result["partialFingerprints"]["primaryLocationLineHash"].as_str().unwrap())
            .collect();
        assert_eq!(own.len(), results.len());
    }

    #[rstest]
    #[case("fixtures/a/b.yaml", "fixtures/a/b.yaml")]
    #[case("my fixtures/ü.yaml", "my%20fixtures/%C3%BC.yaml")]
    #[case("/abs/x.yaml", "file:///abs/x.yaml")]
    #[case("botocore:ssm", "botocore%3Assm")]
    fn a_path_is_a_reference(#[case] path: &str, #[case] expected: &str) {
        assert_eq!(uri(path), expected);
    }

    #[test]
    fn no_secret_is_in_it() {
        assert_eq!(secrets_in(&log(&events()).to_string()), Vec::<&str>::new());
    }
}
