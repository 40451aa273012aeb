//! The part of a request that carries each member of an input.

use super::{BodyBinding, PayloadKind};
use crate::{
    model::{Contract, Member, MemberBinding, Operation, PayloadSide},
    wire::protocol::ValuePlace,
};

/// The part that carries a member of an input; without a member, the part that would carry further ones. `document` is
/// that of the protocol's bodies.
pub(in crate::wire::protocol) fn place(
    contract: &Contract,
    operation: &Operation,
    member: Option<&Member>,
    document: ValuePlace,
) -> ValuePlace {
    let body = BodyBinding::of(contract, &operation.input, PayloadSide::Input);
    let Some(member) = member else {
        return if matches!(body, BodyBinding::Document(_)) { document } else { ValuePlace::Nowhere };
    };
    match member.binding(PayloadSide::Input) {
        MemberBinding::Label => ValuePlace::Path,
        MemberBinding::Query(_) | MemberBinding::QueryParams => ValuePlace::Query,
        MemberBinding::Header(_) | MemberBinding::PrefixHeaders(_) => ValuePlace::Header,
        MemberBinding::Body | MemberBinding::Status => document,
        MemberBinding::Payload => match body {
            BodyBinding::Payload(_, PayloadKind::Blob | PayloadKind::Text | PayloadKind::EventStream) => {
                ValuePlace::RawBody
            }
            _ => document,
        },
    }
}
