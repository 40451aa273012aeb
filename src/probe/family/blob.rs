//! A blob that is not base64.

use super::{ExpectedOutcome, FamilyBasis, FamilyDefinition, FamilyDrafts, ProbeDraft, ProbeSubject, RequestGroup};
use crate::model::ShapeKind;

pub(super) const FAMILY: FamilyDefinition = FamilyDefinition {
    name: "blob",
    basis: FamilyBasis::Protocol,
    group: RequestGroup::Wire,
    asks: "a string that is not base64",
    draft,
};

fn draft(subject: &ProbeSubject<'_>) -> Option<FamilyDrafts> {
    (matches!(subject.shape.kind, ShapeKind::Blob) && subject.place.has_base64()).then(|| {
        let not_base64 = ProbeDraft::value(
            "not-base64",
            "is a string that is not base64",
            "*wireproof*",
            ExpectedOutcome::RejectedOrUnreadable,
        );
        FamilyDrafts::of("base64", vec![not_base64])
    })
}
