//! A valid input with every member that can be built.

use super::{
    ExpectedOutcome, FamilyBasis, FamilyDefinition, FamilyDrafts, InputChange, ProbeDraft, ProbeSubject, RequestGroup,
};

pub(super) const FAMILY: FamilyDefinition = FamilyDefinition {
    name: "legal",
    basis: FamilyBasis::Protocol,
    group: RequestGroup::Sdk,
    asks: "every member at once",
    draft,
};

fn draft(subject: &ProbeSubject<'_>) -> Option<FamilyDrafts> {
    let full = || ProbeDraft::new("full", "has every member", InputChange::Full, ExpectedOutcome::Tolerated);
    subject.location.path.is_root().then(|| FamilyDrafts::of("the input shape", vec![full()]))
}
