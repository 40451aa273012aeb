//! `StopDeployment`, the main operation of this service.

use serde_json::{Value, json};

use super::{
    CodeDeployResult, Rejection,
    deployment::CodeDeployDeployment,
    estate::Estate,
    input::deployment_id,
    timeline::{DeploymentPhase, TimelineEnd},
};

/// An obstacle to a normal stop. No documented call causes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StopObstacle {
    /// Another service owns the deployment, or it is too late to stop it.
    Unsupported,
    /// The stop is forced.
    Forced,
    /// The call fails with a common error.
    Fails(&'static str),
}

/// The status that the call returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StopOutcome {
    /// Targets are in progress. The deployment stops later.
    Pending,
    /// No target is in progress. The deployment is stopped.
    Succeeded,
    /// The deployment is stopped, even if targets were in progress.
    Forced,
}

impl StopOutcome {
    fn of(deployment: &CodeDeployDeployment) -> Self {
        match (deployment.obstacle, deployment.phase) {
            (Some(StopObstacle::Forced), _) => Self::Forced,
            (_, DeploymentPhase::InProgress { .. } | DeploymentPhase::Stopping { .. }) => Self::Pending,
            _ => Self::Succeeded,
        }
    }

    fn body(self) -> Value {
        let (status, message) = match self {
            Self::Pending => ("Pending", "The targets in flight are being stopped"),
            Self::Succeeded => ("Succeeded", "Nothing more of the deployment will run"),
            Self::Forced => ("Forced", "The deployment was stopped by force"),
        };
        json!({"status": status, "statusMessage": message})
    }
}

impl Estate {
    /// Stops a deployment. The stop of a deployment that has not started triggers no rollback.
    pub(super) fn stop_deployment(&mut self, input: &Value, now: f64) -> CodeDeployResult {
        let deployment = self.deployment(deployment_id(input)?)?;
        self.check_stoppable(deployment)?;
        let (id, outcome) = (deployment.id.clone(), StopOutcome::of(deployment));
        if matches!(deployment.phase, DeploymentPhase::Stopping { .. }) {
            return Ok(outcome.body());
        }
        let requested = input["autoRollbackEnabled"].as_bool();
        let roll_back = deployment.started.is_some()
            && requested.unwrap_or_else(|| deployment.rolls_back_on("DEPLOYMENT_STOP_ON_REQUEST"));
        if let Some(deployment) = self.deployments.get_mut(&id) {
            deployment.stop_requested = Some(now);
            deployment.phase = DeploymentPhase::Stopping { since: now, roll_back };
        }
        if outcome != StopOutcome::Pending {
            self.enter(&id, DeploymentPhase::Ended(TimelineEnd::Stopped(Some("MANUAL_STOP"))), now);
        }
        Ok(outcome.body())
    }

    fn check_stoppable(&self, deployment: &CodeDeployDeployment) -> Result<(), Rejection> {
        let id = &deployment.id;
        if let Some(StopObstacle::Fails(error)) = deployment.obstacle {
            return Err(Rejection::new(error, format!("Every attempt to stop {id} fails with this error")));
        }
        if self.group_of(deployment).is_none() {
            return Err(Rejection::new(
                "DeploymentGroupDoesNotExistException",
                format!("The deployment group of {id} was deleted"),
            ));
        }
        if matches!(deployment.phase, DeploymentPhase::Ended(_)) {
            return Err(Rejection::new("DeploymentAlreadyCompletedException", format!("{id} is complete")));
        }
        if deployment.obstacle == Some(StopObstacle::Unsupported) {
            let message = format!("{id} cannot be stopped by this operation");
            return Err(Rejection::new("UnsupportedActionForDeploymentTypeException", message));
        }
        Ok(())
    }
}
