//! The keywords that JSON Schema lacks: patterns by our own engines, timestamps that are numbers, blobs.

use std::sync::OnceLock;

use base64::Engine as _;
use jsonschema::{Keyword, ValidationError};
use serde_json::Value;

use crate::model::{Matched, Pattern, shape::Bounds};

/// `x-pattern`: text matches in full. Compiled on first use.
pub(super) struct PatternKeyword {
    source: String,
    compiled: OnceLock<Result<Pattern, String>>,
}

impl PatternKeyword {
    pub(super) fn new(value: &Value) -> Self {
        Self { source: value.as_str().unwrap_or_default().to_owned(), compiled: OnceLock::new() }
    }

    /// `None` when the text is fine; an empty message when it does not match; else why nothing can be said.
    fn problem(&self, instance: &Value) -> Option<String> {
        let text = instance.as_str()?;
        let compiled = self.compiled.get_or_init(|| Pattern::full(&self.source).map_err(|error| error.to_string()));
        match compiled.as_ref().map(|pattern| pattern.matches(text)) {
            Ok(Matched::Yes) => None,
            Ok(Matched::No) => Some(String::new()),
            Ok(Matched::Undecided) => Some("a decision within the backtracking limit".to_owned()),
            Err(problem) => Some(problem.clone()),
        }
    }
}

/// `x-timestamp`: a point in time in the named format.
pub(super) struct TimestampKeyword(String);

impl TimestampKeyword {
    pub(super) fn new(value: &Value) -> Self {
        Self(value.as_str().unwrap_or_default().to_owned())
    }

    fn problem(&self, instance: &Value) -> Option<String> {
        match self.0.as_str() {
            "epoch-seconds" => epoch_problem(instance),
            "date-time" => {
                (!instance.as_str().is_some_and(is_date_time)).then(|| "an RFC 3339 timestamp as text".to_owned())
            }
            _ => (!instance.as_str().is_some_and(|text| text.ends_with(" GMT")))
                .then(|| "an IMF-fixdate as text".to_owned()),
        }
    }
}

/// Seconds beyond the year 5138 are milliseconds in truth.
const LATEST_EPOCH_SECONDS: f64 = 1e11;

fn epoch_problem(instance: &Value) -> Option<String> {
    match instance.as_f64() {
        None => Some("a JSON number of epoch seconds".to_owned()),
        Some(seconds) if seconds.abs() >= LATEST_EPOCH_SECONDS => Some("epoch seconds, not milliseconds".to_owned()),
        Some(_) => None,
    }
}

fn is_date_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    let shape = |at: usize, c: u8| bytes.get(at) == Some(&c);
    bytes.len() >= 20
        && bytes[..4].iter().all(u8::is_ascii_digit)
        && shape(4, b'-')
        && shape(7, b'-')
        && matches!(bytes[10], b'T' | b't')
        && shape(13, b':')
        && shape(16, b':')
}

/// `x-blob`: base64 text, and the bounds of its bytes.
pub(super) struct BlobKeyword(Bounds<u64>);

impl BlobKeyword {
    pub(super) fn new(value: &Value) -> Self {
        Self(Bounds { min: value["min"].as_u64(), max: value["max"].as_u64() })
    }

    fn problem(&self, instance: &Value) -> Option<String> {
        let text = instance.as_str()?;
        let Ok(bytes) = base64::engine::general_purpose::STANDARD.decode(text) else {
            return Some("base64 text".to_owned());
        };
        let length = bytes.len() as u64;
        match self.0 {
            Bounds { min: Some(min), .. } if length < min => Some(format!("at least {min} bytes")),
            Bounds { max: Some(max), .. } if length > max => Some(format!("at most {max} bytes")),
            _ => None,
        }
    }
}

macro_rules! keyword {
    ($($name:ty),*) => {$(
        impl<'i> Keyword<'i> for $name {
            fn validate(&self, instance: &'i Value) -> Result<(), ValidationError<'i>> {
                self.problem(instance).map_or(Ok(()), |problem| Err(ValidationError::custom(problem)))
            }

            fn is_valid(&self, instance: &'i Value) -> bool {
                self.problem(instance).is_none()
            }
        }
    )*};
}
keyword!(PatternKeyword, TimestampKeyword, BlobKeyword);
