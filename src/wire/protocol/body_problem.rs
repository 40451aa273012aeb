//! What is wrong with a body, in the terms of its format.

use std::fmt;

use thiserror::Error;

use super::{
    EventProblem,
    form::{FormLimit, FormProblem},
    http_binding::HeaderListProblem,
};
use crate::wire::{
    cbor::{CborLimit, CborProblem},
    json::{JsonLimit, JsonProblem},
    xml::{XmlLimit, XmlProblem},
};

/// A problem of a body: its format forbids it, or parsers disagree about it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum BodyProblem {
    /// A problem of JSON.
    Json(JsonProblem),
    /// A problem of XML.
    Xml(XmlProblem),
    /// A problem of a form.
    Form(FormProblem),
    /// A header that is bound to a list, and has another form.
    Header {
        /// Its name in lower case.
        name: String,
        /// The problem.
        problem: HeaderListProblem,
    },
    /// Bytes that are not UTF-8, where the whole body is text.
    NotText,
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
            Self::Form(problem) => problem.is_forbidden(),
            Self::Cbor(problem) => problem.is_forbidden(),
            Self::Xml(_) | Self::Header { .. } | Self::NotText | Self::ProtocolHeader { .. } => true,
            Self::Event(problem) => problem.is_forbidden(),
        }
    }
}

impl fmt::Display for BodyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(problem) => problem.fmt(f),
            Self::Xml(problem) => problem.fmt(f),
            Self::Form(problem) => problem.fmt(f),
            Self::Header { name, problem } => write!(f, "a header {name} that is not a list: {problem}"),
            Self::NotText => write!(f, "text that is not UTF-8"),
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

impl From<XmlProblem> for BodyProblem {
    fn from(problem: XmlProblem) -> Self {
        Self::Xml(problem)
    }
}

impl From<FormProblem> for BodyProblem {
    fn from(problem: FormProblem) -> Self {
        Self::Form(problem)
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
    /// A property of XML.
    #[error(transparent)]
    Xml(#[from] XmlLimit),
    /// A property of a form.
    #[error(transparent)]
    Form(#[from] FormLimit),
    /// A stream of events.
    #[error("a stream of events")]
    EventStream,
    /// A property of CBOR.
    #[error(transparent)]
    Cbor(#[from] CborLimit),
}
