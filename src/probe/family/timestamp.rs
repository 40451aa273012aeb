//! Timestamps in another format than the model's.

use super::{ExpectedOutcome, FamilyBasis, FamilyDefinition, FamilyDrafts, ProbeDraft, ProbeSubject, RequestGroup};
use crate::model::{ShapeKind, TimestampFormat};

pub(super) const FAMILY: FamilyDefinition = FamilyDefinition {
    name: "timestamp",
    basis: FamilyBasis::Protocol,
    group: RequestGroup::Wire,
    asks: "a string that is not a timestamp",
    draft,
};

fn draft(subject: &ProbeSubject<'_>) -> Option<FamilyDrafts> {
    if !matches!(subject.shape.kind, ShapeKind::Timestamp) {
        return None;
    }
    let not_a_time = ProbeDraft::value(
        "text",
        "is a string that is not a timestamp",
        "wireproof",
        ExpectedOutcome::RejectedOrUnreadable,
    );
    // Some services read a timestamp in both formats: no document promises a rejection.
    let drafts = match subject.location.timestamp(subject.inputs, subject.shape) {
        TimestampFormat::EpochSeconds => vec![
            not_a_time,
            ProbeDraft::value("date-time", "is an RFC 3339 string", "2026-01-01T00:00:00Z", ExpectedOutcome::Responded),
            ProbeDraft::value("milliseconds", "is in milliseconds", 1_767_225_600_000_i64, ExpectedOutcome::Responded),
        ],
        TimestampFormat::DateTime | TimestampFormat::HttpDate => {
            vec![
                not_a_time,
                ProbeDraft::value("epoch", "is a number of seconds", 1_767_225_600_i64, ExpectedOutcome::Responded),
            ]
        }
    };
    Some(FamilyDrafts::of("smithy.api#timestampFormat", drafts))
}
