//! An endpoint with HTTPS and an authority of its own, created for each run, as emulators do.

use std::{fs, net::SocketAddr, path::PathBuf, process::Output, sync::Arc, time::Duration};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rstest::rstest;
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use wireproof::{Credentials, Suite, Target, Verdict};

use crate::support::{self, program};

type Authority = CertifiedIssuer<'static, KeyPair>;

/// The cases of the program: few, because these tests are only about certificates.
const CASES: &str = "codedeploy/stop-deployment/missing-id";

fn authority() -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate that an authority issues for such names or addresses.
fn issued(authority: &Authority, name: &str) -> ServerConfig {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, authority).unwrap();
    config(certificate.der().clone(), &key)
}

fn config(certificate: CertificateDer<'static>, key: &KeyPair) -> ServerConfig {
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap()
}

/// The reference behind TLS.
struct Server {
    address: SocketAddr,
    _reference: wireproof::internals::reference::Reference,
}

impl Server {
    fn start(config: ServerConfig) -> Self {
        let (reference, target) = support::reference();
        let behind = target.endpoint.to_string().trim_start_matches("http://").to_owned();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let address = support::within(Duration::from_secs(5), async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    // A connection that breaks is the peer's affair.
                    drop(tokio::spawn(pass(acceptor.clone(), stream, behind.clone())));
                }
            });
            address
        });
        Self { address, _reference: reference }
    }

    fn url(&self, host: &str) -> String {
        format!("https://{host}:{}", self.address.port())
    }
}

async fn pass(acceptor: TlsAcceptor, stream: TcpStream, behind: String) -> std::io::Result<()> {
    let mut inside = acceptor.accept(stream).await?;
    let mut outside = TcpStream::connect(behind).await?;
    tokio::io::copy_bidirectional(&mut inside, &mut outside).await.map(drop)
}

/// A file of the authority's certificate, and the folder that it lies in.
fn file_of(authority: &Authority) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    fs::write(&path, authority.pem()).unwrap();
    (folder, path)
}

fn run(url: &str, arguments: &[&str]) -> Output {
    program::run(&[&["run", CASES, "--endpoint", url], arguments].concat())
}

#[rstest]
#[case::a_name("localhost", &[])]
#[case::an_address("127.0.0.1", &[])]
#[case::a_name_exactly("localhost", &["--exact"])]
#[case::an_address_exactly("127.0.0.1", &["--exact"])]
fn an_authority_of_one_run_is_trusted_where_its_file_is_given(#[case] host: &str, #[case] arguments: &[&str]) {
    let authority = authority();
    let server = Server::start(issued(&authority, host));
    let (_folder, path) = file_of(&authority);
    let trusting = [arguments, &["--ca-file", path.to_str().unwrap()]].concat();
    program::assert_status(&run(&server.url(host), &trusting), 0);
}

#[test]
fn the_environment_names_an_authority_as_it_does_for_the_aws_tools() {
    let authority = authority();
    let server = Server::start(issued(&authority, "localhost"));
    let (_folder, path) = file_of(&authority);
    let mut command = program::program(&["run", CASES, "--endpoint", &server.url("localhost")]);
    command.env("AWS_CA_BUNDLE", path);
    program::assert_status(&program::ended(command), 0);
}

#[test]
fn a_test_names_an_authority_and_the_keys_of_its_run() {
    let authority = authority();
    let server = Server::start(issued(&authority, "localhost"));
    let (_folder, path) = file_of(&authority);
    let suite = Suite::bundled().filter(CASES);
    let untold = Target::at(server.url("localhost")).credentials(Credentials::new("test", "test"));
    let untrusted = suite.clone().against(untold.clone()).run_blocking();
    assert_eq!(untrusted.cases()[0].verdict, Verdict::Inconclusive, "{}", untrusted.report());
    assert!(untrusted.report().contains("Target::ca_file"), "{}", untrusted.report());
    suite.against(untold.ca_file(path)).run_blocking().assert_conforms();
}

#[rstest]
fn an_untrusted_authority_ends_the_run_with_a_hint(
    #[values(&[], &["--exact"])] arguments: &[&str],
    #[values(false, true)] another_is_given: bool,
) {
    let server = Server::start(issued(&authority(), "localhost"));
    let (_folder, path) = file_of(&authority());
    let given = if another_is_given { vec!["--ca-file", path.to_str().unwrap()] } else { Vec::new() };
    let output = run(&server.url("localhost"), &[arguments, &given].concat());
    assert_reported(&output, "--ca-file, AWS_CA_BUNDLE or Target::ca_file");
}

#[rstest]
fn a_certificate_for_another_name_is_reported_with_its_names(#[values(&[], &["--exact"])] arguments: &[&str]) {
    let authority = authority();
    let server = Server::start(issued(&authority, "emulator.example"));
    let (_folder, path) = file_of(&authority);
    let trusting = [arguments, &["--ca-file", path.to_str().unwrap()]].concat();
    assert_reported(&run(&server.url("localhost"), &trusting), "emulator.example");
}

#[rstest]
fn an_authority_may_serve_with_its_own_certificate_where_it_is_trusted(
    #[values(&[], &["--exact"])] arguments: &[&str],
) {
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let server = Server::start(config(authority.der().clone(), authority.key()));
    let (_folder, path) = file_of(&authority);
    let trusting = [arguments, &["--ca-file", path.to_str().unwrap()]].concat();
    program::assert_status(&run(&server.url("localhost"), &trusting), 0);
    assert_reported(
        &run(&server.url("localhost"), arguments),
        "self-signed and not trusted help: trust its certificate",
    );
}

#[test]
fn a_run_without_verification_says_so() {
    let server = Server::start(issued(&authority(), "localhost"));
    let output = run(&server.url("localhost"), &["--insecure"]);
    program::assert_status(&output, 0);
    assert!(
        program::out(&output).contains("the certificate of the endpoint is not verified"),
        "{}",
        program::out(&output)
    );
    let target = Target::at(server.url("localhost")).insecure();
    let outcome = Suite::bundled().filter(CASES).against(target).run_blocking();
    outcome.assert_conforms();
    assert!(outcome.report().contains("is not verified"), "{}", outcome.report());
}

#[track_caller]
fn assert_reported(output: &Output, words: &str) {
    program::assert_status(output, 2);
    let reported = format!("{}{}", program::out(output), program::err(output)).replace('\n', " ");
    assert!(reported.split_whitespace().collect::<Vec<_>>().join(" ").contains(words), "{reported}");
}
