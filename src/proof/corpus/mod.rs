//! Judges recorded responses of AWS by their models, to count false positives.
//!
//! A [`Record`] becomes a case with one call and a transcript with one exchange, for the same
//! [`judge`](crate::judge::check::judge) as in a run. Pure: callers read the files.

mod corpus_human;
mod corpus_record;
pub mod corpus_report;
mod corpus_tally;
mod judged_record;
mod record_path;
mod severities_page;

pub use corpus_record::{Broken, Label, Record, RecordKind, RecordedProtocol, Tier, read};
pub use corpus_tally::{CorpusTally, FalsePositive, RecordGroup, RecordShare, RuleCount, Shares, Skipped};
pub use judged_record::{Judged, Models};
pub use record_path::{RecordPath, RecordPathError};
