//! The legal neighbour of a refused request is not refused.

use super::{Check, Checked, Look, StepSubject, outcome};
use crate::{
    code::Code,
    transcript::Role,
    wire::{Answer, RefusalClass, Response},
};

pub(super) const CHECK: Check = Check {
    code: Code::Control,
    wants: "the same call with a legal input, not refused for the same reason",
    why: "A refusal proves nothing while the endpoint refuses everything. The control is the same call one step \
          inside the constraint: whatever it gives, it must not be the refusal that the constraint gives.",
    look: Look::Step(look),
};

fn look(step: &StepSubject<'_>) -> Checked {
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
fn is_refused_alike(step: &StepSubject<'_>, response: &Response, answer: &Answer) -> bool {
    let Some(identity) = &answer.refusal else { return false };
    let expected = step.step.expect.alternatives.iter().any(|alternative| alternative.allows_error(response, answer));
    let invalid = [RefusalClass::Constraint, RefusalClass::Serialization, RefusalClass::UnknownOperation];
    let invalid = invalid.iter().any(|class| class.holds(response.status, identity));
    expected || invalid || response.status >= 500 || !identity.is_named()
}
