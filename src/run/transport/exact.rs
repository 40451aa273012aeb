//! Sends requests byte for byte, each on its own connection.
//!
//! It writes the bytes of [`Request::to_bytes`] and reads at the same time: a peer may respond before it has read the
//! whole request.

use std::{io, pin::pin, time::Duration};

use bytes::BytesMut;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf},
    net::{TcpStream, lookup_host},
    time,
};

use super::{
    Endpoint, ExchangeFuture, Limits, Settings, SetupError, Transport, failure,
    http1::{BodyEnd, Parser},
    tls,
};
use crate::wire::{Request, Response, TransportError};

/// The size of one read, in bytes.
const PIECE: usize = 16 << 10;

/// A transport that sends requests byte for byte.
pub struct Exact {
    tls: tls::Encryption,
    limits: Limits,
    proxied: bool,
}

impl Exact {
    /// Sets up a transport. It does not connect.
    ///
    /// # Errors
    /// The certificates cannot be used.
    pub fn new(settings: &Settings) -> Result<Self, SetupError> {
        Ok(Self {
            tls: tls::Encryption::new(settings.extra_ca.as_deref())?,
            limits: settings.limits,
            proxied: settings.proxy.is_some(),
        })
    }

    async fn exchange(&self, endpoint: &Endpoint, request: &Request) -> Result<Response, TransportError> {
        if self.proxied {
            // A request that bypasses the proxy would be worse than an error.
            return Err(TransportError::Unsendable("an exact request does not go through a proxy".to_owned()));
        }
        let limit = self.limits.timeout;
        let response = time::timeout(limit, self.round_trip(endpoint, request)).await;
        let mut response = response.unwrap_or(Err(TransportError::Timeout(limit)))?;
        response.count_surplus(self.limits.surplus_wait).await;
        response.parser.into_response(response.end)
    }

    async fn round_trip(&self, endpoint: &Endpoint, request: &Request) -> Result<ExactResponse, TransportError> {
        let limit = self.limits.connect_timeout;
        let stream = time::timeout(limit, self.connect(endpoint)).await;
        let (reader, writer) = tokio::io::split(stream.unwrap_or(Err(TransportError::ConnectTimeout(limit)))?);
        let parser = Parser::new(&request.method, self.limits.head, self.limits.body);
        let mut received = pin!(ExactResponse { reader, parser, end: BodyEnd::Closed }.receive());
        let mut sent = pin!(send(writer, request));
        tokio::select! {
            response = &mut received => response,
            sent = &mut sent => blame(received.await, sent),
        }
    }

    async fn connect(&self, endpoint: &Endpoint) -> Result<Connection, TransportError> {
        let addresses = lookup_host((endpoint.host(), endpoint.port())).await;
        let addresses: Vec<_> = addresses.map_err(|error| TransportError::Dns(error.to_string()))?.collect();
        let stream = TcpStream::connect(addresses.as_slice()).await.map_err(|error| failure::of_io(&error))?;
        stream.set_nodelay(true).map_err(|error| failure::of_io(&error))?;
        if !endpoint.is_https() {
            return Ok(Box::new(stream));
        }
        self.tls.connect(endpoint.host(), stream).await
    }
}

impl Transport for Exact {
    fn send<'a>(&'a self, endpoint: &'a Endpoint, request: &'a Request) -> ExchangeFuture<'a> {
        Box::pin(self.exchange(endpoint, request))
    }
}

/// TCP, or TLS over it.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Duplex for S {}

/// An open connection.
pub(super) type Connection = Box<dyn Duplex>;

async fn send(mut writer: WriteHalf<Connection>, request: &Request) -> io::Result<()> {
    writer.write_all(&request.to_bytes()).await?;
    writer.flush().await?;
    if declares_more(request) {
        // The peer waits for the rest of the body: half-closing shows it the end.
        writer.shutdown().await?;
    }
    Ok(())
}

fn declares_more(request: &Request) -> bool {
    let declared = request.headers.get("content-length").and_then(|value| value.trim().parse::<u64>().ok());
    !request.chunked && declared.is_some_and(|declared| declared > request.body.len() as u64)
}

/// Only the first failing read or write reports a reset. If the write reports it, the read only sees the end.
fn blame(
    response: Result<ExactResponse, TransportError>,
    sent: io::Result<()>,
) -> Result<ExactResponse, TransportError> {
    match (response, sent) {
        (Err(TransportError::Closed), Err(error)) => Err(failure::of_io(&error)),
        (response, _) => response,
    }
}

/// A response that is being received.
struct ExactResponse {
    reader: ReadHalf<Connection>,
    parser: Parser,
    end: BodyEnd,
}

impl ExactResponse {
    /// Reads until the response is complete or the connection ends.
    async fn receive(mut self) -> Result<Self, TransportError> {
        let mut piece = BytesMut::with_capacity(PIECE);
        while !self.parser.is_complete() {
            match self.reader.read_buf(&mut piece).await {
                Ok(0) if self.parser.has_head() => break,
                Ok(0) => return Err(TransportError::Closed),
                Ok(_) => self.parser.feed(&piece)?,
                Err(error) if !self.parser.has_head() => return Err(failure::of_io(&error)),
                Err(_) => {
                    self.end = BodyEnd::Broken;
                    break;
                }
            }
            piece.clear();
        }
        Ok(self)
    }

    /// Counts the bytes after a complete response, up to a time limit.
    async fn count_surplus(&mut self, wait: Duration) {
        if !self.parser.is_complete() {
            return;
        }
        let mut piece = BytesMut::with_capacity(PIECE);
        let count = async {
            while self.reader.read_buf(&mut piece).await.is_ok_and(|count| count > 0) {
                if self.parser.feed(&piece).is_err() {
                    break;
                }
                piece.clear();
            }
        };
        // The time limit is the usual end.
        let _ = time::timeout(wait, count).await;
    }
}
