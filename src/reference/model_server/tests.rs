use rstest::rstest;

use super::*;
use crate::{
    model::read,
    wire::{
        Protocol as _, RestJson,
        sigv4::{CredentialScope, sign},
    },
};

const MODEL: &str = r#"{"smithy":"2.0","shapes":{
    "x#S":{"type":"service","version":"1","operations":[{"target":"x#Put"}],
        "traits":{"aws.auth#sigv4":{"name":"s"},"aws.protocols#restJson1":{},"aws.protocols#awsJson1_1":{}}},
    "x#Put":{"type":"operation","input":{"target":"x#In"},"output":{"target":"x#Out"},
        "traits":{"smithy.api#http":{"method":"PUT","uri":"/things/{name}","code":201}}},
    "x#In":{"type":"structure","members":{
        "name":{"target":"x#Name","traits":{"smithy.api#required":{},"smithy.api#httpLabel":{}}},
        "count":{"target":"smithy.api#Integer"}}},
    "x#Name":{"type":"string","traits":{"smithy.api#length":{"max":4}}},
    "x#Out":{"type":"structure","members":{"name":{"target":"x#Name","traits":{"smithy.api#required":{}}},
        "code":{"target":"smithy.api#Integer","traits":{"smithy.api#httpResponseCode":{}}},
        "coding":{"target":"smithy.api#String","traits":{"smithy.api#httpHeader":"content-encoding"}}}}}}"#;

const NOW: i64 = 1_700_000_000;

fn server() -> ModelServer {
    ModelServer::new(Arc::new(read("m", MODEL).unwrap()), None).unwrap()
}

fn signed(mut request: Request) -> Request {
    request.headers.set("host", "h");
    let scope = CredentialScope { region: "us-east-1".to_owned(), service: "s".to_owned() };
    sign(&mut request, Identity::test().credentials(), &scope, NOW, None);
    request
}

fn put(input: &Value) -> Request {
    let contract = read("m", MODEL).unwrap();
    signed(RestJson.build_request(&contract, contract.operation("Put").unwrap(), input).unwrap())
}

fn got(server: &ModelServer, request: &Request) -> (u16, Value) {
    let response = server.handle(request, 1.7e9);
    (response.status, serde_json::from_slice(&response.body).unwrap_or_default())
}

#[test]
fn a_valid_request_gets_an_example_with_the_members_of_the_input() {
    assert_eq!(got(&server(), &put(&json!({"name": "mine"}))), (201, json!({"name": "mine"})));
    let response = server().handle(&put(&json!({"name": "mine"})), 1.7e9);
    assert_eq!((response.headers.get("content-encoding"), response.headers.get("content-length")), (None, Some("15")));
}

#[rstest]
#[case::constraint(put(&json!({"name": "toolong"})), 400,
    "1 validation error detected: Value \"toolong\" at 'name' failed to satisfy constraint: expected at most 4 characters")]
#[case::unreadable(put(&json!({"name": "mine", "count": "x"})), 400, "The value /count is not an integer of its size")]
#[case::unknown(signed(Request { method: "GET".to_owned(), target: "/".to_owned(), ..Request::default() }), 404,
    "Operations are called by POST on the path /")]
fn an_invalid_request_is_rejected(#[case] request: Request, #[case] status: u16, #[case] message: &str) {
    let (actual, body) = got(&server(), &request);
    assert_eq!((actual, body["message"].as_str().unwrap_or_default()), (status, message), "{body}");
}

#[cfg(feature = "gzip")]
#[test]
fn a_compressed_request_is_read_and_absent_members_get_their_default_values() {
    use crate::wire::compression::compress;

    let model = MODEL
        .replace(r#""smithy.api#http":{"method":"PUT""#, r#""smithy.api#requestCompression":{"encodings":["gzip"]},"smithy.api#http":{"method":"PUT""#)
        .replace(r#""count":{"target":"smithy.api#Integer"}"#, r#""text":{"target":"smithy.api#String"},"count":{"target":"smithy.api#Integer","traits":{"smithy.api#default":7}}"#)
        .replace(r#""code":{"#, r#""count":{"target":"smithy.api#Integer"},"code":{"#);
    let contract = read("m", &model).unwrap();
    let operation = contract.operation("Put").unwrap();
    let input = json!({"name": "mine", "text": "a".repeat(20_000)});
    let mut request = RestJson.build_request(&contract, operation, &input).unwrap();
    compress(&contract, operation, &mut request);
    assert_eq!(request.headers.get("content-encoding"), Some("gzip"));
    let server = ModelServer::new(Arc::new(contract), protocol_named("restJson1")).unwrap();
    let (status, output) = got(&server, &signed(request.clone()));
    assert_eq!((status, &output["name"], &output["count"]), (201, &json!("mine"), &json!(7)));
    request.body = request.body.slice(..20);
    assert_eq!(got(&server, &signed(request)).0, 400);
}

#[test]
fn an_unsigned_request_is_rejected_and_a_head_request_gets_no_body() {
    let mut request = put(&json!({"name": "mine"}));
    request.headers.remove("authorization");
    assert_eq!(got(&server(), &request).0, 400);
    let response = server().handle(&Request { method: "HEAD".to_owned(), ..request }, 1.7e9);
    assert!(response.body.is_empty() && response.status == 404);
}

#[test]
fn a_server_speaks_every_protocol_of_its_model_unless_one_is_given() {
    assert_eq!(server().protocols().collect::<Vec<_>>(), ["awsJson1_1", "restJson1"]);
    let one = ModelServer::new(Arc::new(read("m", MODEL).unwrap()), protocol_named("awsQuery")).unwrap();
    assert_eq!(one.protocols().collect::<Vec<_>>(), ["awsQuery"]);
}

#[test]
fn a_fault_changes_one_thing() {
    let site = ConstraintSite {
        operation: "Put".to_owned(),
        location: "name".to_owned(),
        family: crate::probe::ProbeFamily::named("length").unwrap(),
    };
    let server = server();
    assert_eq!(got(&server.with_fault(ModelFault::Unchecked(site)), &put(&json!({"name": "toolong"}))).0, 201);
    let missing = ModelFault::Output("Put".to_owned(), SpoiltOutput::Missing("name".to_owned()));
    assert_eq!(got(&server.with_fault(missing), &put(&json!({"name": "mine"}))), (201, json!({})));
}
