//! `smithy.api#range`.

use super::{ExpectedOutcome, FamilyBasis, FamilyDefinition, FamilyDrafts, ProbeDraft, ProbeSubject, RequestGroup};
use crate::{
    model::{Bounds, NumberKind, ShapeKind},
    probe::input::write_number,
};

pub(super) const FAMILY: FamilyDefinition = FamilyDefinition {
    name: "range",
    basis: FamilyBasis::Constraint,
    group: RequestGroup::Sdk,
    asks: "a number out of range",
    draft,
};

fn draft(subject: &ProbeSubject<'_>) -> Option<FamilyDrafts> {
    let ShapeKind::Number(kind) = subject.shape.kind else { return None };
    let Bounds { min, max } = subject.location.range(subject.shape)?;
    let mut drafts = Vec::new();
    let mut draft = |variant: &str, number: f64, expected: ExpectedOutcome| {
        // The integer family probes numbers that the kind cannot hold.
        if holds(kind, number) {
            drafts.push(ProbeDraft::value(variant, format!("is {number}"), write_number(kind, number), expected));
        }
    };
    if let Some(min) = min {
        draft("under", -above(-min), ExpectedOutcome::Rejected);
        draft("min", min, ExpectedOutcome::Tolerated);
    }
    if let Some(max) = max {
        draft("max", max, ExpectedOutcome::Tolerated);
        draft("over", above(max), ExpectedOutcome::Rejected);
    }
    let show = |bound: Option<f64>| bound.map_or_else(String::new, |bound| bound.to_string());
    Some(FamilyDrafts::of(format!("smithy.api#range {}..{}", show(min), show(max)), drafts))
}

/// The number plus 1, or the next floating-point number where those are further apart.
fn above(number: f64) -> f64 {
    if number + 1.0 > number { number + 1.0 } else { number.next_up() }
}

/// Returns whether the kind can hold the number.
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
    fn above_a_number_is_a_greater_one(#[case] number: f64, #[case] expected: f64) {
        assert!((above(number) - expected).abs() < f64::EPSILON && above(number) > number);
    }
}
