//! Rollbacks: a new deployment of the last successful revision, as the user guide describes it.

use serde_json::{Map, Value, json};

use super::{
    deployment::CodeDeployDeployment,
    estate::Estate,
    timeline::{DeploymentCourse, DeploymentPhase},
};

impl Estate {
    /// Puts a rollback of `ended` at the front of the queue of its group, or records why there is no rollback.
    pub(super) fn roll_back(&mut self, ended: &CodeDeployDeployment, at: f64) {
        let revision = self.group_of(ended).and_then(|group| group.target_revision.clone());
        let rollback_info = match revision {
            Some(revision) => self.deploy_again(ended, revision, at),
            None => note("rollbackMessage", "No earlier deployment of the group succeeded"),
        };
        if let Some(deployment) = self.deployments.get_mut(&ended.id) {
            deployment.rollback = rollback_info;
        }
    }

    /// Starts the rollback. Returns the rollback information for the deployment that it reverts.
    fn deploy_again(&mut self, ended: &CodeDeployDeployment, revision: Value, at: f64) -> Map<String, Value> {
        let id = self.new_deployment_id();
        let mut rollback = note("rollbackTriggeringDeploymentId", &ended.id);
        rollback.extend(note("rollbackMessage", &format!("Rolls {} back", ended.id)));
        let deployment = CodeDeployDeployment {
            id: id.clone(),
            creator: "codeDeployRollback",
            previous_revision: Some(revision.clone()),
            revision,
            phase: DeploymentPhase::Queued,
            course: DeploymentCourse::ROLLBACK,
            obstacle: None,
            created: at,
            started: None,
            completed: None,
            stop_requested: None,
            rollback,
            ..ended.clone()
        };
        self.queues.entry(ended.group_id.clone()).or_default().push_front(id.clone());
        self.remember(deployment, at);
        let mut rollback_info = note("rollbackDeploymentId", &id);
        rollback_info.extend(note("rollbackMessage", &format!("{id} rolls this deployment back")));
        rollback_info
    }
}

fn note(name: &str, text: &str) -> Map<String, Value> {
    Map::from_iter([(name.to_owned(), json!(text))])
}
