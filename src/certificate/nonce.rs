//! Derives the seed of a run from a nonce of the verifier, which proves freshness.

use thiserror::Error;

use crate::wire::{digest::Sha256, sigv4::hex};

/// A nonce in hex, chosen by the verifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nonce(String);

/// A text that is not a nonce.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "a nonce has 16 to 128 hexadecimal digits, and an even number of them\nhelp: `openssl rand -hex 16` creates one"
)]
pub struct NonceError;

/// The facts that a seed depends on besides the nonce, so that a run cannot be used for another claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim<'a> {
    /// The digest of the suite.
    pub suite: &'a str,
    /// The name of the target, as its vendor states it.
    pub target: &'a str,
    /// The version of the target, as its vendor states it.
    pub version: &'a str,
}

/// Separates this hash from any other use of the nonce.
const DOMAIN: &str = "wireproof/seed/v1";

impl Nonce {
    /// Reads a nonce.
    ///
    /// # Errors
    /// The text is too short to be unguessable, too long, or not hex.
    pub fn read(text: &str) -> Result<Self, NonceError> {
        let fits = (16..=128).contains(&text.len()) && text.len().is_multiple_of(2);
        let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if fits && is_hex { Ok(Self(text.to_ascii_lowercase())) } else { Err(NonceError) }
    }

    /// The nonce with these bytes.
    #[must_use]
    pub fn of(bytes: &[u8; 16]) -> Self {
        Self(hex(bytes))
    }

    /// The digits, in lower case.
    #[must_use]
    pub fn digits(&self) -> &str {
        &self.0
    }

    /// The seed of a run for that claim. It has 53 bits, which every JSON reader keeps.
    #[must_use]
    pub fn seed(&self, claim: Claim<'_>) -> u64 {
        let mut hash = Sha256::new();
        for part in [DOMAIN, &self.0, claim.suite, claim.target, claim.version] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let digest = hash.finalize();
        digest.iter().take(8).fold(0, |seed, byte| seed << 8 | u64::from(*byte)) >> 11
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const CLAIM: Claim<'_> = Claim { suite: "s", target: "t", version: "1" };

    #[rstest]
    #[case::short("0011", false)]
    #[case::long_enough("0011223344556677", true)]
    #[case::in_capitals("00112233445566FF", true)]
    #[case::odd("00112233445566778", false)]
    #[case::no_hex("00112233445566gg", false)]
    fn a_nonce_is_hex_and_long_enough_not_to_be_guessed(#[case] text: &str, #[case] fits: bool) {
        assert_eq!(Nonce::read(text).is_ok(), fits);
    }

    #[test]
    fn the_seed_depends_on_the_nonce_and_every_part_of_the_claim() {
        let nonce = Nonce::read("00112233445566FF").unwrap();
        let seed = nonce.seed(CLAIM);
        assert_eq!(seed, Nonce::read("00112233445566ff").unwrap().seed(CLAIM));
        assert!(seed < 1 << 53);
        let others = [
            Nonce::read("00112233445566fe").unwrap().seed(CLAIM),
            nonce.seed(Claim { suite: "u", ..CLAIM }),
            nonce.seed(Claim { target: "u", ..CLAIM }),
            nonce.seed(Claim { version: "2", ..CLAIM }),
            // The boundary between two parts counts, too.
            nonce.seed(Claim { suite: "st", target: "", ..CLAIM }),
        ];
        assert!(others.iter().all(|other| *other != seed));
    }
}
