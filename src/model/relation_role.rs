//! What an operation does to a kind of resource.

use serde::Serialize;

/// What an operation does to a kind of resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RelationRole {
    /// Makes one.
    Creates,
    /// Returns one.
    Reads,
    /// Returns several.
    Lists,
    /// Changes one.
    Updates,
    /// Ends one.
    Deletes,
    /// Adds tags to one.
    Tags,
    /// Removes tags from one.
    Untags,
    /// Returns the tags of one.
    ListsTags,
}

impl RelationRole {
    /// Every role.
    pub const ALL: [Self; 8] = [
        Self::Creates,
        Self::Reads,
        Self::Lists,
        Self::Updates,
        Self::Deletes,
        Self::Tags,
        Self::Untags,
        Self::ListsTags,
    ];

    /// The kebab-case name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Creates => "creates",
            Self::Reads => "reads",
            Self::Lists => "lists",
            Self::Updates => "updates",
            Self::Deletes => "deletes",
            Self::Tags => "tags",
            Self::Untags => "untags",
            Self::ListsTags => "lists-tags",
        }
    }

    /// Returns whether the request identifies one resource.
    #[must_use]
    pub fn identifies(self) -> bool {
        !matches!(self, Self::Creates | Self::Lists)
    }
}
