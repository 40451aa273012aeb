//! Transcripts to findings and verdicts. Pure: it is given what an endpoint did, and never asks it anything.

pub mod check;
pub mod fingerprint;
pub mod observation;
pub mod redaction;
pub mod snapshots;
pub mod transcript;
pub mod verdict;
