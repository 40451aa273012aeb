//! Tests whether an AWS-compatible endpoint conforms to the AWS documents, by the requests and responses on the wire.
//!
//! Scenarios send the documented requests byte for byte to any endpoint. Checks compare the responses with the
//! documents and with recorded responses. Each finding cites the requirement that the endpoint violates. The program
//! `wireproof` uses this library. This page describes the API for `cargo test`:
//!
//! - a [`Suite`] selects scenarios, or probes of a model, and has known deviations and a state handler,
//! - a [`Target`] has the endpoint and the identities that call it,
//! - an [`Outcome`] has the verdicts and the report.
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
//! With the feature `libtest`, `wireproof::test` runs each scenario as its own test.
//!
//! An endpoint does not need a socket: [`Target::in_process`] takes any [`Transport`]; with the feature `tower`,
//! `wireproof::tower` makes a transport of any tower service, such as an axum `Router`.
//!
//! ```
//! use wireproof::{InProcess, Reply, Request, Response, Suite, Target, Verdict};
//!
//! // An endpoint that responds to every request with 404.
//! let endpoint = InProcess::new(|_: &Request| Reply::Answer(Response { status: 404, ..Response::default() }));
//! let suite = Suite::bundled().filter("codedeploy/stop-deployment/unknown-id");
//! let outcome = suite.against(Target::in_process(endpoint)).run_blocking();
//! assert!(!outcome.conforms());
//! assert_eq!(outcome.cases()[0].verdict, Verdict::NotImplemented);
//! ```
//!
//! # Features
//!
//! The default features include everything that the program needs. A dev-dependency sets `default-features = false` and
//! names the features that it uses. Using a missing feature is an error that names it.
//!
//! | feature | for | crates |
//! |---|---|---|
//! | none | scenarios of your own, probes, endpoints at http URLs | 124 |
//! | `libtest` | one test for each case: `wireproof::test` | 0 |
//! | `bundled` | the scenarios of this crate: [`Suite::bundled`] | 2 |
//! | `baseline` | known deviations in a TOML file: [`Suite::baseline`] | 7 |
//! | `tower` | an endpoint that is a tower service, such as an axum `Router` | 4 |
//! | `tls` | endpoints at https URLs | 13 |
//! | `gzip` | compressed models, such as those of botocore | 5 |
//! | `diff` | snapshots compared line by line; suggestions for misspelled names | 1 |
//! | `diagnostics` | broken fixtures shown with the line and a caret | 2 |
//! | `insta` | redactions for insta snapshots of your own tests | 10 |
//! | `reports` | reports in html, junit, markdown, github, sarif and as a badge | 13 |
//! | `reference` | the embedded reference implementation | 7 |

mod cause;
#[cfg(feature = "cli")]
mod certificate;
#[cfg(feature = "cli")]
mod cli;
mod gate;
mod harness;
mod judge;
mod model;
mod probe;
#[cfg(feature = "cli")]
mod proof;
#[cfg(feature = "reference")]
mod reference;
mod report;
mod run;
mod suite;
mod wire;

#[cfg(feature = "libtest")]
pub use harness::test;
pub use harness::{Outcome, Problem, Run, Suite, Target};
pub use judge::{
    code::Code,
    verdict::{Finding, Ledger, Severity, Verdict},
};
#[cfg(feature = "tower")]
pub use run::transport::{Tower, tower};
pub use run::{
    baseline_comparison::{Difference, Differing},
    event::CaseReport,
    exit::ExitStatus,
    resolved_target::{Action, BoxError, StateChange},
    transport::{Endpoint, EndpointError, ExchangeFuture, InProcess, Reply, Transport},
};
pub use suite::CaseId;
pub use wire::{Delivery, Headers, Request, Response, TransportError, sigv4::Credentials};

/// The modules for the program, the benchmarks and the tests of this crate. They are not part of the promised API.
#[doc(hidden)]
pub mod internals {
    #[cfg(feature = "cli")]
    pub mod certificate {
        pub use crate::certificate::*;
    }
    #[cfg(feature = "cli")]
    pub mod cli {
        pub use crate::cli::*;
    }
    pub mod cause {
        pub use crate::cause::*;
    }
    pub mod gate {
        pub use crate::gate::*;
    }
    pub mod harness {
        pub use crate::harness::*;
    }
    pub mod judge {
        pub use crate::judge::*;
    }
    pub mod model {
        pub use crate::model::*;
    }
    pub mod probe {
        pub use crate::probe::*;
    }
    #[cfg(feature = "cli")]
    pub mod proof {
        pub use crate::proof::*;
    }
    #[cfg(feature = "reference")]
    pub mod reference {
        pub use crate::reference::*;
    }
    pub mod report {
        pub use crate::report::*;
    }
    pub mod run {
        pub use crate::run::*;
    }
    pub mod suite {
        pub use crate::suite::*;
    }
    pub mod wire {
        pub use crate::wire::*;
    }
}

/// Runs the Rust code of the book.
#[cfg(doctest)]
#[doc = include_str!("../docs/cargo-test.md")]
struct CargoTest;
