//! Certificates: the result of a run for a profile, in a form that others can verify without trust in the vendor.
//!
//! A bundle contains everything that a verdict depends on. A verifier derives digests, verdicts, sums, decisions and
//! requests again, and compares.

#![allow(missing_docs, reason = "this room has no promised API")]

pub mod bundle;
pub mod bundle_folder;
pub mod certified_digest;
pub mod certified_report;
pub mod decision;
pub mod envelope;
pub mod key;
pub mod nonce;
pub mod profile;
pub mod reenactment;
pub mod statement;
pub mod verify;
