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

pub use path::{Path, PathError};
pub use record::{Broken, Kind, Label, Protocol, Record, Tier, read};
pub use tally::{ErrorFound, Group, RuleCount, Share, Shares, Skipped, Tally};
pub use trial::{Judged, Models};
