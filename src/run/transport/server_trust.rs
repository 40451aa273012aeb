//! The servers that a client trusts: those of the public authorities, and those of additional certificates.
//!
//! webpki rejects two kinds of certificates that OpenSSL and curl accept, and that emulators use: a trusted self-signed
//! certificate that is also marked as an authority, as `openssl req -x509` makes it, and one that has only a common
//! name. Both are accepted only below an additional certificate of the user.

use std::{fmt, sync::Arc};

use rustls::{
    CertificateError, DigitallySignedStruct, Error as TlsError, OtherError, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
    server::ParsedCertificate,
};
use thiserror::Error;
use webpki::EndEntityCert;

use super::SetupError;

/// Trusts the public authorities and additional certificates.
#[derive(Debug)]
pub(super) struct ServerTrust {
    verifier: Arc<WebPkiServerVerifier>,
    added: Vec<CertificateDer<'static>>,
}

/// A certificate that signed itself and is not trusted.
#[derive(Debug, Error)]
#[error("the certificate is self-signed")]
pub(super) struct SelfSigned;

impl ServerTrust {
    /// Trusts the public authorities and the PEM certificates in `added`.
    pub(super) fn new(added: Option<&[u8]>, provider: Arc<CryptoProvider>) -> Result<Self, SetupError> {
        let unusable = |error: &dyn fmt::Display| SetupError::Certificates(error.to_string());
        let certificates: Result<Vec<_>, _> = added.into_iter().flat_map(CertificateDer::pem_slice_iter).collect();
        let certificates = certificates.map_err(|error| unusable(&error))?;
        if added.is_some() && certificates.is_empty() {
            return Err(unusable(&"they contain no certificate"));
        }
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        for certificate in &certificates {
            roots.add(certificate.clone()).map_err(|error| unusable(&error))?;
        }
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
        let verifier = verifier.map_err(|error| SetupError::Client(error.to_string()))?;
        Ok(Self { verifier, added: certificates })
    }

    /// Judges what webpki rejected.
    fn reconsidered(
        &self,
        error: TlsError,
        certificate: &CertificateDer<'_>,
        name: &ServerName<'_>,
    ) -> Result<(), TlsError> {
        let error = if self.added.contains(certificate) && is_of_authority(&error) {
            // webpki checks the validity period before the use.
            match verify_server_name(&ParsedCertificate::try_from(certificate)?, name) {
                Ok(()) => return Ok(()),
                Err(error) => error,
            }
        } else {
            error
        };
        let parsed = EndEntityCert::try_from(certificate).ok();
        match (&error, parsed) {
            // webpki checks the chain before the name.
            (
                TlsError::InvalidCertificate(CertificateError::NotValidForNameContext { presented, .. }),
                Some(parsed),
            ) if presented.is_empty() && !self.added.is_empty() && has_common_name(parsed.subject(), name) => Ok(()),
            (TlsError::InvalidCertificate(CertificateError::UnknownIssuer), Some(parsed))
                if parsed.subject() == parsed.issuer() =>
            {
                Err(self_signed())
            }
            (error, Some(parsed)) if is_of_authority(error) && parsed.subject() == parsed.issuer() => {
                Err(self_signed())
            }
            _ => Err(error),
        }
    }
}

impl ServerCertVerifier for ServerTrust {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let verified =
            self.verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now).map(drop);
        verified.or_else(|error| self.reconsidered(error, end_entity, server_name))?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.verifier.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.verifier.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

/// Trusts every server.
#[derive(Debug)]
pub(super) struct AnyServer(pub(super) Arc<CryptoProvider>);

impl ServerCertVerifier for AnyServer {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

fn self_signed() -> TlsError {
    TlsError::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(SelfSigned))))
}

/// Returns true if a certificate was rejected because it is one of an authority.
pub(super) fn is_of_authority(error: &TlsError) -> bool {
    let TlsError::InvalidCertificate(CertificateError::Other(other)) = error else { return false };
    matches!(other.0.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}

/// Returns true if the subject of a certificate, in DER, has this name as its common name.
fn has_common_name(subject: &[u8], name: &ServerName<'_>) -> bool {
    /// The object identifier 2.5.4.3 in DER.
    const COMMON_NAME: &[u8] = &[0x06, 0x03, 0x55, 0x04, 0x03];
    let Some(at) = subject.windows(COMMON_NAME.len()).position(|bytes| bytes == COMMON_NAME) else { return false };
    // The tag of a string, a length in one byte, and the string.
    let [_, length, text @ ..] = &subject[at + COMMON_NAME.len()..] else { return false };
    text.get(..usize::from(*length)).is_some_and(|text| text.eq_ignore_ascii_case(name.to_str().as_bytes()))
}
