//! The bodies of restJson1: which members they hold, and how they are written and read.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{
    BodyLimit, BodyProblem, ErrorIdentity, InputError, ParsedResponse, RestJson,
    http_binding::{BodyBinding, HttpBinding, PayloadKind, binds_content_type},
    media_range::{accepts, is_same},
    rest_json::{DOCUMENT, timestamp_format},
    stream_body::{event_bytes, event_problems},
};
use crate::{
    model::{Contract, JsonText, MemberBinding, Operation, PayloadSide, ShapeId},
    wire::{
        Request, Response,
        json::{self, JsonDocument},
    },
};

/// The bindings of a contract, with the timestamps of the protocol.
pub(super) fn binding(contract: &Contract) -> HttpBinding<'_> {
    HttpBinding::new(contract, timestamp_format)
}

/// Returns whether a member of a shape is bound to something else than the document in the body.
pub(super) fn is_elsewhere(contract: &Contract, shape: &ShapeId, side: PayloadSide, name: &str) -> bool {
    let member = contract.members(shape).iter().find(|member| member.name == name);
    member.is_some_and(|member| member.binding(side) != MemberBinding::Body)
}

/// The first member of an input that no part of the request can hold: one that the model does not know, where the body
/// is no document.
pub(super) fn homeless<'i>(
    contract: &Contract,
    operation: &Operation,
    body: &BodyBinding<'_>,
    input: &'i Map<String, Value>,
) -> Option<&'i str> {
    let is_known = |name: &str| contract.members(&operation.input).iter().any(|member| member.name == name);
    let is_document = matches!(body, BodyBinding::Document(_));
    let is_stream =
        |name: &str| matches!(body, BodyBinding::Payload(member, PayloadKind::EventStream) if member.name == name);
    input.keys().map(String::as_str).find(|name| (!is_document && !is_known(name)) || is_stream(name))
}

/// The bytes of a body; `None` if none is sent.
pub(super) fn body_bytes(
    contract: &Contract,
    shape: &ShapeId,
    side: PayloadSide,
    body: &BodyBinding<'_>,
    members: &Map<String, Value>,
) -> Option<Bytes> {
    let json = |value: &Value| Bytes::from(JsonText(value).to_string());
    match *body {
        BodyBinding::Nothing => None,
        BodyBinding::Document(_) => {
            let mut members = members.clone();
            members.retain(|name, _| !is_elsewhere(contract, shape, side, name));
            Some(json(&Value::Object(members)))
        }
        BodyBinding::Payload(member, kind) => {
            let value = members.get(&member.name).filter(|value| !value.is_null());
            match (kind, value) {
                (PayloadKind::Structure, None) if side == PayloadSide::Input => Some(Bytes::from_static(b"{}")),
                (PayloadKind::EventStream, _) if side == PayloadSide::Output => {
                    Some(event_bytes(contract, member, &RestJson, members))
                }
                (PayloadKind::EventStream, _) | (_, None) => None,
                (PayloadKind::Blob | PayloadKind::Text, Some(value)) => Some(kind.bytes(value)),
                (PayloadKind::Document | PayloadKind::Structure, Some(value)) => Some(json(value)),
            }
        }
    }
}

/// HTTP gives some responses no body.
pub(super) fn may_have_body(operation: &Operation, status: u16) -> bool {
    let method = operation.traits.get("smithy.api#http").and_then(|http| http.get("method"));
    !matches!(status, 204 | 205 | 304) && method.and_then(Value::as_str) != Some("HEAD")
}

/// A body without regard to shapes. An empty one is an empty object.
pub(super) fn parse_document(response: &Response) -> ParsedResponse {
    read_document(&response.body).into()
}

fn read_document(bytes: &[u8]) -> JsonDocument {
    if bytes.is_empty() {
        return JsonDocument { value: Some(json!({})), problems: Vec::new(), limit: None };
    }
    json::read(bytes)
}

pub(super) fn parse_error(contract: &Contract, operation: Option<&Operation>, response: &Response) -> ParsedResponse {
    let mut parsed = parse_document(response);
    let identity = ErrorIdentity::of_json(response, parsed.value.as_ref());
    let shape = identity.name.as_deref().and_then(|name| contract.error(operation?, name));
    if let (Some(shape), Some(Value::Object(members))) = (shape, &mut parsed.value) {
        let head = binding(contract).read_response(&shape.id, response, &mut parsed.problems);
        members.retain(|name, _| !is_elsewhere(contract, &shape.id, PayloadSide::Output, name));
        members.extend(head);
    }
    parsed.rejection = Some(identity);
    parsed
}

/// An output without members in the body has an empty body, or an empty object.
pub(super) fn parse_output(contract: &Contract, output: &ShapeId, response: &Response) -> ParsedResponse {
    let body = BodyBinding::of(contract, output, PayloadSide::Output);
    let mut parsed = match body {
        BodyBinding::Payload(member, PayloadKind::EventStream) => {
            let problems = event_problems(contract, output, member, &RestJson, &response.body).collect();
            ParsedResponse { rejection: None, value: Some(json!({})), problems, limit: None }
        }
        BodyBinding::Payload(member, kind) => parse_payload(&member.name, member.traits.required(), kind, response),
        BodyBinding::Nothing | BodyBinding::Document(_) => parse_document(response),
    };
    let head = binding(contract).read_response(output, response, &mut parsed.problems);
    if let Some(Value::Object(members)) = &mut parsed.value {
        if !matches!(body, BodyBinding::Payload(..)) {
            members.retain(|name, _| !is_elsewhere(contract, output, PayloadSide::Output, name));
        }
        members.extend(head);
    }
    parsed
}

fn parse_payload(name: &str, is_required: bool, kind: PayloadKind, response: &Response) -> ParsedResponse {
    let one = |value: Value| Some(Value::Object(Map::from_iter([(name.to_owned(), value)])));
    let is_absent = response.body.is_empty() && !is_required;
    let read = |value, problems, limit| ParsedResponse { rejection: None, value, problems, limit };
    match kind {
        _ if is_absent => read(Some(json!({})), Vec::new(), None),
        PayloadKind::Blob | PayloadKind::Text => match kind.value(&response.body) {
            Some(value) => read(one(value), Vec::new(), None),
            None => read(None, vec![BodyProblem::NotText], None),
        },
        PayloadKind::Document | PayloadKind::Structure | PayloadKind::EventStream => {
            let mut parsed = parse_document(response);
            parsed.value = parsed.value.and_then(one);
            parsed
        }
    }
}

/// The members of an input that are in the body.
pub(super) fn input_body(
    contract: &Contract,
    operation: &Operation,
    body: &BodyBinding<'_>,
    bytes: &[u8],
) -> Result<Map<String, Value>, InputError> {
    match *body {
        BodyBinding::Nothing => Ok(Map::new()),
        _ if bytes.is_empty() => Ok(Map::new()),
        BodyBinding::Document(_) => match input_document(bytes)? {
            Value::Object(mut members) => {
                members.retain(|name, _| !is_elsewhere(contract, &operation.input, PayloadSide::Input, name));
                Ok(members)
            }
            _ => Err(InputError::NotAnObject),
        },
        BodyBinding::Payload(member, kind) => {
            let value = match kind {
                PayloadKind::Blob | PayloadKind::Text => {
                    kind.value(bytes).ok_or(InputError::Body(BodyProblem::NotText))?
                }
                PayloadKind::Document | PayloadKind::Structure => input_document(bytes)?,
                PayloadKind::EventStream => return Err(InputError::Limit(BodyLimit::EventStream)),
            };
            Ok(Map::from_iter([(member.name.clone(), value)]))
        }
    }
}

fn input_document(bytes: &[u8]) -> Result<Value, InputError> {
    let document = json::read(bytes);
    if let Some(problem) = document.problems.into_iter().find(json::JsonProblem::is_forbidden) {
        return Err(InputError::Body(problem.into()));
    }
    match document.limit {
        Some(limit) => Err(InputError::Limit(limit.into())),
        None => document.value.ok_or(InputError::NotAnObject),
    }
}

/// Returns whether a request has the content type that its operation needs.
pub(super) fn has_content_type(contract: &Contract, operation: &Operation, request: &Request) -> bool {
    let body = BodyBinding::of(contract, &operation.input, PayloadSide::Input);
    if binds_content_type(contract, &operation.input) || body.has_any_media_type(contract) {
        return true;
    }
    // A structure without members is a document, too.
    let is_empty = !operation.input.is_unit() && contract.members(&operation.input).is_empty();
    let expected = body.media_type(contract, DOCUMENT).or(is_empty.then_some(DOCUMENT));
    match (expected, request.headers.get("content-type")) {
        (Some(expected), Some(given)) => is_same(given, expected),
        (_, None) => request.body.is_empty() || expected.is_none(),
        (None, Some(_)) => false,
    }
}

/// Returns whether a request accepts the media type of its response.
pub(super) fn is_acceptable(contract: &Contract, operation: &Operation, request: &Request) -> bool {
    let body = BodyBinding::of(contract, &operation.output, PayloadSide::Output);
    if binds_content_type(contract, &operation.output) || body.has_any_media_type(contract) {
        return true;
    }
    let ranges = request.headers.get("accept");
    let media_type = body.media_type(contract, DOCUMENT);
    ranges.zip(media_type).is_none_or(|(ranges, media_type)| accepts(ranges, media_type))
}
