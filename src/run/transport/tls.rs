//! The TLS configuration of both transports.
//!
//! It names its crypto provider, because building a client panics if the process has no default provider.

use std::{error::Error, sync::Arc};

use reqwest::ClientBuilder;
use rustls::{
    CertificateError, ClientConfig, Error as TlsError, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::{SetupError, exact::Connection, failure};
use crate::wire::TransportError;

/// Opens encrypted connections.
pub(super) struct Encryption(TlsConnector);

impl Encryption {
    /// A connector that trusts the public roots and the PEM certificates in `extra_ca`.
    pub(super) fn new(extra_ca: Option<&[u8]>) -> Result<Self, SetupError> {
        Ok(Self(TlsConnector::from(Arc::new(config(extra_ca)?))))
    }

    /// Encrypts a connection to this host.
    pub(super) async fn connect(&self, host: &str, stream: TcpStream) -> Result<Connection, TransportError> {
        let name = ServerName::try_from(host.to_owned());
        let name = name.map_err(|error| TransportError::Tls(error.to_string()))?;
        match self.0.connect(name, stream).await {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) => Err(match failure::of_io(&error) {
                TransportError::Closed => TransportError::Tls(error.to_string()),
                other => other,
            }),
        }
    }
}

/// Sets up an HTTP client with the same trust.
pub(super) fn set_up(client: ClientBuilder, extra_ca: Option<&[u8]>) -> Result<ClientBuilder, SetupError> {
    Ok(client.tls_backend_preconfigured(config(extra_ca)?))
}

/// Converts a TLS error; `None` for any other error.
pub(super) fn failure(cause: &(dyn Error + 'static)) -> Option<TransportError> {
    let error = cause.downcast_ref::<TlsError>()?;
    Some(TransportError::Tls(format!("{error}{}", advice(error))))
}

/// Says how to fix an untrusted certificate, usually one of an emulator.
fn advice(error: &TlsError) -> &'static str {
    match error {
        TlsError::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => {
            "; trust the authority that issued it, as a PEM file: --ca-file, AWS_CA_BUNDLE or Target::ca_file"
        }
        // Usually the server presents a CA certificate. rustls has no variant for this error.
        TlsError::InvalidCertificate(CertificateError::Other(_)) => {
            "; if it is the authority's own, let it issue one to the server, which says CA:FALSE"
        }
        _ => "",
    }
}

/// A configuration that trusts the public roots and the PEM certificates in `extra_ca`.
fn config(extra_ca: Option<&[u8]>) -> Result<ClientConfig, SetupError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(pem) = extra_ca {
        add(&mut roots, pem)?;
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| SetupError::Client(error.to_string()))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

fn add(roots: &mut RootCertStore, pem: &[u8]) -> Result<(), SetupError> {
    let before = roots.len();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| SetupError::Certificates(error.to_string()))?;
        roots.add(certificate).map_err(|error| SetupError::Certificates(error.to_string()))?;
    }
    if roots.len() == before {
        return Err(SetupError::Certificates("they contain no certificate".to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn a_certificate_in_pem_is_added() {
        assert!(config(Some(include_bytes!("testdata/ca.pem"))).is_ok());
    }

    #[rstest]
    #[case::empty(b"")]
    #[case::a_text(b"trust me")]
    #[case::no_certificate(b"-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n")]
    #[case::cut_off(b"-----BEGIN CERTIFICATE-----\naGVs")]
    fn an_invalid_certificate_is_rejected(#[case] pem: &[u8]) {
        assert!(matches!(config(Some(pem)), Err(SetupError::Certificates(_))));
    }
}
