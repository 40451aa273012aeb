//! `smithy.api#length` of lists.

use super::{
    DraftProbe, InputChange, ProbeDraft, ProbeSubject,
    length::{edges, nothing_yet},
};
use crate::model::ShapeKind;

/// A longer list is not sent.
const MOST: u64 = 1_000;

pub(super) fn ask(subject: &ProbeSubject<'_>) -> Option<DraftProbe> {
    if !matches!(subject.shape.kind, ShapeKind::List(_)) {
        return None;
    }
    let bounds = subject.place.length(subject.shape)?;
    let mut asked = nothing_yet(bounds);
    for (variant, count, want) in edges(bounds) {
        if count > MOST {
            asked.unasked.push(format!("a list of more than {MOST} items is not sent"));
            continue;
        }
        // Where one item can be built, all can.
        match subject.inputs.list(subject.recipe, subject.place, count.min(1)) {
            Ok(_) => {
                asked.drafts.push(ProbeDraft::new(
                    variant,
                    format!("has {count} items"),
                    InputChange::Items(count),
                    want,
                ));
            }
            Err(reason) => asked.unasked.push(reason.to_string()),
        }
    }
    Some(asked)
}
