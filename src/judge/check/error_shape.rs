//! The body of an error, by the model.

use serde_json::Value;

use super::{Check, CheckScope, Checked, ResponseSubject};

use crate::{
    judge::verdict::{Finding, Severity},
    model::ShapeRule,
    suite::{code::Code, requirement::Evidence},
};

pub(super) const CHECK: Check = Check {
    code: Code::ErrorShape,
    wants: "an error body that keeps the error's shape, and whose places agree about its name",
    why: "Clients read the message and further members of an error. The name may stand in the header, in code \
          and in __type; where two of them disagree, clients see different errors.",
    look: CheckScope::Answer(look),
};

fn look<'a>(subject: &ResponseSubject<'a>) -> Checked<'a> {
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
    if identity.type_member.is_none() && subject.service.protocol.names_errors_in_body() {
        let expected = "the error's name in __type".to_owned();
        let mut finding =
            ground.finding(Code::ErrorShape, None, subject.number(), "/__type", expected, "absent".to_owned());
        // Some SDKs read the header or code instead (contradiction C-26), others nothing but __type.
        finding.severity = Severity::Warning;
        findings.push(finding);
    }
    findings.extend(by_model(subject, name));
    Checked::with(ground.cites, findings)
}

fn by_model(subject: &ResponseSubject<'_>, name: &str) -> Vec<Finding> {
    let shape = subject.service.contract().error(subject.operation, name);
    let Some(body) = &subject.answer.value else { return Vec::new() };
    let Some(shape) = shape else { return message_of_common_error(subject, body).into_iter().collect() };
    let body = without_protocol_members(body);
    let judged =
        subject.violations(&shape.id, &body).into_iter().filter(|violation| violation.rule != ShapeRule::UnknownMember);
    judged
        .map(|violation| {
            let ground = subject.ground_of(violation.requirements.iter().map(String::as_str));
            ground.finding(
                Code::ErrorShape,
                Some(violation.rule),
                subject.number(),
                &violation.pointer,
                violation.expected.to_string(),
                violation.actual,
            )
        })
        .collect()
}

/// No model has a shape for a common error; every client reads its message as text all the same.
fn message_of_common_error(subject: &ResponseSubject<'_>, body: &Value) -> Option<Finding> {
    let (name, message) = ["message", "Message"].into_iter().find_map(|name| Some((name, body.get(name)?)))?;
    if message.is_string() || message.is_null() {
        return None;
    }
    let ground = subject.ground(Code::ErrorShape, Evidence::Protocol);
    let (pointer, rule) = (format!("/{name}"), Some(ShapeRule::Type));
    Some(ground.finding(Code::ErrorShape, rule, subject.number(), &pointer, "text".to_owned(), message.to_string()))
}

/// `__type` and `code` belong to the protocol; a capital `Message` is a spelling of the same member.
fn without_protocol_members(body: &Value) -> Value {
    let Some(map) = body.as_object() else { return body.clone() };
    let members = map.iter().filter(|(name, _)| !matches!(name.as_str(), "__type" | "code"));
    members
        .map(|(name, value)| (if name == "Message" { "message".to_owned() } else { name.clone() }, value.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use serde_json::{Value, json};

    use crate::judge::{check::testing::*, transcript::Role};

    const NAME: &str = "ResourceNotFoundException";

    #[rstest]
    #[case::whole(json!({"__type": NAME, "message": "m"}), &[])]
    #[case::capital(json!({"__type": NAME, "Message": "m"}), &[])]
    #[case::no_message(json!({"__type": NAME}), &["note error-shape/required /message"])]
    #[case::null_message(json!({"__type": NAME, "message": null}), &["note error-shape/required /message"])]
    #[case::number(json!({"__type": NAME, "message": 5}), &["error error-shape/type /message"])]
    #[case::further_member(json!({"__type": NAME, "message": "m", "more": 1}), &[])]
    #[case::code_disagrees(json!({"__type": NAME, "code": "ConflictException", "message": "m"}), &["error error-identity", "error error-shape"])]
    fn the_body_keeps_the_errors_shape(#[case] body: Value, #[case] findings: &[&str]) {
        assert_eq!(Trial::cancel(NO_SERVICE).answers(1, 400, &body).findings(), findings);
    }

    #[test]
    fn a_wrong_type_is_an_error_even_where_only_the_model_speaks() {
        let body = json!({"__type": "DeploymentDoesNotExistException", "message": 5});
        assert_eq!(Trial::stop(UNKNOWN).answers(1, 400, &body).findings(), ["error error-shape/type /message"]);
    }

    #[test]
    fn a_name_in_the_header_alone_is_at_most_a_warning() {
        let trial = Trial::cancel(NO_SERVICE).with(1, Role::Main, 400, br#"{"message":"m"}"#, |response| {
            response.headers.push("x-amzn-errortype", NAME);
        });
        assert!(trial.findings().iter().all(|finding| !finding.starts_with("error")), "{:?}", trial.findings());
        assert!(trial.findings().iter().any(|finding| finding.ends_with("error-shape /__type")));
    }

    #[test]
    fn a_header_that_disagrees_with_the_body_is_an_error() {
        let body = json!({"__type": "DeploymentAlreadyCompletedException", "message": "m"}).to_string();
        let trial = Trial::stop(UNKNOWN).with(1, Role::Main, 400, body.as_bytes(), |response| {
            response.headers.push("x-amzn-errortype", "DeploymentDoesNotExistException");
        });
        assert_eq!(trial.findings(), ["error error-shape"]);
    }
}
