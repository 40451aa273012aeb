//! What takes the place of a value that differs from run to run, or that nobody may see: by the word of its model.

use crate::model::{Contract, Member, ShapeKind, kebab_case};

/// What takes the place of the values of a member.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Placeholder {
    /// `<sensitive>`: the model calls the member or its shape so.
    Sensitive,
    /// `<timestamp>`, for a number.
    Timestamp,
    /// The name of what an endpoint or a fixture made up, in kebab-case: `deployment-id`.
    Identity(String),
}

impl Placeholder {
    /// Of a member's own values; `None` if they may be seen, and also for lists, maps and structures of such values.
    #[must_use]
    pub fn of(contract: &Contract, member: &Member) -> Option<Self> {
        let shape = contract.shape(&member.target)?;
        if member.traits.sensitive() || shape.traits.sensitive() {
            return Some(Self::Sensitive);
        }
        // Texts with a closed list are made by nobody, whatever they are called.
        match shape.kind {
            ShapeKind::Timestamp => Some(Self::Timestamp),
            ShapeKind::String => [member.name.as_str(), shape.id.name()]
                .into_iter()
                .find(|name| is_identity(name))
                .map(|name| Self::Identity(kebab_case(name))),
            _ => None,
        }
    }
}

/// Whether a member or shape of that name identifies something that an endpoint or a fixture made up.
pub(super) fn is_identity(name: &str) -> bool {
    let last = kebab_case(name);
    let last = last.rsplit('-').next().unwrap_or_default();
    matches!(last, "id" | "ids" | "arn" | "name" | "token")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_names_arns_and_tokens_are_identities() {
        assert!(
            is_identity("deploymentId") && is_identity("Arn") && is_identity("serviceName") && is_identity("nextToken")
        );
        assert!(!is_identity("status") && !is_identity("deploymentStatus"));
    }
}
