//! The client's side: requests are built, responses are read.

use anyhow::{Context as _, Result, bail, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Value, json};
use wireproof::internals::{
    model::{DefaultsBy, Operation, ShapeId},
    wire::{
        Request, RestJson,
        checksum::add_checksum,
        client_style::{ClientCall, ClientStyle, S3Addressing, put_below},
        protocol::{StreamMessage, read_events, stream_member},
    },
};

use super::{TestedService, case::ProtocolTest, sameness};

impl TestedService {
    pub(super) fn operation(&self, test: &ProtocolTest) -> Result<&Operation> {
        self.contract.operation(&test.operation).with_context(|| format!("no operation {}", test.operation))
    }

    /// The request of a test, as a client in the style of an SDK sends it.
    pub(super) fn built(&self, operation: &Operation, test: &ProtocolTest) -> Result<Request> {
        let endpoint = test.host.as_deref().unwrap_or("example.com");
        let (host, path) = endpoint.find('/').map_or((endpoint, ""), |at| endpoint.split_at(at));
        let call = ClientCall {
            protocol: self.protocol,
            contract: &self.contract,
            operation,
            host,
            token: "00000000-0000-4000-8000-000000000000",
        };
        let style = ClientStyle { completes: true, s3_addressing: addressing(test) };
        let params = self.value(&operation.input, &test.params);
        let input = style.input(call, &params);
        let mut request = style.request(call, &input)?;
        add_checksum(&self.contract, operation, &input, &mut request);
        put_below(path, &mut request);
        Ok(request)
    }

    /// The value that a client has of an output.
    fn received(&self, operation: &Operation, output: &Value) -> Value {
        let format = self.protocol.body_rules().timestamp_format;
        self.contract.with_defaults(&operation.output, output, DefaultsBy::ClientOutput, format)
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

/// The setting of the operation, else that of the client. Without any, a host names the bucket.
fn addressing(test: &ProtocolTest) -> S3Addressing {
    let config = &test.vendor_params["scopedConfig"];
    let set = |level: &str| config[level]["s3"]["addressing_style"].as_str();
    match set("operation").or_else(|| set("client")) {
        Some("path") => S3Addressing::Path,
        _ => S3Addressing::VirtualHost,
    }
}

pub(super) fn builds(service: &TestedService, test: &ProtocolTest) -> Result<()> {
    let operation = service.operation(test)?;
    let built = service.built(operation, test)?;
    let stated = &test.message;
    if let Some(host) = test.resolved_host.as_ref().or(test.host.as_ref()) {
        let host = host.split('/').next();
        ensure!(built.headers.get("host") == host, "the host is {:?} instead of {host:?}", built.headers.get("host"));
    }
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
    // An operation without output may respond with nothing at all.
    let nothing = || operation.output.is_unit().then(|| json!({}));
    let received = service.received(operation, &parsed.value.or_else(nothing).context("no value")?);
    service.compare(&operation.output, &expected, &received)
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
