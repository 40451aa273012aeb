//! The server's side: requests are read, responses are written, malformed requests are rejected.

use anyhow::{Context as _, Result, ensure};
use wireproof::internals::wire::protocol::ErrorResponse;

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
    sameness::headers(&test.message, &written.headers)?;
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
    let routed = service.protocol.route(&service.contract, &request);
    let rejected = match routed {
        Err(error) => Err(anyhow::Error::from(error)),
        Ok(operation) => {
            service.protocol.parse_input(&service.contract, operation, &request).map(drop).map_err(Into::into)
        }
    };
    ensure!(rejected.is_err(), "accepted instead of {} {:?}", stated.code, stated.headers);
    Ok(())
}
