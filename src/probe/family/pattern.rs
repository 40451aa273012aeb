//! `smithy.api#pattern`: texts that break it by one character, and one that keeps it.

use super::{DraftProbe, InputChange, ProbeDraft, ProbeSubject, Want};
use crate::{
    model::ShapeKind,
    probe::{input::text_rule, witness::NearMiss},
};

pub(super) fn ask(subject: &ProbeSubject<'_>) -> Option<DraftProbe> {
    if !matches!(subject.shape.kind, ShapeKind::String) {
        return None;
    }
    let pattern = subject.place.pattern(subject.shape)?;
    let mut asked = DraftProbe::of(format!("smithy.api#pattern {pattern}"), Vec::new());
    let member = subject.place.traits();
    let misses = match subject.inputs.near_misses(text_rule(subject.shape, member)) {
        Ok(misses) => misses,
        Err(reason) => {
            asked.unasked.push(reason.to_string());
            return Some(asked);
        }
    };
    asked.drafts.push(ProbeDraft::new("match", "keeps its pattern", InputChange::Text(None), Want::Tolerated));
    if misses.is_empty() {
        asked.unasked.push("every text of a legal length keeps the pattern".to_owned());
    }
    for (miss, text) in misses.iter() {
        let (variant, says) = name(*miss);
        asked.drafts.push(ProbeDraft::value(variant, says, text.as_str(), Want::Refused));
    }
    Some(asked)
}

fn name(miss: NearMiss) -> (&'static str, &'static str) {
    match miss {
        NearMiss::Start => ("start", "breaks its pattern at the first character"),
        NearMiss::Middle => ("middle", "breaks its pattern in the middle"),
        NearMiss::End => ("end", "breaks its pattern at the last character"),
        NearMiss::Newline => ("newline", "ends in a newline that its pattern does not allow"),
        NearMiss::NonAsciiDigit => ("non-ascii-digit", "has a digit that is not ASCII"),
    }
}
