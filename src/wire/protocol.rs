//! What every AWS protocol must do for the harness.

use std::fmt;

use serde_json::Value;
use thiserror::Error;

use super::{AwsJson, ErrorIdentity, Request, Response, json::JsonProblem};
use crate::model::{Contract, Operation};

/// A wire protocol: builds requests from an operation and its input, and reads answers without trusting them.
///
/// REST, query, XML and CBOR protocols fit the same three verbs: where their members travel (path, query,
/// header, body) is their own affair.
pub trait Protocol: fmt::Debug + Send + Sync {
    /// The name of the protocol trait without its namespace, such as `awsJson1_1`.
    fn id(&self) -> &'static str;

    /// The media type of request and response bodies.
    fn content_type(&self) -> &'static str;

    /// The request of an operation, without `host`, credentials or length.
    ///
    /// # Errors
    /// An input that this protocol cannot carry at all.
    fn request(&self, contract: &Contract, operation: &Operation, input: &Value) -> Result<Request, BuildError>;

    /// The same request, to an operation of another name; the survey of what is implemented asks for one.
    fn rename(&self, request: &mut Request, service: &str, operation: &str);

    /// Reads an answer.
    fn answer(&self, response: &Response) -> ParsedResponse;

    /// Whether every call is a POST that names its operation in a header; else method and path name it.
    fn calls_by_target(&self) -> bool {
        true
    }

    /// The HTTP status of a success.
    fn success_status(&self, _operation: &Operation) -> u16 {
        200
    }

    /// Whether that status binds: in the REST protocols AWS itself sends another 2xx now and then.
    fn fixes_success_status(&self) -> bool {
        true
    }

    /// Whether errors are named in the body; else the header is the place.
    fn names_errors_in_body(&self) -> bool {
        true
    }
}

/// An answer as a protocol reads it.
#[derive(Debug, Clone, PartialEq)]
pub struct ParsedResponse {
    /// The error that it names, where it is a refusal; `None` for a success.
    pub refusal: Option<ErrorIdentity>,
    /// The output or the error's members, where the body could be read.
    pub value: Option<Value>,
    /// What is wrong with the body, or worth a note.
    pub problems: Vec<JsonProblem>,
}

impl ParsedResponse {
    /// The name of the error, where it is a refusal that names one.
    #[must_use]
    pub fn error(&self) -> Option<&str> {
        self.refusal.as_ref()?.name.as_deref()
    }
}

/// An input that a protocol cannot carry.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{protocol} cannot carry the input of {operation}: {problem}")]
pub struct BuildError {
    /// The protocol.
    pub protocol: &'static str,
    /// The operation.
    pub operation: String,
    /// What is in the way.
    pub problem: String,
}

/// A service none of whose protocols is known here.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{service} speaks {protocols}; awsJson1_0 and awsJson1_1 are known here")]
pub struct UnknownProtocol {
    /// The service.
    pub service: String,
    /// What it speaks, or `no protocol that its model names`.
    pub protocols: String,
}

/// The protocol of a service: the first of its model that is known here.
///
/// # Errors
/// None is known.
pub fn protocol(contract: &Contract) -> Result<&'static dyn Protocol, UnknownProtocol> {
    let service = contract.service();
    let known = service.protocols.iter().find_map(|id| match id.name() {
        "awsJson1_0" => Some(&AwsJson::V1_0 as &'static dyn Protocol),
        "awsJson1_1" => Some(&AwsJson::V1_1 as &'static dyn Protocol),
        _ => None,
    });
    known.ok_or_else(|| {
        let names: Vec<&str> = service.protocols.iter().map(crate::model::ShapeId::name).collect();
        let protocols = if names.is_empty() { "no protocol that its model names".to_owned() } else { names.join(", ") };
        UnknownProtocol { service: service.id.name().to_owned(), protocols }
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
        protocol(&contract).map(Protocol::id).map_err(|error| error.to_string())
    }

    #[rstest]
    #[case(r#""aws.protocols#awsJson1_0":{}"#, "awsJson1_0")]
    #[case(r#""aws.protocols#awsJson1_1":{}"#, "awsJson1_1")]
    #[case(r#""aws.protocols#restJson1":{},"aws.protocols#awsJson1_1":{}"#, "awsJson1_1")]
    fn a_service_is_spoken_to_in_its_first_protocol_that_is_known(#[case] traits: &str, #[case] expected: &str) {
        assert_eq!(of(traits), Ok(expected));
    }

    #[rstest]
    #[case(r#""aws.protocols#restJson1":{}"#, "S speaks restJson1; awsJson1_0 and awsJson1_1 are known here")]
    #[case("", "S speaks no protocol that its model names; awsJson1_0 and awsJson1_1 are known here")]
    fn a_service_without_a_known_protocol_is_refused_by_what_it_speaks(#[case] traits: &str, #[case] expected: &str) {
        assert_eq!(of(traits), Err(expected.to_owned()));
    }
}
