//! Establishes states by the state handler of the target, by documented operations, or by values of the configuration.

use std::borrow::Cow;

use bytes::Bytes;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::{CaseRun, Cleanup, silence::OperationRef};
use crate::{
    judge::transcript::{CaseEnd, Exchange, Role},
    run::resolved_target::{Action, StateChange, StateFunctionError, StateHandler},
    suite::{
        Alternative, BindError, Bindings, Given, Region, State, Step,
        matcher::{self, Hidden},
    },
    wire::{ParsedResponse, Request, Response, TransportError, protocol::state_change, secrets::has_hidden_secret},
};

/// The state-change URL, as an operation.
const STATE_CHANGE: OperationRef<'static> = ("", "the state-change URL");

/// The maximum depth of states that build on each other, so that a cycle in `states.yaml` ends.
const DEEPEST: usize = 8;

/// The states that build on a state.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct StatesAbove {
    depth: usize,
    /// One of them is in the other Region.
    are_elsewhere: bool,
    /// One of them must be established by calls.
    need_calls: bool,
}

impl StatesAbove {
    /// The states that build on those of `given`: these, and `given` itself.
    fn and(self, given: &Given) -> Self {
        Self {
            depth: self.depth + 1,
            are_elsewhere: self.are_elsewhere || given.region() == Region::Other,
            need_calls: self.need_calls || given.needs_calls(),
        }
    }
}

impl CaseRun<'_> {
    /// Establishes a state and returns its variables.
    pub(super) async fn establish(
        &mut self,
        given: &Given,
        bindings: &Bindings,
        origin: &str,
        service: &str,
        above: StatesAbove,
    ) -> Result<Value, CaseEnd> {
        let origin = format!("{origin}/{}", given.named_after());
        let within = above.and(given);
        let blocked = |reason: String| CaseEnd::Blocked(format!("{}: {reason}", given.state));
        if above.depth > DEEPEST {
            return Err(blocked("states build on each other in a cycle".to_owned()));
        }
        let state = self.executor.suite.service(service).and_then(|service| service.states.get(&given.state));
        let state = state.ok_or_else(|| blocked("no such state".to_owned()))?;
        let [region, other_region] = self.regions(within.are_elsewhere);
        let params = parameters(state, given, bindings, &region).map_err(&blocked)?;
        if !within.need_calls
            && let Some(variables) = self.by_handler(given, &params).await.map_err(&blocked)?
        {
            return Ok(variables);
        }
        // Only the label of the case's own state names the handler: a typo in the handler is most likely in that name.
        let handler = self.executor.target.state_handler.as_ref().filter(|_| above.depth == 0);
        let label = handler.map_or_else(
            || state.name.clone(),
            |handler| format!("{} (unknown to {})", state.name, handler_name(handler)),
        );
        if !state.is_reached_by_calls() {
            let by_hand = self.executor.target.states.get(&given.state).cloned();
            let no_way = "no documented call reaches it, and the target has no other way";
            let value = by_hand.ok_or_else(|| no_way.to_owned()).and_then(without_credential);
            return value.map_err(|reason| CaseEnd::Blocked(format!("{label}: {reason}")));
        }
        let mut own = Bindings::new(self.executor.seed, &origin);
        if bindings.is_received(&given.params) {
            own.bind_received("params", params);
        } else {
            own.bind("params", params);
        }
        own.bind("region", region);
        own.bind("other_region", other_region);
        for below in &state.given {
            let value = Box::pin(self.establish(below, &own, &origin, service, within)).await;
            let value = value.map_err(|end| blocked_in(&format!("{label} > "), end))?;
            own.bind_state(&below.variable, &below.state, value);
        }
        Box::pin(self.by_steps(state, own, within.are_elsewhere))
            .await
            .map_err(|end| blocked_in(&format!("{label}: "), end))
    }

    /// Establishes a state by the state handler; `None` if there is no handler, or if it does not know the state.
    async fn by_handler(&mut self, given: &Given, params: &Value) -> Result<Option<Value>, String> {
        let Some(handler) = &self.executor.target.state_handler else { return Ok(None) };
        // The cleanup is entered first, because a state may be established although its response comes too late.
        self.cleanups.push(Cleanup::State(given.state.clone(), params.clone()));
        let change = StateChange::new(&given.state, params.clone(), Action::Setup);
        let variables = self.change(handler, change, Role::Setup).await?;
        if variables.is_none() {
            self.cleanups.pop();
        }
        variables.map(without_credential).transpose()
    }

    async fn by_steps(&mut self, state: &State, mut bindings: Bindings, elsewhere: bool) -> Result<Value, CaseEnd> {
        self.set_up(state, &mut bindings, elsewhere).await?;
        let yields = state.yields.iter().map(|(variable, template)| Ok((variable.clone(), template.fill(&bindings)?)));
        let yields: Result<Map<String, Value>, BindError> = yields.collect();
        yields.map(Value::Object).map_err(|error| CaseEnd::Blocked(error.to_string()))
    }

    async fn set_up(&mut self, state: &State, bindings: &mut Bindings, elsewhere: bool) -> Result<(), CaseEnd> {
        // The cleanup is entered before the first call, because the time limit may cut off the setup.
        let cleanup = self.cleanups.len();
        let teardown = placed(&state.teardown, elsewhere).into_owned();
        self.cleanups.push(Cleanup::Steps(teardown, bindings.clone()));
        for step in placed(&state.steps, elsewhere).iter() {
            if !self.main(step, 0, Role::Setup, bindings).await? {
                let is_pending = |last: &Exchange| self.is_pending(last, self.parsed(last).as_ref());
                let hint = if self.transcript.exchanges.last().is_some_and(is_pending) {
                    "; the change is still pending (--patience waits longer)"
                } else {
                    ""
                };
                let response = self.last_response(step, bindings);
                return Err(CaseEnd::Blocked(format!("{} {response}{hint}", step.call.operation)));
            }
            self.capture(step, bindings)?;
            if let Some(Cleanup::Steps(_, known)) = self.cleanups.get_mut(cleanup) {
                known.clone_from(bindings);
            }
        }
        Ok(())
    }

    /// Describes the result of the last exchange.
    pub(super) fn last_response(&self, step: &Step, bindings: &Bindings) -> String {
        let Some(exchange) = self.transcript.exchanges.last() else { return "was not sent".to_owned() };
        let service = self.executor.suite.service(&exchange.service);
        match &exchange.outcome {
            Ok(response) => {
                let parsed = service.map(|service| service.parse_response(&exchange.operation, response));
                let name = parsed.as_ref().and_then(|parsed| parsed.error()).map(str::to_owned);
                let unexpected = || parsed.as_ref().and_then(|parsed| first_mismatch(step, parsed, bindings));
                let what = name.or_else(unexpected).unwrap_or_else(|| "with an unexpected response".to_owned());
                format!("gave {} {what}", response.status)
            }
            Err(error) => format!("got no response: {error}"),
        }
    }

    /// The Region of a state's calls, and the other one.
    fn regions(&self, elsewhere: bool) -> [Value; 2] {
        let target = self.executor.target;
        let [home, other] = [json!(target.region), json!(target.other_region)];
        if elsewhere { [other, home] } else { [home, other] }
    }

    /// Releases a state by the state handler.
    pub(super) async fn leave(&mut self, state: &str, params: &Value) {
        if let Some(handler) = &self.executor.target.state_handler {
            // Failures are in the transcript and do not affect the verdict.
            let change = StateChange::new(state, params.clone(), Action::Teardown);
            let _ = self.change(handler, change, Role::Teardown).await;
        }
    }

    /// Calls the state handler; `None` if it does not know the state. The exchange with a function is recorded like one
    /// with a URL, so that reports and recordings show both in the same way.
    async fn change(
        &mut self,
        handler: &StateHandler,
        change: StateChange,
        role: Role,
    ) -> Result<Option<Value>, String> {
        let request = written(handler, &change);
        let operation = format!("state change: {}", change.state);
        let (started, begun) = (self.started.elapsed(), Instant::now());
        let (outcome, result) = match handler {
            StateHandler::Url { endpoint, .. } => {
                let sending = self.executor.send_to(endpoint, STATE_CHANGE, &request).await;
                let outcome = sending.unwrap_or_else(|unsent| Err(unsent.into()));
                let result = of_url(&outcome).map_err(|what| format!("{} {what}", handler_name(handler)));
                (outcome, result)
            }
            StateHandler::Function(function) => {
                let given = function.call(change).await;
                let response = as_response(&given);
                (Ok(response), of_function(given).map_err(|what| format!("{} {what}", handler_name(handler))))
            }
        };
        self.transcript.exchanges.push(Exchange {
            step: 0,
            role,
            service: String::new(),
            operation,
            request,
            outcome,
            started,
            elapsed: begun.elapsed(),
        });
        result
    }
}

/// The parameters of the state, overridden by those of the scenario, and the region of its calls.
fn parameters(state: &State, given: &Given, bindings: &Bindings, region: &Value) -> Result<Value, String> {
    let mut params = state.params.clone();
    params.insert("region".to_owned(), region.clone());
    match given.params.fill(bindings) {
        Ok(Value::Object(own)) => params.extend(own),
        Ok(_) => {}
        Err(error) => return Err(error.to_string()),
    }
    Ok(Value::Object(params))
}

/// The steps of a state, in the other Region if it is there.
fn placed(steps: &[Step], elsewhere: bool) -> Cow<'_, [Step]> {
    if !elsewhere {
        return Cow::Borrowed(steps);
    }
    let mut steps = steps.to_vec();
    for step in &mut steps {
        step.call.region = Region::Other;
        step.unchanged.iter_mut().for_each(|guard| guard.call.region = Region::Other);
    }
    Cow::Owned(steps)
}

/// The variables of a state, unless a request would send a credential with them.
fn without_credential(variables: Value) -> Result<Value, String> {
    if has_hidden_secret(&variables) {
        return Err("its variables hold a credential of this run, which no request sends".to_owned());
    }
    Ok(variables)
}

/// Describes the first difference between a success and the one that a step expects.
fn first_mismatch(step: &Step, parsed: &ParsedResponse, bindings: &Bindings) -> Option<String> {
    let bodies = step.expect.alternatives.iter().filter_map(|alternative| match alternative {
        Alternative::Success { body, .. } => body.as_ref()?.fill(bindings).ok(),
        _ => None,
    });
    let value = parsed.value.as_ref()?;
    let first = bodies.flat_map(|body| matcher::mismatches(&body, value, Hidden::default())).next()?;
    Some(format!("with {} at {}; expected {}", first.actual, first.pointer, first.expected))
}

/// The request for a state, in the form of Pact's provider states.
fn written(handler: &StateHandler, change: &StateChange) -> Request {
    let StateChange { state, params, action, .. } = change;
    let body = json!({"state": state, "params": params, "action": action.name()});
    let (host, path) = match handler {
        StateHandler::Url { endpoint, path } => (endpoint.host_header(), path.as_str()),
        StateHandler::Function(_) => ("localhost".to_owned(), "/"),
    };
    state_change::request(host, path, &body)
}

/// The name of the state handler in reasons.
fn handler_name(handler: &StateHandler) -> &'static str {
    match handler {
        StateHandler::Url { .. } => "the state-change URL",
        StateHandler::Function(_) => "the state handler",
    }
}

/// Adds the state to the reason of a blocked case.
fn blocked_in(state: &str, end: CaseEnd) -> CaseEnd {
    match end {
        CaseEnd::Blocked(reason) => CaseEnd::Blocked(format!("{state}{reason}")),
        other => other,
    }
}

/// The result of a function, as the response of a state-change URL.
fn as_response(given: &Result<Option<Value>, StateFunctionError>) -> Response {
    let (status, body) = match given {
        Ok(Some(variables)) => (200, json!({ "variables": variables }).to_string()),
        Ok(None) => (404, String::new()),
        Err(error) => (500, error.to_string()),
    };
    Response { status, body: Bytes::from(body), ..Response::default() }
}

/// The variables that a function returned, or the problem.
fn of_function(given: Result<Option<Value>, StateFunctionError>) -> Result<Option<Value>, String> {
    match given {
        Ok(Some(variables)) if !variables.is_object() => {
            Err("returned JSON that is not an object: a function returns the variables themselves, such as {\"deploymentId\": …}"
                .to_owned())
        }
        Ok(variables) => Ok(variables),
        Err(error) => Err(error.to_string()),
    }
}

/// The variables in the response of a URL, or the problem.
fn of_url(outcome: &Result<Response, TransportError>) -> Result<Option<Value>, String> {
    let response = outcome.as_ref().map_err(|error| format!("did not respond: {error}"))?;
    match response.status {
        200..=299 => {
            let body: Option<Value> = serde_json::from_slice(&response.body).ok();
            let variables =
                body.as_ref().and_then(|body| body.get("variables")).filter(|variables| variables.is_object());
            variables.cloned().map(Some).ok_or_else(|| "responded without {\"variables\": {…}}".to_owned())
        }
        404 | 501 => Ok(None),
        status => Err(format!("responded with {status}")),
    }
}

#[cfg(test)]
mod tests;
