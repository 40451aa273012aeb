//! An endpoint in this process: a function from requests to replies, called without a socket.
//!
//! A body that differs from its declared length arrives as it does on a socket: truncated, or never. The transport
//! waits by tokio's clock, so a paused clock skips hours of polling.

use std::{borrow::Cow, time::Duration};

use tokio::{task::yield_now, time::sleep};

use super::{Endpoint, ExchangeFuture, Transport};
use crate::wire::{Request, Response, TransportError};

/// The URL of an endpoint of this process. Nothing is sent there.
pub const IN_PROCESS: &str = "http://localhost";

/// The reply of an endpoint to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// The endpoint responds.
    Answer(Response),
    /// The endpoint never responds.
    Silence,
    /// The endpoint closes the connection.
    Close,
}

/// Passes requests to a function of this process.
///
/// ```
/// use std::time::Duration;
/// use wireproof::{InProcess, Reply, Request, Response, Transport};
///
/// let nothing = InProcess::new(|_: &Request| Reply::Answer(Response { status: 501, ..Response::default() }));
/// let slow = nothing.delayed(Duration::from_millis(200));
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
/// let endpoint = "http://127.0.0.1:1".parse()?;
/// let response = runtime.block_on(slow.send(&endpoint, &Request::default()))?;
/// assert_eq!(response.status, 501);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct InProcess<F> {
    reply: F,
    delay: Duration,
    timeout: Duration,
}

impl<F: Fn(&Request) -> Reply + Send + Sync> InProcess<F> {
    /// A transport that calls this function for every endpoint.
    #[must_use]
    pub fn new(reply: F) -> Self {
        Self { reply, delay: Duration::ZERO, timeout: super::Limits::default().timeout }
    }

    /// Delays every response by this duration.
    #[must_use]
    pub fn delayed(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    async fn exchange(&self, request: &Request) -> Result<Response, TransportError> {
        let reply = match arrived(request) {
            Some(request) => (self.reply)(&request),
            None => Reply::Close,
        };
        if self.delay.is_zero() {
            // An immediate response lets other cases run, as a socket does.
            yield_now().await;
        } else {
            sleep(self.delay).await;
        }
        match reply {
            Reply::Answer(response) => Ok(response),
            Reply::Close => Err(TransportError::Closed),
            Reply::Silence => {
                sleep(self.timeout.saturating_sub(self.delay)).await;
                Err(TransportError::Timeout(self.timeout))
            }
        }
    }
}

impl<F: Fn(&Request) -> Reply + Send + Sync> Transport for InProcess<F> {
    fn send<'a>(&'a self, _endpoint: &'a Endpoint, request: &'a Request) -> ExchangeFuture<'a> {
        Box::pin(self.exchange(request))
    }
}

/// The request as a server reads it from its stream; `None` if the server waits for bytes that never arrive.
fn arrived(request: &Request) -> Option<Cow<'_, Request>> {
    let declared = request.headers.get("content-length").and_then(|length| length.trim().parse::<usize>().ok());
    match declared.filter(|_| !request.chunked) {
        Some(length) if length > request.body.len() => None,
        Some(length) if length < request.body.len() => {
            let body = request.body.slice(..length);
            Some(Cow::Owned(Request { body, ..request.clone() }))
        }
        _ => Some(Cow::Borrowed(request)),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn echo(request: &Request) -> Reply {
        Reply::Answer(Response { status: 200, body: request.body.clone(), ..Response::default() })
    }

    fn request(length: &str) -> Request {
        Request {
            headers: [("Content-Length", length)].into_iter().collect(),
            body: bytes::Bytes::from_static(b"12345"),
            ..Request::default()
        }
    }

    async fn send<F: Fn(&Request) -> Reply + Send + Sync>(
        transport: InProcess<F>,
        request: &Request,
    ) -> Result<Response, TransportError> {
        transport.send(&"http://127.0.0.1:1".parse().unwrap(), request).await
    }

    #[rstest]
    #[case::right("5", Ok("12345"))]
    #[case::short("3", Ok("123"))]
    #[case::long("6", Err(TransportError::Closed))]
    #[case::no_number("x", Ok("12345"))]
    #[tokio::test]
    async fn a_declared_length_counts_as_on_a_socket(
        #[case] length: &str,
        #[case] expected: Result<&'static str, TransportError>,
    ) {
        let got = send(InProcess::new(echo), &request(length)).await;
        assert_eq!(got.map(|response| response.body), expected.map(bytes::Bytes::from));
    }

    #[tokio::test(start_paused = true)]
    async fn silence_lasts_until_the_time_limit_and_a_response_is_delayed() {
        let begun = tokio::time::Instant::now();
        let got = send(InProcess::new(|_: &Request| Reply::Silence), &request("5")).await;
        assert_eq!(got, Err(TransportError::Timeout(Duration::from_secs(10))));
        assert_eq!(begun.elapsed().as_secs(), 10);
        let slow = InProcess::new(echo).delayed(Duration::from_millis(200));
        assert!(send(slow, &request("5")).await.is_ok());
        assert_eq!(begun.elapsed().as_millis(), 10_200);
        assert_eq!(send(InProcess::new(|_: &Request| Reply::Close), &request("5")).await, Err(TransportError::Closed));
    }
}
