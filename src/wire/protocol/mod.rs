//! The AWS protocols. This folder is the only place that names their headers, methods, media types and error locations.
//!
//! A protocol is one file, with others for its parts, that implements [`Protocol`], and [`ServerProtocol`] if the
//! reference implementation speaks it, and one row of `SUPPORTED`. Error codes and their locations are shared by all
//! protocols.
//!
//! | module | holds |
//! |---|---|
//! | `aws_json` | awsJson1.0 and awsJson1.1 |
//! | `rest_json` | restJson1; its bodies are in `rest_json_body` |
//! | `rest_xml` | restXml; its responses are in `rest_xml_response`, its documents in `xml_document` |
//! | `query_protocol` | awsQuery and ec2Query; their responses are in `aws_query` and `ec2_query` |
//! | `query_call` | the requests of both; `query_input` has an input as form fields |
//! | `rpc_v2` | rpcv2Cbor and rpcv2Json; `rpc_v2_json` has the JSON |
//! | `http_binding` | the bindings of members to the parts of an HTTP message, as restJson1 and restXml share them |
//! | `scalar_text` | the text of scalars outside of JSON and CBOR |
//! | `plain_text` | values that have a text, and those that have members |
//! | `form` | form fields (`application/x-www-form-urlencoded`) |
//! | `cbor_body` | CBOR bodies as the JSON values of their shapes, and back |
//! | `xml_names` | the names of shapes and members in XML and in forms |
//! | `xml_value` | reads the value of a shape from an XML element; `xml_value_writer` writes it |
//! | `xml_error` | errors in XML |
//! | `xml_events` | events whose payloads are XML documents |
//! | `body_problem` | what is wrong with a body, in the terms of its format |
//! | `type_fault` | the first value of an input that has another type than its shape |
//! | `unshowable` | a value that a form or an XML document cannot show |
//! | `value_place` | the part of a request that carries a value, and what it can say |
//! | `media_range` | media types, and the `accept` headers that name ranges of them |
//! | `query_compatible` | what services that used to speak awsQuery add to other protocols |
//! | `error_identity` | the name of an error, and the locations where a response may give it |
//! | `rejection_class` | the common error codes of AWS by class: auth, constraint, … |
//! | `routing` | the parts of a request that name its operation |
//! | `sentinel` | the requests of the presence check that no endpoint implements |
//! | `malformed_request` | requests that break the protocol, for probes; `rest_malformed`, `xml_malformed` and `rpc_v2_malformed` have those of one family |
//! | `stream_body` | bodies that are event streams, in RPC protocols |
//! | `stream_events` | the events of event streams as the values of their union, and back |
//! | `state_change` | the requests that change states of an endpoint under test, which belong to no AWS protocol |

mod aws_json;
mod aws_query;
mod body_problem;
mod cbor_body;
mod ec2_query;
mod error_identity;
mod form;
mod http_binding;
mod malformed_request;
mod media_range;
mod plain_text;
mod query_call;
mod query_compatible;
mod query_input;
mod query_protocol;
mod rejection_class;
mod rest_json;
mod rest_json_body;
mod rest_malformed;
mod rest_xml;
mod rest_xml_response;
mod routing;
mod rpc_v2;
mod rpc_v2_json;
mod rpc_v2_malformed;
mod scalar_text;
mod sentinel;
pub mod state_change;
mod stream_body;
mod stream_events;
mod type_fault;
mod unshowable;
mod value_place;
mod xml_document;
mod xml_error;
mod xml_events;
mod xml_malformed;
mod xml_names;
mod xml_value;
mod xml_value_writer;

use std::fmt;

use serde_json::{Map, Value};
use thiserror::Error;

use super::{Request, Response, json::JsonDocument};
use crate::model::{BodyRules, Contract, Member, Operation, Shape, ShapeId, ShapeKind, TimestampFormat};

pub use aws_json::AwsJson;
pub use body_problem::{BodyLimit, BodyProblem};
use error_identity::IGNORED_UNION_MEMBERS;
pub use error_identity::{
    ERROR_HEADER, ERROR_MEMBER, ErrorIdentity, ErrorLocation, ErrorSource, QUERY_ERROR_HEADER, error_name,
};
pub use form::{FormLimit, FormPlace, FormProblem};
pub use http_binding::{HeaderListProblem, host_prefix, move_bucket_to_host};
pub use malformed_request::{MalformedOutcome, MalformedRequest, RequestChange};
use query_compatible::{QUERY, is_query_compatible};
pub use query_protocol::QueryProtocol;
pub use rejection_class::RejectionClass;
pub use rest_json::RestJson;
pub use rest_xml::RestXml;
pub use routing::{Recognition, RoutePart, RouteRole, RoutingError, called, is_rpc_line, split_call};
pub use rpc_v2::RpcV2;
pub use sentinel::{Sentinels, SubresourceRequests};
pub use stream_events::{
    EVENT_STREAM_TYPE, EventFault, EventPayload, EventPayloads, EventProblem, StreamEvents, StreamMessage, read_events,
    stream_member, write_message,
};
pub use type_fault::TypeFault;
pub use value_place::ValuePlace;

/// The header that carries the id of a request.
pub const REQUEST_ID_HEADER: &str = "x-amzn-requestid";

/// The headers that may carry the id of a request; S3 uses the second one.
pub const REQUEST_ID_HEADERS: [&str; 2] = [REQUEST_ID_HEADER, "x-amz-request-id"];

/// The headers that name the operation of a request, or the error of a response.
pub const IDENTITY_HEADERS: [&str; 2] = ["x-amz-target", "x-amzn-errortype"];

/// The protocols in which requests can be sent, one row each.
const SUPPORTED: [&dyn ServerProtocol; 8] = [
    &AwsJson::V1_0,
    &AwsJson::V1_1,
    &RestJson,
    &RestXml,
    &QueryProtocol::Aws,
    &QueryProtocol::Ec2,
    &RpcV2::Cbor,
    &RpcV2::Json,
];

/// A wire protocol as a client and a judge use it.
pub trait Protocol: fmt::Debug + Send + Sync {
    /// The name of the protocol trait without its namespace, such as `awsJson1_1`.
    fn id(&self) -> &'static str;

    /// The specification that the protocol is part of, as reports name it.
    fn specification(&self) -> &'static str;

    /// The document that a body is, with its article.
    fn document(&self) -> &'static str;

    /// The media type of the documents in responses, and in requests unless the protocol has another one for them.
    fn content_type(&self) -> &'static str;

    /// The media type that a response must have; `None` if it may have none or any.
    fn response_media_type<'c>(
        &self,
        _: &'c Contract,
        _: &'c Operation,
        _: &Response,
        _: &ParsedResponse,
    ) -> Option<&'c str> {
        Some(self.content_type())
    }

    /// The format of a timestamp whose model does not give one.
    fn timestamp_format(&self, location: TimestampLocation) -> TimestampFormat;

    /// The rules for bodies of every shape.
    fn body_rules(&self) -> BodyRules {
        BodyRules {
            timestamp_format: self.timestamp_format(TimestampLocation::Body),
            ignored_union_members: self.ignored_union_members(),
        }
    }

    /// The members that a union may have beside its own one.
    fn ignored_union_members(&self) -> &'static [&'static str];

    /// The part of a request that carries a top-level member of an input; without a member, the part that would carry
    /// further ones.
    fn place(&self, contract: &Contract, operation: &Operation, member: Option<&Member>) -> ValuePlace;

    /// The operation that is called by every request to this one, if no request tells them apart.
    fn successor<'c>(&self, _: &'c Contract, _: &Operation) -> Option<&'c Operation> {
        None
    }

    /// Returns whether a request without this member of the input may call another operation.
    fn distinguishes(&self, _: &Contract, _: &Operation, _: &Member) -> bool {
        false
    }

    /// Builds the request of an operation, without `host`, credentials and length.
    ///
    /// # Errors
    /// The protocol cannot carry the input.
    fn build_request(&self, contract: &Contract, operation: &Operation, input: &Value) -> Result<Request, BuildError>;

    /// The same request to an operation and to a service that no endpoint has. The presence check compares the
    /// responses to them.
    ///
    /// # Errors
    /// The protocol cannot build requests.
    fn sentinels(&self, contract: &Contract, operation: &Operation, request: &Request)
    -> Result<Sentinels, BuildError>;

    /// Returns true if a subresource distinguishes the operation from others of its method and path.
    fn has_subresource(&self, _: &Operation) -> bool {
        false
    }

    /// Requests that show whether an endpoint reads the subresource of a request; `None` if the operation has none.
    fn subresource(&self, _: &Contract, _: &Operation, _: &Request) -> Option<SubresourceRequests> {
        None
    }

    /// Requests that break the protocol, as changes of a valid one.
    fn malformed_requests(&self, contract: &Contract, operation: &Operation) -> Vec<MalformedRequest>;

    /// The operation as the request names it; `None` in protocols that name it by several parts of a request.
    fn call<'r>(&self, request: &'r Request) -> Option<&'r str>;

    /// Returns true if a request names this operation, whatever else is wrong with it.
    fn names(&self, contract: &Contract, operation: &Operation, request: &Request) -> bool {
        let plain = self.build_request(contract, operation, &Value::Object(Map::new())).ok();
        self.call(request) == plain.as_ref().and_then(|plain| self.call(plain))
    }

    /// Returns true if a request claims to be a call of this service in this protocol.
    fn is_claimed(&self, contract: &Contract, request: &Request) -> bool;

    /// Returns true if the response to a request must be in this protocol.
    fn binds_response(
        &self,
        contract: &Contract,
        request: &Request,
        response: &Response,
        parsed: &ParsedResponse,
    ) -> bool;

    /// Parses a response to a call of `operation`.
    fn parse_response(&self, contract: &Contract, operation: Option<&Operation>, response: &Response)
    -> ParsedResponse;

    /// The location that must hold the name of an error.
    fn error_location(&self) -> ErrorLocation;

    /// Returns true if clients read the body of a success that has no output.
    fn reads_every_body(&self) -> bool {
        true
    }

    /// Returns true if the model lists nearly all errors that AWS sends. Recorded AWS sends 621 of 922 errors of the XML
    /// protocols and of CBOR undeclared.
    fn lists_errors(&self) -> bool {
        true
    }

    /// Returns true if AWS sends an error with the status that the model declares: it does in all 424 recorded errors of
    /// these protocols.
    fn keeps_error_status(&self) -> bool {
        false
    }

    /// The HTTP status of an error that the model declares.
    fn error_status(&self, error: &Shape) -> u16 {
        error.error_status()
    }

    /// The HTTP status of a success.
    fn success_status(&self, operation: &Operation) -> u16;

    /// Compares the status of a success with the one that the operation has.
    fn compare_success_status(&self, _: &Contract, operation: &Operation, actual: u16) -> SuccessStatus {
        let expected = self.success_status(operation);
        if actual == expected { SuccessStatus::Expected } else { SuccessStatus::Wrong { expected } }
    }
}

/// A wire protocol as a server uses it: the reference implementation and its mutants.
pub trait ServerProtocol: Protocol {
    /// The parts of a request by which the protocol finds the operation.
    fn route_parts(&self) -> &'static [RoutePart];

    /// Reads how much of the protocol and the service a request names. Other faults of the request do not matter.
    fn recognize(&self, contract: &Contract, request: &Request) -> Recognition;

    /// Finds the operation that a request calls.
    ///
    /// # Errors
    /// The request calls no operation of the service in this protocol.
    fn route<'c>(&self, contract: &'c Contract, request: &Request) -> Result<&'c Operation, RoutingError>;

    /// The name of the error that the protocol's services send for a request that calls no operation.
    fn routing_error_name(&self, _: &RoutingError) -> &'static str {
        RoutingError::NAME
    }

    /// The name of the error that the protocol's services send for a request without a readable input.
    fn input_error_name(&self, error: &InputError) -> &'static str {
        error.name()
    }

    /// The name of the error that the protocol's services send for an input that violates a constraint; `is_missing`: a
    /// required member is absent.
    fn constraint_error_name(&self, _is_missing: bool) -> &'static str {
        "ValidationException"
    }

    /// The name of an authentication error, by its name in the JSON protocols.
    fn auth_error_name(&self, name: &'static str) -> &'static str {
        name
    }

    /// Parses the input of a call.
    ///
    /// # Errors
    /// The body is not in the protocol's format.
    fn parse_input(&self, contract: &Contract, operation: &Operation, request: &Request) -> Result<Value, InputError>;

    /// Writes the response of a success, without length, date and request id.
    fn write_output(&self, contract: &Contract, operation: &Operation, output: &Value) -> Response;

    /// Writes the response of an error, without length, date and request id. There is no contract if no service was
    /// found.
    fn write_error(&self, contract: Option<&Contract>, error: &ErrorResponse<'_>) -> Response;
}

/// The part of a message that holds a timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimestampLocation {
    /// A body.
    Body,
    /// A header.
    Header,
    /// A label of the path, or a query parameter.
    Uri,
}

/// The status of a success, compared with the one that the operation has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SuccessStatus {
    /// The same.
    Expected,
    /// Another one, which AWS itself sends in some cases.
    Tolerated {
        /// The status that the operation has.
        expected: u16,
    },
    /// Another one.
    Wrong {
        /// The status that the operation has.
        expected: u16,
    },
}

/// A parsed response.
#[derive(Debug, Clone, PartialEq)]
pub struct ParsedResponse {
    /// The error, if the request was rejected; `None` for a success.
    pub rejection: Option<ErrorIdentity>,
    /// The output or the members of the error, if the body could be parsed; with the digits of its numbers.
    pub value: Option<Value>,
    /// The problems of the body.
    pub problems: Vec<BodyProblem>,
    /// The reason why a valid body has no value here. Nothing in the response can be judged then.
    pub limit: Option<BodyLimit>,
}

impl From<JsonDocument> for ParsedResponse {
    fn from(document: JsonDocument) -> Self {
        Self {
            rejection: None,
            value: document.value,
            problems: document.problems.into_iter().map(Into::into).collect(),
            limit: document.limit.map(Into::into),
        }
    }
}

impl ParsedResponse {
    /// The name of the error, if the response gives one.
    #[must_use]
    pub fn error(&self) -> Option<&str> {
        self.rejection.as_ref()?.name.as_deref()
    }
}

/// An error to be written.
#[derive(Debug, Clone, Copy)]
pub struct ErrorResponse<'a> {
    /// The name without a namespace.
    pub name: &'a str,
    /// The shape, if the operation declares the error.
    pub shape: Option<&'a Shape>,
    /// The HTTP status.
    pub status: u16,
    /// The message.
    pub message: &'a str,
    /// The members of the error, as a value of its shape; `None` if it has none but the message.
    pub members: Option<&'a Value>,
}

impl ErrorResponse<'_> {
    /// The members, with the message under the name that the shape gives it.
    fn members_with_message(&self) -> Map<String, Value> {
        let mut members = self.members.and_then(Value::as_object).cloned().unwrap_or_default();
        let has_message = members.keys().any(|name| name.eq_ignore_ascii_case(MESSAGE));
        if !has_message && (self.members.is_none() || !self.message.is_empty()) {
            members.insert(self.message_member().to_owned(), self.message.into());
        }
        members
    }

    fn message_member(&self) -> &str {
        let Some(ShapeKind::Structure(members)) = self.shape.map(|shape| &shape.kind) else { return MESSAGE };
        let mut names = members.iter().map(|member| member.name.as_str());
        names.find(|name| name.eq_ignore_ascii_case(MESSAGE)).unwrap_or(MESSAGE)
    }
}

/// The member that holds the message of an error which no model declares.
const MESSAGE: &str = "message";

impl<'a> ErrorResponse<'a> {
    /// The error that a server sends for an output that it cannot write.
    fn internal_failure(message: &'a str) -> Self {
        Self { name: "InternalFailure", shape: None, status: 500, message, members: None }
    }
}

/// A request body that is not an input.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InputError {
    /// Not in the format of the protocol.
    #[error("The body is {0}")]
    Body(BodyProblem),
    /// In the format, but with a property that this program does not support.
    #[error("The body is {0}")]
    Limit(BodyLimit),
    /// JSON, but not an object.
    #[error("The body is not a JSON object")]
    NotAnObject,
    /// In the format, but with a value that its shape cannot have.
    #[error("The value {0}")]
    Type(TypeFault),
    /// The body has another media type than the operation, or none.
    #[error("The operation does not take a body of this content type")]
    MediaType,
    /// The request does not accept the media type of the response.
    #[error("The operation does not respond with an accepted media type")]
    NotAcceptable,
}

impl InputError {
    /// The name of the error that servers send.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::MediaType => "UnsupportedMediaTypeException",
            Self::NotAcceptable => "NotAcceptableException",
            _ => "SerializationException",
        }
    }

    /// The HTTP status that servers send.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::MediaType => 415,
            Self::NotAcceptable => 406,
            _ => 400,
        }
    }
}

/// An input that a protocol cannot carry.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("cannot build a {protocol} request for {operation}: {problem}")]
pub struct BuildError {
    /// The protocol.
    pub protocol: &'static str,
    /// The operation.
    pub operation: String,
    /// The problem.
    pub problem: String,
}

impl BuildError {
    fn new(protocol: &dyn Protocol, operation: &Operation, problem: String) -> Self {
        Self { protocol: protocol.id(), operation: operation.name.clone(), problem }
    }
}

/// A service with no supported protocol.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{service} uses {used}; supported protocols: {supported}")]
pub struct UnknownProtocol {
    /// The service.
    pub service: String,
    /// Its protocols.
    pub used: String,
    /// The supported protocols.
    pub supported: String,
}

/// The names of the protocols in which requests can be sent.
#[must_use]
pub fn supported_protocols() -> Vec<&'static str> {
    SUPPORTED.map(Protocol::id).to_vec()
}

/// The protocol of that name, such as `awsJson1_1`.
#[must_use]
pub fn protocol_named(id: &str) -> Option<&'static dyn ServerProtocol> {
    SUPPORTED.into_iter().find(|protocol| protocol.id() == id)
}

/// The other supported protocols of a service: those of its model, and the one that it used to speak.
#[must_use]
pub fn other_protocols(contract: &Contract, used: &str) -> Vec<&'static str> {
    let listed = contract.service().protocols.iter().map(ShapeId::name);
    let former = is_query_compatible(contract).then_some(QUERY);
    let mut others: Vec<&'static str> = Vec::new();
    for protocol in listed.chain(former).filter(|id| *id != used).filter_map(protocol_named) {
        if !others.contains(&protocol.id()) {
            others.push(protocol.id());
        }
    }
    others
}

/// The protocol in which requests to a service are sent: the first of its model that is supported.
///
/// # Errors
/// None is supported.
pub fn protocol_of(contract: &Contract) -> Result<&'static dyn ServerProtocol, UnknownProtocol> {
    let service = contract.service();
    service.protocols.iter().find_map(|id| protocol_named(id.name())).ok_or_else(|| {
        let names = service.protocols.iter().map(ShapeId::name).collect::<Vec<_>>().join(", ");
        UnknownProtocol {
            service: service.id.name().to_owned(),
            used: if names.is_empty() { "no protocol that its model names".to_owned() } else { names },
            supported: SUPPORTED.map(Protocol::id).join(", "),
        }
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn of(traits: &str) -> Result<&'static str, String> {
        let model = format!(
            r#"{{"smithy":"2.0","shapes":{{"x#S":{{"type":"service","version":"1","operations":[],"traits":{{{traits}}}}}}}}}"#
        );
        let contract = crate::model::read("m", &model).unwrap();
        protocol_of(&contract).map(Protocol::id).map_err(|error| error.to_string())
    }

    #[rstest]
    #[case(r#""aws.protocols#awsJson1_0":{}"#, "awsJson1_0")]
    #[case(r#""aws.protocols#awsJson1_1":{}"#, "awsJson1_1")]
    #[case(r#""aws.protocols#restJson1":{}"#, "restJson1")]
    #[case(r#""aws.protocols#restXml":{},"aws.protocols#awsJson1_1":{}"#, "awsJson1_1")]
    fn the_first_supported_protocol_is_used(#[case] traits: &str, #[case] expected: &str) {
        assert_eq!(of(traits), Ok(expected));
    }

    #[rstest]
    #[case::one("", &[])]
    #[case::another(r#","smithy.protocols#rpcv2Cbor":{}"#, &["rpcv2Cbor"])]
    #[case::unsupported(r#","smithy.protocols#soap":{}"#, &[])]
    #[case::former(r#","smithy.protocols#rpcv2Cbor":{},"aws.protocols#awsQueryCompatible":{}"#, &["rpcv2Cbor", "awsQuery"])]
    #[case::former_and_listed(r#","aws.protocols#awsQuery":{},"aws.protocols#awsQueryCompatible":{}"#, &["awsQuery"])]
    fn a_service_may_have_other_protocols(#[case] traits: &str, #[case] expected: &[&str]) {
        let model = format!(
            r#"{{"smithy":"2.0","shapes":{{"x#S":{{"type":"service","operations":[],"traits":{{"aws.protocols#awsJson1_0":{{}}{traits}}}}}}}}}"#
        );
        let contract = crate::model::read("m", &model).unwrap();
        assert_eq!(other_protocols(&contract, "awsJson1_0"), expected);
    }

    #[rstest]
    #[case(r#""smithy.protocols#soap":{}"#, "S uses no protocol that its model names")]
    #[case("", "S uses no protocol that its model names")]
    fn an_unsupported_protocol_is_an_error_that_names_it(#[case] traits: &str, #[case] expected: &str) {
        let known = "awsJson1_0, awsJson1_1, restJson1, restXml, awsQuery, ec2Query, rpcv2Cbor, rpcv2Json";
        assert_eq!(of(traits), Err(format!("{expected}; supported protocols: {known}")));
    }

    #[test]
    fn a_request_names_its_operation_in_every_protocol_and_a_sentinel_names_none() {
        let model = r#"{"smithy":"2.0","shapes":{
            "x#S":{"type":"service","version":"2010-05-08","operations":[{"target":"x#Op"},{"target":"x#Other"}]},
            "x#Op":{"type":"operation","traits":{"smithy.api#http":{"method":"POST","uri":"/op"}}},
            "x#Other":{"type":"operation","traits":{"smithy.api#http":{"method":"POST","uri":"/other"}}}}}"#;
        let contract = crate::model::read("m", model).unwrap();
        let [operation, other] = ["Op", "Other"].map(|name| contract.operation(name).unwrap());
        for protocol in SUPPORTED {
            let request = protocol.build_request(&contract, operation, &Value::Object(Map::new())).unwrap();
            let sentinels = protocol.sentinels(&contract, operation, &request).unwrap();
            let names = |operation, request| protocol.names(&contract, operation, request);
            assert!(names(operation, &request) && !names(other, &request), "{protocol:?}");
            assert!(!names(operation, &sentinels.unknown_operation), "{protocol:?}");
        }
    }
}
