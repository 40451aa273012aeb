//! Faults in routing: every wrong route of a rejected request is accepted.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::json;

use super::{
    Mutant, MutantFamily, MutantSubject,
    behavior::ReceivedCall,
    sample::{Route, SeenMembers},
};
use crate::{
    judge::code::Code,
    wire::{
        Request,
        protocol::{RouteRole, called, split_call},
    },
};

const KIND: &[Code] = &[Code::OUTCOME, Code::ERROR_IDENTITY, Code::IMPLEMENTATION];

pub(super) fn mutants(subject: &MutantSubject<'_>, seen: &SeenMembers) -> Vec<Mutant> {
    let Some(right) = subject.request(&json!({})) else { return Vec::new() };
    let of_part = |index| on_part(subject, seen, &right, index);
    (0..subject.protocol.route_parts().len()).flat_map(of_part).chain([absent(subject, &right)]).collect()
}

/// Every wrong value of a part in a rejected request is accepted.
fn on_part(subject: &MutantSubject<'_>, seen: &SeenMembers, right: &Request, index: usize) -> Vec<Mutant> {
    let (protocol, right) = (subject.protocol, Route::of(subject.protocol, right));
    let parts = protocol.route_parts();
    let Some(part) = parts.get(index).copied() else { return Vec::new() };
    let names_operation = part.role == RouteRole::Operation;
    // The operation identifies the request. If it is wrong, the protocol does.
    let owner = if names_operation { RouteRole::Protocol } else { RouteRole::Operation };
    let owner = parts.iter().position(|part| part.role == owner);
    let of_operation = |route: &&Route| owner.is_none_or(|owner| route.part(owner) == right.part(owner));
    let values: BTreeSet<Option<&str>> =
        seen.rejected.iter().filter(of_operation).map(|route| route.part(index)).collect();
    let wrong = values
        .into_iter()
        .filter(|value| *value != right.part(index) && !(names_operation && is_real(subject, *value)));
    wrong
        .map(|value| {
            let (right, wrong) = (right.clone(), value.map(str::to_owned));
            let rewrite = move |received: &ReceivedCall<'_>| {
                let route = Route::of(protocol, received.request);
                let is_about = owner.is_none_or(|owner| route.part(owner) == right.part(owner));
                (is_about && route.part(index) == wrong.as_deref()).then(|| {
                    let mut request = received.request.clone();
                    (part.write)(&mut request, right.part(index).unwrap_or_default());
                    request
                })
            };
            let (name, value) = (part.name, value.unwrap_or("none"));
            let (name, says) = (format!("{name}-{value}"), format!("the {name} {value} is accepted"));
            subject.understood(MutantFamily::Routing, &name, KIND, says, rewrite)
        })
        .collect()
}

/// The operation is not implemented.
fn absent(subject: &MutantSubject<'_>, right: &Request) -> Mutant {
    let (contract, operation, protocol) = (Arc::clone(subject.contract), subject.operation.clone(), subject.protocol);
    let target = called(right).map(str::to_owned);
    let rewrite = move |received: &ReceivedCall<'_>| {
        let is_about = called(received.request) == target.as_deref();
        let sentinels = || protocol.sentinels(&contract, &operation, received.request).ok();
        if is_about { sentinels().map(|sentinels| sentinels.unknown_operation) } else { None }
    };
    let says = format!("{} is not implemented", subject.operation.name);
    subject.understood(MutantFamily::Routing, "absent", &[Code::IMPLEMENTATION], says, rewrite)
}

/// Returns whether a target names a known operation.
fn is_real(subject: &MutantSubject<'_>, target: Option<&str>) -> bool {
    let (service, operation) = target.and_then(split_call).unwrap_or_default();
    service == subject.contract.service().id.name() && subject.contract.operation(operation).is_some()
}
