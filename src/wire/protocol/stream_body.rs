//! Bodies that are event streams. In RPC protocols the other members of the output are an event of their own.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{
    BodyProblem, EVENT_STREAM_TYPE, EventPayloads, EventProblem, ParsedResponse, StreamMessage, read_events,
    stream_events::initial_response, stream_member, write_message,
};
use crate::{
    model::{Contract, Member, Operation, ShapeId},
    wire::{Response, event_stream::EventFrame},
};

/// Returns true if the output of an operation is an event stream.
pub(super) fn streams_events(contract: &Contract, operation: &Operation) -> bool {
    stream_member(contract, &operation.output).is_some()
}

/// The response of an operation whose output is an event stream, without its events; `None` for any other response.
pub(super) fn parse_stream(
    contract: &Contract,
    operation: Option<&Operation>,
    response: &Response,
    payloads: &dyn EventPayloads,
) -> Option<ParsedResponse> {
    let operation = operation.filter(|_| response.status == 200 && is_stream(response))?;
    let union = &stream_member(contract, &operation.output)?.target;
    let events = read_events(contract, &operation.output, union, payloads, &response.body);
    let problems = events.problems.into_iter().filter(EventProblem::is_forbidden).map(Into::into).collect();
    let value = events.initial.unwrap_or_else(|| json!({}));
    Some(ParsedResponse { rejection: None, value: Some(value), problems, limit: events.limit })
}

fn is_stream(response: &Response) -> bool {
    let media_type = response.headers.get("content-type").and_then(|value| value.split(';').next());
    media_type.is_some_and(|media_type| media_type.trim().eq_ignore_ascii_case(EVENT_STREAM_TYPE))
}

/// The body of an output whose event stream is a list of events; `None` if the output has no event stream.
pub(super) fn write_stream(
    contract: &Contract,
    operation: &Operation,
    payloads: &dyn EventPayloads,
    output: &Value,
) -> Option<Vec<u8>> {
    let member = stream_member(contract, &operation.output)?;
    let mut others = output.clone();
    let events = others.as_object_mut().and_then(|members| members.shift_remove(&member.name)).unwrap_or_default();
    let event = |event: &Value| write_message(contract, &member.target, payloads, &StreamMessage::Event(event.clone()));
    let mut frames = vec![initial_response(contract, &operation.output, payloads, &others)];
    frames.extend(events.as_array().into_iter().flatten().filter_map(event));
    Some(frames.iter().flat_map(EventFrame::to_bytes).collect())
}

/// The problems of a body of events that the format forbids, in REST protocols.
pub(super) fn event_problems(
    contract: &Contract,
    output: &ShapeId,
    stream: &Member,
    payloads: &dyn EventPayloads,
    body: &[u8],
) -> impl Iterator<Item = BodyProblem> + use<> {
    let events = read_events(contract, output, &stream.target, payloads, body);
    events.problems.into_iter().filter(EventProblem::is_forbidden).map(Into::into)
}

/// The body of an output whose stream is a list of events, in REST protocols.
pub(super) fn event_bytes(
    contract: &Contract,
    stream: &Member,
    payloads: &dyn EventPayloads,
    output: &Map<String, Value>,
) -> Bytes {
    let events = output.get(&stream.name).and_then(Value::as_array).into_iter().flatten();
    let frame = |event: &Value| write_message(contract, &stream.target, payloads, &StreamMessage::Event(event.clone()));
    events.filter_map(frame).flat_map(|frame: EventFrame| frame.to_bytes()).collect::<Vec<u8>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{
        AwsJson, Protocol as _,
        protocol::{RpcV2, ServerProtocol},
    };

    const MODEL: &str = r#"{"smithy":"2.0","shapes":{
        "x#S":{"type":"service","version":"1","operations":[{"target":"x#Out"},{"target":"x#In"}]},
        "x#Out":{"type":"operation","output":{"target":"x#Streaming"}},
        "x#In":{"type":"operation","input":{"target":"x#Streaming"}},
        "x#Streaming":{"type":"structure","members":{"events":{"target":"x#Events"},"id":{"target":"smithy.api#String"}}},
        "x#Events":{"type":"union","members":{"One":{"target":"x#One"}},"traits":{"smithy.api#streaming":{}}},
        "x#One":{"type":"structure","members":{"Text":{"target":"smithy.api#String"},"Blob":{"target":"smithy.api#Blob"}}}}}"#;

    #[test]
    fn a_stream_of_events_is_a_body_with_the_other_members() {
        let contract = crate::model::read("m", MODEL).unwrap();
        let operation = contract.operation("Out").unwrap();
        let output = json!({"id": "i", "events": [{"One": {"Text": "t", "Blob": "AQI="}}, {"One": {}}]});
        for (protocol, payloads) in [
            (&RpcV2::Cbor as &dyn ServerProtocol, &RpcV2::Cbor as &dyn EventPayloads),
            (&RpcV2::Json, &RpcV2::Json),
            (&AwsJson::V1_1, &AwsJson::V1_1),
        ] {
            let response = protocol.write_output(&contract, operation, &output);
            assert_eq!(response.headers.get("content-type"), Some(EVENT_STREAM_TYPE), "{protocol:?}");
            let parsed = protocol.parse_response(&contract, Some(operation), &response);
            assert_eq!((parsed.value, parsed.problems), (Some(json!({"id": "i"})), Vec::new()), "{protocol:?}");
            let union = &stream_member(&contract, &operation.output).unwrap().target;
            let events = read_events(&contract, &operation.output, union, payloads, &response.body);
            let read = events.messages.into_iter().map(|message| match message {
                StreamMessage::Event(event) => event,
                other => panic!("{other:?}"),
            });
            assert_eq!(json!({"id": "i", "events": read.collect::<Vec<_>>()}), output, "{protocol:?}");
        }
    }

    #[test]
    fn a_broken_stream_has_a_problem() {
        let contract = crate::model::read("m", MODEL).unwrap();
        let operation = contract.operation("Out").unwrap();
        let mut response = RpcV2::Cbor.write_output(&contract, operation, &json!({}));
        response.body = response.body.slice(1..);
        assert_eq!(RpcV2::Cbor.parse_response(&contract, Some(operation), &response).problems.len(), 1);
    }

    #[test]
    fn a_request_accepts_a_stream_of_events_and_cannot_be_one() {
        let contract = crate::model::read("m", MODEL).unwrap();
        let request = RpcV2::Cbor.build_request(&contract, contract.operation("Out").unwrap(), &json!({})).unwrap();
        assert_eq!(request.headers.get("accept"), Some(EVENT_STREAM_TYPE));
        let error = RpcV2::Cbor.build_request(&contract, contract.operation("In").unwrap(), &json!({})).unwrap_err();
        assert_eq!(error.to_string(), "cannot build a rpcv2Cbor request for In: its input is an event stream");
    }
}
