//! Whether an operation is there at all, without knowing the endpoint.
//!
//! Four questions to each operation: a well-formed request; the same to an operation that nobody has; the
//! same to a service that nobody has; and an empty input. An endpoint that has not the operation answers
//! the first like the second or third. A status alone never tells: 500 with HTML, 501, 400 and 404 were all
//! seen. An empty input tells only where its answer is none of the operation's own errors.

use super::{Check, CheckScope};
use crate::{
    judge::transcript::{PresenceResponses, UNKNOWN_OPERATION, UNKNOWN_SERVICE},
    model::{Contract, Operation},
    suite::code::Code,
    wire::{ParsedResponse, Protocol, RefusalClass, Response, TransportError},
};

pub(super) const CHECK: Check = Check {
    code: Code::Implementation,
    wants: "an answer that differs from those to an unknown operation and to an unknown service",
    why: "An endpoint that lacks an operation must not be convicted of its details, nor pass for one that \
          refuses everything. Of 21 unimplemented operations seen on real emulators, 21 answer as they answer \
          an operation that does not exist.",
    look: CheckScope::Run,
};

/// What a survey came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PresenceDecision {
    /// The operation is there, or nothing says that it is not.
    Present,
    /// It is not there, and why that is plain.
    Absent(String),
    /// The endpoint gave no answer.
    Unreachable(TransportError),
}

/// Decides whether an operation is there.
#[must_use]
pub fn presence(
    contract: &Contract,
    operation: &Operation,
    protocol: &dyn Protocol,
    survey: &PresenceResponses,
) -> PresenceDecision {
    let sample = match &survey.sample {
        Ok(response) => response,
        Err(error) => return PresenceDecision::Unreachable(error.clone()),
    };
    let answer = protocol.answer(sample);
    match plainly_absent(sample, &answer) {
        // A page of HTML is also what a broken error path gives: an operation that knows its input is there.
        Some(_) if is_html(sample, &answer) && knows_its_input(contract, operation, protocol, survey) => {
            return PresenceDecision::Present;
        }
        Some(reason) => return PresenceDecision::Absent(reason),
        None => {}
    }
    let own = normalise(sample, contract, operation);
    let like = |other: &Result<Response, TransportError>| {
        other.as_ref().is_ok_and(|other| normalise(other, contract, operation) == own)
    };
    if tells_inputs_apart(contract, operation, protocol, survey) {
        return PresenceDecision::Present;
    }
    if like(&survey.unknown_operation) {
        return PresenceDecision::Absent("it answers as it answers an operation that does not exist".to_owned());
    }
    // An endpoint that goes by the operation's name alone answers for an unknown service, too: with what is the operation's own.
    if own_answer(contract, operation, protocol, &survey.sample).is_none() && like(&survey.unknown_service) {
        return PresenceDecision::Absent("it answers as it answers a service that does not exist".to_owned());
    }
    let declared = answer.error().is_some_and(|name| contract.error(operation, name).is_some());
    if !declared && answer.refusal.is_some() && like(&survey.empty_input) {
        return PresenceDecision::Absent(
            "it answers every input with one error that the operation does not declare".to_owned(),
        );
    }
    PresenceDecision::Present
}

/// Whether a good input and an empty one get two different answers of this very operation: successes or errors that
/// it declares. Then it is there, even where the endpoint takes unknown names for it.
fn tells_inputs_apart(
    contract: &Contract,
    operation: &Operation,
    protocol: &dyn Protocol,
    survey: &PresenceResponses,
) -> bool {
    let own = |outcome: &Result<Response, TransportError>| own_answer(contract, operation, protocol, outcome);
    matches!((own(&survey.sample), own(&survey.empty_input)), (Some(sample), Some(empty)) if sample != empty)
}

/// Whether an empty input gets an error that the operation declares, and an unknown operation another answer.
fn knows_its_input(
    contract: &Contract,
    operation: &Operation,
    protocol: &dyn Protocol,
    survey: &PresenceResponses,
) -> bool {
    let own = |outcome: &Result<Response, TransportError>| own_answer(contract, operation, protocol, outcome);
    let empty = own(&survey.empty_input).filter(|(_, error)| error.is_some());
    empty.is_some() && survey.unknown_operation.is_ok() && own(&survey.unknown_operation) != empty
}

/// The status and the error of an answer that is the operation's own: a success, or an error that it declares.
fn own_answer(
    contract: &Contract,
    operation: &Operation,
    protocol: &dyn Protocol,
    outcome: &Result<Response, TransportError>,
) -> Option<(u16, Option<String>)> {
    let response = outcome.as_ref().ok()?;
    let answer = protocol.answer(response);
    let declared = answer.error().is_some_and(|name| contract.error(operation, name).is_some());
    let success = answer.refusal.is_none() && answer.value.as_ref().is_some_and(serde_json::Value::is_object);
    (declared || success).then(|| (response.status, answer.error().map(str::to_owned)))
}

/// Why an answer alone says that the operation is not there, if it does.
#[must_use]
pub fn plainly_absent(response: &Response, answer: &ParsedResponse) -> Option<String> {
    let identity = answer.refusal.as_ref()?;
    if response.status == 501 {
        return Some("it answers 501 Not Implemented".to_owned());
    }
    if RefusalClass::UnknownOperation.holds(response.status, identity) {
        return Some(format!("it answers {}", answer.error().unwrap_or_default()));
    }
    is_html(response, answer).then(|| format!("it answers {} with a page of HTML", response.status))
}

fn is_html(response: &Response, answer: &ParsedResponse) -> bool {
    answer.value.is_none() && response.headers.get("content-type").is_some_and(|kind| kind.contains("html"))
}

/// An answer without what differs between two answers of the same meaning.
fn normalise(response: &Response, contract: &Contract, operation: &Operation) -> (u16, String, String) {
    let kind = response.headers.get("content-type").unwrap_or_default().to_ascii_lowercase();
    let mut text = String::from_utf8_lossy(&response.body).into_owned();
    for name in [operation.name.as_str(), UNKNOWN_OPERATION] {
        text = text.replace(&snake(name), "<operation>").replace(name, "<operation>");
    }
    for name in [contract.service().id.name(), UNKNOWN_SERVICE] {
        text = text.replace(name, "<service>");
    }
    (response.status, kind, without_ids(&text))
}

fn snake(name: &str) -> String {
    let mut out = String::new();
    for (index, c) in name.chars().enumerate() {
        if c.is_ascii_uppercase() && index > 0 {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// Words with digits in them are ids or times.
fn without_ids(text: &str) -> String {
    let mut out = String::new();
    for word in text.split_inclusive(|c: char| !c.is_alphanumeric() && c != '-') {
        let (body, end) = word.split_at(word.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '-').len());
        let is_id = body.len() >= 6 && body.chars().any(|c| c.is_ascii_digit());
        out.push_str(if is_id { "<id>" } else { body });
        out.push_str(end);
    }
    out
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use bytes::Bytes;
    use rstest::rstest;

    use super::*;
    use crate::{suite::Fixtures, wire::AwsJson};

    static SUITE: LazyLock<Fixtures> = LazyLock::new(|| Fixtures::bundled().unwrap());

    fn answer((status, body): (u16, &str)) -> Response {
        Response { status, body: Bytes::copy_from_slice(body.as_bytes()), ..Response::default() }
    }

    fn decide(
        sample: (u16, &str),
        unknown_operation: (u16, &str),
        unknown_service: (u16, &str),
        empty: (u16, &str),
    ) -> PresenceDecision {
        let contract = SUITE.service("codedeploy").unwrap().contract();
        let survey = PresenceResponses {
            sample: Ok(answer(sample)),
            unknown_operation: Ok(answer(unknown_operation)),
            unknown_service: Ok(answer(unknown_service)),
            empty_input: Ok(answer(empty)),
        };
        presence(contract, contract.operation("StopDeployment").unwrap(), &AwsJson::V1_1, &survey)
    }

    const KNOWN: &str = r#"{"__type":"DeploymentDoesNotExistException","message":"no d-LGUMS25CC"}"#;
    const MISSING: &str = r#"{"__type":"DeploymentIdRequiredException"}"#;
    const OTHER: &str = r#"{"__type":"InternalError","message":"x"}"#;

    #[rstest]
    #[case::implemented((400, KNOWN), (400, r#"{"__type":"UnknownOperationException"}"#), (404, ""), (400, MISSING), true)]
    #[case::one_error_of_its_own((400, KNOWN), (400, OTHER), (404, ""), (400, KNOWN), true)]
    #[case::constant((400, KNOWN), (400, KNOWN), (400, KNOWN), (400, KNOWN), false)]
    #[case::constant_success((200, "{}"), (200, "{}"), (200, "{}"), (200, "{}"), false)]
    #[case::names_the_operation(
        (400, r#"{"__type":"X","message":"unknown action StopDeployment"}"#),
        (400, r#"{"__type":"X","message":"unknown action WireproofUnknownOperation"}"#),
        (404, ""), (404, ""), false
    )]
    #[case::names_it_in_snake_case(
        (500, r#"{"message":"stop_deployment failed"}"#), (500, r#"{"message":"wireproof_unknown_operation failed"}"#),
        (404, ""), (404, ""), false
    )]
    #[case::takes_any_name_for_it((400, KNOWN), (400, KNOWN), (400, KNOWN), (400, MISSING), true)]
    #[case::not_implemented_status((501, OTHER), (500, OTHER), (404, ""), (501, OTHER), false)]
    #[case::unsupported_service(
        (400, r#"{"error":"Unsupported service: codedeploy"}"#), (400, "x"), (400, r#"{"error":"Unsupported service: codedeploy"}"#),
        (400, "y"), false
    )]
    #[case::two_errors_beside_the_declared((400, OTHER), (400, "a"), (400, "b"), (400, MISSING), true)]
    #[case::one_success((200, "{}"), (400, "a"), (400, "b"), (200, "{}"), true)]
    #[case::success_and_refusal((200, "{}"), (200, "{}"), (200, "{}"), (400, MISSING), true)]
    #[case::success_and_another_error((200, "{}"), (200, "{}"), (200, "{}"), (400, OTHER), false)]
    #[case::text_that_is_no_output((200, "5"), (200, "5"), (200, "5"), (400, MISSING), false)]
    #[case::one_undeclared_error((400, OTHER), (400, "a"), (400, "b"), (400, OTHER), false)]
    fn an_operation_is_there_or_not(
        #[case] sample: (u16, &str),
        #[case] unknown_operation: (u16, &str),
        #[case] unknown_service: (u16, &str),
        #[case] empty: (u16, &str),
        #[case] present: bool,
    ) {
        let found = decide(sample, unknown_operation, unknown_service, empty);
        assert_eq!(found == PresenceDecision::Present, present, "{found:?}");
    }

    #[rstest]
    #[case::a_broken_error_path((400, OTHER), (400, MISSING), true)]
    #[case::every_answer_is_a_page((500, "<html>"), (500, "<html>"), false)]
    #[case::one_error_for_all((400, MISSING), (400, MISSING), false)]
    fn a_page_of_html_is_an_absent_operation_unless_it_knows_its_input(
        #[case] unknown_operation: (u16, &str),
        #[case] empty: (u16, &str),
        #[case] present: bool,
    ) {
        let contract = SUITE.service("codedeploy").unwrap().contract();
        let mut sample = answer((500, "<html>"));
        sample.headers.push("content-type", "text/html");
        let survey = PresenceResponses {
            sample: Ok(sample),
            unknown_operation: Ok(answer(unknown_operation)),
            unknown_service: Ok(answer((404, ""))),
            empty_input: Ok(answer(empty)),
        };
        let found = presence(contract, contract.operation("StopDeployment").unwrap(), &AwsJson::V1_1, &survey);
        assert_eq!(found == PresenceDecision::Present, present, "{found:?}");
    }

    #[test]
    fn ids_and_times_do_not_count() {
        assert_eq!(without_ids("request 8f2c-11aa of d-LGUMS25CC failed"), "request <id> of <id> failed");
    }

    #[rstest]
    #[case("StopDeployment", "stop_deployment")]
    #[case("getX", "get_x")]
    #[case("", "")]
    fn a_name_in_snake_case(#[case] name: &str, #[case] expected: &str) {
        assert_eq!(snake(name), expected);
    }

    #[rstest]
    #[case("12345", "12345")]
    #[case("12345a", "<id>")]
    #[case("abcdef", "abcdef")]
    #[case("a1b2c3-d4: x", "<id>: x")]
    #[case("", "")]
    fn a_long_word_with_a_digit_is_an_id(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(without_ids(text), expected);
    }

    #[test]
    fn an_answer_is_compared_by_status_type_and_text_without_names_and_ids() {
        let contract = SUITE.service("codedeploy").unwrap().contract();
        let operation = contract.operation("StopDeployment").unwrap();
        let mut response = answer((404, "CodeDeploy_20141006.StopDeployment stop_deployment d-LGUMS25CC"));
        response.headers.push("content-type", "Text/HTML");
        let expected = (404, "text/html".to_owned(), "<service>.<operation> <operation> <id>".to_owned());
        assert_eq!(normalise(&response, contract, operation), expected);
        response.body = format!("{UNKNOWN_SERVICE}.{UNKNOWN_OPERATION} wireproof_unknown_operation d-123456").into();
        assert_eq!(normalise(&response, contract, operation), expected);
    }

    #[rstest]
    #[case::success(200, "{}", "", None)]
    #[case::not_implemented(501, KNOWN, "", Some("it answers 501 Not Implemented"))]
    #[case::unknown_operation(400, r#"{"__type":"InvalidAction"}"#, "", Some("it answers InvalidAction"))]
    #[case::page(404, "<html>", "text/html; charset=utf-8", Some("it answers 404 with a page of HTML"))]
    #[case::text(404, "<html>", "text/plain", None)]
    #[case::no_type(404, "<html>", "", None)]
    #[case::json_that_calls_itself_html(404, KNOWN, "text/html", None)]
    fn an_answer_alone_may_say_that_an_operation_is_absent(
        #[case] status: u16,
        #[case] body: &str,
        #[case] kind: &str,
        #[case] expected: Option<&str>,
    ) {
        let mut response = answer((status, body));
        if !kind.is_empty() {
            response.headers.push("content-type", kind);
        }
        assert_eq!(plainly_absent(&response, &AwsJson::V1_1.answer(&response)).as_deref(), expected);
    }

    #[test]
    fn an_endpoint_that_does_not_look_at_the_service_implements_what_it_answers_as_its_own() {
        let (success, unknown, html) = ((200, "{}"), (400, OTHER), (500, "x"));
        assert_eq!(decide(success, unknown, success, html), PresenceDecision::Present);
        assert_eq!(decide((400, KNOWN), unknown, (400, KNOWN), html), PresenceDecision::Present);
        assert!(matches!(decide(success, success, success, html), PresenceDecision::Absent(_)));
    }

    #[test]
    fn each_way_to_be_absent_is_told() {
        let told = |answers: [(u16, &str); 4]| match decide(answers[0], answers[1], answers[2], answers[3]) {
            PresenceDecision::Absent(reason) => reason,
            other => panic!("{other:?}"),
        };
        let (x, y, z) = ((400, OTHER), (400, "y"), (400, "z"));
        assert_eq!(told([x, x, y, z]), "it answers as it answers an operation that does not exist");
        assert_eq!(told([x, y, x, z]), "it answers as it answers a service that does not exist");
        let undeclared = "it answers every input with one error that the operation does not declare";
        assert_eq!(told([x, y, z, x]), undeclared);
    }

    #[test]
    fn an_operation_that_gives_no_answer_is_unreachable_and_missing_comparisons_count_as_other_answers() {
        let contract = SUITE.service("codedeploy").unwrap().contract();
        let operation = contract.operation("StopDeployment").unwrap();
        let none = || Err(TransportError::Closed);
        let survey = |sample| PresenceResponses {
            sample,
            unknown_operation: none(),
            unknown_service: none(),
            empty_input: none(),
        };
        let decided = |survey| presence(contract, operation, &AwsJson::V1_1, &survey);
        assert_eq!(decided(survey(none())), PresenceDecision::Unreachable(TransportError::Closed));
        assert_eq!(decided(survey(Ok(answer((400, OTHER))))), PresenceDecision::Present);
    }
}
