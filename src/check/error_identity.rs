//! The error is the documented one.

use super::{Check, Checked, Look, StepSubject, outcome};
use crate::code::Code;

pub(super) const CHECK: Check = Check {
    code: Code::ErrorIdentity,
    wants: "the error that the documents name for this request",
    why: "Clients branch on the name of an error. It is read from the header x-amzn-errortype, from code and \
          from __type, in all four spellings that Smithy lists.",
    look: Look::Step(look),
};

fn look(step: &StepSubject<'_>) -> Checked {
    if step.is_poll() {
        return Checked::nothing();
    }
    let refusals = step.main().filter_map(|(_, outcome)| outcome.ok()).filter(|(_, answer)| answer.refusal.is_some());
    let refusals: Vec<_> = refusals.filter(|(_, answer)| step.alternatives_like(answer).next().is_some()).collect();
    if refusals.is_empty() {
        return Checked::nothing();
    }
    let ground = step.ground();
    let mut findings = Vec::new();
    for (response, answer) in refusals {
        let holds = step.step.expect.held(Ok((response, answer)), &step.bindings).is_some();
        let allowed = step.alternatives_like(answer).any(|alternative| alternative.allows_error(response, answer));
        if !holds && !allowed {
            let expected: Vec<String> =
                step.alternatives_like(answer).map(crate::scenario::Alternative::describe).collect();
            let actual = outcome::describe(response.status, answer);
            findings.push(ground.finding(Code::ErrorIdentity, None, step.number, "", expected.join(" or "), actual));
        }
    }
    Checked::with(ground.cites, findings)
}
