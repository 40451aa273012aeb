//! `smithy.api#length` of texts (code points) and blobs (bytes).

use super::{DraftProbe, InputChange, ProbeDraft, ProbeSubject, Want};
use crate::{
    model::{Bounds, ShapeKind},
    probe::input::{blob_of, text_rule},
};

/// A longer text or blob is not sent: it tells about limits of transports, not of the model.
const LONGEST: u64 = 300_000;

pub(super) fn ask(subject: &ProbeSubject<'_>) -> Option<DraftProbe> {
    let bounds = subject.place.length(subject.shape)?;
    let unit = match subject.shape.kind {
        ShapeKind::String => "characters",
        ShapeKind::Blob => "bytes",
        _ => return None,
    };
    let mut asked = nothing_yet(bounds);
    for (variant, length, want) in edges(bounds) {
        if length > LONGEST {
            asked.unasked.push(format!("a length over {LONGEST} is not sent"));
            continue;
        }
        match change(subject, length, want) {
            Ok(change) => asked.drafts.push(ProbeDraft::new(variant, format!("has {length} {unit}"), change, want)),
            Err(reason) => asked.unasked.push(reason),
        }
    }
    Some(asked)
}

/// Nothing asked yet; a bound that every value keeps leaves nothing to ask.
pub(super) fn nothing_yet(bounds: Bounds<u64>) -> DraftProbe {
    let mut asked = DraftProbe::of(describe(bounds), Vec::new());
    if edges(bounds).is_empty() {
        asked.unasked.push("a minimum of 0 leaves nothing out".to_owned());
    }
    asked
}

/// What the trait says, in a few words.
fn describe(Bounds { min, max }: Bounds<u64>) -> String {
    let show = |bound: Option<u64>| bound.map_or_else(String::new, |bound| bound.to_string());
    format!("smithy.api#length {}..{}", show(min), show(max))
}

/// The counts at both ends of a bound, and one beyond each.
pub(super) fn edges(bounds: Bounds<u64>) -> Vec<(&'static str, u64, Want)> {
    let mut edges = Vec::new();
    if let Some(min) = bounds.min.filter(|min| *min > 0) {
        edges.extend([("under", min - 1, Want::Refused), ("min", min, Want::Tolerated)]);
    }
    if let Some(max) = bounds.max {
        edges.extend([("max", max, Want::Tolerated), ("over", max.saturating_add(1), Want::Refused)]);
    }
    edges
}

fn change(subject: &ProbeSubject<'_>, length: u64, want: Want) -> Result<InputChange, String> {
    if matches!(subject.shape.kind, ShapeKind::Blob) {
        return Ok(InputChange::Set(blob_of(length)));
    }
    let rule = text_rule(subject.shape, subject.place.traits());
    let witness = subject.inputs.witness(rule).map_err(|reason| reason.to_string())?;
    match subject.inputs.of_length(rule, length).map_err(|reason| reason.to_string())? {
        Some(_) => Ok(InputChange::Text(Some(length))),
        // Where the pattern forbids the length as well, any text of it breaks the length all the same.
        None if want == Want::Refused => Ok(InputChange::Set(plain(length).into())),
        None if witness.excludes_length(length) => Err(format!("the pattern allows no text of {length} characters")),
        None => Err(format!("no text of {length} characters is found")),
    }
}

fn plain(length: u64) -> String {
    "w".repeat(usize::try_from(length).unwrap_or_default())
}
