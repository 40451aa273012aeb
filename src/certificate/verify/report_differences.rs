//! Compares the report of a bundle with the one that its recording yields.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{VerifyCheck, VerifyProblem};
use crate::certificate::certified_report::{Reported, ReportedCase, ReportedRequirement};

/// The differences between the report of a bundle and the one that its recording yields.
pub(super) fn differences(says: &[u8], comes_to: &[u8]) -> Vec<VerifyProblem> {
    if says == comes_to {
        return Vec::new();
    }
    let (theirs, ours): (Reported, Reported) = match (serde_json::from_slice(says), serde_json::from_slice(comes_to)) {
        (Ok(theirs), Ok(ours)) => (theirs, ours),
        (Err(error), _) => {
            return vec![VerifyProblem::new(VerifyCheck::Verdicts, format!("the report is malformed: {error}"))];
        }
        (_, Err(error)) => {
            return vec![VerifyProblem::new(VerifyCheck::Verdicts, format!("the recording yields no report: {error}"))];
        }
    };
    let mut problems = verdicts(&theirs, &ours);
    if theirs.ledger != ours.ledger || theirs.sums() != theirs.ledger {
        problems.push(VerifyProblem::new(
            VerifyCheck::Ledger,
            "the ledger of the report does not match the recorded cases",
        ));
    }
    problems.extend(requirements(&theirs, &ours));
    if problems.is_empty() {
        problems.push(VerifyProblem::new(VerifyCheck::Verdicts, elsewhere(says, comes_to)));
    }
    problems
}

fn verdicts(theirs: &Reported, ours: &Reported) -> Vec<VerifyProblem> {
    let mut problems = Vec::new();
    let mut reported: BTreeMap<&str, &ReportedCase> = BTreeMap::new();
    for case in &theirs.cases {
        if reported.insert(&case.id.0, case).is_some() {
            problems.push(VerifyProblem::new(VerifyCheck::Cases, format!("the report contains {} twice", case.id)));
        }
    }
    for case in &ours.cases {
        match reported.remove(case.id.0.as_str()) {
            None => {
                problems
                    .push(VerifyProblem::new(VerifyCheck::Cases, format!("the report does not contain {}", case.id)));
            }
            Some(other) if other.verdict != case.verdict => {
                let says = format!("{}: {} in the report, {} by the recording", case.id, other.verdict, case.verdict);
                problems.push(VerifyProblem::new(VerifyCheck::Verdicts, says));
            }
            Some(other) if other.findings != case.findings => {
                let says = format!("{}: the findings in the report are not those that the recording yields", case.id);
                problems.push(VerifyProblem::new(VerifyCheck::Verdicts, says));
            }
            Some(_) => {}
        }
    }
    let surplus = reported
        .into_keys()
        .map(|id| VerifyProblem::new(VerifyCheck::Cases, format!("the report contains {id}, which was not recorded")));
    problems.extend(surplus);
    problems
}

fn requirements(theirs: &Reported, ours: &Reported) -> Vec<VerifyProblem> {
    let find = |id: &str| theirs.requirements.iter().find(|requirement| requirement.id == id);
    let wrong = |requirement: &&ReportedRequirement| find(&requirement.id) != Some(requirement);
    let problem = |requirement: &ReportedRequirement| {
        VerifyProblem::new(
            VerifyCheck::Requirements,
            format!("{}: the outcome in the report is not the one that the recording yields", requirement.id),
        )
    };
    let surplus = theirs.requirements.len() != ours.requirements.len();
    let surplus = surplus.then(|| {
        VerifyProblem::new(VerifyCheck::Requirements, "the requirements of the report are not those of the suite")
    });
    ours.requirements.iter().filter(wrong).map(problem).chain(surplus).collect()
}

/// The first difference between two reports whose cases and requirements agree.
fn elsewhere(says: &[u8], comes_to: &[u8]) -> String {
    let value = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap_or_default();
    first_difference(&value(says), &value(comes_to), "").map_or_else(
        || "the report is not in canonical form".to_owned(),
        |pointer| format!("the report differs at {pointer} from what the recording yields"),
    )
}

fn first_difference(one: &Value, other: &Value, at: &str) -> Option<String> {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let names = one.keys().chain(other.keys().filter(|name| !one.contains_key(*name)));
            names.into_iter().find_map(|name| {
                let at = crate::model::pointer::child(at, name);
                match (one.get(name), other.get(name)) {
                    (Some(one), Some(other)) => first_difference(one, other, &at),
                    _ => Some(at),
                }
            })
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => one
            .iter()
            .zip(other)
            .enumerate()
            .find_map(|(index, (one, other))| first_difference(one, other, &format!("{at}/{index}"))),
        _ => (one != other).then(|| at.to_owned()),
    }
}
