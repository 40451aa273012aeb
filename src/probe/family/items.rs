//! `smithy.api#length` of lists.

use super::{
    FamilyBasis, FamilyDefinition, FamilyDrafts, InputChange, ProbeDraft, ProbeSubject, RequestGroup,
    length::{edges, no_drafts},
};
use crate::{
    model::{LengthUnit, ShapeKind},
    probe::UnprobedReason,
};

/// A list with more bytes of JSON is not sent: it would test the limits of transports, not of the model.
const LARGEST_LIST: u64 = 1 << 19;

pub(super) const FAMILY: FamilyDefinition = FamilyDefinition {
    name: "items",
    basis: FamilyBasis::Constraint,
    group: RequestGroup::Sdk,
    asks: "a list of invalid size",
    draft,
};

fn draft(subject: &ProbeSubject<'_>) -> Option<FamilyDrafts> {
    if !matches!(subject.shape.kind, ShapeKind::List(_)) {
        return None;
    }
    let bounds = subject.location.length(subject.shape)?;
    let mut family = no_drafts(bounds);
    for (variant, count, expected) in edges(bounds) {
        // If one item can be built, all can.
        match subject.inputs.list(subject.recipe, subject.location, count.min(1)) {
            Ok(one) if count.saturating_mul(one.to_string().len() as u64) > LARGEST_LIST => {
                family.unprobed.push(UnprobedReason::TooManyItems { limit: LARGEST_LIST });
            }
            Ok(_) => {
                family.drafts.push(ProbeDraft::new(
                    variant,
                    format!("has {}", LengthUnit::Items.counted(count)),
                    InputChange::Items(count),
                    expected,
                ));
            }
            Err(reason) => family.unprobed.push(reason.into()),
        }
    }
    Some(family)
}
