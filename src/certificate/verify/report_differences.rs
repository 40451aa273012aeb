//! In what a report differs from the one that a recording comes to.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{VerifyCheck, VerifyProblem};
use crate::certificate::certified_report::{Reported, ReportedCase, ReportedRequirement};

/// Compares what a bundle says with what its recording comes to.
pub(super) fn differences(says: &[u8], comes_to: &[u8]) -> Vec<VerifyProblem> {
    if says == comes_to {
        return Vec::new();
    }
    let (theirs, ours): (Reported, Reported) = match (serde_json::from_slice(says), serde_json::from_slice(comes_to)) {
        (Ok(theirs), Ok(ours)) => (theirs, ours),
        (Err(error), _) => {
            return vec![VerifyProblem::new(VerifyCheck::Verdicts, format!("the report is none: {error}"))];
        }
        (_, Err(error)) => {
            return vec![VerifyProblem::new(VerifyCheck::Verdicts, format!("the recording gives no report: {error}"))];
        }
    };
    let mut problems = verdicts(&theirs, &ours);
    if theirs.ledger != ours.ledger || theirs.sums() != theirs.ledger {
        problems.push(VerifyProblem::new(
            VerifyCheck::Ledger,
            "the ledger of the report is not that of the recorded cases",
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
    let mut told: BTreeMap<&str, &ReportedCase> = BTreeMap::new();
    for case in &theirs.cases {
        if told.insert(&case.id.0, case).is_some() {
            problems.push(VerifyProblem::new(VerifyCheck::Cases, format!("the report has {} twice", case.id)));
        }
    }
    for case in &ours.cases {
        match told.remove(case.id.0.as_str()) {
            None => {
                problems.push(VerifyProblem::new(VerifyCheck::Cases, format!("the report does not have {}", case.id)));
            }
            Some(other) if other.verdict != case.verdict => {
                let says = format!("{}: the report says {}, the recording {}", case.id, other.verdict, case.verdict);
                problems.push(VerifyProblem::new(VerifyCheck::Verdicts, says));
            }
            Some(other) if other.findings != case.findings => {
                let says = format!("{}: the report has other findings than the recording gives", case.id);
                problems.push(VerifyProblem::new(VerifyCheck::Verdicts, says));
            }
            Some(_) => {}
        }
    }
    let surplus = told
        .into_keys()
        .map(|id| VerifyProblem::new(VerifyCheck::Cases, format!("the report has {id}, which was not recorded")));
    problems.extend(surplus);
    problems
}

fn requirements(theirs: &Reported, ours: &Reported) -> Vec<VerifyProblem> {
    let find = |id: &str| theirs.requirements.iter().find(|requirement| requirement.id == id);
    let wrong = |requirement: &&ReportedRequirement| find(&requirement.id) != Some(requirement);
    let problem = |requirement: &ReportedRequirement| {
        VerifyProblem::new(
            VerifyCheck::Requirements,
            format!("{}: the report says otherwise than the recording", requirement.id),
        )
    };
    let surplus = theirs.requirements.len() != ours.requirements.len();
    let surplus = surplus
        .then(|| VerifyProblem::new(VerifyCheck::Requirements, "the report has other requirements than the suite"));
    ours.requirements.iter().filter(wrong).map(problem).chain(surplus).collect()
}

/// Where two documents differ that agree in all that is understood of them.
fn elsewhere(says: &[u8], comes_to: &[u8]) -> String {
    let value = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap_or_default();
    first_difference(&value(says), &value(comes_to), "").map_or_else(
        || "the report is not written as it should be".to_owned(),
        |pointer| format!("the report differs at {pointer} from what the recording comes to"),
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
