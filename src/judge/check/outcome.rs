//! A success where one is documented, a refusal where one is.

use super::{Check, CheckScope, Checked, StepSubject};
use crate::{
    suite::{code::Code, requirement::Evidence},
    wire::ParsedResponse,
};

pub(super) const CHECK: Check = Check {
    code: Code::Outcome,
    wants: "a success where the documents state one, a refusal where they state one",
    why: "An operation that accepts what it must refuse, or refuses what it must accept, breaks every client. \
          Which of both is due is the scenario's to say; it cites the requirement.",
    look: CheckScope::Step(look),
};

fn look<'a>(step: &StepSubject<'a>) -> Checked<'a> {
    let scenario = step.ground();
    let mut evaluated = step.main().any(|(_, outcome)| outcome.is_ok());
    let mut findings = Vec::new();
    for (response, answer) in step.unexpected().filter(|_| !step.is_poll()) {
        if step
            .alternatives_like(answer)
            .any(|alternative| alternative.is_kind_of(answer) && !is_server_error(response.status))
        {
            continue;
        }
        // A server error is a defect even where nobody documents what the answer should be.
        let mut ground = scenario.clone();
        if is_server_error(response.status) {
            ground.evidence = ground.evidence.min(Evidence::Protocol);
            if step.step.expect.errors().any(|name| answer.error() == Some(name)) {
                continue;
            }
        }
        let expected: Vec<String> =
            step.step.expect.alternatives.iter().map(crate::suite::Alternative::describe).collect();
        findings.push(ground.finding(
            Code::Outcome,
            None,
            step.number,
            "",
            expected.join(" or "),
            describe(response.status, answer),
        ));
    }
    evaluated |= step.main().any(|(_, outcome)| step.step.expect.held(outcome, &step.bindings).is_some());
    if evaluated { Checked::with(scenario.cites, findings) } else { Checked::nothing() }
}

/// A failure of the endpoint itself, whatever it names.
pub(super) fn is_server_error(status: u16) -> bool {
    status >= 500
}

/// What an answer is, in a few words.
pub(super) fn describe(status: u16, answer: &ParsedResponse) -> String {
    match (&answer.refusal, answer.error()) {
        (None, _) => format!("a success ({status})"),
        (Some(_), Some(name)) => format!("{name} ({status})"),
        (Some(_), None) => format!("a refusal that names no error ({status})"),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use serde_json::json;

    use crate::judge::check::testing::*;

    #[test]
    fn a_success_where_a_refusal_is_due_and_the_reverse_are_deviations() {
        assert_eq!(Trial::stop(UNKNOWN).answers(1, 200, &stopping()).findings(), ["error outcome"]);
        assert_eq!(Trial::stop(STOP).answers(1, 400, &does_not_exist()).findings(), ["error outcome"]);
        assert_eq!(Trial::recorded(STOP).answers(1, 400, &does_not_exist()).findings(), ["note outcome"]);
        assert!(Trial::stop(UNKNOWN).answers(1, 400, &does_not_exist()).findings().is_empty());
    }

    #[rstest]
    #[case::refusal_expected("{ rejected: client }")]
    #[case::success_expected("{ status: 200 }")]
    #[case::anything_expected("{ responded: true }")]
    fn a_server_error_is_one_even_where_the_answer_is_only_recorded(#[case] expect: &str) {
        let steps = format!("- {{ call: StopDeployment, input: {{ deploymentId: d-ABCDEF123 }}, expect: {expect} }}");
        let body = json!({"__type": "InternalFailure", "message": "m"});
        let found = Trial::recorded(&steps).answers(1, 500, &body).findings();
        assert!(found.contains(&"error outcome".to_owned()), "{found:?}");
    }

    #[test]
    fn a_server_error_in_a_crowd_does_not_weigh_on_its_neighbours() {
        let steps = "- { call: StopDeployment, input: { deploymentId: d-ABCDEF123 }, concurrently: 2 }";
        let failure = json!({"__type": "InternalFailure", "message": "m"});
        let trial = Trial::recorded(steps).answers(1, 500, &failure).answers(1, 400, &does_not_exist());
        assert_eq!(trial.findings(), ["error outcome", "note outcome"]);
    }

    #[test]
    fn what_was_due_and_what_came_are_told() {
        let told = |steps: &str, status, body| Trial::stop(steps).answers(1, status, &body).told();
        let name = "DeploymentDoesNotExistException".to_owned();
        assert_eq!(told(UNKNOWN, 200, stopping()), [(name.clone(), "a success (200)".to_owned())]);
        let success = "a success (200)".to_owned();
        assert_eq!(told(STOP, 400, does_not_exist()), [(success.clone(), format!("{name} (400)"))]);
        let unnamed = told(STOP, 400, json!({"message": "m"}));
        assert!(unnamed.contains(&(success, "a refusal that names no error (400)".to_owned())), "{unnamed:?}");
    }

    #[test]
    fn a_server_error_that_the_scenario_expects_by_name_is_none() {
        let steps = NO_SERVICE.replace("ResourceNotFoundException", "InternalServerException, status: 503");
        let body = json!({"__type": "InternalServerException", "message": "m"});
        let found = Trial::cancel(&steps).answers(1, 500, &body).findings();
        assert_eq!(found, ["error error-status"]);
    }

    #[rstest]
    #[case(499, false)]
    #[case(500, true)]
    fn a_server_error_is_any_status_from_500_on(#[case] status: u16, #[case] is_one: bool) {
        assert_eq!(super::is_server_error(status), is_one);
    }
}
