use bytes::Bytes;
use rstest::rstest;

use super::*;
use crate::{suite::testing::BUNDLED, wire::AwsJson};

/// A body of HTML.
const PAGE: &str = "<html>";

fn response((status, body): (u16, &str)) -> Response {
    Response { status, body: Bytes::copy_from_slice(body.as_bytes()), ..Response::default() }
}

/// A response whose page has its media type.
fn typed((status, body): (u16, &str)) -> Response {
    let headers = [("content-type", "text/html")].into_iter().filter(|_| body == PAGE).collect();
    Response { headers, ..response((status, body)) }
}

fn decide(
    sample: (u16, &str),
    unknown_operation: (u16, &str),
    unknown_service: (u16, &str),
    empty: (u16, &str),
) -> PresenceDecision {
    let contract = BUNDLED.service("codedeploy").unwrap().contract();
    let responses = PresenceResponses {
        sample: Ok(typed(sample)),
        unknown_operation: Ok(typed(unknown_operation)),
        unknown_service: Ok(typed(unknown_service)),
        empty_input: Ok(typed(empty)),
        unknown_subresource: None,
        unknown_method: None,
        fallback: None,
    };
    presence(stop(contract), &responses)
}

fn stop(contract: &Contract) -> PresenceSubject<'_> {
    PresenceSubject { contract, operation: contract.operation("StopDeployment").unwrap(), protocol: &AwsJson::V1_1 }
}

fn is_found(decision: &PresenceDecision) -> bool {
    matches!(decision, PresenceDecision::Implemented(_))
}

const KNOWN: &str = r#"{"__type":"DeploymentDoesNotExistException","message":"no d-LGUMS25CC"}"#;
const MISSING: &str = r#"{"__type":"DeploymentIdRequiredException"}"#;
const NAMES: &str = r#"{"__type":"ValidationException","message":"deploymentId is too long"}"#;
const ELSEWHERE: &str = r#"{"__type":"ApplicationDoesNotExistException","message":"m"}"#;
const UNKNOWN: &str = r#"{"__type":"UnknownOperationException","message":"m"}"#;
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
#[case::not_implemented_status_with_a_declared_error((501, KNOWN), (400, "a"), (404, ""), (501, KNOWN), false)]
#[case::unsupported_service(
    (400, r#"{"error":"Unsupported service: codedeploy"}"#), (400, "x"), (400, r#"{"error":"Unsupported service: codedeploy"}"#),
    (400, "y"), false
)]
#[case::an_empty_success_of_an_endpoint_that_routes_by_the_signature((200, ""), (500, "x"), (200, ""), (400, "y"), true)]
#[case::an_undeclared_error_where_an_unknown_operation_crashes((400, OTHER), (500, "x"), (404, "b"), (400, OTHER), true)]
#[case::an_undeclared_error_of_an_endpoint_that_routes_by_the_signature((400, OTHER), (500, "x"), (400, OTHER), (500, "x"), true)]
#[case::an_error_of_another_operation_where_an_unknown_one_is_stated((400, ELSEWHERE), (400, UNKNOWN), (404, "b"), (400, ELSEWHERE), true)]
#[case::an_error_of_another_operation_where_an_unknown_one_is_not_stated((400, ELSEWHERE), (400, "a"), (404, "b"), (400, ELSEWHERE), false)]
#[case::an_error_of_no_operation_where_an_unknown_one_is_stated((400, OTHER), (400, UNKNOWN), (404, "b"), (400, OTHER), false)]
#[case::two_errors_beside_the_declared((400, OTHER), (400, "a"), (400, "b"), (400, MISSING), true)]
#[case::one_success((200, "{}"), (400, "a"), (400, "b"), (200, "{}"), true)]
#[case::success_and_rejection((200, "{}"), (200, "{}"), (200, "{}"), (400, MISSING), true)]
#[case::success_and_another_error((200, "{}"), (200, "{}"), (200, "{}"), (400, OTHER), false)]
#[case::text_that_is_no_output((200, "5"), (200, "5"), (200, "5"), (400, OTHER), false)]
#[case::an_error_of_its_own_beside_a_constant((200, "5"), (200, "5"), (200, "5"), (400, MISSING), true)]
#[case::an_error_that_names_a_member((400, NAMES), (400, OTHER), (404, ""), (400, NAMES), true)]
#[case::an_unknown_operation_names_it_too((400, NAMES), (400, NAMES), (404, ""), (400, NAMES), false)]
#[case::one_undeclared_error((400, OTHER), (400, "a"), (400, "b"), (400, OTHER), false)]
fn an_operation_is_there_or_not(
    #[case] sample: (u16, &str),
    #[case] unknown_operation: (u16, &str),
    #[case] unknown_service: (u16, &str),
    #[case] empty: (u16, &str),
    #[case] present: bool,
) {
    let found = decide(sample, unknown_operation, unknown_service, empty);
    assert_eq!(is_found(&found), present, "{found:?}");
}

#[rstest]
#[case::a_broken_error_path((400, OTHER), (400, MISSING), true)]
#[case::every_response_is_a_page((500, PAGE), (500, PAGE), false)]
#[case::one_error_for_all((400, MISSING), (400, MISSING), false)]
fn an_html_page_is_an_operation_that_is_not_implemented_unless_it_knows_its_input(
    #[case] unknown_operation: (u16, &str),
    #[case] empty: (u16, &str),
    #[case] present: bool,
) {
    let found = decide((500, PAGE), unknown_operation, (404, ""), empty);
    assert_eq!(is_found(&found), present, "{found:?}");
}

#[rstest]
#[case::a_page((500, PAGE), (400, OTHER), (500, PAGE), true)]
#[case::an_error((500, OTHER), (400, "x"), (503, OTHER), true)]
#[case::like_an_unknown_operation((500, PAGE), (500, PAGE), (500, PAGE), false)]
#[case::not_for_every_input((500, OTHER), (400, "x"), (400, OTHER), false)]
#[case::not_implemented((501, OTHER), (400, "x"), (501, OTHER), false)]
fn an_operation_that_fails_for_every_input_unlike_an_unknown_one_crashes(
    #[case] sample: (u16, &str),
    #[case] unknown_operation: (u16, &str),
    #[case] empty: (u16, &str),
    #[case] crashes: bool,
) {
    let found = decide(sample, unknown_operation, (404, ""), empty);
    assert_eq!(matches!(found, PresenceDecision::Crashes(_)), crashes, "{found:?}");
}

#[test]
fn a_header_or_a_body_proves_an_operation_where_they_name_different_errors() {
    let mut response = response((400, KNOWN));
    response.headers.push("x-amzn-errortype", "InternalError");
    let found = proof(stop(BUNDLED.service("codedeploy").unwrap().contract()), &response, &[]);
    assert_eq!(found, Some(PresenceProof::DeclaredError("DeploymentDoesNotExistException".to_owned())));
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
    let contract = BUNDLED.service("codedeploy").unwrap().contract();
    let mut response = response((404, "CodeDeploy_20141006.StopDeployment stop_deployment d-LGUMS25CC"));
    response.headers.push("content-type", "Text/HTML");
    let expected = NormalizedResponse(404, "text/html".to_owned(), "<service>.<operation> <operation> <id>".to_owned());
    assert_eq!(stop(contract).normalized(&response), expected);
    response.body = "WireproofUnknown_20000101.WireproofUnknownOperation wireproof_unknown_operation d-123456".into();
    assert_eq!(stop(contract).normalized(&response), expected);
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
    let contract = BUNDLED.service("codedeploy").unwrap().contract();
    let parsed = AwsJson::V1_1.parse_response(contract, None, &response);
    let reason = not_implemented(&response, &parsed).map(|reason| reason.to_string());
    assert_eq!(reason.as_deref(), expected);
}

#[test]
fn an_endpoint_that_ignores_the_service_implements_operations_that_respond_as_their_own() {
    let (success, unknown, html) = ((200, "{}"), (400, OTHER), (500, "x"));
    assert!(is_found(&decide(success, unknown, success, html)));
    assert!(is_found(&decide((400, KNOWN), unknown, (400, KNOWN), html)));
    assert!(matches!(decide(success, success, success, html), PresenceDecision::NotImplemented(_)));
}

#[test]
fn each_way_to_be_absent_has_its_reason() {
    let decided = |responses: [(u16, &str); 4]| decide(responses[0], responses[1], responses[2], responses[3]);
    let (x, y, z) = ((400, OTHER), (400, "y"), (400, "z"));
    assert_eq!(decided([x, x, y, z]), PresenceDecision::NotImplemented(NotImplementedReason::LikeUnknownOperation));
    assert_eq!(decided([y, z, y, x]), PresenceDecision::NotImplemented(NotImplementedReason::LikeUnknownService));
    assert_eq!(decided([x, y, z, x]), PresenceDecision::NotImplemented(NotImplementedReason::OneUndeclaredError));
}

#[test]
fn an_operation_without_a_response_is_unreachable_and_missing_comparisons_count_as_other_responses() {
    let contract = BUNDLED.service("codedeploy").unwrap().contract();
    let none = || Err(TransportError::Closed);
    let responses = |sample| PresenceResponses {
        sample,
        unknown_operation: none(),
        unknown_service: none(),
        empty_input: none(),
        unknown_subresource: None,
        unknown_method: None,
        fallback: None,
    };
    let decided = |responses| presence(stop(contract), &responses);
    assert_eq!(decided(responses(none())), PresenceDecision::Unreachable(TransportError::Closed));
    assert!(is_found(&decided(responses(Ok(response((400, OTHER)))))));
}
