//! The kinds of differences from a baseline, each with its text and what to do about it.

use super::{BaselineEntry, EntryKey};

/// A kind of difference from a baseline. Each fails the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// The target implemented the operation, and no longer does.
    Vanished,
    /// A deviation that the baseline does not have.
    New,
    /// The same check of the same case found something else.
    Changed,
    /// The check no longer finds anything, but another one does.
    Replaced,
    /// The entry has expired.
    Expired,
    /// The entry has no reason.
    Unexplained,
    /// The case conforms.
    Stale,
    /// No case has that id.
    UnknownCase,
}

impl Difference {
    /// The text of a report.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Vanished => "the operation vanished: the baseline lists it as implemented",
            Self::New => "new deviation",
            Self::Changed => "deviates differently than the baseline says",
            Self::Replaced => "this check no longer finds anything, but another one does",
            Self::Expired => "the entry has expired",
            Self::Unexplained => "the entry has no reason",
            Self::Stale => "no longer deviates",
            Self::UnknownCase => "no case has this id",
        }
    }

    /// The hint to fix it. `update` is the flag or variable that requests an update.
    #[must_use]
    pub fn advice(self, update: &str) -> String {
        let advice = match self {
            Self::Vanished => "fix the endpoint; if it dropped the operation, {update} removes it from the baseline",
            Self::New => "fix the endpoint, or accept the deviation: {update} adds it, and you write its reason",
            Self::Changed => "check the new finding: if the reason still holds, {update} accepts it",
            Self::Replaced => "check the new finding; {update} adds it and removes this entry",
            Self::Expired => "fix the endpoint, or give the entry a later day",
            Self::Unexplained => "write its reason in the baseline",
            Self::Stale => "remove the entry, or let {update} do it",
            Self::UnknownCase => "it was renamed or removed: remove the entry, or let {update} do it",
        };
        advice.replace("{update}", update)
    }
}

/// A difference of one check in one case.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Differing {
    /// Its kind.
    pub difference: Difference,
    /// The case.
    pub case: String,
    /// The code of the check.
    pub code: String,
    /// The entry of the baseline, if there is one.
    pub entry: Option<BaselineEntry>,
    /// The finding as text; for [`Difference::Replaced`], the codes of the checks that find something.
    pub found: String,
}

impl Differing {
    pub(super) fn new(
        difference: Difference,
        (case, code): &EntryKey,
        entry: Option<BaselineEntry>,
        found: String,
    ) -> Self {
        Self { difference, case: case.clone(), code: code.clone(), entry, found }
    }

    /// The details, one line each.
    #[must_use]
    pub fn details(&self) -> Vec<String> {
        let found = match self.difference {
            Difference::Replaced => format!("found now: {}", self.found),
            _ => self.found.clone(),
        };
        let of_entry = self.entry.iter().flat_map(|entry| {
            let expired = entry.expires.as_ref().filter(|_| self.difference == Difference::Expired);
            let reason = Some(&entry.reason).filter(|_| self.difference != Difference::Unexplained);
            [
                expired.map(|day| format!("accepted until {day}")),
                reason.map(|reason| format!("reason: {reason}")),
                entry.issue.as_ref().map(|issue| format!("issue: {issue}")),
            ]
        });
        Some(found).filter(|found| !found.is_empty()).into_iter().chain(of_entry.flatten()).collect()
    }
}
