//! Blobs travel as base64.

use super::{Asked, Draft, Subject, Want};
use crate::model::Kind;

pub(super) fn ask(subject: &Subject<'_>) -> Option<Asked> {
    matches!(subject.shape.kind, Kind::Blob).then(|| {
        let no_base64 = Draft::value("not-base64", "is a text that is not base64", "*wireproof*", Want::Unread);
        Asked::of("base64", vec![no_base64])
    })
}
