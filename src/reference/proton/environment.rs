//! Environments. Their deployments and deletions complete at once.

use serde_json::{Map, Value, json};

use super::{
    ProtonResult, RegionState,
    deployment_location::DeploymentLocation,
    proton_error::{conflict, not_found},
    proton_template::kept,
    rollout::{Attempt, Rollout, RolloutCause, RolloutContents},
    settings::linked,
    text,
    version::Version,
};

const KEPT: [&str; 6] = [
    "name",
    "description",
    "codebuildRoleArn",
    "componentRoleArn",
    "environmentAccountConnectionId",
    "protonServiceRoleArn",
];

#[derive(Debug, Clone)]
pub(super) struct ProtonEnvironment {
    /// The input that created it.
    request: Value,
    /// The provisioning of its template.
    provisioning: Option<Value>,
    pub(super) rollout: Rollout,
}

impl ProtonEnvironment {
    pub(super) fn uses(&self, template: &str, version: Version) -> bool {
        self.rollout.uses(template, version)
    }

    fn view(&self, location: &DeploymentLocation) -> Map<String, Value> {
        let mut view = self.rollout.members();
        view.extend(kept(&self.request, &KEPT));
        view.insert("spec".to_owned(), json!(&*self.rollout.live().spec));
        if let Some(provisioning) = &self.provisioning {
            view.insert("provisioning".to_owned(), provisioning.clone());
        }
        if let Some(branch) = self.request.get("provisioningRepository") {
            view.insert("provisioningRepository".to_owned(), linked(location, branch));
        }
        view
    }
}

impl RegionState {
    pub(super) fn create_environment(&mut self, input: &Value, now: f64) -> ProtonResult {
        let name = text(input, "name");
        if let Some(environment) = self.environments.get(name) {
            if environment.request == *input {
                return Ok(json!({ "environment": environment.view(&self.location) }));
            }
            return Err(conflict(format!("An environment of the name {name} exists.")));
        }
        let (wanted, provisioning) = self.environment_contents(input)?;
        let attempt = Attempt { ticket: self.location.ticket(), cause: RolloutCause::Create, wanted, lasts: 0.0 };
        let mut rollout = Rollout::begin(self.location.arn(&format!("environment/{name}")), attempt, now);
        rollout.settle(now);
        let environment = ProtonEnvironment { request: input.clone(), provisioning, rollout };
        let view = environment.view(&self.location);
        self.environments.insert(name.to_owned(), environment);
        Ok(json!({ "environment": view }))
    }

    fn environment_contents(&self, input: &Value) -> Result<(RolloutContents, Option<Value>), super::Rejection> {
        let name = text(input, "templateName");
        let template = self.environment_templates.get(name);
        let (major, minor) = (input["templateMajorVersion"].as_str(), input["templateMinorVersion"].as_str());
        let published = template.and_then(|template| Some((template, template.published(major, minor)?)));
        let (template, version) =
            published.ok_or_else(|| not_found("published version of the environment template", name))?;
        let contents = RolloutContents { template: name.to_owned(), version, spec: text(input, "spec").into() };
        Ok((contents, template.request.get("provisioning").cloned()))
    }

    pub(super) fn get_environment(&self, input: &Value) -> ProtonResult {
        let environment = self.environment(text(input, "name"))?;
        Ok(json!({ "environment": environment.view(&self.location) }))
    }

    /// Deletes an environment.
    ///
    /// A call for an unknown environment returns an empty response, because a repeated delete must succeed.
    pub(super) fn delete_environment(&mut self, input: &Value) -> Value {
        let Some(environment) = self.environments.remove(text(input, "name")) else { return json!({}) };
        let mut view = environment.view(&self.location);
        view.insert("deploymentStatus".to_owned(), json!("DELETE_IN_PROGRESS"));
        json!({ "environment": view })
    }

    /// Rejects every cancellation, because the deployment of an environment completes at once.
    pub(super) fn cancel_environment(&self, input: &Value) -> ProtonResult {
        let name = text(input, "environmentName");
        let status = self.environment(name)?.rollout.status();
        Err(conflict(format!("The deployment of the environment {name} is {status} and cannot be cancelled.")))
    }

    fn environment(&self, name: &str) -> Result<&ProtonEnvironment, super::Rejection> {
        self.environments.get(name).ok_or_else(|| not_found("environment", name))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::testing::Bench, *};

    fn input() -> Value {
        json!({"name": "env", "spec": "s", "templateName": "env-tpl", "templateMajorVersion": "1",
            "protonServiceRoleArn": "arn:aws:iam::123456789012:role/r",
            "provisioningRepository": {"provider": "GITHUB", "name": "org/app", "branch": "main"}})
    }

    /// A bench with the environment template `env-tpl` and its published version 1.0.
    fn with_template() -> Bench {
        let mut bench = Bench::new();
        bench.ok(0.0, "CreateEnvironmentTemplate", &json!({"name": "env-tpl", "provisioning": "CUSTOMER_MANAGED"}));
        let version = json!({"templateName": "env-tpl", "source": {"s3": {"bucket": "abc", "key": "k"}}});
        bench.ok(0.0, "CreateEnvironmentTemplateVersion", &version);
        let publish =
            json!({"templateName": "env-tpl", "majorVersion": "1", "minorVersion": "0", "status": "PUBLISHED"});
        bench.ok(0.0, "UpdateEnvironmentTemplateVersion", &publish);
        bench
    }

    #[test]
    fn an_environment_is_deployed_and_deleted_at_once() {
        let mut bench = with_template();
        let key = json!({"name": "env"});
        let created = bench.ok(1.0, "CreateEnvironment", &input());
        assert_eq!(created["environment"]["deploymentStatus"], "SUCCEEDED");
        assert_eq!(created["environment"]["provisioning"], "CUSTOMER_MANAGED");
        assert_eq!(bench.ok(1.0, "GetEnvironment", &key), created);
        assert_eq!(bench.ok(1.0, "CreateEnvironment", &input()), created);
        let listed = bench.ok(1.0, "ListDeployments", &json!({"environmentName": "env"}));
        assert_eq!(listed["deployments"][0]["targetResourceType"], "ENVIRONMENT");
        bench.ok(1.0, "DeleteEnvironment", &key);
        assert_eq!(bench.rejection(1.0, "GetEnvironment", &key), "ResourceNotFoundException");
        assert_eq!(bench.ok(1.0, "DeleteEnvironment", &key), json!({}));
    }

    #[test]
    fn an_environment_deployment_cannot_be_cancelled() {
        let mut bench = with_template();
        bench.ok(1.0, "CreateEnvironment", &input());
        let cancel = |bench: &mut Bench, name| {
            bench.rejection(1.0, "CancelEnvironmentDeployment", &json!({"environmentName": name}))
        };
        assert_eq!(cancel(&mut bench, "env"), "ConflictException");
        assert_eq!(cancel(&mut bench, "nope"), "ResourceNotFoundException");
    }

    #[test]
    fn an_existing_name_and_a_version_in_use_are_conflicts() {
        let mut bench = with_template();
        bench.ok(1.0, "CreateEnvironment", &input());
        let mut other = input();
        other["spec"] = json!("other");
        assert_eq!(bench.rejection(1.0, "CreateEnvironment", &other), "ConflictException");
        let key = json!({"templateName": "env-tpl", "majorVersion": "1", "minorVersion": "0"});
        assert_eq!(bench.rejection(1.0, "DeleteEnvironmentTemplateVersion", &key), "ConflictException");
    }

    #[test]
    fn an_environment_needs_a_published_version() {
        let mut other = input();
        other["templateMajorVersion"] = json!("2");
        assert_eq!(with_template().rejection(1.0, "CreateEnvironment", &other), "ResourceNotFoundException");
    }
}
