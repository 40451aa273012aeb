//! Carries requests to an endpoint and brings back what came, or why nothing came.
//!
//! Owns the [`Transport`] trait and its implementations: [`Pooled`] for well-formed requests and [`Exact`] for
//! requests that must arrive byte for byte, between which [`Wire`] chooses, and [`InProcess`] and `Tower` for an
//! endpoint of this process. The only place that names an HTTP client.
//! It refuses to judge, to follow, to retry, to decompress and to repair: one request, one answer or one
//! [`TransportError`].

mod endpoint;
mod exact;
mod failure;
mod head;
mod http1;
mod in_process;
#[cfg(not(feature = "tls"))]
mod no_tls;
mod pooled;
#[cfg(test)]
mod test_server;
#[cfg(test)]
mod tests;
#[cfg(feature = "tls")]
mod tls;
#[cfg(feature = "tower")]
mod tower;

use std::{pin::Pin, time::Duration};

use thiserror::Error;

use crate::wire::{Delivery, Request, Response, TransportError};

#[cfg(not(feature = "tls"))]
use no_tls as tls;

pub use endpoint::{Endpoint, EndpointError};
pub use exact::Exact;
pub use in_process::{InProcess, Reply};
pub use pooled::Pooled;
#[cfg(feature = "tower")]
pub use tower::{Tower, tower};

/// An exchange under way.
pub type ExchangeFuture<'a> = Pin<Box<dyn Future<Output = Result<Response, TransportError>> + Send + 'a>>;

/// Something that carries one request to an endpoint and brings the answer back.
pub trait Transport: Send + Sync {
    /// Sends `request` as it stands and reads one whole answer within the limits.
    fn send<'a>(&'a self, endpoint: &'a Endpoint, request: &'a Request) -> ExchangeFuture<'a>;

    /// Why this way has no form for that request at all, whatever the endpoint: its case is then not applicable.
    fn cannot_carry(&self, _request: &Request) -> Option<String> {
        None
    }
}

/// How long to wait and how much to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For a whole exchange, connecting included.
    pub timeout: Duration,
    /// For a connection, TLS handshake included.
    pub connect_timeout: Duration,
    /// The largest head of an answer, in bytes.
    pub head: usize,
    /// The largest body of an answer, in bytes.
    pub body: usize,
    /// How long an exact exchange looks for bytes after the end of the answer.
    pub surplus_wait: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(3),
            head: 64 << 10,
            body: 16 << 20,
            surplus_wait: Duration::from_millis(20),
        }
    }
}

/// What a transport is set up with.
///
/// There is no `Debug`: the URL of a proxy may hold a password.
#[derive(Clone, Default)]
pub struct Settings {
    /// Times and sizes.
    pub limits: Limits,
    /// Certificates in PEM that are trusted besides the public roots.
    pub extra_ca: Option<Vec<u8>>,
    /// The URL of a proxy for pooled requests. The environment's proxy variables are never read.
    pub proxy: Option<String>,
    /// Whether [`Wire`] sends every request exactly, on a connection of its own.
    pub exact_always: bool,
}

/// Settings that no transport can be made of.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The additional certificates cannot be used.
    #[error("the additional CA certificates cannot be used: {0}; expected PEM with BEGIN CERTIFICATE blocks")]
    Certificates(String),
    /// The proxy cannot be used.
    #[error("the proxy cannot be used: {0}; expected a URL such as http://127.0.0.1:3128")]
    Proxy(String),
    /// TLS or the HTTP client cannot be set up.
    #[error("the HTTP client cannot be set up: {0}")]
    Client(String),
}

/// Sends each request the way that its [`Delivery`] asks for.
pub struct Wire {
    pooled: Pooled,
    exact: Exact,
    exact_always: bool,
}

impl Wire {
    /// A transport of both kinds.
    ///
    /// # Errors
    /// Certificates or a proxy that cannot be used.
    pub fn new(settings: &Settings) -> Result<Self, SetupError> {
        Ok(Self { pooled: Pooled::new(settings)?, exact: Exact::new(settings)?, exact_always: settings.exact_always })
    }
}

impl Transport for Wire {
    fn send<'a>(&'a self, endpoint: &'a Endpoint, request: &'a Request) -> ExchangeFuture<'a> {
        match request.delivery {
            Delivery::Pooled if !self.exact_always => self.pooled.send(endpoint, request),
            Delivery::Pooled | Delivery::Exact => self.exact.send(endpoint, request),
        }
    }
}
