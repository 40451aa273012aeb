//! A member that a structure does not have, which services ignore.

use serde_json::json;

use super::{
    ExpectedOutcome, FamilyBasis, FamilyDefinition, FamilyDrafts, InputChange, ProbeDraft, ProbeSubject, RequestGroup,
};
use crate::model::ShapeKind;

pub(super) const FAMILY: FamilyDefinition = FamilyDefinition {
    name: "unknown-member",
    basis: FamilyBasis::Protocol,
    group: RequestGroup::Wire,
    asks: "an unknown member",
    draft,
};

fn draft(subject: &ProbeSubject<'_>) -> Option<FamilyDrafts> {
    matches!(subject.shape.kind, ShapeKind::Structure(_)).then(|| {
        let change = InputChange::Add("WireproofUnknown".to_owned(), json!("x"));
        FamilyDrafts::of(
            "unknown members are ignored",
            vec![ProbeDraft::new(
                "ignored",
                "has a member that its shape does not have",
                change,
                ExpectedOutcome::Accepted,
            )],
        )
    })
}
