//! The states of a model server: what was created exists until it is deleted.
//!
//! The relations of the contract decide what an operation does. Pure beside a lock: a call takes a valid input and an
//! example of the output, and returns the output with what is kept, or a rejection.
//!
//! | module | holds |
//! |---|---|
//! | `state_plan` | What each operation of a contract does to the kept resources |
//! | `declared_names` | The errors that an operation declares for a resource |
//! | `kept_resource` | The resources, in bounded memory |
//! | `overlay` | Writes what is kept into an example of an output |
//! | `inner_parts` | What was given inside structures |
//! | `page_tokens` | Pages of a list |
//! | `tag_set` | Tags, read from inputs and written into outputs |
//! | `listed_resources` | The list of the kept resources |
//! | `item_filter` | Filters of a list by members of its items |
//! | `changes` | Creation, update and deletion |
//! | `settled` | The states of resources that waiters wait for |
//! | `state_fault` | The one fault of a mutant |

mod changes;
mod declared_names;
mod inner_parts;
mod item_filter;
mod kept_resource;
mod listed_resources;
mod overlay;
mod page_tokens;
mod settled;
mod state_fault;
mod state_plan;
mod tag_set;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use serde_json::{Map, Value};

use crate::{
    model::{Contract, Member, Operation, ShapeKind},
    probe::Examples,
};

use inner_parts::without_inner;
use kept_resource::{KeptResource, KeptResources};
use listed_resources::reject_tokens;
use overlay::{OutputPart, View, laid, without_first};
use page_tokens::PageTokens;
use settled::settled;
pub use state_fault::StateFault;
use state_plan::{KindUse, ResourceKind, StateEffect, StatePlan};

/// A call with a valid input.
pub(super) struct StatefulCall<'c> {
    pub(super) contract: &'c Contract,
    pub(super) operation: &'c Operation,
    pub(super) input: &'c Map<String, Value>,
    pub(super) examples: &'c Examples,
    /// A valid output.
    pub(super) output: Value,
    pub(super) is_valid: &'c dyn Fn(&Value) -> bool,
    pub(super) fault: Option<StateFault>,
}

/// The reason why the states reject a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum StateRejection {
    /// No resource has the identifier. The name is that of a declared error.
    Absent(String),
    /// The name is taken. The name is that of a declared error.
    Duplicate(String),
    /// The token of a page is none that was returned. The name is that of a declared error, if one is.
    Token(Option<String>),
    /// A crash, only of mutants.
    Crash,
}

/// What a model server keeps.
#[derive(Debug, Default)]
pub(super) struct ResourceStates {
    /// Made by the first call.
    plan: Arc<OnceLock<StatePlan>>,
    kept: Mutex<KeptState>,
}

/// What changes with calls.
#[derive(Debug, Default)]
struct KeptState {
    resources: KeptResources,
    tokens: PageTokens,
    /// The number of strings that were made.
    made: u64,
}

/// The resource that a call is about.
enum Meant {
    One(u64),
    /// The identifier is of nothing.
    Absent,
    /// The call has no identifier, or nothing makes such resources.
    Unknown,
}

/// The identifiers of an input.
#[derive(Debug, Default)]
struct GivenIdentity {
    parents: BTreeMap<String, String>,
    own: Vec<String>,
}

impl ResourceStates {
    /// The states of another server of the same contract. They share what is known of the contract, and keep nothing.
    pub(super) fn emptied(&self) -> Self {
        Self { plan: Arc::clone(&self.plan), kept: Mutex::default() }
    }

    /// The output of a call, with what is kept.
    ///
    /// # Errors
    /// The states reject the call.
    pub(super) fn respond(&self, call: &StatefulCall<'_>) -> Result<Value, StateRejection> {
        let plan = self.plan.get_or_init(|| StatePlan::of(call.contract));
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let uses = plan.uses(call.operation);
        let Some(first) = uses.first() else { return reject_tokens(call).map(|()| call.output.clone()) };
        // An operation on the tags of any resource is about the one that has the identifier.
        let one = uses.iter().find(|one| uses.len() > 1 && matches!(kept.meant(plan, one, call), Meant::One(_)));
        kept.respond(plan, one.unwrap_or(first), call)
    }
}

impl KeptState {
    fn respond(&mut self, plan: &StatePlan, one: &KindUse, call: &StatefulCall<'_>) -> Result<Value, StateRejection> {
        let Some(kind) = plan.kinds.get(one.kind) else { return Ok(call.output.clone()) };
        if !matches!(one.effect, StateEffect::List | StateEffect::ListTags) {
            reject_tokens(call)?;
        }
        match one.effect {
            StateEffect::Create | StateEffect::Put => self.create(kind, one, call),
            StateEffect::List => self.list(kind, one, call).map(|output| settled(&kind.resource, call, output)),
            StateEffect::Read => {
                let number = self.existing(plan, one, call)?;
                let output = number.map_or_else(|| call.output.clone(), |number| self.read(kind, one, call, number));
                Ok(settled(&kind.resource, call, output))
            }
            StateEffect::Update => self.update(plan, kind, one, call),
            StateEffect::Delete => self.delete(plan, one, call),
            StateEffect::Tag | StateEffect::Untag => self.change_tags(plan, kind, one, call),
            StateEffect::ListTags => {
                let number = self.existing(plan, one, call)?;
                self.list_tags(kind, one, call, number)
            }
        }
    }

    /// The number of the resource that a call is about; `None` if it does not say.
    fn existing(
        &self,
        plan: &StatePlan,
        one: &KindUse,
        call: &StatefulCall<'_>,
    ) -> Result<Option<u64>, StateRejection> {
        match self.meant(plan, one, call) {
            Meant::One(number) => Ok(Some(number)),
            Meant::Unknown => Ok(None),
            Meant::Absent if call.fault == Some(StateFault::AbsentCrashes) => Err(StateRejection::Crash),
            Meant::Absent if call.fault == Some(StateFault::AbsentAccepted) => Ok(None),
            Meant::Absent => one.absent.clone().map_or(Ok(None), |name| Err(StateRejection::Absent(name))),
        }
    }

    fn meant(&self, plan: &StatePlan, one: &KindUse, call: &StatefulCall<'_>) -> Meant {
        let Some(kind) = plan.kinds.get(one.kind) else { return Meant::Unknown };
        if kind.resource.identifiers.is_empty() {
            return self.newest_alike(one.kind, call).map_or(Meant::Unknown, Meant::One);
        }
        let given = given_identity(call, kind);
        if given.own.is_empty() {
            return Meant::Unknown;
        }
        let reads = matches!(one.effect, StateEffect::Read | StateEffect::ListTags);
        let is_shown =
            |resource: &KeptResource| !resource.is_deleted || (reads && call.fault == Some(StateFault::DeletedRead));
        let found = |index: usize| {
            let is_known = |resource: &KeptResource| {
                call.fault != Some(StateFault::OtherFormUnknown) || has_own_form(kind, resource, &given.own)
            };
            let is_meant =
                |resource: &KeptResource| resource.is_meant(index, &given.parents, &given.own) && is_known(resource);
            self.resources.iter().rev().find(|(_, resource)| is_meant(resource) && is_shown(resource))
        };
        match (found(one.kind), kind.owner) {
            (Some((number, _)), None) => Meant::One(number),
            (Some((number, _)), Some(owner)) if found(owner).is_some() => Meant::One(number),
            (None, Some(owner)) if found(owner).is_some() => Meant::Unknown,
            (_, Some(_)) => Meant::Absent,
            (None, None) if kind.is_made => Meant::Absent,
            (None, None) => Meant::Unknown,
        }
    }

    /// The newest resource without identifiers that has no other string than the input under the same name.
    fn newest_alike(&self, kind: usize, call: &StatefulCall<'_>) -> Option<u64> {
        let agrees = |resource: &KeptResource| {
            call.contract.members(&call.operation.input).iter().filter(|member| is_text(call.contract, member)).all(
                |member| {
                    let kept = resource.members.get(&member.name).map(|kept| &kept.value);
                    kept.is_none_or(|kept| call.input.get(&member.name).is_none_or(|given| given == kept))
                },
            )
        };
        let mut newest = self.resources.iter().rev();
        newest.find(|(_, one)| one.kind == kind && !one.is_deleted && agrees(one)).map(|(number, _)| number)
    }

    /// The output of a call that shows a resource.
    fn read(&mut self, kind: &ResourceKind, one: &KindUse, call: &StatefulCall<'_>, number: u64) -> Value {
        let Some(mut resource) = self.resources.get(number).cloned() else { return call.output.clone() };
        let output = self.shown(kind, one, call, &mut resource);
        self.resources.put(number, resource);
        output
    }

    /// The output with a resource. New identifiers are kept in it.
    fn shown(
        &mut self,
        kind: &ResourceKind,
        one: &KindUse,
        call: &StatefulCall<'_>,
        resource: &mut KeptResource,
    ) -> Value {
        let view = View::of_output(kind, one, call);
        let mut given = view.given(resource);
        if call.fault == Some(StateFault::MemberDroppedOnRead) && one.effect == StateEffect::Read {
            given = without_first(call.contract, view.root, &call.output, given, resource);
        }
        let mut inside = view.given_inside(resource, &call.output, call);
        inside.retain(|part| !given.iter().any(|given| given.holds(&part.at)));
        given.extend(inside);
        if call.fault == Some(StateFault::InnerMemberDroppedOnRead) && one.effect == StateEffect::Read {
            given = without_inner(given);
        }
        let mut identity = self.identity(&view, resource);
        identity.retain(|part| !given.iter().any(|given| given.holds(&part.at)));
        let parts: Vec<OutputPart> = [given, view.tags(&resource.tags), identity].concat();
        laid(&call.output, &parts, call.is_valid)
    }

    fn identity(&mut self, view: &View<'_>, resource: &mut KeptResource) -> Vec<OutputPart> {
        let kind = resource.kind;
        view.identity(resource, &mut |member| self.new_text(view.examples, kind, member))
    }

    /// A string that no resource of the kind has, if the model allows one.
    fn new_text(&mut self, examples: &Examples, kind: usize, member: &Member) -> Option<String> {
        const TURNS: usize = 16;
        (0..TURNS).find_map(|_| {
            let text = examples.text(member, salt(&mut self.made))?;
            let is_taken = self.resources.iter().any(|(_, one)| one.kind == kind && one.names.contains(&text));
            (!is_taken).then_some(text)
        })
    }
}

/// Returns whether an identifier has the form that the operations of a kind require.
fn has_own_form(kind: &ResourceKind, resource: &KeptResource, given: &[String]) -> bool {
    let own = kind.own_form().and_then(|form| resource.identity.get(&form));
    own.is_none_or(|own| given.contains(own))
}

/// Another number for each string.
fn salt(made: &mut u64) -> u64 {
    const FIRST: u64 = 0x6b65_7074_5f73_6974;
    *made += 1;
    FIRST ^ made.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// The identifiers of a kind in an input.
fn given_identity(call: &StatefulCall<'_>, kind: &ResourceKind) -> GivenIdentity {
    let text = |name: &str| call.input.get(name).and_then(Value::as_str).map(str::to_owned);
    let parents = kind.parents().iter().filter_map(|name| Some((name.clone(), text(name)?))).collect();
    let own: Vec<String> = kind.own().and_then(text).into_iter().collect();
    if !own.is_empty() {
        return GivenIdentity { parents, own };
    }
    // The call may use another form.
    let members = call.contract.members(&call.operation.input).iter();
    let others = members.filter(|member| {
        let is_stated = || {
            let mut relations = kind.resource.relations.iter();
            relations.any(|one| one.operation == call.operation.name && one.input.contains(&member.name))
        };
        is_text(call.contract, member)
            && !kind.parents().contains(&member.name)
            && (kind.resource.identity_form(&member.name, &[]).is_some() || is_stated())
    });
    let own = others.filter_map(|member| text(&member.name)).collect();
    GivenIdentity { parents, own }
}

fn is_text(contract: &Contract, member: &Member) -> bool {
    matches!(contract.shape(&member.target).map(|shape| &shape.kind), Some(ShapeKind::String))
}

#[cfg(test)]
mod tests;
