//! The instances of a service. Each instance has its own rollout.

use serde_json::{Value, json};

use super::{ProtonResult, RegionState, rollout::Rollout, text, update::UpdatePart};

#[derive(Debug, Clone)]
pub(super) struct Instance {
    pub(super) environment: String,
    pub(super) rollout: Rollout,
    /// The client token of the last update.
    pub(super) token: Option<String>,
}

impl RegionState {
    pub(super) fn get_instance(&self, input: &Value) -> ProtonResult {
        self.instance_response(named(input, "name"), true)
    }

    pub(super) fn update_instance(&mut self, input: &Value, now: f64) -> ProtonResult {
        let part = named(input, "name");
        self.update(part, input, now)?;
        let service = self.service_mut(part.service)?;
        if let Some(instance) = service.instances.get_mut(text(input, "name")) {
            instance.token = input["clientToken"].as_str().map(str::to_owned);
        }
        self.instance_response(part, false)
    }

    pub(super) fn cancel_instance(&mut self, input: &Value, now: f64) -> ProtonResult {
        let part = named(input, "serviceInstanceName");
        self.cancel(part, now)?;
        self.instance_response(part, false)
    }

    fn instance_response(&self, part: UpdatePart<'_>, spec: bool) -> ProtonResult {
        let service = self.service(part.service)?;
        let rollout = service.rollout(part.instance)?;
        let name = part.instance.unwrap_or_default();
        let mut view = service.part(rollout, spec);
        view.insert("name".to_owned(), json!(name));
        view.insert("serviceName".to_owned(), json!(part.service));
        if let Some(instance) = service.instances.get(name) {
            view.insert("environmentName".to_owned(), json!(instance.environment));
            view.extend(instance.token.iter().map(|token| ("lastClientRequestToken".to_owned(), json!(token))));
        }
        Ok(json!({ "serviceInstance": view }))
    }
}

fn named<'a>(input: &'a Value, member: &str) -> UpdatePart<'a> {
    UpdatePart { service: text(input, "serviceName"), instance: Some(text(input, member)) }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::testing::Bench;

    fn status(bench: &mut Bench, now: f64) -> Value {
        let input = json!({"name": "one", "serviceName": "svc"});
        bench.ok(now, "GetServiceInstance", &input)["serviceInstance"].clone()
    }

    fn updating() -> Bench {
        let mut bench = Bench::with_service();
        let input = json!({"name": "one", "serviceName": "svc", "deploymentType": "MINOR_VERSION",
            "templateMinorVersion": "1", "clientToken": "t"});
        let updated = bench.ok(100.0, "UpdateServiceInstance", &input);
        assert_eq!(updated["serviceInstance"]["deploymentStatus"], "IN_PROGRESS");
        assert_eq!(updated["serviceInstance"]["templateMinorVersion"], "0");
        assert_eq!(updated["serviceInstance"]["lastClientRequestToken"], "t");
        bench
    }

    const CANCEL: &str = "CancelServiceInstanceDeployment";

    #[test]
    fn a_cancel_of_an_instance_does_not_change_the_pipeline() {
        let mut bench = updating();
        bench.update(101.0);
        let input = json!({"serviceInstanceName": "one", "serviceName": "svc"});
        let cancelled = bench.ok(102.0, CANCEL, &input);
        assert_eq!(cancelled["serviceInstance"]["deploymentStatus"], "CANCELLING");
        assert_eq!(status(&mut bench, 103.0)["deploymentStatus"], "CANCELLED");
        assert_eq!(bench.pipeline(103.0)["deploymentStatus"], "IN_PROGRESS");
        assert_eq!(bench.rejection(103.0, CANCEL, &input), "ConflictException");
        assert_eq!(bench.pipeline(402.0)["deploymentStatus"], "SUCCEEDED");
    }

    #[test]
    fn a_cancel_of_the_pipeline_does_not_change_an_instance_update() {
        let mut bench = updating();
        bench.update(101.0);
        bench.ok(102.0, "CancelServicePipelineDeployment", &json!({"serviceName": "svc"}));
        assert_eq!(status(&mut bench, 399.0)["deploymentStatus"], "IN_PROGRESS");
        let done = status(&mut bench, 400.0);
        assert_eq!((&done["deploymentStatus"], &done["templateMinorVersion"]), (&json!("SUCCEEDED"), &json!("1")));
    }

    #[test]
    fn a_cancel_of_the_pipeline_is_rejected_if_only_an_instance_is_updated() {
        let mut bench = updating();
        let input = json!({"serviceName": "svc"});
        assert_eq!(bench.rejection(101.0, "CancelServicePipelineDeployment", &input), "ConflictException");
        assert_eq!(status(&mut bench, 101.0)["deploymentStatus"], "IN_PROGRESS");
    }

    #[test]
    fn an_unknown_instance_or_service_is_not_found() {
        let mut bench = Bench::with_service();
        for (service, instance) in [("svc", "nope"), ("nope", "one")] {
            let input = json!({"serviceInstanceName": instance, "serviceName": service});
            assert_eq!(bench.rejection(20.0, CANCEL, &input), "ResourceNotFoundException");
        }
    }

    #[test]
    fn a_notification_with_the_arn_of_an_instance_completes_its_deployment() {
        let mut bench = updating();
        let arn = status(&mut bench, 101.0)["arn"].clone();
        let input = json!({"resourceArn": arn, "status": "FAILED", "statusMessage": "broken"});
        bench.ok(101.0, "NotifyResourceDeploymentStatusChange", &input);
        let failed = status(&mut bench, 101.0);
        assert_eq!(failed["deploymentStatus"], "FAILED");
        assert_eq!(failed["deploymentStatusMessage"], "broken");
    }
}
