//! One accepted cause, and one set of unstable cases.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use time::{Date, Month};

use crate::cause::{Cause, CauseKey, CauseRank};

/// The reason that an update writes. It does not count as a reason.
pub const UNEXPLAINED: &str = "not yet looked at";

/// The reason of unstable cases that an update writes.
pub(super) const UNSTABLE: &str = "two runs that differ only in their seed had these results";

/// One accepted cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaselineEntry {
    /// The identity of the cause across runs.
    pub key: CauseKey,
    /// Its rank when it was last seen.
    pub rank: CauseRank,
    /// Its fault in one line.
    pub headline: String,
    /// The reason why it is accepted. Warnings need none.
    pub reason: String,
    /// The issue that tracks it.
    pub issue: Option<String>,
    /// The last day on which it is accepted, `2026-12-31`.
    pub expires: Option<String>,
    /// The IDs of its cases, by their responses.
    pub cases: CasesByResponse,
    /// Those of warnings that come and go.
    pub unstable: CasesByResponse,
}

/// IDs of cases, by what was wrong in their responses.
pub type CasesByResponse = BTreeMap<String, BTreeSet<String>>;

/// Cases whose results differ from run to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UnstableEntry {
    /// The results that they had.
    pub(super) results: BTreeSet<String>,
    pub(super) reason: String,
    pub(super) cases: BTreeSet<String>,
}

impl BaselineEntry {
    /// An entry without cases.
    pub(super) fn fresh(cause: &Cause, reason: &str) -> Self {
        Self {
            key: cause.key.clone(),
            rank: cause.rank,
            headline: cause.headline.clone(),
            reason: reason.to_owned(),
            issue: None,
            expires: None,
            cases: BTreeMap::new(),
            unstable: BTreeMap::new(),
        }
    }

    /// The entry without its cases.
    pub(super) fn without_cases(&self) -> Self {
        Self { cases: BTreeMap::new(), unstable: BTreeMap::new(), ..self.clone() }
    }

    /// The entry has expired.
    pub(super) fn is_over(&self, today: &str) -> bool {
        self.expires.as_deref().is_some_and(|day| day < today)
    }

    /// The entry has no reason yet.
    pub(super) fn is_unexplained(&self) -> bool {
        self.reason.trim() == UNEXPLAINED
    }

    /// The entry accepts this response of this case.
    pub(super) fn accepts(&self, case: &str, response: &str) -> bool {
        let has = |cases: &CasesByResponse| cases.get(response).is_some_and(|cases| cases.contains(case));
        has(&self.cases) || has(&self.unstable)
    }

    /// Adds a case.
    pub(super) fn insert(&mut self, case: &str, response: &str) {
        if !self.has_unstable((case, response)) {
            self.cases.entry(response.to_owned()).or_default().insert(case.to_owned());
        }
    }

    /// Each case with its response.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.stable_pairs().chain(pairs(&self.unstable))
    }

    /// The same, without warnings that come and go.
    pub(super) fn stable_pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        pairs(&self.cases)
    }

    /// Keeps some of the cases. `keeps` gets a case, and true if its warning comes and goes.
    pub(super) fn retain(&mut self, keeps: impl Fn(&str, bool) -> bool) {
        for (all, is_unstable) in [(&mut self.cases, false), (&mut self.unstable, true)] {
            for cases in all.values_mut() {
                cases.retain(|case| keeps(case, is_unstable));
            }
            all.retain(|_, cases| !cases.is_empty());
        }
    }

    /// Moves pairs of a case and its response to those that come and go.
    pub(super) fn part(&mut self, comes_and_goes: impl Fn(&(&str, &str)) -> bool) {
        let moved = self.stable_pairs().filter(|pair| comes_and_goes(pair));
        let moved: Vec<(String, String)> =
            moved.map(|(case, response)| (case.to_owned(), response.to_owned())).collect();
        for (case, response) in moved {
            self.cases.get_mut(&response).map(|cases| cases.remove(&case));
            self.unstable.entry(response).or_default().insert(case);
        }
        self.cases.retain(|_, cases| !cases.is_empty());
    }

    /// The warning of this case comes and goes.
    pub(super) fn has_unstable(&self, (case, response): (&str, &str)) -> bool {
        self.unstable.get(response).is_some_and(|cases| cases.contains(case))
    }

    /// The entry has no case.
    pub(super) fn is_empty(&self) -> bool {
        self.pairs().next().is_none()
    }

    /// Sorts entries: the most important first, then by the number of cases.
    pub(super) fn order(&self) -> (CauseRank, Reverse<usize>, &CauseKey) {
        (self.rank, Reverse(self.pairs().count()), &self.key)
    }
}

/// Each case with its response.
fn pairs(cases: &CasesByResponse) -> impl Iterator<Item = (&str, &str)> {
    cases.iter().flat_map(|(response, cases)| cases.iter().map(move |case| (case.as_str(), response.as_str())))
}

/// The text is a day of the calendar, in the form that can be compared as text.
pub(super) fn is_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return false };
    let date = || {
        let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
        Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()
    };
    text.len() == 10 && year.len() == 4 && month.len() == 2 && date().is_some()
}
