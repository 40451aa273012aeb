//! Deployments: their creation, reads and continuation.

use serde_json::{Map, Value, json};

use super::{
    CodeDeployResult, Rejection,
    application::Platform,
    estate::{Estate, GroupKey},
    group::{DeploymentGroup, copied},
    input::{bad_deployment_id, deployment_config, deployment_id, is_deployment_id, missing, revision},
    stop::StopObstacle,
    timeline::{DeploymentCourse, DeploymentPhase, TimelineEnd},
};

/// The maximum number of IDs in one batch.
const BATCH: usize = 25;

#[derive(Debug, Clone)]
pub(super) struct CodeDeployDeployment {
    pub(super) id: String,
    pub(super) group: GroupKey,
    pub(super) group_id: String,
    pub(super) platform: Platform,
    pub(super) config: String,
    pub(super) creator: &'static str,
    pub(super) revision: Value,
    pub(super) previous_revision: Option<Value>,
    /// The settings of the call and those copied from the group, as `GetDeployment` returns them.
    pub(super) settings: Map<String, Value>,
    pub(super) phase: DeploymentPhase,
    pub(super) course: DeploymentCourse,
    pub(super) obstacle: Option<StopObstacle>,
    pub(super) created: f64,
    pub(super) started: Option<f64>,
    pub(super) completed: Option<f64>,
    pub(super) stop_requested: Option<f64>,
    pub(super) rollback: Map<String, Value>,
}

/// The settings of the call that `GetDeployment` returns unchanged.
const OF_CALL: &[&str] = &[
    "description",
    "ignoreApplicationStopFailures",
    "targetInstances",
    "updateOutdatedInstancesOnly",
    "fileExistsBehavior",
    "overrideAlarmConfiguration",
];

/// The settings of the group that its deployments also return. The settings of the call override them.
const OF_GROUP: &[&str] =
    &["autoRollbackConfiguration", "deploymentStyle", "blueGreenDeploymentConfiguration", "loadBalancerInfo"];

impl CodeDeployDeployment {
    pub(super) fn status(&self) -> &'static str {
        self.phase.status()
    }

    /// Returns true if the configuration of the deployment or of its group requests a rollback on this event.
    pub(super) fn rolls_back_on(&self, event: &str) -> bool {
        let configuration = self.settings.get("autoRollbackConfiguration").unwrap_or(&Value::Null);
        let named = configuration["events"].as_array().is_some_and(|events| events.iter().any(|e| e == event));
        configuration["enabled"] == true && named
    }

    /// The deployment as `GetDeployment` returns it.
    fn info(&self) -> Value {
        let mut info = self.settings.clone();
        let always = [
            ("applicationName", json!(self.group.0)),
            ("deploymentGroupName", json!(self.group.1)),
            ("deploymentConfigName", json!(self.config)),
            ("deploymentId", json!(self.id)),
            ("revision", self.revision.clone()),
            ("status", json!(self.status())),
            ("createTime", json!(self.created)),
            ("creator", json!(self.creator)),
            ("computePlatform", json!(self.platform.name())),
            ("deploymentOverview", self.overview()),
            ("instanceTerminationWaitTimeStarted", json!(false)),
        ];
        let error = match self.phase {
            DeploymentPhase::Ended(TimelineEnd::Failed(code) | TimelineEnd::Stopped(Some(code))) => Some(code),
            _ => None,
        };
        let sometimes = [
            ("previousRevision", self.previous_revision.clone()),
            ("startTime", self.started.map(Value::from)),
            ("completeTime", self.completed.map(Value::from)),
            ("errorInformation", error.map(|code| json!({"code": code, "message": error_message(code)}))),
            ("rollbackInfo", (!self.rollback.is_empty()).then(|| json!(self.rollback))),
        ];
        info.extend(always.map(|(name, value)| (name.to_owned(), value)));
        info.extend(sometimes.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        Value::Object(info)
    }
}

fn error_message(code: &str) -> &'static str {
    match code {
        "NO_INSTANCES" => "The deployment group selects no instance",
        "HEALTH_CONSTRAINTS" => "Too few instances became healthy in time",
        "MANUAL_STOP" => "Somebody stopped the deployment",
        _ => "An alarm of the deployment group stopped the deployment",
    }
}

impl Estate {
    pub(super) fn create_deployment(&mut self, input: &Value, now: f64) -> CodeDeployResult {
        let key = self.group_key(input)?;
        let group = self.group(&key)?;
        let revision = revision(input)?;
        let config = deployment_config(input, &group.config)?;
        let mut settings = copied(&group.settings, OF_GROUP);
        settings.entry("deploymentStyle").or_insert_with(|| default_style(group.platform));
        settings.extend(copied(input, OF_CALL));
        settings.extend(copied(input, &["autoRollbackConfiguration"]));
        let id = self.new_deployment_id();
        let deployment = CodeDeployDeployment {
            id: id.clone(),
            group_id: group.id.clone(),
            platform: group.platform,
            config: config.to_owned(),
            creator: "user",
            revision: revision.clone(),
            previous_revision: group.target_revision.clone(),
            settings,
            phase: DeploymentPhase::Queued,
            course: course(group, config),
            obstacle: None,
            created: now,
            started: None,
            completed: None,
            stop_requested: None,
            rollback: Map::new(),
            group: key,
        };
        self.enqueue(deployment, now);
        Ok(json!({"deploymentId": id}))
    }

    pub(super) fn get_deployment(&self, input: &Value) -> CodeDeployResult {
        let deployment = self.deployment(deployment_id(input)?)?;
        Ok(json!({"deploymentInfo": deployment.info()}))
    }

    /// Omits unknown IDs from the response, because the model declares no error for them.
    pub(super) fn batch_get_deployments(&self, input: &Value) -> CodeDeployResult {
        let ids: Vec<&str> =
            input["deploymentIds"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if ids.is_empty() || ids.contains(&"") {
            return Err(missing("deploymentIds"));
        }
        if ids.len() > BATCH {
            return Err(Rejection::new("BatchLimitExceededException", format!("A batch has at most {BATCH} ids")));
        }
        if !ids.iter().all(|id| is_deployment_id(id)) {
            return Err(bad_deployment_id());
        }
        let infos: Vec<Value> =
            ids.iter().filter_map(|id| self.deployment(id).ok()).map(CodeDeployDeployment::info).collect();
        Ok(json!({"deploymentsInfo": infos}))
    }

    pub(super) fn continue_deployment(&mut self, input: &Value, now: f64) -> CodeDeployResult {
        let id = deployment_id(input)?;
        let phase = self.deployment(id)?.phase;
        if matches!(phase, DeploymentPhase::Ended(_)) {
            return Err(Rejection::new("DeploymentAlreadyCompletedException", format!("{id} is complete")));
        }
        if input["deploymentWaitType"] == "TERMINATION_WAIT" {
            let message = "No deployment of the reference waits for the end of its original instances";
            return Err(Rejection::new("InvalidDeploymentWaitTypeException", message));
        }
        if !matches!(phase, DeploymentPhase::Ready { .. }) {
            return Err(Rejection::new("DeploymentIsNotInReadyStateException", format!("{id} is not ready")));
        }
        if let Some(deployment) = self.deployments.get_mut(&id.to_owned()) {
            deployment.course = DeploymentCourse::PROMPT;
            deployment.phase = DeploymentPhase::InProgress { since: now };
        }
        Ok(json!({}))
    }
}

fn default_style(platform: Platform) -> Value {
    match platform {
        Platform::Server => json!({"deploymentType": "IN_PLACE", "deploymentOption": "WITHOUT_TRAFFIC_CONTROL"}),
        Platform::Lambda | Platform::Ecs => {
            json!({"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"})
        }
    }
}

/// The course of a deployment to this group without an intervention.
fn course(group: &DeploymentGroup, config: &str) -> DeploymentCourse {
    if let Some(wait) = group.rerouting_wait() {
        return DeploymentCourse::Reroutes { wait };
    }
    let gradual = config.contains("Canary") || config.contains("Linear");
    match group.platform {
        Platform::Server if group.selects_instances() => DeploymentCourse::Unhealthy,
        Platform::Server => DeploymentCourse::NoInstances,
        Platform::Lambda | Platform::Ecs if gradual => DeploymentCourse::GRADUAL,
        Platform::Lambda | Platform::Ecs => DeploymentCourse::PROMPT,
    }
}
