//! Requests with malformed XML, for probes, and the sentinels of a protocol that is REST in XML.

use super::{
    MalformedOutcome, MalformedRequest, RequestChange, Sentinels,
    http_binding::{has_subresource, route, unknown_method, unknown_path},
    routing::path,
    sentinel::{UNKNOWN_OPERATION, UNKNOWN_SERVICE},
};
use crate::{
    model::{Contract, Operation},
    wire::{Request, xml::XmlWriter},
};

/// A method that no operation of S3 has.
const UNKNOWN_METHOD: &str = "PATCH";

/// The same request to an operation and to a service that no endpoint has.
///
/// Every path of S3 is a bucket or a key: there, the operation is told by a subresource, or by the method.
pub(super) fn xml_sentinels(contract: &Contract, operation: &Operation, request: &Request) -> Sentinels {
    let query = request.target.split_once('?').map(|(_, query)| format!("?{query}")).unwrap_or_default();
    let to = |path: String| Request { target: format!("{path}{query}"), ..request.clone() };
    let elsewhere = Some(to(format!("/{UNKNOWN_SERVICE}{}", path(request))));
    let elsewhere = elsewhere.filter(|other| route(contract, other).is_none());
    let unknown = unknown_path(contract, operation, request, UNKNOWN_OPERATION).map(to);
    let other_method = || Request { method: UNKNOWN_METHOD.to_owned(), ..request.clone() };
    let subresource = || Request { target: format!("{}?{UNKNOWN_OPERATION}", path(request)), ..request.clone() };
    let nearest = || if has_subresource(operation) { subresource() } else { other_method() };
    Sentinels {
        unknown_operation: unknown.unwrap_or_else(nearest),
        unknown_service: elsewhere.unwrap_or_else(other_method),
        unknown_method: unknown_method(contract, operation)
            .map(|method| Request { method: method.to_owned(), ..request.clone() }),
    }
}

/// The nesting depth that recursive parsers do not reach.
const DEEP: usize = 5_000;

/// 1 MiB.
const LARGE: usize = 1 << 20;

/// XML bodies that break the protocol, by the name and the namespaces of the document element.
///
/// The protocol excludes what is not well-formed, and names no error for it. It does not say what servers do with
/// another document element, another namespace, or elements that the model does not know.
pub(super) fn xml_bodies((name, namespaces): &(&str, Vec<(String, String)>)) -> Vec<MalformedRequest> {
    use MalformedOutcome::{AnyRejection, AnyResponse, ClientError};
    let body = |variant, title, bytes: Vec<u8>, expected| {
        MalformedRequest::new(variant, title, RequestChange::Body(bytes), expected)
    };
    let crashing = |request: MalformedRequest| MalformedRequest { may_crash: true, ..request };
    let open = open_tag(name, namespaces);
    let with = |inner: &str| format!("{open}{inner}</{name}>").into_bytes();
    let unknown = |text: &str| with(&format!("<WireproofUnknown>{text}</WireproofUnknown>"));
    let deep = ["<w>".repeat(DEEP), "</w>".repeat(DEEP)].concat();
    let mut utf16 = vec![0xff, 0xfe];
    utf16.extend(String::from_utf8_lossy(&with("")).encode_utf16().flat_map(u16::to_le_bytes));
    vec![
        body("truncated", "is cut off", open.clone().into_bytes(), ClientError),
        body("no-xml", "is not XML", b"wireproof".to_vec(), ClientError),
        body("json", "is JSON", b"{}".to_vec(), ClientError),
        body("crossed-tags", "has tags that are not nested", with("<a><b></a></b>"), ClientError),
        body("bare-ampersand", "has an ampersand that is no reference", unknown("a & b"), ClientError),
        body("unknown-entity", "refers to an entity that is not declared", unknown("&wireproof;"), ClientError),
        body("trailing-bytes", "has bytes after its end", [with(""), b"wireproof".to_vec()].concat(), ClientError),
        body("two-roots", "has two document elements", [with(""), with("")].concat(), ClientError),
        crashing(body("invalid-utf-8", "contains bytes that are not UTF-8", invalid_utf8(&open, name), ClientError)),
        crashing(body("entities", "declares an entity that repeats another", entities(name), AnyResponse)),
        crashing(body("external-entity", "refers to an external entity", external_entity(name), AnyResponse)),
        body("wrong-root", "has another document element", b"<WireproofUnknown/>".to_vec(), AnyRejection),
        body("wrong-namespace", "has another namespace", wrong_namespace(name), AnyResponse),
        body("unknown-element", "has an element that the model does not know", unknown("w"), AnyResponse),
        body("text", "has text beside its elements", with("wireproof"), AnyResponse),
        body("utf-16", "is in UTF-16", utf16, AnyResponse),
        crashing(body("deep-nesting", "is nested 5,000 levels deep", unknown(&deep), AnyResponse)),
        crashing(body("large-body", "has an element of 1 MiB", unknown(&"w".repeat(LARGE)), AnyResponse)),
    ]
}

fn open_tag(name: &str, namespaces: &[(String, String)]) -> String {
    let mut writer = XmlWriter::default();
    let Ok(()) = writer.element::<std::convert::Infallible>(name, namespaces, |_| Ok(()));
    writer.finish().replace("/>", ">")
}

fn invalid_utf8(open: &str, name: &str) -> Vec<u8> {
    [open.as_bytes(), b"<WireproofUnknown>\xff\xfe</WireproofUnknown></", name.as_bytes(), b">"].concat()
}

fn entities(name: &str) -> Vec<u8> {
    let entities =
        "<!ENTITY a \"wireproof\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">";
    format!("<!DOCTYPE {name} [{entities}]><{name}><WireproofUnknown>&c;</WireproofUnknown></{name}>").into_bytes()
}

fn external_entity(name: &str) -> Vec<u8> {
    let entity = "<!ENTITY a SYSTEM \"file:///wireproof-unknown\">";
    format!("<!DOCTYPE {name} [{entity}]><{name}><WireproofUnknown>&a;</WireproofUnknown></{name}>").into_bytes()
}

fn wrong_namespace(name: &str) -> Vec<u8> {
    format!("<{name} xmlns=\"http://wireproof.invalid/\"/>").into_bytes()
}
