//! Occurrences with one root become one group: the mechanism that condenses the findings of a run to causes, and the
//! compared responses of two runs to differences.
//!
//! The caller names the roots and the ranks. Counts, the case that represents a group and the order within a rank are
//! the same for all. Roots differ: that of a finding follows from the aim of its case and from what is expected there; a
//! difference has no expected side, so its root is the difference itself.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use crate::suite::CaseId;

/// Something seen in a case.
pub(crate) trait Occurrence {
    /// The case that shows it.
    fn case(&self) -> &CaseId;

    /// The operation that it is about, as `service.Operation`.
    fn operation(&self) -> String;

    /// The location that it is about; empty for a whole request or response.
    fn location(&self) -> &str;

    /// The case with the least value represents a group; of equal ones, the shortest ID.
    fn obscurity(&self) -> usize;
}

/// Occurrences with the same root, and all that they touch.
#[derive(Debug)]
pub(crate) struct OccurrenceGroup<R, O> {
    pub(crate) root: R,
    /// The one whose case shows it best is the first.
    pub(crate) occurrences: Vec<O>,
    /// The operations, with the number of cases.
    pub(crate) operations: BTreeMap<String, usize>,
    pub(crate) locations: BTreeSet<String>,
    pub(crate) cases: BTreeSet<CaseId>,
}

impl<R, O: Occurrence> OccurrenceGroup<R, O> {
    fn of(root: R, mut occurrences: Vec<O>) -> Self {
        occurrences.sort_by_cached_key(|one| (one.obscurity(), one.case().0.len(), one.case().clone()));
        let mut operations: BTreeMap<String, BTreeSet<CaseId>> = BTreeMap::new();
        for one in &occurrences {
            operations.entry(one.operation()).or_default().insert(one.case().clone());
        }
        let locations = occurrences.iter().map(Occurrence::location).filter(|location| !location.is_empty());
        Self {
            locations: locations.map(str::to_owned).collect(),
            cases: occurrences.iter().map(|one| one.case().clone()).collect(),
            operations: operations.into_iter().map(|(name, cases)| (name, cases.len())).collect(),
            root,
            occurrences,
        }
    }

    /// The order within a rank: more operations first, then more locations, then more cases.
    fn reach(&self) -> Reverse<(usize, usize, usize)> {
        Reverse((self.operations.len(), self.locations.len(), self.cases.len()))
    }
}

/// The groups of occurrences by root. The one with the least rank comes first; in a rank, the one that touches most.
/// `order` returns the rank, and what orders groups that touch as much.
pub(crate) fn condensed<R: Ord, O: Occurrence, K: Ord, T: Ord>(
    occurrences: impl IntoIterator<Item = (R, O)>,
    order: impl Fn(&OccurrenceGroup<R, O>) -> (K, T),
) -> Vec<OccurrenceGroup<R, O>> {
    let mut by_root: BTreeMap<R, Vec<O>> = BTreeMap::new();
    for (root, occurrence) in occurrences {
        by_root.entry(root).or_default().push(occurrence);
    }
    let groups = by_root.into_iter().map(|(root, occurrences)| OccurrenceGroup::of(root, occurrences));
    let mut groups: Vec<_> = groups.collect();
    groups.sort_by_cached_key(|group| {
        let (rank, tie) = order(group);
        (rank, group.reach(), tie)
    });
    groups
}

/// The member that a location in a response names: its last two names, wherever the structure is nested.
pub(crate) fn member(pointer: &str) -> String {
    let is_name = |token: &&str| !token.is_empty() && *token != "*" && token.parse::<usize>().is_err();
    let names: Vec<&str> = pointer.split('/').filter(is_name).collect();
    names[names.len().saturating_sub(2)..].join("/")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// The case, the operation, the location and the obscurity.
    #[derive(Debug, PartialEq)]
    struct Seen(CaseId, &'static str, &'static str, usize);

    impl Occurrence for Seen {
        fn case(&self) -> &CaseId {
            &self.0
        }

        fn operation(&self) -> String {
            self.1.to_owned()
        }

        fn location(&self) -> &str {
            self.2
        }

        fn obscurity(&self) -> usize {
            self.3
        }
    }

    fn seen(case: &str, operation: &'static str, location: &'static str, obscurity: usize) -> Seen {
        Seen(CaseId(case.to_owned()), operation, location, obscurity)
    }

    #[test]
    fn a_group_counts_each_case_of_an_operation_once_and_starts_with_the_clearest() {
        let occurrences = [seen("bb", "Put", "x", 0), seen("a", "Put", "", 1), seen("c", "Get", "y", 0)];
        let twice = seen("bb", "Put", "z", 0);
        let groups = condensed(occurrences.into_iter().chain([twice]).map(|one| ("root", one)), |_| (0, 0));
        let [group] = groups.as_slice() else { panic!("{groups:?}") };
        assert_eq!(group.operations, BTreeMap::from([("Get".to_owned(), 1), ("Put".to_owned(), 2)]));
        assert_eq!(group.locations.iter().collect::<Vec<_>>(), ["x", "y", "z"]);
        assert_eq!((group.cases.len(), group.occurrences[0].case().0.as_str()), (3, "c"));
    }

    #[test]
    fn groups_are_sorted_by_rank_then_by_operations_locations_and_cases() {
        let of = |root: &'static str, case: &str, operation, location| (root, seen(case, operation, location, 0));
        let occurrences = [
            of("one case", "a", "Put", "x"),
            of("two cases", "a", "Put", "x"),
            of("two cases", "b", "Put", "x"),
            of("two locations", "a", "Put", "x"),
            of("two locations", "a", "Put", "y"),
            of("two operations", "a", "Put", "x"),
            of("two operations", "a", "Get", "x"),
            of("first", "a", "Put", "x"),
        ];
        let groups = condensed(occurrences, |group| (group.root != "first", ()));
        let roots: Vec<&str> = groups.iter().map(|group| group.root).collect();
        assert_eq!(roots, ["first", "two operations", "two locations", "two cases", "one case"]);
    }

    #[rstest]
    #[case("", "")]
    #[case("/Name", "Name")]
    #[case("/Table/Id", "Table/Id")]
    #[case("/Tables/0/Table/Id", "Table/Id")]
    #[case("/Items/*", "Items")]
    fn a_member_is_named_by_its_structure(#[case] pointer: &str, #[case] expected: &str) {
        assert_eq!(member(pointer), expected);
    }
}
