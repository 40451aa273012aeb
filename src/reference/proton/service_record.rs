//! The state of a service: its stage, its pipeline and its instances, and its form in responses.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    Rejection,
    deployment_location::timestamp,
    instance::Instance,
    proton_error::{conflict, internal, not_found, throttled},
    proton_template::kept,
    rollout::{Rollout, RolloutOutcome},
    version::Version,
};

/// The environment name of an instance without an environment in its spec.
pub(super) const UNSPECIFIED: &str = "unspecified";

#[derive(Debug, Clone)]
pub(super) struct ServiceRecord {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) created_at: f64,
    pub(super) modified_at: f64,
    /// The input that created it, with the changes of later edits.
    pub(super) details: Value,
    pub(super) is_edited: bool,
    /// The template version of its creation, which new instances use.
    pub(super) version: Version,
    pub(super) stage: PipelineStage,
    pub(super) pipeline: Option<Rollout>,
    pub(super) instances: BTreeMap<String, Instance>,
    pub(super) fault: Option<ServiceFault>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum PipelineStage {
    Creating { until: f64 },
    Active,
    Updating { until: f64 },
    Deleting { until: f64 },
}

/// A fault in the cancellation of the pipeline of a service. No documented call causes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ServiceFault {
    Fails,
    Conflicts,
    Throttled,
    InternalError,
}

impl ServiceRecord {
    pub(super) fn settle(&mut self, now: f64) {
        if let PipelineStage::Creating { until } | PipelineStage::Updating { until } = self.stage
            && until <= now
        {
            self.stage = PipelineStage::Active;
        }
        for rollout in self.rollouts_mut() {
            rollout.settle(now);
        }
    }

    /// Returns true if the deletion has ended.
    pub(super) fn is_gone(&self, now: f64) -> bool {
        matches!(self.stage, PipelineStage::Deleting { until } if until <= now)
    }

    pub(super) fn uses(&self, template: &str, version: Version) -> bool {
        let created_with = self.details["templateName"] == template && self.version == version;
        created_with || self.rollouts().any(|rollout| rollout.uses(template, version))
    }

    pub(super) fn rollouts(&self) -> impl Iterator<Item = &Rollout> {
        self.pipeline.iter().chain(self.instances.values().map(|instance| &instance.rollout))
    }

    pub(super) fn rollouts_mut(&mut self) -> impl Iterator<Item = &mut Rollout> {
        self.pipeline.iter_mut().chain(self.instances.values_mut().map(|instance| &mut instance.rollout))
    }

    /// The rollout of the instance with this name, or of the pipeline if the name is absent.
    pub(super) fn rollout(&self, instance: Option<&str>) -> Result<&Rollout, Rejection> {
        match instance {
            Some(name) => self.instances.get(name).map(|instance| &instance.rollout),
            None => self.pipeline.as_ref(),
        }
        .ok_or_else(|| self.without(instance))
    }

    /// The mutable version of [`ServiceRecord::rollout`].
    pub(super) fn rollout_mut(&mut self, instance: Option<&str>) -> Result<&mut Rollout, Rejection> {
        let missing = self.without(instance);
        match instance {
            Some(name) => self.instances.get_mut(name).map(|instance| &mut instance.rollout),
            None => self.pipeline.as_mut(),
        }
        .ok_or(missing)
    }

    fn without(&self, instance: Option<&str>) -> Rejection {
        match instance {
            Some(instance) => not_found(&format!("instance of the service {}:", self.name), instance),
            None => not_found("pipeline of the service", &self.name),
        }
    }

    /// Rejects a call that needs an active service if the service is not active.
    pub(super) fn check_active(&self) -> Result<(), Rejection> {
        match self.stage {
            PipelineStage::Active => Ok(()),
            _ => Err(conflict(format!("The service {} is {}.", self.name, self.status()))),
        }
    }

    /// The outcome of a cancellation of the pipeline, or the rejection that the established fault causes.
    pub(super) fn cancellation_outcome(&self) -> Result<RolloutOutcome, Rejection> {
        match self.fault {
            None => Ok(RolloutOutcome::Cancelled),
            Some(ServiceFault::Fails) => Ok(RolloutOutcome::Failed),
            Some(ServiceFault::Conflicts) => {
                Err(conflict(format!("Another operation on {} is in progress.", self.name)))
            }
            Some(ServiceFault::Throttled) => Err(throttled()),
            Some(ServiceFault::InternalError) => Err(internal()),
        }
    }

    /// Returns true if the service is unchanged since its creation. Only then can the creation be repeated.
    pub(super) fn is_unmodified(&self) -> bool {
        !self.is_edited && self.rollouts().all(|rollout| rollout.deployments().count() == 1)
    }

    pub(super) fn is_busy(&self) -> bool {
        self.rollouts().any(Rollout::is_busy)
    }

    fn status(&self) -> &'static str {
        match self.stage {
            PipelineStage::Creating { .. } => "CREATE_IN_PROGRESS",
            PipelineStage::Active => "ACTIVE",
            PipelineStage::Updating { .. } => "UPDATE_IN_PROGRESS",
            PipelineStage::Deleting { .. } => "DELETE_IN_PROGRESS",
        }
    }

    /// The environment of the first instance. The model requires an environment for every deployment.
    pub(super) fn environment(&self) -> &str {
        self.instances.values().next().map_or(UNSPECIFIED, |instance| &instance.environment)
    }

    /// The members of the service in a list.
    pub(super) fn summary(&self) -> Map<String, Value> {
        let mut view = kept(&self.details, &["name", "description", "templateName"]);
        view.insert("arn".to_owned(), json!(self.arn));
        view.insert("createdAt".to_owned(), timestamp(self.created_at));
        view.insert("lastModifiedAt".to_owned(), timestamp(self.modified_at));
        view.insert("status".to_owned(), json!(self.status()));
        view
    }

    pub(super) fn view(&self) -> Map<String, Value> {
        let mut view = self.summary();
        view.extend(kept(&self.details, &["branchName", "repositoryConnectionArn", "repositoryId", "spec"]));
        if let Some(pipeline) = &self.pipeline {
            view.insert("pipeline".to_owned(), self.part(pipeline, true).into());
        }
        view
    }

    /// The members of the pipeline or of an instance. They are deleted with the service.
    pub(super) fn part(&self, rollout: &Rollout, spec: bool) -> Map<String, Value> {
        let mut view = rollout.members();
        if spec {
            view.extend(rollout.live().members(true));
        }
        if matches!(self.stage, PipelineStage::Deleting { .. }) {
            view.insert("deploymentStatus".to_owned(), json!("DELETE_IN_PROGRESS"));
        }
        view
    }
}
