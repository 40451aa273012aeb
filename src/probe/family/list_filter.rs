//! The members of a list operation that narrow its list: identifiers, members of the listed items, and filters that consist
//! of a name and values.

use super::{
    pages::ListPaging,
    related::{RelatedSubject, identifier_of},
    resource_view::item_shape,
};
use crate::{
    model::{Contract, Member, Operation, ShapeId, ShapeKind, Traits},
    probe::{
        input::Inputs,
        relations::{IdentifierLink, OutputPath, Relation},
        sequence::SequenceValue,
    },
};

/// A member that takes the identifier of what to list.
pub(super) struct IdentifierFilter {
    pub(super) link: IdentifierLink,
    /// True if the beginning of the identifier suffices.
    pub(super) is_beginning: bool,
    /// True if the list cannot be asked for anything else.
    is_required: bool,
}

impl IdentifierFilter {
    /// The first one that a call can do without.
    pub(super) fn narrowing(
        related: RelatedSubject<'_>,
        list: &Operation,
        links: &[IdentifierLink],
    ) -> Option<IdentifierLink> {
        let is_free = |one: &Self| one.link.is_list || one.is_beginning || !one.is_required;
        Self::all(related, list, links).into_iter().find(is_free).map(|one| one.link)
    }

    /// Those of a list operation, beside the members that are linked to the first call.
    pub(super) fn all(related: RelatedSubject<'_>, list: &Operation, links: &[IdentifierLink]) -> Vec<Self> {
        let contract = related.subject.contract();
        let free = contract.members(&list.input).iter().filter(|member| !is_linked(member, links));
        free.filter_map(|member| {
            let form = FilterForm::of(contract, member)?;
            let is_list = matches!(form, FilterForm::List);
            let singular = if is_list { member.name.strip_suffix('s')? } else { &member.name };
            let named = singular.strip_suffix("Prefix").unwrap_or(singular);
            let is_filter = related.resource.names(named) && !is_start(contract, list, &member.name);
            let origin = related.origin(named).filter(|_| is_filter && !matches!(form, FilterForm::Named(_)))?;
            Some(Self {
                link: IdentifierLink { member: member.name.clone(), origin, is_list },
                is_beginning: singular != named,
                is_required: member.traits.required(),
            })
        })
        .collect()
    }
}

/// The form of a filter in the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FilterForm {
    /// A string.
    Text,
    /// A list of strings.
    List,
    /// A list of names, each with values.
    Named(NamedValues),
}

/// The members of a filter that consists of a name and values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NamedValues {
    name: String,
    values: String,
    /// The name of this filter; empty until it is chosen.
    chosen: String,
}

impl FilterForm {
    fn of(contract: &Contract, member: &Member) -> Option<Self> {
        match &contract.shape(&member.target)?.kind {
            ShapeKind::String | ShapeKind::Enum(_) => Some(Self::Text),
            ShapeKind::List(item) if is_text(contract, &item.target) => Some(Self::List),
            ShapeKind::List(item) => NamedValues::of(contract, &item.target).map(Self::Named),
            _ => None,
        }
    }

    /// The value of the input member that asks for one value.
    pub(super) fn asking_for(&self, value: SequenceValue) -> SequenceValue {
        let list = |value: SequenceValue| SequenceValue::List(vec![value]);
        match self {
            Self::Text => value,
            Self::List => list(value),
            Self::Named(named) => {
                let name = SequenceValue::Constant(named.chosen.as_str().into());
                list(SequenceValue::Object(vec![(named.name.clone(), name), (named.values.clone(), list(value))]))
            }
        }
    }
}

impl NamedValues {
    fn of(contract: &Contract, item: &ShapeId) -> Option<Self> {
        let members = contract.members(item);
        let named = |names: &[&str]| {
            let is_so = |member: &&Member| names.iter().any(|name| member.name.eq_ignore_ascii_case(name));
            members.iter().find(is_so)
        };
        let name = named(&["Name", "Key"]).filter(|member| is_text(contract, &member.target))?;
        let values = named(&["Values"])?;
        let needs_more =
            members.iter().any(|one| one.traits.required() && ![&name.name, &values.name].contains(&&one.name));
        let ShapeKind::List(value) = &contract.shape(&values.target)?.kind else { return None };
        (!needs_more && is_text(contract, &value.target)).then(|| Self {
            name: name.name.clone(),
            values: values.name.clone(),
            chosen: String::new(),
        })
    }

    /// The names of filters: the values of the enum, else those that the documents list.
    fn names(contract: &Contract, filters: &Member) -> Vec<String> {
        let Some(ShapeKind::List(item)) = contract.shape(&filters.target).map(|shape| &shape.kind) else {
            return Vec::new();
        };
        let Some(form) = Self::of(contract, &item.target) else { return Vec::new() };
        let members = contract.members(&item.target).iter();
        let name = members.filter(|member| member.name == form.name).find_map(|member| contract.shape(&member.target));
        match name.map(|shape| &shape.kind) {
            Some(ShapeKind::Enum(values)) => values.iter().map(|one| one.value.clone()).collect(),
            _ => documented_names(filters.traits.documentation().unwrap_or_default()),
        }
    }

    /// The shape of one value.
    fn value(contract: &Contract, filters: &Member, values: &str) -> Option<ShapeId> {
        let items = |id: &ShapeId| match &contract.shape(id)?.kind {
            ShapeKind::List(item) => Some(item.target.clone()),
            _ => None,
        };
        let item = items(&filters.target)?;
        items(&contract.members(&item).iter().find(|member| member.name == values)?.target)
    }
}

/// A member of a list operation by which the items are chosen.
pub(super) struct ItemFilter {
    /// The member of the input.
    pub(super) member: String,
    pub(super) form: FilterForm,
    /// The last part of the id of a probe.
    pub(super) variant: String,
    /// The member of the item that must match, if it has one: the names on the way to it.
    pub(super) shown: Option<Vec<String>>,
    /// The choices; empty: any text.
    pub(super) choices: Vec<String>,
    /// The shape of a value, and the member whose constraints it has.
    value: ShapeId,
    traits: Option<Traits>,
}

/// Endings of filters after the name of the member of the item.
const SUFFIXES: [&str; 6] = ["", "s", "Filter", "Equals", "Prefix", "BeginsWith"];

/// Choices that leave nothing out.
const EVERYTHING: [&str; 3] = ["all", "any", "both"];

/// Words of documents that say that a member does nothing.
const UNSUPPORTED: [&str; 5] =
    ["not currently supported", "isn't currently supported", "reserved for", "not supported", "deprecated"];

/// Parts of the names of members whose value may change between two calls.
const CHANGING: [&str; 4] = ["state", "status", "phase", "health"];

/// A value that nothing has.
pub(super) const NOTHING: &str = "wireproof-none";

impl ItemFilter {
    /// Those of an operation that lists a resource.
    pub(super) fn all(
        related: RelatedSubject<'_>,
        relation: &Relation,
        list: &Operation,
        links: &[IdentifierLink],
    ) -> Vec<Self> {
        let contract = related.subject.contract();
        let item = relation.output.as_ref().and_then(|path| listed_item(contract, list, &path.0));
        let page = ListPaging::of(contract, list);
        let is_of_page = |member: &Member| {
            page.as_ref().is_some_and(|page| page.token == member.name || page.limit.as_ref() == Some(&member.name))
        };
        let identifies = |name: &str| identifier_of(&relation.output.as_ref()?.0).map(|own| own == name);
        let free = contract.members(&list.input).iter().filter(|member| {
            !is_linked(member, links)
                && !member.traits.required()
                && !is_of_page(member)
                && !is_start(contract, list, &member.name)
                && is_supported(member)
        });
        let plain = free.clone().filter_map(|member| Self::of_member(contract, member, item?));
        let named = free.flat_map(|member| Self::named(contract, member, item));
        plain
            .chain(named)
            .filter(|filter| {
                let last = filter.shown.as_ref().and_then(|path| path.last());
                !last.is_some_and(|name| related.resource.names(name) || identifies(name) == Some(true))
            })
            .collect()
    }

    /// Those of any operation that consist of a name and values.
    pub(super) fn documented(contract: &Contract, list: &Operation) -> Vec<Self> {
        let members = contract.members(&list.input).iter();
        let free = members.filter(|member| !member.traits.required() && is_supported(member));
        free.flat_map(|member| Self::named(contract, member, None)).collect()
    }

    /// The filter that is named as a member of the items.
    fn of_member(contract: &Contract, member: &Member, item: &ShapeId) -> Option<Self> {
        let form = FilterForm::of(contract, member).filter(|form| !matches!(form, FilterForm::Named(_)))?;
        let value = match &contract.shape(&member.target)?.kind {
            ShapeKind::List(item) => &item.target,
            _ => &member.target,
        };
        let shown = SUFFIXES.iter().find_map(|suffix| {
            contract.members(item).iter().find(|shown| {
                member.name.eq_ignore_ascii_case(&format!("{}{suffix}", shown.name))
                    && (*suffix != "s" || form == FilterForm::List)
            })
        })?;
        let mut choices = choices(contract, value);
        let is_alike = shown.target == *value || choices == self::choices(contract, &shown.target);
        choices.retain(|choice| !EVERYTHING.iter().any(|all| all.eq_ignore_ascii_case(choice)));
        (is_alike && is_text(contract, &shown.target)).then(|| Self {
            member: member.name.clone(),
            variant: member.name.clone(),
            shown: Some(vec![shown.name.clone()]),
            choices,
            value: value.clone(),
            traits: (form == FilterForm::Text).then(|| member.traits.clone()),
            form,
        })
    }

    /// The filters of a list of names and values.
    fn named(contract: &Contract, member: &Member, item: Option<&ShapeId>) -> Vec<Self> {
        let Some(FilterForm::Named(form)) = FilterForm::of(contract, member) else { return Vec::new() };
        let Some(value) = NamedValues::value(contract, member, &form.values) else { return Vec::new() };
        let named = NamedValues::names(contract, member).into_iter().map(|name| {
            let mut members = item.map(|item| contract.members(item)).unwrap_or_default().iter();
            let shown = members.find(|shown| normal(&shown.name) == normal(&name) && is_text(contract, &shown.target));
            Self {
                member: member.name.clone(),
                variant: format!("{}-{name}", member.name),
                shown: shown.map(|shown| vec![shown.name.clone()]),
                choices: Vec::new(),
                value: value.clone(),
                traits: None,
                form: FilterForm::Named(NamedValues { chosen: name, ..form.clone() }),
            }
        });
        named.collect()
    }

    /// Returns whether the value that nothing has is valid.
    pub(super) fn accepts_nothing(&self, inputs: &Inputs) -> bool {
        let witness = inputs.witness_at(&self.value, self.traits.as_ref());
        self.choices.is_empty() && witness.is_some_and(|witness| witness.is_valid(NOTHING))
    }

    /// Returns whether the member of an item stays as it is between two calls.
    pub(super) fn is_steady(&self) -> bool {
        let name = self.shown.as_ref().and_then(|path| path.last()).map(|name| name.to_ascii_lowercase());
        name.is_some_and(|name| !CHANGING.iter().any(|part| name.contains(part)))
    }
}

/// The items of the first list on a path in an output. `None` where they hold other lists.
fn listed_item<'c>(contract: &'c Contract, list: &'c Operation, path: &[String]) -> Option<&'c ShapeId> {
    let at = path.iter().position(|step| step == OutputPath::ITEMS)?;
    let is_flat = path.iter().skip(at + 1).len() == 1;
    item_shape(contract, &list.output, path.get(..at)?).filter(|_| is_flat)
}

fn choices(contract: &Contract, id: &ShapeId) -> Vec<String> {
    match contract.shape(id).map(|shape| &shape.kind) {
        Some(ShapeKind::Enum(values)) => values.iter().map(|one| one.value.clone()).collect(),
        _ => Vec::new(),
    }
}

fn is_linked(member: &Member, links: &[IdentifierLink]) -> bool {
    links.iter().any(|link| link.member == member.name)
}

/// Returns whether a member says where a list starts: the output has the same one for the next page.
fn is_start(contract: &Contract, list: &Operation, member: &str) -> bool {
    let next = format!("Next{member}");
    contract.members(&list.output).iter().any(|other| other.name.eq_ignore_ascii_case(&next))
}

fn is_supported(member: &Member) -> bool {
    let text = member.traits.documentation().unwrap_or_default().to_ascii_lowercase();
    !UNSUPPORTED.iter().any(|words| text.contains(words))
}

fn is_text(contract: &Contract, id: &ShapeId) -> bool {
    matches!(contract.shape(id).map(|shape| &shape.kind), Some(ShapeKind::String | ShapeKind::Enum(_)))
}

/// A name without hyphens and letter case, as names of filters and of members are compared.
fn normal(name: &str) -> String {
    name.chars().filter(|c| *c != '-' && *c != '_').collect::<String>().to_ascii_lowercase()
}

/// Words that documents list among the filters, but that are not names of filters: comparisons, and `tag`, which needs a key.
const OTHER_NAMES: [&str; 3] = ["contains", "equals", "tag"];

/// The names that begin the points of a list in documents. Those of a list inside a point are values.
fn documented_names(text: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut parts = text.split("<li>");
    let mut depth = nesting(parts.next().unwrap_or_default());
    for point in parts {
        let is_value = depth > 1;
        depth += nesting(point);
        if is_value {
            continue;
        }
        let point = point.trim_start();
        let point = point.strip_prefix("<p>").unwrap_or(point).trim_start();
        let name =
            point.strip_prefix("<code>").and_then(|rest| rest.split_once("</code>")).map(|(name, _)| name.trim());
        let is_name = |name: &&str| {
            name.starts_with(|c: char| c.is_ascii_lowercase())
                && !OTHER_NAMES.contains(name)
                && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c))
        };
        names.extend(name.filter(is_name).map(str::to_owned).filter(|name| !names.contains(name)));
    }
    names
}

/// By how much lists are nested deeper after a text.
fn nesting(text: &str) -> i64 {
    let opened = text.matches("<ul").count() + text.matches("<ol").count();
    let closed = text.matches("</ul>").count() + text.matches("</ol>").count();
    i64::try_from(opened).unwrap_or_default() - i64::try_from(closed).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::two("The filters. <ul> <li> <p> <code>cidr</code> - A block.</p> </li> <li> <p> <code>vpc-id</code> - An id.</p> </li> </ul>", &["cidr", "vpc-id"])]
    #[case::values_are_none("<li><p><code>state</code> - The state (<code>available</code>).</p></li>", &["state"])]
    #[case::with_a_dot("<li><code>attachment.id</code>: An id.</li>", &["attachment.id"])]
    #[case::a_placeholder("<li><p><code>tag:&lt;key&gt;</code> - A tag.</p></li>", &[])]
    #[case::the_key_of_a_tag("<li><p><code>tag</code> - Use the tag key in the filter name.</p></li>", &[])]
    #[case::a_value_in_capitals("<li><p><code>ACTIVE</code></p></li>", &[])]
    #[case::twice("<li><code>a</code></li><li><code>a</code></li>", &["a"])]
    #[case::values("<ul><li><code>status</code><ul><li><code>canceled</code></li></ul></li><li><code>b</code></li></ul>", &["status", "b"])]
    #[case::no_list("<p>By <code>name</code>.</p>", &[])]
    fn documents_name_filters_at_the_beginning_of_points(#[case] text: &str, #[case] expected: &[&str]) {
        assert_eq!(documented_names(text), expected);
    }

    #[rstest]
    #[case("vpc-id", "VpcId", true)]
    #[case("engine", "Engine", true)]
    #[case("id", "VpcId", false)]
    fn a_name_means_a_member_without_hyphens_and_letter_case(
        #[case] name: &str,
        #[case] member: &str,
        #[case] expected: bool,
    ) {
        assert_eq!(normal(name) == normal(member), expected);
    }
}
