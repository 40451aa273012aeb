//! A model that cannot be read: which file, where in it, and why.

use serde::Deserialize;
use serde_path_to_error::Segment;
use thiserror::Error;

use crate::model::pointer::escape;

/// A model that cannot be read.
#[derive(Debug, Error)]
#[error("{file}{at}: {problem}", at = place(pointer))]
pub struct ModelError {
    /// The file as the caller named it.
    pub file: String,
    /// The JSON pointer of the part that is wrong; empty for the whole file.
    pub pointer: String,
    /// What is wrong, what was expected, and what to do.
    pub problem: String,
}

fn place(pointer: &str) -> String {
    if pointer.is_empty() { String::new() } else { format!(" at {pointer}") }
}

/// Reads `text` as a `T`. Where it is none, it is read again, slower, for the place.
pub(super) fn decode<'t, T: Deserialize<'t>>(file: &str, text: &'t str) -> Result<T, ModelError> {
    serde_json::from_str(text).map_err(|error| {
        let problem = if error.is_data() { error.to_string() } else { format!("not JSON: {error}") };
        let slower = serde_path_to_error::deserialize::<_, T>(&mut serde_json::Deserializer::from_str(text));
        let pointer = match slower {
            Err(error) if error.inner().is_data() => error.path().iter().map(segment).collect(),
            _ => String::new(),
        };
        ModelError { file: file.to_owned(), pointer, problem }
    })
}

fn segment(segment: &Segment) -> String {
    match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{}", escape(key)),
        Segment::Enum { .. } | Segment::Unknown => String::new(),
    }
}
