//! The request as a whole: bodies that are not JSON objects, headers, methods and paths.
//!
//! Where neither RFC 8259 nor the protocol decides (a byte order mark, a duplicate member, bytes after the value), any
//! response but a server error is accepted.

use super::{ExpectedOutcome, FamilyBasis, FamilyDefinition, FamilyDrafts, InputChange, ProbeDraft, ProbeSubject};
use crate::suite::{Body, ByteChanges, Template};

/// Variants that were seen to end an endpoint's process.
const CRASHING: [&str; 4] = ["null", "deep-nesting", "large-body", "invalid-utf-8"];

/// Deeper than any input; recursive parsers reach their limit.
const DEEP: usize = 5_000;

/// 1 MiB.
const LARGE: usize = 1 << 20;

pub(super) const FAMILY: FamilyDefinition = FamilyDefinition { name: "request", basis: FamilyBasis::Protocol, draft };

fn draft(subject: &ProbeSubject<'_>) -> Option<FamilyDrafts> {
    if !subject.location.path.is_root() {
        return None;
    }
    let requires = subject.contract().members(&subject.location.target).iter().any(|member| member.traits.required());
    let mut drafts = bodies(requires);
    drafts.extend(around());
    drafts.extend(headers(subject.contract().service().id.name()));
    for draft in &mut drafts {
        draft.may_crash = CRASHING.contains(&draft.variant.as_str());
    }
    Some(FamilyDrafts::of("the AWS JSON protocols", drafts))
}

fn body(variant: &str, title: &str, bytes: &[u8], expected: ExpectedOutcome) -> ProbeDraft {
    let changes = ByteChanges { body: Some(Body::Bytes(bytes.to_vec())), ..ByteChanges::default() };
    ProbeDraft::new(variant, title, InputChange::Bytes(Box::new(changes)), expected)
}

fn bodies(requires: bool) -> Vec<ProbeDraft> {
    // Some services read an empty body as an empty input; where a member is required they reject it all the same.
    let nothing = if requires { ExpectedOutcome::RejectedOrUnreadable } else { ExpectedOutcome::Responded };
    let mut utf16 = vec![0xff, 0xfe];
    utf16.extend("{}".encode_utf16().flat_map(u16::to_le_bytes));
    vec![
        body("truncated", "is cut off", b"{", ExpectedOutcome::Unreadable),
        body("no-json", "is not JSON", b"wireproof", ExpectedOutcome::Unreadable),
        body("single-quotes", "has strings in single quotes", b"{'a': 'b'}", ExpectedOutcome::Unreadable),
        body("nan", "contains NaN", br#"{"WireproofUnknown": NaN}"#, ExpectedOutcome::Responded),
        body("array", "is an array", b"[]", ExpectedOutcome::RejectedOrUnreadable),
        body("string", "is a string", b"\"wireproof\"", ExpectedOutcome::RejectedOrUnreadable),
        body("number", "is a number", b"7", ExpectedOutcome::RejectedOrUnreadable),
        body("empty", "is empty", b"", nothing),
        body("null", "is null", b"null", nothing),
        body("utf-16", "is in UTF-16", &utf16, ExpectedOutcome::Responded),
        body(
            "invalid-utf-8",
            "contains bytes that are not UTF-8",
            b"{\"WireproofUnknown\": \"\xff\xfe\"}",
            ExpectedOutcome::Responded,
        ),
    ]
}

fn around() -> Vec<ProbeDraft> {
    let wrapped = |variant: &str, title: &str, front: &[u8], back: &[u8], expected| {
        ProbeDraft::new(variant, title, InputChange::Around(front.to_vec(), back.to_vec()), expected)
    };
    let merged = |variant: &str, title: &str, members: &[u8]| {
        ProbeDraft::new(variant, title, InputChange::Merged(members.to_vec()), ExpectedOutcome::Responded)
    };
    let twice = br#""WireproofUnknown": 1, "WireproofUnknown": 2"#;
    let deep = [br#""WireproofUnknown": "#.to_vec(), vec![b'['; DEEP], vec![b']'; DEEP]].concat();
    let large = [br#""WireproofUnknown": ""#.to_vec(), vec![b'w'; LARGE], b"\"".to_vec()].concat();
    vec![
        wrapped("byte-order-mark", "starts with a byte order mark", b"\xef\xbb\xbf", b"", ExpectedOutcome::Responded),
        wrapped("trailing-bytes", "has bytes after its end", b"", b"wireproof", ExpectedOutcome::Responded),
        wrapped("white-space", "has white space around it", b" \r\n\t", b" \r\n", ExpectedOutcome::Accepted),
        merged("member-twice", "has a duplicate member", twice),
        merged("deep-nesting", "is nested 5,000 levels deep", &deep),
        merged("large-body", "has a member of 1 MiB", &large),
    ]
}

fn headers(service: &str) -> Vec<ProbeDraft> {
    let changed = |variant: &str, title: &str, changes: ByteChanges, expected| {
        ProbeDraft::new(variant, title, InputChange::Bytes(Box::new(changes)), expected)
    };
    let set = |name: &str, value: &str| ByteChanges {
        set: vec![(name.to_owned(), Template::Literal(value.into()))],
        ..ByteChanges::default()
    };
    let without = |name: &str| ByteChanges { remove: vec![name.to_owned()], ..ByteChanges::default() };
    let method = |method: &str| ByteChanges { method: Some(method.to_owned()), ..ByteChanges::default() };
    let path = ByteChanges { path: Some("/wireproof".to_owned()), ..ByteChanges::default() };
    vec![
        changed("no-content-type", "has no content type", without("content-type"), ExpectedOutcome::RejectedInAnyWay),
        changed(
            "text-content-type",
            "has the content type text/plain",
            set("content-type", "text/plain"),
            ExpectedOutcome::RejectedInAnyWay,
        ),
        changed(
            "json-content-type",
            "has the content type application/json",
            set("content-type", "application/json"),
            ExpectedOutcome::Responded,
        ),
        changed(
            "chunked",
            "is chunked",
            ByteChanges { chunked: true, ..ByteChanges::default() },
            ExpectedOutcome::Accepted,
        ),
        changed("no-target", "names no operation", without("x-amz-target"), ExpectedOutcome::UnknownOperation),
        changed(
            "target-without-a-dot",
            "names an operation without a service",
            set("x-amz-target", "wireproof"),
            ExpectedOutcome::UnknownOperation,
        ),
        changed(
            "unknown-operation",
            "names an operation that the service does not have",
            set("x-amz-target", &format!("{service}.WireproofUnknown")),
            ExpectedOutcome::UnknownOperation,
        ),
        changed(
            "unknown-service",
            "names an unknown service",
            set("x-amz-target", "Wireproof_20000101.Unknown"),
            ExpectedOutcome::UnknownOperation,
        ),
        changed("get", "is a GET", method("GET"), ExpectedOutcome::Responded),
        changed("put", "is a PUT", method("PUT"), ExpectedOutcome::Responded),
        changed("path", "goes to another path", path, ExpectedOutcome::Responded),
    ]
}
