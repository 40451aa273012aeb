//! Known deviations of a target, each accepted for a reason. With a baseline, a run is a regression gate.
//!
//! A baseline changes the exit status, but no verdict and no count. An entry stands for one cause; it lists exactly the
//! cases that show it, with what was wrong in their responses. Warnings of cases that conform have entries of their own,
//! which need no reason. Every [`Difference`] fails the run. Cases that did not
//! run, or were not judged, have no differences. Pure: it takes text and the date.

mod baseline_document;
mod baseline_update;
mod case_pattern;
mod compare;
mod entry;
#[cfg(not(feature = "baseline"))]
mod no_toml;
mod seen;
mod seen_warnings;
#[cfg(feature = "baseline")]
mod toml_text;

use std::collections::BTreeSet;

use thiserror::Error;

use crate::{cause::CauseKey, judge::verdict::Verdict, run::event::CaseReport};

#[cfg(not(feature = "baseline"))]
use no_toml as toml_text;

pub use crate::run::baseline_comparison::{Difference, Differing};
pub use baseline_update::SeenRuns;
pub use entry::{BaselineEntry, CasesByResponse, UNEXPLAINED};
pub use seen::SeenCases;

use baseline_document::{BaselineDocument, SchemaOnly};
use entry::UnstableEntry;

/// The version of the file format.
const SCHEMA: &str = "wireproof/baseline/v2";

/// The accepted deviations of one target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline {
    /// The most important first.
    entries: Vec<BaselineEntry>,
    unstable: Vec<UnstableEntry>,
    /// The causes of warnings; `None` in a file of a version that did not look at them.
    warnings: Option<Vec<BaselineEntry>>,
    /// The operations that the target implements, such as `sqs.CreateQueue`.
    implemented: BTreeSet<String>,
    /// The cases that are blocked; `None` in a file that lists none, of a version that did not look at them.
    blocked: Option<BTreeSet<String>>,
    /// The errors of responses with their statuses, such as `sqs: QueueDoesNotExist (400)`.
    errors: BTreeSet<String>,
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
    /// The file lists findings, not causes.
    #[error("{file} is a baseline of an older version, with one entry per finding")]
    Older {
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
    /// An entry without a reason, with a broken date or pattern, or twice.
    #[error("{file}: the entry {entry} {problem}")]
    Entry {
        /// The file.
        file: String,
        /// Its kind and scope.
        entry: String,
        /// The problem.
        problem: String,
    },
}

impl Baseline {
    /// Reads a baseline. Errors name the `file`.
    ///
    /// # Errors
    /// The text is not a baseline, or an entry is duplicate, has no reason, no valid date, or an unreadable pattern.
    pub fn read(file: &str, text: &str) -> Result<Self, BaselineError> {
        toml_text::read::<SchemaOnly>(file, text)?.check(file)?;
        toml_text::read::<BaselineDocument>(file, text)?.baseline(file)
    }

    /// The accepted causes, the most important first.
    #[must_use]
    pub fn entries(&self) -> &[BaselineEntry] {
        &self.entries
    }

    /// The causes of warnings, the most important first.
    #[must_use]
    pub fn warnings(&self) -> &[BaselineEntry] {
        self.warnings.as_deref().unwrap_or_default()
    }

    /// The number of unstable cases, and of warnings that come and go.
    #[must_use]
    pub fn unstable(&self) -> usize {
        let cases: usize = self.unstable.iter().map(|entry| entry.cases.len()).sum();
        let come_and_go = |entry: &BaselineEntry| entry.pairs().count() - entry.stable_pairs().count();
        cases + self.warnings().iter().map(come_and_go).sum::<usize>()
    }

    /// The number of causes that it accepts and the other does not.
    #[must_use]
    pub fn beyond(&self, other: &Self) -> usize {
        self.entries.iter().filter(|entry| entry_of(&other.entries, &entry.key).is_none()).count()
    }

    /// The cases of entries that a run did not include. The caller knows which of them exist.
    #[must_use]
    pub fn unseen(&self, seen: &SeenCases) -> BTreeSet<String> {
        let entries = self.entries.iter().chain(self.warnings());
        let of_causes = entries.flat_map(BaselineEntry::pairs).map(|(case, _)| case);
        let unstable = self.unstable.iter().flat_map(|entry| &entry.cases).map(String::as_str);
        of_causes.chain(unstable).filter(|case| seen.result(case).is_none()).map(str::to_owned).collect()
    }

    /// The entries that a case belongs to.
    pub fn entries_of(&self, case: &str) -> impl Iterator<Item = &BaselineEntry> {
        self.entries.iter().filter(move |entry| entry.cases.values().any(|cases| cases.contains(case)))
    }

    /// The case is unstable, and its verdict is one of its recorded results.
    #[must_use]
    pub fn has_unstable(&self, case: &CaseReport) -> bool {
        let of_case = |entry: &&UnstableEntry| entry.cases.contains(&case.id.0);
        self.unstable.iter().find(of_case).is_some_and(|entry| entry.results.contains(case.verdict.name()))
    }

    /// The number of unstable cases of a run that have this verdict and are recorded with it.
    #[must_use]
    pub fn unstable_with(&self, verdict: Verdict, seen: &SeenCases) -> usize {
        let recorded = self.unstable.iter().filter(|entry| entry.results.contains(verdict.name()));
        seen.count_of(verdict, &recorded.flat_map(|entry| &entry.cases).map(String::as_str).collect())
    }

    /// The number of entries without a reason.
    #[must_use]
    pub fn unexplained(&self) -> usize {
        self.entries.iter().filter(|entry| entry.is_unexplained()).count()
    }

    fn is_unstable(&self, case: &str) -> bool {
        self.unstable.iter().any(|entry| entry.cases.contains(case))
    }
}

/// The entry of a cause.
fn entry_of<'e>(entries: &'e [BaselineEntry], key: &CauseKey) -> Option<&'e BaselineEntry> {
    entries.iter().find(|entry| entry.key == *key)
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod warning_tests;
