//! `smithy.api#range`.

use super::{Asked, Draft, Subject, Want};
use crate::{
    contract::{Bounds, Kind, NumberKind},
    probe::input::write_number,
};

pub(super) fn ask(subject: &Subject<'_>) -> Option<Asked> {
    let Kind::Number(kind) = subject.shape.kind else { return None };
    let Bounds { min, max } = subject.place.range(subject.shape)?;
    let mut drafts = Vec::new();
    let mut draft = |variant: &str, number: f64, want: Want| {
        // Beyond what the kind can hold is the integer family's to ask.
        if holds(kind, number) {
            drafts.push(Draft::value(variant, format!("is {number}"), write_number(kind, number), want));
        }
    };
    if let Some(min) = min {
        draft("under", min - 1.0, Want::Refused);
        draft("min", min, Want::Tolerated);
    }
    if let Some(max) = max {
        draft("max", max, Want::Tolerated);
        draft("over", max + 1.0, Want::Refused);
    }
    let show = |bound: Option<f64>| bound.map_or_else(String::new, |bound| bound.to_string());
    Some(Asked::of(format!("smithy.api#range {}..{}", show(min), show(max)), drafts))
}

/// Whether a number of the kind can be that large.
pub(super) fn holds(kind: NumberKind, number: f64) -> bool {
    let (least, most) = match kind {
        NumberKind::Byte => (f64::from(i8::MIN), f64::from(i8::MAX)),
        NumberKind::Short => (f64::from(i16::MIN), f64::from(i16::MAX)),
        NumberKind::Integer => (f64::from(i32::MIN), f64::from(i32::MAX)),
        NumberKind::Long => (-9.2e18, 9.2e18),
        _ => (f64::MIN, f64::MAX),
    };
    (least..=most).contains(&number)
}
