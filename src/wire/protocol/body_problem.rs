//! What is wrong with a body, in the terms of its format.

use std::fmt;

use thiserror::Error;

use super::EventProblem;
use crate::wire::{
    cbor::{CborLimit, CborProblem},
    json::{JsonLimit, JsonProblem},
};

/// A problem of a body: its format forbids it, or parsers disagree about it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum BodyProblem {
    /// A problem of JSON.
    Json(JsonProblem),
    /// A problem of CBOR.
    Cbor(CborProblem),
    /// A response that another header than that of the protocol describes, so that its body has no meaning.
    ProtocolHeader {
        /// The header.
        name: &'static str,
        /// Its value in the protocol.
        expected: &'static str,
    },
    /// A problem of an event stream.
    Event(EventProblem),
}

impl BodyProblem {
    /// Returns true if the format forbids it.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        match self {
            Self::Json(problem) => problem.is_forbidden(),
            Self::Cbor(problem) => problem.is_forbidden(),
            Self::ProtocolHeader { .. } => true,
            Self::Event(problem) => problem.is_forbidden(),
        }
    }
}

impl fmt::Display for BodyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(problem) => problem.fmt(f),
            Self::Cbor(problem) => problem.fmt(f),
            Self::Event(problem) => problem.fmt(f),
            Self::ProtocolHeader { name, expected } => write!(f, "a response without the header {name}: {expected}"),
        }
    }
}

impl From<JsonProblem> for BodyProblem {
    fn from(problem: JsonProblem) -> Self {
        Self::Json(problem)
    }
}

impl From<CborProblem> for BodyProblem {
    fn from(problem: CborProblem) -> Self {
        Self::Cbor(problem)
    }
}

impl From<EventProblem> for BodyProblem {
    fn from(problem: EventProblem) -> Self {
        Self::Event(problem)
    }
}

/// A property of a valid body that this program does not support.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BodyLimit {
    /// A property of JSON.
    #[error(transparent)]
    Json(#[from] JsonLimit),
    /// A property of CBOR.
    #[error(transparent)]
    Cbor(#[from] CborLimit),
}
