//! The requirements that findings cite, each with the document that it is taken from.

use std::collections::HashMap;

use crate::run::event::CitableRequirement;

/// The requirements of a run, by number.
#[derive(Debug, Clone, Default)]
pub(super) struct RequirementIndex(HashMap<String, CitableRequirement>);

/// A requirement with its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CitedRequirement<'a> {
    /// What it says.
    pub(super) says: &'a str,
    /// The title of its document.
    pub(super) document: &'a str,
    /// The section in it.
    pub(super) section: &'a str,
    /// The address of the document.
    pub(super) url: &'a str,
}

impl RequirementIndex {
    pub(super) fn of(requirements: &[CitableRequirement]) -> Self {
        Self(requirements.iter().map(|known| (known.id.clone(), known.clone())).collect())
    }

    /// The requirement of that number.
    #[cfg(feature = "reports")]
    pub(super) fn find(&self, id: &str) -> Option<&CitableRequirement> {
        self.0.get(id)
    }

    /// The requirement of that number with its source, if the fixtures have both.
    pub(super) fn get(&self, id: &str) -> Option<CitedRequirement<'_>> {
        let CitableRequirement { says, section, document, .. } = self.0.get(id)?;
        let document = document.as_ref()?;
        Some(CitedRequirement { says, document: &document.title, section, url: &document.url })
    }
}
