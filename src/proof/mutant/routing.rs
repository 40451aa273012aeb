//! Faults in finding the operation: every way in which a refused request named it is taken for the right one.

use std::collections::BTreeSet;

use super::{
    Mutant, MutantFamily, MutantSubject,
    behaviour::{AskedCall, Understood},
    sample::{Route, SeenMembers},
};
use crate::{
    judge::code::Code,
    wire::{Request, protocol},
};

const KIND: &[Code] = &[Code::OUTCOME, Code::ERROR_IDENTITY, Code::IMPLEMENTATION];

/// One of the things by which a request says which operation it wants.
struct Axis {
    name: &'static str,
    of: fn(&Route) -> Option<&str>,
    /// Makes a request say it as the right route does.
    correct: fn(&Request, &Route) -> Request,
}

const AXES: [Axis; 4] = [
    Axis {
        name: "method",
        of: |route| Some(&route.method),
        correct: |request, right| Request { method: right.method.clone(), ..request.clone() },
    },
    Axis {
        name: "path",
        of: |route| Some(&route.path),
        correct: |request, right| Request { target: right.path.clone(), ..request.clone() },
    },
    Axis {
        name: "target",
        of: |route| route.target.as_deref(),
        correct: |request, right| with_header(request, "x-amz-target", right.target.as_deref()),
    },
    Axis {
        name: "content-type",
        of: |route| route.content_type.as_deref(),
        correct: |request, right| with_header(request, "content-type", right.content_type.as_deref()),
    },
];

pub(super) fn mutants(subject: &MutantSubject<'_>, seen: &SeenMembers) -> Vec<Mutant> {
    let Ok(protocol) = protocol(subject.contract) else { return Vec::new() };
    let right = Route {
        method: "POST".to_owned(),
        path: "/".to_owned(),
        target: Some(subject.target()),
        content_type: Some(protocol.content_type().to_owned()),
    };
    let of_axis = |axis| on_axis(subject, seen, &right, axis);
    AXES.iter().flat_map(of_axis).chain([absent(subject)]).collect()
}

/// Every wrong value of an axis that a refused request had is taken for the right one.
fn on_axis(subject: &MutantSubject<'_>, seen: &SeenMembers, right: &Route, axis: &'static Axis) -> Vec<Mutant> {
    let values: BTreeSet<Option<&str>> = seen.refused.iter().map(axis.of).collect();
    let is_target = axis.name == "target";
    let wrong =
        values.into_iter().filter(|value| *value != (axis.of)(right) && !(is_target && is_real(subject, *value)));
    wrong
        .map(|value| {
            let (right, wrong) = (right.clone(), value.map(str::to_owned));
            let rewrite = move |asked: &AskedCall<'_>| {
                let route = Route::of(asked.request);
                // A target names the operation; where that is wrong, the content type tells whose it is.
                let is_about =
                    if is_target { route.content_type == right.content_type } else { route.target == right.target };
                let is_wrong = (axis.of)(&route) == wrong.as_deref();
                (is_about && is_wrong).then(|| (axis.correct)(asked.request, &right))
            };
            let (name, value) = (axis.name, value.unwrap_or("none"));
            understood(
                subject,
                &format!("{name}-{value}"),
                format!("the {name} {value} is taken for the right one"),
                rewrite,
            )
        })
        .collect()
}

/// The operation is not there.
fn absent(subject: &MutantSubject<'_>) -> Mutant {
    let (target, nobody) = (subject.target(), format!("{}.NoSuchOperation", subject.contract.service().id.name()));
    let rewrite = move |asked: &AskedCall<'_>| {
        (asked.target() == target).then(|| with_header(asked.request, "x-amz-target", Some(&nobody)))
    };
    let says = format!("{} is not there", subject.operation.name);
    Mutant { kind: &[Code::IMPLEMENTATION], ..understood(subject, "absent", says, rewrite) }
}

/// Whether a target names an operation that there is.
fn is_real(subject: &MutantSubject<'_>, target: Option<&str>) -> bool {
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
    subject: &MutantSubject<'_>,
    name: &str,
    says: String,
    rewrite: impl Fn(&AskedCall<'_>) -> Option<Request> + Clone + Send + Sync + 'static,
) -> Mutant {
    subject.mutant(MutantFamily::Routing, name, KIND, says, move || {
        let rewrite = rewrite.clone();
        Understood { rewrite: move |asked: &AskedCall<'_>| rewrite(asked).map(|request| asked.signed(request)) }
    })
}
