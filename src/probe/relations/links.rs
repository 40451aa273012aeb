//! The origin of each identifier in a call that follows another: the new resource is read by what its creation was given
//! or returned.

use super::{
    OutputPath, RelationRole, Resource,
    identifier::{OWN, arn_in_output, chosen_name, in_output, is_general_arn, is_text, rank},
};
use crate::model::{Contract, Member, Operation, ShapeKind};

/// The value of one input member of a call that follows another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentifierLink {
    /// The member of the following call.
    pub member: String,
    /// Where its value comes from.
    pub origin: IdentifierOrigin,
    /// True if the member is a list of identifiers.
    pub is_list: bool,
}

/// The origin of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdentifierOrigin {
    /// A member of the first call's input.
    Input(String),
    /// A location in the first call's output.
    Output(OutputPath),
}

impl IdentifierLink {
    /// The name of one identifier.
    fn singular(&self) -> &str {
        self.member.strip_suffix('s').filter(|_| self.is_list).unwrap_or(&self.member)
    }
}

impl Resource {
    /// The members of `next` that an earlier call of `first` determines; `None` if they do not identify the resource that
    /// `first` created, read or changed.
    #[must_use]
    pub fn links(&self, contract: &Contract, first: &Operation, next: &Operation) -> Option<Vec<IdentifierLink>> {
        if let Some(links) = self.links_by_arn(contract, first, next) {
            return Some(links);
        }
        let members = contract.members(&next.input).iter();
        let links: Vec<IdentifierLink> = members.filter_map(|member| self.link(contract, first, member)).collect();
        let role = |operation: &Operation| {
            self.relations.iter().find(|one| one.operation == operation.name).map(|one| one.role)
        };
        if role(next) == Some(RelationRole::Lists) {
            let required = contract.members(&next.input).iter().filter(|member| member.traits.required());
            let parents: Vec<IdentifierLink> = links.into_iter().filter(|link| !self.names(link.singular())).collect();
            let is_linked = |member: &Member| parents.iter().any(|link| link.member == member.name);
            return required
                .clone()
                .all(|member| is_linked(member) || !is_text(contract, &member.target))
                .then_some(parents);
        }
        let identified = self.identifiers.iter().all(|name| links.iter().any(|link| link.member == *name));
        let by_other = || links.iter().any(|link| rank(&link.member, &self.name).is_some_and(|rank| rank < OWN));
        (!links.is_empty() && ((identified && !self.identifiers.is_empty()) || by_other())).then_some(links)
    }

    /// The ARN in a call that tags any resource.
    fn links_by_arn(&self, contract: &Contract, first: &Operation, next: &Operation) -> Option<Vec<IdentifierLink>> {
        let of_tags = [RelationRole::Tags, RelationRole::Untags, RelationRole::ListsTags];
        let relation = self.relations.iter().find(|one| one.operation == next.name && of_tags.contains(&one.role))?;
        let [member] = relation.input.as_slice() else { return None };
        if !is_general_arn(member) || self.identifiers.contains(member) {
            return None;
        }
        let origin = IdentifierOrigin::Output(arn_in_output(contract, first, &self.name)?);
        Some(vec![IdentifierLink { member: member.clone(), origin, is_list: false }])
    }

    /// Returns whether a list has every resource, or those of the parents that links name, and not those of something else.
    #[must_use]
    pub fn is_listed_by(&self, list: &str, links: &[IdentifierLink]) -> bool {
        let after = |word: &str| list.split_once(word).map(|(_, by)| by);
        let by = after("By").or_else(|| after("For")).filter(|by| by.starts_with(|c: char| c.is_ascii_uppercase()));
        by.is_none_or(|by| !links.is_empty() || rank(by, &self.name).is_some())
    }

    /// Returns whether a member is the last one that identifies the resource: those before identify its parents.
    #[must_use]
    pub fn names(&self, member: &str) -> bool {
        self.identifiers.last().is_some_and(|own| own == member)
            || rank(member, &self.name).is_some_and(|rank| rank < OWN)
    }

    fn link(&self, contract: &Contract, first: &Operation, member: &Member) -> Option<IdentifierLink> {
        let kind = contract.shape(&member.target).map(|shape| &shape.kind)?;
        let is_list = match kind {
            ShapeKind::List(item) => is_text(contract, &item.target),
            _ => false,
        };
        if !is_list && !is_text(contract, &member.target) {
            return None;
        }
        let name = if is_list { member.name.strip_suffix('s').unwrap_or(&member.name) } else { &member.name };
        let is_identifier = self.identifiers.iter().any(|one| one == &member.name);
        let is_meant = is_identifier || rank(name, &self.name).is_some_and(|rank| rank < OWN);
        if !is_meant && !member.traits.required() && !is_shared_choice(contract, first, member) {
            return None;
        }
        let origin = self.origin(contract, first, name)?;
        Some(IdentifierLink { member: member.name.clone(), origin, is_list })
    }

    /// The origin of an identifier in the call that made, read or changed the resource.
    #[must_use]
    pub fn origin(&self, contract: &Contract, first: &Operation, name: &str) -> Option<IdentifierOrigin> {
        // What requests call by the noun alone, lists call a name.
        let own = self.identifiers.last().filter(|own| own.eq_ignore_ascii_case(&self.name));
        let name = own.filter(|_| name.eq_ignore_ascii_case("Name")).map_or(name, String::as_str);
        let inputs = contract.members(&first.input);
        let same =
            inputs.iter().find(|member| member.name.eq_ignore_ascii_case(name) && is_text(contract, &member.target));
        if let Some(member) = same {
            return Some(IdentifierOrigin::Input(member.name.clone()));
        }
        // A list that is named by the noun alone has what requests identify the resource by.
        let by_noun = self.identifiers.last().filter(|own| name.eq_ignore_ascii_case(&self.name) && *own != name);
        if let Some(own) = by_noun {
            return self.origin(contract, first, own);
        }
        if !self.names(name) {
            return None;
        }
        let returned = in_output(contract, first, &self.name, Some(&name.to_owned()));
        let returned = returned.or_else(|| self.stated_output(first, name));
        returned.map(IdentifierOrigin::Output).or_else(|| {
            let wants_name = name.to_ascii_lowercase().ends_with("name") || name.eq_ignore_ascii_case(&self.name);
            chosen_name(contract, &self.name, first).filter(|_| wants_name).map(IdentifierOrigin::Input)
        })
    }

    /// Where a creation returns the identifier of that name by its relation: of several resources, that of the first one.
    fn stated_output(&self, first: &Operation, name: &str) -> Option<OutputPath> {
        let relation = self.in_role(RelationRole::Creates).find(|one| one.operation == first.name)?;
        let path = relation.output.as_ref().filter(|path| path.0.last().is_some_and(|last| last == name))?;
        Some(path.of_first_items())
    }
}

/// Returns whether a member is a choice that the first call had to make, too, such as the scope of a name.
fn is_shared_choice(contract: &Contract, first: &Operation, member: &Member) -> bool {
    let is_choice = contract.shape(&member.target).is_some_and(|shape| matches!(shape.kind, ShapeKind::Enum(_)));
    let mut made = contract.members(&first.input).iter();
    is_choice && made.any(|one| one.traits.required() && one.name == member.name && one.target == member.target)
}
