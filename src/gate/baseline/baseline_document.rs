//! The form of the file: patterns instead of cases.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{
    Baseline, BaselineEntry, BaselineError, SCHEMA,
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
    cause: Vec<CauseTable>,
    #[serde(default)]
    unstable: Vec<UnstableTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CauseTable {
    kind: String,
    scope: String,
    rank: CauseRank,
    headline: String,
    reason: String,
    issue: Option<String>,
    #[serde(default)]
    #[cfg_attr(feature = "baseline", serde(deserialize_with = "super::toml_text::day"))]
    expires: Option<String>,
    cases: BTreeMap<String, Vec<String>>,
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
        let mut entries: Vec<BaselineEntry> = Vec::new();
        for table in self.cause {
            let failed = of(&format!("{} {:?}", table.kind, table.scope));
            let entry = table.entry().map_err(&failed)?;
            if entries.iter().any(|known| known.key == entry.key) {
                return Err(failed("is a duplicate".to_owned()));
            }
            entries.push(entry);
        }
        let unstable = self.unstable.into_iter().map(|table| table.entry().map_err(of("unstable")));
        Ok(Baseline {
            entries,
            unstable: unstable.collect::<Result<_, _>>()?,
            implemented: cases(&self.implemented).map_err(of("implemented"))?,
            blocked: self.blocked.as_deref().map(cases).transpose().map_err(of("blocked"))?,
            errors: self.errors,
        })
    }
}

impl CauseTable {
    fn entry(self) -> Result<BaselineEntry, String> {
        if self.reason.trim().is_empty() {
            return Err("has no reason".to_owned());
        }
        if self.expires.as_deref().is_some_and(|day| !is_day(day)) {
            return Err("has no valid date in expires; expected a date such as 2026-12-31".to_owned());
        }
        let responses = self.cases.into_iter().map(|(response, patterns)| Ok((response, cases(&patterns)?)));
        Ok(BaselineEntry {
            key: CauseKey { kind: self.kind, scope: self.scope },
            rank: self.rank,
            headline: self.headline,
            reason: self.reason,
            issue: self.issue,
            expires: self.expires,
            cases: responses.collect::<Result<_, String>>()?,
        })
    }
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
