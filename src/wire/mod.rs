//! HTTP as plain values, and the AWS protocols over it. Nothing here opens a socket.
//!
//! | module | holds | may import |
//! |---|---|---|
//! | `curl` | The `curl` command for a request, without credentials |  |
//! | `digest` | SHA-256, and HMAC on it |  |
//! | `escapes` | Text with its escapes decoded |  |
//! | `json` | Strict JSON (RFC 8259): a value, and every problem that a tolerant parser hides |  |
//! | `message` | Requests and responses as they cross the wire |  |
//! | `protocol` | The AWS protocols | `json` |
//! | `secrets` | The credentials of a run, overwritten wherever a peer sends them back | `escapes`, `message`, `sigv4` |
//! | `signing_date` | The date of a signed request |  |
//! | `sigv4` | AWS Signature Version 4 in headers, and its deliberate faults | `digest`, `signing_date` |

mod curl;
pub mod digest;
mod escapes;
pub mod json;
mod message;
pub mod protocol;
pub mod secrets;
pub mod signing_date;
pub mod sigv4;

pub use curl::curl;
pub use message::{Delivery, Headers, Request, Response, TransportError};
pub use protocol::{
    AwsJson, BuildError, ErrorIdentity, ParsedResponse, Protocol, RejectionClass, RestJson, UnknownProtocol,
    error_name, protocol_of,
};
pub use secrets::Secrets;
