//! Workflow commands of GitHub Actions: an annotation at the fixture's line for each case that deviates, and for each
//! that only warns; at the end one notice with the sums.
//!
//! GitHub shows ten errors, ten warnings and ten notices of a step, and drops the rest without a word. So the worst come
//! first, and the tenth says how many more there are.

use std::{
    cmp::Reverse,
    fmt::Write as _,
    io::{self, Write},
};

use super::{
    collected::{Run, errors},
    text, words,
};
use crate::{
    event::CaseReport,
    verdict::{Finding, Severity, Verdict},
};

/// So many annotations of a kind GitHub shows of one step.
const SHOWN: usize = 10;

pub(super) fn write(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    let mut deviating: Vec<&CaseReport> = run.of_verdict(Verdict::Deviates).collect();
    deviating.sort_by_key(|case| weight(case));
    annotate(out, "error", &deviating, "deviate", |case| told(errors(case), case))?;
    let warns = |finding: &&Finding| finding.severity == Severity::Warning;
    let others = run.cases.iter().filter(|case| case.verdict != Verdict::Deviates);
    let warning: Vec<&CaseReport> = others.filter(|case| case.findings.iter().any(|found| warns(&found))).collect();
    annotate(out, "warning", &warning, "warn", |case| told(case.findings.iter().filter(warns), case))?;
    writeln!(out, "::notice title=wireproof::{}", data(&sums(run)))
}

/// The best ground first, then the most errors.
fn weight(case: &CaseReport) -> impl Ord + use<> {
    (errors(case).map(|finding| finding.evidence).min(), Reverse(errors(case).count()))
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
        let (file, line) = words::file_and_line(case);
        let line = line.map(|line| format!(",line={line}")).unwrap_or_default();
        let (file, title) = (property(file), property(&case.id.0));
        writeln!(out, "::{command} file={file}{line},title={title}::{}", data(&message(case)))?;
    }
    if cases.len() > shown {
        let more = format!("{} more cases {verb}: GitHub shows {SHOWN} of a kind", cases.len() - shown);
        writeln!(out, "::{command} title=wireproof::{}", data(&more))?;
    }
    Ok(())
}

/// What a case shows and what was found, each on a line of its own.
fn told<'a>(findings: impl Iterator<Item = &'a Finding>, case: &CaseReport) -> String {
    let mut told = text::line(&case.title);
    for finding in findings {
        // Writing to a String cannot fail.
        let _ = write!(told, "\n{}: {}", text::line(&words::rule(finding)), text::line(&words::found(finding)));
    }
    told
}

fn sums(run: &Run) -> String {
    let ledger = &run.finished.ledger;
    let counts: Vec<String> = Verdict::ALL
        .into_iter()
        .filter(|verdict| ledger.count(*verdict) > 0)
        .map(|verdict| format!("{} {}", ledger.count(verdict), words::plural(verdict)))
        .collect();
    let interrupted = if run.finished.interrupted { ", interrupted" } else { "" };
    format!(
        "{} against {}: {}{interrupted}",
        text::count(ledger.selected, "case"),
        run.started.endpoint,
        counts.join(", ")
    )
}

/// The message of a command. A line of it stays one, and nothing in it begins a command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a command's property.
fn property(text: &str) -> String {
    data(&text::line(text)).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::Event,
        report::{
            collected::AtEnd,
            testing::{case, deviation, events, hostile, report_of, run, secrets_in},
        },
        statement::Evidence,
    };

    fn written(events: &[Event]) -> String {
        let mut out = Vec::new();
        report_of(&mut AtEnd::new(&mut out, write), events).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_case_is_annotated_at_its_line() {
        insta::assert_snapshot!(written(&events()), @r#"
        ::error file=fixtures/codedeploy/stop-deployment/finished.yaml,line=7,title=codedeploy/stop-deployment/finished::A finished deployment stays as it is%0Astatus: in step 2: expected 200, got 202  (protocol)%0Aexpected-body: in step 2 at /deploymentInfo/status: expected "Succeeded", got "Stopped"  (SD-21, documented)
        ::error file=fixtures/codedeploy/stop-deployment/unknown-id.yaml,line=7,title=codedeploy/stop-deployment/unknown-id::A deployment that does not exist cannot be stopped%0Aerror-identity: at /__type: expected DeploymentDoesNotExistException, got InternalFailure  (SD-22, documented)
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
        assert_eq!(lines[9], "::error title=wireproof::22 more cases deviate: GitHub shows 10 of a kind");
    }

    #[test]
    fn no_endpoint_forges_a_command_or_a_property() {
        let mut finished = hostile(Verdict::Deviates);
        finished.report.place = "a,b:c%\n::warning::x:7".to_owned();
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
