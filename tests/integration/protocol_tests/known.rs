//! The tests that do not pass, each with its reason.

/// A test that does not pass.
pub(super) struct KnownFailure {
    protocol: &'static str,
    way: &'static str,
    pub(super) id: &'static str,
    pub(super) reason: &'static str,
}

impl KnownFailure {
    pub(super) fn is_of(&self, protocol: &str, way: &str, id: &str) -> bool {
        (self.protocol, self.way, self.id) == (protocol, way, id)
    }
}

const KNOWN: &[KnownFailure] = &[];

pub(super) fn known_failures() -> impl Iterator<Item = &'static KnownFailure> {
    KNOWN.iter()
}
