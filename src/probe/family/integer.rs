//! Integers that their shape cannot hold. AWS was seen to truncate them: a rejection is expected only where a range
//! forbids them, too.

use serde_json::{Value, json};

use super::{ExpectedOutcome, FamilyBasis, FamilyDefinition, FamilyDrafts, ProbeDraft, ProbeSubject, RequestGroup};
use crate::model::{Bounds, NumberKind, ShapeKind};

pub(super) const FAMILY: FamilyDefinition = FamilyDefinition {
    name: "integer",
    basis: FamilyBasis::Protocol,
    group: RequestGroup::Wire,
    asks: "an integer of too many bits",
    draft,
};

fn draft(subject: &ProbeSubject<'_>) -> Option<FamilyDrafts> {
    let ShapeKind::Number(kind) = subject.shape.kind else { return None };
    let (bits, under, over): (u8, Value, Value) = match kind {
        NumberKind::Byte => (8, json!(-129), json!(128)),
        NumberKind::Short => (16, json!(-32_769), json!(32_768)),
        NumberKind::Integer => (32, json!(-2_147_483_649_i64), json!(2_147_483_648_i64)),
        NumberKind::Long => (64, json!(-9_223_372_036_854_777_856_f64), json!(9_223_372_036_854_775_808_u64)),
        _ => return None,
    };
    let Bounds { min, max } = subject.location.range(subject.shape).unwrap_or(Bounds { min: None, max: None });
    let expected = |bound: Option<f64>| {
        if bound.is_some() { ExpectedOutcome::RejectedOrUnreadable } else { ExpectedOutcome::Responded }
    };
    Some(FamilyDrafts::of(
        format!("an integer of {bits} bits"),
        vec![
            ProbeDraft::value("under", format!("is below {bits} bits"), under, expected(min)),
            ProbeDraft::value("over", format!("is above {bits} bits"), over, expected(max)),
        ],
    ))
}
