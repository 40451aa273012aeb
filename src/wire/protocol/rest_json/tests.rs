//! restJson1 as a client and as a server, by messages of a small service.

use proptest::prelude::*;
use rstest::rstest;
use serde_json::json;

use super::*;
use crate::{
    model::{ShapeId, exact_number::number},
    wire::protocol::MalformedOutcome,
};

const MODEL: &str = r#"{"smithy":"2.0","shapes":{
    "x#S":{"type":"service","operations":[{"target":"x#Put"},{"target":"x#Load"},{"target":"x#Say"},{"target":"x#Set"},
        {"target":"x#Watch"},{"target":"x#Ping"},{"target":"x#Look"}],"traits":{"aws.protocols#restJson1":{}}},
    "x#Put":{"type":"operation","input":{"target":"x#Doc"},"output":{"target":"x#Doc"},"errors":[{"target":"x#Busy"}],
        "traits":{"smithy.api#http":{"method":"PUT","uri":"/docs/{id}","code":201}}},
    "x#Load":{"type":"operation","input":{"target":"x#Bytes"},"output":{"target":"x#Bytes"},
        "traits":{"smithy.api#http":{"method":"POST","uri":"/bytes"}}},
    "x#Say":{"type":"operation","input":{"target":"x#Text"},"output":{"target":"x#Text"},
        "traits":{"smithy.api#http":{"method":"POST","uri":"/text"}}},
    "x#Set":{"type":"operation","input":{"target":"x#Inner"},"output":{"target":"x#Inner"},
        "traits":{"smithy.api#http":{"method":"POST","uri":"/inner"}}},
    "x#Watch":{"type":"operation","output":{"target":"x#Events"},"traits":{"smithy.api#http":{"method":"GET","uri":"/events"}}},
    "x#Ping":{"type":"operation","traits":{"smithy.api#http":{"method":"POST","uri":"/ping"}}},
    "x#Look":{"type":"operation","output":{"target":"x#Head"},"traits":{"smithy.api#http":{"method":"HEAD","uri":"/head"}}},
    "x#Doc":{"type":"structure","members":{
        "id":{"target":"smithy.api#String","traits":{"smithy.api#httpLabel":{},"smithy.api#required":{}}},
        "page":{"target":"smithy.api#Integer","traits":{"smithy.api#httpQuery":"page"}},
        "tag":{"target":"smithy.api#String","traits":{"smithy.api#httpHeader":"x-tag"}},
        "when":{"target":"smithy.api#Timestamp","traits":{"smithy.api#httpHeader":"x-when"}},
        "text":{"target":"smithy.api#String"},"size":{"target":"smithy.api#Long"},"at":{"target":"smithy.api#Timestamp"},
        "data":{"target":"smithy.api#Blob"},"list":{"target":"x#List"},"next":{"target":"x#Doc"}}},
    "x#List":{"type":"list","member":{"target":"smithy.api#Double"}},
    "x#Bytes":{"type":"structure","members":{
        "kind":{"target":"smithy.api#String","traits":{"smithy.api#httpHeader":"Content-Type"}},
        "data":{"target":"smithy.api#Blob","traits":{"smithy.api#httpPayload":{}}}}},
    "x#Text":{"type":"structure","members":{"text":{"target":"smithy.api#String","traits":{"smithy.api#httpPayload":{},"smithy.api#required":{}}}}},
    "x#Inner":{"type":"structure","members":{
        "code":{"target":"smithy.api#Integer","traits":{"smithy.api#httpResponseCode":{}}},
        "doc":{"target":"x#Doc","traits":{"smithy.api#httpPayload":{}}}}},
    "x#Events":{"type":"structure","members":{"events":{"target":"x#Stream","traits":{"smithy.api#httpPayload":{}}}}},
    "x#Stream":{"type":"union","members":{"a":{"target":"x#Head"}},"traits":{"smithy.api#streaming":{}}},
    "x#Head":{"type":"structure","members":{"tag":{"target":"smithy.api#String","traits":{"smithy.api#httpHeader":"x-tag"}}}},
    "x#Busy":{"type":"structure","members":{"message":{"target":"smithy.api#String"},"detail":{"target":"smithy.api#String"},
        "retry":{"target":"smithy.api#Integer","traits":{"smithy.api#httpHeader":"retry-after"}}},
        "traits":{"smithy.api#error":"client","smithy.api#httpError":409}}}}"#;

fn contract() -> Contract {
    crate::model::read("m", MODEL).unwrap()
}

fn build(name: &str, input: &Value) -> Result<Request, BuildError> {
    let contract = contract();
    RestJson.build_request(&contract, contract.operation(name).unwrap(), input)
}

fn parse(name: &str, response: &Response) -> ParsedResponse {
    let contract = contract();
    RestJson.parse_response(&contract, contract.operation(name), response)
}

fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
    Response { status, headers: headers.iter().copied().collect(), body: body.to_owned().into(), ..Response::default() }
}

#[rstest]
#[case::document("Put", json!({"id": "a", "tag": "t", "text": "x", "more": 1}), "/docs/a", Some("application/json"), r#"{"text":"x","more":1}"#)]
#[case::empty_document("Put", json!({"id": "a"}), "/docs/a", Some("application/json"), "{}")]
#[case::null_member("Put", json!({"id": "a", "text": null}), "/docs/a", Some("application/json"), r#"{"text":null}"#)]
#[case::digits("Put", json!({"id": "a", "size": number("1.50")}), "/docs/a", Some("application/json"), r#"{"size":1.50}"#)]
#[case::bytes("Load", json!({"data": "YWJj"}), "/bytes", Some("application/octet-stream"), "abc")]
#[case::kind_of_bytes("Load", json!({"data": "YWJj", "kind": "image/png"}), "/bytes", Some("image/png"), "abc")]
#[case::no_bytes("Load", json!({}), "/bytes", None, "")]
#[case::text("Say", json!({"text": "ä"}), "/text", Some("text/plain"), "ä")]
#[case::structure("Set", json!({"doc": {"id": "a", "tag": "t"}}), "/inner", Some("application/json"), r#"{"id":"a","tag":"t"}"#)]
#[case::no_structure("Set", json!({}), "/inner", Some("application/json"), "{}")]
#[case::nothing("Ping", json!({}), "/ping", None, "")]
#[case::null("Ping", json!(null), "/ping", None, "")]
fn a_request_has_the_body_and_type_of_its_members(
    #[case] name: &str,
    #[case] input: Value,
    #[case] target: &str,
    #[case] content_type: Option<&str>,
    #[case] body: &str,
) {
    let request = build(name, &input).unwrap();
    assert_eq!((&*request.target, request.headers.get("content-type")), (target, content_type));
    assert_eq!(request.body, body);
}

#[rstest]
#[case("Put", json!({}), "cannot build a restJson1 request for Put: the path needs a value for id")]
#[case("Put", json!([]), "cannot build a restJson1 request for Put: only an object can be sent")]
#[case("Load", json!({"more": 1}), "cannot build a restJson1 request for Load: there is no place for more")]
fn an_input_that_no_request_can_carry_is_an_error(#[case] name: &str, #[case] input: Value, #[case] expected: &str) {
    assert_eq!(build(name, &input).unwrap_err().to_string(), expected);
}

#[rstest]
#[case::document("Put", response(201, &[("X-Tag", "t")], r#"{"text":"x","tag":"no"}"#), json!({"tag": "t", "text": "x"}))]
#[case::empty_body("Put", response(201, &[], ""), json!({}))]
#[case::timestamp("Put", response(201, &[("x-when", "Thu, 01 Jan 1970 00:00:05 GMT")], "{}"), json!({"when": 5}))]
#[case::unreadable_header("Put", response(201, &[("x-when", "5")], "{}"), json!({"when": "5"}))]
#[case::bytes("Load", response(200, &[("content-type", "image/png")], "abc"), json!({"data": "YWJj", "kind": "image/png"}))]
#[case::no_bytes("Load", response(200, &[], ""), json!({}))]
#[case::required_text("Say", response(200, &[], ""), json!({"text": ""}))]
#[case::structure("Set", response(202, &[], r#"{"tag":"t"}"#), json!({"code": 202, "doc": {"tag": "t"}}))]
#[case::head("Look", response(200, &[("x-tag", "t")], ""), json!({"tag": "t"}))]
#[case::nothing("Ping", response(200, &[], ""), json!({}))]
#[case::no_object("Put", response(201, &[], "[1]"), json!([1]))]
fn a_success_has_its_members_from_head_and_body(
    #[case] name: &str,
    #[case] response: Response,
    #[case] expected: Value,
) {
    let parsed = parse(name, &response);
    assert_eq!((parsed.value, parsed.problems, parsed.rejection), (Some(expected), Vec::new(), None));
}

#[test]
fn a_body_that_cannot_be_read_has_a_problem() {
    assert!(!parse("Put", &response(201, &[], "<html>")).problems.is_empty());
    let text = Response { status: 200, body: Bytes::from_static(b"\xff"), ..Response::default() };
    assert_eq!(parse("Say", &text).problems[0].to_string(), "text that is not UTF-8");
    let events = parse("Watch", &response(200, &[], "x"));
    assert_eq!((events.value, events.problems.len()), (Some(json!({})), 1));
}

#[rstest]
#[case::status(404, &[], r#"{"message":"m"}"#, None)]
#[case::header(200, &[("x-amzn-errortype", "Busy:http://internal.amazon.com/")], "{}", Some("Busy"))]
#[case::member(409, &[], r#"{"__type":"x#Busy"}"#, Some("Busy"))]
#[case::no_body(409, &[], "", None)]
fn an_error_is_known_by_its_status_or_header(
    #[case] status: u16,
    #[case] headers: &[(&str, &str)],
    #[case] body: &str,
    #[case] name: Option<&str>,
) {
    let parsed = parse("Put", &response(status, headers, body));
    assert!(parsed.rejection.is_some());
    assert_eq!(parsed.error(), name);
}

#[test]
fn an_error_has_members_in_headers() {
    let parsed =
        parse("Put", &response(409, &[("x-amzn-errortype", "Busy"), ("Retry-After", "5")], r#"{"detail":"d"}"#));
    assert_eq!(parsed.value, Some(json!({"detail": "d", "retry": 5})));
}

#[rstest]
#[case::document("Put", json!({"text": "x", "tag": "t", "id": null}), 201, Some("application/json"), r#"{"text":"x"}"#)]
#[case::empty_document("Put", json!({}), 201, Some("application/json"), "{}")]
#[case::status("Set", json!({"code": 202, "doc": {}}), 202, Some("application/json"), "{}")]
#[case::no_structure("Set", json!({}), 200, None, "")]
#[case::no_content("Set", json!({"code": 204, "doc": {}}), 204, None, "")]
#[case::bytes("Load", json!({"data": "YWJj", "kind": "a/b"}), 200, Some("a/b"), "abc")]
#[case::head("Look", json!({"tag": "t"}), 200, None, "")]
#[case::no_output("Ping", json!({}), 200, None, "")]
#[case::unsendable("Look", json!({"tag": "a\nb"}), 500, Some("application/json"), r#"{"message":"the header x-tag cannot hold control characters, or start or end with white space"}"#)]
fn an_output_is_written_as_it_is_read(
    #[case] name: &str,
    #[case] output: Value,
    #[case] status: u16,
    #[case] content_type: Option<&str>,
    #[case] body: &str,
) {
    let contract = contract();
    let written = RestJson.write_output(&contract, contract.operation(name).unwrap(), &output);
    assert_eq!((written.status, written.headers.get("content-type")), (status, content_type));
    assert_eq!(written.body, body);
}

#[test]
fn an_error_is_written_with_its_name_in_the_header() {
    let contract = contract();
    let shape = contract.shape(&ShapeId::new("x#Busy"));
    let members = json!({"retry": 5, "detail": "d"});
    let error = ErrorResponse { name: "Busy", shape, status: 409, message: "", members: Some(&members) };
    let written = RestJson.write_error(Some(&contract), &error);
    assert_eq!(written.body, r#"{"detail":"d"}"#);
    assert_eq!(
        (written.headers.get("x-amzn-errortype"), written.headers.get("retry-after")),
        (Some("Busy"), Some("5"))
    );
    let plain = RestJson.write_error(None, &ErrorResponse { shape: None, message: "m", members: None, ..error });
    assert_eq!(plain.body, r#"{"message":"m"}"#);
    let parsed = RestJson.parse_response(&contract, contract.operation("Put"), &written);
    assert_eq!((parsed.error(), parsed.value.as_ref()), (Some("Busy"), Some(&members)));
}

#[rstest]
#[case::no_content_type("PUT", "/docs/a", &[], "{}", "UnsupportedMediaTypeException 415")]
#[case::other_content_type("PUT", "/docs/a", &[("content-type", "text/plain")], "{}", "UnsupportedMediaTypeException 415")]
#[case::content_type_without_body("POST", "/ping", &[("content-type", "application/json")], "", "UnsupportedMediaTypeException 415")]
#[case::no_type_for_text("POST", "/text", &[], "a", "UnsupportedMediaTypeException 415")]
#[case::accept("PUT", "/docs/a", &[("accept", "text/html")], "", "NotAcceptableException 406")]
#[case::not_json("PUT", "/docs/a", &[("content-type", "application/json")], "{", "SerializationException 400")]
#[case::not_an_object("PUT", "/docs/a", &[("content-type", "application/json")], "[]", "SerializationException 400")]
#[case::type_in_body("PUT", "/docs/a", &[("content-type", "application/json")], r#"{"size":"1"}"#, "SerializationException 400")]
#[case::type_in_query("PUT", "/docs/a?page=x", &[], "", "SerializationException 400")]
#[case::type_in_header("PUT", "/docs/a", &[("x-when", "now")], "", "SerializationException 400")]
fn a_request_that_cannot_be_read_is_rejected(
    #[case] method: &str,
    #[case] target: &str,
    #[case] headers: &[(&str, &str)],
    #[case] body: &'static str,
    #[case] expected: &str,
) {
    let contract = contract();
    let request = Request {
        method: method.to_owned(),
        target: target.to_owned(),
        headers: headers.iter().copied().collect(),
        body: body.into(),
        ..Request::default()
    };
    let operation = RestJson.route(&contract, &request).unwrap();
    let error = RestJson.parse_input(&contract, operation, &request).unwrap_err();
    assert_eq!(format!("{} {}", error.name(), error.status()), expected, "{error}");
}

#[rstest]
#[case::charset("PUT", "/docs/a", &[("content-type", "application/json; charset=utf-8")], r#"{"text":"x"}"#, json!({"text": "x", "id": "a"}))]
#[case::any_accept("PUT", "/docs/a", &[("accept", "*/*")], "", json!({"id": "a"}))]
#[case::any_type_of_bytes("POST", "/bytes", &[], "abc", json!({"data": "YWJj"}))]
#[case::members_of_the_path("PUT", "/docs/a", &[("content-type", "application/json")], r#"{"id":"b"}"#, json!({"id": "a"}))]
fn a_server_reads_what_clients_may_send(
    #[case] method: &str,
    #[case] target: &str,
    #[case] headers: &[(&str, &str)],
    #[case] body: &'static str,
    #[case] expected: Value,
) {
    let contract = contract();
    let headers = headers.iter().copied().collect();
    let request = Request {
        method: method.to_owned(),
        target: target.to_owned(),
        headers,
        body: body.into(),
        ..Request::default()
    };
    let operation = RestJson.route(&contract, &request).unwrap();
    assert_eq!(RestJson.parse_input(&contract, operation, &request), Ok(expected));
}

#[test]
fn a_request_is_claimed_by_its_path_and_content_type() {
    let contract = contract();
    let request = build("Put", &json!({"id": "a"})).unwrap();
    let other = |method: &str, target: &str| Request {
        method: method.to_owned(),
        target: target.to_owned(),
        ..request.clone()
    };
    let mut text = request.clone();
    text.headers.set("content-type", "text/plain");
    let claimed =
        [&request, &other("GET", "/docs/a"), &other("PUT", "/x"), &text].map(|one| RestJson.is_claimed(&contract, one));
    assert_eq!(claimed, [true, false, false, false]);
    let recognized = [&request, &other("PUT", "/x"), &Request::default()].map(|one| RestJson.recognize(&contract, one));
    assert_eq!(recognized, [Recognition::Service, Recognition::Protocol, Recognition::Nothing]);
    let error = RestJson.route(&contract, &other("GET", "/x?y")).unwrap_err();
    assert_eq!((error.to_string().as_str(), error.status()), ("No operation is called by GET on the path /x", 404));
}

#[test]
fn only_an_error_to_a_call_of_the_service_must_be_in_its_protocol() {
    let contract = contract();
    let error = response(404, &[], "<html>");
    let parsed = parse("Put", &error);
    let binds = |request: &Request| RestJson.binds_response(&contract, request, &error, &parsed);
    let request = build("Put", &json!({"id": "a"})).unwrap();
    let unknown = Request { target: "/x".to_owned(), ..request.clone() };
    assert_eq!([&request, &unknown, &Request::default()].map(binds), [true, false, true]);
}

#[test]
fn the_media_type_of_a_response_follows_its_body() {
    let contract = contract();
    let of = |name: &str, response: &Response| {
        let operation = contract.operation(name).unwrap();
        let parsed = RestJson.parse_response(&contract, Some(operation), response);
        RestJson.response_media_type(&contract, operation, response, &parsed).map(str::to_owned)
    };
    assert_eq!(of("Put", &response(201, &[], "{}")).as_deref(), Some("application/json"));
    assert_eq!(of("Say", &response(200, &[], "a")).as_deref(), Some("text/plain"));
    assert_eq!(of("Say", &response(400, &[], "{}")).as_deref(), Some("application/json"));
    assert_eq!((of("Load", &response(200, &[], "a")), of("Put", &response(201, &[], ""))), (None, None));
}

#[test]
fn sentinels_go_to_paths_that_the_service_does_not_have() {
    let contract = contract();
    let request = build("Put", &json!({"id": "a", "page": 1})).unwrap();
    let operation = contract.operation("Put").unwrap();
    let sentinels = RestJson.sentinels(&contract, operation, &request).unwrap();
    assert_eq!(sentinels.unknown_operation.target, "/docs/a/WireproofUnknownOperation?page=1");
    assert_eq!(sentinels.unknown_service.target, "/WireproofUnknown_20000101/docs/a?page=1");
    assert_eq!(sentinels.unknown_service.method, "PUT");
}

#[test]
fn malformed_bodies_need_a_document() {
    let contract = contract();
    let of = |name: &str| RestJson.malformed_requests(&contract, contract.operation(name).unwrap());
    let unreadable = |name: &str| of(name).iter().filter(|one| one.expected == MalformedOutcome::Unreadable).count();
    assert!(unreadable("Put") > 3 && unreadable("Set") > 3);
    assert_eq!([unreadable("Load"), unreadable("Ping")], [0, 0]);
}

#[test]
fn a_success_has_the_status_of_the_model_and_another_one_is_tolerated() {
    let contract = contract();
    let compared =
        |name: &str, status| RestJson.compare_success_status(&contract, contract.operation(name).unwrap(), status);
    assert_eq!(
        [compared("Put", 200), compared("Put", 201)],
        [SuccessStatus::Tolerated { expected: 201 }, SuccessStatus::Expected]
    );
    assert_eq!(compared("Set", 202), SuccessStatus::Expected);
}

#[test]
fn each_location_has_its_timestamp_format() {
    use TimestampLocation::{Body, Header, Uri};
    let formats = [Body, Header, Uri].map(|location| Protocol::timestamp_format(&RestJson, location).name());
    assert_eq!(formats, ["epoch-seconds", "http-date", "date-time"]);
}

#[test]
fn route_parts_are_read_and_written() {
    let mut request = build("Put", &json!({"id": "a", "page": 1})).unwrap();
    let read = |request: &Request| REST_ROUTE_PARTS.map(|part| (part.read)(request).map(str::to_owned));
    assert_eq!(read(&request), ["PUT", "/docs/a", "application/json"].map(|text| Some(text.to_owned())));
    for part in RestJson.route_parts() {
        (part.write)(&mut request, "/x");
    }
    assert_eq!((&*request.method, &*request.target), ("/x", "/x?page=1"));
}

#[test]
fn some_services_need_a_header() {
    for (id, header) in [("API Gateway", "accept"), ("Glacier", "x-amz-glacier-version")] {
        let text = MODEL.replace("\"aws.protocols#restJson1\":{}", &format!(r#""aws.api#service":{{"sdkId":"{id}"}}"#));
        let contract = crate::model::read("m", &text).unwrap();
        let request = RestJson.build_request(&contract, contract.operation("Ping").unwrap(), &json!({})).unwrap();
        assert!(request.headers.get(header).is_some(), "{id}");
    }
    assert!(build("Ping", &json!({})).unwrap().headers.get("accept").is_none());
}

/// A value of the shape `Doc`.
fn document() -> impl Strategy<Value = Value> {
    let leaf = (".{1,8}", any::<i64>(), "[ -~]{0,8}", 0..200_000_000_000_i64, prop::collection::vec(any::<u8>(), 0..6));
    leaf.prop_map(|(id, size, tag, millis, data)| {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        let seconds = number(&format!("{}.5", millis / 1_000));
        json!({"id": id, "page": size % 1_000, "tag": tag.trim(), "when": millis / 1_000, "text": tag, "size": size,
            "at": seconds, "data": STANDARD.encode(data), "list": [1.5, "NaN", number("1e400")], "next": {"id": "n", "tag": tag}})
    })
}

proptest! {
    #[test]
    fn an_input_is_read_as_it_was_sent(document in document(), text in ".{1,8}") {
        let contract = contract();
        let inner = json!({"doc": document});
        for (name, input) in [("Put", &document), ("Set", &inner), ("Say", &json!({"text": text})), ("Ping", &json!({}))] {
            let operation = contract.operation(name).unwrap();
            let request = RestJson.build_request(&contract, operation, input).unwrap();
            prop_assert_eq!(&RestJson.route(&contract, &request).unwrap().name, name);
            let parsed = RestJson.parse_input(&contract, operation, &request);
            prop_assert_eq!(parsed.as_ref(), Ok(input));
        }
    }

    #[test]
    fn an_output_is_read_as_it_was_written(document in document(), text in ".{1,8}") {
        let contract = contract();
        let inner = json!({"code": 203, "doc": document});
        for (name, output) in [("Put", &document), ("Set", &inner), ("Say", &json!({"text": text})), ("Ping", &json!({}))] {
            let operation = contract.operation(name).unwrap();
            let response = RestJson.write_output(&contract, operation, output);
            let parsed = RestJson.parse_response(&contract, Some(operation), &response);
            prop_assert_eq!(parsed.value.as_ref(), Some(output));
        }
    }

    #[test]
    fn any_response_is_parsed_without_a_panic(
        status in 100..600_u16, header in "[ -~]{0,20}", body in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let headers = ["x-tag", "x-when", "x-amzn-errortype", "retry-after"].map(|name| (name, header.clone()));
        let response = Response { status, headers: headers.into_iter().collect(), body: body.into(), ..Response::default() };
        for name in ["Put", "Load", "Say", "Set", "Watch", "Ping", "Look"] {
            parse(name, &response);
        }
    }
}
