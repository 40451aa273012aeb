//! Applications, groups and their deployments, in memory.
//!
//! Nothing is deployed. A deployment to servers is open until it is stopped; one that shifts a Lambda function's traffic
//! at once has succeeded when it is created; one to a group that selects no server has failed. Of the open deployments
//! of a group, the first is in progress and the others wait.

use std::{
    collections::{BTreeMap, HashMap},
    time::SystemTime,
};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Outcome, Refusal};

#[derive(Default)]
pub(crate) struct Estate {
    /// The compute platform of each application.
    applications: HashMap<String, String>,
    groups: HashMap<GroupName, Group>,
    /// By their ids, which grow: the order in which they were created.
    deployments: BTreeMap<String, Deployment>,
}

#[derive(Deserialize, Clone, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GroupName {
    application_name: String,
    deployment_group_name: String,
}

struct Group {
    selects_servers: bool,
    deployment_config_name: String,
}

struct Deployment {
    group: GroupName,
    revision: Value,
    created: f64,
    /// How and when it ended; an open one has not.
    ended: Option<(&'static str, f64)>,
    /// What a test wants to see of a stop.
    stop: Stop,
}

#[derive(Clone, Copy)]
enum Stop {
    Works(&'static str),
    Fails(u16, &'static str),
}

/// The states that no operation reaches, and how a stop goes in each.
const ESTABLISHED: &[(&str, Stop)] = &[
    ("a deployment whose stop is forced", Stop::Works("Forced")),
    ("a deployment whose stop is throttled", Stop::Fails(400, "ThrottlingException")),
    ("a deployment whose stop meets an internal failure", Stop::Fails(500, "InternalFailure")),
    ("a deployment whose stop is unavailable", Stop::Fails(503, "ServiceUnavailable")),
    ("a deployment owned by CloudFormation", Stop::Fails(400, "UnsupportedActionForDeploymentTypeException")),
    ("a deployment that cannot be stopped any more", Stop::Fails(400, "UnsupportedActionForDeploymentTypeException")),
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Application {
    application_name: String,
    compute_platform: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewGroup {
    #[serde(flatten)]
    name: GroupName,
    deployment_config_name: Option<String>,
    #[serde(default)]
    ec2_tag_filters: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewDeployment {
    #[serde(flatten)]
    group: GroupName,
    deployment_config_name: Option<String>,
    #[serde(default)]
    revision: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeploymentId {
    deployment_id: Option<String>,
    /// Read and forgotten: nothing is rolled back here.
    #[serde(rename = "autoRollbackEnabled")]
    _auto_rollback_enabled: Option<bool>,
}

impl DeploymentId {
    /// The id, where it has the form that every documented one has.
    fn get(&self) -> Result<&str, Refusal> {
        let id = self.deployment_id.as_deref().ok_or(Refusal::new("DeploymentIdRequiredException"))?;
        let rest = id.strip_prefix("d-").unwrap_or_default();
        let is_right = rest.len() == 9 && rest.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
        if is_right { Ok(id) } else { Err(Refusal::new("InvalidDeploymentIdException")) }
    }
}

impl Estate {
    pub(crate) fn create_application(&mut self, new: Application) -> Outcome {
        let platform = new.compute_platform.unwrap_or_else(|| "Server".to_owned());
        match self.applications.insert(new.application_name, platform) {
            None => Ok(json!({"applicationId": "00000000-0000-4000-8000-000000000000"})),
            Some(_) => Err(Refusal::new("ApplicationAlreadyExistsException")),
        }
    }

    pub(crate) fn delete_application(&mut self, old: &Application) -> Outcome {
        self.applications.remove(&old.application_name);
        self.groups.retain(|name, _| name.application_name != old.application_name);
        Ok(json!({}))
    }

    pub(crate) fn create_group(&mut self, new: NewGroup) -> Outcome {
        if !self.applications.contains_key(&new.name.application_name) {
            return Err(Refusal::new("ApplicationDoesNotExistException"));
        }
        let group = Group {
            selects_servers: !new.ec2_tag_filters.is_empty(),
            deployment_config_name: new.deployment_config_name.unwrap_or_default(),
        };
        self.groups.insert(new.name, group);
        Ok(json!({"deploymentGroupId": "00000000-0000-4000-8000-000000000000"}))
    }

    pub(crate) fn delete_group(&mut self, old: GroupName) -> Outcome {
        self.groups.remove(&old);
        Ok(json!({}))
    }

    pub(crate) fn create_deployment(&mut self, new: NewDeployment) -> Outcome {
        let group = self.groups.get(&new.group).ok_or(Refusal::new("DeploymentGroupDoesNotExistException"))?;
        let config = new.deployment_config_name.as_ref().unwrap_or(&group.deployment_config_name);
        let is_server = self.applications.get(&new.group.application_name).is_some_and(|platform| platform == "Server");
        let ended = match config.as_str() {
            "CodeDeployDefault.LambdaAllAtOnce" => Some("Succeeded"),
            _ if is_server && !group.selects_servers => Some("Failed"),
            _ => None,
        };
        Ok(json!({"deploymentId": self.enter(new.group, new.revision, ended, Stop::Works("Succeeded"))}))
    }

    pub(crate) fn get_deployment(&self, wanted: &DeploymentId) -> Outcome {
        let id = wanted.get()?;
        let deployment = self.deployments.get(id).ok_or(Refusal::new("DeploymentDoesNotExistException"))?;
        let mut info = json!({
            "deploymentId": id,
            "applicationName": deployment.group.application_name,
            "deploymentGroupName": deployment.group.deployment_group_name,
            "status": self.status(id, deployment),
            "createTime": deployment.created,
            "revision": deployment.revision,
        });
        if let Some((_, completed)) = deployment.ended {
            info["completeTime"] = json!(completed);
        }
        Ok(json!({"deploymentInfo": info}))
    }

    pub(crate) fn stop_deployment(&mut self, wanted: &DeploymentId) -> Outcome {
        let id = wanted.get()?;
        let deployment = self.deployments.get_mut(id).ok_or(Refusal::new("DeploymentDoesNotExistException"))?;
        if !self.groups.contains_key(&deployment.group) {
            return Err(Refusal::new("DeploymentGroupDoesNotExistException"));
        }
        if deployment.ended.is_some() {
            return Err(Refusal::new("DeploymentAlreadyCompletedException"));
        }
        let status = match deployment.stop {
            Stop::Works(status) => status,
            Stop::Fails(status, error) => return Err(Refusal::of_status(status, error)),
        };
        deployment.ended = Some(("Stopped", now()));
        Ok(json!({"status": status, "statusMessage": "Nothing more of the deployment will run"}))
    }

    pub(crate) fn establish(&mut self, state: &str) -> Option<Value> {
        let (_, stop) = ESTABLISHED.iter().find(|(name, _)| *name == state)?;
        let own = format!("group-{}", self.deployments.len());
        let group = GroupName { application_name: "established".to_owned(), deployment_group_name: own.clone() };
        let servers = Group { selects_servers: true, deployment_config_name: String::new() };
        self.groups.insert(group.clone(), servers);
        let id = self.enter(group, Value::Null, None, *stop);
        Some(json!({"deploymentId": id, "applicationName": "established", "deploymentGroupName": own}))
    }

    /// A new deployment; its id.
    fn enter(&mut self, group: GroupName, revision: Value, ended: Option<&'static str>, stop: Stop) -> String {
        let id = format!("d-{:09}", self.deployments.len() + 1);
        let ended = ended.map(|status| (status, now()));
        self.deployments.insert(id.clone(), Deployment { group, revision, created: now(), ended, stop });
        id
    }

    fn status(&self, id: &str, deployment: &Deployment) -> &'static str {
        let is_before = |(other, before): (&String, &Deployment)| {
            other.as_str() < id && before.group == deployment.group && before.ended.is_none()
        };
        match deployment.ended {
            Some((status, _)) => status,
            None if self.deployments.iter().any(is_before) => "Queued",
            None => "InProgress",
        }
    }
}

/// Seconds since 1970, as timestamps are on the wire.
fn now() -> f64 {
    SystemTime::UNIX_EPOCH.elapsed().map_or(0.0, |since| since.as_secs_f64())
}
