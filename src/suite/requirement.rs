//! The numbered requirements of the documents: one testable sentence each, paraphrased, with its source.
//!
//! This module does not know how a requirement is tested.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
};

use serde::{Deserialize, Serialize};

use crate::suite::source::{Diagnostic, Source};

/// The kind of source that a requirement comes from, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// The operation's own page.
    Documented,
    /// The user guide, or a page that the operation's page links to.
    Linked,
    /// A trait of the published model.
    Modelled,
    /// The specification of the protocol.
    Protocol,
    /// Operations on one resource usually promise it each other, but no document states it.
    Inferred,
    /// Observed on a real endpoint, but not documented.
    Recorded,
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Documented => "documented",
            Self::Linked => "linked",
            Self::Modelled => "modelled",
            Self::Protocol => "protocol",
            Self::Inferred => "inferred",
            Self::Recorded => "recorded",
        })
    }
}

/// The subject of a requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RequirementKind {
    /// The contents of a request.
    RequestConstraint,
    /// The contents of a response.
    ResponseShape,
    /// A closed list of values.
    Enum,
    /// An error and its status.
    Error,
    /// The effect of an operation.
    Behaviour,
    /// Headers, methods, encodings.
    Wire,
    /// A documented example.
    Example,
    /// The absence of anything else.
    ClosedWorld,
}

/// A contradiction between two documents, and how the harness handles it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contradiction {
    /// The number, such as `C-3`.
    pub id: String,
    /// The contradicting text and its source.
    pub with: String,
    /// The behavior that the harness accepts.
    pub policy: String,
}

/// A document that contains requirements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceDocument {
    /// The title given by its publisher.
    pub title: String,
    /// The URL of the publication.
    pub url: String,
}

/// A testable sentence of a document, paraphrased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// The number, such as `SD-17`.
    pub id: String,
    /// The paraphrased sentence.
    pub says: String,
    /// The key of the document.
    pub document: String,
    /// The section of the document.
    pub section: String,
    /// Its subject.
    pub kind: RequirementKind,
    /// The kind of source.
    pub evidence: Evidence,
    /// The edition of the document that was read.
    pub edition: String,
    /// The operation that it applies to; `None` for the whole service.
    #[serde(default)]
    pub operation: Option<String>,
    /// The names of the checks that judge it in every response. The judge verifies that they exist.
    #[serde(default)]
    pub checks: Vec<String>,
    /// A contradicting document, and the policy.
    #[serde(default)]
    pub contradiction: Option<Contradiction>,
    /// The reason why a client cannot test it.
    #[serde(default)]
    pub untestable: Option<String>,
}

/// The requirements of one service, in the order of their file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requirements {
    documents: BTreeMap<String, SourceDocument>,
    in_order: Vec<Requirement>,
    /// The index of each requirement, by ID.
    by_id: HashMap<String, usize>,
    /// The indices of the requirements that each check judges.
    by_check: BTreeMap<String, Vec<usize>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRequirements {
    service: String,
    documents: BTreeMap<String, SourceDocument>,
    requirements: Vec<Requirement>,
}

impl Requirements {
    /// Reads the `requirements.yaml` of the service `service`.
    ///
    /// # Errors
    /// The file is malformed, belongs to another service, has a duplicate ID or uses a document that it does not list.
    pub fn read(source: &Source, service: &str) -> Result<Self, Diagnostic> {
        let raw: RawRequirements = source.decode()?;
        if raw.service != service {
            return Err(source.at(
                "/service",
                format!("this file is for the service {:?}, but its folder is {service:?}", raw.service),
            ));
        }
        for (index, requirement) in raw.requirements.iter().enumerate() {
            let at = format!("/requirements/{index}");
            if !raw.documents.contains_key(&requirement.document) {
                let known: Vec<&str> = raw.documents.keys().map(String::as_str).collect();
                return Err(source
                    .at(&format!("{at}/document"), format!("unknown document {:?}", requirement.document))
                    .help(format!("this file has the documents {}", known.join(", "))));
            }
            if raw.requirements.iter().take(index).any(|earlier| earlier.id == requirement.id) {
                return Err(source.at(&format!("{at}/id"), format!("duplicate requirement {}", requirement.id)));
            }
        }
        Ok(Self::new(raw.documents, raw.requirements))
    }

    fn new(documents: BTreeMap<String, SourceDocument>, requirements: Vec<Requirement>) -> Self {
        let by_id =
            requirements.iter().enumerate().map(|(index, requirement)| (requirement.id.clone(), index)).collect();
        let mut by_check: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, requirement) in requirements.iter().enumerate() {
            for check in &requirement.checks {
                by_check.entry(check.clone()).or_default().push(index);
            }
        }
        Self { documents, in_order: requirements, by_id, by_check }
    }

    /// The requirement with this ID.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Requirement> {
        self.in_order.get(*self.by_id.get(id)?)
    }

    /// All requirements, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Requirement> {
        self.in_order.iter()
    }

    /// The document that contains a requirement.
    #[must_use]
    pub fn document(&self, requirement: &Requirement) -> Option<&SourceDocument> {
        self.documents.get(&requirement.document)
    }

    /// The requirements that a check judges in every response of `operation`.
    pub fn judged_by<'a>(&'a self, check: &str, operation: &'a str) -> impl Iterator<Item = &'a Requirement> {
        let judged = self.by_check.get(check).into_iter().flatten().filter_map(|index| self.in_order.get(*index));
        judged.filter(move |requirement| requirement.operation.as_deref().is_none_or(|bound| bound == operation))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const HEAD: &str = "service: s\ndocuments:\n  page: { title: T, url: 'https://x' }\nrequirements:\n";

    fn requirement(id: &str, document: &str, more: &str) -> String {
        format!(
            "  - {{ id: {id}, says: S, document: {document}, section: X, kind: wire, evidence: documented, edition: e{more} }}\n"
        )
    }

    fn read(text: &str) -> Result<Requirements, Diagnostic> {
        Requirements::read(&Source::read("requirements.yaml", text)?, "s")
    }

    #[test]
    fn requirements_are_found_by_id_and_by_the_check_that_judges_them() {
        let text = format!(
            "{HEAD}{}{}",
            requirement("A-1", "page", ", checks: [status], operation: Put"),
            requirement("A-2", "page", ", checks: [status]")
        );
        let requirements = read(&text).unwrap();
        assert_eq!(requirements.get("A-1").unwrap().says, "S");
        let judged = |operation| requirements.judged_by("status", operation).map(|s| s.id.as_str()).collect::<Vec<_>>();
        assert_eq!(judged("Put"), ["A-1", "A-2"]);
        assert_eq!(judged("Get"), ["A-2"]);
    }

    #[rstest]
    #[case::document(&requirement("A-1", "other", ""), "unknown document \"other\"")]
    #[case::twice(&format!("{}{}", requirement("A-1", "page", ""), requirement("A-1", "page", "")), "duplicate requirement A-1")]
    #[case::unknown_field(&requirement("A-1", "page", ", quote: q"), "unknown field `quote`")]
    fn a_broken_file_is_rejected(#[case] requirements: &str, #[case] says: &str) {
        let error = read(&format!("{HEAD}{requirements}")).unwrap_err();
        assert!(error.message.contains(says), "{error}");
    }
}
