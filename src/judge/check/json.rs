//! The body is one JSON object in UTF-8 and nothing else.

use super::{Check, CheckScope, Checked, ResponseSubject};
use crate::{
    judge::verdict::Severity,
    suite::{code::Code, requirement::Evidence},
};

pub(super) const CHECK: Check = Check {
    code: Code::Json,
    wants: "one JSON object in UTF-8, without a byte order mark and with nothing after it",
    why: "The pages say that data comes in JSON, RFC 8259 what JSON is, and Smithy that an output is always an \
          object. A member that occurs twice is noted: readers disagree about which one counts.",
    look: CheckScope::Answer(look),
};

fn look<'a>(subject: &ResponseSubject<'a>) -> Checked<'a> {
    if subject.operation.output.is_unit() && subject.response.body.is_empty() {
        return Checked::nothing();
    }
    if subject.service.protocol.calls_by_target() && is_no_call(subject) {
        return Checked::nothing();
    }
    let ground = subject.ground(Code::Json, Evidence::Protocol);
    let finding =
        |actual: String| ground.finding(Code::Json, None, subject.number(), "", "one JSON object".to_owned(), actual);
    let mut findings: Vec<_> = subject
        .answer
        .problems
        .iter()
        .map(|problem| {
            let mut finding = finding(problem.to_string());
            if !problem.is_forbidden() {
                finding.severity = Severity::Note;
            }
            finding
        })
        .collect();
    if let Some(value) = subject.answer.value.as_ref().filter(|value| !value.is_object()) {
        findings.push(finding(format!("the JSON value {value}").chars().take(120).collect()));
    }
    Checked::with(ground.cites, findings)
}

/// What is not sent as a call need not be answered as one: AWS itself greets a GET in plain text, and refuses a request
/// that hides its protocol in whichever form.
fn is_no_call(subject: &ResponseSubject<'_>) -> bool {
    let is_refused = subject.answer.refusal.is_some() && subject.response.status >= 400;
    let is_greeted = subject.exchange.request.method != "POST" && subject.answer.value.is_none();
    is_greeted || (is_refused && !subject.names_its_protocol())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use crate::judge::{check::testing::*, transcript::Role};

    #[rstest]
    #[case::object(br#"{"status":"Pending"}"#, &[])]
    #[case::empty(b"", &["error json"])]
    #[case::byte_order_mark(b"\xef\xbb\xbf{\"status\":\"Pending\"}", &["error json"])]
    #[case::trailing(br#"{"status":"Pending"}x"#, &["error json"])]
    #[case::not_utf_8(b"{\"status\":\"\xff\"}", &["error json"])]
    #[case::html(b"<html>", &["error json"])]
    #[case::array(b"[]", &["error json", "error response-shape/type"])]
    #[case::twice(br#"{"status":"Pending","status":"Pending"}"#, &["note json"])]
    fn a_body_is_one_object(#[case] body: &[u8], #[case] findings: &[&str]) {
        assert_eq!(Trial::stop(STOP).with(1, Role::Main, 200, body, |_| {}).findings(), findings);
    }

    #[rstest]
    #[case::nothing(b"", &[])]
    #[case::something(b"x", &["error json"])]
    fn an_operation_without_output_may_answer_with_nothing(#[case] body: &[u8], #[case] findings: &[&str]) {
        let steps = format!("- {{ call: DeleteApplication, input: {{ applicationName: a }} }}\n{STOP}");
        let found = Trial::stop(&steps).with(1, Role::Main, 200, body, |_| {}).findings();
        assert_eq!(found.iter().filter(|finding| finding.contains("json")).collect::<Vec<_>>(), findings);
    }

    #[test]
    fn a_value_that_is_no_object_is_shown_by_its_beginning() {
        let told =
            Trial::stop(STOP).with(1, Role::Main, 200, &[&b"[1"[..], &b",1".repeat(90), b"]"].concat(), |_| {}).told();
        let shown = &told.iter().find(|(expected, _)| expected == "one JSON object").unwrap().1;
        assert!(shown.starts_with("the JSON value [1,1") && shown.len() == 120, "{shown}");
    }
}
