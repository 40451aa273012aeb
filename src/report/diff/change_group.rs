//! Condenses differences: those with the same root are one group.
//!
//! The groups are made and ordered like the causes of a run. The root of a difference is its kind, its location and both
//! values, in all operations; where the values differ in every case, it is the location in one operation.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use serde::{Deserialize, Serialize};

use super::response_change::{ChangeKind, DiffLocation, ResponseChange};
use crate::{
    cause::occurrence_group::{Occurrence, OccurrenceGroup, condensed, member},
    judge::verdict::Verdict,
    suite::CaseId,
};

/// The same difference in one or more cases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeGroup {
    /// Its number in the comparison, from 1.
    pub number: usize,
    /// The kind of the difference.
    pub kind: ChangeKind,
    /// The location in the representative.
    pub location: DiffLocation,
    /// All locations, if there are several: a structure may be a member of many others.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub locations: BTreeSet<String>,
    /// The pairs of values. There are several if the values differ in every case.
    pub values: Vec<Values>,
    /// The number of distinct pairs of values. `values` has the first ones.
    pub distinct: usize,
    /// The operations whose responses differ, with the number of cases.
    pub operations: BTreeMap<String, usize>,
    /// The case that shows it best.
    pub representative: CaseId,
    /// Every case that shows it.
    pub cases: BTreeSet<CaseId>,
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

/// The maximum number of pairs of values that are kept.
const VALUES: usize = 3;

/// A location with more pairs of values than this is one group.
const MOST_VALUES: usize = 4;

/// A difference with its case.
pub(super) struct ShownChange {
    pub(super) case: CaseId,
    pub(super) change: ResponseChange,
    /// The verdicts of the case, if they differ.
    pub(super) verdicts: Option<(Verdict, Verdict)>,
}

impl Occurrence for ShownChange {
    fn case(&self) -> &CaseId {
        &self.case
    }

    fn operation(&self) -> String {
        self.change.operation.clone()
    }

    fn location(&self) -> &str {
        match &self.change.location {
            DiffLocation::Response => "",
            DiffLocation::Header(name) | DiffLocation::Body(name) => name,
        }
    }

    /// A case with another verdict is best.
    fn obscurity(&self) -> usize {
        usize::from(self.verdicts.is_none())
    }
}

/// The root of differences: a kind and a location, with the values, or with the operation if the values differ in every
/// case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct ChangeRoot {
    kind: ChangeKind,
    location: DiffLocation,
    values: Option<Values>,
    operation: Option<String>,
}

impl ChangeRoot {
    fn of(change: &ResponseChange) -> Self {
        let values = Values { before: change.before.clone(), after: change.after.clone() };
        Self { values: Some(values), operation: None, ..Self::of_any_values(change) }
    }

    fn of_any_values(change: &ResponseChange) -> Self {
        let location = match &change.location {
            DiffLocation::Body(pointer) => DiffLocation::Body(member(pointer)),
            other => other.clone(),
        };
        Self { kind: change.kind, location, values: None, operation: Some(change.operation.clone()) }
    }
}

/// Groups equal differences, the most important first.
pub(super) fn group(mut shown: Vec<ShownChange>) -> Vec<ChangeGroup> {
    explain(&mut shown);
    let various = various(&shown);
    let occurrences = shown.into_iter().map(|shown| {
        let any = ChangeRoot::of_any_values(&shown.change);
        (if various.contains(&any) { any } else { ChangeRoot::of(&shown.change) }, shown)
    });
    let groups = condensed(occurrences, |group| {
        let explains_verdict = group.occurrences.iter().any(|shown| shown.verdicts.is_some());
        ((!explains_verdict, group.root.kind), group.root.clone())
    });
    groups.into_iter().zip(1..).filter_map(|(group, number)| change_group(number, group)).collect()
}

/// Replaces findings that a difference explains: a finding may be in a case whose response is not compared.
fn explain(shown: &mut [ShownChange]) {
    let is_finding = |shown: &ShownChange| shown.change.kind == ChangeKind::Finding;
    let seen: BTreeSet<ResponseChange> =
        shown.iter().filter(|shown| !is_finding(shown)).map(|shown| shown.change.clone()).collect();
    for finding in shown.iter_mut().filter(|shown| is_finding(shown)) {
        if let Some(change) = seen.iter().find(|change| change.explains(&finding.change)) {
            finding.change = change.clone();
        }
    }
}

/// The roots of the values that differ in every case.
fn various(shown: &[ShownChange]) -> BTreeSet<ChangeRoot> {
    let mut values: BTreeMap<ChangeRoot, BTreeSet<(&str, &str)>> = BTreeMap::new();
    for ShownChange { change, .. } in shown.iter().filter(|shown| shown.change.kind == ChangeKind::Value) {
        values.entry(ChangeRoot::of_any_values(change)).or_default().insert((&change.before, &change.after));
    }
    values.into_iter().filter(|(_, values)| values.len() > MOST_VALUES).map(|(root, _)| root).collect()
}

fn change_group(number: usize, group: OccurrenceGroup<ChangeRoot, ShownChange>) -> Option<ChangeGroup> {
    let first = group.occurrences.first()?;
    let values =
        |shown: &ShownChange| Values { before: shown.change.before.clone(), after: shown.change.after.clone() };
    let values: BTreeSet<Values> = group.occurrences.iter().map(values).collect();
    let verdicts: BTreeMap<&CaseId, (Verdict, Verdict)> =
        group.occurrences.iter().filter_map(|shown| Some((&shown.case, shown.verdicts?))).collect();
    Some(ChangeGroup {
        number,
        kind: group.root.kind,
        location: first.change.location.clone(),
        locations: if group.locations.len() > 1 { group.locations } else { BTreeSet::new() },
        distinct: values.len(),
        values: values.into_iter().take(VALUES).collect(),
        operations: group.operations,
        representative: first.case.clone(),
        cases: group.cases,
        verdicts: transitions(verdicts.into_values()),
    })
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

    fn shown(case: &str, operation: &str, kind: ChangeKind, pointer: &str, before: &str, after: &str) -> ShownChange {
        let change = ResponseChange {
            operation: operation.to_owned(),
            location: DiffLocation::Body(pointer.to_owned()),
            kind,
            before: before.to_owned(),
            after: after.to_owned(),
        };
        ShownChange { case: CaseId(case.to_owned()), change, verdicts: None }
    }

    #[test]
    fn equal_differences_are_reported_once() {
        let differences =
            ["a", "b", "c", "d", "d"].map(|case| shown(case, "s.Op", ChangeKind::Removed, "/x", "1", "absent"));
        let groups = group(differences.into());
        assert_eq!(groups.len(), 1);
        assert_eq!(
            (groups[0].cases.len(), groups[0].representative.0.as_str(), groups[0].operations["s.Op"]),
            (4, "a", 4)
        );
        assert_eq!(groups[0].verdicts, []);
    }

    #[test]
    fn a_difference_of_two_operations_is_reported_once_for_both() {
        let of = |case: &str, operation: &str| shown(case, operation, ChangeKind::Error, "", "E", "F");
        let groups = group(vec![of("a", "s.One"), of("b", "s.Two"), of("c", "s.Two")]);
        assert_eq!(groups.len(), 1);
        assert_eq!((groups[0].cases.len(), groups[0].operations["s.Two"]), (3, 2));
    }

    #[test]
    fn another_location_kind_or_value_is_another_group() {
        let groups = group(vec![
            shown("a", "s.Op", ChangeKind::Value, "/x", "1", "2"),
            shown("a", "s.Op", ChangeKind::Value, "/y", "1", "2"),
            shown("a", "s.Op", ChangeKind::Value, "/x", "1", "3"),
            shown("a", "s.Op", ChangeKind::Type, "/x", "1", "2"),
        ]);
        assert_eq!(groups.len(), 4);
        assert_eq!(groups[0].kind, ChangeKind::Type);
    }

    #[test]
    fn a_member_of_a_structure_that_several_responses_contain_is_reported_once() {
        let of = |case: &str, operation: &str, pointer: &str| {
            shown(case, operation, ChangeKind::Removed, pointer, "a string", "absent")
        };
        let groups = group(vec![of("aa", "s.Get", "/Table/Id"), of("b", "s.List", "/Tables/*/Table/Id")]);
        assert_eq!(groups.len(), 1);
        assert_eq!(groups[0].location, DiffLocation::Body("/Tables/*/Table/Id".to_owned()));
        assert_eq!((groups[0].locations.len(), groups[0].operations.len()), (2, 2));
    }

    #[test]
    fn a_value_that_differs_everywhere_is_reported_once() {
        let of =
            |number: usize| shown(&format!("c{number}"), "s.Op", ChangeKind::Value, "/x", &number.to_string(), "0");
        let groups = group((0..MOST_VALUES).map(of).collect());
        assert_eq!(groups.len(), MOST_VALUES);
        let groups = group((0..=MOST_VALUES).map(of).collect());
        assert_eq!((groups.len(), groups[0].distinct, groups[0].values.len()), (1, MOST_VALUES + 1, 3));
    }

    #[test]
    fn changed_verdicts_come_first_then_severe_differences() {
        let groups = group(vec![
            shown("a", "s.Op", ChangeKind::Added, "/x", "absent", "1"),
            shown("b", "s.Op", ChangeKind::Removed, "/y", "1", "absent"),
            ShownChange {
                verdicts: Some((Verdict::Conforms, Verdict::Deviates)),
                ..shown("c", "s.Op", ChangeKind::Value, "/z", "1", "2")
            },
            shown("a", "s.Op", ChangeKind::Removed, "/w", "1", "absent"),
            shown("b", "s.Op", ChangeKind::Removed, "/w", "1", "absent"),
        ]);
        let locations: Vec<String> = groups.iter().map(|group| group.location.to_string()).collect();
        assert_eq!(locations, ["/z", "/w", "/y", "/x"]);
        let transition = Transition { before: Verdict::Conforms, after: Verdict::Deviates, cases: 1 };
        assert_eq!(groups[0].verdicts, [transition]);
    }
}
