//! What is wrong with XML, and what this program does not read of it.

use std::fmt;

use thiserror::Error;

use super::{DEEPEST_ELEMENT, MOST_ATTRIBUTES, MOST_NODES};

/// A property of well-formed XML that this program does not support.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum XmlLimit {
    /// Nested too deeply.
    #[error("XML with more than {DEEPEST_ELEMENT} levels of nesting")]
    Depth,
    /// Too many elements and texts.
    #[error("XML with more than {MOST_NODES} elements and texts")]
    Nodes,
    /// Too many attributes of one element.
    #[error("XML with more than {MOST_ATTRIBUTES} attributes of one element")]
    Attributes,
    /// A DOCTYPE with entities, which are never expanded.
    #[error("XML with a DOCTYPE that declares entities")]
    Entities,
}

/// A property of a text that XML or the XML form of a shape forbids. Paths lead from the document element.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum XmlProblem {
    /// No bytes.
    Empty,
    /// Bytes that are not UTF-8, with their offset.
    NotUtf8(usize),
    /// Not well-formed. Lines and columns count from one.
    Malformed {
        /// The words of the parser.
        reason: String,
        /// The line.
        line: u32,
        /// The column in characters.
        column: u32,
    },
    /// Something other than comments and white space after the document element.
    TrailingContent {
        /// The line.
        line: u32,
        /// The column in characters.
        column: u32,
    },
    /// A document element of another name.
    WrongRoot {
        /// The name that the protocol gives it.
        expected: String,
        /// The name that it has.
        actual: String,
    },
    /// No element of this name, in the element at the path.
    Missing {
        /// The path.
        path: String,
        /// The name.
        name: String,
    },
    /// An element, by its path, where all elements have another name.
    WrongName {
        /// The path.
        path: String,
        /// The name that it should have.
        expected: String,
    },
    /// An element, by its path, that may stand once but stands again.
    Repeated(String),
    /// Text directly in an element, by its path, that has elements.
    Text(String),
}

impl XmlProblem {
    pub(super) fn malformed(error: &roxmltree::Error) -> Self {
        let (words, at) = (error.to_string(), error.pos());
        let reason = words.strip_suffix(&format!(" at {}:{}", at.row, at.col)).unwrap_or(&words).to_owned();
        Self::Malformed { reason, line: at.row, column: at.col }
    }
}

impl fmt::Display for XmlProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "an empty body"),
            Self::NotUtf8(at) => write!(f, "bytes that are not UTF-8, at offset {at}"),
            Self::Malformed { reason, line, column } => {
                write!(f, "text that is not well-formed XML ({reason}, at line {line} column {column})")
            }
            Self::TrailingContent { line, column } => {
                write!(f, "something after the document element, at line {line} column {column}")
            }
            Self::WrongRoot { expected, actual } => write!(f, "the document element {actual} instead of {expected}"),
            Self::Missing { path, name } => write!(f, "no element {name} in {path}"),
            Self::WrongName { path, expected } => write!(f, "the element {path} in the place of {expected}"),
            Self::Repeated(path) => write!(f, "the element {path} again"),
            Self::Text(path) => write!(f, "text beside the elements of {path}"),
        }
    }
}
