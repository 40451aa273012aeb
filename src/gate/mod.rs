//! What fails a run: verdicts that are not allowed, and differences from a baseline. One gate for the program and for tests.
//!
//! | module | owns |
//! |---|---|
//! | [`baseline`] | known deviations, and what differs from them; pure |
//! | [`baseline_file`] | the file of a baseline: read, compared, updated |
//! | [`run_gate`] | the exit status of a run |
//! | `merge` | the reports of shards as one report; pure |

pub mod baseline;
pub mod baseline_file;
#[cfg(feature = "cli")]
pub mod merge;
pub mod run_gate;
