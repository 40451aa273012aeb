//! The number of a model's constraints, and of those that are probed and judged.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde::{Deserialize, Serialize};

use super::{
    ProbeFamily, UnprobedReason,
    derive::{Probe, ProbedConstraint},
};
use crate::{
    judge::verdict::Verdict,
    suite::{Case, RequestGroup},
};

/// Counts of constraints, by family. A constraint is counted once for each location of each operation's input.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    families: BTreeMap<ProbeFamily, ConstraintCounts>,
    reasons: BTreeMap<String, usize>,
    judged: HashSet<String>,
    /// Families that the options leave out.
    left_out: BTreeSet<ProbeFamily>,
    /// Constraints with a bound that is not probed, because its request would exceed a limit of this crate.
    partial: HashSet<String>,
}

/// The constraint of a probe, as its ID names it.
fn constraint_of(probe: &str) -> Option<&str> {
    probe.rsplit_once('/').map(|(constraint, _)| constraint)
}

/// Counts of constraints.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConstraintCounts {
    /// Constraints in the model.
    pub total: usize,
    /// Constraints with a probe for each bound.
    pub probed: usize,
    /// Constraints with a probe that conforms or deviates.
    pub judged: usize,
    /// Probes.
    pub probes: usize,
}

impl Coverage {
    /// Coverage by these families; by all if there are none.
    pub(super) fn by(families: &BTreeSet<ProbeFamily>) -> Self {
        let left_out = |family: &ProbeFamily| !families.is_empty() && !families.contains(family);
        Self { left_out: ProbeFamily::ALL.into_iter().filter(left_out).collect(), ..Self::default() }
    }

    /// Counts a constraint and its probes.
    pub(super) fn enter(&mut self, constraint: &ProbedConstraint, probes: &[Probe]) {
        let sums = self.families.entry(constraint.family).or_default();
        sums.total += 1;
        sums.probes += probes.len();
        let Some(first) = probes.first() else {
            let reason = constraint.unprobed.first().unwrap_or(&UnprobedReason::NotSelected);
            *self.reasons.entry(reason.to_string()).or_default() += 1;
            return;
        };
        match constraint.unprobed.iter().find(|reason| reason.is_own_limit()) {
            Some(reason) => {
                *self.reasons.entry(reason.to_string()).or_default() += 1;
                self.partial.extend(constraint_of(&first.id).map(str::to_owned));
            }
            None => sums.probed += 1,
        }
    }

    /// Counts a constraint of an operation that is not probed.
    pub(super) fn leave_out(&mut self, constraint: &ProbedConstraint, reason: &UnprobedReason) {
        self.families.entry(constraint.family).or_default().total += 1;
        *self.reasons.entry(reason.to_string()).or_default() += 1;
    }

    /// Counts the constraint of a finished case.
    pub fn finished(&mut self, case: &Case, verdict: Verdict) {
        let judged = matches!(verdict, Verdict::Conforms | Verdict::Deviates);
        let family = case.scenario.probe.as_ref().and_then(|aim| ProbeFamily::named(aim.family.as_ref()?));
        let Some((family, constraint)) = family.filter(|_| judged).zip(constraint_of(&case.id.0)) else { return };
        if !self.judged.contains(constraint) && !self.partial.contains(constraint) {
            self.judged.insert(constraint.to_owned());
            self.families.entry(family).or_default().judged += 1;
        }
    }

    /// The counts for reports, the most frequent reason first.
    #[must_use]
    pub fn report(&self) -> CoverageReport {
        let rows = self.families().map(|(family, sums)| FamilyRow { family: family.name().to_owned(), counts: sums });
        let unprobed = most_first(self.reasons.iter().map(|(reason, count)| (reason.as_str(), *count)));
        CoverageReport {
            families: rows.collect(),
            constraints: self.constraints(),
            left_out: self.left_out(),
            unprobed,
        }
    }

    /// The names of what the options leave out: whole groups, then single families.
    fn left_out(&self) -> Vec<String> {
        let is_out = |family: &ProbeFamily| self.left_out.contains(family);
        let of = |group: RequestGroup| ProbeFamily::ALL.into_iter().filter(move |family| family.group() == group);
        let (whole, parts): (Vec<RequestGroup>, Vec<RequestGroup>) =
            RequestGroup::ALL.into_iter().partition(|group| of(*group).all(|family| is_out(&family)));
        let single = parts.into_iter().flat_map(|group| of(group).filter(is_out)).map(ProbeFamily::name);
        whole.into_iter().map(RequestGroup::name).chain(single).map(str::to_owned).collect()
    }

    /// The counts, by family.
    pub fn families(&self) -> impl Iterator<Item = (ProbeFamily, ConstraintCounts)> {
        self.families.iter().map(|(family, counts)| (*family, *counts))
    }

    /// The sum over the families that probe traits of the model.
    #[must_use]
    pub fn constraints(&self) -> ConstraintCounts {
        self.families()
            .filter(|(family, _)| family.is_constraint())
            .fold(ConstraintCounts::default(), |sum, (_, counts)| sum.plus(counts))
    }
}

impl CoverageReport {
    /// The sum of two runs without a common operation.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        let mut families = self.families.clone();
        for row in &other.families {
            match families.iter_mut().find(|known| known.family == row.family) {
                Some(known) => known.counts = known.counts.plus(row.counts),
                None => families.push(row.clone()),
            }
        }
        families.sort_by_key(|row| ProbeFamily::named(&row.family));
        let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
        for unprobed in self.unprobed.iter().chain(&other.unprobed) {
            *reasons.entry(&unprobed.reason).or_default() += unprobed.constraints;
        }
        let left_out = self.left_out.iter().filter(|name| other.left_out.contains(name)).cloned().collect();
        Self {
            families,
            constraints: self.constraints.plus(other.constraints),
            left_out,
            unprobed: most_first(reasons),
        }
    }
}

/// The most frequent reason first; reasons of one frequency in the order that they are given in.
fn most_first<'a>(reasons: impl IntoIterator<Item = (&'a str, usize)>) -> Vec<Unprobed> {
    let reasons = reasons.into_iter().map(|(reason, constraints)| Unprobed { reason: reason.to_owned(), constraints });
    let mut unprobed: Vec<Unprobed> = reasons.collect();
    unprobed.sort_by_key(|unprobed| std::cmp::Reverse(unprobed.constraints));
    unprobed
}

impl ConstraintCounts {
    fn plus(self, other: Self) -> Self {
        Self {
            total: self.total + other.total,
            probed: self.probed + other.probed,
            judged: self.judged + other.judged,
            probes: self.probes + other.probes,
        }
    }
}

/// The coverage of a run of derived probes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoverageReport {
    /// The counts by family.
    pub families: Vec<FamilyRow>,
    /// The sum over the families that probe traits of the model.
    pub constraints: ConstraintCounts,
    /// The groups and families of probes that the options leave out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
    /// The reasons why constraints are not probed, the most frequent reason first.
    pub unprobed: Vec<Unprobed>,
}

/// The counts of one family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FamilyRow {
    /// The name of the family.
    pub family: String,
    /// Its counts.
    #[serde(flatten)]
    pub counts: ConstraintCounts,
}

/// The constraints that are not probed for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unprobed {
    /// The reason.
    pub reason: String,
    /// The number of constraints.
    pub constraints: usize,
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::probe::FamilySelector;

    #[rstest]
    #[case::none(&["all"], &[])]
    #[case::groups(&["sdk"], &["behaviour", "wire", "signing"])]
    #[case::single_families(&["wire", "signing", "required", "length", "range", "pattern", "enum"], &[
        "behaviour", "items", "entries", "unique", "union", "legal", "example",
    ])]
    fn what_is_left_out_is_named_by_groups_and_then_by_families(#[case] names: &[&str], #[case] expected: &[&str]) {
        let selectors: Vec<FamilySelector> = names.iter().map(|name| name.parse().unwrap()).collect();
        let report = Coverage::by(&FamilySelector::families(&selectors)).report();
        assert_eq!(report.left_out, expected);
    }

    #[test]
    fn of_two_shards_only_what_both_leave_out_is_left_out() {
        let report = |name: &str| Coverage::by(&FamilySelector::families(&[name.parse().unwrap()])).report();
        assert_eq!(report("sdk").plus(&report("wire")).left_out, ["behaviour", "signing"]);
    }
}
