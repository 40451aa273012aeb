//! Faults that reach the neighbors of a resource: those of the same group, application or template, or of the same name in
//! another Region.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{
    FaultMemory, Mutant, MutantFamily, MutantSubject,
    behavior::{Acting, ReceivedCall, error_of, is_success},
    known_resources::key_member,
};
use crate::{
    judge::code::Code,
    reference::is_of_signature,
    wire::{Request, Response},
};

/// A neighbor changed, or a list shows what its filter excludes.
const KIND: &[Code] = &[Code::EXPECTED_BODY, Code::EVENTUALLY, Code::CONSISTENTLY, Code::SIDE_EFFECT, Code::OUTCOME];

/// What resources of an operation have in common.
struct NeighborRelation {
    operation: &'static str,
    /// The operation that creates the resource.
    created: &'static str,
    /// The members of its input that neighbors share, with a name for the relation.
    shared: &'static [SharedMembers],
    /// The members of its input that a resource of the same name in another Region has in common with it.
    names: &'static [&'static str],
}

/// A relation, and the members that it is about.
type SharedMembers = (&'static str, &'static [&'static str]);

const RELATIONS: [NeighborRelation; 2] = [
    NeighborRelation {
        operation: "StopDeployment",
        created: "CreateDeployment",
        shared: &[
            ("application", &["applicationName"]),
            ("group-name", &["deploymentGroupName"]),
            ("group", &["applicationName", "deploymentGroupName"]),
        ],
        names: &["applicationName", "deploymentGroupName"],
    },
    NeighborRelation {
        operation: "CancelServicePipelineDeployment",
        created: "CreateService",
        shared: &[("template", &["templateName"])],
        names: &["name"],
    },
];

pub(super) fn mutants(subject: &MutantSubject<'_>) -> Vec<Mutant> {
    let relation = RELATIONS.iter().find(|relation| relation.operation == subject.operation.name);
    let Some((relation, key)) = relation.zip(key_member(subject.contract, subject.operation)) else {
        return Vec::new();
    };
    let twin = ("region", relation.names);
    let reached = relation.shared.iter().map(|shared| (*shared, false)).chain([(twin, true)]);
    let both = reached.flat_map(|(shared, elsewhere)| [(shared, elsewhere, false), (shared, elsewhere, true)]);
    let reaching = both.map(|reach| reaching(subject, relation.created, &key, reach));
    let single = relation.shared.iter().filter_map(|(name, members)| Some((*name, *members.first()?, members.len())));
    let named = single.filter(|(.., members)| *members == 1);
    let named = named.map(|(name, member, _)| named_by_neighbor(subject, relation.created, &key, (name, member)));
    reaching.chain(named).collect()
}

/// A resource: its name and its Region.
type PlacedName = (String, String);

/// The inputs that created resources.
#[derive(Default)]
struct CreatedInputs(HashMap<PlacedName, Value>);

impl CreatedInputs {
    /// The response of the reference, which may create a resource.
    fn overheard(&mut self, received: &ReceivedCall<'_>, created: &str) -> Response {
        let response = received.reference();
        self.learn(received, &response, created);
        response
    }

    fn learn(&mut self, received: &ReceivedCall<'_>, response: &Response, created: &str) {
        let is_creation = received.target().ends_with(&format!(".{created}")) && is_success(response);
        let Some(input) = received.input().filter(|_| is_creation) else { return };
        let output: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        let name = output["deploymentId"].as_str().or_else(|| input["name"].as_str());
        self.0.extend(name.map(|name| ((name.to_owned(), received.region()), input.clone())));
    }

    /// The other resources that were created with the same values, in the same Region or elsewhere.
    fn neighbors(&self, own: &PlacedName, shared: &[&str], elsewhere: bool) -> Vec<PlacedName> {
        let Some(created) = self.0.get(own) else { return Vec::new() };
        let alike = |input: &Value| shared.iter().all(|member| input[*member] == created[*member]);
        let is_placed = |other: &PlacedName| other != own && (other.1 != own.1) == elsewhere;
        let others = self.0.iter().filter(|(other, input)| is_placed(other) && alike(input));
        others.map(|(other, _)| other.clone()).collect()
    }

    /// A resource of the Region that was created with this value, unless the value is itself a name.
    fn created_with(&self, member: &str, value: &str, region: &str) -> Option<&str> {
        let is_name = self.0.keys().any(|(name, _)| name == value);
        let found = self.0.iter().find(|((_, of), input)| of == region && input[member] == value);
        found.filter(|_| !is_name).map(|((name, _), _)| name.as_str())
    }
}

fn reaching(
    subject: &MutantSubject<'_>,
    created: &'static str,
    key: &str,
    ((relation, shared), elsewhere, instead): (SharedMembers, bool, bool),
) -> Mutant {
    let (target, key) = (subject.target(), key.to_owned());
    let (way, says) = if instead { ("instead", "instead of") } else { ("too", "in addition to") };
    let place = if elsewhere { "the other Region".to_owned() } else { format!("the same {relation}") };
    let says = format!("the call acts on a neighbor of {place} {says} the named resource");
    let mutant = subject.mutant(MutantFamily::Neighbor, &format!("{relation}/{way}"), KIND, says, move || {
        let (target, key, mut creations) = (target.clone(), key.clone(), CreatedInputs::default());
        Acting(move |received: &ReceivedCall<'_>| {
            if received.target() != target {
                return Some(creations.overheard(received, created));
            }
            let named = received.input()?[&key].as_str()?;
            let reach = |(other, region): &PlacedName| {
                let mut input = received.input().cloned().unwrap_or_default();
                input[&key] = json!(other);
                let request = Request { body: input.to_string().into(), ..received.request.clone() };
                is_success(&received.instead(&received.signed_by(request, &received.signer().0, region)))
            };
            if !is_success(&received.rehearsed()) {
                return None;
            }
            let response = if instead { received.rehearsed() } else { received.reference() };
            let own = (named.to_owned(), received.region());
            let reached = creations.neighbors(&own, shared, elsewhere).iter().filter(|other| reach(other)).count();
            if reached == 0 {
                return Some(if instead { received.reference() } else { response });
            }
            received.deviate();
            Some(response)
        })
    });
    if elsewhere { mutant.remembering(FaultMemory::Calls) } else { mutant }
}

/// The name of what a resource belongs to finds the resource.
fn named_by_neighbor(
    subject: &MutantSubject<'_>,
    created: &'static str,
    key: &str,
    (relation, member): (&'static str, &'static str),
) -> Mutant {
    let (target, key) = (subject.target(), key.to_owned());
    let says = format!("the name of the {relation} finds the resource");
    let mutant = subject.mutant(MutantFamily::Neighbor, &format!("{relation}/by-name"), KIND, says, move || {
        let (target, key, mut creations) = (target.clone(), key.clone(), CreatedInputs::default());
        Acting(move |received: &ReceivedCall<'_>| {
            if received.target() != target {
                return Some(creations.overheard(received, created));
            }
            let mut input = received.input()?.clone();
            let found = creations.created_with(member, input[&key].as_str()?, &received.region())?;
            input[&key] = json!(found);
            if error_of(&received.rehearsed()).is_some_and(|error| is_of_signature(&error)) {
                return None;
            }
            received.deviate();
            Some(received.instead(&received.with_input(&input)))
        })
    });
    mutant.remembering(FaultMemory::Calls)
}

/// The members of a list's input that filter it.
const FILTERS: [(&str, &str, &[&str]); 2] = [
    ("ListDeployments", "group", &["applicationName", "deploymentGroupName"]),
    ("ListDeployments", "statuses", &["includeOnlyStatuses"]),
];

/// A filter of a list does not count, at all or once an operation under test has succeeded.
pub(super) fn of_list(subject: &MutantSubject<'_>) -> Vec<Mutant> {
    let own = |filter: &&(&str, &str, &[&str])| {
        filter.0 == subject.operation.name && filter.2.iter().all(|member| has_member(subject, member))
    };
    let filters = FILTERS.iter().filter(own);
    filters
        .flat_map(|(_, name, members)| [false, true].map(|after| unfiltered(subject, name, members, after)))
        .collect()
}

fn has_member(subject: &MutantSubject<'_>, name: &str) -> bool {
    subject.contract.members(&subject.operation.input).iter().any(|member| member.name == name)
}

fn unfiltered(subject: &MutantSubject<'_>, name: &str, members: &'static [&'static str], after: bool) -> Mutant {
    let target = subject.target();
    let (way, says) = if after { ("dropped", "once something was stopped") } else { ("ignored", "at all") };
    let says = format!("the filter by {name} does not count {says}");
    subject.mutant(MutantFamily::Neighbor, &format!("filter-{name}/{way}"), KIND, says, move || {
        let (target, mut changed) = (target.clone(), false);
        Acting(move |received: &ReceivedCall<'_>| {
            if received.target() != target {
                let response = received.reference();
                changed |= received.target().ends_with(".StopDeployment") && is_success(&response);
                return Some(response);
            }
            let mut input = received.input().filter(|_| changed || !after)?.clone();
            let given = input.as_object_mut()?;
            let removed = members.iter().filter_map(|member| given.shift_remove(*member)).count();
            (removed > 0).then(|| {
                received.deviate();
                received.instead(&received.with_input(&input))
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::mutant::testing::of_operation;

    #[test]
    fn every_relation_is_enumerated_in_both_ways_and_every_filter() {
        let stop = of_operation("codedeploy", "StopDeployment", mutants);
        let cancel = of_operation("proton", "CancelServicePipelineDeployment", mutants);
        assert_eq!((stop.len(), cancel.len()), (10, 5));
        let lists = |service, operation| of_operation(service, operation, of_list).len();
        assert_eq!((lists("codedeploy", "ListDeployments"), lists("proton", "ListDeployments")), (4, 0));
    }

    #[test]
    fn neighbors_share_every_member_of_a_relation_and_are_in_one_region_or_in_two() {
        let input =
            |application: &str, group: &str| json!({"applicationName": application, "deploymentGroupName": group});
        let placed = |id: &str, region: &str| (id.to_owned(), region.to_owned());
        let known = [
            (placed("d-1", "r"), input("a", "g")),
            (placed("d-2", "r"), input("a", "h")),
            (placed("d-3", "r"), input("b", "g")),
            (placed("d-4", "s"), input("a", "g")),
        ];
        let creations = CreatedInputs(known.into());
        let neighbors = |shared: &[&str], elsewhere| creations.neighbors(&placed("d-1", "r"), shared, elsewhere);
        assert_eq!(neighbors(&["applicationName"], false), [placed("d-2", "r")]);
        assert_eq!(neighbors(&["deploymentGroupName"], false), [placed("d-3", "r")]);
        assert!(neighbors(&["applicationName", "deploymentGroupName"], false).is_empty());
        assert_eq!(neighbors(&["applicationName", "deploymentGroupName"], true), [placed("d-4", "s")]);
        assert_eq!(creations.created_with("applicationName", "b", "r"), Some("d-3"));
        assert_eq!(creations.created_with("applicationName", "b", "s"), None);
        assert_eq!(creations.created_with("applicationName", "d-1", "r"), None);
    }
}
