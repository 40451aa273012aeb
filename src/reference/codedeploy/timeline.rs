//! The progress of deployments over time: their phases, the end of each phase, and the queue of each group.
//!
//! The evaluation is lazy: each call first applies all due transitions in order.

use std::collections::VecDeque;

use super::{deployment::CodeDeployDeployment, estate::Estate};

/// The phase of a deployment. `since` is in epoch seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum DeploymentPhase {
    /// It waits for an earlier deployment of its group.
    Queued,
    /// It searches for instances.
    Created { since: f64 },
    /// It works on its targets, or shifts traffic.
    InProgress { since: f64 },
    /// It waits for `ContinueDeployment`.
    Ready { since: f64 },
    /// A stop was requested while targets were in progress.
    Stopping { since: f64, roll_back: bool },
    /// It has ended.
    Ended(TimelineEnd),
}

/// The result of a deployment with its error code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimelineEnd {
    Succeeded,
    Failed(&'static str),
    Stopped(Option<&'static str>),
}

/// The course of a running deployment without an intervention.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum DeploymentCourse {
    /// The search finds no instance.
    NoInstances,
    /// Its instances never become healthy, because they run no agent.
    Unhealthy,
    /// It becomes ready, waits up to `wait` seconds for `ContinueDeployment`, and is then stopped.
    Reroutes { wait: f64 },
    /// It succeeds after `after` seconds.
    Succeeds { after: f64 },
}

/// The duration of the search for instances, in seconds.
const SEARCH: f64 = 0.05;

/// The duration of a deployment without a regular end, in seconds.
pub(super) const OPEN: f64 = 300.0;

/// The time to stop the targets in progress, in seconds.
const STOP_DELAY: f64 = 0.15;

impl DeploymentCourse {
    /// Shifts all traffic at once.
    pub(super) const PROMPT: Self = Self::Succeeds { after: 0.1 };
    /// Shifts traffic step by step.
    pub(super) const GRADUAL: Self = Self::Succeeds { after: OPEN };
    /// Redeploys the last successful revision.
    pub(super) const ROLLBACK: Self = Self::Succeeds { after: 0.5 };

    /// The duration of the work, in seconds.
    pub(super) fn duration(self) -> f64 {
        match self {
            Self::NoInstances | Self::Reroutes { .. } => SEARCH,
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

    /// The next phase and its time without an intervention.
    fn next(self, course: DeploymentCourse) -> Option<(f64, Self)> {
        let (since, wait, next) = match (self, course) {
            (Self::Created { since }, _) => (since, SEARCH, Self::Ended(TimelineEnd::Failed("NO_INSTANCES"))),
            (Self::Stopping { since, .. }, _) => {
                (since, STOP_DELAY, Self::Ended(TimelineEnd::Stopped(Some("MANUAL_STOP"))))
            }
            (Self::InProgress { since }, DeploymentCourse::Reroutes { .. }) => {
                let ready = to_milliseconds(since + SEARCH);
                (since, SEARCH, Self::Ready { since: ready })
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

/// Rounds a time to whole milliseconds, the resolution of all stored and returned times.
pub(super) fn to_milliseconds(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

impl Estate {
    /// Applies all transitions that are due at `now`.
    pub(super) fn settle(&mut self, now: f64) {
        let due: Vec<String> =
            self.queues.iter().filter(|(_, queue)| self.due(queue, now).is_some()).map(|(id, _)| id.clone()).collect();
        for group_id in due {
            while let Some((id, at, phase)) = self.queues.get(&group_id).and_then(|queue| self.due(queue, now)) {
                self.enter(&id, phase, at);
            }
        }
    }

    fn due(&self, queue: &VecDeque<String>, now: f64) -> Option<(String, f64, DeploymentPhase)> {
        let id = queue.front()?;
        let deployment = self.deployments.get(id)?;
        let (at, phase) = deployment.phase.next(deployment.course)?;
        (at <= now).then(|| (id.clone(), at, phase))
    }

    /// Moves a deployment to a phase. The end of a deployment may start a rollback or the next deployment.
    pub(super) fn enter(&mut self, id: &str, phase: DeploymentPhase, at: f64) {
        let Some(deployment) = self.deployments.get_mut(&id.to_owned()) else { return };
        let previous = std::mem::replace(&mut deployment.phase, phase);
        let DeploymentPhase::Ended(end) = phase else { return };
        deployment.completed = Some(at);
        let ended = deployment.clone();
        self.dequeue(&ended.group_id, id);
        let roll_back = match end {
            TimelineEnd::Succeeded => false,
            TimelineEnd::Failed(_) => ended.rolls_back_on("DEPLOYMENT_FAILURE"),
            TimelineEnd::Stopped(_) => matches!(previous, DeploymentPhase::Stopping { roll_back: true, .. }),
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

    /// Puts a new deployment at the end of the queue of its group.
    pub(super) fn enqueue(&mut self, deployment: CodeDeployDeployment, now: f64) {
        let group_id = deployment.group_id.clone();
        self.queues.entry(group_id.clone()).or_default().push_back(deployment.id.clone());
        self.remember(deployment, now);
        self.start_next(&group_id, now);
    }

    /// Stores a deployment. At the limit, this drops the oldest deployment.
    pub(super) fn remember(&mut self, deployment: CodeDeployDeployment, now: f64) {
        if let Some(group) = self.groups.get_mut(&deployment.group) {
            group.attempt(&deployment.id);
        }
        if let Some((dropped, old)) = self.deployments.insert(deployment.id.clone(), deployment) {
            self.dequeue(&old.group_id, &dropped);
            self.start_next(&old.group_id, now);
        }
    }

    fn dequeue(&mut self, group_id: &str, id: &str) {
        if let Some(queue) = self.queues.get_mut(group_id) {
            queue.retain(|waiting| waiting != id);
            if queue.is_empty() {
                self.queues.remove(group_id);
            }
        }
    }

    /// Starts the first deployment of a queue, unless it already runs.
    pub(super) fn start_next(&mut self, group_id: &str, at: f64) {
        let first = self.queues.get(group_id).and_then(VecDeque::front);
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
