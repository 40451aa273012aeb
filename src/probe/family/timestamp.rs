//! Timestamps in another form than the protocol's.

use super::{DraftProbe, ProbeDraft, ProbeSubject, Want};
use crate::model::{ShapeKind, TimestampFormat};

pub(super) fn ask(subject: &ProbeSubject<'_>) -> Option<DraftProbe> {
    if !matches!(subject.shape.kind, ShapeKind::Timestamp) {
        return None;
    }
    let no_time = ProbeDraft::value("text", "is a text that is no time", "wireproof", Want::Unread);
    // Some services read a time in both forms: nothing promises a refusal.
    let drafts = match subject.place.timestamp(subject.shape) {
        TimestampFormat::EpochSeconds => vec![
            no_time,
            ProbeDraft::value("date-time", "is an RFC 3339 text", "2026-01-01T00:00:00Z", Want::Answered),
            ProbeDraft::value("milliseconds", "is in milliseconds", 1_767_225_600_000_i64, Want::Answered),
        ],
        TimestampFormat::DateTime | TimestampFormat::HttpDate => {
            vec![no_time, ProbeDraft::value("epoch", "is a number of seconds", 1_767_225_600_i64, Want::Answered)]
        }
    };
    Some(DraftProbe::of("smithy.api#timestampFormat", drafts))
}
