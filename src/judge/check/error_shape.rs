//! The body of an error conforms to the model.

use serde_json::Value;

use super::{Check, CheckBasis, CheckScope, Checked, PointsAt, ResponseSubject, SeverityRow};

use crate::{
    judge::{
        code::Code,
        verdict::{
            Finding,
            Severity::{Error, Note, Warning},
        },
    },
    model::ShapeRule,
    suite::requirement::Evidence,
    wire::{ErrorIdentity, protocol::ErrorLocation},
};

impl Code {
    /// The body of an error conforms to the model.
    pub const ERROR_SHAPE: Self = Self::new("error-shape");
}

pub(super) const CHECK: Check = Check {
    code: Code::ERROR_SHAPE,
    wants: "an error body that conforms to the error's shape, and one name in every location of the error's name",
    why: "Clients read the message and other members of an error. A response may name the error in several \
          locations. If two of them differ, clients see different errors.",
    label: ["error", "shape"],
    severities: &[
        SeverityRow::new(Error, Error, "no recorded AWS response has a wrong JSON type: typed clients fail on it")
            .of_rule(ShapeRule::Type),
        SeverityRow::new(Error, Note, "some recorded AWS errors lack the message that the model requires"),
    ],
    basis: CheckBasis::Requirements { otherwise: Evidence::Modelled },
    points_at: PointsAt::Body,
    from_recording: true,
    look: CheckScope::Response(look),
};

fn look<'a>(subject: &ResponseSubject<'a>) -> Checked<'a> {
    let Some((identity, name)) = subject.parsed.rejection.as_ref().zip(subject.parsed.error()) else {
        return Checked::nothing();
    };
    let basis = subject.basis(&CHECK);
    let mut findings = Vec::new();
    if identity.disagrees() {
        let actual = identity.sources.iter().map(|source| source.spelled.as_str()).collect::<Vec<_>>().join(", ");
        let mut finding = basis.finding(&CHECK, subject.number(), "", "one name in every location", actual);
        finding.severity = Error;
        finding.evidence = finding.evidence.min(Evidence::Protocol);
        findings.push(finding);
    }
    let location = subject.service.protocol.error_location();
    // Something between the endpoint and the harness may drop a header, but not a member.
    if matches!(location, ErrorLocation::Body(_)) && !identity.is_named_at(location) {
        let (expected, actual) = (format!("the error's name in {location}"), format!("no {location}"));
        let mut finding = basis.finding(&CHECK, subject.number(), location.pointer(), expected, actual);
        // Some SDKs read other locations as well (contradiction C-26); others read only this one.
        finding.severity = Warning;
        findings.push(finding);
    }
    findings.extend(by_model(subject, name));
    Checked::with(basis.cites, findings)
}

fn by_model(subject: &ResponseSubject<'_>, name: &str) -> Vec<Finding> {
    let shape = subject.service.contract().error(subject.operation, name);
    let Some(body) = &subject.parsed.value else { return Vec::new() };
    let Some(shape) = shape else { return message_of_common_error(subject, body).into_iter().collect() };
    let body = ErrorIdentity::modelled_members(body);
    let judged =
        subject.violations(&shape.id, &body).into_iter().filter(|violation| violation.rule != ShapeRule::UnknownMember);
    judged
        .map(|violation| {
            let basis = subject.basis_of(violation.requirements.iter().map(String::as_str));
            let (rule, at) = (violation.rule, violation.pointer);
            basis.finding_of(&CHECK, rule, subject.number(), &at, violation.expected.to_string(), violation.actual)
        })
        .collect()
}

/// No model has a shape for a common error, but every client reads its message as a string.
fn message_of_common_error(subject: &ResponseSubject<'_>, body: &Value) -> Option<Finding> {
    let (name, message) = ErrorIdentity::message_member(body)?;
    if message.is_string() || message.is_null() {
        return None;
    }
    let basis = subject.basis_or(&CHECK, Evidence::Protocol);
    let (pointer, actual) = (format!("/{name}"), message.to_string());
    Some(basis.finding_of(&CHECK, ShapeRule::Type, subject.number(), &pointer, "a string", actual))
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
        assert_eq!(Trial::cancel(NO_SERVICE).responds(1, 400, &body).findings(), findings);
    }

    #[test]
    fn a_wrong_type_is_an_error_even_where_only_the_model_speaks() {
        let body = json!({"__type": "DeploymentDoesNotExistException", "message": 5});
        assert_eq!(Trial::stop(UNKNOWN).responds(1, 400, &body).findings(), ["error error-shape/type /message"]);
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
    fn a_header_that_contradicts_the_body_is_an_error() {
        let body = json!({"__type": "DeploymentAlreadyCompletedException", "message": "m"}).to_string();
        let trial = Trial::stop(UNKNOWN).with(1, Role::Main, 400, body.as_bytes(), |response| {
            response.headers.push("x-amzn-errortype", "DeploymentDoesNotExistException");
        });
        assert_eq!(trial.findings(), ["error error-shape"]);
    }
}
