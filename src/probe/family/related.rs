//! What families of several calls share: the operations of the same resource, and whether a call can follow another.

use super::ProbeSubject;
use crate::{
    model::{Member, Operation, ShapeKind},
    probe::relations::{IdentifierLink, IdentifierOrigin, Relation, RelationRole, Resource, rank},
};

/// Names of identifiers that have no noun and no common ending.
const OWN_NAMES: [&str; 3] = ["Key", "UUID", "id"];

/// The operation of a probe in one of its roles, with its resource.
#[derive(Clone, Copy)]
pub(super) struct RelatedSubject<'a> {
    pub(super) subject: &'a ProbeSubject<'a>,
    pub(super) resource: &'a Resource,
    pub(super) relation: &'a Relation,
    /// The call that determines which resource is meant: that of the probe, or one before it that makes the resource.
    first: &'a Operation,
}

impl<'a> RelatedSubject<'a> {
    /// The resources for which the operation of a probe has one of these roles.
    pub(super) fn all(
        subject: &'a ProbeSubject<'a>,
        roles: &'a [RelationRole],
    ) -> impl Iterator<Item = RelatedSubject<'a>> {
        let related = subject.inputs.relations().of_operation(&subject.recipe.operation.name);
        related.filter(|(_, relation)| roles.contains(&relation.role)).map(move |(resource, relation)| RelatedSubject {
            subject,
            resource,
            relation,
            first: subject.recipe.operation,
        })
    }

    /// The resources of the service that any operation makes, as if it were that of the probe.
    pub(super) fn made(subject: &'a ProbeSubject<'a>) -> impl Iterator<Item = RelatedSubject<'a>> {
        subject.inputs.relations().resources.iter().flat_map(move |resource| {
            resource.in_role(RelationRole::Creates).filter_map(move |relation| {
                let first = subject.contract().operation(&relation.operation)?;
                Some(RelatedSubject { subject, resource, relation, first })
            })
        })
    }

    /// The same resource, if another operation makes it before the call of the probe.
    pub(super) fn made_by(self, first: &'a Operation) -> Self {
        Self { first, ..self }
    }

    /// The operation of the first call.
    pub(super) fn operation(&self) -> &'a Operation {
        self.first
    }

    /// The links of a call to the first one; `None` if it does not identify the resource.
    pub(super) fn links(self, next: &Operation) -> Option<Vec<IdentifierLink>> {
        let links = self.resource.links(self.subject.contract(), self.operation(), next)?;
        links.iter().all(|link| self.has(&link.origin)).then_some(links)
    }

    /// The operations in a role that can follow, each with the links to the first call.
    pub(super) fn next(
        self,
        role: RelationRole,
    ) -> impl Iterator<Item = (&'a Relation, &'a Operation, Vec<IdentifierLink>)> {
        self.resource.in_role(role).filter_map(move |relation| {
            let next = self.subject.contract().operation(&relation.operation)?;
            let links = self.links(next)?;
            let is_listed = role != RelationRole::Lists || self.resource.is_listed_by(&next.name, &links);
            (is_listed && self.is_complete(next, &links)).then_some((relation, next, links))
        })
    }

    /// The origin of an identifier of the resource.
    pub(super) fn origin(self, name: &str) -> Option<IdentifierOrigin> {
        let origin = self.resource.origin(self.subject.contract(), self.operation(), name)?;
        self.has(&origin).then_some(origin)
    }

    /// Returns whether the first call always has or returns a value.
    fn has(self, origin: &IdentifierOrigin) -> bool {
        match origin {
            IdentifierOrigin::Output(path) => path.pointer().is_some(),
            IdentifierOrigin::Input(name) => {
                let inputs = self.subject.inputs;
                let members = inputs.contract().members(&self.operation().input);
                members.iter().any(|member| member.name == *name && inputs.is_in_least(self.operation(), member))
            }
        }
    }

    /// Returns whether the resource is only a part of another one, which identifies it, or one of its account.
    pub(super) fn is_part(self) -> bool {
        let others = self.subject.inputs.relations().resources.iter().filter(|other| other.name != self.resource.name);
        let owners = others.filter(|other| other.in_role(RelationRole::Creates).next().is_some());
        let mut owners = owners.filter(|owner| self.resource.name.starts_with(owner.name.as_str()));
        let is_own = |name: &String| {
            // What takes several of the resource has a list of their identifiers.
            let ranked = [name.as_str(), name.strip_suffix('s').unwrap_or(name)];
            ranked.iter().any(|name| rank(name, &self.resource.name).is_some()) || OWN_NAMES.contains(&name.as_str())
        };
        !self.resource.identifiers.last().is_some_and(is_own)
            || self.resource.name.starts_with("Account")
            || owners.any(|owner| owner.identifiers == self.resource.identifiers)
    }

    /// Returns whether each creation makes another resource: its name is new each time, or the service chooses it.
    pub(super) fn is_new_each_time(self) -> bool {
        let own = self.resource.identifiers.last().and_then(|name| self.origin(name));
        let inputs = self.subject.inputs;
        let members = inputs.contract().members(&self.operation().input);
        match own {
            Some(IdentifierOrigin::Output(_)) => !self.is_part(),
            Some(IdentifierOrigin::Input(name)) => {
                let named = members.iter().find(|member| member.name == name);
                !self.is_part() && named.is_some_and(|member| !inputs.is_filled(self.operation(), member))
            }
            None => false,
        }
    }

    /// Returns whether every member that an input of `next` needs is linked, or names nothing.
    pub(super) fn is_complete(self, next: &Operation, links: &[IdentifierLink]) -> bool {
        let inputs = self.subject.inputs;
        let needed = inputs.contract().members(&next.input).iter().filter(|member| inputs.is_in_least(next, member));
        let is_given = |member: &Member| {
            let is_linked = links.iter().any(|link| link.member == member.name);
            is_linked || !self.may_name(member)
        };
        needed.into_iter().all(is_given)
    }

    /// Returns whether a value may name a resource.
    fn may_name(self, member: &Member) -> bool {
        let shape = self.subject.contract().shape(&member.target);
        let is_value =
            |kind: &ShapeKind| matches!(kind, ShapeKind::Boolean | ShapeKind::Enum(_) | ShapeKind::IntEnum(_));
        !shape.is_some_and(|shape| is_value(&shape.kind))
    }
}

/// The name of the identifier that a path in an output ends with; of a list of identifiers, that of one.
pub(super) fn identifier_of(path: &[String]) -> Option<&str> {
    match path {
        [.., list, items] if items == "[]" => Some(list.strip_suffix('s').unwrap_or(list)),
        _ => path.last().map(String::as_str),
    }
}

/// The members of the first call that a list is linked to: they name the parents of what it lists.
pub(super) fn parents(links: &[IdentifierLink]) -> Vec<String> {
    let given = links.iter().filter_map(|link| match &link.origin {
        IdentifierOrigin::Input(member) => Some(member.clone()),
        IdentifierOrigin::Output(_) => None,
    });
    given.collect()
}
