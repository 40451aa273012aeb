//! The HTTP status of an error.

use super::{AnswerSubject, Check, Checked, Look};
use crate::{
    code::Code,
    contract::{ErrorKind, Shape},
    scenario::Alternative,
    statement::Evidence,
};

pub(super) const CHECK: Check = Check {
    code: Code::ErrorStatus,
    wants: "the status that the operation's page states for the error; else one of the error's class",
    why: "Both pages state 400 for every client error and 500 for the server's. The AWS JSON protocols ignore \
          Smithy's httpError, and so does AWS: of 519 recorded errors 511 are 400. Where only a model speaks, \
          400 and the declared status are both right.",
    look: Look::Answer(look),
};

fn look(subject: &AnswerSubject<'_>) -> Checked {
    let Some(name) = subject.answer.error() else { return Checked::nothing() };
    let own = subject.service.contract().error(subject.operation, name);
    let ids: Vec<String> = own.map(|shape| shape.traits.statements().map(str::to_owned).collect()).unwrap_or_default();
    let mut ground = subject.ground_of(&ids);
    if ground.cites.is_empty() {
        ground = subject.ground(Code::ErrorStatus, Evidence::Modelled);
    }
    let actual = subject.response.status;
    let allowed = stated(subject).unwrap_or_else(|| by_contract(own, name, ground.evidence));
    if allowed.contains(&actual) {
        return Checked::with(ground.cites, Vec::new());
    }
    let expected = if allowed.len() > 20 {
        format!("a status from {} to {}", allowed[0], allowed[allowed.len() - 1])
    } else {
        let words: Vec<String> = allowed.iter().map(u16::to_string).collect();
        format!("the status {} of {name}", words.join(" or "))
    };
    let finding = ground.finding(Code::ErrorStatus, None, subject.number(), "", expected, actual.to_string());
    Checked::with(ground.cites, vec![finding])
}

/// What the scenario itself says of the status of this error.
fn stated(subject: &AnswerSubject<'_>) -> Option<Vec<u16>> {
    let alternatives = subject.step.step.expect.alternatives.iter().filter(|_| subject.is_main());
    alternatives.filter(|alternative| alternative.allows_error(subject.response, subject.answer)).find_map(
        |alternative| match alternative {
            Alternative::Refusal { statuses, .. } if !statuses.is_empty() => Some(statuses.clone()),
            _ => None,
        },
    )
}

fn by_contract(own: Option<&Shape>, name: &str, evidence: Evidence) -> Vec<u16> {
    let Some(shape) = own else { return if is_failure(name) { (500..600).collect() } else { (400..500).collect() } };
    let default = if shape.traits.error() == Some(ErrorKind::Server) { 500 } else { 400 };
    let declared = shape.traits.http_error().unwrap_or(default);
    if evidence <= Evidence::Linked || declared == default { vec![declared] } else { vec![default, declared] }
}

/// Common errors that are the service's fault.
fn is_failure(name: &str) -> bool {
    matches!(name, "InternalFailure" | "ServiceUnavailable" | "ServiceUnavailableException")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_common_error_binds_by_its_class_alone() {
        assert_eq!(by_contract(None, "InternalFailure", Evidence::Protocol).first(), Some(&500));
        assert!(by_contract(None, "SerializationException", Evidence::Protocol).contains(&404));
    }
}
