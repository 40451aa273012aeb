use proptest::prelude::*;
use rstest::rstest;
use serde_json::json;

use super::*;
use crate::{model::Instant, wire::cbor::CborProblem};

const MODEL: &str = r#"{"smithy":"2.0","shapes":{
    "a.b#S":{"type":"service","version":"1","operations":[{"target":"a.b#Op"},{"target":"a.b#Bare"}],
        "traits":{"aws.protocols#awsQueryCompatible":{}}},
    "a.b#Op":{"type":"operation","input":{"target":"a.b#In"},"output":{"target":"a.b#In"},"errors":[{"target":"a.b#Own"}]},
    "a.b#Bare":{"type":"operation"},
    "a.b#In":{"type":"structure","members":{
        "text":{"target":"smithy.api#String"},"blob":{"target":"smithy.api#Blob"},"int":{"target":"smithy.api#Integer"},
        "float":{"target":"smithy.api#Float"},"double":{"target":"smithy.api#Double"},
        "whole":{"target":"smithy.api#BigInteger"},"decimal":{"target":"smithy.api#BigDecimal"},
        "flag":{"target":"smithy.api#Boolean"},"epoch":{"target":"smithy.api#Timestamp"},
        "date":{"target":"smithy.api#Timestamp","traits":{"smithy.api#timestampFormat":"date-time"}},
        "items":{"target":"a.b#List"},"map":{"target":"a.b#Map"}}},
    "a.b#List":{"type":"list","member":{"target":"a.b#In"}},
    "a.b#Map":{"type":"map","key":{"target":"smithy.api#String"},"value":{"target":"smithy.api#Blob"}},
    "a.b#Own":{"type":"structure","members":{"Message":{"target":"smithy.api#String"}},"traits":{"smithy.api#error":"server",
        "aws.protocols#awsQueryError":{"code":"Mine","httpResponseCode":500}}}}}"#;

fn contract() -> Contract {
    crate::model::read("m", MODEL).unwrap()
}

fn call(protocol: RpcV2, operation: &str, input: &Value) -> Request {
    let contract = contract();
    protocol.build_request(&contract, contract.operation(operation).unwrap(), input).unwrap()
}

/// The value that a server reads from the request of an input, and a client from the response of an output.
fn there_and_back(protocol: RpcV2, value: &Value) -> [Result<Value, InputError>; 2] {
    let contract = contract();
    let operation = contract.operation("Op").unwrap();
    let response = protocol.write_output(&contract, operation, value);
    let parsed = protocol.parse_response(&contract, Some(operation), &response);
    let problem = parsed.problems.into_iter().next();
    let output = problem.map_or_else(|| Ok(parsed.value.unwrap_or_default()), |problem| Err(InputError::Body(problem)));
    [protocol.parse_input(&contract, operation, &call(protocol, "Op", value)), output]
}

#[test]
fn a_request_names_protocol_service_and_operation() {
    let request = call(RpcV2::Cbor, "Op", &json!({"int": 1}));
    assert_eq!(
        request.to_bytes(),
        b"POST /service/S/operation/Op HTTP/1.1\r\naccept-encoding: identity\r\nsmithy-protocol: rpc-v2-cbor\r\n\
          accept: application/cbor\r\ncontent-type: application/cbor\r\nx-amzn-query-mode: true\r\n\r\n\xa1\x63int\x01"
    );
    let bare = call(RpcV2::Json, "Bare", &json!({}));
    assert_eq!((bare.headers.get("content-type"), bare.body.len()), (None, 0));
}

#[rstest]
#[case::null_member(json!({"text": null, "int": 1}), json!({"int": 1}))]
#[case::null_item(json!({"items": [null]}), json!({"items": [null]}))]
#[case::not_finite(json!({"float": "NaN", "double": "-Infinity"}), json!({"float": "NaN", "double": "-Infinity"}))]
#[case::unknown(json!({"other": {"a": [1, "x", false]}}), json!({"other": {"a": [1, "x", false]}}))]
#[case::digits(json!({"decimal": 1.5, "whole": -7}), json!({"decimal": 1.5, "whole": -7}))]
fn a_value_is_read_as_it_was_written(
    #[values(RpcV2::Cbor, RpcV2::Json)] protocol: RpcV2,
    #[case] value: Value,
    #[case] expected: Value,
) {
    assert_eq!(there_and_back(protocol, &value), [Ok(expected.clone()), Ok(expected)]);
}

#[rstest]
#[case::text_for_an_integer(json!({"int": "abc"}))]
#[case::number_for_text(json!({"text": 5}))]
#[case::number_for_a_blob(json!({"blob": 5}))]
#[case::fraction_for_an_integer(json!({"int": 1.5}))]
#[case::list_for_a_map(json!({"map": ["x"]}))]
#[case::text_for_a_boolean(json!({"flag": "true"}))]
fn a_wrong_type_is_sent_and_stays_wrong(#[values(RpcV2::Cbor, RpcV2::Json)] protocol: RpcV2, #[case] value: Value) {
    assert_eq!(there_and_back(protocol, &value), [Ok(value.clone()), Ok(value)]);
}

#[rstest]
#[case::text_for_a_blob(json!({"blob": "no base64!"}), "/blob", "a text string", "a byte string")]
#[case::text_in_a_map_of_blobs(json!({"map": {"k": "="}}), "/map/k", "a text string", "a byte string")]
#[case::text_for_epoch_seconds(json!({"epoch": "1"}), "/epoch", "a text string", "a timestamp of tag 1")]
#[case::number_for_a_date(json!({"date": 1}), "/date", "an integer", "a timestamp of tag 1")]
fn a_type_that_no_json_value_shows_is_a_problem_of_cbor(
    #[case] value: Value,
    #[case] pointer: &str,
    #[case] actual: &'static str,
    #[case] expected: &'static str,
) {
    let problem = CborProblem::OtherType { pointer: pointer.to_owned(), actual, expected };
    let error = || Err(InputError::Body(BodyProblem::Cbor(problem.clone())));
    assert_eq!(there_and_back(RpcV2::Cbor, &value), [error(), error()]);
}

#[rstest]
#[case::whole(|_: &mut Request| {}, None, Recognition::Service)]
#[case::prefix(|request: &mut Request| request.target = "/v1/service/S/operation/Op?a=b".to_owned(), None, Recognition::Service)]
#[case::absolute_service(|request: &mut Request| request.target = "/service/a.b.S/operation/Op".to_owned(), None, Recognition::Service)]
#[case::absolute_operation(
    |request: &mut Request| request.target = "/service/S/operation/a.b.Op".to_owned(),
    Some("S has no operation a.b.Op"),
    Recognition::Service
)]
#[case::other_service(|request: &mut Request| request.target = "/service/T/operation/Op".to_owned(), Some("No service T is here"), Recognition::Protocol)]
#[case::path(
    |request: &mut Request| request.target = "/service/S/operation".to_owned(),
    Some("Operations are called by POST on the path /service/SERVICE/operation/OPERATION"),
    Recognition::Protocol
)]
#[case::method(
    |request: &mut Request| request.method = "GET".to_owned(),
    Some("Operations are called by POST on the path /service/SERVICE/operation/OPERATION"),
    Recognition::Service
)]
#[case::target(
    |request: &mut Request| request.headers.push("X-Amz-Target", "S.Op"),
    Some("The protocol excludes the header x-amz-target"),
    Recognition::Service
)]
#[case::protocol(
    |request: &mut Request| request.headers.set(PROTOCOL_HEADER, "rpc-v2-json"),
    Some("The header smithy-protocol of this protocol is rpc-v2-cbor"),
    Recognition::Nothing
)]
#[case::content_type(
    |request: &mut Request| request.headers.set("content-type", "text/plain"),
    Some("The content type of this protocol is application/cbor"),
    Recognition::Service
)]
#[case::nothing_of_any_type(
    |request: &mut Request| {
        request.headers.remove("content-type");
        request.body = Bytes::new();
    },
    None,
    Recognition::Service
)]
fn a_request_is_routed_by_path_and_headers(
    #[case] change: fn(&mut Request),
    #[case] expected: Option<&str>,
    #[case] recognition: Recognition,
) {
    let (contract, mut request) = (contract(), call(RpcV2::Cbor, "Op", &json!({})));
    change(&mut request);
    let routed = RpcV2::Cbor.route(&contract, &request).map(|operation| operation.name.as_str());
    let expected = expected.map_or(Ok("Op"), |error| Err(error.to_owned()));
    assert_eq!(routed.map_err(|error| error.to_string()), expected);
    assert_eq!(RpcV2::Cbor.recognize(&contract, &request), recognition);
}

#[test]
fn a_response_that_names_no_protocol_is_judged_by_its_status_alone() {
    let contract = contract();
    let operation = contract.operation("Op");
    for (status, is_rejected) in [(200, false), (500, true)] {
        let response = Response { status, body: Bytes::from_static(b"\xa0"), ..Response::default() };
        let parsed = RpcV2::Cbor.parse_response(&contract, operation, &response);
        assert_eq!((parsed.rejection.is_some(), parsed.value, parsed.problems.len()), (is_rejected, None, 1));
    }
}

#[rstest]
#[case(RpcV2::Cbor)]
#[case(RpcV2::Json)]
fn an_error_has_its_absolute_name_and_its_code_of_the_query_protocol(#[case] protocol: RpcV2) {
    let contract = contract();
    let operation = contract.operation("Op").unwrap();
    let shape = contract.error(operation, "Own");
    let declared = ErrorResponse { name: "Own", shape, status: 500, message: "m", members: None };
    let response = protocol.write_error(Some(&contract), &declared);
    let parsed = protocol.parse_response(&contract, Some(operation), &response);
    assert_eq!(parsed.error(), Some("Own"));
    assert_eq!(parsed.value, Some(json!({"__type": "a.b#Own", "Message": "m"})));
    assert_eq!(response.headers.get("x-amzn-query-error"), Some("Mine;Receiver"));
    let undeclared = ErrorResponse { name: "Other", shape: None, status: 400, message: "m", members: None };
    let response = protocol.write_error(None, &undeclared);
    let parsed = protocol.parse_response(&contract, Some(operation), &response);
    assert_eq!(parsed.value, Some(json!({"__type": "com.amazon.coral.service#Other", "message": "m"})));
}

#[test]
fn only_the_body_names_an_error() {
    let contract = contract();
    let headers = [("smithy-protocol", "rpc-v2-json"), ("x-amzn-errortype", "Header")].into_iter().collect();
    let body = Bytes::from_static(br#"{"__type":"a.b#Body","code":"Code"}"#);
    let response = Response { status: 400, headers, body, ..Response::default() };
    assert_eq!(RpcV2::Json.parse_response(&contract, None, &response).error(), Some("Body"));
}

#[test]
fn a_sentinel_differs_only_in_its_path() {
    let contract = contract();
    let request = call(RpcV2::Cbor, "Op", &json!({}));
    let sentinels = RpcV2::Cbor.sentinels(&contract, contract.operation("Op").unwrap(), &request).unwrap();
    let targets = [sentinels.unknown_operation, sentinels.unknown_service].map(|request| request.target);
    assert_eq!(
        targets,
        ["/service/S/operation/WireproofUnknownOperation", "/service/WireproofUnknown_20000101/operation/Op"]
    );
}

#[test]
fn a_part_of_the_route_is_read_as_it_was_written() {
    for part in RpcV2::Cbor.route_parts() {
        let mut request = call(RpcV2::Cbor, "Op", &json!({}));
        (part.write)(&mut request, "x");
        assert_eq!((part.read)(&request), Some("x"), "{}", part.name);
    }
}

fn structure() -> impl Strategy<Value = Value> {
    use crate::model::exact_number::number;
    let leaf = (
        proptest::option::of(".{0,8}"),
        proptest::option::of(proptest::collection::vec(any::<u8>(), 0..8)),
        any::<i32>(),
        (-1000_i16..1000).prop_map(|n| f32::from(n) / 7.0),
        any::<f64>().prop_filter("finite", |n| n.is_finite()),
        "-?[1-9][0-9]{0,40}",
        "-?[1-9][0-9]{0,20}\\.[0-9]{1,20}",
        -62_135_596_800_000_i64..253_402_300_799_000,
    );
    leaf.prop_map(|(text, blob, int, float, double, whole, decimal, milliseconds)| {
        use base64::Engine as _;
        let encode = |bytes: &Vec<u8>| base64::engine::general_purpose::STANDARD.encode(bytes);
        let seconds = number(&format!("{}.{:03}", milliseconds / 1000, milliseconds.abs() % 1000));
        let instant = Instant::read(TimestampFormat::EpochSeconds, &seconds).unwrap();
        let mut value = json!({"int": int, "float": float.to_string().parse::<f64>().unwrap(), "double": double,
            "whole": number(&whole), "decimal": number(&decimal), "flag": int > 0, "date": instant.value(TimestampFormat::DateTime)});
        let members = value.as_object_mut().unwrap();
        members.extend(text.map(|text| ("text".to_owned(), json!(text))));
        members.extend(blob.as_ref().map(|blob| ("blob".to_owned(), json!(encode(blob)))));
        members.extend(blob.map(|blob| ("map".to_owned(), json!({"k": encode(&blob)}))));
        value
    })
}

proptest! {
    #[test]
    fn every_valid_value_is_read_as_it_was_written(outer in structure(), inner in structure()) {
        use crate::model::exact_number::same;
        let mut value = outer;
        value.as_object_mut().unwrap().insert("items".to_owned(), json!([inner]));
        for protocol in [RpcV2::Cbor, RpcV2::Json] {
            let [input, output] = there_and_back(protocol, &value);
            prop_assert!(same(&input.unwrap(), &value), "{:?}", protocol);
            prop_assert!(same(&output.unwrap(), &value), "{:?}", protocol);
        }
    }

    #[test]
    fn any_response_is_parsed_without_a_panic(status in 200_u16..600, body in proptest::collection::vec(any::<u8>(), 0..64)) {
        let contract = contract();
        let headers = [(PROTOCOL_HEADER, "rpc-v2-cbor")].into_iter().collect();
        let response = Response { status, headers, body: body.into(), ..Response::default() };
        let parsed = RpcV2::Cbor.parse_response(&contract, contract.operation("Op"), &response);
        prop_assert!(parsed.value.is_some() || parsed.limit.is_some() || !parsed.problems.is_empty());
    }
}

#[rstest]
#[case::members(json!({"Message": "m", "Nested": {"when": "1970-01-01T00:00:01Z"}}), "")]
#[case::message_of_its_own(json!({"Nested": {"when": "1970-01-01T00:00:01Z"}}), "m")]
#[case::nothing(json!({}), "")]
fn an_error_is_read_with_the_members_that_it_was_written_with(
    #[values(RpcV2::Cbor, RpcV2::Json)] protocol: RpcV2,
    #[case] members: Value,
    #[case] message: &str,
) {
    let model = MODEL.replace(
        r#""Message":{"target":"smithy.api#String"}"#,
        r#""Message":{"target":"smithy.api#String"},"Nested":{"target":"a.b#Nested"}"#,
    );
    let nested = r#""a.b#Nested":{"type":"structure","members":{"when":{"target":"smithy.api#Timestamp",
        "traits":{"smithy.api#timestampFormat":"date-time"}}}},"a.b#Own":"#;
    let contract = crate::model::read("m", &model.replace(r#""a.b#Own":"#, nested)).unwrap();
    let operation = contract.operation("Op").unwrap();
    let shape = contract.error(operation, "Own");
    let error = ErrorResponse { name: "Own", shape, status: 500, message, members: Some(&members) };
    let response = protocol.write_error(Some(&contract), &error);
    let mut expected = json!({"__type": "a.b#Own"});
    expected.as_object_mut().unwrap().extend(error.members_with_message());
    assert_eq!(protocol.parse_response(&contract, Some(operation), &response).value, Some(expected));
}
