//! The only room that talks to an endpoint.
//!
//! | module | owns |
//! |---|---|
//! | [`transport`] | how a request reaches an endpoint |
//! | [`execute`] | one case to its transcript |
//! | [`session`] | a run: order, time limits, interruption, crashes; a recorded run judged again |
//! | [`event`], [`exchange_report`] | what happens in a run, as plain data: all that a report sees |
//! | [`observer`], [`judged_case`] | who listens to a session; a case with its transcript, for recordings and snapshots |
//! | [`recording`] | a run as HAR files with an index |
//! | [`target`], [`exit`] | the endpoint under test; the exit status |

pub mod event;
pub mod exchange_report;
pub mod execute;
pub mod exit;
pub mod judged_case;
pub mod observer;
pub(crate) mod panicked;
pub mod recording;
pub mod session;
pub mod target;
pub mod transport;
