//! The README and the pages below `docs/`: every command runs, every link leads somewhere, the contents name every page,
//! and generated pages are up to date.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic here is a failed test")]

#[path = "../support/mod.rs"]
mod support;

#[cfg(unix)]
mod commands;
mod generated;
mod links;
mod page;
