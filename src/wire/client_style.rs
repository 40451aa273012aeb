//! How a client completes and addresses its requests: exactly as they are given, or as an AWS SDK does.

use std::{borrow::Cow, net::Ipv4Addr};

use serde_json::Value;

use super::{
    BuildError, Protocol, Request,
    compression::compress,
    protocol::{host_prefix, move_bucket_to_host},
};
use crate::model::{Contract, DefaultsBy, Operation};

/// The part of a request to S3 that names the bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum S3Addressing {
    /// The path.
    #[default]
    Path,
    /// The host, for every bucket that a host name can hold.
    VirtualHost,
}

/// What a client adds to the requests of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClientStyle {
    /// Adds what SDKs add: the default values of absent members, idempotency tokens, host prefixes and compression.
    pub completes: bool,
    /// The part of a request that names the bucket.
    pub s3_addressing: S3Addressing,
}

/// A call to be written as a request.
#[derive(Debug, Clone, Copy)]
pub struct ClientCall<'a> {
    /// The protocol.
    pub protocol: &'a dyn Protocol,
    /// The model.
    pub contract: &'a Contract,
    /// The operation.
    pub operation: &'a Operation,
    /// The value of the header `host` for requests to no operation in particular.
    pub host: &'a str,
    /// An idempotency token.
    pub token: &'a str,
}

impl ClientStyle {
    /// The style in which nothing is added, and buckets are where this one has them.
    #[must_use]
    pub fn without_additions(self) -> Self {
        Self { completes: false, ..self }
    }

    /// The input that is sent.
    #[must_use]
    pub fn input<'v>(self, call: ClientCall<'_>, input: &'v Value) -> Cow<'v, Value> {
        if !self.completes {
            return Cow::Borrowed(input);
        }
        let format = call.protocol.body_rules().timestamp_format;
        let mut input = call.contract.with_defaults(&call.operation.input, input, DefaultsBy::ClientInput, format);
        for member in call.contract.members(&call.operation.input) {
            let is_token = member.traits.get("smithy.api#idempotencyToken").is_some();
            if let Some(members) = input.as_object_mut().filter(|_| is_token) {
                members.entry(member.name.as_str()).or_insert_with(|| call.token.into());
            }
        }
        Cow::Owned(input)
    }

    /// Builds the request of an input with its host, without credentials and length.
    ///
    /// # Errors
    /// The protocol cannot carry the input.
    pub fn request(self, call: ClientCall<'_>, input: &Value) -> Result<Request, BuildError> {
        let mut request = call.protocol.build_request(call.contract, call.operation, input)?;
        let own = self.completes.then(|| call.own_host(input)).flatten();
        request.headers.set("host", own.as_deref().unwrap_or(call.host));
        if self.s3_addressing == S3Addressing::VirtualHost {
            move_bucket_to_host(call.contract, call.operation, &named(call.host), &mut request);
        }
        if self.completes {
            compress(call.contract, call.operation, &mut request);
        }
        Ok(request)
    }
}

impl ClientCall<'_> {
    /// The host that an operation has for itself.
    fn own_host(self, input: &Value) -> Option<String> {
        let prefix = host_prefix(self.contract, self.operation, input);
        let given = || Some(host_of(input.get(self.endpoint_member()?)?.as_str()?)?.to_owned());
        prefix.map(|prefix| format!("{prefix}{}", named(self.host))).or_else(given)
    }

    /// The member of an input that names the endpoint to call.
    fn endpoint_member(self) -> Option<&'static str> {
        let service = self.contract.service().traits.get("aws.api#service")?;
        (service.get("sdkId")? == "Machine Learning" && self.operation.name == "Predict").then_some("PredictEndpoint")
    }
}

/// The host of a URL, with its port.
fn host_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    (!host.is_empty() && host.bytes().all(is_host)).then_some(host)
}

/// Puts a request below the path of its endpoint. A target that is not a path is a fault on purpose.
pub fn put_below(prefix: &str, request: &mut Request) {
    if request.target.starts_with('/') {
        request.target.insert_str(0, prefix);
    }
}

/// The host with a name: an address has no names below it.
fn named(host: &str) -> Cow<'_, str> {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    };
    if !name.starts_with('[') && name.parse::<Ipv4Addr>().is_err() {
        return Cow::Borrowed(host);
    }
    Cow::Owned(port.map_or_else(|| LOCALHOST.to_owned(), |port| format!("{LOCALHOST}:{port}")))
}

/// The name of an endpoint that has only an address.
const LOCALHOST: &str = "localhost";

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::{model::read, wire::AwsJson};

    const MODEL: &str = r#"{"smithy":"2.0","shapes":{
        "x#S":{"type":"service","operations":[{"target":"x#Put"}],"traits":{"aws.protocols#awsJson1_0":{}}},
        "x#Put":{"type":"operation","input":{"target":"x#In"},"traits":{
            "smithy.api#endpoint":{"hostPrefix":"data."},"smithy.api#requestCompression":{"encodings":["gzip"]}}},
        "x#In":{"type":"structure","members":{
            "token":{"target":"smithy.api#String","traits":{"smithy.api#idempotencyToken":{}}},
            "part":{"target":"x#Part"}}},
        "x#Part":{"type":"structure","members":{
            "count":{"target":"smithy.api#Integer","traits":{"smithy.api#default":7}},
            "text":{"target":"smithy.api#String"}}}}}"#;

    const SDK: ClientStyle = ClientStyle { completes: true, s3_addressing: S3Addressing::Path };

    fn sent(style: ClientStyle, input: &Value) -> (Value, Request) {
        let contract = read("m", MODEL).unwrap();
        let operation = contract.operation("Put").unwrap();
        let call =
            ClientCall { protocol: &AwsJson::V1_0, contract: &contract, operation, host: "127.0.0.1:9", token: "t" };
        let input = style.input(call, input).into_owned();
        let request = style.request(call, &input).unwrap();
        (input, request)
    }

    #[test]
    fn nothing_is_added_by_default() {
        let input = json!({"part": {"text": null}});
        let (sent, request) = sent(ClientStyle::default(), &input);
        assert_eq!((sent, request.headers.get("host")), (input, Some("127.0.0.1:9")));
    }

    #[test]
    fn an_sdk_adds_defaults_tokens_and_host_prefixes() {
        let (sent, request) = sent(SDK, &json!({"part": {"text": null}}));
        assert_eq!(sent, json!({"part": {"count": 7}, "token": "t"}));
        assert_eq!(request.headers.get("host"), Some("data.localhost:9"));
        assert_eq!(request.headers.get("content-encoding"), None);
    }

    #[test]
    fn an_sdk_keeps_a_token_that_is_given() {
        assert_eq!(sent(SDK, &json!({"token": "own"})).0, json!({"token": "own"}));
        assert_eq!(sent(SDK, &json!("text")).0, json!("text"));
    }

    #[cfg(feature = "gzip")]
    #[test]
    fn an_sdk_compresses_a_long_body() {
        let (_, request) = sent(SDK, &json!({"part": {"text": "a".repeat(20_000)}}));
        assert_eq!(request.headers.get("content-encoding"), Some("gzip"));
    }

    #[rstest]
    #[case::url("https://own.example:9/a?b", Some("own.example:9"))]
    #[case::no_path("http://own.example", Some("own.example"))]
    #[case::no_scheme("own.example/a", None)]
    #[case::line_feed("http://own.example\r\nx: y/", None)]
    #[case::no_host("http:///a", None)]
    fn the_host_of_a_url_can_be_a_header(#[case] url: &str, #[case] expected: Option<&str>) {
        assert_eq!(host_of(url), expected);
    }

    #[rstest]
    #[case("127.0.0.1:9", "localhost:9")]
    #[case("127.0.0.1", "localhost")]
    #[case("[::1]:9", "localhost:9")]
    #[case("[::1]", "localhost")]
    #[case("s3.example:9", "s3.example:9")]
    #[case("s3.example", "s3.example")]
    fn an_address_has_a_name(#[case] host: &str, #[case] expected: &str) {
        assert_eq!(named(host), expected);
    }

    #[rstest]
    #[case("/a?b", "/prod/a?b")]
    #[case("*", "*")]
    fn a_path_is_put_below_that_of_the_endpoint(#[case] target: &str, #[case] expected: &str) {
        let mut request = Request { target: target.to_owned(), ..Request::default() };
        put_below("/prod", &mut request);
        assert_eq!(request.target, expected);
    }
}
