//! A model that cannot be read: the file, the location in it, and why.

use serde::Deserialize;
use serde_path_to_error::Segment;
use thiserror::Error;

use crate::model::pointer::escape;

/// A model that cannot be read.
#[derive(Debug, Error)]
#[error("{file}{at}: {problem}", at = location(pointer))]
pub struct ModelError {
    /// The file as the caller named it.
    pub file: String,
    /// The JSON pointer of the part that is wrong; empty for the whole file.
    pub pointer: String,
    /// The reason why it is wrong.
    pub problem: ModelProblem,
}

/// The reason why a model cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ModelProblem {
    /// The text is not JSON.
    #[error("not JSON: {0}")]
    NotJson(serde_json::Error),
    /// The JSON is not of the form that is read.
    #[error("{0}")]
    Form(serde_json::Error),
    /// The model is too large.
    #[error("the model has more than {0} shapes, the limit; leave out the services that are not needed")]
    TooManyShapes(usize),
    /// The Smithy version is missing.
    #[error("expected the Smithy version, such as \"2.0\": is this a Smithy JSON AST?")]
    NoVersion,
    /// The Smithy version is neither 1 nor 2.
    #[error("unsupported Smithy version {0}: expected 1.0 or 2.0")]
    UnknownVersion(String),
    /// The shapes are missing.
    #[error("expected an object of shapes by id, as in a Smithy JSON AST")]
    NoShapes,
    /// A shape is not an object.
    #[error("expected an object with a \"type\"")]
    NotAShape,
    /// A shape without its type.
    #[error("expected the type of the shape, such as \"structure\"")]
    NoType,
    /// A type that no shape has in this format.
    #[error("unknown shape type \"{0}\"")]
    UnknownType(String),
    /// A reference that is not an object with a target.
    #[error("expected {{\"target\": \"namespace#Name\"}}")]
    NoTarget,
    /// A botocore reference that is not an object with a shape.
    #[error("expected {{\"shape\": \"Name\"}}")]
    NoShapeReference,
    /// A reference to a shape that the model does not define.
    #[error("the model does not define the shape {0}")]
    UnknownShape(String),
    /// A reference to a resource that the model does not define.
    #[error("the model does not define the resource {0}")]
    UnknownResource(String),
    /// An `apply` to a shape that the model does not define.
    #[error("\"apply\" to {0}, which the model does not define")]
    UnknownApplied(String),
    /// An operation of the service that the model does not define.
    #[error("the service lists {0}, which the model does not define")]
    UnknownOperation(String),
    /// Mixins of mixins, deeper than any real model.
    #[error("mixins are nested too deeply")]
    DeepMixins,
    /// A mixin that uses itself.
    #[error("the mixin uses itself")]
    CircularMixin,
    /// The service shape is missing.
    #[error("no service shape: a model needs exactly one")]
    NoService,
    /// More than one service.
    #[error("a second service beside {0}: a model needs exactly one")]
    SecondService(String),
}

fn location(pointer: &str) -> String {
    if pointer.is_empty() { String::new() } else { format!(" at {pointer}") }
}

/// Reads `text` as a `T`. On an error it is read again, slower, for the location.
pub(super) fn decode<'t, T: Deserialize<'t>>(file: &str, text: &'t str) -> Result<T, ModelError> {
    serde_json::from_str(text).map_err(|error| {
        let slower = serde_path_to_error::deserialize::<_, T>(&mut serde_json::Deserializer::from_str(text));
        let pointer = match slower {
            Err(error) if error.inner().is_data() => error.path().iter().map(segment).collect(),
            _ => String::new(),
        };
        let problem = if error.is_data() { ModelProblem::Form(error) } else { ModelProblem::NotJson(error) };
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
