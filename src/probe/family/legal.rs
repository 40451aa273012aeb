//! A legal input with every member that the model allows.

use super::{Asked, Change, Draft, Subject, Want};

pub(super) fn ask(subject: &Subject<'_>) -> Option<Asked> {
    let full = || Draft::new("full", "has every member", Change::Full, Want::Tolerated);
    subject.place.path.is_root().then(|| Asked::of("the input shape", vec![full()]))
}
