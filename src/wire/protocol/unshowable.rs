//! A value that a form, a header or an XML document cannot show.

use thiserror::Error;

use super::http_binding::BindingError;

/// A value that a form, a header or an XML document cannot show, with the key or the element that would hold it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum Unshowable {
    /// An input that is not an object.
    #[error("the input is not an object")]
    NotAnObject,
    /// A flattened list that is not an array: it has no element of its own.
    #[error("the flattened list {0} has only items")]
    OnlyItems(String),
    /// A flattened map that is not an object.
    #[error("the flattened map {0} has only entries")]
    OnlyEntries(String),
    /// An empty list or object.
    #[error("{0} has no form for an empty list or object")]
    Empty(String),
    /// Null.
    #[error("{0} has no form for null")]
    Null(String),
    /// A member outside of the body.
    #[error(transparent)]
    Head(#[from] BindingError),
    /// A name that no element can have.
    #[error("{0:?} is not the name of an element")]
    NotAName(String),
}
