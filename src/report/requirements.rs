//! What a number of a requirement stands for: its sentence, and the document that it is taken from.

use std::sync::Arc;

use crate::suite::{
    Fixtures,
    requirement::{Requirement, SourceDocument},
};

/// The requirements that a run may cite; none before its first case.
#[derive(Debug, Clone, Default)]
pub(super) struct RequirementIndex {
    suite: Option<Arc<Fixtures>>,
}

/// A requirement of the fixtures.
#[derive(Debug, Clone, Copy)]
pub(super) struct KnownRequirement<'a> {
    /// Whose it is.
    #[cfg(feature = "reports")]
    pub(super) service: &'a str,
    pub(super) requirement: &'a Requirement,
    /// What it is taken from.
    pub(super) document: Option<&'a SourceDocument>,
}

/// A requirement with its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CitedRequirement<'a> {
    /// What it says.
    pub(super) says: &'a str,
    /// The title of its document.
    pub(super) document: &'a str,
    /// The section in it.
    pub(super) section: &'a str,
    /// Where it is published.
    pub(super) url: &'a str,
}

/// The requirement of that number, if the fixtures have it.
pub(super) fn find<'a>(suite: &'a Fixtures, id: &str) -> Option<KnownRequirement<'a>> {
    suite.services().find_map(|service| {
        let requirement = service.requirements.get(id)?;
        Some(KnownRequirement {
            #[cfg(feature = "reports")]
            service: &service.name,
            requirement,
            document: service.requirements.document(requirement),
        })
    })
}

impl RequirementIndex {
    /// Learns of a case's fixtures. All cases of a run have the same.
    pub(super) fn know(&mut self, suite: Arc<Fixtures>) {
        self.suite.get_or_insert(suite);
    }

    /// The requirement of that number with its source, if the fixtures have both.
    pub(super) fn get(&self, id: &str) -> Option<CitedRequirement<'_>> {
        let KnownRequirement { requirement, document, .. } = find(self.suite.as_deref()?, id)?;
        let (says, section, document) = (&requirement.says, &requirement.section, document?);
        Some(CitedRequirement { says, document: &document.title, section, url: &document.url })
    }
}
