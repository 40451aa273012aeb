//! Deployment groups: the targets of a deployment and its settings.

use serde_json::{Map, Value, json};

use super::{
    CodeDeployResult, Rejection,
    application::Platform,
    deployment::CodeDeployDeployment,
    estate::{Estate, GroupKey},
    input::{deployment_config, required},
};

#[derive(Debug, Clone)]
pub(super) struct DeploymentGroup {
    pub(super) id: String,
    pub(super) platform: Platform,
    pub(super) config: String,
    /// The input that created it.
    pub(super) settings: Value,
    /// The revision of the last deployment that succeeded.
    pub(super) target_revision: Option<Value>,
    last_successful: Option<String>,
    last_attempted: Option<String>,
}

/// The settings that `GetDeploymentGroup` returns unchanged.
const SHOWN: &[&str] = &[
    "ec2TagFilters",
    "onPremisesInstanceTagFilters",
    "serviceRoleArn",
    "triggerConfigurations",
    "alarmConfiguration",
    "autoRollbackConfiguration",
    "outdatedInstancesStrategy",
    "deploymentStyle",
    "blueGreenDeploymentConfiguration",
    "loadBalancerInfo",
    "ec2TagSet",
    "onPremisesTagSet",
    "ecsServices",
    "terminationHookEnabled",
];

/// The settings that select instances.
const SELECTORS: &[&str] = &[
    "/ec2TagFilters",
    "/ec2TagSet/ec2TagSetList",
    "/onPremisesInstanceTagFilters",
    "/onPremisesTagSet/onPremisesTagSetList",
    "/autoScalingGroups",
];

impl DeploymentGroup {
    /// Returns true if any setting selects instances.
    pub(super) fn selects_instances(&self) -> bool {
        SELECTORS.iter().any(|at| self.settings.pointer(at).and_then(Value::as_array).is_some_and(|l| !l.is_empty()))
    }

    /// The seconds to wait for `ContinueDeployment` before a stop, if the group sets such a wait.
    pub(super) fn rerouting_wait(&self) -> Option<f64> {
        let option = &self.settings["blueGreenDeploymentConfiguration"]["deploymentReadyOption"];
        (option["actionOnTimeout"] == "STOP_DEPLOYMENT")
            .then(|| 60.0 * option["waitTimeInMinutes"].as_f64().unwrap_or_default())
    }

    pub(super) fn attempt(&mut self, id: &str) {
        self.last_attempted = Some(id.to_owned());
    }

    pub(super) fn succeed(&mut self, id: &str, revision: &Value) {
        self.last_successful = Some(id.to_owned());
        self.target_revision = Some(revision.clone());
    }
}

impl Estate {
    pub(super) fn create_group(&mut self, input: &Value) -> CodeDeployResult {
        let application = required(input, "applicationName")?;
        let name = required(input, "deploymentGroupName")?;
        check_settings(input)?;
        let platform = self.application(application)?.platform;
        let key = (application.to_owned(), name.to_owned());
        if self.groups.contains(&key) {
            return Err(Rejection::new("DeploymentGroupAlreadyExistsException", format!("{name} exists already")));
        }
        let config = deployment_config(input, platform.default_config())?.to_owned();
        let id = self.ids.uuid();
        let settings = input.clone();
        let (target_revision, last_successful, last_attempted) = (None, None, None);
        let group = DeploymentGroup {
            id: id.clone(),
            platform,
            config,
            settings,
            target_revision,
            last_successful,
            last_attempted,
        };
        self.groups.insert(key, group);
        Ok(json!({"deploymentGroupId": id}))
    }

    pub(super) fn get_group(&self, input: &Value) -> CodeDeployResult {
        let key = self.group_key(input)?;
        let group = self.group(&key)?;
        let names = group.settings["autoScalingGroups"].as_array().into_iter().flatten();
        let mut info = Map::from_iter([
            ("applicationName".to_owned(), json!(key.0)),
            ("deploymentGroupName".to_owned(), json!(key.1)),
            ("deploymentGroupId".to_owned(), json!(group.id)),
            ("deploymentConfigName".to_owned(), json!(group.config)),
            ("computePlatform".to_owned(), json!(group.platform.name())),
            ("autoScalingGroups".to_owned(), names.map(|name| json!({"name": name})).collect()),
        ]);
        info.extend(copied(&group.settings, SHOWN));
        let last = |id: &Option<String>| id.as_deref().and_then(|id| self.deployment(id).ok()).map(summary);
        let optional = [
            ("targetRevision", group.target_revision.clone()),
            ("lastSuccessfulDeployment", last(&group.last_successful)),
            ("lastAttemptedDeployment", last(&group.last_attempted)),
        ];
        info.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        Ok(json!({"deploymentGroupInfo": info}))
    }

    /// Deletes the group and keeps its deployments.
    ///
    /// The model declares no error for an unknown group or a group in use.
    pub(super) fn delete_group(&mut self, input: &Value) -> CodeDeployResult {
        let application = required(input, "applicationName")?;
        let name = required(input, "deploymentGroupName")?;
        self.groups.remove(&(application.to_owned(), name.to_owned()));
        Ok(json!({"hooksNotCleanedUp": []}))
    }

    /// The application and group names of an input. An unknown application is an error.
    pub(super) fn group_key(&self, input: &Value) -> Result<GroupKey, Rejection> {
        let application = required(input, "applicationName")?;
        let group = required(input, "deploymentGroupName")?;
        self.application(application)?;
        Ok((application.to_owned(), group.to_owned()))
    }
}

/// Rejects invalid settings that the model does not constrain.
fn check_settings(input: &Value) -> Result<(), Rejection> {
    if !required(input, "serviceRoleArn")?.starts_with("arn:") {
        return Err(Rejection::new("InvalidRoleException", "The service role is not an ARN"));
    }
    let blue_green = "/blueGreenDeploymentConfiguration";
    let minutes = [
        "/deploymentReadyOption/waitTimeInMinutes",
        "/terminateBlueInstancesOnDeploymentSuccess/terminationWaitTimeInMinutes",
    ];
    let negative =
        |at: &str| input.pointer(&format!("{blue_green}{at}")).and_then(Value::as_f64).is_some_and(|m| m < 0.0);
    if minutes.into_iter().any(negative) {
        return Err(Rejection::new("InvalidBlueGreenDeploymentConfigurationException", "A wait time is negative"));
    }
    Ok(())
}

/// Copies the present members with these names.
pub(super) fn copied(from: &Value, names: &[&str]) -> Map<String, Value> {
    let present = names.iter().filter_map(|&name| Some((name.to_owned(), from.get(name)?.clone())));
    present.collect()
}

fn summary(deployment: &CodeDeployDeployment) -> Value {
    let mut summary = json!({
        "deploymentId": deployment.id,
        "status": deployment.status(),
        "createTime": deployment.created,
    });
    if let Some(completed) = deployment.completed {
        summary["endTime"] = json!(completed);
    }
    summary
}
