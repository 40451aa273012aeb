//! A service as it is held: its stage, its pipeline, its instances, and what it is told as.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    Refusal,
    instance::Instance,
    place::timestamp,
    proton_template::kept,
    refusal::{conflict, internal, not_found, throttled},
    rollout::{Rollout, RolloutOutcome},
    version::Version,
};

/// Stands in where a spec names no environment.
pub(super) const UNSPECIFIED: &str = "unspecified";

#[derive(Debug, Clone)]
pub(super) struct ServiceRecord {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) created_at: f64,
    pub(super) modified_at: f64,
    /// The input that created it, with what edits have changed.
    pub(super) details: Value,
    pub(super) is_edited: bool,
    /// The template version that it was created with, which new instances get.
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

/// How a cancel of the service's pipeline goes wrong: what no documented call brings about.
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

    /// Whether its deletion is over.
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

    /// The rollout of the instance of that name, or of the pipeline where there is no name.
    pub(super) fn rollout(&self, instance: Option<&str>) -> Result<&Rollout, Refusal> {
        match instance {
            Some(name) => self.instances.get(name).map(|instance| &instance.rollout),
            None => self.pipeline.as_ref(),
        }
        .ok_or_else(|| self.without(instance))
    }

    /// As [`ServiceRecord::rollout`], to be changed.
    pub(super) fn rollout_mut(&mut self, instance: Option<&str>) -> Result<&mut Rollout, Refusal> {
        let missing = self.without(instance);
        match instance {
            Some(name) => self.instances.get_mut(name).map(|instance| &mut instance.rollout),
            None => self.pipeline.as_mut(),
        }
        .ok_or(missing)
    }

    fn without(&self, instance: Option<&str>) -> Refusal {
        match instance {
            Some(instance) => not_found(&format!("instance of the service {}:", self.name), instance),
            None => not_found("pipeline of the service", &self.name),
        }
    }

    /// Refuses whatever needs an active service.
    pub(super) fn check_active(&self) -> Result<(), Refusal> {
        match self.stage {
            PipelineStage::Active => Ok(()),
            _ => Err(conflict(format!("The service {} is {}.", self.name, self.status()))),
        }
    }

    /// How a cancel of the pipeline will end, or the refusal that this service was set up to give.
    pub(super) fn fate(&self) -> Result<RolloutOutcome, Refusal> {
        match self.fault {
            None => Ok(RolloutOutcome::Cancelled),
            Some(ServiceFault::Fails) => Ok(RolloutOutcome::Failed),
            Some(ServiceFault::Conflicts) => {
                Err(conflict(format!("Another operation on {} is in the way.", self.name)))
            }
            Some(ServiceFault::Throttled) => Err(throttled()),
            Some(ServiceFault::InternalError) => Err(internal()),
        }
    }

    /// Whether nothing happened to it since its creation, which can be repeated as long.
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

    /// The environment of the first instance; the model requires one of every deployment.
    pub(super) fn environment(&self) -> &str {
        self.instances.values().next().map_or(UNSPECIFIED, |instance| &instance.environment)
    }

    /// The members that a list tells.
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

    /// The pipeline or an instance of this service, deleted with it.
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
