//! The deployment state machine of pipelines, instances and environments.
//!
//! A rollout consists of the live contents and the attempts to change them. Only time, notifications and cancellations
//! change it. An update lasts until it is due or a notification ends it. A cancellation starts a moment after its
//! request. An update that ends before this moment is not cancelled. A rollout does not know its owner.

use std::{collections::VecDeque, sync::Arc};

use serde_json::{Map, Value, json};

use super::{
    deployment_location::{Ticket, timestamp},
    version::Version,
};

/// The seconds until an update succeeds without a notification. A test has enough time to cancel it.
pub(super) const UPDATE: f64 = 300.0;
/// The seconds from a cancellation request to the start of the cancellation. An update that ends earlier wins.
pub(super) const CANCEL_STARTS: f64 = 0.05;
/// The seconds from a cancellation request to its end.
pub(super) const CANCEL_ENDS: f64 = 0.2;
/// The maximum number of remembered deployments of one rollout.
const REMEMBERED: usize = 20;

const CANCELLED_MESSAGE: &str = "User initiated cancellation.";
const NOT_CANCELLED_MESSAGE: &str = "The cancellation attempt failed.";

/// The deployed contents, or the contents to deploy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RolloutContents {
    pub(super) template: String,
    pub(super) version: Version,
    pub(super) spec: Arc<str>,
}

/// The operation that started an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RolloutCause {
    /// The creation of the resource or of its service.
    Create,
    /// `UpdateService`, which blocks a pipeline without changing it.
    Edit,
    /// `UpdateServicePipeline` or `UpdateServiceInstance`. Only these attempts can be cancelled.
    Update,
}

/// The result of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RolloutOutcome {
    Succeeded,
    Failed,
    Cancelled,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum RolloutState {
    Running { due: f64 },
    Cancelling { due: f64, requested: f64, outcome: RolloutOutcome },
    Ended { outcome: RolloutOutcome, at: f64 },
}

impl RolloutState {
    fn name(self) -> &'static str {
        match self {
            Self::Running { .. } => "IN_PROGRESS",
            Self::Cancelling { .. } => "CANCELLING",
            Self::Ended { outcome: RolloutOutcome::Succeeded, .. } => "SUCCEEDED",
            Self::Ended { outcome: RolloutOutcome::Failed, .. } => "FAILED",
            Self::Ended { outcome: RolloutOutcome::Cancelled, .. } => "CANCELLED",
        }
    }
}

/// A request to deploy contents.
#[derive(Debug, Clone)]
pub(super) struct Attempt {
    pub(super) ticket: Ticket,
    pub(super) cause: RolloutCause,
    pub(super) wanted: RolloutContents,
    /// The seconds until the attempt succeeds without a notification.
    pub(super) lasts: f64,
}

/// One deployment: an attempt with its state.
#[derive(Debug, Clone)]
pub(super) struct ProtonDeployment {
    pub(super) ticket: Ticket,
    /// The live contents before the deployment. `None` for the first deployment.
    pub(super) before: Option<RolloutContents>,
    pub(super) wanted: RolloutContents,
    pub(super) attempted_at: f64,
    pub(super) message: Option<String>,
    cause: RolloutCause,
    state: RolloutState,
}

impl ProtonDeployment {
    fn begin(attempt: Attempt, before: Option<RolloutContents>, now: f64) -> Self {
        Self {
            ticket: attempt.ticket,
            before,
            wanted: attempt.wanted,
            attempted_at: now,
            message: None,
            cause: attempt.cause,
            state: RolloutState::Running { due: now + attempt.lasts },
        }
    }

    /// The value of `DeploymentStatus`.
    pub(super) fn status(&self) -> &'static str {
        self.state.name()
    }

    pub(super) fn completed_at(&self) -> Option<f64> {
        match self.state {
            RolloutState::Ended { at, .. } => Some(at),
            RolloutState::Running { .. } | RolloutState::Cancelling { .. } => None,
        }
    }

    fn outcome(&self) -> Option<RolloutOutcome> {
        match self.state {
            RolloutState::Ended { outcome, .. } => Some(outcome),
            RolloutState::Running { .. } | RolloutState::Cancelling { .. } => None,
        }
    }
}

/// The live contents of one resource, and the attempts to change them.
#[derive(Debug, Clone)]
pub(super) struct Rollout {
    pub(super) arn: String,
    pub(super) created_at: f64,
    live: RolloutContents,
    current: ProtonDeployment,
    past: VecDeque<ProtonDeployment>,
    succeeded: Option<Success>,
}

/// The last attempt that succeeded.
#[derive(Debug, Clone)]
struct Success {
    id: String,
    attempted_at: f64,
}

impl Rollout {
    /// Creates the rollout of a new resource and starts its first attempt.
    pub(super) fn begin(arn: String, attempt: Attempt, now: f64) -> Self {
        let live = attempt.wanted.clone();
        let current = ProtonDeployment::begin(attempt, None, now);
        Self { arn, created_at: now, live, current, past: VecDeque::new(), succeeded: None }
    }

    /// The contents of the last success, or those of the first attempt if none has succeeded.
    pub(super) fn live(&self) -> &RolloutContents {
        &self.live
    }

    /// Returns true if an attempt is running or being cancelled.
    pub(super) fn is_busy(&self) -> bool {
        self.current.outcome().is_none()
    }

    pub(super) fn status(&self) -> &'static str {
        self.current.status()
    }

    /// All remembered deployments, newest first.
    pub(super) fn deployments(&self) -> impl Iterator<Item = &ProtonDeployment> {
        std::iter::once(&self.current).chain(self.past.iter().rev())
    }

    /// Returns true if this version of the template is live or being deployed.
    pub(super) fn uses(&self, template: &str, version: Version) -> bool {
        let is = |contents: &RolloutContents| contents.template == template && contents.version == version;
        is(&self.live) || (self.is_busy() && is(&self.current.wanted))
    }

    /// Advances the state to the time `now`.
    pub(super) fn settle(&mut self, now: f64) {
        match self.current.state {
            RolloutState::Running { due } if due <= now => self.end(RolloutOutcome::Succeeded, due),
            RolloutState::Cancelling { due, requested, .. } if due <= now && due < requested + CANCEL_STARTS => {
                self.end(RolloutOutcome::Succeeded, due);
            }
            RolloutState::Cancelling { requested, outcome, .. } if requested + CANCEL_ENDS <= now => {
                self.current.message = Some(cancellation_message(outcome).to_owned());
                self.end(outcome, requested + CANCEL_ENDS);
            }
            _ => {}
        }
    }

    fn end(&mut self, outcome: RolloutOutcome, at: f64) {
        self.current.state = RolloutState::Ended { outcome, at };
        if outcome == RolloutOutcome::Succeeded {
            self.live = self.current.wanted.clone();
            let id = self.current.ticket.id.clone();
            self.succeeded = Some(Success { id, attempted_at: self.current.attempted_at });
        }
    }

    /// Starts another attempt. The rollout must not be busy.
    pub(super) fn attempt(&mut self, attempt: Attempt, now: f64) {
        let next = ProtonDeployment::begin(attempt, Some(self.live.clone()), now);
        self.past.push_back(std::mem::replace(&mut self.current, next));
        if self.past.len() >= REMEMBERED {
            self.past.pop_front();
        }
    }

    /// Requests the cancellation of the update in progress, which will end with `outcome`.
    ///
    /// If no update is in progress, nothing changes, and the error is the current status.
    pub(super) fn cancel(&mut self, outcome: RolloutOutcome, now: f64) -> Result<(), &'static str> {
        match self.current.state {
            RolloutState::Running { due } if self.current.cause == RolloutCause::Update => {
                self.current.state = RolloutState::Cancelling { due, requested: now, outcome };
                Ok(())
            }
            state => Err(state.name()),
        }
    }

    /// Processes a notification that the provisioning has ended, or that it still runs if its outcome is `None`.
    ///
    /// A notification has no effect if it is for another attempt, or if the attempt has ended or is being cancelled.
    pub(super) fn notify(&mut self, notification: &StatusNotification<'_>, now: f64) {
        if notification.deployment.is_some_and(|id| id != self.current.ticket.id) || !self.accepts_notifications(now) {
            return;
        }
        if notification.message.is_some() {
            self.current.message = notification.message.map(str::to_owned);
        }
        if let Some(outcome) = notification.outcome {
            self.end(outcome, now);
        }
    }

    fn accepts_notifications(&self, now: f64) -> bool {
        match self.current.state {
            RolloutState::Running { .. } => true,
            RolloutState::Cancelling { requested, .. } => now < requested + CANCEL_STARTS,
            RolloutState::Ended { .. } => false,
        }
    }

    /// The members that pipelines, instances and environments have in common.
    pub(super) fn members(&self) -> Map<String, Value> {
        let current = &self.current;
        let succeeded_at = self.succeeded.as_ref().map_or(self.created_at, |success| success.attempted_at);
        let mut members = self.live.members(false);
        members.insert("arn".to_owned(), json!(self.arn));
        members.insert("createdAt".to_owned(), timestamp(self.created_at));
        members.insert("deploymentStatus".to_owned(), json!(current.status()));
        members.insert("lastAttemptedDeploymentId".to_owned(), json!(current.ticket.id));
        members.insert("lastDeploymentAttemptedAt".to_owned(), timestamp(current.attempted_at));
        // The model requires this member. A resource without a success uses its creation time.
        members.insert("lastDeploymentSucceededAt".to_owned(), timestamp(succeeded_at));
        if let Some(id) = self.last_success() {
            members.insert("lastSucceededDeploymentId".to_owned(), json!(id));
        }
        if let Some(message) = &current.message {
            members.insert("deploymentStatusMessage".to_owned(), json!(message));
        }
        members
    }

    /// The id of the last attempt.
    pub(super) fn last_attempt(&self) -> &str {
        &self.current.ticket.id
    }

    /// The id of the last attempt that succeeded.
    pub(super) fn last_success(&self) -> Option<&str> {
        self.succeeded.as_ref().map(|success| success.id.as_str())
    }
}

/// A status notification for a deployment.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct StatusNotification<'a> {
    pub(super) deployment: Option<&'a str>,
    pub(super) outcome: Option<RolloutOutcome>,
    pub(super) message: Option<&'a str>,
}

impl RolloutContents {
    /// The members for the template, its version and, if `spec` is true, the spec.
    pub(super) fn members(&self, spec: bool) -> Map<String, Value> {
        let mut members = Map::new();
        members.insert("templateName".to_owned(), json!(self.template));
        members.insert("templateMajorVersion".to_owned(), json!(self.version.major.to_string()));
        members.insert("templateMinorVersion".to_owned(), json!(self.version.minor.to_string()));
        if spec {
            members.insert("spec".to_owned(), json!(&*self.spec));
        }
        members
    }
}

fn cancellation_message(outcome: RolloutOutcome) -> &'static str {
    match outcome {
        RolloutOutcome::Failed => NOT_CANCELLED_MESSAGE,
        RolloutOutcome::Succeeded | RolloutOutcome::Cancelled => CANCELLED_MESSAGE,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn attempt(number: u64, cause: RolloutCause, minor: u64, lasts: f64) -> Attempt {
        let version = Version { major: 1, minor };
        let wanted = RolloutContents { template: "t".to_owned(), version, spec: format!("spec {minor}").into() };
        Attempt { ticket: Ticket { number, id: format!("id-{number}") }, cause, wanted, lasts }
    }

    /// A rollout with version 1.0 from 0 s and an update to 1.1 from 100 s.
    fn updating() -> Rollout {
        let mut rollout = Rollout::begin("arn".to_owned(), attempt(1, RolloutCause::Create, 0, 1.0), 0.0);
        rollout.settle(100.0);
        rollout.attempt(attempt(2, RolloutCause::Update, 1, UPDATE), 100.0);
        rollout
    }

    #[derive(Debug, Clone, Copy)]
    enum RolloutStep {
        Cancel,
        FailingCancel,
        Notify(RolloutOutcome),
        NotifyStale(RolloutOutcome),
    }

    fn apply(rollout: &mut Rollout, steps: &[(f64, RolloutStep)]) {
        for (now, step) in steps {
            rollout.settle(*now);
            let notification =
                |id, outcome| StatusNotification { deployment: id, outcome: Some(outcome), message: None };
            match step {
                RolloutStep::Cancel => drop(rollout.cancel(RolloutOutcome::Cancelled, *now)),
                RolloutStep::FailingCancel => drop(rollout.cancel(RolloutOutcome::Failed, *now)),
                RolloutStep::Notify(outcome) => rollout.notify(&notification(None, *outcome), *now),
                RolloutStep::NotifyStale(outcome) => rollout.notify(&notification(Some("id-1"), *outcome), *now),
            }
        }
    }

    #[rstest]
    #[case::runs_until_due(&[], 399.9, "IN_PROGRESS", 0)]
    #[case::succeeds_when_due(&[], 400.0, "SUCCEEDED", 1)]
    #[case::completed_early(&[(110.0, RolloutStep::Notify(RolloutOutcome::Succeeded))], 110.0, "SUCCEEDED", 1)]
    #[case::failed(&[(110.0, RolloutStep::Notify(RolloutOutcome::Failed))], 500.0, "FAILED", 0)]
    #[case::stale_notification(&[(110.0, RolloutStep::NotifyStale(RolloutOutcome::Failed))], 110.0, "IN_PROGRESS", 0)]
    #[case::cancelling(&[(110.0, RolloutStep::Cancel)], 110.19, "CANCELLING", 0)]
    #[case::cancelled(&[(110.0, RolloutStep::Cancel)], 110.2, "CANCELLED", 0)]
    #[case::stays_cancelled(&[(110.0, RolloutStep::Cancel)], 9999.0, "CANCELLED", 0)]
    #[case::cancellation_fails(&[(110.0, RolloutStep::FailingCancel)], 110.2, "FAILED", 0)]
    #[case::the_update_wins(&[(110.0, RolloutStep::Cancel), (110.04, RolloutStep::Notify(RolloutOutcome::Succeeded))], 111.0, "SUCCEEDED", 1)]
    #[case::the_failure_wins(&[(110.0, RolloutStep::Cancel), (110.04, RolloutStep::Notify(RolloutOutcome::Failed))], 111.0, "FAILED", 0)]
    #[case::the_cancel_wins(&[(110.0, RolloutStep::Cancel), (110.06, RolloutStep::Notify(RolloutOutcome::Succeeded))], 111.0, "CANCELLED", 0)]
    #[case::due_before_the_cancel_starts(&[(399.96, RolloutStep::Cancel)], 401.0, "SUCCEEDED", 1)]
    #[case::due_after_the_cancel_starts(&[(399.94, RolloutStep::Cancel)], 401.0, "CANCELLED", 0)]
    #[case::requested_when_due(&[(400.0, RolloutStep::Cancel)], 401.0, "SUCCEEDED", 1)]
    #[case::second_cancel(&[(110.0, RolloutStep::Cancel), (110.1, RolloutStep::Cancel)], 110.2, "CANCELLED", 0)]
    #[case::notification_after_the_end(&[(110.0, RolloutStep::Cancel), (120.0, RolloutStep::Notify(RolloutOutcome::Succeeded))], 120.0, "CANCELLED", 0)]
    fn an_update_ends_in_the_documented_status(
        #[case] steps: &[(f64, RolloutStep)],
        #[case] now: f64,
        #[case] status: &str,
        #[case] minor: u64,
    ) {
        let mut rollout = updating();
        apply(&mut rollout, steps);
        rollout.settle(now);
        assert_eq!(rollout.status(), status);
        assert_eq!(rollout.live().version.minor, minor);
        assert_eq!(&*rollout.live().spec, format!("spec {minor}"));
        assert_eq!(rollout.last_success(), Some(if minor == 1 { "id-2" } else { "id-1" }));
        assert_eq!(rollout.last_attempt(), "id-2");
    }

    #[rstest]
    #[case(RolloutCause::Create)]
    #[case(RolloutCause::Edit)]
    fn only_an_update_can_be_cancelled(#[case] cause: RolloutCause) {
        let mut rollout = Rollout::begin("arn".to_owned(), attempt(1, cause, 0, 1.0), 0.0);
        assert_eq!(rollout.cancel(RolloutOutcome::Cancelled, 0.5), Err("IN_PROGRESS"));
        rollout.settle(1.0);
        assert_eq!(rollout.status(), "SUCCEEDED");
    }

    #[test]
    fn a_deployment_has_the_contents_before_it_and_its_end_time() {
        let mut rollout = updating();
        apply(&mut rollout, &[(110.0, RolloutStep::Cancel)]);
        rollout.settle(200.0);
        let deployment = rollout.deployments().next().unwrap();
        assert_eq!(deployment.completed_at(), Some(110.2));
        assert_eq!(deployment.before.as_ref().map(|contents| contents.version.minor), Some(0));
        assert_eq!(deployment.message.as_deref(), Some("User initiated cancellation."));
    }

    #[test]
    fn old_deployments_are_dropped() {
        let mut rollout = updating();
        for number in 3..1000 {
            rollout.settle(1e6 * f64::from(u32::try_from(number).unwrap()));
            rollout.attempt(attempt(number, RolloutCause::Update, 1, 0.0), 1e6);
        }
        assert_eq!(rollout.deployments().count(), REMEMBERED);
        assert_eq!(rollout.deployments().next().unwrap().ticket.number, 999);
    }

    fn any_step() -> impl Strategy<Value = RolloutStep> {
        prop_oneof![
            Just(RolloutStep::Cancel),
            Just(RolloutStep::FailingCancel),
            Just(RolloutStep::Notify(RolloutOutcome::Succeeded)),
            Just(RolloutStep::Notify(RolloutOutcome::Failed)),
            Just(RolloutStep::NotifyStale(RolloutOutcome::Succeeded)),
        ]
    }

    proptest! {
        #[test]
        fn every_sequence_of_steps_stays_in_the_documented_states(steps in proptest::collection::vec((0.0..0.2_f64, any_step()), 0..12)) {
            let mut rollout = updating();
            let mut now = 100.0;
            let mut seen = vec![rollout.status()];
            for (wait, step) in steps {
                now += wait;
                apply(&mut rollout, &[(now, step)]);
                seen.push(rollout.status());
            }
            rollout.settle(now + UPDATE);
            seen.push(rollout.status());
            let rank = |status: &&str| match *status { "IN_PROGRESS" => 0, "CANCELLING" => 1, _ => 2 };
            prop_assert!(seen.is_sorted_by_key(rank), "{seen:?}");
            let ends: std::collections::BTreeSet<_> = seen.iter().filter(|status| rank(status) == 2).collect();
            prop_assert_eq!(ends.len(), 1, "{:?}", seen);
            prop_assert_eq!(rollout.live().version.minor, u64::from(rollout.status() == "SUCCEEDED"));
        }
    }
}
