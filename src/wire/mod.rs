//! HTTP as plain values, and the AWS protocols over it. Nothing here opens a socket.
//!
//! | module | holds | may import |
//! |---|---|---|
//! | `curl` | The `curl` command for a request, without credentials |  |
//! | `digest` | SHA-256, and HMAC on it |  |
//! | `escapes` | Text with its escapes decoded |  |
//! | `json` | Strict JSON (RFC 8259): a value, and every problem that a tolerant parser hides |  |
//! | `message` | Requests and responses as they cross the wire |  |
//! | `cbor` | Strict CBOR (RFC 8949): a value, and every problem that a tolerant parser hides | `json` |
//! | `signing_date` | The date of a signed request |  |
//! | `sigv4` | AWS Signature Version 4 in headers, query strings and chunks, and its deliberate faults | `digest`, `signing_date` |
//! | `checksum` | Checksums of bodies, and the operations that require one | `digest`, `sigv4` |
//! | `event_stream` | Frames of event streams | `checksum` |
//! | `secrets` | The credentials of a run, overwritten wherever a peer sends them back | `escapes`, `message`, `sigv4` |
//! | `xml` | Strict, bounded XML 1.0: elements by their local names, and a writer with its escapes |  |
//! | `protocol` | The AWS protocols | `cbor`, `event_stream`, `json`, `xml` |
//! | `compression` | Compressed request bodies | `protocol` |
//! | `client_style` | How a client completes and addresses its requests | `compression`, `protocol` |

pub mod cbor;
pub mod checksum;
pub mod client_style;
pub mod compression;
mod curl;
pub mod digest;
mod escapes;
pub mod event_stream;
pub mod json;
mod message;
pub mod protocol;
pub mod secrets;
pub mod signing_date;
pub mod sigv4;
#[cfg(test)]
mod vectors;
pub mod xml;

pub use curl::curl;
pub use message::{Delivery, Headers, Request, Response, TransportError};
pub use protocol::{
    AwsJson, BuildError, ErrorIdentity, ParsedResponse, Protocol, RejectionClass, RestJson, UnknownProtocol,
    error_name, protocol_of,
};
pub use secrets::Secrets;
