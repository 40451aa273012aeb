//! The relations of a service: its kinds of resources, and the operations that create, read, list, change, delete and tag
//! them.
//!
//! Some models in Smithy state this with `resource` shapes. Otherwise names and shapes decide: `CreateKey`, `DescribeKey` and
//! `ListKeys` are about keys, and the member that `DescribeKey` requires identifies one. Each relation has a confidence. Pure.
//!
//! | module | holds | may import |
//! |---|---|---|
//! | `operation_name` | The parts of an operation's name |  |
//! | `identifier` | The members that identify a resource, in inputs and outputs |  |
//! | `identity_form` | The forms of a resource's identifiers | `identifier` |
//! | `links` | The origin of each identifier in a call that follows another | `identifier` |
//! | `corrected` | Relations with the corrections of a recipe |  |
//! | `stated` | The relations that `resource` shapes state | `operation_name`, `identifier` |

mod corrected;
mod identifier;
mod identity_form;
mod links;
mod operation_name;
mod stated;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::{
    model::{Contract, Operation, ShapeKind},
    suite::ServiceFixtures,
};

use operation_name::{ANY_RESOURCE, OperationName, Verb, listed, singulars, without_facet};
use stated::StatedRelations;

pub use crate::model::{OutputPath, RelationRole};
pub(super) use identifier::rank;
pub use identity_form::IdentityForm;
pub use links::{IdentifierLink, IdentifierOrigin};

/// An operation in one role for a kind of resource.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Relation {
    /// The role.
    pub role: RelationRole,
    /// The name of the operation.
    pub operation: String,
    /// The input members that identify the resource, those of its parents first. Of an operation that creates, the members
    /// by which the caller names it; of one that lists, none.
    pub input: Vec<String>,
    /// Where the output has the identifier, if it has it.
    pub output: Option<OutputPath>,
    /// The confidence from 0 to 1.
    pub confidence: f64,
}

/// A kind of resource, with its operations.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Resource {
    /// The noun of its operations, in the singular.
    pub name: String,
    /// The members that identify one, by the operations that read, change or delete it.
    pub identifiers: Vec<String>,
    /// Its operations, by role.
    pub relations: Vec<Relation>,
}

impl Resource {
    /// Its operations in one role.
    pub fn in_role(&self, role: RelationRole) -> impl Iterator<Item = &Relation> {
        self.relations.iter().filter(move |relation| relation.role == role)
    }
}

/// The kinds of resources of a service.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Relations {
    /// By name.
    pub resources: Vec<Resource>,
}

/// The operations of one noun, before anything else is known of it.
type Named<'c> = Vec<(RelationRole, &'c Operation)>;

/// The operations of each noun in the singular.
type ByNoun<'c> = BTreeMap<String, Named<'c>>;

impl Relations {
    /// Relates the operations of a contract.
    #[must_use]
    pub fn of(contract: &Contract) -> Self {
        let mut by_noun = by_noun(contract);
        let tagging = by_noun.remove(ANY_RESOURCE).unwrap_or_default();
        let stated = StatedRelations::of(contract, &by_noun);
        stated.enter(&mut by_noun);
        by_noun.retain(|noun, named| stated.has(noun) || is_resource(named));
        stated.enter_others(contract, &mut by_noun);
        let resources = by_noun.into_iter().map(|(noun, named)| {
            let identifiers = stated.identifiers(&noun);
            let mut resource = identifier::resource(contract, noun, &named, &tagging, identifiers);
            stated.vouch(&mut resource);
            resource
        });
        Self { resources: resources.collect() }
    }

    /// The relations of a service, with the corrections of its recipe. Compute them once.
    #[must_use]
    pub fn of_service(service: &ServiceFixtures) -> Self {
        Self::of(service.contract()).corrected(&service.corrections)
    }

    /// The resources that an operation creates, reads, lists, changes or deletes, with its relation to each.
    pub fn of_operation<'r>(&'r self, operation: &str) -> impl Iterator<Item = (&'r Resource, &'r Relation)> {
        let name = operation.to_owned();
        let all = self.resources.iter().flat_map(|resource| resource.relations.iter().map(move |one| (resource, one)));
        all.filter(move |(_, relation)| relation.operation == name)
    }

    /// The number of operations that have a relation.
    #[must_use]
    pub fn related(&self) -> usize {
        let all = self.resources.iter().flat_map(|resource| &resource.relations);
        all.map(|relation| relation.operation.as_str()).collect::<BTreeSet<_>>().len()
    }
}

/// Returns whether the operations of a noun are about a resource: one makes it, or one identifies it, and another one is
/// about it, too.
fn is_resource(named: &Named<'_>) -> bool {
    let operations: BTreeSet<&str> = named.iter().map(|(_, operation)| operation.name.as_str()).collect();
    operations.len() > 1 && named.iter().any(|(role, _)| *role != RelationRole::Lists)
}

/// An operation with the parts of its name.
type Split<'c> = (&'c Operation, OperationName<'c>);

/// The nouns of a service, as far as the names of its operations tell.
struct Nouns<'c> {
    contract: &'c Contract,
    /// The nouns of operations on one resource, whatever they end with.
    singular: BTreeSet<&'c str>,
    /// The nouns that an operation creates.
    created: BTreeSet<&'c str>,
    /// The nouns that an operation deletes.
    deleted: BTreeSet<&'c str>,
}

/// Relates operations to nouns, by their names.
fn by_noun(contract: &Contract) -> ByNoun<'_> {
    let split = contract.operations().filter_map(|operation| Some((operation, OperationName::split(&operation.name)?)));
    let split: Vec<Split<'_>> = split.collect();
    let having = |wanted: &[Verb]| {
        split.iter().filter(|(_, name)| wanted.contains(&name.verb)).map(|(_, name)| name.rest).collect::<BTreeSet<_>>()
    };
    let nouns = Nouns {
        contract,
        singular: having(&[Verb::Creates, Verb::Starts, Verb::Puts, Verb::Updates, Verb::Deletes]),
        created: having(&[Verb::Creates]),
        deleted: having(&[Verb::Deletes]),
    };
    let mut by_noun = ByNoun::new();
    for (operation, name) in &split {
        for (noun, role) in nouns.roles(operation, *name) {
            by_noun.entry(noun).or_default().push((role, operation));
        }
    }
    by_noun
}

impl Nouns<'_> {
    /// The resources that an operation is about, each with its role.
    fn roles(&self, operation: &Operation, name: OperationName<'_>) -> Vec<(String, RelationRole)> {
        if let Some((noun, role)) = self.of_tags(name) {
            return vec![(noun, role)];
        }
        let noun = self.base(name.rest);
        let one = |role: RelationRole| vec![(noun.to_owned(), role)];
        match name.verb {
            Verb::Creates => one(RelationRole::Creates),
            Verb::Starts if !self.created.contains(noun) => one(RelationRole::Creates),
            // What cannot be deleted was always there.
            Verb::Puts if self.deleted.contains(name.rest) => {
                [RelationRole::Creates, RelationRole::Updates].map(|role| (noun.to_owned(), role)).to_vec()
            }
            Verb::Starts | Verb::Puts | Verb::Updates => one(RelationRole::Updates),
            Verb::Deletes => one(RelationRole::Deletes),
            Verb::Tags => one(RelationRole::Tags),
            Verb::Untags => one(RelationRole::Untags),
            Verb::Reads | Verb::Lists => self.read(operation, name),
        }
    }

    /// Operations on the tags of a resource.
    fn of_tags(&self, name: OperationName<'_>) -> Option<(String, RelationRole)> {
        let of = name.rest.strip_prefix("TagsFor").or_else(|| name.rest.strip_prefix("TagsOf"));
        let of = of.or_else(|| name.rest.strip_suffix("Tags").filter(|_| name.verb == Verb::Lists));
        let reads = matches!(name.verb, Verb::Reads | Verb::Lists);
        if let Some(noun) = of.filter(|_| reads) {
            let noun = if noun.is_empty() { ANY_RESOURCE } else { noun };
            return Some((noun.to_owned(), RelationRole::ListsTags));
        }
        let noun = name
            .rest
            .strip_suffix("Tagging")
            .filter(|noun| self.created.contains(noun) || self.deleted.contains(noun))?;
        let role = match name.verb {
            Verb::Puts => RelationRole::Tags,
            Verb::Deletes => RelationRole::Untags,
            Verb::Reads => RelationRole::ListsTags,
            _ => return None,
        };
        Some((noun.to_owned(), role))
    }

    /// The noun itself, or the resource that it is a part or a property of.
    fn base<'n>(&self, noun: &'n str) -> &'n str {
        let is_known = |noun: &str| self.created.contains(noun) || self.deleted.contains(noun);
        if is_known(noun) {
            return noun;
        }
        without_facet(noun).filter(|base| is_known(base)).unwrap_or(noun)
    }

    fn read(&self, operation: &Operation, name: OperationName<'_>) -> Vec<(String, RelationRole)> {
        let plural = listed(name.rest);
        let candidates = singulars(plural);
        let known = candidates.iter().find(|noun| self.singular.contains(noun.as_str())).or(candidates.first());
        let is_singular = self.singular.contains(plural) || self.base(name.rest) != name.rest;
        match known {
            Some(noun) if !is_singular && returns_list(self.contract, operation) => {
                vec![(noun.clone(), RelationRole::Lists)]
            }
            _ if name.verb == Verb::Reads => vec![(self.base(name.rest).to_owned(), RelationRole::Reads)],
            _ => Vec::new(),
        }
    }
}

/// Returns whether the output has a list or a map, which a list of resources is.
fn returns_list(contract: &Contract, operation: &Operation) -> bool {
    let is_list = |kind: &ShapeKind| matches!(kind, ShapeKind::List(_) | ShapeKind::Map { .. });
    let shape = |id| contract.shape(id).map(|shape| &shape.kind);
    let members = contract.members(&operation.output).iter();
    let mut kinds = members.filter_map(|member| shape(&member.target));
    kinds.any(|kind| is_list(kind) || kind.parts().any(|part| shape(&part.target).is_some_and(is_list)))
}

#[cfg(test)]
mod tests;
