//! Compressed request bodies, after the Smithy specification of the trait `requestCompression`.

use std::borrow::Cow;

use thiserror::Error;

use super::{
    Headers, Request,
    protocol::{RoutingError, ServerProtocol},
};
use crate::model::{Contract, Operation};

/// A shorter body is sent as it is, unless it is a stream.
pub const LEAST_COMPRESSED: usize = 10_240;

const CODING_HEADER: &str = "content-encoding";

/// The one coding of the specification.
const GZIP: &str = "gzip";

/// A compressed body that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CompressionError {
    /// Not in the format of its coding.
    #[error("the body is not compressed as its content-encoding says")]
    Damaged,
    /// Longer than the limit.
    #[error("the body is longer than {0} bytes without its compression")]
    TooLong(usize),
    /// This build does not read the coding.
    #[error("this build of wireproof reads no compressed bodies: enable the feature `gzip`")]
    Unsupported,
}

/// Compresses the body of a request as clients do if the operation allows it: a stream of unknown length always, any
/// other body from [`LEAST_COMPRESSED`] bytes on. Without the feature `gzip`, the body stays as it is.
pub fn compress(contract: &Contract, operation: &Operation, request: &mut Request) {
    let is_long = request.body.len() >= LEAST_COMPRESSED || is_stream(contract, operation);
    if request.body.is_empty() || !is_long || !allows_gzip(operation) {
        return;
    }
    let Some(body) = coding::compressed(&request.body) else { return };
    request.body = body.into();
    let given = request.headers.get(CODING_HEADER).filter(|given| !given.trim().is_empty());
    let codings = given.map_or_else(|| GZIP.to_owned(), |given| format!("{given}, {GZIP}"));
    request.headers.set(CODING_HEADER, codings);
}

/// The request as the server of the operation reads it: without the compression that the operation allows, and without
/// its name. Other codings belong to the content.
///
/// # Errors
/// The body is damaged, or longer than `limit` bytes.
pub fn uncompressed<'r>(
    operation: &Operation,
    request: &'r Request,
    limit: usize,
) -> Result<Cow<'r, Request>, CompressionError> {
    match outer_gzip(&request.headers).filter(|_| allows_gzip(operation)) {
        Some(inner) => decompressed(request, &inner, limit).map(Cow::Owned),
        None => Ok(Cow::Borrowed(request)),
    }
}

/// The operation that a request calls, as [`ServerProtocol::route`] finds it. A compressed body may name it.
///
/// # Errors
/// The request calls no operation.
pub fn called_operation<'c>(
    protocol: &dyn ServerProtocol,
    contract: &'c Contract,
    request: &Request,
    limit: usize,
) -> Result<&'c Operation, RoutingError> {
    protocol.route(contract, request).or_else(|error| {
        let plain = outer_gzip(&request.headers).and_then(|inner| decompressed(request, &inner, limit).ok());
        let named = plain.and_then(|plain| protocol.route(contract, &plain).ok());
        named.filter(|operation| allows_gzip(operation)).ok_or(error)
    })
}

/// A request with its plain body, and with the codings that are left.
fn decompressed(request: &Request, inner: &str, limit: usize) -> Result<Request, CompressionError> {
    let mut plain = Request { body: coding::decompressed(&request.body, limit)?.into(), ..request.clone() };
    plain.headers.remove(CODING_HEADER);
    if !inner.is_empty() {
        plain.headers.push(CODING_HEADER, inner);
    }
    Ok(plain)
}

/// The codings inside of the last one, if that is gzip.
fn outer_gzip(headers: &Headers) -> Option<String> {
    let all = headers.all(CODING_HEADER).collect::<Vec<_>>().join(", ");
    let (others, last) = all.rsplit_once(',').unwrap_or(("", &all));
    last.trim().eq_ignore_ascii_case(GZIP).then(|| others.trim().to_owned())
}

fn allows_gzip(operation: &Operation) -> bool {
    let rule = operation.traits.get("smithy.api#requestCompression");
    let encodings = rule.and_then(|rule| rule.get("encodings")?.as_array());
    encodings.is_some_and(|encodings| encodings.iter().any(|name| name == GZIP))
}

fn is_stream(contract: &Contract, operation: &Operation) -> bool {
    let has = |member, id: &str| contract.trait_of(member, &format!("smithy.api#{id}")).is_some();
    let mut members = contract.members(&operation.input).iter();
    members.any(|member| has(member, "streaming") && !has(member, "requiresLength"))
}

#[cfg(feature = "gzip")]
mod coding {
    use std::io::{Read as _, Write as _};

    use flate2::{Compression, read::MultiGzDecoder, write::GzEncoder};

    use super::CompressionError;

    pub(super) fn compressed(body: &[u8]) -> Option<Vec<u8>> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(body).ok()?;
        encoder.finish().ok()
    }

    pub(super) fn decompressed(body: &[u8], limit: usize) -> Result<Vec<u8>, CompressionError> {
        let mut plain = Vec::new();
        let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        let read = MultiGzDecoder::new(body).take(most).read_to_end(&mut plain);
        read.map_err(|_| CompressionError::Damaged)?;
        if plain.len() > limit { Err(CompressionError::TooLong(limit)) } else { Ok(plain) }
    }
}

#[cfg(not(feature = "gzip"))]
mod coding {
    use super::CompressionError;

    pub(super) fn compressed(_: &[u8]) -> Option<Vec<u8>> {
        None
    }

    pub(super) fn decompressed(_: &[u8], _: usize) -> Result<Vec<u8>, CompressionError> {
        Err(CompressionError::Unsupported)
    }
}

#[cfg(test)]
#[cfg(feature = "gzip")]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::{model::read, wire::protocol::protocol_named};

    const MODEL: &str = r#"{"smithy":"2.0","shapes":{
        "x#S":{"type":"service","operations":[{"target":"x#Put"},{"target":"x#Stream"},{"target":"x#Sized"},{"target":"x#Plain"}]},
        "x#Put":{"type":"operation","traits":{"smithy.api#requestCompression":{"encodings":["gzip"]}}},
        "x#Stream":{"type":"operation","input":{"target":"x#In"},"traits":{"smithy.api#requestCompression":{"encodings":["gzip"]}}},
        "x#Sized":{"type":"operation","input":{"target":"x#SizedIn"},"traits":{"smithy.api#requestCompression":{"encodings":["gzip"]}}},
        "x#Plain":{"type":"operation"},
        "x#In":{"type":"structure","members":{"b":{"target":"x#B"}}},
        "x#SizedIn":{"type":"structure","members":{"b":{"target":"x#SizedB"}}},
        "x#B":{"type":"blob","traits":{"smithy.api#streaming":{}}},
        "x#SizedB":{"type":"blob","traits":{"smithy.api#streaming":{},"smithy.api#requiresLength":{}}}}}"#;

    const LIMIT: usize = 1 << 20;

    fn sent(operation: &str, body: Vec<u8>, coding: Option<&str>) -> Request {
        let contract = read("m", MODEL).unwrap();
        let headers = coding.map(|coding| ("Content-Encoding", coding)).into_iter().collect();
        let mut request = Request { body: body.into(), headers, ..Request::default() };
        compress(&contract, contract.operation(operation).unwrap(), &mut request);
        request
    }

    fn received(operation: &str, request: &Request, limit: usize) -> Result<Request, CompressionError> {
        let contract = read("m", MODEL).unwrap();
        uncompressed(contract.operation(operation).unwrap(), request, limit).map(Cow::into_owned)
    }

    #[rstest]
    #[case::long("Put", LEAST_COMPRESSED, None, Some("gzip"))]
    #[case::short("Put", LEAST_COMPRESSED - 1, None, None)]
    #[case::after_another_coding("Put", LEAST_COMPRESSED, Some("custom"), Some("custom, gzip"))]
    #[case::empty_coding("Put", LEAST_COMPRESSED, Some(""), Some("gzip"))]
    #[case::stream("Stream", 1, None, Some("gzip"))]
    #[case::no_body("Stream", 0, None, None)]
    #[case::stream_of_known_length("Sized", 1, None, None)]
    #[case::not_allowed("Plain", LEAST_COMPRESSED, Some("custom"), Some("custom"))]
    fn a_body_is_compressed_if_its_operation_allows_it_and_it_is_long(
        #[case] operation: &str,
        #[case] length: usize,
        #[case] given: Option<&str>,
        #[case] expected: Option<&str>,
    ) {
        let request = sent(operation, vec![b'a'; length], given);
        assert_eq!(request.headers.get("content-encoding"), expected);
        let is_compressed = expected.is_some_and(|coding| coding.ends_with(GZIP));
        assert_eq!(request.body != vec![b'a'; length], is_compressed);
    }

    #[test]
    fn a_body_whose_operation_does_not_allow_compression_is_content() {
        let request = sent("Put", vec![b'a'; LEAST_COMPRESSED], None);
        assert_eq!(received("Plain", &request, LIMIT), Ok(request));
    }

    #[test]
    fn a_damaged_or_very_long_body_is_rejected() {
        let long = sent("Put", vec![b'a'; LEAST_COMPRESSED], None);
        assert_eq!(received("Put", &long, LEAST_COMPRESSED - 1), Err(CompressionError::TooLong(LEAST_COMPRESSED - 1)));
        assert!(received("Put", &long, LEAST_COMPRESSED).is_ok());
        let cut = Request { body: long.body.slice(..long.body.len() / 2), ..long.clone() };
        let text = Request { body: Bytes::from_static(b"{}"), ..long };
        for request in [cut, text] {
            assert_eq!(received("Put", &request, LIMIT), Err(CompressionError::Damaged));
        }
    }

    #[test]
    fn a_compressed_body_may_name_the_operation() {
        let called = |operation: &str| {
            let contract = read("m", MODEL).unwrap();
            let protocol = protocol_named("awsQuery").unwrap();
            let operation = contract.operation(operation).unwrap();
            let input = json!({"text": "a".repeat(2 * LEAST_COMPRESSED)});
            let mut request = protocol.build_request(&contract, operation, &input).unwrap();
            assert_eq!(called_operation(protocol, &contract, &request, LIMIT).unwrap().name, operation.name);
            request.body = coding::compressed(&request.body).unwrap().into();
            request.headers.set("content-encoding", GZIP);
            let called = called_operation(protocol, &contract, &request, LIMIT);
            called.map(|operation| operation.name.clone()).ok()
        };
        assert_eq!((called("Put").as_deref(), called("Plain")), (Some("Put"), None));
    }

    proptest! {
        #[test]
        fn a_server_reads_what_a_client_sent(body in prop::collection::vec(any::<u8>(), 0..64), repeated in 1..400_usize, coding in prop::option::of("[a-z]{1,5}")) {
            let body = body.repeat(repeated);
            let request = sent("Put", body.clone(), coding.as_deref());
            let plain = received("Put", &request, LIMIT).unwrap();
            prop_assert_eq!((&plain.body[..], plain.headers.get("content-encoding")), (&body[..], coding.as_deref()));
        }

        #[test]
        fn any_body_is_read_without_a_panic(body in prop::collection::vec(any::<u8>(), 0..64)) {
            let headers = [("content-encoding", GZIP)].into_iter().collect();
            let body = [&[0x1f, 0x8b, 8][..], &body].concat().into();
            let _ = received("Put", &Request { headers, body, ..Request::default() }, 100);
        }
    }
}
