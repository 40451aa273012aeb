//! In-toto statements about test results.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

const TYPE: &str = "https://in-toto.io/Statement/v1";
const PREDICATE_TYPE: &str = "https://in-toto.io/attestation/test-result/v0.1";

/// An in-toto statement about a test result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InTotoStatement<P> {
    /// The type of the statement.
    #[serde(rename = "_type")]
    pub form: String,
    /// The tested artifacts.
    pub subject: Vec<ResourceDescriptor>,
    /// The type of the predicate.
    pub predicate_type: String,
    /// The test result.
    pub predicate: P,
}

/// An artifact, identified by name and digests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceDescriptor {
    pub name: String,
    /// Its location.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// The digests, by algorithm.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub digest: BTreeMap<String, String>,
}

/// The result of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TestResult {
    /// Everything is granted at the extended level, without a warning; or the judge is proven.
    Passed,
    /// The requested level is granted, but there are warnings or missing items of a higher level.
    Warned,
    /// The requested level is not granted.
    Failed,
}

impl<P: Serialize> InTotoStatement<P> {
    /// A test result of a subject.
    #[must_use]
    pub fn about(subject: ResourceDescriptor, predicate: P) -> Self {
        Self { form: TYPE.to_owned(), subject: vec![subject], predicate_type: PREDICATE_TYPE.to_owned(), predicate }
    }

    /// The text of the file. Equal statements have equal texts.
    #[must_use]
    pub fn text(&self) -> String {
        serde_json::to_string_pretty(self).map(|text| text + "\n").unwrap_or_default()
    }
}

impl ResourceDescriptor {
    /// A program, by its name and version.
    #[must_use]
    pub fn program(tool: &str) -> Self {
        let version = tool.rsplit(' ').next().unwrap_or_default();
        let uri = Some(format!("pkg:cargo/{}@{version}", env!("CARGO_PKG_NAME")));
        Self { name: tool.to_owned(), uri, ..Self::default() }
    }
}
