//! The server's side: requests are read, responses are written, malformed requests are rejected.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use wireproof::{
    Request,
    internals::{
        model::{DefaultsBy, PayloadSide, Schemas, ShapeId},
        wire::{
            compression::{called_operation, uncompressed},
            protocol::ErrorResponse,
        },
    },
};

use super::{TestedService, case::ProtocolTest, sameness};

/// The longest body without its compression.
const BODY_LIMIT: usize = 1 << 20;

impl TestedService {
    /// A value as a server completes it.
    fn completed(&self, shape: &ShapeId, value: &Value) -> Value {
        let format = self.protocol.body_rules().timestamp_format;
        self.contract.with_defaults(shape, value, DefaultsBy::Server, format)
    }
}

/// The request that a test states. One that states a compressed body states no bytes, since compressors differ: then it is
/// the one that the client built, which the client's side of the test compares with what is stated.
fn received(service: &TestedService, test: &ProtocolTest) -> Result<Request> {
    let is_compressed = test.message.headers.get("Content-Encoding").is_some_and(|coding| coding.ends_with("gzip"));
    if is_compressed && test.message.body.is_none() {
        return service.built(service.operation(test)?, test);
    }
    let mut request = test.message.request()?;
    if let Some(host) = test.resolved_host.as_ref().or(test.host.as_ref()) {
        request.headers.push("host", host);
    }
    Ok(request)
}

pub(super) fn reads(service: &TestedService, test: &ProtocolTest) -> Result<()> {
    let request = received(service, test)?;
    let operation = called_operation(service.protocol, &service.contract, &request, BODY_LIMIT)?;
    ensure!(operation.name == test.operation, "routed to {}", operation.name);
    let request = uncompressed(operation, &request, BODY_LIMIT)?;
    let input = service.protocol.parse_input(&service.contract, operation, &request)?;
    let input = service.completed(&operation.input, &input);
    service.compare(&operation.input, &service.value(&operation.input, &test.params), &input)
}

pub(super) fn writes(service: &TestedService, test: &ProtocolTest) -> Result<()> {
    let operation = service.operation(test)?;
    let output = service.completed(&operation.output, &service.value(&operation.output, &test.params));
    let written = service.protocol.write_output(&service.contract, operation, &output);
    ensure!(Some(written.status) == test.message.code, "the status is {}", written.status);
    // The transport adds the length.
    let mut headers = written.headers.clone();
    headers.push("content-length", written.body.len().to_string());
    sameness::headers(&test.message, &headers)?;
    sameness::body(&test.message, &written.body)
}

pub(super) fn writes_error(service: &TestedService, test: &ProtocolTest) -> Result<()> {
    let id = service.error_shape(test)?;
    let shape = service.contract.shape(&id).context("no shape")?;
    let members = service.value(&id, &test.params);
    let message = members.get("message").or_else(|| members.get("Message"));
    let message = message.and_then(Value::as_str).unwrap_or_default();
    let status = service.protocol.error_status(shape);
    let error = ErrorResponse { name: id.name(), shape: Some(shape), status, message, members: Some(&members) };
    let written = service.protocol.write_error(Some(&service.contract), &error);
    ensure!(Some(written.status) == test.message.code, "the status is {}", written.status);
    sameness::headers(&test.message, &written.headers)?;
    sameness::body(&test.message, &written.body)
}

pub(super) fn rejects(service: &TestedService, test: &ProtocolTest) -> Result<()> {
    let request = test.request.as_ref().context("no request")?.request()?;
    let stated = test.response.as_ref().context("no response")?;
    let rejection = rejection(service, &request)?.context("accepted")?;
    let name = stated.headers.get("x-amzn-errortype").map_or("", String::as_str);
    ensure!(rejection == (stated.code, name), "{rejection:?} instead of {:?}", (stated.code, name));
    Ok(())
}

/// The status and the name of the error that a server sends; `None` if it accepts the request.
fn rejection(service: &TestedService, request: &Request) -> Result<Option<(u16, &'static str)>> {
    let operation = match service.protocol.route(&service.contract, request) {
        Ok(operation) => operation,
        Err(error) => return Ok(Some((error.status(), service.protocol.routing_error_name(&error)))),
    };
    let input = match service.protocol.parse_input(&service.contract, operation, request) {
        Ok(input) => input,
        Err(error) => return Ok(Some((error.status(), service.protocol.input_error_name(&error)))),
    };
    let schemas = Schemas::new(Arc::new(service.contract.clone()), service.protocol.body_rules());
    let violations = schemas.violations(&operation.input, PayloadSide::Input, &input)?;
    Ok((!violations.is_empty()).then_some((400, "ValidationException")))
}
