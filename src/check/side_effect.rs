//! A refused request changes nothing.

use serde_json::Value;

use super::{Check, Checked, Look, StepSubject};
use crate::{
    code::Code,
    scenario::Guard,
    transcript::{Exchange, Role},
    verdict::Finding,
};

pub(super) const CHECK: Check = Check {
    code: Code::SideEffect,
    wants: "the watched values unchanged by the step",
    why: "An error must mean that nothing happened: clients retry. The same read before and after the request \
          must give the same values at the places that the scenario watches.",
    look: Look::Step(look),
};

fn look(step: &StepSubject<'_>) -> Checked {
    let mut findings = Vec::new();
    let mut evaluated = false;
    for (index, guard) in step.step.unchanged.iter().enumerate() {
        let read = |role: Role| step.exchanges.iter().find(|(exchange, _)| exchange.role == role);
        let (Some(before), Some(after)) = (read(Role::Before(index)), read(Role::After(index))) else { continue };
        let (Some(before), Some(after)) = (value(before.0), value(after.0)) else { continue };
        evaluated = true;
        findings.extend(differences(step, guard, &before, &after));
    }
    if evaluated { Checked::with(step.ground().cites, findings) } else { Checked::nothing() }
}

/// The body of a read; a body that is no JSON is judged by another check.
fn value(exchange: &Exchange) -> Option<Value> {
    serde_json::from_slice(&exchange.outcome.as_ref().ok()?.body).ok()
}

fn differences(step: &StepSubject<'_>, guard: &Guard, before: &Value, after: &Value) -> Vec<Finding> {
    let ground = step.ground();
    let whole = [String::new()];
    let pointers = if guard.at.is_empty() { &whole[..] } else { &guard.at[..] };
    let changed = pointers.iter().filter(|pointer| before.pointer(pointer) != after.pointer(pointer));
    changed
        .map(|pointer| {
            let shown = |value: &Value| value.pointer(pointer).map_or_else(|| "nothing".to_owned(), Value::to_string);
            let expected = format!(
                "{} of {} as before: {}",
                if pointer.is_empty() { "the answer" } else { pointer },
                guard.call.operation,
                shown(before)
            );
            ground.finding(Code::SideEffect, None, step.number, pointer, expected, shown(after))
        })
        .collect()
}
