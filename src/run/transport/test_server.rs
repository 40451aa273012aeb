//! Servers on loopback that misbehave as a test requires.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use super::Endpoint;

/// A server that stops when it is dropped.
pub(super) struct Server {
    address: SocketAddr,
    accepts: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Server {
    /// Passes each connection to `serve`.
    pub(super) async fn start<F, Fut>(serve: F) -> Self
    where
        F: Fn(TcpStream) -> Fut + Send + 'static,
        Fut: Future<Output = io::Result<()>> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let accepts = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&accepts);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream));
            }
        });
        Self { address, accepts, task }
    }

    /// Reads one request on each connection, sends `response`, and then handles the connection as in `after`.
    pub(super) async fn responding(response: impl Into<Vec<u8>>, after: After) -> Self {
        let response: Arc<[u8]> = response.into().into();
        Self::start(move |mut stream| {
            let response = Arc::clone(&response);
            async move {
                read_request(&mut stream).await?;
                stream.write_all(&response).await?;
                after.apply(stream).await
            }
        })
        .await
    }

    /// Sends `response` over TLS to a request whose body is `{}`, and closes the connection without `close_notify`, as
    /// many servers do.
    pub(super) async fn over_tls(config: rustls::ServerConfig, response: &'static str) -> Self {
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        Self::start(move |stream| {
            let acceptor = acceptor.clone();
            async move {
                let mut stream = acceptor.accept(stream).await?;
                let mut request = Vec::new();
                while !request.ends_with(b"{}") {
                    if stream.read_buf(&mut request).await? == 0 {
                        return Ok(());
                    }
                }
                stream.write_all(response.as_bytes()).await?;
                stream.flush().await
            }
        })
        .await
    }

    pub(super) fn endpoint(&self) -> Endpoint {
        self.url("http").parse().unwrap()
    }

    pub(super) fn https_endpoint(&self) -> Endpoint {
        self.url("https").parse().unwrap()
    }

    /// The number of accepted connections.
    pub(super) fn accepts(&self) -> usize {
        self.accepts.load(Ordering::SeqCst)
    }

    fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The end of a connection after the response.
#[derive(Debug, Clone, Copy)]
pub(super) enum After {
    Close,
    Reset,
    Hold,
}

impl After {
    pub(super) async fn apply(self, stream: TcpStream) -> io::Result<()> {
        match self {
            Self::Close => {}
            Self::Reset => {
                // Wait until the response arrives: a reset discards bytes in transit.
                tokio::time::sleep(Duration::from_millis(50)).await;
                stream.set_zero_linger()?;
            }
            Self::Hold => tokio::time::sleep(Duration::from_secs(60)).await,
        }
        Ok(())
    }
}

/// Reads one request with a content-length.
pub(super) async fn read_request(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let text = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
        if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
            return Ok(bytes);
        }
    }
}
