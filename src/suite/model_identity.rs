//! The model that the cases of a service are judged by.

use serde::{Deserialize, Serialize};

use crate::wire::{digest::Sha256, sigv4::hex};

/// The state of a model. Two services with the same digest have the same contract.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelIdentity {
    /// The service, by its folder.
    pub service: String,
    /// Where the model was found: `botocore:SERVICE@VERSION`, or the path of a file.
    pub source: String,
    /// The API version that it describes, such as `2014-10-06`.
    pub version: String,
    /// The SHA-256 of its uncompressed text, in hex.
    pub digest: String,
}

impl ModelIdentity {
    /// The identity of a model with this text.
    #[must_use]
    pub fn of(service: &str, source: String, version: &str, text: &str) -> Self {
        Self { service: service.to_owned(), source, version: version.to_owned(), digest: hex(&Sha256::digest(text)) }
    }
}
