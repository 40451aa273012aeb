//! Unions: exactly one member.

use serde_json::{Map, Value};

use super::{ExpectedOutcome, FamilyBasis, FamilyDefinition, FamilyDrafts, ProbeDraft, ProbeSubject, RequestGroup};
use crate::{model::ShapeKind, probe::UnprobedReason};

pub(super) const FAMILY: FamilyDefinition = FamilyDefinition {
    name: "union",
    basis: FamilyBasis::Constraint,
    group: RequestGroup::Sdk,
    asks: "a union without exactly one member",
    draft,
};

fn draft(subject: &ProbeSubject<'_>) -> Option<FamilyDrafts> {
    let ShapeKind::Union(members) = &subject.shape.kind else { return None };
    let none = ProbeDraft::value(
        "none",
        "has no member of its union",
        Value::Object(Map::new()),
        ExpectedOutcome::RejectedOrUnreadable,
    );
    let mut family = FamilyDrafts::of("union", vec![none]);
    let built = members.iter().filter_map(|member| {
        let value = subject.inputs.member_value(subject.recipe, subject.location, member).ok()?;
        Some((member.name.clone(), value))
    });
    let two: Map<String, Value> = built.take(2).collect();
    if two.len() == 2 {
        family.drafts.push(ProbeDraft::value(
            "two",
            "has two members of its union",
            Value::Object(two),
            ExpectedOutcome::RejectedOrUnreadable,
        ));
    } else {
        family.unprobed.push(UnprobedReason::OneUnionMember);
    }
    Some(family)
}
