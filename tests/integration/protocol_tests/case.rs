//! One protocol test as the files state it.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value};
use wireproof::{Headers, Request, Response, internals::wire::json};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum TestKind {
    Request,
    Response,
    ErrorResponse,
    Malformed,
    EventStream,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProtocolTest {
    pub(super) protocol: String,
    pub(super) kind: TestKind,
    pub(super) service: Option<String>,
    pub(super) operation: String,
    pub(super) id: String,
    pub(super) error: Option<String>,
    #[serde(default)]
    pub(super) params: Map<String, Value>,
    #[serde(flatten)]
    pub(super) message: Message,
    pub(super) request: Option<Message>,
    pub(super) response: Option<MalformedResponse>,
    pub(super) events: Option<Vec<StreamEvent>>,
    #[serde(default)]
    expectation: Map<String, Value>,
    applies_to: Option<String>,
    /// The host of the endpoint, with its path if it has one.
    pub(super) host: Option<String>,
    /// The host that the request names, if it is another one.
    pub(super) resolved_host: Option<String>,
    /// Settings of a client.
    #[serde(default)]
    pub(super) vendor_params: Value,
}

/// A request or a response. What is absent is not stated.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Message {
    pub(super) method: Option<String>,
    pub(super) uri: Option<String>,
    pub(super) code: Option<u16>,
    #[serde(default)]
    pub(super) query_params: Vec<String>,
    #[serde(default)]
    pub(super) forbid_query_params: Vec<String>,
    #[serde(default)]
    pub(super) require_query_params: Vec<String>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) forbid_headers: Vec<String>,
    #[serde(default)]
    pub(super) require_headers: Vec<String>,
    pub(super) body: Option<String>,
    pub(super) body_media_type: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct MalformedResponse {
    pub(super) code: u16,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct StreamEvent {
    #[serde(rename = "type")]
    pub(super) direction: String,
    #[serde(default)]
    pub(super) params: Map<String, Value>,
    pub(super) bytes: Option<String>,
}

impl ProtocolTest {
    pub(super) fn parse(line: &str) -> Result<Self> {
        let mut test: Self = serde_json::from_str(line)?;
        // With all digits of its numbers.
        let exact = json::value(line.as_bytes()).and_then(|mut test| test.get_mut("params").map(Value::take));
        if let Some(Value::Object(params)) = exact {
            test.params = params;
        }
        Ok(test)
    }

    /// A reader of the stream must report an error.
    pub(super) fn expects_failure(&self) -> bool {
        self.expectation.contains_key("failure")
    }

    pub(super) fn is_for(&self, client: bool) -> bool {
        self.applies_to.as_deref().is_none_or(|side| (side == "client") == client)
    }
}

impl Message {
    pub(super) fn has_cbor(&self) -> bool {
        let header = self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let media_types = [self.body_media_type.as_deref(), header.map(|(_, value)| value.as_str())];
        media_types.contains(&Some("application/cbor"))
    }

    /// The bytes of the body; CBOR is written in base64.
    pub(super) fn bytes(&self) -> Result<Bytes> {
        let body = self.body.clone().unwrap_or_default();
        Ok(if self.has_cbor() { BASE64.decode(&body)?.into() } else { body.into() })
    }

    pub(super) fn request(&self) -> Result<Request> {
        let mut target = self.uri.clone().context("no URI")?;
        if !self.query_params.is_empty() {
            target.push(if target.contains('?') { '&' } else { '?' });
            target.push_str(&self.query_params.join("&"));
        }
        Ok(Request {
            method: self.method.clone().context("no method")?,
            target,
            headers: self.fields(),
            body: self.bytes()?,
            ..Request::default()
        })
    }

    pub(super) fn response(&self) -> Result<Response> {
        let status = self.code.context("no status")?;
        Ok(Response { status, headers: self.fields(), body: self.bytes()?, ..Response::default() })
    }

    fn fields(&self) -> Headers {
        self.headers.iter().collect()
    }
}
