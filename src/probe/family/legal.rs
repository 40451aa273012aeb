//! A legal input with every member that the model allows.

use super::{DraftProbe, InputChange, ProbeDraft, ProbeSubject, Want};

pub(super) fn ask(subject: &ProbeSubject<'_>) -> Option<DraftProbe> {
    let full = || ProbeDraft::new("full", "has every member", InputChange::Full, Want::Tolerated);
    subject.place.path.is_root().then(|| DraftProbe::of("the input shape", vec![full()]))
}
