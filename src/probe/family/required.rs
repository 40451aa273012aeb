//! `smithy.api#required`: a member that is absent, and one that is null, which the AWS JSON protocols read as absent.

use serde_json::Value;

use super::{DraftProbe, InputChange, ProbeDraft, ProbeSubject, Want};

pub(super) fn ask(subject: &ProbeSubject<'_>) -> Option<DraftProbe> {
    let place = subject.place;
    (place.required && !place.path.is_root()).then(|| {
        DraftProbe::of(
            "smithy.api#required",
            vec![
                ProbeDraft::new("absent", "is absent", InputChange::Remove, Want::Refused),
                ProbeDraft::value("null", "is null", Value::Null, Want::Refused),
            ],
        )
    })
}
