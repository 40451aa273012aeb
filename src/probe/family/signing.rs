//! Signatures that an endpoint rejects if it authenticates its callers.

use super::{
    ExpectedOutcome, FamilyBasis, FamilyDefinition, FamilyDrafts, InputChange, ProbeDraft, ProbeSubject, RequestGroup,
};
use crate::wire::sigv4::{SigningFault, SigningProfile};

/// Half an hour, in seconds: twice what services allow.
const SKEW: i64 = 1_800;

pub(super) const FAMILY: FamilyDefinition = FamilyDefinition {
    name: "signing",
    basis: FamilyBasis::Protocol,
    group: RequestGroup::Signing,
    asks: "a wrong signature",
    draft,
};

fn draft(subject: &ProbeSubject<'_>) -> Option<FamilyDrafts> {
    let is_signed = SigningProfile::of_operation(subject.contract(), subject.recipe.operation).is_some();
    if !subject.location.path.is_root() || !is_signed {
        return None;
    }
    // Requests that need no signature may have a wrong one.
    SigningProfile::of_operation(subject.contract(), subject.recipe.operation)?;
    let faults = [
        ("none", "is not signed", SigningFault::None),
        ("garbage", "has an Authorization header that is not a signature", SigningFault::Garbage),
        ("flipped-digit", "has one digit of its signature changed", SigningFault::FlippedDigit),
        ("unknown-key", "is signed with an unknown key", SigningFault::UnknownKey),
        ("other-service", "is signed for another service", SigningFault::OtherService),
        ("other-terminator", "has a scope that does not end in aws4_request", SigningFault::OtherTerminator),
        ("skewed-clock", "was signed half an hour ago", SigningFault::SkewedClock(-SKEW)),
        ("changed-header", "has a signed header changed", SigningFault::ChangedHeader),
        ("changed-body", "has its body changed after signing", SigningFault::ChangedBody),
    ];
    let drafts = faults.into_iter().map(|(variant, title, fault)| {
        ProbeDraft::new(variant, title, InputChange::Signed(fault), ExpectedOutcome::Unauthenticated)
    });
    Some(FamilyDrafts::of("aws.auth#sigv4", drafts.collect()))
}
