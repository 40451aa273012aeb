//! Which constraint sites a model has, which of them are probed, and which are judged.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};

use super::{ProbeFamily, derive::ConstraintSite};
use crate::{judge::verdict::Verdict, suite::Case};

/// Sums of sites, by family. A site is one constraint at one place of one operation's input.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    families: BTreeMap<ProbeFamily, Sites>,
    reasons: BTreeMap<String, usize>,
    judged: HashSet<String>,
}

/// The sites of one family.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sites {
    /// In the model.
    pub sites: usize,
    /// With at least one probe.
    pub probed: usize,
    /// With at least one probe that came to a verdict: it conforms or deviates.
    pub judged: usize,
    /// Probes in all.
    pub probes: usize,
}

impl Coverage {
    /// Enters a site with the number of its probes.
    pub(super) fn enter(&mut self, site: &ConstraintSite, probes: usize) {
        let sums = self.families.entry(site.family).or_default();
        sums.sites += 1;
        sums.probed += usize::from(probes > 0);
        sums.probes += probes;
        if probes == 0 {
            let reason = site.unasked.first().map_or("not selected", String::as_str);
            *self.reasons.entry(reason.to_owned()).or_default() += 1;
        }
    }

    /// Enters a site of an operation that is not probed.
    pub(super) fn leave_out(&mut self, site: &ConstraintSite, reason: &str) {
        self.families.entry(site.family).or_default().sites += 1;
        *self.reasons.entry(reason.to_owned()).or_default() += 1;
    }

    /// Enters what became of a case.
    pub fn finished(&mut self, case: &Case, verdict: Verdict) {
        let judged = matches!(verdict, Verdict::Conforms | Verdict::Deviates);
        let family =
            case.scenario.tags.first().and_then(|tag| ProbeFamily::ALL.into_iter().find(|known| known.name() == tag));
        let Some((family, (site, _))) = family.filter(|_| judged).zip(case.id.0.rsplit_once('/')) else { return };
        if !self.judged.contains(site) {
            self.judged.insert(site.to_owned());
            self.families.entry(family).or_default().judged += 1;
        }
    }

    /// The sums as a report has them, the most frequent reason first.
    #[must_use]
    pub fn report(&self) -> CoverageReport {
        let rows = self.families().map(|(family, sums)| FamilyRow { family: family.name().to_owned(), sums });
        let unprobed = most_first(self.reasons.iter().map(|(reason, sites)| (reason.as_str(), *sites)));
        CoverageReport { families: rows.collect(), constraints: self.constraints(), unprobed }
    }

    /// The sums, by family.
    pub fn families(&self) -> impl Iterator<Item = (ProbeFamily, Sites)> {
        self.families.iter().map(|(family, sites)| (*family, *sites))
    }

    /// The sums over the families that stand for traits of the model.
    #[must_use]
    pub fn constraints(&self) -> Sites {
        self.families()
            .filter(|(family, _)| family.is_constraint())
            .fold(Sites::default(), |sum, (_, sites)| sum.plus(sites))
    }
}

impl CoverageReport {
    /// The sums of two runs that have no operation in common.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        let mut families = self.families.clone();
        for row in &other.families {
            match families.iter_mut().find(|known| known.family == row.family) {
                Some(known) => known.sums = known.sums.plus(row.sums),
                None => families.push(row.clone()),
            }
        }
        families.sort_by_key(|row| ProbeFamily::ALL.into_iter().find(|family| family.name() == row.family));
        let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
        for unprobed in self.unprobed.iter().chain(&other.unprobed) {
            *reasons.entry(&unprobed.reason).or_default() += unprobed.sites;
        }
        Self { families, constraints: self.constraints.plus(other.constraints), unprobed: most_first(reasons) }
    }
}

/// The most frequent reason first; of two, the one that comes first by its letters.
fn most_first<'a>(reasons: impl IntoIterator<Item = (&'a str, usize)>) -> Vec<Unprobed> {
    let reasons = reasons.into_iter().map(|(reason, sites)| Unprobed { reason: reason.to_owned(), sites });
    let mut unprobed: Vec<Unprobed> = reasons.collect();
    unprobed.sort_by_key(|unprobed| std::cmp::Reverse(unprobed.sites));
    unprobed
}

impl Sites {
    fn plus(self, other: Self) -> Self {
        Self {
            sites: self.sites + other.sites,
            probed: self.probed + other.probed,
            judged: self.judged + other.judged,
            probes: self.probes + other.probes,
        }
    }
}

/// What a run of derived probes covers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoverageReport {
    /// By family.
    pub families: Vec<FamilyRow>,
    /// The sums over the families that stand for traits of the model.
    pub constraints: Sites,
    /// Why sites are not probed, the most frequent reason first.
    pub unprobed: Vec<Unprobed>,
}

/// The sites of one family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FamilyRow {
    /// Its name.
    pub family: String,
    /// Its sums.
    #[serde(flatten)]
    pub sums: Sites,
}

/// Sites that are not probed for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unprobed {
    /// The reason.
    pub reason: String,
    /// So many.
    pub sites: usize,
}
