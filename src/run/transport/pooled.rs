//! Sends well-formed requests over connections that it keeps open.
//!
//! A request that is not well-formed could spoil the next one on its connection, so this transport rejects it. A peer
//! may close a kept connection at any time, even without `connection: close`. As HTTP clients do, this transport then
//! sends the request once more on a new connection, if nothing of a response was read. It keeps no connection of a peer
//! that did so.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::time;

use super::{
    Endpoint, ExchangeFuture, Limits, Settings, SetupError, Transport,
    connection::{Connection, ExchangeEnd},
    connector::Connector,
    http1::Parser,
    pool::Pool,
    received_body::BodyBudget,
};
use crate::wire::{Delivery, Request, Response, TransportError};

/// The note of a run whose endpoint closed kept connections.
const CLOSED_SILENTLY: &str = "the endpoint closes connections without `connection: close`, so requests were sent again, \
                               and each later one on its own connection";

/// The note of a run whose endpoint sent bytes after a response.
const LATE_BYTES: &str = "the endpoint sends bytes after the end of responses, so each request had its own connection from \
                          then on";

/// A pool of connections. Share it, so that requests share connections.
pub struct Pooled {
    connector: Connector,
    limits: Limits,
    bodies: BodyBudget,
    pool: Pool,
    closes_silently: AtomicBool,
}

impl Pooled {
    /// Sets up a pool. It does not connect.
    ///
    /// # Errors
    /// The certificates or the proxy cannot be used.
    pub fn new(settings: &Settings) -> Result<Self, SetupError> {
        Self::with_budget(settings, BodyBudget::default())
    }

    /// The same with the budget of another transport.
    pub(super) fn with_budget(settings: &Settings, bodies: BodyBudget) -> Result<Self, SetupError> {
        Ok(Self {
            connector: Connector::new(settings)?,
            limits: settings.limits,
            bodies,
            pool: Pool::default(),
            closes_silently: AtomicBool::new(false),
        })
    }

    async fn exchange(&self, endpoint: &Endpoint, request: &Request) -> Result<Response, TransportError> {
        if let Some(reason) = misfit(request) {
            return Err(TransportError::Unsendable(format!("{reason}; exact delivery can send it")));
        }
        let mut parser = Parser::new(&request.method, self.limits.head, self.bodies.body(self.limits.body));
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
        let Some(kept) = self.pool.take(&endpoint.origin()) else {
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
            self.pool.keep_none();
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
        if parser.is_complete() && self.pool.sends_late_bytes() {
            connection.count_surplus(self.limits.surplus_wait, parser).await;
        } else if end.is_sent && parser.keeps_connection() {
            self.pool.keep(endpoint.origin(), connection, self.limits.surplus_wait);
        }
        Ok(end)
    }
}

impl Transport for Pooled {
    fn send<'a>(&'a self, endpoint: &'a Endpoint, request: &'a Request) -> ExchangeFuture<'a> {
        Box::pin(self.exchange(endpoint, request))
    }

    fn notes(&self) -> Vec<String> {
        let closes = self.closes_silently.load(Ordering::Relaxed).then_some(CLOSED_SILENTLY);
        let sends = self.pool.sends_late_bytes().then_some(LATE_BYTES);
        closes.into_iter().chain(sends).map(str::to_owned).collect()
    }

    fn settle(&self) {
        self.pool.look();
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
