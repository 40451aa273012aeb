//! The only room that talks to an endpoint.
//!
//! | module | holds | may import |
//! |---|---|---|
//! | `exchange_report` | An exchange as text |  |
//! | `baseline_comparison` | The comparison of a run with a baseline as plain data | `exchange_report` |
//! | `event` | The events of a run as plain data | `exchange_report`, `baseline_comparison` |
//! | `panicked` | Catches panics of user code |  |
//! | `transport` | Sends requests to an endpoint and returns the response, or the error of the transport | `panicked` |
//! | `redacting_transport` | A transport whose responses and errors hold no credential of the run | `transport` |
//! | `resolved_target` | The endpoint under test | `panicked`, `transport` |
//! | `execute` | Executes one case and returns its transcript | `transport`, `resolved_target` |
//! | `exit` | The exit status of the program |  |
//! | `observer` | Observers of a session | `event`, `judged_case` |
//! | `judged_case` | A finished case with its transcript | `exchange_report`, `event`, `observer` |
//! | `recording` | A folder with one HAR file per case, and an index that shows every later change | `event`, `observer`, `judged_case` |
//! | `session` | A run | `exchange_report`, `event`, `transport`, `resolved_target`, `execute`, `observer`, `judged_case`, `recording` |

pub mod baseline_comparison;
pub mod event;
pub mod exchange_report;
pub mod execute;
pub mod exit;
pub mod judged_case;
pub mod observer;
pub(crate) mod panicked;
pub mod recording;
pub(crate) mod redacting_transport;
pub mod resolved_target;
pub mod session;
pub mod transport;
