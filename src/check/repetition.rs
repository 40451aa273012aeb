//! A condition that must come true in time, and one that must stay true.

use super::{Check, Checked, Look, StepSubject, expected_body, outcome};
use crate::{
    code::Code,
    scenario::{Alternative, Repeat},
};

pub(super) const EVENTUALLY: Check = Check {
    code: Code::Eventually,
    wants: "the expected answer within the time that the scenario gives",
    why: "Operations such as a stop may go on in the background; the documents state where that must end.",
    look: Look::Step(eventually),
};

pub(super) const CONSISTENTLY: Check = Check {
    code: Code::Consistently,
    wants: "the expected answer for as long as the scenario says",
    why: "An emulator that completes a stopped deployment later is caught only by looking again for a while.",
    look: Look::Step(consistently),
};

fn eventually(step: &StepSubject<'_>) -> Checked {
    let Repeat::Eventually { within, .. } = step.step.repeat else { return Checked::nothing() };
    let Some((_, Ok((response, answer)))) = step.main().last() else { return Checked::nothing() };
    let ground = step.ground();
    if step.step.expect.held(Ok((response, answer)), &step.bindings).is_some() {
        return Checked::with(ground.cites, Vec::new());
    }
    let mut checked = expected_body::mismatches(step, Code::Eventually);
    for finding in &mut checked.findings {
        finding.expected = format!("{} within {within:?}", finding.expected);
    }
    if checked.findings.is_empty() {
        let expected: Vec<String> = step.step.expect.alternatives.iter().map(Alternative::describe).collect();
        let actual = outcome::describe(response.status, answer);
        let expected = format!("{} within {within:?}", expected.join(" or "));
        checked.findings.push(ground.finding(Code::Eventually, None, step.number, "", expected, actual));
    }
    Checked::with(ground.cites, checked.findings)
}

fn consistently(step: &StepSubject<'_>) -> Checked {
    if !matches!(step.step.repeat, Repeat::Consistently { .. }) || step.main().all(|(_, outcome)| outcome.is_err()) {
        return Checked::nothing();
    }
    let checked = expected_body::mismatches(step, Code::Consistently);
    if checked.evaluated { checked } else { Checked::with(step.ground().cites, Vec::new()) }
}
