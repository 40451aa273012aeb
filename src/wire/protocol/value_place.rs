//! The parts of a request that carry values, and which values they can carry.

use std::fmt;

/// The part of a request that carries a top-level member of an input, with everything below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValuePlace {
    /// A JSON document.
    Json,
    /// A CBOR document.
    Cbor,
    /// An XML document.
    Xml,
    /// A form in which an empty list has a name of its own.
    Form,
    /// A form in which an empty list is an absent one.
    FlatForm,
    /// A header.
    Header,
    /// The query of the request target.
    Query,
    /// A label of the path.
    Path,
    /// The whole body, as bytes or text.
    RawBody,
    /// No part: the request has no body.
    Nowhere,
}

impl ValuePlace {
    /// Returns true if values have types of their own there. Elsewhere every scalar is text.
    #[must_use]
    pub fn has_types(self) -> bool {
        matches!(self, Self::Json | Self::Cbor)
    }

    /// Returns true if a blob is base64 there.
    #[must_use]
    pub fn has_base64(self) -> bool {
        !matches!(self, Self::Cbor | Self::RawBody)
    }

    /// Returns true if a member may be absent there.
    #[must_use]
    pub fn has_absence(self) -> bool {
        self != Self::Path
    }

    /// Returns true if an empty string differs there from an absent one.
    #[must_use]
    pub fn has_empty_text(self) -> bool {
        !matches!(self, Self::Path | Self::Header | Self::RawBody)
    }

    /// Returns true if the place can hold a string that is not empty.
    #[must_use]
    pub fn has_text(self, text: &str) -> bool {
        self != Self::Header || (text.trim() == text && !text.chars().any(char::is_control))
    }

    /// Returns true if an empty list, map or structure differs there from an absent one.
    #[must_use]
    pub fn has_empty_containers(self) -> bool {
        matches!(self, Self::Json | Self::Cbor | Self::Xml)
    }

    /// Returns true if an empty list differs there from an absent one.
    #[must_use]
    pub fn has_empty_lists(self) -> bool {
        self.has_empty_containers() || self == Self::Form
    }

    /// Returns true if a structure can have members there that its shape does not have.
    #[must_use]
    pub fn has_unknown_members(self) -> bool {
        self.has_empty_lists() || self == Self::FlatForm
    }
}

impl fmt::Display for ValuePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Json => "a JSON body",
            Self::Cbor => "a CBOR body",
            Self::Xml => "an XML body",
            Self::Form | Self::FlatForm => "a form",
            Self::Header => "a header",
            Self::Query => "a query string",
            Self::Path => "a path",
            Self::RawBody => "a body without a format",
            Self::Nowhere => "a request without a body",
        })
    }
}
