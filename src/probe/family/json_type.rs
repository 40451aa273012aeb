//! A value of every JSON type that a shape has not.

use serde_json::{Value, json};

use super::{DraftProbe, ProbeDraft, ProbeSubject, Want};
use crate::model::{ShapeKind, TimestampFormat};

pub(super) fn ask(subject: &ProbeSubject<'_>) -> Option<DraftProbe> {
    if subject.place.path.is_root() || subject.place.is_key() {
        return None;
    }
    let legal = legal(subject)?;
    let all = [
        ("string", json!("wireproof")),
        ("number", json!(7)),
        ("boolean", json!(true)),
        ("object", json!({})),
        ("array", json!([])),
    ];
    let wrong = all.into_iter().filter(|(name, _)| !legal.contains(name));
    let drafts = wrong.map(|(name, value): (&str, Value)| {
        ProbeDraft::value(
            name,
            format!("is a JSON {name}, where a JSON {} is due", legal.join(" or ")),
            value,
            Want::Unread,
        )
    });
    Some(DraftProbe::of(format!("a JSON {}", legal.join(" or ")), drafts.collect()))
}

/// The JSON types of a shape; `None`: every type, or one that another family asks about.
fn legal(subject: &ProbeSubject<'_>) -> Option<&'static [&'static str]> {
    Some(match &subject.shape.kind {
        ShapeKind::Structure(_) | ShapeKind::Union(_) | ShapeKind::Map { .. } => &["object"],
        ShapeKind::List(_) => &["array"],
        ShapeKind::String | ShapeKind::Enum(_) | ShapeKind::Blob => &["string"],
        ShapeKind::Boolean => &["boolean"],
        ShapeKind::Number(_) | ShapeKind::IntEnum(_) => &["number"],
        // Text for a number, and a number for text, are the timestamp family's.
        ShapeKind::Timestamp if subject.place.timestamp(subject.shape) == TimestampFormat::EpochSeconds => {
            &["number", "string"]
        }
        ShapeKind::Timestamp => &["string", "number"],
        ShapeKind::Document => return None,
    })
}
