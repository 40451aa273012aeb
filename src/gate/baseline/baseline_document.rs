//! The form of the file: patterns instead of cases.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{
    Baseline, BaselineEntry, BaselineError, CasesByResponse, SCHEMA,
    case_pattern::expanded,
    entry::{UnstableEntry, is_day},
};
use crate::cause::{CauseKey, CauseRank};

/// The schema of files that list each finding of each case.
const OLDER: &str = "wireproof/baseline/v1";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BaselineDocument {
    #[serde(rename = "schema")]
    _schema: String,
    #[serde(default)]
    implemented: Vec<String>,
    blocked: Option<Vec<String>>,
    #[serde(default)]
    errors: BTreeSet<String>,
    #[serde(default)]
    cause: Vec<EntryTable>,
    #[serde(default)]
    unstable: Vec<UnstableTable>,
    warning: Option<Vec<EntryTable>>,
}

/// A cause of deviations or of warnings.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryTable {
    kind: String,
    scope: String,
    rank: CauseRank,
    headline: String,
    #[serde(default)]
    reason: String,
    issue: Option<String>,
    #[serde(default)]
    #[cfg_attr(feature = "baseline", serde(deserialize_with = "super::toml_text::day"))]
    expires: Option<String>,
    #[serde(default)]
    cases: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    unstable: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UnstableTable {
    results: BTreeSet<String>,
    reason: String,
    cases: Vec<String>,
}

/// The version of the file format, which decides how the rest is read.
#[derive(Deserialize)]
pub(super) struct SchemaOnly {
    schema: Option<String>,
}

impl SchemaOnly {
    /// Rejects other versions.
    pub(super) fn check(self, file: &str) -> Result<(), BaselineError> {
        match self.schema {
            None => Err(BaselineError::NoSchema { file: file.to_owned() }),
            Some(found) if found == OLDER => Err(BaselineError::Older { file: file.to_owned() }),
            Some(found) if found != SCHEMA => Err(BaselineError::Schema { file: file.to_owned(), found }),
            Some(_) => Ok(()),
        }
    }
}

impl BaselineDocument {
    /// Checks the entries, and replaces patterns by their cases.
    pub(super) fn baseline(self, file: &str) -> Result<Baseline, BaselineError> {
        let of = |entry: &str| {
            let (file, entry) = (file.to_owned(), entry.to_owned());
            move |problem: String| BaselineError::Entry { file: file.clone(), entry: entry.clone(), problem }
        };
        let unstable = self.unstable.into_iter().map(|table| table.entry().map_err(of("unstable")));
        let causes = self.cause.into_iter().map(|table| (table.key(), table.cause()));
        let warnings = self.warning.map(|tables| tables.into_iter().map(|table| (table.key(), table.warning())));
        Ok(Baseline {
            entries: unique(causes, of)?,
            warnings: warnings.map(|entries| unique(entries, of)).transpose()?,
            unstable: unstable.collect::<Result<_, _>>()?,
            implemented: cases(&self.implemented).map_err(of("implemented"))?,
            blocked: self.blocked.as_deref().map(cases).transpose().map_err(of("blocked"))?,
            errors: self.errors,
        })
    }
}

/// Entries, each with its key.
fn unique<P: Fn(String) -> BaselineError>(
    entries: impl Iterator<Item = (CauseKey, Result<BaselineEntry, String>)>,
    failed: impl Fn(&str) -> P,
) -> Result<Vec<BaselineEntry>, BaselineError> {
    let mut all: Vec<BaselineEntry> = Vec::new();
    for (key, entry) in entries {
        let failed = failed(&format!("{} {:?}", key.kind, key.scope));
        if all.iter().any(|known| known.key == key) {
            return Err(failed("is a duplicate".to_owned()));
        }
        all.push(entry.map_err(failed)?);
    }
    Ok(all)
}

impl EntryTable {
    fn key(&self) -> CauseKey {
        CauseKey { kind: self.kind.clone(), scope: self.scope.clone() }
    }

    fn cause(self) -> Result<BaselineEntry, String> {
        if self.reason.trim().is_empty() {
            return Err("has no reason".to_owned());
        }
        if !self.unstable.is_empty() {
            return Err("has unstable cases; expected them in [[unstable]]".to_owned());
        }
        self.warning()
    }

    /// Warnings need no reason.
    fn warning(self) -> Result<BaselineEntry, String> {
        Ok(BaselineEntry {
            key: self.key(),
            expires: checked_day(self.expires)?,
            rank: self.rank,
            headline: self.headline,
            reason: self.reason,
            issue: self.issue,
            cases: by_response(&self.cases)?,
            unstable: by_response(&self.unstable)?,
        })
    }
}

fn checked_day(day: Option<String>) -> Result<Option<String>, String> {
    if day.as_deref().is_some_and(|day| !is_day(day)) {
        return Err("has no valid date in expires; expected a date such as 2026-12-31".to_owned());
    }
    Ok(day)
}

fn by_response(patterns: &BTreeMap<String, Vec<String>>) -> Result<CasesByResponse, String> {
    patterns.iter().map(|(response, patterns)| Ok((response.clone(), cases(patterns)?))).collect()
}

impl UnstableTable {
    fn entry(self) -> Result<UnstableEntry, String> {
        Ok(UnstableEntry { results: self.results, reason: self.reason, cases: cases(&self.cases)? })
    }
}

/// The cases of patterns.
fn cases(patterns: &[String]) -> Result<BTreeSet<String>, String> {
    let mut all = BTreeSet::new();
    for pattern in patterns {
        all.extend(expanded(pattern).map_err(|problem| format!("has the pattern {pattern:?}, which {problem}"))?);
    }
    Ok(all)
}
