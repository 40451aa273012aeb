//! Faults that reach the neighbors of a resource: those of the same group, application or template.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{
    Mutant, MutantFamily, MutantSubject,
    behavior::{Acting, ReceivedCall, is_success},
    known_resources::key_member,
};
use crate::{judge::code::Code, wire::Response};

/// A neighbor changed, or a list shows what its filter excludes.
const KIND: &[Code] = &[Code::EXPECTED_BODY, Code::EVENTUALLY, Code::CONSISTENTLY, Code::SIDE_EFFECT, Code::OUTCOME];

/// What resources of an operation have in common.
struct NeighborRelation {
    operation: &'static str,
    /// The operation that creates the resource.
    created: &'static str,
    /// The members of its input that neighbors share, with a name for the relation.
    shared: &'static [(&'static str, &'static [&'static str])],
}

const RELATIONS: [NeighborRelation; 2] = [
    NeighborRelation {
        operation: "StopDeployment",
        created: "CreateDeployment",
        shared: &[
            ("application", &["applicationName"]),
            ("group-name", &["deploymentGroupName"]),
            ("group", &["applicationName", "deploymentGroupName"]),
        ],
    },
    NeighborRelation {
        operation: "CancelServicePipelineDeployment",
        created: "CreateService",
        shared: &[("template", &["templateName"])],
    },
];

pub(super) fn mutants(subject: &MutantSubject<'_>) -> Vec<Mutant> {
    let relation = RELATIONS.iter().find(|relation| relation.operation == subject.operation.name);
    let Some((relation, key)) = relation.zip(key_member(subject.contract, subject.operation)) else {
        return Vec::new();
    };
    let both = relation.shared.iter().flat_map(|shared| [(shared, false), (shared, true)]);
    both.map(|(shared, instead)| reaching(subject, relation.created, &key, (*shared, instead))).collect()
}

/// The inputs that created resources, by the name of the resource.
#[derive(Default)]
struct CreatedInputs(HashMap<String, Value>);

impl CreatedInputs {
    fn learn(&mut self, received: &ReceivedCall<'_>, response: &Response, created: &str) {
        let is_creation = received.target().ends_with(&format!(".{created}")) && is_success(response);
        let Some(input) = received.input().filter(|_| is_creation) else { return };
        let output: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        let name = output["deploymentId"].as_str().or_else(|| input["name"].as_str());
        self.0.extend(name.map(|name| (name.to_owned(), input.clone())));
    }

    /// The other resources that were created with the same values.
    fn neighbors(&self, name: &str, shared: &[&str]) -> Vec<String> {
        let Some(own) = self.0.get(name) else { return Vec::new() };
        let alike = |input: &Value| shared.iter().all(|member| input[*member] == own[*member]);
        let others = self.0.iter().filter(|(other, input)| *other != name && alike(input));
        others.map(|(other, _)| other.clone()).collect()
    }
}

fn reaching(
    subject: &MutantSubject<'_>,
    created: &'static str,
    key: &str,
    ((relation, shared), instead): ((&'static str, &'static [&'static str]), bool),
) -> Mutant {
    let (target, key) = (subject.target(), key.to_owned());
    let (way, says) = if instead { ("instead", "instead of") } else { ("too", "in addition to") };
    let says = format!("the call acts on a neighbor of the same {relation} {says} the named resource");
    subject.mutant(MutantFamily::Neighbor, &format!("{relation}/{way}"), KIND, says, move || {
        let (target, key, mut creations) = (target.clone(), key.clone(), CreatedInputs::default());
        Acting(move |received: &ReceivedCall<'_>| {
            if received.target() != target {
                let response = received.reference();
                creations.learn(received, &response, created);
                return Some(response);
            }
            let named = received.input()?[&key].as_str()?;
            let reach = |other: &String| {
                let mut input = received.input().cloned().unwrap_or_default();
                input[&key] = json!(other);
                is_success(&received.instead(&received.with_input(&input)))
            };
            if !is_success(&received.rehearsed()) {
                return None;
            }
            let response = if instead { received.rehearsed() } else { received.reference() };
            let reached = creations.neighbors(named, shared).iter().filter(|other| reach(other)).count();
            if reached == 0 {
                return Some(if instead { received.reference() } else { response });
            }
            received.deviate();
            Some(response)
        })
    })
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
        assert_eq!((stop.len(), cancel.len()), (6, 2));
        let lists = |service, operation| of_operation(service, operation, of_list).len();
        assert_eq!((lists("codedeploy", "ListDeployments"), lists("proton", "ListDeployments")), (4, 0));
    }

    #[test]
    fn neighbors_share_every_member_of_a_relation() {
        let input =
            |application: &str, group: &str| json!({"applicationName": application, "deploymentGroupName": group});
        let known = [("d-1", input("a", "g")), ("d-2", input("a", "h")), ("d-3", input("b", "g"))];
        let creations = CreatedInputs(known.map(|(id, input)| (id.to_owned(), input)).into());
        assert_eq!(creations.neighbors("d-1", &["applicationName"]), ["d-2"]);
        assert_eq!(creations.neighbors("d-1", &["deploymentGroupName"]), ["d-3"]);
        assert!(creations.neighbors("d-1", &["applicationName", "deploymentGroupName"]).is_empty());
    }
}
