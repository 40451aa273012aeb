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
//! | `held_states` | The values of the states that the probes of an operation share |  |
//! | `probe_scope` | The probes that a certificate covers | `certified_digest` |
//! | `probe_decision` | Decides the level that is granted for each group of probes | `profile`, `decision`, `probe_scope` |
//! | `key` | Ed25519 keys in their usual encodings |  |
//! | `envelope` | The DSSE envelope that contains and signs a statement | `key` |
//! | `in_toto` | In-toto statements about test results |  |
//! | `proof_statement` | A signed statement that the judge of a program is proven | `certified_digest`, `key`, `envelope`, `in_toto` |
//! | `statement` | The statement of a certificate | `certified_report`, `profile`, `decision`, `probe_scope`, `probe_decision`, `in_toto`, `proof_statement` |
//! | `certificate_scope` | The extent of a certificate | `certified_digest`, `certified_report`, `profile`, `decision`, `probe_scope`, `probe_decision`, `statement` |
//! | `bundle` | Writes the files of a bundle beside its recording | `bundle_folder`, `certified_digest`, `held_states`, `key`, `envelope`, `statement`, `certificate_scope` |
//! | `nonce` | Derives the seed of a run from a nonce of the verifier, which proves freshness |  |
//! | `reenactment` | Reenacts a case from its seed and its recorded responses |  |
//! | `verify` | Verifies a bundle without trust in its vendor | `bundle_folder`, `certified_digest`, `certified_report`, `profile`, `key`, `envelope`, `proof_statement`, `statement`, `bundle`, `nonce`, `reenactment`, `held_states`, `probe_scope`, `certificate_scope` |

#![allow(missing_docs, reason = "this room has no promised API")]

pub mod bundle;
pub mod bundle_folder;
pub mod certificate_scope;
pub mod certified_digest;
pub mod certified_report;
pub mod decision;
pub mod envelope;
pub mod held_states;
pub mod in_toto;
pub mod key;
pub mod nonce;
pub mod probe_decision;
pub mod probe_scope;
pub mod profile;
pub mod proof_statement;
pub mod reenactment;
pub mod statement;
pub mod verify;
