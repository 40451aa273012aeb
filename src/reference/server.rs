//! The HTTP/1.1 server of an endpoint. It decides only how much of a body to read, and how long to wait.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, Full};
use hyper::{
    Request, Response,
    body::{Body as _, Incoming},
    header::{HeaderName, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
    time::{sleep, timeout},
};

use super::clock::real_now;
use crate::wire;

/// The largest body of a request, in bytes.
pub(super) const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// An endpoint as a function from requests to responses. `real_now` is in epoch seconds.
pub(super) trait HttpEndpoint: Send + Sync {
    /// Responds to a request.
    fn handle(&self, request: &wire::Request, real_now: f64) -> wire::Response;

    /// Responds to a request whose body is over the limit.
    fn too_large(&self, request: &wire::Request, real_now: f64) -> wire::Response;
}

/// A running server. It stops when it is dropped.
#[derive(Debug)]
pub(super) struct RunningServer {
    pub(super) address: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl RunningServer {
    /// Binds an address and serves an endpoint there. Port 0 selects a free port.
    pub(super) async fn start(endpoint: Arc<dyn HttpEndpoint>, listen: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(serve(listener, endpoint, stopped));
        Ok(Self { address, stop, task })
    }

    /// The URL of the endpoint.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops listening, completes open responses, and returns when all connections are closed.
    pub(super) async fn stop(self) {
        let _ = self.stop.send(true);
        // A server task always returns. A panic in it was already reported.
        let _ = self.task.await;
    }
}

/// The timeout for a request head and for idle connections.
const IDLE: Duration = Duration::from_secs(120);

/// The timeout for a body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// The timeout for open responses after a stop.
const GRACE: Duration = Duration::from_secs(2);

/// The maximum number of bytes to read from a body over the limit, so that the client receives the response.
const DRAIN_LIMIT: usize = 4 * BODY_LIMIT;

/// Serves until `stopped` changes or its sender is dropped, then completes open responses.
async fn serve(listener: TcpListener, endpoint: Arc<dyn HttpEndpoint>, mut stopped: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, Arc::clone(&endpoint), stopped.clone()));
                }
                // Usually out of file descriptors. Other connections close soon.
                Err(_) => sleep(Duration::from_millis(10)).await,
            },
            Some(_) = connections.join_next() => {}
            _ = stopped.changed() => break,
        }
    }
    drop(listener);
    let _ = timeout(GRACE, async { while connections.join_next().await.is_some() {} }).await;
}

async fn connection(stream: TcpStream, endpoint: Arc<dyn HttpEndpoint>, mut stopped: watch::Receiver<bool>) {
    // Responses are small and written at once. Waiting to fill a segment only delays them.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let endpoint = Arc::clone(&endpoint);
        async move { respond(request, &*endpoint).await }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    // A broken connection is not an error of the server. The client sees it.
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopped.changed() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

/// Responds to one request. An incomplete body is an error, which closes the connection without a response.
async fn respond(request: Request<Incoming>, endpoint: &dyn HttpEndpoint) -> io::Result<Response<Full<Bytes>>> {
    let (head, body) = request.into_parts();
    let mut request = wire::Request {
        method: head.method.as_str().to_owned(),
        target: head.uri.path_and_query().map_or_else(|| head.uri.to_string(), ToString::to_string),
        headers: head
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())))
            .collect(),
        ..wire::Request::default()
    };
    let body = timeout(BODY_TIMEOUT, read(body)).await??;
    let response = match body {
        Some(body) => {
            request.body = body;
            endpoint.handle(&request, real_now())
        }
        None => endpoint.too_large(&request, real_now()),
    };
    outgoing(response)
}

/// Reads the complete body. Returns `None` if it is over the limit.
async fn read(mut body: Incoming) -> io::Result<Option<Bytes>> {
    let mut whole = BytesMut::new();
    let mut length = 0_usize;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(io::Error::other)?;
        let Some(data) = frame.data_ref() else { continue };
        length = length.saturating_add(data.len());
        if length <= BODY_LIMIT {
            whole.extend_from_slice(data);
        } else if length > DRAIN_LIMIT || body.is_end_stream() {
            break;
        }
    }
    Ok((length <= BODY_LIMIT).then(|| whole.freeze()))
}

fn outgoing(response: wire::Response) -> io::Result<Response<Full<Bytes>>> {
    let mut out = Response::builder().status(response.status);
    for (name, value) in response.headers.iter() {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(io::Error::other)?;
        out = out.header(name, HeaderValue::from_str(value).map_err(io::Error::other)?);
    }
    out.body(Full::new(response.body)).map_err(io::Error::other)
}
