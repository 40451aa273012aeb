//! The constraint that a value violates, as data.

use std::fmt;

use crate::model::{PatternError, TimestampError};

/// The constraint that a value violates. Its text says what the model expects.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ShapeConstraint {
    /// The JSON type of the shape.
    Type(JsonType),
    /// A required member.
    Required {
        /// The name of the member.
        member: String,
    },
    /// A structure has no other members than those of its shape.
    UnknownMember,
    /// One of the values of an enum.
    Enum {
        /// The values, as JSON writes them without quotes.
        values: Vec<String>,
    },
    /// The length of a string, a blob, a list or a map.
    Length {
        /// The unit of the length.
        unit: LengthUnit,
        /// The bound.
        limit: Limit<u64>,
    },
    /// The range of a number; the bound is written as the model writes it.
    Range(Limit<String>),
    /// The pattern of a string.
    Pattern {
        /// The pattern as the model has it.
        pattern: String,
    },
    /// A pattern that the backtracking engine could not decide within its limit.
    BacktrackingLimit,
    /// A pattern that no engine accepts.
    UnusablePattern(PatternError),
    /// The format of a timestamp.
    Timestamp(TimestampError),
    /// A blob is base64.
    Base64,
    /// The items of a list differ.
    UniqueItems,
    /// A union has exactly one member.
    Union,
    /// An item of a sparse list, or a value of a sparse map, is null or a value of its shape.
    NullOrValue,
    /// The keys of a map keep a constraint.
    Keys(Box<ShapeConstraint>),
    /// A keyword of JSON Schema that no shape compiles to.
    Keyword(String),
}

/// A JSON type that a shape has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonType {
    /// A structure, a union or a map.
    Object,
    /// A list.
    Array,
    /// A string, an enum or a blob.
    String,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// A number, or one of the strings for NaN and the infinities.
    NumberOrSpecial,
    /// A boolean.
    Boolean,
}

/// The unit that a length counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LengthUnit {
    /// The characters of a string.
    Characters,
    /// The bytes of a blob.
    Bytes,
    /// The items of a list.
    Items,
    /// The entries of a map.
    Entries,
}

/// One bound, inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit<N> {
    /// The least valid value.
    AtLeast(N),
    /// The greatest valid value.
    AtMost(N),
}

impl fmt::Display for ShapeConstraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Type(kind) => write!(f, "{kind}"),
            Self::Required { member } => write!(f, "the required member {member}"),
            Self::UnknownMember => f.write_str("no member of that name"),
            Self::Enum { values } => write!(f, "one of {}", values.join(", ")),
            Self::Length { unit, limit } => {
                let (Limit::AtLeast(count) | Limit::AtMost(count)) = limit;
                write!(f, "{limit} {}", unit.noun(*count))
            }
            Self::Range(limit) => write!(f, "{limit}"),
            Self::Pattern { pattern } => write!(f, "a string that matches {pattern} in full"),
            Self::BacktrackingLimit => f.write_str("a decision within the backtracking limit"),
            Self::UnusablePattern(error) => write!(f, "{error}"),
            Self::Timestamp(error) => write!(f, "{error}"),
            Self::Base64 => f.write_str("a base64 string"),
            Self::UniqueItems => f.write_str("items that all differ"),
            Self::Union => f.write_str("exactly one member of the union"),
            Self::NullOrValue => f.write_str("null or a valid value"),
            Self::Keys(constraint) => write!(f, "keys of {constraint}"),
            Self::Keyword(keyword) => write!(f, "a value that keeps {keyword}"),
        }
    }
}

impl fmt::Display for JsonType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Object => "a JSON object",
            Self::Array => "a JSON array",
            Self::String => "a JSON string",
            Self::Integer => "a JSON integer",
            Self::Number => "a JSON number",
            Self::NumberOrSpecial => "a number, or the string \"NaN\", \"Infinity\" or \"-Infinity\"",
            Self::Boolean => "a JSON boolean",
        })
    }
}

impl LengthUnit {
    /// A count of the unit: `1 item`.
    #[must_use]
    pub fn counted(self, count: u64) -> String {
        format!("{count} {}", self.noun(count))
    }

    fn noun(self, count: u64) -> &'static str {
        match (self, count) {
            (Self::Characters, 1) => "character",
            (Self::Characters, _) => "characters",
            (Self::Bytes, 1) => "byte",
            (Self::Bytes, _) => "bytes",
            (Self::Items, 1) => "item",
            (Self::Items, _) => "items",
            (Self::Entries, 1) => "entry",
            (Self::Entries, _) => "entries",
        }
    }
}

impl<N: fmt::Display> fmt::Display for Limit<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(limit) => write!(f, "at least {limit}"),
            Self::AtMost(limit) => write!(f, "at most {limit}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(LengthUnit::Characters, Limit::AtLeast(1), "at least 1 character")]
    #[case(LengthUnit::Bytes, Limit::AtMost(2), "at most 2 bytes")]
    #[case(LengthUnit::Entries, Limit::AtMost(1), "at most 1 entry")]
    #[case(LengthUnit::Items, Limit::AtLeast(0), "at least 0 items")]
    fn a_length_agrees_with_its_unit(#[case] unit: LengthUnit, #[case] limit: Limit<u64>, #[case] expected: &str) {
        assert_eq!(ShapeConstraint::Length { unit, limit }.to_string(), expected);
    }

    #[test]
    fn a_constraint_of_keys_says_so() {
        let unit = LengthUnit::Characters;
        let constraint = ShapeConstraint::Length { unit, limit: Limit::AtMost(5) };
        assert_eq!(ShapeConstraint::Keys(Box::new(constraint)).to_string(), "keys of at most 5 characters");
    }
}
