//! Enums: each value, one that is none, one in another letter case.
//!
//! A value may want other members beside it, of which a model says nothing: that each is taken is told, not demanded.

use super::{DraftProbe, ProbeDraft, ProbeSubject, Want};
use crate::model::ShapeKind;

/// A value that no service has.
const UNKNOWN: &str = "WIREPROOF_UNKNOWN";

pub(super) fn ask(subject: &ProbeSubject<'_>) -> Option<DraftProbe> {
    if let ShapeKind::IntEnum(values) = &subject.shape.kind {
        return Some(numbers(values));
    }
    let ShapeKind::Enum(values) = &subject.shape.kind else { return None };
    let values: Vec<&str> = values.iter().map(|value| value.value.as_str()).collect();
    let each =
        values.iter().map(|value| ProbeDraft::value(segment(value), format!("is {value}"), *value, Want::Tolerated));
    let mut drafts: Vec<ProbeDraft> = each.collect();
    drafts.push(ProbeDraft::value("unknown", "is a value that its enum lacks", UNKNOWN, Want::Refused));
    if let Some(text) = values.iter().find_map(|value| other_case(value, &values)) {
        drafts.push(ProbeDraft::value("case", format!("is {text}, in another letter case"), text, Want::Refused));
    }
    Some(DraftProbe::of("smithy.api#enum", drafts))
}

fn numbers(values: &[i64]) -> DraftProbe {
    let each =
        values.iter().map(|value| ProbeDraft::value(value.to_string(), format!("is {value}"), *value, Want::Tolerated));
    let beyond = values.iter().max().copied().unwrap_or_default().saturating_add(1);
    let unknown = ProbeDraft::value("unknown", "is a value that its enum lacks", beyond, Want::Refused);
    DraftProbe::of("smithy.api#enum", each.chain([unknown]).collect())
}

/// A value as a part of an id: what a shell or a path would take for something else is an underscore.
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
    fn another_letter_case_is_no_value_of_the_enum(#[case] values: &[&str], #[case] expected: Option<&str>) {
        assert_eq!(values.iter().find_map(|value| other_case(value, values)).as_deref(), expected);
    }
}
