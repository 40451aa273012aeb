//! Events whose payloads are XML documents, as S3 sends the results of a query.

use bytes::Bytes;
use serde_json::{Map, Value};

use super::{
    BodyProblem, EventPayload, EventPayloads, EventProblem, RestXml, StreamMessage, read_events, write_message,
    xml_names::given_name,
    xml_value::{XML_TIMESTAMPS, XmlValueReader},
    xml_value_writer::XmlValueWriter,
};
use crate::{
    model::{Contract, Member, ShapeId, TimestampFormat, Traits},
    wire::{
        event_stream::EventFrame,
        xml::{self, XmlWriter},
    },
};

/// The media type of payloads.
const PAYLOAD: &str = "text/xml";

impl EventPayloads for RestXml {
    fn read(&self, contract: &Contract, shape: &ShapeId, payload: &[u8]) -> EventPayload {
        let reading = xml::read(payload);
        let mut reader = XmlValueReader::new(contract);
        reader.problems.extend(reading.problem);
        let value = reading.document.as_ref().map(|document| reader.value(&member_of(shape), document.root()));
        let problems = reader.problems.into_iter().map(BodyProblem::from).collect();
        EventPayload { value, problems, limit: reading.limit.map(Into::into) }
    }

    /// What XML cannot show has no bytes.
    fn write(&self, contract: &Contract, shape: &ShapeId, value: &Value) -> Bytes {
        let name = contract.shape(shape).and_then(|shape| given_name(&shape.traits)).unwrap_or(shape.name());
        let mut writer = XmlWriter::default();
        let written = XmlValueWriter::new(contract).named(&mut writer, name, Vec::new(), &member_of(shape), value);
        written.map_or_else(|_| Bytes::new(), |()| writer.finish().into())
    }

    fn media_type(&self) -> &'static str {
        PAYLOAD
    }

    fn timestamp_format(&self) -> TimestampFormat {
        XML_TIMESTAMPS
    }
}

/// A member that has a shape and no traits of its own.
fn member_of(shape: &ShapeId) -> Member {
    Member { name: String::new(), target: shape.clone(), traits: Traits::default() }
}

/// The problems of a body of events that the format forbids.
pub(super) fn event_problems(
    contract: &Contract,
    output: &ShapeId,
    stream: &Member,
    body: &[u8],
) -> impl Iterator<Item = BodyProblem> + use<> {
    let events = read_events(contract, output, &stream.target, &RestXml, body);
    events.problems.into_iter().filter(EventProblem::is_forbidden).map(Into::into)
}

/// The body of an output whose stream is a list of events.
pub(super) fn event_bytes(contract: &Contract, stream: &Member, output: &Map<String, Value>) -> Bytes {
    let events = output.get(&stream.name).and_then(Value::as_array).into_iter().flatten();
    let frame = |event: &Value| write_message(contract, &stream.target, &RestXml, &StreamMessage::Event(event.clone()));
    events.filter_map(frame).flat_map(|frame: EventFrame| frame.to_bytes()).collect::<Vec<u8>>().into()
}
