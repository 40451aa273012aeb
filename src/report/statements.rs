//! What a number of a statement stands for: its sentence, and the document that it is taken from.

use std::sync::Arc;

use crate::scenario::Suite;

/// The statements that a run may cite; none before its first case.
#[derive(Debug, Clone, Default)]
pub(super) struct Statements {
    suite: Option<Arc<Suite>>,
}

/// A statement with its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cited<'a> {
    /// What it says.
    pub(super) says: &'a str,
    /// The title of its document.
    pub(super) document: &'a str,
    /// The section in it.
    pub(super) section: &'a str,
    /// Where it is published.
    pub(super) url: &'a str,
}

impl Statements {
    /// Learns of a case's fixtures. All cases of a run have the same.
    pub(super) fn know(&mut self, suite: Arc<Suite>) {
        self.suite.get_or_insert(suite);
    }

    /// The statement of that number, if the fixtures have it.
    pub(super) fn get(&self, id: &str) -> Option<Cited<'_>> {
        self.suite.as_deref()?.services().find_map(|service| {
            let statement = service.statements.get(id)?;
            let document = service.statements.document(statement)?;
            let (says, section) = (&statement.says, &statement.section);
            Some(Cited { says, document: &document.title, section, url: &document.url })
        })
    }
}
