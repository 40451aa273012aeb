//! Requests that break the RPC v2 protocols.

use super::{
    MalformedOutcome, MalformedRequest, RequestChange, RpcV2,
    malformed_request::{DEEP, json_bodies, json_forms},
    rpc_v2::{EXCLUDED_HEADERS, PROTOCOL_HEADER, call_path},
};
use crate::{
    model::{Contract, Operation},
    wire::cbor::CborWriter,
};

/// A member that no input has.
const UNKNOWN_MEMBER: &str = "WireproofUnknown";

/// Every malformed request of a protocol.
pub(super) fn malformed_requests(protocol: RpcV2, contract: &Contract, operation: &Operation) -> Vec<MalformedRequest> {
    let mut requests = malformed_heads(protocol, contract, operation);
    // A request of an operation without any input has no body that could be malformed.
    if !operation.input.is_unit() {
        let requires_member = contract.members(&operation.input).iter().any(|member| member.traits.required());
        requests.extend(match protocol {
            RpcV2::Cbor => cbor_bodies(requires_member),
            RpcV2::Json => [json_bodies(requires_member), json_forms()].concat(),
        });
        requests.extend(malformed_types(protocol));
    }
    requests
}

/// CBOR bodies that break the protocol. `requires_member`: the input has a required member.
fn cbor_bodies(requires_member: bool) -> Vec<MalformedRequest> {
    use MalformedOutcome::{AnyResponse, Unreadable, UnreadableOrInvalid};
    let body = |variant, title, bytes: &[u8], expected| {
        MalformedRequest::new(variant, title, RequestChange::Body(bytes.to_vec()), expected)
    };
    let trailing = RequestChange::Around(Vec::new(), vec![0]);
    // The protocol reads an empty body as an empty input.
    let nothing = if requires_member { UnreadableOrInvalid } else { AnyResponse };
    vec![
        body("truncated", "is cut off", b"\xbf", Unreadable),
        body("no-cbor", "contains a reserved byte", b"\x1c", Unreadable),
        body("stray-break", "is a break", b"\xff", Unreadable),
        body("json", "is JSON", b"{}", Unreadable),
        body("integer-key", "has an integer as a key", b"\xa1\x01\x01", UnreadableOrInvalid),
        body("array", "is an array", b"\x80", UnreadableOrInvalid),
        body("string", "is a string", b"\x69wireproof", UnreadableOrInvalid),
        body("number", "is a number", b"\x07", UnreadableOrInvalid),
        body("empty", "is empty", b"", nothing),
        body("null", "is null", b"\xf6", nothing).crashing(),
        body("undefined", "is undefined", b"\xf7", nothing).crashing(),
        body("invalid-utf-8", "contains text that is not UTF-8", &with_unknown_member(b"\x62\xff\xfe"), AnyResponse)
            .crashing(),
        body("member-twice", "has a duplicate member", &unknown_member_twice(), AnyResponse),
        body("deep-nesting", "is nested 5,000 levels deep", &with_unknown_member(&nested()), AnyResponse).crashing(),
        body(
            "endless-string",
            "contains a string of 2^63 bytes",
            &with_unknown_member(b"\x5b\x7f\xff\xff\xff\xff\xff\xff\xff"),
            Unreadable,
        )
        .crashing(),
        body(
            "endless-array",
            "contains an array of 2^63 items",
            &with_unknown_member(b"\x9b\x7f\xff\xff\xff\xff\xff\xff\xff"),
            Unreadable,
        )
        .crashing(),
        MalformedRequest::new("trailing-bytes", "has bytes after its end", trailing, Unreadable),
    ]
}

/// A map whose only member is unknown, with these bytes as its value.
fn with_unknown_member(value: &[u8]) -> Vec<u8> {
    let mut out = CborWriter::default();
    out.map(1);
    out.text(UNKNOWN_MEMBER);
    [out.into_bytes(), value.to_vec()].concat()
}

fn unknown_member_twice() -> Vec<u8> {
    let mut out = CborWriter::default();
    out.map(2);
    for value in [1, 2] {
        out.text(UNKNOWN_MEMBER);
        out.integer(value);
    }
    out.into_bytes()
}

fn nested() -> Vec<u8> {
    [vec![0x81; DEEP], vec![0x80]].concat()
}

/// Other media types than that of a body.
fn malformed_types(protocol: RpcV2) -> Vec<MalformedRequest> {
    use RequestChange::{RemoveHeader, SetHeader};
    let new = |variant, title, change| MalformedRequest::new(variant, title, change, MalformedOutcome::AnyRejection);
    let content_type = |value: &str| SetHeader("content-type", value.to_owned());
    let (variant, title, other) = match protocol {
        RpcV2::Cbor => ("json-content-type", "has the content type application/json", "application/json"),
        RpcV2::Json => ("cbor-content-type", "has the content type application/cbor", "application/cbor"),
    };
    vec![
        new("no-content-type", "has no content type", RemoveHeader("content-type")),
        new("text-content-type", "has the content type text/plain", content_type("text/plain")),
        new(variant, title, content_type(other)),
    ]
}

fn malformed_heads(protocol: RpcV2, contract: &Contract, operation: &Operation) -> Vec<MalformedRequest> {
    use MalformedOutcome::{Accepted, AnyRejection, AnyResponse, ClientError, UnknownOperation};
    use RequestChange::{Chunked, Method, Path, RemoveHeader, SetHeader};
    let new = MalformedRequest::new;
    let (service, name) = (contract.service().id.name(), operation.name.as_str());
    let to = |service: &str, operation: &str| Path(call_path(service, operation));
    let absolute = operation.id.as_str().replace('#', ".");
    let target = |header| SetHeader(header, format!("{service}.{name}"));
    let [amz, amzn] = EXCLUDED_HEADERS;
    let other_protocol = SetHeader(PROTOCOL_HEADER, "wireproof".to_owned());
    let with_prefix = Path(format!("/wireproof{}", call_path(service, name)));
    vec![
        new("target", "has the header x-amz-target", target(amz), ClientError),
        new("amzn-target", "has the header x-amzn-target", target(amzn), ClientError),
        new("no-protocol", "names no protocol", RemoveHeader(PROTOCOL_HEADER), AnyRejection),
        new("other-protocol", "names an unknown protocol", other_protocol, AnyRejection),
        new("no-accept", "accepts no media type", RemoveHeader("accept"), AnyResponse),
        new("text-accept", "accepts text only", SetHeader("accept", "text/plain".to_owned()), AnyResponse),
        new("chunked", "is chunked", Chunked, Accepted),
        new(
            "unknown-operation",
            "names an operation that the service does not have",
            to(service, "WireproofUnknown"),
            UnknownOperation,
        ),
        new("unknown-service", "names an unknown service", to("WireproofUnknown", name), UnknownOperation),
        new("absolute-operation", "names the operation by an absolute shape ID", to(service, &absolute), ClientError),
        new("prefix", "goes to a path with a prefix", with_prefix, AnyResponse),
        new("path", "goes to another path", Path("/wireproof".to_owned()), ClientError),
        new("get", "is a GET", Method("GET"), ClientError),
        new("put", "is a PUT", Method("PUT"), ClientError),
        new(
            "case",
            "names the protocol in upper case",
            SetHeader(PROTOCOL_HEADER, protocol.header_value().to_ascii_uppercase()),
            AnyResponse,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rstest::rstest;

    use super::*;
    use crate::wire::cbor::{CborProblem, read};

    #[test]
    fn a_body_that_must_be_rejected_as_unreadable_has_a_forbidden_problem() {
        for request in cbor_bodies(true) {
            let RequestChange::Body(body) = &request.change else { continue };
            let is_forbidden = read(body).problems.iter().any(CborProblem::is_forbidden);
            let expected = request.expected == MalformedOutcome::Unreadable;
            assert!(is_forbidden || !expected, "{}", request.variant);
        }
    }

    #[rstest]
    #[case(RpcV2::Cbor, "In", true)]
    #[case(RpcV2::Json, "In", true)]
    #[case(RpcV2::Cbor, "smithy.api#Unit", false)]
    fn variants_are_unique_and_only_an_input_has_malformed_bodies(
        #[case] protocol: RpcV2,
        #[case] input: &str,
        #[case] has_body: bool,
    ) {
        let input = if has_body { format!("x#{input}") } else { input.to_owned() };
        let model = format!(
            r#"{{"smithy":"2.0","shapes":{{
            "x#S":{{"type":"service","version":"1","operations":[{{"target":"x#Op"}}]}},
            "x#Op":{{"type":"operation","input":{{"target":"{input}"}}}},
            "x#In":{{"type":"structure","members":{{}}}}}}}}"#
        );
        let contract = crate::model::read("m", &model).unwrap();
        let all = malformed_requests(protocol, &contract, contract.operation("Op").unwrap());
        let variants: BTreeSet<&str> = all.iter().map(|request| request.variant).collect();
        assert_eq!(variants.len(), all.len());
        assert_eq!(all.iter().any(|request| matches!(request.change, RequestChange::Body(_))), has_body);
    }
}
