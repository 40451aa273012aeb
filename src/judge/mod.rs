//! Turns transcripts into findings and verdicts. Pure: it never talks to an endpoint.
//!
//! | module | holds |
//! |---|---|
//! | `check` | the registry [`CHECKS`](check::CHECKS), one file per check, and the judgement of a case |
//! | `code` | the stable names of the checks |
//! | `fingerprint` | how baselines and SARIF recognize a deviation in another run |
//! | `named_checks` | reads fixtures, and verifies the checks that their requirements name |
//! | `observation` | a transcript made stable and comparable, for snapshots |
//! | `obstacle` | what keeps a case from being judged |
//! | `redaction` | removes credentials and sensitive values from a transcript |
//! | `snapshots` | snapshot files |
//! | `transcript` | everything that a case sent and received |
//! | `verdict` | findings, severities, verdicts, the ledger, and exceptions for AWS itself |

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
