//! `smithy.api#length` of strings (code points) and blobs (bytes).

use super::{
    ExpectedOutcome, FamilyBasis, FamilyDefinition, FamilyDrafts, InputChange, ProbeDraft, ProbeSubject, RequestGroup,
};
use crate::{
    model::{Bounds, LengthUnit, ShapeKind},
    probe::{
        UnprobedReason,
        input::{blob_of, text_rule},
    },
};

/// A longer string or blob is not sent: it would test the limits of transports, not of the model.
const LONGEST: u64 = 300_000;

pub(super) const FAMILY: FamilyDefinition = FamilyDefinition {
    name: "length",
    basis: FamilyBasis::Constraint,
    group: RequestGroup::Sdk,
    asks: "a string of invalid length",
    draft,
};

fn draft(subject: &ProbeSubject<'_>) -> Option<FamilyDrafts> {
    let bounds = subject.location.length(subject.shape)?;
    let unit = match subject.shape.kind {
        ShapeKind::String => LengthUnit::Characters,
        ShapeKind::Blob => LengthUnit::Bytes,
        _ => return None,
    };
    let mut family = no_drafts(bounds);
    for (variant, length, expected) in edges(bounds) {
        if length > LONGEST {
            family.unprobed.push(UnprobedReason::TooLong { limit: LONGEST });
            continue;
        }
        match change(subject, length, expected) {
            Ok(change) => {
                let title = format!("has {}", unit.counted(length));
                family.drafts.push(ProbeDraft::new(variant, title, change, expected));
            }
            Err(reason) => family.unprobed.push(reason),
        }
    }
    Some(family)
}

/// No drafts: every value satisfies the bound, so there is nothing to probe.
pub(super) fn no_drafts(bounds: Bounds<u64>) -> FamilyDrafts {
    let mut family = FamilyDrafts::of(describe(bounds), Vec::new());
    if edges(bounds).is_empty() {
        family.unprobed.push(UnprobedReason::NoInvalidLength);
    }
    family
}

fn describe(Bounds { min, max }: Bounds<u64>) -> String {
    let show = |bound: Option<u64>| bound.map_or_else(String::new, |bound| bound.to_string());
    format!("smithy.api#length {}..{}", show(min), show(max))
}

/// The counts at both bounds, and the ones just outside.
pub(super) fn edges(bounds: Bounds<u64>) -> Vec<(&'static str, u64, ExpectedOutcome)> {
    let mut edges = Vec::new();
    if let Some(min) = bounds.min.filter(|min| *min > 0) {
        edges.extend([("under", min - 1, ExpectedOutcome::Rejected), ("min", min, ExpectedOutcome::Tolerated)]);
    }
    if let Some(max) = bounds.max {
        edges.extend([
            ("max", max, ExpectedOutcome::Tolerated),
            ("over", max.saturating_add(1), ExpectedOutcome::Rejected),
        ]);
    }
    edges
}

fn change(subject: &ProbeSubject<'_>, length: u64, expected: ExpectedOutcome) -> Result<InputChange, UnprobedReason> {
    if matches!(subject.shape.kind, ShapeKind::Blob) {
        return Ok(InputChange::Set(blob_of(length)));
    }
    let rule = text_rule(subject.shape, subject.location.traits());
    let witness = subject.inputs.witness(rule)?;
    match subject.inputs.of_length(rule, length)? {
        Some(_) => Ok(InputChange::String(Some(length))),
        // If the pattern forbids the length as well, any string of that length still violates the length.
        None if expected == ExpectedOutcome::Rejected => Ok(InputChange::Set(plain(length).into())),
        None if witness.excludes_length(length) => Err(UnprobedReason::LengthForbiddenByPattern { length }),
        None => Err(UnprobedReason::NoStringOfLength { length }),
    }
}

fn plain(length: u64) -> String {
    "w".repeat(usize::try_from(length).unwrap_or_default())
}
