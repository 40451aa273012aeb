//! Parses one HTTP/1.1 response incrementally.
//!
//! The same bytes give the same [`Response`] or error, however they are split. The parser does no I/O. It keeps details
//! that a client library drops: the exact head, the case and order of names, and the numbers of missing and surplus
//! bytes. It ignores trailer fields.

use std::time::Duration;

use bytes::{Buf, BytesMut};

use super::{
    head::{Framing, Head, check_start, head_end, not_http},
    received_body::ReceivedBody,
};
use crate::wire::{Response, TransportError};

/// The maximum length of the size line of a chunk, including extensions.
const CHUNK_LINE: usize = 4096;

/// The maximum number of interim responses (100 Continue, 103 Early Hints) before a response.
const INTERIM_RESPONSES: usize = 32;

/// The end of the stream of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyEnd {
    /// The peer closed the connection, or the response is complete.
    Closed,
    /// The connection broke.
    Broken,
}

/// An incremental parser of one response.
#[derive(Debug)]
pub(super) struct Parser {
    method: String,
    head_limit: usize,
    /// Bytes that are not parsed yet.
    buffer: BytesMut,
    /// The number of bytes that were searched for the end of a line or head, so that none is searched twice.
    scanned: usize,
    state: ParserState,
    response: Response,
    body: ReceivedBody,
    interim: usize,
    trailers: usize,
    /// No byte was received.
    untouched: bool,
    /// The head lets the connection carry another exchange.
    persistent: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ParserState {
    Head,
    Sized(u64),
    ChunkSize,
    Chunk(u64),
    ChunkEnd,
    Trailers,
    UntilClose,
    Complete,
}

impl Parser {
    /// A parser for the response to a request with this method. `head_limit` is in bytes.
    pub(super) fn new(method: &str, head_limit: usize, body: ReceivedBody) -> Self {
        Self {
            method: method.to_owned(),
            head_limit,
            buffer: BytesMut::new(),
            scanned: 0,
            state: ParserState::Head,
            response: Response::default(),
            body,
            interim: 0,
            trailers: 0,
            untouched: true,
            persistent: false,
        }
    }

    /// Parses the next bytes.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Result<(), TransportError> {
        self.untouched &= bytes.is_empty();
        self.buffer.extend_from_slice(bytes);
        while self.step()? {}
        Ok(())
    }

    /// Returns true if the head of the final response is parsed.
    pub(super) fn has_head(&self) -> bool {
        self.state != ParserState::Head
    }

    /// Returns true if the response is complete. Further bytes count as surplus.
    pub(super) fn is_complete(&self) -> bool {
        self.state == ParserState::Complete
    }

    /// Returns true if no byte was received.
    pub(super) fn is_untouched(&self) -> bool {
        self.untouched
    }

    /// Returns true if the connection can carry another exchange: the response is complete, and nothing follows it.
    pub(super) fn keeps_connection(&self) -> bool {
        self.is_complete() && self.persistent && self.response.surplus == 0
    }

    /// The status of the final response; 0 before its head.
    pub(super) fn status(&self) -> u16 {
        self.response.status
    }

    /// The error of an exchange that exceeded its time limit.
    pub(super) fn timed_out(&self, limit: Duration) -> TransportError {
        let awaited = match self.state {
            ParserState::Head | ParserState::Complete => return TransportError::Timeout(limit),
            ParserState::Sized(1) => "1 byte of the body is missing".to_owned(),
            ParserState::Sized(left) => format!("{left} bytes of the body are missing"),
            ParserState::ChunkSize if self.buffer.is_empty() => "the last chunk of the body is missing".to_owned(),
            ParserState::ChunkSize | ParserState::Chunk(_) | ParserState::ChunkEnd => {
                "the end of a chunk is missing".to_owned()
            }
            ParserState::Trailers => "the empty line after the last chunk is missing".to_owned(),
            ParserState::UntilClose => "neither a length nor the end of the connection ends the body".to_owned(),
        };
        TransportError::Unfinished { limit, awaited }
    }

    /// Returns the response after the last byte.
    ///
    /// One byte counts as missing if a chunked body is truncated, or if the connection breaks during a body of unknown
    /// length. The real number is unknown.
    pub(super) fn into_response(self, end: BodyEnd) -> Result<Response, TransportError> {
        let missing = match (self.state, end) {
            (ParserState::Head, _) => return Err(TransportError::Closed),
            (ParserState::Complete, _) | (ParserState::UntilClose, BodyEnd::Closed) => 0,
            (ParserState::Sized(left), _) => left,
            _ => 1,
        };
        Ok(Response { body: self.body.finish()?, missing, ..self.response })
    }

    /// Parses the next part. Returns false if it needs more bytes.
    fn step(&mut self) -> Result<bool, TransportError> {
        match self.state {
            ParserState::Head => self.read_head(),
            ParserState::Sized(left) => self.read_data(left, ParserState::Sized, ParserState::Complete),
            ParserState::ChunkSize => self.read_chunk_size(),
            ParserState::Chunk(left) => self.read_data(left, ParserState::Chunk, ParserState::ChunkEnd),
            ParserState::ChunkEnd => self.read_chunk_end(),
            ParserState::Trailers => self.read_trailer(),
            ParserState::UntilClose => self.take(u64::MAX).map(|_| false),
            ParserState::Complete => {
                self.response.surplus += self.buffer.len() as u64;
                self.buffer.clear();
                Ok(false)
            }
        }
    }

    fn read_head(&mut self) -> Result<bool, TransportError> {
        // Empty lines before a response are ignored.
        let blank = self.buffer.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        self.buffer.advance(blank);
        check_start(&self.buffer)?;
        let end = head_end(&self.buffer, self.scanned.saturating_sub(2));
        if end.unwrap_or(self.buffer.len()) > self.head_limit {
            return Err(TransportError::HeadTooLarge(self.head_limit));
        }
        let Some(end) = end else {
            self.scanned = self.buffer.len();
            return Ok(false);
        };
        self.scanned = 0;
        let bytes = self.buffer.split_to(end).freeze();
        let head = Head::parse(&bytes).map_err(|problem| not_http(problem, &bytes))?;
        if head.is_interim() {
            self.interim += 1;
            if self.interim > INTERIM_RESPONSES {
                return Err(not_http(format!("more than {INTERIM_RESPONSES} interim responses"), &bytes));
            }
        } else {
            self.persistent = head.keeps_connection();
            self.state = match head.framing(&self.method).map_err(|problem| not_http(problem, &bytes))? {
                Framing::Sized(0) => ParserState::Complete,
                Framing::Sized(length) => ParserState::Sized(length),
                Framing::Chunked => ParserState::ChunkSize,
                Framing::UntilClose => ParserState::UntilClose,
            };
            self.response =
                Response { status: head.status, headers: head.headers, head: Some(bytes), ..Response::default() };
        }
        Ok(true)
    }

    fn read_data(
        &mut self,
        left: u64,
        rest: fn(u64) -> ParserState,
        after: ParserState,
    ) -> Result<bool, TransportError> {
        let left = left - self.take(left)?;
        self.state = if left == 0 { after } else { rest(left) };
        Ok(left == 0)
    }

    fn read_chunk_size(&mut self) -> Result<bool, TransportError> {
        let too_long = self.malformed("the size line of a chunk does not end");
        let Some(line) = self.line(CHUNK_LINE, || too_long)? else { return Ok(false) };
        let size = chunk_size(&line).ok_or_else(|| self.malformed("a chunk does not begin with its size"))?;
        self.state = if size == 0 { ParserState::Trailers } else { ParserState::Chunk(size) };
        Ok(true)
    }

    fn read_chunk_end(&mut self) -> Result<bool, TransportError> {
        let ended = self.buffer.starts_with(b"\r\n");
        if ended {
            self.buffer.advance(2);
            self.state = ParserState::ChunkSize;
        } else if !b"\r\n".starts_with(&self.buffer) {
            return Err(self.malformed("a chunk is longer than its size"));
        }
        Ok(ended)
    }

    fn read_trailer(&mut self) -> Result<bool, TransportError> {
        let limit = self.head_limit;
        let left = limit.saturating_sub(self.trailers);
        let Some(line) = self.line(left, || TransportError::HeadTooLarge(limit))? else { return Ok(false) };
        self.trailers += line.len() + 2;
        if line.is_empty() {
            self.state = ParserState::Complete;
        }
        Ok(true)
    }

    /// The error for a body that is not framed as its head states.
    fn malformed(&self, problem: &str) -> TransportError {
        not_http(problem, self.response.head.as_deref().unwrap_or_default())
    }

    /// Moves at most `most` bytes to the body and returns their number.
    fn take(&mut self, most: u64) -> Result<u64, TransportError> {
        let count = usize::try_from(most).unwrap_or(usize::MAX).min(self.buffer.len());
        self.body.extend(&self.buffer.split_to(count))?;
        Ok(count as u64)
    }

    /// Removes the next line from the buffer and returns it without its end.
    fn line(
        &mut self,
        limit: usize,
        too_long: impl FnOnce() -> TransportError,
    ) -> Result<Option<BytesMut>, TransportError> {
        let end = self.buffer.iter().skip(self.scanned).position(|byte| *byte == b'\n').map(|at| self.scanned + at + 1);
        if end.unwrap_or(self.buffer.len()) > limit {
            return Err(too_long());
        }
        let Some(end) = end else {
            self.scanned = self.buffer.len();
            return Ok(None);
        };
        self.scanned = 0;
        let mut line = self.buffer.split_to(end);
        if !line.ends_with(b"\r\n") {
            return Err(self.malformed("a line of the chunked framing ends without a carriage return"));
        }
        line.truncate(end - 2);
        Ok(Some(line))
    }
}

/// The size in the first line of a chunk, before any extension.
fn chunk_size(line: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(line.split(|byte| *byte == b';').next()?).ok()?;
    let digits = text.trim_end_matches([' ', '\t']);
    let hex = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    u64::from_str_radix(digits, 16).ok().filter(|_| hex)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::{super::received_body::BodyBudget, *};
    use crate::wire::{digest::Sha256, sigv4::hex};

    const HEAD: usize = 200;
    const BODY: usize = 100;

    fn body() -> ReceivedBody {
        BodyBudget::default().body(BODY)
    }

    fn read(method: &str, pieces: &[&[u8]], end: BodyEnd) -> Result<Response, TransportError> {
        let mut parser = Parser::new(method, HEAD, body());
        for piece in pieces {
            parser.feed(piece)?;
        }
        parser.into_response(end)
    }

    fn post(bytes: &str) -> Result<Response, TransportError> {
        read("POST", &[bytes.as_bytes()], BodyEnd::Closed)
    }

    #[test]
    fn header_names_keep_their_case_order_and_duplicates() {
        let head = "HTTP/1.1 200 Fine\r\nX-A: 1\r\nb:2\r\nx-a:  3 \r\ncontent-length: 2\r\n\r\n";
        let response = post(&format!("{head}{{}}")).unwrap();
        let fields: Vec<_> = response.headers.iter().collect();
        assert_eq!(fields, [("X-A", "1"), ("b", "2"), ("x-a", "3"), ("content-length", "2")]);
        assert_eq!((response.status, &response.body[..]), (200, &b"{}"[..]));
        assert_eq!(response.head.unwrap(), head.as_bytes());
    }

    #[rstest]
    #[case::sized("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc", "abc", 0, 0)]
    #[case::too_short("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc", "abc", 6, 0)]
    #[case::too_long("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nabc", "a", 0, 2)]
    #[case::empty("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\nabc", "", 0, 3)]
    #[case::agreeing_lengths("HTTP/1.1 200 OK\r\ncontent-length: 1, 1\r\ncontent-length: 1\r\n\r\na", "a", 0, 0)]
    #[case::until_close("HTTP/1.0 200 OK\r\n\r\nabc", "abc", 0, 0)]
    #[case::no_reason("HTTP/1.1 200\r\n\r\nabc", "abc", 0, 0)]
    #[case::bare_line_feeds("HTTP/1.1 200 OK\na: b\n\nabc", "abc", 0, 0)]
    #[case::blank_lines_before("\r\n\nHTTP/1.1 200 OK\r\n\r\nabc", "abc", 0, 0)]
    #[case::another_coding("HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\nabc", "abc", 0, 0)]
    #[case::no_content("HTTP/1.1 204 No\r\ncontent-length: 3\r\n\r\n", "", 0, 0)]
    #[case::not_modified("HTTP/1.1 304 No\r\ncontent-length: 3\r\n\r\n", "", 0, 0)]
    #[case::switching("HTTP/1.1 101 Go\r\n\r\nabc", "", 0, 3)]
    #[case::interim("HTTP/1.1 100 Go\r\na: b\r\n\r\nHTTP/1.1 103 Go\r\n\r\nHTTP/1.1 200 OK\r\n\r\nabc", "abc", 0, 0)]
    fn the_end_of_a_body_is_found(#[case] bytes: &str, #[case] body: &str, #[case] missing: u64, #[case] surplus: u64) {
        let response = post(bytes).unwrap();
        assert_eq!((&response.body[..], response.missing, response.surplus), (body.as_bytes(), missing, surplus));
    }

    #[rstest]
    #[case::one("3\r\nabc\r\n0\r\n\r\n", "abc", 0, 0)]
    #[case::two("1\r\na\r\n02;x=\"y\"\r\nbc\r\n0\r\n\r\n", "abc", 0, 0)]
    #[case::trailers("3 \r\nabc\r\n0\r\nX: y\r\n\r\n", "abc", 0, 0)]
    #[case::surplus("0\r\n\r\nzz", "", 0, 2)]
    #[case::cut_in_a_chunk("9\r\nabc", "abc", 1, 0)]
    #[case::cut_between_chunks("3\r\nabc\r\n", "abc", 1, 0)]
    #[case::cut_before_the_last_line("3\r\nabc\r\n0\r\n", "abc", 1, 0)]
    fn chunks_are_joined(#[case] bytes: &str, #[case] body: &str, #[case] missing: u64, #[case] surplus: u64) {
        // A content-length beside the transfer coding does not count.
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 1\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n";
        let response = post(&format!("{head}{bytes}")).unwrap();
        assert_eq!((&response.body[..], response.missing, response.surplus), (body.as_bytes(), missing, surplus));
    }

    #[rstest]
    #[case::no_colon("HTTP/1.1 200 OK\r\na: b\r\nfoo bar\r\n\r\n", "header line \"foo bar\"")]
    #[case::folded("HTTP/1.1 200 OK\r\na: b\r\n c\r\n\r\n", "header line \" c\"")]
    #[case::blank_before_the_colon("HTTP/1.1 200 OK\na : b\n\n", "header line \"a : b\"")]
    #[case::status("HTTP/1.1 OK\r\na: b\r\n\r\n", "status line \"HTTP/1.1 OK\"")]
    fn an_unparsable_head_is_kept_and_its_line_is_named(#[case] head: &str, #[case] line: &str) {
        match post(head) {
            Err(TransportError::NotHttp { problem, received }) => {
                assert!(problem.contains(line), "{problem}");
                assert_eq!(received, head);
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_head_may_have_many_fields() {
        let fields = "x: y\r\n".repeat(150);
        let mut parser = Parser::new("POST", 64 << 10, body());
        parser.feed(format!("HTTP/1.1 200 OK\r\n{fields}content-length: 0\r\n\r\n").as_bytes()).unwrap();
        assert_eq!(parser.into_response(BodyEnd::Closed).unwrap().headers.iter().count(), 151);
    }

    #[rstest]
    #[case::length("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na", true)]
    #[case::chunks("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", true)]
    #[case::incomplete("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\na", false)]
    #[case::surplus("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nab", false)]
    #[case::until_close("HTTP/1.1 200 OK\r\n\r\na", false)]
    #[case::close("HTTP/1.1 200 OK\r\nConnection: x, Close\r\ncontent-length: 1\r\n\r\na", false)]
    #[case::http_1_0("HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\na", false)]
    #[case::switching("HTTP/1.1 101 Go\r\n\r\n", false)]
    fn a_connection_is_kept_after_a_complete_response(#[case] bytes: &str, #[case] kept: bool) {
        let mut parser = Parser::new("POST", HEAD, body());
        parser.feed(bytes.as_bytes()).unwrap();
        assert_eq!(parser.keeps_connection(), kept);
    }

    #[rstest]
    #[case::nothing("", None)]
    #[case::head("HTTP/1.1 200 OK\r\n", None)]
    #[case::length("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\na", Some("2 bytes"))]
    #[case::last_chunk("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n", Some("the last chunk"))]
    #[case::chunk("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\na", Some("the end of a chunk"))]
    #[case::trailers("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n", Some("the empty line"))]
    #[case::until_close("HTTP/1.1 200 OK\r\n\r\na", Some("the end of the connection"))]
    fn a_late_response_is_reported_with_what_it_lacks(#[case] bytes: &str, #[case] lacks: Option<&str>) {
        let mut parser = Parser::new("POST", HEAD, body());
        parser.feed(bytes.as_bytes()).unwrap();
        match (parser.timed_out(Duration::ZERO), lacks) {
            (TransportError::Timeout(_), None) => {}
            (TransportError::Unfinished { awaited, .. }, Some(lacks)) => assert!(awaited.contains(lacks), "{awaited}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_response_to_head_has_no_body() {
        let response = read("HEAD", &[b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n"], BodyEnd::Closed).unwrap();
        assert_eq!((response.missing, response.body.len()), (0, 0));
    }

    #[test]
    fn a_body_until_close_is_incomplete_when_the_connection_breaks() {
        let response = read("POST", &[b"HTTP/1.1 200 OK\r\n\r\nabc"], BodyEnd::Broken).unwrap();
        assert_eq!(response.missing, 1);
    }

    #[rstest]
    #[case::http_0_9("<html>", "begin")]
    #[case::http_2("HTTP/2 200\r\n\r\n", "begin")]
    #[case::tls("\u{15}\u{3}\u{1}", "TLS")]
    #[case::another_minor("HTTP/1.2 200 OK\r\n\r\n", "version")]
    #[case::no_status("HTTP/1.1 OK\r\n\r\n", "")]
    #[case::low_status("HTTP/1.1 099 OK\r\n\r\n", "099")]
    #[case::no_name("HTTP/1.1 200 OK\r\n: x\r\n\r\n", "")]
    #[case::two_lengths("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\na", "1 and 2")]
    #[case::signed_length("HTTP/1.1 200 OK\r\ncontent-length: +1\r\n\r\na", "+1")]
    #[case::empty_length("HTTP/1.1 200 OK\r\ncontent-length:\r\n\r\na", "not a length")]
    #[case::huge_length("HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\na", "not a length")]
    #[case::chunked_1_0("HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", "HTTP/1.0")]
    #[case::no_size("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n", "size")]
    #[case::empty_size("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\r\n", "size")]
    #[case::signed_size("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n+1\r\na\r\n", "size")]
    #[case::long_chunk("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nab", "longer")]
    #[case::bare_line_feed("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\na", "carriage")]
    fn bytes_that_are_not_http_are_rejected_with_a_reason(#[case] bytes: &str, #[case] reason: &str) {
        match post(bytes) {
            Err(TransportError::NotHttp { problem, received }) => {
                assert!(problem.contains(reason), "{problem}");
                assert!(bytes.starts_with(&received), "{received}");
            }
            other => panic!("{other:?}"),
        }
    }

    #[rstest]
    #[case("")]
    #[case("HTTP/1.1 200 OK\r\nfoo")]
    #[case("HTTP/1.1 100 Continue\r\n\r\n")]
    fn a_truncated_head_counts_as_a_closed_connection(#[case] bytes: &str) {
        assert_eq!(post(bytes), Err(TransportError::Closed));
    }

    #[rstest]
    #[case::head(format!("HTTP/1.1 200 OK\r\nx: {}", "y".repeat(HEAD)), TransportError::HeadTooLarge(HEAD))]
    #[case::whole_head(format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(HEAD)), TransportError::HeadTooLarge(HEAD))]
    #[case::trailers(
        format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n{}", "a: b\r\n".repeat(HEAD)),
        TransportError::HeadTooLarge(HEAD)
    )]
    #[case::body(format!("HTTP/1.1 200 OK\r\n\r\n{}", "y".repeat(BODY + 1)), too_large())]
    #[case::interim(
        "HTTP/1.1 103 Early\r\n\r\n".repeat(INTERIM_RESPONSES + 1),
        not_http("more than 32 interim responses", b"HTTP/1.1 103 Early\r\n\r\n")
    )]
    #[case::size_line(
        format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;{}", "x".repeat(CHUNK_LINE)),
        not_http("the size line of a chunk does not end", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    )]
    fn larger_parts_than_the_limits_are_rejected(#[case] bytes: String, #[case] expected: TransportError) {
        assert_eq!(post(&bytes), Err(expected));
    }

    fn too_large() -> TransportError {
        let start = "y".repeat(BODY + 1);
        let sha256 = hex(&Sha256::digest(&start));
        TransportError::BodyTooLarge { limit: BODY, length: BODY as u64 + 1, sha256, start }
    }

    #[test]
    fn as_many_interim_responses_as_the_limit_are_accepted() {
        let interim = "HTTP/1.1 100 Go\r\n\r\n".repeat(INTERIM_RESPONSES);
        assert_eq!(post(&format!("{interim}HTTP/1.1 200 OK\r\n\r\nabc")).unwrap().body, "abc");
    }

    #[test]
    fn a_body_as_large_as_the_limit_is_accepted() {
        assert_eq!(post(&format!("HTTP/1.1 200 OK\r\n\r\n{}", "y".repeat(BODY))).unwrap().body.len(), BODY);
    }

    /// Splits the bytes at arbitrary positions.
    fn pieces(bytes: &[u8], cuts: &[prop::sample::Index]) -> Vec<Vec<u8>> {
        let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        at.extend([0, bytes.len()]);
        at.sort_unstable();
        at.windows(2).map(|pair| bytes[pair[0]..pair[1]].to_vec()).collect()
    }

    fn response_bytes() -> impl Strategy<Value = Vec<u8>> {
        let framing = prop::sample::select(vec![
            "content-length: 5\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n3\r\n{}x\r\n2;e\r\n\r\n\r\n0\r\nt: u\r\n\r\n",
            "\r\n",
            "content-length: 50\r\n\r\n",
        ]);
        let interim = prop::sample::select(vec!["", "HTTP/1.1 100 Continue\r\n\r\n", "\r\n"]);
        (interim, 200u16..600, "[a-zA-Z-]{1,9}: [ -~]{0,9}\r\n", framing, prop::collection::vec(any::<u8>(), 0..60))
            .prop_map(|(interim, status, field, framing, body)| {
                [format!("{interim}HTTP/1.1 {status} X\r\n{field}{framing}").into_bytes(), body].concat()
            })
    }

    proptest! {
        #[test]
        fn the_parser_never_panics(
            start in prop::sample::select(vec!["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"]),
            bytes in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b"\r\n:;0 aF,".to_vec())], 0..300),
        ) {
            let _ = read("POST", &[start.as_bytes(), &bytes], BodyEnd::Broken);
        }

        #[test]
        fn the_result_does_not_depend_on_the_split(bytes in response_bytes(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..9)) {
            let pieces = pieces(&bytes, &cuts);
            let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
            let singles: Vec<&[u8]> = bytes.chunks(1).collect();
            let whole = read("POST", &[&bytes], BodyEnd::Closed);
            prop_assert_eq!(&read("POST", &pieces, BodyEnd::Closed), &whole);
            prop_assert_eq!(&read("POST", &singles, BodyEnd::Closed), &whole);
        }
    }
}
