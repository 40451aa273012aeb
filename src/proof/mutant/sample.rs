//! What the reference showed in one run of the suite: where a fault can be.
//!
//! A site that the reference never shows cannot be broken in it, and a fault nobody would see is no mutant.
//! Taking the sites from a run, and their types from the model, keeps the enumeration mechanical.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use serde_json::{Value, json};

use super::{FaultSite, Mutant, behaviour::is_success, member_location::MemberLocation};
use crate::{
    judge::transcript::{Exchange, Role, Transcript},
    model::{Contract, ShapeId, ShapeKind, walk::walk},
    wire::{
        ErrorIdentity, Request, Response,
        protocol::{ServerProtocol, called, protocol_of},
    },
};

/// What one operation showed.
#[derive(Debug, Clone, Default)]
pub(super) struct SeenMembers {
    /// Whether scenarios are about it.
    pub(super) under_test: bool,
    /// Whether any of its answers is judged: those to steps, controls and guards are.
    pub(super) judged: bool,
    /// Members of its output.
    pub(super) members: BTreeSet<MemberLocation>,
    /// Errors that it was refused with, and their HTTP status.
    pub(super) refusals: BTreeMap<String, u16>,
    /// Successive values of its enums for one resource, once an operation under test had acted.
    pub(super) edges: BTreeMap<(MemberLocation, String, String), Edge>,
    /// Members whose value was another one later, for one resource.
    pub(super) changing: BTreeSet<MemberLocation>,
    /// Members of answers that guards compare before and after a refusal.
    pub(super) guarded: BTreeSet<MemberLocation>,
    /// The routes of the requests about it that were rejected.
    pub(super) refused: BTreeSet<Route>,
    /// Errors of requests that named something on which a legal request could act.
    pub(super) actionable: BTreeSet<String>,
    /// Characters that were the only odd one of a text in a refused request: no letter, digit, hyphen, underscore.
    pub(super) refused_characters: BTreeSet<char>,
    /// Texts of requests that were refused.
    pub(super) refused_texts: BTreeSet<String>,
    /// Texts of requests that were not.
    pub(super) accepted_texts: BTreeSet<String>,
    /// Characters of texts in requests that were not refused, but for their first two.
    pub(super) accepted_characters: BTreeSet<char>,
    /// A success's body.
    pub(super) output: Option<Value>,
}

/// How one edge of a course was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Edge {
    /// The value before it was read after the act, too.
    pub(super) left_after: bool,
    /// The value after it was read again, long enough after.
    pub(super) held: bool,
}

/// How a request names its operation: the parts of the protocol's route, in their order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Route(Vec<Option<String>>);

impl Route {
    pub(super) fn of(protocol: &dyn ServerProtocol, request: &Request) -> Self {
        Self(protocol.route_parts().iter().map(|part| (part.read)(request).map(str::to_owned)).collect())
    }

    /// The part at an index of the protocol's route.
    pub(super) fn part(&self, index: usize) -> Option<&str> {
        self.0.get(index)?.as_deref()
    }
}

/// Everything that a run of the reference showed.
#[derive(Debug, Clone)]
pub struct Sample {
    contracts: BTreeMap<String, Arc<Contract>>,
    operations: BTreeMap<(String, String), SeenMembers>,
    /// The refusal that each case about one gets, by the case's id.
    script: BTreeMap<String, Response>,
    /// Cases by what they are shown outside of setup and teardown: the service, the operation, the site.
    shown: BTreeMap<(String, String, FaultSite), BTreeSet<String>>,
}

impl Sample {
    /// Nothing yet of these contracts, by the folder of their service.
    #[must_use]
    pub fn new(contracts: &[(String, Arc<Contract>)]) -> Self {
        Self {
            contracts: contracts.iter().cloned().collect(),
            operations: BTreeMap::new(),
            script: BTreeMap::new(),
            shown: BTreeMap::new(),
        }
    }

    /// Takes in what a case of a service about an operation showed.
    pub fn take_in(&mut self, case: &str, service: &str, operation: &str, transcript: &Transcript) {
        self.seen(service, operation).under_test = true;
        let of_step = transcript.exchanges.iter().filter(|exchange| exchange.role == Role::Main);
        let mut refusals = of_step.filter(|exchange| exchange.operation == operation && error(exchange).is_some());
        if let Some(Ok(refusal)) = refusals.next().map(|exchange| &exchange.outcome) {
            self.script.insert(case.to_owned(), refusal.clone());
        }
        let mut courses = Courses::default();
        for exchange in &transcript.exchanges {
            if exchange.operation == operation && exchange.outcome.as_ref().is_ok_and(is_success) {
                courses.acted_on.extend(texts(&exchange.request));
            }
            for site in self.exchange(exchange, &mut courses) {
                let shown = (exchange.service.clone(), exchange.operation.clone(), site);
                self.shown.entry(shown).or_default().insert(case.to_owned());
            }
        }
        let refused = transcript.exchanges.iter().filter(|exchange| exchange.role == Role::Main);
        let actionable = refused.filter(|refused| {
            transcript.exchanges.iter().any(|control| {
                control.role == Role::Control && control.step == refused.step && same_resource(refused, control)
            })
        });
        let errors: Vec<String> = actionable.filter_map(error).collect();
        self.seen(service, operation).actionable.extend(errors);
    }

    /// The cases that can show the fault of a mutant, by their ids.
    #[must_use]
    pub fn occasions(&self, mutant: &Mutant) -> BTreeSet<String> {
        let site = (mutant.service.clone(), mutant.operation.clone(), mutant.site.clone());
        self.shown.get(&site).cloned().unwrap_or_default()
    }

    pub(super) fn of(&self, service: &str, operation: &str) -> Option<&SeenMembers> {
        self.operations.get(&(service.to_owned(), operation.to_owned()))
    }

    /// What the operations of a service showed, by operation.
    pub(super) fn operations<'a>(&'a self, service: &'a str) -> impl Iterator<Item = (&'a str, &'a SeenMembers)> {
        self.operations.iter().filter(move |((of, _), _)| of == service).map(|((_, name), seen)| (name.as_str(), seen))
    }

    /// The refusal that each case about one gets, by the case's id.
    pub(super) fn script(&self) -> BTreeMap<String, Response> {
        self.script.clone()
    }

    /// A success's body of each operation, by its target.
    pub(super) fn outputs(&self) -> Vec<(String, Value)> {
        let all = self.operations.iter().filter_map(|((service, operation), seen)| {
            let contract = self.contracts.get(service)?;
            let request =
                protocol_of(contract).ok()?.build_request(contract, contract.operation(operation)?, &json!({}));
            Some((called(&request.ok()?)?.to_owned(), seen.output.clone()?))
        });
        all.collect()
    }

    fn seen(&mut self, service: &str, operation: &str) -> &mut SeenMembers {
        self.operations.entry((service.to_owned(), operation.to_owned())).or_default()
    }

    /// Takes in one exchange; the sites that a judged one shows.
    fn exchange(&mut self, exchange: &Exchange, courses: &mut Courses) -> Vec<FaultSite> {
        let Some(contract) = self.contracts.get(&exchange.service).cloned() else { return Vec::new() };
        let Some(operation) = contract.operation(&exchange.operation) else { return Vec::new() };
        let judged = !matches!(exchange.role, Role::Setup | Role::Teardown);
        let mut sites = vec![FaultSite::Anywhere];
        let Ok(response) = &exchange.outcome else { return if judged { sites } else { Vec::new() } };
        let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        let route = protocol_of(&contract).ok().map(|protocol| Route::of(protocol, &exchange.request));
        let seen = self.seen(&exchange.service, &exchange.operation);
        seen.judged |= judged && is_success(response);
        if !is_success(response) {
            seen.refusals.extend(error(exchange).map(|error| (error, response.status)));
            seen.refused.extend(route);
            seen.refused_texts.extend(texts(&exchange.request));
            seen.refused_characters.extend(texts(&exchange.request).iter().filter_map(|text| only_odd(text)));
            sites.extend(error(exchange).map(FaultSite::Error));
            return if judged { sites } else { Vec::new() };
        }
        seen.accepted_texts.extend(texts(&exchange.request));
        seen.accepted_characters.extend(texts(&exchange.request).iter().flat_map(|text| text.chars().skip(2)));
        sites.push(FaultSite::Success);
        for (location, value, of_enum) in members_of(&contract, &operation.output, &body) {
            seen.course(courses, exchange, &location, value, of_enum);
            if judged {
                seen.members.insert(location.clone());
                sites.push(FaultSite::Member(location.clone()));
            }
            if matches!(exchange.role, Role::Before(_) | Role::After(_)) {
                seen.guarded.insert(location);
            }
        }
        seen.output.get_or_insert(body);
        if judged { sites } else { Vec::new() }
    }
}

/// What a request asks about: two with the same input read the same resource.
fn resource(request: &Request) -> String {
    String::from_utf8_lossy(&request.body).into_owned()
}

/// What the resources of one case went through.
#[derive(Default)]
struct Courses {
    values: BTreeMap<(String, MemberLocation), SampleReading>,
    /// What the operation under test has acted on.
    acted_on: BTreeSet<String>,
}

/// The last value of a member, how it came about, and when.
struct SampleReading {
    value: Value,
    acted: bool,
    edge: Option<(MemberLocation, String, String)>,
    since: Duration,
}

impl SeenMembers {
    /// Takes in the value of a member; an item of a list is another resource with every answer, and has no course.
    fn course(
        &mut self,
        courses: &mut Courses,
        exchange: &Exchange,
        location: &MemberLocation,
        value: &Value,
        of_enum: bool,
    ) {
        if location.has_items() || value.is_object() || value.is_array() {
            return;
        }
        let acted = texts(&exchange.request).iter().any(|text| courses.acted_on.contains(text));
        let key = (resource(&exchange.request), location.clone());
        let new = |edge| SampleReading { value: value.clone(), acted, edge, since: exchange.started };
        match courses.values.get_mut(&key) {
            Some(reading) if reading.value == *value => {
                let held = exchange.started >= reading.since + HELD;
                if let Some(edge) = reading.edge.as_ref().filter(|_| held) {
                    self.edges.entry(edge.clone()).or_default().held = true;
                }
                reading.acted |= acted;
            }
            Some(reading) => {
                self.changing.insert(location.clone());
                let ends = reading.value.as_str().zip(value.as_str()).filter(|_| of_enum && acted);
                let of_step = !matches!(exchange.role, Role::Setup | Role::Teardown);
                let edge =
                    ends.filter(|_| of_step).map(|(from, to)| (location.clone(), from.to_owned(), to.to_owned()));
                if let Some(edge) = &edge {
                    self.edges.entry(edge.clone()).or_default().left_after |= reading.acted;
                }
                *reading = new(edge);
            }
            None => drop(courses.values.insert(key, new(None))),
        }
    }
}

/// A value that was there for so long, and is read again, can be seen to go back.
const HELD: Duration = Duration::from_millis(220);

/// The character that alone keeps a text from being letters, digits, hyphens and underscores.
fn only_odd(text: &str) -> Option<char> {
    let odd: BTreeSet<char> = text.chars().filter(|c| !c.is_ascii_alphanumeric() && *c != '-' && *c != '_').collect();
    odd.first().copied().filter(|_| odd.len() == 1)
}

/// The name of the error that an exchange ended with.
fn error(exchange: &Exchange) -> Option<String> {
    let response = exchange.outcome.as_ref().ok().filter(|response| !is_success(response))?;
    let body: Value = serde_json::from_slice(&response.body).ok()?;
    ErrorIdentity::of(response, Some(&body)).name
}

/// Whether a request names, somewhere in its body, what the control acts on with success.
fn same_resource(refused: &Exchange, control: &Exchange) -> bool {
    let done = control.outcome.as_ref().is_ok_and(is_success);
    let input: Value = serde_json::from_slice(&control.request.body).unwrap_or_default();
    let named = String::from_utf8_lossy(&refused.request.body);
    let texts = input.as_object().into_iter().flat_map(|members| members.values()).filter_map(Value::as_str);
    done && texts.into_iter().any(|text| named.contains(text))
}

/// The texts among the members of an input.
fn texts(request: &Request) -> Vec<String> {
    let input: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let members = input.as_object().into_iter().flat_map(|members| members.values());
    members.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Every member of a value that its shape knows, with its value and whether that is one of an enum.
fn members_of<'v>(contract: &Contract, id: &ShapeId, value: &'v Value) -> Vec<(MemberLocation, &'v Value, bool)> {
    let mut found = Vec::new();
    walk(contract, Some(id), value, &MemberLocation::root(), &mut |at, outer| {
        let shape = at.shape.filter(|_| !at.value.is_null())?;
        let Some(member) = at.member else { return Some(outer.clone()) };
        match &at.owner?.kind {
            ShapeKind::List(_) => Some(outer.items()),
            ShapeKind::Structure(_) | ShapeKind::Union(_) => {
                let location = outer.member(&member.name);
                found.push((location.clone(), at.value, matches!(shape.kind, ShapeKind::Enum(_))));
                Some(location)
            }
            _ => None,
        }
    });
    found
}
