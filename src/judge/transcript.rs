//! Everything that a case sent and received, in order: enough to judge it without a network. Plain data.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    suite::{Bindings, Case, CaseId, Step},
    wire::{Protocol, Request, Response, TransportError},
};

/// The exchanges of one case, and how it ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Transcript {
    /// The case.
    pub case: CaseId,
    /// The seed of the generated names.
    pub seed: u64,
    /// The region of the calls.
    pub region: String,
    /// The other region; empty if the target has none.
    pub other_region: String,
    /// The values of the states, by variable.
    pub variables: Map<String, Value>,
    /// Every exchange, in the order of sending.
    pub exchanges: Vec<Exchange>,
    /// How it ended.
    pub end: CaseEnd,
    /// The start of the case.
    pub begun: SystemTime,
    /// The duration of the case.
    pub elapsed: Duration,
}

/// How the execution of a case ended. The verdict is not decided here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CaseEnd {
    /// Every step was sent.
    Complete,
    /// The response to a step was not as expected, so later steps make no sense.
    Stopped,
    /// A state or a capture is unavailable.
    Blocked(String),
    /// The case exceeded its time limit.
    TimedOut(Duration),
    /// The target rules the case out.
    NotApplicable(String),
    /// The run was interrupted.
    Interrupted,
    /// The harness itself failed; this proves nothing about the endpoint.
    Internal(String),
}

/// One request, with its response or failure.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchange {
    /// The step of the scenario, from 1; 0 outside of the steps.
    pub step: usize,
    /// The purpose of the request.
    pub role: Role,
    /// The service, by folder; empty for the state-change URL.
    pub service: String,
    /// The operation.
    pub operation: String,
    /// The request as sent.
    pub request: Request,
    /// The response as received, or the failure.
    pub outcome: Result<Response, TransportError>,
    /// The time of sending, since the start of the case.
    pub started: Duration,
    /// The duration.
    pub elapsed: Duration,
}

/// The purpose of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// A request of the presence check.
    Question,
    /// A request that reaches a state.
    Setup,
    /// The read of a guard before the step.
    Before(usize),
    /// The step's own call.
    Main,
    /// The control of the step.
    Control,
    /// The read of a guard after the step.
    After(usize),
    /// A request that cleans up.
    Teardown,
}

/// The responses to the four requests of a presence check.
#[derive(Debug, Clone)]
pub struct PresenceResponses {
    /// The response to a well-formed request.
    pub sample: Result<Response, TransportError>,
    /// The response to the same request for an operation that does not exist.
    pub unknown_operation: Result<Response, TransportError>,
    /// The response to the same request for a service that does not exist.
    pub unknown_service: Result<Response, TransportError>,
    /// The response to an empty input.
    pub empty_input: Result<Response, TransportError>,
}

/// An operation that does not exist.
pub const UNKNOWN_OPERATION: &str = "WireproofUnknownOperation";

/// A service that does not exist.
pub const UNKNOWN_SERVICE: &str = "WireproofUnknown_20000101";

impl Transcript {
    /// The transcript of a case that was not run.
    #[must_use]
    pub fn empty(case: &Case, seed: u64, end: CaseEnd) -> Self {
        Self { end, ..Self::new(case.id.clone(), seed) }
    }

    /// An empty transcript.
    #[must_use]
    pub fn new(case: CaseId, seed: u64) -> Self {
        Self {
            case,
            seed,
            region: String::new(),
            other_region: String::new(),
            variables: Map::new(),
            exchanges: Vec::new(),
            end: CaseEnd::Complete,
            begun: SystemTime::UNIX_EPOCH,
            elapsed: Duration::ZERO,
        }
    }

    /// The key from which the placeholders and generated names of this transcript are derived.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}/{}", self.seed, self.case)
    }

    /// The case was ended from outside before it was complete.
    #[must_use]
    pub fn is_cut_short(&self) -> bool {
        matches!(self.end, CaseEnd::TimedOut(_) | CaseEnd::Interrupted)
    }

    /// The exchanges of a step, in order.
    pub fn of_step(&self, step: usize) -> impl Iterator<Item = &Exchange> {
        self.exchanges.iter().filter(move |exchange| exchange.step == step)
    }

    /// The bindings at the time of a step: those of the case, of the states, and earlier captures.
    #[must_use]
    pub fn bindings_at(&self, case: &Case, step: usize, protocol: &dyn Protocol) -> Bindings {
        let mut bindings = case.bindings(self.seed, &self.region, &self.other_region);
        for (variable, value) in &self.variables {
            bindings.bind_received(variable, value.clone());
        }
        let earlier = case.scenario.steps.iter().enumerate().take(step.saturating_sub(1));
        for (index, earlier) in earlier.filter(|(_, earlier)| !earlier.capture.is_empty()) {
            let last = self.of_step(index + 1).filter(|exchange| exchange.role == Role::Main).last();
            let value = last
                .and_then(|exchange| exchange.outcome.as_ref().ok())
                .and_then(|response| protocol.answer(response).value);
            if let Some(value) = value {
                let _ = capture(earlier, &value, &mut bindings);
            }
        }
        bindings
    }
}

/// Binds what a step captures from its answer.
///
/// # Errors
/// The first pointer that leads nowhere.
pub fn capture(step: &Step, answer: &Value, bindings: &mut Bindings) -> Result<(), String> {
    for (variable, pointer) in &step.capture {
        match answer.pointer(pointer) {
            Some(value) => bindings.bind_received(variable, value.clone()),
            None => return Err(format!("the answer of {} has nothing at {pointer}", step.call.operation)),
        }
    }
    Ok(())
}
