//! Certificates: what a run shows by a profile, in a form that others can check without trusting whoever made it.
//!
//! A bundle holds everything that a verdict was made of. Whoever checks it trusts nothing that it says of itself: digests,
//! verdicts, sums, the decision and the requests are all derived anew. It refuses to grant by anything but the profiles'
//! own data, and to know where a bundle lies.

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
