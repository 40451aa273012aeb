//! The body has the values that the scenario expects.

use super::{Check, CheckBasis, CheckScope, Checked, PointsAt, SeverityRow, StepSubject};
use crate::{
    judge::{code::Code, verdict::Severity::Error},
    suite::{
        Alternative, Repeat,
        matcher::{self, Hidden},
    },
    wire::{ParsedResponse, Response},
};

impl Code {
    /// The body has the values that the scenario expects.
    pub const EXPECTED_BODY: Self = Self::new("expected-body");
}

pub(super) const CHECK: Check = Check {
    code: Code::EXPECTED_BODY,
    wants: "the values that the scenario expects in the body",
    why: "The scenario cites the requirement that promises them.",
    label: ["exp", "body"],
    severities: &[SeverityRow::new(Error, Error, "the scenario states the value")],
    basis: CheckBasis::Scenario,
    points_at: PointsAt::Body,
    from_recording: false,
    look: CheckScope::Step(look),
};

fn look<'a>(step: &StepSubject<'a>) -> Checked<'a> {
    if !matches!(step.step.repeat, Repeat::Once | Repeat::Concurrently(_)) {
        return Checked::nothing();
    }
    mismatches(step, &CHECK)
}

/// The differences between the step's responses and the expected body, as findings of `check`.
pub(super) fn mismatches<'a>(step: &StepSubject<'a>, check: &Check) -> Checked<'a> {
    let expected = step
        .step
        .expect
        .alternatives
        .iter()
        .any(|alternative| matches!(alternative, Alternative::Success { body: Some(_), .. }));
    if !expected || !step.main().any(|(_, outcome)| outcome.is_ok_and(|(_, parsed)| parsed.rejection.is_none())) {
        return Checked::nothing();
    }
    let basis = step.basis();
    let mut findings = Vec::new();
    for (response, parsed) in step.unexpected().filter(|(_, parsed)| parsed.rejection.is_none()) {
        for mismatch in closest(step, response, parsed) {
            let (expected, actual) = (mismatch.expected, shorten(&mismatch.actual));
            findings.push(basis.finding(check, step.number, &mismatch.pointer, expected, actual));
        }
    }
    Checked::with(basis.cites, findings)
}

/// The mismatches of the alternative that has the fewest.
fn closest(step: &StepSubject<'_>, response: &Response, parsed: &ParsedResponse) -> Vec<matcher::Mismatch> {
    let value = parsed.value.clone().unwrap_or_default();
    let each = step.alternatives_like(parsed).filter_map(|alternative| match alternative {
        Alternative::Success { body: Some(body), .. } => {
            let pattern = body.fill(&step.bindings).ok()?;
            Some(matcher::mismatches(&pattern, &value, Hidden::of(response, step.bindings.origin())))
        }
        _ => None,
    });
    each.min_by_key(Vec::len).unwrap_or_default()
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(160) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use serde_json::json;

    use crate::judge::check::testing::*;

    #[rstest]
    #[case::as_expected("{ status: Pending }", &[])]
    #[case::other("{ status: Succeeded }", &["error expected-body /status"])]
    #[case::absent("{ status: { $absent: true } }", &["error expected-body /status"])]
    #[case::one_of("{ status: { $any_of: [Pending, Succeeded] } }", &[])]
    fn the_values_are_the_expected_ones(#[case] body: &str, #[case] findings: &[&str]) {
        let expect = format!("expect: {{ body: {body} }}");
        let steps = format!("- {{ call: StopDeployment, input: {{ deploymentId: d-ABCDEF123 }}, {expect} }}");
        assert_eq!(Trial::stop(&steps).responds(1, 200, &stopping()).findings(), findings);
        let note: Vec<String> = findings.iter().map(|finding| finding.replace("error", "note")).collect();
        assert_eq!(Trial::recorded(&steps).responds(1, 200, &stopping()).findings(), note);
    }

    #[test]
    fn the_nearest_alternative_says_what_differs() {
        let expect = "expect: { any_of: [{ body: { status: Failed, statusMessage: x } }, { body: { status: Failed, statusMessage: m } }] }";
        let steps = format!("- {{ call: StopDeployment, input: {{ deploymentId: d-ABCDEF123 }}, {expect} }}");
        let body = json!({"status": "Pending", "statusMessage": "m"});
        assert_eq!(Trial::stop(&steps).responds(1, 200, &body).findings(), ["error expected-body /status"]);
    }

    #[test]
    fn concurrent_calls_report_one_deviation_once() {
        let steps = "- { call: StopDeployment, input: { deploymentId: d-ABCDEF123 }, expect: { body: { statusMessage: x } }, concurrently: 2 }";
        let body = |message: &str| json!({"status": "Pending", "statusMessage": message});
        let trial = Trial::stop(steps).responds(1, 200, &body("a")).responds(1, 200, &body("b"));
        assert_eq!(trial.findings(), ["error expected-body /statusMessage"]);
    }

    #[test]
    fn a_long_value_is_shortened() {
        assert_eq!(super::shorten(&"x".repeat(160)), "x".repeat(160));
        assert_eq!(super::shorten(&"x".repeat(161)), format!("{}…", "x".repeat(160)));
    }

    #[test]
    fn other_checks_judge_rejections_and_polls() {
        let expect = "expect: { body: { status: Failed } }";
        let step = |more: &str| {
            format!("- {{ call: StopDeployment, input: {{ deploymentId: d-ABCDEF123 }}, {expect}{more} }}")
        };
        assert_eq!(Trial::stop(&step("")).responds(1, 400, &does_not_exist()).findings(), ["error outcome"]);
        let poll = Trial::stop(&step(", eventually: { within: 1s, every: 1s }"));
        let poll = poll.responds(1, 200, &json!({"status": "Succeeded", "statusMessage": "m"}));
        assert_eq!(poll.findings(), ["error eventually /status"]);
    }

    #[test]
    fn only_the_successes_of_concurrent_calls_are_compared() {
        let steps = "- { call: StopDeployment, input: { deploymentId: d-ABCDEF123 }, expect: { any_of: [{ body: { status: Failed } }, { error: DeploymentDoesNotExistException }] }, concurrently: 2 }";
        let trial = Trial::stop(steps).responds(1, 400, &does_not_exist()).responds(1, 200, &stopping());
        assert_eq!(trial.findings(), ["error expected-body /status"]);
        assert_eq!(trial.expected_and_actual(), [("\"Failed\"".to_owned(), "\"Pending\"".to_owned())]);
    }
}
