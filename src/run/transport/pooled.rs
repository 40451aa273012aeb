//! Well-formed requests over kept connections, by `reqwest`.
//!
//! The client is kept as dumb as it goes: no redirect, no retry, no referer, no decompression, HTTP/1.1 alone.
//! A request that it would change on the way is refused, not repaired. Two things remain: names travel in lower
//! case, and `accept: */*` is added to a request without `accept`, because the client cannot be told not to.
//! An answer of more than 100 header fields counts as one with too large a head.

use std::time::Duration;

use reqwest::{
    Client, Method, Proxy, Url,
    header::{HeaderMap, HeaderName, HeaderValue},
    redirect, retry,
};
use tokio::time;

use super::{Endpoint, ExchangeFuture, Limits, Settings, SetupError, Transport, failure, tls};
use crate::wire::{Delivery, Headers, Request, Response, TransportError};

/// Shorter than servers keep an idle connection (two seconds and more), so that none closes it as a request leaves.
const IDLE: Duration = Duration::from_secs(1);

/// A pool of connections; cheap to share, never to rebuild.
pub struct Pooled {
    client: Client,
    limits: Limits,
}

impl Pooled {
    /// A pool without connections.
    ///
    /// # Errors
    /// Certificates or a proxy that cannot be used.
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
        let answer = self.client.execute(request).await.map_err(|error| failure::of_request(&error, &self.limits))?;
        self.receive(answer).await
    }

    async fn receive(&self, mut answer: reqwest::Response) -> Result<Response, TransportError> {
        let headers = received(answer.headers());
        let size: usize = headers.iter().map(|(name, value)| name.len() + value.len() + ": \r\n".len()).sum();
        if size > self.limits.head {
            return Err(TransportError::HeadTooLarge(self.limits.head));
        }
        let (status, promised) = (answer.status().as_u16(), answer.content_length());
        let mut body = Vec::new();
        let missing = loop {
            match answer.chunk().await {
                Ok(Some(piece)) if piece.len() > self.limits.body - body.len() => {
                    return Err(TransportError::BodyTooLarge(self.limits.body));
                }
                Ok(Some(piece)) => body.extend_from_slice(&piece),
                Ok(None) => break 0,
                Err(error) => match failure::of_body(&error) {
                    Some(failure) => return Err(failure),
                    None => break promised.map_or(1, |promised| promised.saturating_sub(body.len() as u64)),
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

/// The client's form of a request that it carries unchanged.
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

/// Why the client would send something else than the request.
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

/// The URL whose path and query are the target; some, such as `/../x`, no URL keeps.
fn url(endpoint: &Endpoint, target: &str) -> Result<Url, TransportError> {
    // Nearly every request goes to `/`, which is the endpoint's own URL.
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
    // The map brings fields of one name together.
    if headers.iter().zip(&map).all(|((name, _), (sent, _))| name.eq_ignore_ascii_case(sent.as_str())) {
        Ok(map)
    } else {
        Err(unsendable("a pooled client moves fields of one name together"))
    }
}

fn received(map: &HeaderMap) -> Headers {
    map.iter().map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes()))).collect()
}
