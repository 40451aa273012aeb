//! SHA-256, and HMAC on it: the only user of the crate that computes them.

/// An incremental SHA-256 digest.
#[derive(Clone, Default)]
pub struct Sha256(hmac_sha256::Hash);

impl Sha256 {
    /// Starts a digest.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The digest of these bytes.
    pub fn digest(bytes: impl AsRef<[u8]>) -> [u8; 32] {
        hmac_sha256::Hash::hash(bytes.as_ref())
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.update(bytes);
    }

    /// Adds bytes and returns the digest.
    #[must_use]
    pub fn chain_update(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.update(bytes);
        self
    }

    /// The digest of all bytes that were added.
    #[must_use]
    pub fn finalize(self) -> [u8; 32] {
        self.0.finalize()
    }
}

/// HMAC-SHA-256 with its key absorbed: a clone of it authenticates one text.
#[derive(Clone)]
pub struct HmacSha256(hmac_sha256::HMAC);

impl HmacSha256 {
    /// Absorbs a key of any length.
    #[must_use]
    pub fn new(key: impl AsRef<[u8]>) -> Self {
        Self(hmac_sha256::HMAC::new(key))
    }

    /// The authentication code of these bytes.
    #[must_use]
    pub fn code(mut self, bytes: impl AsRef<[u8]>) -> [u8; 32] {
        self.0.update(bytes);
        self.0.finalize()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::sigv4::hex;

    #[test]
    fn a_digest_does_not_depend_on_the_split() {
        let whole = Sha256::digest("abc");
        assert_eq!(hex(&whole), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(Sha256::new().chain_update("a").chain_update("bc").finalize(), whole);
    }

    #[test]
    fn a_code_is_that_of_rfc_4231() {
        let code = HmacSha256::new("Jefe").code("what do ya want for nothing?");
        assert_eq!(hex(&code), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
}
