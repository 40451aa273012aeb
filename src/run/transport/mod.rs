//! Sends requests to an endpoint and returns the response, or the error of the transport.
//!
//! This module owns the [`Transport`] trait and its implementations. [`Pooled`] sends well-formed requests, [`Exact`]
//! sends requests byte for byte, and [`Wire`] chooses between them. [`InProcess`] and `Tower` call an endpoint of this
//! process. Only this module opens a connection.
//!
//! A transport does not judge, follow redirects, decompress or repair. Each request has one response or one
//! [`TransportError`]. Only [`Pooled`] sends a request again: on a new connection, where a kept one was closed.

mod connection;
mod connector;
mod endpoint;
mod exact;
mod failure;
mod head;
mod http1;
mod in_process;
pub mod late_bytes;
#[cfg(not(feature = "tls"))]
mod no_tls;
mod pool;
mod pooled;
mod proxy;
mod received_body;
#[cfg(feature = "tls")]
mod server_trust;
#[cfg(test)]
mod test_server;
#[cfg(test)]
mod tests;
#[cfg(feature = "tls")]
mod tls;
#[cfg(feature = "tls")]
mod tls_failure;
#[cfg(feature = "tower")]
mod tower;
#[cfg(test)]
mod trust_tests;

use std::{pin::Pin, time::Duration};

use thiserror::Error;

use crate::wire::{Delivery, Request, Response, TransportError};

#[cfg(not(feature = "tls"))]
use no_tls as tls;
use received_body::BodyBudget;

pub use endpoint::{Endpoint, EndpointError};
pub use exact::Exact;
pub use in_process::{IN_PROCESS, InProcess, Reply};
pub use pooled::Pooled;
pub use proxy::proxy_credentials;
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

    /// The notes that a report shows about the transport of its run, one sentence each.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }

    /// Looks at what arrived on kept connections since their last response.
    fn settle(&self) {}
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
    /// The maximum size of a response body, in bytes. The case that gets a larger one is inconclusive.
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
            body: 1 << 20,
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
    /// The certificate that a server may require.
    pub client_identity: Option<ClientIdentity>,
    /// Accept every certificate of a server.
    pub insecure: bool,
    /// The URL of a proxy for pooled requests. The environment's proxy variables are never read.
    pub proxy: Option<String>,
    /// [`Wire`] sends every request byte for byte, on its own connection.
    pub exact_always: bool,
}

/// A client certificate with its private key, both in PEM.
///
/// The type has no `Debug`, because a key is a secret.
#[derive(Clone)]
pub struct ClientIdentity {
    /// The certificate, followed by those of its authorities if the server needs them.
    pub certificate: Vec<u8>,
    /// The private key, without a password.
    pub key: Vec<u8>,
}

/// An error in the settings of a transport.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The additional certificates cannot be used.
    #[error("the additional CA certificates cannot be used: {0}; expected PEM with BEGIN CERTIFICATE blocks")]
    Certificates(String),
    /// The client certificate cannot be used.
    #[error("the client certificate cannot be used: {0}; expected PEM files of a certificate and of its private key")]
    ClientCertificate(String),
    /// The proxy cannot be used.
    #[error("the proxy cannot be used: {0}; expected a URL such as http://127.0.0.1:3128")]
    Proxy(String),
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Client(String),
}

/// The note of a run that accepts every certificate.
const INSECURE: &str = "the certificate of the endpoint is not verified (--insecure)";

/// Sends each request by its [`Delivery`].
pub struct Wire {
    insecure: bool,
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
        let bodies = BodyBudget::default();
        Ok(Self {
            insecure: settings.insecure,
            pooled: Pooled::with_budget(settings, bodies.clone())?,
            exact: Exact::with_budget(settings, bodies)?,
            exact_always: settings.exact_always,
        })
    }
}

impl Transport for Wire {
    fn send<'a>(&'a self, endpoint: &'a Endpoint, request: &'a Request) -> ExchangeFuture<'a> {
        match request.delivery {
            Delivery::Pooled if !self.exact_always => self.pooled.send(endpoint, request),
            Delivery::Pooled | Delivery::Exact => self.exact.send(endpoint, request),
        }
    }

    fn notes(&self) -> Vec<String> {
        self.insecure.then(|| INSECURE.to_owned()).into_iter().chain(self.pooled.notes()).collect()
    }

    fn settle(&self) {
        self.pooled.settle();
    }
}
