use bytes::Bytes;
use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};

use super::*;
use crate::wire::{
    Headers,
    protocol::{MalformedOutcome, StreamMessage, read_events},
};

const MODEL: &str = r#"{"smithy":"2.0","shapes":{
    "x#S":{"type":"service","version":"2006-03-01","operations":[
        {"target":"x#Put"},{"target":"x#Get"},{"target":"x#Tag"},{"target":"x#List"},{"target":"x#Read"},{"target":"x#Where"},{"target":"x#Stream"}],
        "traits":{"aws.protocols#restXml":{NO_WRAPPING},"smithy.api#xmlNamespace":{"uri":"http://s/"}}},
    "x#Put":{"type":"operation","input":{"target":"x#PutIn"},"output":{"target":"x#PutOut"},"errors":[{"target":"x#Bad"}],
        "traits":{"smithy.api#http":{"method":"PUT","uri":"/{Bucket}/{Key+}","code":201}}},
    "x#Get":{"type":"operation","input":{"target":"x#GetIn"},"output":{"target":"x#Item"},
        "traits":{"smithy.api#http":{"method":"GET","uri":"/{Bucket}/{Key+}?attributes"}}},
    "x#Tag":{"type":"operation","input":{"target":"x#TagIn"},
        "traits":{"smithy.api#http":{"method":"PUT","uri":"/{Bucket}/{Key+}?tagging","code":204}}},
    "x#List":{"type":"operation","input":{"target":"x#ListIn"},"output":{"target":"x#ListOut"},
        "traits":{"smithy.api#http":{"method":"GET","uri":"/{Bucket}"}}},
    "x#Read":{"type":"operation","input":{"target":"x#GetIn"},"output":{"target":"x#ReadOut"},
        "traits":{"smithy.api#http":{"method":"GET","uri":"/{Bucket}/{Key+}"}}},
    "x#Where":{"type":"operation","input":{"target":"x#ListIn"},"output":{"target":"x#WhereOut"},
        "traits":{"smithy.api#http":{"method":"GET","uri":"/{Bucket}?location"},"aws.customizations#s3UnwrappedXmlOutput":{}}},
    "x#Stream":{"type":"operation","input":{"target":"x#ListIn"},"output":{"target":"x#StreamOut"},
        "traits":{"smithy.api#http":{"method":"POST","uri":"/{Bucket}?select"}}},
    "x#PutIn":{"type":"structure","members":{BUCKET,KEY,
        "Class":{"target":"smithy.api#String","traits":{"smithy.api#httpHeader":"x-class"}},
        "Text":{"target":"smithy.api#String"},"Count":{"target":"smithy.api#Integer"}}},
    "x#PutOut":{"type":"structure","members":{"ETag":{"target":"smithy.api#String","traits":{"smithy.api#httpHeader":"ETag"}},
        "Text":{"target":"smithy.api#String"},"Count":{"target":"smithy.api#Integer"}}},
    "x#GetIn":{"type":"structure","members":{BUCKET,KEY}},
    "x#ListIn":{"type":"structure","members":{BUCKET}},
    "x#Item":{"type":"structure","members":{"Name":{"target":"smithy.api#String"}},"traits":{"smithy.api#xmlName":"ItemResult"}},
    "x#TagIn":{"type":"structure","members":{BUCKET,KEY,
        "Tagging":{"target":"x#Item","traits":{"smithy.api#httpPayload":{},"smithy.api#xmlName":"Tagging"}}}},
    "x#ListOut":{"type":"structure","members":{"List":{"target":"x#Names","traits":{"smithy.api#httpPayload":{}}}}},
    "x#Names":{"type":"structure","members":{"Names":{"target":"x#Strings","traits":{"smithy.api#xmlFlattened":{},"smithy.api#xmlName":"Name"}}}},
    "x#Strings":{"type":"list","member":{"target":"smithy.api#String"}},
    "x#ReadOut":{"type":"structure","members":{"Body":{"target":"x#Bytes","traits":{"smithy.api#httpPayload":{}}},
        "Length":{"target":"smithy.api#Long","traits":{"smithy.api#httpHeader":"Content-Length"}}}},
    "x#Bytes":{"type":"blob","traits":{"smithy.api#streaming":{}}},
    "x#WhereOut":{"type":"structure","members":{"Location":{"target":"smithy.api#String","traits":{"smithy.api#xmlName":"Location"}}},
        "traits":{"smithy.api#xmlName":"Location"}},
    "x#StreamOut":{"type":"structure","members":{"Events":{"target":"x#Events","traits":{"smithy.api#httpPayload":{}}}}},
    "x#Events":{"type":"union","members":{"End":{"target":"x#Item"}},"traits":{"smithy.api#streaming":{}}},
    "x#Bad":{"type":"structure","members":{"message":{"target":"smithy.api#String"},"Count":{"target":"smithy.api#Integer"},
        "Head":{"target":"smithy.api#String","traits":{"smithy.api#httpHeader":"x-head"}}},
        "traits":{"smithy.api#error":"client","smithy.api#httpError":409}}}}"#;

fn model(no_wrapping: bool) -> Contract {
    let label = |name: &str| {
        format!(
            r#""{name}":{{"target":"smithy.api#String","traits":{{"smithy.api#httpLabel":{{}},"smithy.api#required":{{}}}}}}"#
        )
    };
    let flag = if no_wrapping { r#""noErrorWrapping":true"# } else { "" };
    let text = MODEL.replace("BUCKET", &label("Bucket")).replace("KEY", &label("Key")).replace("NO_WRAPPING", flag);
    crate::model::read("m", &text).unwrap()
}

fn build(name: &str, input: &Value) -> Result<Request, String> {
    let contract = model(false);
    RestXml.build_request(&contract, contract.operation(name).unwrap(), input).map_err(|error| error.problem)
}

fn response(status: u16, body: &str) -> Response {
    Response { status, body: Bytes::copy_from_slice(body.as_bytes()), ..Response::default() }
}

fn parse(name: &str, response: &Response) -> (ParsedResponse, Vec<String>) {
    let contract = model(true);
    let parsed = RestXml.parse_response(&contract, contract.operation(name), response);
    let problems = parsed.problems.iter().map(ToString::to_string).collect();
    (parsed, problems)
}

#[rstest]
#[case::document(
    "Put",
    json!({"Bucket": "b", "Key": "a/k", "Class": "c", "Text": "<", "Count": 5, "More": true}),
    "/b/a/k",
    "<PutIn xmlns=\"http://s/\"><Text>&lt;</Text><Count>5</Count><More>true</More></PutIn>"
)]
#[case::no_document("Put", json!({"Bucket": "b", "Key": "k", "Text": null}), "/b/k", "")]
#[case::payload(
    "Tag",
    json!({"Bucket": "b", "Key": "k", "Tagging": {"Name": "n"}}),
    "/b/k?tagging",
    "<Tagging xmlns=\"http://s/\"><Name>n</Name></Tagging>"
)]
#[case::no_payload("Tag", json!({"Bucket": "b", "Key": "k"}), "/b/k?tagging", "")]
fn an_input_becomes_a_document_or_no_body(
    #[case] name: &str,
    #[case] input: Value,
    #[case] target: &str,
    #[case] body: &str,
) {
    let request = build(name, &input).unwrap();
    assert_eq!((request.target.as_str(), &request.body[..]), (target, body.as_bytes()));
    assert_eq!(request.headers.get("content-type"), (!body.is_empty()).then_some("application/xml"));
    assert_eq!(request.headers.get("x-class"), input["Class"].as_str());
}

#[rstest]
#[case::list("Put", json!([]), "only an object can be sent")]
#[case::no_label("Put", json!({"Bucket": "b"}), "the path needs a value for Key")]
#[case::null_item("Put", json!({"Bucket": "b", "Key": "k", "Text": [null]}), "member has no form for null")]
#[case::unknown_without_a_document("Tag", json!({"Bucket": "b", "Key": "k", "More": 1}), "there is no place for More")]
fn an_input_that_no_request_shows_is_an_error(#[case] name: &str, #[case] input: Value, #[case] expected: &str) {
    assert_eq!(build(name, &input), Err(expected.to_owned()));
}

#[rstest]
#[case::root_of_the_shape("Put", 201, "<PutOut><Text>a</Text></PutOut>", json!({"Text": "a"}))]
#[case::any_root_where_the_model_states_none("Put", 201, "<Odd><Text>a</Text></Odd>", json!({"Text": "a"}))]
#[case::stated_root("Get", 200, "<ItemResult xmlns=\"http://old/\"><Name>a</Name></ItemResult>", json!({"Name": "a"}))]
#[case::payload("List", 200, "<Names><Name>a</Name><Name>b</Name></Names>", json!({"List": {"Names": ["a", "b"]}}))]
#[case::no_payload("List", 200, "", json!({}))]
#[case::no_output("Tag", 204, "", json!({}))]
#[case::spaces_before_the_declaration("Put", 200, " \n<?xml version=\"1.0\"?><PutOut/>", json!({}))]
#[case::bytes("Read", 200, "<Error><Code>not an error</Code></Error>", json!({"Body": "PEVycm9yPjxDb2RlPm5vdCBhbiBlcnJvcjwvQ29kZT48L0Vycm9yPg=="}))]
#[case::no_bytes("Read", 200, "", json!({"Body": ""}))]
#[case::unwrapped("Where", 200, "<Location>eu</Location>", json!({"Location": "eu"}))]
#[case::unwrapped_and_empty("Where", 200, "<Location/>", json!({}))]
fn an_output_is_read(#[case] name: &str, #[case] status: u16, #[case] body: &str, #[case] expected: Value) {
    let (parsed, problems) = parse(name, &response(status, body));
    assert_eq!((parsed.value, parsed.rejection, problems), (Some(expected), None, vec![]));
}

#[rstest]
#[case::of_another_operation("Put", "<ItemResult/>", "the document element ItemResult instead of PutOut")]
#[case::other_than_stated("Get", "<Odd/>", "the document element Odd instead of ItemResult")]
#[case::unwrapped("Where", "<Names><Name>a</Name></Names>", "the document element Names instead of Location")]
#[case::cut_off(
    "Get",
    "<ItemResult>",
    "text that is not well-formed XML (the root node was opened but never closed, at line 1 column 1)"
)]
fn an_output_in_another_form_has_a_problem(#[case] name: &str, #[case] body: &str, #[case] expected: &str) {
    let (parsed, problems) = parse(name, &response(200, body));
    assert!(parsed.rejection.is_none());
    assert_eq!(problems, [expected]);
    assert!(parsed.value.is_none_or(|value| value == json!({})));
}

#[test]
fn members_of_headers_are_part_of_an_output() {
    let mut response = response(201, "<PutOut><Count>5</Count></PutOut>");
    response.headers.push("etag", "\"x\"");
    assert_eq!(parse("Put", &response).0.value, Some(json!({"ETag": "\"x\"", "Count": 5})));
}

#[test]
fn events_are_read_as_they_were_written() {
    let contract = model(true);
    let operation = contract.operation("Stream").unwrap();
    let output = json!({"Events": [{"End": {"Name": "a<"}}, {"End": {}}]});
    let written = RestXml.write_output(&contract, operation, &output);
    assert_eq!(written.headers.get("content-type"), Some("application/vnd.amazon.eventstream"));
    let (parsed, problems) = parse("Stream", &written);
    assert_eq!((parsed.value, problems), (Some(json!({})), vec![]));
    let union = crate::model::ShapeId::new("x#Events");
    let events = read_events(&contract, &operation.output, &union, &RestXml, &written.body);
    let events: Vec<Value> = events
        .messages
        .into_iter()
        .filter_map(|message| match message {
            StreamMessage::Event(event) => Some(event),
            _ => None,
        })
        .collect();
    assert_eq!(json!({"Events": events}), output);
}

#[test]
fn a_broken_stream_of_events_has_a_problem() {
    let (parsed, problems) = parse("Stream", &response(200, "\0\0"));
    assert_eq!((parsed.value, problems.len()), (Some(json!({})), 1));
}

#[rstest]
#[case::alone(404, "<Error><Code>Bad</Code><Message>m</Message><Count>5</Count><Key>k</Key></Error>", Some("Bad"))]
#[case::wrapped(404, "<ErrorResponse><Error><Code>Bad</Code></Error></ErrorResponse>", Some("Bad"))]
#[case::with_status_200(
    200,
    "\n<?xml version=\"1.0\"?>\n<Error><Code>InternalError</Code></Error>",
    Some("InternalError")
)]
#[case::no_body(404, "", None)]
#[case::not_modified(304, "", None)]
#[case::page(502, "<html><body>down</body></html>", None)]
fn an_error_is_named_by_its_code(#[case] status: u16, #[case] body: &str, #[case] name: Option<&str>) {
    let (parsed, problems) = parse("Put", &response(status, body));
    assert!(parsed.rejection.is_some() && problems.is_empty());
    assert_eq!(parsed.error(), name);
}

#[test]
fn members_of_an_error_are_in_its_element_and_in_headers() {
    let body = "<Error><Code>Bad</Code><Message>m</Message><Count>5</Count><Key>k</Key></Error>";
    let mut response = response(409, body);
    response.headers.push("x-head", "h");
    let value = parse("Put", &response).0.value;
    assert_eq!(value, Some(json!({"Code": "Bad", "message": "m", "Count": 5, "Key": "k", "Head": "h"})));
}

#[rstest]
#[case::wrapped(
    false,
    "<ErrorResponse xmlns=\"http://s/\"><Error><Type>Sender</Type><Code>Bad</Code><Message>m</Message><Count>5</Count></Error>\
     <RequestId>00000000-0000-0000-0000-000000000000</RequestId></ErrorResponse>"
)]
#[case::alone(
    true,
    "<Error><Code>Bad</Code><Message>m</Message><Count>5</Count><RequestId>00000000-0000-0000-0000-000000000000</RequestId></Error>"
)]
fn an_error_is_written_in_the_form_of_its_service(#[case] no_wrapping: bool, #[case] expected: &str) {
    let contract = model(no_wrapping);
    let shape = contract.error(contract.operation("Put").unwrap(), "Bad");
    let members = json!({"message": "m", "Count": 5, "Head": "h"});
    let error = ErrorResponse { name: "Bad", shape, status: 409, message: "m", members: Some(&members) };
    let written = RestXml.write_error(Some(&contract), &error);
    assert_eq!((written.status, written.headers.get("x-head")), (409, Some("h")));
    assert_eq!(written.body, format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{expected}"));
}

#[rstest]
#[case::document("Put", "PUT", "/b/k", "<Any><Text>a</Text></Any>", Ok(json!({"Bucket": "b", "Key": "k", "Text": "a"})))]
#[case::no_body("Put", "PUT", "/b/k", "", Ok(json!({"Bucket": "b", "Key": "k"})))]
#[case::payload("Tag", "PUT", "/b/k?tagging", "<Tagging><Name>n</Name></Tagging>", Ok(json!({"Bucket": "b", "Key": "k", "Tagging": {"Name": "n"}})))]
#[case::malformed(
    "Put",
    "PUT",
    "/b/k",
    "<Any>",
    Err(
        "The body is text that is not well-formed XML (the root node was opened but never closed, at line 1 column 1)"
    )
)]
#[case::repeated("Put", "PUT", "/b/k", "<Any><Text/><Text/></Any>", Err("The body is the element /Any/Text[2] again"))]
#[case::wrong_type(
    "Put",
    "PUT",
    "/b/k",
    "<Any><Count>x</Count></Any>",
    Err("The value /Count is not an integer of its size")
)]
#[case::entities(
    "Put",
    "PUT",
    "/b/k",
    "<!DOCTYPE a [<!ENTITY b \"c\">]><Any/>",
    Err("The body is XML with a DOCTYPE that declares entities")
)]
fn an_input_is_read_from_a_request(
    #[case] name: &str,
    #[case] method: &str,
    #[case] target: &str,
    #[case] body: &str,
    #[case] expected: Result<Value, &str>,
) {
    let contract = model(true);
    let body = Bytes::copy_from_slice(body.as_bytes());
    let request = Request { method: method.to_owned(), target: target.to_owned(), body, ..Request::default() };
    let operation = RestXml.route(&contract, &request).unwrap();
    assert_eq!(operation.name, name);
    let input = RestXml.parse_input(&contract, operation, &request);
    let input = input.map_err(|error| (RestXml.input_error_name(&error), error.to_string()));
    assert_eq!(input, expected.map_err(|text| ("MalformedXML", text.to_owned())));
}

#[rstest]
#[case::subresource("Get", json!({"Bucket": "b", "Key": "k"}), ("GET", "/b/k?WireproofUnknownOperation"))]
#[case::key("Read", json!({"Bucket": "b", "Key": "k"}), ("PATCH", "/b/k"))]
fn where_every_path_is_a_key_a_sentinel_has_another_subresource_or_method(
    #[case] name: &str,
    #[case] input: Value,
    #[case] unknown_operation: (&str, &str),
) {
    let contract = model(true);
    let operation = contract.operation(name).unwrap();
    let request = build(name, &input).unwrap();
    let sentinels = RestXml.sentinels(&contract, operation, &request).unwrap();
    let found = &sentinels.unknown_operation;
    assert_eq!((found.method.as_str(), found.target.as_str()), unknown_operation);
    assert_eq!(sentinels.unknown_service.method, "PATCH");
}

#[test]
fn malformed_bodies_are_sent_where_the_body_is_xml() {
    let contract = model(true);
    let malformed = |name: &str| RestXml.malformed_requests(&contract, contract.operation(name).unwrap());
    let names: Vec<&str> = malformed("Put").iter().map(|one| one.variant).collect();
    assert!(names.contains(&"crossed-tags") && names.contains(&"method"), "{names:?}");
    assert!(malformed("Read").iter().all(|one| one.variant != "crossed-tags"));
    let distinct: std::collections::BTreeSet<&&str> = names.iter().collect();
    assert_eq!(distinct.len(), names.len());
}

#[test]
fn a_body_that_must_be_rejected_is_not_read() {
    let contract = model(true);
    let operation = contract.operation("Put").unwrap();
    for one in xml_bodies(&("PutIn", vec![("xmlns".to_owned(), "http://s/".to_owned())])) {
        let crate::wire::protocol::RequestChange::Body(body) = one.change else { panic!("a body") };
        let request = Request { target: "/b/k".to_owned(), body: body.into(), ..Request::default() };
        let is_read = RestXml.parse_input(&contract, operation, &request).is_ok();
        assert!(one.expected != MalformedOutcome::ClientError || !is_read, "{}", one.variant);
    }
}

#[test]
fn a_document_may_be_text_in_the_eyes_of_aws() {
    let contract = model(true);
    let due = |name: &str, content_type: &str| {
        let headers: Headers = [("content-type", content_type)].into_iter().collect();
        let response = Response { headers, ..response(200, "<ItemResult/>") };
        let parsed = parse(name, &response).0;
        RestXml.response_media_type(&contract, contract.operation(name).unwrap(), &response, &parsed).map(str::to_owned)
    };
    assert_eq!(due("Get", "text/xml; charset=utf-8").as_deref(), Some("text/xml"));
    assert_eq!(due("Get", "text/html").as_deref(), Some("application/xml"));
    assert_eq!(due("Read", "text/html"), None);
}

proptest! {
    #[test]
    fn a_message_is_read_as_it_was_written(
        bucket in "[a-z]{1,5}", key in "[a-z/ ]{0,6}k", text in proptest::option::of("[^\\x00-\\x1f\u{fffe}\u{ffff}]{0,8}"),
        count in proptest::option::of(any::<i32>()), class in proptest::option::of("[!-~]{1,5}"),
    ) {
        let contract = model(true);
        let put = contract.operation("Put").unwrap();
        let mut input = json!({"Bucket": bucket, "Key": key, "Class": class, "Text": text, "Count": count});
        input.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        let request = RestXml.build_request(&contract, put, &input).unwrap();
        prop_assert_eq!(RestXml.route(&contract, &request).map(|operation| operation.name.as_str()), Ok("Put"));
        prop_assert_eq!(RestXml.parse_input(&contract, put, &request), Ok(input));
        let mut output = json!({"ETag": class, "Text": text, "Count": count});
        output.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        let written = RestXml.write_output(&contract, put, &output);
        let parsed = RestXml.parse_response(&contract, Some(put), &written);
        prop_assert_eq!((parsed.value, parsed.problems), (Some(output), vec![]));
    }

    #[test]
    fn any_message_is_read_without_a_panic(status in 200_u16..600, body in "[<>/a&;!?ErorCde \u{e9}\"=-]{0,40}", target in "/[ -~]{0,20}") {
        let contract = model(true);
        for operation in contract.operations() {
            let _ = RestXml.parse_response(&contract, Some(operation), &response(status, &body));
            let request = Request { target: target.clone(), body: Bytes::copy_from_slice(body.as_bytes()), ..Request::default() };
            let _ = RestXml.parse_input(&contract, operation, &request);
        }
    }
}
