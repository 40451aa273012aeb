//! The differences of a run from a baseline, by cause.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Baseline, BaselineEntry, SeenCases,
    baseline_update::pairs,
    case_pattern::patterns,
    entry_of,
    seen_warnings::{stands_for_operations, warnings},
};
use crate::{
    cause::Cause,
    run::baseline_comparison::{Difference, Differing},
    suite::CaseId,
};

/// The names of differences of one kind of entries.
struct DifferenceNames {
    new: Difference,
    grown: Difference,
    changed: Difference,
    gone: Difference,
    shrunk: Difference,
}

const OF_DEVIATIONS: DifferenceNames = DifferenceNames {
    new: Difference::NewCause,
    grown: Difference::Grown,
    changed: Difference::Changed,
    gone: Difference::Gone,
    shrunk: Difference::Shrunk,
};

const OF_WARNINGS: DifferenceNames = DifferenceNames {
    new: Difference::NewWarning,
    grown: Difference::NewWarning,
    changed: Difference::NewWarning,
    gone: Difference::WarningGone,
    shrunk: Difference::WarningGone,
};

/// A comparison in progress, with the entries of deviations or of warnings.
struct BaselineCheck<'b> {
    baseline: &'b Baseline,
    entries: &'b [BaselineEntry],
    names: &'static DifferenceNames,
    seen: &'b SeenCases,
    missing: &'b BTreeSet<String>,
    /// The entries that accept a case, by case.
    known: BTreeMap<&'b str, Vec<(&'b BaselineEntry, &'b str)>>,
    /// The cases that respond in another way than their entry says.
    changed: BTreeSet<String>,
    differences: Vec<Differing>,
}

impl Baseline {
    /// The differences, the most important first. `today` has the form of `expires`; `missing` are the IDs of entries
    /// that no case has.
    #[must_use]
    pub fn compare(&self, seen: &SeenCases, today: &str, missing: &BTreeSet<String>) -> Vec<Differing> {
        let mut check = BaselineCheck::of(self, &self.entries, &OF_DEVIATIONS, seen, missing);
        check.operations();
        check.causes(&seen.causes(), today);
        check.errors();
        check.blocked();
        check.unstable();
        let mut differences = check.differences;
        if let Some(known) = &self.warnings {
            let mut check = BaselineCheck::of(self, known, &OF_WARNINGS, seen, missing);
            check.causes(&warnings(known, seen, |case| self.is_unstable(case), |_, _| true), today);
            differences.append(&mut check.differences);
        }
        // Causes stay in the order of their ranks.
        differences.sort_by_key(|one| one.difference.section());
        differences
    }
}

impl Difference {
    /// Sorts kinds: what a regression shows comes before what an entry lacks.
    fn section(self) -> u8 {
        match self {
            Self::OperationVanished => 0,
            Self::NewCause | Self::Grown | Self::Changed => 1,
            Self::NewWarning => 2,
            Self::ErrorStatus => 3,
            Self::NewlyBlocked => 4,
            Self::Unstable => 5,
            Self::Expired | Self::Unexplained => 6,
            Self::Gone | Self::Shrunk | Self::WarningGone | Self::UnknownCase => 7,
        }
    }
}

impl<'b> BaselineCheck<'b> {
    fn of(
        baseline: &'b Baseline,
        entries: &'b [BaselineEntry],
        names: &'static DifferenceNames,
        seen: &'b SeenCases,
        missing: &'b BTreeSet<String>,
    ) -> Self {
        let mut known: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for entry in entries {
            entry.pairs().for_each(|(case, response)| known.entry(case).or_default().push((entry, response)));
        }
        let (changed, differences) = (BTreeSet::new(), Vec::new());
        Self { baseline, entries, names, seen, missing, known, changed, differences }
    }

    /// Compares the entries with the causes of the run.
    fn causes(&mut self, causes: &[Cause], today: &str) {
        let found: BTreeSet<(&str, &str)> = causes.iter().flat_map(pairs).collect();
        for cause in causes {
            self.cause(cause, &found);
        }
        self.entries.iter().for_each(|entry| self.entry(entry, &found, today));
    }

    fn operations(&mut self) {
        for operation in &self.baseline.implemented {
            let Some(case) = self.seen.without(operation) else { continue };
            let headline = format!("{operation}: {}", case.reason);
            let one = Differing::new(Difference::OperationVanished, headline, 1, vec![operation.clone()]);
            self.differences.push(Differing {
                representative: Some(case.id.clone()),
                exchange: case.exchange.clone(),
                ..one
            });
        }
    }

    /// The cases of a cause that no entry accepts.
    fn cause(&mut self, cause: &Cause, found: &BTreeSet<(&str, &str)>) {
        let (mut differ, mut was, mut now) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for (case, response) in pairs(cause).filter(|(case, _)| !self.baseline.is_unstable(case)) {
            let known = self.known.get(case).map(Vec::as_slice).unwrap_or_default();
            if known.iter().any(|(_, accepted)| *accepted == response) {
                continue;
            }
            let older = known.iter().filter(|(_, accepted)| !found.contains(&(case, *accepted)));
            let older: Vec<String> = older.map(|(_, accepted)| (*accepted).to_owned()).collect();
            if !older.is_empty() {
                self.changed.insert(case.to_owned());
                was.extend(older);
            }
            differ.insert(case.to_owned());
            now.insert(response.to_owned());
        }
        if differ.is_empty() {
            return;
        }
        let entry = entry_of(self.entries, &cause.key);
        let difference = match entry {
            _ if differ.iter().all(|case| self.changed.contains(case)) => self.names.changed,
            Some(_) => self.names.grown,
            None => self.names.new,
        };
        let one = of_cases(difference, cause.headline.clone(), &differ);
        let one = Differing { known: was.into_iter().collect(), found: now.into_iter().collect(), ..one };
        let shown = if differ.contains(&cause.representative.0) { Some(&cause.representative.0) } else { None };
        self.differences.push(self.shown(explained(one, entry), shown.or_else(|| clearest(&differ))));
    }

    /// The errors that the baseline knows with other statuses. An error that it does not know is left to the checks.
    fn errors(&mut self) {
        let (mut was, mut now, mut differ) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for (error, cases) in self.seen.errors() {
            let of_name = |known: &&String| without_status(known) == without_status(error);
            let known: Vec<&String> = self.baseline.errors.iter().filter(of_name).collect();
            let cases = cases.iter().filter(|case| !self.baseline.is_unstable(case));
            let cases: BTreeSet<String> = cases.cloned().collect();
            if !known.is_empty() && !known.contains(&error) && !cases.is_empty() {
                was.extend(known.into_iter().cloned());
                now.insert(error.clone());
                differ.extend(cases);
            }
        }
        if differ.is_empty() {
            return;
        }
        let headline = now.iter().next().cloned().unwrap_or_default();
        let more = if now.len() > 1 { format!(" and {} more", now.len() - 1) } else { String::new() };
        let one = of_cases(Difference::ErrorStatus, headline + &more, &differ);
        let one = Differing { known: was.into_iter().collect(), found: now.into_iter().collect(), ..one };
        self.differences.push(self.shown(one, clearest(&differ)));
    }

    /// Compares the blocked cases. A newly blocked case belongs to no cause, because it has no finding of its own.
    fn blocked(&mut self) {
        let Some(known) = &self.baseline.blocked else { return };
        let is_new = |case: &&String| !known.contains(*case) && !self.baseline.is_unstable(case);
        let differ: BTreeSet<String> = self.seen.blocked().keys().filter(is_new).cloned().collect();
        let Some((case, blocked)) = clearest(&differ).and_then(|case| self.seen.blocked().get_key_value(case)) else {
            return;
        };
        let one = of_cases(Difference::NewlyBlocked, blocked.reason.clone(), &differ);
        let (representative, exchange) = (Some(CaseId(case.clone())), blocked.exchange.clone());
        self.differences.push(Differing { representative, exchange, ..one });
    }

    /// The unstable cases with a result that was not recorded.
    fn unstable(&mut self) {
        for entry in &self.baseline.unstable {
            let result = |case: &&String| self.seen.result(case).filter(|result| !entry.results.contains(*result));
            let differ: BTreeSet<String> = entry.cases.iter().filter(|case| result(case).is_some()).cloned().collect();
            let found: BTreeSet<String> = differ.iter().filter_map(|case| result(&case)).map(str::to_owned).collect();
            if !differ.is_empty() {
                let one = of_cases(Difference::Unstable, entry.reason.clone(), &differ);
                let known = entry.results.iter().cloned().collect();
                let one = Differing { known, found: found.into_iter().collect(), ..one };
                self.differences.push(self.shown(one, clearest(&differ)));
            }
            self.unknown(&entry.reason, &entry.cases, None);
        }
    }

    /// An entry that is over, or has no reason, or has cases that no longer deviate.
    fn entry(&mut self, entry: &BaselineEntry, found: &BTreeSet<(&str, &str)>, today: &str) {
        let cases = |is: &dyn Fn(&str, &str) -> bool| -> BTreeSet<String> {
            entry
                .stable_pairs()
                .filter(|(case, response)| is(case, response))
                .map(|(case, _)| case.to_owned())
                .collect()
        };
        let all = cases(&|_, _| true);
        let held = cases(&|case, response| found.contains(&(case, response)));
        if !held.is_empty() && entry.is_over(today) {
            let one = of_cases(Difference::Expired, entry.headline.clone(), &held);
            let one = Differing { expires: entry.expires.clone(), ..explained(one, Some(entry)) };
            self.differences.push(self.shown(one, clearest(&held)));
        } else if !held.is_empty() && entry.is_unexplained() {
            let one = of_cases(Difference::Unexplained, entry.headline.clone(), &held);
            self.differences.push(self.shown(one, clearest(&held)));
        }
        let gone = cases(&|case, response| {
            self.is_compared(entry, case) && !self.changed.contains(case) && !found.contains(&(case, response))
        });
        let gone: BTreeSet<String> = gone.into_iter().filter(|case| !self.baseline.is_unstable(case)).collect();
        if !gone.is_empty() {
            let difference = if gone.len() == all.len() { self.names.gone } else { self.names.shrunk };
            let one = of_cases(difference, entry.headline.clone(), &gone);
            self.differences.push(explained(one, Some(entry)));
        }
        let all: BTreeSet<String> = entry.pairs().map(|(case, _)| case.to_owned()).collect();
        self.unknown(&entry.headline, &all, Some(entry));
    }

    /// The case was judged in the same way as when the entry was written.
    fn is_compared(&self, entry: &BaselineEntry, case: &str) -> bool {
        if self.names.gone == Difference::WarningGone {
            // Another case of the operation may show the warning.
            let is_whole = !(self.seen.is_alone() && stands_for_operations(entry));
            return is_whole && self.seen.conforms(case);
        }
        self.seen.is_judged(case)
    }

    /// The cases of an entry that do not exist.
    fn unknown(&mut self, headline: &str, cases: &BTreeSet<String>, entry: Option<&BaselineEntry>) {
        let unknown: BTreeSet<String> = cases.intersection(self.missing).cloned().collect();
        if !unknown.is_empty() {
            let one = of_cases(Difference::UnknownCase, headline.to_owned(), &unknown);
            self.differences.push(explained(one, entry));
        }
    }

    /// The difference with a case that shows it.
    fn shown(&self, one: Differing, case: Option<&String>) -> Differing {
        let report = case.and_then(|case| self.seen.report(case));
        Differing {
            representative: case.map(|case| CaseId(case.clone())),
            exchange: report.and_then(|report| report.exchange.clone()),
            ..one
        }
    }
}

fn of_cases(difference: Difference, headline: String, cases: &BTreeSet<String>) -> Differing {
    Differing::new(difference, headline, cases.len(), patterns(cases.iter().map(String::as_str)))
}

/// The difference with what its entry says.
fn explained(one: Differing, entry: Option<&BaselineEntry>) -> Differing {
    let reason = entry.filter(|entry| !entry.is_unexplained()).map(|entry| entry.reason.clone());
    Differing { reason, issue: entry.and_then(|entry| entry.issue.clone()), ..one }
}

/// The service and the name of an error.
fn without_status(error: &str) -> &str {
    error.rsplit_once(" (").map_or(error, |(name, _)| name)
}

/// The case with the shortest ID.
fn clearest(cases: &BTreeSet<String>) -> Option<&String> {
    cases.iter().min_by_key(|case| (case.len(), *case))
}
