//! Requests byte for byte, each on a connection of its own.
//!
//! Writes what [`Request::to_bytes`] gives and reads while it writes: a peer that answers before it has read all
//! still gets its answer read.

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

/// How much is read at once.
const PIECE: usize = 16 << 10;

/// A transport that changes nothing.
pub struct Exact {
    tls: tls::Encryption,
    limits: Limits,
    proxied: bool,
}

impl Exact {
    /// A transport; nothing is connected yet.
    ///
    /// # Errors
    /// Certificates that cannot be used.
    pub fn new(settings: &Settings) -> Result<Self, SetupError> {
        Ok(Self {
            tls: tls::Encryption::new(settings.extra_ca.as_deref())?,
            limits: settings.limits,
            proxied: settings.proxy.is_some(),
        })
    }

    async fn exchange(&self, endpoint: &Endpoint, request: &Request) -> Result<Response, TransportError> {
        if self.proxied {
            // Going around the proxy in silence would be worse.
            return Err(TransportError::Unsendable("an exact request does not go through a proxy".to_owned()));
        }
        let limit = self.limits.timeout;
        let answer = time::timeout(limit, self.ask(endpoint, request)).await;
        let mut answer = answer.unwrap_or(Err(TransportError::Timeout(limit)))?;
        answer.count_surplus(self.limits.surplus_wait).await;
        answer.parser.into_response(answer.end)
    }

    async fn ask(&self, endpoint: &Endpoint, request: &Request) -> Result<ExactResponse, TransportError> {
        let limit = self.limits.connect_timeout;
        let stream = time::timeout(limit, self.connect(endpoint)).await;
        let (reader, writer) = tokio::io::split(stream.unwrap_or(Err(TransportError::ConnectTimeout(limit)))?);
        let parser = Parser::new(&request.method, self.limits.head, self.limits.body);
        let mut received = pin!(ExactResponse { reader, parser, end: BodyEnd::Closed }.receive());
        let mut sent = pin!(send(writer, request));
        tokio::select! {
            answer = &mut received => answer,
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
    if promises_more(request) {
        // The peer waits for a body that does not come: it is told so instead.
        writer.shutdown().await?;
    }
    Ok(())
}

fn promises_more(request: &Request) -> bool {
    let promised = request.headers.get("content-length").and_then(|value| value.trim().parse::<u64>().ok());
    !request.chunked && promised.is_some_and(|promised| promised > request.body.len() as u64)
}

/// A reset is reported once, to whoever meets it first: a reader then sees a mere end.
fn blame(answer: Result<ExactResponse, TransportError>, sent: io::Result<()>) -> Result<ExactResponse, TransportError> {
    match (answer, sent) {
        (Err(TransportError::Closed), Err(error)) => Err(failure::of_io(&error)),
        (answer, _) => answer,
    }
}

/// An answer as far as it has come.
struct ExactResponse {
    reader: ReadHalf<Connection>,
    parser: Parser,
    end: BodyEnd,
}

impl ExactResponse {
    /// Reads until the answer is whole or nothing more comes.
    async fn receive(mut self) -> Result<Self, TransportError> {
        let mut piece = BytesMut::with_capacity(PIECE);
        while !self.parser.is_whole() {
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

    /// Counts what comes after a whole answer, for a moment.
    async fn count_surplus(&mut self, wait: Duration) {
        if !self.parser.is_whole() {
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
        // That time is up is the usual end.
        let _ = time::timeout(wait, count).await;
    }
}
