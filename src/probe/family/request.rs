//! The request as a whole: the malformed requests of the protocol.
//!
//! Where neither the protocol nor RFC 8259 decides (a byte order mark, a duplicate member, another path), any response
//! but a server error is accepted.

use super::{
    ExpectedOutcome, FamilyBasis, FamilyDefinition, FamilyDrafts, InputChange, ProbeDraft, ProbeSubject, RequestGroup,
};
use crate::{
    suite::{Body, ByteChanges, Template},
    wire::protocol::{MalformedOutcome, MalformedRequest, RequestChange},
};

pub(super) const FAMILY: FamilyDefinition = FamilyDefinition {
    name: "request",
    basis: FamilyBasis::Protocol,
    group: RequestGroup::Wire,
    asks: "a malformed request",
    draft,
};

fn draft(subject: &ProbeSubject<'_>) -> Option<FamilyDrafts> {
    if !subject.location.path.is_root() {
        return None;
    }
    let protocol = subject.inputs.protocol();
    let malformed = protocol.malformed_requests(subject.contract(), subject.recipe.operation);
    let drafts = malformed.into_iter().map(|malformed| {
        let MalformedRequest { variant, title, change, expected, may_crash } = malformed;
        ProbeDraft { may_crash, ..ProbeDraft::new(variant, title, input_change(change), outcome(expected)) }
    });
    Some(FamilyDrafts::of(protocol.specification(), drafts.collect()))
}

fn input_change(change: RequestChange) -> InputChange {
    let none = ByteChanges::default();
    let changes = match change {
        RequestChange::Around(before, after) => return InputChange::Around(before, after),
        RequestChange::Members(members) => return InputChange::Merged(members),
        RequestChange::Method(method) => ByteChanges { method: Some(method.to_owned()), ..none },
        RequestChange::Path(path) => ByteChanges { path: Some(Template::Literal(path.into())), ..none },
        RequestChange::SetHeader(name, value) => {
            ByteChanges { set: vec![(name.to_owned(), Template::Literal(value.into()))], ..none }
        }
        RequestChange::RemoveHeader(name) => ByteChanges { remove: vec![name.to_owned()], ..none },
        RequestChange::Chunked => ByteChanges { chunked: true, ..none },
        RequestChange::Body(body) => ByteChanges { body: Some(Body::Bytes(body)), ..none },
    };
    InputChange::Bytes(Box::new(changes))
}

fn outcome(expected: MalformedOutcome) -> ExpectedOutcome {
    match expected {
        MalformedOutcome::Unreadable => ExpectedOutcome::Unreadable,
        MalformedOutcome::UnreadableOrInvalid => ExpectedOutcome::RejectedOrUnreadable,
        MalformedOutcome::UnknownOperation => ExpectedOutcome::UnknownOperation,
        MalformedOutcome::ClientError => ExpectedOutcome::ClientError,
        MalformedOutcome::AnyRejection => ExpectedOutcome::RejectedInAnyWay,
        MalformedOutcome::Accepted => ExpectedOutcome::Accepted,
        MalformedOutcome::AnyResponse => ExpectedOutcome::Responded,
    }
}
