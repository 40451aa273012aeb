//! A condition becomes true within its time limit.

use std::time::Duration;

use super::{
    Check, CheckBasis, CheckScope, Checked, PointsAt, SeverityRow, StepSubject, expected_body, outcome, server_error,
};
use crate::{
    judge::{code::Code, transcript::Exchange, verdict::Severity::Error},
    suite::{Alternative, Repeat, requirement::Evidence},
};

impl Code {
    /// A condition becomes true within its time limit.
    pub const EVENTUALLY: Self = Self::new("eventually");
}

pub(super) const CHECK: Check = Check {
    code: Code::EVENTUALLY,
    wants: "the expected response within the time limit of the scenario",
    why: "Operations such as a stop may continue in the background. The documents state how they must end.",
    label: ["even-", "tual"],
    severities: &[SeverityRow::new(Error, Error, "the scenario states the condition and the time limit")],
    basis: CheckBasis::Scenario,
    points_at: PointsAt::Body,
    from_recording: false,
    look: CheckScope::Step(look),
};

fn look<'a>(step: &StepSubject<'a>) -> Checked<'a> {
    let Repeat::Eventually { within, .. } = step.step.repeat else { return Checked::nothing() };
    let Some((_, Ok((response, parsed)))) = step.main().last() else { return Checked::nothing() };
    let mut basis = step.basis();
    if step.step.expect.held(Ok((response, parsed)), &step.bindings).is_some() {
        return Checked::with(basis.cites, Vec::new());
    }
    let crashed = server_error::is_unexpected_crash(step, response, parsed);
    if crashed || is_cut_short(step, within) || step.unfinished().is_some() {
        return Checked::nothing();
    }
    let mut checked = expected_body::mismatches(step, &CHECK);
    for finding in &mut checked.findings {
        finding.expected = format!("{} within {within:?}", finding.expected);
    }
    if checked.findings.is_empty() {
        let expected: Vec<String> = step.step.expect.alternatives.iter().map(Alternative::describe).collect();
        let actual = outcome::describe(response.status, parsed);
        let expected = format!("{} within {within:?}", expected.join(" or "));
        if server_error::is_server_error(response.status) {
            basis.evidence = basis.evidence.min(Evidence::Protocol);
        }
        checked.findings.push(basis.finding(&CHECK, step.number, "", expected, actual));
    }
    Checked::with(basis.cites, checked.findings)
}

/// The case ended before the time limit of the poll, so its result is unknown.
fn is_cut_short(step: &StepSubject<'_>, within: Duration) -> bool {
    let polls: Vec<&Exchange> = step.main().map(|(exchange, _)| exchange).collect();
    let time = polls
        .first()
        .zip(polls.last())
        .map(|(first, last)| (last.started + last.elapsed).saturating_sub(first.started));
    step.case.transcript.is_cut_short() && time.is_some_and(|time| time < within)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use serde_json::{Value, json};

    use super::*;
    use crate::judge::{check::testing::*, transcript::CaseEnd, verdict::Verdict};

    const EVENTUALLY: &str = "eventually: { within: 150ms, every: 100ms }";

    #[rstest]
    #[case::last_counts(&["InProgress", "Stopped"], &[])]
    #[case::never(&["InProgress", "Created", "Failed"], &["error eventually /deploymentInfo/status"])]
    fn the_last_poll_counts_and_the_earlier_ones_do_not(#[case] polls: &[&str], #[case] findings: &[&str]) {
        let trial = polls.iter().fold(poll(EVENTUALLY), |trial, status| trial.responds(2, 200, &deployment(status)));
        assert_eq!(trial.findings(), findings);
    }

    #[rstest]
    #[case::in_progress("InProgress", Verdict::Inconclusive)]
    #[case::created("Created", Verdict::Inconclusive)]
    #[case::ended_otherwise("Succeeded", Verdict::Deviates)]
    #[case::ended_as_expected("Stopped", Verdict::Conforms)]
    fn a_change_that_is_still_in_progress_is_inconclusive(#[case] last: &str, #[case] verdict: Verdict) {
        let polls = ["Created", "InProgress", last];
        let trial = polls.iter().fold(poll(EVENTUALLY), |trial, status| trial.responds(2, 200, &deployment(status)));
        let trial = trial.responds(1, 200, &stopping());
        let (judged, reason) = trial.judge().verdict();
        assert_eq!(judged, verdict, "{reason}");
        assert_eq!(reason.contains("still pending"), verdict == Verdict::Inconclusive, "{reason}");
    }

    #[rstest]
    #[case::failed(&["CANCELLING", "FAILED"], false)]
    #[case::succeeded(&["CANCELLING", "SUCCEEDED"], true)]
    #[case::cancelled(&["CANCELLING", "CANCELLED"], false)]
    #[case::failed_at_first(&["FAILED", "CANCELLED"], false)]
    fn a_change_that_fails_as_the_documents_allow_is_no_deviation(#[case] polls: &[&str], #[case] deviates: bool) {
        let expect = "expect: { body: { service: { pipeline: { deploymentStatus: CANCELLED } } } }";
        let read = format!("- {{ call: GetService, input: {{ name: shop }}, {expect}, {EVENTUALLY} }}");
        let call = "call: CancelServicePipelineDeployment, input: { serviceName: shop }, expect: { responded: true }";
        let body = |status: &str| json!({"service": {"pipeline": {"deploymentStatus": status}}});
        let trial = Trial::cancel(&format!("- {{ {call} }}\n{read}"));
        let trial = polls.iter().fold(trial, |trial, status| trial.responds(2, 200, &body(status)));
        let found = trial.findings();
        assert_eq!(found.iter().any(|finding| finding.starts_with("error eventually")), deviates, "{found:?}");
    }

    #[test]
    fn an_error_in_the_end_is_not_the_expected_response() {
        let trial = poll(EVENTUALLY).responds(2, 200, &deployment("Created")).responds(2, 400, &does_not_exist());
        assert_eq!(trial.findings(), ["error eventually"]);
    }

    #[test]
    fn a_poll_that_the_end_of_the_case_cut_short_is_no_deviation() {
        let end = CaseEnd::TimedOut(Duration::from_secs(1));
        let cut = poll(EVENTUALLY).responds(2, 200, &deployment("Created")).ended(end.clone());
        assert_eq!((cut.findings(), cut.verdict()), (vec![], Verdict::Inconclusive));
        let over =
            ["Failed"; 3].iter().fold(poll(EVENTUALLY), |trial, status| trial.responds(2, 200, &deployment(status)));
        assert_eq!(over.ended(end).verdict(), Verdict::Deviates);
    }

    #[test]
    fn a_poll_that_ends_in_a_declared_server_error_is_an_error() {
        let steps = "- { call: CancelServicePipelineDeployment, input: { serviceName: shop }, eventually: { within: 1ms, every: 1ms } }";
        let body = json!({"__type": "InternalServerException", "message": "m"});
        assert_eq!(Trial::cancel(steps).responds(1, 500, &body).findings(), ["error eventually"]);
        let crash = json!({"__type": "InternalFailure", "message": "m"});
        assert_eq!(Trial::cancel(steps).responds(1, 500, &crash).findings(), ["error server-error"]);
    }

    #[rstest]
    #[case::had_its_time("101ms", &["error eventually /deploymentInfo/status"])]
    #[case::lacked_a_millisecond("102ms", &[])]
    fn a_poll_had_its_time_if_its_last_response_came_as_late(#[case] within: &str, #[case] findings: &[&str]) {
        // Polls are sent 100 ms apart, and each takes 1 ms.
        let form = format!("eventually: {{ within: {within}, every: 100ms }}");
        let trial = poll(&form).responds(2, 200, &deployment("Created")).responds(2, 200, &deployment("Failed"));
        assert_eq!(trial.ended(CaseEnd::TimedOut(Duration::from_secs(1))).findings(), findings);
    }

    #[test]
    fn the_expected_value_is_shown_with_its_time_limit() {
        let expected =
            |body: &Value, status| poll(EVENTUALLY).responds(2, status, body).expected_and_actual().remove(0).0;
        assert_eq!(expected(&deployment("Failed"), 200), "\"Stopped\" within 150ms");
        assert_eq!(expected(&does_not_exist(), 400), "a success (200) with the expected body within 150ms");
    }
}
