//! TLS over a connection: whom it trusts, and who it is.
//!
//! It names its crypto provider, because building a configuration panics if the process has no default provider.

use std::{error::Error, sync::Arc};

use rustls::{
    ClientConfig, Error as TlsError,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use tokio_rustls::TlsConnector;

use super::{
    ClientIdentity, Settings, SetupError,
    connection::ByteStream,
    failure,
    server_trust::{AnyServer, ServerTrust},
    tls_failure::{self, NO_HANDSHAKE},
};
use crate::wire::TransportError;

/// Opens encrypted connections.
pub(super) struct Encryption(TlsConnector);

impl Encryption {
    /// A connector that trusts the public roots and the additional certificates of the settings.
    pub(super) fn new(settings: &Settings) -> Result<Self, SetupError> {
        Ok(Self(TlsConnector::from(Arc::new(config(settings)?))))
    }

    /// Encrypts a connection to this host.
    pub(super) async fn connect(&self, host: &str, stream: ByteStream) -> Result<ByteStream, TransportError> {
        let name = ServerName::try_from(host.to_owned());
        let name = name.map_err(|_| TransportError::Dns(format!("{host:?} is not a host name")))?;
        match self.0.connect(name, stream).await {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) => Err(match failure::of_io(&error) {
                TransportError::Closed => tls_failure::of_problem(NO_HANDSHAKE),
                other => other,
            }),
        }
    }
}

/// Converts a TLS error; `None` for any other error.
pub(super) fn failure(cause: &(dyn Error + 'static)) -> Option<TransportError> {
    cause.downcast_ref::<TlsError>().map(tls_failure::of)
}

fn config(settings: &Settings) -> Result<ClientConfig, SetupError> {
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| SetupError::Client(error.to_string()))?
        .dangerous();
    let config = if settings.insecure {
        config.with_custom_certificate_verifier(Arc::new(AnyServer(provider)))
    } else {
        config.with_custom_certificate_verifier(Arc::new(ServerTrust::new(settings.extra_ca.as_deref(), provider)?))
    };
    let Some(identity) = &settings.client_identity else { return Ok(config.with_no_client_auth()) };
    let (chain, key) = parsed(identity)?;
    config.with_client_auth_cert(chain, key).map_err(|error| SetupError::ClientCertificate(error.to_string()))
}

/// The certificates of a client with their key.
fn parsed(identity: &ClientIdentity) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), SetupError> {
    let unusable = |problem: &str| SetupError::ClientCertificate(problem.to_owned());
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&identity.certificate).collect();
    let chain = chain.map_err(|error| SetupError::ClientCertificate(error.to_string()))?;
    if chain.is_empty() {
        return Err(unusable("the file has no certificate"));
    }
    let key = PrivateKeyDer::from_pem_slice(&identity.key).map_err(|_| {
        let encrypted = identity.key.windows(9).any(|word| word == b"ENCRYPTED");
        unusable(if encrypted {
            "the key has a password; `openssl pkey` removes it"
        } else {
            "the file has no private key"
        })
    })?;
    Ok((chain, key))
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};
    use rstest::rstest;

    use super::*;

    fn settings(extra_ca: &[u8]) -> Settings {
        Settings { extra_ca: Some(extra_ca.to_vec()), ..Settings::default() }
    }

    #[test]
    fn a_certificate_in_pem_is_added() {
        assert!(config(&settings(include_bytes!("testdata/ca.pem"))).is_ok());
    }

    #[rstest]
    #[case::empty(b"")]
    #[case::a_text(b"trust me")]
    #[case::no_certificate(b"-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n")]
    #[case::cut_off(b"-----BEGIN CERTIFICATE-----\naGVs")]
    fn an_invalid_certificate_is_rejected(#[case] pem: &[u8]) {
        assert!(matches!(config(&settings(pem)), Err(SetupError::Certificates(_))));
    }

    #[test]
    fn a_client_certificate_needs_its_own_key_without_a_password() {
        let keys = [KeyPair::generate().unwrap(), KeyPair::generate().unwrap()];
        let certificate = CertificateParams::default().self_signed(&keys[0]).unwrap().pem().into_bytes();
        let given = |certificate: &[u8], key: &[u8]| {
            let identity = ClientIdentity { certificate: certificate.to_vec(), key: key.to_vec() };
            match config(&Settings { client_identity: Some(identity), ..Settings::default() }) {
                Ok(_) => "fine".to_owned(),
                Err(error) => error.to_string(),
            }
        };
        let [own, other] = keys.map(|key| key.serialize_pem().into_bytes());
        assert_eq!(given(&certificate, &own), "fine");
        assert!(given(&certificate, &other).contains("keys may not be consistent"), "{}", given(&certificate, &other));
        assert!(given(b"", &own).contains("no certificate"));
        assert!(given(&certificate, b"").contains("no private key"));
        let encrypted = b"-----BEGIN ENCRYPTED PRIVATE KEY-----\naGVsbG8=\n-----END ENCRYPTED PRIVATE KEY-----\n";
        assert!(given(&certificate, encrypted).contains("has a password"));
    }
}
