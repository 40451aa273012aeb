//! Why reports are not merged.

use thiserror::Error;

use crate::suite::shard::Shard;

/// Why reports are not one whole run.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MergeError {
    /// No report at all.
    #[error("no report to merge")]
    Nothing,
    /// One of several is of a whole run.
    #[error("{file} is no shard: a run of everything cannot be merged with others")]
    NoShard {
        /// Its file.
        file: String,
    },
    /// Two reports of what must be the same do not agree.
    #[error(transparent)]
    Unlike(Box<Unlike>),
    /// A shard is there twice.
    #[error("shard {shard} is there twice: {first} and {second}")]
    Twice {
        /// The shard.
        shard: Shard,
        /// One of its files.
        first: String,
        /// The other one.
        second: String,
    },
    /// Shards are not there.
    #[error("of {total} shards, {missing} missing: give every shard's report")]
    Missing {
        /// How many there must be.
        total: usize,
        /// Those that are not there, in words.
        missing: String,
    },
    /// A case that belongs elsewhere.
    #[error("{file}: {case} is no case of shard {shard}: the report was changed, or another version cut the shards")]
    Elsewhere {
        /// The file.
        file: String,
        /// The case.
        case: String,
        /// The shard that the file is of.
        shard: Shard,
    },
    /// A case is there twice.
    #[error("{file}: {case} is there twice")]
    CaseTwice {
        /// The file.
        file: String,
        /// The case.
        case: String,
    },
    /// The ledger does not tell of the cases that are there.
    #[error(
        "{file}: its ledger tells of {told} cases, by verdict {ledger}, and it has {cases}, by verdict {counted}: the report was changed"
    )]
    Ledger {
        /// The file.
        file: String,
        /// Cases by the ledger.
        told: usize,
        /// The ledger.
        ledger: String,
        /// Cases that are there.
        cases: usize,
        /// Their verdicts.
        counted: String,
    },
    /// The cases are not those that were selected.
    #[error("the shards have {found} cases, and they are not the {selected} that were selected: the digests differ")]
    Cases {
        /// Cases in all.
        found: usize,
        /// Cases selected.
        selected: usize,
    },
}

/// Two reports that do not agree on something.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{file} has {what} {found}, {other} has {expected}: {advice}")]
pub struct Unlike {
    /// The file.
    pub file: String,
    /// The file that it is compared with.
    pub other: String,
    /// What they do not agree on.
    pub what: &'static str,
    /// What the file has.
    pub found: String,
    /// What the other has.
    pub expected: String,
    /// What to do.
    pub advice: &'static str,
}
