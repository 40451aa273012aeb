//! A value of every JSON type that a shape does not have.

use serde_json::{Value, json};

use super::{ExpectedOutcome, FamilyBasis, FamilyDefinition, FamilyDrafts, ProbeDraft, ProbeSubject, RequestGroup};
use crate::model::{ShapeKind, TimestampFormat};

pub(super) const FAMILY: FamilyDefinition = FamilyDefinition {
    name: "type",
    basis: FamilyBasis::Protocol,
    group: RequestGroup::Wire,
    asks: "a value of another JSON type",
    draft,
};

fn draft(subject: &ProbeSubject<'_>) -> Option<FamilyDrafts> {
    if subject.location.path.is_root() || subject.location.is_key() {
        return None;
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
