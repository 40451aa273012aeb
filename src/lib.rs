//! Proves, on the wire, whether an AWS-compatible endpoint keeps the contract that the AWS documents state.
//!
//! Fixtures replay the documented requests and the expected responses or errors against any endpoint; the
//! results are snapshot-diffed; every constraint that a document states is checked, and every finding cites
//! the statement that it breaks. The program `wireproof` is a face over this library.
//!
//! The pipeline, in the order in which a case passes it: a [`source::Source`] becomes a
//! [`scenario::Scenario`] of a [`scenario::Suite`]; a [`session::Session`] has each [`scenario::Case`] executed
//! ([`execute`]) to a [`transcript::Transcript`], redacted ([`observe`]) and judged ([`check`]); what happens
//! goes out as [`event::Event`]s, which a [`report::Reporter`] writes down.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use wireproof::scenario::{Selection, Suite};
//!
//! let suite = Suite::bundled()?;
//! let selection = Selection { operations: vec!["StopDeployment".to_owned()], ..Selection::default() };
//! let cases = selection.cases(&suite);
//! assert!(cases.iter().all(|case| case.scenario.service == "codedeploy"));
//! # Ok(())
//! # }
//! ```
//!
//! ARCHITECTURE.md names every module and the imports that are allowed between them.

pub mod baseline;
#[cfg(feature = "cli")]
pub mod certificate;
pub mod check;
#[cfg(feature = "cli")]
pub mod cli;
pub mod code;
pub mod contract;
#[cfg(feature = "cli")]
pub mod corpus;
pub mod derivation;
#[cfg(feature = "cli")]
pub mod diff;
pub mod event;
pub mod execute;
pub mod exit;
pub mod gate;
pub mod golden;
pub mod har;
pub mod harness;
#[cfg(feature = "cli")]
pub mod matrix;
#[cfg(feature = "cli")]
pub mod merge;
pub mod model;
#[cfg(feature = "cli")]
pub mod mutant;
pub mod observe;
pub mod pointer;
pub mod probe;
#[cfg(feature = "cli")]
pub mod proof;
pub mod pseudonym;
pub mod recording;
pub mod redaction;
#[cfg(feature = "reference")]
pub mod reference;
pub mod report;
pub mod scenario;
pub mod session;
pub mod shard;
pub mod source;
pub mod statement;
pub mod target;
pub mod transcript;
pub mod transport;
pub mod verdict;
pub mod wire;

#[cfg(feature = "libtest")]
pub use harness::test;
pub use harness::{Outcome, Problem, Run, Suite, Target};
pub use target::{Action, BoxError, StateChange};
#[cfg(feature = "tower")]
pub use transport::tower;
pub use verdict::Verdict;
pub use wire::sigv4::Credentials;
