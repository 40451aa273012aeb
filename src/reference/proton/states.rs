//! States that no documented call can reach, and their setup.

use serde_json::{Value, json};

use super::{RegionState, deployment_location::is_resource_name, service_record::ServiceFault, text};

/// The template of the services that are created for a state.
const TEMPLATE: &str = "wireproof-states";
/// The seconds between the creation of the service and the state. The creation ends in this time.
const BEFORE: f64 = 60.0;

const SPEC: &str =
    "proton: ServiceSpec\n\npipeline:\n  revision: \"1\"\n\ninstances:\n  - name: \"one\"\n    environment: \"env\"\n";
const NEXT_SPEC: &str =
    "proton: ServiceSpec\n\npipeline:\n  revision: \"2\"\n\ninstances:\n  - name: \"one\"\n    environment: \"env\"\n";

/// The setup of a pipeline after the start of its update.
#[derive(Debug, Clone, Copy)]
enum ProtonSetup {
    /// A cancellation succeeds. The API does not show that it closes a pull request.
    Plain,
    Failed,
    Faulty(ServiceFault),
}

impl ProtonSetup {
    fn named(state: &str) -> Option<Self> {
        Some(match state {
            "a failed pipeline" => Self::Failed,
            "a pipeline under self-managed provisioning" => Self::Plain,
            "a pipeline whose cancellation fails" => Self::Faulty(ServiceFault::Fails),
            "a pipeline whose cancellation meets a conflict" => Self::Faulty(ServiceFault::Conflicts),
            "a pipeline whose cancellation is throttled" => Self::Faulty(ServiceFault::Throttled),
            "a pipeline whose cancellation meets an internal error" => Self::Faulty(ServiceFault::InternalError),
            _ => return None,
        })
    }
}

impl RegionState {
    /// Establishes a state. The variables are `serviceName` and `pipelineArn`.
    ///
    /// A second setup with the same name replaces the first one.
    pub(super) fn establish(&mut self, state: &str, params: &Value, now: f64) -> Option<Value> {
        let setup = ProtonSetup::named(state)?;
        let wanted = params["name"].as_str().filter(|name| is_resource_name(name));
        let name = wanted.map_or_else(|| self.new_name(), str::to_owned);
        let arn = self.updating_service(&name, now)?;
        match setup {
            ProtonSetup::Plain => {}
            ProtonSetup::Failed => drop(self.notify(&json!({"resourceArn": arn, "status": "FAILED"}), now).ok()?),
            ProtonSetup::Faulty(fault) => self.services.get_mut(&name)?.fault = Some(fault),
        }
        Some(json!({ "serviceName": name, "pipelineArn": arn }))
    }

    fn new_name(&mut self) -> String {
        let id = self.location.ticket().id.replace('-', "");
        format!("state-{}", id.get(..16).unwrap_or(&id))
    }

    /// Creates a service with an update of its pipeline in progress. Returns the ARN of the pipeline.
    fn updating_service(&mut self, name: &str, now: f64) -> Option<String> {
        let major = self.published_template(now)?;
        let service = json!({"name": name, "spec": SPEC, "templateName": TEMPLATE, "templateMajorVersion": major});
        self.services.remove(name);
        self.create_service(&service, now - BEFORE).ok()?;
        self.settle(now);
        let update = json!({"serviceName": name, "deploymentType": "CURRENT_VERSION", "spec": NEXT_SPEC});
        let updated = self.update_pipeline(&update, now).ok()?;
        Some(text(updated.get("pipeline")?, "arn").to_owned())
    }

    /// The major version of a published version of [`TEMPLATE`]. Creates the version if it is missing.
    fn published_template(&mut self, now: f64) -> Option<String> {
        use super::TemplateKind::Service;
        let find =
            |region: &Self| Some(region.service_templates.get(TEMPLATE)?.published(None, None)?.major.to_string());
        if let Some(major) = find(self) {
            return Some(major);
        }
        if self.service_templates.get(TEMPLATE).is_none() {
            self.create_template(Service, &json!({ "name": TEMPLATE }), now - BEFORE).ok()?;
        }
        let compatible = json!([{ "templateName": TEMPLATE, "majorVersion": "1" }]);
        let version = json!({ "templateName": TEMPLATE, "compatibleEnvironmentTemplates": compatible });
        let registered = self.create_template_version(Service, &version, now - BEFORE).ok()?;
        let mut publish = registered.get("serviceTemplateVersion")?.clone();
        publish.as_object_mut()?.insert("status".to_owned(), json!("PUBLISHED"));
        self.update_template_version(Service, &publish, now - BEFORE).ok()?;
        find(self)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::super::testing::Bench;

    const CANCEL: &str = "CancelServicePipelineDeployment";

    fn established(bench: &mut Bench, state: &str) -> (Value, Value) {
        let variables = bench.establish(100.0, state, &json!({})).unwrap();
        let name = variables["serviceName"].clone();
        let service = bench.ok(100.0, "GetService", &json!({ "name": name }))["service"].clone();
        assert_eq!(service["status"], "ACTIVE");
        assert_eq!(service["pipeline"]["arn"], variables["pipelineArn"]);
        (json!({ "serviceName": name }), service["pipeline"]["deploymentStatus"].clone())
    }

    #[rstest]
    #[case("a pipeline whose cancellation fails", "FAILED")]
    #[case("a pipeline under self-managed provisioning", "CANCELLED")]
    fn a_cancel_ends_as_the_state_defines(#[case] state: &str, #[case] end: &str) {
        let mut bench = Bench::new();
        let (input, status) = established(&mut bench, state);
        assert_eq!(status, "IN_PROGRESS");
        assert_eq!(bench.ok(101.0, CANCEL, &input)["pipeline"]["deploymentStatus"], "CANCELLING");
        let service = bench.service(101.2, input["serviceName"].as_str().unwrap());
        assert_eq!(service["pipeline"]["deploymentStatus"], end);
    }

    #[rstest]
    #[case("a pipeline whose cancellation meets a conflict", "IN_PROGRESS", "ConflictException")]
    #[case("a pipeline whose cancellation is throttled", "IN_PROGRESS", "ThrottlingException")]
    #[case("a pipeline whose cancellation meets an internal error", "IN_PROGRESS", "InternalServerException")]
    #[case("a failed pipeline", "FAILED", "ConflictException")]
    fn a_cancel_is_rejected_as_the_state_defines(#[case] state: &str, #[case] before: &str, #[case] error: &str) {
        let mut bench = Bench::new();
        let (input, status) = established(&mut bench, state);
        assert_eq!(status, before);
        assert_eq!(bench.rejection(101.0, CANCEL, &input), error);
        let service = bench.service(101.0, input["serviceName"].as_str().unwrap());
        assert_eq!(service["pipeline"]["deploymentStatus"], before);
    }

    #[test]
    fn names_are_new_unless_a_valid_one_is_given() {
        let mut bench = Bench::new();
        let mut name = |params: &Value| {
            let variables = bench.establish(100.0, "a failed pipeline", params).unwrap();
            variables["serviceName"].as_str().unwrap().to_owned()
        };
        assert_ne!(name(&json!({})), name(&json!({})));
        assert_eq!(name(&json!({"name": "mine"})), "mine");
        assert_eq!(name(&json!({"name": "mine"})), "mine");
        assert_ne!(name(&json!({"name": "not valid"})), "not valid");
    }

    #[test]
    fn an_unknown_state_is_not_established() {
        assert_eq!(Bench::new().establish(1.0, "an open deployment", &json!({})), None);
    }
}
