//! The relations that `resource` shapes state.
//!
//! The operations of a lifecycle are certain. What else a shape binds to a resource has no role in the model: names decide.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use super::{
    ByNoun, RelationRole, Resource,
    identifier::rank,
    operation_name::{OperationName, Verb},
    returns_list,
};
use crate::model::{Contract, Lifecycle, Operation, ResourceShape};

/// The confidence in what a model states.
const CERTAIN: f64 = 1.0;

/// What the `resource` shapes of a service state.
#[derive(Default)]
pub(super) struct StatedRelations<'c> {
    /// The noun of each resource, with its shape.
    shapes: Vec<(String, &'c ResourceShape)>,
    /// The operations of lifecycles, by noun.
    lifecycles: ByNoun<'c>,
    /// By noun: the members that identify a resource.
    identifiers: BTreeMap<String, Vec<String>>,
}

impl<'c> StatedRelations<'c> {
    /// Reads the shapes of a contract. A resource has the noun that the names of its operations have.
    pub(super) fn of(contract: &'c Contract, by_noun: &ByNoun<'c>) -> Self {
        let mut stated = Self::default();
        for shape in contract.resources().iter().filter(|shape| !shape.lifecycle.is_empty()) {
            let noun = noun(shape, by_noun);
            let known = shape.lifecycle.iter().filter_map(|(role, name)| Some((*role, contract.operation(name)?)));
            let known: Vec<(Lifecycle, &Operation)> = known.collect();
            let named = stated.lifecycles.entry(noun.clone()).or_default();
            named.extend(
                known.iter().flat_map(|(role, operation)| roles(*role, shape).map(move |role| (role, *operation))),
            );
            if let Some(identifiers) = members(contract, shape, &noun, &known) {
                stated.identifiers.insert(noun.clone(), identifiers);
            }
            stated.shapes.push((noun, shape));
        }
        stated
    }

    /// Replaces what names say of these operations.
    pub(super) fn enter(&self, by_noun: &mut ByNoun<'c>) {
        let operations: BTreeSet<&str> = names(&self.lifecycles).collect();
        for named in by_noun.values_mut() {
            named.retain(|(_, operation)| !operations.contains(operation.name.as_str()));
        }
        for (noun, stated) in &self.lifecycles {
            by_noun.entry(noun.clone()).or_default().extend(stated.iter().copied());
        }
    }

    /// Adds the other operations that shapes bind to a resource, and that names relate to nothing.
    pub(super) fn enter_others(&self, contract: &'c Contract, by_noun: &mut ByNoun<'c>) {
        let related: BTreeSet<String> = names(by_noun).map(str::to_owned).collect();
        let unrelated = |name: &&String| !related.contains(*name);
        for (noun, shape) in &self.shapes {
            let named = by_noun.entry(noun.clone()).or_default();
            let on_one = shape.operations.iter().filter(unrelated).filter_map(|name| contract.operation(name));
            named.extend(on_one.filter(|one| changes(one)).map(|one| (RelationRole::Updates, one)));
            let on_all = shape.collection_operations.iter().filter(unrelated);
            let on_all = on_all.filter_map(|name| contract.operation(name)).filter(|one| lists(contract, one));
            named.extend(on_all.map(|one| (RelationRole::Lists, one)));
        }
    }

    /// Returns whether a shape is about this noun.
    pub(super) fn has(&self, noun: &str) -> bool {
        self.lifecycles.contains_key(noun)
    }

    /// The members that identify a resource by its shape.
    pub(super) fn identifiers(&self, noun: &str) -> Option<&[String]> {
        self.identifiers.get(noun).map(Vec::as_slice)
    }

    /// Makes certain what the model states.
    pub(super) fn vouch(&self, resource: &mut Resource) {
        let stated = self.lifecycles.get(&resource.name).map(Vec::as_slice).unwrap_or_default();
        for relation in &mut resource.relations {
            let is_stated =
                |(role, one): &(RelationRole, &Operation)| *role == relation.role && one.name == relation.operation;
            if stated.iter().any(is_stated) {
                relation.confidence = CERTAIN;
            }
        }
    }
}

fn names<'b>(by_noun: &'b ByNoun<'_>) -> impl Iterator<Item = &'b str> {
    by_noun.values().flatten().map(|(_, operation)| operation.name.as_str())
}

/// What an operation of a lifecycle does. One that puts also changes, unless another one does.
fn roles(lifecycle: Lifecycle, shape: &ResourceShape) -> impl Iterator<Item = RelationRole> + use<> {
    let updates = shape.lifecycle.iter().any(|(other, _)| *other == Lifecycle::Update);
    let (first, second) = match lifecycle {
        Lifecycle::Create => (RelationRole::Creates, None),
        Lifecycle::Put => (RelationRole::Creates, (!updates).then_some(RelationRole::Updates)),
        Lifecycle::Read => (RelationRole::Reads, None),
        Lifecycle::Update => (RelationRole::Updates, None),
        Lifecycle::Delete => (RelationRole::Deletes, None),
        Lifecycle::List => (RelationRole::Lists, None),
    };
    std::iter::once(first).chain(second)
}

/// The noun that most names of the lifecycle have, or the name of the shape.
fn noun(shape: &ResourceShape, by_noun: &ByNoun<'_>) -> String {
    let is_of_lifecycle = |name: &str| shape.lifecycle.iter().any(|(_, own)| own == name);
    let count = |noun: &String| by_noun[noun].iter().filter(|(_, one)| is_of_lifecycle(&one.name)).count();
    let counted = by_noun.keys().map(|noun| (count(noun), noun)).filter(|(count, _)| *count > 0);
    let best = counted.max_by_key(|(count, noun)| (*count, Reverse(noun.len())));
    let named = || {
        let name = shape.id.name();
        name.strip_suffix("Resource").filter(|name| !name.is_empty()).unwrap_or(name).to_owned()
    };
    best.map_or_else(named, |(_, noun)| noun.clone())
}

/// The input members for the identifiers of a shape, its own last; `None` if no operation on one resource has them all.
fn members(
    contract: &Contract,
    shape: &ResourceShape,
    noun: &str,
    lifecycle: &[(Lifecycle, &Operation)],
) -> Option<Vec<String>> {
    let on_one = |role: &Lifecycle| matches!(role, Lifecycle::Read | Lifecycle::Update | Lifecycle::Delete);
    let mut operations = lifecycle.iter().filter(|(role, _)| on_one(role)).map(|(_, operation)| *operation);
    let mut found = operations.find_map(|operation| {
        let all = shape.identifiers.iter().map(|identifier| member(contract, operation, identifier));
        all.collect::<Option<Vec<String>>>().filter(|all| !all.is_empty())
    })?;
    // Those that are not named after the resource are of its parents.
    found.sort_by_key(|name| rank(name, noun).map(Reverse).map_or((0, Reverse(0)), |rank| (1, rank)));
    Some(found)
}

/// The member of an input that is bound to an identifier.
fn member(contract: &Contract, operation: &Operation, identifier: &str) -> Option<String> {
    let members = contract.members(&operation.input);
    let bound = members.iter().find(|member| {
        member.traits.get("smithy.api#resourceIdentifier").and_then(|name| name.as_str()) == Some(identifier)
    });
    let found = bound.or_else(|| members.iter().find(|member| member.own_name() == identifier))?;
    Some(found.name.clone())
}

fn changes(operation: &Operation) -> bool {
    OperationName::split(&operation.name).is_some_and(|name| matches!(name.verb, Verb::Updates | Verb::Puts))
}

fn lists(contract: &Contract, operation: &Operation) -> bool {
    OperationName::split(&operation.name).is_some_and(|name| name.verb == Verb::Lists)
        && returns_list(contract, operation)
}
