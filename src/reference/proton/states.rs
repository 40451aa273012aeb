//! States that no documented call can reach, and how they are brought about.

use serde_json::{Value, json};

use super::{RegionState, place::is_resource_name, service_record::ServiceFault, text};

/// The template of the services that are made for a state.
const TEMPLATE: &str = "wireproof-states";
/// How long before the state its service was created, so that the creation is over.
const BEFORE: f64 = 60.0;

const SPEC: &str =
    "proton: ServiceSpec\n\npipeline:\n  revision: \"1\"\n\ninstances:\n  - name: \"one\"\n    environment: \"env\"\n";
const NEXT_SPEC: &str =
    "proton: ServiceSpec\n\npipeline:\n  revision: \"2\"\n\ninstances:\n  - name: \"one\"\n    environment: \"env\"\n";

/// What becomes of a pipeline whose update was started.
#[derive(Debug, Clone, Copy)]
enum ProtonSetup {
    /// A cancel goes its way; that a pull request is closed for it cannot be seen from here.
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
    /// Gives `serviceName` and `pipelineArn`. A state that is established twice under one name starts anew.
    pub(super) fn establish(&mut self, state: &str, params: &Value, now: f64) -> Option<Value> {
        let setup = ProtonSetup::named(state)?;
        let wanted = params["name"].as_str().filter(|name| is_resource_name(name));
        let name = wanted.map_or_else(|| self.fresh_name(), str::to_owned);
        let arn = self.updating_service(&name, now)?;
        match setup {
            ProtonSetup::Plain => {}
            ProtonSetup::Failed => drop(self.notify(&json!({"resourceArn": arn, "status": "FAILED"}), now).ok()?),
            ProtonSetup::Faulty(fault) => self.services.get_mut(&name)?.fault = Some(fault),
        }
        Some(json!({ "serviceName": name, "pipelineArn": arn }))
    }

    fn fresh_name(&mut self) -> String {
        let id = self.place.ticket().id.replace('-', "");
        format!("state-{}", id.get(..16).unwrap_or(&id))
    }

    /// A service with an update of its pipeline in progress; gives the pipeline's ARN.
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

    /// The major version of a published version of our template, which is made where it is missing.
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
        let told = bench.ok(100.0, "GetService", &json!({ "name": name }))["service"].clone();
        assert_eq!(told["status"], "ACTIVE");
        assert_eq!(told["pipeline"]["arn"], variables["pipelineArn"]);
        (json!({ "serviceName": name }), told["pipeline"]["deploymentStatus"].clone())
    }

    #[rstest]
    #[case("a pipeline whose cancellation fails", "FAILED")]
    #[case("a pipeline under self-managed provisioning", "CANCELLED")]
    fn a_cancel_ends_as_the_state_says(#[case] state: &str, #[case] end: &str) {
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
    fn a_cancel_is_refused_as_the_state_says(#[case] state: &str, #[case] before: &str, #[case] error: &str) {
        let mut bench = Bench::new();
        let (input, status) = established(&mut bench, state);
        assert_eq!(status, before);
        assert_eq!(bench.refusal(101.0, CANCEL, &input), error);
        let service = bench.service(101.0, input["serviceName"].as_str().unwrap());
        assert_eq!(service["pipeline"]["deploymentStatus"], before);
    }

    #[test]
    fn names_are_fresh_unless_one_is_given_and_legal() {
        let mut bench = Bench::new();
        let mut name = |params: &Value| {
            let variables = bench.establish(100.0, "a failed pipeline", params).unwrap();
            variables["serviceName"].as_str().unwrap().to_owned()
        };
        assert_ne!(name(&json!({})), name(&json!({})));
        assert_eq!(name(&json!({"name": "mine"})), "mine");
        assert_eq!(name(&json!({"name": "mine"})), "mine");
        assert_ne!(name(&json!({"name": "not legal"})), "not legal");
    }

    #[test]
    fn an_unknown_state_is_not_established() {
        assert_eq!(Bench::new().establish(1.0, "an open deployment", &json!({})), None);
    }
}
