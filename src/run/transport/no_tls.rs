//! Replaces TLS in a build without it. Every use is an error that names the feature.

use std::error::Error;

use super::{Settings, SetupError, connection::ByteStream};
use crate::wire::TransportError;

pub(super) use NoEncryption as Encryption;

/// The error of every use, with the fix.
pub(super) const NO_TLS: &str = "this build of wireproof has no TLS: enable the feature `tls`";

/// Rejects encrypted connections.
pub(super) struct NoEncryption;

impl NoEncryption {
    /// Rejects additional certificates.
    pub(super) fn new(settings: &Settings) -> Result<Self, SetupError> {
        let is_wanted = settings.extra_ca.is_some() || settings.client_identity.is_some() || settings.insecure;
        if is_wanted { Err(SetupError::Client(NO_TLS.to_owned())) } else { Ok(Self) }
    }

    /// Always fails. An https endpoint was rejected before.
    #[expect(clippy::unused_async, reason = "the same call as with TLS")]
    pub(super) async fn connect(&self, _host: &str, _stream: ByteStream) -> Result<ByteStream, TransportError> {
        Err(TransportError::Tls { problem: "this build has no TLS".to_owned(), help: NO_TLS.to_owned() })
    }
}

/// Returns `None`: no error comes from TLS.
pub(super) fn failure(_cause: &(dyn Error + 'static)) -> Option<TransportError> {
    None
}
