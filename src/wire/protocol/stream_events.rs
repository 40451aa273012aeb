//! The events of a finished event stream as the values of its union, and back.
//!
//! A protocol gives the form of payloads: [`EventPayloads`]. Streams that a client sends are not supported.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde_json::{Map, Value, json};
use thiserror::Error;

use super::{BodyLimit, BodyProblem, ParsedResponse};
use crate::{
    model::{
        Contract, Instant, Member, NumberKind, Shape, ShapeId, ShapeKind, TimestampFormat, exact_number::ExactNumber,
    },
    wire::{
        event_stream::{self, EventFrame, FrameProblem, FrameValue},
        json,
    },
};

/// The media type of event streams.
pub const EVENT_STREAM_TYPE: &str = "application/vnd.amazon.eventstream";

const MESSAGE_TYPE: &str = ":message-type";
const EVENT_TYPE: &str = ":event-type";
const EXCEPTION_TYPE: &str = ":exception-type";
const CONTENT_TYPE: &str = ":content-type";

/// The event that carries the other members of an output in RPC protocols.
const INITIAL_RESPONSE: &str = "initial-response";

/// The form that a protocol gives the payloads of events.
pub trait EventPayloads {
    /// Reads a payload of a shape.
    fn read(&self, contract: &Contract, shape: &ShapeId, payload: &[u8]) -> EventPayload;

    /// Writes a payload of a shape.
    fn write(&self, contract: &Contract, shape: &ShapeId, value: &Value) -> Bytes;

    /// The media type.
    fn media_type(&self) -> &'static str;

    /// The format of a timestamp whose model does not give one.
    fn timestamp_format(&self) -> TimestampFormat;
}

/// The value of a payload.
#[derive(Debug, Clone, PartialEq)]
pub struct EventPayload {
    /// The value, if the payload has one.
    pub value: Option<Value>,
    /// The problems of the payload.
    pub problems: Vec<BodyProblem>,
    /// The reason why a valid payload has no value here.
    pub limit: Option<BodyLimit>,
}

impl EventPayload {
    /// Reads a JSON payload without regard to its shape.
    pub(super) fn of_json(payload: &[u8]) -> Self {
        ParsedResponse::from(json::read(payload)).into()
    }
}

impl From<ParsedResponse> for EventPayload {
    fn from(ParsedResponse { value, problems, limit, .. }: ParsedResponse) -> Self {
        Self { value, problems, limit }
    }
}

/// The events of a finished stream.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StreamEvents {
    /// The messages, in order.
    pub messages: Vec<StreamMessage>,
    /// The payload of the initial response, if the stream has one.
    pub initial: Option<Value>,
    /// The problems of the stream.
    pub problems: Vec<EventProblem>,
    /// The reason why a valid payload has no value here.
    pub limit: Option<BodyLimit>,
}

/// A message of a stream.
#[derive(Debug, Clone, PartialEq)]
pub enum StreamMessage {
    /// An event, as a value of the union.
    Event(Value),
    /// A modelled error, as a value of the union. It ends the stream.
    Exception(Value),
    /// An error that no model declares. It ends the stream.
    Error {
        /// The code.
        code: String,
        /// The message.
        message: String,
    },
}

/// A problem of a stream, with the number of its frame, from 0.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{fault}, in frame {frame} of an event stream")]
pub struct EventProblem {
    /// The frame.
    pub frame: usize,
    /// The problem of the frame.
    pub fault: EventFault,
}

/// A problem of a frame.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EventFault {
    /// The frame cannot be read.
    #[error(transparent)]
    Frame(#[from] FrameProblem),
    /// A header is missing.
    #[error("no header {0}")]
    Missing(&'static str),
    /// A header has another type.
    #[error("{actual} in the header {name} instead of {expected}")]
    HeaderType {
        /// The header.
        name: String,
        /// Its type.
        actual: &'static str,
        /// The type by the model or the format.
        expected: &'static str,
    },
    /// A message of an unknown type.
    #[error("the unknown message type {0:?}")]
    MessageType(String),
    /// An event that the union does not have. Clients skip it.
    #[error("the unknown event {0:?}")]
    UnknownEvent(String),
    /// A payload has a problem.
    #[error("a payload with {0}")]
    Payload(Box<BodyProblem>),
}

impl EventProblem {
    /// Returns true if the format forbids it.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        match &self.fault {
            EventFault::UnknownEvent(_) => false,
            EventFault::Payload(problem) => problem.is_forbidden(),
            _ => true,
        }
    }
}

/// The member of a structure that is an event stream.
#[must_use]
pub fn stream_member<'c>(contract: &'c Contract, structure: &ShapeId) -> Option<&'c Member> {
    let is_stream =
        |shape: &Shape| matches!(shape.kind, ShapeKind::Union(_)) && shape.traits.get("smithy.api#streaming").is_some();
    contract.members(structure).iter().find(|member| contract.shape(&member.target).is_some_and(is_stream))
}

/// Reads the events of a finished stream. `structure` is the output that `union` is a member of.
#[must_use]
pub fn read_events(
    contract: &Contract,
    structure: &ShapeId,
    union: &ShapeId,
    payloads: &dyn EventPayloads,
    bytes: &[u8],
) -> StreamEvents {
    let frames = event_stream::read(bytes);
    let count = frames.frames.len();
    let mut reader = StreamReader { contract, structure, union, payloads, frame: 0, read: StreamEvents::default() };
    for (number, frame) in frames.frames.iter().enumerate() {
        reader.frame = number;
        if let Err(fault) = reader.message(frame) {
            reader.problem(fault);
        }
    }
    reader.frame = count;
    frames.problem.into_iter().for_each(|problem| reader.problem(problem.into()));
    reader.read
}

struct StreamReader<'r> {
    contract: &'r Contract,
    structure: &'r ShapeId,
    union: &'r ShapeId,
    payloads: &'r dyn EventPayloads,
    frame: usize,
    read: StreamEvents,
}

impl StreamReader<'_> {
    fn problem(&mut self, fault: EventFault) {
        self.read.problems.push(EventProblem { frame: self.frame, fault });
    }

    fn message(&mut self, frame: &EventFrame) -> Result<(), EventFault> {
        let message = match text(frame, MESSAGE_TYPE)? {
            "event" => match text(frame, EVENT_TYPE)? {
                INITIAL_RESPONSE if self.member(INITIAL_RESPONSE).is_none() => {
                    self.read.initial = self.document(self.structure, frame);
                    return Ok(());
                }
                name => StreamMessage::Event(self.event(name, frame)?),
            },
            "exception" => StreamMessage::Exception(self.event(text(frame, EXCEPTION_TYPE)?, frame)?),
            "error" => StreamMessage::Error {
                code: text(frame, ":error-code")?.to_owned(),
                message: text(frame, ":error-message").unwrap_or_default().to_owned(),
            },
            other => return Err(EventFault::MessageType(other.to_owned())),
        };
        self.read.messages.push(message);
        Ok(())
    }

    fn member(&self, name: &str) -> Option<&Member> {
        self.contract.members(self.union).iter().find(|member| member.name == name)
    }

    /// The value of the union for the event of that name.
    fn event(&mut self, name: &str, frame: &EventFrame) -> Result<Value, EventFault> {
        let member = self.member(name).ok_or_else(|| EventFault::UnknownEvent(name.to_owned()))?;
        let target = member.target.clone();
        let payload = self.contract.members(&target).iter().find(|member| is_payload(member));
        let mut value = match payload {
            Some(payload) => json!({ &payload.name: self.explicit(payload, frame) }),
            None => self.document(&target, frame).unwrap_or_default(),
        };
        if let Some(members) = value.as_object_mut() {
            members.retain(|_, value| !value.is_null());
            self.read_headers(&target, frame, members);
        }
        Ok(json!({ name: value }))
    }

    /// The value of a member that is the whole payload; null if the payload has none.
    fn explicit(&mut self, member: &Member, frame: &EventFrame) -> Value {
        match self.contract.shape(&member.target).map(|shape| &shape.kind) {
            Some(ShapeKind::Blob) => STANDARD.encode(&frame.payload).into(),
            Some(ShapeKind::String | ShapeKind::Enum(_)) => String::from_utf8_lossy(&frame.payload).into(),
            _ => self.document(&member.target, frame).unwrap_or_default(),
        }
    }

    /// The value of a payload that is a document of the protocol. No bytes are an empty structure.
    fn document(&mut self, shape: &ShapeId, frame: &EventFrame) -> Option<Value> {
        if frame.payload.is_empty() {
            return Some(json!({}));
        }
        let payload = self.payloads.read(self.contract, shape, &frame.payload);
        payload.problems.into_iter().for_each(|problem| self.problem(EventFault::Payload(Box::new(problem))));
        self.read.limit = self.read.limit.or(payload.limit);
        payload.value
    }

    fn read_headers(&mut self, target: &ShapeId, frame: &EventFrame, members: &mut Map<String, Value>) {
        let contract = self.contract;
        for member in contract.members(target).iter().filter(|member| is_header(member)) {
            let Some((value, shape)) = frame.header(&member.name).zip(contract.shape(&member.target)) else { continue };
            match header_value(value, member, shape, self.payloads.timestamp_format()) {
                Ok(value) => drop(members.insert(member.name.clone(), value)),
                Err(expected) => {
                    let (name, actual) = (member.name.clone(), value.kind());
                    self.problem(EventFault::HeaderType { name, actual, expected });
                }
            }
        }
    }
}

fn text<'f>(frame: &'f EventFrame, name: &'static str) -> Result<&'f str, EventFault> {
    match frame.header(name) {
        Some(FrameValue::Text(text)) => Ok(text),
        Some(other) => {
            Err(EventFault::HeaderType { name: name.to_owned(), actual: other.kind(), expected: "a string" })
        }
        None => Err(EventFault::Missing(name)),
    }
}

fn is_header(member: &Member) -> bool {
    member.traits.get("smithy.api#eventHeader").is_some()
}

fn is_payload(member: &Member) -> bool {
    member.traits.get("smithy.api#eventPayload").is_some()
}

/// The value of a header, or the type that its shape expects.
fn header_value(
    value: &FrameValue,
    member: &Member,
    shape: &Shape,
    default: TimestampFormat,
) -> Result<Value, &'static str> {
    Ok(match (&shape.kind, value) {
        (ShapeKind::Boolean, FrameValue::Bool(value)) => json!(value),
        (ShapeKind::Number(NumberKind::Byte), FrameValue::Byte(value)) => json!(value),
        (ShapeKind::Number(NumberKind::Short), FrameValue::Short(value)) => json!(value),
        (ShapeKind::Number(NumberKind::Integer) | ShapeKind::IntEnum(_), FrameValue::Integer(value)) => json!(value),
        (ShapeKind::Number(NumberKind::Long), FrameValue::Long(value)) => json!(value),
        (ShapeKind::Blob, FrameValue::Bytes(bytes)) => json!(STANDARD.encode(bytes)),
        (ShapeKind::String | ShapeKind::Enum(_), FrameValue::Text(text)) => json!(text),
        (ShapeKind::Timestamp, FrameValue::Timestamp(milliseconds)) => {
            Instant::of_milliseconds(*milliseconds).value(timestamp_format(member, shape, default))
        }
        (kind, _) => return Err(header_type(kind)),
    })
}

fn timestamp_format(member: &Member, shape: &Shape, default: TimestampFormat) -> TimestampFormat {
    member.traits.timestamp_format().or_else(|| shape.traits.timestamp_format()).unwrap_or(default)
}

/// The type of a header of a shape.
fn header_type(kind: &ShapeKind) -> &'static str {
    match kind {
        ShapeKind::Boolean => "a boolean",
        ShapeKind::Number(NumberKind::Byte) => "a byte",
        ShapeKind::Number(NumberKind::Short) => "a short",
        ShapeKind::Number(NumberKind::Integer) | ShapeKind::IntEnum(_) => "an integer",
        ShapeKind::Number(NumberKind::Long) => "a long",
        ShapeKind::Blob => "bytes",
        ShapeKind::Timestamp => "a timestamp",
        _ => "a string",
    }
}

/// Writes a message of a stream, or returns `None` if the union does not have it.
///
/// A header that its type cannot hold is left out.
#[must_use]
pub fn write_message(
    contract: &Contract,
    union: &ShapeId,
    payloads: &dyn EventPayloads,
    message: &StreamMessage,
) -> Option<EventFrame> {
    let value = match message {
        StreamMessage::Error { code, message } => {
            let headers = [(MESSAGE_TYPE, "error"), (":error-code", code), (":error-message", message)];
            return Some(EventFrame { headers: headers.map(text_header).into(), payload: Bytes::new() });
        }
        StreamMessage::Event(value) | StreamMessage::Exception(value) => value,
    };
    let (name, event) = value.as_object()?.iter().next()?;
    let target = &contract.members(union).iter().find(|member| member.name == *name)?.target;
    let types = match message {
        StreamMessage::Exception(_) => [(MESSAGE_TYPE, "exception"), (EXCEPTION_TYPE, name)],
        _ => [(MESSAGE_TYPE, "event"), (EVENT_TYPE, name)],
    };
    let mut frame = EventFrame { headers: types.map(text_header).into(), payload: Bytes::new() };
    write_payload(contract, target, payloads, event, &mut frame);
    write_headers(contract, target, payloads.timestamp_format(), event, &mut frame);
    Some(frame)
}

/// The frame of the members of an output beside its event stream.
pub(super) fn initial_response(
    contract: &Contract,
    structure: &ShapeId,
    payloads: &dyn EventPayloads,
    value: &Value,
) -> EventFrame {
    let headers = [(MESSAGE_TYPE, "event"), (EVENT_TYPE, INITIAL_RESPONSE), (CONTENT_TYPE, payloads.media_type())];
    EventFrame { headers: headers.map(text_header).into(), payload: payloads.write(contract, structure, value) }
}

fn text_header((name, value): (&str, &str)) -> (String, FrameValue) {
    (name.to_owned(), FrameValue::Text(value.to_owned()))
}

fn write_payload(
    contract: &Contract,
    target: &ShapeId,
    payloads: &dyn EventPayloads,
    event: &Value,
    frame: &mut EventFrame,
) {
    let members = contract.members(target);
    let (media_type, payload) = if let Some(member) = members.iter().find(|member| is_payload(member)) {
        let Some(value) = event.get(&member.name).filter(|value| !value.is_null()) else { return };
        match (contract.shape(&member.target).map(|shape| &shape.kind), value) {
            (Some(ShapeKind::Blob), Value::String(text)) => {
                ("application/octet-stream", STANDARD.decode(text).unwrap_or_else(|_| text.clone().into()).into())
            }
            (Some(ShapeKind::String | ShapeKind::Enum(_)), Value::String(text)) => ("text/plain", text.clone().into()),
            _ => (payloads.media_type(), payloads.write(contract, &member.target, value)),
        }
    } else if members.iter().any(|member| !is_header(member)) {
        (payloads.media_type(), payloads.write(contract, target, &without_headers(members, event)))
    } else {
        return;
    };
    frame.headers.push(text_header((CONTENT_TYPE, media_type)));
    frame.payload = payload;
}

fn without_headers(members: &[Member], event: &Value) -> Value {
    let mut event = event.clone();
    if let Some(values) = event.as_object_mut() {
        values.retain(|name, _| !members.iter().any(|member| member.name == *name && is_header(member)));
    }
    event
}

fn write_headers(
    contract: &Contract,
    target: &ShapeId,
    default: TimestampFormat,
    event: &Value,
    frame: &mut EventFrame,
) {
    for member in contract.members(target).iter().filter(|member| is_header(member)) {
        let Some((value, shape)) = event.get(&member.name).zip(contract.shape(&member.target)) else { continue };
        let value = frame_value(value, member, shape, default);
        frame.headers.extend(value.map(|value| (member.name.clone(), value)));
    }
}

fn frame_value(value: &Value, member: &Member, shape: &Shape, default: TimestampFormat) -> Option<FrameValue> {
    let number = || ExactNumber::of(value)?.text().parse::<i64>().ok();
    Some(match &shape.kind {
        ShapeKind::Boolean => FrameValue::Bool(value.as_bool()?),
        ShapeKind::Number(NumberKind::Byte) => FrameValue::Byte(number()?.try_into().ok()?),
        ShapeKind::Number(NumberKind::Short) => FrameValue::Short(number()?.try_into().ok()?),
        ShapeKind::Number(NumberKind::Integer) | ShapeKind::IntEnum(_) => {
            FrameValue::Integer(number()?.try_into().ok()?)
        }
        ShapeKind::Number(NumberKind::Long) => FrameValue::Long(number()?),
        ShapeKind::Blob => FrameValue::Bytes(STANDARD.decode(value.as_str()?).ok()?),
        ShapeKind::String | ShapeKind::Enum(_) => FrameValue::Text(value.as_str()?.to_owned()),
        ShapeKind::Timestamp => {
            FrameValue::Timestamp(Instant::read(timestamp_format(member, shape, default), value)?.milliseconds()?)
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
