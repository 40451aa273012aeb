//! The legal neighbour of a refused request is not refused.

use super::{Check, CheckScope, Checked, StepSubject, outcome};
use crate::{
    judge::transcript::Role,
    suite::code::Code,
    wire::{ParsedResponse, RefusalClass, Response},
};

pub(super) const CHECK: Check = Check {
    code: Code::Control,
    wants: "the same call with a legal input, not refused for the same reason",
    why: "A refusal proves nothing while the endpoint refuses everything. The control is the same call one step \
          inside the constraint: whatever it gives, it must not be the refusal that the constraint gives.",
    look: CheckScope::Step(look),
};

fn look<'a>(step: &StepSubject<'a>) -> Checked<'a> {
    let Some((_, Ok((response, answer)))) = step.of_role(Role::Control).last() else { return Checked::nothing() };
    let ground = step.ground();
    if !is_refused_alike(step, response, answer) {
        return Checked::with(ground.cites, Vec::new());
    }
    let expected = "the legal neighbour of the request not refused for the same reason".to_owned();
    let actual = outcome::describe(response.status, answer);
    let finding = ground.finding(Code::Control, None, step.number, "", expected, actual);
    Checked::with(ground.cites, vec![finding])
}

/// Refused by the same error or class as the step expects, refused as invalid or unreadable, or failed.
fn is_refused_alike(step: &StepSubject<'_>, response: &Response, answer: &ParsedResponse) -> bool {
    let Some(identity) = &answer.refusal else { return false };
    let expected = step.step.expect.alternatives.iter().any(|alternative| alternative.allows_error(response, answer));
    let invalid = [RefusalClass::Constraint, RefusalClass::Serialization, RefusalClass::UnknownOperation];
    let invalid = invalid.iter().any(|class| class.holds(response.status, identity));
    expected || invalid || response.status >= 500 || !identity.is_named()
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
    fn the_legal_neighbour_is_not_refused_alike(#[case] status: u16, #[case] body: Value, #[case] findings: &[&str]) {
        let trial = Trial::cancel(CONTROLLED).answers(1, 400, &error("ValidationException")).with(
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
