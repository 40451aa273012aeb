//! The one TLS configuration of both transports.
//!
//! Its provider is its own: a process-wide one may be missing, and then a client panics while it is built.

use std::sync::Arc;

use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};

use super::SetupError;

/// Trusts the public roots and the certificates of `extra_ca`, a PEM text.
pub(super) fn config(extra_ca: Option<&[u8]>) -> Result<ClientConfig, SetupError> {
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
