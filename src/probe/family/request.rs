//! The request as a whole: bodies that are no JSON object, headers, methods and paths.
//!
//! What neither RFC 8259 nor the protocol settles (a byte order mark, a member twice, bytes behind the value) must be
//! answered, in whichever way.

use super::{DraftProbe, InputChange, ProbeDraft, ProbeSubject, Want};
use crate::suite::{Body, ByteChanges, Template};

/// Variants that were seen to end an endpoint's process: they come last, one at a time.
const DEADLY: [&str; 4] = ["null", "deep-nesting", "large-body", "invalid-utf-8"];

/// Whether a variant of this family may end the endpoint.
pub(in crate::probe) fn deadly(variant: &str) -> bool {
    DEADLY.contains(&variant)
}

/// Deeper than any input; parsers that recurse meet their limit.
const DEEP: usize = 5_000;

/// One mebibyte.
const LARGE: usize = 1 << 20;

pub(super) fn ask(subject: &ProbeSubject<'_>) -> Option<DraftProbe> {
    if !subject.place.path.is_root() {
        return None;
    }
    let requires = subject.contract().members(&subject.place.target).iter().any(|member| member.traits.required());
    let mut drafts = bodies(requires);
    drafts.extend(around());
    drafts.extend(headers(subject.contract().service().id.name()));
    Some(DraftProbe::of("the AWS JSON protocols", drafts))
}

fn body(variant: &str, says: &str, bytes: &[u8], want: Want) -> ProbeDraft {
    let changes = ByteChanges { body: Some(Body::Bytes(bytes.to_vec())), ..ByteChanges::default() };
    ProbeDraft::new(variant, says, InputChange::Bytes(Box::new(changes)), want)
}

fn bodies(requires: bool) -> Vec<ProbeDraft> {
    // Nothing stands for an empty input in some services; where a member is required it is refused all the same.
    let nothing = if requires { Want::Unread } else { Want::Answered };
    let mut utf16 = vec![0xff, 0xfe];
    utf16.extend("{}".encode_utf16().flat_map(u16::to_le_bytes));
    vec![
        body("truncated", "is cut off", b"{", Want::Malformed),
        body("no-json", "is no JSON", b"wireproof", Want::Malformed),
        body("single-quotes", "has texts in single quotes", b"{'a': 'b'}", Want::Malformed),
        body("nan", "holds NaN", br#"{"WireproofUnknown": NaN}"#, Want::Answered),
        body("array", "is an array", b"[]", Want::Unread),
        body("string", "is a text", b"\"wireproof\"", Want::Unread),
        body("number", "is a number", b"7", Want::Unread),
        body("empty", "is empty", b"", nothing),
        body("null", "is null", b"null", nothing),
        body("utf-16", "is in UTF-16", &utf16, Want::Answered),
        body(
            "invalid-utf-8",
            "holds bytes that are not UTF-8",
            b"{\"WireproofUnknown\": \"\xff\xfe\"}",
            Want::Answered,
        ),
    ]
}

fn around() -> Vec<ProbeDraft> {
    let wrapped = |variant: &str, says: &str, front: &[u8], back: &[u8], want| {
        ProbeDraft::new(variant, says, InputChange::Around(front.to_vec(), back.to_vec()), want)
    };
    let merged = |variant: &str, says: &str, members: &[u8]| {
        ProbeDraft::new(variant, says, InputChange::Merged(members.to_vec()), Want::Answered)
    };
    let twice = br#""WireproofUnknown": 1, "WireproofUnknown": 2"#;
    let deep = [br#""WireproofUnknown": "#.to_vec(), vec![b'['; DEEP], vec![b']'; DEEP]].concat();
    let large = [br#""WireproofUnknown": ""#.to_vec(), vec![b'w'; LARGE], b"\"".to_vec()].concat();
    vec![
        wrapped("byte-order-mark", "has a byte order mark in front", b"\xef\xbb\xbf", b"", Want::Answered),
        wrapped("trailing-bytes", "has bytes behind its end", b"", b"wireproof", Want::Answered),
        wrapped("white-space", "has white space around it", b" \r\n\t", b" \r\n", Want::Admitted),
        merged("member-twice", "has a member twice", twice),
        merged("deep-nesting", "is nested 5,000 deep", &deep),
        merged("large-body", "has a member of one mebibyte", &large),
    ]
}

fn headers(service: &str) -> Vec<ProbeDraft> {
    let changed = |variant: &str, says: &str, changes: ByteChanges, want| {
        ProbeDraft::new(variant, says, InputChange::Bytes(Box::new(changes)), want)
    };
    let set = |name: &str, value: &str| ByteChanges {
        set: vec![(name.to_owned(), Template::Literal(value.into()))],
        ..ByteChanges::default()
    };
    let without = |name: &str| ByteChanges { remove: vec![name.to_owned()], ..ByteChanges::default() };
    let method = |method: &str| ByteChanges { method: Some(method.to_owned()), ..ByteChanges::default() };
    let path = ByteChanges { path: Some("/wireproof".to_owned()), ..ByteChanges::default() };
    vec![
        changed("no-content-type", "has no content type", without("content-type"), Want::Turned),
        changed("text-content-type", "calls itself text", set("content-type", "text/plain"), Want::Turned),
        changed(
            "json-content-type",
            "calls itself application/json",
            set("content-type", "application/json"),
            Want::Answered,
        ),
        changed("chunked", "comes in chunks", ByteChanges { chunked: true, ..ByteChanges::default() }, Want::Admitted),
        changed("no-target", "names no operation", without("x-amz-target"), Want::Unknown),
        changed(
            "target-without-a-dot",
            "names an operation without a service",
            set("x-amz-target", "wireproof"),
            Want::Unknown,
        ),
        changed(
            "unknown-operation",
            "names an operation that the service lacks",
            set("x-amz-target", &format!("{service}.WireproofUnknown")),
            Want::Unknown,
        ),
        changed(
            "unknown-service",
            "names a service that nobody has",
            set("x-amz-target", "Wireproof_20000101.Unknown"),
            Want::Unknown,
        ),
        changed("get", "is a GET", method("GET"), Want::Answered),
        changed("put", "is a PUT", method("PUT"), Want::Answered),
        changed("path", "goes to another path", path, Want::Answered),
    ]
}
