//! A request succeeds or is rejected as documented.

use super::{Check, CheckBasis, CheckScope, Checked, PointsAt, SeverityRow, StepSubject, server_error};
use crate::{
    judge::{code::Code, verdict::Severity::Error},
    suite::{Alternative, requirement::Evidence},
    wire::ParsedResponse,
};

impl Code {
    /// A request succeeds or is rejected as documented.
    pub const OUTCOME: Self = Self::new("outcome");
}

pub(super) const CHECK: Check = Check {
    code: Code::OUTCOME,
    wants: "a success where the documents state one, and a rejection where they state one",
    why: "Every client breaks on an operation that accepts a request that it must reject, or rejects one that it must \
          accept. The scenario states which of the two is due, and cites the requirement.",
    label: ["out-", "come"],
    severities: &[SeverityRow::new(
        Error,
        Error,
        "a success instead of a rejection, or a rejection instead of a success, is the plainest deviation",
    )],
    basis: CheckBasis::Scenario,
    points_at: PointsAt::StatusLine,
    from_recording: false,
    look: CheckScope::Step(look),
};

fn look<'a>(step: &StepSubject<'a>) -> Checked<'a> {
    let scenario = step.basis();
    let mut evaluated = step.main().any(|(_, outcome)| outcome.is_ok());
    let mut findings = Vec::new();
    for (response, parsed) in step.unexpected().filter(|_| !step.is_poll()) {
        if server_error::is_unexpected_crash(step, response, parsed) {
            continue;
        }
        let is_failure = server_error::is_server_error(response.status);
        if step.alternatives_like(parsed).any(|_| !is_failure) {
            continue;
        }
        // A declared server error is a defect, even if no document states the response.
        let mut basis = scenario.clone();
        if is_failure {
            basis.evidence = basis.evidence.min(Evidence::Protocol);
            if step.step.expect.errors().any(|name| parsed.error() == Some(name)) {
                continue;
            }
        }
        let expected: Vec<String> = step.step.expect.alternatives.iter().map(Alternative::describe).collect();
        let actual = describe(response.status, parsed);
        findings.push(basis.finding(&CHECK, step.number, "", expected.join(" or "), actual));
    }
    evaluated |= step.main().any(|(_, outcome)| step.step.expect.held(outcome, &step.bindings).is_some());
    if evaluated { Checked::with(scenario.cites, findings) } else { Checked::nothing() }
}

/// The response in a few words.
pub(super) fn describe(status: u16, parsed: &ParsedResponse) -> String {
    match (&parsed.rejection, parsed.error()) {
        (None, _) => format!("a success ({status})"),
        (Some(_), Some(name)) => format!("{name} ({status})"),
        (Some(_), None) => format!("an error without a name ({status})"),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use serde_json::json;

    use crate::judge::check::testing::*;

    #[test]
    fn a_success_instead_of_a_rejection_and_the_reverse_are_deviations() {
        assert_eq!(Trial::stop(UNKNOWN).responds(1, 200, &stopping()).findings(), ["error outcome"]);
        assert_eq!(Trial::stop(STOP).responds(1, 400, &does_not_exist()).findings(), ["error outcome"]);
        assert_eq!(Trial::recorded(STOP).responds(1, 400, &does_not_exist()).findings(), ["note outcome"]);
        assert!(Trial::stop(UNKNOWN).responds(1, 400, &does_not_exist()).findings().is_empty());
    }

    #[rstest]
    #[case::rejection_expected("{ error: ConflictException }")]
    #[case::success_expected("{ status: 200 }")]
    #[case::anything_expected("{ responded: true }")]
    fn a_declared_server_error_is_one_that_is_not_expected(#[case] expect: &str) {
        let steps =
            format!("- {{ call: CancelServicePipelineDeployment, input: {{ serviceName: shop }}, expect: {expect} }}");
        let body = json!({"__type": "InternalServerException", "message": "m"});
        let found = Trial::cancel(&steps).responds(1, 500, &body).findings();
        assert!(found.contains(&"error outcome".to_owned()), "{found:?}");
    }

    #[test]
    fn the_expected_and_the_actual_outcome_are_shown() {
        let texts = |steps: &str, status, body| Trial::stop(steps).responds(1, status, &body).expected_and_actual();
        let name = "DeploymentDoesNotExistException".to_owned();
        assert_eq!(texts(UNKNOWN, 200, stopping()), [(name.clone(), "a success (200)".to_owned())]);
        let success = "a success (200)".to_owned();
        assert_eq!(texts(STOP, 400, does_not_exist()), [(success.clone(), format!("{name} (400)"))]);
        let unnamed = texts(STOP, 400, json!({"message": "m"}));
        assert!(unnamed.contains(&(success, "an error without a name (400)".to_owned())), "{unnamed:?}");
    }

    #[test]
    fn a_server_error_that_the_scenario_expects_by_name_is_not_a_finding() {
        let steps = NO_SERVICE.replace("ResourceNotFoundException", "InternalServerException, status: 503");
        let body = json!({"__type": "InternalServerException", "message": "m"});
        let found = Trial::cancel(&steps).responds(1, 500, &body).findings();
        assert_eq!(found, ["error error-status"]);
    }
}
