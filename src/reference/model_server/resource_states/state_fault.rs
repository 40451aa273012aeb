//! The one fault in what a model server keeps.

/// A fault in the states of a model server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StateFault {
    /// A member that was given is missing when the resource is read.
    MemberDroppedOnRead,
    /// A member inside a structure that was given is missing when the resource is read.
    InnerMemberDroppedOnRead,
    /// A member that was given is missing in a list.
    MemberDroppedOnList,
    /// The newest resource is missing in a list.
    CreatedUnlisted,
    /// A page of a list is left out.
    PageSkipped,
    /// A list is not cut by its limit.
    LimitIgnored,
    /// Every token gives the first page.
    PageTokenIgnored,
    /// The last page has a token, too.
    EndlessToken,
    /// The token of another list is accepted.
    ForeignTokenAccepted,
    /// A deleted resource is listed.
    DeletedListed,
    /// A deleted resource is read.
    DeletedRead,
    /// An identifier of nothing is accepted.
    AbsentAccepted,
    /// An identifier of nothing gets a server error.
    AbsentCrashes,
    /// A name that is taken is accepted.
    DuplicateAccepted,
    /// The same idempotency token makes another resource.
    IdempotencyTokenIgnored,
    /// An update changes nothing.
    UpdateForgotten,
    /// A list says something else of a resource than a read.
    ListDisagrees,
    /// A tag is not kept.
    TagForgotten,
    /// A removed tag is kept.
    UntagForgotten,
    /// The state of a new resource is one that its waiter fails at.
    WaiterFails,
    /// A resource is known by one form of its identifier only.
    OtherFormUnknown,
    /// A filter of a list is ignored.
    FilterIgnored,
    /// A list with a filter is empty.
    FilterFindsNothing,
    /// A filter by a member of the listed items is ignored.
    MemberFilterIgnored,
}

impl StateFault {
    /// Every fault.
    pub const ALL: [Self; 24] = [
        Self::MemberDroppedOnRead,
        Self::InnerMemberDroppedOnRead,
        Self::MemberDroppedOnList,
        Self::CreatedUnlisted,
        Self::PageSkipped,
        Self::LimitIgnored,
        Self::PageTokenIgnored,
        Self::EndlessToken,
        Self::ForeignTokenAccepted,
        Self::DeletedListed,
        Self::DeletedRead,
        Self::AbsentAccepted,
        Self::AbsentCrashes,
        Self::DuplicateAccepted,
        Self::IdempotencyTokenIgnored,
        Self::UpdateForgotten,
        Self::ListDisagrees,
        Self::TagForgotten,
        Self::UntagForgotten,
        Self::WaiterFails,
        Self::OtherFormUnknown,
        Self::FilterIgnored,
        Self::FilterFindsNothing,
        Self::MemberFilterIgnored,
    ];

    /// The id, such as `state/page-skipped`.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::MemberDroppedOnRead => "state/member-dropped-on-read",
            Self::InnerMemberDroppedOnRead => "state/inner-member-dropped-on-read",
            Self::MemberDroppedOnList => "state/member-dropped-on-list",
            Self::CreatedUnlisted => "state/created-unlisted",
            Self::PageSkipped => "state/page-skipped",
            Self::LimitIgnored => "state/limit-ignored",
            Self::PageTokenIgnored => "state/page-token-ignored",
            Self::EndlessToken => "state/endless-token",
            Self::ForeignTokenAccepted => "state/foreign-token-accepted",
            Self::DeletedListed => "state/deleted-listed",
            Self::DeletedRead => "state/deleted-read",
            Self::AbsentAccepted => "state/absent-accepted",
            Self::AbsentCrashes => "state/absent-crashes",
            Self::DuplicateAccepted => "state/duplicate-accepted",
            Self::IdempotencyTokenIgnored => "state/idempotency-token-ignored",
            Self::UpdateForgotten => "state/update-forgotten",
            Self::ListDisagrees => "state/list-disagrees",
            Self::TagForgotten => "state/tag-forgotten",
            Self::UntagForgotten => "state/untag-forgotten",
            Self::WaiterFails => "state/waiter-fails",
            Self::OtherFormUnknown => "state/other-form-unknown",
            Self::FilterIgnored => "state/filter-ignored",
            Self::FilterFindsNothing => "state/filter-finds-nothing",
            Self::MemberFilterIgnored => "state/member-filter-ignored",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_fault_has_an_id_of_its_own() {
        let ids: BTreeSet<&str> = StateFault::ALL.into_iter().map(StateFault::id).collect();
        assert_eq!(ids.len(), StateFault::ALL.len());
        assert!(ids.iter().all(|id| id.starts_with("state/")));
    }
}
