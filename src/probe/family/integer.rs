//! Whole numbers beyond what their shape can hold. AWS was seen to cut them off: a refusal is due only where a range
//! forbids them, too.

use serde_json::{Value, json};

use super::{DraftProbe, ProbeDraft, ProbeSubject, Want};
use crate::model::{Bounds, NumberKind, ShapeKind};

pub(super) fn ask(subject: &ProbeSubject<'_>) -> Option<DraftProbe> {
    let ShapeKind::Number(kind) = subject.shape.kind else { return None };
    let (bits, under, over): (u8, Value, Value) = match kind {
        NumberKind::Byte => (8, json!(-129), json!(128)),
        NumberKind::Short => (16, json!(-32_769), json!(32_768)),
        NumberKind::Integer => (32, json!(-2_147_483_649_i64), json!(2_147_483_648_i64)),
        NumberKind::Long => (64, json!(-9_223_372_036_854_777_856_f64), json!(9_223_372_036_854_775_808_u64)),
        _ => return None,
    };
    let Bounds { min, max } = subject.place.range(subject.shape).unwrap_or(Bounds { min: None, max: None });
    let due = |bound: Option<f64>| if bound.is_some() { Want::Unread } else { Want::Answered };
    Some(DraftProbe::of(
        format!("a whole number of {bits} bits"),
        vec![
            ProbeDraft::value("under", format!("is below {bits} bits"), under, due(min)),
            ProbeDraft::value("over", format!("is beyond {bits} bits"), over, due(max)),
        ],
    ))
}
