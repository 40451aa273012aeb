//! `smithy.api#length` of lists.

use super::{
    FamilyBasis, FamilyDefinition, FamilyDrafts, InputChange, ProbeDraft, ProbeSubject,
    length::{edges, no_drafts},
};
use crate::{
    model::{LengthUnit, ShapeKind},
    probe::UnprobedReason,
};

/// A longer list is not sent.
const MOST_ITEMS: u64 = 1_000;

pub(super) const FAMILY: FamilyDefinition = FamilyDefinition { name: "items", basis: FamilyBasis::Constraint, draft };

fn draft(subject: &ProbeSubject<'_>) -> Option<FamilyDrafts> {
    if !matches!(subject.shape.kind, ShapeKind::List(_)) {
        return None;
    }
    let bounds = subject.location.length(subject.shape)?;
    let mut family = no_drafts(bounds);
    for (variant, count, expected) in edges(bounds) {
        if count > MOST_ITEMS {
            family.unprobed.push(UnprobedReason::TooManyItems { limit: MOST_ITEMS });
            continue;
        }
        // If one item can be built, all can.
        match subject.inputs.list(subject.recipe, subject.location, count.min(1)) {
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
