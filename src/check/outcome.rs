//! A success where one is documented, a refusal where one is.

use super::{Check, Checked, Look, StepSubject};
use crate::{code::Code, statement::Evidence, wire::Answer};

pub(super) const CHECK: Check = Check {
    code: Code::Outcome,
    wants: "a success where the documents state one, a refusal where they state one",
    why: "An operation that accepts what it must refuse, or refuses what it must accept, breaks every client. \
          Which of both is due is the scenario's to say; it cites the statement.",
    look: Look::Step(look),
};

fn look(step: &StepSubject<'_>) -> Checked {
    let mut ground = step.ground();
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
        if is_server_error(response.status) {
            ground.evidence = ground.evidence.min(Evidence::Protocol);
            if step.step.expect.errors().any(|name| answer.error() == Some(name)) {
                continue;
            }
        }
        let expected: Vec<String> =
            step.step.expect.alternatives.iter().map(crate::scenario::Alternative::describe).collect();
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
    if evaluated { Checked::with(ground.cites, findings) } else { Checked::nothing() }
}

fn is_server_error(status: u16) -> bool {
    status >= 500
}

/// What an answer is, in a few words.
pub(super) fn describe(status: u16, answer: &Answer) -> String {
    match (&answer.refusal, answer.error()) {
        (None, _) => format!("a success ({status})"),
        (Some(_), Some(name)) => format!("{name} ({status})"),
        (Some(_), None) => format!("a refusal that names no error ({status})"),
    }
}
