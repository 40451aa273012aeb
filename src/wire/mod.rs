//! HTTP as plain values, and the AWS protocols over it.
//!
//! Owns [`Request`] and [`Response`], one file a [`Protocol`], the identification of errors, strict JSON and
//! SigV4. Pure: nothing here opens a socket, and no HTTP client's type appears.

mod aws_json;
mod curl;
pub mod digest;
mod error_identity;
pub mod json;
mod message;
mod protocol;
mod refusal;
mod rest_json;
pub mod sigv4;

pub use aws_json::AwsJson;
pub use curl::curl;
pub use error_identity::{ErrorIdentity, error_name};
pub use message::{Delivery, Headers, Request, Response, Secrets, TransportError};
pub use protocol::{BuildError, ParsedResponse, Protocol, UnknownProtocol, protocol};
pub use refusal::RefusalClass;
pub use rest_json::RestJson;
