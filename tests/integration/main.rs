//! The tests that run whole parts together, in one binary: linking is most of what a test binary costs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic here is a failed test")]

mod behavior;
mod book;
mod canaries;
mod certificate;
mod cli;
mod conformance;
mod corpus;
mod diff;
mod dying_endpoint;
mod fixtures;
mod fuzzed;
mod gate;
mod given_paths;
mod harness;
mod hostile_endpoints;
#[cfg(unix)]
mod hostile_files;
mod html_report;
mod init;
mod isolation;
mod layering;
mod metamorphic;
mod model_server;
mod model_server_mutants;
mod model_server_states;
mod models;
#[cfg(unix)]
mod moto_gate;
mod null_targets;
mod own_fixtures;
mod phrases;
mod presence;
mod private_authority;
mod probe_cli;
mod probe_coverage;
mod probes;
mod profiles;
mod protocol_literals;
mod protocol_tests;
#[cfg(unix)]
mod public_api;
mod real_endpoints;
mod recorded;
mod recordings;
mod reenactment;
mod relations;
mod reports;
mod rerun;
mod selfcheck;
mod severities;
mod shards;
mod silent_endpoint;
mod source_tree;
mod support;
mod tower;
mod unusual_endpoints;
mod valid_variants;
