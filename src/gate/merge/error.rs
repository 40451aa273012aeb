//! The reasons why reports are not merged.

use thiserror::Error;

use crate::suite::shard::Shard;

/// The reason why reports are not the shards of one run.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MergeError {
    /// There is no report.
    #[error("no report to merge")]
    Nothing,
    /// One of several reports has a whole run.
    #[error("{file} is not a shard: a whole run cannot be merged with other reports")]
    NoShard {
        /// Its file.
        file: String,
    },
    /// Two reports disagree on what all shards must share.
    #[error(transparent)]
    Unlike(Box<Unlike>),
    /// A shard is given twice.
    #[error("shard {shard} is given twice: {first} and {second}")]
    Twice {
        /// The shard.
        shard: Shard,
        /// One of its files.
        first: String,
        /// The other one.
        second: String,
    },
    /// Shards are missing.
    #[error("of {total} shards, {missing} missing\nhelp: give the report of every shard")]
    Missing {
        /// The number of shards.
        total: usize,
        /// The missing shards, as text.
        missing: String,
    },
    /// A case belongs to another shard.
    #[error("{file}: {case} is not a case of shard {shard}: the report was changed, or made by another version")]
    Elsewhere {
        /// The file.
        file: String,
        /// The case.
        case: String,
        /// The shard of the file.
        shard: Shard,
    },
    /// A case appears twice.
    #[error("{file}: {case} appears twice")]
    CaseTwice {
        /// The file.
        file: String,
        /// The case.
        case: String,
    },
    /// The ledger does not match the cases.
    #[error(
        "{file}: the ledger counts {reported} cases, by verdict {ledger}, but the report has {cases}, by verdict {counted}: it was changed"
    )]
    Ledger {
        /// The file.
        file: String,
        /// The number of cases in the ledger.
        reported: usize,
        /// The ledger.
        ledger: String,
        /// The number of cases in the report.
        cases: usize,
        /// Their verdicts.
        counted: String,
    },
    /// The cases are not the selected ones.
    #[error("the {found} cases of the shards are not the {selected} selected cases: the digests differ")]
    Cases {
        /// Cases in all.
        found: usize,
        /// Cases selected.
        selected: usize,
    },
}

/// Two reports disagree.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{file} has {what} {found}, {other} has {expected}: {advice}")]
pub struct Unlike {
    /// The file.
    pub file: String,
    /// The file that it is compared with.
    pub other: String,
    /// The subject of the disagreement.
    pub what: &'static str,
    /// The value in this file.
    pub found: String,
    /// The value in the other file.
    pub expected: String,
    /// The hint to fix it.
    pub advice: &'static str,
}
