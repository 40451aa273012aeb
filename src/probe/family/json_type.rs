//! Values of the wrong JSON or CBOR type. Where every value is text, a text that is not a number or boolean.

use serde_json::{Value, json};

use super::{ExpectedOutcome, FamilyBasis, FamilyDefinition, FamilyDrafts, ProbeDraft, ProbeSubject, RequestGroup};
use crate::model::{ShapeKind, TimestampFormat};

pub(super) const FAMILY: FamilyDefinition = FamilyDefinition {
    name: "type",
    basis: FamilyBasis::Protocol,
    group: RequestGroup::Wire,
    asks: "a value of another type",
    draft,
};

fn draft(subject: &ProbeSubject<'_>) -> Option<FamilyDrafts> {
    if subject.location.path.is_root() || subject.location.is_key() {
        return None;
    }
    if !subject.place.has_types() {
        return text(subject);
    }
    let valid = valid_types(subject)?;
    let all = [
        ("string", json!("wireproof")),
        ("number", json!(7)),
        ("boolean", json!(true)),
        ("object", json!({})),
        ("array", json!([])),
    ];
    let invalid = all.into_iter().filter(|(name, _)| !valid.contains(name));
    let drafts = invalid.map(|(name, value): (&str, Value)| {
        ProbeDraft::value(
            name,
            format!("is a JSON {name} instead of a JSON {}", valid.join(" or ")),
            value,
            ExpectedOutcome::RejectedOrUnreadable,
        )
    });
    Some(FamilyDrafts::of(format!("a JSON {}", valid.join(" or ")), drafts.collect()))
}

/// Text instead of a number or a boolean. Text of every other shape is valid, or another family probes it.
fn text(subject: &ProbeSubject<'_>) -> Option<FamilyDrafts> {
    let valid = match &subject.shape.kind {
        ShapeKind::Boolean => "a boolean",
        ShapeKind::Number(_) | ShapeKind::IntEnum(_) => "a number",
        _ => return None,
    };
    let title = format!("is text that is not {valid}");
    let text = ProbeDraft::value("text", title, "wireproof", ExpectedOutcome::RejectedOrUnreadable);
    Some(FamilyDrafts::of(valid, vec![text]))
}

/// The JSON types of a shape; `None` where it has every type.
fn valid_types(subject: &ProbeSubject<'_>) -> Option<&'static [&'static str]> {
    Some(match &subject.shape.kind {
        ShapeKind::Structure(_) | ShapeKind::Union(_) | ShapeKind::Map { .. } => &["object"],
        ShapeKind::List(_) => &["array"],
        ShapeKind::String | ShapeKind::Enum(_) | ShapeKind::Blob => &["string"],
        ShapeKind::Boolean => &["boolean"],
        ShapeKind::Number(_) | ShapeKind::IntEnum(_) => &["number"],
        // The timestamp family probes a string for a number, and a number for a string.
        ShapeKind::Timestamp
            if subject.location.timestamp(subject.inputs, subject.shape) == TimestampFormat::EpochSeconds =>
        {
            &["number", "string"]
        }
        ShapeKind::Timestamp => &["string", "number"],
        ShapeKind::Document => return None,
    })
}
