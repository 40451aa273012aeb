//! The error is the documented one.

use super::{Check, CheckBasis, CheckScope, Checked, PointsAt, SeverityRow, StepSubject, outcome, server_error};
use crate::{
    judge::{code::Code, verdict::Severity::Error},
    suite::Alternative,
    wire::protocol::{ERROR_HEADER, ERROR_MEMBER},
};

impl Code {
    /// The error is the documented one.
    pub const ERROR_IDENTITY: Self = Self::new("error-identity");
}

/// The location of the error's name in a response.
pub(super) const ERROR_NAME: PointsAt = PointsAt::ErrorName { header: &[ERROR_HEADER], member: ERROR_MEMBER };

pub(super) const CHECK: Check = Check {
    code: Code::ERROR_IDENTITY,
    wants: "the error that the documents name for this request",
    why: "Clients branch on the name of an error. The name is read from every location that the protocol has, \
          in all four spellings that Smithy lists.",
    label: ["error", "ident"],
    severities: &[SeverityRow::new(Error, Error, "clients branch on the name of an error")],
    basis: CheckBasis::Scenario,
    points_at: ERROR_NAME,
    from_recording: true,
    look: CheckScope::Step(look),
};

fn look<'a>(step: &StepSubject<'a>) -> Checked<'a> {
    if step.is_poll() {
        return Checked::nothing();
    }
    let errors = step.main().filter_map(|(_, outcome)| outcome.ok()).filter(|(_, parsed)| parsed.rejection.is_some());
    let errors = errors.filter(|(response, parsed)| !server_error::is_unexpected_crash(step, response, parsed));
    let errors: Vec<_> = errors.filter(|(_, parsed)| step.alternatives_like(parsed).next().is_some()).collect();
    if errors.is_empty() {
        return Checked::nothing();
    }
    let basis = step.basis();
    let mut findings = Vec::new();
    for (response, parsed) in errors {
        let holds = step.step.expect.held(Ok((response, parsed)), &step.bindings).is_some();
        let allowed = step.alternatives_like(parsed).any(|alternative| alternative.allows_error(response, parsed));
        if !holds && !allowed {
            let expected: Vec<String> = step.alternatives_like(parsed).map(Alternative::describe).collect();
            let actual = outcome::describe(response.status, parsed);
            findings.push(basis.finding(&CHECK, step.number, "", expected.join(" or "), actual));
        }
    }
    Checked::with(basis.cites, findings)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use serde_json::json;

    use crate::judge::{check::testing::*, transcript::Role};

    const NAME: &str = "DeploymentDoesNotExistException";

    #[rstest]
    #[case::bare(NAME.to_owned())]
    #[case::with_uri(format!("{NAME}:http://internal.amazon.com/coral/"))]
    #[case::with_namespace(format!("com.amazonaws.codedeploy#{NAME}"))]
    #[case::with_both(format!("com.amazonaws.codedeploy#{NAME}:http://internal.amazon.com/coral/"))]
    fn every_place_and_spelling_of_the_name_counts(#[case] spelled: String) {
        let in_type = Trial::stop(UNKNOWN).responds(1, 400, &json!({"__type": spelled, "message": "m"}));
        assert!(in_type.findings().is_empty());
        let in_code = Trial::stop(UNKNOWN).responds(1, 400, &json!({"code": spelled, "message": "m"}));
        let in_header = Trial::stop(UNKNOWN).with(1, Role::Main, 400, br#"{"message":"m"}"#, |response| {
            response.headers.push("x-amzn-ErrorType", spelled);
        });
        for trial in [in_code, in_header] {
            assert!(!trial.findings().iter().any(|finding| finding.starts_with("error")), "{:?}", trial.findings());
        }
    }

    #[test]
    fn another_declared_error_is_not_the_documented_one() {
        let body = json!({"__type": "DeploymentAlreadyCompletedException", "message": "m"});
        assert_eq!(Trial::stop(UNKNOWN).responds(1, 400, &body).findings(), ["error error-identity"]);
        assert_eq!(Trial::recorded(UNKNOWN).responds(1, 400, &body).findings(), ["note error-identity"]);
    }

    #[rstest]
    #[case::its_name_in_another_status("{ error: DeploymentDoesNotExistException, status: 404 }", &["error error-status"])]
    #[case::anything("{ responded: true }", &[])]
    #[case::another("{ error: DeploymentAlreadyCompletedException, status: 404 }", &["error error-identity"])]
    fn only_the_name_counts_here(#[case] expect: &str, #[case] findings: &[&str]) {
        let steps = format!("- {{ call: StopDeployment, input: {{ deploymentId: d-ABCDEF123 }}, expect: {expect} }}");
        assert_eq!(Trial::stop(&steps).responds(1, 400, &does_not_exist()).findings(), findings);
    }
}
