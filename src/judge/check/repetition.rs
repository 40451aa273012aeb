//! A condition that must come true in time, and one that must stay true.

use std::time::Duration;

use super::{Check, CheckScope, Checked, StepSubject, expected_body, outcome};
use crate::{
    judge::transcript::Exchange,
    suite::{Alternative, Repeat, code::Code, requirement::Evidence},
};

pub(super) const EVENTUALLY: Check = Check {
    code: Code::Eventually,
    wants: "the expected answer within the time that the scenario gives",
    why: "Operations such as a stop may go on in the background; the documents state where that must end.",
    look: CheckScope::Step(eventually),
};

pub(super) const CONSISTENTLY: Check = Check {
    code: Code::Consistently,
    wants: "the expected answer for as long as the scenario says",
    why: "An emulator that completes a stopped deployment later is caught only by looking again for a while.",
    look: CheckScope::Step(consistently),
};

fn eventually<'a>(step: &StepSubject<'a>) -> Checked<'a> {
    let Repeat::Eventually { within, .. } = step.step.repeat else { return Checked::nothing() };
    let Some((_, Ok((response, answer)))) = step.main().last() else { return Checked::nothing() };
    let mut ground = step.ground();
    if step.step.expect.held(Ok((response, answer)), &step.bindings).is_some() {
        return Checked::with(ground.cites, Vec::new());
    }
    if is_cut_short(step, within) {
        return Checked::nothing();
    }
    let mut checked = expected_body::mismatches(step, Code::Eventually);
    for finding in &mut checked.findings {
        finding.expected = format!("{} within {within:?}", finding.expected);
    }
    if checked.findings.is_empty() {
        let expected: Vec<String> = step.step.expect.alternatives.iter().map(Alternative::describe).collect();
        let actual = outcome::describe(response.status, answer);
        let expected = format!("{} within {within:?}", expected.join(" or "));
        if outcome::is_server_error(response.status) {
            ground.evidence = ground.evidence.min(Evidence::Protocol);
        }
        checked.findings.push(ground.finding(Code::Eventually, None, step.number, "", expected, actual));
    }
    Checked::with(ground.cites, checked.findings)
}

/// Whether the case ended before the poll had its time: then nobody knows what would have become of it.
fn is_cut_short(step: &StepSubject<'_>, within: Duration) -> bool {
    let polls: Vec<&Exchange> = step.main().map(|(exchange, _)| exchange).collect();
    let time = polls
        .first()
        .zip(polls.last())
        .map(|(first, last)| (last.started + last.elapsed).saturating_sub(first.started));
    step.case.transcript.is_cut_short() && time.is_some_and(|time| time < within)
}

fn consistently<'a>(step: &StepSubject<'a>) -> Checked<'a> {
    if !matches!(step.step.repeat, Repeat::Consistently { .. }) || step.main().all(|(_, outcome)| outcome.is_err()) {
        return Checked::nothing();
    }
    let checked = expected_body::mismatches(step, Code::Consistently);
    if checked.evaluated { checked } else { Checked::with(step.ground().cites, Vec::new()) }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use serde_json::{Value, json};

    use super::*;
    use crate::{
        judge::{
            check::testing::*,
            transcript::{CaseEnd, Role},
            verdict::Verdict,
        },
        wire::TransportError,
    };

    fn poll(form: &str) -> Trial {
        let expect = "expect: { body: { deploymentInfo: { status: Stopped } } }";
        Trial::stop(&format!(
            "{STOP}\n- {{ call: GetDeployment, input: {{ deploymentId: d-ABCDEF123 }}, {expect}, {form} }}"
        ))
        .answers(1, 200, &stopping())
    }

    fn is(status: &str) -> Value {
        json!({"deploymentInfo": {"status": status}})
    }

    const EVENTUALLY: &str = "eventually: { within: 150ms, every: 100ms }";
    const CONSISTENTLY: &str = "consistently: { for: 150ms, every: 100ms }";

    #[rstest]
    #[case::last_counts(&["InProgress", "Stopped"], &[])]
    #[case::never(&["InProgress", "Created", "InProgress"], &["error eventually /deploymentInfo/status"])]
    fn the_last_poll_counts_and_the_earlier_ones_do_not(#[case] polls: &[&str], #[case] findings: &[&str]) {
        let trial = polls.iter().fold(poll(EVENTUALLY), |trial, status| trial.answers(2, 200, &is(status)));
        assert_eq!(trial.findings(), findings);
    }

    #[rstest]
    #[case::always(&["Stopped", "Stopped"], &[])]
    #[case::undone(&["Stopped", "Succeeded"], &["error consistently /deploymentInfo/status"])]
    fn a_condition_that_must_stay_is_judged_on_every_poll(#[case] polls: &[&str], #[case] findings: &[&str]) {
        let trial = polls.iter().fold(poll(CONSISTENTLY), |trial, status| trial.answers(2, 200, &is(status)));
        assert_eq!(trial.findings(), findings);
    }

    #[test]
    fn a_refusal_in_the_end_is_not_what_was_waited_for() {
        let trial = poll(EVENTUALLY).answers(2, 200, &is("Created")).answers(2, 400, &does_not_exist());
        assert_eq!(trial.findings(), ["error eventually"]);
    }

    #[test]
    fn a_poll_that_the_end_of_the_case_cut_short_convicts_nobody() {
        let end = CaseEnd::TimedOut(Duration::from_secs(1));
        let cut = poll(EVENTUALLY).answers(2, 200, &is("Created")).ended(end.clone());
        assert_eq!((cut.findings(), cut.verdict()), (vec![], Verdict::Inconclusive));
        let over = ["Created"; 3].iter().fold(poll(EVENTUALLY), |trial, status| trial.answers(2, 200, &is(status)));
        assert_eq!(over.ended(end).verdict(), Verdict::Deviates);
    }

    #[test]
    fn a_poll_that_ends_in_a_failure_of_the_endpoint_is_an_error_even_if_only_recorded() {
        let steps =
            "- { call: StopDeployment, input: { deploymentId: d-ABCDEF123 }, eventually: { within: 1ms, every: 1ms } }";
        let body = json!({"__type": "InternalFailure", "message": "m"});
        assert_eq!(Trial::recorded(steps).answers(1, 500, &body).findings(), ["error eventually"]);
    }

    #[rstest]
    #[case::had_its_time("101ms", &["error eventually /deploymentInfo/status"])]
    #[case::lacked_a_millisecond("102ms", &[])]
    fn a_poll_had_its_time_if_its_last_answer_came_as_late(#[case] within: &str, #[case] findings: &[&str]) {
        // Polls are sent 100 ms apart, and each takes 1 ms.
        let form = format!("eventually: {{ within: {within}, every: 100ms }}");
        let trial = poll(&form).answers(2, 200, &is("Created")).answers(2, 200, &is("Created"));
        assert_eq!(trial.ended(CaseEnd::TimedOut(Duration::from_secs(1))).findings(), findings);
    }

    #[test]
    fn what_was_waited_for_is_told_with_its_time() {
        let told = |body: &Value, status| poll(EVENTUALLY).answers(2, status, body).told().remove(0).0;
        assert_eq!(told(&is("Created"), 200), "\"Stopped\" within 150ms");
        assert_eq!(told(&does_not_exist(), 400), "a success (200) with the expected body within 150ms");
    }

    #[test]
    fn a_condition_is_judged_if_any_answer_came_and_by_its_kind_where_it_has_no_body() {
        let kind = || {
            Trial::stop(&format!(
                "- {{ call: StopDeployment, input: {{ deploymentId: d-ABCDEF123 }}, {CONSISTENTLY} }}"
            ))
        };
        let reset = |trial: Trial| trial.gets(1, Role::Main, Err(TransportError::Reset));
        let judged = |trial: &Trial| trial.on_step(|step| consistently(step).evaluated);
        assert!(!judged(&reset(reset(kind()))));
        assert!(judged(&reset(kind()).answers(1, 200, &stopping())));
        assert!(judged(&kind().answers(1, 400, &does_not_exist())));
        assert!(!judged(&Trial::stop(STOP).answers(1, 200, &stopping())));
    }
}
