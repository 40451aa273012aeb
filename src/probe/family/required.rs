//! `smithy.api#required`: a member that is absent, and one that is null, which the AWS JSON protocols read as absent.

use serde_json::Value;

use super::{Asked, Change, Draft, Subject, Want};

pub(super) fn ask(subject: &Subject<'_>) -> Option<Asked> {
    let place = subject.place;
    (place.required && !place.path.is_root()).then(|| {
        Asked::of(
            "smithy.api#required",
            vec![
                Draft::new("absent", "is absent", Change::Remove, Want::Refused),
                Draft::value("null", "is null", Value::Null, Want::Refused),
            ],
        )
    })
}
