//! `smithy.api#uniqueItems`.

use serde_json::Value;

use super::{ExpectedOutcome, FamilyBasis, FamilyDefinition, FamilyDrafts, ProbeDraft, ProbeSubject, RequestGroup};
use crate::model::{ShapeKind, walk::ShapeStep};

pub(super) const FAMILY: FamilyDefinition = FamilyDefinition {
    name: "unique",
    basis: FamilyBasis::Constraint,
    group: RequestGroup::Sdk,
    asks: "a repeated item",
    draft,
};

fn draft(subject: &ProbeSubject<'_>) -> Option<FamilyDrafts> {
    if !matches!(subject.shape.kind, ShapeKind::List(_)) || !subject.location.unique(subject.shape) {
        return None;
    }
    let mut family = FamilyDrafts::of("smithy.api#uniqueItems", Vec::new());
    match subject.inputs.value_at(subject.recipe, subject.location, ShapeStep::Item, 0) {
        Ok(item) => {
            let twice = Value::Array(vec![item.clone(), item]);
            family.drafts.push(ProbeDraft::value("twice", "has a duplicate item", twice, ExpectedOutcome::Rejected));
        }
        Err(reason) => family.unprobed.push(reason.into()),
    }
    Some(family)
}
