//! The placeholders of values that change from run to run or are sensitive. The model decides which values these are.

use crate::model::{Contract, Member, Shape, ShapeKind, kebab_case};

/// The placeholder that an observation shows instead of the values of a member.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Placeholder {
    /// `<sensitive>`: the model marks the member or its shape sensitive.
    Sensitive,
    /// `<timestamp>`, for a number.
    Timestamp,
    /// The name of an id that an endpoint or a fixture generated, in kebab-case: `deployment-id`.
    Identity(String),
}

impl Placeholder {
    /// The placeholder of a member's own values; `None` if they are shown, and for lists, maps and structures of such
    /// values.
    #[must_use]
    pub fn of(contract: &Contract, member: &Member) -> Option<Self> {
        Self::of_member(member, contract.shape(&member.target)?)
    }

    pub(super) fn of_member(member: &Member, shape: &Shape) -> Option<Self> {
        if member.traits.sensitive() || shape.traits.sensitive() {
            return Some(Self::Sensitive);
        }
        // The values of an enum are never generated, whatever the member is called.
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

/// Returns whether the name of a member or shape says that its values are generated ids.
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
