//! Opens connections to endpoints: TCP, through a proxy if there is one, and TLS over it.

use std::time::Duration;

use tokio::{
    net::{TcpStream, lookup_host},
    time,
};

use super::{
    Endpoint, Settings, SetupError,
    connection::{ByteStream, Connection},
    failure,
    proxy::HttpProxy,
    tls,
};
use crate::wire::{Request, TransportError};

/// Opens connections with the trust and the time limit of the settings.
pub(super) struct Connector {
    tls: tls::Encryption,
    timeout: Duration,
    proxy: Option<HttpProxy>,
}

impl Connector {
    /// A connector. It does not connect.
    pub(super) fn new(settings: &Settings) -> Result<Self, SetupError> {
        Ok(Self {
            tls: tls::Encryption::new(settings)?,
            timeout: settings.limits.connect_timeout,
            proxy: settings.proxy.as_deref().map(HttpProxy::at).transpose()?,
        })
    }

    /// Opens a connection.
    pub(super) async fn connect(&self, endpoint: &Endpoint) -> Result<Connection, TransportError> {
        let stream = time::timeout(self.timeout, self.open(endpoint)).await;
        stream.unwrap_or(Err(TransportError::ConnectTimeout(self.timeout))).map(Connection::new)
    }

    /// The bytes of a request on a connection of this connector.
    pub(super) fn bytes(&self, endpoint: &Endpoint, request: &Request) -> Vec<u8> {
        match &self.proxy {
            Some(proxy) if !endpoint.is_https() => proxy.forwarded(endpoint, request).to_bytes(),
            _ => request.to_bytes(),
        }
    }

    async fn open(&self, endpoint: &Endpoint) -> Result<ByteStream, TransportError> {
        let stream = match &self.proxy {
            Some(proxy) => self.through(proxy, endpoint).await?,
            None => tcp(endpoint).await?,
        };
        if endpoint.is_https() { self.tls.connect(endpoint.host(), stream).await } else { Ok(stream) }
    }

    async fn through(&self, proxy: &HttpProxy, endpoint: &Endpoint) -> Result<ByteStream, TransportError> {
        let mut stream = tcp(&proxy.endpoint).await?;
        if proxy.endpoint.is_https() {
            stream = self.tls.connect(proxy.endpoint.host(), stream).await?;
        }
        if endpoint.is_https() { proxy.tunnel(stream, endpoint).await } else { Ok(stream) }
    }
}

async fn tcp(endpoint: &Endpoint) -> Result<ByteStream, TransportError> {
    let addresses = lookup_host((endpoint.host(), endpoint.port())).await;
    let addresses: Vec<_> = addresses.map_err(|error| TransportError::Dns(error.to_string()))?.collect();
    let stream = TcpStream::connect(addresses.as_slice()).await.map_err(|error| failure::of_io(&error))?;
    stream.set_nodelay(true).map_err(|error| failure::of_io(&error))?;
    Ok(Box::new(stream))
}
