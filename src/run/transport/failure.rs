//! Converts an error of the HTTP client or the system to a [`TransportError`].
//!
//! The type and kind of the error decide, never its text.

use std::{error::Error, io, iter::successors};

use super::{Limits, tls};
use crate::wire::TransportError;

/// Converts the error of a pooled request without a response.
pub(super) fn of_request(error: &reqwest::Error, limits: &Limits) -> TransportError {
    if error.is_timeout() {
        let connecting = error.is_connect();
        return if connecting {
            TransportError::ConnectTimeout(limits.connect_timeout)
        } else {
            TransportError::Timeout(limits.timeout)
        };
    }
    if error.is_dns() {
        return TransportError::Dns(innermost(error));
    }
    if error.is_builder() {
        return TransportError::Unsendable(innermost(error));
    }
    let named = causes(error).find_map(|cause| named(cause, limits));
    match named {
        // Only the TLS handshake reads during connecting, so the peer cut off the handshake.
        Some(TransportError::Closed) if error.is_connect() => TransportError::Tls(innermost(error)),
        Some(named) => named,
        None if causes(error).any(is_abandoned) => TransportError::Closed,
        None => TransportError::Other(innermost(error)),
    }
}

/// Converts the error in the body of a pooled response; `None` if the connection ended early.
pub(super) fn of_body(error: &reqwest::Error) -> Option<TransportError> {
    let encrypted = causes(error).any(|cause| tls::failure(cause).is_some());
    let malformed = causes(error).filter_map(|cause| cause.downcast_ref::<io::Error>()).any(is_malformed);
    (malformed && !encrypted).then(|| TransportError::NotHttp(innermost(error)))
}

/// Converts an error of the socket, or of TLS over it.
pub(super) fn of_io(error: &io::Error) -> TransportError {
    causes(error).find_map(named_by_system).unwrap_or_else(|| TransportError::Other(innermost(error)))
}

fn named(cause: &(dyn Error + 'static), limits: &Limits) -> Option<TransportError> {
    let Some(error) = cause.downcast_ref::<hyper::Error>() else { return named_by_system(cause) };
    if error.is_parse_too_large() {
        Some(TransportError::HeadTooLarge(limits.head))
    } else if error.is_parse() {
        Some(TransportError::NotHttp(error.to_string()))
    } else {
        error.is_incomplete_message().then_some(TransportError::Closed)
    }
}

fn named_by_system(cause: &(dyn Error + 'static)) -> Option<TransportError> {
    if let Some(failure) = tls::failure(cause) {
        return Some(failure);
    }
    match cause.downcast_ref::<io::Error>()?.kind() {
        io::ErrorKind::ConnectionRefused => Some(TransportError::Refused),
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => Some(TransportError::Reset),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe => Some(TransportError::Closed),
        _ => None,
    }
}

/// Returns true if the connection ended before it accepted the request.
fn is_abandoned(cause: &(dyn Error + 'static)) -> bool {
    cause.downcast_ref::<hyper::Error>().is_some_and(|error| error.is_canceled() || error.is_closed())
}

/// Returns true if the client could not parse the response. hyper reports malformed chunks this way.
fn is_malformed(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData)
}

fn innermost(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

/// The error and its causes. `io::Error::source` skips the wrapped error, which is often the most specific one.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    successors(Some(error), |&current: &&'a (dyn Error + 'static)| match current.downcast_ref::<io::Error>() {
        Some(error) => error.get_ref().map(|inner| inner as &(dyn Error + 'static)),
        None => current.source(),
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(io::ErrorKind::ConnectionRefused, TransportError::Refused)]
    #[case(io::ErrorKind::ConnectionReset, TransportError::Reset)]
    #[case(io::ErrorKind::ConnectionAborted, TransportError::Reset)]
    #[case(io::ErrorKind::BrokenPipe, TransportError::Closed)]
    #[case(io::ErrorKind::UnexpectedEof, TransportError::Closed)]
    #[case(io::ErrorKind::NetworkUnreachable, TransportError::Other("network unreachable".into()))]
    fn the_kind_of_a_socket_error_decides(#[case] kind: io::ErrorKind, #[case] expected: TransportError) {
        assert_eq!(of_io(&io::Error::from(kind)), expected);
    }

    #[test]
    fn a_tls_error_inside_an_io_error_is_found() {
        let error = io::Error::new(io::ErrorKind::InvalidData, rustls::Error::DecryptError);
        assert!(matches!(of_io(&error), TransportError::Tls(_)));
    }
}
