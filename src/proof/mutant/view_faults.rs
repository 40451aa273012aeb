//! Faults in what reads return, although the state itself is correct.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{
    FaultScope, Mutant, MutantFamily, MutantSubject,
    behavior::{Altered, Behavior, ReceivedCall, ResponseRule, change_body, is_read, is_success, placed, set_body},
    member_location::MemberLocation,
    premature_view,
    sample::{Edge, Sample, SeenMembers},
};
use crate::{judge::code::Code, model::ShapeKind, wire::Response};

pub(super) const KIND: &[Code] =
    &[Code::EVENTUALLY, Code::CONSISTENTLY, Code::EXPECTED_BODY, Code::SIDE_EFFECT, Code::OUTCOME];

/// The time for which a value is visible before it goes back, in seconds of virtual time.
const SHOWN: f64 = 0.2;

pub(super) fn mutants(subject: &MutantSubject<'_>, seen: &SeenMembers, sample: &Sample) -> Vec<Mutant> {
    if !is_read(&subject.target()) {
        return Vec::new();
    }
    let acts: Vec<String> = sample
        .operations(subject.service)
        .filter(|(_, seen)| seen.under_test)
        .map(|(operation, _)| format!("{}.{operation}", subject.contract.service().id.name()))
        .collect();
    let mut mutants: Vec<Mutant> = seen.edges.iter().flat_map(|edge| of_edge(subject, &acts, edge)).collect();
    mutants.extend(of_ends(subject, &acts, seen));
    mutants.extend(seen.guarded.iter().filter_map(|location| moving(subject, location)));
    mutants.extend(seen.changing.iter().flat_map(|location| premature_view::mutants(subject, &acts, seen, location)));
    mutants.extend(seen.members.iter().filter_map(|location| disagreeing(subject, sample, location)));
    mutants.extend(
        seen.members.iter().filter(|location| location.is_top()).flat_map(|location| of_list(subject, location)),
    );
    mutants
}

/// A transition is never visible, visible too early, or reverted.
fn of_edge(
    subject: &MutantSubject<'_>,
    acts: &[String],
    edge: (&(MemberLocation, String, String), &Edge),
) -> Vec<Mutant> {
    let ((location, from, to), Edge { left_after, held }) = edge;
    let ways = [
        ("never", format!("{location} never changes from {from} to {to}"), Way::Never, *left_after),
        ("early", format!("{location} is {to} as soon as it is {from}"), Way::Early, *left_after),
        ("undone", format!("{location} goes back from {to} to {from}"), Way::Undone, *held),
    ];
    let seen = ways.into_iter().filter(|(.., has_occasion)| *has_occasion);
    seen.map(|(name, says, way, _)| course(subject, acts, location, (from, to), name, says, way)).collect()
}

/// A final state changes to another final state.
fn of_ends(subject: &MutantSubject<'_>, acts: &[String], seen: &SeenMembers) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    let locations: BTreeSet<&MemberLocation> = seen.edges.keys().map(|(location, _, _)| location).collect();
    for location in locations {
        let of_place = || seen.edges.iter().filter(move |((at, _, _), _)| at == location);
        let left: BTreeSet<&String> = of_place().map(|((_, from, _), _)| from).collect();
        let ends: BTreeSet<&String> = of_place()
            .filter(|(_, edge)| edge.held)
            .map(|((_, _, to), _)| to)
            .filter(|to| !left.contains(to))
            .collect();
        for end in &ends {
            for other in ends.iter().filter(|other| *other != end) {
                let says = format!("{location} changes from {end} to {other}, although {end} is final");
                mutants.push(course(subject, acts, location, (*other, *end), "ends-again", says, Way::Undone));
            }
        }
    }
    mutants
}

fn course(
    subject: &MutantSubject<'_>,
    acts: &[String],
    location: &MemberLocation,
    (from, to): (&String, &String),
    name: &str,
    says: String,
    way: Way,
) -> Mutant {
    let course = ViewCourse {
        target: subject.target(),
        acts: acts.to_vec(),
        acted_on: BTreeSet::new(),
        location: location.clone(),
        from: from.to_owned(),
        to: to.to_owned(),
        way,
        resources: BTreeMap::new(),
    };
    let name = format!("{location}/{from}-to-{to}/{name}");
    let scope = FaultScope::Member(location.clone());
    subject.mutant(MutantFamily::View, &name, KIND, says, move || course.clone()).at(scope)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Never,
    Early,
    Undone,
}

/// A fault in the visibility of one transition.
#[derive(Debug, Clone)]
struct ViewCourse {
    target: String,
    /// The operations under test, and the resources that they acted on. Other resources are shown correctly.
    acts: Vec<String>,
    acted_on: BTreeSet<String>,
    location: MemberLocation,
    from: String,
    to: String,
    way: Way,
    /// By request: whether the state before the transition was seen, and since when the state after it.
    resources: BTreeMap<String, (bool, Option<f64>)>,
}

impl Behavior for ViewCourse {
    fn respond(&mut self, received: &ReceivedCall<'_>) -> Option<Response> {
        if received.is_control() {
            return None;
        }
        let mut response = received.reference();
        if self.acts.iter().any(|act| act == received.target()) && is_success(&response) {
            self.acted_on.extend(received.texts().iter().map(|text| placed(received.request, text)));
        }
        let named = received.texts().iter().any(|text| self.acted_on.contains(&placed(received.request, text)));
        if received.target() != self.target || !named {
            return Some(response);
        }
        let Ok(mut body) = serde_json::from_slice::<Value>(&response.body) else { return Some(response) };
        if !is_success(&response) {
            return Some(response);
        }
        let now = received.endpoint.clock().now();
        let resource = placed(received.request, &String::from_utf8_lossy(&received.request.body));
        let location = self.location.clone();
        let mut changed = false;
        location.change(&mut body, &mut |value| {
            if let Some(shown) = value.as_str().and_then(|right| self.shown(&resource, right, now)) {
                *value = json!(shown);
                changed = true;
            }
        });
        if changed {
            received.deviate();
            set_body(&mut response, body.to_string());
        }
        Some(response)
    }
}

impl ViewCourse {
    /// The value that is shown instead of the correct one, if it differs.
    fn shown(&mut self, resource: &str, right: &str, now: f64) -> Option<String> {
        let (was, since) = self.resources.entry(resource.to_owned()).or_default();
        if right == self.from {
            *was = true;
            return (self.way == Way::Early).then(|| self.to.clone());
        }
        if right != self.to {
            *was = *was && self.way != Way::Never;
            return None;
        }
        let since = *since.get_or_insert(now);
        match self.way {
            Way::Never => was.then(|| self.from.clone()),
            Way::Early => None,
            Way::Undone => (now >= since + SHOWN).then(|| self.from.clone()),
        }
    }
}

/// A timestamp that changes with every read.
fn moving(subject: &MutantSubject<'_>, location: &MemberLocation) -> Option<Mutant> {
    let (_, shape) = subject.member(location)?;
    if !matches!(shape.kind, ShapeKind::Timestamp) {
        return None;
    }
    let (target, at) = (subject.target(), location.clone());
    let says = format!("{location} advances with every read");
    let mutant = subject.mutant(MutantFamily::View, &format!("{location}/moves"), KIND, says, move || {
        let (at, mut reads) = (at.clone(), 0.0);
        Altered {
            target: target.clone(),
            responses: ResponseRule::Successes,
            alter: move |response: &mut Response| {
                reads += 1.0;
                change_body(response, |body| {
                    at.change(body, &mut |value| *value = json!(value.as_f64().unwrap_or_default() + reads));
                });
            },
        }
    });
    Some(mutant.at(FaultScope::Member(location.clone())))
}

/// A list shows a different state of its items than a read of each item.
fn disagreeing(subject: &MutantSubject<'_>, sample: &Sample, location: &MemberLocation) -> Option<Mutant> {
    let (_, shape) = subject.member(location).filter(|_| location.has_items())?;
    let ShapeKind::Enum(values) = &shape.kind else { return None };
    let mut read = sample.operations(subject.service).flat_map(|(_, seen)| seen.edges.keys());
    read.find(|(at, _, _)| at.name() == location.name())?;
    let values: Vec<String> = values.iter().map(|value| value.value.clone()).collect();
    let (target, at) = (subject.target(), location.clone());
    let (name, says) = (format!("{location}/disagrees"), format!("{location} differs from the state of the item"));
    let mutant = subject.mutant(MutantFamily::View, &name, KIND, says, move || {
        let (at, values) = (at.clone(), values.clone());
        let other =
            move |right: &Value| values.iter().find(|value| right.as_str() != Some(value)).map(|value| json!(value));
        Altered {
            target: target.clone(),
            responses: ResponseRule::Successes,
            alter: move |response: &mut Response| {
                change_body(response, |body| {
                    at.change(body, &mut |value| *value = other(value).unwrap_or_default());
                });
            },
        }
    });
    Some(mutant.at(FaultScope::Member(location.clone())))
}

/// Changes the items of a list.
type ViewFault = fn(&mut Vec<Value>);

/// A list with a missing or a duplicate item.
fn of_list(subject: &MutantSubject<'_>, location: &MemberLocation) -> Vec<Mutant> {
    if !subject.member(location).is_some_and(|(_, shape)| matches!(shape.kind, ShapeKind::List(_))) {
        return Vec::new();
    }
    let ways: [(&str, &str, ViewFault); 4] = [
        ("lacks-first", "lacks its first item", |items| drop(items.drain(..items.len().min(1)))),
        ("lacks-last", "lacks its last item", |items| drop(items.pop())),
        ("repeats", "contains its first item twice", |items| items.extend(items.first().cloned())),
        ("empty", "is empty", Vec::clear),
    ];
    ways.into_iter()
        .map(|(name, says, change)| {
            let (target, at) = (subject.target(), location.clone());
            subject.mutant(
                MutantFamily::View,
                &format!("{location}/{name}"),
                KIND,
                format!("{location} {says}"),
                move || {
                    let at = at.clone();
                    Altered {
                        target: target.clone(),
                        responses: ResponseRule::Successes,
                        alter: move |response: &mut Response| {
                            change_body(response, |body| {
                                at.change(body, &mut |value| {
                                    if let Some(items) = value.as_array_mut() {
                                        change(items);
                                    }
                                });
                            });
                        },
                    }
                },
            )
        })
        .collect()
}
