//! An endpoint of this process that is a tower service: an axum `Router`, or any stack of layers over one.
//!
//! It calls the service without a socket. The service receives the same request as behind an HTTP/1.1 server: the exact
//! bytes of the body, header names in lower case, fields of one name together, and values without surrounding white
//! space. A server itself handles false framing and bytes that are not HTTP, so this transport rejects such requests.
//! It adds no `date` and no `content-length` to a response, as a server would, and provides no `ConnectInfo`.

use std::{
    error::Error,
    future::poll_fn,
    pin::{Pin, pin},
};

use bytes::{Buf, Bytes};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, Version, uri::PathAndQuery};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use tokio::task::yield_now;
use tower_service::Service;

use super::{Endpoint, ExchangeFuture, Limits, Transport, received_body::BodyBudget};
use crate::{
    run::panicked::caught,
    wire::{Headers, Request, Response, TransportError},
};

/// Passes requests to a tower service of this process; see [`tower()`].
#[derive(Debug, Clone)]
pub struct Tower<S> {
    service: S,
    /// The maximum size of a response body, in bytes.
    largest: usize,
    bodies: BodyBudget,
}

/// A transport that calls a tower service of this process for every endpoint, without a port or a socket.
///
/// It clones the service for each request. If the service panics or fails, the case is inconclusive and has no finding.
/// A service that blocks its thread blocks the run. It has no time limit of its own: the suite limits each request and
/// each case.
/// If a request can only be sent over a socket, its case is not applicable.
///
/// ```
/// use axum::{Router, http::StatusCode, routing::post};
/// use wireproof::{Request, Transport};
///
/// let emulator = Router::new().route("/", post(|body: String| async move { (StatusCode::IM_A_TEAPOT, body) }));
/// let transport = wireproof::tower(emulator);
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
/// let request = Request { method: "POST".into(), target: "/".into(), ..Request::default() };
/// let endpoint = "http://127.0.0.1:1".parse()?;
/// let response = runtime.block_on(transport.send(&endpoint, &request))?;
/// assert_eq!(response.status, 418);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn tower<S, B>(service: S) -> Tower<S>
where
    S: Service<http::Request<Full<Bytes>>, Response = http::Response<B>>,
{
    Tower { service, largest: Limits::default().body, bodies: BodyBudget::default() }
}

impl<S, B> Transport for Tower<S>
where
    S: Service<http::Request<Full<Bytes>>, Response = http::Response<B>> + Clone + Send + Sync,
    S::Future: Send,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    B: Body + Send,
    B::Data: Send,
{
    fn send<'a>(&'a self, _endpoint: &'a Endpoint, request: &'a Request) -> ExchangeFuture<'a> {
        Box::pin(async move {
            let request = outgoing(request).map_err(|reason| TransportError::Unsendable(only_by_socket(reason)))?;
            let panicked = |words| Err(TransportError::Other(format!("the service panicked: {words}")));
            caught(self.exchange(request)).await.unwrap_or_else(panicked)
        })
    }

    fn cannot_carry(&self, request: &Request) -> Option<String> {
        outgoing(request).err().map(only_by_socket)
    }
}

impl<S, B> Tower<S>
where
    S: Service<http::Request<Full<Bytes>>, Response = http::Response<B>> + Clone,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    B: Body,
{
    async fn exchange(&self, request: http::Request<Full<Bytes>>) -> Result<Response, TransportError> {
        let mut service = self.service.clone();
        let has_body = *request.method() != Method::HEAD;
        // An immediate response lets other cases run, as a socket does.
        yield_now().await;
        let failed = |error: S::Error| TransportError::Other(format!("the service failed: {}", error.into()));
        poll_fn(|context| service.poll_ready(context)).await.map_err(failed)?;
        let (head, body) = service.call(request).await.map_err(failed)?.into_parts();
        let has_body = has_body && !head.status.is_informational() && !matches!(head.status.as_u16(), 204 | 304);
        let response =
            Response { status: head.status.as_u16(), headers: received(&head.headers), ..Response::default() };
        if has_body { self.with_body(response, pin!(body)).await } else { Ok(response) }
    }

    /// Adds the received part of the body, by the declared length.
    async fn with_body(&self, response: Response, mut body: Pin<&mut B>) -> Result<Response, TransportError> {
        let declared = response.headers.get("content-length").and_then(|length| length.trim().parse::<u64>().ok());
        let mut bytes = self.bodies.body(self.largest);
        let mut missing = 0;
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else {
                missing = 1;
                break;
            };
            // No supported protocol has trailers.
            let Ok(mut piece) = frame.into_data() else { continue };
            bytes.extend(&piece.copy_to_bytes(piece.remaining()))?;
        }
        Ok(cut(response, bytes.finish()?, declared, missing))
    }
}

/// Cuts the body at its declared length, and counts missing and surplus bytes. Without a declared length, `missing`
/// counts.
fn cut(response: Response, body: Bytes, declared: Option<u64>, missing: u64) -> Response {
    let length = body.len() as u64;
    let Some(declared) = declared else { return Response { body, missing, ..response } };
    let kept = usize::try_from(declared).unwrap_or(usize::MAX).min(body.len());
    Response {
        body: body.slice(..kept),
        missing: declared.saturating_sub(length),
        surplus: length.saturating_sub(declared),
        ..response
    }
}

fn only_by_socket(reason: &str) -> String {
    format!("only a socket can send it: {reason}")
}

/// The request that the service receives, or the reason why a server would not pass it on unchanged.
fn outgoing(request: &Request) -> Result<http::Request<Full<Bytes>>, &'static str> {
    if let Some(reason) = false_framing(request) {
        return Err(reason);
    }
    let mut outgoing = http::Request::new(Full::new(request.body.clone()));
    *outgoing.method_mut() = Method::from_bytes(request.method.as_bytes()).map_err(|_| "the method is not a token")?;
    *outgoing.uri_mut() = uri(&request.target).ok_or("the target is not an HTTP path")?;
    *outgoing.version_mut() = Version::HTTP_11;
    *outgoing.headers_mut() = fields(&request.headers)?;
    Ok(outgoing)
}

/// Returns the reason if a server would read another body or another message from the bytes of this request.
fn false_framing(request: &Request) -> Option<&'static str> {
    let length = request.body.len().to_string();
    let lengths: Vec<&str> = request.headers.all("content-length").collect();
    let codings: Vec<&str> = request.headers.all("transfer-encoding").collect();
    if request.chunked {
        (codings != ["chunked"] || !lengths.is_empty())
            .then_some("it is chunked, and its headers do not declare exactly that")
    } else if !codings.is_empty() {
        Some("it has a transfer-encoding, and its body is not chunked")
    } else {
        let is_right = lengths == [length.as_str()] || (lengths.is_empty() && request.body.is_empty());
        (!is_right).then_some("content-length is not the length of the body")
    }
}

/// Parses the target, and rejects one that the parser would change.
fn uri(target: &str) -> Option<Uri> {
    let path: PathAndQuery = target.parse().ok()?;
    (path == target && (target.starts_with('/') || target == "*")).then(|| Uri::from(path))
}

fn fields(headers: &Headers) -> Result<HeaderMap, &'static str> {
    let mut map = HeaderMap::with_capacity(headers.iter().count());
    for (name, value) in headers.iter() {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| "a header name is not a token")?;
        let value = HeaderValue::from_bytes(value.trim_matches([' ', '\t']).as_bytes());
        map.append(name, value.map_err(|_| "a header value contains a control character")?);
    }
    Ok(map)
}

fn received(map: &HeaderMap) -> Headers {
    map.iter().map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes()))).collect()
}

#[cfg(test)]
mod tests {
    use axum::{Router, body, http::header, response::IntoResponse, routing::any};
    use rstest::rstest;

    use super::*;

    async fn send<R: IntoResponse + Clone + Send + Sync + 'static>(response: R) -> Result<Response, TransportError> {
        send_to(Router::new().fallback(any(|| async { response })), &post(b"{}")).await
    }

    async fn send_to(router: Router, request: &Request) -> Result<Response, TransportError> {
        tower(router).send(&"http://127.0.0.1:1".parse().unwrap(), request).await
    }

    fn post(body: &'static [u8]) -> Request {
        let length = body.len().to_string();
        Request {
            method: "POST".into(),
            target: "/".into(),
            headers: [("Host", "h.example"), ("Content-Length", length.as_str())].into_iter().collect(),
            body: Bytes::from_static(body),
            ..Request::default()
        }
    }

    /// Responds with the request as the service received it.
    async fn mirror(request: axum::extract::Request) -> Vec<u8> {
        let (head, body) = request.into_parts();
        let mut out = format!("{} {} {:?}\n", head.method, head.uri, head.version).into_bytes();
        for (name, value) in &head.headers {
            out.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\n"].concat());
        }
        out.extend(body::to_bytes(body, usize::MAX).await.unwrap());
        out
    }

    #[tokio::test]
    async fn a_service_receives_the_same_request_as_behind_a_server() {
        let mut request = Request { target: "/../a//%2f?b=%zz&".into(), ..post(b"\x00\xff") };
        request.headers.push("X-Twice", " 1\t");
        request.headers.push("X-Last", "ü");
        request.headers.push("x-twice", "2");
        let response = send_to(Router::new().fallback(mirror), &request).await.unwrap();
        let expected = "POST /../a//%2f?b=%zz& HTTP/1.1\nhost: h.example\ncontent-length: 2\n\
                        x-twice: 1\nx-twice: 2\nx-last: ü\n";
        assert_eq!(&response.body[..], [expected.as_bytes(), b"\x00\xff"].concat());
    }

    #[rstest]
    #[case::a_bad_method(|r: &mut Request| r.method = "P ST".into(), "method")]
    #[case::no_method(|r: &mut Request| r.method = String::new(), "method")]
    #[case::a_space(|r: &mut Request| r.target = "/ x".into(), "target")]
    #[case::a_fragment(|r: &mut Request| r.target = "/#x".into(), "target")]
    #[case::no_slash(|r: &mut Request| r.target = "x".into(), "target")]
    #[case::another_host(|r: &mut Request| r.target = "http://h/".into(), "target")]
    #[case::no_target(|r: &mut Request| r.target = String::new(), "target")]
    #[case::a_bad_name(|r: &mut Request| r.headers.push("x y", "1"), "name")]
    #[case::a_line_break(|r: &mut Request| r.headers.push("x", "1\r\ny: 2"), "value")]
    #[case::a_long_length(|r: &mut Request| r.headers.set("content-length", "3"), "content-length")]
    #[case::a_short_length(|r: &mut Request| r.headers.set("content-length", "1"), "content-length")]
    #[case::no_length(|r: &mut Request| r.headers.remove("content-length"), "content-length")]
    #[case::two_lengths(|r: &mut Request| r.headers.push("content-length", "2"), "content-length")]
    #[case::a_coding(|r: &mut Request| r.headers.push("transfer-encoding", "chunked"), "transfer-encoding")]
    #[case::two_framings(|r: &mut Request| { r.chunked = true; r.headers.push("transfer-encoding", "chunked"); }, "chunked")]
    #[tokio::test]
    async fn a_request_that_needs_a_socket_is_rejected_with_a_reason(
        #[case] change: fn(&mut Request),
        #[case] named: &str,
    ) {
        let mut request = post(b"{}");
        assert_eq!(tower(Router::new()).cannot_carry(&request), None);
        change(&mut request);
        let reason = tower(Router::new()).cannot_carry(&request).unwrap();
        assert!(reason.contains("only a socket") && reason.contains(named), "{reason}");
        assert_eq!(send_to(Router::new(), &request).await, Err(TransportError::Unsendable(reason)));
    }

    #[tokio::test]
    async fn a_chunked_body_arrives_without_its_chunks() {
        let mut request = Request { chunked: true, ..post(b"abc") };
        request.headers.remove("content-length");
        request.headers.push("Transfer-Encoding", "chunked");
        let response = send_to(Router::new().fallback(mirror), &request).await.unwrap();
        assert!(response.body.ends_with(b"transfer-encoding: chunked\nabc"), "{response:?}");
    }

    #[rstest]
    #[case::whole(vec![Ok("a"), Ok("b")], None, ("ab", 0, 0))]
    #[case::cut_off(vec![Ok("ab"), Err("broken")], None, ("ab", 1, 0))]
    #[case::cut_off_before_the_declared_length(vec![Ok("ab"), Err("broken")], Some("9"), ("ab", 7, 0))]
    #[case::too_short(vec![Ok("ab")], Some("9"), ("ab", 7, 0))]
    #[case::too_long(vec![Ok("ab"), Ok("cd")], Some("3"), ("abc", 0, 1))]
    #[case::no_number(vec![Ok("ab")], Some("two"), ("ab", 0, 0))]
    #[tokio::test]
    async fn a_body_counts_by_its_declared_length(
        #[case] pieces: Vec<Result<&'static str, &'static str>>,
        #[case] declared: Option<&'static str>,
        #[case] expected: (&str, u64, u64),
    ) {
        let handler = move || {
            let pieces = pieces.clone();
            async move {
                let mut response = http::Response::new(body::Body::from_stream(futures_util::stream::iter(pieces)));
                if let Some(length) = declared {
                    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from_static(length));
                }
                response
            }
        };
        let response = send_to(Router::new().fallback(handler), &post(b"{}")).await.unwrap();
        let body = std::str::from_utf8(&response.body).unwrap();
        assert_eq!((body, response.missing, response.surplus), expected);
    }

    #[rstest]
    #[case(b"12345", Ok(5))]
    #[case(b"123456", Err(()))]
    #[tokio::test]
    async fn a_body_ends_at_the_limit(#[case] response: &'static [u8], #[case] expected: Result<usize, ()>) {
        let transport = Tower { largest: 5, ..tower(Router::new().fallback(move || async move { response })) };
        let outcome = transport.send(&"http://h".parse().unwrap(), &post(b"{}")).await;
        let too_large = |error| assert!(matches!(error, TransportError::BodyTooLarge { limit: 5, length: 6, .. }));
        assert_eq!(outcome.map(|response| response.body.len()).map_err(too_large), expected);
    }

    #[rstest]
    #[case::no_content(http::StatusCode::NO_CONTENT, "POST")]
    #[case::not_modified(http::StatusCode::NOT_MODIFIED, "POST")]
    #[case::head(http::StatusCode::OK, "HEAD")]
    #[tokio::test]
    async fn a_response_without_a_body_has_none(#[case] status: http::StatusCode, #[case] method: &str) {
        let router = Router::new().fallback(move || async move { (status, "body") });
        let response = send_to(router, &Request { method: method.into(), ..post(b"{}") }).await.unwrap();
        assert_eq!((response.status, response.body.len(), response.missing), (status.as_u16(), 0, 0));
    }

    #[tokio::test]
    async fn a_head_is_returned_unchanged() {
        let response = send((http::StatusCode::IM_A_TEAPOT, [("X-Amzn-RequestId", "1")], "tea")).await.unwrap();
        assert_eq!((response.status, response.headers.get("x-amzn-requestid")), (418, Some("1")));
        assert_eq!(&response.body[..], b"tea");
    }

    #[tokio::test]
    async fn a_panic_is_an_error_and_the_next_request_gets_a_response() {
        let router = Router::new().fallback(async |request: axum::extract::Request| {
            assert!(request.uri() == "/", "no such path");
        });
        let transport = tower(router);
        let endpoint = "http://127.0.0.1:1".parse().unwrap();
        let outcome = transport.send(&endpoint, &Request { target: "/x".into(), ..post(b"") }).await;
        assert_eq!(outcome, Err(TransportError::Other("the service panicked: no such path".to_owned())));
        assert_eq!(transport.send(&endpoint, &post(b"")).await.unwrap().status, 200);
    }

    #[derive(Clone)]
    struct Broken;

    impl Service<http::Request<Full<Bytes>>> for Broken {
        type Response = http::Response<Full<Bytes>>;
        type Error = &'static str;
        type Future = std::future::Pending<Result<Self::Response, Self::Error>>;

        fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Self::Error>> {
            std::task::Poll::Ready(Err("out of order"))
        }

        fn call(&mut self, _: http::Request<Full<Bytes>>) -> Self::Future {
            std::future::pending()
        }
    }

    #[tokio::test]
    async fn a_failing_service_is_an_error() {
        let outcome = tower(Broken).send(&"http://h".parse().unwrap(), &post(b"")).await;
        assert_eq!(outcome, Err(TransportError::Other("the service failed: out of order".to_owned())));
    }
}
