//! Creation, update, deletion and tagging.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{
    KeptState, Meant, StateFault, StateRejection, StatefulCall, View, given_identity, is_text,
    kept_resource::{KeptCreation, KeptMember, KeptResource},
    overlay::OutputPart,
    state_plan::{KindUse, ResourceKind, StateEffect, StatePlan},
    tag_set::{TagSet, holds_tags},
};
use crate::model::{Member, ShapeKind};

impl KeptState {
    pub(super) fn create(
        &mut self,
        kind: &ResourceKind,
        one: &KindUse,
        call: &StatefulCall<'_>,
    ) -> Result<Value, StateRejection> {
        if let Some(output) = self.repeated(one, call) {
            return Ok(output);
        }
        let named = named_resource(kind, one, call);
        let taken = self.named_alike(&named);
        if let (Some(number), Some(name), StateEffect::Create) = (taken, &one.duplicate, one.effect) {
            let accepts = call.fault == Some(StateFault::DuplicateAccepted);
            let rejection = || StateRejection::Duplicate(name.clone());
            return accepts.then(|| self.read(kind, one, call, number)).ok_or_else(rejection);
        }
        let known = taken.and_then(|number| self.resources.get(number).cloned());
        let is_forgotten =
            one.effect == StateEffect::Put && known.is_some() && call.fault == Some(StateFault::UpdateForgotten);
        let mut resource = known.unwrap_or_else(|| named.clone());
        if !is_forgotten {
            (resource.members, resource.tags) = given(call, kind, one, TagSet::default());
        }
        resource.names.extend(named.names);
        resource.identity.extend(named.identity);
        let output = self.shown(kind, one, call, &mut resource);
        let linked = one.linked.iter().filter_map(|path| output.pointer(&path.pointer()?)?.as_str());
        resource.names.extend(linked.map(str::to_owned));
        resource.creation = token_of(call).map(|token| KeptCreation {
            operation: call.operation.name.clone(),
            token,
            output: output.clone(),
        });
        match taken {
            Some(number) => self.resources.put(number, resource),
            None => drop(self.resources.add(resource)),
        }
        Ok(output)
    }

    /// The output of an earlier call with the same idempotency token.
    fn repeated(&self, one: &KindUse, call: &StatefulCall<'_>) -> Option<Value> {
        let token = token_of(call).filter(|_| call.fault != Some(StateFault::IdempotencyTokenIgnored))?;
        let of_token = |creation: &&KeptCreation| creation.operation == call.operation.name && creation.token == token;
        let mut all = self.resources.iter().filter(|(_, resource)| resource.kind == one.kind && !resource.is_deleted);
        all.find_map(|(_, resource)| resource.creation.as_ref().filter(of_token))
            .map(|creation| creation.output.clone())
    }

    /// The number of the resource that has the name of a new one.
    fn named_alike(&self, named: &KeptResource) -> Option<u64> {
        let own: Vec<String> = named.names.iter().cloned().collect();
        let is_alike = |resource: &KeptResource| {
            !resource.is_deleted
                && resource.parents == named.parents
                && resource.is_meant(named.kind, &named.parents, &own)
        };
        self.resources.numbers(is_alike).pop()
    }

    pub(super) fn update(
        &mut self,
        plan: &StatePlan,
        kind: &ResourceKind,
        one: &KindUse,
        call: &StatefulCall<'_>,
    ) -> Result<Value, StateRejection> {
        let Some(number) = self.changed(plan, kind, one, call)? else { return Ok(call.output.clone()) };
        if call.fault != Some(StateFault::UpdateForgotten)
            && let Some(mut resource) = self.resources.get(number).cloned()
        {
            let (members, tags) = given(call, kind, one, resource.tags.clone());
            resource.tags = tags;
            for (name, member) in members {
                let member = match resource.members.remove(&name) {
                    Some(known) => merged(call, known, member),
                    None => member,
                };
                resource.members.insert(name, member);
            }
            self.resources.put(number, resource);
        }
        Ok(self.read(kind, one, call, number))
    }

    /// The resource that a call changes. What nothing makes is made by its first change.
    fn changed(
        &mut self,
        plan: &StatePlan,
        kind: &ResourceKind,
        one: &KindUse,
        call: &StatefulCall<'_>,
    ) -> Result<Option<u64>, StateRejection> {
        let existing = self.existing(plan, one, call)?;
        if existing.is_some() || kind.is_made {
            return Ok(existing);
        }
        let is_absent = matches!(self.meant(plan, one, call), Meant::Absent);
        let resource = named_resource(kind, one, call);
        let is_named = kind.resource.identifiers.is_empty() || !resource.names.is_empty();
        Ok((is_named && !is_absent).then(|| self.resources.add(resource)))
    }

    pub(super) fn delete(
        &mut self,
        plan: &StatePlan,
        one: &KindUse,
        call: &StatefulCall<'_>,
    ) -> Result<Value, StateRejection> {
        let Some(number) = self.existing(plan, one, call)? else { return Ok(call.output.clone()) };
        let Some(resource) = self.resources.remove(number) else { return Ok(call.output.clone()) };
        for part in self.resources.numbers(|other| is_part(plan, other, &resource)) {
            self.resources.remove(part);
        }
        if matches!(call.fault, Some(StateFault::DeletedListed | StateFault::DeletedRead)) {
            self.resources.put(number, KeptResource { is_deleted: true, ..resource });
        }
        Ok(call.output.clone())
    }

    pub(super) fn change_tags(
        &mut self,
        plan: &StatePlan,
        kind: &ResourceKind,
        one: &KindUse,
        call: &StatefulCall<'_>,
    ) -> Result<Value, StateRejection> {
        let Some(number) = self.changed(plan, kind, one, call)? else { return Ok(call.output.clone()) };
        let Some(mut resource) = self.resources.get(number).cloned() else { return Ok(call.output.clone()) };
        let input = &call.operation.input;
        if one.effect == StateEffect::Tag {
            let tags = TagSet::given(call.contract, input, call.input).unwrap_or_default();
            if call.operation.name.starts_with("Put") {
                resource.tags = TagSet::default();
            }
            if call.fault != Some(StateFault::TagForgotten) {
                resource.tags.extend(tags);
            }
        } else if call.fault != Some(StateFault::UntagForgotten) {
            match TagSet::removed(call.contract, input, call.input) {
                Some(keys) => resource.tags.remove_all(&keys),
                None => resource.tags = TagSet::default(),
            }
        }
        self.resources.put(number, resource);
        Ok(call.output.clone())
    }

    /// The output of an operation that lists the tags of a resource, page by page.
    pub(super) fn list_tags(
        &mut self,
        kind: &ResourceKind,
        one: &KindUse,
        call: &StatefulCall<'_>,
        number: Option<u64>,
    ) -> Result<Value, StateRejection> {
        let resource = number.and_then(|number| self.resources.get(number)).cloned();
        let Some(resource) = resource else { return Ok(call.output.clone()) };
        let page =
            self.page(call, &call.operation.output, None, &(0..resource.tags.len() as u64).collect::<Vec<_>>())?;
        let (from, to) = (page.from, page.from + page.count);
        let tags = resource.tags.slice(from, to);
        let parts = tag_parts(kind, one, call, &tags);
        let mut output = super::laid(&call.output, &parts, call.is_valid);
        page.write(call, &mut output, &[], &call.operation.output);
        Ok(output)
    }
}

/// The tags in the output of an operation that lists them.
fn tag_parts(kind: &ResourceKind, one: &KindUse, call: &StatefulCall<'_>, tags: &TagSet) -> Vec<OutputPart> {
    let view = View::of_output(kind, one, call);
    let mut parts = view.tags(tags);
    if tags.is_empty() {
        // An empty list says more than a missing one.
        let empty =
            call.contract.members(view.root).iter().filter_map(|member| {
                Some(OutputPart::new(&[], &member.name, Some(tags.written(call.contract, member)?)))
            });
        parts.extend(empty);
    }
    parts
}

/// A new resource with the identifiers of an input.
fn named_resource(kind: &ResourceKind, one: &KindUse, call: &StatefulCall<'_>) -> KeptResource {
    let mut resource =
        KeptResource { kind: one.kind, parents: given_identity(call, kind).parents, ..KeptResource::default() };
    let chosen = one.relation.input.iter().filter(|name| !kind.parents().contains(name));
    for name in chosen {
        let Some(value) = call.input.get(name).and_then(Value::as_str) else { continue };
        match kind.resource.identity_form(name, &[]) {
            Some(form) => resource.keep_identity(form, value.to_owned()),
            None => drop(resource.names.insert(value.to_owned())),
        }
    }
    resource
}

/// The members of an input that a resource keeps, and its tags. What identifies it is kept elsewhere.
fn given(
    call: &StatefulCall<'_>,
    kind: &ResourceKind,
    one: &KindUse,
    tags: TagSet,
) -> (BTreeMap<String, KeptMember>, TagSet) {
    let contract = call.contract;
    let identifies = |member: &Member| {
        let is_named = kind.resource.identifiers.contains(&member.name) || one.relation.input.contains(&member.name);
        is_named && is_text(contract, member)
    };
    let others = contract.members(&call.operation.input).iter();
    let others = others.filter(|one| !holds_tags(contract, one) && !is_token(one) && !identifies(one));
    let kept = others.filter_map(|member| {
        let value = call.input.get(&member.name)?.clone();
        Some((member.name.clone(), KeptMember { target: member.target.clone(), value }))
    });
    (kept.collect(), TagSet::given(contract, &call.operation.input, call.input).unwrap_or(tags))
}

/// A member after an update: attributes that are not named stay.
fn merged(call: &StatefulCall<'_>, known: KeptMember, new: KeptMember) -> KeptMember {
    let is_map = matches!(call.contract.shape(&new.target).map(|shape| &shape.kind), Some(ShapeKind::Map { .. }));
    match (known.value, new.value) {
        (Value::Object(mut entries), Value::Object(changed)) if is_map && known.target == new.target => {
            entries.extend(changed);
            KeptMember { target: new.target, value: Value::Object(entries) }
        }
        (_, value) => KeptMember { target: new.target, value },
    }
}

/// The idempotency token of an input.
fn token_of(call: &StatefulCall<'_>) -> Option<String> {
    let members = call.contract.members(&call.operation.input).iter();
    let mut tokens = members.filter(|member| is_token(member) && is_text(call.contract, member));
    tokens.find_map(|member| call.input.get(&member.name)?.as_str().map(str::to_owned))
}

fn is_token(member: &Member) -> bool {
    member.traits.get("smithy.api#idempotencyToken").is_some()
}

/// Returns whether a resource ends with another one: that one is its parent, or has it as a part.
fn is_part(plan: &StatePlan, resource: &KeptResource, ended: &KeptResource) -> bool {
    let kinds = plan.kinds.get(resource.kind).zip(plan.kinds.get(ended.kind));
    let Some((kind, of)) = kinds else { return false };
    let is_same_place = ended.parents.iter().all(|(name, value)| resource.parents.get(name) == Some(value));
    let is_child =
        of.own().is_some_and(|own| resource.parents.get(own).is_some_and(|parent| ended.names.contains(parent)));
    let is_owned = kind.owner == Some(ended.kind) && resource.names.iter().any(|name| ended.names.contains(name));
    is_same_place && (is_child || is_owned)
}

/// The members of an input that may filter a list.
pub(super) fn agrees(
    call: &StatefulCall<'_>,
    kind: &ResourceKind,
    resource: &KeptResource,
    filter: &Map<String, Value>,
) -> bool {
    call.contract.members(&call.operation.input).iter().filter(|member| is_text(call.contract, member)).all(|member| {
        let Some(given) = filter.get(&member.name).and_then(Value::as_str) else { return true };
        if let Some(parent) = resource.parents.get(&member.name) {
            return parent == given;
        }
        if kind.own() == Some(&member.name) {
            return resource.names.contains(given);
        }
        let kept = resource.members.get(&member.name).filter(|kept| kept.target == member.target);
        kept.is_none_or(|kept| kept.value.as_str() == Some(given))
    })
}
