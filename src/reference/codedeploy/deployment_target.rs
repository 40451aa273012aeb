//! The only target of a deployment of the reference implementation, and its lifecycle events.
//!
//! The state of the target depends only on the deployment and the time, so no event starts after a stop.

use serde_json::{Value, json};

use super::{
    CodeDeployResult, Rejection,
    application::Platform,
    deployment::CodeDeployDeployment,
    estate::Estate,
    input::{deployment_id, required},
    timeline::{DeploymentCourse, DeploymentPhase, TimelineEnd, to_milliseconds},
};

const SERVER: &[&str] = &[
    "ApplicationStop",
    "DownloadBundle",
    "BeforeInstall",
    "Install",
    "AfterInstall",
    "ApplicationStart",
    "ValidateService",
];
const LAMBDA: &[&str] = &["BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic"];
const ECS: &[&str] =
    &["BeforeInstall", "Install", "AfterInstall", "BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic"];

/// The valid statuses of a filter.
const STATUSES: &[&str] = &["Pending", "InProgress", "Succeeded", "Failed", "Skipped", "Unknown", "Ready"];

impl Estate {
    pub(super) fn list_targets(&self, input: &Value) -> CodeDeployResult {
        let deployment = self.started(input)?;
        if input.get("nextToken").is_some() {
            return Err(Rejection::new("InvalidNextTokenException", "All targets are on one page"));
        }
        let filters = &input["targetFilters"];
        let wanted =
            |name: &str| filters[name].as_array().map(|values| values.iter().filter_map(Value::as_str).collect());
        let statuses: Option<Vec<&str>> = wanted("TargetStatus");
        if statuses.iter().flatten().any(|status| !STATUSES.contains(status)) {
            return Err(Rejection::new("InvalidInstanceStatusException", "The filter has an unknown target status"));
        }
        let labels: Option<Vec<&str>> = wanted("ServerInstanceLabel");
        let is_listed = deployment.started.is_some()
            && statuses.is_none_or(|statuses| statuses.contains(&deployment.target_status()))
            && labels.is_none_or(|labels| deployment.label().is_some_and(|label| labels.contains(&label)));
        let ids: Vec<String> = if is_listed { vec![self.target_id(deployment)] } else { Vec::new() };
        Ok(json!({"targetIds": ids}))
    }

    pub(super) fn get_target(&self, input: &Value, now: f64) -> CodeDeployResult {
        deployment_id(input)?;
        let wanted = required(input, "targetId")?;
        let deployment = self.started(input)?;
        let id = self.target_id(deployment);
        if deployment.started.is_none() || wanted != id {
            let message = format!("{} has no target {wanted}", deployment.id);
            return Err(Rejection::new("DeploymentTargetDoesNotExistException", message));
        }
        Ok(json!({"deploymentTarget": self.target(deployment, &id, now)}))
    }

    /// The deployment of an input. A deployment that has not started is an error.
    fn started(&self, input: &Value) -> Result<&CodeDeployDeployment, Rejection> {
        let deployment = self.deployment(deployment_id(input)?)?;
        if matches!(deployment.phase, DeploymentPhase::Queued | DeploymentPhase::Created { .. }) {
            let message = format!("{} has not started", deployment.id);
            return Err(Rejection::new("DeploymentNotStartedException", message));
        }
        Ok(deployment)
    }

    fn target(&self, deployment: &CodeDeployDeployment, id: &str, now: f64) -> Value {
        let seen = deployment.completed.or(deployment.stop_requested).unwrap_or(now);
        let mut target = json!({
            "deploymentId": deployment.id,
            "targetId": id,
            "targetArn": self.target_arn(deployment, id),
            "status": deployment.target_status(),
            "lastUpdatedAt": seen,
            "lifecycleEvents": deployment.lifecycle_events(now),
        });
        let (kind, member) = match deployment.platform {
            Platform::Server => {
                if let Some(label) = deployment.label() {
                    target["instanceLabel"] = json!(label);
                }
                ("InstanceTarget", "instanceTarget")
            }
            Platform::Lambda => {
                target["lambdaFunctionInfo"] = json!({"functionName": "reference", "functionAlias": "live"});
                ("LambdaTarget", "lambdaTarget")
            }
            Platform::Ecs => {
                target["taskSetsInfo"] = json!([]);
                ("ECSTarget", "ecsTarget")
            }
        };
        json!({"deploymentTargetType": kind, member: target})
    }

    /// The ID of the target. All deployments to a group have the same one.
    fn target_id(&self, deployment: &CodeDeployDeployment) -> String {
        match deployment.platform {
            Platform::Server => {
                let digits: String = deployment.group_id.chars().filter(char::is_ascii_hexdigit).take(17).collect();
                format!("i-{digits}")
            }
            Platform::Lambda => "reference:live".to_owned(),
            Platform::Ecs => {
                let settings = self.group_of(deployment).map(|group| &group.settings["ecsServices"][0]);
                let part = |name: &str| settings.and_then(|s| s[name].as_str()).unwrap_or("reference").to_owned();
                format!("{}:{}", part("clusterName"), part("serviceName"))
            }
        }
    }

    fn target_arn(&self, deployment: &CodeDeployDeployment, id: &str) -> String {
        let (service, resource) = match deployment.platform {
            Platform::Server => ("ec2", format!("instance/{id}")),
            Platform::Lambda => ("lambda", format!("function:{id}")),
            Platform::Ecs => ("ecs", format!("service/{}", id.replace(':', "/"))),
        };
        format!("arn:aws:{service}:{}:{}:{resource}", self.region, self.account)
    }
}

impl CodeDeployDeployment {
    fn target_status(&self) -> &'static str {
        match self.phase {
            DeploymentPhase::Queued | DeploymentPhase::Created { .. } => "Pending",
            DeploymentPhase::InProgress { .. } | DeploymentPhase::Stopping { .. } => "InProgress",
            DeploymentPhase::Ready { .. } => "Ready",
            DeploymentPhase::Ended(TimelineEnd::Succeeded) => "Succeeded",
            DeploymentPhase::Ended(TimelineEnd::Failed(_)) => "Failed",
            DeploymentPhase::Ended(TimelineEnd::Stopped(_)) => "Skipped",
        }
    }

    /// The instance label of the target in a blue/green deployment.
    fn label(&self) -> Option<&'static str> {
        let blue_green = self.settings.get("deploymentStyle")?["deploymentType"] == "BLUE_GREEN";
        (blue_green && self.platform == Platform::Server).then_some("Green")
    }

    /// The number of targets in each status.
    pub(super) fn overview(&self) -> Value {
        let mut overview =
            json!({"Pending": 0, "InProgress": 0, "Succeeded": 0, "Failed": 0, "Skipped": 0, "Ready": 0});
        if self.started.is_some() {
            overview[self.target_status()] = json!(1);
        }
        overview
    }

    /// The lifecycle events at the time `now`.
    ///
    /// The events run in sequence and take equally long. The last one lasts until the work ends.
    fn lifecycle_events(&self, now: f64) -> Vec<Value> {
        let Some(started) = self.started else { return Vec::new() };
        let names = match self.platform {
            Platform::Server => SERVER,
            Platform::Lambda => LAMBDA,
            Platform::Ecs => ECS,
        };
        let work = if matches!(self.course, DeploymentCourse::Reroutes { .. }) {
            DeploymentCourse::PROMPT
        } else {
            self.course
        };
        let each = (0..).zip(names).map(|(at, name)| (f64::from(at), name));
        let count = f64::from(u32::try_from(names.len()).unwrap_or(1));
        let step = (work.duration() / count).min(1.0);
        let horizon = self.stop_requested.or(self.completed).unwrap_or(now);
        let event = |(at, name): (f64, &&str)| {
            let start = to_milliseconds(started + step * at);
            let end = (at + 1.0 < count).then(|| to_milliseconds(start + step)).filter(|end| *end <= horizon);
            self.lifecycle_event(name, (start <= horizon).then_some(start), end)
        };
        each.map(event).collect()
    }

    /// One lifecycle event with its start time and its regular end time.
    fn lifecycle_event(&self, name: &str, start: Option<f64>, end: Option<f64>) -> Value {
        let status = match (self.phase, start, end) {
            (DeploymentPhase::Ended(TimelineEnd::Failed(_)), Some(_), None) => "Failed",
            (DeploymentPhase::Ended(_), Some(_), _) | (_, Some(_), Some(_)) => "Succeeded",
            (DeploymentPhase::Ended(_), None, _) => "Skipped",
            (_, Some(_), None) => "InProgress",
            (_, None, _) => "Pending",
        };
        let mut event = json!({"lifecycleEventName": name, "status": status});
        if let Some(start) = start {
            event["startTime"] = json!(start);
            if let Some(end) = end.or(self.completed) {
                event["endTime"] = json!(end);
            }
        }
        event
    }
}
