//! `StopDeployment`: the operation that this service is here for.

use serde_json::{Value, json};

use super::{
    CodeDeployResult, Refusal,
    deployment::CodeDeployDeployment,
    estate::Estate,
    input::deployment_id,
    timeline::{DeploymentPhase, TimelineEnd},
};

/// What is in the way of stopping a deployment. No documented call puts it there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StopObstacle {
    /// Another service owns it, or it is past the point where it can be stopped.
    Unsupported,
    /// It is stopped by force.
    Forced,
    /// The call meets an error that any service may have.
    Fails(&'static str),
}

/// How the call answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StopOutcome {
    /// Targets are in flight: it stops a little later.
    Pending,
    /// Nothing is in flight: it is stopped.
    Succeeded,
    /// It is stopped, whatever was in flight.
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
    /// A deployment that never began has updated nothing: stopping it rolls nothing back.
    pub(super) fn stop_deployment(&mut self, input: &Value, now: f64) -> CodeDeployResult {
        let deployment = self.deployment(deployment_id(input)?)?;
        self.check_stoppable(deployment)?;
        let (id, outcome) = (deployment.id.clone(), StopOutcome::of(deployment));
        if matches!(deployment.phase, DeploymentPhase::Stopping { .. }) {
            return Ok(outcome.body());
        }
        let wanted = input["autoRollbackEnabled"].as_bool();
        let roll_back = deployment.started.is_some()
            && wanted.unwrap_or_else(|| deployment.rolls_back_on("DEPLOYMENT_STOP_ON_REQUEST"));
        if let Some(deployment) = self.deployments.get_mut(&id) {
            deployment.stop_asked = Some(now);
            deployment.phase = DeploymentPhase::Stopping { since: now, roll_back };
        }
        if outcome != StopOutcome::Pending {
            self.enter(&id, DeploymentPhase::Ended(TimelineEnd::Stopped(Some("MANUAL_STOP"))), now);
        }
        Ok(outcome.body())
    }

    fn check_stoppable(&self, deployment: &CodeDeployDeployment) -> Result<(), Refusal> {
        let id = &deployment.id;
        if let Some(StopObstacle::Fails(error)) = deployment.obstacle {
            return Err(Refusal::new(error, format!("Stopping {id} fails this way for as long as it is open")));
        }
        if self.group_of(deployment).is_none() {
            return Err(Refusal::new("DeploymentGroupDoesNotExistException", format!("The group of {id} is gone")));
        }
        if matches!(deployment.phase, DeploymentPhase::Ended(_)) {
            return Err(Refusal::new("DeploymentAlreadyCompletedException", format!("{id} is complete")));
        }
        if deployment.obstacle == Some(StopObstacle::Unsupported) {
            let message = format!("{id} cannot be stopped by this operation");
            return Err(Refusal::new("UnsupportedActionForDeploymentTypeException", message));
        }
        Ok(())
    }
}
