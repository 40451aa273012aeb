//! What takes the place of TLS in a build without it: every use is an error that names the feature.

use std::error::Error;

use reqwest::ClientBuilder;
use tokio::net::TcpStream;

use super::{SetupError, exact::Connection};
use crate::wire::TransportError;

pub(super) use NoEncryption as Encryption;

/// Why nothing is encrypted, and what to do about it.
pub(super) const NO_TLS: &str = "this build of wireproof has no TLS: enable the feature `tls`";

/// Opens no encrypted connection.
pub(super) struct NoEncryption;

impl NoEncryption {
    /// A connector without certificates.
    pub(super) fn new(extra_ca: Option<&[u8]>) -> Result<Self, SetupError> {
        refuse(extra_ca).map(|()| Self)
    }

    /// Fails. An endpoint at an https URL was rejected before.
    #[expect(clippy::unused_async, reason = "the same call as with TLS")]
    pub(super) async fn connect(&self, _host: &str, _stream: TcpStream) -> Result<Connection, TransportError> {
        Err(TransportError::Tls(NO_TLS.to_owned()))
    }
}

/// Leaves an HTTP client as it is.
pub(super) fn set_up(client: ClientBuilder, extra_ca: Option<&[u8]>) -> Result<ClientBuilder, SetupError> {
    refuse(extra_ca).map(|()| client)
}

/// No error is one of TLS.
pub(super) fn failure(_cause: &(dyn Error + 'static)) -> Option<TransportError> {
    None
}

fn refuse(extra_ca: Option<&[u8]>) -> Result<(), SetupError> {
    match extra_ca {
        Some(_) => Err(SetupError::Client(NO_TLS.to_owned())),
        None => Ok(()),
    }
}
