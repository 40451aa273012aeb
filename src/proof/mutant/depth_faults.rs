//! Faults in how far back a rollback or a cancellation goes: to the first success, to an attempt that did not succeed,
//! nowhere, or twice.

use std::{collections::HashMap, sync::Arc};

use serde_json::{Value, json};

use super::{
    Mutant, MutantFamily, MutantSubject,
    behavior::{Acting, ReceivedCall, change_body, error_of, is_success},
    known_resources::KnownCreations,
};
use crate::{
    judge::code::Code,
    model::Contract,
    wire::{Response, protocol::protocol_of},
};

/// The values from before a change are not those that the documents promise.
const KIND: &[Code] = &[Code::EXPECTED_BODY, Code::EVENTUALLY, Code::CONSISTENTLY, Code::SIDE_EFFECT, Code::OUTCOME];

pub(super) fn mutants(subject: &MutantSubject<'_>) -> Vec<Mutant> {
    match subject.operation.name.as_str() {
        "StopDeployment" => {
            let picks = [
                ("first-success", "the first success", RollbackDepth::FirstSuccess),
                ("last-attempt", "the attempt before, whatever its outcome", RollbackDepth::LastAttempt),
                ("stopped", "the deployment that was stopped", RollbackDepth::Stopped),
                ("other-group", "the last success of another group of the application", RollbackDepth::OtherGroup),
            ];
            let picks = picks.map(|(name, says, depth)| rolling_back_to(subject, name, says, depth));
            let twice = "a stop with autoRollbackEnabled true starts two deployments";
            let rejected = "a rejected stop with autoRollbackEnabled true starts a deployment";
            let further = [
                starting(subject, "rollback/twice", twice, is_success),
                starting(subject, "rollback/although-rejected", rejected, is_already_complete),
            ];
            let configured = [
                configured(subject, "any-event", "any event of the configuration counts", |given| {
                    given["enabled"] == true
                }),
                configured(subject, "although-disabled", "a disabled configuration counts", |given| {
                    given["events"]
                        .as_array()
                        .is_some_and(|events| events.contains(&json!("DEPLOYMENT_STOP_ON_REQUEST")))
                }),
            ];
            picks.into_iter().chain(of_flag(subject)).chain(further).chain(configured).collect()
        }
        "CancelServicePipelineDeployment" => REVERTED.map(|reverted| reverting_to_creation(subject, reverted)).into(),
        _ => Vec::new(),
    }
}

/// The deployment whose revision a rollback shows.
#[derive(Debug, Clone, Copy)]
enum RollbackDepth {
    FirstSuccess,
    LastAttempt,
    Stopped,
    OtherGroup,
}

/// The deployments of each group in the order of their creation.
struct GroupHistory {
    contract: Arc<Contract>,
    /// The IDs, by application and group.
    groups: HashMap<(String, String), Vec<String>>,
}

impl GroupHistory {
    fn new(contract: &Arc<Contract>) -> Self {
        Self { contract: Arc::clone(contract), groups: HashMap::new() }
    }

    fn learn(&mut self, received: &ReceivedCall<'_>, response: &Response) {
        let created = received.target().ends_with(".CreateDeployment") && is_success(response);
        let Some(input) = received.input().filter(|_| created) else { return };
        let output: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        let names = ["applicationName", "deploymentGroupName"].map(|member| input[member].to_string());
        self.groups.entry(names.into()).or_default().extend(output["deploymentId"].as_str().map(str::to_owned));
    }

    /// The deployments of the group of one of them, up to this one.
    fn up_to(&self, id: &str) -> &[String] {
        let found = self.groups.values().find_map(|ids| Some(&ids[..=ids.iter().position(|known| known == id)?]));
        found.unwrap_or_default()
    }

    /// The deployments of the other groups of its application.
    fn of_other_groups(&self, id: &str) -> impl Iterator<Item = &String> {
        let has = |ids: &Vec<String>| ids.iter().any(|known| known == id);
        let own = self.groups.iter().find(|(_, ids)| has(ids)).map(|(names, _)| names);
        let others =
            self.groups.iter().filter(move |(names, _)| own.is_some_and(|own| own.0 == names.0 && own.1 != names.1));
        others.flat_map(|(_, ids)| ids)
    }

    fn revision(&self, depth: RollbackDepth, stopped: &str, received: &ReceivedCall<'_>) -> Option<Value> {
        let ids = self.up_to(stopped);
        let read = |id: &String| self.deployment(received, id);
        let picked = match depth {
            RollbackDepth::FirstSuccess => ids.iter().filter_map(read).find(|info| info["status"] == "Succeeded"),
            RollbackDepth::LastAttempt => ids.iter().rev().nth(1).and_then(read),
            RollbackDepth::Stopped => ids.last().and_then(read),
            RollbackDepth::OtherGroup => {
                self.of_other_groups(stopped).filter_map(read).find(|info| info["status"] == "Succeeded")
            }
        };
        picked.map(|info| info["revision"].clone())
    }

    /// A deployment as the reference shows it now.
    fn deployment(&self, received: &ReceivedCall<'_>, id: &str) -> Option<Value> {
        let operation = self.contract.operation("GetDeployment")?;
        let protocol = protocol_of(&self.contract).ok()?;
        let mut request = protocol.build_request(&self.contract, operation, &json!({ "deploymentId": id })).ok()?;
        request.headers.set("host", received.request.headers.get("host").unwrap_or("localhost"));
        let response = received.instead(&received.signed(request));
        serde_json::from_slice::<Value>(&response.body).ok().map(|body| body["deploymentInfo"].clone())
    }
}

fn rolling_back_to(subject: &MutantSubject<'_>, name: &str, what: &str, depth: RollbackDepth) -> Mutant {
    let says = format!("a rollback deploys the revision of {what}");
    let contract = Arc::clone(subject.contract);
    subject.mutant(MutantFamily::Depth, &format!("rollback-to/{name}"), KIND, says, move || {
        let mut history = GroupHistory::new(&contract);
        Acting(move |received: &ReceivedCall<'_>| {
            let right = received.reference();
            history.learn(received, &right);
            let read = received.target().ends_with(".GetDeployment") || received.target().contains(".BatchGet");
            if !read || !is_success(&right) {
                return Some(right);
            }
            let mut response = right.clone();
            change_body(&mut response, |body| {
                if let Some(info) = body.get_mut("deploymentInfo") {
                    show(info, &history, depth, received);
                }
                for info in body.get_mut("deploymentsInfo").and_then(Value::as_array_mut).into_iter().flatten() {
                    show(info, &history, depth, received);
                }
            });
            let value = |response: &Response| serde_json::from_slice::<Value>(&response.body).ok();
            if value(&response) != value(&right) {
                received.deviate();
            }
            Some(response)
        })
    })
}

/// Replaces the revision of a rollback.
fn show(info: &mut Value, history: &GroupHistory, depth: RollbackDepth, received: &ReceivedCall<'_>) {
    let stopped = info["rollbackInfo"]["rollbackTriggeringDeploymentId"].as_str().map(str::to_owned);
    if let Some(revision) = stopped.and_then(|stopped| history.revision(depth, &stopped, received)) {
        info["revision"] = revision;
    }
}

/// The member of the input that requests a rollback.
const FLAG: &str = "autoRollbackEnabled";

/// A value of the flag is read as another one, or as absent.
fn of_flag(subject: &MutantSubject<'_>) -> Vec<Mutant> {
    type Reading = fn(Option<&Value>) -> Option<Option<bool>>;
    let ways: [(&str, &str, Reading); 6] = [
        ("none", "a stop never rolls back", |_| Some(Some(false))),
        ("needs-configuration", "true counts only with a configuration", |given| {
            (given == Some(&Value::Bool(true))).then_some(None)
        }),
        ("false-needs-no-configuration", "false counts only without a configuration", |given| {
            (given == Some(&Value::Bool(false))).then_some(None)
        }),
        ("configuration-ignored", "the configuration does not count", |given| given.is_none().then_some(Some(false))),
        ("null-is-true", "null counts as true", |given| given.is_some_and(Value::is_null).then_some(Some(true))),
        ("null-is-false", "null counts as false", |given| given.is_some_and(Value::is_null).then_some(Some(false))),
    ];
    ways.into_iter()
        .map(|(name, says, reading)| {
            let target = subject.target();
            subject.mutant(MutantFamily::Depth, &format!("rollback/{name}"), KIND, says, move || {
                let target = target.clone();
                Acting(move |received: &ReceivedCall<'_>| {
                    let input = received.input().filter(|_| received.target() == target)?;
                    let read = reading(input.get(FLAG))?;
                    if !is_success(&received.rehearsed()) {
                        return None;
                    }
                    let mut input = input.clone();
                    input.as_object_mut()?.shift_remove(FLAG);
                    if let Some(read) = read {
                        input[FLAG] = json!(read);
                    }
                    received.deviate();
                    Some(received.instead(&received.with_input(&input)))
                })
            })
        })
        .collect()
}

/// A stop without the flag rolls back where the configuration is such a one.
fn configured(subject: &MutantSubject<'_>, name: &str, says: &str, counts: fn(&Value) -> bool) -> Mutant {
    let (target, contract) = (subject.target(), Arc::clone(subject.contract));
    subject.mutant(MutantFamily::Depth, &format!("rollback/{name}"), KIND, says, move || {
        let (target, history) = (target.clone(), GroupHistory::new(&contract));
        Acting(move |received: &ReceivedCall<'_>| {
            let input = received.input().filter(|_| received.target() == target)?;
            let is_absent = input.get(FLAG).is_none_or(Value::is_null);
            let stopped = history.deployment(received, input["deploymentId"].as_str().filter(|_| is_absent)?)?;
            if !counts(&stopped["autoRollbackConfiguration"]) || !is_success(&received.rehearsed()) {
                return None;
            }
            let mut input = input.clone();
            input[FLAG] = json!(true);
            received.deviate();
            Some(received.instead(&received.with_input(&input)))
        })
    })
}

/// A stop with the flag starts one more deployment of its group, where its response is such a one.
fn starting(subject: &MutantSubject<'_>, name: &str, says: &str, is_meant: fn(&Response) -> bool) -> Mutant {
    let target = subject.target();
    subject.mutant(MutantFamily::Depth, name, KIND, says, move || {
        let (target, mut creations) = (target.clone(), KnownCreations::default());
        Acting(move |received: &ReceivedCall<'_>| {
            let response = received.reference();
            creations.learn(received, &response);
            let input = received.input().filter(|_| received.target() == target && is_meant(&response));
            let stop = input.filter(|input| input[FLAG] == true);
            if let Some(creation) = stop.and_then(|input| creations.of(input)) {
                received.deviate();
                // The deployment matters; nobody sees its ID.
                drop(received.instead(creation));
            }
            Some(response)
        })
    })
}

fn is_already_complete(response: &Response) -> bool {
    error_of(response).as_deref() == Some("DeploymentAlreadyCompletedException")
}

/// The name of a fault, and the members of a cancelled pipeline that have the values from its creation.
type Reverted = (&'static str, &'static [&'static str]);

const REVERTED: [Reverted; 4] = [
    ("everything", &["templateMajorVersion", "templateMinorVersion", "spec", "lastDeploymentSucceededAt"]),
    ("versions", &["templateMajorVersion", "templateMinorVersion"]),
    ("spec", &["spec"]),
    ("time", &["lastDeploymentSucceededAt"]),
];

/// A cancelled pipeline shows members of its first success instead of its last one.
fn reverting_to_creation(subject: &MutantSubject<'_>, (name, members): Reverted) -> Mutant {
    let says = format!("a cancelled pipeline goes back to its creation: {name}");
    subject.mutant(MutantFamily::Depth, &format!("reverts-to-creation/{name}"), KIND, says, move || {
        let mut first = HashMap::<String, Value>::new();
        Acting(move |received: &ReceivedCall<'_>| {
            if !received.target().ends_with(".GetService") {
                return None;
            }
            let named = received.input()?["name"].as_str()?;
            let mut response = received.reference();
            let mut body: Value = serde_json::from_slice(&response.body).ok()?;
            let pipeline = &mut body["service"]["pipeline"];
            match pipeline["deploymentStatus"].as_str() {
                Some("SUCCEEDED") => drop(first.entry(named.to_owned()).or_insert_with(|| pipeline.clone())),
                Some("CANCELLED") => {
                    let right = pipeline.clone();
                    let created = first.get(named).cloned().unwrap_or_default();
                    for member in members.iter().filter(|member| !created[**member].is_null()) {
                        pipeline[*member] = created[*member].clone();
                    }
                    if *pipeline != right {
                        received.deviate();
                        change_body(&mut response, |shown| *shown = body);
                    }
                }
                _ => {}
            }
            Some(response)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::mutant::testing::of_operation;

    #[test]
    fn each_depth_is_enumerated_for_its_operation_only() {
        let names = |service, operation| of_operation(service, operation, mutants).len();
        assert_eq!(names("codedeploy", "StopDeployment"), 14);
        assert_eq!(names("proton", "CancelServicePipelineDeployment"), REVERTED.len());
        assert_eq!(names("codedeploy", "GetDeployment"), 0);
    }

    #[test]
    fn a_history_ends_at_the_deployment_that_was_stopped() {
        let ids = ["a", "b", "c"].map(str::to_owned).to_vec();
        of_operation("codedeploy", "StopDeployment", |subject| {
            let mut history = GroupHistory::new(subject.contract);
            let names = |group: &str| ("application".to_owned(), group.to_owned());
            history.groups.insert(names("group"), ids.clone());
            history.groups.insert(names("other"), vec!["x".to_owned()]);
            assert_eq!(history.up_to("b"), ["a", "b"]);
            assert!(history.up_to("d").is_empty());
            assert_eq!(history.of_other_groups("b").collect::<Vec<_>>(), ["x"]);
            assert_eq!(history.of_other_groups("d").count(), 0);
            Vec::new()
        });
    }
}
