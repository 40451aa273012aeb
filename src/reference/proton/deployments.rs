//! The deployments of all rollouts, and the notifications of their status.

use serde_json::{Map, Value, json};

use super::{
    ProtonResult, RegionState, Rejection,
    deployment_location::timestamp,
    page::page,
    proton_error::not_found,
    rollout::{ProtonDeployment, Rollout, RolloutContents, RolloutOutcome, StatusNotification},
    service_record::ServiceRecord,
    text,
};

/// The owner of a rollout.
#[derive(Debug, Clone, Copy)]
struct Owner<'a> {
    resource_type: OwnerType,
    environment: &'a str,
    service: Option<&'a str>,
    instance: Option<&'a str>,
    rollout: &'a Rollout,
}

#[derive(Debug, Clone, Copy)]
enum OwnerType {
    Environment,
    Pipeline,
    Instance,
}

impl OwnerType {
    /// The value of `DeploymentTargetResourceType`.
    fn name(self) -> &'static str {
        match self {
            Self::Environment => "ENVIRONMENT",
            Self::Pipeline => "SERVICE_PIPELINE",
            Self::Instance => "SERVICE_INSTANCE",
        }
    }

    /// The member of `DeploymentState`.
    fn member(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::Pipeline => "servicePipeline",
            Self::Instance => "serviceInstance",
        }
    }
}

impl Owner<'_> {
    /// Returns true if the owner matches the names in `input`. An absent name matches any owner.
    fn matches(&self, input: &Value) -> bool {
        let is = |member: &str, name: Option<&str>| input[member].as_str().is_none_or(|wanted| name == Some(wanted));
        is("environmentName", Some(self.environment))
            && is("serviceName", self.service)
            && is("serviceInstanceName", self.instance)
            && is("componentName", None)
    }

    fn summary(&self, arn: &str, deployment: &ProtonDeployment) -> Map<String, Value> {
        let modified_at = deployment.completed_at().unwrap_or(deployment.attempted_at);
        let mut view = Map::new();
        let mut insert = |name: &str, value: Value| view.insert(name.to_owned(), value);
        insert("arn", json!(arn));
        insert("id", json!(deployment.ticket.id));
        insert("deploymentStatus", json!(deployment.status()));
        insert("createdAt", timestamp(deployment.attempted_at));
        insert("lastModifiedAt", timestamp(modified_at));
        insert("environmentName", json!(self.environment));
        insert("targetArn", json!(self.rollout.arn));
        insert("targetResourceType", json!(self.resource_type.name()));
        insert("targetResourceCreatedAt", timestamp(self.rollout.created_at));
        insert("lastAttemptedDeploymentId", json!(self.rollout.last_attempt()));
        let optional = [
            ("serviceName", self.service.map(Value::from)),
            ("serviceInstanceName", self.instance.map(Value::from)),
            ("lastSucceededDeploymentId", self.rollout.last_success().map(Value::from)),
            ("completedAt", deployment.completed_at().map(timestamp)),
        ];
        view.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        view
    }

    fn view(&self, arn: &str, deployment: &ProtonDeployment) -> Map<String, Value> {
        let mut view = self.summary(arn, deployment);
        let state = |contents: &RolloutContents| json!({ self.resource_type.member(): contents.members(true) });
        view.insert("targetState".to_owned(), state(&deployment.wanted));
        view.extend(deployment.before.as_ref().map(|before| ("initialState".to_owned(), state(before))));
        let message = deployment.message.as_ref();
        view.extend(message.map(|message| ("deploymentStatusMessage".to_owned(), json!(message))));
        view
    }
}

impl RegionState {
    fn owners(&self) -> impl Iterator<Item = Owner<'_>> {
        let environments = self.environments.iter().map(|(name, environment)| Owner {
            resource_type: OwnerType::Environment,
            environment: name,
            service: None,
            instance: None,
            rollout: &environment.rollout,
        });
        let pipelines = self.services.values().filter_map(|service| {
            Some(Owner {
                resource_type: OwnerType::Pipeline,
                environment: service.environment(),
                service: Some(&service.name),
                instance: None,
                rollout: service.pipeline.as_ref()?,
            })
        });
        let instances = self.services.values().flat_map(|service| {
            service.instances.iter().map(|(name, instance)| Owner {
                resource_type: OwnerType::Instance,
                environment: &instance.environment,
                service: Some(&service.name),
                instance: Some(name),
                rollout: &instance.rollout,
            })
        });
        environments.chain(pipelines).chain(instances)
    }

    fn deployment_arn(&self, deployment: &ProtonDeployment) -> String {
        self.location.arn(&format!("deployment/{}", deployment.ticket.id))
    }

    pub(super) fn get_deployment(&self, input: &Value) -> ProtonResult {
        let id = text(input, "id");
        let found = self.owners().filter(|owner| owner.matches(input)).find_map(|owner| {
            let deployment = owner.rollout.deployments().find(|deployment| deployment.ticket.id == id)?;
            Some(owner.view(&self.deployment_arn(deployment), deployment))
        });
        Ok(json!({ "deployment": found.ok_or_else(|| not_found("deployment", id))? }))
    }

    /// Lists deployments, newest first.
    pub(super) fn list_deployments(&self, input: &Value) -> ProtonResult {
        self.check_names(input)?;
        let mut found: Vec<(Owner<'_>, &ProtonDeployment)> = self
            .owners()
            .filter(|owner| owner.matches(input))
            .flat_map(|owner| owner.rollout.deployments().map(move |deployment| (owner, deployment)))
            .collect();
        found.sort_by_key(|(_, deployment)| newest_first(deployment));
        let items = found.into_iter().map(|(owner, deployment)| {
            let summary = owner.summary(&self.deployment_arn(deployment), deployment);
            (format!("{:020}", newest_first(deployment)), summary.into())
        });
        Ok(page(input, items)?.response("deployments"))
    }

    fn check_names(&self, input: &Value) -> Result<(), Rejection> {
        if let Some(name) = input["componentName"].as_str() {
            return Err(not_found("component", name));
        }
        if let Some(name) = input["serviceName"].as_str() {
            self.service(name)?;
        }
        Ok(())
    }

    /// Processes a status notification for a provisioned resource, the documented way to complete a deployment.
    pub(super) fn notify(&mut self, input: &Value, now: f64) -> ProtonResult {
        let notification = StatusNotification {
            deployment: input["deploymentId"].as_str(),
            outcome: match input["status"].as_str() {
                Some("SUCCEEDED") => Some(RolloutOutcome::Succeeded),
                Some("FAILED") => Some(RolloutOutcome::Failed),
                _ => None,
            },
            message: input["statusMessage"].as_str(),
        };
        let arn = text(input, "resourceArn");
        let environments = self.environments.values_mut().map(|environment| &mut environment.rollout);
        let services = self.services.values_mut().flat_map(ServiceRecord::rollouts_mut);
        let rollout = environments.chain(services).find(|rollout| rollout.arn == arn);
        rollout.ok_or_else(|| not_found("resource", arn))?.notify(&notification, now);
        Ok(json!({}))
    }
}

fn newest_first(deployment: &ProtonDeployment) -> u64 {
    u64::MAX - deployment.ticket.number
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::super::testing::Bench;

    #[test]
    fn a_cancelled_deployment_is_listed_first_with_the_id_of_the_last_attempt() {
        let mut bench = Bench::with_service();
        bench.update(100.0);
        bench.ok(101.0, "CancelServicePipelineDeployment", &json!({"serviceName": "svc"}));
        let pipeline = bench.pipeline(102.0);
        let listed = bench.ok(102.0, "ListDeployments", &json!({"serviceName": "svc"}));
        let first = &listed["deployments"][0];
        assert_eq!(first["id"], pipeline["lastAttemptedDeploymentId"]);
        assert_eq!(first["deploymentStatus"], "CANCELLED");
        assert_eq!(first["targetResourceType"], "SERVICE_PIPELINE");
        assert_eq!(first["lastSucceededDeploymentId"], pipeline["lastSucceededDeploymentId"]);
        assert_eq!(listed["deployments"].as_array().unwrap().len(), 3);
        let response = bench.ok(102.0, "GetDeployment", &json!({"id": first["id"], "serviceName": "svc"}));
        let deployment = &response["deployment"];
        assert_eq!(deployment["deploymentStatusMessage"], "User initiated cancellation.");
        assert_eq!(deployment["completedAt"], json!(101.2));
        assert_eq!(deployment["initialState"]["servicePipeline"]["templateMinorVersion"], "0");
        assert_eq!(deployment["targetState"]["servicePipeline"]["templateMinorVersion"], "1");
    }

    #[test]
    fn deployments_are_listed_in_pages() {
        let mut bench = Bench::with_service();
        let first = bench.ok(20.0, "ListDeployments", &json!({"maxResults": 1}));
        let rest = bench.ok(20.0, "ListDeployments", &json!({"nextToken": first["nextToken"]}));
        assert_eq!(first["deployments"].as_array().unwrap().len(), 1);
        assert_eq!(rest["deployments"].as_array().unwrap().len(), 1);
        assert_ne!(rest["deployments"][0]["id"], first["deployments"][0]["id"]);
    }

    #[rstest]
    #[case(json!({"serviceName": "nope"}))]
    #[case(json!({"componentName": "nope"}))]
    fn deployments_of_an_unknown_resource_are_not_found(#[case] input: serde_json::Value) {
        assert_eq!(Bench::with_service().rejection(20.0, "ListDeployments", &input), "ResourceNotFoundException");
    }

    #[test]
    fn a_deployment_is_not_found_under_another_service() {
        let mut bench = Bench::with_service();
        let id = bench.pipeline(20.0)["lastAttemptedDeploymentId"].clone();
        assert_eq!(bench.outcome(20.0, "GetDeployment", &json!({"id": id})), "ok");
        let elsewhere = json!({"id": id, "environmentName": "env", "serviceName": "other"});
        assert_eq!(bench.rejection(20.0, "GetDeployment", &elsewhere), "ResourceNotFoundException");
    }

    #[test]
    fn a_notification_of_an_unknown_resource_is_rejected() {
        let input = json!({"resourceArn": "arn:aws:proton:us-east-1:123456789012:service/no/pipeline"});
        let operation = "NotifyResourceDeploymentStatusChange";
        assert_eq!(Bench::with_service().rejection(20.0, operation, &input), "ResourceNotFoundException");
    }
}
