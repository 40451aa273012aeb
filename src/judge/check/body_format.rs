//! The body is one whole document in the format of the protocol.

use super::{Check, CheckBasis, CheckScope, Checked, PointsAt, ResponseSubject, SeverityRow};
use crate::{
    judge::{
        code::Code,
        verdict::Severity::{Error, Note},
    },
    suite::requirement::Evidence,
};

impl Code {
    /// The body is one whole document in the format of the protocol.
    pub const BODY_FORMAT: Self = Self::new("body-format");
}

pub(super) const CHECK: Check = Check {
    code: Code::BODY_FORMAT,
    wants: "one whole document in the format of the protocol, such as a JSON object in UTF-8 without a byte order mark or \
            trailing bytes",
    why: "The pages state that data is sent as JSON, RFC 8259 defines JSON, and Smithy defines every output as an \
          object. A duplicate member is only a note: readers disagree about which one to use.",
    label: ["body", "form"],
    severities: &[SeverityRow::new(Error, Error, "clients cannot read a body in another format")],
    basis: CheckBasis::Requirements { otherwise: Evidence::Protocol },
    points_at: PointsAt::Body,
    from_recording: true,
    look: CheckScope::Response(look),
};

fn look<'a>(subject: &ResponseSubject<'a>) -> Checked<'a> {
    let (service, request) = (subject.service, &subject.exchange.request);
    let is_unread = subject.parsed.rejection.is_none() && !service.protocol.reads_every_body();
    if subject.operation.output.is_unit() && (subject.response.body.is_empty() || is_unread) {
        return Checked::nothing();
    }
    if !service.protocol.binds_response(service.contract(), request, subject.response, subject.parsed) {
        return Checked::nothing();
    }
    let basis = subject.basis(&CHECK);
    let finding = |actual: String| basis.finding(&CHECK, subject.number(), "", service.protocol.document(), actual);
    let mut findings: Vec<_> = subject
        .parsed
        .problems
        .iter()
        .map(|problem| {
            let mut finding = finding(problem.to_string());
            if !problem.is_forbidden() {
                finding.severity = Note;
            }
            finding
        })
        .collect();
    if let Some(value) = subject.parsed.value.as_ref().filter(|value| !value.is_object()) {
        findings.push(finding(format!("the JSON value {value}").chars().take(120).collect()));
    }
    Checked::with(basis.cites, findings)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use crate::judge::{check::testing::*, transcript::Role};

    #[rstest]
    #[case::object(br#"{"status":"Pending","statusMessage":"m"}"#, &[])]
    #[case::empty(b"", &["error body-format"])]
    #[case::byte_order_mark(b"\xef\xbb\xbf{\"status\":\"Pending\",\"statusMessage\":\"m\"}", &["error body-format"])]
    #[case::trailing(br#"{"status":"Pending","statusMessage":"m"}x"#, &["error body-format"])]
    #[case::not_utf_8(b"{\"status\":\"\xff\"}", &["error body-format"])]
    #[case::html(b"<html>", &["error body-format"])]
    #[case::array(b"[]", &["error body-format", "error response-shape/type"])]
    #[case::twice(br#"{"status":"Pending","statusMessage":"m","statusMessage":"m"}"#, &["note body-format"])]
    fn a_body_is_one_object(#[case] body: &[u8], #[case] findings: &[&str]) {
        assert_eq!(Trial::stop(STOP).with(1, Role::Main, 200, body, |_| {}).findings(), findings);
    }

    #[rstest]
    #[case::nothing(b"", &[])]
    #[case::something(b"x", &["error body-format"])]
    fn an_operation_without_output_may_have_an_empty_body(#[case] body: &[u8], #[case] findings: &[&str]) {
        let steps = format!("- {{ call: DeleteApplication, input: {{ applicationName: a }} }}\n{STOP}");
        let found = Trial::stop(&steps).with(1, Role::Main, 200, body, |_| {}).findings();
        assert_eq!(found.iter().filter(|finding| finding.contains("body-format")).collect::<Vec<_>>(), findings);
    }

    #[test]
    fn a_value_that_is_not_an_object_is_shortened() {
        let texts = Trial::stop(STOP)
            .with(1, Role::Main, 200, &[&b"[1"[..], &b",1".repeat(90), b"]"].concat(), |_| {})
            .expected_and_actual();
        let shown = &texts.iter().find(|(expected, _)| expected == "one JSON object").unwrap().1;
        assert!(shown.starts_with("the JSON value [1,1") && shown.len() == 120, "{shown}");
    }
}
