//! Findings and places in words, as several formats have them.

use super::text;
use crate::{
    judge::verdict::{Finding, FindingRole, Verdict},
    suite::CaseId,
};

/// Longer values are cut; the JSON report has them whole.
const LONGEST_VALUE: usize = 400;

/// The check, and the rule where it knows several: `response-shape/enum`.
pub(crate) fn rule(finding: &Finding) -> String {
    finding.rule.as_ref().map_or_else(|| finding.code.to_string(), |rule| format!("{}/{rule}", finding.code))
}

/// Where it is, what was expected and what came, and on what ground, in one line.
#[cfg(feature = "reports")]
pub(crate) fn found(finding: &Finding) -> String {
    let (expected, actual) = values(finding);
    let location = match location(finding) {
        location if location.is_empty() => location,
        location => format!("{location}: "),
    };
    format!("{location}expected {expected}, got {actual}  ({})", sources(finding))
}

/// What was expected and what came, cut where they are long.
pub(crate) fn values(finding: &Finding) -> (String, String) {
    (text::shorten(&finding.expected, LONGEST_VALUE), text::shorten(&finding.actual, LONGEST_VALUE))
}

/// The requirements that it breaks, and what they stand on.
pub(crate) fn sources(finding: &Finding) -> String {
    let sources: Vec<String> = finding.cites.iter().cloned().chain([finding.evidence.to_string()]).collect();
    sources.join(", ")
}

/// The step and the pointer, as far as they tell anything.
pub(crate) fn location(finding: &Finding) -> String {
    // Most scenarios have one step; the number is worth its room only beyond it.
    let step = match (finding.role, finding.step) {
        (FindingRole::Step, 0 | 1) => String::new(),
        _ => format!("in {}", call(finding)),
    };
    match (step.as_str(), finding.pointer.as_str()) {
        ("", "") => String::new(),
        ("", pointer) => format!("at {pointer}"),
        (step, "") => step.to_owned(),
        (step, pointer) => format!("{step} at {pointer}"),
    }
}

/// The call that it is about.
pub(crate) fn call(finding: &Finding) -> String {
    let step = finding.step;
    match finding.role {
        FindingRole::Step => format!("step {step}"),
        FindingRole::Control => format!("the control of step {step}"),
        FindingRole::Guard => format!("a read around step {step}"),
    }
}

/// The command that runs a case alone, with the flags that it needs again. One that says by itself where the case and the
/// seed go has both filled in.
pub(crate) fn alone(command: &str, id: &CaseId, seed: u64, flags: &str) -> String {
    if command.contains("{id}") {
        return command.replace("{seed}", &seed.to_string()).replace("{id}", &text::shell_word(&id.0));
    }
    format!("{command} {} --seed {seed} {flags}", text::shell_word(&id.0)).trim_end().to_owned()
}

/// A verdict behind so many cases.
pub(crate) fn verb(verdict: Verdict, cases: usize) -> &'static str {
    match (verdict, cases) {
        (Verdict::Conforms, 1) => "conforms",
        (Verdict::Deviates, 1) => "deviates",
        _ => plural(verdict),
    }
}

/// A verdict behind a number of cases.
pub(crate) fn plural(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Conforms => "conform",
        Verdict::Deviates => "deviate",
        Verdict::NotImplemented => "not implemented",
        Verdict::Blocked => "blocked",
        Verdict::Inconclusive => "inconclusive",
        Verdict::NotApplicable => "not applicable",
    }
}

/// The fixture of a case and the line in it.
#[cfg(feature = "reports")]
pub(crate) fn file_and_line(case: &crate::run::event::CaseReport) -> (&str, Option<usize>) {
    let split = case.position.rsplit_once(':').and_then(|(file, line)| Some((file, line.parse().ok()?)));
    split.map_or((case.position.as_str(), None), |(file, line)| (file, Some(line)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::case;

    #[test]
    fn the_line_of_a_fixture_is_behind_the_last_colon() {
        let mut report = case("s/o/x", Verdict::Conforms, "").report;
        for (position, file, line) in [
            ("fixtures/a.yaml:7", "fixtures/a.yaml", Some(7)),
            ("C:\\a.yaml:7", "C:\\a.yaml", Some(7)),
            ("botocore:ssm", "botocore:ssm", None),
            ("", "", None),
        ] {
            position.clone_into(&mut report.position);
            assert_eq!(file_and_line(&report), (file, line));
        }
    }
}
