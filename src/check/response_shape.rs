//! The output, by the model.

use super::{AnswerSubject, Check, Checked, Look};
use crate::{
    code::Code,
    contract::{Rule, Side},
    statement::Evidence,
    verdict::Finding,
};

pub(super) const CHECK: Check = Check {
    code: Code::ResponseShape,
    wants: "an output that keeps the operation's output shape: types, required members, enums, lengths, patterns, ranges, timestamps",
    why: "Typed clients fail on a wrong type and on a missing required member. The model is compiled to a JSON \
          Schema; each finding names the rule, and its severity follows the evidence and what AWS itself keeps.",
    look: Look::Answer(look),
};

fn look(subject: &AnswerSubject<'_>) -> Checked {
    let Some(body) = subject.answer.value.as_ref().filter(|_| subject.answer.refusal.is_none()) else {
        return Checked::nothing();
    };
    if subject.operation.output.is_unit() {
        return Checked::nothing();
    }
    let general = subject.ground(Code::ResponseShape, Evidence::Modelled);
    let violations = subject.service.schemas.violations(&subject.operation.output, Side::Output, body);
    // A schema that does not compile is a defect of the model, which loading it has refused.
    let Ok(violations) = violations else { return Checked::nothing() };
    let findings = violations.into_iter().map(|violation| {
        let ground = subject.ground_of(&violation.statements);
        ground.finding(
            Code::ResponseShape,
            Some(violation.rule),
            subject.number(),
            &violation.pointer,
            violation.expected,
            violation.actual,
        )
    });
    Checked::with(general.cites, findings.chain(contested(subject, body)).collect())
}

/// Values that one document lists and another does not.
fn contested<'a>(subject: &'a AnswerSubject<'_>, body: &'a serde_json::Value) -> impl Iterator<Item = Finding> + 'a {
    let values = subject.service.contract().enum_values(&subject.operation.output, body).into_iter();
    values.filter_map(|(pointer, value)| {
        let ids: Vec<String> = value.traits.statements().map(str::to_owned).collect();
        let mut statements = ids.iter().filter_map(|id| subject.service.statements.get(id));
        let contradiction = statements.find_map(|statement| statement.contradiction.as_ref())?;
        let ground = subject.ground_of(&ids);
        let expected = format!("a value that all documents know ({})", contradiction.id);
        let rule = Some(Rule::ContestedValue);
        Some(ground.finding(Code::ResponseShape, rule, subject.number(), &pointer, expected, value.value.clone()))
    })
}
