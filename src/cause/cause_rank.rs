//! The ranks of causes, and why they are in this order.

use serde::{Deserialize, Serialize};

use super::{generalize::Rooted, root::Root, symptom::Symptom};
use crate::suite::{CaseAim, RequestGroup};

/// The effect of a cause on the users of an endpoint, the most important first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CauseRank {
    /// A server error for a request that the model allows.
    ValidCrashes,
    /// Operations on one resource do not agree.
    WrongBehavior,
    /// A wrong response to a request that was accepted.
    WrongResponse,
    /// A valid request is rejected.
    ValidRejected,
    /// A wrong error, or a server error, for an invalid request that an SDK can send.
    WrongError,
    /// An invalid request that an SDK can send is accepted.
    InvalidAccepted,
    /// A request that no SDK sends.
    Wire,
    /// Signatures.
    Signing,
}

impl CauseRank {
    /// Every rank, the most important first.
    pub const ALL: [Self; 8] = [
        Self::ValidCrashes,
        Self::WrongBehavior,
        Self::WrongResponse,
        Self::ValidRejected,
        Self::WrongError,
        Self::InvalidAccepted,
        Self::Wire,
        Self::Signing,
    ];

    /// The rank in a few words.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::ValidCrashes => "server error on a request that the model allows",
            Self::WrongBehavior => "operations on one resource disagree",
            Self::WrongResponse => "wrong response to an accepted request",
            Self::ValidRejected => "valid request rejected",
            Self::WrongError => "wrong error for an invalid request",
            Self::InvalidAccepted => "invalid request accepted",
            Self::Wire => "request that no SDK sends",
            Self::Signing => "signatures",
        }
    }

    /// Why it has its place in the order.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::ValidCrashes => "it must be accepted, or rejected with the name of what is wrong with it",
            Self::WrongBehavior => "a correct program does not find what it stored, or finds what it deleted",
            Self::WrongResponse => "a correct program reads wrong data, or fails to read the response",
            Self::ValidRejected => "a correct program cannot use the feature",
            Self::WrongError => "a program that handles the error takes the wrong path",
            Self::InvalidAccepted => "a faulty program passes its tests and fails on AWS",
            Self::Wire => "only a program without an SDK can send it",
            Self::Signing => "many endpoints do not verify signatures on purpose",
        }
    }

    pub(super) fn of(root: &Root, members: &[Rooted<'_>]) -> Self {
        match root {
            Root::Signatures => Self::Signing,
            Root::Wire { .. } => Self::Wire,
            Root::Valid { symptom, .. } => Self::of_outcome(RequestGroup::Sdk, symptom),
            Root::WrongError { .. } | Root::InvalidCrashes { .. } => Self::WrongError,
            Root::Unenforced { .. } | Root::Unvalidated { .. } | Root::Accepted { .. } => Self::InvalidAccepted,
            Root::Behavior { symptom, .. } => Self::of_outcome(RequestGroup::Behavior, symptom),
            Root::Scenario { group, symptom, .. } => Self::of_outcome(*group, symptom),
            Root::Response { .. } => {
                members.iter().map(|member| Self::of_response(&member.case.aim)).min().unwrap_or(Self::WrongResponse)
            }
        }
    }

    fn of_outcome(group: RequestGroup, symptom: &Symptom) -> Self {
        match (group, symptom) {
            (RequestGroup::Wire, _) => Self::Wire,
            (RequestGroup::Signing, _) => Self::Signing,
            (RequestGroup::Behavior, Symptom::Crash { .. })
            | (RequestGroup::Sdk, Symptom::Crash { valid: true, .. }) => Self::ValidCrashes,
            (RequestGroup::Behavior | RequestGroup::Sdk, Symptom::WrongError { .. })
            | (RequestGroup::Sdk, Symptom::Crash { valid: false, .. }) => Self::WrongError,
            (RequestGroup::Behavior, _) => Self::WrongBehavior,
            (RequestGroup::Sdk, Symptom::Rejected { .. }) => Self::ValidRejected,
            (RequestGroup::Sdk, Symptom::Accepted) => Self::InvalidAccepted,
            (RequestGroup::Sdk, Symptom::Response(_)) => Self::WrongResponse,
        }
    }

    fn of_response(aim: &CaseAim) -> Self {
        match (aim.group, aim.valid) {
            (RequestGroup::Wire, _) => Self::Wire,
            (RequestGroup::Signing, _) => Self::Signing,
            (RequestGroup::Sdk | RequestGroup::Behavior, true) => Self::WrongResponse,
            (RequestGroup::Sdk | RequestGroup::Behavior, false) => Self::WrongError,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_sort_as_they_are_listed_and_each_has_a_title_and_a_reason_of_its_own() {
        assert!(CauseRank::ALL.is_sorted());
        let texts: std::collections::BTreeSet<&str> =
            CauseRank::ALL.into_iter().flat_map(|rank| [rank.title(), rank.reason()]).collect();
        assert_eq!(texts.len(), 2 * CauseRank::ALL.len());
    }

    #[test]
    fn the_page_about_findings_has_the_table_of_ranks() {
        let row = |rank: CauseRank| format!("| {} | {} |", rank.title(), rank.reason());
        let table = CauseRank::ALL.map(row).join("\n");
        assert!(include_str!("../../docs/findings.md").contains(&table), "{table}");
    }
}
