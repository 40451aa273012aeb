//! Rollbacks: a new deployment of the revision that worked last, as the user guide describes it.

use serde_json::{Map, Value, json};

use super::{
    deployment::CodeDeployDeployment,
    estate::Estate,
    timeline::{DeploymentCourse, DeploymentPhase},
};

impl Estate {
    /// Puts a rollback of `ended` at the head of its group's line, or notes why there is none.
    pub(super) fn roll_back(&mut self, ended: &CodeDeployDeployment, at: f64) {
        let revision = self.group_of(ended).and_then(|group| group.target_revision.clone());
        let noted = match revision {
            Some(revision) => self.deploy_again(ended, revision, at),
            None => note("rollbackMessage", "No earlier deployment of the group succeeded"),
        };
        if let Some(deployment) = self.deployments.get_mut(&ended.id) {
            deployment.rollback = noted;
        }
    }

    /// Starts the rollback, and gives what the deployment that it undoes is to say of it.
    fn deploy_again(&mut self, ended: &CodeDeployDeployment, revision: Value, at: f64) -> Map<String, Value> {
        let id = self.fresh_deployment_id();
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
            stop_asked: None,
            rollback,
            ..ended.clone()
        };
        self.lines.entry(ended.group_id.clone()).or_default().push_front(id.clone());
        self.remember(deployment, at);
        let mut noted = note("rollbackDeploymentId", &id);
        noted.extend(note("rollbackMessage", &format!("{id} rolls this deployment back")));
        noted
    }
}

fn note(name: &str, text: &str) -> Map<String, Value> {
    Map::from_iter([(name.to_owned(), json!(text))])
}
