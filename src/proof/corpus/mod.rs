//! Recorded answers, judged by their models: whether the judge convicts AWS itself.
//!
//! A [`Record`] becomes a case of one call and a transcript of one exchange, which the ordinary
//! [`judge`](crate::judge::check::judge) judges: there is no second judge. Pure: it is given lines and contracts, and opens
//! no file. It refuses to weigh anything; what a finding weighs, [`crate::judge::verdict`] says.

mod path;
mod record;
pub mod report;
mod tally;
mod trial;

pub use path::{RecordPath, RecordPathError};
pub use record::{Broken, Label, Record, RecordKind, RecordedProtocol, Tier, read};
pub use tally::{CorpusTally, ErrorFound, RecordGroup, RecordShare, RuleCount, Shares, Skipped};
pub use trial::{Judged, Models};
