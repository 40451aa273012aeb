//! An HTTP proxy: it forwards requests to http endpoints, and opens tunnels to https endpoints.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::BytesMut;
use percent_encoding::percent_decode_str;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use url::Url;

use super::{Endpoint, Limits, SetupError, connection::ByteStream, failure, http1::Parser, received_body::BodyBudget};
use crate::wire::{Request, TransportError};

const AUTHORIZATION: &str = "proxy-authorization";

/// A proxy with its credentials.
pub(super) struct HttpProxy {
    pub(super) endpoint: Endpoint,
    authorization: Option<String>,
}

/// The password of a proxy's URL, and the header value with it.
#[must_use]
pub fn proxy_credentials(url: &str) -> Vec<String> {
    let header = HttpProxy::at(url).ok().and_then(|proxy| proxy.authorization);
    let encoded = header.as_deref().and_then(|header| header.strip_prefix("Basic ")).map(str::to_owned);
    let decoded = encoded.as_ref().and_then(|encoded| String::from_utf8(STANDARD.decode(encoded).ok()?).ok());
    let password = decoded.and_then(|decoded| decoded.split_once(':').map(|(_, password)| password.to_owned()));
    encoded.into_iter().chain(password).collect()
}

impl HttpProxy {
    /// The proxy at this URL, which may hold a user name and a password. Without a scheme, it is an http URL.
    pub(super) fn at(url: &str) -> Result<Self, SetupError> {
        let url = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
        let mut url = Url::parse(&url).map_err(|error| SetupError::Proxy(error.to_string()))?;
        let user = percent_decode_str(url.username());
        let password = percent_decode_str(url.password().unwrap_or_default());
        let credentials: Vec<u8> = user.chain(*b":").chain(password).collect();
        let authorization = (credentials != b":").then(|| format!("Basic {}", STANDARD.encode(credentials)));
        // Both fail only for a URL without a host, which the next line rejects.
        let _ = url.set_password(None).and_then(|()| url.set_username(""));
        let endpoint: Result<Endpoint, _> = url.as_str().parse();
        let endpoint = endpoint.map_err(|error| SetupError::Proxy(error.problem))?;
        Ok(Self { endpoint, authorization })
    }

    /// A request to an http endpoint as the proxy reads it.
    pub(super) fn forwarded(&self, endpoint: &Endpoint, request: &Request) -> Request {
        let mut request = Request { target: format!("{}{}", endpoint.origin(), request.target), ..request.clone() };
        if let Some(authorization) = &self.authorization {
            request.headers.push(AUTHORIZATION, authorization);
        }
        request
    }

    /// Opens a tunnel to an endpoint.
    pub(super) async fn tunnel(
        &self,
        mut stream: ByteStream,
        endpoint: &Endpoint,
    ) -> Result<ByteStream, TransportError> {
        let host =
            if endpoint.host().contains(':') { format!("[{}]", endpoint.host()) } else { endpoint.host().into() };
        let target = format!("{host}:{}", endpoint.port());
        let headers = [("host", Some(&target)), (AUTHORIZATION, self.authorization.as_ref())];
        let headers = headers.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        let request = Request { method: "CONNECT".to_owned(), target: target.clone(), headers, ..Request::default() };
        stream.write_all(&request.to_bytes()).await.map_err(|error| failure::of_io(&error))?;
        let Limits { head, body, .. } = Limits::default();
        let mut parser = Parser::new(&request.method, head, BodyBudget::default().body(body));
        let mut piece = BytesMut::new();
        while !parser.has_head() {
            if stream.read_buf(&mut piece).await.map_err(|error| failure::of_io(&error))? == 0 {
                return Err(TransportError::Closed);
            }
            parser.feed(&piece)?;
            piece.clear();
        }
        match parser.status() {
            200..300 => Ok(stream),
            status => Err(TransportError::Other(format!("the proxy rejected the tunnel with status {status}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::no_user("http://127.0.0.1:3128", None)]
    #[case::no_scheme("127.0.0.1:3128", None)]
    #[case::user_alone("http://me@127.0.0.1:3128", Some("Basic bWU6"))]
    #[case::encoded("http://me:a%40b%@127.0.0.1:3128", Some("Basic bWU6YUBiJQ=="))]
    fn the_credentials_of_a_proxy_are_in_its_url(#[case] url: &str, #[case] expected: Option<&str>) {
        let proxy = HttpProxy::at(url).unwrap();
        assert_eq!(proxy.authorization.as_deref(), expected);
        assert_eq!(proxy.endpoint.to_string(), "http://127.0.0.1:3128");
    }

    #[test]
    fn the_credentials_of_a_proxy_are_its_password_and_its_header() {
        assert_eq!(proxy_credentials("http://me:a%40b@127.0.0.1:3128"), ["bWU6YUBi", "a@b"]);
        assert_eq!(proxy_credentials("http://127.0.0.1:3128"), Vec::<String>::new());
    }

    #[test]
    fn a_forwarded_request_names_the_endpoint_and_the_credentials() {
        let request = Request { method: "GET".into(), target: "/a?b".into(), ..Request::default() };
        let forwarded = HttpProxy::at("http://me@127.0.0.1").unwrap();
        let forwarded = forwarded.forwarded(&"http://h:1".parse().unwrap(), &request).to_bytes();
        assert_eq!(forwarded, b"GET http://h:1/a?b HTTP/1.1\r\nproxy-authorization: Basic bWU6\r\n\r\n");
    }
}
