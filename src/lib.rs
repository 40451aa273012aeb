//! Proves, on the wire, whether an AWS-compatible endpoint keeps the contract that the AWS documents state.
//!
//! Scenarios replay the documented requests byte by byte against any endpoint; the answers are compared with what the
//! documents promise and with recorded ones; every finding cites the statement that it breaks. The program `wireproof`
//! is a face over this library; this page is the other face, for `cargo test`:
//!
//! - a [`Suite`]: which scenarios, or probes of which model; what is known to deviate; which state is made how,
//! - a [`Target`]: where the endpoint is, who calls it,
//! - an [`Outcome`]: the verdicts, and the report for people.
//!
//! ```no_run
//! # async fn started() -> wireproof::Target { wireproof::Target::at("http://127.0.0.1:4566") }
//! # async fn conforms() {
//! use wireproof::Suite;
//!
//! let suite = Suite::bundled().operation("StopDeployment").baseline("tests/baseline.toml");
//! suite.against(started().await).run().await.assert_conforms();
//! # }
//! ```
//!
//! With the feature `libtest`, `wireproof::test` runs each scenario as a test of its own.
//!
//! An endpoint need not have a socket: [`Target::in_process`] takes any [`Transport`]; with the feature `tower`,
//! `wireproof::tower` makes one of any tower service, such as an axum `Router`.
//!
//! ```
//! use wireproof::{InProcess, Reply, Request, Response, Suite, Target, Verdict};
//!
//! // An endpoint that answers everything with 404.
//! let endpoint = InProcess::new(|_: &Request| Reply::Answer(Response { status: 404, ..Response::default() }));
//! let suite = Suite::bundled().filter("codedeploy/stop-deployment/unknown-id");
//! let outcome = suite.against(Target::in_process(endpoint)).run_blocking();
//! assert!(!outcome.conforms());
//! assert_eq!(outcome.cases()[0].verdict, Verdict::NotImplemented);
//! ```
//!
//! # Features
//!
//! The default has all that the program needs. A dev-dependency takes `default-features = false`, and what it uses:
//! `libtest` (one test a case), `tower` (an endpoint that is a tower service), `insta` (the redactions of goldens, for
//! snapshots of your own), `reports` (html, junit, markdown and
//! others beside the reports for people and programs), `reference` (the embedded endpoint that keeps the contract).

// Public for the program, the benchmarks and this crate's own tests, which are crates of their own: no promise is made
// about these modules. What is promised is below, and in tests/snapshots.
#[cfg_attr(not(any(test, internals)), doc(hidden))]
pub mod baseline;
#[cfg(feature = "cli")]
#[cfg_attr(not(any(test, internals)), doc(hidden))]
pub mod certificate;
#[cfg_attr(not(any(test, internals)), doc(hidden))]
pub mod check;
#[cfg(feature = "cli")]
#[cfg_attr(not(any(test, internals)), doc(hidden))]
pub mod cli;
#[cfg_attr(not(any(test, internals)), doc(hidden))]
pub mod code;
#[cfg_attr(not(any(test, internals)), doc(hidden))]
pub mod contract;
#[cfg(feature = "cli")]
#[cfg_attr(not(any(test, internals)), doc(hidden))]
pub mod corpus;
#[cfg_attr(not(any(test, internals)), doc(hidden))]
pub mod derivation;
#[cfg(feature = "cli")]
#[cfg_attr(not(any(test, internals)), doc(hidden))]
pub mod diff;
#[cfg_attr(not(any(test, internals)), doc(hidden))]
pub mod event;
#[cfg_attr(not(any(test, internals)), doc(hidden))]
pub mod execute;
#[cfg_attr(not(any(test, internals)), doc(hidden))]
pub mod exit;
#[cfg_attr(not(any(test, internals)), doc(hidden))]
pub mod gate;
#[cfg_attr(not(any(test, internals)), doc(hidden))]
pub mod golden;
#[cfg_attr(not(any(test, internals)), doc(hidden))]
pub mod har;
#[cfg_attr(not(any(test, internals)), doc(hidden))]
pub mod harness;
#[cfg(feature = "cli")]
#[cfg_attr(not(any(test, internals)), doc(hidden))]
pub mod matrix;
#[cfg(feature = "cli")]
#[cfg_attr(not(any(test, internals)), doc(hidden))]
pub mod merge;
#[cfg_attr(not(any(test, internals)), doc(hidden))]
pub mod model;
#[cfg(feature = "cli")]
#[cfg_attr(not(any(test, internals)), doc(hidden))]
pub mod mutant;
#[cfg_attr(not(any(test, internals)), doc(hidden))]
pub mod observe;
mod panicked;
#[cfg_attr(not(any(test, internals)), doc(hidden))]
pub mod pointer;
#[cfg_attr(not(any(test, internals)), doc(hidden))]
pub mod probe;
#[cfg(feature = "cli")]
#[cfg_attr(not(any(test, internals)), doc(hidden))]
pub mod proof;
#[cfg_attr(not(any(test, internals)), doc(hidden))]
pub mod pseudonym;
#[cfg_attr(not(any(test, internals)), doc(hidden))]
pub mod recording;
#[cfg_attr(not(any(test, internals)), doc(hidden))]
pub mod redaction;
#[cfg(feature = "reference")]
#[cfg_attr(not(any(test, internals)), doc(hidden))]
pub mod reference;
#[cfg_attr(not(any(test, internals)), doc(hidden))]
pub mod report;
#[cfg_attr(not(any(test, internals)), doc(hidden))]
pub mod scenario;
#[cfg_attr(not(any(test, internals)), doc(hidden))]
pub mod session;
#[cfg_attr(not(any(test, internals)), doc(hidden))]
pub mod shard;
#[cfg_attr(not(any(test, internals)), doc(hidden))]
pub mod source;
#[cfg_attr(not(any(test, internals)), doc(hidden))]
pub mod statement;
#[cfg_attr(not(any(test, internals)), doc(hidden))]
pub mod target;
#[cfg_attr(not(any(test, internals)), doc(hidden))]
pub mod transcript;
#[cfg_attr(not(any(test, internals)), doc(hidden))]
pub mod transport;
#[cfg_attr(not(any(test, internals)), doc(hidden))]
pub mod verdict;
#[cfg_attr(not(any(test, internals)), doc(hidden))]
pub mod wire;

pub use baseline::Differing;
pub use code::Code;
pub use event::CaseReport;
pub use exit::ExitStatus;
#[cfg(feature = "libtest")]
pub use harness::test;
pub use harness::{Outcome, Problem, Run, Suite, Target};
pub use scenario::CaseId;
pub use target::{Action, BoxError, StateChange};
pub use transport::{Endpoint, EndpointError, Exchange, InProcess, Reply, Transport};
#[cfg(feature = "tower")]
pub use transport::{Tower, tower};
pub use verdict::{Finding, Ledger, Severity, Verdict};
pub use wire::{Delivery, Headers, Request, Response, TransportError, sigv4::Credentials};

/// The Rust of the book is run.
#[cfg(doctest)]
#[doc = include_str!("../docs/cargo-test.md")]
struct CargoTest;
