//! The reports of all shards of a run as one report. Pure.
//!
//! It proves that the reports are one whole run with each case once. It rejects shards of another suite, program, target, seed
//! or selection; missing and duplicate shards and cases; cases in the wrong shard; and ledgers that do not match their cases.
//! The result is a report like any other, and the events of such a run.

mod error;
mod events;
mod sums;

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    judge::verdict::{Ledger, Verdict},
    report::ReportDocument,
    suite::{SelectionDigest, shard::Shard},
};

pub use error::{MergeError, Unlike};
pub use events::events;

/// A report, with the file that it is from.
#[derive(Debug, Clone)]
pub struct ShardReport {
    /// The file as the caller named it.
    pub file: String,
    /// Its document.
    pub document: ReportDocument,
}

/// Merges the shards of a run, in any order. The report of a whole run stays as it is.
///
/// # Errors
/// They are not one whole run, each case once.
pub fn merge(parts: Vec<ShardReport>) -> Result<ReportDocument, MergeError> {
    let Some(first) = parts.first() else { return Err(MergeError::Nothing) };
    for part in &parts {
        consistent(part)?;
        alike(first, part)?;
    }
    complete(&parts)?;
    let ids = || parts.iter().flat_map(|part| &part.document.cases).map(|case| case.id.0.as_str());
    let (found, selected) = (SelectionDigest::of(ids()), &first.document.selection);
    if found != *selected {
        return Err(MergeError::Cases { found: found.cases, selected: selected.cases });
    }
    sums::sum(parts.into_iter().map(|part| part.document)).ok_or(MergeError::Nothing)
}

/// Checks that a report agrees with itself.
fn consistent(part: &ShardReport) -> Result<(), MergeError> {
    let ShardReport { file, document } = part;
    let mut counted = Ledger { selected: document.cases.len(), ..Ledger::default() };
    let mut seen = BTreeSet::new();
    for case in &document.cases {
        counted.enter(case.verdict);
        let id = &case.id.0;
        if !seen.insert(id) {
            return Err(MergeError::CaseTwice { file: file.clone(), case: id.clone() });
        }
        if let Some(shard) = document.shard.filter(|shard| !shard.has(id)) {
            return Err(MergeError::Elsewhere { file: file.clone(), case: id.clone(), shard });
        }
    }
    let reported = document.ledger;
    // Only the ledger has the number of internal errors.
    if (Ledger { internal: 0, ..reported }) == counted {
        return Ok(());
    }
    Err(MergeError::Ledger {
        file: file.clone(),
        reported: reported.selected,
        ledger: in_words(&reported),
        cases: counted.selected,
        counted: in_words(&counted),
    })
}

fn in_words(ledger: &Ledger) -> String {
    Verdict::ALL.map(|verdict| ledger.count(verdict).to_string()).join("+")
}

/// Checks that two reports belong to one run.
fn alike(first: &ShardReport, part: &ShardReport) -> Result<(), MergeError> {
    let facts = |part: &ShardReport| facts(&part.document);
    for ((what, expected, advice), (_, found, _)) in facts(first).into_iter().zip(facts(part)) {
        if found != expected {
            let (file, other) = (part.file.clone(), first.file.clone());
            let unlike = Unlike { file, other, what, found, expected, advice };
            return Err(MergeError::Unlike(Box::new(unlike)));
        }
    }
    Ok(())
}

/// The facts that all shards of a run share, each with a hint for shards that differ.
fn facts(document: &ReportDocument) -> [(&'static str, String, &'static str); 8] {
    let total = document.shard.map_or_else(|| "none".to_owned(), |shard| shard.total().to_string());
    let ids = document.requirements.iter().map(|requirement| requirement.id.as_str());
    [
        ("the version", document.tool.version.clone(), "every shard must be run by one version"),
        ("the suite", document.suite.digest.clone(), "the fixtures differ: run every shard with the same"),
        ("the target", document.target.name.clone(), "give every shard the same --name"),
        ("the region", document.target.region.clone(), "give every shard the same --region"),
        ("the seed", document.seed.to_string(), "give every shard the same --seed"),
        (
            "the selection",
            format!("{} of {} cases", document.selection.digest, document.selection.cases),
            "give every shard the same flags of selection",
        ),
        ("the number of shards", total, "cut the run into one number of shards"),
        ("the requirements", format!("{:?}", ids.collect::<Vec<_>>()), "run every shard with the same fixtures"),
    ]
}

/// Checks that every shard is present exactly once.
fn complete(parts: &[ShardReport]) -> Result<(), MergeError> {
    let mut there: BTreeMap<Shard, &str> = BTreeMap::new();
    for ShardReport { file, document } in parts {
        let Some(shard) = document.shard else {
            let alone = parts.len() == 1;
            return if alone { Ok(()) } else { Err(MergeError::NoShard { file: file.clone() }) };
        };
        if let Some(first) = there.insert(shard, file) {
            return Err(MergeError::Twice { shard, first: first.to_owned(), second: file.clone() });
        }
    }
    let total = there.keys().map(|shard| shard.total()).max().unwrap_or_default();
    let is_there = |index: &usize| there.keys().any(|shard| shard.index() == *index);
    let missing: Vec<String> = (1..=total).filter(|index| !is_there(index)).map(|index| index.to_string()).collect();
    match missing.as_slice() {
        [] => Ok(()),
        [one] => Err(MergeError::Missing { total, missing: format!("shard {one} is") }),
        several => Err(MergeError::Missing { total, missing: format!("shards {} are", several.join(", ")) }),
    }
}

#[cfg(test)]
mod tests;
