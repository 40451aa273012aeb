//! The warnings of a run, as a baseline lists them.
//!
//! A warning about operations on one resource belongs to its probe. Any other is about a response, and belongs to the
//! operation: which of its cases show it depends on what others stored before. One case stands for all of an operation.

use std::collections::{BTreeMap, BTreeSet};

use super::{BaselineEntry, SeenCases};
use crate::{
    cause::{Cause, warning_causes},
    suite::CaseId,
};

/// The kind of causes whose cases stand for their operation.
const OF_RESPONSES: &str = "response";

/// The known cases that stand for an operation, by operation and response.
type StandIns<'e> = BTreeMap<(&'e str, &'e str), &'e str>;

/// The causes of a run's warnings. A known case stays the one that stands for its operation if `stays` says so.
pub(super) fn warnings(
    known: &[BaselineEntry],
    seen: &SeenCases,
    is_unstable: impl Fn(&str) -> bool,
    stays: impl Fn(&str, &BTreeSet<CaseId>) -> bool,
) -> Vec<Cause> {
    let known = stand_ins(known);
    let mut causes = warning_causes(seen.warned().iter().filter(|case| !is_unstable(&case.id.0)));
    for cause in causes.iter_mut().filter(|cause| cause.key.kind == OF_RESPONSES) {
        for (response, cases) in &mut cause.responses {
            *cases = of_operations(response, cases, &known, &stays);
        }
    }
    causes
}

fn stand_ins(known: &[BaselineEntry]) -> StandIns<'_> {
    let of_responses = known.iter().filter(|entry| stands_for_operations(entry));
    let pairs = of_responses.flat_map(BaselineEntry::pairs);
    pairs.map(|(case, response)| ((operation(case), response), case)).collect()
}

/// The cases of the entry stand for their operations.
pub(super) fn stands_for_operations(entry: &BaselineEntry) -> bool {
    entry.key.kind == OF_RESPONSES
}

/// One case of each operation: the known one, or the one with the shortest ID.
fn of_operations(
    response: &str,
    cases: &BTreeSet<CaseId>,
    known: &StandIns<'_>,
    stays: impl Fn(&str, &BTreeSet<CaseId>) -> bool,
) -> BTreeSet<CaseId> {
    let mut shortest: BTreeMap<&str, &CaseId> = BTreeMap::new();
    for case in cases {
        let one = shortest.entry(operation(&case.0)).or_insert(case);
        if (case.0.len(), case) < (one.0.len(), *one) {
            *one = case;
        }
    }
    let stand_in = |(operation, shortest): (&str, &CaseId)| {
        let known = known.get(&(operation, response)).filter(|known| stays(known, cases));
        known.map_or_else(|| shortest.clone(), |known| CaseId((*known).to_owned()))
    };
    shortest.into_iter().map(stand_in).collect()
}

/// The part of a case ID that names the operation: `sqs.SendMessage` of a probe, `sqs/send-message` of a scenario.
fn operation(case: &str) -> &str {
    let mut borders = case.match_indices('/').map(|(at, _)| at);
    let first = borders.next().unwrap_or(case.len());
    let is_probe = case[..first].contains('.');
    if is_probe { &case[..first] } else { &case[..borders.next().unwrap_or(case.len())] }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::probe("sqs.SendMessage/Name/length/max", "sqs.SendMessage")]
    #[case::scenario("sqs/send-message/missing#a", "sqs/send-message")]
    #[case::odd("x", "x")]
    #[case::odd_folder("x/y", "x/y")]
    fn an_id_starts_with_its_operation(#[case] id: &str, #[case] expected: &str) {
        assert_eq!(operation(id), expected);
    }
}
