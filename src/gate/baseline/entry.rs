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
    /// The reason why it is accepted.
    pub reason: String,
    /// The issue that tracks it.
    pub issue: Option<String>,
    /// The last day on which it is accepted, `2026-12-31`.
    pub expires: Option<String>,
    /// The IDs of its cases, by their responses.
    pub cases: BTreeMap<String, BTreeSet<String>>,
}

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
    pub(super) fn fresh(cause: &Cause, reason: Option<&str>) -> Self {
        Self {
            key: cause.key.clone(),
            rank: cause.rank,
            headline: cause.headline.clone(),
            reason: reason.unwrap_or(UNEXPLAINED).to_owned(),
            issue: None,
            expires: None,
            cases: BTreeMap::new(),
        }
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
        self.cases.get(response).is_some_and(|cases| cases.contains(case))
    }

    /// Adds a case.
    pub(super) fn insert(&mut self, case: &str, response: &str) {
        self.cases.entry(response.to_owned()).or_default().insert(case.to_owned());
    }

    /// Each case with its response.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.cases.iter().flat_map(|(response, cases)| cases.iter().map(move |case| (case.as_str(), response.as_str())))
    }

    /// Sorts entries: the most important first, then by the number of cases.
    pub(super) fn order(&self) -> (CauseRank, Reverse<usize>, &CauseKey) {
        (self.rank, Reverse(self.pairs().count()), &self.key)
    }
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
