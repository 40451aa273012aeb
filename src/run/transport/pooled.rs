//! Sends well-formed requests over pooled connections with `reqwest`.
//!
//! The client follows no redirect, retries nothing, sends no referer, decompresses nothing, and uses only HTTP/1.1.
//! This transport rejects a request that the client would change. Two changes remain: the client sends header names in
//! lower case, and it adds `accept: */*` to a request without `accept`. A response with more than 100 header fields
//! counts as one with too large a head.

use std::time::Duration;

use reqwest::{
    Client, Method, Proxy, Url,
    header::{HeaderMap, HeaderName, HeaderValue},
    redirect, retry,
};
use tokio::time;

use super::{Endpoint, ExchangeFuture, Limits, Settings, SetupError, Transport, failure, tls};
use crate::wire::{Delivery, Headers, Request, Response, TransportError};

/// The idle timeout of connections. Servers keep them for at least two seconds, so none closes a connection in use.
const IDLE: Duration = Duration::from_secs(1);

/// A pool of connections. Share it: building one is expensive.
pub struct Pooled {
    client: Client,
    limits: Limits,
}

impl Pooled {
    /// Sets up a pool. It does not connect.
    ///
    /// # Errors
    /// The certificates or the proxy cannot be used.
    pub fn new(settings: &Settings) -> Result<Self, SetupError> {
        let mut builder = tls::set_up(Client::builder(), settings.extra_ca.as_deref())?
            .http1_only()
            .redirect(redirect::Policy::none())
            .referer(false)
            .retry(retry::never())
            .no_proxy()
            .connect_timeout(settings.limits.connect_timeout)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(usize::MAX);
        if let Some(url) = &settings.proxy {
            #[cfg(not(feature = "tls"))]
            if url.starts_with("https:") {
                return Err(SetupError::Proxy(tls::NO_TLS.to_owned()));
            }
            let proxy = Proxy::all(url).map_err(|error| SetupError::Proxy(error.without_url().to_string()))?;
            builder = builder.proxy(proxy);
        }
        let client = builder.build().map_err(|error| SetupError::Client(error.to_string()))?;
        Ok(Self { client, limits: settings.limits })
    }

    async fn exchange(&self, endpoint: &Endpoint, request: &Request) -> Result<Response, TransportError> {
        let request = outgoing(endpoint, request)?;
        let response = self.client.execute(request).await.map_err(|error| failure::of_request(&error, &self.limits))?;
        self.receive(response).await
    }

    async fn receive(&self, mut response: reqwest::Response) -> Result<Response, TransportError> {
        let headers = received(response.headers());
        let size: usize = headers.iter().map(|(name, value)| name.len() + value.len() + ": \r\n".len()).sum();
        if size > self.limits.head {
            return Err(TransportError::HeadTooLarge(self.limits.head));
        }
        let (status, declared) = (response.status().as_u16(), response.content_length());
        let mut body = Vec::new();
        let missing = loop {
            match response.chunk().await {
                Ok(Some(piece)) if piece.len() > self.limits.body - body.len() => {
                    return Err(TransportError::BodyTooLarge(self.limits.body));
                }
                Ok(Some(piece)) => body.extend_from_slice(&piece),
                Ok(None) => break 0,
                Err(error) => match failure::of_body(&error) {
                    Some(failure) => return Err(failure),
                    None => break declared.map_or(1, |declared| declared.saturating_sub(body.len() as u64)),
                },
            }
        };
        Ok(Response { status, headers, body: body.into(), missing, ..Response::default() })
    }
}

impl Transport for Pooled {
    fn send<'a>(&'a self, endpoint: &'a Endpoint, request: &'a Request) -> ExchangeFuture<'a> {
        let limit = self.limits.timeout;
        Box::pin(async move {
            let exchange = time::timeout(limit, self.exchange(endpoint, request));
            exchange.await.unwrap_or(Err(TransportError::Timeout(limit)))
        })
    }
}

/// Converts a request that the client sends unchanged.
fn outgoing(endpoint: &Endpoint, request: &Request) -> Result<reqwest::Request, TransportError> {
    if let Some(reason) = misfit(request) {
        return Err(unsendable(reason));
    }
    let method = Method::from_bytes(request.method.as_bytes()).map_err(|_| unsendable("the method is not a token"))?;
    let mut outgoing = reqwest::Request::new(method, url(endpoint, &request.target)?);
    *outgoing.headers_mut() = fields(&request.headers)?;
    *outgoing.body_mut() = (!request.body.is_empty()).then(|| request.body.clone().into());
    Ok(outgoing)
}

fn unsendable(reason: &str) -> TransportError {
    TransportError::Unsendable(format!("{reason}; exact delivery can send it"))
}

/// Returns the reason if the client would change the request.
fn misfit(request: &Request) -> Option<&'static str> {
    let headers = &request.headers;
    let length = request.body.len().to_string();
    let lengths: Vec<&str> = headers.all("content-length").collect();
    if request.delivery == Delivery::Exact || request.chunked {
        Some("a pooled client sends neither exact nor chunked requests")
    } else if request.method == "CONNECT" {
        Some("a pooled client writes another target for CONNECT")
    } else if headers.get("host").is_none() {
        Some("a pooled client adds a host header where there is none")
    } else if headers.get("transfer-encoding").is_some() {
        Some("a pooled client frames the body by content-length alone")
    } else if lengths != [length.as_str()] && !(lengths.is_empty() && request.body.is_empty()) {
        Some("content-length is not the length of the body")
    } else {
        None
    }
}

/// The URL with this path and query. No URL can express some targets, such as `/../x`.
fn url(endpoint: &Endpoint, target: &str) -> Result<Url, TransportError> {
    // Nearly every request goes to `/`, the URL of the endpoint.
    if target == "/" {
        return Ok(endpoint.url().clone());
    }
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    let mut url = endpoint.url().clone();
    url.set_path(path);
    url.set_query(query);
    if url.path() == path && url.query() == query {
        Ok(url)
    } else {
        Err(unsendable("a pooled client writes the target in another way"))
    }
}

fn fields(headers: &Headers) -> Result<HeaderMap, TransportError> {
    let mut map = HeaderMap::with_capacity(headers.iter().count());
    for (name, value) in headers.iter() {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unsendable("a header name is not a token"))?;
        let value = HeaderValue::from_bytes(value.as_bytes())
            .map_err(|_| unsendable("a header value contains a control character"))?;
        map.append(name, value);
    }
    // The map groups fields of one name.
    if headers.iter().zip(&map).all(|((name, _), (sent, _))| name.eq_ignore_ascii_case(sent.as_str())) {
        Ok(map)
    } else {
        Err(unsendable("a pooled client moves fields of one name together"))
    }
}

fn received(map: &HeaderMap) -> Headers {
    map.iter().map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes()))).collect()
}
