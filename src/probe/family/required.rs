//! `smithy.api#required`: an absent member, and a null one, which the AWS JSON protocols read as absent.

use serde_json::Value;

use super::{
    ExpectedOutcome, FamilyBasis, FamilyDefinition, FamilyDrafts, InputChange, ProbeDraft, ProbeSubject, RequestGroup,
};

pub(super) const FAMILY: FamilyDefinition = FamilyDefinition {
    name: "required",
    basis: FamilyBasis::Constraint,
    group: RequestGroup::Sdk,
    asks: "a missing required member",
    draft,
};

fn draft(subject: &ProbeSubject<'_>) -> Option<FamilyDrafts> {
    let location = subject.location;
    (location.required && !location.path.is_root()).then(|| {
        FamilyDrafts::of(
            "smithy.api#required",
            vec![
                ProbeDraft::new("absent", "is absent", InputChange::Remove, ExpectedOutcome::Rejected),
                ProbeDraft::value("null", "is null", Value::Null, ExpectedOutcome::Rejected),
            ],
        )
    })
}
