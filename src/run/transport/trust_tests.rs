//! The certificates that a client trusts, and its own, against servers with certificates made here.

use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, KeyPair};
use rstest::rstest;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio::io::AsyncWriteExt;

use super::{
    test_server::{Server, read_request},
    tests::{self, OK, request},
    *,
};

/// A certificate with its key, in PEM.
type Identity = (Vec<u8>, Vec<u8>);

/// The certificate of an authority, as `openssl req -x509` makes it by default.
const AUTHORITY: IsCa = IsCa::Ca(BasicConstraints::Unconstrained);

/// The address for which certificates are issued.
const ADDRESS: Option<&str> = Some("127.0.0.1");

/// A self-signed certificate with this common name and, if given, one subjectAltName.
fn self_signed(common_name: &str, alternative: Option<&str>, is_ca: IsCa) -> Identity {
    let mut params = params(alternative, is_ca);
    params.distinguished_name.push(DnType::CommonName, common_name);
    signed(&params)
}

fn params(alternative: Option<&str>, is_ca: IsCa) -> CertificateParams {
    let mut params = CertificateParams::new(alternative.map(str::to_owned).into_iter().collect::<Vec<_>>()).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.is_ca = is_ca;
    params
}

fn signed(params: &CertificateParams) -> Identity {
    let key = KeyPair::generate().unwrap();
    (params.self_signed(&key).unwrap().pem().into_bytes(), key.serialize_pem().into_bytes())
}

/// A server with a certificate. With `client_ca`, it requires a client certificate of that authority.
async fn server_of((certificate, key): &Identity, client_ca: Option<&[u8]>) -> Server {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider));
    let config = config.with_safe_default_protocol_versions().unwrap();
    let config = match client_ca {
        None => config.with_no_client_auth(),
        Some(pem) => {
            let mut roots = rustls::RootCertStore::empty();
            roots.add(CertificateDer::from_pem_slice(pem).unwrap()).unwrap();
            let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            config.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    let certificate = CertificateDer::from_pem_slice(certificate).unwrap();
    let config = config.with_single_cert(vec![certificate], PrivateKeyDer::from_pem_slice(key).unwrap()).unwrap();
    Server::over_tls(config, OK).await
}

async fn send_with(settings: Settings, delivery: Delivery, url: &str) -> Result<u16, TransportError> {
    let wire = Wire::new(&Settings { limits: tests::settings().limits, ..settings }).unwrap();
    wire.send(&url.parse().unwrap(), &request(delivery)).await.map(|response| response.status)
}

fn trusting(certificate: &[u8]) -> Settings {
    Settings { extra_ca: Some(certificate.to_vec()), ..Settings::default() }
}

/// The problem and the help of a TLS failure.
fn tls_failure(outcome: Result<u16, TransportError>) -> String {
    match outcome {
        Err(error @ TransportError::Tls { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[rstest]
#[case::common_name(None, AUTHORITY, "localhost")]
#[case::address(ADDRESS, AUTHORITY, "127.0.0.1")]
#[case::no_authority(None, IsCa::ExplicitNoCa, "localhost")]
#[tokio::test]
async fn a_self_signed_certificate_works_where_it_is_trusted(
    #[values(Delivery::Pooled, Delivery::Exact)] delivery: Delivery,
    #[case] alternative: Option<&str>,
    #[case] is_ca: IsCa,
    #[case] host: &str,
) {
    let own = self_signed("localhost", alternative, is_ca);
    let server = server_of(&own, None).await;
    let url = server.https_endpoint().to_string().replace("127.0.0.1", host);
    assert_eq!(send_with(trusting(&own.0), delivery, &url).await, Ok(200));
    let untrusted = tls_failure(send_with(Settings::default(), delivery, &url).await);
    assert!(untrusted.contains("self-signed and not trusted; trust its certificate"), "{untrusted}");
    let other = self_signed("localhost", alternative, is_ca);
    let untrusted = tls_failure(send_with(trusting(&other.0), delivery, &url).await);
    assert!(untrusted.contains("trust its certificate"), "{untrusted}");
    let insecure = Settings { insecure: true, ..Settings::default() };
    assert_eq!(send_with(insecure, delivery, &url).await, Ok(200));
}

#[rstest]
#[case::another_address("localhost", ADDRESS, "localhost", "not valid for localhost; it has ")]
#[case::another_common_name("emulator", None, "localhost", "subjectAltName=DNS:localhost")]
#[case::a_common_name_is_no_address("localhost", None, "127.0.0.1", "subjectAltName=IP:127.0.0.1")]
#[tokio::test]
async fn a_trusted_certificate_still_needs_its_name_and_time(
    #[case] common_name: &str,
    #[case] alternative: Option<&str>,
    #[case] host: &str,
    #[case] says: &str,
) {
    let own = self_signed(common_name, alternative, AUTHORITY);
    let server = server_of(&own, None).await;
    let url = server.https_endpoint().to_string().replace("127.0.0.1", host);
    let failure = tls_failure(send_with(trusting(&own.0), Delivery::Pooled, &url).await);
    assert!(failure.contains(says), "{failure}");
}

#[tokio::test]
async fn an_expired_certificate_is_rejected_although_it_is_trusted() {
    let mut expired = params(Some("localhost"), AUTHORITY);
    expired.not_after = rcgen::date_time_ymd(2020, 1, 1);
    let own = signed(&expired);
    let server = server_of(&own, None).await;
    let url = server.https_endpoint().to_string().replace("127.0.0.1", "localhost");
    let failure = tls_failure(send_with(trusting(&own.0), Delivery::Pooled, &url).await);
    assert!(failure.contains("has expired"), "{failure}");
}

#[tokio::test]
async fn a_run_that_verifies_nothing_has_a_note() {
    let insecure = Wire::new(&Settings { insecure: true, ..Settings::default() }).unwrap();
    assert_eq!(insecure.notes(), [INSECURE]);
    assert!(Wire::new(&Settings::default()).unwrap().notes().is_empty());
}

#[rstest]
#[tokio::test]
async fn a_server_that_requires_a_client_certificate_gets_it(
    #[values(Delivery::Pooled, Delivery::Exact)] delivery: Delivery,
) {
    let own = self_signed("localhost", ADDRESS, AUTHORITY);
    let (certificate, key) = self_signed("me", None, IsCa::ExplicitNoCa);
    let server = server_of(&own, Some(&certificate)).await;
    let url = server.https_endpoint().to_string();
    let without = tls_failure(send_with(trusting(&own.0), delivery, &url).await);
    assert!(without.contains("requires a client certificate; pass"), "{without}");
    let identified = Settings { client_identity: Some(ClientIdentity { certificate, key }), ..trusting(&own.0) };
    assert_eq!(send_with(identified, delivery, &url).await, Ok(200));
}

#[rstest]
#[tokio::test]
async fn an_https_endpoint_is_reached_through_a_tunnel_of_the_proxy(#[values(true, false)] is_open: bool) {
    let own = self_signed("localhost", ADDRESS, AUTHORITY);
    let server = server_of(&own, None).await;
    let behind = server.https_endpoint().to_string().replace("https://", "");
    let asked = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&asked);
    let proxy = Server::start(move |mut stream| {
        let (kept, behind) = (Arc::clone(&kept), behind.clone());
        async move {
            let request = read_request(&mut stream).await?;
            kept.lock().unwrap().extend(request);
            if !is_open {
                return stream.write_all(b"HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n").await;
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
            let mut outside = tokio::net::TcpStream::connect(behind).await?;
            tokio::io::copy_bidirectional(&mut stream, &mut outside).await.map(drop)
        }
    })
    .await;
    let url = server.https_endpoint().to_string();
    let through = Settings { proxy: Some(proxy.endpoint().to_string()), ..trusting(&own.0) };
    let outcome = send_with(through, Delivery::Pooled, &url).await;
    let expected = TransportError::Other("the proxy rejected the tunnel with status 407".to_owned());
    assert_eq!(outcome, if is_open { Ok(200) } else { Err(expected) });
    let host = url.replace("https://", "");
    let asked = String::from_utf8(asked.lock().unwrap().clone()).unwrap();
    assert_eq!(asked, format!("CONNECT {host} HTTP/1.1\r\nhost: {host}\r\n\r\n"));
}
