//! The control of a rejected request is not rejected for the same reason.

use super::{Check, CheckBasis, CheckScope, Checked, PointsAt, SeverityRow, StepSubject, outcome, server_error};
use crate::{
    judge::{code::Code, transcript::Role, verdict::Severity::Error},
    wire::{ParsedResponse, RejectionClass, Response},
};

impl Code {
    /// The control of a rejected request is not rejected for the same reason.
    pub const CONTROL: Self = Self::new("control");
}

pub(super) const CHECK: Check = Check {
    code: Code::CONTROL,
    wants: "that the same call with a valid input is not rejected for the same reason",
    why: "A rejection proves nothing if the endpoint rejects everything. The control is the same call with an input \
          just inside the constraint. It may fail, but not with the error that the constraint demands.",
    label: ["con-", "trol"],
    severities: &[SeverityRow::new(
        Error,
        Error,
        "a valid request that is rejected as well proves that the rejection has another reason",
    )],
    basis: CheckBasis::Scenario,
    points_at: PointsAt::Control,
    from_recording: false,
    look: CheckScope::Step(look),
};

fn look<'a>(step: &StepSubject<'a>) -> Checked<'a> {
    let Some((_, Ok((response, parsed)))) = step.of_role(Role::Control).last() else { return Checked::nothing() };
    if server_error::is_undeclared(step.service, &step.step.call.operation, response, parsed) {
        return Checked::nothing();
    }
    let basis = step.basis();
    if !is_rejected_alike(step, response, parsed) {
        return Checked::with(basis.cites, Vec::new());
    }
    let expected = "the control is not rejected for the same reason";
    let finding = basis.finding(&CHECK, step.number, "", expected, outcome::describe(response.status, parsed));
    Checked::with(basis.cites, vec![finding])
}

/// The control got the error or class that the step expects, was rejected as invalid or unreadable, or failed.
fn is_rejected_alike(step: &StepSubject<'_>, response: &Response, parsed: &ParsedResponse) -> bool {
    let Some(identity) = &parsed.rejection else { return false };
    let expected = step.step.expect.alternatives.iter().any(|alternative| alternative.allows_error(response, parsed));
    let invalid = [RejectionClass::Constraint, RejectionClass::Serialization, RejectionClass::UnknownOperation];
    let invalid = invalid.iter().any(|class| class.holds(response.status, identity));
    expected || invalid || server_error::is_server_error(response.status) || !identity.is_named()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use serde_json::{Value, json};

    use crate::judge::{check::testing::*, transcript::Role};

    const CONTROLLED: &str = "- { call: CancelServicePipelineDeployment, input: { serviceName: '' }, expect: { error: ValidationException }, control: { serviceName: shop } }";

    fn error(name: &str) -> Value {
        json!({"__type": name, "message": "m"})
    }

    #[rstest]
    #[case::success(200, cancelling(), &[])]
    #[case::another_error(400, error("ResourceNotFoundException"), &[])]
    #[case::alike(400, error("ValidationException"), &["error control"])]
    #[case::unreadable(400, error("SerializationException"), &["error control"])]
    #[case::failed(500, error("InternalServerException"), &["error control"])]
    #[case::unnamed(400, json!({"message": "m"}), &["error control"])]
    fn the_control_is_not_rejected_alike(#[case] status: u16, #[case] body: Value, #[case] findings: &[&str]) {
        let trial = Trial::cancel(CONTROLLED).responds(1, 400, &error("ValidationException")).with(
            1,
            Role::Control,
            status,
            body.to_string().as_bytes(),
            |_| {},
        );
        let found = trial.findings();
        let found: Vec<&String> = found.iter().filter(|finding| finding.contains("control")).collect();
        assert_eq!(found, findings);
    }
}
