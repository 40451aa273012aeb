//! The exchanges of a case, in order: everything that judging it needs. Plain data.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::{
    suite::{Aftermath, Bindings, Case, CaseId, ServiceFixtures, Step},
    wire::{Request, Response, TransportError, secrets::has_hidden_secret},
};

/// The exchanges of one case, and how it ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Transcript {
    /// The case.
    pub case: CaseId,
    /// The seed of generated names.
    pub seed: u64,
    /// The region of the calls.
    pub region: String,
    /// The other region; empty if the target has none.
    pub other_region: String,
    /// The values that states yielded, by variable.
    pub variables: Map<String, Value>,
    /// Every exchange, in the order of sending.
    pub exchanges: Vec<Exchange>,
    /// The end of the case.
    pub end: CaseEnd,
    /// The start of the case.
    pub begun: SystemTime,
    /// The duration of the case.
    pub elapsed: Duration,
}

/// The end of a case's execution. It does not decide the verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CaseEnd {
    /// Every step was sent.
    Complete,
    /// The response to a step was unexpected, so that later steps make no sense.
    Stopped,
    /// A state or a capture failed.
    Blocked(String),
    /// The case exceeded its time limit.
    TimedOut(Duration),
    /// The target lacks a feature that the case needs.
    NotApplicable(String),
    /// The run was interrupted.
    Interrupted,
    /// The endpoint stopped responding, so no further request was sent.
    Abandoned(String),
    /// The harness failed, which says nothing about the endpoint.
    Internal(String),
}

/// A request and its response.
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
    /// Reach a state.
    Setup,
    /// Read what a guard watches before the step.
    Before(usize),
    /// The step's own call.
    Main,
    /// A control before the step; it names nothing that exists.
    EarlyControl,
    /// The control of the step.
    Control,
    /// Read what a guard watches after the step.
    After(usize),
    /// Clean up.
    Teardown,
}

/// The responses to the four requests of a presence check.
#[derive(Debug, Clone)]
pub struct PresenceResponses {
    /// The response to a valid request.
    pub sample: Result<Response, TransportError>,
    /// The response to the same request for an unknown operation.
    pub unknown_operation: Result<Response, TransportError>,
    /// The response to the same request for an unknown service.
    pub unknown_service: Result<Response, TransportError>,
    /// The response to an empty input.
    pub empty_input: Result<Response, TransportError>,
    /// The response to a request with an unknown subresource, where the operation has one.
    pub unknown_subresource: Option<Response>,
    /// The response to the same request with an unknown method, if both inputs got a server error.
    pub unknown_method: Option<Response>,
    /// The operation that the model gives the request for an unknown operation, where every request calls one.
    pub fallback: Option<String>,
}

/// The responses that show whether an endpoint reads the subresource of a request.
#[derive(Debug, Clone)]
pub struct SubresourceResponses {
    /// The response to the request.
    pub own: Response,
    /// The other responses.
    pub compared: SubresourceComparison,
    /// The operation that the model gives the request with an unknown subresource.
    pub fallback: Option<String>,
}

/// The responses that the response to a request with a subresource is compared with.
#[derive(Debug, Clone)]
pub enum SubresourceComparison {
    /// To the same request with an unknown subresource.
    Unknown(Response),
    /// To reading the path after the request, which may have removed what the path names. It was there before.
    ReadAfter(Response),
}

impl PresenceResponses {
    /// The responses to inputs of the operation itself.
    pub fn inputs(&self) -> impl Iterator<Item = &Response> {
        [&self.sample, &self.empty_input].into_iter().filter_map(|outcome| outcome.as_ref().ok())
    }
}

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

    /// The seed of the placeholders and generated names of this transcript.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}/{}", self.seed, self.case)
    }

    /// Returns whether the case was cut short.
    #[must_use]
    pub fn is_cut_short(&self) -> bool {
        matches!(self.end, CaseEnd::TimedOut(_) | CaseEnd::Interrupted | CaseEnd::Abandoned(_))
    }

    /// The strongest effect that the calls of the case's own steps may have had.
    #[must_use]
    pub fn aftermath(&self) -> Aftermath {
        let main = self.exchanges.iter().filter(|exchange| exchange.role == Role::Main);
        main.map(|exchange| Aftermath::of(&exchange.outcome)).max().unwrap_or(Aftermath::Untouched)
    }

    /// The exchanges of a step, in order.
    pub fn of_step(&self, step: usize) -> impl Iterator<Item = &Exchange> {
        self.exchanges.iter().filter(move |exchange| exchange.step == step)
    }

    /// The bindings at a step: those of the case, of the states and of earlier captures.
    #[must_use]
    pub fn bindings_at(&self, case: &Case, step: usize, service: &ServiceFixtures) -> Bindings {
        let mut bindings = case.bindings(self.seed, &self.region, &self.other_region);
        for (variable, value) in &self.variables {
            bindings.bind_received(variable, value.clone());
        }
        let earlier = case.scenario.steps.iter().enumerate().take(step.saturating_sub(1));
        for (index, earlier) in earlier.filter(|(_, earlier)| !earlier.capture.is_empty()) {
            let own = |exchange: &&Exchange| matches!(exchange.role, Role::Main | Role::Setup);
            let last = self.of_step(index + 1).filter(own).last();
            let value = last
                .and_then(|exchange| exchange.outcome.as_ref().ok())
                .and_then(|response| service.received(&earlier.call.operation, response));
            if let Some(value) = value {
                let _ = capture(earlier, &value, &mut bindings);
            }
        }
        bindings
    }
}

/// A value that cannot be captured.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CaptureError {
    /// The pointer leads nowhere.
    #[error("the response of {operation} has nothing at {pointer}")]
    Absent {
        /// The operation whose response was read.
        operation: String,
        /// The JSON pointer.
        pointer: String,
    },
    /// A later request would send the credential.
    #[error("the response of {operation} has a credential of this run at {pointer}, which no later request sends")]
    Credential {
        /// The operation whose response was read.
        operation: String,
        /// The JSON pointer.
        pointer: String,
    },
}

/// Binds what a step captures from its response. A null member counts as absent, at any depth.
///
/// # Errors
/// The first pointer that leads nowhere, or to a credential.
pub fn capture(step: &Step, response: &Value, bindings: &mut Bindings) -> Result<(), CaptureError> {
    for (variable, pointer) in &step.capture {
        let place = || (step.call.operation.clone(), pointer.clone());
        let value = response.pointer(pointer).filter(|value| !value.is_null()).ok_or_else(|| {
            let (operation, pointer) = place();
            CaptureError::Absent { operation, pointer }
        })?;
        if has_hidden_secret(value) {
            let (operation, pointer) = place();
            return Err(CaptureError::Credential { operation, pointer });
        }
        bindings.bind_received(variable, without_null_members(value));
    }
    Ok(())
}

fn without_null_members(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(without_null_members).collect(),
        Value::Object(members) => {
            let present = members.iter().filter(|(_, value)| !value.is_null());
            present.map(|(name, value)| (name.clone(), without_null_members(value))).collect()
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::judge::check::testing::{STOP, Trial};

    #[rstest]
    #[case(json!({"deploymentInfo": {"creator": "user"}}), true)]
    #[case(json!({"deploymentInfo": {"creator": null}}), false)]
    #[case(json!({"deploymentInfo": {}}), false)]
    fn only_a_value_is_captured(#[case] body: Value, #[case] captured: bool) {
        let steps =
            "- { call: GetDeployment, input: { deploymentId: d-1 }, capture: { who: /deploymentInfo/creator } }";
        let case = &Trial::stop(&format!("{steps}\n{STOP}")).case;
        let result = capture(&case.scenario.steps[0], &body, &mut case.bindings(1, "us-east-1", "eu-west-1"));
        assert_eq!(result.is_ok(), captured, "{result:?}");
    }

    #[test]
    fn a_captured_value_has_no_null_members() {
        let value = json!({"a": null, "b": [{"c": null}, null], "d": {"e": 1, "f": null}});
        assert_eq!(without_null_members(&value), json!({"b": [{}, null], "d": {"e": 1}}));
    }
}
