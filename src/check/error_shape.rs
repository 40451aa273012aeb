//! The body of an error, by the model.

use super::{AnswerSubject, Check, Checked, Look};
use crate::{
    code::Code,
    contract::{Rule, Side},
    statement::Evidence,
    verdict::Severity,
};

pub(super) const CHECK: Check = Check {
    code: Code::ErrorShape,
    wants: "an error body that keeps the error's shape, and whose places agree about its name",
    why: "Clients read the message and further members of an error. The name may stand in the header, in code \
          and in __type; where two of them disagree, clients see different errors.",
    look: Look::Answer(look),
};

fn look(subject: &AnswerSubject<'_>) -> Checked {
    let Some((identity, name)) = subject.answer.refusal.as_ref().zip(subject.answer.error()) else {
        return Checked::nothing();
    };
    let ground = subject.ground(Code::ErrorShape, Evidence::Modelled);
    let mut findings = Vec::new();
    if identity.disagrees() {
        let places = [&identity.header, &identity.code, &identity.type_member].into_iter().flatten().cloned();
        let actual = places.collect::<Vec<_>>().join(", ");
        let mut finding =
            ground.finding(Code::ErrorShape, None, subject.number(), "", "one name in every place".to_owned(), actual);
        finding.severity = Severity::Error;
        finding.evidence = finding.evidence.min(Evidence::Protocol);
        findings.push(finding);
    }
    if identity.type_member.is_none() {
        let expected = "the error's name in __type".to_owned();
        let mut finding =
            ground.finding(Code::ErrorShape, None, subject.number(), "/__type", expected, "absent".to_owned());
        // Some SDKs read the header or code instead (contradiction C-26), others nothing but __type.
        finding.severity = finding.severity.min(Severity::Warning);
        findings.push(finding);
    }
    findings.extend(by_model(subject, name));
    Checked::with(ground.cites, findings)
}

fn by_model(subject: &AnswerSubject<'_>, name: &str) -> Vec<crate::verdict::Finding> {
    let schemas = &subject.service.schemas;
    let shape = subject.service.contract().error(subject.operation, name);
    let (Some(shape), Some(body)) = (shape, &subject.answer.value) else { return Vec::new() };
    let body = without_protocol_members(body);
    let violations = schemas.violations(&shape.id, Side::Output, &body).unwrap_or_default();
    let judged = violations.into_iter().filter(|violation| violation.rule != Rule::UnknownMember);
    judged
        .map(|violation| {
            let ground = subject.ground_of(&violation.statements);
            let mut finding = ground.finding(
                Code::ErrorShape,
                None,
                subject.number(),
                &violation.pointer,
                violation.expected,
                violation.actual,
            );
            finding.rule = Some(violation.rule.name().to_owned());
            finding
        })
        .collect()
}

/// `__type` and `code` belong to the protocol; a capital `Message` is a spelling of the same member.
fn without_protocol_members(body: &serde_json::Value) -> serde_json::Value {
    let Some(map) = body.as_object() else { return body.clone() };
    let members = map.iter().filter(|(name, _)| !matches!(name.as_str(), "__type" | "code"));
    members
        .map(|(name, value)| (if name == "Message" { "message".to_owned() } else { name.clone() }, value.clone()))
        .collect()
}
