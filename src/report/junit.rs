//! `JUnit` XML, for CI systems. Each operation is a test suite.
//!
//! | verdict | element | type |
//! |---|---|---|
//! | conforms | | |
//! | deviates | `failure` | the code of the first error |
//! | blocked, inconclusive | `error`, because nothing was proven | the verdict |
//! | not-implemented, not-applicable | `skipped` | the verdict |
//!
//! The document is valid by the schema of Jenkins' xUnit plugin, which allows neither properties nor further attributes of
//! a test case: the text of a case names its fixture and its cause.
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
    let text = report.to_string().map_err(io::Error::other)?;
    // Jenkins allows the sum of skipped cases in suites only. The first element is the root.
    let skipped: usize = report
        .test_suites
        .iter()
        .flat_map(|suite| &suite.test_cases)
        .filter(|case| matches!(case.status, TestCaseStatus::Skipped { .. }))
        .count();
    let text = text.replacen(&format!(r#" skipped="{skipped}""#), "", 1);
    // Write the whole text at once, to keep the errors of the writer.
    out.write_all(text.as_bytes())
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
    test.set_classname(class).set_time(Duration::from_millis(case.duration_ms));
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
    let exchange = case.exchange.as_ref().map(|exchange| format!("\n\n{}\n\n{}", exchange.request, exchange.response));
    status.set_description(xml(&format!("in {}{}", case.position, exchange.unwrap_or_default())));
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
    if let Some(cause) = run.cause_of(case) {
        let _ = writeln!(printed, "cause {}: {}", cause.number, cause.headline);
    }
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
        run::{baseline_comparison::Difference, event::Event},
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
        let skipped: u64 = suites.suites.iter().map(|suite| suite.skipped).sum();
        assert_eq!((suites.tests, suites.failures, suites.errors, skipped), (12, 2, 5, 3));
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

    /// The rules of the schema of Jenkins' xUnit plugin (`junit-10.xsd`) for an element: its attributes, those of them that it
    /// must have, and its children.
    fn rules(element: &str) -> Option<(&'static [&'static str], &'static [&'static str], &'static [&'static str])> {
        let sums = &["name", "tests", "failures", "errors"];
        Some(match element {
            "testsuites" => (&["name", "time", "tests", "failures", "errors"], &[], &["testsuite"]),
            "testsuite" => (
                &[
                    "name",
                    "tests",
                    "failures",
                    "errors",
                    "group",
                    "time",
                    "skipped",
                    "timestamp",
                    "hostname",
                    "id",
                    "package",
                    "file",
                    "log",
                    "url",
                ],
                sums,
                &["testsuite", "properties", "testcase", "system-out", "system-err"],
            ),
            "testcase" => (
                &["name", "time", "classname", "group"],
                &["name"],
                &["skipped", "error", "failure", "system-out", "system-err"],
            ),
            "failure" | "error" | "skipped" => (&["type", "message"], &[], &[]),
            "properties" => (&[], &[], &["property"]),
            "property" => (&["name", "value"], &["name", "value"], &[]),
            "system-out" | "system-err" => (&[], &[], &[]),
            _ => return None,
        })
    }

    /// The violations of these rules.
    fn violations(text: &str) -> Vec<String> {
        let document = roxmltree::Document::parse(text).unwrap();
        let mut found = Vec::new();
        for node in document.descendants().filter(roxmltree::Node::is_element) {
            let name = node.tag_name().name();
            let Some((attributes, required, children)) = rules(name) else {
                found.push(format!("<{name}>"));
                continue;
            };
            let has = |attribute: &&&str| node.attribute(**attribute).is_some();
            found.extend(required.iter().filter(|name| !has(name)).map(|missing| format!("{name} without {missing}")));
            let own = node.attributes().map(|attribute| attribute.name());
            found.extend(own.filter(|own| !attributes.contains(own)).map(|own| format!("{name} with {own}")));
            let below = node.children().filter(roxmltree::Node::is_element).map(|child| child.tag_name().name());
            found.extend(below.filter(|child| !children.contains(child)).map(|child| format!("{child} in {name}")));
            let is_mixed = name.starts_with("system-") || ["failure", "error", "skipped"].contains(&name);
            let has_text =
                node.children().any(|child| child.is_text() && !child.text().unwrap_or_default().trim().is_empty());
            found.extend((has_text && !is_mixed).then(|| format!("text in {name}")));
            let is_time = |time: &str| time.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
            let is_checked = name.starts_with("testsuite");
            found.extend(node.attribute("time").filter(|time| is_checked && !is_time(time)).map(str::to_owned));
        }
        found
    }

    #[test]
    fn the_document_is_valid_for_jenkins() {
        let mut events = events();
        let compared = BaselineComparison {
            differences: vec![Differing::new(Difference::NewCause, "x".to_owned(), 1, Vec::new())],
            ..BaselineComparison::default()
        };
        let Some(Event::RunFinished(finished)) = events.last_mut() else { panic!("no end") };
        finished.baseline = Some(compared);
        finished.notes.push("a note".to_owned());
        let text = text_of(&events);
        assert_eq!(violations(&text), Vec::<String>::new(), "{text}");
        let changes = [
            ("<testcase ", "<testcase line=\"1\" ", "testcase with line"),
            ("<failure ", "<properties/><failure ", "properties in testcase"),
            ("<testsuite name", "<testsuite nam", "testsuite without name"),
            ("<testsuite ", "x<testsuite ", "text in testsuites"),
        ];
        for (from, to, expected) in changes {
            let found = violations(&text.replacen(from, to, 1));
            assert!(found.iter().any(|violation| violation == expected), "{found:?}");
        }
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
