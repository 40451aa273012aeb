//! The keywords that JSON Schema lacks: patterns by the engines of this crate, timestamps, blobs.
//!
//! `jsonschema` carries a message for each error of a custom keyword and nothing else. So an error only says which
//! keyword failed, and [`violated`] says by the same check which constraint it was.

use std::sync::OnceLock;

use base64::Engine as _;
use jsonschema::{Keyword, ValidationError};
use serde_json::Value;

use super::constraint::{LengthUnit, Limit, ShapeConstraint};
use crate::model::{Matched, Pattern, PatternError, TimestampFormat, shape::Bounds};

pub(super) const PATTERN: &str = "x-pattern";
pub(super) const TIMESTAMP: &str = "x-timestamp";
pub(super) const BLOB: &str = "x-blob";

/// The check of a keyword with a value.
trait ValueCheck: Send + Sync {
    /// The constraint that a value violates, if it violates one.
    fn violated(&self, instance: &Value) -> Option<ShapeConstraint>;
}

/// A check as a keyword of the validator.
pub(super) struct CheckKeyword(Box<dyn ValueCheck>);

/// The check of the keyword with that name and value; `None` for a keyword of JSON Schema itself.
fn check(keyword: &str, value: &Value) -> Option<Box<dyn ValueCheck>> {
    match keyword {
        PATTERN => Some(Box::new(PatternCheck::new(value))),
        TIMESTAMP => Some(Box::new(TimestampCheck(value.as_str().and_then(TimestampFormat::named)))),
        BLOB => Some(Box::new(BlobCheck(Bounds { min: value["min"].as_u64(), max: value["max"].as_u64() }))),
        _ => None,
    }
}

impl CheckKeyword {
    /// The keyword of that name, as the validator builds it.
    pub(super) fn build<'i>(name: &str, value: &'i Value) -> Result<Box<dyn for<'v> Keyword<'v>>, ValidationError<'i>> {
        match check(name, value) {
            Some(check) => Ok(Box::new(Self(check))),
            None => Err(ValidationError::custom(format!("unknown keyword {name}"))),
        }
    }
}

/// The constraint that `instance` violates of the keyword with that name and value.
pub(super) fn violated(keyword: &str, value: &Value, instance: &Value) -> Option<ShapeConstraint> {
    check(keyword, value)?.violated(instance)
}

impl<'i> Keyword<'i> for CheckKeyword {
    fn validate(&self, instance: &'i Value) -> Result<(), ValidationError<'i>> {
        if self.is_valid(instance) { Ok(()) } else { Err(ValidationError::custom("")) }
    }

    fn is_valid(&self, instance: &'i Value) -> bool {
        self.0.violated(instance).is_none()
    }
}

/// A string matches a pattern in full. Compiled on first use.
struct PatternCheck {
    source: String,
    compiled: OnceLock<Result<Pattern, PatternError>>,
}

impl PatternCheck {
    fn new(value: &Value) -> Self {
        Self { source: value.as_str().unwrap_or_default().to_owned(), compiled: OnceLock::new() }
    }
}

impl ValueCheck for PatternCheck {
    fn violated(&self, instance: &Value) -> Option<ShapeConstraint> {
        let text = instance.as_str()?;
        match self.compiled.get_or_init(|| Pattern::full(&self.source)) {
            Ok(pattern) => match pattern.matches(text) {
                Matched::Yes => None,
                Matched::No => Some(ShapeConstraint::Pattern { pattern: self.source.clone() }),
                Matched::Undecided => Some(ShapeConstraint::BacktrackingLimit),
            },
            Err(error) => Some(ShapeConstraint::UnusablePattern(error.clone())),
        }
    }
}

/// A point in time in one format.
struct TimestampCheck(Option<TimestampFormat>);

impl ValueCheck for TimestampCheck {
    fn violated(&self, instance: &Value) -> Option<ShapeConstraint> {
        self.0?.check(instance).err().map(ShapeConstraint::Timestamp)
    }
}

/// A base64 string, and the bounds of its bytes.
struct BlobCheck(Bounds<u64>);

impl ValueCheck for BlobCheck {
    fn violated(&self, instance: &Value) -> Option<ShapeConstraint> {
        let text = instance.as_str()?;
        let Ok(bytes) = base64::engine::general_purpose::STANDARD.decode(text) else {
            return Some(ShapeConstraint::Base64);
        };
        let length = bytes.len() as u64;
        let broken = |limit| Some(ShapeConstraint::Length { unit: LengthUnit::Bytes, limit });
        match self.0 {
            Bounds { min: Some(min), .. } if length < min => broken(Limit::AtLeast(min)),
            Bounds { max: Some(max), .. } if length > max => broken(Limit::AtMost(max)),
            _ => None,
        }
    }
}
