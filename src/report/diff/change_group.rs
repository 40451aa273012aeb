//! Equal differences, told once.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use serde::{Deserialize, Serialize};

use super::response_change::{ChangeKind, DiffLocation, ResponseChange};
use crate::{judge::verdict::Verdict, suite::CaseId};

/// The same difference, in however many cases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeGroup {
    /// What kind of difference.
    pub kind: ChangeKind,
    /// Where it is.
    pub location: DiffLocation,
    /// From what to what; several where one value is another one in every case.
    pub values: Vec<Values>,
    /// How many different pairs of values there are; `values` has the first ones.
    pub distinct: usize,
    /// The operations whose answers differ, each with how many cases show it.
    pub operations: BTreeMap<String, usize>,
    /// How many cases show it.
    pub cases: usize,
    /// The first of them.
    pub examples: Vec<CaseId>,
    /// The verdicts of its cases that are other ones.
    pub verdicts: Vec<Transition>,
}

/// From what to what.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Values {
    /// On the first side.
    pub before: String,
    /// On the second side.
    pub after: String,
}

/// How many cases have another verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// On the first side.
    pub before: Verdict,
    /// On the second side.
    pub after: Verdict,
    /// In how many cases.
    pub cases: usize,
}

/// So many cases are named.
const EXAMPLES: usize = 3;

/// Where a value differs in more ways than this, it is another one in every case, and the ways are not told one by one.
const MOST_VALUES: usize = 4;

/// A difference, with the case that shows it.
pub(super) struct ShownGroup {
    pub(super) case: CaseId,
    pub(super) change: ResponseChange,
}

/// What is told at once: a kind and a location, with the values, or with the operation where they are all others.
type ChangeGroupKey = (ChangeKind, DiffLocation, Option<Values>, Option<String>);

/// Everything that is told at once.
#[derive(Default)]
struct Bucket {
    values: BTreeSet<Values>,
    operations: BTreeMap<String, BTreeSet<CaseId>>,
}

/// Groups equal differences. `verdicts` has the cases whose verdict is another one.
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
        buckets.into_iter().map(|((kind, location, ..), bucket)| bucket.told(kind, location, verdicts)).collect();
    groups.sort_by_key(|group| (group.verdicts.is_empty(), group.kind, Reverse(group.cases)));
    groups
}

/// Where an answer itself is not compared, a check may still have found what differs in other answers: it is the same
/// difference.
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

/// Places at which a value is another one in every case.
fn various(shown: &[ShownGroup]) -> BTreeSet<(ChangeKind, String, DiffLocation)> {
    let mut values: BTreeMap<_, BTreeSet<(&str, &str)>> = BTreeMap::new();
    for ShownGroup { change, .. } in shown.iter().filter(|shown| shown.change.kind == ChangeKind::Value) {
        let location = (change.kind, change.operation.clone(), change.location.clone());
        values.entry(location).or_default().insert((&change.before, &change.after));
    }
    values.into_iter().filter(|(_, values)| values.len() > MOST_VALUES).map(|(location, _)| location).collect()
}

impl Bucket {
    fn told(
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

/// Other verdicts, counted; the most frequent first.
pub(super) fn transitions(changed: impl Iterator<Item = (Verdict, Verdict)>) -> Vec<Transition> {
    let mut counts: BTreeMap<(Verdict, Verdict), usize> = BTreeMap::new();
    for verdicts in changed {
        *counts.entry(verdicts).or_default() += 1;
    }
    let told = counts.into_iter().map(|((before, after), cases)| Transition { before, after, cases });
    let mut told: Vec<Transition> = told.collect();
    told.sort_by_key(|transition| Reverse(transition.cases));
    told
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
    fn equal_differences_are_told_once() {
        let differences =
            ["a", "b", "c", "d", "d"].map(|case| shown(case, "s.Op", ChangeKind::Removed, "/x", "1", "absent"));
        let groups = group(differences.into(), &BTreeMap::new());
        assert_eq!(groups.len(), 1);
        assert_eq!((groups[0].cases, groups[0].examples.len(), groups[0].operations["s.Op"]), (4, 3, 4));
        assert_eq!(groups[0].verdicts, []);
    }

    #[test]
    fn a_difference_of_two_operations_is_told_once_for_both() {
        let of = |case: &str, operation: &str| shown(case, operation, ChangeKind::Error, "", "E", "F");
        let groups = group(vec![of("a", "s.One"), of("b", "s.Two"), of("c", "s.Two")], &BTreeMap::new());
        assert_eq!(groups.len(), 1);
        assert_eq!((groups[0].cases, groups[0].operations["s.Two"]), (3, 2));
    }

    #[test]
    fn another_place_kind_or_value_is_another_group() {
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
    fn a_value_that_differs_everywhere_is_told_once() {
        let of =
            |number: usize| shown(&format!("c{number}"), "s.Op", ChangeKind::Value, "/x", &number.to_string(), "0");
        let groups = group((0..MOST_VALUES).map(of).collect(), &BTreeMap::new());
        assert_eq!(groups.len(), MOST_VALUES);
        let groups = group((0..=MOST_VALUES).map(of).collect(), &BTreeMap::new());
        assert_eq!((groups.len(), groups[0].distinct, groups[0].values.len()), (1, MOST_VALUES + 1, 3));
    }

    #[test]
    fn what_changes_a_verdict_comes_first_and_then_what_weighs_most() {
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
