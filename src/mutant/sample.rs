//! What the reference showed in one run of the suite: where a fault can be.
//!
//! A site that the reference never shows cannot be broken in it, and a fault nobody would see is no mutant.
//! Taking the sites from a run, and their types from the model, keeps the enumeration mechanical.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde_json::Value;

use super::{Mutant, Site, place::Place};
use crate::{
    contract::{Contract, Kind, ShapeId},
    transcript::{Exchange, Role, Transcript},
    wire::{self, Request, Response},
};

/// What one operation showed.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    /// Whether scenarios are about it.
    pub(super) under_test: bool,
    /// Whether any of its answers is judged: those to steps, controls and guards are.
    pub(super) judged: bool,
    /// Members of its output.
    pub(super) members: BTreeSet<Place>,
    /// Errors that it was refused with.
    pub(super) refusals: BTreeSet<String>,
    /// Successive values of its enums, for one resource.
    pub(super) edges: BTreeSet<(Place, String, String)>,
    /// Requests about it that were refused, by what they say of method, path, target and content type.
    pub(super) refused: BTreeSet<Route>,
    /// Errors of requests that named something on which a legal request could act.
    pub(super) actionable: BTreeSet<String>,
    /// Characters of its text inputs in requests that were refused, but for letters and digits of ASCII.
    pub(super) refused_characters: BTreeSet<char>,
    /// Characters of its text inputs in requests that were not refused.
    pub(super) accepted_characters: BTreeSet<char>,
    /// A success's body.
    pub(super) output: Option<Value>,
}

/// How a request says which operation it wants.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Route {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) target: Option<String>,
    pub(super) content_type: Option<String>,
}

impl Route {
    pub(super) fn of(request: &Request) -> Self {
        let path = request.target.split_once('?').map_or(request.target.as_str(), |(path, _)| path);
        Self {
            method: request.method.clone(),
            path: path.to_owned(),
            target: request.headers.get("x-amz-target").map(str::to_owned),
            content_type: request.headers.get("content-type").map(str::to_owned),
        }
    }
}

/// Everything that a run of the reference showed.
#[derive(Debug, Clone)]
pub struct Sample {
    contracts: BTreeMap<String, Arc<Contract>>,
    operations: BTreeMap<(String, String), Seen>,
    /// The refusal that each case about one gets, by the case's id.
    script: BTreeMap<String, Response>,
    /// Cases by what they are shown outside of setup and teardown: the service, the operation, the site.
    shown: BTreeMap<(String, String, Site), BTreeSet<String>>,
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
        let mut courses = BTreeMap::new();
        for exchange in &transcript.exchanges {
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

    pub(super) fn of(&self, service: &str, operation: &str) -> Option<&Seen> {
        self.operations.get(&(service.to_owned(), operation.to_owned()))
    }

    /// What the operations of a service showed, by operation.
    pub(super) fn operations<'a>(&'a self, service: &'a str) -> impl Iterator<Item = (&'a str, &'a Seen)> {
        self.operations.iter().filter(move |((of, _), _)| of == service).map(|((_, name), seen)| (name.as_str(), seen))
    }

    /// The refusal that each case about one gets, by the case's id.
    pub(super) fn script(&self) -> BTreeMap<String, Response> {
        self.script.clone()
    }

    /// A success's body of each operation, by its target.
    pub(super) fn outputs(&self) -> Vec<(String, Value)> {
        let all = self.operations.iter().filter_map(|((service, operation), seen)| {
            let shape = self.contracts.get(service)?.service().id.name();
            Some((format!("{shape}.{operation}"), seen.output.clone()?))
        });
        all.collect()
    }

    fn seen(&mut self, service: &str, operation: &str) -> &mut Seen {
        self.operations.entry((service.to_owned(), operation.to_owned())).or_default()
    }

    /// Takes in one exchange; the sites that a judged one shows.
    fn exchange(&mut self, exchange: &Exchange, courses: &mut BTreeMap<(String, Place), String>) -> Vec<Site> {
        let Some(contract) = self.contracts.get(&exchange.service).cloned() else { return Vec::new() };
        let Some(operation) = contract.operation(&exchange.operation) else { return Vec::new() };
        let judged = !matches!(exchange.role, Role::Setup | Role::Teardown);
        let mut sites = vec![Site::Anywhere];
        let Ok(response) = &exchange.outcome else { return if judged { sites } else { Vec::new() } };
        let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        let seen = self.seen(&exchange.service, &exchange.operation);
        seen.judged |= judged;
        if response.status != 200 {
            seen.refusals.extend(error(exchange));
            seen.refused.insert(Route::of(&exchange.request));
            let odd = characters(&exchange.request).into_iter().filter(|c| !c.is_ascii_alphanumeric());
            seen.refused_characters.extend(odd);
            sites.extend(error(exchange).map(Site::Error));
            return if judged { sites } else { Vec::new() };
        }
        sites.push(Site::Success);
        seen.accepted_characters.extend(characters(&exchange.request));
        let mut found = Vec::new();
        walk(&contract, &operation.output, &body, &Place::root(), &mut found);
        for (place, value) in found {
            if let Some(value) = value {
                let course = (resource(&exchange.request), place.clone());
                let before = courses.insert(course, value.clone());
                let edge = before.filter(|before| *before != value).map(|before| (place.clone(), before, value));
                seen.edges.extend(edge);
            }
            seen.members.insert(place.clone());
            sites.push(Site::Member(place));
        }
        seen.output.get_or_insert(body);
        if judged { sites } else { Vec::new() }
    }
}

/// What a request asks about: two with the same input read the same resource.
fn resource(request: &Request) -> String {
    String::from_utf8_lossy(&request.body).into_owned()
}

/// The name of the error that an exchange ended with.
fn error(exchange: &Exchange) -> Option<String> {
    let response = exchange.outcome.as_ref().ok().filter(|response| response.status != 200)?;
    let body: Value = serde_json::from_slice(&response.body).ok()?;
    Some(wire::error_name(body["__type"].as_str()?).to_owned())
}

/// Whether a request names, somewhere in its body, what the control acts on with success.
fn same_resource(refused: &Exchange, control: &Exchange) -> bool {
    let done = control.outcome.as_ref().is_ok_and(|response| response.status == 200);
    let input: Value = serde_json::from_slice(&control.request.body).unwrap_or_default();
    let named = String::from_utf8_lossy(&refused.request.body);
    let texts = input.as_object().into_iter().flat_map(|members| members.values()).filter_map(Value::as_str);
    done && texts.into_iter().any(|text| named.contains(text))
}

/// The characters of all texts of an input.
fn characters(request: &Request) -> Vec<char> {
    let input: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let texts = input.as_object().into_iter().flat_map(|members| members.values()).filter_map(Value::as_str);
    texts.flat_map(str::chars).collect()
}

/// Every member of a value that its shape knows; with its value, where that is one of an enum.
fn walk(contract: &Contract, id: &ShapeId, value: &Value, at: &Place, found: &mut Vec<(Place, Option<String>)>) {
    let Some(shape) = contract.shape(id) else { return };
    match &shape.kind {
        Kind::Structure(members) | Kind::Union(members) => {
            for member in members {
                let Some(inner) = value.get(&member.name).filter(|inner| !inner.is_null()) else { continue };
                let place = at.member(&member.name);
                let of_enum = contract.shape(&member.target).is_some_and(|shape| matches!(shape.kind, Kind::Enum(_)));
                // An item of a list is another resource with every answer: it has no course.
                let course = inner.as_str().filter(|_| of_enum && !place.has_items()).map(str::to_owned);
                found.push((place.clone(), course));
                walk(contract, &member.target, inner, &place, found);
            }
        }
        Kind::List(item) => {
            for inner in value.as_array().into_iter().flatten() {
                walk(contract, &item.target, inner, &at.items(), found);
            }
        }
        _ => {}
    }
}
