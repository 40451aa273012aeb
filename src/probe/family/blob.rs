//! Blobs travel as base64.

use super::{DraftProbe, ProbeDraft, ProbeSubject, Want};
use crate::model::ShapeKind;

pub(super) fn ask(subject: &ProbeSubject<'_>) -> Option<DraftProbe> {
    matches!(subject.shape.kind, ShapeKind::Blob).then(|| {
        let no_base64 = ProbeDraft::value("not-base64", "is a text that is not base64", "*wireproof*", Want::Unread);
        DraftProbe::of("base64", vec![no_base64])
    })
}
