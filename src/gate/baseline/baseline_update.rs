//! The baseline after an update: what a run has, with the reasons of the older one.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Baseline, BaselineEntry, SeenCases,
    entry::{UNSTABLE, UnstableEntry},
};
use crate::{
    cause::{Cause, CauseKey},
    suite::CaseId,
};

/// The results of a run, and of its repetition with other names.
#[derive(Debug, Clone, Copy)]
pub struct SeenRuns<'r> {
    /// The run.
    pub first: &'r SeenCases,
    /// The repetition, if there was one.
    pub repeated: Option<&'r SeenCases>,
}

impl Baseline {
    /// The baseline that accepts what a run has, and lists the operations that were judged. A cause that stays keeps
    /// its reason, issue and day. Cases that did not run or were not judged stay where they are, `missing` cases are
    /// removed, and new causes get `reason`.
    #[must_use]
    pub fn updated(&self, seen: SeenRuns<'_>, missing: &BTreeSet<String>, reason: Option<&str>) -> Self {
        let unstable = self.unstable_after(seen, missing);
        let is_unstable = |case: &str| unstable.iter().any(|entry| entry.cases.contains(case));
        let causes = seen.first.causes();
        let mut entries = self.unjudged(seen.first, missing);
        for entry in entries.values_mut() {
            retain(entry, |case| !is_unstable(case));
        }
        for cause in &causes {
            for (case, response) in pairs(cause).filter(|(case, _)| !is_unstable(case)) {
                let known = self.entries.iter().find(|entry| entry.accepts(case, response));
                // A reason that a person wrote for this case stays with it.
                let key = known.filter(|entry| !entry.is_unexplained()).map_or(&cause.key, |entry| &entry.key);
                let older = || self.entry(key).map(|entry| BaselineEntry { cases: BTreeMap::new(), ..entry.clone() });
                let fresh = || older().unwrap_or_else(|| BaselineEntry::fresh(cause, reason));
                entries.entry(key.clone()).or_insert_with(fresh).insert(case, response);
            }
        }
        for cause in &causes {
            if let Some(entry) = entries.get_mut(&cause.key).filter(|entry| is_whole(entry, cause)) {
                entry.headline.clone_from(&cause.headline);
                entry.rank = cause.rank;
            }
        }
        let mut entries: Vec<BaselineEntry> = entries.into_values().filter(|entry| !entry.cases.is_empty()).collect();
        entries.sort_by(|a, b| a.order().cmp(&b.order()));
        let kept = self.implemented.iter().filter(|operation| seen.first.without(operation).is_none()).cloned();
        let implemented = kept.chain(seen.first.implemented().iter().cloned()).collect();
        let blocked = Some(self.blocked_after(seen.first, missing));
        Self { entries, unstable, implemented, blocked, errors: self.errors_after(seen) }
    }

    /// The blocked cases of the run, and those that did not run.
    fn blocked_after(&self, seen: &SeenCases, missing: &BTreeSet<String>) -> BTreeSet<String> {
        let kept = |case: &&String| seen.result(case).is_none() && !missing.contains(*case);
        let kept = self.blocked.iter().flatten().filter(kept);
        kept.chain(seen.blocked().keys()).cloned().collect()
    }

    /// The errors of the run and its repetition. If some cases did not run, the known errors stay.
    fn errors_after(&self, seen: SeenRuns<'_>) -> BTreeSet<String> {
        let is_whole = self.unseen(seen.first).is_empty();
        let kept = self.errors.iter().filter(|_| !is_whole).cloned();
        let found =
            [Some(seen.first), seen.repeated].into_iter().flatten().flat_map(|run| run.errors().keys().cloned());
        kept.chain(found).collect()
    }

    /// The entries with their cases that did not run or were not judged.
    fn unjudged(&self, seen: &SeenCases, missing: &BTreeSet<String>) -> BTreeMap<CauseKey, BaselineEntry> {
        let kept = self.entries.iter().map(|entry| {
            let mut entry = entry.clone();
            retain(&mut entry, |case| !seen.is_judged(case) && !missing.contains(case));
            (entry.key.clone(), entry)
        });
        kept.filter(|(_, entry)| !entry.cases.is_empty()).collect()
    }

    /// The known unstable cases, and those that the repetition shows.
    fn unstable_after(&self, seen: SeenRuns<'_>, missing: &BTreeSet<String>) -> Vec<UnstableEntry> {
        let mut results: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for entry in &self.unstable {
            for case in entry.cases.iter().filter(|case| !missing.contains(*case)) {
                results.entry(case).or_default().extend(entry.results.iter().cloned());
            }
        }
        let runs = [Some(seen.first), seen.repeated];
        for (case, result) in seen.first.results() {
            let repeated = seen.repeated.and_then(|run| run.result(case));
            if results.contains_key(case) || repeated.is_some_and(|repeated| repeated != result) {
                let had = runs.iter().flatten().filter_map(|run| run.result(case)).map(str::to_owned);
                results.entry(case).or_default().extend(had);
            }
        }
        let mut cases: BTreeMap<BTreeSet<String>, BTreeSet<String>> = BTreeMap::new();
        for (case, results) in results {
            cases.entry(results).or_default().insert(case.to_owned());
        }
        let entry = |(results, cases)| UnstableEntry { reason: self.reason_of(&results), results, cases };
        cases.into_iter().map(entry).collect()
    }

    fn reason_of(&self, results: &BTreeSet<String>) -> String {
        let known = self.unstable.iter().find(|entry| entry.results == *results);
        known.map_or_else(|| UNSTABLE.to_owned(), |entry| entry.reason.clone())
    }
}

/// Each case of a cause with its response.
pub(super) fn pairs(cause: &Cause) -> impl Iterator<Item = (&str, &str)> {
    let pairs = |(response, cases)| {
        let (response, cases): (&String, &BTreeSet<CaseId>) = (response, cases);
        cases.iter().map(move |case| (case.0.as_str(), response.as_str()))
    };
    cause.responses.iter().flat_map(pairs)
}

fn retain(entry: &mut BaselineEntry, keeps: impl Fn(&str) -> bool) {
    entry.cases.values_mut().for_each(|cases| cases.retain(|case| keeps(case)));
    entry.cases.retain(|_, cases| !cases.is_empty());
}

/// The run had every case of the entry, so that its headline is about all of them.
fn is_whole(entry: &BaselineEntry, cause: &Cause) -> bool {
    entry.pairs().all(|(case, _)| cause.cases.contains(&CaseId(case.to_owned())))
}
