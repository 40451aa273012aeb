//! The server's side: requests are read, responses are written, malformed requests are rejected.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use wireproof::{
    Request,
    internals::{
        model::{PayloadSide, Schemas},
        wire::protocol::ErrorResponse,
    },
};

use super::{TestedService, case::ProtocolTest, sameness};

pub(super) fn reads(service: &TestedService, test: &ProtocolTest) -> Result<()> {
    let request = test.message.request()?;
    let operation = service.protocol.route(&service.contract, &request)?;
    ensure!(operation.name == test.operation, "routed to {}", operation.name);
    let input = service.protocol.parse_input(&service.contract, operation, &request)?;
    service.compare(&operation.input, &service.value(&operation.input, &test.params), &input)
}

pub(super) fn writes(service: &TestedService, test: &ProtocolTest) -> Result<()> {
    let operation = service.operation(test)?;
    let output = service.value(&operation.output, &test.params);
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
    let message = message.and_then(serde_json::Value::as_str).unwrap_or_default();
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
