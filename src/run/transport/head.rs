//! The head of a response: its end, its fields, and the framing of the body.

use bytes::Bytes;
use httparse::{EMPTY_HEADER, Status};

use crate::wire::{Headers, TransportError};

/// The framing of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// The body has this number of bytes.
    Sized(u64),
    /// The body ends after the last chunk.
    Chunked,
    /// The body ends when the peer closes the connection.
    UntilClose,
}

/// The status line and header fields of a response.
pub(super) struct Head {
    minor: u8,
    pub(super) status: u16,
    pub(super) headers: Headers,
}

impl Head {
    pub(super) fn parse(bytes: &Bytes) -> Result<Self, TransportError> {
        let lines = bytes.split(|byte| *byte == b'\n').count();
        let mut fields = vec![EMPTY_HEADER; lines];
        let mut parsed = httparse::Response::new(&mut fields);
        let (minor, status) = match parsed.parse(bytes) {
            Ok(Status::Complete(_)) => (parsed.version.unwrap_or_default(), parsed.code.unwrap_or_default()),
            Ok(Status::Partial) => return Err(not_http("the head ends too early")),
            Err(error) => return Err(not_http(&error.to_string())),
        };
        if status < 100 {
            return Err(not_http(&format!("{status:03} is not a status code")));
        }
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        let headers = parsed.headers.iter().map(|field| (field.name, text(field.value))).collect();
        Ok(Self { minor, status, headers })
    }

    /// Returns true if another response follows. None follows a 101.
    pub(super) fn is_interim(&self) -> bool {
        (100..200).contains(&self.status) && self.status != 101
    }

    /// The framing of the body by RFC 9112, section 6.3.
    pub(super) fn framing(&self, method: &str) -> Result<Framing, TransportError> {
        let tunnel = method == "CONNECT" && (200..300).contains(&self.status);
        if method == "HEAD" || tunnel || matches!(self.status, 101 | 204 | 304) {
            return Ok(Framing::Sized(0));
        }
        if let Some(codings) = self.headers.all("transfer-encoding").last() {
            return self.coded_framing(codings);
        }
        Ok(self.content_length()?.map_or(Framing::UntilClose, Framing::Sized))
    }

    fn coded_framing(&self, codings: &str) -> Result<Framing, TransportError> {
        let last = codings.rsplit(',').next().unwrap_or_default().trim();
        match (self.minor, last.eq_ignore_ascii_case("chunked")) {
            (0, _) => Err(not_http("HTTP/1.0 has no transfer-encoding")),
            (_, true) => Ok(Framing::Chunked),
            (_, false) => Ok(Framing::UntilClose),
        }
    }

    /// The length, if every `content-length` has the same value.
    fn content_length(&self) -> Result<Option<u64>, TransportError> {
        let mut agreed = None;
        for value in self.headers.all("content-length").flat_map(|values| values.split(',')) {
            let value = value.trim_matches([' ', '\t']);
            let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
            let length = value.parse::<u64>().ok().filter(|_| digits);
            let Some(length) = length else {
                let shown: String = value.chars().take(40).collect();
                return Err(not_http(&format!("content-length {shown:?} is not a length")));
            };
            if let Some(other) = agreed.filter(|other| *other != length) {
                return Err(not_http(&format!("content-length is {other} and {length}")));
            }
            agreed = Some(length);
        }
        Ok(agreed)
    }
}

/// Rejects bytes that do not start like a response, without waiting for the end of the head.
pub(super) fn check_start(buffer: &[u8]) -> Result<(), TransportError> {
    let expected = b"HTTP/1.";
    if buffer.iter().zip(expected).all(|(byte, expected)| byte == expected) {
        return Ok(());
    }
    Err(not_http(match buffer.first() {
        // The TLS record types alert and handshake.
        Some(0x15 | 0x16) => "it looks like TLS; is the endpoint https?",
        _ => "it does not begin with HTTP/1.1",
    }))
}

/// The length of a head, including the empty line.
pub(super) fn head_end(buffer: &[u8], from: usize) -> Option<usize> {
    (from..buffer.len()).find_map(|at| match buffer.get(at..)? {
        [b'\n', b'\r', b'\n', ..] => Some(at + 3),
        [b'\n', b'\n', ..] => Some(at + 2),
        _ => None,
    })
}

/// The error for bytes that are not HTTP/1.1, with the reason.
pub(super) fn not_http(reason: &str) -> TransportError {
    TransportError::NotHttp(reason.to_owned())
}
