//! A value of every JSON type that a shape has not.

use serde_json::{Value, json};

use super::{Asked, Draft, Subject, Want};
use crate::model::{Kind, TimestampFormat};

pub(super) fn ask(subject: &Subject<'_>) -> Option<Asked> {
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
        Draft::value(name, format!("is a JSON {name}, where a JSON {} is due", legal.join(" or ")), value, Want::Unread)
    });
    Some(Asked::of(format!("a JSON {}", legal.join(" or ")), drafts.collect()))
}

/// The JSON types of a shape; `None`: every type, or one that another family asks about.
fn legal(subject: &Subject<'_>) -> Option<&'static [&'static str]> {
    Some(match &subject.shape.kind {
        Kind::Structure(_) | Kind::Union(_) | Kind::Map { .. } => &["object"],
        Kind::List(_) => &["array"],
        Kind::String | Kind::Enum(_) | Kind::Blob => &["string"],
        Kind::Boolean => &["boolean"],
        Kind::Number(_) | Kind::IntEnum(_) => &["number"],
        // Text for a number, and a number for text, are the timestamp family's.
        Kind::Timestamp if subject.place.timestamp(subject.shape) == TimestampFormat::EpochSeconds => {
            &["number", "string"]
        }
        Kind::Timestamp => &["string", "number"],
        Kind::Document => return None,
    })
}
