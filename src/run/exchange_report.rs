//! An exchange as text: the request and the response, in readable form.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::{
    judge::transcript::{Exchange, Role},
    wire::Request,
};

/// The maximum length of a head or a body, in bytes. Longer ones are truncated.
const LONGEST: usize = 16 * 1024;

/// One request and its result. Credentials were removed before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangeReport {
    /// The step of the scenario, from 1; 0 outside of the steps.
    pub step: usize,
    /// The purpose of the request.
    pub role: Role,
    /// The service, by its folder; empty for the state-change URL.
    pub service: String,
    /// The operation.
    pub operation: String,
    /// The request.
    pub request: MessageReport,
    /// The response, or the error of the transport.
    pub outcome: ExchangeOutcome,
    /// The duration in microseconds.
    pub elapsed_us: u64,
}

/// An exchange as text, without credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownExchange {
    /// The request.
    pub request: String,
    /// The response, or the error of the transport.
    pub response: String,
    /// A `curl` command that sends the same request.
    pub curl: String,
}

/// The result of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExchangeOutcome {
    /// A response came.
    Response {
        /// Its status.
        status: u16,
        /// Its text.
        message: MessageReport,
        /// The number of bytes that were announced and never came.
        missing: u64,
        /// The number of bytes that came after the end.
        surplus: u64,
    },
    /// No response came.
    Failed {
        /// The error of the transport.
        reason: String,
    },
}

/// A request or a response as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageReport {
    /// The first line and the header fields, with the empty line at the end.
    pub head: String,
    /// The body.
    pub body: String,
}

impl ExchangeReport {
    /// The report of an exchange.
    #[must_use]
    pub fn of(exchange: &Exchange) -> Self {
        let outcome = match &exchange.outcome {
            Ok(response) => ExchangeOutcome::Response {
                status: response.status,
                message: MessageReport::split(&response.to_bytes(), response.body.len()),
                missing: response.missing,
                surplus: response.surplus,
            },
            Err(error) => ExchangeOutcome::Failed { reason: error.in_detail() },
        };
        Self {
            step: exchange.step,
            role: exchange.role,
            service: exchange.service.clone(),
            operation: exchange.operation.clone(),
            request: MessageReport::of_request(&exchange.request),
            outcome,
            elapsed_us: u64::try_from(exchange.elapsed.as_micros()).unwrap_or(u64::MAX),
        }
    }
}

impl MessageReport {
    fn of_request(request: &Request) -> Self {
        // A chunked body is shown with its framing.
        let body = if request.chunked { 0 } else { request.body.len() };
        Self::split(&request.to_bytes(), body)
    }

    /// A message whose last `body` bytes are the body.
    fn split(bytes: &[u8], body: usize) -> Self {
        let head = bytes.len().saturating_sub(body);
        let (head, body) = bytes.split_at_checked(head).unwrap_or((bytes, &[]));
        Self { head: shortened(head), body: shortened(body) }
    }
}

fn shortened(bytes: &[u8]) -> String {
    let text = text(bytes.get(..LONGEST).unwrap_or(bytes));
    if bytes.len() > LONGEST { format!("{text}… ({} bytes)", bytes.len()) } else { text }
}

/// Bytes as text. Bytes that are not UTF-8 are written as `\xff`.
fn text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // Writing to a String cannot fail.
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(b"a\xff\xfeb", r"a\xff\xfeb")]
    #[case("ü".as_bytes(), "ü")]
    #[case(b"\xc3", r"\xc3")]
    fn bytes_that_are_not_utf8_are_escaped(#[case] bytes: &[u8], #[case] shown: &str) {
        assert_eq!(text(bytes), shown);
    }

    #[test]
    fn a_long_body_is_cut_and_its_length_reported() {
        let message = MessageReport::split(&vec![b'x'; LONGEST + 3], LONGEST + 1);
        assert_eq!(message.head, "xx");
        assert!(message.body.ends_with("x… (16385 bytes)"));
        assert_eq!(MessageReport::split(&vec![b'x'; LONGEST], LONGEST).body.len(), LONGEST);
    }
}
