//! The outermost location at which valid requests fail: the failures below it are its consequences.

use std::collections::BTreeSet;

use crate::suite::CaseAim;

/// The locations at which valid requests to one operation fail in one way.
#[derive(Debug, Default)]
pub(super) struct LocationTree {
    locations: BTreeSet<String>,
    /// True if the control with the least valid input fails. The other controls contain that input.
    least: bool,
}

impl LocationTree {
    /// Adds the location of a failing probe or control.
    pub(super) fn enter(&mut self, aim: &CaseAim) {
        let Some(location) = &aim.location else { return };
        self.least |= location.is_empty() && aim.is_control();
        self.locations.insert(location.clone());
    }

    /// The location that a failure belongs to; empty for the operation as a whole.
    pub(super) fn root(&self, aim: &CaseAim) -> String {
        let location = aim.location.as_deref().unwrap_or_default();
        if self.least && (aim.is_control() || location.is_empty()) {
            return String::new();
        }
        // A request with every member fails because of the member that fails alone.
        let mut below = self.locations.iter().filter(|other| !other.is_empty());
        let outermost = below.clone().find(|other| holds(other, location));
        outermost.or_else(|| below.next().filter(|_| location.is_empty())).cloned().unwrap_or_default()
    }

    /// The location that a failure of other probes belongs to, too: the only one that fails, if they are about none; empty
    /// for the operation as a whole. `None` if the failure is theirs alone.
    pub(super) fn same(&self, location: &str) -> Option<String> {
        if self.least {
            return Some(String::new());
        }
        let below = || self.locations.iter().filter(|other| !other.is_empty());
        let mut outermost = below().filter(|one| !below().any(|other| other != *one && holds(other, one)));
        if location.is_empty() {
            let only = outermost.next()?;
            return outermost.next().is_none().then(|| only.clone());
        }
        outermost.find(|other| holds(other, location)).cloned()
    }
}

/// Returns whether a location is the other one or lies in it.
fn holds(outer: &str, location: &str) -> bool {
    location.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '[', '{']))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::cause::testing::{control, probe};

    #[rstest]
    #[case::itself(&["Filters"], "Filters", "Filters")]
    #[case::below(&["Filters", "Filters[]", "Filters[]/Key"], "Filters[]/Key", "Filters")]
    #[case::entry(&["Map", "Map{}", "Map{key}"], "Map{key}", "Map")]
    #[case::sibling(&["Filter", "Filters"], "Filters", "Filters")]
    #[case::without_the_outer_one(&["A/B", "A/B/C", "A/D"], "A/D", "A/D")]
    #[case::every_member(&["", "Filters"], "", "Filters")]
    #[case::every_member_alone(&[""], "", "")]
    fn a_failure_belongs_to_the_outermost_location(
        #[case] locations: &[&str],
        #[case] location: &str,
        #[case] expected: &str,
    ) {
        let mut tree = LocationTree::default();
        for location in locations {
            tree.enter(&probe(location, "legal").aim);
        }
        assert_eq!(tree.root(&probe(location, "legal").aim), expected);
    }

    #[rstest]
    #[case::same(&["Name", "Filter"], "Name", Some("Name"))]
    #[case::below(&["Tags"], "Tags[]/Key", Some("Tags"))]
    #[case::about_no_location(&["Tags", "Tags[]/Key"], "", Some("Tags"))]
    #[case::about_no_location_of_several(&["Name", "Filter"], "", None)]
    #[case::other(&["Name"], "Names", None)]
    #[case::every_member_alone(&[""], "Name", None)]
    fn another_probe_fails_for_the_same_reason_at_the_same_location(
        #[case] locations: &[&str],
        #[case] location: &str,
        #[case] expected: Option<&str>,
    ) {
        let mut tree = LocationTree::default();
        for location in locations {
            tree.enter(&probe(location, "legal").aim);
        }
        assert_eq!(tree.same(location).as_deref(), expected);
        tree.enter(&control("").aim);
        assert_eq!(tree.same(location).as_deref(), Some(""));
    }

    #[test]
    fn controls_belong_to_the_least_control_if_it_fails_and_probes_whose_control_is_accepted_do_not() {
        let mut tree = LocationTree::default();
        for aim in [control("").aim, control("Expected").aim, probe("Action", "enum").aim] {
            tree.enter(&aim);
        }
        assert_eq!(tree.root(&control("Expected").aim), "");
        assert_eq!(tree.root(&probe("Action", "enum").aim), "Action");
    }
}
