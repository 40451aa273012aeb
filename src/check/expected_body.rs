//! The values that the scenario expects in the body.

use super::{Check, Checked, Look, StepSubject};
use crate::{
    code::Code,
    scenario::{Alternative, Repeat, matcher},
};

pub(super) const CHECK: Check = Check {
    code: Code::ExpectedBody,
    wants: "the values that the scenario expects in the answer",
    why: "The scenario cites the statement that promises them.",
    look: Look::Step(look),
};

fn look(step: &StepSubject<'_>) -> Checked {
    if !matches!(step.step.repeat, Repeat::Once | Repeat::Concurrently(_)) {
        return Checked::nothing();
    }
    mismatches(step, Code::ExpectedBody)
}

/// Where answers of the step are not as expected, under the code of the check that asks.
pub(super) fn mismatches(step: &StepSubject<'_>, code: Code) -> Checked {
    let expected = step
        .step
        .expect
        .alternatives
        .iter()
        .any(|alternative| matches!(alternative, Alternative::Success { body: Some(_), .. }));
    if !expected || !step.main().any(|(_, outcome)| outcome.is_ok_and(|(_, answer)| answer.refusal.is_none())) {
        return Checked::nothing();
    }
    let ground = step.ground();
    let mut findings = Vec::new();
    for (_, answer) in step.unexpected().filter(|(_, answer)| answer.refusal.is_none()) {
        for mismatch in closest(step, answer) {
            let (expected, actual) = (mismatch.expected, shorten(&mismatch.actual));
            findings.push(ground.finding(code, None, step.number, &mismatch.pointer, expected, actual));
        }
    }
    Checked::with(ground.cites, findings)
}

/// The mismatches of the alternative that has the fewest.
fn closest(step: &StepSubject<'_>, answer: &crate::wire::Answer) -> Vec<matcher::Mismatch> {
    let value = answer.value.clone().unwrap_or_default();
    let each = step.alternatives_like(answer).filter_map(|alternative| match alternative {
        Alternative::Success { body: Some(body), .. } => {
            let pattern = body.fill(&step.bindings).ok()?;
            Some(matcher::mismatches(&pattern, &value))
        }
        _ => None,
    });
    each.min_by_key(Vec::len).unwrap_or_default()
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(160) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
