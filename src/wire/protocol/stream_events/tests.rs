use std::fs;

use rstest::rstest;

use super::*;
use crate::{
    model::{
        exact_number::same,
        walk::{Rewritten, VisitedValue, rewrite},
    },
    wire::{json, vectors},
};

const MODEL: &str = r#"{"smithy":"2.0","shapes":{
    "x#S":{"type":"service","version":"1","operations":[{"target":"x#Op"}]},
    "x#Op":{"type":"operation","output":{"target":"x#Out"}},
    "x#Out":{"type":"structure","members":{"events":{"target":"x#Events"},"id":{"target":"smithy.api#String"}}},
    "x#Events":{"type":"union","members":{
        "Records":{"target":"x#Records"},"Stats":{"target":"x#Stats"},"End":{"target":"x#End"},"Bad":{"target":"x#Bad"}},
        "traits":{"smithy.api#streaming":{}}},
    "x#Records":{"type":"structure","members":{
        "Payload":{"target":"smithy.api#Blob","traits":{"smithy.api#eventPayload":{}}},
        "At":{"target":"smithy.api#Timestamp","traits":{"smithy.api#eventHeader":{}}}}},
    "x#Stats":{"type":"structure","members":{
        "Count":{"target":"smithy.api#Long","traits":{"smithy.api#eventHeader":{}}},"Name":{"target":"smithy.api#String"}}},
    "x#End":{"type":"structure","members":{}},
    "x#Bad":{"type":"structure","members":{"message":{"target":"smithy.api#String"}},"traits":{"smithy.api#error":"client"}}}}"#;

/// JSON whose members have the names of the model.
struct JsonPayloads;

impl EventPayloads for JsonPayloads {
    fn read(&self, _: &Contract, _: &ShapeId, payload: &[u8]) -> EventPayload {
        let document = json::read(payload);
        let problems = document.problems.into_iter().map(Into::into).collect();
        EventPayload { value: document.value, problems, limit: document.limit.map(Into::into) }
    }

    fn write(&self, _: &Contract, _: &ShapeId, value: &Value) -> Bytes {
        value.to_string().into()
    }

    fn media_type(&self) -> &'static str {
        "application/json"
    }

    fn timestamp_format(&self) -> TimestampFormat {
        TimestampFormat::EpochSeconds
    }
}

fn contract() -> Contract {
    crate::model::read("m", MODEL).unwrap()
}

fn read(frames: &[EventFrame]) -> StreamEvents {
    let bytes: Vec<u8> = frames.iter().flat_map(EventFrame::to_bytes).collect();
    read_bytes(&bytes)
}

fn read_bytes(bytes: &[u8]) -> StreamEvents {
    read_events(&contract(), &ShapeId::new("x#Out"), &ShapeId::new("x#Events"), &JsonPayloads, bytes)
}

fn frame(headers: &[(&str, &str)], payload: &'static str) -> EventFrame {
    EventFrame { headers: headers.iter().map(|header| text_header(*header)).collect(), payload: payload.into() }
}

#[rstest]
#[case::blob(StreamMessage::Event(json!({"Records": {"Payload": "AQI=", "At": 1.5}})))]
#[case::document(StreamMessage::Event(json!({"Stats": {"Name": "n", "Count": 7}})))]
#[case::nothing(StreamMessage::Event(json!({"End": {}})))]
#[case::exception(StreamMessage::Exception(json!({"Bad": {"message": "m"}})))]
#[case::error(StreamMessage::Error { code: "c".to_owned(), message: "m".to_owned() })]
fn a_message_is_read_as_it_was_written(#[case] message: StreamMessage) {
    let written = write_message(&contract(), &ShapeId::new("x#Events"), &JsonPayloads, &message).unwrap();
    let expected = StreamEvents { messages: vec![message], ..StreamEvents::default() };
    assert_eq!(read(&[written]), expected);
}

#[test]
fn the_initial_response_has_the_other_members_of_the_output() {
    let initial = frame(&[(MESSAGE_TYPE, "event"), (EVENT_TYPE, "initial-response")], r#"{"id":"i"}"#);
    let expected = StreamEvents { initial: Some(json!({"id": "i"})), ..StreamEvents::default() };
    assert_eq!(read(&[initial]), expected);
    let contract = contract();
    let member = stream_member(&contract, &ShapeId::new("x#Out")).map(|member| member.name.as_str());
    assert_eq!((member, stream_member(&contract, &ShapeId::new("x#Stats")).is_none()), (Some("events"), true));
}

#[rstest]
#[case::no_message_type(frame(&[(EVENT_TYPE, "End")], ""), "no header :message-type", true)]
#[case::no_event_type(frame(&[(MESSAGE_TYPE, "event")], ""), "no header :event-type", true)]
#[case::no_exception_type(frame(&[(MESSAGE_TYPE, "exception"), (EVENT_TYPE, "Bad")], ""), "no header :exception-type", true)]
#[case::no_code(frame(&[(MESSAGE_TYPE, "error")], ""), "no header :error-code", true)]
#[case::message_type(frame(&[(MESSAGE_TYPE, "x")], ""), "the unknown message type \"x\"", true)]
#[case::event(frame(&[(MESSAGE_TYPE, "event"), (EVENT_TYPE, "x")], ""), "the unknown event \"x\"", false)]
#[case::payload(
    frame(&[(MESSAGE_TYPE, "event"), (EVENT_TYPE, "Stats")], "{"),
    "a payload with text that is not JSON (EOF while parsing an object at line 1 column 1)",
    true
)]
#[case::header(
    frame(&[(MESSAGE_TYPE, "event"), (EVENT_TYPE, "Stats"), ("Count", "7")], ""),
    "a string in the header Count instead of a long",
    true
)]
fn a_frame_that_breaks_the_protocol_has_a_problem(
    #[case] frame: EventFrame,
    #[case] expected: &str,
    #[case] is_forbidden: bool,
) {
    let end = StreamMessage::Event(json!({"End": {}}));
    let good = write_message(&contract(), &ShapeId::new("x#Events"), &JsonPayloads, &end).unwrap();
    let events = read(&[good.clone(), frame, good]);
    let problems: Vec<_> = events.problems.iter().map(|one| (one.to_string(), one.is_forbidden())).collect();
    assert_eq!(problems, [(format!("{expected}, in frame 1 of an event stream"), is_forbidden)]);
    assert_eq!(events.messages.first(), Some(&end));
    assert_eq!(events.messages.last(), Some(&end), "later frames are read");
}

#[test]
fn a_broken_frame_is_the_last_problem() {
    let end = StreamMessage::Event(json!({"End": {}}));
    let mut bytes = write_message(&contract(), &ShapeId::new("x#Events"), &JsonPayloads, &end).unwrap().to_bytes();
    bytes.push(0);
    let events = read_bytes(&bytes);
    assert_eq!(events.messages, [end]);
    let fault = EventFault::Frame(FrameProblem::Truncated(bytes.len() - 1));
    assert_eq!(events.problems, [EventProblem { frame: 1, fault }]);
}

/// The parameters of a test, as values of the model: blobs in base64, timestamps in their formats.
fn canonical(contract: &Contract, union: &ShapeId, params: &Value) -> Value {
    rewrite(contract, union, params, &mut |at: &VisitedValue<'_, '_, &Value>| match (
        at.shape.map(|shape| &shape.kind),
        at.value,
    ) {
        (Some(ShapeKind::Blob), Value::String(text)) => Rewritten::Value(STANDARD.encode(text).into()),
        (Some(ShapeKind::Timestamp), value) => {
            let format = timestamp_format(at.member.unwrap(), at.shape.unwrap(), TimestampFormat::EpochSeconds);
            Rewritten::Value(Instant::read(TimestampFormat::DateTime, value).unwrap().value(format))
        }
        _ => Rewritten::Parts,
    })
}

/// Headers of protocol tests, sorted: the order of headers has no meaning.
fn sorted(frame: &EventFrame) -> EventFrame {
    let mut headers = frame.headers.clone();
    headers.sort_by(|(a, _), (b, _)| a.cmp(b));
    EventFrame { headers, payload: frame.payload.clone() }
}

/// Reads one event of a protocol test, and writes it again where the test expects a success.
fn check(contract: &Contract, structure: &ShapeId, test: &Value, event: &Value) {
    let id = &test["id"];
    let union = &stream_member(contract, structure).unwrap().target;
    let bytes = STANDARD.decode(event["bytes"].as_str().unwrap()).unwrap();
    let events = read_events(contract, structure, union, &JsonPayloads, &bytes);
    // The fault of a test of initial messages is in their head, which no event shows.
    let has_initial = test["operation"].as_str().unwrap().contains("WithInitial");
    let failure = test.pointer("/expectation/failure").filter(|_| !has_initial);
    let is_error = events.messages.iter().any(|message| !matches!(message, StreamMessage::Event(_)));
    let fails = is_error || !events.problems.is_empty();
    let is_exception = event["headers"][":message-type"]["string"] == "exception";
    assert_eq!(fails, failure.is_some() || is_exception, "{id}: {events:?}");
    let Some(message) = events.messages.first() else { return };
    if let StreamMessage::Event(value) | StreamMessage::Exception(value) = message {
        assert!(same(value, &canonical(contract, union, &event["params"])), "{id}: {value}");
    }
    let written = write_message(contract, union, &JsonPayloads, message).unwrap();
    assert_eq!(sorted(&written), sorted(&event_stream::read(&bytes).frames[0]), "{id}");
}

#[test]
fn the_protocol_tests_of_event_streams_are_read_and_written() {
    let Some(folder) = vectors::folder("smithy") else { return };
    let model = folder.join("models/aws.protocoltests.restjson.RestJson.json");
    let contract = crate::model::read("m", &fs::read_to_string(model).unwrap()).unwrap();
    let tests = fs::read_to_string(folder.join("restJson1.jsonl")).unwrap();
    let tests = tests.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut count = 0;
    for test in tests.filter(|test| test["kind"] == "event-stream") {
        for event in test["events"].as_array().into_iter().flatten() {
            let structure = if event["type"] == "request" { &test["input"] } else { &test["output"] };
            check(&contract, &ShapeId::new(structure.as_str().unwrap()), &test, event);
            count += 1;
        }
    }
    assert!(count >= 80, "{count} events");
}
