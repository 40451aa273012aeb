//! Converts an error of the system or of TLS to a [`TransportError`].
//!
//! The type and kind of the error decide, never its text.

use std::{error::Error, io, iter::successors};

use super::tls;
use crate::wire::TransportError;

/// Converts an error of the socket, or of TLS over it.
pub(super) fn of_io(error: &io::Error) -> TransportError {
    causes(error).find_map(named_by_system).unwrap_or_else(|| TransportError::Other(innermost(error)))
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
        assert!(matches!(of_io(&error), TransportError::Tls { .. }));
    }
}
