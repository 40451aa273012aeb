//! Groups equal differences.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use serde::{Deserialize, Serialize};

use super::response_change::{ChangeKind, DiffLocation, ResponseChange};
use crate::{judge::verdict::Verdict, suite::CaseId};

/// The same difference in one or more cases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeGroup {
    /// The kind of the difference.
    pub kind: ChangeKind,
    pub location: DiffLocation,
    /// The pairs of values. There are several if the values differ in every case.
    pub values: Vec<Values>,
    /// The number of distinct pairs of values. `values` has the first ones.
    pub distinct: usize,
    /// The operations whose responses differ, with the number of cases.
    pub operations: BTreeMap<String, usize>,
    /// The number of cases.
    pub cases: usize,
    /// The first cases.
    pub examples: Vec<CaseId>,
    /// The verdicts that differ in these cases.
    pub verdicts: Vec<Transition>,
}

/// A pair of values.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Values {
    /// On the first side.
    pub before: String,
    /// On the second side.
    pub after: String,
}

/// A pair of verdicts that differ, with the number of cases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// On the first side.
    pub before: Verdict,
    /// On the second side.
    pub after: Verdict,
    /// The number of cases.
    pub cases: usize,
}

/// The maximum number of cases that are named.
const EXAMPLES: usize = 3;

/// A location with more pairs of values than this is one group.
const MOST_VALUES: usize = 4;

/// A difference with its case.
pub(super) struct ShownGroup {
    pub(super) case: CaseId,
    pub(super) change: ResponseChange,
}

/// The key of a group: a kind and a location, with the values, or with the operation if all values differ.
type ChangeGroupKey = (ChangeKind, DiffLocation, Option<Values>, Option<String>);

/// The differences of a group.
#[derive(Default)]
struct Bucket {
    values: BTreeSet<Values>,
    operations: BTreeMap<String, BTreeSet<CaseId>>,
}

/// Groups equal differences. `verdicts` has the cases whose verdicts differ.
pub(super) fn group(mut shown: Vec<ShownGroup>, verdicts: &BTreeMap<CaseId, (Verdict, Verdict)>) -> Vec<ChangeGroup> {
    let mut buckets: BTreeMap<ChangeGroupKey, Bucket> = BTreeMap::new();
    explain(&mut shown);
    let various = various(&shown);
    for ShownGroup { case, change } in shown {
        let ResponseChange { operation, location, kind, before, after } = change;
        let values = Values { before, after };
        let is_various = various.contains(&(kind, operation.clone(), location.clone()));
        let key = if is_various {
            (kind, location, None, Some(operation.clone()))
        } else {
            (kind, location, Some(values.clone()), None)
        };
        let bucket = buckets.entry(key).or_default();
        bucket.values.insert(values);
        bucket.operations.entry(operation).or_default().insert(case);
    }
    let mut groups: Vec<ChangeGroup> =
        buckets.into_iter().map(|((kind, location, ..), bucket)| bucket.into_group(kind, location, verdicts)).collect();
    groups.sort_by_key(|group| (group.verdicts.is_empty(), group.kind, Reverse(group.cases)));
    groups
}

/// Replaces findings that a difference explains: a finding may be in a case whose response is not compared.
fn explain(shown: &mut [ShownGroup]) {
    let is_finding = |shown: &ShownGroup| shown.change.kind == ChangeKind::Finding;
    let seen: BTreeSet<ResponseChange> =
        shown.iter().filter(|shown| !is_finding(shown)).map(|shown| shown.change.clone()).collect();
    for finding in shown.iter_mut().filter(|shown| is_finding(shown)) {
        if let Some(change) = seen.iter().find(|change| change.explains(&finding.change)) {
            finding.change = change.clone();
        }
    }
}

/// The locations at which the values differ in every case.
fn various(shown: &[ShownGroup]) -> BTreeSet<(ChangeKind, String, DiffLocation)> {
    let mut values: BTreeMap<_, BTreeSet<(&str, &str)>> = BTreeMap::new();
    for ShownGroup { change, .. } in shown.iter().filter(|shown| shown.change.kind == ChangeKind::Value) {
        let location = (change.kind, change.operation.clone(), change.location.clone());
        values.entry(location).or_default().insert((&change.before, &change.after));
    }
    values.into_iter().filter(|(_, values)| values.len() > MOST_VALUES).map(|(location, _)| location).collect()
}

impl Bucket {
    fn into_group(
        self,
        kind: ChangeKind,
        location: DiffLocation,
        verdicts: &BTreeMap<CaseId, (Verdict, Verdict)>,
    ) -> ChangeGroup {
        let cases: BTreeSet<&CaseId> = self.operations.values().flatten().collect();
        let changed = cases.iter().filter_map(|case| verdicts.get(*case)).copied();
        ChangeGroup {
            kind,
            location,
            distinct: self.values.len(),
            examples: cases.iter().take(EXAMPLES).map(|case| (*case).clone()).collect(),
            cases: cases.len(),
            verdicts: transitions(changed),
            operations: self.operations.iter().map(|(name, cases)| (name.clone(), cases.len())).collect(),
            values: self.values.into_iter().take(EXAMPLES).collect(),
        }
    }
}

/// The pairs of verdicts with the number of cases, the most frequent first.
pub(super) fn transitions(changed: impl Iterator<Item = (Verdict, Verdict)>) -> Vec<Transition> {
    let mut counts: BTreeMap<(Verdict, Verdict), usize> = BTreeMap::new();
    for verdicts in changed {
        *counts.entry(verdicts).or_default() += 1;
    }
    let transitions = counts.into_iter().map(|((before, after), cases)| Transition { before, after, cases });
    let mut transitions: Vec<Transition> = transitions.collect();
    transitions.sort_by_key(|transition| Reverse(transition.cases));
    transitions
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(case: &str, operation: &str, kind: ChangeKind, pointer: &str, before: &str, after: &str) -> ShownGroup {
        let change = ResponseChange {
            operation: operation.to_owned(),
            location: DiffLocation::Body(pointer.to_owned()),
            kind,
            before: before.to_owned(),
            after: after.to_owned(),
        };
        ShownGroup { case: CaseId(case.to_owned()), change }
    }

    #[test]
    fn equal_differences_are_reported_once() {
        let differences =
            ["a", "b", "c", "d", "d"].map(|case| shown(case, "s.Op", ChangeKind::Removed, "/x", "1", "absent"));
        let groups = group(differences.into(), &BTreeMap::new());
        assert_eq!(groups.len(), 1);
        assert_eq!((groups[0].cases, groups[0].examples.len(), groups[0].operations["s.Op"]), (4, 3, 4));
        assert_eq!(groups[0].verdicts, []);
    }

    #[test]
    fn a_difference_of_two_operations_is_reported_once_for_both() {
        let of = |case: &str, operation: &str| shown(case, operation, ChangeKind::Error, "", "E", "F");
        let groups = group(vec![of("a", "s.One"), of("b", "s.Two"), of("c", "s.Two")], &BTreeMap::new());
        assert_eq!(groups.len(), 1);
        assert_eq!((groups[0].cases, groups[0].operations["s.Two"]), (3, 2));
    }

    #[test]
    fn another_location_kind_or_value_is_another_group() {
        let groups = group(
            vec![
                shown("a", "s.Op", ChangeKind::Value, "/x", "1", "2"),
                shown("a", "s.Op", ChangeKind::Value, "/y", "1", "2"),
                shown("a", "s.Op", ChangeKind::Value, "/x", "1", "3"),
                shown("a", "s.Op", ChangeKind::Type, "/x", "1", "2"),
            ],
            &BTreeMap::new(),
        );
        assert_eq!(groups.len(), 4);
        assert_eq!(groups[0].kind, ChangeKind::Type);
    }

    #[test]
    fn a_value_that_differs_everywhere_is_reported_once() {
        let of =
            |number: usize| shown(&format!("c{number}"), "s.Op", ChangeKind::Value, "/x", &number.to_string(), "0");
        let groups = group((0..MOST_VALUES).map(of).collect(), &BTreeMap::new());
        assert_eq!(groups.len(), MOST_VALUES);
        let groups = group((0..=MOST_VALUES).map(of).collect(), &BTreeMap::new());
        assert_eq!((groups.len(), groups[0].distinct, groups[0].values.len()), (1, MOST_VALUES + 1, 3));
    }

    #[test]
    fn changed_verdicts_come_first_then_severe_differences() {
        let verdicts = BTreeMap::from([(CaseId("c".to_owned()), (Verdict::Conforms, Verdict::Deviates))]);
        let groups = group(
            vec![
                shown("a", "s.Op", ChangeKind::Added, "/x", "absent", "1"),
                shown("b", "s.Op", ChangeKind::Removed, "/y", "1", "absent"),
                shown("c", "s.Op", ChangeKind::Value, "/z", "1", "2"),
                shown("a", "s.Op", ChangeKind::Removed, "/w", "1", "absent"),
                shown("b", "s.Op", ChangeKind::Removed, "/w", "1", "absent"),
            ],
            &verdicts,
        );
        let locations: Vec<String> = groups.iter().map(|group| group.location.to_string()).collect();
        assert_eq!(locations, ["/z", "/w", "/y", "/x"]);
        let transition = Transition { before: Verdict::Conforms, after: Verdict::Deviates, cases: 1 };
        assert_eq!(groups[0].verdicts, [transition]);
    }
}
