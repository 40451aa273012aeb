//! The observation is the recorded one.

use serde_json::Value;

use super::{CaseSubject, Check, Checked, Look};
use crate::{code::Code, statement::Evidence};

use super::subject::Ground;

pub(super) const CHECK: Check = Check {
    code: Code::Snapshot,
    wants: "the observation that the golden file holds, after redaction",
    why: "A golden is what one endpoint did, and no promise: a difference is a note. On the endpoint that it was \
          recorded from it is a regression, which cargo test and --update show as a difference.",
    look: Look::Case(look),
};

/// So many differences are listed; the rest is counted.
const SHOWN: usize = 5;

fn look(case: &CaseSubject<'_>) -> Checked {
    // A case that did not come to its steps has nothing to compare.
    let observed = case.steps().next().is_some();
    let Some(golden) = case.golden.filter(|_| observed) else { return Checked::nothing() };
    let ground = Ground { evidence: Evidence::Recorded, cites: Vec::new() };
    let finding = |pointer: &str, expected: String, actual: String| {
        ground.finding(Code::Snapshot, None, 0, pointer, expected, actual)
    };
    let Ok(golden) = serde_json::from_str::<Value>(golden) else {
        return Checked::with(
            Vec::new(),
            vec![finding("", "a golden that is JSON".to_owned(), "other text".to_owned())],
        );
    };
    let mut differences = Vec::new();
    compare(&golden, case.observation.value(), "", &mut differences);
    let more = differences.len().saturating_sub(SHOWN);
    let mut findings: Vec<_> = differences
        .into_iter()
        .take(SHOWN)
        .map(|(pointer, expected, actual)| finding(&pointer, expected, actual))
        .collect();
    if more > 0 {
        findings.push(finding("", "no further difference".to_owned(), format!("{more} more")));
    }
    Checked::with(Vec::new(), findings)
}

fn compare(golden: &Value, now: &Value, pointer: &str, found: &mut Vec<(String, String, String)>) {
    match (golden, now) {
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
        (a, b) if a == b => {}
        (a, b) => found.push((pointer.to_owned(), short(a), short(b))),
    }
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::*;

    #[test]
    fn a_difference_from_the_golden_is_a_note_and_the_same_is_nothing() {
        let trial = Trial::stop(STOP).answers(1, 200, &stopping());
        let same = trial.observation().text();
        let other = same.replace("Pending", "Succeeded");
        assert_eq!(trial.golden(&other).findings(), ["note snapshot /steps/0/got/body/status"]);
        let trial = Trial::stop(STOP).answers(1, 200, &stopping());
        assert!(trial.golden(&same).findings().is_empty());
    }

    #[test]
    fn many_differences_are_counted_and_other_text_is_named() {
        let trial = Trial::stop(STOP).answers(1, 200, &stopping());
        assert_eq!(trial.golden("{}").findings().len(), 2);
        let trial = Trial::stop(STOP).answers(1, 200, &stopping());
        assert_eq!(trial.golden("[").findings(), ["note snapshot"]);
    }
}
