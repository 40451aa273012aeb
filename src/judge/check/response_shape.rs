//! The output conforms to the model.

use super::{Check, CheckBasis, CheckScope, Checked, PointsAt, ResponseSubject, SeverityRow};
use crate::{
    judge::{
        code::Code,
        verdict::{
            Exception, Finding,
            Severity::{self, Error, Note, Warning},
            exception,
        },
    },
    model::ShapeRule,
    suite::requirement::Evidence,
};

impl Code {
    /// The output conforms to the model.
    pub const RESPONSE_SHAPE: Self = Self::new("response-shape");
}

pub(super) const CHECK: Check = Check {
    code: Code::RESPONSE_SHAPE,
    wants: "an output that conforms to the operation's output shape: types, required members, enums, lengths, patterns, \
            ranges, timestamps",
    why: "Typed clients fail on a wrong type and on a missing required member. The model is compiled to a JSON Schema. \
          Each finding names the rule; its severity depends on the evidence and on how well AWS keeps the rule.",
    label: ["resp", "shape"],
    severities: SEVERITIES,
    basis: CheckBasis::Requirements { otherwise: Evidence::Modelled },
    points_at: PointsAt::Body,
    from_recording: true,
    look: CheckScope::Response(look),
};

const fn row(rule: ShapeRule, documented: Severity, modelled: Severity, reason: &'static str) -> SeverityRow {
    SeverityRow::new(documented, modelled, reason).of_rule(rule)
}

const SEVERITIES: &[SeverityRow] = &[
    row(ShapeRule::Type, Error, Error, "no recorded AWS response has a wrong JSON type: typed clients fail on it"),
    row(ShapeRule::Timestamp, Error, Error, "to every client, a timestamp in another format has a wrong type"),
    row(ShapeRule::Union, Error, Error, "no recorded AWS response violates a union: clients cannot read the value"),
    row(ShapeRule::Blob, Error, Error, "no client can decode a blob that is not base64"),
    row(
        ShapeRule::Required,
        Error,
        Error,
        "clients rely on required members; the exceptions below list those that AWS itself omits",
    ),
    row(ShapeRule::Unique, Error, Warning, "a client that builds a set loses a repeated item"),
    row(ShapeRule::Enum, Error, Warning, "AWS adds values before its models have them"),
    row(ShapeRule::EnumCase, Error, Warning, "AWS sends some values in another letter case"),
    row(ShapeRule::Length, Error, Warning, "AWS sometimes exceeds its own maximum lengths"),
    row(ShapeRule::Pattern, Error, Warning, "AWS sometimes violates its own patterns"),
    row(ShapeRule::Range, Error, Warning, "AWS sometimes exceeds its own ranges"),
    row(ShapeRule::PatternUndecided, Note, Note, "no pattern engine here can decide the pattern"),
    row(ShapeRule::Empty, Note, Note, "AWS sends empty values and zeros below a minimum: half of all its violations"),
    row(
        ShapeRule::ContestedValue,
        Warning,
        Warning,
        "only one of two documents lists the value: strict clients may not know it",
    ),
    row(
        ShapeRule::ContestedMember,
        Warning,
        Warning,
        "one part of a page shows the member, and another does not say that it is always there",
    ),
    row(ShapeRule::Null, Note, Note, "the AWS JSON protocols treat a null member as absent"),
    row(ShapeRule::UnknownMember, Note, Note, "AWS sends members that its models lack, and clients ignore them"),
];

fn look<'a>(subject: &ResponseSubject<'a>) -> Checked<'a> {
    let Some(body) = subject.parsed.value.as_ref().filter(|_| subject.parsed.rejection.is_none()) else {
        return Checked::nothing();
    };
    if subject.operation.output.is_unit() {
        return Checked::nothing();
    }
    let general = subject.basis(&CHECK);
    let findings = subject.violations(&subject.operation.output, body).into_iter().map(|violation| {
        let basis = subject.basis_of(violation.requirements.iter().map(String::as_str));
        let known = known_exception(subject, violation.rule, &violation.pointer, basis.evidence);
        let expected = match known {
            Some(exception) => format!("{} ({})", violation.expected, exception.reason),
            None => violation.expected.to_string(),
        };
        let (rule, at) = (violation.rule, &violation.pointer);
        let mut finding = basis.finding_of(&CHECK, rule, subject.number(), at, expected, violation.actual);
        if known.is_some() {
            finding.severity = finding.severity.min(Warning);
        }
        finding
    });
    Checked::with(general.cites, findings.chain(contested(subject, body)).chain(left_out(subject, body)).collect())
}

/// A violation that AWS itself commits at this location. A page that states the member outweighs it.
fn known_exception(
    subject: &ResponseSubject<'_>,
    rule: ShapeRule,
    pointer: &str,
    evidence: Evidence,
) -> Option<&'static Exception> {
    let service = &subject.service.contract().service().signing_name;
    exception(service, &subject.operation.name, rule, pointer).filter(|_| evidence >= Evidence::Modelled)
}

/// Values that only some of the documents list.
fn contested<'a>(subject: &'a ResponseSubject<'_>, body: &'a serde_json::Value) -> impl Iterator<Item = Finding> + 'a {
    let values = subject.service.contract().enum_values(&subject.operation.output, body).into_iter();
    values.filter_map(|(pointer, value)| {
        let ids = || value.traits.requirements();
        let mut requirements = ids().filter_map(|id| subject.service.requirements.get(id));
        let contradiction = requirements.find_map(|requirement| requirement.contradiction.as_ref())?;
        let basis = subject.basis_of(ids());
        let expected = format!("a value that all documents list ({})", contradiction.id);
        let (rule, actual) = (ShapeRule::ContestedValue, value.value.clone());
        Some(basis.finding_of(&CHECK, rule, subject.number(), &pointer, expected, actual))
    })
}

/// Absent members about which the requirement for the whole output contradicts another document.
fn left_out<'a>(subject: &'a ResponseSubject<'_>, body: &'a serde_json::Value) -> impl Iterator<Item = Finding> + 'a {
    let contract = subject.service.contract();
    let output = contract.shape(&subject.operation.output).filter(|_| body.is_object()).into_iter();
    let requirements = output.flat_map(|shape| shape.traits.requirements());
    let contested = requirements.filter_map(|id| {
        let requirement = subject.service.requirements.get(id)?;
        Some((id, requirement.contradiction.as_ref()?))
    });
    contested.flat_map(move |(id, contradiction)| {
        let members = contract.members(&subject.operation.output).iter();
        let is_absent = move |name: &str| body.get(name).is_none_or(serde_json::Value::is_null);
        let absent = members.filter(move |member| is_absent(&member.name) && !member.traits.required());
        absent.filter(move |member| member.traits.requirements().any(|own| own == id)).map(move |member| {
            let (rule, at) = (ShapeRule::ContestedMember, format!("/{}", member.name));
            let expected = format!("a member that the page shows ({})", contradiction.id);
            subject.basis_of([id].into_iter()).finding_of(
                &CHECK,
                rule,
                subject.number(),
                &at,
                expected,
                "nothing".to_owned(),
            )
        })
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use serde_json::{Value, json};

    use crate::judge::check::testing::*;

    #[rstest]
    #[case::documented_enum("", "status", json!("Odd"), &["error response-shape/enum /status"])]
    #[case::documented_enum_case("", "status", json!("pending"), &["error response-shape/enum-case /status"])]
    #[case::wrong_type("", "statusMessage", json!(1), &["error response-shape/type /statusMessage"])]
    #[case::null("", "statusMessage", json!(null), &["note response-shape/null /statusMessage", "warning response-shape/contested-member /statusMessage"])]
    #[case::empty("", "status", json!(""), &["note response-shape/empty /status"])]
    #[case::unknown("", "more", json!(1), &["note response-shape/unknown-member /more"])]
    fn a_stop_keeps_its_output(#[case] at: &str, #[case] name: &str, #[case] value: Value, #[case] findings: &[&str]) {
        let mut body = stopping();
        body.pointer_mut(at).unwrap()[name] = value;
        assert_eq!(Trial::stop(STOP).responds(1, 200, &body).findings(), findings);
    }

    #[rstest]
    #[case::missing("arn", None, "error response-shape/required /pipeline/arn")]
    #[case::null_is_missing("arn", Some(json!(null)), "error response-shape/required /pipeline/arn")]
    #[case::timestamp("createdAt", Some(json!("2024-01-01T00:00:00Z")), "error response-shape/timestamp /pipeline/createdAt")]
    #[case::pattern("templateMajorVersion", Some(json!("one")), "error response-shape/pattern /pipeline/templateMajorVersion")]
    #[case::length("templateName", Some(json!("a".repeat(101))), "error response-shape/length /pipeline/templateName")]
    #[case::status("deploymentStatus", Some(json!("ODD")), "error response-shape/enum /pipeline/deploymentStatus")]
    fn a_cancel_keeps_its_output(#[case] name: &str, #[case] value: Option<Value>, #[case] finding: &str) {
        let mut body = cancelling();
        let pipeline = body["pipeline"].as_object_mut().unwrap();
        match value {
            Some(value) => drop(pipeline.insert(name.to_owned(), value)),
            None => drop(pipeline.remove(name)),
        }
        let found = Trial::cancel(CANCEL).responds(1, 200, &body).findings();
        assert_eq!(found, [finding]);
    }

    #[test]
    fn a_rule_of_the_model_alone_about_a_neighbor_is_a_warning() {
        let steps = format!("{STOP}\n- {{ call: GetDeployment, input: {{ deploymentId: d-ABCDEF123 }} }}");
        let trial = Trial::stop(&steps).responds(1, 200, &stopping()).responds(
            2,
            200,
            &json!({"deploymentInfo": {"creator": "nobody"}}),
        );
        assert_eq!(trial.findings(), ["warning response-shape/enum /deploymentInfo/creator"]);
    }

    #[test]
    fn a_valid_output_has_no_finding() {
        assert!(Trial::cancel(CANCEL).responds(1, 200, &cancelling()).findings().is_empty());
    }

    #[test]
    fn a_value_that_documents_contest_is_a_warning() {
        let body = json!({"status": "Forced", "statusMessage": "m"});
        let trial = Trial::stop(STOP).responds(1, 200, &body);
        assert_eq!(trial.findings(), ["warning response-shape/contested-value /status"]);
        assert_eq!(trial.judge().findings[0].cites, ["SD-18"]);
    }

    #[rstest]
    #[case("status", "warning response-shape/contested-member /status")]
    #[case("statusMessage", "warning response-shape/contested-member /statusMessage")]
    fn an_absent_member_that_documents_contest_is_a_warning(#[case] name: &str, #[case] finding: &str) {
        let mut body = stopping();
        body.as_object_mut().unwrap().remove(name);
        let trial = Trial::stop(STOP).responds(1, 200, &body);
        assert_eq!(trial.findings(), [finding]);
        assert_eq!(trial.judge().findings[0].cites, ["SD-12"]);
    }

    #[test]
    fn an_operation_without_output_has_no_shape_to_keep() {
        let steps = format!("- {{ call: DeleteApplication, input: {{ applicationName: a }} }}\n{STOP}");
        assert!(Trial::stop(&steps).responds(1, 200, &json!({"more": 1})).findings().is_empty());
    }
}
