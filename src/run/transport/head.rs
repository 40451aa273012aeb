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
    /// Parses the bytes of a head, or describes the line that cannot be parsed.
    pub(super) fn parse(bytes: &Bytes) -> Result<Self, String> {
        let lines = bytes.split(|byte| *byte == b'\n').count();
        let mut fields = vec![EMPTY_HEADER; lines];
        let mut parsed = httparse::Response::new(&mut fields);
        let (minor, status) = match parsed.parse(bytes) {
            Ok(Status::Complete(_)) => (parsed.version.unwrap_or_default(), parsed.code.unwrap_or_default()),
            Ok(Status::Partial) => return Err("the head ends too early".to_owned()),
            Err(error) => return Err(unparsable(bytes, error)),
        };
        if status < 100 {
            return Err(format!("{status:03} is not a status code"));
        }
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        let headers = parsed.headers.iter().map(|field| (field.name, text(field.value))).collect();
        Ok(Self { minor, status, headers })
    }

    /// Returns true if another response follows. None follows a 101.
    pub(super) fn is_interim(&self) -> bool {
        (100..200).contains(&self.status) && self.status != 101
    }

    /// Returns true if the peer keeps the connection open after this response.
    pub(super) fn keeps_connection(&self) -> bool {
        let mut options = self.headers.all("connection").flat_map(|options| options.split(','));
        self.minor > 0 && self.status != 101 && !options.any(|option| option.trim().eq_ignore_ascii_case("close"))
    }

    /// The framing of the body by RFC 9112, section 6.3.
    pub(super) fn framing(&self, method: &str) -> Result<Framing, String> {
        let tunnel = method == "CONNECT" && (200..300).contains(&self.status);
        if method == "HEAD" || tunnel || matches!(self.status, 101 | 204 | 304) {
            return Ok(Framing::Sized(0));
        }
        if let Some(codings) = self.headers.all("transfer-encoding").last() {
            return self.coded_framing(codings);
        }
        Ok(self.content_length()?.map_or(Framing::UntilClose, Framing::Sized))
    }

    fn coded_framing(&self, codings: &str) -> Result<Framing, String> {
        let last = codings.rsplit(',').next().unwrap_or_default().trim();
        match (self.minor, last.eq_ignore_ascii_case("chunked")) {
            (0, _) => Err("HTTP/1.0 has no transfer-encoding".to_owned()),
            (_, true) => Ok(Framing::Chunked),
            (_, false) => Ok(Framing::UntilClose),
        }
    }

    /// The length, if every `content-length` has the same value.
    fn content_length(&self) -> Result<Option<u64>, String> {
        let mut agreed = None;
        for value in self.headers.all("content-length").flat_map(|values| values.split(',')) {
            let value = value.trim_matches([' ', '\t']);
            let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
            let length = value.parse::<u64>().ok().filter(|_| digits);
            let Some(length) = length else {
                return Err(format!("content-length {} is not a length", quoted(value)));
            };
            if let Some(other) = agreed.filter(|other| *other != length) {
                return Err(format!("content-length is {other} and {length}"));
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
    let problem = match buffer.first() {
        // The TLS record types alert and handshake.
        Some(0x15 | 0x16) => "it looks like TLS; is the endpoint https?",
        _ => "it does not begin with HTTP/1.1",
    };
    Err(not_http(problem, buffer))
}

/// The length of a head, including the empty line.
pub(super) fn head_end(buffer: &[u8], from: usize) -> Option<usize> {
    (from..buffer.len()).find_map(|at| match buffer.get(at..)? {
        [b'\n', b'\r', b'\n', ..] => Some(at + 3),
        [b'\n', b'\n', ..] => Some(at + 2),
        _ => None,
    })
}

/// Describes the first line of a head that cannot be parsed.
fn unparsable(head: &[u8], error: httparse::Error) -> String {
    let mut lines = head.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let status_line = lines.next().unwrap_or_default();
    let alone = [status_line, b"\r\n\r\n"].concat();
    if let Err(error) = httparse::Response::new(&mut []).parse(&alone) {
        return format!("the status line {} cannot be parsed: {error}", quoted(&String::from_utf8_lossy(status_line)));
    }
    for line in lines {
        let alone = [line, b"\r\n\r\n"].concat();
        if let Err(error) = httparse::parse_headers(&alone, &mut [EMPTY_HEADER]) {
            return format!("the header line {} cannot be parsed: {error}", quoted(&String::from_utf8_lossy(line)));
        }
    }
    format!("the head cannot be parsed: {error}")
}

/// The beginning of a text from the endpoint in quotes.
fn quoted(text: &str) -> String {
    let shown: String = text.chars().take(80).collect();
    let more = if shown.len() < text.len() { "…" } else { "" };
    format!("{shown:?}{more}")
}

/// The maximum number of bytes that an error keeps.
const KEPT: usize = 8 << 10;

/// The error for bytes that are not HTTP/1.1, with the reason.
pub(super) fn not_http(problem: impl Into<String>, received: &[u8]) -> TransportError {
    let received = received.get(..KEPT).unwrap_or(received);
    TransportError::NotHttp { problem: problem.into(), received: String::from_utf8_lossy(received).into_owned() }
}
