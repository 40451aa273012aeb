//! The observation equals the snapshot.

use serde_json::Value;

use super::{Basis, CaseSubject, Check, CheckBasis, CheckScope, Checked, PointsAt, SeverityRow};
use crate::{
    judge::{code::Code, observation::Observation, verdict::Severity::Note},
    model::{JsonText, exact_number::ExactNumber},
    wire::json,
};

impl Code {
    /// The observation equals the snapshot.
    pub const SNAPSHOT: Self = Self::new("snapshot");
}

pub(super) const CHECK: Check = Check {
    code: Code::SNAPSHOT,
    wants: "the observation in the snapshot file, after redaction",
    why: "A snapshot records what one endpoint did. It promises nothing, so a difference is only a note. On the endpoint \
          that it was recorded from, a difference is a regression; cargo test and --update show it as a diff.",
    label: ["snap", "shot"],
    severities: &[SeverityRow::new(Note, Note, "a snapshot records what one endpoint did, which no document promises")],
    basis: CheckBasis::Snapshot,
    points_at: PointsAt::Body,
    from_recording: false,
    look: CheckScope::Case(look),
};

/// The number of differences that are listed; the others are counted.
const SHOWN: usize = 5;

fn look<'a>(case: &CaseSubject<'a>) -> Checked<'a> {
    // A case without a step has nothing to compare.
    let Some(snapshot) = case.snapshot.filter(|_| case.steps().next().is_some()) else { return Checked::nothing() };
    let basis = Basis::recorded();
    let finding = |pointer: &str, expected: String, actual: String| basis.finding(&CHECK, 0, pointer, expected, actual);
    let Some(snapshot) = json::value(snapshot.as_bytes()) else {
        let finding = finding("", "a snapshot that is JSON".to_owned(), "other text".to_owned());
        return Checked::with(Vec::new(), vec![finding]);
    };
    let mut differences = Vec::new();
    let observation = Observation::of(case.suite, case.case, case.transcript);
    compare(&snapshot, observation.value(), "", &mut differences);
    let more = differences.len().saturating_sub(SHOWN);
    let mut findings: Vec<_> = differences
        .into_iter()
        .take(SHOWN)
        .map(|(pointer, expected, actual)| finding(&pointer, expected, actual))
        .collect();
    if more > 0 {
        findings.push(finding("", "no other difference".to_owned(), format!("{more} more")));
    }
    Checked::with(Vec::new(), findings)
}

fn compare(snapshot: &Value, now: &Value, pointer: &str, found: &mut Vec<(String, String, String)>) {
    match (snapshot, now) {
        (a, b) if a == b => {}
        (a, b) if ExactNumber::of(a).or(ExactNumber::of(b)).is_some() => {
            found.push((pointer.to_owned(), short(a), short(b)));
        }
        (Value::Object(a), Value::Object(b)) => {
            for name in a.keys().chain(b.keys().filter(|name| !a.contains_key(*name))) {
                let at = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
                compare(a.get(name).unwrap_or(&Value::Null), b.get(name).unwrap_or(&Value::Null), &at, found);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                compare(a, b, &format!("{pointer}/{index}"), found);
            }
        }
        (a, b) => found.push((pointer.to_owned(), short(a), short(b))),
    }
}

fn short(value: &Value) -> String {
    let text = JsonText(value).to_string();
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::judge::check::testing::*;

    #[test]
    fn a_difference_from_the_snapshot_is_a_note_and_the_same_is_nothing() {
        let trial = Trial::stop(STOP).responds(1, 200, &stopping());
        let same = trial.observation().text();
        let other = same.replace("Pending", "Succeeded");
        assert_eq!(trial.snapshot(&other).findings(), ["note snapshot /steps/0/got/body/status"]);
        let trial = Trial::stop(STOP).responds(1, 200, &stopping());
        assert!(trial.snapshot(&same).findings().is_empty());
    }

    #[test]
    fn many_differences_are_counted_and_other_text_is_named() {
        let trial = Trial::stop(STOP).responds(1, 200, &stopping());
        assert_eq!(trial.snapshot("{}").findings().len(), 2);
        let trial = Trial::stop(STOP).responds(1, 200, &stopping());
        assert_eq!(trial.snapshot("[").findings(), ["note snapshot"]);
    }

    #[test]
    fn five_differences_are_shown_and_the_sixth_is_counted() {
        let snapshot = |count: usize| {
            let trial = Trial::stop(STOP).responds(1, 200, &stopping());
            let mut snapshot = trial.observation().value().clone();
            for index in 0..count {
                snapshot[format!("a/{index}")] = json!(index);
            }
            trial.snapshot(&snapshot.to_string()).expected_and_actual()
        };
        assert_eq!(snapshot(1), [("0".to_owned(), "null".to_owned())]);
        assert_eq!(snapshot(5).len(), 5);
        let of_seven = snapshot(7);
        assert_eq!((of_seven.len(), &of_seven[5].1[..]), (6, "2 more"));
    }

    #[test]
    fn a_case_that_made_no_step_has_nothing_to_compare() {
        assert!(Trial::stop(STOP).snapshot("{}").findings().is_empty());
    }

    #[test]
    fn values_are_compared_member_by_member_and_lists_of_one_length_item_by_item() {
        let compared = |a: &Value, b: &Value| {
            let mut found = Vec::new();
            compare(a, b, "", &mut found);
            found.into_iter().map(|(pointer, _, _)| pointer).collect::<Vec<_>>()
        };
        let snapshot = json!({"a~/b": 1, "l": [1, {"x": 2}], "m": [1], "gone": 1, "same": [1]});
        let now = json!({"a~/b": 2, "l": [1, {"x": 3}], "m": [1, 2], "new": 1, "same": [1]});
        assert_eq!(compared(&snapshot, &now), ["/a~0~1b", "/l/1/x", "/m", "/gone", "/new"]);
    }

    #[test]
    fn a_long_value_is_shortened() {
        assert_eq!(short(&json!("x".repeat(78))).chars().count(), 80);
        assert_eq!(short(&json!("x".repeat(79))), format!("\"{}…", "x".repeat(79)));
    }
}
