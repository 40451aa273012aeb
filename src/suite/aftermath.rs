//! The effect of a request on the resources of an endpoint, by its response.

use crate::wire::{Response, TransportError};

/// The effect of a request on the resources that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aftermath {
    /// None: the request was rejected with a client error, or was not sent.
    Untouched,
    /// The effect that the request asks for: it was accepted.
    Changed,
    /// Unknown: a server error, or no response.
    Unknown,
}

impl Aftermath {
    /// The effect that a response shows.
    #[must_use]
    pub fn of(outcome: &Result<Response, TransportError>) -> Self {
        match outcome.as_ref().map(|response| response.status) {
            Ok(400..=499) => Self::Untouched,
            Ok(..=399) => Self::Changed,
            Ok(_) | Err(_) => Self::Unknown,
        }
    }
}
