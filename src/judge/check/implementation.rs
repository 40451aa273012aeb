//! The presence check: decides whether an endpoint implements an operation.
//!
//! Four requests per operation: a valid one; the same to an operation and to a service that no endpoint has (the
//! [`Sentinels`]); and an empty input. An endpoint that lacks the operation responds to the first as to the second
//! or third. A status alone proves nothing: emulators were seen to respond with 500 and HTML, 501, 400 and 404. The
//! response to an empty input counts only if it is none of the operation's own errors.

use thiserror::Error;

use super::{Check, CheckBasis, CheckScope, PointsAt, SeverityRow};
use crate::{
    judge::{code::Code, transcript::PresenceResponses, verdict::Severity::Note},
    model::{Contract, Operation},
    wire::{ParsedResponse, Protocol, RejectionClass, Response, TransportError, protocol::Sentinels},
};

impl Code {
    /// The endpoint implements the operation.
    pub const IMPLEMENTATION: Self = Self::new("implementation");
}

pub(super) const CHECK: Check = Check {
    code: Code::IMPLEMENTATION,
    wants: "a response that differs from those to an unknown operation and to an unknown service",
    why: "If an endpoint lacks an operation, findings about its details are noise, and rejecting everything must not \
          count as conforming. On real emulators, all 21 operations that were not implemented got the response of an \
          operation that does not exist.",
    label: ["", "impl"],
    severities: &[SeverityRow::new(Note, Note, "it decides the verdict itself, and makes no findings")],
    basis: CheckBasis::Scenario,
    points_at: PointsAt::StatusLine,
    from_recording: false,
    look: CheckScope::Run,
};

/// The result of a presence check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PresenceDecision {
    /// The operation is implemented, or nothing proves that it is not.
    Implemented,
    /// The operation is not implemented.
    NotImplemented(NotImplementedReason),
    /// The endpoint sent no response.
    Unreachable(TransportError),
}

/// The evidence that an operation is not implemented.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotImplementedReason {
    /// The status 501.
    #[error("the response has the status 501 Not Implemented")]
    Status,
    /// An error such as `UnknownOperationException`.
    #[error("the response names {0}")]
    UnknownOperation(String),
    /// An HTML page, with this status.
    #[error("the response is an HTML page with the status {0}")]
    HtmlPage(u16),
    /// The response equals that of an operation that does not exist.
    #[error("the response is that of an operation that does not exist")]
    LikeUnknownOperation,
    /// The response equals that of a service that does not exist.
    #[error("the response is that of a service that does not exist")]
    LikeUnknownService,
    /// Every input gets the same error, which the operation does not declare.
    #[error("every input gets the same error, which the operation does not declare")]
    OneUndeclaredError,
}

/// Decides whether an operation is implemented.
#[must_use]
pub fn presence(
    contract: &Contract,
    operation: &Operation,
    protocol: &dyn Protocol,
    responses: &PresenceResponses,
) -> PresenceDecision {
    let sample = match &responses.sample {
        Ok(response) => response,
        Err(error) => return PresenceDecision::Unreachable(error.clone()),
    };
    let parsed = protocol.parse_response(contract, Some(operation), sample);
    match not_implemented(sample, &parsed) {
        // A broken error path also responds with an HTML page: an operation that validates its input is implemented.
        Some(_) if is_html(sample, &parsed) && knows_its_input(contract, operation, protocol, responses) => {
            return PresenceDecision::Implemented;
        }
        Some(reason) => return PresenceDecision::NotImplemented(reason),
        None => {}
    }
    let own = normalise(sample, contract, operation);
    let like = |other: &Result<Response, TransportError>| {
        other.as_ref().is_ok_and(|other| normalise(other, contract, operation) == own)
    };
    if distinguishes_inputs(contract, operation, protocol, responses) {
        return PresenceDecision::Implemented;
    }
    if like(&responses.unknown_operation) {
        return PresenceDecision::NotImplemented(NotImplementedReason::LikeUnknownOperation);
    }
    // An endpoint that reads only the operation's name responds for an unknown service with the operation's own response.
    if own_response(contract, operation, protocol, &responses.sample).is_none() && like(&responses.unknown_service) {
        return PresenceDecision::NotImplemented(NotImplementedReason::LikeUnknownService);
    }
    let declared = parsed.error().is_some_and(|name| contract.error(operation, name).is_some());
    if !declared && parsed.rejection.is_some() && like(&responses.empty_input) {
        return PresenceDecision::NotImplemented(NotImplementedReason::OneUndeclaredError);
    }
    PresenceDecision::Implemented
}

/// A good input and an empty one get two different responses of this very operation: successes or errors that it
/// declares. Then it is implemented, even if the endpoint treats unknown names as this operation.
fn distinguishes_inputs(
    contract: &Contract,
    operation: &Operation,
    protocol: &dyn Protocol,
    responses: &PresenceResponses,
) -> bool {
    let own = |outcome: &Result<Response, TransportError>| own_response(contract, operation, protocol, outcome);
    matches!((own(&responses.sample), own(&responses.empty_input)), (Some(sample), Some(empty)) if sample != empty)
}

/// An empty input gets an error that the operation declares, and an unknown operation gets another response.
fn knows_its_input(
    contract: &Contract,
    operation: &Operation,
    protocol: &dyn Protocol,
    responses: &PresenceResponses,
) -> bool {
    let own = |outcome: &Result<Response, TransportError>| own_response(contract, operation, protocol, outcome);
    let empty = own(&responses.empty_input).filter(|(_, error)| error.is_some());
    empty.is_some() && responses.unknown_operation.is_ok() && own(&responses.unknown_operation) != empty
}

/// The status and the error of a response that is the operation's own: a success, or an error that it declares.
fn own_response(
    contract: &Contract,
    operation: &Operation,
    protocol: &dyn Protocol,
    outcome: &Result<Response, TransportError>,
) -> Option<(u16, Option<String>)> {
    let response = outcome.as_ref().ok()?;
    let parsed = protocol.parse_response(contract, Some(operation), response);
    let declared = parsed.error().is_some_and(|name| contract.error(operation, name).is_some());
    let success = parsed.rejection.is_none() && parsed.value.as_ref().is_some_and(serde_json::Value::is_object);
    (declared || success).then(|| (response.status, parsed.error().map(str::to_owned)))
}

/// The evidence in a single response that the operation is not implemented.
#[must_use]
pub fn not_implemented(response: &Response, parsed: &ParsedResponse) -> Option<NotImplementedReason> {
    let identity = parsed.rejection.as_ref()?;
    if response.status == 501 {
        return Some(NotImplementedReason::Status);
    }
    if RejectionClass::UnknownOperation.holds(response.status, identity) {
        return Some(NotImplementedReason::UnknownOperation(parsed.error().unwrap_or_default().to_owned()));
    }
    is_html(response, parsed).then_some(NotImplementedReason::HtmlPage(response.status))
}

fn is_html(response: &Response, parsed: &ParsedResponse) -> bool {
    parsed.value.is_none() && response.headers.get("content-type").is_some_and(|kind| kind.contains("html"))
}

/// A response without the parts that differ between two responses of the same meaning.
fn normalise(response: &Response, contract: &Contract, operation: &Operation) -> (u16, String, String) {
    let kind = response.headers.get("content-type").unwrap_or_default().to_ascii_lowercase();
    let text = Sentinels::mask_names(contract, operation, &String::from_utf8_lossy(&response.body));
    (response.status, kind, without_ids(&text))
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

    fn response((status, body): (u16, &str)) -> Response {
        Response { status, body: Bytes::copy_from_slice(body.as_bytes()), ..Response::default() }
    }

    fn decide(
        sample: (u16, &str),
        unknown_operation: (u16, &str),
        unknown_service: (u16, &str),
        empty: (u16, &str),
    ) -> PresenceDecision {
        let contract = SUITE.service("codedeploy").unwrap().contract();
        let responses = PresenceResponses {
            sample: Ok(response(sample)),
            unknown_operation: Ok(response(unknown_operation)),
            unknown_service: Ok(response(unknown_service)),
            empty_input: Ok(response(empty)),
        };
        presence(contract, contract.operation("StopDeployment").unwrap(), &AwsJson::V1_1, &responses)
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
    #[case::success_and_rejection((200, "{}"), (200, "{}"), (200, "{}"), (400, MISSING), true)]
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
        assert_eq!(found == PresenceDecision::Implemented, present, "{found:?}");
    }

    #[rstest]
    #[case::a_broken_error_path((400, OTHER), (400, MISSING), true)]
    #[case::every_response_is_a_page((500, "<html>"), (500, "<html>"), false)]
    #[case::one_error_for_all((400, MISSING), (400, MISSING), false)]
    fn a_page_of_html_is_an_absent_operation_unless_it_knows_its_input(
        #[case] unknown_operation: (u16, &str),
        #[case] empty: (u16, &str),
        #[case] present: bool,
    ) {
        let contract = SUITE.service("codedeploy").unwrap().contract();
        let mut sample = response((500, "<html>"));
        sample.headers.push("content-type", "text/html");
        let responses = PresenceResponses {
            sample: Ok(sample),
            unknown_operation: Ok(response(unknown_operation)),
            unknown_service: Ok(response((404, ""))),
            empty_input: Ok(response(empty)),
        };
        let found = presence(contract, contract.operation("StopDeployment").unwrap(), &AwsJson::V1_1, &responses);
        assert_eq!(found == PresenceDecision::Implemented, present, "{found:?}");
    }

    #[test]
    fn ids_and_times_do_not_count() {
        assert_eq!(without_ids("request 8f2c-11aa of d-LGUMS25CC failed"), "request <id> of <id> failed");
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
    fn a_response_is_compared_by_status_type_and_text_without_names_and_ids() {
        let contract = SUITE.service("codedeploy").unwrap().contract();
        let operation = contract.operation("StopDeployment").unwrap();
        let mut response = response((404, "CodeDeploy_20141006.StopDeployment stop_deployment d-LGUMS25CC"));
        response.headers.push("content-type", "Text/HTML");
        let expected = (404, "text/html".to_owned(), "<service>.<operation> <operation> <id>".to_owned());
        assert_eq!(normalise(&response, contract, operation), expected);
        response.body =
            "WireproofUnknown_20000101.WireproofUnknownOperation wireproof_unknown_operation d-123456".into();
        assert_eq!(normalise(&response, contract, operation), expected);
    }

    #[rstest]
    #[case::success(200, "{}", "", None)]
    #[case::not_implemented(501, KNOWN, "", Some("the response has the status 501 Not Implemented"))]
    #[case::unknown_operation(400, r#"{"__type":"InvalidAction"}"#, "", Some("the response names InvalidAction"))]
    #[case::page(404, "<html>", "text/html; charset=utf-8", Some("the response is an HTML page with the status 404"))]
    #[case::text(404, "<html>", "text/plain", None)]
    #[case::no_type(404, "<html>", "", None)]
    #[case::json_that_calls_itself_html(404, KNOWN, "text/html", None)]
    fn a_response_alone_may_prove_that_an_operation_is_absent(
        #[case] status: u16,
        #[case] body: &str,
        #[case] kind: &str,
        #[case] expected: Option<&str>,
    ) {
        let mut response = response((status, body));
        if !kind.is_empty() {
            response.headers.push("content-type", kind);
        }
        let contract = SUITE.service("codedeploy").unwrap().contract();
        let parsed = AwsJson::V1_1.parse_response(contract, None, &response);
        let reason = not_implemented(&response, &parsed).map(|reason| reason.to_string());
        assert_eq!(reason.as_deref(), expected);
    }

    #[test]
    fn an_endpoint_that_ignores_the_service_implements_operations_that_respond_as_their_own() {
        let (success, unknown, html) = ((200, "{}"), (400, OTHER), (500, "x"));
        assert_eq!(decide(success, unknown, success, html), PresenceDecision::Implemented);
        assert_eq!(decide((400, KNOWN), unknown, (400, KNOWN), html), PresenceDecision::Implemented);
        assert!(matches!(decide(success, success, success, html), PresenceDecision::NotImplemented(_)));
    }

    #[test]
    fn each_way_to_be_absent_has_its_reason() {
        let decided = |responses: [(u16, &str); 4]| decide(responses[0], responses[1], responses[2], responses[3]);
        let (x, y, z) = ((400, OTHER), (400, "y"), (400, "z"));
        assert_eq!(decided([x, x, y, z]), PresenceDecision::NotImplemented(NotImplementedReason::LikeUnknownOperation));
        assert_eq!(decided([x, y, x, z]), PresenceDecision::NotImplemented(NotImplementedReason::LikeUnknownService));
        assert_eq!(decided([x, y, z, x]), PresenceDecision::NotImplemented(NotImplementedReason::OneUndeclaredError));
    }

    #[test]
    fn an_operation_without_a_response_is_unreachable_and_missing_comparisons_count_as_other_responses() {
        let contract = SUITE.service("codedeploy").unwrap().contract();
        let operation = contract.operation("StopDeployment").unwrap();
        let none = || Err(TransportError::Closed);
        let responses = |sample| PresenceResponses {
            sample,
            unknown_operation: none(),
            unknown_service: none(),
            empty_input: none(),
        };
        let decided = |responses| presence(contract, operation, &AwsJson::V1_1, &responses);
        assert_eq!(decided(responses(none())), PresenceDecision::Unreachable(TransportError::Closed));
        assert_eq!(decided(responses(Ok(response((400, OTHER))))), PresenceDecision::Implemented);
    }
}
