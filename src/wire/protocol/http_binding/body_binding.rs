//! What the body of a message holds: nothing, a document of several members, or one member.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use bytes::Bytes;
use serde_json::Value;

use crate::{
    model::{Contract, Member, MemberBinding, Operation, PayloadSide, ShapeId, ShapeKind},
    wire::{ParsedResponse, Response},
};

/// The content of the bodies of an input, an output or an error.
#[derive(Debug, Clone)]
pub(in crate::wire::protocol) enum BodyBinding<'c> {
    /// No member is in the body.
    Nothing,
    /// These members form one document.
    Document(Vec<&'c Member>),
    /// The body is this member.
    Payload(&'c Member, PayloadKind),
}

/// The form of a member that is the whole body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::wire::protocol) enum PayloadKind {
    /// Bytes as they are.
    Blob,
    /// Text as it is.
    Text,
    /// A document of the protocol.
    Document,
    /// A document of the protocol, which must be sent: a structure without members is not the same as none.
    Structure,
    /// Frames of events.
    EventStream,
}

impl<'c> BodyBinding<'c> {
    /// The body of a shape: an input, an output or an error.
    pub(in crate::wire::protocol) fn of(contract: &'c Contract, shape: &ShapeId, side: PayloadSide) -> Self {
        let members = contract.members(shape);
        if let Some(payload) = members.iter().find(|member| member.binding(side) == MemberBinding::Payload) {
            return Self::Payload(payload, PayloadKind::of(contract, payload));
        }
        let in_body: Vec<&Member> =
            members.iter().filter(|member| member.binding(side) == MemberBinding::Body).collect();
        if in_body.is_empty() { Self::Nothing } else { Self::Document(in_body) }
    }

    /// The media type of the body, where `document` is that of the protocol's documents; `None` without a body.
    pub(in crate::wire::protocol) fn media_type(&self, contract: &'c Contract, document: &'c str) -> Option<&'c str> {
        match *self {
            Self::Nothing => None,
            Self::Document(_) => Some(document),
            Self::Payload(member, kind) => Some(stated_media_type(contract, member).unwrap_or(match kind {
                PayloadKind::Blob => "application/octet-stream",
                PayloadKind::Text => "text/plain",
                PayloadKind::Document | PayloadKind::Structure => document,
                PayloadKind::EventStream => "application/vnd.amazon.eventstream",
            })),
        }
    }

    /// Returns whether the body may have any media type: it is bytes of which the model says no more.
    pub(in crate::wire::protocol) fn has_any_media_type(&self, contract: &Contract) -> bool {
        matches!(self, Self::Payload(member, PayloadKind::Blob) if stated_media_type(contract, member).is_none())
    }
}

/// Returns whether a member of an input, an output or an error is the content type of the body.
pub(in crate::wire::protocol) fn binds_content_type(contract: &Contract, shape: &ShapeId) -> bool {
    let mut bindings = contract.members(shape).iter().map(|member| member.binding(PayloadSide::Output));
    bindings.any(|one| matches!(one, MemberBinding::Header(name) if name.eq_ignore_ascii_case("content-type")))
}

/// The media type that a response must have; `None` if it may have none or any. AWS sends bytes of which the model says
/// nothing with the media type that they have, and a body with the type of a header member.
pub(in crate::wire::protocol) fn due_media_type<'c>(
    contract: &'c Contract,
    operation: &'c Operation,
    response: &Response,
    parsed: &ParsedResponse,
    document: &'c str,
) -> Option<&'c str> {
    if response.body.is_empty() {
        return None;
    }
    if parsed.rejection.is_some() {
        return Some(document);
    }
    let body = BodyBinding::of(contract, &operation.output, PayloadSide::Output);
    let is_free = binds_content_type(contract, &operation.output) || body.has_any_media_type(contract);
    body.media_type(contract, document).filter(|_| !is_free)
}

/// The media type that the model gives a member.
pub(super) fn stated_media_type<'m>(contract: &'m Contract, member: &'m Member) -> Option<&'m str> {
    contract.trait_of(member, "smithy.api#mediaType")?.as_str()
}

impl PayloadKind {
    fn of(contract: &Contract, member: &Member) -> Self {
        let is_stream = contract.trait_of(member, "smithy.api#streaming").is_some();
        match contract.shape(&member.target).map(|shape| &shape.kind) {
            Some(ShapeKind::Blob) => Self::Blob,
            Some(ShapeKind::String | ShapeKind::Enum(_)) => Self::Text,
            Some(ShapeKind::Union(_)) if is_stream => Self::EventStream,
            Some(ShapeKind::Structure(_)) => Self::Structure,
            _ => Self::Document,
        }
    }

    /// The bytes of a blob or a text. Text that is not base64 stays as it is, as does a value of another type.
    pub(in crate::wire::protocol) fn bytes(self, value: &Value) -> Bytes {
        let Some(text) = value.as_str() else { return value.to_string().into() };
        let decoded = (self == Self::Blob).then(|| BASE64.decode(text).ok()).flatten();
        decoded.map_or_else(|| Bytes::copy_from_slice(text.as_bytes()), Bytes::from)
    }

    /// The value of a blob or a text; `None` for text that is not UTF-8.
    pub(in crate::wire::protocol) fn value(self, bytes: &[u8]) -> Option<Value> {
        match self {
            Self::Text => std::str::from_utf8(bytes).ok().map(Value::from),
            _ => Some(BASE64.encode(bytes).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::model::read;

    const MODEL: &str = r#"{"smithy":"2.0","shapes":{"x#S":{"type":"service"},
        "x#Head":{"type":"structure","members":{"h":{"target":"smithy.api#String","traits":{"smithy.api#httpHeader":"h"}}}},
        "x#Doc":{"type":"structure","members":{"h":{"target":"smithy.api#String","traits":{"smithy.api#httpHeader":"h"}},"a":{"target":"smithy.api#String"}}},
        "x#Bytes":{"type":"structure","members":{"a":{"target":"smithy.api#Blob","traits":{"smithy.api#httpPayload":{}}}}},
        "x#Image":{"type":"structure","members":{"a":{"target":"x#Png","traits":{"smithy.api#httpPayload":{}}}}},
        "x#Png":{"type":"blob","traits":{"smithy.api#mediaType":"image/png"}},
        "x#Text":{"type":"structure","members":{"a":{"target":"smithy.api#String","traits":{"smithy.api#httpPayload":{}}}}},
        "x#Inner":{"type":"structure","members":{"a":{"target":"x#Doc","traits":{"smithy.api#httpPayload":{}}}}},
        "x#Free":{"type":"structure","members":{"a":{"target":"smithy.api#Document","traits":{"smithy.api#httpPayload":{}}}}},
        "x#Events":{"type":"structure","members":{"a":{"target":"x#Stream","traits":{"smithy.api#httpPayload":{}}}}},
        "x#Stream":{"type":"union","members":{"a":{"target":"x#Doc"}},"traits":{"smithy.api#streaming":{}}}}}"#;

    #[rstest]
    #[case("smithy.api#Unit", None, None)]
    #[case("x#Head", None, None)]
    #[case("x#Doc", None, Some("application/json"))]
    #[case("x#Bytes", Some(PayloadKind::Blob), Some("application/octet-stream"))]
    #[case("x#Image", Some(PayloadKind::Blob), Some("image/png"))]
    #[case("x#Text", Some(PayloadKind::Text), Some("text/plain"))]
    #[case("x#Inner", Some(PayloadKind::Structure), Some("application/json"))]
    #[case("x#Free", Some(PayloadKind::Document), Some("application/json"))]
    #[case("x#Events", Some(PayloadKind::EventStream), Some("application/vnd.amazon.eventstream"))]
    fn a_body_has_its_media_type(
        #[case] shape: &str,
        #[case] payload: Option<PayloadKind>,
        #[case] media_type: Option<&str>,
    ) {
        let contract = read("m", MODEL).unwrap();
        let body = BodyBinding::of(&contract, &ShapeId::new(shape), PayloadSide::Output);
        assert_eq!(body.media_type(&contract, "application/json"), media_type);
        assert_eq!(body.has_any_media_type(&contract), shape == "x#Bytes");
        let kind = if let BodyBinding::Payload(_, kind) = body { Some(kind) } else { None };
        assert_eq!(kind, payload);
    }

    #[test]
    fn bytes_are_base64_in_a_value_and_text_is_itself() {
        let round = |kind: PayloadKind, value: &Value| kind.value(&kind.bytes(value));
        assert_eq!(round(PayloadKind::Blob, &json!("YQ==")), Some(json!("YQ==")));
        assert_eq!(round(PayloadKind::Text, &json!("YQ==")), Some(json!("YQ==")));
        assert_eq!(
            (PayloadKind::Blob.bytes(&json!("%")), PayloadKind::Text.bytes(&json!(5))),
            ("%".into(), "5".into())
        );
        assert_eq!(PayloadKind::Text.value(b"\xff"), None);
    }
}
