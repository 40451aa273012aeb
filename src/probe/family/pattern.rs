//! `smithy.api#pattern`: strings that violate it by one character, and one that matches.

use super::{
    ExpectedOutcome, FamilyBasis, FamilyDefinition, FamilyDrafts, InputChange, ProbeDraft, ProbeSubject, RequestGroup,
};
use crate::{
    model::ShapeKind,
    probe::{UnprobedReason, input::text_rule, witness::NearMiss},
};

pub(super) const FAMILY: FamilyDefinition = FamilyDefinition {
    name: "pattern",
    basis: FamilyBasis::Constraint,
    group: RequestGroup::Sdk,
    asks: "a string that does not match its pattern",
    draft,
};

fn draft(subject: &ProbeSubject<'_>) -> Option<FamilyDrafts> {
    if !matches!(subject.shape.kind, ShapeKind::String) {
        return None;
    }
    let pattern = subject.location.pattern(subject.shape)?;
    let mut family = FamilyDrafts::of(format!("smithy.api#pattern {pattern}"), Vec::new());
    let member = subject.location.traits();
    let misses = match subject.inputs.near_misses(text_rule(subject.shape, member)) {
        Ok(misses) => misses,
        Err(reason) => {
            family.unprobed.push(reason.into());
            return Some(family);
        }
    };
    family.drafts.push(ProbeDraft::new(
        "match",
        "matches its pattern",
        InputChange::String(None),
        ExpectedOutcome::Tolerated,
    ));
    if misses.is_empty() {
        family.unprobed.push(UnprobedReason::EveryStringMatches);
    }
    for (miss, text) in misses.iter() {
        let (variant, title) = name(*miss);
        family.drafts.push(ProbeDraft::value(variant, title, text.as_str(), ExpectedOutcome::Rejected));
    }
    Some(family)
}

fn name(miss: NearMiss) -> (&'static str, &'static str) {
    match miss {
        NearMiss::Start => ("start", "violates its pattern at the first character"),
        NearMiss::Middle => ("middle", "violates its pattern in the middle"),
        NearMiss::End => ("end", "violates its pattern at the last character"),
        NearMiss::Newline => ("newline", "ends in a newline that its pattern does not allow"),
        NearMiss::NonAsciiDigit => ("non-ascii-digit", "has a digit that is not ASCII"),
    }
}
