//! Certificates: the result of a run for a profile, in a form that others can verify without trust in the vendor.
//!
//! A bundle contains everything that a verdict depends on. A verifier derives digests, verdicts, sums, decisions and
//! requests again, and compares.
//!
//! | module | holds | may import |
//! |---|---|---|
//! | `bundle_folder` | Reads the files of a bundle strictly, because bundles come from strangers |  |
//! | `certified_digest` | The digest of a suite |  |
//! | `certified_report` | The parts of a report that a certificate depends on |  |
//! | `profile` | Profiles |  |
//! | `decision` | Decides the level that is granted for a profile, and what is missing for the next one | `certified_report`, `profile` |
//! | `key` | Ed25519 keys in their usual encodings |  |
//! | `envelope` | The DSSE envelope that contains and signs a statement | `key` |
//! | `statement` | The statement of a certificate | `certified_report`, `profile`, `decision` |
//! | `bundle` | Writes the files of a bundle beside its recording | `bundle_folder`, `certified_digest`, `certified_report`, `profile`, `decision`, `key`, `envelope`, `statement` |
//! | `nonce` | Derives the seed of a run from a nonce of the verifier, which proves freshness |  |
//! | `reenactment` | Reenacts a case from its seed and its recorded responses |  |
//! | `verify` | Verifies a bundle without trust in its vendor | `bundle_folder`, `certified_digest`, `certified_report`, `profile`, `key`, `envelope`, `statement`, `bundle`, `nonce`, `reenactment` |

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
