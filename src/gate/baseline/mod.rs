//! Known deviations of a target, accepted for now, each with a reason: what makes a run a regression gate.
//!
//! A baseline changes the exit status alone, never a verdict or a count. An entry stands for one case and one check, with
//! a fingerprint of what was found. What is known and unchanged is not red; everything else is, in words of its own
//! ([`Difference`]). Of what was not run, or came to no judgement, nothing is said. Pure: it is given text and the day.

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

use crate::suite::{code::Code, nearest};

#[cfg(not(feature = "baseline"))]
use no_toml as toml_text;

pub use difference::{Difference, Differing};
pub use entry::{BaselineEntry, UNEXPLAINED};
pub use seen::SeenDeviations;

/// The form of the file.
const SCHEMA: &str = "wireproof/baseline/v1";

/// A case and the code of a check.
type EntryKey = (String, String);

/// The accepted deviations of one target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline {
    entries: BTreeMap<EntryKey, BaselineEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BaselineDocument {
    schema: Option<String>,
    #[serde(default)]
    deviation: Vec<BaselineEntry>,
}

/// A baseline that cannot be used.
#[derive(Debug, Error)]
pub enum BaselineError {
    /// Not TOML, or not of this form.
    #[error("{file}: {problem}")]
    Form {
        /// The file as the caller named it.
        file: String,
        /// What is wrong, with its line.
        problem: String,
    },
    /// There is no support for baselines in this build.
    #[error("{file}: this build of wireproof has no baselines: enable the feature `baseline`")]
    Unsupported {
        /// The file.
        file: String,
    },
    /// No version of the form is told: an empty file, as a rule.
    #[error("{file}: no schema; a baseline without entries is the line schema = {SCHEMA:?}")]
    NoSchema {
        /// The file.
        file: String,
    },
    /// Another version of the form.
    #[error("{file}: the schema is {found:?}; {SCHEMA:?} is known here")]
    Schema {
        /// The file.
        file: String,
        /// What it says.
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
        /// What is wrong with it.
        problem: String,
    },
}

impl Baseline {
    /// Reads a baseline. `file` is used in errors alone.
    ///
    /// # Errors
    /// Text of another form, an entry twice, of no check, without a reason, or with a date that is none.
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
                twice.then(|| "stands there twice".to_owned())
            });
            if let Some(problem) = problem {
                return Err(BaselineError::Entry { file: file.to_owned(), case, code, problem });
            }
        }
        Ok(Self { entries })
    }

    /// How many deviations it accepts.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// How many deviations it accepts that the other does not.
    #[must_use]
    pub fn beyond(&self, other: &Self) -> usize {
        self.entries.keys().filter(|key| !other.entries.contains_key(*key)).count()
    }

    /// Whether it accepts nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The cases of entries that a run did not have: whether they exist at all is for the caller to find out.
    #[must_use]
    pub fn unseen(&self, seen: &SeenDeviations) -> BTreeSet<String> {
        self.entries.keys().map(|(case, _)| case).filter(|case| !seen.has(case)).cloned().collect()
    }

    /// The baseline that accepts what `seen` deviates by: reasons, issues and days of what stays are kept, and so is
    /// what was not run or not judged. Cases that nobody has (`missing`) are taken out. `reason` is that of new entries.
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
        Self { entries }
    }

    /// What differs, by the way in which it does and then by case. `today` is a day as `expires` writes it; `missing`
    /// are ids of entries that no case has.
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
        let mut differences: Vec<Differing> = found.chain(gone).flatten().collect();
        differences.sort_by(|a, b| (a.difference, &a.case, &a.code).cmp(&(b.difference, &b.case, &b.code)));
        differences
    }

    /// What is accepted of a case.
    pub fn entries_of(&self, case: &str) -> impl Iterator<Item = &BaselineEntry> {
        let from = (case.to_owned(), String::new());
        self.entries.range(from..).map(|(_, entry)| entry).take_while(move |entry| entry.case == case)
    }

    /// How many entries have no reason yet.
    #[must_use]
    pub fn unexplained(&self) -> usize {
        self.entries.values().filter(|entry| entry.is_unexplained()).count()
    }
}

/// What is wrong with an entry by itself.
fn problem(entry: &BaselineEntry) -> Option<String> {
    if entry.reason.trim().is_empty() {
        return Some("has no reason".to_owned());
    }
    if entry.expires.as_deref().is_some_and(|day| !entry::is_day(day)) {
        return Some("expires on no day: write it as 2026-12-31".to_owned());
    }
    if Code::named(&entry.code).is_none() {
        let near = nearest(&entry.code, Code::ALL.into_iter().map(Code::name));
        let near = near.map(|near| format!(": did you mean {near}?")).unwrap_or_default();
        return Some(format!("is of no check that is known here{near}"));
    }
    None
}

#[cfg(test)]
mod tests;
