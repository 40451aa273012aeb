//! Enums: each value, an unknown value, a value in another letter case.
//!
//! A value may need other members beside it, which a model does not say. So a rejected value is reported and is no
//! finding.

use super::{ExpectedOutcome, FamilyBasis, FamilyDefinition, FamilyDrafts, ProbeDraft, ProbeSubject, RequestGroup};
use crate::model::ShapeKind;

/// A value that no service knows.
const UNKNOWN: &str = "WIREPROOF_UNKNOWN";

pub(super) const FAMILY: FamilyDefinition = FamilyDefinition {
    name: "enum",
    basis: FamilyBasis::Constraint,
    group: RequestGroup::Sdk,
    asks: "a value that is not in its enum",
    draft,
};

fn draft(subject: &ProbeSubject<'_>) -> Option<FamilyDrafts> {
    if let ShapeKind::IntEnum(values) = &subject.shape.kind {
        return Some(numbers(values));
    }
    let ShapeKind::Enum(values) = &subject.shape.kind else { return None };
    let values: Vec<&str> = values.iter().map(|value| value.value.as_str()).collect();
    let each = values
        .iter()
        .map(|value| ProbeDraft::value(segment(value), format!("is {value}"), *value, ExpectedOutcome::Tolerated));
    let mut drafts: Vec<ProbeDraft> = each.collect();
    drafts.push(ProbeDraft::value(
        "unknown",
        "is a value that its enum does not have",
        UNKNOWN,
        ExpectedOutcome::Rejected,
    ));
    if let Some(text) = values.iter().find_map(|value| other_case(value, &values)) {
        drafts.push(ProbeDraft::value(
            "case",
            format!("is {text}, in another letter case"),
            text,
            ExpectedOutcome::Rejected,
        ));
    }
    Some(FamilyDrafts::of("smithy.api#enum", drafts))
}

fn numbers(values: &[i64]) -> FamilyDrafts {
    let each = values
        .iter()
        .map(|value| ProbeDraft::value(value.to_string(), format!("is {value}"), *value, ExpectedOutcome::Tolerated));
    let beyond = values.iter().max().copied().unwrap_or_default().saturating_add(1);
    let unknown =
        ProbeDraft::value("unknown", "is a value that its enum does not have", beyond, ExpectedOutcome::Rejected);
    FamilyDrafts::of("smithy.api#enum", each.chain([unknown]).collect())
}

/// A value as a part of an id: characters with a meaning in shells or paths become underscores.
fn segment(value: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._-:+@=".contains(c) { c } else { '_' };
    format!("value:{}", value.chars().map(plain).collect::<String>())
}

fn other_case(value: &str, values: &[&str]) -> Option<String> {
    let candidates = [value.to_ascii_lowercase(), value.to_ascii_uppercase(), capitalised(value)];
    candidates.into_iter().find(|text| !values.contains(&text.as_str()))
}

fn capitalised(value: &str) -> String {
    let mut chars = value.chars();
    let first = chars.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(chars.map(|c| c.to_ascii_lowercase())).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(&["ON", "OFF"], Some("on"))]
    #[case(&["on", "ON"], Some("On"))]
    #[case(&["1"], None)]
    fn another_letter_case_is_not_a_value_of_the_enum(#[case] values: &[&str], #[case] expected: Option<&str>) {
        assert_eq!(values.iter().find_map(|value| other_case(value, values)).as_deref(), expected);
    }
}
