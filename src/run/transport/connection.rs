//! One open connection. It sends the bytes of a request and reads at the same time: a peer may respond before it has
//! read the whole request.

use std::{io, pin::pin, time::Duration};

use bytes::BytesMut;
use futures_util::FutureExt as _;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf},
    time,
};

use super::{
    failure,
    http1::{BodyEnd, Parser},
};
use crate::wire::TransportError;

/// The size of one read, in bytes.
const PIECE: usize = 16 << 10;

/// TCP, or TLS over it.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Duplex for S {}

/// A stream of bytes in both directions.
pub(super) type ByteStream = Box<dyn Duplex>;

/// An open connection.
pub(super) struct Connection {
    reader: ReadHalf<ByteStream>,
    writer: WriteHalf<ByteStream>,
}

/// What a peer did on a connection since the last response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quiet {
    /// Nothing.
    Yes,
    /// It sent at least this number of bytes.
    Bytes(u64),
    /// It closed the connection.
    Closed,
}

/// The end of an exchange that has at least the head of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ExchangeEnd {
    pub(super) body: BodyEnd,
    /// The request was sent to its last byte.
    pub(super) is_sent: bool,
}

impl Connection {
    pub(super) fn new(stream: ByteStream) -> Self {
        let (reader, writer) = tokio::io::split(stream);
        Self { reader, writer }
    }

    /// Sends a request, and reads until the response is complete or the connection ends. With `half_close`, the peer
    /// sees the end of the stream after the request.
    pub(super) async fn exchange(
        &mut self,
        request: &[u8],
        half_close: bool,
        parser: &mut Parser,
    ) -> Result<ExchangeEnd, TransportError> {
        let mut received = pin!(receive(&mut self.reader, parser));
        let mut sent = pin!(send(&mut self.writer, request, half_close));
        let (body, sent) = tokio::select! {
            biased;
            sent = &mut sent => (received.await, Some(sent)),
            body = &mut received => (body, None),
        };
        let is_sent = matches!(sent, Some(Ok(())));
        match (body, sent) {
            (Ok(body), _) => Ok(ExchangeEnd { body, is_sent }),
            // Only the first failing read or write reports a reset. If the write reports it, the read only sees the end.
            (Err(TransportError::Closed), Some(Err(error))) => Err(failure::of_io(&error)),
            (Err(error), _) => Err(error),
        }
    }

    /// Looks at what the peer did since the last response, without waiting.
    pub(super) fn is_quiet(&mut self) -> Quiet {
        let mut piece = BytesMut::with_capacity(PIECE);
        match self.reader.read_buf(&mut piece).now_or_never() {
            None => Quiet::Yes,
            Some(Ok(count @ 1..)) => Quiet::Bytes(count as u64),
            Some(_) => Quiet::Closed,
        }
    }

    /// Counts the bytes after a complete response, up to a time limit.
    pub(super) async fn count_surplus(&mut self, wait: Duration, parser: &mut Parser) {
        let mut piece = BytesMut::with_capacity(PIECE);
        let count = async {
            while self.reader.read_buf(&mut piece).await.is_ok_and(|count| count > 0) {
                if parser.feed(&piece).is_err() {
                    break;
                }
                piece.clear();
            }
        };
        // The time limit is the usual end.
        let _ = time::timeout(wait, count).await;
    }
}

async fn send(writer: &mut WriteHalf<ByteStream>, request: &[u8], half_close: bool) -> io::Result<()> {
    writer.write_all(request).await?;
    writer.flush().await?;
    if half_close { writer.shutdown().await } else { Ok(()) }
}

/// Reads until the response is complete or the connection ends.
async fn receive(reader: &mut ReadHalf<ByteStream>, parser: &mut Parser) -> Result<BodyEnd, TransportError> {
    let mut piece = BytesMut::with_capacity(PIECE);
    while !parser.is_complete() {
        match reader.read_buf(&mut piece).await {
            Ok(0) if parser.has_head() => return Ok(BodyEnd::Closed),
            Ok(0) => return Err(TransportError::Closed),
            Ok(_) => parser.feed(&piece)?,
            Err(error) if !parser.has_head() => return Err(failure::of_io(&error)),
            Err(_) => return Ok(BodyEnd::Broken),
        }
        piece.clear();
    }
    Ok(BodyEnd::Closed)
}
