//! CodeDeploy, as its documents describe it: applications, groups, deployments, and their progress over time.
//!
//! Nothing is deployed. The progress of targets depends only on the settings of the group and on the clock, so tests
//! can predict it. Reads never change the state.

mod application;
mod deployment;
mod deployment_target;
mod established;
mod estate;
mod group;
mod input;
mod listing;
mod rollback;
mod stop;
mod timeline;

use std::sync::Arc;

use estate::Estate;
use serde_json::Value;
use timeline::to_milliseconds;

use super::{
    bounded::Bounded,
    ids::Ids,
    service::{Partition, ReferenceService, Rejection, ServiceCall},
};
use crate::model::Violation;

/// The maximum number of remembered partitions.
const PARTITIONS: usize = 1_000;

/// The output of an operation, or its error.
type CodeDeployResult = Result<Value, Rejection>;

/// The service and its complete state.
#[derive(Debug, Clone)]
pub(super) struct CodeDeploy {
    estates: Bounded<(String, String), Estate>,
    ids: Arc<Ids>,
}

impl CodeDeploy {
    pub(super) fn new() -> Self {
        Self { estates: Bounded::new(PARTITIONS), ids: Arc::new(Ids::new()) }
    }

    /// The state of a partition at the time `now`.
    fn estate(&mut self, partition: Partition<'_>, now: f64) -> Option<&mut Estate> {
        let key = (partition.account.to_owned(), partition.region.to_owned());
        if !self.estates.contains(&key) {
            self.estates.insert(key.clone(), Estate::new(partition, Arc::clone(&self.ids)));
        }
        let estate = self.estates.get_mut(&key)?;
        estate.settle(now);
        Some(estate)
    }
}

impl ReferenceService for CodeDeploy {
    fn invalid(&self, operation: &str, violations: &[Violation]) -> Rejection {
        input::rejection(operation, violations)
    }

    fn call(&mut self, call: ServiceCall<'_>) -> CodeDeployResult {
        let now = to_milliseconds(call.now);
        let estate = self
            .estate(call.partition, now)
            .ok_or_else(|| Rejection::new("InternalFailure", "The state of this account no longer exists"))?;
        let input = call.input;
        match call.operation {
            "CreateApplication" => estate.create_application(input, now),
            "GetApplication" => estate.get_application(input),
            "DeleteApplication" => estate.delete_application(input),
            "RegisterApplicationRevision" => estate.register_revision(input),
            "CreateDeploymentGroup" => estate.create_group(input),
            "GetDeploymentGroup" => estate.get_group(input),
            "DeleteDeploymentGroup" => estate.delete_group(input),
            "CreateDeployment" => estate.create_deployment(input, now),
            "GetDeployment" => estate.get_deployment(input),
            "BatchGetDeployments" => estate.batch_get_deployments(input),
            "ListDeployments" => estate.list_deployments(input),
            "ContinueDeployment" => estate.continue_deployment(input, now),
            "StopDeployment" => estate.stop_deployment(input, now),
            "ListDeploymentTargets" => estate.list_targets(input),
            "GetDeploymentTarget" => estate.get_target(input, now),
            other => {
                Err(Rejection::new("UnknownOperationException", format!("The reference has no operation {other}")))
            }
        }
    }

    fn establish(&mut self, state: &str, _params: &Value, partition: Partition<'_>, now: f64) -> Option<Value> {
        let now = to_milliseconds(now);
        let state = established::of(state)?;
        self.estate(partition, now)?.establish(state, now)
    }

    fn copy(&self) -> Box<dyn ReferenceService> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests;
