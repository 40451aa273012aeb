//! Sends requests to an endpoint and returns the response, or the error of the transport.
//!
//! This module owns the [`Transport`] trait and its implementations. [`Pooled`] sends well-formed requests, [`Exact`]
//! sends requests byte for byte, and [`Wire`] chooses between them. [`InProcess`] and `Tower` call an endpoint of this
//! process. Only this module names an HTTP client.
//!
//! A transport does not judge, follow redirects, retry, decompress or repair. Each request has one response or one
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

/// An exchange in progress.
pub type ExchangeFuture<'a> = Pin<Box<dyn Future<Output = Result<Response, TransportError>> + Send + 'a>>;

/// Sends one request to an endpoint and returns the response.
pub trait Transport: Send + Sync {
    /// Sends `request` unchanged and reads one complete response within the limits.
    fn send<'a>(&'a self, endpoint: &'a Endpoint, request: &'a Request) -> ExchangeFuture<'a>;

    /// Returns the reason if this transport cannot send the request to any endpoint. The case is then not applicable.
    fn cannot_carry(&self, _request: &Request) -> Option<String> {
        None
    }
}

/// Time and size limits of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The time limit of an exchange, including the connection.
    pub timeout: Duration,
    /// The time limit of a connection, including the TLS handshake.
    pub connect_timeout: Duration,
    /// The maximum size of a response head, in bytes.
    pub head: usize,
    /// The maximum size of a response body, in bytes.
    pub body: usize,
    /// The time that an exact exchange waits for bytes after the end of the response.
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

/// The settings of a transport.
///
/// The type has no `Debug`, because the URL of a proxy may contain a password.
#[derive(Clone, Default)]
pub struct Settings {
    /// Time and size limits.
    pub limits: Limits,
    /// PEM certificates that are trusted in addition to the public roots.
    pub extra_ca: Option<Vec<u8>>,
    /// The URL of a proxy for pooled requests. The environment's proxy variables are never read.
    pub proxy: Option<String>,
    /// [`Wire`] sends every request byte for byte, on its own connection.
    pub exact_always: bool,
}

/// An error in the settings of a transport.
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

/// Sends each request by its [`Delivery`].
pub struct Wire {
    pooled: Pooled,
    exact: Exact,
    exact_always: bool,
}

impl Wire {
    /// Sets up both transports.
    ///
    /// # Errors
    /// The certificates or the proxy cannot be used.
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
