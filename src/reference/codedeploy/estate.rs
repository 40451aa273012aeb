//! Everything that one account has in one region.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use super::{
    Bounded, Ids, Partition, Refusal, application::Application, deployment::CodeDeployDeployment,
    group::DeploymentGroup,
};

/// How many applications, groups and deployments are remembered, of each.
const LIMIT: usize = 10_000;

/// An application's and a group's name.
pub(super) type GroupKey = (String, String);

/// The state of one account in one region.
#[derive(Debug, Clone)]
pub(super) struct Estate {
    pub(super) account: String,
    pub(super) region: String,
    pub(super) ids: Arc<Ids>,
    pub(super) applications: Bounded<String, Application>,
    pub(super) groups: Bounded<GroupKey, DeploymentGroup>,
    pub(super) deployments: Bounded<String, CodeDeployDeployment>,
    /// The open deployments of each group, by the group's id: the first one runs, the others wait.
    pub(super) lines: BTreeMap<String, VecDeque<String>>,
}

impl Estate {
    pub(super) fn new(partition: Partition<'_>, ids: Arc<Ids>) -> Self {
        Self {
            account: partition.account.to_owned(),
            region: partition.region.to_owned(),
            ids,
            applications: Bounded::new(LIMIT),
            groups: Bounded::new(LIMIT),
            deployments: Bounded::new(LIMIT),
            lines: BTreeMap::new(),
        }
    }

    pub(super) fn application(&self, name: &str) -> Result<&Application, Refusal> {
        self.applications
            .get(&name.to_owned())
            .ok_or_else(|| Refusal::new("ApplicationDoesNotExistException", format!("There is no application {name}")))
    }

    pub(super) fn group(&self, key: &GroupKey) -> Result<&DeploymentGroup, Refusal> {
        let none = || format!("The application {} has no deployment group {}", key.0, key.1);
        self.groups.get(key).ok_or_else(|| Refusal::new("DeploymentGroupDoesNotExistException", none()))
    }

    pub(super) fn deployment(&self, id: &str) -> Result<&CodeDeployDeployment, Refusal> {
        self.deployments
            .get(&id.to_owned())
            .ok_or_else(|| Refusal::new("DeploymentDoesNotExistException", format!("There is no deployment {id}")))
    }

    /// The group that a deployment was made for, unless it is gone: another of the same name is not it.
    pub(super) fn group_of(&self, deployment: &CodeDeployDeployment) -> Option<&DeploymentGroup> {
        self.groups.get(&deployment.group).filter(|group| group.id == deployment.group_id)
    }

    /// A deployment id that no deployment has.
    pub(super) fn fresh_deployment_id(&self) -> String {
        loop {
            let id = format!("d-{}", self.ids.alphanumeric(9));
            if !self.deployments.contains(&id) {
                return id;
            }
        }
    }
}
