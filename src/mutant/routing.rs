//! Faults in finding the operation: every way in which a refused request named it is taken for the right one.

use std::collections::BTreeSet;

use super::{
    Family, Mutant, Subject,
    behaviour::{Asked, Understood},
    sample::{Route, Seen},
};
use crate::{
    code::Code::{self, ErrorIdentity, Implementation, Outcome},
    wire::{Request, protocol},
};

const KIND: &[Code] = &[Outcome, ErrorIdentity, Implementation];

pub(super) fn mutants(subject: &Subject<'_>, seen: &Seen) -> Vec<Mutant> {
    let Ok(protocol) = protocol(subject.contract) else { return Vec::new() };
    let right = Route {
        method: "POST".to_owned(),
        path: "/".to_owned(),
        target: Some(subject.target()),
        content_type: Some(protocol.content_type().to_owned()),
    };
    let routes = || seen.refused.iter();
    let methods: BTreeSet<&str> = routes().map(|route| route.method.as_str()).filter(|m| *m != right.method).collect();
    let paths: BTreeSet<&str> = routes().map(|route| route.path.as_str()).filter(|p| *p != right.path).collect();
    let targets: BTreeSet<&Option<String>> =
        routes().map(|route| &route.target).filter(|t| **t != right.target).collect();
    let types: BTreeSet<&Option<String>> =
        routes().map(|route| &route.content_type).filter(|t| **t != right.content_type).collect();
    let shown = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
    let mut mutants = Vec::new();
    for method in methods {
        let (wanted, wrong) = (right.clone(), method.to_owned());
        let rewrite = move |asked: &Asked<'_>| {
            let of_it = asked.target() == wanted.target.as_deref().unwrap_or_default();
            (of_it && asked.request.method == wrong)
                .then(|| Request { method: wanted.method.clone(), ..asked.request.clone() })
        };
        mutants.push(understood(subject, &format!("method-{method}"), format!("{method} is taken for POST"), rewrite));
    }
    for path in paths {
        let (wanted, wrong) = (right.clone(), path.to_owned());
        let rewrite = move |asked: &Asked<'_>| {
            let of_it = asked.target() == wanted.target.as_deref().unwrap_or_default();
            (of_it && Route::of(asked.request).path == wrong)
                .then(|| Request { target: wanted.path.clone(), ..asked.request.clone() })
        };
        mutants.push(understood(subject, &format!("path{path}"), format!("the path {path} is taken for /"), rewrite));
    }
    for target in targets.into_iter().filter(|target| !is_real(subject, target.as_deref())) {
        let (wanted, wrong) = (right.clone(), target.clone());
        let name = shown(target);
        let rewrite = move |asked: &Asked<'_>| {
            let route = Route::of(asked.request);
            (route.target == wrong && route.content_type == wanted.content_type)
                .then(|| with_header(asked.request, "x-amz-target", wanted.target.as_deref()))
        };
        let says = format!("the target {name} is taken for {}", subject.operation.name);
        mutants.push(understood(subject, &format!("target-{name}"), says, rewrite));
    }
    for content_type in types {
        let (wanted, wrong) = (right.clone(), content_type.clone());
        let name = shown(content_type);
        let rewrite = move |asked: &Asked<'_>| {
            let route = Route::of(asked.request);
            (route.target == wanted.target && route.content_type == wrong)
                .then(|| with_header(asked.request, "content-type", wanted.content_type.as_deref()))
        };
        let says = format!("the content type {name} is taken for {}", protocol.content_type());
        mutants.push(understood(subject, &format!("content-type-{name}"), says, rewrite));
    }
    mutants.push(absent(subject));
    mutants
}

/// The operation is not there.
fn absent(subject: &Subject<'_>) -> Mutant {
    let (target, nobody) = (subject.target(), format!("{}.NoSuchOperation", subject.contract.service().id.name()));
    let rewrite = move |asked: &Asked<'_>| {
        (asked.target() == target).then(|| with_header(asked.request, "x-amz-target", Some(&nobody)))
    };
    let says = format!("{} is not there", subject.operation.name);
    Mutant { kind: &[Implementation], ..understood(subject, "absent", says, rewrite) }
}

/// Whether a target names an operation that there is.
fn is_real(subject: &Subject<'_>, target: Option<&str>) -> bool {
    let (service, operation) = target.and_then(|target| target.split_once('.')).unwrap_or_default();
    service == subject.contract.service().id.name() && subject.contract.operation(operation).is_some()
}

fn with_header(request: &Request, name: &str, value: Option<&str>) -> Request {
    let mut request = request.clone();
    request.headers.remove(name);
    request.headers.push(name, value.unwrap_or_default());
    request
}

fn understood(
    subject: &Subject<'_>,
    name: &str,
    says: String,
    rewrite: impl Fn(&Asked<'_>) -> Option<Request> + Clone + Send + Sync + 'static,
) -> Mutant {
    subject.mutant(Family::Routing, name, KIND, says, move || {
        let rewrite = rewrite.clone();
        Understood { rewrite: move |asked: &Asked<'_>| rewrite(asked).map(|request| asked.signed(request)) }
    })
}
