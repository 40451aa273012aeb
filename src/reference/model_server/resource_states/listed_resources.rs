//! The list of the kept resources.

use serde_json::{Map, Value};

use super::{
    KeptState, OutputPart, StateFault, StateRejection, StatefulCall, View,
    changes::agrees,
    declared_names::token_error,
    item_filter::{has_filter, is_asked_for},
    kept_resource::KeptResource,
    laid,
    overlay::members_of,
    page_tokens::{FilterDigest, PageMembers, PageStart, WrittenPage},
    state_plan::{KindUse, ResourceKind},
    without_first,
};
use crate::{
    model::{Member, ShapeId, ShapeKind},
    probe::IdentityForm,
};

/// A page of the items of a list.
pub(super) struct Page<'c> {
    members: PageMembers<'c>,
    /// The position of the first item.
    pub(super) from: usize,
    /// The number of items.
    pub(super) count: usize,
    token: Option<String>,
}

impl Page<'_> {
    /// Writes the token of the next page beside the list.
    pub(super) fn write(&self, call: &StatefulCall<'_>, output: &mut Value, path: &[String], holder: &ShapeId) {
        let page = WrittenPage { output: &call.operation.output, token: self.token.as_deref(), items: self.count };
        let mut written = output.clone();
        self.members.write(&mut written, path, holder, &page);
        if (call.is_valid)(&written) {
            *output = written;
        }
    }
}

/// The list in an output.
struct ListPlace<'c> {
    /// The names of the structures around the list.
    path: Vec<String>,
    holder: &'c ShapeId,
    list: &'c Member,
    item: &'c Member,
    /// The steps from an item to the identifier.
    inner: Vec<String>,
}

impl KeptState {
    pub(super) fn list(
        &mut self,
        kind: &ResourceKind,
        one: &KindUse,
        call: &StatefulCall<'_>,
    ) -> Result<Value, StateRejection> {
        let place = place(call, one).filter(|_| kind.is_made);
        let Some(place) = place else {
            reject_tokens(call)?;
            return Ok(call.output.clone());
        };
        let mut numbers = self.listed(kind, one, call, &place);
        if has_filter(call, &place.item.target) && call.fault != Some(StateFault::MemberFilterIgnored) {
            let mut shown = |number: &u64| self.item(kind, call, &place, *number, true);
            numbers.retain(|number| shown(number).is_some_and(|shown| is_asked_for(call, &place.item.target, &shown)));
        }
        let page = self.page(call, place.holder, Some(place.list), &numbers)?;
        let chosen: Vec<u64> = numbers.into_iter().skip(page.from).take(page.count).collect();
        let mut output = call.output.clone();
        // What was given may be invalid in an item, but an identifier is not.
        for shows_members in [true, false] {
            let items = chosen.iter().filter_map(|number| self.item(kind, call, &place, *number, shows_members));
            let part = OutputPart::new(&place.path, &place.list.name, Some(items.collect()));
            output = part.laid_on(&call.output);
            if (call.is_valid)(&output) {
                break;
            }
        }
        if !(call.is_valid)(&output) {
            return Ok(call.output.clone());
        }
        page.write(call, &mut output, &place.path, place.holder);
        Ok(output)
    }

    /// The resources that the input does not leave out, from the oldest.
    fn listed(&self, kind: &ResourceKind, one: &KindUse, call: &StatefulCall<'_>, place: &ListPlace<'_>) -> Vec<u64> {
        let mut filter = PageMembers::of(call.contract, call.operation, place.holder).filter(call.input);
        if call.fault == Some(StateFault::MemberFilterIgnored) {
            let is_shown =
                |name: &String| call.contract.members(&place.item.target).iter().any(|one| one.name == *name);
            filter.retain(|name, _| kind.resource.identifiers.contains(name) || !is_shown(name));
        }
        let shows_deleted = call.fault == Some(StateFault::DeletedListed);
        let mut numbers = self.resources.numbers(|resource| {
            resource.kind == one.kind
                && (!resource.is_deleted || shows_deleted)
                && agrees(call, kind, resource, &filter)
                && match call.fault {
                    Some(StateFault::FilterIgnored) => true,
                    Some(StateFault::FilterFindsNothing) => filter.is_empty(),
                    _ => is_chosen(call, kind, resource),
                }
        });
        if call.fault == Some(StateFault::CreatedUnlisted) {
            numbers.pop();
        }
        numbers
    }

    /// The page of the input's token and limit, of items with these numbers.
    pub(super) fn page<'c>(
        &mut self,
        call: &StatefulCall<'c>,
        holder: &'c ShapeId,
        list: Option<&Member>,
        numbers: &[u64],
    ) -> Result<Page<'c>, StateRejection> {
        let members = PageMembers::of(call.contract, call.operation, holder);
        let filter = FilterDigest::of(&members.filter(call.input));
        let given = members.given(call.input).filter(|_| call.fault != Some(StateFault::PageTokenIgnored));
        let from = match given.filter(|_| members.continues()) {
            None => 0,
            Some(token) => {
                let accepts_any = call.fault == Some(StateFault::ForeignTokenAccepted);
                let is_accepted = accepts_any && self.tokens.is_foreign(token, call.operation);
                let start = self.tokens.start(token, call.operation, filter).or(is_accepted.then_some(0));
                start.ok_or_else(|| StateRejection::Token(token_error(call.contract, call.operation)))?
            }
        };
        let size = match call.fault {
            Some(StateFault::LimitIgnored) => members.size(&Map::new(), list),
            _ => members.size(call.input, list),
        };
        let from = numbers.iter().position(|number| *number >= from).unwrap_or(numbers.len());
        let count = size.min(numbers.len() - from);
        let skipped = if call.fault == Some(StateFault::PageSkipped) { size } else { 0 };
        let mut next = numbers.get(from + count..).and_then(|rest| rest.get(skipped.min(rest.len().saturating_sub(1))));
        let end = numbers.last().map_or(0, |last| last + 1);
        if call.fault == Some(StateFault::EndlessToken) {
            next = next.or(Some(&end));
        }
        let token = next.and_then(|next| {
            let start = PageStart { operation: call.operation.name.clone(), filter, from: *next };
            let (tokens, made) = (&mut self.tokens, &mut self.made);
            tokens.issue(&members, call.examples, || super::salt(made), start)
        });
        Ok(Page { members, from, count, token })
    }

    /// The item that shows a resource. New identifiers are kept in it.
    fn item(
        &mut self,
        kind: &ResourceKind,
        call: &StatefulCall<'_>,
        place: &ListPlace<'_>,
        number: u64,
        shows_members: bool,
    ) -> Option<Value> {
        let mut resource = self.resources.get(number)?.clone();
        let whole = resource.members.values().find(|member| member.target == place.item.target);
        let whole = whole.map(|member| member.value.clone()).filter(|value| value.is_object() && shows_members);
        let example = whole.clone().or_else(|| example_item(call, place))?;
        if example.is_string() {
            return Some(text_item(kind, place, &resource)?.into());
        }
        let held = (!place.inner.is_empty()).then(|| crate::probe::OutputPath(place.inner.clone()));
        let view = View {
            contract: call.contract,
            examples: call.examples,
            kind,
            root: &place.item.target,
            is_output: false,
            held: held.as_ref(),
        };
        let mut given =
            if shows_members { [view.given(&resource), view.tags(&resource.tags)].concat() } else { Vec::new() };
        if call.fault == Some(StateFault::MemberDroppedOnList) {
            given = without_first(call.contract, view.root, &example, given, &resource);
        }
        if shows_members {
            let mut inside = view.given_inside(&resource, &example, call);
            inside.retain(|part| !given.iter().any(|given| given.holds(&part.at)));
            given.extend(inside);
        }
        given.extend(whole.map(|value| OutputPart { at: Vec::new(), value: Some(value) }));
        let mut identity = self.identity(&view, &mut resource);
        identity.retain(|part| !given.iter().any(|given| given.holds(&part.at)));
        let parts = [given, identity].concat();
        let mut item = laid(&example, &parts, &|_| true);
        if call.fault == Some(StateFault::ListDisagrees) {
            disagree(call, kind, place, &mut item, super::salt(&mut self.made));
        }
        self.resources.put(number, resource);
        Some(item)
    }
}

/// Rejects the token of a page in a call whose output is not kept: no page of it was returned. An operation that declares no
/// error for a token may take any.
pub(super) fn reject_tokens(call: &StatefulCall<'_>) -> Result<(), StateRejection> {
    let members = PageMembers::of(call.contract, call.operation, &call.operation.output);
    let given = members.given(call.input).filter(|_| members.continues());
    let error = given.and_then(|_| token_error(call.contract, call.operation));
    error.map_or(Ok(()), |error| Err(StateRejection::Token(Some(error))))
}

/// An item of the example, or one that is built.
fn example_item(call: &StatefulCall<'_>, place: &ListPlace<'_>) -> Option<Value> {
    let around = place.path.iter().try_fold(&call.output, |value, step| value.get(step));
    let first = around.and_then(|value| value.get(&place.list.name)?.as_array()?.first().cloned());
    first.or_else(|| call.examples.part(call.operation, &place.item.target).ok())
}

/// The list that has the identifiers.
fn place<'c>(call: &StatefulCall<'c>, one: &KindUse) -> Option<ListPlace<'c>> {
    let steps = &one.relation.output.as_ref()?.0;
    let at = steps.iter().position(|step| step == ITEMS)?;
    let (around, inner) = (steps.get(..at)?, steps.get(at + 1..)?);
    let (name, path) = around.split_last()?;
    let contract = call.contract;
    let named = |shape: &'c ShapeId, name: &String| contract.members(shape).iter().find(|member| member.name == *name);
    let holder =
        path.iter().try_fold(&call.operation.output, |shape, step| named(shape, step).map(|one| &one.target))?;
    let list = named(holder, name)?;
    match &contract.shape(&list.target)?.kind {
        ShapeKind::List(item) => Some(ListPlace { path: path.to_vec(), holder, list, item, inner: inner.to_vec() }),
        _ => None,
    }
}

/// The step of a path to the items of a list.
const ITEMS: &str = "[]";

/// Returns whether a list of identifiers in the input, if there is one, has this resource.
fn is_chosen(call: &StatefulCall<'_>, kind: &ResourceKind, resource: &KeptResource) -> bool {
    call.contract.members(&call.operation.input).iter().all(|member| {
        let singular = member.name.strip_suffix('s').unwrap_or_default();
        if kind.own() != Some(singular) {
            return true;
        }
        let chosen = call.input.get(&member.name).and_then(Value::as_array).filter(|chosen| !chosen.is_empty());
        chosen.is_none_or(|chosen| chosen.iter().filter_map(Value::as_str).any(|name| resource.names.contains(name)))
    })
}

/// The string that shows a resource in a list of strings.
fn text_item(kind: &ResourceKind, place: &ListPlace<'_>, resource: &KeptResource) -> Option<String> {
    let name = place.list.name.strip_suffix('s').unwrap_or(&place.list.name);
    let by_name = kind.resource.identity_form(name, &[]);
    let forms: [Option<IdentityForm>; 4] =
        [by_name, kind.own_form(), Some(IdentityForm::Own), Some(IdentityForm::Name)];
    let known = forms.into_iter().flatten().find_map(|form| resource.identity.get(&form));
    known.or_else(|| resource.names.first()).cloned()
}

/// Changes one member of an item, and no identifier that other calls use.
fn disagree(call: &StatefulCall<'_>, kind: &ResourceKind, place: &ListPlace<'_>, item: &mut Value, salt: u64) {
    for member in call.contract.members(&place.item.target) {
        let is_own = kind.resource.identity_form(&member.name, &[]) == kind.own_form() && kind.own().is_some();
        let changed = match members_of(item).get(&member.name) {
            Some(Value::String(_)) if !is_own && super::is_text(call.contract, member) => {
                call.examples.text(member, salt).map(Value::from)
            }
            Some(Value::Bool(flag)) => Some((!flag).into()),
            _ => None,
        };
        if let (Some(changed), Value::Object(members)) = (changed, &mut *item) {
            members.insert(member.name.clone(), changed);
            return;
        }
    }
}
