//! Phrases that several formats share.

use super::text;
#[cfg(feature = "reports")]
use crate::run::baseline_comparison::Differing;
use crate::{
    judge::verdict::{Finding, FindingRole, Verdict},
    suite::{CaseId, ModelIdentity},
};

/// The maximum length of a value. The JSON report contains values in full.
const LONGEST_VALUE: usize = 400;

/// How many causes of warnings about what is only inferred are true: `docs/appendix/behavior-precision.md`, third,
/// fourth, sixth and seventh draw.
pub(super) const LIKELY_PRECISION: &str = "84 of 114 were true when they were checked by hand";

/// The state of a model: its version, its source, and the start of its digest.
pub(crate) fn model(model: &ModelIdentity) -> String {
    let digest = model.digest.get(..12).unwrap_or(&model.digest);
    format!("{} {} ({}, sha256 {digest}…)", model.service, model.version, model.source)
}

/// The check, and its rule if it has several: `response-shape/enum`.
pub(crate) fn rule(finding: &Finding) -> String {
    finding.rule.as_ref().map_or_else(|| finding.code.to_string(), |rule| format!("{}/{rule}", finding.code))
}

/// The location, the expected and actual values, and the sources of a finding, in one line.
#[cfg(feature = "reports")]
pub(crate) fn found(finding: &Finding) -> String {
    let (expected, actual) = values(finding);
    let location = match location(finding) {
        location if location.is_empty() => location,
        location => format!("{location}: "),
    };
    format!("{location}expected {expected}, got {actual}  ({})", sources(finding))
}

/// The expected and actual values, cut to a maximum length.
pub(crate) fn values(finding: &Finding) -> (String, String) {
    (text::shorten(&finding.expected, LONGEST_VALUE), text::shorten(&finding.actual, LONGEST_VALUE))
}

/// The violated requirements, and the kind of evidence.
pub(crate) fn sources(finding: &Finding) -> String {
    let sources: Vec<String> = finding.cites.iter().cloned().chain([finding.evidence.to_string()]).collect();
    sources.join(", ")
}

/// The step and the pointer of a finding, unless they are obvious.
pub(crate) fn location(finding: &Finding) -> String {
    // Most scenarios have only one step.
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

/// The call that a finding is about.
pub(crate) fn call(finding: &Finding) -> String {
    let step = finding.step;
    match finding.role {
        FindingRole::Step => format!("step {step}"),
        FindingRole::Control => format!("the control of step {step}"),
        FindingRole::Guard => format!("a read before or after step {step}"),
    }
}

/// The cases of a difference from a baseline, what changed in them, and what to do, one line each.
#[cfg(feature = "reports")]
pub(crate) fn difference(one: &Differing) -> Vec<String> {
    let listed = |lead: &'static str, texts: &[String]| -> Vec<String> {
        texts.iter().map(|text| format!("{lead} {}", text::shorten(text, LONGEST_VALUE))).collect()
    };
    let entry = [("reason", &one.reason), ("issue", &one.issue), ("accepted until", &one.expires)];
    let entry = entry.into_iter().filter_map(|(lead, text)| Some(format!("{lead}: {}", text.as_ref()?)));
    let changes = [listed("in", &one.cases), listed("was", &one.known), listed("now", &one.found)];
    changes.concat().into_iter().chain(entry).chain([format!("to do: {}", one.advice)]).collect()
}

/// The command that runs a single case. `{id}` and `{seed}` are replaced; without `{id}`, ID, seed and flags are
/// appended.
pub(crate) fn alone(command: &str, id: &CaseId, seed: u64, flags: &str) -> String {
    if command.contains("{id}") {
        return command.replace("{seed}", &seed.to_string()).replace("{id}", &text::shell_word(&id.0));
    }
    format!("{command} {} --seed {seed} {flags}", text::shell_word(&id.0)).trim_end().to_owned()
}

/// The verb of a verdict for a number of cases.
pub(crate) fn verb(verdict: Verdict, cases: usize) -> &'static str {
    match (verdict, cases) {
        (Verdict::Conforms, 1) => "conforms",
        (Verdict::Deviates, 1) => "deviates",
        _ => plural(verdict),
    }
}

/// The verb of a verdict for several cases.
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

/// The fixture of a case, and the line in it.
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
    fn the_line_of_a_fixture_follows_the_last_colon() {
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
