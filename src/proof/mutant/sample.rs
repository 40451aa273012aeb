//! A sample of the reference: everything that it showed in one run of the suite.
//!
//! A fault is only visible in a response that the reference gives in some case. So the locations of faults come from a
//! run, and their types from the model.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use serde_json::{Value, json};

use super::{FaultScope, Mutant, behavior::is_success, member_location::MemberLocation};
use crate::{
    judge::transcript::{Exchange, Role, Transcript},
    model::{Contract, ShapeId, ShapeKind, walk::walk},
    suite::{Case, Given, Scenario},
    wire::{
        ErrorIdentity, Request, Response,
        protocol::{ServerProtocol, called, protocol_of},
    },
};

/// The sample of one operation.
#[derive(Debug, Clone, Default)]
pub(super) struct SeenMembers {
    /// True if scenarios test it.
    pub(super) under_test: bool,
    /// True if any of its responses is judged, as those to steps, controls and guards are.
    pub(super) judged: bool,
    /// The members of its output.
    pub(super) members: BTreeSet<MemberLocation>,
    /// Its errors, with their HTTP status.
    pub(super) rejections: BTreeMap<String, u16>,
    /// The transitions between values of its enums for one resource, after an operation under test.
    pub(super) edges: BTreeMap<(MemberLocation, String, String), Edge>,
    /// The members whose value changed for one resource.
    pub(super) changing: BTreeSet<MemberLocation>,
    /// The members that guards compare before and after a rejection.
    pub(super) guarded: BTreeSet<MemberLocation>,
    /// The routes of its rejected requests.
    pub(super) rejected: BTreeSet<Route>,
    /// The errors of requests that named a resource on which a valid request could act.
    pub(super) actionable: BTreeSet<String>,
    /// The characters that were the only unusual one (not a letter, digit, hyphen or underscore) of a string in a
    /// rejected request.
    pub(super) rejected_characters: BTreeSet<char>,
    /// The strings of rejected requests.
    pub(super) rejected_strings: BTreeSet<String>,
    /// The strings of accepted requests.
    pub(super) accepted_strings: BTreeSet<String>,
    /// The characters of strings in accepted requests, except the first two of each string.
    pub(super) accepted_characters: BTreeSet<char>,
    /// The body of a success.
    pub(super) output: Option<Value>,
}

/// The ways in which one transition was observed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Edge {
    /// The value before it was read after the act.
    pub(super) left_after: bool,
    /// The value after it was read again, long enough after the transition.
    pub(super) held: bool,
}

/// The name of an operation in a request: the parts of the protocol's route, in order.
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

/// Everything that the reference showed in a run.
#[derive(Debug, Clone)]
pub struct Sample {
    contracts: BTreeMap<String, Arc<Contract>>,
    operations: BTreeMap<(String, String), SeenMembers>,
    /// The rejection in each case that expects one, by case ID.
    script: BTreeMap<String, Response>,
    /// The cases that show a fault outside of setup and teardown, by service, operation and response.
    shown: BTreeMap<(String, String, FaultScope), BTreeSet<String>>,
}

impl Sample {
    /// An empty sample of these contracts, by the folder name of their service.
    #[must_use]
    pub fn new(contracts: &[(String, Arc<Contract>)]) -> Self {
        Self {
            contracts: contracts.iter().cloned().collect(),
            operations: BTreeMap::new(),
            script: BTreeMap::new(),
            shown: BTreeMap::new(),
        }
    }

    /// Adds the transcript of a case.
    pub fn take_in(&mut self, case: &Case, transcript: &Transcript) {
        let Scenario { service, operation, .. } = &*case.scenario;
        self.seen(service, operation).under_test = true;
        let of_step = transcript.exchanges.iter().filter(|exchange| exchange.role == Role::Main);
        let mut rejections = of_step.filter(|exchange| exchange.operation == *operation && error(exchange).is_some());
        if let Some(Ok(rejection)) = rejections.next().map(|exchange| &exchange.outcome) {
            self.script.insert(case.id.0.clone(), rejection.clone());
        }
        let mut courses =
            Courses { has_twins: case.scenario.given.iter().any(Given::needs_calls), ..Courses::default() };
        for exchange in &transcript.exchanges {
            if exchange.operation == *operation && exchange.outcome.as_ref().is_ok_and(is_success) {
                courses.acted_on.extend(texts(&exchange.request));
            }
            for scope in self.exchange(exchange, &mut courses) {
                let shown = (exchange.service.clone(), exchange.operation.clone(), scope);
                self.shown.entry(shown).or_default().insert(case.id.0.clone());
            }
        }
        let rejected = transcript.exchanges.iter().filter(|exchange| exchange.role == Role::Main);
        let actionable = rejected.filter(|rejected| {
            transcript.exchanges.iter().any(|control| {
                control.role == Role::Control && control.step == rejected.step && same_resource(rejected, control)
            })
        });
        let errors: Vec<String> = actionable.filter_map(error).collect();
        self.seen(service, operation).actionable.extend(errors);
    }

    /// The IDs of the cases that can show the fault of a mutant.
    #[must_use]
    pub fn occasions(&self, mutant: &Mutant) -> BTreeSet<String> {
        let scope = (mutant.service.clone(), mutant.operation.clone(), mutant.scope.clone());
        self.shown.get(&scope).cloned().unwrap_or_default()
    }

    pub(super) fn of(&self, service: &str, operation: &str) -> Option<&SeenMembers> {
        self.operations.get(&(service.to_owned(), operation.to_owned()))
    }

    /// The samples of a service, by operation.
    pub(super) fn operations<'a>(&'a self, service: &'a str) -> impl Iterator<Item = (&'a str, &'a SeenMembers)> {
        self.operations.iter().filter(move |((of, _), _)| of == service).map(|((_, name), seen)| (name.as_str(), seen))
    }

    /// The rejection in each case that expects one, by case ID.
    pub(super) fn script(&self) -> BTreeMap<String, Response> {
        self.script.clone()
    }

    /// The body of a success of each operation, by its target.
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

    /// Adds one exchange. Returns the responses that it shows, if it is judged.
    fn exchange(&mut self, exchange: &Exchange, courses: &mut Courses) -> Vec<FaultScope> {
        let Some(contract) = self.contracts.get(&exchange.service).cloned() else { return Vec::new() };
        let Some(operation) = contract.operation(&exchange.operation) else { return Vec::new() };
        let judged = !matches!(exchange.role, Role::Setup | Role::EarlyControl | Role::Teardown);
        let mut scopes = vec![FaultScope::Anywhere];
        let Ok(response) = &exchange.outcome else { return if judged { scopes } else { Vec::new() } };
        let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        let route = protocol_of(&contract).ok().map(|protocol| Route::of(protocol, &exchange.request));
        let seen = self.seen(&exchange.service, &exchange.operation);
        seen.judged |= judged && is_success(response);
        if !is_success(response) {
            seen.rejections.extend(error(exchange).map(|error| (error, response.status)));
            seen.rejected.extend(route);
            seen.rejected_strings.extend(texts(&exchange.request));
            seen.rejected_characters.extend(texts(&exchange.request).iter().filter_map(|text| only_odd(text)));
            scopes.extend(error(exchange).map(FaultScope::Error));
            return if judged { scopes } else { Vec::new() };
        }
        seen.accepted_strings.extend(texts(&exchange.request));
        seen.accepted_characters.extend(texts(&exchange.request).iter().flat_map(|text| text.chars().skip(2)));
        scopes.push(FaultScope::Success);
        for (location, value, of_enum) in members_of(&contract, &operation.output, &body) {
            seen.course(courses, exchange, &location, value, of_enum);
            if judged {
                seen.members.insert(location.clone());
                scopes.push(FaultScope::Member(location.clone()));
            }
            if matches!(exchange.role, Role::Before(_) | Role::After(_)) {
                seen.guarded.insert(location);
            }
        }
        seen.output.get_or_insert(body);
        if judged { scopes } else { Vec::new() }
    }
}

/// The resource of a read. Requests with the same input read the same resource.
fn resource(request: &Request) -> String {
    String::from_utf8_lossy(&request.body).into_owned()
}

/// The values of the resources of one case.
#[derive(Default)]
struct Courses {
    values: BTreeMap<(String, MemberLocation), SampleReading>,
    /// The resources that the operation under test acted on.
    acted_on: BTreeSet<String>,
    /// Two resources have the same name, so requests do not say which one they read.
    has_twins: bool,
}

/// The last value of a member, with its transition and time.
struct SampleReading {
    value: Value,
    acted: bool,
    edge: Option<(MemberLocation, String, String)>,
    since: Duration,
}

impl SeenMembers {
    /// Adds the value of a member. An item of a list has no transitions, because each response may list a different
    /// resource.
    fn course(
        &mut self,
        courses: &mut Courses,
        exchange: &Exchange,
        location: &MemberLocation,
        value: &Value,
        of_enum: bool,
    ) {
        if courses.has_twins || location.has_items() || value.is_object() || value.is_array() {
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

/// A value must be read again after this time, so that a case can see it go back.
const HELD: Duration = Duration::from_millis(220);

/// The only unusual character of a string.
fn only_odd(text: &str) -> Option<char> {
    let odd: BTreeSet<char> = text.chars().filter(|c| !c.is_ascii_alphanumeric() && *c != '-' && *c != '_').collect();
    odd.first().copied().filter(|_| odd.len() == 1)
}

/// The name of the error of an exchange.
fn error(exchange: &Exchange) -> Option<String> {
    let response = exchange.outcome.as_ref().ok().filter(|response| !is_success(response))?;
    let body: Value = serde_json::from_slice(&response.body).ok()?;
    ErrorIdentity::of_json(response, Some(&body)).name
}

/// Returns whether the body of a request contains the name of the resource on which the control acts successfully.
fn same_resource(rejected: &Exchange, control: &Exchange) -> bool {
    let done = control.outcome.as_ref().is_ok_and(is_success);
    let input: Value = serde_json::from_slice(&control.request.body).unwrap_or_default();
    let named = String::from_utf8_lossy(&rejected.request.body);
    let texts = input.as_object().into_iter().flat_map(|members| members.values()).filter_map(Value::as_str);
    done && texts.into_iter().any(|text| named.contains(text))
}

/// The strings of an input.
fn texts(request: &Request) -> Vec<String> {
    let input: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let members = input.as_object().into_iter().flat_map(|members| members.values());
    members.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Every modeled member of a value, with its value and whether its shape is an enum.
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
