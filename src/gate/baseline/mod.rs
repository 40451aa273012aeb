//! Known deviations of a target, each accepted for a reason. With a baseline, a run is a regression gate.
//!
//! A baseline changes the exit status, but no verdict and no count. An entry stands for one check in one case, with a
//! fingerprint of the finding. Every [`Difference`] fails the run. Cases that did not run, or were not judged, have no
//! differences. Pure: it takes text and the date.

mod difference;
mod entry;
#[cfg(not(feature = "baseline"))]
mod no_toml;
mod seen;
#[cfg(feature = "baseline")]
mod toml_text;

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use thiserror::Error;

use crate::{
    judge::{check::CHECKS, code::Code},
    suite::nearest,
};

#[cfg(not(feature = "baseline"))]
use no_toml as toml_text;

pub use difference::{Difference, Differing};
pub use entry::{BaselineEntry, UNEXPLAINED};
pub use seen::SeenDeviations;

/// The version of the file format.
const SCHEMA: &str = "wireproof/baseline/v1";

/// A case and the code of a check.
type EntryKey = (String, String);

/// The accepted deviations of one target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline {
    entries: BTreeMap<EntryKey, BaselineEntry>,
    /// The operations that the target implements, such as `sqs.CreateQueue`.
    implemented: BTreeSet<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BaselineDocument {
    schema: Option<String>,
    #[serde(default)]
    implemented: BTreeSet<String>,
    #[serde(default)]
    deviation: Vec<BaselineEntry>,
}

/// A baseline that cannot be used.
#[derive(Debug, Error)]
pub enum BaselineError {
    /// The text is not TOML, or has other members.
    #[error("{file}: {problem}")]
    Form {
        /// The file as the caller named it.
        file: String,
        /// The problem, with its line.
        problem: String,
    },
    /// This build does not support baselines.
    #[error("{file}: this build of wireproof does not support baselines\nhelp: enable the feature `baseline`")]
    Unsupported {
        /// The file.
        file: String,
    },
    /// The file has no schema. Usually it is empty.
    #[error("{file} has no schema\nhelp: a baseline without entries is the line schema = {SCHEMA:?}")]
    NoSchema {
        /// The file.
        file: String,
    },
    /// The file has another version.
    #[error("{file}: unknown schema {found:?}; expected {SCHEMA:?}")]
    Schema {
        /// The file.
        file: String,
        /// Its schema.
        found: String,
    },
    /// An entry without a reason, with a broken date, or twice.
    #[error("{file}: the entry of {case} ({code}) {problem}")]
    Entry {
        /// The file.
        file: String,
        /// The case.
        case: String,
        /// The code.
        code: String,
        /// The problem.
        problem: String,
    },
}

impl Baseline {
    /// Reads a baseline. Errors name the `file`.
    ///
    /// # Errors
    /// The text is not a baseline, or an entry is duplicate, has no reason, no valid date, or an unknown check.
    pub fn read(file: &str, text: &str) -> Result<Self, BaselineError> {
        let document = toml_text::document(file, text)?;
        match document.schema {
            None => return Err(BaselineError::NoSchema { file: file.to_owned() }),
            Some(found) if found != SCHEMA => return Err(BaselineError::Schema { file: file.to_owned(), found }),
            Some(_) => {}
        }
        let mut entries = BTreeMap::new();
        for entry in document.deviation {
            let (case, code) = (entry.case.clone(), entry.code.clone());
            let problem = problem(&entry).or_else(|| {
                let twice = entries.insert((case.clone(), code.clone()), entry).is_some();
                twice.then(|| "is a duplicate".to_owned())
            });
            if let Some(problem) = problem {
                return Err(BaselineError::Entry { file: file.to_owned(), case, code, problem });
            }
        }
        Ok(Self { entries, implemented: document.implemented })
    }

    /// The number of accepted deviations.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// The number of deviations that it accepts and the other does not.
    #[must_use]
    pub fn beyond(&self, other: &Self) -> usize {
        self.entries.keys().filter(|key| !other.entries.contains_key(*key)).count()
    }

    /// The baseline accepts no deviation.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The cases of entries that a run did not include. The caller knows which of them exist.
    #[must_use]
    pub fn unseen(&self, seen: &SeenDeviations) -> BTreeSet<String> {
        self.entries.keys().map(|(case, _)| case).filter(|case| !seen.has(case)).cloned().collect()
    }

    /// The baseline that accepts the deviations in `seen`, and lists the operations that were judged. Entries that stay keep their reason, issue and day; so do entries of
    /// cases that did not run or were not judged. Entries of `missing` cases are removed. New entries get `reason`.
    #[must_use]
    pub fn updated(&self, seen: &SeenDeviations, missing: &BTreeSet<String>, reason: Option<&str>) -> Self {
        let kept = self.entries.iter().filter(|((case, _), _)| !seen.is_judged(case) && !missing.contains(case));
        let mut entries: BTreeMap<EntryKey, BaselineEntry> =
            kept.map(|(key, entry)| (key.clone(), entry.clone())).collect();
        for ((case, code), found) in seen.deviations() {
            let fresh = || BaselineEntry::fresh(case, code, reason);
            let key = (case.clone(), code.clone());
            let known = self.entries.get(&key).cloned().unwrap_or_else(fresh);
            entries.insert(key, BaselineEntry { fingerprint: found.fingerprint.clone(), ..known });
        }
        let kept = self.implemented.iter().filter(|operation| !seen.lacks(operation)).cloned();
        Self { entries, implemented: kept.chain(seen.implemented().iter().cloned()).collect() }
    }

    /// The differences, sorted by kind and case. `today` has the form of `expires`; `missing` are the ids of entries that no
    /// case has.
    #[must_use]
    pub fn compare(&self, seen: &SeenDeviations, today: &str, missing: &BTreeSet<String>) -> Vec<Differing> {
        let found = seen.deviations().map(|(key, found)| {
            let entry = self.entries.get(key);
            let difference = match entry {
                None => Difference::New,
                Some(entry) if entry.fingerprint != found.fingerprint => Difference::Changed,
                Some(entry) if entry.is_over(today) => Difference::Expired,
                Some(entry) if entry.is_unexplained() => Difference::Unexplained,
                Some(_) => return None,
            };
            Some(Differing::new(difference, key, entry.cloned(), found.says.clone()))
        });
        let gone = self.entries.iter().filter(|(key, _)| !seen.deviates_by(key)).map(|(key, entry)| {
            let others = seen.codes_of(&key.0).join(", ");
            let difference = match () {
                () if missing.contains(&key.0) => Difference::UnknownCase,
                () if !seen.is_judged(&key.0) => return None,
                () if others.is_empty() => Difference::Stale,
                () => Difference::Replaced,
            };
            Some(Differing::new(difference, key, Some(entry.clone()), others))
        });
        let vanished = self.implemented.iter().filter(|operation| seen.lacks(operation)).map(|operation| {
            let key = (operation.clone(), Code::IMPLEMENTATION.to_string());
            Some(Differing::new(Difference::Vanished, &key, None, String::new()))
        });
        let mut differences: Vec<Differing> = found.chain(gone).chain(vanished).flatten().collect();
        differences.sort_by(|a, b| (a.difference, &a.case, &a.code).cmp(&(b.difference, &b.case, &b.code)));
        differences
    }

    /// The entries of a case.
    pub fn entries_of(&self, case: &str) -> impl Iterator<Item = &BaselineEntry> {
        let from = (case.to_owned(), String::new());
        self.entries.range(from..).map(|(_, entry)| entry).take_while(move |entry| entry.case == case)
    }

    /// The number of entries without a reason.
    #[must_use]
    pub fn unexplained(&self) -> usize {
        self.entries.values().filter(|entry| entry.is_unexplained()).count()
    }
}

/// The problem of an entry, if it has one.
fn problem(entry: &BaselineEntry) -> Option<String> {
    if entry.reason.trim().is_empty() {
        return Some("has no reason".to_owned());
    }
    if entry.expires.as_deref().is_some_and(|day| !entry::is_day(day)) {
        return Some("has no valid date in expires; expected a date such as 2026-12-31".to_owned());
    }
    if Code::named(&entry.code).is_none() {
        let near = nearest(&entry.code, CHECKS.iter().map(|check| check.code.name()));
        let near = near.map(|near| format!(": did you mean {near}?")).unwrap_or_default();
        return Some(format!("names an unknown check{near}"));
    }
    None
}

#[cfg(test)]
mod tests;
