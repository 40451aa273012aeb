//! rpcv2Cbor and rpcv2Json, after the Smithy specification of the RPC v2 protocols.

use bytes::Bytes;
use serde_json::{Value, json};

use super::{
    BodyProblem, BuildError, EVENT_STREAM_TYPE, ErrorIdentity, ErrorLocation, ErrorResponse, EventPayload,
    EventPayloads, IGNORED_UNION_MEMBERS, InputError, MalformedRequest, ParsedResponse, Protocol, Recognition,
    RoutePart, RouteRole, RoutingError, Sentinels, ServerProtocol, TimestampLocation, ValuePlace,
    aws_json::COMMON_NAMESPACE,
    cbor_body, error_name,
    query_compatible::{query_mode, read_query_error, write_query_error},
    routing::{RPC_METHOD, media_type, path, replace},
    rpc_v2_json::exchanged,
    rpc_v2_malformed::malformed_requests,
    sentinel::{UNKNOWN_OPERATION, UNKNOWN_SERVICE},
    stream_body::{parse_stream, streams_events, write_stream},
    stream_member,
};
use crate::{
    model::{Contract, JsonText, Member, Operation, ShapeId, TimestampFormat},
    wire::{Request, Response, json},
};

/// The header that names the protocol of requests and responses.
pub(super) const PROTOCOL_HEADER: &str = "smithy-protocol";

/// The headers that a request must not have.
pub(super) const EXCLUDED_HEADERS: [&str; 2] = ["x-amz-target", "x-amzn-target"];

/// The form of the path of a call.
const PATH_FORM: &str = "/service/SERVICE/operation/OPERATION";

/// One of the two RPC v2 protocols.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RpcV2 {
    /// `rpcv2Cbor`.
    Cbor,
    /// `rpcv2Json`.
    Json,
}

impl Protocol for RpcV2 {
    fn id(&self) -> &'static str {
        match self {
            Self::Cbor => "rpcv2Cbor",
            Self::Json => "rpcv2Json",
        }
    }

    fn specification(&self) -> &'static str {
        "the Smithy RPC v2 protocols"
    }

    fn document(&self) -> &'static str {
        match self {
            Self::Cbor => "one CBOR map",
            Self::Json => "one JSON object",
        }
    }

    fn content_type(&self) -> &'static str {
        match self {
            Self::Cbor => "application/cbor",
            Self::Json => "application/json",
        }
    }

    fn timestamp_format(&self, _: TimestampLocation) -> TimestampFormat {
        TimestampFormat::EpochSeconds
    }

    fn ignored_union_members(&self) -> &'static [&'static str] {
        &IGNORED_UNION_MEMBERS
    }

    fn place(&self, _: &Contract, _: &Operation, _: Option<&Member>) -> ValuePlace {
        match self {
            Self::Cbor => ValuePlace::Cbor,
            Self::Json => ValuePlace::Json,
        }
    }

    /// An operation without any input has no body.
    fn build_request(&self, contract: &Contract, operation: &Operation, input: &Value) -> Result<Request, BuildError> {
        if stream_member(contract, &operation.input).is_some() {
            let problem = "its input is an event stream".to_owned();
            return Err(BuildError { protocol: self.id(), operation: operation.name.clone(), problem });
        }
        let accepted = if streams_events(contract, operation) { EVENT_STREAM_TYPE } else { self.content_type() };
        let has_body = !operation.input.is_unit() || !is_nothing(input);
        let content_type = has_body.then_some(("content-type", self.content_type()));
        let headers = [("accept-encoding", "identity"), (PROTOCOL_HEADER, self.header_value()), ("accept", accepted)];
        let body = if has_body { self.write_body(contract, &operation.input, input, &[]) } else { Bytes::new() };
        Ok(Request {
            method: RPC_METHOD.to_owned(),
            target: call_path(contract.service().id.name(), &operation.name),
            headers: headers.into_iter().chain(content_type).chain(query_mode(contract)).collect(),
            body,
            ..Request::default()
        })
    }

    fn sentinels(
        &self,
        contract: &Contract,
        operation: &Operation,
        request: &Request,
    ) -> Result<Sentinels, BuildError> {
        let to = |service: &str, operation: &str| Request { target: call_path(service, operation), ..request.clone() };
        Ok(Sentinels {
            unknown_method: None,
            unknown_operation: to(contract.service().id.name(), UNKNOWN_OPERATION),
            unknown_service: to(UNKNOWN_SERVICE, &operation.name),
        })
    }

    fn malformed_requests(&self, contract: &Contract, operation: &Operation) -> Vec<MalformedRequest> {
        malformed_requests(*self, contract, operation)
    }

    fn call<'r>(&self, _: &'r Request) -> Option<&'r str> {
        None
    }

    fn names(&self, contract: &Contract, operation: &Operation, request: &Request) -> bool {
        called_parts(request).is_some_and(|(service, name)| names_service(contract, service) && name == operation.name)
    }

    fn is_claimed(&self, contract: &Contract, request: &Request) -> bool {
        request.method == RPC_METHOD
            && self.is_named_by(request.headers.get(PROTOCOL_HEADER))
            && (request.body.is_empty() || self.has_media_type(request))
            && excluded_header(request).is_none()
            && called_parts(request).is_some_and(|(service, _)| names_service(contract, service))
    }

    fn binds_response(
        &self,
        contract: &Contract,
        request: &Request,
        response: &Response,
        parsed: &ParsedResponse,
    ) -> bool {
        let is_rejected = parsed.rejection.is_some() && response.status >= 400;
        !is_rejected || self.is_claimed(contract, request)
    }

    /// The body of a response has a meaning only if the response names the protocol.
    fn parse_response(
        &self,
        contract: &Contract,
        operation: Option<&Operation>,
        response: &Response,
    ) -> ParsedResponse {
        let is_rejected = response.status != SUCCESS;
        if !self.is_named_by(response.headers.get(PROTOCOL_HEADER)) {
            let problem = BodyProblem::ProtocolHeader { name: PROTOCOL_HEADER, expected: self.header_value() };
            let rejection = is_rejected.then(ErrorIdentity::default);
            return ParsedResponse { rejection, value: None, problems: vec![problem], limit: None };
        }
        if let Some(parsed) = parse_stream(contract, operation, response, self) {
            return parsed;
        }
        let mut parsed = self.read_body(contract, &response.body, |error| {
            let operation = operation?;
            let shape = || Some(&contract.error(operation, error_name(error?))?.id);
            if is_rejected { shape() } else { Some(&operation.output) }
        });
        parsed.rejection = is_rejected.then(|| ErrorIdentity {
            query_code: read_query_error(contract, response),
            ..ErrorIdentity::at(&[ErrorLocation::TYPE], response, parsed.value.as_ref())
        });
        parsed
    }

    fn error_location(&self) -> ErrorLocation {
        ErrorLocation::TYPE
    }

    fn lists_errors(&self) -> bool {
        false
    }

    fn keeps_error_status(&self) -> bool {
        true
    }

    fn success_status(&self, _: &Operation) -> u16 {
        SUCCESS
    }
}

/// The status of every success.
const SUCCESS: u16 = 200;

impl ServerProtocol for RpcV2 {
    fn route_parts(&self) -> &'static [RoutePart] {
        &ROUTE_PARTS
    }

    fn recognize(&self, contract: &Contract, request: &Request) -> Recognition {
        if !self.is_named_by(request.headers.get(PROTOCOL_HEADER)) {
            Recognition::Nothing
        } else if called_parts(request).is_some_and(|(service, _)| names_service(contract, service)) {
            Recognition::Service
        } else {
            Recognition::Protocol
        }
    }

    fn route<'c>(&self, contract: &'c Contract, request: &Request) -> Result<&'c Operation, RoutingError> {
        if let Some(header) = excluded_header(request) {
            return Err(RoutingError::Excluded(header));
        }
        let line = RoutingError::Line { method: RPC_METHOD, path: PATH_FORM };
        let called = called_parts(request).filter(|_| request.method == RPC_METHOD);
        let (service, operation) = called.ok_or(line)?;
        if !self.is_named_by(request.headers.get(PROTOCOL_HEADER)) {
            return Err(RoutingError::Protocol { header: PROTOCOL_HEADER, value: self.header_value() });
        }
        if !names_service(contract, service) {
            return Err(RoutingError::Service(service.to_owned()));
        }
        if !request.body.is_empty() && !self.has_media_type(request) {
            return Err(RoutingError::ContentType(self.content_type()));
        }
        let unknown = || RoutingError::Operation { service: service.to_owned(), operation: operation.to_owned() };
        contract.operation(operation).ok_or_else(unknown)
    }

    /// An empty body is an empty input.
    fn parse_input(&self, contract: &Contract, operation: &Operation, request: &Request) -> Result<Value, InputError> {
        let body = self.read_body(contract, &request.body, |_| Some(&operation.input));
        if let Some(problem) = body.problems.into_iter().find(BodyProblem::is_forbidden) {
            return Err(InputError::Body(problem));
        }
        if let Some(limit) = body.limit {
            return Err(InputError::Limit(limit));
        }
        body.value.filter(Value::is_object).ok_or(InputError::NotAnObject)
    }

    fn write_output(&self, contract: &Contract, operation: &Operation, output: &Value) -> Response {
        if operation.output.is_unit() {
            return self.respond(SUCCESS, Bytes::new());
        }
        if let Some(body) = write_stream(contract, operation, self, output) {
            let mut response = self.respond(SUCCESS, body.into());
            response.headers.set("Content-Type", EVENT_STREAM_TYPE);
            return response;
        }
        self.respond(SUCCESS, self.write_body(contract, &operation.output, output, &[]))
    }

    fn write_error(&self, contract: Option<&Contract>, error: &ErrorResponse<'_>) -> Response {
        let undeclared = || format!("{COMMON_NAMESPACE}#{}", error.name);
        let spelled = error.shape.map_or_else(undeclared, |shape| shape.id.as_str().to_owned());
        let members = Value::Object(error.members_with_message());
        let first = [(self.error_location().name(), spelled.as_str())];
        let body = match (contract, error.shape) {
            (Some(contract), Some(shape)) => self.write_body(contract, &shape.id, &members, &first),
            _ => self.write_plain(&members, &first),
        };
        let mut response = self.respond(error.status, body);
        write_query_error(contract, error, &mut response);
        response
    }
}

impl EventPayloads for RpcV2 {
    fn read(&self, contract: &Contract, shape: &ShapeId, payload: &[u8]) -> EventPayload {
        let shape = contract.shape(shape).map(|shape| &shape.id);
        self.read_body(contract, payload, |_| shape).into()
    }

    fn write(&self, contract: &Contract, shape: &ShapeId, value: &Value) -> Bytes {
        self.write_body(contract, shape, value, &[])
    }

    fn media_type(&self) -> &'static str {
        self.content_type()
    }

    fn timestamp_format(&self) -> TimestampFormat {
        TimestampFormat::EpochSeconds
    }
}

impl RpcV2 {
    /// The value of the header that names the protocol.
    pub(super) fn header_value(self) -> &'static str {
        match self {
            Self::Cbor => "rpc-v2-cbor",
            Self::Json => "rpc-v2-json",
        }
    }

    fn is_named_by(self, value: Option<&str>) -> bool {
        value.is_some_and(|value| value.trim() == self.header_value())
    }

    fn has_media_type(self, request: &Request) -> bool {
        media_type(request).is_some_and(|given| given.eq_ignore_ascii_case(self.content_type()))
    }

    /// Reads a body as [`cbor_body::read`] does. An empty body is an empty structure.
    fn read_body<'c>(
        self,
        contract: &'c Contract,
        bytes: &[u8],
        root: impl FnOnce(Option<&str>) -> Option<&'c ShapeId>,
    ) -> ParsedResponse {
        let none = ParsedResponse { rejection: None, value: None, problems: Vec::new(), limit: None };
        if bytes.is_empty() {
            return ParsedResponse { value: Some(json!({})), ..none };
        }
        if self == Self::Cbor {
            let body = cbor_body::read(contract, bytes, root);
            let problems = body.problems.into_iter().map(Into::into).collect();
            return ParsedResponse { value: body.value, problems, limit: body.limit.map(Into::into), ..none };
        }
        let document = json::read(bytes);
        let root =
            root(document.value.as_ref().and_then(|value| value.pointer(ErrorLocation::TYPE.pointer())?.as_str()));
        let in_shape = |value| match root {
            Some(root) => exchanged(contract, root, &value),
            None => value,
        };
        let read = ParsedResponse::from(document);
        ParsedResponse { value: read.value.map(in_shape), ..read }
    }

    /// Writes a value of the shape `root`, with further members in front.
    fn write_body(self, contract: &Contract, root: &ShapeId, value: &Value, first: &[(&str, &str)]) -> Bytes {
        if self == Self::Cbor {
            return cbor_body::write_with(contract, root, value, first).into();
        }
        let value = contract.without_null_members(root, value);
        self.write_plain(&exchanged(contract, root, &value), first)
    }

    /// Writes a value without a shape.
    fn write_plain(self, value: &Value, first: &[(&str, &str)]) -> Bytes {
        if self == Self::Cbor {
            return cbor_body::write_plain(value, first).into();
        }
        let first = first.iter().map(|(name, text)| ((*name).to_owned(), json!(text)));
        match value {
            Value::Object(members) => {
                let all = first.chain(members.iter().map(|(name, value)| (name.clone(), value.clone()))).collect();
                JsonText(&Value::Object(all)).to_string().into()
            }
            other => JsonText(other).to_string().into(),
        }
    }

    fn respond(self, status: u16, body: Bytes) -> Response {
        let content_type = (!body.is_empty()).then_some(("Content-Type", self.content_type()));
        let headers = [(PROTOCOL_HEADER, self.header_value())].into_iter().chain(content_type).collect();
        Response { status, headers, body, ..Response::default() }
    }
}

const ROUTE_PARTS: [RoutePart; 4] = [
    RoutePart::method(RouteRole::Fixed),
    RoutePart::path(RouteRole::Operation),
    RoutePart {
        name: "protocol",
        role: RouteRole::Protocol,
        read: |request| request.headers.get(PROTOCOL_HEADER),
        write: |request, value| replace(&mut request.headers, PROTOCOL_HEADER, value),
    },
    RoutePart::content_type(),
];

/// The path of a call.
pub(super) fn call_path(service: &str, operation: &str) -> String {
    format!("/service/{service}/operation/{operation}")
}

/// The service and the operation of the last four segments of the path.
fn called_parts(request: &Request) -> Option<(&str, &str)> {
    let mut segments = path(request).rsplit('/');
    let (operation, word) = (segments.next()?, segments.next()?);
    let (service, first) = (segments.next()?, segments.next()?);
    let is_call = word == "operation" && first == "service" && !service.is_empty() && !operation.is_empty();
    // The path itself begins with a slash.
    (is_call && segments.next().is_some()).then_some((service, operation))
}

/// Returns true for the name of the service, and for its absolute ID with a dot for the number sign.
fn names_service(contract: &Contract, name: &str) -> bool {
    let id = &contract.service().id;
    let is_absolute = || {
        let local = name.strip_prefix(id.namespace()).and_then(|rest| rest.strip_prefix('.'));
        !id.namespace().is_empty() && local == Some(id.name())
    };
    name == id.name() || is_absolute()
}

fn excluded_header(request: &Request) -> Option<&'static str> {
    EXCLUDED_HEADERS.into_iter().find(|name| request.headers.get(name).is_some())
}

fn is_nothing(input: &Value) -> bool {
    input.is_null() || input.as_object().is_some_and(serde_json::Map::is_empty)
}

#[cfg(test)]
mod tests;
