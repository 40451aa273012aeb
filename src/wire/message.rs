//! Requests and responses as they cross the wire.
//!
//! These are own types because a header may be sent twice, in any letter case and with any value; the `HeaderMap` of
//! the `http` crate does not keep that. Judging needs no client library.

use std::{fmt, time::Duration};

use bytes::Bytes;
use memchr::memchr_iter;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Header fields in the order of the wire. A name may occur more than once.
///
/// All names and values share one string: a case allocates about fifteen fields, and thirty small strings cost more
/// than the rest of a request.
#[derive(Clone, Default)]
pub struct Headers {
    text: String,
    fields: Vec<Field>,
}

/// The position of a field in the shared string: its name up to `middle`, then its value.
#[derive(Clone, Copy)]
struct Field {
    start: usize,
    middle: usize,
    end: usize,
}

impl Headers {
    /// The first value of a name, in any letter case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|field| field.is_of(&self.text, name)).map(|field| field.value(&self.text))
    }

    /// Every value of a name, in any letter case, in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |field| field.is_of(&self.text, name)).map(|field| field.value(&self.text))
    }

    /// Adds a field at the end.
    pub fn push(&mut self, name: impl AsRef<str>, value: impl AsRef<str>) {
        let field = self.write(name.as_ref(), value.as_ref());
        self.fields.push(field);
    }

    /// Sets a name to one value. Replaces the first field of that name and removes the others, or adds a field at the
    /// end.
    pub fn set(&mut self, name: &str, value: impl AsRef<str>) {
        let Some(at) = self.fields.iter().position(|field| field.is_of(&self.text, name)) else {
            return self.push(name, value);
        };
        let mut changed = Self::default();
        for (index, (key, old)) in self.iter().enumerate() {
            if index == at {
                changed.push(key, value.as_ref());
            } else if index < at || !key.eq_ignore_ascii_case(name) {
                changed.push(key, old);
            }
        }
        *self = changed;
    }

    /// Sets the selected fields to another value, without moving them.
    fn overwrite(&mut self, is_selected: impl Fn(&str) -> bool, value: &str) {
        let Self { text, fields } = self;
        for field in fields {
            if !is_selected(field.name(text)) {
                continue;
            }
            let own = field.name(text).to_owned();
            let start = text.len();
            text.push_str(&own);
            let middle = text.len();
            text.push_str(value);
            *field = Field { start, middle, end: text.len() };
        }
    }

    /// Removes every field of a name.
    pub fn remove(&mut self, name: &str) {
        let Self { text, fields } = self;
        fields.retain(|field| !field.is_of(text, name));
    }

    /// Every field, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|field| (field.name(&self.text), field.value(&self.text)))
    }

    /// Replaces bytes of names and values, without a change of their lengths.
    pub(super) fn rewrite(&mut self, replace: impl FnOnce(&[u8]) -> Option<Vec<u8>>) {
        let replaced = replace(self.text.as_bytes()).and_then(|bytes| String::from_utf8(bytes).ok());
        if let Some(text) = replaced.filter(|text| text.len() == self.text.len()) {
            self.text = text;
        }
    }

    fn write(&mut self, name: &str, value: &str) -> Field {
        let start = self.text.len();
        self.text.push_str(name);
        let middle = self.text.len();
        self.text.push_str(value);
        Field { start, middle, end: self.text.len() }
    }
}

impl Field {
    /// Returns true if the field has this name, in any letter case. The length nearly always decides.
    fn is_of(self, text: &str, name: &str) -> bool {
        self.middle - self.start == name.len() && self.name(text).eq_ignore_ascii_case(name)
    }

    fn name(self, text: &str) -> &str {
        text.get(self.start..self.middle).unwrap_or_default()
    }

    fn value(self, text: &str) -> &str {
        text.get(self.middle..self.end).unwrap_or_default()
    }
}

impl PartialEq for Headers {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Headers {}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.iter().map(|(name, value)| (name, if is_secret(name) { REDACTED } else { value }));
        f.debug_list().entries(shown).finish()
    }
}

impl<N: AsRef<str>, V: AsRef<str>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(fields: I) -> Self {
        let fields = fields.into_iter();
        let expected = fields.size_hint().0;
        let mut headers = Self { text: String::with_capacity(48 * expected), fields: Vec::with_capacity(expected) };
        fields.for_each(|(name, value)| headers.push(name, value));
        headers
    }
}

/// The delivery of a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Delivery {
    /// Over a pooled client, because it is well-formed.
    #[default]
    Pooled,
    /// Byte for byte, on its own connection.
    Exact,
}

/// A request as it is sent. A transport adds nothing to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The request target in origin form, path and query as sent.
    pub target: String,
    /// Every header field, including `host` and `content-length`.
    pub headers: Headers,
    /// The body as sent, before any chunked framing.
    pub body: Bytes,
    /// Send the body in chunks.
    pub chunked: bool,
    /// The delivery.
    pub delivery: Delivery,
}

impl Request {
    /// The request as HTTP/1.1 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = format!("{} {} HTTP/1.1\r\n", self.method, self.target).into_bytes();
        for (name, value) in self.headers.iter() {
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b": ");
            out.extend_from_slice(value.as_bytes());
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(b"\r\n");
        if self.chunked {
            if !self.body.is_empty() {
                out.extend_from_slice(format!("{:x}\r\n", self.body.len()).as_bytes());
                out.extend_from_slice(&self.body);
                out.extend_from_slice(b"\r\n");
            }
            out.extend_from_slice(b"0\r\n\r\n");
        } else {
            out.extend_from_slice(&self.body);
        }
        out
    }

    /// Redacts the credentials and the signature.
    pub fn hide_credentials(&mut self) {
        self.headers.overwrite(is_secret, REDACTED);
    }
}

/// Headers that carry a credential or a signature.
const SECRET: [&str; 2] = ["authorization", "x-amz-security-token"];

/// The value of a redacted header.
const REDACTED: &str = "<redacted>";

pub(super) fn is_secret(name: &str) -> bool {
    // Most names are shorter than the shortest of them.
    name.len() >= SECRET[0].len() && SECRET.iter().any(|secret| name.trim().eq_ignore_ascii_case(secret))
}

/// A response as it was received.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The header fields in the order of the wire. A pooled client returns names in lower case.
    pub headers: Headers,
    /// The body without transfer codings, and with its content codings.
    pub body: Bytes,
    /// The bytes that `content-length` promised and that were not received; 0 for a complete body.
    pub missing: u64,
    /// Bytes after the end of the message, if the transport can see them.
    pub surplus: u64,
    /// The status line and header fields byte for byte, if the transport keeps them.
    pub head: Option<Bytes>,
    /// JSON pointers to the redacted strings of the body. A transport leaves this empty.
    pub hidden: Vec<String>,
}

impl Response {
    /// The response as bytes: exact if the transport kept the head, else with a new head.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = self.head.as_ref().map_or_else(|| self.new_head().into_bytes(), |head| head.to_vec());
        out.extend_from_slice(&self.body);
        out
    }

    /// The approximate size in memory, in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        let fields: usize = self.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        self.body.len() + fields + self.head.as_ref().map_or(0, Bytes::len)
    }

    /// Returns true if a line of the kept head ends without a carriage return.
    #[must_use]
    pub fn has_bare_line_feed(&self) -> bool {
        let head = self.head.as_deref().unwrap_or_default();
        memchr_iter(b'\n', head).any(|at| !head[..at].ends_with(b"\r"))
    }

    fn new_head(&self) -> String {
        let fields = self.headers.iter();
        let lines: String = fields.flat_map(|(name, value)| [name, ": ", value, "\r\n"]).collect();
        format!("HTTP/1.1 {}\r\n{lines}\r\n", self.status)
    }
}

/// A failure of the transport: there is no response.
///
/// It makes a case inconclusive, and never becomes a finding.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum TransportError {
    /// Nothing listens there.
    #[error("the connection was refused")]
    Refused,
    /// The host name has no address.
    #[error("the host name does not resolve: {0}")]
    Dns(String),
    /// No connection within the time limit.
    #[error("no connection within {0:?}")]
    ConnectTimeout(Duration),
    /// No complete response within the time limit.
    #[error("no complete response within {0:?}")]
    Timeout(Duration),
    /// The response began, but was not complete within the time limit.
    #[error("no complete response within {limit:?}: {awaited}")]
    Unfinished {
        /// The time limit.
        limit: Duration,
        /// The missing part of the response.
        awaited: String,
    },
    /// The TLS handshake failed.
    #[error("TLS failed: {problem}; {help}")]
    Tls {
        /// The problem in one sentence.
        problem: String,
        /// A hint for the user.
        help: String,
    },
    /// The peer reset the connection.
    #[error("the peer reset the connection")]
    Reset,
    /// The peer closed the connection without a response.
    #[error("the peer closed the connection without a response")]
    Closed,
    /// The response is not HTTP/1.1.
    #[error("the response is not HTTP/1.1: {problem}")]
    NotHttp {
        /// The problem and its line.
        problem: String,
        /// The beginning of the response.
        received: String,
    },
    /// The head of the response is larger than the limit.
    #[error("the head of the response is larger than {0} bytes")]
    HeadTooLarge(usize),
    /// The body of the response is larger than the limit.
    #[error("the body of the response is larger than {limit} bytes")]
    BodyTooLarge {
        /// The maximum size, in bytes.
        limit: usize,
        /// The number of bytes that were read.
        length: u64,
        /// The SHA-256 of these bytes, in hexadecimal digits.
        sha256: String,
        /// The first bytes.
        start: String,
    },
    /// The request cannot be sent that way.
    #[error("the request cannot be sent: {0}")]
    Unsendable(String),
    /// Any other failure.
    #[error("the transport failed: {0}")]
    Other(String),
}

impl TransportError {
    /// The texts that may quote the peer.
    pub(super) fn texts_mut(&mut self) -> Vec<&mut String> {
        match self {
            Self::Dns(text) | Self::Unsendable(text) | Self::Other(text) | Self::Unfinished { awaited: text, .. } => {
                vec![text]
            }
            Self::Tls { problem, help } => vec![problem, help],
            Self::NotHttp { problem, received } => vec![problem, received],
            Self::BodyTooLarge { start, .. } => vec![start],
            _ => Vec::new(),
        }
    }

    /// The error with the details that only one response has.
    #[must_use]
    pub fn in_detail(&self) -> String {
        match self {
            Self::BodyTooLarge { length, sha256, start, .. } => {
                format!("{self}: {length} bytes with SHA-256 {sha256} were read, which begin with {start:?}")
            }
            other => other.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn setting_a_header_keeps_its_position_and_leaves_one_field() {
        let mut headers: Headers = [("Host", "a"), ("X", "1"), ("x", "2"), ("Y", "3")].into_iter().collect();
        headers.set("X", "9");
        assert_eq!(headers.iter().collect::<Vec<_>>(), [("Host", "a"), ("X", "9"), ("Y", "3")]);
        headers.set("Z", "4");
        assert_eq!(headers.get("z"), Some("4"));
    }

    #[test]
    fn a_repeated_header_is_kept_twice() {
        let headers: Headers = [("Server", "a"), ("server", "b")].into_iter().collect();
        assert_eq!(headers.all("SERVER").collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn a_request_is_written_unchanged() {
        let request = Request {
            method: "POST".into(),
            target: "/../x".into(),
            headers: [("Host", "h"), ("Content-Length", "9")].into_iter().collect(),
            body: Bytes::from_static(b"{}"),
            ..Request::default()
        };
        assert_eq!(request.to_bytes(), b"POST /../x HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n{}");
        let chunked = Request { chunked: true, headers: Headers::default(), ..request };
        assert_eq!(chunked.to_bytes(), b"POST /../x HTTP/1.1\r\n\r\n2\r\n{}\r\n0\r\n\r\n");
    }

    fn signed() -> Request {
        let headers = [
            ("host", "h"),
            ("Authorization", "AWS4-HMAC-SHA256 Credential=AKID/scope, Signature=c0ffee"),
            ("X-Amz-Security-Token", "a-session-token-of-some-length"),
            ("authorization", "a second one"),
        ];
        Request { headers: headers.into_iter().collect(), body: Bytes::from_static(b"{}"), ..Request::default() }
    }

    #[test]
    fn hiding_credentials_changes_nothing_else_in_a_request() {
        let mut kept = signed();
        kept.hide_credentials();
        let fields: Vec<_> = kept.headers.iter().collect();
        let expected = [
            ("host", "h"),
            ("Authorization", "<redacted>"),
            ("X-Amz-Security-Token", "<redacted>"),
            ("authorization", "<redacted>"),
        ];
        assert_eq!(fields, expected);
        assert_eq!(Request { headers: signed().headers, ..kept }, signed());
    }

    #[rstest]
    #[case(None, false)]
    #[case(Some("HTTP/1.1 200 OK\r\na: b\r\n\r\n"), false)]
    #[case(Some("HTTP/1.1 200 OK\r\na: b\n\r\n"), true)]
    #[case(Some("\n"), true)]
    fn a_bare_line_feed_is_seen_in_the_kept_head(#[case] head: Option<&str>, #[case] bare: bool) {
        let head = head.map(|head| Bytes::copy_from_slice(head.as_bytes()));
        assert_eq!(Response { head, ..Response::default() }.has_bare_line_feed(), bare);
    }

    #[test]
    fn removing_a_header_removes_every_field_of_its_name() {
        let mut headers: Headers = [("A", "1"), ("b", "2"), ("a", "3")].into_iter().collect();
        headers.remove("a");
        assert_eq!(headers.iter().collect::<Vec<_>>(), [("b", "2")]);
    }

    #[test]
    fn setting_a_header_does_not_change_the_fields_before_it() {
        let mut headers: Headers = [("A", "1"), ("B", "2"), ("b", "3"), ("b", "4"), ("C", "5")].into_iter().collect();
        headers.set("b", "9");
        assert_eq!(headers.iter().collect::<Vec<_>>(), [("A", "1"), ("B", "9"), ("C", "5")]);
    }

    #[test]
    fn an_empty_chunked_body_is_only_the_last_chunk() {
        let request = Request { method: "POST".into(), target: "/".into(), chunked: true, ..Request::default() };
        assert_eq!(request.to_bytes(), b"POST / HTTP/1.1\r\n\r\n0\r\n\r\n");
    }

    #[test]
    fn a_response_is_written_with_its_kept_head_or_a_new_one() {
        let headers = [("a", "1"), ("b", "2")].into_iter().collect();
        let without_head = Response { status: 404, headers, body: Bytes::from_static(b"{}"), ..Response::default() };
        assert_eq!(without_head.to_bytes(), b"HTTP/1.1 404\r\na: 1\r\nb: 2\r\n\r\n{}");
        let kept = Response { head: Some(Bytes::from_static(b"HTTP/1.1 404 Odd\r\n\r\n")), ..without_head };
        assert_eq!(kept.to_bytes(), b"HTTP/1.1 404 Odd\r\n\r\n{}");
    }
}
