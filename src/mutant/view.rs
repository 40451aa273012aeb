//! Faults in what reads show of a course that goes on rightly behind them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{
    Family, Mutant, Site, Subject,
    behaviour::{Altered, Answers, Asked, Behaviour, change_body, is_read, is_success, set_body},
    place::Place,
    sample::{Sample, Seen},
};
use crate::{
    code::Code::{self, Consistently, Eventually, ExpectedBody, Outcome, SideEffect},
    contract::Kind,
    wire::Response,
};

const KIND: &[Code] = &[Eventually, Consistently, ExpectedBody, SideEffect, Outcome];

/// How long a value is shown before it goes back, in seconds of the reference's time.
const SHOWN: f64 = 0.6;

pub(super) fn mutants(subject: &Subject<'_>, seen: &Seen, sample: &Sample) -> Vec<Mutant> {
    if !is_read(&subject.target()) {
        return Vec::new();
    }
    let mut mutants: Vec<Mutant> = seen.edges.iter().flat_map(|edge| of_edge(subject, edge)).collect();
    mutants.extend(of_ends(subject, seen));
    mutants.extend(seen.members.iter().filter_map(|place| moving(subject, place)));
    mutants.extend(seen.members.iter().flat_map(|place| requested(subject, seen, sample, place)));
    mutants.extend(seen.members.iter().filter(|place| place.is_top()).flat_map(|place| of_list(subject, place)));
    mutants
}

/// One step of a course is shown late for ever, too soon, or taken back.
fn of_edge(subject: &Subject<'_>, (place, from, to): &(Place, String, String)) -> Vec<Mutant> {
    let ways = [
        ("never", format!("{place} never goes on from {from} to {to}"), Way::Never),
        ("early", format!("{place} is {to} as soon as it is {from}"), Way::Early),
        ("undone", format!("{place} goes back from {to} to {from}"), Way::Undone),
    ];
    ways.into_iter().map(|(name, says, way)| course(subject, place, from, to, name, says, way)).collect()
}

/// What has ended ends a second time, otherwise.
fn of_ends(subject: &Subject<'_>, seen: &Seen) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    let places: BTreeSet<&Place> = seen.edges.iter().map(|(place, _, _)| place).collect();
    for place in places {
        let of_place = || seen.edges.iter().filter(move |(at, _, _)| at == place);
        let left: BTreeSet<&String> = of_place().map(|(_, from, _)| from).collect();
        let ends: BTreeSet<&String> = of_place().map(|(_, _, to)| to).filter(|to| !left.contains(to)).collect();
        for end in &ends {
            for other in ends.iter().filter(|other| *other != end) {
                let says = format!("{place} ends as {end}, and then as {other}");
                mutants.push(course(subject, place, other, end, "ends-again", says, Way::Undone));
            }
        }
    }
    mutants
}

fn course(subject: &Subject<'_>, place: &Place, from: &str, to: &str, name: &str, says: String, way: Way) -> Mutant {
    let course = Course {
        target: subject.target(),
        place: place.clone(),
        from: from.to_owned(),
        to: to.to_owned(),
        way,
        resources: BTreeMap::new(),
    };
    let name = format!("{place}/{from}-to-{to}/{name}");
    let site = Site::Member(place.clone());
    subject.mutant(Family::View, &name, KIND, says, move || course.clone()).at(site)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Never,
    Early,
    Undone,
}

/// A fault in showing one edge of a course.
#[derive(Debug, Clone)]
struct Course {
    target: String,
    place: Place,
    from: String,
    to: String,
    way: Way,
    /// By what was asked for: whether it was on the edge's near side, and since when on its far side.
    resources: BTreeMap<String, (bool, Option<f64>)>,
}

impl Behaviour for Course {
    fn answer(&mut self, asked: &Asked<'_>) -> Option<Response> {
        if asked.target() != self.target || asked.is_control() {
            return None;
        }
        let mut response = asked.reference();
        let Ok(mut body) = serde_json::from_slice::<Value>(&response.body) else { return Some(response) };
        if !is_success(&response) {
            return Some(response);
        }
        let now = asked.endpoint.clock().now();
        let resource = String::from_utf8_lossy(&asked.request.body).into_owned();
        let place = self.place.clone();
        let mut changed = false;
        place.change(&mut body, &mut |value| {
            if let Some(shown) = value.as_str().and_then(|right| self.shown(&resource, right, now)) {
                *value = json!(shown);
                changed = true;
            }
        });
        if changed {
            asked.deviate();
            set_body(&mut response, body.to_string());
        }
        Some(response)
    }
}

impl Course {
    /// What is shown in place of the right value, where that is another.
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

/// A point in time that is another one with every read.
fn moving(subject: &Subject<'_>, place: &Place) -> Option<Mutant> {
    let mut shape = subject.contract.shape(&subject.operation.output)?;
    for name in place.names() {
        let member = match (&shape.kind, name) {
            (Kind::Structure(members), Some(name)) => members.iter().find(|member| member.name == name)?,
            (Kind::List(item), None) => item,
            _ => return None,
        };
        shape = subject.contract.shape(&member.target)?;
    }
    if !matches!(shape.kind, Kind::Timestamp) {
        return None;
    }
    let (target, at) = (subject.target(), place.clone());
    let says = format!("{place} is later with every read");
    let mutant = subject.mutant(Family::View, &format!("{place}/moves"), KIND, says, move || {
        let (at, mut reads) = (at.clone(), 0.0);
        Altered {
            target: target.clone(),
            answers: Answers::Successes,
            alter: move |response: &mut Response| {
                reads += 1.0;
                change_body(response, |body| {
                    at.change(body, &mut |value| *value = json!(value.as_f64().unwrap_or_default() + reads));
                });
            },
        }
    });
    Some(mutant.at(Site::Member(place.clone())))
}

/// What was asked for is shown as if it were there: while it is under way, or after it came to nothing.
fn requested(subject: &Subject<'_>, seen: &Seen, sample: &Sample, place: &Place) -> Vec<Mutant> {
    let Some(name) = place.name() else { return Vec::new() };
    let asked_for = |operation: &str| {
        let input = subject.contract.operation(operation).map(|operation| &operation.input);
        input.is_some_and(|input| subject.contract.members(input).iter().any(|member| member.name == name))
    };
    let writes: Vec<String> = sample
        .operations(subject.service)
        .map(|(operation, _)| operation.to_owned())
        .filter(|operation| operation.starts_with("Update") && asked_for(operation))
        .collect();
    let status = seen.edges.iter().map(|(at, _, _)| at).find(|at| at.is_beside(place));
    let (Some(status), false) = (status, writes.is_empty()) else { return Vec::new() };
    let left: BTreeSet<String> =
        seen.edges.iter().filter(|(at, _, _)| at == status).map(|(_, from, _)| from.clone()).collect();
    [("early", "as soon as it is asked for", true), ("not-reverted", "although it came to nothing", false)]
        .into_iter()
        .map(|(way, says, under_way)| {
            let fault = Requested {
                target: subject.target(),
                place: place.clone(),
                status: status.clone(),
                left: left.clone(),
                under_way,
                writes: writes.clone(),
                asked_for: Vec::new(),
            };
            let says = format!("{place} is what was asked for, {says}");
            subject.mutant(Family::View, &format!("{place}/{way}"), KIND, says, move || fault.clone())
        })
        .collect()
}

#[derive(Debug, Clone)]
struct Requested {
    target: String,
    place: Place,
    /// The state beside the member, and its values that are left again.
    status: Place,
    left: BTreeSet<String>,
    under_way: bool,
    writes: Vec<String>,
    /// What updates named, and what they asked for.
    asked_for: Vec<(Vec<String>, Value)>,
}

impl Behaviour for Requested {
    fn answer(&mut self, asked: &Asked<'_>) -> Option<Response> {
        let operation = asked.target().split_once('.').map_or("", |(_, operation)| operation);
        let mut response = asked.reference();
        if !is_success(&response) || asked.is_control() {
            return Some(response);
        }
        if self.writes.iter().any(|write| write == operation) {
            let wanted = asked.input().and_then(|input| input.get(self.place.name()?));
            self.asked_for.extend(wanted.map(|wanted| (texts(asked), wanted.clone())));
        } else if asked.target() == self.target
            && let Some(wanted) = self.wanted(&texts(asked))
        {
            let right = response.clone();
            change_body(&mut response, |body| self.show(body, &wanted));
            if right != response {
                asked.deviate();
            }
        }
        Some(response)
    }
}

impl Requested {
    fn wanted(&self, named: &[String]) -> Option<Value> {
        let about = self.asked_for.iter().rev().find(|(names, _)| names.iter().any(|name| named.contains(name)));
        about.map(|(_, wanted)| wanted.clone())
    }

    fn show(&self, body: &mut Value, wanted: &Value) {
        let mut under_way = None;
        self.status.change(body, &mut |status| {
            under_way = status.as_str().map(|status| self.left.contains(status));
        });
        if under_way == Some(self.under_way) {
            self.place.change(body, &mut |value| value.clone_from(wanted));
        }
    }
}

/// The texts of an input: one of them names the resource.
fn texts(asked: &Asked<'_>) -> Vec<String> {
    let members = asked.input().and_then(Value::as_object).into_iter().flat_map(|members| members.values());
    members.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A list that is not whole, or holds something twice.
fn of_list(subject: &Subject<'_>, place: &Place) -> Vec<Mutant> {
    let contract = subject.contract;
    let member = contract.members(&subject.operation.output).iter().find(|member| Some(&*member.name) == place.name());
    let shape = member.and_then(|member| contract.shape(&member.target));
    if !shape.is_some_and(|shape| matches!(shape.kind, Kind::List(_))) {
        return Vec::new();
    }
    let ways: [(&str, &str, fn(&mut Vec<Value>)); 4] = [
        ("lacks-first", "lacks its first item", |items| drop(items.drain(..items.len().min(1)))),
        ("lacks-last", "lacks its last item", |items| drop(items.pop())),
        ("repeats", "holds its first item twice", |items| items.extend(items.first().cloned())),
        ("empty", "is empty", Vec::clear),
    ];
    ways.into_iter()
        .map(|(name, says, change)| {
            let (target, at) = (subject.target(), place.clone());
            subject.mutant(Family::View, &format!("{place}/{name}"), KIND, format!("{place} {says}"), move || {
                let at = at.clone();
                Altered {
                    target: target.clone(),
                    answers: Answers::Successes,
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
            })
        })
        .collect()
}
