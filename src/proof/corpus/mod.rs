//! Recorded answers, judged by their models: whether the judge convicts AWS itself.
//!
//! A [`Record`] becomes a case of one call and a transcript of one exchange, which the ordinary
//! [`judge`](crate::judge::check::judge) judges: there is no second judge. Pure: it is given lines and contracts, and opens
//! no file. It refuses to weigh anything; what a finding weighs, [`crate::judge::verdict`] says.

mod corpus_human;
mod corpus_record;
pub mod corpus_report;
mod corpus_tally;
mod judged_record;
mod record_path;
mod severities_page;

pub use corpus_record::{Broken, Label, Record, RecordKind, RecordedProtocol, Tier, read};
pub use corpus_tally::{CorpusTally, ErrorFound, RecordGroup, RecordShare, RuleCount, Shares, Skipped};
pub use judged_record::{Judged, Models};
pub use record_path::{RecordPath, RecordPathError};
