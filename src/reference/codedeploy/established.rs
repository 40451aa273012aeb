//! States that no documented call can reach, by the names that scenarios use.

use serde_json::{Value, json};

use super::{
    estate::Estate,
    stop::StopObstacle,
    timeline::{DeploymentPhase, TimelineEnd},
};

/// A deployment in a state that no documented call can reach.
#[derive(Debug, Clone, Copy)]
pub(super) struct Established {
    state: &'static str,
    special: Special,
}

#[derive(Debug, Clone, Copy)]
enum Special {
    /// Another service created it, and it cannot be stopped.
    Owned(&'static str),
    /// An obstacle prevents a normal stop.
    Obstacle(StopObstacle),
    /// It ended this way without a `StopDeployment` call.
    Ended(TimelineEnd),
}

const ESTABLISHED: &[Established] = &[
    Established { state: "a deployment owned by CloudFormation", special: Special::Owned("CloudFormation") },
    Established {
        state: "a deployment that cannot be stopped any more",
        special: Special::Obstacle(StopObstacle::Unsupported),
    },
    Established { state: "a deployment whose stop is forced", special: Special::Obstacle(StopObstacle::Forced) },
    Established {
        state: "a deployment whose stop is throttled",
        special: Special::Obstacle(StopObstacle::Fails("ThrottlingException")),
    },
    Established {
        state: "a deployment whose stop meets an internal failure",
        special: Special::Obstacle(StopObstacle::Fails("InternalFailure")),
    },
    Established {
        state: "a deployment whose stop is unavailable",
        special: Special::Obstacle(StopObstacle::Fails("ServiceUnavailable")),
    },
    Established {
        state: "a deployment stopped by an alarm",
        special: Special::Ended(TimelineEnd::Stopped(Some("ALARM_ACTIVE"))),
    },
    Established {
        state: "a deployment whose rerouting wait has elapsed",
        special: Special::Ended(TimelineEnd::Stopped(None)),
    },
];

/// The state with this name.
pub(super) fn of(state: &str) -> Option<Established> {
    ESTABLISHED.iter().find(|known| known.state == state).copied()
}

impl Estate {
    /// Creates an application, a group and an open deployment in the given state.
    ///
    /// Returns the variables of the state.
    pub(super) fn establish(&mut self, established: Established, now: f64) -> Option<Value> {
        let name = self.ids.alphanumeric(12);
        let (application, group) = (format!("application-{name}"), format!("group-{name}"));
        self.create_application(&json!({"applicationName": application}), now).ok()?;
        let role = format!("arn:aws:iam::{}:role/reference", self.account);
        self.create_group(&json!({
            "applicationName": application,
            "deploymentGroupName": group,
            "serviceRoleArn": role,
            "ec2TagFilters": [{"Key": "Name", "Value": name, "Type": "KEY_AND_VALUE"}],
        }))
        .ok()?;
        let created = self
            .create_deployment(
                &json!({
                    "applicationName": application,
                    "deploymentGroupName": group,
                    "revision": {"revisionType": "S3", "s3Location": {"bucket": "reference", "key": "revision.zip", "bundleType": "zip"}},
                }),
                now,
            )
            .ok()?;
        let id = created["deploymentId"].as_str()?;
        self.make_special(id, established.special, now);
        Some(json!({"deploymentId": id, "applicationName": application, "deploymentGroupName": group}))
    }

    fn make_special(&mut self, id: &str, special: Special, now: f64) {
        let Some(deployment) = self.deployments.get_mut(&id.to_owned()) else { return };
        match special {
            Special::Owned(creator) => {
                deployment.creator = creator;
                deployment.obstacle = Some(StopObstacle::Unsupported);
            }
            Special::Obstacle(obstacle) => deployment.obstacle = Some(obstacle),
            Special::Ended(end) => self.enter(id, DeploymentPhase::Ended(end), now),
        }
    }
}
