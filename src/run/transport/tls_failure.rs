//! TLS errors in plain sentences, each with what to do.

use rustls::{AlertDescription as Alert, CertificateError, Error as TlsError, PeerIncompatible};

use super::server_trust::{SelfSigned, is_of_authority};
use crate::wire::TransportError;

/// A problem and what to do.
type Described = (String, String);

const TRUST: &str = "trust its certificate, a PEM file: --ca-file, AWS_CA_BUNDLE or Target::ca_file";
const NO_TLS_THERE: &str = "an endpoint without TLS has an http URL";
const IDENTIFY: &str =
    "pass a client certificate that the server accepts: --client-cert and --client-key, or Target::client_certificate";

/// The problem of a connection that ended during the handshake.
pub(super) const NO_HANDSHAKE: (&str, &str) = ("the server closed the connection during the handshake", NO_TLS_THERE);

/// The error for a problem with what to do.
pub(super) fn of_problem((problem, help): (impl Into<String>, impl Into<String>)) -> TransportError {
    TransportError::Tls { problem: problem.into(), help: help.into() }
}

/// Converts an error of rustls.
pub(super) fn of(error: &TlsError) -> TransportError {
    of_problem(match error {
        _ if is_of_authority(error) => described(
            "the server presents the certificate of an authority as its own",
            "let the authority issue one to the server, which says CA:FALSE, or trust this one with --ca-file",
        ),
        TlsError::InvalidCertificate(error) => of_certificate(error),
        TlsError::AlertReceived(alert) => of_alert(*alert),
        TlsError::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13 | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        ) => old_version(),
        TlsError::InvalidMessage(_) => described("the response is not TLS", NO_TLS_THERE),
        other => described(&other.to_string(), "check the TLS settings of the endpoint"),
    })
}

fn described(problem: &str, help: &str) -> Described {
    (problem.to_owned(), help.to_owned())
}

fn old_version() -> Described {
    described("the server and this client have no TLS version in common", "enable TLS 1.2 or 1.3 on the server")
}

fn of_certificate(error: &CertificateError) -> Described {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => described(
            "the certificate of the server has expired",
            "renew it, or pass --insecure or use Target::insecure",
        ),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            described("the certificate of the server is not valid yet", "check the clocks of both machines")
        }
        CertificateError::NotValidForNameContext { expected, presented } => {
            let expected = expected.to_str();
            let names = if presented.is_empty() { "no name".to_owned() } else { presented.join(", ") };
            let kind = if expected.parse::<std::net::IpAddr>().is_ok() { "IP" } else { "DNS" };
            (
                format!("the certificate of the server is not valid for {expected}; it has {names}"),
                format!("use one of its names in the URL, or issue it with subjectAltName={kind}:{expected}"),
            )
        }
        CertificateError::UnknownIssuer => {
            described("an authority that is not trusted issued the certificate of the server", TRUST)
        }
        CertificateError::Other(other) if other.0.is::<SelfSigned>() => {
            described("the certificate of the server is self-signed and not trusted", TRUST)
        }
        CertificateError::BadSignature => {
            let problem =
                "no trusted authority signed the certificate of the server, although one has the name of its issuer";
            described(problem, TRUST)
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => described(
            "the certificate of the server is not meant for servers",
            "issue it with extendedKeyUsage=serverAuth",
        ),
        _ => described(
            "the certificate of the server cannot be used",
            "issue it as an X.509 certificate of version 3 with a common signature algorithm, or pass --insecure",
        ),
    }
}

fn of_alert(alert: Alert) -> Described {
    match alert {
        Alert::ProtocolVersion => old_version(),
        Alert::CertificateRequired => described("the server requires a client certificate", IDENTIFY),
        Alert::BadCertificate
        | Alert::CertificateExpired
        | Alert::CertificateUnknown
        | Alert::UnknownCA
        | Alert::AccessDenied
        | Alert::DecryptError => described("the server rejected the client certificate", IDENTIFY),
        Alert::UnrecognisedName => {
            described("the server does not know the host name of the URL", "use a host name of the server in the URL")
        }
        Alert::HandshakeFailure => described(
            "the server rejected the handshake",
            "enable a common cipher suite on the server, or pass --client-cert if it requires a client certificate",
        ),
        other => described(
            &format!("the server ended the handshake with the alert {other:?}"),
            "check the TLS settings of the endpoint",
        ),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn name(presented: &[&str]) -> CertificateError {
        let presented = presented.iter().map(|name| (*name).to_owned()).collect();
        CertificateError::NotValidForNameContext { expected: "127.0.0.1".try_into().unwrap(), presented }
    }

    #[rstest]
    #[case::expired(CertificateError::Expired, "has expired", "renew it")]
    #[case::early(CertificateError::NotValidYet, "not valid yet", "clocks")]
    #[case::other_name(name(&["DnsName(\"h\")"]), "not valid for 127.0.0.1; it has", "subjectAltName=IP:127.0.0.1")]
    #[case::no_name(name(&[]), "it has no name", "subjectAltName=IP:127.0.0.1")]
    #[case::issuer(CertificateError::UnknownIssuer, "not trusted", "--ca-file")]
    #[case::signature(CertificateError::BadSignature, "no trusted authority signed", "--ca-file")]
    #[case::purpose(CertificateError::InvalidPurpose, "not meant for servers", "serverAuth")]
    #[case::rest(CertificateError::BadEncoding, "cannot be used", "X.509")]
    fn an_invalid_certificate_is_explained(
        #[case] error: CertificateError,
        #[case] expected: &str,
        #[case] hint: &str,
    ) {
        let TransportError::Tls { problem, help } = of(&TlsError::InvalidCertificate(error)) else { panic!("no TLS") };
        assert!(problem.contains(expected) && help.contains(hint), "{problem}; {help}");
    }

    #[rstest]
    #[case::version(TlsError::AlertReceived(Alert::ProtocolVersion), "no TLS version in common")]
    #[case::old(PeerIncompatible::ServerDoesNotSupportTls12Or13.into(), "no TLS version in common")]
    #[case::client(TlsError::AlertReceived(Alert::CertificateRequired), "requires a client certificate")]
    #[case::unknown_client(TlsError::AlertReceived(Alert::UnknownCA), "rejected the client certificate")]
    #[case::rejected(TlsError::AlertReceived(Alert::HandshakeFailure), "rejected the handshake")]
    #[case::name(TlsError::AlertReceived(Alert::UnrecognisedName), "host name")]
    #[case::other(TlsError::AlertReceived(Alert::InternalError), "InternalError")]
    #[case::rest(TlsError::HandshakeNotComplete, "handshake")]
    fn a_failed_handshake_is_explained(#[case] error: TlsError, #[case] expected: &str) {
        let TransportError::Tls { problem, help } = of(&error) else { panic!("no TLS") };
        assert!(problem.contains(expected) && !help.is_empty(), "{problem}; {help}");
    }
}
