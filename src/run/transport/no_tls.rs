//! Replaces TLS in a build without it. Every use is an error that names the feature.

use std::error::Error;

use reqwest::ClientBuilder;
use tokio::net::TcpStream;

use super::{SetupError, exact::Connection};
use crate::wire::TransportError;

pub(super) use NoEncryption as Encryption;

/// The error of every use, with the fix.
pub(super) const NO_TLS: &str = "this build of wireproof has no TLS: enable the feature `tls`";

/// Rejects encrypted connections.
pub(super) struct NoEncryption;

impl NoEncryption {
    /// Rejects additional certificates.
    pub(super) fn new(extra_ca: Option<&[u8]>) -> Result<Self, SetupError> {
        reject(extra_ca).map(|()| Self)
    }

    /// Always fails. An https endpoint was rejected before.
    #[expect(clippy::unused_async, reason = "the same call as with TLS")]
    pub(super) async fn connect(&self, _host: &str, _stream: TcpStream) -> Result<Connection, TransportError> {
        Err(TransportError::Tls(NO_TLS.to_owned()))
    }
}

/// Does not change the HTTP client.
pub(super) fn set_up(client: ClientBuilder, extra_ca: Option<&[u8]>) -> Result<ClientBuilder, SetupError> {
    reject(extra_ca).map(|()| client)
}

/// Returns `None`: no error comes from TLS.
pub(super) fn failure(_cause: &(dyn Error + 'static)) -> Option<TransportError> {
    None
}

fn reject(extra_ca: Option<&[u8]>) -> Result<(), SetupError> {
    match extra_ca {
        Some(_) => Err(SetupError::Client(NO_TLS.to_owned())),
        None => Ok(()),
    }
}
