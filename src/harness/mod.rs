//! The promised API for `cargo test`: a suite, a target, an outcome. Re-exported at the crate's root. The program uses the same
//! [`Runner`] and [`RunOutputs`].
//!
//! It does not judge, and does not decide what fails: [`session`](crate::run::session) and [`gate`](crate::gate) do.
//!
//! | module | holds | may import |
//! |---|---|---|
//! | `test_environment` | The environment variables of a test |  |
//! | `loaded` | A suite that was read and checked | `test_environment` |
//! | `outcome` | The outcome of a run, as a test needs it |  |
//! | `reports` | The reports of a run while they are written |  |
//! | `outputs` | Everything that a run leaves behind | `reports` |
//! | `problem` | The errors that keep a run from starting or ending |  |
//! | `redactions` | The redactions of snapshots as filters of insta, for the snapshots of a user's own tests | `loaded` |
//! | `report_format` | The format of a report by the extension of its file |  |
//! | `runner` | The one way to run a session |  |
//! | `snapshot_folder` | Observations compared with the snapshots of a folder of the user, as insta does it | `test_environment` |
//! | `run` | A suite against a target | `test_environment`, `loaded`, `outcome`, `reports`, `outputs`, `report_format`, `runner`, `snapshot_folder` |
//! | `suite` | The builder that a test starts with | `loaded` |
//! | `target` | The endpoint under test, as a test describes it |  |
//! | `model_target` | The model server as a target | `test_environment` |
//! | `test_arguments` | The arguments of a test program, as `cargo test`, cargo-nextest and editors give them |  |
//! | `test_program` | Runs tests that are created at run time, with the output of `cargo test`'s own harness | `test_arguments` |
//! | `trials` | One test per case | `outcome`, `run`, `test_arguments`, `test_program` |

mod loaded;
#[cfg(feature = "reference")]
mod model_target;
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
mod test_environment;
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
