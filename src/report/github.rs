//! Workflow commands of GitHub Actions: an annotation at the line of the fixture for each case with an error or a
//! warning, and a notice with the sums.
//!
//! GitHub shows ten errors, ten warnings and ten notices per step and drops the rest silently, as it drops the end of
//! a long message. So the most severe come first, the tenth says how many are missing, and a message says how many
//! findings it omits.

use std::{
    cmp::Reverse,
    fmt::Write as _,
    io::{self, Write},
};

use super::{case_groups::errors, collected_run::CollectedRun, phrasing, text};
use crate::{
    cause::Cause,
    judge::verdict::{Finding, Severity, Verdict},
    run::{baseline_comparison::BaselineComparison, event::CaseReport},
};

/// The maximum number of annotations of each kind that GitHub shows per step.
const SHOWN: usize = 10;

/// The maximum length of a message, in UTF-16 code units.
const LONGEST_MESSAGE: usize = 4_096;

/// The reserved length for the number of omitted findings.
const RESERVED: usize = 96;

/// The maximum length of the title of an annotation.
const LONGEST_TITLE: usize = 255;

/// The maximum length of the headline of a cause.
const LONGEST_HEADLINE: usize = 200;

/// The maximum length of a line. Two such lines and a headline fit into any message.
const LONGEST_LINE: usize = 900;

pub(super) fn write(run: &CollectedRun, out: &mut dyn Write) -> io::Result<()> {
    let mut deviating: Vec<&CaseReport> = run.of_verdict(Verdict::Deviates).collect();
    deviating.sort_by_cached_key(|case| weight(run, case));
    match &run.finished.baseline {
        Some(compared) => differences(out, compared)?,
        None => {
            annotate(out, "error", &deviating, "deviate", |case| message_of(run.cause_of(case), errors(case), case))?;
        }
    }
    let warns = |finding: &&Finding| finding.severity == Severity::Warning;
    let others = run.cases.iter().filter(|case| case.verdict != Verdict::Deviates);
    let warning: Vec<&CaseReport> = others.filter(|case| case.findings.iter().any(|found| warns(&found))).collect();
    annotate(out, "warning", &warning, "warn", |case| message_of(None, case.findings.iter().filter(warns), case))?;
    writeln!(out, "::notice title=wireproof::{}", data(&sums(run)))
}

/// With a baseline, only the differences from it are errors.
fn differences(out: &mut dyn Write, compared: &BaselineComparison) -> io::Result<()> {
    let all = &compared.differences;
    let shown = if all.len() > SHOWN { SHOWN - 1 } else { all.len() };
    for one in all.iter().take(shown) {
        let mut printed = short(&format!("{}: {}", one.difference.title(), one.headline));
        for line in phrasing::difference(one).iter().map(|line| short(line)) {
            if units(&printed) + units(&line) < LONGEST_MESSAGE - RESERVED {
                printed.push('\n');
                printed.push_str(&line);
            }
        }
        writeln!(out, "::error title=wireproof baseline::{}", data(&printed))?;
    }
    if all.len() > shown {
        let more = text::count(all.len() - shown, "more difference");
        writeln!(out, "::error title=wireproof baseline::{more}; GitHub shows only {SHOWN} annotations of each kind")?;
    }
    Ok(())
}

/// Sorts the case of each cause first, the most important cause first; then by evidence, strongest first, and by number
/// of errors.
fn weight(run: &CollectedRun, case: &CaseReport) -> impl Ord + use<> {
    let cause = run.cause_of(case);
    let represents = cause.is_some_and(|cause| cause.representative == case.id);
    let number = cause.map_or(usize::MAX, |cause| cause.number);
    (!represents, number, errors(case).map(|finding| finding.evidence).min(), Reverse(errors(case).count()))
}

fn annotate(
    out: &mut dyn Write,
    command: &str,
    cases: &[&CaseReport],
    verb: &str,
    message: impl Fn(&CaseReport) -> String,
) -> io::Result<()> {
    let shown = if cases.len() > SHOWN { SHOWN - 1 } else { cases.len() };
    for case in cases.iter().take(shown) {
        let (file, line) = phrasing::file_and_line(case);
        let line = line.map(|line| format!(",line={line}")).unwrap_or_default();
        let (file, title) = (property(file), property(&title(&case.id.0)));
        writeln!(out, "::{command} file={file}{line},title={title}::{}", data(&message(case)))?;
    }
    if cases.len() > shown {
        let more =
            format!("{} more cases {verb}; GitHub shows only {SHOWN} annotations of each kind", cases.len() - shown);
        writeln!(out, "::{command} title=wireproof::{}", data(&more))?;
    }
    Ok(())
}

/// An ID as a title. The end of an ID is the most specific part.
fn title(id: &str) -> String {
    let id = text::line(id);
    let surplus = text::width(&id).saturating_sub(LONGEST_TITLE);
    if surplus == 0 { id } else { format!("…{}", id.chars().skip(surplus + 1).collect::<String>()) }
}

/// The cause, the title of a case and its findings, one line each, as many as fit.
fn message_of<'a>(cause: Option<&Cause>, findings: impl Iterator<Item = &'a Finding>, case: &CaseReport) -> String {
    let headline = cause.map(|cause| text::shorten(&text::line(&cause.headline), LONGEST_HEADLINE) + "\n");
    let mut printed = headline.unwrap_or_default() + &short(&case.title);
    let mut left = 0;
    for finding in findings {
        let line = short(&format!("{}: {}", phrasing::rule(finding), phrasing::found(finding)));
        if left == 0 && units(&printed) + units(&line) < LONGEST_MESSAGE - RESERVED {
            printed.push('\n');
            printed.push_str(&line);
        } else {
            left += 1;
        }
    }
    if left > 0 {
        // Writing to a String cannot fail.
        let _ = write!(printed, "\nand {}; the JSON report lists all", text::count(left, "more finding"));
    }
    printed
}

fn short(text: &str) -> String {
    text::shorten(&text::line(text), LONGEST_LINE)
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

fn sums(run: &CollectedRun) -> String {
    let ledger = &run.finished.ledger;
    let counts: Vec<String> = Verdict::ALL
        .into_iter()
        .filter(|verdict| ledger.count(*verdict) > 0)
        .map(|verdict| format!("{} {}", ledger.count(verdict), phrasing::plural(verdict)))
        .collect();
    let interrupted = if run.finished.interrupted { ", interrupted" } else { "" };
    format!(
        "{} against {}: {}{interrupted}",
        text::count(ledger.selected, "case"),
        run.started.endpoint,
        counts.join(", ")
    )
}

/// Escapes the message of a command, so that it stays one line.
fn data(text: &str) -> String {
    text::block(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes the value of a property.
fn property(text: &str) -> String {
    data(&text::line(text)).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::{
        report::{
            collected_run::AtEnd,
            testing::{case, deviation, events, hostile, report_of, run, secrets_in},
        },
        run::event::Event,
        suite::requirement::Evidence,
    };

    fn written(events: &[Event]) -> String {
        let mut out = Vec::new();
        report_of(&mut AtEnd::new(&mut out, write), events).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_case_is_annotated_at_its_line() {
        insta::assert_snapshot!(written(&events()), @r#"
        ::error file=fixtures/codedeploy/stop-deployment/unknown-id.yaml,line=7,title=codedeploy/stop-deployment/unknown-id::StopDeployment: InternalFailure instead of DeploymentDoesNotExistException%0AA deployment that does not exist cannot be stopped%0Aerror-identity: at /__type: expected DeploymentDoesNotExistException, got InternalFailure  (SD-22, documented)
        ::error file=fixtures/codedeploy/stop-deployment/finished.yaml,line=7,title=codedeploy/stop-deployment/finished::StopDeployment: `deploymentInfo/status`: expected "Succeeded", got "Stopped" (expected-body)%0AA finished deployment stays as it is%0Astatus: in step 2: expected 200, got 202  (protocol)%0Aexpected-body: in step 2 at /deploymentInfo/status: expected "Succeeded", got "Stopped"  (SD-21, documented)
        ::warning file=fixtures/codedeploy/stop-deployment/enum.yaml,line=7,title=codedeploy/stop-deployment/enum::What is asked%0Aresponse-shape/enum: at /status: expected one of Pending, Succeeded, got "Done"  (modelled)
        ::notice title=wireproof::12 cases against http://127.0.0.1:4566: 2 conform, 2 deviate, 2 not implemented, 4 blocked, 1 inconclusive, 1 not applicable
        "#);
    }

    #[test]
    fn ten_of_a_kind_are_written_and_the_last_counts_the_rest() {
        let mut weak = deviation("a-weak-one");
        weak.report.findings[0].evidence = Evidence::Protocol;
        let strong = (0..30).map(|number| deviation(&format!("strong-{number:02}")));
        let text = written(&run([weak].into_iter().chain(strong).collect()));
        let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("::error ")).collect();
        assert_eq!(lines.len(), 10);
        assert!(lines[0].contains("strong-00") && !text.contains("a-weak-one"), "{text}");
        assert_eq!(
            lines[9],
            "::error title=wireproof::22 more cases deviate; GitHub shows only 10 annotations of each kind"
        );
    }

    /// The messages of errors as the runner reads them.
    fn messages(text: &str) -> Vec<String> {
        let errors = text.lines().filter_map(|line| line.strip_prefix("::error "));
        let unescaped = |data: &str| data.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%");
        errors.map(|line| unescaped(line.split_once("::").unwrap().1)).collect()
    }

    #[rstest]
    #[case::many("x", 300, true)]
    #[case::wide("👩", 300, true)]
    #[case::long("\u{e0041}", 1, false)]
    #[case::few("x", 3, false)]
    fn a_message_keeps_to_what_the_runner_takes(#[case] of: &str, #[case] findings: usize, #[case] is_cut: bool) {
        let mut finished = deviation("x");
        let finding = Finding { actual: of.repeat(9_000), ..finished.report.findings[0].clone() };
        finished.report.findings = vec![finding; findings];
        finished.report.title = of.repeat(9_000);
        let [message] = &messages(&written(&run(vec![finished])))[..] else { panic!("no message") };
        assert!(units(message) <= LONGEST_MESSAGE, "{}", units(message));
        let lines: Vec<&str> = message.lines().collect();
        let printed = lines.iter().filter(|line| line.contains("error-identity: ")).count();
        assert!(printed > 0);
        let last = format!("and {} more findings; the JSON report lists all", findings - printed);
        assert_eq!(*lines.last().unwrap() == last, is_cut, "{lines:?}");
    }

    #[rstest]
    #[case(255, "s/x")]
    #[case(256, "…xx")]
    fn a_title_keeps_to_what_a_check_takes(#[case] length: usize, #[case] start: &str) {
        let shown = title(&format!("s/{}", "x".repeat(length - 2)));
        assert_eq!((text::width(&shown), shown.chars().take(3).collect::<String>()), (255, start.to_owned()));
    }

    #[test]
    fn no_endpoint_forges_a_command_or_a_property() {
        let mut finished = hostile(Verdict::Deviates);
        finished.report.position = "a,b:c%\n::warning::x:7".to_owned();
        finished.report.findings[0].actual = "x\n::error::forged\r::add-mask::y %0A::z".to_owned();
        let text = written(&run(vec![finished]));
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(text.starts_with(r"::error file=a%2Cb%3Ac%25\n%3A%3Awarning%3A%3Ax,line=7,title="), "{text}");
        assert!(text.contains(r"\n::error::forged\u{d}::add-mask::y %250A::z"), "{text}");
    }

    #[test]
    fn a_run_that_conforms_is_one_notice() {
        let text = written(&run(vec![case("s/o/x", Verdict::Conforms, "")]));
        assert_eq!(text, "::notice title=wireproof::1 case against http://127.0.0.1:4566: 1 conform\n");
    }

    #[test]
    fn no_secret_is_in_it() {
        assert_eq!(secrets_in(&written(&events())), Vec::<&str>::new());
    }
}
