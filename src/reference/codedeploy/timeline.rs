//! What time does to deployments: phases, when each ends by itself, and the line before each group.
//!
//! Lazy: nothing happens between two calls; a call first lets happen, in order, what was due.

use std::collections::VecDeque;

use super::{deployment::CodeDeployDeployment, estate::Estate};

/// Where a deployment is. `since` is in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum DeploymentPhase {
    /// It waits for an earlier deployment of its group.
    Queued,
    /// It looks for instances.
    Created { since: f64 },
    /// It works on its targets, or shifts traffic.
    InProgress { since: f64 },
    /// It waits for `ContinueDeployment`.
    Ready { since: f64 },
    /// It was asked to stop while targets were in flight.
    Stopping { since: f64, roll_back: bool },
    /// It is over.
    Ended(TimelineEnd),
}

/// How a deployment ended, with the code of its error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimelineEnd {
    Succeeded,
    Failed(&'static str),
    Stopped(Option<&'static str>),
}

/// What becomes of a deployment once it runs, if nobody interferes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum DeploymentCourse {
    /// It finds no instance.
    NoInstances,
    /// Its instances never become healthy: nothing here has an agent.
    Unhealthy,
    /// It becomes ready, waits that many seconds to be continued, and is stopped.
    Reroutes { wait: f64 },
    /// It succeeds after that many seconds.
    Succeeds { after: f64 },
}

/// How long a look for instances takes, in seconds.
const LOOK: f64 = 0.05;

/// How long a deployment stays open that nothing lets end.
pub(super) const OPEN: f64 = 300.0;

/// How long targets in flight take to stop.
const LANDING: f64 = 0.15;

impl DeploymentCourse {
    /// All traffic at once.
    pub(super) const PROMPT: Self = Self::Succeeds { after: 0.1 };
    /// Traffic shifts step by step.
    pub(super) const GRADUAL: Self = Self::Succeeds { after: OPEN };
    /// Back to a revision that worked.
    pub(super) const ROLLBACK: Self = Self::Succeeds { after: 0.5 };

    /// How long its work takes, in seconds.
    pub(super) fn duration(self) -> f64 {
        match self {
            Self::NoInstances | Self::Reroutes { .. } => LOOK,
            Self::Unhealthy => OPEN,
            Self::Succeeds { after } => after,
        }
    }
}

impl DeploymentPhase {
    pub(super) fn status(self) -> &'static str {
        match self {
            Self::Queued => "Queued",
            Self::Created { .. } => "Created",
            Self::InProgress { .. } | Self::Stopping { .. } => "InProgress",
            Self::Ready { .. } => "Ready",
            Self::Ended(TimelineEnd::Succeeded) => "Succeeded",
            Self::Ended(TimelineEnd::Failed(_)) => "Failed",
            Self::Ended(TimelineEnd::Stopped(_)) => "Stopped",
        }
    }

    /// The next phase and its time, if nobody interferes.
    fn next(self, course: DeploymentCourse) -> Option<(f64, Self)> {
        let (since, wait, next) = match (self, course) {
            (Self::Created { since }, _) => (since, LOOK, Self::Ended(TimelineEnd::Failed("NO_INSTANCES"))),
            (Self::Stopping { since, .. }, _) => {
                (since, LANDING, Self::Ended(TimelineEnd::Stopped(Some("MANUAL_STOP"))))
            }
            (Self::InProgress { since }, DeploymentCourse::Reroutes { .. }) => {
                let ready = to_milliseconds(since + LOOK);
                (since, LOOK, Self::Ready { since: ready })
            }
            (Self::Ready { since }, DeploymentCourse::Reroutes { wait }) => {
                (since, wait, Self::Ended(TimelineEnd::Stopped(None)))
            }
            (Self::InProgress { since }, DeploymentCourse::Succeeds { after }) => {
                (since, after, Self::Ended(TimelineEnd::Succeeded))
            }
            (Self::InProgress { since }, DeploymentCourse::Unhealthy) => {
                (since, OPEN, Self::Ended(TimelineEnd::Failed("HEALTH_CONSTRAINTS")))
            }
            _ => return None,
        };
        Some((to_milliseconds(since + wait), next))
    }
}

/// Times are kept and shown in whole milliseconds, so that sums of them compare as they read.
pub(super) fn to_milliseconds(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

impl Estate {
    /// Lets everything happen that was due by `now`.
    pub(super) fn settle(&mut self, now: f64) {
        let due: Vec<String> =
            self.lines.iter().filter(|(_, line)| self.due(line, now).is_some()).map(|(id, _)| id.clone()).collect();
        for group_id in due {
            while let Some((id, at, phase)) = self.lines.get(&group_id).and_then(|line| self.due(line, now)) {
                self.enter(&id, phase, at);
            }
        }
    }

    fn due(&self, line: &VecDeque<String>, now: f64) -> Option<(String, f64, DeploymentPhase)> {
        let id = line.front()?;
        let deployment = self.deployments.get(id)?;
        let (at, phase) = deployment.phase.next(deployment.course)?;
        (at <= now).then(|| (id.clone(), at, phase))
    }

    /// Moves a deployment to a phase, with all that follows from its end.
    pub(super) fn enter(&mut self, id: &str, phase: DeploymentPhase, at: f64) {
        let Some(deployment) = self.deployments.get_mut(&id.to_owned()) else { return };
        let left = std::mem::replace(&mut deployment.phase, phase);
        let DeploymentPhase::Ended(end) = phase else { return };
        deployment.completed = Some(at);
        let ended = deployment.clone();
        self.leave(&ended.group_id, id);
        let roll_back = match end {
            TimelineEnd::Succeeded => false,
            TimelineEnd::Failed(_) => ended.rolls_back_on("DEPLOYMENT_FAILURE"),
            TimelineEnd::Stopped(_) => matches!(left, DeploymentPhase::Stopping { roll_back: true, .. }),
        };
        if end == TimelineEnd::Succeeded {
            self.note_success(&ended);
        }
        if roll_back {
            self.roll_back(&ended, at);
        }
        self.start_next(&ended.group_id, at);
    }

    fn note_success(&mut self, ended: &CodeDeployDeployment) {
        let group = self.groups.get_mut(&ended.group).filter(|group| group.id == ended.group_id);
        if let Some(group) = group {
            group.succeed(&ended.id, &ended.revision);
        }
    }

    /// Puts a new deployment at the end of its group's line.
    pub(super) fn enqueue(&mut self, deployment: CodeDeployDeployment, now: f64) {
        let group_id = deployment.group_id.clone();
        self.lines.entry(group_id.clone()).or_default().push_back(deployment.id.clone());
        self.remember(deployment, now);
        self.start_next(&group_id, now);
    }

    /// Keeps a deployment, for which the oldest of all may have to leave.
    pub(super) fn remember(&mut self, deployment: CodeDeployDeployment, now: f64) {
        if let Some(group) = self.groups.get_mut(&deployment.group) {
            group.attempt(&deployment.id);
        }
        if let Some((dropped, old)) = self.deployments.insert(deployment.id.clone(), deployment) {
            self.leave(&old.group_id, &dropped);
            self.start_next(&old.group_id, now);
        }
    }

    fn leave(&mut self, group_id: &str, id: &str) {
        if let Some(line) = self.lines.get_mut(group_id) {
            line.retain(|waiting| waiting != id);
            if line.is_empty() {
                self.lines.remove(group_id);
            }
        }
    }

    /// Lets the first of a line run, unless it does.
    pub(super) fn start_next(&mut self, group_id: &str, at: f64) {
        let first = self.lines.get(group_id).and_then(VecDeque::front);
        let Some(deployment) = first.and_then(|id| self.deployments.get_mut(id)) else { return };
        if deployment.phase != DeploymentPhase::Queued {
            return;
        }
        if deployment.course == DeploymentCourse::NoInstances {
            deployment.phase = DeploymentPhase::Created { since: at };
        } else {
            deployment.phase = DeploymentPhase::InProgress { since: at };
            deployment.started = Some(at);
        }
    }
}
