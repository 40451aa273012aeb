//! The operation of a service that lists the tags of any resource, which it names by an ARN.

use super::related::RelatedSubject;
use crate::{
    model::{Member, Operation, ShapeKind},
    probe::relations::IdentifierLink,
};

/// The names of such operations.
const NAMES: [&str; 5] = ["GetTags", "ListResourceTags", "ListTags", "ListTagsForResource", "ListTagsOfResource"];

/// The operation that lists the tags of the resource that the first call makes, with the link to it. `None` if the service
/// has no such operation, or the call does not return the ARN.
pub(super) fn listing(related: RelatedSubject<'_>) -> Option<(&Operation, IdentifierLink)> {
    let contract = related.subject.contract();
    let list = NAMES.iter().find_map(|name| contract.operation(name))?;
    let mut required = contract.members(&list.input).iter().filter(|member| member.traits.required());
    let (Some(member), None) = (required.next(), required.next()) else { return None };
    let is_text = matches!(contract.shape(&member.target).map(|shape| &shape.kind), Some(ShapeKind::String));
    let origin = related.origin(&format!("{}Arn", related.resource.name)).filter(|_| is_text && is_arn(member))?;
    Some((list, IdentifierLink { member: member.name.clone(), origin, is_list: false }))
}

/// Returns whether a member is an ARN, by its name or its documents.
fn is_arn(member: &Member) -> bool {
    let documents = member.traits.documentation().unwrap_or_default();
    member.name.to_ascii_lowercase().ends_with("arn")
        || documents.contains("ARN")
        || documents.contains("Amazon Resource Name")
}
