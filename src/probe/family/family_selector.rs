//! Selects families by the name of one, of a group, or all.

use std::{collections::BTreeSet, fmt, str::FromStr};

use thiserror::Error;

use super::ProbeFamily;
use crate::suite::RequestGroup;

/// Selects families by name: one family, one group, or all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FamilySelector {
    /// One family.
    Family(ProbeFamily),
    /// The families of a group.
    Group(RequestGroup),
    /// Every family.
    All,
}

/// A name that neither a family nor a group has.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("expected one of {}", known_names().join(", "))]
pub struct UnknownFamily;

/// The names of the groups, then of the families that have no group of their own name.
fn known_names() -> Vec<&'static str> {
    let groups = RequestGroup::ALL.map(RequestGroup::name);
    let families = ProbeFamily::ALL.into_iter().map(ProbeFamily::name).filter(|name| !groups.contains(name));
    groups.into_iter().chain(["all"]).chain(families).collect()
}

impl FamilySelector {
    /// The families that some selectors select.
    #[must_use]
    pub fn families(selectors: &[Self]) -> BTreeSet<ProbeFamily> {
        let selects = |family: &ProbeFamily| selectors.iter().any(|selector| selector.selects(*family));
        ProbeFamily::ALL.into_iter().filter(selects).collect()
    }

    /// Returns whether it selects valid inputs for their own sake: then each location gets a valid value.
    #[must_use]
    pub fn is_of_valid_inputs(self) -> bool {
        matches!(self, Self::Group(RequestGroup::Sdk) | Self::All)
    }

    fn selects(self, family: ProbeFamily) -> bool {
        match self {
            Self::Family(selected) => selected == family,
            Self::Group(group) => family.group() == group,
            Self::All => true,
        }
    }
}

impl FromStr for FamilySelector {
    type Err = UnknownFamily;

    fn from_str(name: &str) -> Result<Self, UnknownFamily> {
        if name == "all" {
            return Ok(Self::All);
        }
        let group = RequestGroup::ALL.into_iter().find(|group| group.name() == name).map(Self::Group);
        group.or_else(|| ProbeFamily::named(name).map(Self::Family)).ok_or(UnknownFamily)
    }
}

impl fmt::Display for FamilySelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Family(family) => family.name(),
            Self::Group(group) => group.name(),
            Self::All => "all",
        })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn every_family_belongs_to_a_group_and_all_groups_together_have_all_families() {
        let each = RequestGroup::ALL.map(|group| FamilySelector::families(&[FamilySelector::Group(group)]));
        assert!(each.iter().all(|families| !families.is_empty()));
        assert_eq!(each.iter().map(BTreeSet::len).sum::<usize>(), ProbeFamily::ALL.len());
        assert_eq!(FamilySelector::families(&[FamilySelector::All]).len(), ProbeFamily::ALL.len());
    }

    #[rstest]
    #[case("sdk", &["required", "length"], &["type", "request", "signing"])]
    #[case("wire", &["type", "request"], &["required", "signing"])]
    #[case("signing", &["signing"], &["required", "type"])]
    #[case("type", &["type"], &["request"])]
    fn a_name_selects_a_group_or_a_family(#[case] name: &str, #[case] with: &[&str], #[case] without: &[&str]) {
        let selector: FamilySelector = name.parse().unwrap();
        let families: Vec<&str> = FamilySelector::families(&[selector]).into_iter().map(ProbeFamily::name).collect();
        assert!(with.iter().all(|name| families.contains(name)), "{families:?}");
        assert!(!without.iter().any(|name| families.contains(name)), "{families:?}");
        assert_eq!(selector.to_string(), name);
    }

    #[test]
    fn an_unknown_name_lists_groups_and_families() {
        let error = "lenght".parse::<FamilySelector>().unwrap_err().to_string();
        assert!(error.starts_with("expected one of sdk, behaviour, wire, signing, all, required, length,"), "{error}");
    }
}
