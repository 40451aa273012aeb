//! The requirements that findings cite, with their documents.

use std::collections::HashMap;

use crate::run::event::CitableRequirement;

/// The requirements of a run, by ID.
#[derive(Debug, Clone, Default)]
pub(super) struct RequirementIndex(HashMap<String, CitableRequirement>);

/// A requirement with its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CitedRequirement<'a> {
    /// The schema in the file.
    pub(super) says: &'a str,
    /// The title of the document.
    pub(super) document: &'a str,
    /// The section of the document.
    pub(super) section: &'a str,
    /// The URL of the document.
    pub(super) url: &'a str,
}

impl RequirementIndex {
    pub(super) fn of(requirements: &[CitableRequirement]) -> Self {
        Self(requirements.iter().map(|known| (known.id.clone(), known.clone())).collect())
    }

    /// The requirement with that ID.
    #[cfg(feature = "reports")]
    pub(super) fn find(&self, id: &str) -> Option<&CitableRequirement> {
        self.0.get(id)
    }

    /// The requirement with that ID and its source, if the fixtures have both.
    pub(super) fn get(&self, id: &str) -> Option<CitedRequirement<'_>> {
        let CitableRequirement { says, section, document, .. } = self.0.get(id)?;
        let document = document.as_ref()?;
        Some(CitedRequirement { says, document: &document.title, section, url: &document.url })
    }
}
