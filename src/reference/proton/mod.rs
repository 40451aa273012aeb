//! Proton, as far as the contract goes: templates, environments, services, and the deployments of their pipelines.
//!
//! Owns the state of every account in every region, and moves it by the time that a call carries. It refuses
//! to know of HTTP, of signatures and of the model's constraints, which were checked before.

mod deployments;
mod environment;
mod instance;
mod page;
mod pipeline;
mod place;
mod proton_template;
mod refusal;
mod rollout;
mod service_operations;
mod service_record;
mod settings;
mod shelf;
mod spec;
mod states;
mod templates;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod update;
mod version;

use serde_json::{Map, Value};

use self::{
    environment::ProtonEnvironment,
    place::DeploymentLocation,
    proton_template::{ProtonTemplate, TemplateKind},
    service_record::ServiceRecord,
    shelf::ResourceStore,
};
use super::service::{Partition, ReferenceService, Refusal, ServiceCall};
use crate::model::Violation;

/// Partitions that are held at most, and resources of one sort in one partition.
const BOUND: usize = 1000;

/// What an operation answers.
type ProtonResult = Result<Value, Refusal>;

/// The Proton service of the reference.
#[derive(Debug, Clone)]
pub(super) struct Proton {
    regions: ResourceStore<(String, String), RegionState>,
}

impl Proton {
    pub(super) fn new() -> Self {
        Self { regions: ResourceStore::bounded(BOUND) }
    }

    /// The state of the partition, after the time until `now` has taken effect.
    fn region(&mut self, partition: Partition<'_>, now: f64) -> Option<&mut RegionState> {
        let key = (partition.account.to_owned(), partition.region.to_owned());
        if self.regions.get(&key).is_none() {
            self.regions.insert(key.clone(), RegionState::new(partition));
        }
        let region = self.regions.get_mut(&key)?;
        region.settle(now);
        Some(region)
    }
}

impl ReferenceService for Proton {
    fn invalid(&self, _operation: &str, violations: &[Violation]) -> Refusal {
        refusal::violated(violations)
    }

    fn call(&mut self, call: ServiceCall<'_>) -> Result<Value, Refusal> {
        let region = self.region(call.partition, call.now).ok_or_else(refusal::internal)?;
        region.call(call.operation, call.input, call.now)
    }

    fn establish(&mut self, state: &str, params: &Value, partition: Partition<'_>, now: f64) -> Option<Value> {
        self.region(partition, now)?.establish(state, params, now)
    }

    fn copy(&self) -> Box<dyn ReferenceService> {
        Box::new(self.clone())
    }
}

/// Everything of one account in one region.
#[derive(Debug, Clone)]
struct RegionState {
    place: DeploymentLocation,
    settings: Map<String, Value>,
    environment_templates: ResourceStore<String, ProtonTemplate>,
    service_templates: ResourceStore<String, ProtonTemplate>,
    environments: ResourceStore<String, ProtonEnvironment>,
    services: ResourceStore<String, ServiceRecord>,
}

impl RegionState {
    fn new(partition: Partition<'_>) -> Self {
        Self {
            place: DeploymentLocation::new(partition),
            settings: Map::new(),
            environment_templates: ResourceStore::bounded(BOUND),
            service_templates: ResourceStore::bounded(BOUND),
            environments: ResourceStore::bounded(BOUND),
            services: ResourceStore::bounded(BOUND),
        }
    }

    /// Lets the time until `now` take effect.
    fn settle(&mut self, now: f64) {
        for service in self.services.values_mut() {
            service.settle(now);
        }
        self.services.retain(|service| !service.is_gone(now));
    }

    #[rustfmt::skip] // A table: one operation a line.
    fn call(&mut self, operation: &str, input: &Value, now: f64) -> ProtonResult {
        use TemplateKind::{Environment, Service};
        match operation {
            "CancelComponentDeployment" => Err(refusal::not_found("component", text(input, "componentName"))),
            "CancelEnvironmentDeployment" => self.cancel_environment(input),
            "CancelServiceInstanceDeployment" => self.cancel_instance(input, now),
            "CancelServicePipelineDeployment" => self.cancel_pipeline(input, now),
            "CreateEnvironment" => self.create_environment(input, now),
            "CreateEnvironmentTemplate" => self.create_template(Environment, input, now),
            "CreateEnvironmentTemplateVersion" => self.create_template_version(Environment, input, now),
            "CreateService" => self.create_service(input, now),
            "CreateServiceTemplate" => self.create_template(Service, input, now),
            "CreateServiceTemplateVersion" => self.create_template_version(Service, input, now),
            "DeleteEnvironment" => Ok(self.delete_environment(input)),
            "DeleteEnvironmentTemplate" => self.delete_template(Environment, input),
            "DeleteEnvironmentTemplateVersion" => self.delete_template_version(Environment, input),
            "DeleteService" => Ok(self.delete_service(input, now)),
            "DeleteServiceTemplate" => self.delete_template(Service, input),
            "DeleteServiceTemplateVersion" => self.delete_template_version(Service, input),
            "GetAccountSettings" => Ok(self.get_account_settings()),
            "GetDeployment" => self.get_deployment(input),
            "GetEnvironment" => self.get_environment(input),
            "GetEnvironmentTemplateVersion" => self.get_template_version(Environment, input),
            "GetService" => self.get_service(input),
            "GetServiceInstance" => self.get_instance(input),
            "GetServiceTemplateVersion" => self.get_template_version(Service, input),
            "ListDeployments" => self.list_deployments(input),
            "ListServices" => self.list_services(input),
            "NotifyResourceDeploymentStatusChange" => self.notify(input, now),
            "UpdateAccountSettings" => self.update_account_settings(input),
            "UpdateEnvironmentTemplateVersion" => self.update_template_version(Environment, input, now),
            "UpdateService" => self.update_service(input, now),
            "UpdateServiceInstance" => self.update_instance(input, now),
            "UpdateServicePipeline" => self.update_pipeline(input, now),
            "UpdateServiceTemplateVersion" => self.update_template_version(Service, input, now),
            // The caller refuses what the model does not have; only a defect of the reference comes here.
            _ => Err(refusal::internal()),
        }
    }
}

/// A member that the model requires; empty where it is absent all the same.
fn text<'a>(input: &'a Value, member: &str) -> &'a str {
    input[member].as_str().unwrap_or_default()
}
