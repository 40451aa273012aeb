//! The causes that fail a run: verdicts that are not allowed, and differences from a baseline. One gate for the program
//! and for tests.
//!
//! | module | holds | may import |
//! |---|---|---|
//! | `baseline` | Known deviations of a target, each accepted for a reason |  |
//! | `baseline_file` | The file of a baseline | `baseline` |
//! | `merge` | The reports of all shards of a run as one report |  |
//! | `run_gate` | The exit status of a run | `baseline_file` |

pub mod baseline;
pub mod baseline_file;
#[cfg(feature = "cli")]
pub mod merge;
pub mod run_gate;
