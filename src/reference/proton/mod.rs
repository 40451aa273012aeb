//! Proton, limited to the operations of the contract: templates, environments, services, and their deployments.
//!
//! This module owns the state of all partitions and advances it to the time of each call. It does not handle HTTP,
//! signatures or the constraints of the model: the caller checks them first.

mod deployment_location;
mod deployments;
mod environment;
mod instance;
mod page;
mod pipeline;
mod proton_error;
mod proton_template;
mod resource_store;
mod rollout;
mod service_operations;
mod service_record;
mod settings;
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
    deployment_location::DeploymentLocation,
    environment::ProtonEnvironment,
    proton_template::{ProtonTemplate, TemplateKind},
    resource_store::ResourceStore,
    service_record::ServiceRecord,
};
use super::service::{Partition, ReferenceService, Rejection, ServiceCall};
use crate::model::Violation;

/// The maximum number of partitions, and of resources of one type in one partition.
const BOUND: usize = 1000;

/// The output of an operation, or its error.
type ProtonResult = Result<Value, Rejection>;

/// The Proton service of the reference implementation.
#[derive(Debug, Clone)]
pub(super) struct Proton {
    regions: ResourceStore<(String, String), RegionState>,
}

impl Proton {
    pub(super) fn new() -> Self {
        Self { regions: ResourceStore::bounded(BOUND) }
    }

    /// The state of the partition at the time `now`.
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
    fn invalid(&self, _operation: &str, violations: &[Violation]) -> Rejection {
        proton_error::violated(violations)
    }

    fn call(&mut self, call: ServiceCall<'_>) -> Result<Value, Rejection> {
        let region = self.region(call.partition, call.now).ok_or_else(proton_error::internal)?;
        region.call(call.operation, call.input, call.now)
    }

    fn establish(&mut self, state: &str, params: &Value, partition: Partition<'_>, now: f64) -> Option<Value> {
        self.region(partition, now)?.establish(state, params, now)
    }

    fn copy(&self) -> Box<dyn ReferenceService> {
        Box::new(self.clone())
    }
}

/// The state of one account in one region.
#[derive(Debug, Clone)]
struct RegionState {
    location: DeploymentLocation,
    settings: Map<String, Value>,
    environment_templates: ResourceStore<String, ProtonTemplate>,
    service_templates: ResourceStore<String, ProtonTemplate>,
    environments: ResourceStore<String, ProtonEnvironment>,
    services: ResourceStore<String, ServiceRecord>,
}

impl RegionState {
    fn new(partition: Partition<'_>) -> Self {
        Self {
            location: DeploymentLocation::new(partition),
            settings: Map::new(),
            environment_templates: ResourceStore::bounded(BOUND),
            service_templates: ResourceStore::bounded(BOUND),
            environments: ResourceStore::bounded(BOUND),
            services: ResourceStore::bounded(BOUND),
        }
    }

    /// Advances the state to the time `now`.
    fn settle(&mut self, now: f64) {
        for service in self.services.values_mut() {
            service.settle(now);
        }
        self.services.retain(|service| !service.is_gone(now));
    }

    #[rustfmt::skip] // A table: one operation per line.
    fn call(&mut self, operation: &str, input: &Value, now: f64) -> ProtonResult {
        use TemplateKind::{Environment, Service};
        match operation {
            "CancelComponentDeployment" => Err(proton_error::not_found("component", text(input, "componentName"))),
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
            // The caller rejects unknown operations. Only a bug in the reference implementation gets here.
            _ => Err(proton_error::internal()),
        }
    }
}

/// The string value of a member, or an empty string if the member is absent.
fn text<'a>(input: &'a Value, member: &str) -> &'a str {
    input[member].as_str().unwrap_or_default()
}
