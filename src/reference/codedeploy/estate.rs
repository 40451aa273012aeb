//! The state of one account in one region.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use super::{
    Bounded, Ids, Partition, Rejection, application::Application, deployment::CodeDeployDeployment,
    group::DeploymentGroup,
};

/// The maximum number of remembered applications, groups and deployments, each.
const LIMIT: usize = 10_000;

/// The name of an application and the name of a group.
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
    /// The open deployments of each group, by the ID of the group. The first one runs, the others wait.
    pub(super) queues: BTreeMap<String, VecDeque<String>>,
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
            queues: BTreeMap::new(),
        }
    }

    pub(super) fn application(&self, name: &str) -> Result<&Application, Rejection> {
        self.applications.get(&name.to_owned()).ok_or_else(|| {
            Rejection::new("ApplicationDoesNotExistException", format!("The application {name} does not exist"))
        })
    }

    pub(super) fn group(&self, key: &GroupKey) -> Result<&DeploymentGroup, Rejection> {
        let message = || format!("The application {} has no deployment group {}", key.0, key.1);
        self.groups.get(key).ok_or_else(|| Rejection::new("DeploymentGroupDoesNotExistException", message()))
    }

    pub(super) fn deployment(&self, id: &str) -> Result<&CodeDeployDeployment, Rejection> {
        self.deployments.get(&id.to_owned()).ok_or_else(|| {
            Rejection::new("DeploymentDoesNotExistException", format!("The deployment {id} does not exist"))
        })
    }

    /// The group of a deployment, unless it was deleted. A new group with the same name does not count.
    pub(super) fn group_of(&self, deployment: &CodeDeployDeployment) -> Option<&DeploymentGroup> {
        self.groups.get(&deployment.group).filter(|group| group.id == deployment.group_id)
    }

    /// An unused deployment ID.
    pub(super) fn new_deployment_id(&self) -> String {
        loop {
            let id = format!("d-{}", self.ids.alphanumeric(9));
            if !self.deployments.contains(&id) {
                return id;
            }
        }
    }
}
