//! Strict, bounded CBOR (RFC 8949): a value, and every problem that a tolerant parser hides.
//!
//! The reader and the writer are our own: a reader for judging must say where a document breaks the format, and widely
//! used ones accept trailing bytes, reserved simple values or duplicate keys, or skip half-precision floats.

mod cbor_reader;
mod cbor_writer;
mod digits;

use std::fmt;

use thiserror::Error;

use super::json::DEEPEST;
use crate::model::exact_number::KEPT_NUMBER;

pub use cbor_reader::read;
pub use cbor_writer::CborWriter;

/// A body read as CBOR.
#[derive(Debug, Clone, PartialEq)]
pub struct CborDocument {
    /// The value, if the bytes have one.
    pub value: Option<CborValue>,
    /// The problems of the bytes.
    pub problems: Vec<CborProblem>,
    /// The reason why valid bytes have no value here.
    pub limit: Option<CborLimit>,
}

/// A data item, without the choices of its encoding.
#[derive(Debug, Clone, PartialEq)]
pub enum CborValue {
    /// `null` or `undefined`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer of major type 0 or 1.
    Integer(i128),
    /// A half-precision or single-precision float.
    Single(f32),
    /// A double-precision float.
    Double(f64),
    /// A bignum or a decimal fraction, as the text of a JSON number.
    Digits(String),
    /// A byte string.
    Bytes(Vec<u8>),
    /// A text string.
    Text(String),
    /// An array.
    Array(Vec<CborValue>),
    /// A map with its entries in the order of the wire, the last one of each key.
    Map(Vec<(String, CborValue)>),
    /// Epoch seconds of tag 1: an integer or a float.
    Timestamp(Box<CborValue>),
}

impl CborValue {
    /// The kind of data item, as messages name it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Integer(_) => "an integer",
            Self::Single(_) | Self::Double(_) => "a float",
            Self::Digits(_) => "a bignum or decimal fraction",
            Self::Bytes(_) => "a byte string",
            Self::Text(_) => "a text string",
            Self::Array(_) => "an array",
            Self::Map(_) => "a map",
            Self::Timestamp(_) => "a timestamp of tag 1",
        }
    }
}

/// A property of valid CBOR that this program does not support.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CborLimit {
    /// Nested too deeply.
    #[error("CBOR with more than {DEEPEST} levels of nesting")]
    Depth,
    /// A bignum with too many bytes.
    #[error("CBOR with a bignum of more than {} bytes", digits::LONGEST)]
    LongNumber,
    /// A key that stands for numbers in values.
    #[error("a CBOR map with the key {KEPT_NUMBER:?}")]
    ReservedName,
}

/// A property of a body that CBOR or its use in AWS protocols forbids, or that parsers disagree about.
///
/// Offsets are in bytes from the start of the body; pointers are JSON pointers into the value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CborProblem {
    /// No bytes.
    Empty,
    /// The body ends within a data item, at this offset.
    Truncated(usize),
    /// Bytes after the data item, with their offset.
    TrailingBytes(usize),
    /// A byte with a reserved meaning, with its offset.
    Reserved(usize),
    /// A break outside of an item of indefinite length, with its offset.
    StrayBreak(usize),
    /// A part of a string of indefinite length that is not a string of the same type, with its offset.
    Chunk(usize),
    /// A text string that is not UTF-8, with the offset of its first byte.
    NotUtf8(usize),
    /// A simple value that is not `false`, `true`, `null` or `undefined`, with its offset.
    SimpleValue(usize),
    /// A map key that is not a text string, with the offset of the key.
    KeyNotText(usize),
    /// A duplicate key, with the JSON pointer of its value. The last one counts.
    DuplicateKey(String),
    /// A tag on a data item that it does not allow.
    TagContent {
        /// The tag.
        tag: u64,
        /// The JSON pointer of the data item.
        pointer: String,
    },
    /// A tag without a meaning in AWS protocols. The value is that of the tagged data item.
    UnknownTag {
        /// The tag.
        tag: u64,
        /// The JSON pointer of the data item.
        pointer: String,
    },
    /// A data item of another type than that of the shape, which the JSON value of the body would not show.
    OtherType {
        /// The JSON pointer of the data item.
        pointer: String,
        /// Its type.
        actual: &'static str,
        /// The type of the shape.
        expected: &'static str,
    },
}

impl CborProblem {
    /// Returns true if the format or the protocol forbids it. Only tags without a meaning are neither.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        !matches!(self, Self::UnknownTag { .. })
    }
}

impl fmt::Display for CborProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "an empty body"),
            Self::Truncated(at) => write!(f, "CBOR that ends within a data item, at offset {at}"),
            Self::TrailingBytes(at) => write!(f, "something after the CBOR data item, at offset {at}"),
            Self::Reserved(at) => write!(f, "bytes that are not CBOR (a reserved value at offset {at})"),
            Self::StrayBreak(at) => write!(f, "bytes that are not CBOR (an unexpected break at offset {at})"),
            Self::Chunk(at) => write!(f, "bytes that are not CBOR (a wrong part of a string at offset {at})"),
            Self::NotUtf8(at) => write!(f, "CBOR with a text string that is not UTF-8, at offset {at}"),
            Self::SimpleValue(at) => write!(f, "CBOR with an unassigned simple value, at offset {at}"),
            Self::KeyNotText(at) => write!(f, "CBOR with a map key that is not a text string, at offset {at}"),
            Self::DuplicateKey(pointer) => write!(f, "the key {pointer} twice"),
            Self::TagContent { tag, pointer } => write!(f, "tag {tag} on a wrong data item, at {}", place(pointer)),
            Self::UnknownTag { tag, pointer } => write!(f, "the unknown tag {tag}, at {}", place(pointer)),
            Self::OtherType { pointer, actual, expected } => {
                write!(f, "{actual} instead of {expected}, at {}", place(pointer))
            }
        }
    }
}

fn place(pointer: &str) -> &str {
    if pointer.is_empty() { "the root" } else { pointer }
}
