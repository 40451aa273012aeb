//! Turns transcripts into findings and verdicts. Pure: it never talks to an endpoint.
//!
//! | module | holds | may import |
//! |---|---|---|
//! | `code` | The stable names of the checks, which findings, requirements, baselines and reports share | `check` |
//! | `transcript` | The exchanges of a case, in order |  |
//! | `observation` | A transcript made stable and comparable, for snapshots | `transcript` |
//! | `verdict` | Findings, their severity, the verdict, and the run's ledger | `code`, `check` |
//! | `obstacle` | The obstacles that keep a case from being judged to its end | `verdict` |
//! | `check` | Checks | `code`, `transcript`, `observation`, `verdict`, `obstacle` |
//! | `fingerprint` | Fingerprints | `verdict` |
//! | `named_checks` | Verifies that the checks that requirements name exist | `code`, `check` |
//! | `redaction` | Removes credentials, signatures and the values that the model marks sensitive from a transcript | `transcript` |
//! | `snapshots` | Snapshot files |  |

pub mod check;
pub mod code;
pub mod fingerprint;
pub mod named_checks;
pub mod observation;
pub mod obstacle;
pub mod redaction;
pub mod snapshots;
pub mod transcript;
pub mod verdict;
