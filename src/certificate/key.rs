//! Ed25519 keys in their usual encodings: PKCS#8 and SPKI in PEM, or 32 bytes in hex.
//!
//! Uses `ring`, as TLS does. The type of private keys has no `Debug`, so that logs cannot contain one.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::{
    rand::{SecureRandom as _, SystemRandom},
    signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey},
};
use thiserror::Error;

use crate::run::recording::sha256;
use crate::wire::sigv4::hex;

/// The prefix of the 32 bytes of a private key in PKCS#8 (RFC 8410).
const PKCS8: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

/// The prefix of the 32 bytes of a public key in an SPKI (RFC 8410).
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0];

/// A text that is not a key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The text is not a private key.
    #[error(
        "not an Ed25519 private key: expected PKCS#8 in PEM or 64 hexadecimal digits\nhelp: `wireproof certify --new-key FILE` creates one"
    )]
    Private,
    /// The text is not a public key.
    #[error("not an Ed25519 public key: expected PEM that starts with BEGIN PUBLIC KEY, or 64 hexadecimal digits")]
    Public,
    /// The system provides no random bytes.
    #[error("the system provides no random bytes")]
    Random,
}

/// A private key for signing.
pub struct CertificateKey(Ed25519KeyPair);

/// A public key for verifying signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

impl CertificateKey {
    /// Reads PEM or hex.
    ///
    /// # Errors
    /// The text is not an Ed25519 key in PEM or hex.
    pub fn read(text: &str) -> Result<Self, KeyError> {
        let pair = match from_pem(text, "PRIVATE KEY") {
            Some(der) => Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der),
            None => Ed25519KeyPair::from_seed_unchecked(&from_hex(text).ok_or(KeyError::Private)?),
        };
        pair.map(Self).map_err(|_| KeyError::Private)
    }

    /// The text of a new key, as PKCS#8 in PEM.
    ///
    /// # Errors
    /// The system provides no random bytes.
    pub fn fresh() -> Result<String, KeyError> {
        let seed: [u8; 32] = random()?;
        Ok(pem("PRIVATE KEY", &[PKCS8.as_slice(), &seed].concat()))
    }

    #[must_use]
    pub fn public(&self) -> PublicKey {
        let mut bytes = [0; 32];
        bytes.iter_mut().zip(self.0.public_key().as_ref()).for_each(|(to, from)| *to = *from);
        PublicKey(bytes)
    }

    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).as_ref().to_vec()
    }
}

impl PublicKey {
    /// Reads PEM or hex.
    ///
    /// # Errors
    /// The text is not an Ed25519 key in PEM or hex.
    pub fn read(text: &str) -> Result<Self, KeyError> {
        let bytes = match from_pem(text, "PUBLIC KEY") {
            Some(der) => der.strip_prefix(SPKI.as_slice()).and_then(|bytes| bytes.try_into().ok()),
            None => from_hex(text),
        };
        bytes.map(Self).ok_or(KeyError::Public)
    }

    /// The identity of the key, in envelopes and wherever it is printed: the `keyid` that securesystemslib computes, and by
    /// which it finds the key of a signature. It is the SHA-256 of the key's metadata in canonical JSON.
    #[must_use]
    pub fn id(&self) -> String {
        let public = self.hex();
        let metadata = format!(r#"{{"keytype":"ed25519","keyval":{{"public":"{public}"}},"scheme":"ed25519"}}"#);
        sha256(metadata.as_bytes())
    }

    /// The key as SPKI in PEM.
    #[must_use]
    pub fn pem(&self) -> String {
        pem("PUBLIC KEY", &self.spki())
    }

    /// The 32 bytes in hex.
    #[must_use]
    pub fn hex(&self) -> String {
        hex(&self.0)
    }

    /// Returns whether the signature of the message is valid.
    #[must_use]
    pub fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0).verify(message, signature).is_ok()
    }

    fn spki(&self) -> Vec<u8> {
        [SPKI.as_slice(), &self.0].concat()
    }
}

/// `N` random bytes from the system.
///
/// # Errors
/// The system provides none.
pub fn random<const N: usize>() -> Result<[u8; N], KeyError> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| KeyError::Random)?;
    Ok(bytes)
}

fn pem(label: &str, der: &[u8]) -> String {
    // 48 bytes fit in one line.
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

/// The bytes of the first block with that label; empty if it is not base64.
fn from_pem(text: &str, label: &str) -> Option<Vec<u8>> {
    let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    let body: String = body.split_whitespace().collect();
    Some(STANDARD.decode(body).unwrap_or_default())
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let text = text.trim();
    let digits = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut bytes = [0; 32];
    for (index, byte) in bytes.iter_mut().enumerate().filter(|_| digits) {
        *byte = u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    digits.then_some(bytes)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// The first test vector of RFC 8032, section 7.1.
    const SECRET: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    const PUBLIC: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    const SIGNATURE: &str = "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b";

    #[test]
    fn the_vector_of_the_rfc_is_signed_and_checked() {
        let key = CertificateKey::read(SECRET).unwrap();
        assert_eq!(key.public().hex(), PUBLIC);
        assert_eq!(hex(&key.sign(b"")), SIGNATURE);
        assert!(key.public().has_signed(b"", &key.sign(b"")));
        assert!(!key.public().has_signed(b"x", &key.sign(b"")));
    }

    #[test]
    fn a_new_key_is_read_back_and_signs() {
        let text = CertificateKey::fresh().unwrap();
        let key = CertificateKey::read(&text).unwrap();
        let public = PublicKey::read(&key.public().pem()).unwrap();
        assert!(public.has_signed(b"m", &key.sign(b"m")));
        assert_eq!(public, PublicKey::read(&format!("{}\n", public.hex())).unwrap());
        assert_ne!(text, CertificateKey::fresh().unwrap());
        assert_eq!(public.id().len(), 64);
    }

    /// `SSlibKey.from_crypto(key).keyid` of securesystemslib 1.6.0.
    #[test]
    fn the_identity_is_that_of_other_dsse_tools() {
        let id = "74c181c7ad8a0855d4b55e44d2ba87aabdddb196832571f15f92fece332e4916";
        assert_eq!(PublicKey::read(PUBLIC).unwrap().id(), id);
    }

    /// The output of `openssl genpkey -algorithm ed25519` and `openssl pkey -pubout`.
    #[test]
    fn keys_of_openssl_are_read() {
        let private = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";
        let public = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n";
        assert_eq!(CertificateKey::read(private).unwrap().public(), PublicKey::read(public).unwrap());
        assert_eq!(PublicKey::read(public).unwrap().hex(), PUBLIC);
    }

    #[rstest]
    #[case::nothing("")]
    #[case::too_short("00ff")]
    #[case::no_hex("zz61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")]
    #[case::no_base64(
        "-----BEGIN PRIVATE KEY-----\n!\n-----END PRIVATE KEY-----\n-----BEGIN PUBLIC KEY-----\n!\n-----END PUBLIC KEY-----\n"
    )]
    #[case::of_another_kind(
        "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMG\n-----END PRIVATE KEY-----\n-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYI\n-----END PUBLIC KEY-----\n"
    )]
    fn what_is_no_key_is_rejected(#[case] text: &str) {
        assert_eq!(CertificateKey::read(text).err(), Some(KeyError::Private));
        assert_eq!(PublicKey::read(text).err(), Some(KeyError::Public));
    }
}
