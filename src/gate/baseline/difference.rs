//! The ways in which a run differs from its baseline, each with its words and what to do about it.

use super::{BaselineEntry, EntryKey};

/// What turns a run red.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// A deviation that the baseline does not have.
    New,
    /// The same check of the same case found something else.
    Changed,
    /// The check finds nothing any more, and another one does.
    Replaced,
    /// The entry's last day is over.
    Expired,
    /// Nobody has said why it is accepted.
    Unexplained,
    /// The case conforms.
    Stale,
    /// No case has that id.
    UnknownCase,
}

impl Difference {
    /// A few words for a person.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::New => "new deviation",
            Self::Changed => "deviates in another way than the baseline says",
            Self::Replaced => "this check finds nothing any more, but another one does",
            Self::Expired => "its acceptance has expired",
            Self::Unexplained => "nobody has said why it is accepted",
            Self::Stale => "deviates no longer",
            Self::UnknownCase => "no case has this id",
        }
    }

    /// What to do about it; `update` is what brings a baseline up to date there.
    #[must_use]
    pub fn advice(self, update: &str) -> String {
        let advice = match self {
            Self::New => "correct the endpoint, or accept it: {update} enters it, and you write its reason",
            Self::Changed => "look at what is found now: if the reason still stands, {update} takes it over",
            Self::Replaced => "look at what is found now; {update} enters that and takes this entry out",
            Self::Expired => "correct the endpoint, or give the entry another day",
            Self::Unexplained => "write its reason into the baseline",
            Self::Stale => "good: take the entry out, or let {update} do it",
            Self::UnknownCase => "it was renamed or removed: take the entry out, or let {update} do it",
        };
        advice.replace("{update}", update)
    }
}

/// One case and check that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Differing {
    /// In which way.
    pub difference: Difference,
    /// The case.
    pub case: String,
    /// The code of the check.
    pub code: String,
    /// What the baseline has of it.
    pub entry: Option<BaselineEntry>,
    /// What was found, in words; for [`Difference::Replaced`] the codes of the checks that find something.
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

    /// What there is to know of it beyond its name, each in a few words.
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
