//! Requests that break a protocol, for probes.

/// A request that breaks the protocol, as a change of a valid one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MalformedRequest {
    /// The variant, as probe ids name it.
    pub variant: &'static str,
    /// The predicate of the title; its subject is the request or its body.
    pub title: &'static str,
    /// The change.
    pub change: RequestChange,
    /// The expected behavior of an endpoint.
    pub expected: MalformedOutcome,
    /// Endpoints are known to crash on it.
    pub may_crash: bool,
}

/// A change of a valid request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestChange {
    /// Another method.
    Method(&'static str),
    /// Another path.
    Path(String),
    /// Another value of a header.
    SetHeader(&'static str, String),
    /// The request without a header.
    RemoveHeader(&'static str),
    /// The body in chunks.
    Chunked,
    /// Another body.
    Body(Vec<u8>),
    /// Bytes before and after the body.
    Around(Vec<u8>, Vec<u8>),
    /// Further members of the JSON object that is the body.
    Members(Vec<u8>),
}

/// The expected behavior of an endpoint for a malformed request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MalformedOutcome {
    /// Reject it as unreadable.
    Unreadable,
    /// Reject it as unreadable or for a constraint, because services differ.
    UnreadableOrInvalid,
    /// Reject it because the operation is unknown.
    UnknownOperation,
    /// Reject it with any client error: the protocol excludes the request, and names no error for it.
    ClientError,
    /// Reject it with any client error. AWS does this, but no document says so.
    AnyRejection,
    /// Accept it.
    Accepted,
    /// Respond with anything but a server error.
    AnyResponse,
}

/// The nesting depth that recursive parsers do not reach.
pub(super) const DEEP: usize = 5_000;

/// 1 MiB.
const LARGE: usize = 1 << 20;

impl MalformedRequest {
    pub(super) fn new(
        variant: &'static str,
        title: &'static str,
        change: RequestChange,
        expected: MalformedOutcome,
    ) -> Self {
        Self { variant, title, change, expected, may_crash: false }
    }

    pub(super) fn crashing(self) -> Self {
        Self { may_crash: true, ..self }
    }
}

/// JSON bodies that break the protocol. `requires_member`: the input has a required member.
pub(super) fn json_bodies(requires_member: bool) -> Vec<MalformedRequest> {
    use MalformedOutcome::{AnyResponse, Unreadable, UnreadableOrInvalid};
    let body = |variant, title, bytes: &[u8], expected| {
        MalformedRequest::new(variant, title, RequestChange::Body(bytes.to_vec()), expected)
    };
    // Some services read an empty body as an empty input. They reject it if the input has a required member.
    let nothing = if requires_member { UnreadableOrInvalid } else { AnyResponse };
    let mut utf16 = vec![0xff, 0xfe];
    utf16.extend("{}".encode_utf16().flat_map(u16::to_le_bytes));
    let not_utf8 = b"{\"WireproofUnknown\": \"\xff\xfe\"}";
    vec![
        body("truncated", "is cut off", b"{", Unreadable),
        body("no-json", "is not JSON", b"wireproof", Unreadable),
        body("single-quotes", "has strings in single quotes", b"{'a': 'b'}", Unreadable),
        body("nan", "contains NaN", br#"{"WireproofUnknown": NaN}"#, Unreadable),
        body("array", "is an array", b"[]", UnreadableOrInvalid),
        body("string", "is a string", b"\"wireproof\"", UnreadableOrInvalid),
        body("number", "is a number", b"7", UnreadableOrInvalid),
        body("empty", "is empty", b"", nothing),
        body("null", "is null", b"null", nothing).crashing(),
        body("utf-16", "is in UTF-16", &utf16, Unreadable),
        body("invalid-utf-8", "contains bytes that are not UTF-8", not_utf8, AnyResponse).crashing(),
    ]
}

/// Valid JSON inputs in a form that breaks the protocol, or that only robust parsers read.
pub(super) fn json_forms() -> Vec<MalformedRequest> {
    use MalformedOutcome::{Accepted, AnyResponse, Unreadable};
    let around = |variant, title, before: &[u8], after: &[u8], expected| {
        MalformedRequest::new(variant, title, RequestChange::Around(before.to_vec(), after.to_vec()), expected)
    };
    let members = |variant, title, members: Vec<u8>| {
        MalformedRequest::new(variant, title, RequestChange::Members(members), AnyResponse)
    };
    let twice = br#""WireproofUnknown": 1, "WireproofUnknown": 2"#.to_vec();
    let deep = [br#""WireproofUnknown": "#.to_vec(), vec![b'['; DEEP], vec![b']'; DEEP]].concat();
    let large = [br#""WireproofUnknown": ""#.to_vec(), vec![b'w'; LARGE], b"\"".to_vec()].concat();
    vec![
        around("byte-order-mark", "starts with a byte order mark", b"\xef\xbb\xbf", b"", AnyResponse),
        around("trailing-bytes", "has bytes after its end", b"", b"wireproof", Unreadable),
        around("white-space", "has white space around it", b" \r\n\t", b" \r\n", Accepted),
        members("member-twice", "has a duplicate member", twice),
        members("deep-nesting", "is nested 5,000 levels deep", deep).crashing(),
        members("large-body", "has a member of 1 MiB", large).crashing(),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_variant_occurs_once_and_requests_that_may_crash_are_marked() {
        let all = [json_bodies(true), json_forms()].concat();
        let variants: BTreeSet<&str> = all.iter().map(|request| request.variant).collect();
        assert_eq!(variants.len(), all.len());
        let crashing = all.iter().filter(|request| request.may_crash).map(|request| request.variant);
        assert_eq!(crashing.collect::<Vec<_>>(), ["null", "invalid-utf-8", "deep-nesting", "large-body"]);
    }

    #[test]
    fn an_empty_body_must_be_rejected_only_where_a_member_is_required() {
        let empty = |requires| json_bodies(requires).into_iter().find(|request| request.variant == "empty").unwrap();
        assert_eq!(empty(true).expected, MalformedOutcome::UnreadableOrInvalid);
        assert_eq!(empty(false).expected, MalformedOutcome::AnyResponse);
    }
}
