//! The obstacles that keep a case from being judged to its end.

use std::time::Duration;

use thiserror::Error;

use crate::{
    judge::verdict::Verdict,
    suite::CaseId,
    wire::{TransportError, protocol::BodyLimit},
};

/// The reason why a case was not run, or not judged to its end.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum Obstacle {
    /// The harness itself failed.
    #[error("internal error: {0}")]
    Internal(String),
    /// A state or a capture that the case needs is unavailable.
    #[error("{0}")]
    Unprepared(String),
    /// The case exceeded its time limit.
    #[error("the case took longer than {0:?}")]
    TimedOut(Duration),
    /// The target rules the case out.
    #[error("{0}")]
    NotApplicable(String),
    /// The run was interrupted during the case.
    #[error("the run was interrupted")]
    Interrupted,
    /// The run ended before the case.
    #[error("{0}")]
    NotRun(String),
    /// The presence check found that the operation is not implemented.
    #[error("{operation}: {reason}")]
    NotImplemented {
        /// The operation.
        operation: String,
        /// The evidence for it.
        reason: String,
    },
    /// The presence check got no response.
    #[error("{0}")]
    Unreachable(String),
    /// The control of the case was not run.
    #[error("{0} was not run")]
    ControlNotRun(CaseId),
    /// The endpoint rejected the control of the case, or the control could not be judged.
    #[error("{control}: {reason}")]
    ControlFailed {
        /// The control.
        control: CaseId,
        /// Its verdict and the reason.
        reason: String,
    },
    /// The case is a control, and the endpoint rejected its valid input.
    #[error("a valid input was rejected with {response}{}", appended(.message))]
    ControlRejected {
        /// The response in a few words.
        response: String,
        /// The endpoint's message; may be empty.
        message: String,
    },
    /// The same control got different responses before a step, so the rejection of the step proves nothing.
    #[error(
        "{operation}: the same valid request got {first} and {other}, so the rejection of an invalid one proves nothing"
    )]
    ControlVaries {
        /// The operation.
        operation: String,
        /// The first response in a few words.
        first: String,
        /// Another response in a few words.
        other: String,
    },
    /// A request got no response.
    #[error("{operation}: {error}")]
    NoResponse {
        /// The operation.
        operation: String,
        /// The failure.
        error: TransportError,
    },
    /// A response has a valid body that this program does not support.
    #[error("{operation}: the response has {limit}, which wireproof does not support")]
    Unsupported {
        /// The operation.
        operation: String,
        /// The limit.
        limit: BodyLimit,
    },
    /// An operation that the case needs beside its own is not implemented.
    #[error("{0} is not implemented")]
    NeighborNotImplemented(String),
    /// An operation that the case needs beside its own failed with a server error.
    #[error("{operation} crashed: server error {status}")]
    NeighborCrashed {
        /// The operation.
        operation: String,
        /// The HTTP status.
        status: u16,
    },
    /// A change did not end while the run waited for it.
    #[error("the change that {operation} reports is still pending after {waited:.1?} (--patience waits longer)")]
    StillPending {
        /// The polled operation.
        operation: String,
        /// The time from the first read to the last.
        waited: Duration,
    },
    /// A change failed, which the documents allow, so its expected end cannot be seen.
    #[error("{0} reports that the change failed, which the documents allow")]
    ChangeFailed(String),
    /// The step sends a request of a certain age, and the endpoint has another time than this machine.
    #[error(
        "{operation}: by its date header, the endpoint's clock is {} s {} this one, so the age of the request is unknown",
        .ahead.unsigned_abs(),
        if *.ahead > 0 { "ahead of" } else { "behind" }
    )]
    ClockDiffers {
        /// The operation.
        operation: String,
        /// The time of the endpoint minus the time of this machine, in seconds.
        ahead: i64,
    },
    /// The read before the step was rejected, so there is nothing to compare with.
    #[error("{0} was rejected before the step: nothing can be compared")]
    GuardRejected(String),
    /// A step ended the case, and no check has a finding for it.
    #[error("step {0} did not go as expected, and no check found out why")]
    Unexplained(usize),
    /// A step ended the case, and its only findings are against recorded responses of AWS.
    #[error("step {0} did not go as recorded from AWS, and no document says how it goes")]
    NotAsRecorded(usize),
    /// No step could be evaluated.
    #[error("nothing was evaluated")]
    NothingEvaluated,
}

impl Obstacle {
    /// The verdict, if no finding of severity error outweighs the obstacle.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::NotImplemented { .. } => Verdict::NotImplemented,
            Self::NotApplicable(_) => Verdict::NotApplicable,
            Self::Unprepared(_)
            | Self::ControlNotRun(_)
            | Self::ControlFailed { .. }
            | Self::ControlRejected { .. }
            | Self::NeighborNotImplemented(_)
            | Self::NeighborCrashed { .. }
            | Self::GuardRejected(_) => Verdict::Blocked,
            Self::Internal(_)
            | Self::TimedOut(_)
            | Self::Interrupted
            | Self::NotRun(_)
            | Self::Unreachable(_)
            | Self::NoResponse { .. }
            | Self::StillPending { .. }
            | Self::ChangeFailed(_)
            | Self::Unsupported { .. }
            | Self::ControlVaries { .. }
            | Self::ClockDiffers { .. }
            | Self::Unexplained(_)
            | Self::NotAsRecorded(_)
            | Self::NothingEvaluated => Verdict::Inconclusive,
        }
    }

    /// The verdict stands, whatever the checks found.
    #[must_use]
    pub fn outweighs_findings(&self) -> bool {
        matches!(self, Self::NotImplemented { .. } | Self::NotApplicable(_))
    }
}

fn appended(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(": {text}") }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::with_a_message("no", "a valid input was rejected with E (400): no")]
    #[case::without("", "a valid input was rejected with E (400)")]
    fn a_rejected_control_shows_the_endpoints_message(#[case] message: &str, #[case] expected: &str) {
        let obstacle = Obstacle::ControlRejected { response: "E (400)".to_owned(), message: message.to_owned() };
        assert_eq!((obstacle.verdict(), obstacle.to_string()), (Verdict::Blocked, expected.to_owned()));
    }
}
