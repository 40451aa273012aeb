//! HTTP as plain values, and the AWS protocols over it. Nothing here opens a socket.
//!
//! | module | holds |
//! |---|---|
//! | `message` | [`Request`], [`Response`], their [`Headers`], and [`TransportError`] |
//! | [`protocol`] | the [`Protocol`](protocol::Protocol) trait, one file for each protocol, and all their literals |
//! | [`json`] | strict JSON (RFC 8259) |
//! | [`sigv4`] | AWS Signature Version 4, and its faults |
//! | `curl` | the `curl` command for a request |

mod curl;
pub mod digest;
pub mod json;
mod message;
pub mod protocol;
pub mod sigv4;

pub use curl::curl;
pub use message::{Delivery, Headers, Request, Response, Secrets, TransportError};
pub use protocol::{
    AwsJson, BuildError, ErrorIdentity, ParsedResponse, Protocol, RefusalClass, RestJson, UnknownProtocol, error_name,
    protocol_of,
};
