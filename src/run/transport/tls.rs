//! The one TLS configuration of both transports.
//!
//! Its provider is its own: a process-wide one may be missing, and then a client panics while it is built.

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
    /// A connector that trusts the public roots and the certificates of `extra_ca`, a PEM text.
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

/// The failure that an error of TLS amounts to; `None` for any other error.
pub(super) fn failure(cause: &(dyn Error + 'static)) -> Option<TransportError> {
    let error = cause.downcast_ref::<TlsError>()?;
    Some(TransportError::Tls(format!("{error}{}", advice(error))))
}

/// What to do about the certificate of an authority that this machine does not know: an emulator's own, as a rule.
fn advice(error: &TlsError) -> &'static str {
    match error {
        TlsError::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => {
            "; trust the authority that issued it, as a PEM file: --ca-file, AWS_CA_BUNDLE or Target::ca_file"
        }
        // An authority that serves by its own certificate, as a rule; the error's type is not rustls's own.
        TlsError::InvalidCertificate(CertificateError::Other(_)) => {
            "; if it is the authority's own, let it issue one to the server, which says CA:FALSE"
        }
        _ => "",
    }
}

/// Trusts the public roots and the certificates of `extra_ca`, a PEM text.
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
        return Err(SetupError::Certificates("there is no certificate in them".to_owned()));
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
    fn what_is_no_certificate_is_refused(#[case] pem: &[u8]) {
        assert!(matches!(config(Some(pem)), Err(SetupError::Certificates(_))));
    }
}
