//! restXml, after the Smithy specification of the protocol and of its HTTP bindings.

use serde_json::{Map, Value};

use super::{
    BuildError, ErrorLocation, ErrorResponse, InputError, MalformedRequest, ParsedResponse, Protocol, Recognition,
    RoutePart, RoutingError, Sentinels, ServerProtocol, SubresourceRequests, SuccessStatus, TimestampLocation,
    TypeFault, ValuePlace,
    http_binding::{
        HttpBinding, compare_status, distinguishes, due_media_type, has_path, has_subresource, is_rejection, names,
        place, route, subresource, success_status, successor, unknown_subresource,
    },
    media_range::is_same,
    plain_text::object,
    rest_malformed::rest_heads,
    rest_xml_response::{error_document, read_response, write_output},
    routing::{REST_ROUTE_PARTS, media_type, path},
    xml_document::XmlDocuments,
    xml_error::auth_error_name,
    xml_malformed::{xml_bodies, xml_sentinels},
};
use crate::{
    model::{Contract, Member, Operation, PayloadSide, TimestampFormat},
    wire::{Request, Response},
};

/// `restXml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestXml;

/// The media type of documents.
pub(super) const DOCUMENT: &str = "application/xml";

/// The other media type of documents.
const TEXT_DOCUMENT: &str = "text/xml";

/// The formats of timestamps that the model gives no format.
fn timestamp_format(location: TimestampLocation) -> TimestampFormat {
    match location {
        TimestampLocation::Header => TimestampFormat::HttpDate,
        TimestampLocation::Body | TimestampLocation::Uri => TimestampFormat::DateTime,
    }
}

/// The bindings of a contract in this protocol.
pub(super) fn binding(contract: &Contract) -> HttpBinding<'_> {
    HttpBinding::new(contract, timestamp_format)
}

impl Protocol for RestXml {
    fn id(&self) -> &'static str {
        "restXml"
    }

    fn specification(&self) -> &'static str {
        "the restXml protocol"
    }

    fn document(&self) -> &'static str {
        "one XML document"
    }

    fn content_type(&self) -> &'static str {
        DOCUMENT
    }

    /// AWS sends documents as `text/xml`, too.
    fn response_media_type<'c>(
        &self,
        contract: &'c Contract,
        operation: &'c Operation,
        response: &Response,
        parsed: &ParsedResponse,
    ) -> Option<&'c str> {
        let is_text = response.headers.get("content-type").is_some_and(|given| is_same(given, TEXT_DOCUMENT));
        let document = if is_text { TEXT_DOCUMENT } else { DOCUMENT };
        due_media_type(contract, operation, response, parsed, document)
    }

    fn timestamp_format(&self, location: TimestampLocation) -> TimestampFormat {
        timestamp_format(location)
    }

    fn ignored_union_members(&self) -> &'static [&'static str] {
        &[]
    }

    fn place(&self, contract: &Contract, operation: &Operation, member: Option<&Member>) -> ValuePlace {
        place(contract, operation, member, ValuePlace::Xml)
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
        let input = if input.is_null() { Some(&none) } else { object(input) };
        let input = input.ok_or_else(|| error("only an object can be sent".to_owned()))?;
        let mut request = binding(contract).request(operation, input).map_err(|problem| error(problem.to_string()))?;
        let documents = XmlDocuments::of(contract, &operation.input, PayloadSide::Input);
        if let Some(name) = documents.without_place(input) {
            return Err(error(format!("there is no place for {name}")));
        }
        if let Some(body) = documents.bytes(input, false).map_err(|problem| error(problem.to_string()))? {
            request.body = body;
            let media_type = documents.body().media_type(contract, DOCUMENT);
            let media_type = media_type.filter(|_| request.headers.get("content-type").is_none());
            if let Some(media_type) = media_type {
                request.headers.push("content-type", media_type);
            }
        }
        Ok(request)
    }

    fn sentinels(
        &self,
        contract: &Contract,
        operation: &Operation,
        request: &Request,
    ) -> Result<Sentinels, BuildError> {
        Ok(xml_sentinels(contract, operation, request))
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
        let documents = XmlDocuments::of(contract, &operation.input, PayloadSide::Input);
        let bodies = documents.root().map(|root| xml_bodies(&root)).unwrap_or_default();
        [bodies, rest_heads(contract, operation, DOCUMENT)].concat()
    }

    /// Returns `None`: the method and the path name the operation.
    fn call<'r>(&self, _: &'r Request) -> Option<&'r str> {
        None
    }

    fn names(&self, contract: &Contract, operation: &Operation, request: &Request) -> bool {
        names(contract, operation, request)
    }

    fn is_claimed(&self, contract: &Contract, request: &Request) -> bool {
        route(contract, request).is_some()
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
        read_response(contract, operation, response)
    }

    fn error_location(&self) -> ErrorLocation {
        ErrorLocation::XML_CODE
    }

    fn lists_errors(&self) -> bool {
        false
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

impl ServerProtocol for RestXml {
    fn route_parts(&self) -> &'static [RoutePart] {
        &REST_ROUTE_PARTS
    }

    fn recognize(&self, contract: &Contract, request: &Request) -> Recognition {
        if has_path(contract, request) {
            Recognition::Service
        } else if media_type(request).is_some_and(|given| given.eq_ignore_ascii_case(DOCUMENT)) {
            Recognition::Protocol
        } else {
            Recognition::Nothing
        }
    }

    /// A subresource names an operation, so an unknown one calls no other operation of the same path.
    fn route<'c>(&self, contract: &'c Contract, request: &Request) -> Result<&'c Operation, RoutingError> {
        let unknown = || RoutingError::Path { method: request.method.clone(), path: path(request).to_owned() };
        let operation = route(contract, request).ok_or_else(unknown)?;
        let subresource = unknown_subresource(contract, operation, request);
        subresource.map_or(Ok(operation), |name| Err(RoutingError::Subresource(name)))
    }

    fn routing_error_name(&self, error: &RoutingError) -> &'static str {
        if matches!(error, RoutingError::Subresource(_)) { "NotImplemented" } else { RoutingError::NAME }
    }

    fn input_error_name(&self, _: &InputError) -> &'static str {
        "MalformedXML"
    }

    fn auth_error_name(&self, name: &'static str) -> &'static str {
        auth_error_name(name)
    }

    fn parse_input(&self, contract: &Contract, operation: &Operation, request: &Request) -> Result<Value, InputError> {
        let mut problems = Vec::new();
        let mut input = binding(contract).read_request(operation, request, &mut problems);
        if let Some(problem) = problems.pop() {
            return Err(InputError::Body(problem));
        }
        let documents = XmlDocuments::of(contract, &operation.input, PayloadSide::Input);
        input.extend(documents.read_bytes(&request.body)?);
        let input = Value::Object(input);
        match TypeFault::first(contract, &operation.input, &self.body_rules(), &input) {
            None => Ok(input),
            Some(fault) => Err(InputError::Type(fault)),
        }
    }

    fn write_output(&self, contract: &Contract, operation: &Operation, output: &Value) -> Response {
        let none = Map::new();
        let output = object(output).unwrap_or(&none);
        write_output(contract, operation, output).unwrap_or_else(|problem| {
            self.write_error(Some(contract), &ErrorResponse::internal_failure(&problem.to_string()))
        })
    }

    fn write_error(&self, contract: Option<&Contract>, error: &ErrorResponse<'_>) -> Response {
        let headers = [("Content-Type", DOCUMENT)].into_iter().collect();
        let mut response = Response { status: error.status, headers, ..Response::default() };
        if let (Some(contract), Some(shape), Some(members)) = (contract, error.shape, error.members.and_then(object)) {
            // An error without a header is still the error.
            drop(binding(contract).write_response(&shape.id, members, &mut response));
            response.status = error.status;
        }
        response.body = error_document(contract, error).into();
        response
    }
}

#[cfg(test)]
mod tests;
