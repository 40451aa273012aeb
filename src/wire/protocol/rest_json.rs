//! restJson1, after the Smithy specification of the protocol and of its HTTP bindings.

use bytes::Bytes;
use serde_json::{Map, Value};

use super::{
    BuildError, ErrorIdentity, ErrorLocation, ErrorResponse, EventPayload, EventPayloads, IGNORED_UNION_MEMBERS,
    InputError, MalformedRequest, ParsedResponse, Protocol, Recognition, RoutePart, RoutingError, Sentinels,
    ServerProtocol, SubresourceRequests, SuccessStatus, TimestampLocation, TypeFault, ValuePlace,
    http_binding::{
        BodyBinding, PayloadKind, compare_status, distinguishes, due_media_type, has_path, has_subresource,
        is_rejection, names, place, route, subresource, success_status, successor, unknown_method, unknown_path,
    },
    malformed_request::{json_bodies, json_forms},
    media_range::is_same,
    rest_json_body::{
        binding, body_bytes, has_content_type, homeless, input_body, is_acceptable, is_elsewhere, may_have_body,
        parse_document, parse_error, parse_output,
    },
    rest_malformed::rest_heads,
    routing::{REST_ROUTE_PARTS, path, with_query_of},
    sentinel::{UNKNOWN_OPERATION, UNKNOWN_SERVICE},
};
use crate::{
    model::{Contract, JsonText, Member, Operation, PayloadSide, ShapeId, TimestampFormat},
    wire::{Request, Response},
};

/// `restJson1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestJson;

/// The media type of documents.
pub(super) const DOCUMENT: &str = "application/json";

/// The formats of timestamps that the model gives no format.
pub(super) fn timestamp_format(location: TimestampLocation) -> TimestampFormat {
    match location {
        TimestampLocation::Body => TimestampFormat::EpochSeconds,
        TimestampLocation::Header => TimestampFormat::HttpDate,
        TimestampLocation::Uri => TimestampFormat::DateTime,
    }
}

impl Protocol for RestJson {
    fn id(&self) -> &'static str {
        "restJson1"
    }

    fn specification(&self) -> &'static str {
        "the restJson1 protocol"
    }

    fn document(&self) -> &'static str {
        "one JSON object"
    }

    fn content_type(&self) -> &'static str {
        DOCUMENT
    }

    fn response_media_type<'c>(
        &self,
        contract: &'c Contract,
        operation: &'c Operation,
        response: &Response,
        parsed: &ParsedResponse,
    ) -> Option<&'c str> {
        due_media_type(contract, operation, response, parsed, DOCUMENT)
    }

    fn timestamp_format(&self, location: TimestampLocation) -> TimestampFormat {
        timestamp_format(location)
    }

    fn ignored_union_members(&self) -> &'static [&'static str] {
        &IGNORED_UNION_MEMBERS
    }

    fn place(&self, contract: &Contract, operation: &Operation, member: Option<&Member>) -> ValuePlace {
        place(contract, operation, member, ValuePlace::Json)
    }

    fn successor<'c>(&self, contract: &'c Contract, operation: &Operation) -> Option<&'c Operation> {
        successor(contract, operation)
    }

    fn distinguishes(&self, contract: &Contract, operation: &Operation, member: &Member) -> bool {
        distinguishes(contract, operation, member)
    }

    fn build_request(&self, contract: &Contract, operation: &Operation, input: &Value) -> Result<Request, BuildError> {
        let error = |problem: String| BuildError::new(self, operation, problem);
        let none = Map::new();
        let input = match input {
            Value::Object(members) => members,
            Value::Null => &none,
            _ => return Err(error("only an object can be sent".to_owned())),
        };
        let mut request = binding(contract).request(operation, input).map_err(|problem| error(problem.to_string()))?;
        let body = BodyBinding::of(contract, &operation.input, PayloadSide::Input);
        if let Some(name) = homeless(contract, operation, &body, input) {
            return Err(error(format!("there is no place for {name}")));
        }
        if let Some((name, value)) = service_header(contract) {
            request.headers.push(name, value);
        }
        if let Some(bytes) = body_bytes(contract, &operation.input, PayloadSide::Input, &body, input) {
            request.body = bytes;
            let media_type =
                body.media_type(contract, DOCUMENT).filter(|_| request.headers.get("content-type").is_none());
            if let Some(media_type) = media_type {
                request.headers.push("content-type", media_type);
            }
        }
        Ok(request)
    }

    /// A path names both the operation and the service, so an unknown path is near that of the operation, or not.
    fn sentinels(
        &self,
        contract: &Contract,
        operation: &Operation,
        request: &Request,
    ) -> Result<Sentinels, BuildError> {
        let problem = "every path is one of its operations".to_owned();
        let error = || BuildError { protocol: self.id(), operation: operation.name.clone(), problem: problem.clone() };
        let to = |path: String| Request { target: with_query_of(request, path), ..request.clone() };
        let elsewhere = to(format!("/{UNKNOWN_SERVICE}{}", path(request)));
        let by = |method: &str| Request { method: method.to_owned(), ..request.clone() };
        Ok(Sentinels {
            unknown_method: unknown_method(contract, operation).map(by),
            unknown_operation: to(unknown_path(contract, operation, request, UNKNOWN_OPERATION).ok_or_else(error)?),
            unknown_service: Some(elsewhere).filter(|other| route(contract, other).is_none()).ok_or_else(error)?,
        })
    }

    fn has_subresource(&self, operation: &Operation) -> bool {
        has_subresource(operation)
    }

    fn subresource(
        &self,
        contract: &Contract,
        operation: &Operation,
        request: &Request,
    ) -> Option<SubresourceRequests> {
        subresource(contract, operation, request)
    }

    fn malformed_requests(&self, contract: &Contract, operation: &Operation) -> Vec<MalformedRequest> {
        let members = match BodyBinding::of(contract, &operation.input, PayloadSide::Input) {
            BodyBinding::Document(members) => members,
            BodyBinding::Payload(member, PayloadKind::Structure) => contract.members(&member.target).iter().collect(),
            _ => return rest_heads(contract, operation, DOCUMENT),
        };
        let requires_member = members.iter().any(|member| member.traits.required());
        [json_bodies(requires_member), json_forms(), rest_heads(contract, operation, DOCUMENT)].concat()
    }

    /// Returns `None`: the method and the path name the operation.
    fn call<'r>(&self, _: &'r Request) -> Option<&'r str> {
        None
    }

    fn names(&self, contract: &Contract, operation: &Operation, request: &Request) -> bool {
        names(contract, operation, request)
    }

    fn is_claimed(&self, contract: &Contract, request: &Request) -> bool {
        route(contract, request).is_some_and(|operation| has_content_type(contract, operation, request))
    }

    /// A request that calls nothing may be rejected in any form.
    fn binds_response(
        &self,
        contract: &Contract,
        request: &Request,
        response: &Response,
        parsed: &ParsedResponse,
    ) -> bool {
        !is_rejection(request, response, parsed) || self.is_claimed(contract, request)
    }

    fn parse_response(
        &self,
        contract: &Contract,
        operation: Option<&Operation>,
        response: &Response,
    ) -> ParsedResponse {
        let identity = ErrorIdentity::of_json(response, None);
        if !(200..300).contains(&response.status) || identity.is_named_at(ErrorLocation::HEADER) {
            parse_error(contract, operation, response)
        } else {
            operation.map_or_else(|| parse_document(response), |one| parse_output(contract, &one.output, response))
        }
    }

    fn error_location(&self) -> ErrorLocation {
        ErrorLocation::HEADER
    }

    fn reads_every_body(&self) -> bool {
        false
    }

    fn keeps_error_status(&self) -> bool {
        true
    }

    fn success_status(&self, operation: &Operation) -> u16 {
        success_status(operation)
    }

    fn compare_success_status(&self, contract: &Contract, operation: &Operation, actual: u16) -> SuccessStatus {
        compare_status(contract, operation, actual)
    }
}

impl ServerProtocol for RestJson {
    fn route_parts(&self) -> &'static [RoutePart] {
        &REST_ROUTE_PARTS
    }

    fn recognize(&self, contract: &Contract, request: &Request) -> Recognition {
        if has_path(contract, request) {
            Recognition::Service
        } else if request.headers.get("content-type").is_some_and(|given| is_same(given, DOCUMENT)) {
            Recognition::Protocol
        } else {
            Recognition::Nothing
        }
    }

    fn route<'c>(&self, contract: &'c Contract, request: &Request) -> Result<&'c Operation, RoutingError> {
        let unknown = || RoutingError::Path { method: request.method.clone(), path: path(request).to_owned() };
        route(contract, request).ok_or_else(unknown)
    }

    fn parse_input(&self, contract: &Contract, operation: &Operation, request: &Request) -> Result<Value, InputError> {
        if !has_content_type(contract, operation, request) {
            return Err(InputError::MediaType);
        }
        if !is_acceptable(contract, operation, request) {
            return Err(InputError::NotAcceptable);
        }
        let mut problems = Vec::new();
        let head = binding(contract).read_request(operation, request, &mut problems);
        if let Some(problem) = problems.pop() {
            return Err(InputError::Body(problem));
        }
        let body = BodyBinding::of(contract, &operation.input, PayloadSide::Input);
        let mut input = input_body(contract, operation, &body, &request.body)?;
        input.extend(head);
        let input = Value::Object(input);
        match TypeFault::first(contract, &operation.input, &self.body_rules(), &input) {
            None => Ok(input),
            Some(fault) => Err(InputError::Type(fault)),
        }
    }

    fn write_output(&self, contract: &Contract, operation: &Operation, output: &Value) -> Response {
        let output = contract.without_null_members(&operation.output, output);
        let none = Map::new();
        let output = output.as_object().unwrap_or(&none);
        let mut response = Response { status: self.success_status(operation), ..Response::default() };
        if let Err(problem) = binding(contract).write_response(&operation.output, output, &mut response) {
            let error = problem.to_string();
            return self.write_error(Some(contract), &ErrorResponse::internal_failure(&error));
        }
        let body = BodyBinding::of(contract, &operation.output, PayloadSide::Output);
        let is_empty_document = matches!(body, BodyBinding::Nothing) && !operation.output.is_unit();
        let bytes = body_bytes(contract, &operation.output, PayloadSide::Output, &body, output);
        let bytes = bytes.or_else(|| is_empty_document.then(|| Bytes::from_static(b"{}")));
        if let Some(bytes) = bytes.filter(|_| may_have_body(operation, response.status)) {
            let media_type = body.media_type(contract, DOCUMENT).unwrap_or(DOCUMENT);
            if response.headers.get("content-type").is_none() {
                response.headers.push("Content-Type", media_type);
            }
            response.body = bytes;
        }
        response
    }

    fn write_error(&self, contract: Option<&Contract>, error: &ErrorResponse<'_>) -> Response {
        let headers = [("Content-Type", DOCUMENT), ("X-Amzn-Errortype", error.name)].into_iter().collect();
        let mut response = Response { status: error.status, headers, ..Response::default() };
        let mut members = error.members.and_then(Value::as_object).cloned().unwrap_or_default();
        if let (Some(contract), Some(shape)) = (contract, error.shape) {
            // An error without a header is still the error.
            drop(binding(contract).write_response(&shape.id, &members, &mut response));
            response.status = error.status;
            members.retain(|name, _| !is_elsewhere(contract, &shape.id, PayloadSide::Output, name));
        }
        let has_message = ErrorIdentity::message_member(&Value::Object(members.clone())).is_some();
        if !has_message && (error.members.is_none() || !error.message.is_empty()) {
            members.insert("message".to_owned(), error.message.into());
        }
        response.body = JsonText(&Value::Object(members)).to_string().into();
        response
    }
}

/// The header that all requests to some services need.
fn service_header(contract: &Contract) -> Option<(&'static str, &str)> {
    let service = contract.service();
    match service.traits.get("aws.api#service")?.get("sdkId")?.as_str()? {
        // Without it, resources are in another format (HAL).
        "API Gateway" => Some(("accept", DOCUMENT)),
        "Glacier" => Some(("x-amz-glacier-version", &service.version)),
        _ => None,
    }
}

impl EventPayloads for RestJson {
    fn read(&self, _: &Contract, _: &ShapeId, payload: &[u8]) -> EventPayload {
        EventPayload::of_json(payload)
    }

    fn write(&self, _: &Contract, _: &ShapeId, value: &Value) -> Bytes {
        JsonText(value).to_string().into()
    }

    fn media_type(&self) -> &'static str {
        DOCUMENT
    }

    fn timestamp_format(&self) -> TimestampFormat {
        TimestampFormat::EpochSeconds
    }
}

#[cfg(test)]
mod tests;
