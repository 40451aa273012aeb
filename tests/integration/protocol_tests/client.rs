//! The client's side: requests are built, responses are read.

use anyhow::{Context as _, Result, bail, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Value, json};
use wireproof::internals::{
    model::{Operation, ShapeId},
    wire::{
        RestJson,
        checksum::add_checksum,
        protocol::{StreamMessage, read_events, stream_member},
    },
};

use super::{TestedService, case::ProtocolTest, sameness};

impl TestedService {
    pub(super) fn operation(&self, test: &ProtocolTest) -> Result<&Operation> {
        self.contract.operation(&test.operation).with_context(|| format!("no operation {}", test.operation))
    }

    pub(super) fn error_shape(&self, test: &ProtocolTest) -> Result<ShapeId> {
        let name = test.error.as_deref().context("the test names no error")?;
        let shape = self.contract.shapes().find(|shape| shape.id.name() == name);
        Ok(shape.with_context(|| format!("no error {name}"))?.id.clone())
    }

    pub(super) fn compare(&self, shape: &ShapeId, expected: &Value, actual: &Value) -> Result<()> {
        let [expected, actual] = [expected, actual].map(|value| self.comparable(shape, value));
        ensure!(expected == actual, "{actual} instead of {expected}");
        Ok(())
    }
}

pub(super) fn builds(service: &TestedService, test: &ProtocolTest) -> Result<()> {
    let operation = service.operation(test)?;
    let input = service.value(&operation.input, &test.params);
    let mut built = service.protocol.build_request(&service.contract, operation, &input)?;
    add_checksum(operation, &input, &mut built);
    let stated = &test.message;
    let path = built.target.split('?').next().unwrap_or_default();
    ensure!(Some(built.method.as_str()) == stated.method.as_deref(), "the method is {}", built.method);
    let uri = stated.uri.as_deref().unwrap_or_default();
    ensure!(path == uri.split('?').next().unwrap_or_default(), "the path is {path} instead of {uri}");
    sameness::query(stated, &built.target)?;
    // The transport adds the length.
    let mut headers = built.headers.clone();
    if !built.body.is_empty() {
        headers.push("content-length", built.body.len().to_string());
    }
    sameness::headers(stated, &headers)?;
    sameness::body(stated, &built.body)
}

pub(super) fn reads(service: &TestedService, test: &ProtocolTest) -> Result<()> {
    let operation = service.operation(test)?;
    let parsed = service.protocol.parse_response(&service.contract, Some(operation), &test.message.response()?);
    ensure!(parsed.rejection.is_none(), "read as an error: {:?}", parsed.rejection);
    ensure!(parsed.problems.is_empty() && parsed.limit.is_none(), "{:?} {:?}", parsed.problems, parsed.limit);
    let expected = service.value(&operation.output, &test.params);
    service.compare(&operation.output, &expected, &parsed.value.context("no value")?)
}

pub(super) fn reads_error(service: &TestedService, test: &ProtocolTest) -> Result<()> {
    let operation = service.operation(test)?;
    let parsed = service.protocol.parse_response(&service.contract, Some(operation), &test.message.response()?);
    let name = parsed.error().context("no error was read")?;
    let id = service.error_shape(test)?;
    let declared = service.contract.error(operation, name).with_context(|| format!("read as {name}"))?;
    ensure!(declared.id == id, "read as {name}");
    let is_empty = test.message.body.as_deref().unwrap_or_default().is_empty();
    let members = parsed.value.or_else(|| is_empty.then(|| json!({}))).context("no value")?;
    service.compare(&id, &service.value(&id, &test.params), &members)
}

/// Reads the frames of a stream, also of those that a client sends.
pub(super) fn reads_events(service: &TestedService, test: &ProtocolTest) -> Result<()> {
    let operation = service.operation(test)?;
    for event in test.events.iter().flatten() {
        let Some(bytes) = &event.bytes else { continue };
        let shape = if event.direction == "request" { &operation.input } else { &operation.output };
        let union = &stream_member(&service.contract, shape).context("the shape has no stream")?.target;
        let read = read_events(&service.contract, shape, union, &RestJson, &BASE64.decode(bytes)?);
        let value = match read.messages.as_slice() {
            [StreamMessage::Event(value) | StreamMessage::Exception(value)] => Some(value),
            _ => None,
        };
        match (event.params.is_empty(), value) {
            (false, Some(value)) => service.compare(union, &service.value(union, &event.params), value)?,
            (_, None) if test.expects_failure() => {
                let is_error = matches!(read.messages.as_slice(), [StreamMessage::Error { .. }]);
                ensure!(is_error || !read.problems.is_empty(), "{:?}", read.messages);
            }
            (true, _) => ensure!(value.is_none() || !read.problems.is_empty(), "read as {value:?}"),
            (false, None) => bail!("{:?} {:?}", read.messages, read.problems),
        }
    }
    Ok(())
}
