//! The promised API for `cargo test`: a suite, a target, an outcome. Re-exported at the crate's root. The program uses the same
//! [`Runner`] and [`RunOutputs`].
//!
//! | module | owns |
//! |---|---|
//! | `suite`, `target`, `outcome` | the API of a test |
//! | `run`, `trials` | a run for one test function; a run for one test of each case |
//! | `runner` | the one way to run a session |
//! | `outputs`, `reports` | reports, recording and gate of a run |
//! | `loaded`, `snapshot_folder`, `report_format` | what a suite reads and writes |
//! | `environment` | the environment variables of tests |
//!
//! It does not judge, and does not decide what fails: [`session`](crate::run::session) and [`gate`](crate::gate) do.

mod environment;
mod loaded;
mod outcome;
mod outputs;
mod problem;
#[cfg(feature = "insta")]
mod redactions;
mod report_format;
mod reports;
mod run;
mod runner;
mod snapshot_folder;
mod suite;
mod target;
#[cfg(feature = "libtest")]
mod test_arguments;
#[cfg(feature = "libtest")]
mod test_program;
#[cfg(feature = "libtest")]
mod trials;

pub use outcome::Outcome;
pub use outputs::RunOutputs;
pub use problem::Problem;
pub use reports::{OpenReports, ReportFailure};
pub use run::Run;
pub use runner::Runner;
pub use suite::Suite;
pub use target::Target;
#[cfg(feature = "libtest")]
pub use trials::test;
