//! The baseline after an update: what a run has, with the reasons of the older one.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Baseline, BaselineEntry, SeenCases,
    entry::{UNEXPLAINED, UNSTABLE, UnstableEntry},
    entry_of,
    seen_warnings::warnings,
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

/// What an update knows beside the entries and the causes.
struct UpdateRules<'u> {
    seen: &'u SeenCases,
    missing: &'u BTreeSet<String>,
    /// The cases that are unstable after the update.
    unstable: BTreeSet<&'u str>,
    /// The reason of new entries.
    reason: &'u str,
    /// An entry whose cases stay keeps its headline, which quotes values.
    keeps_headlines: bool,
}

impl Baseline {
    /// The baseline that accepts what a run has, and lists the operations that were judged. A cause that stays keeps
    /// its reason, issue and day. Cases that did not run or were not judged stay where they are, `missing` cases are
    /// removed, and new causes get `reason`.
    #[must_use]
    pub fn updated(&self, seen: SeenRuns<'_>, missing: &BTreeSet<String>, reason: Option<&str>) -> Self {
        let unstable = self.unstable_after(seen, missing);
        let of_unstable = || unstable.iter().flat_map(|entry| &entry.cases).map(String::as_str).collect();
        let reason = reason.unwrap_or(UNEXPLAINED);
        let rules = UpdateRules { seen: seen.first, missing, unstable: of_unstable(), reason, keeps_headlines: false };
        let entries = rules.entries(&self.entries, &seen.first.causes());
        let warnings = Some(self.warnings_after(seen, &UpdateRules { reason: "", keeps_headlines: true, ..rules }));
        let kept = self.implemented.iter().filter(|operation| seen.first.without(operation).is_none()).cloned();
        let implemented = kept.chain(seen.first.implemented().iter().cloned()).collect();
        let blocked = Some(self.blocked_after(seen.first, missing));
        Self { entries, warnings, unstable, implemented, blocked, errors: self.errors_after(seen) }
    }

    /// The causes of warnings of both runs. A warning that only one of them has comes and goes.
    fn warnings_after(&self, seen: SeenRuns<'_>, rules: &UpdateRules<'_>) -> Vec<BaselineEntry> {
        let of = |run: &SeenCases| {
            let stays = |known: &str, cases: &BTreeSet<CaseId>| {
                cases.contains(&CaseId(known.to_owned())) || !run.is_judged(known)
            };
            warnings(self.warnings(), run, |case| rules.unstable.contains(case), stays)
        };
        let (first, repeated) = (of(seen.first), seen.repeated.map(of));
        let mut entries = rules.entries(self.warnings(), &first);
        if let Some((repeated, run)) = repeated.as_ref().zip(seen.repeated) {
            let both = [first.as_slice(), repeated].concat();
            entries = rules.entries(self.warnings(), &both);
            let [first, repeated] = [&first, repeated].map(|causes| causes.iter().flat_map(pairs).collect());
            let comes_and_goes = |pair: &(&str, &str)| {
                let (first, repeated): (&BTreeSet<_>, &BTreeSet<_>) = (&first, &repeated);
                first.contains(pair) != repeated.contains(pair) && seen.first.conforms(pair.0) && run.conforms(pair.0)
            };
            for entry in &mut entries {
                entry.part(comes_and_goes);
            }
        }
        let known = |pair: &(&str, &str)| self.warnings().iter().any(|entry| entry.has_unstable(*pair));
        for entry in &mut entries {
            entry.part(known);
        }
        entries
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

impl UpdateRules<'_> {
    /// The entries for these causes, over the known ones; the most important first.
    fn entries(&self, known: &[BaselineEntry], causes: &[Cause]) -> Vec<BaselineEntry> {
        let mut entries = self.kept(known);
        for cause in causes {
            for (case, response) in pairs(cause).filter(|(case, _)| !self.unstable.contains(case)) {
                let accepting = known.iter().find(|entry| entry.accepts(case, response));
                // A reason that a person wrote for this case stays with it.
                let key = accepting.filter(|entry| !entry.is_unexplained()).map_or(&cause.key, |entry| &entry.key);
                let older = || entry_of(known, key).map(BaselineEntry::without_cases);
                let fresh = || older().unwrap_or_else(|| BaselineEntry::fresh(cause, self.reason));
                entries.entry(key.clone()).or_insert_with(fresh).insert(case, response);
            }
        }
        for cause in causes {
            let older = entry_of(known, &cause.key).filter(|_| self.keeps_headlines);
            let is_refreshed = |entry: &BaselineEntry| {
                is_whole(entry, cause) && older.is_none_or(|older| cases_of(older) != cases_of(entry))
            };
            if let Some(entry) = entries.get_mut(&cause.key).filter(|entry| is_refreshed(entry)) {
                entry.headline.clone_from(&cause.headline);
                entry.rank = cause.rank;
            }
        }
        let mut entries: Vec<BaselineEntry> = entries.into_values().filter(|entry| !entry.is_empty()).collect();
        entries.sort_by(|a, b| a.order().cmp(&b.order()));
        entries
    }

    /// The known entries with their cases that did not run or were not judged.
    fn kept(&self, known: &[BaselineEntry]) -> BTreeMap<CauseKey, BaselineEntry> {
        let kept = known.iter().map(|entry| {
            let mut entry = entry.clone();
            entry.retain(|case, comes_and_goes| {
                let is_kept = comes_and_goes || !self.seen.is_judged(case);
                is_kept && !self.missing.contains(case) && !self.unstable.contains(case)
            });
            (entry.key.clone(), entry)
        });
        kept.filter(|(_, entry)| !entry.is_empty()).collect()
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

fn cases_of(entry: &BaselineEntry) -> BTreeSet<(&str, &str)> {
    entry.pairs().collect()
}

/// The run had every case of the entry, so that its headline is about all of them.
fn is_whole(entry: &BaselineEntry, cause: &Cause) -> bool {
    entry.pairs().all(|(case, _)| cause.cases.contains(&CaseId(case.to_owned())))
}
