//! The deployments of all rollouts, and the news of how they went.

use serde_json::{Map, Value, json};

use super::{
    ProtonResult, Refusal, RegionState,
    page::page,
    place::timestamp,
    refusal::not_found,
    rollout::{News, ProtonDeployment, Rollout, RolloutContents, RolloutOutcome},
    service_record::ServiceRecord,
    text,
};

/// Whose rollout one is.
#[derive(Debug, Clone, Copy)]
struct Owner<'a> {
    sort: Sort,
    environment: &'a str,
    service: Option<&'a str>,
    instance: Option<&'a str>,
    rollout: &'a Rollout,
}

#[derive(Debug, Clone, Copy)]
enum Sort {
    Environment,
    Pipeline,
    Instance,
}

impl Sort {
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
    /// Whether it is the one that the names in `input` mean; names that are not given mean any.
    fn is_meant(&self, input: &Value) -> bool {
        let is = |member: &str, name: Option<&str>| input[member].as_str().is_none_or(|wanted| name == Some(wanted));
        is("environmentName", Some(self.environment))
            && is("serviceName", self.service)
            && is("serviceInstanceName", self.instance)
            && is("componentName", None)
    }

    fn summary(&self, arn: &str, deployment: &ProtonDeployment) -> Map<String, Value> {
        let modified_at = deployment.completed_at().unwrap_or(deployment.attempted_at);
        let mut view = Map::new();
        let mut put = |name: &str, value: Value| view.insert(name.to_owned(), value);
        put("arn", json!(arn));
        put("id", json!(deployment.ticket.id));
        put("deploymentStatus", json!(deployment.status()));
        put("createdAt", timestamp(deployment.attempted_at));
        put("lastModifiedAt", timestamp(modified_at));
        put("environmentName", json!(self.environment));
        put("targetArn", json!(self.rollout.arn));
        put("targetResourceType", json!(self.sort.name()));
        put("targetResourceCreatedAt", timestamp(self.rollout.created_at));
        put("lastAttemptedDeploymentId", json!(self.rollout.last_attempt()));
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
        let state = |contents: &RolloutContents| json!({ self.sort.member(): contents.members(true) });
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
            sort: Sort::Environment,
            environment: name,
            service: None,
            instance: None,
            rollout: &environment.rollout,
        });
        let pipelines = self.services.values().filter_map(|service| {
            Some(Owner {
                sort: Sort::Pipeline,
                environment: service.environment(),
                service: Some(&service.name),
                instance: None,
                rollout: service.pipeline.as_ref()?,
            })
        });
        let instances = self.services.values().flat_map(|service| {
            service.instances.iter().map(|(name, instance)| Owner {
                sort: Sort::Instance,
                environment: &instance.environment,
                service: Some(&service.name),
                instance: Some(name),
                rollout: &instance.rollout,
            })
        });
        environments.chain(pipelines).chain(instances)
    }

    fn deployment_arn(&self, deployment: &ProtonDeployment) -> String {
        self.place.arn(&format!("deployment/{}", deployment.ticket.id))
    }

    pub(super) fn get_deployment(&self, input: &Value) -> ProtonResult {
        let id = text(input, "id");
        let found = self.owners().filter(|owner| owner.is_meant(input)).find_map(|owner| {
            let deployment = owner.rollout.deployments().find(|deployment| deployment.ticket.id == id)?;
            Some(owner.view(&self.deployment_arn(deployment), deployment))
        });
        Ok(json!({ "deployment": found.ok_or_else(|| not_found("deployment", id))? }))
    }

    /// The newest deployment comes first.
    pub(super) fn list_deployments(&self, input: &Value) -> ProtonResult {
        self.check_names(input)?;
        let mut found: Vec<(Owner<'_>, &ProtonDeployment)> = self
            .owners()
            .filter(|owner| owner.is_meant(input))
            .flat_map(|owner| owner.rollout.deployments().map(move |deployment| (owner, deployment)))
            .collect();
        found.sort_by_key(|(_, deployment)| newest_first(deployment));
        let items = found.into_iter().map(|(owner, deployment)| {
            let summary = owner.summary(&self.deployment_arn(deployment), deployment);
            (format!("{:020}", newest_first(deployment)), summary.into())
        });
        Ok(page(input, items)?.answer("deployments"))
    }

    fn check_names(&self, input: &Value) -> Result<(), Refusal> {
        if let Some(name) = input["componentName"].as_str() {
            return Err(not_found("component", name));
        }
        if let Some(name) = input["serviceName"].as_str() {
            self.service(name)?;
        }
        Ok(())
    }

    /// Takes the news of a provisioned resource: the documented way to complete a deployment.
    pub(super) fn notify(&mut self, input: &Value, now: f64) -> ProtonResult {
        let news = News {
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
        rollout.ok_or_else(|| not_found("resource", arn))?.notify(&news, now);
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
    fn a_cancelled_deployment_is_listed_first_with_the_pipelines_last_attempt_as_its_id() {
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
        let told = bench.ok(102.0, "GetDeployment", &json!({"id": first["id"], "serviceName": "svc"}));
        let deployment = &told["deployment"];
        assert_eq!(deployment["deploymentStatusMessage"], "User initiated cancellation.");
        assert_eq!(deployment["completedAt"], json!(101.2));
        assert_eq!(deployment["initialState"]["servicePipeline"]["templateMinorVersion"], "0");
        assert_eq!(deployment["targetState"]["servicePipeline"]["templateMinorVersion"], "1");
    }

    #[test]
    fn deployments_come_page_by_page() {
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
    fn deployments_of_what_does_not_exist_are_not_found(#[case] input: serde_json::Value) {
        assert_eq!(Bench::with_service().refusal(20.0, "ListDeployments", &input), "ResourceNotFoundException");
    }

    #[test]
    fn a_deployment_is_not_found_under_another_service() {
        let mut bench = Bench::with_service();
        let id = bench.pipeline(20.0)["lastAttemptedDeploymentId"].clone();
        assert_eq!(bench.outcome(20.0, "GetDeployment", &json!({"id": id})), "ok");
        let elsewhere = json!({"id": id, "environmentName": "env", "serviceName": "other"});
        assert_eq!(bench.refusal(20.0, "GetDeployment", &elsewhere), "ResourceNotFoundException");
    }

    #[test]
    fn news_of_an_unknown_resource_are_refused() {
        let input = json!({"resourceArn": "arn:aws:proton:us-east-1:123456789012:service/no/pipeline"});
        let operation = "NotifyResourceDeploymentStatusChange";
        assert_eq!(Bench::with_service().refusal(20.0, operation, &input), "ResourceNotFoundException");
    }
}
