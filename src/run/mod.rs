//! Everything that meets an endpoint: transports, execution, sessions, and what they leave behind as events and recordings.

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
