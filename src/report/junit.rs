//! `JUnit` XML, for CI systems. Each operation is a test suite.
//!
//! | verdict | element | type |
//! |---|---|---|
//! | conforms | | |
//! | deviates | `failure` | the code of the first error |
//! | blocked, inconclusive | `error`, because nothing was proven | the verdict |
//! | not-implemented, not-applicable | `skipped` | the verdict |
//!
//! `--allow` changes only the exit status, not the report. A baseline adds a test suite, with a `failure` for each
//! difference from it.

use std::{
    fmt::Write as _,
    io::{self, Write},
    time::Duration,
};

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

use super::{
    case_groups::{by_operation, errors},
    collected_run::CollectedRun,
    phrasing, text,
};
use crate::{
    judge::verdict::{Severity, Verdict},
    run::{
        baseline_comparison::{BaselineComparison, Differing},
        event::CaseReport,
    },
};

pub(super) fn write(run: &CollectedRun, out: &mut dyn Write) -> io::Result<()> {
    let mut report = Report::new("wireproof");
    report.set_time(Duration::from_millis(run.finished.duration_ms));
    for ((service, operation), cases) in by_operation(&run.cases) {
        report.add_test_suite(suite(run, &format!("{service}.{operation}"), &cases));
    }
    report.add_test_suites(run.finished.baseline.as_ref().map(baseline));
    // Write the whole text at once, to keep the errors of the writer.
    out.write_all(report.to_string().map_err(io::Error::other)?.as_bytes())
}

/// The differences from the baseline: a failure each.
fn baseline(compared: &BaselineComparison) -> TestSuite {
    let mut suite = TestSuite::new("baseline");
    suite.add_property(Property::new("summary", xml(&compared.summary())));
    suite.add_test_cases(compared.differences.iter().map(difference));
    suite
}

fn difference(one: &Differing) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    let exchange = one.exchange.as_ref().map(|exchange| format!("\n{}\n\n{}\n", exchange.request, exchange.response));
    let described = phrasing::difference(one).join("\n") + "\n" + &exchange.unwrap_or_default();
    status.set_type("baseline").set_message(xml(&format!("{}: {}", one.difference.title(), one.headline)));
    status.set_description(xml(&described));
    let mut test = TestCase::new(xml(&format!("{}: {}", one.difference.title(), one.headline)), status);
    test.set_classname("baseline");
    test
}

fn suite(run: &CollectedRun, name: &str, cases: &[&CaseReport]) -> TestSuite {
    let name = xml(name);
    let mut suite = TestSuite::new(name.as_str());
    let started = &run.started;
    let properties = [
        ("endpoint", &started.endpoint),
        ("target", &started.target),
        ("region", &started.region),
        ("suite", &started.suite),
    ];
    suite.add_properties(properties.map(|(name, value)| Property::new(name, xml(value))));
    suite.add_property(Property::new("seed", started.seed.to_string()));
    suite.add_properties(run.finished.notes.iter().map(|note| Property::new("note", xml(note))));
    suite.set_time(Duration::from_millis(cases.iter().map(|case| case.duration_ms).sum()));
    suite.add_test_cases(cases.iter().map(|case| test_case(run, &name, case)));
    suite
}

fn test_case(run: &CollectedRun, class: &str, case: &CaseReport) -> TestCase {
    let mut test = TestCase::new(xml(&case.id.0), status(run, case));
    test.set_classname(class).set_assertions(case.checks).set_time(Duration::from_millis(case.duration_ms));
    if let Some(cause) = run.cause_of(case) {
        test.add_property(Property::new("cause", xml(&format!("{}: {}", cause.number, cause.headline))));
    }
    let (file, line) = phrasing::file_and_line(case);
    test.extra.insert("file".into(), xml(file).into());
    if let Some(line) = line {
        test.extra.insert("line".into(), line.to_string().into());
    }
    let lesser = case.findings.iter().filter(|finding| finding.severity != Severity::Error);
    let lesser: Vec<String> = lesser
        .map(|finding| format!("{}: {} {}", finding.severity, phrasing::rule(finding), phrasing::found(finding)))
        .collect();
    if !lesser.is_empty() {
        test.set_system_out(xml(&lesser.join("\n")));
    }
    test
}

fn status(run: &CollectedRun, case: &CaseReport) -> TestCaseStatus {
    let mut status = match case.verdict {
        Verdict::Conforms => return TestCaseStatus::success(),
        Verdict::Deviates => return failure(run, case),
        Verdict::Blocked | Verdict::Inconclusive => TestCaseStatus::non_success(NonSuccessKind::Error),
        Verdict::NotImplemented | Verdict::NotApplicable => TestCaseStatus::skipped(),
    };
    status.set_type(case.verdict.name()).set_message(xml(&case.reason));
    if let Some(exchange) = &case.exchange {
        status.set_description(xml(&format!("{}\n\n{}", exchange.request, exchange.response)));
    }
    status
}

fn failure(run: &CollectedRun, case: &CaseReport) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    let first = errors(case).next();
    status.set_type(first.map_or_else(|| case.verdict.to_string(), phrasing::rule));
    status.set_message(xml(&first.map_or_else(|| case.reason.clone(), phrasing::found)));
    status.set_description(xml(&described(run, case)));
    status
}

/// The findings with the violated requirements, and the exchange.
fn described(run: &CollectedRun, case: &CaseReport) -> String {
    // Writing to a String cannot fail.
    let mut printed = format!("{}\n", case.title);
    for finding in errors(case) {
        let _ = writeln!(printed, "{}: {}", phrasing::rule(finding), phrasing::found(finding));
        for (id, cited) in finding.cites.iter().filter_map(|id| Some((id, run.requirements.get(id)?))) {
            let _ =
                writeln!(printed, "    {id}: {} ({}, {}, {})", cited.says, cited.document, cited.section, cited.url);
        }
    }
    let _ = writeln!(printed, "in {}", case.position);
    if let Some(exchange) = &case.exchange {
        let _ = write!(printed, "\n{}\n\n{}\n\n{}\n", exchange.request, exchange.response, exchange.curl);
    }
    printed
}

/// Escapes characters that XML cannot contain.
fn xml(text: &str) -> String {
    let text = text::lines(text).collect::<Vec<_>>().join("\n");
    text.replace('\u{fffe}', r"\u{fffe}").replace('\u{ffff}', r"\u{ffff}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use junit_parser::{TestCase, TestStatus, TestSuites};
    use proptest::prelude::*;

    use super::*;
    use crate::{
        report::{
            collected_run::AtEnd,
            testing::{deviation, events, report_of, run, secrets_in},
        },
        run::event::Event,
    };

    fn text_of(events: &[Event]) -> String {
        let mut out = Vec::new();
        report_of(&mut AtEnd::new(&mut out, write), events).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn read(text: &str) -> TestSuites {
        junit_parser::from_reader(text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    fn cases(suites: &TestSuites) -> BTreeMap<&str, &TestCase> {
        suites.suites.iter().flat_map(|suite| &suite.cases).map(|case| (case.original_name.as_str(), case)).collect()
    }

    #[test]
    fn another_reader_finds_every_case_with_its_element() {
        let text = text_of(&events());
        let suites = read(&text);
        let names: Vec<&str> = suites.suites.iter().map(|suite| suite.name.as_str()).collect();
        assert_eq!(names, ["codedeploy.StopDeployment", "proton.CancelServicePipelineDeployment"]);
        assert_eq!((suites.tests, suites.failures, suites.errors, suites.skipped), (12, 2, 5, 3));
        let cases = cases(&suites);
        let events = events();
        let reports = events.iter().filter_map(|event| match event {
            Event::CaseFinished(finished) => Some(&finished.report),
            _ => None,
        });
        for report in reports {
            let case = cases[report.id.0.as_str()];
            let printed = match &case.status {
                TestStatus::Success => vec![Verdict::Conforms],
                TestStatus::Failure(_) => vec![Verdict::Deviates],
                TestStatus::Error(_) => vec![Verdict::Blocked, Verdict::Inconclusive],
                TestStatus::Skipped(_) => vec![Verdict::NotImplemented, Verdict::NotApplicable],
            };
            assert!(printed.contains(&report.verdict), "{}", report.id);
            assert_eq!(case.file.as_deref().zip(case.line), Some((report.position.trim_end_matches(":7"), 7)));
        }
    }

    #[test]
    fn a_failure_prints_everything_to_reproduce_it() {
        let text = text_of(&events());
        let suites = read(&text);
        let TestStatus::Failure(failure) = &cases(&suites)["codedeploy/stop-deployment/unknown-id"].status else {
            panic!("{text}")
        };
        assert_eq!(failure.failure_type, "error-identity");
        assert_eq!(
            failure.message,
            "at /__type: expected DeploymentDoesNotExistException, got InternalFailure  (SD-22, documented)"
        );
        for printed in ["SD-22: ", "https://", "x-amz-target: CodeDeploy", "HTTP/1.1 500", "curl --silent", ".yaml:7"] {
            assert!(failure.text.contains(printed), "{printed}\n{}", failure.text);
        }
        assert!(failure.text.contains(r"\u{1b}[32mall good\u{1b}[0m"), "{}", failure.text);
    }

    #[test]
    fn each_case_that_does_not_pass_has_its_reason() {
        let text = text_of(&events());
        let suites = read(&text);
        let cases = cases(&suites);
        let TestStatus::Error(error) = &cases["codedeploy/stop-deployment/not-run"].status else { panic!("{text}") };
        assert_eq!((error.error_type.as_str(), error.message.as_str()), ("inconclusive", "the run was interrupted"));
        let TestStatus::Skipped(skipped) = &cases["codedeploy/stop-deployment/denied"].status else { panic!("{text}") };
        assert_eq!(skipped.message, "the target has no denied identity");
    }

    #[test]
    fn no_secret_is_in_it() {
        assert_eq!(secrets_in(&text_of(&events())), Vec::<&str>::new());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn every_response_of_an_endpoint_is_read_back(sent in any::<String>()) {
            let sent = format!("{sent}]]>\u{0}\u{fffe}</failure>&x;");
            let mut finished = deviation("x");
            finished.report.findings[0].actual.clone_from(&sent);
            finished.report.title.clone_from(&sent);
            let text = text_of(&run(vec![finished]));
            // Use an XML parser, because the `JUnit` parser drops entities in text.
            let document = roxmltree::Document::parse(&text).unwrap();
            let failure = document.descendants().find(|node| node.has_tag_name("failure")).unwrap();
            for printed in [failure.attribute("message"), failure.text()] {
                prop_assert!(printed.unwrap().contains(r"]]>\u{0}\u{fffe}</failure>&x;"), "{printed:?}");
            }
            prop_assert!(matches!(read(&text).suites[0].cases[0].status, TestStatus::Failure(_)));
        }
    }
}
