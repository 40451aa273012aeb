//! Signatures that an endpoint which knows its callers refuses.

use super::{DraftProbe, InputChange, ProbeDraft, ProbeSubject, Want};
use crate::wire::sigv4::SigningFault;

/// Half an hour: twice what services allow.
const SKEW: i64 = 1_800;

pub(super) fn ask(subject: &ProbeSubject<'_>) -> Option<DraftProbe> {
    if !subject.place.path.is_root() {
        return None;
    }
    let faults = [
        ("none", "is not signed", SigningFault::None),
        ("garbage", "has an authorization that is none", SigningFault::Garbage),
        ("flipped-digit", "has another digit in its signature", SigningFault::FlippedDigit),
        ("unknown-key", "is signed by a key that nobody knows", SigningFault::UnknownKey),
        ("other-service", "is signed for another service", SigningFault::OtherService),
        ("other-terminator", "has a scope that does not end in aws4_request", SigningFault::OtherTerminator),
        ("skewed-clock", "is signed half an hour ago", SigningFault::SkewedClock(-SKEW)),
        ("changed-header", "has a signed header changed", SigningFault::ChangedHeader),
        ("changed-body", "has its body changed after signing", SigningFault::ChangedBody),
    ];
    let drafts = faults
        .into_iter()
        .map(|(variant, says, fault)| ProbeDraft::new(variant, says, InputChange::Signed(fault), Want::Unsigned));
    Some(DraftProbe::of("aws.auth#sigv4", drafts.collect()))
}
