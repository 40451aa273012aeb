//! The face for `cargo test`: a suite, a target, an outcome. Re-exported at the crate's root.
//!
//! Owns what a test says and is told, and the few environment variables of tests. It refuses to judge, and to decide what
//! fails: that is done by [`session`](crate::run::session) and [`gate`](crate::gate), as for the program.

mod environment;
mod loaded;
mod outcome;
mod problem;
#[cfg(feature = "insta")]
mod redactions;
mod reports;
mod run;
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
pub use problem::Problem;
pub use run::Run;
pub use suite::Suite;
pub use target::Target;
#[cfg(feature = "libtest")]
pub use trials::test;
