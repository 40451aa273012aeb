//! Both transports against servers that misbehave: the same bytes must have the same result on both.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use rstest::rstest;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::{
    test_server::{After, Server, read_request},
    *,
};

pub(super) const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

/// The time limit of tests that wait for it.
const SHORT: Duration = Duration::from_millis(300);
const HEAD: usize = 4096;
const BODY: usize = 100_000;

#[derive(Debug, Clone, Copy)]
enum Way {
    Pooled,
    Exact,
}

pub(super) fn settings() -> Settings {
    let limits = Limits {
        timeout: Duration::from_secs(20),
        connect_timeout: Duration::from_secs(10),
        head: HEAD,
        body: BODY,
        surplus_wait: Duration::from_millis(100),
    };
    Settings { limits, extra_ca: Some(include_bytes!("testdata/ca.pem").to_vec()), ..Settings::default() }
}

pub(super) fn request(delivery: Delivery) -> Request {
    Request {
        method: "POST".into(),
        target: "/a?b=c".into(),
        headers: [
            ("Host", "h.example"),
            ("X-Twice", "1"),
            ("x-twice", "2"),
            ("accept", "*/*"),
            ("content-length", "2"),
            ("X-Last", "ü"),
        ]
        .into_iter()
        .collect(),
        body: Bytes::from_static(b"{}"),
        chunked: false,
        delivery,
    }
}

impl Way {
    fn request(self) -> Request {
        request(match self {
            Self::Pooled => Delivery::Pooled,
            Self::Exact => Delivery::Exact,
        })
    }
}

async fn send(way: Way, endpoint: &Endpoint) -> Result<Response, TransportError> {
    Wire::new(&settings()).unwrap().send(endpoint, &way.request()).await
}

/// Sends with these limits. Panics if it takes much longer than the limit.
async fn send_within(limits: Limits, way: Way, endpoint: &Endpoint) -> Result<Response, TransportError> {
    let wire = Wire::new(&Settings { limits, ..settings() }).unwrap();
    tokio::time::timeout(SHORT * 10, wire.send(endpoint, &way.request())).await.unwrap()
}

/// A server that records the request.
async fn recorder() -> (Server, Arc<Mutex<Vec<u8>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&seen);
    let server = Server::start(move |mut stream| {
        let kept = Arc::clone(&kept);
        async move {
            let bytes = read_request(&mut stream).await?;
            kept.lock().unwrap().extend(bytes);
            stream.write_all(OK.as_bytes()).await
        }
    })
    .await;
    (server, seen)
}

#[rstest]
#[tokio::test]
async fn a_request_is_sent_byte_for_byte(#[values(Way::Pooled, Way::Exact)] way: Way) {
    let (server, seen) = recorder().await;
    send(way, &server.endpoint()).await.unwrap();
    assert_eq!(*seen.lock().unwrap(), way.request().to_bytes());
}

#[tokio::test]
async fn an_empty_body_gains_no_header() {
    let (server, seen) = recorder().await;
    let headers = [("host", "h"), ("accept", "a")].into_iter().collect();
    let request = Request { headers, body: Bytes::new(), ..request(Delivery::Pooled) };
    Pooled::new(&settings()).unwrap().send(&server.endpoint(), &request).await.unwrap();
    assert_eq!(*seen.lock().unwrap(), request.to_bytes());
}

#[rstest]
#[case::two_slashes("//127.0.0.2/x")]
#[case::an_empty_query("/?")]
#[case::escapes("/a%2Fb%20c?d=%e9&e=+")]
#[case::dot_segments("/../x/%2e%2e")]
#[case::a_fragment("/?a#x")]
#[tokio::test]
async fn an_unusual_target_stays_as_it_is(#[case] target: &str) {
    let (server, seen) = recorder().await;
    let request = Request { target: target.into(), ..request(Delivery::Pooled) };
    Pooled::new(&settings()).unwrap().send(&server.endpoint(), &request).await.unwrap();
    assert_eq!(*seen.lock().unwrap(), request.to_bytes());
}

#[rstest]
#[case::no_slash(|r: &mut Request| r.target = "*".into())]
#[case::another_host(|r: &mut Request| r.target = "@127.0.0.2/".into())]
#[case::a_space(|r: &mut Request| r.target = "/ x".into())]
#[case::a_tab(|r: &mut Request| r.target = "/x\t".into())]
#[case::a_bad_method(|r: &mut Request| r.method = "P ST".into())]
#[case::connect(|r: &mut Request| r.method = "CONNECT".into())]
#[case::a_bad_name(|r: &mut Request| r.headers.push("x y", "1"))]
#[case::a_line_break(|r: &mut Request| r.headers.push("x", "1\r\ny: 2"))]
#[case::no_host(|r: &mut Request| r.headers.remove("host"))]
#[case::no_length(|r: &mut Request| r.headers.remove("content-length"))]
#[case::a_wrong_length(|r: &mut Request| r.headers.set("content-length", "3"))]
#[case::two_lengths(|r: &mut Request| r.headers.push("content-length", "2"))]
#[case::a_transfer_coding(|r: &mut Request| r.headers.push("transfer-encoding", "chunked"))]
#[case::chunked(|r: &mut Request| r.chunked = true)]
#[case::exact(|r: &mut Request| r.delivery = Delivery::Exact)]
#[tokio::test]
async fn a_request_that_is_not_well_formed_is_rejected_before_it_is_sent(#[case] change: fn(&mut Request)) {
    let server = Server::responding(OK, After::Hold).await;
    let mut request = request(Delivery::Pooled);
    change(&mut request);
    let outcome = Pooled::new(&settings()).unwrap().send(&server.endpoint(), &request).await;
    assert!(matches!(outcome, Err(TransportError::Unsendable(_))), "{outcome:?}");
    assert_eq!(server.accepts(), 0);
}

/// The parts of a response that both transports have in common.
fn common_parts(outcome: Result<Response, TransportError>) -> (u16, String, u64) {
    let response = outcome.unwrap();
    (response.status, String::from_utf8(response.body.to_vec()).unwrap(), response.missing)
}

#[rstest]
#[case::whole("HTTP/1.1 404 No\r\ncontent-length: 2\r\n\r\nab", After::Hold, (404, "ab", 0))]
#[case::a_redirect("HTTP/1.1 307 Go\r\nlocation: /b\r\ncontent-length: 2\r\n\r\nab", After::Hold, (307, "ab", 0))]
#[case::compressed("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\nab", After::Hold, (200, "ab", 0))]
#[case::interim("HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nab", After::Hold, (200, "ab", 0))]
#[case::until_close("HTTP/1.1 200 OK\r\n\r\nab", After::Close, (200, "ab", 0))]
#[case::until_reset("HTTP/1.1 200 OK\r\n\r\nab", After::Reset, (200, "ab", 1))]
#[case::too_short("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab", After::Close, (200, "ab", 7))]
#[case::too_short_and_reset("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab", After::Reset, (200, "ab", 7))]
#[case::too_long("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nabcdef", After::Hold, (200, "ab", 0))]
#[case::no_content("HTTP/1.1 204 No\r\ncontent-length: 5\r\n\r\n", After::Hold, (204, "", 0))]
#[case::not_modified("HTTP/1.1 304 No\r\ntransfer-encoding: chunked\r\n\r\n", After::Hold, (304, "", 0))]
#[case::many_fields(&format!("HTTP/1.1 200 OK\r\n{}content-length: 2\r\n\r\nab", "x: y\r\n".repeat(150)), After::Hold, (200, "ab", 0))]
#[case::no_last_chunk(&format!("{CHUNKED}2\r\nab\r\n"), After::Close, (200, "ab", 1))]
#[case::chunked(&format!("{CHUNKED}1\r\na\r\n1;x\r\nb\r\n0\r\nt: u\r\n\r\n"), After::Hold, (200, "ab", 0))]
#[case::chunked_and_cut(&format!("{CHUNKED}9\r\nab"), After::Close, (200, "ab", 1))]
#[case::chunked_and_reset(&format!("{CHUNKED}9\r\nab"), After::Reset, (200, "ab", 1))]
#[tokio::test]
async fn both_transports_read_a_response_alike(
    #[values(Way::Pooled, Way::Exact)] way: Way,
    #[case] response: &str,
    #[case] after: After,
    #[case] expected: (u16, &str, u64),
) {
    let server = Server::responding(response, after).await;
    let (status, body, missing) = common_parts(send(way, &server.endpoint()).await);
    assert_eq!((status, body.as_str(), missing), expected);
}

#[rstest]
#[case::closed("", After::Close, TransportError::Closed)]
#[case::reset("", After::Reset, TransportError::Reset)]
#[case::closed_in_the_head("HTTP/1.1 200 OK\r\nfoo", After::Close, TransportError::Closed)]
#[case::reset_in_the_head("HTTP/1.1 200 OK\r\nfoo", After::Reset, TransportError::Reset)]
#[case::endless_field(&format!("HTTP/1.1 200 OK\r\nx: {}", "y".repeat(500_000)), After::Hold, TransportError::HeadTooLarge(HEAD))]
#[case::endless_fields(&format!("HTTP/1.1 200 OK\r\n{}", "x: y\r\n".repeat(9_000)), After::Hold, TransportError::HeadTooLarge(HEAD))]
#[case::large_head(&format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(HEAD)), After::Hold, TransportError::HeadTooLarge(HEAD))]
#[case::large_body(&format!("HTTP/1.1 200 OK\r\n\r\n{}", "y".repeat(BODY + 1)), After::Close, too_large())]
#[tokio::test]
async fn both_transports_report_a_failure_alike(
    #[values(Way::Pooled, Way::Exact)] way: Way,
    #[case] response: &str,
    #[case] after: After,
    #[case] expected: TransportError,
) {
    let server = Server::responding(response, after).await;
    assert_eq!(send(way, &server.endpoint()).await, Err(expected));
}

/// The error for a body with one byte more than the limit.
fn too_large() -> TransportError {
    use crate::wire::{digest::Sha256, sigv4::hex};

    let (length, sha256) = (BODY as u64 + 1, hex(&Sha256::digest("y".repeat(BODY + 1))));
    TransportError::BodyTooLarge { limit: BODY, length, sha256, start: "y".repeat(1024.min(BODY + 1)) }
}

#[rstest]
#[case::garbage(b"\x00\xff garbage\r\n\r\n")]
#[case::http_0_9(b"<html>hello</html>\r\n\r\n")]
#[case::a_tls_alert(b"\x15\x03\x01\x00\x02\x02\x50")]
#[case::conflicting_lengths(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab")]
#[case::a_length_in_words(b"HTTP/1.1 200 OK\r\ncontent-length: two\r\n\r\nab")]
#[case::chunked_1_0(b"HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n")]
#[case::no_chunk_size(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n")]
#[case::a_long_chunk(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n")]
#[tokio::test]
async fn both_transports_reject_bytes_that_are_not_http(
    #[values(Way::Pooled, Way::Exact)] way: Way,
    #[case] response: &[u8],
) {
    let server = Server::responding(response, After::Hold).await;
    let outcome = send(way, &server.endpoint()).await;
    assert!(matches!(outcome, Err(TransportError::NotHttp { .. })), "{outcome:?}");
}

#[rstest]
#[tokio::test]
async fn a_port_without_a_server_refuses_the_connection(#[values(Way::Pooled, Way::Exact)] way: Way) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    drop(listener);
    assert_eq!(send(way, &endpoint).await, Err(TransportError::Refused));
}

#[rstest]
#[tokio::test]
async fn a_host_name_that_does_not_resolve_is_a_dns_error(#[values(Way::Pooled, Way::Exact)] way: Way) {
    // The label is too long, so the resolver rejects it without a query.
    let endpoint = format!("http://{}.localhost:1", "a".repeat(64)).parse().unwrap();
    let outcome = send(way, &endpoint).await;
    assert!(matches!(outcome, Err(TransportError::Dns(_))), "{outcome:?}");
}

#[rstest]
#[tokio::test]
async fn an_endless_body_stops_at_the_limit(#[values(Way::Pooled, Way::Exact)] way: Way) {
    let server = Server::start(|mut stream| async move {
        read_request(&mut stream).await?;
        stream.write_all(CHUNKED.as_bytes()).await?;
        loop {
            stream.write_all(format!("3e8\r\n{}\r\n", "y".repeat(1_000)).as_bytes()).await?;
        }
    })
    .await;
    let outcome = send(way, &server.endpoint()).await;
    assert!(matches!(outcome, Err(TransportError::BodyTooLarge { limit: BODY, .. })), "{outcome:?}");
}

#[rstest]
#[case::sends_nothing("", Duration::ZERO)]
#[case::stops_in_the_head("HTTP/1.1 200 OK\r\nx", Duration::ZERO)]
#[case::drips(OK, Duration::from_millis(50))]
#[tokio::test]
async fn a_slow_peer_reaches_the_time_limit(
    #[values(Way::Pooled, Way::Exact)] way: Way,
    #[case] response: &'static str,
    #[case] pause: Duration,
) {
    let server = Server::start(move |mut stream| async move {
        read_request(&mut stream).await?;
        for byte in response.bytes() {
            stream.write_all(&[byte]).await?;
            tokio::time::sleep(pause).await;
        }
        After::Hold.apply(stream).await
    })
    .await;
    let limits = Limits { timeout: SHORT, ..settings().limits };
    assert_eq!(send_within(limits, way, &server.endpoint()).await, Err(TransportError::Timeout(SHORT)));
}

#[rstest]
#[case::length("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab", "7 bytes of the body are missing")]
#[case::last_chunk(
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n",
    "the last chunk of the body is missing"
)]
#[tokio::test]
async fn a_body_without_an_end_reaches_the_time_limit_and_says_what_is_missing(
    #[values(Way::Pooled, Way::Exact)] way: Way,
    #[case] response: &'static str,
    #[case] awaited: &str,
) {
    let server = Server::responding(response, After::Hold).await;
    let limits = Limits { timeout: SHORT, ..settings().limits };
    let outcome = send_within(limits, way, &server.endpoint()).await;
    assert_eq!(outcome, Err(TransportError::Unfinished { limit: SHORT, awaited: awaited.to_owned() }));
}

#[rstest]
#[tokio::test]
async fn a_bare_line_feed_keeps_the_head(#[values(Way::Pooled, Way::Exact)] way: Way) {
    let head = "HTTP/1.1 200 OK\ncontent-length: 2\r\n\r\n";
    let server = Server::responding(format!("{head}{{}}"), After::Hold).await;
    let response = send(way, &server.endpoint()).await.unwrap();
    assert_eq!(response.head.as_deref(), Some(head.as_bytes()));
}

/// A TLS server with a certificate of the test authority for `localhost` and 127.0.0.1.
async fn tls_server() -> Server {
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let certificate = CertificateDer::from(include_bytes!("testdata/leaf.der").as_slice());
    let key = PrivateKeyDer::try_from(include_bytes!("testdata/leaf.key.der").as_slice()).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    Server::over_tls(config, OK).await
}

#[rstest]
#[tokio::test]
async fn a_trusted_certificate_is_accepted(#[values(Way::Pooled, Way::Exact)] way: Way) {
    let server = tls_server().await;
    assert_eq!(common_parts(send(way, &server.https_endpoint()).await), (200, "{}".to_owned(), 0));
}

#[rstest]
#[tokio::test]
async fn an_unknown_authority_is_a_tls_failure(#[values(Delivery::Pooled, Delivery::Exact)] delivery: Delivery) {
    let server = tls_server().await;
    let wire = Wire::new(&Settings { extra_ca: None, ..settings() }).unwrap();
    match wire.send(&server.https_endpoint(), &request(delivery)).await {
        Err(TransportError::Tls { problem, help }) => {
            assert!(problem.contains("not trusted") && help.contains("--ca-file"), "{problem}; {help}");
        }
        other => panic!("{other:?}"),
    }
}

#[rstest]
#[case::plain_http("HTTP/1.1 400 Bad\r\n\r\n")]
#[case::closed("")]
#[tokio::test]
async fn a_server_without_tls_is_a_tls_failure(
    #[values(Way::Pooled, Way::Exact)] way: Way,
    #[case] response: &'static str,
) {
    let server = Server::start(move |mut stream| async move {
        stream.read_buf(&mut Vec::with_capacity(9_000)).await?;
        stream.write_all(response.as_bytes()).await
    })
    .await;
    let outcome = send(way, &server.https_endpoint()).await;
    assert!(matches!(outcome, Err(TransportError::Tls { .. })), "{outcome:?}");
}

#[rstest]
#[tokio::test]
async fn a_hanging_handshake_reaches_the_connection_limit(#[values(Way::Pooled, Way::Exact)] way: Way) {
    let server = Server::start(|stream| After::Hold.apply(stream)).await;
    let limits = Limits { connect_timeout: SHORT, ..settings().limits };
    let outcome = send_within(limits, way, &server.https_endpoint()).await;
    assert_eq!(outcome, Err(TransportError::ConnectTimeout(SHORT)));
}

/// A server that keeps its connections open and sends `response` to every request.
async fn persistent_server(response: &'static str) -> Server {
    Server::start(move |mut stream| async move {
        loop {
            read_request(&mut stream).await?;
            stream.write_all(response.as_bytes()).await?;
        }
    })
    .await
}

#[tokio::test]
async fn pooled_requests_share_a_connection_and_exact_ones_do_not() {
    let server = persistent_server(OK).await;
    let (wire, endpoint) = (Wire::new(&settings()).unwrap(), server.endpoint());
    for _ in 0..3 {
        wire.send(&endpoint, &request(Delivery::Pooled)).await.unwrap();
    }
    assert_eq!(server.accepts(), 1);
    for _ in 0..3 {
        wire.send(&endpoint, &request(Delivery::Exact)).await.unwrap();
    }
    assert_eq!(server.accepts(), 4);
}

#[tokio::test]
async fn exact_always_sends_every_request_exactly() {
    let server = persistent_server(OK).await;
    let wire = Wire::new(&Settings { exact_always: true, ..settings() }).unwrap();
    for _ in 0..2 {
        let response = wire.send(&server.endpoint(), &request(Delivery::Pooled)).await.unwrap();
        assert!(response.head.is_some());
    }
    assert_eq!(server.accepts(), 2);
}

#[tokio::test]
async fn surplus_bytes_never_become_the_next_response() {
    let server = persistent_server(
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}HTTP/1.1 500 Bad\r\ncontent-length: 0\r\n\r\n",
    )
    .await;
    let (pooled, endpoint) = (Pooled::new(&settings()).unwrap(), server.endpoint());
    for _ in 0..5 {
        let response = pooled.send(&endpoint, &request(Delivery::Pooled)).await.unwrap();
        assert_eq!(response.status, 200);
    }
}

#[tokio::test]
async fn an_exact_response_keeps_its_head_and_counts_its_surplus() {
    let server = Server::responding("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: 1\r\n\r\n{}zzz", After::Hold).await;
    let response = send(Way::Exact, &server.endpoint()).await.unwrap();
    assert_eq!(response.head.as_deref(), Some(&b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: 1\r\n\r\n"[..]));
    assert_eq!(response.surplus, 3);
}

#[tokio::test]
async fn the_client_half_closes_after_a_body_shorter_than_its_content_length() {
    let server = Server::start(|mut stream| async move {
        let mut seen = Vec::new();
        stream.read_to_end(&mut seen).await?;
        let response = format!("HTTP/1.1 400 Bad\r\n\r\n{}", seen.len());
        stream.write_all(response.as_bytes()).await
    })
    .await;
    let mut request = request(Delivery::Exact);
    request.headers.set("content-length", "99");
    let response = Exact::new(&settings()).unwrap().send(&server.endpoint(), &request).await.unwrap();
    assert_eq!(response.body, request.to_bytes().len().to_string());
}

#[tokio::test]
async fn a_response_before_the_end_of_the_request_is_read() {
    let server = Server::start(|mut stream| async move {
        stream.write_all(b"HTTP/1.1 413 Large\r\ncontent-length: 2\r\n\r\n{}").await
    })
    .await;
    let body = Bytes::from(vec![b'x'; 8 << 20]);
    let mut request = Request { body, ..request(Delivery::Exact) };
    request.headers.set("content-length", request.body.len().to_string());
    let response = Exact::new(&settings()).unwrap().send(&server.endpoint(), &request).await.unwrap();
    assert_eq!((response.status, &response.body[..]), (413, &b"{}"[..]));
}

#[tokio::test]
async fn a_reset_during_the_request_is_a_reset() {
    let server = Server::start(|stream| async move { stream.set_zero_linger() }).await;
    let request = Request { body: Bytes::from(vec![b'x'; 8 << 20]), ..request(Delivery::Exact) };
    let outcome = Exact::new(&settings()).unwrap().send(&server.endpoint(), &request).await;
    assert_eq!(outcome, Err(TransportError::Reset));
}

#[tokio::test]
async fn a_proxy_receives_pooled_requests_and_exact_ones_are_rejected() {
    let (proxy, seen) = recorder().await;
    let settings = Settings { proxy: Some(proxy.endpoint().to_string()), ..settings() };
    let (wire, endpoint) = (Wire::new(&settings).unwrap(), "http://127.0.0.1:1".parse().unwrap());
    wire.send(&endpoint, &request(Delivery::Pooled)).await.unwrap();
    assert!(seen.lock().unwrap().starts_with(b"POST http://127.0.0.1:1/a?b=c HTTP/1.1\r\n"));
    let outcome = wire.send(&endpoint, &request(Delivery::Exact)).await;
    assert!(matches!(outcome, Err(TransportError::Unsendable(_))), "{outcome:?}");
}

#[test]
fn the_error_of_an_invalid_proxy_does_not_show_its_password() {
    let settings = Settings { proxy: Some("nonsense://user:secret@".to_owned()), ..Settings::default() };
    match Pooled::new(&settings) {
        Err(error @ SetupError::Proxy(_)) => assert!(!error.to_string().contains("secret")),
        other => panic!("{:?}", other.err()),
    }
}

/// A server that closes each connection at its second request, after it sent `last`. It counts requests.
async fn forgetful_server(last: &'static str) -> (Server, Arc<AtomicUsize>) {
    let requests = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&requests);
    let server = Server::start(move |mut stream| {
        let counter = Arc::clone(&counter);
        async move {
            for response in [OK, last] {
                read_request(&mut stream).await?;
                counter.fetch_add(1, Ordering::SeqCst);
                stream.write_all(response.as_bytes()).await?;
            }
            Ok(())
        }
    })
    .await;
    (server, requests)
}

#[tokio::test]
async fn a_request_on_a_kept_connection_that_is_closed_is_sent_once_more() {
    let (server, requests) = forgetful_server("").await;
    let (wire, endpoint) = (Wire::new(&settings()).unwrap(), server.endpoint());
    wire.send(&endpoint, &request(Delivery::Pooled)).await.unwrap();
    assert!(wire.notes().is_empty());
    for _ in 0..3 {
        let response = wire.send(&endpoint, &request(Delivery::Pooled)).await;
        assert_eq!(common_parts(response), (200, "{}".to_owned(), 0));
    }
    // The second request was sent twice. After it, no connection was kept.
    assert_eq!((requests.load(Ordering::SeqCst), server.accepts()), (5, 4));
    assert_eq!(wire.notes().len(), 1, "{:?}", wire.notes());
}

#[tokio::test]
async fn a_server_that_closes_each_connection_after_its_response_gets_each_request_once() {
    let server = Server::responding(OK, After::Close).await;
    let (wire, endpoint) = (Wire::new(&settings()).unwrap(), server.endpoint());
    for _ in 0..20 {
        wire.send(&endpoint, &request(Delivery::Pooled)).await.unwrap();
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(server.accepts(), 20);
}

#[tokio::test]
async fn a_request_is_sent_once_where_a_response_began() {
    let (server, requests) = forgetful_server("HTTP/1.1 200").await;
    let (pooled, endpoint) = (Pooled::new(&settings()).unwrap(), server.endpoint());
    pooled.send(&endpoint, &request(Delivery::Pooled)).await.unwrap();
    let outcome = pooled.send(&endpoint, &request(Delivery::Pooled)).await;
    assert_eq!((outcome, requests.load(Ordering::SeqCst)), (Err(TransportError::Closed), 2));
    assert!(pooled.notes().is_empty());
}

#[tokio::test]
async fn a_request_is_sent_once_on_a_new_connection() {
    let server = Server::responding("", After::Close).await;
    let pooled = Pooled::new(&settings()).unwrap();
    let outcome = pooled.send(&server.endpoint(), &request(Delivery::Pooled)).await;
    assert_eq!((outcome, server.accepts()), (Err(TransportError::Closed), 1));
}

#[tokio::test]
async fn a_request_that_ends_the_server_is_reported_as_cut_off() {
    let (server, _) = forgetful_server("").await;
    let (pooled, endpoint) = (Pooled::new(&settings()).unwrap(), server.endpoint());
    pooled.send(&endpoint, &request(Delivery::Pooled)).await.unwrap();
    drop(server);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(pooled.send(&endpoint, &request(Delivery::Pooled)).await, Err(TransportError::Closed));
    assert!(pooled.notes().is_empty());
}

#[tokio::test]
async fn an_exact_request_is_never_sent_twice() {
    let (server, requests) = forgetful_server("").await;
    let wire = Wire::new(&Settings { exact_always: true, ..settings() }).unwrap();
    for _ in 0..3 {
        wire.send(&server.endpoint(), &request(Delivery::Pooled)).await.unwrap();
    }
    assert_eq!((requests.load(Ordering::SeqCst), wire.notes().len()), (3, 0));
}
