//! `smithy.api#range`.

use super::{DraftProbe, ProbeDraft, ProbeSubject, Want};
use crate::{
    model::{Bounds, NumberKind, ShapeKind},
    probe::input::write_number,
};

pub(super) fn ask(subject: &ProbeSubject<'_>) -> Option<DraftProbe> {
    let ShapeKind::Number(kind) = subject.shape.kind else { return None };
    let Bounds { min, max } = subject.place.range(subject.shape)?;
    let mut drafts = Vec::new();
    let mut draft = |variant: &str, number: f64, want: Want| {
        // Beyond what the kind can hold is the integer family's to ask.
        if holds(kind, number) {
            drafts.push(ProbeDraft::value(variant, format!("is {number}"), write_number(kind, number), want));
        }
    };
    if let Some(min) = min {
        draft("under", -above(-min), Want::Refused);
        draft("min", min, Want::Tolerated);
    }
    if let Some(max) = max {
        draft("max", max, Want::Tolerated);
        draft("over", above(max), Want::Refused);
    }
    let show = |bound: Option<f64>| bound.map_or_else(String::new, |bound| bound.to_string());
    Some(DraftProbe::of(format!("smithy.api#range {}..{}", show(min), show(max)), drafts))
}

/// One more, or the next number that there is: large ones lie further apart.
fn above(number: f64) -> f64 {
    if number + 1.0 > number { number + 1.0 } else { number.next_up() }
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

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(9.0, 10.0)]
    #[case(0.5, 1.5)]
    #[case(22_517_998_000_000_000.0, 22_517_998_000_000_004.0)]
    #[case(-22_517_998_000_000_000.0, -22_517_997_999_999_996.0)]
    fn above_a_number_is_another_one(#[case] number: f64, #[case] expected: f64) {
        assert!((above(number) - expected).abs() < f64::EPSILON && above(number) > number);
    }
}
