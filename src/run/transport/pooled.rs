//! Sends well-formed requests over connections that it keeps open.
//!
//! A request that is not well-formed could spoil the next one on its connection, so this transport rejects it. A peer
//! may close a kept connection at any time, even without `connection: close`. As HTTP clients do, this transport then
//! sends the request once more on a new connection, if nothing of a response was read. It keeps no connection of a peer
//! that did so.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::{self, Instant};

use super::{
    Endpoint, ExchangeFuture, Limits, Settings, SetupError, Transport,
    connection::{Connection, ExchangeEnd},
    connector::Connector,
    http1::Parser,
};
use crate::wire::{Delivery, Request, Response, TransportError};

/// The idle timeout of connections. Most servers keep them for at least two seconds.
const IDLE: Duration = Duration::from_secs(1);

/// The note of a run whose endpoint closed kept connections.
const CLOSED_SILENTLY: &str = "the endpoint closes connections without `connection: close`, so requests were sent again, \
                               and each later one on its own connection";

/// A pool of connections. Share it, so that requests share connections.
pub struct Pooled {
    connector: Connector,
    limits: Limits,
    idle: Mutex<HashMap<String, Vec<IdleConnection>>>,
    closes_silently: AtomicBool,
}

struct IdleConnection {
    connection: Connection,
    since: Instant,
}

impl Pooled {
    /// Sets up a pool. It does not connect.
    ///
    /// # Errors
    /// The certificates or the proxy cannot be used.
    pub fn new(settings: &Settings) -> Result<Self, SetupError> {
        Ok(Self {
            connector: Connector::new(settings)?,
            limits: settings.limits,
            idle: Mutex::default(),
            closes_silently: AtomicBool::new(false),
        })
    }

    async fn exchange(&self, endpoint: &Endpoint, request: &Request) -> Result<Response, TransportError> {
        if let Some(reason) = misfit(request) {
            return Err(TransportError::Unsendable(format!("{reason}; exact delivery can send it")));
        }
        let mut parser = Parser::new(&request.method, self.limits.head, self.limits.body);
        let bytes = self.connector.bytes(endpoint, request);
        let limit = self.limits.timeout;
        let end = time::timeout(limit, self.round_trip(endpoint, &bytes, &mut parser)).await;
        let Ok(end) = end else { return Err(parser.timed_out(limit)) };
        let response = parser.into_response(end?.body)?;
        // The fields say as much as a regular head.
        let is_regular = !response.has_bare_line_feed();
        Ok(if is_regular { Response { head: None, ..response } } else { response })
    }

    async fn round_trip(
        &self,
        endpoint: &Endpoint,
        request: &[u8],
        parser: &mut Parser,
    ) -> Result<ExchangeEnd, TransportError> {
        let Some(kept) = self.take(endpoint) else {
            return self.over(self.connector.connect(endpoint).await?, endpoint, request, parser).await;
        };
        let outcome = self.over(kept, endpoint, request, parser).await;
        let Err(error @ (TransportError::Closed | TransportError::Reset)) = outcome else { return outcome };
        if !parser.is_untouched() {
            return Err(error);
        }
        // If nothing listens any more, the request may have crashed the endpoint: the first error says more.
        let Ok(connection) = self.connector.connect(endpoint).await else { return Err(error) };
        let again = self.over(connection, endpoint, request, parser).await;
        if again.is_ok() {
            self.closes_silently.store(true, Ordering::Relaxed);
            self.idle().clear();
        }
        again
    }

    async fn over(
        &self,
        mut connection: Connection,
        endpoint: &Endpoint,
        request: &[u8],
        parser: &mut Parser,
    ) -> Result<ExchangeEnd, TransportError> {
        let end = connection.exchange(request, false, parser).await?;
        if end.is_sent && parser.keeps_connection() && !self.closes_silently.load(Ordering::Relaxed) {
            let kept = IdleConnection { connection, since: Instant::now() };
            self.idle().entry(endpoint.origin()).or_default().push(kept);
        }
        Ok(end)
    }

    /// A connection that the peer has not closed yet.
    fn take(&self, endpoint: &Endpoint) -> Option<Connection> {
        loop {
            let IdleConnection { mut connection, since } = self.idle().get_mut(&endpoint.origin())?.pop()?;
            if since.elapsed() < IDLE && connection.is_quiet() {
                return Some(connection);
            }
        }
    }

    fn idle(&self) -> MutexGuard<'_, HashMap<String, Vec<IdleConnection>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transport for Pooled {
    fn send<'a>(&'a self, endpoint: &'a Endpoint, request: &'a Request) -> ExchangeFuture<'a> {
        Box::pin(self.exchange(endpoint, request))
    }

    fn notes(&self) -> Vec<String> {
        self.closes_silently.load(Ordering::Relaxed).then(|| CLOSED_SILENTLY.to_owned()).into_iter().collect()
    }
}

/// Returns the reason if the request is not well-formed.
fn misfit(request: &Request) -> Option<&'static str> {
    let headers = &request.headers;
    let length = request.body.len().to_string();
    let lengths: Vec<&str> = headers.all("content-length").collect();
    if request.delivery == Delivery::Exact || request.chunked {
        Some("a kept connection carries neither exact nor chunked requests")
    } else if !is_token(&request.method) || request.method == "CONNECT" {
        Some("the method is not a token, or is CONNECT")
    } else if !request.target.starts_with('/') || !request.target.bytes().all(|byte| byte.is_ascii_graphic()) {
        Some("the target is not a path and query of printable characters")
    } else if headers.get("host").is_none() {
        Some("it has no host header")
    } else if headers.get("transfer-encoding").is_some() {
        Some("a kept connection frames the body by content-length alone")
    } else if lengths != [length.as_str()] && !(lengths.is_empty() && request.body.is_empty()) {
        Some("content-length is not the length of the body")
    } else if !headers.iter().all(|(name, value)| is_token(name) && is_field_value(value)) {
        Some("a header name is not a token, or a header value contains a control character")
    } else {
        None
    }
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

fn is_field_value(text: &str) -> bool {
    text.bytes().all(|byte| byte == b'\t' || !byte.is_ascii_control())
}
