//! What each operation of a contract does to the kept resources.

use std::collections::BTreeMap;

use super::declared_names::{DeclaredNames, ErrorMeaning};
use crate::{
    model::{Contract, Operation},
    probe::{IdentityForm, OutputPath, Relation, RelationRole, Relations, Resource},
};

/// The kinds of resources of a contract, and the operations that use them.
#[derive(Debug)]
pub(super) struct StatePlan {
    pub(super) kinds: Vec<ResourceKind>,
    uses: BTreeMap<String, Vec<KindUse>>,
}

/// A kind of resource.
#[derive(Debug)]
pub(super) struct ResourceKind {
    pub(super) resource: Resource,
    /// True if an operation makes one and names it, so that one that was not made does not exist.
    pub(super) is_made: bool,
    /// The kind with the same identifiers, if nothing makes this one: it is a part of that one.
    pub(super) owner: Option<usize>,
}

/// What an operation does to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StateEffect {
    Create,
    /// Makes one, or changes the one that exists.
    Put,
    Read,
    List,
    Update,
    Delete,
    Tag,
    Untag,
    ListTags,
}

/// A kind that an operation is about.
#[derive(Debug, Clone)]
pub(super) struct KindUse {
    pub(super) kind: usize,
    pub(super) effect: StateEffect,
    pub(super) relation: Relation,
    /// Where the output of an operation that creates has what identifies the resource in other calls.
    pub(super) linked: Vec<OutputPath>,
    /// The declared error for an identifier of nothing.
    pub(super) absent: Option<String>,
    /// The declared error for a name that is taken.
    pub(super) duplicate: Option<String>,
}

impl StatePlan {
    pub(super) fn of(contract: &Contract) -> Self {
        let relations = Relations::of(contract);
        let kinds: Vec<ResourceKind> = relations.resources.into_iter().map(ResourceKind::new).collect();
        let owners: Vec<Option<usize>> = kinds.iter().map(|kind| kind.owner_among(&kinds)).collect();
        let mut plan = Self { kinds, uses: BTreeMap::new() };
        for (kind, owner) in plan.kinds.iter_mut().zip(owners) {
            kind.owner = owner;
        }
        for index in 0..plan.kinds.len() {
            plan.add_uses(contract, index);
        }
        plan
    }

    fn add_uses(&mut self, contract: &Contract, index: usize) {
        let Some(kind) = self.kinds.get(index) else { return };
        let puts = |one: &Relation| {
            let has = |role: RelationRole| kind.resource.in_role(role).any(|other| other.operation == one.operation);
            has(RelationRole::Creates) && has(RelationRole::Updates)
        };
        for relation in &kind.resource.relations {
            let effect = match relation.role {
                RelationRole::Creates if puts(relation) => StateEffect::Put,
                RelationRole::Updates if puts(relation) => continue,
                role => effect(role),
            };
            let Some(operation) = contract.operation(&relation.operation) else { continue };
            let names = DeclaredNames { contract, operation, resource: &kind.resource };
            let one = KindUse {
                kind: index,
                effect,
                relation: relation.clone(),
                linked: linked(contract, &kind.resource, operation, relation.role),
                absent: names.best(ErrorMeaning::Absent),
                duplicate: names.best(ErrorMeaning::Duplicate),
            };
            self.uses.entry(operation.name.clone()).or_default().push(one);
        }
    }

    /// What an operation does; nothing if it is not about a resource.
    pub(super) fn uses(&self, operation: &Operation) -> &[KindUse] {
        self.uses.get(&operation.name).map_or(&[], Vec::as_slice)
    }
}

impl ResourceKind {
    fn new(resource: Resource) -> Self {
        let parents = resource.identifiers.split_last().map_or(&[][..], |(_, parents)| parents);
        let is_named = |one: &Relation| one.output.is_some() || one.input.iter().any(|name| !parents.contains(name));
        let is_made = resource.in_role(RelationRole::Creates).any(is_named);
        Self { resource, is_made, owner: None }
    }

    fn owner_among(&self, kinds: &[Self]) -> Option<usize> {
        if self.is_made || self.resource.identifiers.is_empty() {
            return None;
        }
        let identifiers = &self.resource.identifiers;
        kinds.iter().position(|other| other.is_made && other.resource.identifiers == *identifiers)
    }

    /// The member that identifies one among those of its parents.
    pub(super) fn own(&self) -> Option<&str> {
        self.resource.identifiers.last().map(String::as_str)
    }

    /// The form of [`Self::own`].
    pub(super) fn own_form(&self) -> Option<IdentityForm> {
        self.resource.identity_form(self.own()?, &[])
    }

    /// The members that identify its parents.
    pub(super) fn parents(&self) -> &[String] {
        self.resource.identifiers.split_last().map_or(&[], |(_, parents)| parents)
    }
}

fn effect(role: RelationRole) -> StateEffect {
    match role {
        RelationRole::Creates => StateEffect::Create,
        RelationRole::Reads => StateEffect::Read,
        RelationRole::Lists => StateEffect::List,
        RelationRole::Updates => StateEffect::Update,
        RelationRole::Deletes => StateEffect::Delete,
        RelationRole::Tags => StateEffect::Tag,
        RelationRole::Untags => StateEffect::Untag,
        RelationRole::ListsTags => StateEffect::ListTags,
    }
}

/// The locations in the output of `first` from which other operations get the identifiers of the resource.
fn linked(contract: &Contract, resource: &Resource, first: &Operation, role: RelationRole) -> Vec<OutputPath> {
    use crate::probe::IdentifierOrigin::Output;
    if role != RelationRole::Creates {
        return Vec::new();
    }
    let next = resource.relations.iter().filter_map(|relation| contract.operation(&relation.operation));
    let links = next.filter_map(|next| resource.links(contract, first, next)).flatten();
    let mut paths: Vec<OutputPath> =
        links.filter_map(|link| if let Output(path) = link.origin { Some(path) } else { None }).collect();
    paths.sort();
    paths.dedup();
    paths
}
