//! The DSSE envelope that contains and signs a statement.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::key::{CertificateKey, PublicKey};

/// The payload type of an in-toto statement.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// A payload with any number of signatures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Envelope {
    /// The payload in base64.
    pub payload: String,
    /// The type of the payload.
    pub payload_type: String,
    pub signatures: Vec<Signature>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// The ID of the key. This is only a hint.
    pub keyid: String,
    /// The signature in base64.
    pub sig: String,
}

/// A reason why an envelope is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EnvelopeProblem {
    /// It contains something else.
    #[error("the payload type of the envelope is not that of an in-toto statement")]
    PayloadType,
    /// The file is written in another way.
    #[error("the envelope is not in canonical form")]
    Form,
    /// It has no signature. The value is the ID of the key.
    #[error("not signed: {0}")]
    Unsigned(String),
    /// This key did not sign it.
    #[error("not signed by this key: {0}")]
    NotSignedBy(String),
    /// No key was given for its signature. The value is the ID of the key that it names.
    #[error("signed by {0}, but no key was given to verify the signature")]
    NoKey(String),
    /// Another key signed it, or the signature is invalid.
    #[error("the signature {0} belongs to none of the keys")]
    OtherKey(String),
}

impl Envelope {
    /// Puts a payload into an envelope, and signs it if there is a key.
    #[must_use]
    pub fn of(payload: &[u8], key: Option<&CertificateKey>) -> Self {
        let sign = |key: &CertificateKey| Signature {
            keyid: key.public().id(),
            sig: STANDARD.encode(key.sign(&pae(PAYLOAD_TYPE, payload))),
        };
        Self {
            payload: STANDARD.encode(payload),
            payload_type: PAYLOAD_TYPE.to_owned(),
            signatures: key.map(sign).into_iter().collect(),
        }
    }

    /// The decoded payload; `None` if it is not base64.
    #[must_use]
    pub fn payload(&self) -> Option<Vec<u8>> {
        decode(&self.payload)
    }

    /// The canonical text of the file, so that any changed byte is detected.
    #[must_use]
    pub fn text(&self) -> String {
        serde_json::to_string_pretty(self).map(|text| text + "\n").unwrap_or_default()
    }

    /// Checks the type of the payload, and that these bytes are the canonical text.
    #[must_use]
    pub fn form_problems(&self, bytes: &[u8]) -> Vec<EnvelopeProblem> {
        let of_type = (self.payload_type != PAYLOAD_TYPE).then_some(EnvelopeProblem::PayloadType);
        let form = (self.text().as_bytes() != bytes).then_some(EnvelopeProblem::Form);
        of_type.into_iter().chain(form).collect()
    }

    /// Checks that each key signed, and that each signature belongs to one of the keys.
    #[must_use]
    pub fn signature_problems(&self, keys: &[PublicKey]) -> Vec<EnvelopeProblem> {
        let missing = keys.iter().filter(|key| !self.is_signed_by(key)).map(|key| match self.signatures.as_slice() {
            [] => EnvelopeProblem::Unsigned(key.id()),
            _ => EnvelopeProblem::NotSignedBy(key.id()),
        });
        let foreign = |signature: &&Signature| !keys.iter().any(|key| self.is_by(signature, key));
        let surplus = self.signatures.iter().filter(foreign).map(|signature| match keys {
            [] => EnvelopeProblem::NoKey(signature.keyid.clone()),
            _ => EnvelopeProblem::OtherKey(signature.keyid.clone()),
        });
        missing.chain(surplus).collect()
    }

    /// Returns whether the envelope has a valid signature of `key`.
    #[must_use]
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        self.signatures.iter().any(|signature| self.is_by(signature, key))
    }

    /// Returns whether a signature is valid for `key` and names it.
    #[must_use]
    pub fn is_by(&self, signature: &Signature, key: &PublicKey) -> bool {
        let (Some(payload), Some(bytes)) = (self.payload(), decode(&signature.sig)) else { return false };
        signature.keyid == key.id() && key.has_signed(&pae(&self.payload_type, &payload), &bytes)
    }
}

/// The pre-authentication encoding, which signs the payload and its type.
#[must_use]
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

/// Accepts one spelling of each value: the standard alphabet, with padding, and without stray bits.
fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> CertificateKey {
        CertificateKey::read(&CertificateKey::fresh().unwrap()).unwrap()
    }

    #[test]
    fn the_signed_bytes_are_the_encoding_of_the_specification() {
        let expected = "DSSEv1 29 http://example.com/HelloWorld 11 hello world";
        assert_eq!(pae("http://example.com/HelloWorld", b"hello world"), expected.as_bytes());
        assert_eq!(pae("", b""), b"DSSEv1 0  0 ");
    }

    #[test]
    fn a_signed_envelope_is_read_back_and_checked() {
        let key = key();
        let envelope: Envelope = serde_json::from_str(&Envelope::of(b"{}", Some(&key)).text()).unwrap();
        assert_eq!(envelope.payload().unwrap(), b"{}");
        assert!(envelope.is_signed_by(&key.public()));
        assert!(!envelope.is_signed_by(&self::key().public()));
    }

    #[test]
    fn another_payload_or_type_is_not_signed() {
        let key = key();
        let envelope = Envelope::of(b"{}", Some(&key));
        let payload = Envelope { payload: STANDARD.encode("[]"), ..envelope.clone() };
        let of_type = Envelope { payload_type: "text/plain".to_owned(), ..envelope };
        assert!(!payload.is_signed_by(&key.public()) && !of_type.is_signed_by(&key.public()));
    }

    #[test]
    fn without_a_key_there_is_no_signature() {
        let envelope = Envelope::of(b"{}", None);
        assert!(envelope.signatures.is_empty() && !envelope.is_signed_by(&key().public()));
        assert!(envelope.text().contains("\"payloadType\": \"application/vnd.in-toto+json\""));
    }

    #[test]
    fn each_value_has_one_spelling() {
        assert_eq!(decode("+/8="), Some(vec![0xfb, 0xff]));
        for other in ["-_8=", "+/8", "+/9=", "+/8=\n", " +/8=", "+/8==", "!"] {
            assert_eq!(decode(other), None, "{other:?}");
        }
    }

    #[test]
    fn a_signature_in_another_form_is_not_accepted() {
        let key = key();
        let envelope = Envelope::of(b"{}", Some(&key));
        let signature = envelope.signatures[0].clone();
        let bytes = decode(&signature.sig).unwrap();
        let with = |sig: String| Signature { sig, ..signature.clone() };
        assert!(envelope.is_by(&signature, &key.public()));
        let forms = [
            base64::engine::general_purpose::URL_SAFE.encode([0xfb; 64]),
            base64::engine::general_purpose::STANDARD_NO_PAD.encode(&bytes),
            format!("{}\n", signature.sig),
            STANDARD.encode([bytes.as_slice(), &[0]].concat()),
            STANDARD.encode(with_order_added(&bytes)),
        ];
        for form in forms {
            assert!(!envelope.is_by(&with(form.clone()), &key.public()), "{form}");
        }
        let other_id = Signature { keyid: signature.keyid.to_uppercase(), ..signature.clone() };
        assert!(!envelope.is_by(&other_id, &key.public()));
    }

    /// A signature whose scalar is not reduced: the same number modulo the order of the group.
    fn with_order_added(signature: &[u8]) -> Vec<u8> {
        const ORDER: [u8; 32] = [
            0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0,
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
        ];
        let mut out = signature.to_vec();
        let mut carry = 0;
        for (byte, add) in out[32..].iter_mut().zip(ORDER) {
            let sum = u16::from(*byte) + u16::from(add) + carry;
            *byte = u8::try_from(sum & 0xff).unwrap();
            carry = sum >> 8;
        }
        out
    }
}
