//! A condition stays true for a period.

use super::{Check, CheckBasis, CheckScope, Checked, PointsAt, SeverityRow, StepSubject, expected_body};
use crate::{
    judge::{code::Code, verdict::Severity::Error},
    suite::Repeat,
};

impl Code {
    /// A condition stays true for a period.
    pub const CONSISTENTLY: Self = Self::new("consistently");
}

pub(super) const CHECK: Check = Check {
    code: Code::CONSISTENTLY,
    wants: "the expected response for the whole period that the scenario states",
    why: "Only repeated reads detect an emulator that completes a stopped deployment later.",
    label: ["con-", "sist"],
    severities: &[SeverityRow::new(Error, Error, "the scenario states the condition and the period")],
    basis: CheckBasis::Scenario,
    points_at: PointsAt::Body,
    from_recording: false,
    look: CheckScope::Step(look),
};

fn look<'a>(step: &StepSubject<'a>) -> Checked<'a> {
    if !matches!(step.step.repeat, Repeat::Consistently { .. }) || step.main().all(|(_, outcome)| outcome.is_err()) {
        return Checked::nothing();
    }
    let checked = expected_body::mismatches(step, &CHECK);
    if checked.evaluated { checked } else { Checked::with(step.basis().cites, Vec::new()) }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::{
        judge::{check::testing::*, transcript::Role},
        wire::TransportError,
    };

    const CONSISTENTLY: &str = "consistently: { for: 150ms, every: 100ms }";

    #[rstest]
    #[case::always(&["Stopped", "Stopped"], &[])]
    #[case::undone(&["Stopped", "Succeeded"], &["error consistently /deploymentInfo/status"])]
    fn every_poll_counts(#[case] polls: &[&str], #[case] findings: &[&str]) {
        let trial = polls.iter().fold(poll(CONSISTENTLY), |trial, status| trial.responds(2, 200, &deployment(status)));
        assert_eq!(trial.findings(), findings);
    }

    #[test]
    fn a_condition_is_judged_if_any_response_came_and_by_its_outcome_where_it_has_no_body() {
        let outcome = || {
            Trial::stop(&format!(
                "- {{ call: StopDeployment, input: {{ deploymentId: d-ABCDEF123 }}, {CONSISTENTLY} }}"
            ))
        };
        let reset = |trial: Trial| trial.gets(1, Role::Main, Err(TransportError::Reset));
        let judged = |trial: &Trial| trial.on_step(|step| look(step).evaluated);
        assert!(!judged(&reset(reset(outcome()))));
        assert!(judged(&reset(outcome()).responds(1, 200, &stopping())));
        assert!(judged(&outcome().responds(1, 400, &does_not_exist())));
        assert!(!judged(&Trial::stop(STOP).responds(1, 200, &stopping())));
    }
}
