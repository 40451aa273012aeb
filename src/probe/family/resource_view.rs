//! Where an output shows a resource: a structure, or one item of a list.

use super::{
    list_filter::IdentifierFilter,
    pages::ListPaging,
    related::{RelatedSubject, identifier_of},
};
use crate::{
    model::{Contract, Member, Operation, ShapeId, ShapeKind},
    probe::{
        relations::{IdentifierLink, IdentifierOrigin, OutputPath, Relation, RelationRole},
        sequence::{BodyPattern, CallOutcome, PatternLeaf, SequenceCall, SequenceValue},
    },
};

/// What is expected at the names on the way from an item.
pub(super) type LocatedLeaf = (Vec<String>, PatternLeaf);

/// A structure that shows a resource, and the names on the way to it.
type ShownStructure<'c> = (Vec<String>, &'c ShapeId);

/// The structures of an output that show a resource: its root, and the structures in it that are named after the resource,
/// or the only one.
pub(super) fn structures<'c>(contract: &'c Contract, output: &'c ShapeId, noun: &str) -> Vec<ShownStructure<'c>> {
    let inner = contract.members(output).iter().filter(|inner| !contract.members(&inner.target).is_empty());
    let inner: Vec<&Member> = inner.collect();
    let is_only = inner.len() == 1;
    let is_of = |inner: &&Member| is_only || inner.name.to_ascii_lowercase().contains(&noun.to_ascii_lowercase());
    let about = inner.into_iter().filter(is_of).map(|inner| (vec![inner.name.clone()], &inner.target));
    [(Vec::new(), output)].into_iter().chain(about).collect()
}

/// An operation that lists resources, and the item that shows one of them.
pub(super) struct ListedItem<'a> {
    pub(super) list: &'a Operation,
    /// The links to the first call.
    links: Vec<IdentifierLink>,
    /// True if the call names the resource, so that nothing else is listed.
    pub(super) is_filtered: bool,
    /// The names on the way to the list.
    items: Vec<String>,
    /// The structures that show the resource: the item, and the one in it that has the identifier.
    structures: Vec<ShownStructure<'a>>,
    /// Where the item has the identifier, and its origin.
    identifier: Option<(Vec<String>, IdentifierOrigin)>,
    /// The output member with the token of a next page.
    next: Option<String>,
}

impl<'a> ListedItem<'a> {
    /// The lists in which an item shows the resource, those that a call narrows to it first.
    pub(super) fn all(related: RelatedSubject<'a>) -> Vec<Self> {
        let lists = related.resource.in_role(RelationRole::Lists);
        let mut all: Vec<Self> = lists.filter_map(|relation| Self::of_list(related, relation)).collect();
        all.sort_by_key(|one| !one.is_filtered);
        all
    }

    fn of_list(related: RelatedSubject<'a>, relation: &Relation) -> Option<Self> {
        let list = related.subject.contract().operation(&relation.operation)?;
        let links = related.links(list)?;
        let filter = IdentifierFilter::all(related, list, &links).into_iter().find(|one| !one.is_beginning);
        let filter = filter.map(|one| one.link);
        let is_filtered = filter.is_some();
        let links = links.into_iter().chain(filter).collect();
        Self::at(related, list, links, &relation.output.as_ref()?.0).map(|one| Self { is_filtered, ..one })
    }

    /// The reads that return a list of resources of which one is the resource.
    pub(super) fn of_reads(related: RelatedSubject<'a>) -> impl Iterator<Item = Self> {
        related.next(RelationRole::Reads).flat_map(move |(_, read, links)| {
            let lists = related.subject.contract().members(&read.output).iter();
            lists.filter_map(move |list| Self::at(related, read, links.clone(), &own_list(related, list)?))
        })
    }

    /// The item with an identifier at this path.
    fn at(
        related: RelatedSubject<'a>,
        list: &'a Operation,
        links: Vec<IdentifierLink>,
        path: &[String],
    ) -> Option<Self> {
        let contract = related.subject.contract();
        let at = path.iter().rposition(|step| step == OutputPath::ITEMS)?;
        let (items, inner) = (path.get(..at)?, path.get(at + 1..).filter(|inner| !inner.is_empty())?);
        let item = item_shape(contract, &list.output, items)?;
        let origin = identifier_of(path).and_then(|name| related.origin(name));
        related.is_complete(list, &links).then(|| Self {
            list,
            links,
            is_filtered: false,
            items: items.to_vec(),
            structures: around(contract, item, inner),
            identifier: origin.map(|origin| (inner.to_vec(), origin)),
            next: ListPaging::of(contract, list).map(|page| page.next),
        })
    }

    /// The structures that show the resource, with the names on the way from the item.
    pub(super) fn structures(&self) -> &[ShownStructure<'a>] {
        &self.structures
    }

    /// The call that must return an item like one of these, unless a later page may have it. `None` if nothing tells the
    /// item of the resource from others.
    pub(super) fn call(&self, items: Vec<Vec<LocatedLeaf>>) -> Option<SequenceCall> {
        let bodies: Option<Vec<BodyPattern>> = items.into_iter().map(|item| self.body(item)).collect();
        let later = self.next.clone().filter(|_| !self.is_filtered);
        let later = later.map(|token| BodyPattern(vec![(vec![token], PatternLeaf::Present)]));
        let bodies = bodies?.into_iter().chain(later).collect();
        Some(SequenceCall::linked(&self.list.name, self.links.clone(), CallOutcome::Success(bodies)))
    }

    /// A list with an item like this.
    fn body(&self, mut item: Vec<LocatedLeaf>) -> Option<BodyPattern> {
        if !self.is_filtered {
            let (path, origin) = self.identifier.clone()?;
            item.retain(|(at, _)| *at != path);
            item.insert(0, (path, PatternLeaf::Equals(SequenceValue::Identifier(origin))));
        }
        Some(BodyPattern(vec![(self.items.clone(), PatternLeaf::Contains(BodyPattern(item)))]))
    }
}

/// The path to an identifier in a list that is named after the resource.
fn own_list(related: RelatedSubject<'_>, list: &Member) -> Option<Vec<String>> {
    let contract = related.subject.contract();
    let noun = &related.resource.name;
    let is_own = list.name.strip_suffix('s').is_some_and(|name| name.eq_ignore_ascii_case(noun));
    let ShapeKind::List(item) = &contract.shape(&list.target).filter(|_| is_own)?.kind else { return None };
    let mut members = contract.members(&item.target).iter();
    let own = members.find(|member| related.resource.names(&member.name) && related.origin(&member.name).is_some())?;
    Some(vec![list.name.clone(), OutputPath::ITEMS.to_owned(), own.name.clone()])
}

/// The item, and the structures in it on the way to the identifier.
fn around<'c>(contract: &'c Contract, item: &'c ShapeId, inner: &[String]) -> Vec<ShownStructure<'c>> {
    let mut all = vec![(Vec::new(), item)];
    for length in 1..inner.len() {
        let path = inner.get(..length).unwrap_or_default();
        all.extend(shape_at(contract, item, path).map(|shape| (path.to_vec(), shape)));
    }
    all
}

/// The shape of the items of the list at a path.
pub(super) fn item_shape<'c>(contract: &'c Contract, output: &'c ShapeId, path: &[String]) -> Option<&'c ShapeId> {
    match &contract.shape(shape_at(contract, output, path)?)?.kind {
        ShapeKind::List(item) => Some(&item.target),
        _ => None,
    }
}

fn shape_at<'c>(contract: &'c Contract, root: &'c ShapeId, path: &[String]) -> Option<&'c ShapeId> {
    path.iter().try_fold(root, |shape, step| match &contract.shape(shape)?.kind {
        ShapeKind::List(item) => (step == OutputPath::ITEMS).then_some(&item.target),
        _ => contract.members(shape).iter().find(|member| member.name == *step).map(|member| &member.target),
    })
}
