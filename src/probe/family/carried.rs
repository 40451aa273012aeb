//! Leaves out the values that a part of a request cannot carry, such as null in a header.

use serde_json::Value;

use super::{FamilyDrafts, ProbeDraft, ProbeSubject};
use crate::{
    model::ShapeKind,
    probe::{Inexpressible, UnprobedReason, change::InputChange},
};

/// The drafts that the protocol can carry; of the others, the reasons.
pub(super) fn carried(subject: &ProbeSubject<'_>, mut family: FamilyDrafts) -> FamilyDrafts {
    let FamilyDrafts { drafts, unprobed, .. } = &mut family;
    drafts.retain(|draft| match obstacle(subject, draft) {
        Some(what) => {
            unprobed.push(UnprobedReason::NotCarried { place: subject.place, what });
            false
        }
        None => true,
    });
    family
}

fn obstacle(subject: &ProbeSubject<'_>, draft: &ProbeDraft) -> Option<Inexpressible> {
    let place = subject.place;
    let lacking = |lacks: bool, what: Inexpressible| lacks.then_some(what);
    match &draft.change {
        InputChange::Remove if subject.is_top_level() => lacking(!place.has_absence(), Inexpressible::Absence)
            .or_else(|| lacking(subject.distinguishes_operations(), Inexpressible::OtherOperation)),
        InputChange::Remove => {
            lacking(!place.has_empty_containers() && subject.is_alone(), Inexpressible::EmptyContainer)
        }
        InputChange::Set(Value::Null) => lacking(!place.has_types(), Inexpressible::Null),
        InputChange::String(Some(0)) => lacking(!place.has_empty_text(), Inexpressible::EmptyText),
        InputChange::Set(Value::String(text)) if text.is_empty() => {
            lacking(!place.has_empty_text(), Inexpressible::EmptyText)
        }
        InputChange::Set(Value::String(text)) => lacking(!place.has_text(text), Inexpressible::Text),
        InputChange::Items(0) => lacking(subject.is_empty_list_lost(), Inexpressible::EmptyContainer),
        InputChange::Set(Value::Object(members)) if members.is_empty() => {
            lacking(!place.has_empty_containers(), Inexpressible::EmptyContainer)
        }
        InputChange::Add(..) => lacking(!place.has_unknown_members(), Inexpressible::UnknownMember),
        _ => None,
    }
}

impl ProbeSubject<'_> {
    fn is_top_level(&self) -> bool {
        self.location.path.0.len() == 1
    }

    /// Without the member, the request would call another operation.
    fn distinguishes_operations(&self) -> bool {
        let mut members = self.contract().members(&self.recipe.operation.input).iter();
        let own = members.find(|member| self.location.path.members().next() == Some(member.name.as_str()));
        let protocol = self.inputs.protocol();
        own.is_some_and(|member| protocol.distinguishes(self.contract(), self.recipe.operation, member))
    }

    /// Without the member, the structure that has it would be empty.
    fn is_alone(&self) -> bool {
        let Ok(reached) = self.inputs.reaching(self.recipe, self.location) else { return false };
        let parent = reached.pointer.rsplit_once('/').and_then(|(parent, _)| reached.input.pointer(parent));
        parent.and_then(Value::as_object).is_some_and(|members| members.len() == 1)
    }

    /// A flattened list has no element of its own that could be empty.
    fn is_empty_list_lost(&self) -> bool {
        let is_flat = self.location.traits().is_some_and(|traits| traits.get("smithy.api#xmlFlattened").is_some());
        !self.place.has_empty_lists()
            || (is_flat && matches!(self.shape.kind, ShapeKind::List(_)) && !self.place.has_types())
    }
}
