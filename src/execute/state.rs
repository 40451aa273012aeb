//! Establishing states: the target's state handler, else documented operations, else values given by hand.

use bytes::Bytes;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::{Cleanup, Run};
use crate::{
    scenario::{
        Alternative, Bindings, Given, State, Step,
        matcher::{self, Hidden},
    },
    target::{Action, BoxError, StateChange, StateHandler},
    transcript::{End, Exchange, Role},
    wire::{Answer, Request, Response},
};

/// States that build on states, this deep at most: a circle in `states.yaml` must end.
const DEEPEST: usize = 8;

impl Run<'_> {
    /// The variables of a state, once it holds.
    pub(super) async fn establish(
        &mut self,
        given: &Given,
        bindings: &Bindings,
        origin: &str,
        service: &str,
    ) -> Result<Value, End> {
        let origin = format!("{origin}/{}", given.variable);
        let blocked = |reason: String| End::Blocked(format!("{}: {reason}", given.state));
        if origin.matches('/').count() > DEEPEST + 3 {
            return Err(blocked("states that build on each other in a circle".to_owned()));
        }
        let state = self.executor.suite.service(service).and_then(|service| service.states.get(&given.state));
        let state = state.ok_or_else(|| blocked("no such state".to_owned()))?;
        let params = self.parameters(state, given, bindings).map_err(&blocked)?;
        if let Some(handler) = &self.executor.target.state_handler {
            // Entered first: a state whose answer comes too late holds all the same.
            self.cleanups.push(Cleanup::State(given.state.clone(), params.clone()));
            let change = StateChange::new(&given.state, params.clone(), Action::Setup);
            match self.change(handler, change, Role::Setup).await {
                Ok(Some(variables)) => return Ok(variables),
                Ok(None) => drop(self.cleanups.pop()),
                Err(reason) => return Err(blocked(reason)),
            }
        }
        if state.is_reached_by_calls() {
            let mut own = Bindings::new(self.executor.seed, &origin);
            if bindings.is_received(&given.params) {
                own.bind_received("params", params);
            } else {
                own.bind("params", params);
            }
            return Box::pin(self.by_steps(state, own, &origin, service)).await;
        }
        let by_hand = self.executor.target.states.get(&given.state).cloned();
        by_hand.ok_or_else(|| blocked("no documented call reaches it, and the target has no other way".to_owned()))
    }

    async fn by_steps(
        &mut self,
        state: &State,
        mut bindings: Bindings,
        origin: &str,
        service: &str,
    ) -> Result<Value, End> {
        bindings.bind("region", json!(self.executor.target.region));
        bindings.bind("other_region", json!(self.executor.target.other_region));
        for given in &state.given {
            let value = self.establish(given, &bindings, origin, service).await?;
            bindings.bind_received(&given.variable, value);
        }
        self.set_up(state, &mut bindings).await?;
        let yields = state.yields.iter().map(|(variable, template)| Ok((variable.clone(), template.fill(&bindings)?)));
        let yields: Result<Map<String, Value>, crate::scenario::BindError> = yields.collect();
        yields.map(Value::Object).map_err(|error| End::Blocked(format!("{}: {error}", state.name)))
    }

    async fn set_up(&mut self, state: &State, bindings: &mut Bindings) -> Result<(), End> {
        // Before the first call: what is half made when time runs out must be cleaned up, too.
        let cleanup = self.cleanups.len();
        self.cleanups.push(Cleanup::Steps(state.teardown.clone(), bindings.clone()));
        for step in &state.steps {
            if !self.main(step, 0, Role::Setup, bindings).await? {
                let reason = format!("{}: {} {}", state.name, step.call.operation, self.last_answer(step, bindings));
                return Err(End::Blocked(reason));
            }
            self.capture(step, bindings)?;
            if let Some(Cleanup::Steps(_, known)) = self.cleanups.get_mut(cleanup) {
                known.clone_from(bindings);
            }
        }
        Ok(())
    }

    /// What the last exchange came to, in a few words.
    fn last_answer(&self, step: &Step, bindings: &Bindings) -> String {
        let Some(exchange) = self.transcript.exchanges.last() else { return "was not sent".to_owned() };
        let service = self.executor.suite.service(&exchange.service);
        match &exchange.outcome {
            Ok(response) => {
                let answer = service.map(|service| service.protocol.answer(response));
                let name = answer.as_ref().and_then(|answer| answer.error()).map(str::to_owned);
                let unlike = || answer.as_ref().and_then(|answer| unlike(step, answer, bindings));
                let what = name.or_else(unlike).unwrap_or_else(|| "with another answer than expected".to_owned());
                format!("gave {} {what}", response.status)
            }
            Err(error) => format!("got no answer: {error}"),
        }
    }

    /// The state's own parameters, the scenario's over them, and the region that its calls go to.
    fn parameters(&self, state: &State, given: &Given, bindings: &Bindings) -> Result<Value, String> {
        let mut params = state.params.clone();
        params.insert("region".to_owned(), json!(self.executor.target.region));
        match given.params.fill(bindings) {
            Ok(Value::Object(own)) => params.extend(own),
            Ok(_) => {}
            Err(error) => return Err(error.to_string()),
        }
        Ok(Value::Object(params))
    }

    /// Tells whoever established a state that it is no longer needed.
    pub(super) async fn leave(&mut self, state: &str, params: &Value) {
        if let Some(handler) = &self.executor.target.state_handler {
            // What goes wrong here is in the transcript; the verdict does not depend on it.
            let change = StateChange::new(state, params.clone(), Action::Teardown);
            let _ = self.change(handler, change, Role::Teardown).await;
        }
    }

    /// Asks for a state; `None` where the handler does not know it. A function is asked, and answers, as a URL is, so
    /// that reports and recordings show both in one way.
    async fn change(
        &mut self,
        handler: &StateHandler,
        change: StateChange,
        role: Role,
    ) -> Result<Option<Value>, String> {
        let request = written(handler, &change);
        let operation = format!("state change: {}", change.state);
        let (started, begun) = (self.started.elapsed(), Instant::now());
        let outcome = match handler {
            StateHandler::Url { endpoint, .. } => self.executor.transport.send(endpoint, &request).await,
            StateHandler::Function(function) => Ok(answer(function.call(change).await)),
        };
        let result = match &outcome {
            Ok(response) => variables(handler, response),
            Err(error) => Err(format!("the state-change URL gave no answer: {error}")),
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

/// Where a success is not the one that a step waits for.
fn unlike(step: &Step, answer: &Answer, bindings: &Bindings) -> Option<String> {
    let bodies = step.expect.alternatives.iter().filter_map(|alternative| match alternative {
        Alternative::Success { body, .. } => body.as_ref()?.fill(bindings).ok(),
        _ => None,
    });
    let value = answer.value.as_ref()?;
    let first = bodies.flat_map(|body| matcher::mismatches(&body, value, Hidden::default())).next()?;
    Some(format!("with {} at {}, where {} was waited for", first.actual, first.pointer, first.expected))
}

/// The request for a state, in the form of Pact's provider states.
fn written(handler: &StateHandler, change: &StateChange) -> Request {
    let StateChange { state, params, action, .. } = change;
    let body = json!({"state": state, "params": params, "action": action.name()}).to_string();
    let (host, path) = match handler {
        StateHandler::Url { endpoint, path } => (endpoint.host_header(), path.as_str()),
        StateHandler::Function(_) => ("localhost".to_owned(), "/"),
    };
    let headers = [
        ("host", host),
        ("accept", "*/*".to_owned()),
        ("content-type", "application/json".to_owned()),
        ("content-length", body.len().to_string()),
    ];
    Request {
        method: "POST".to_owned(),
        target: path.to_owned(),
        headers: headers.into_iter().collect(),
        body: Bytes::from(body),
        ..Request::default()
    }
}

/// What a function came to, as a URL would answer it.
fn answer(result: Result<Option<Value>, BoxError>) -> Response {
    let (status, body) = match result {
        Ok(Some(variables)) => (200, json!({ "variables": variables }).to_string()),
        Ok(None) => (404, String::new()),
        Err(error) => (500, error.to_string()),
    };
    Response { status, body: Bytes::from(body), ..Response::default() }
}

fn variables(handler: &StateHandler, response: &Response) -> Result<Option<Value>, String> {
    let who = match handler {
        StateHandler::Url { .. } => "the state-change URL",
        StateHandler::Function(_) => "the state handler",
    };
    match response.status {
        200..=299 => {
            let body: Option<Value> = serde_json::from_slice(&response.body).ok();
            let variables =
                body.as_ref().and_then(|body| body.get("variables")).filter(|variables| variables.is_object());
            variables.cloned().map(Some).ok_or_else(|| format!("{who} answered without {{\"variables\": {{…}}}}"))
        }
        404 | 501 => Ok(None),
        500 if matches!(handler, StateHandler::Function(_)) => {
            Err(format!("{who} failed: {}", String::from_utf8_lossy(&response.body)))
        }
        status => Err(format!("{who} answered {status}")),
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, sync::Mutex, time::Duration};

    use super::*;
    use crate::{
        execute::Executor,
        reference::Identity,
        scenario::{Files, Suite},
        target::Target,
        transport::{Endpoint, Exchange as Sent, Transport},
    };

    const STATES: &str = "states:
  half made:
    says: Two applications, of which the second never comes.
    steps:
      - { call: CreateApplication, input: { applicationName: first } }
      - { call: CreateApplication, input: { applicationName: second } }
    yields: { name: first }
    teardown:
      - { call: DeleteApplication, input: { applicationName: first } }
";

    const SCENARIO: &str = "title: T
cites: [SD-17]
evidence: documented
given: { half: half made }
steps:
  - { call: StopDeployment, input: { deploymentId: d-ABCDEF123 } }
";

    /// Knows every operation, and never answers about the second application or to a state change.
    #[derive(Default)]
    struct Hanging(Mutex<Vec<String>>);

    impl Transport for Hanging {
        fn send<'a>(&'a self, _: &'a Endpoint, request: &'a Request) -> Sent<'a> {
            let body = String::from_utf8_lossy(&request.body).into_owned();
            let hangs = body.contains("second") || body.contains("setup");
            let name = request.headers.get("x-amz-target").unwrap_or(&body).to_owned();
            self.0.lock().unwrap().push(name);
            Box::pin(async move {
                if hangs {
                    std::future::pending::<()>().await;
                }
                Ok(Response { status: 200, body: Bytes::from_static(b"{}"), ..Response::default() })
            })
        }
    }

    async fn sent(state_handler: Option<StateHandler>) -> (Vec<String>, End) {
        let all = Files::bundled_fixtures();
        let shared = ["codedeploy/model.json", "codedeploy/statements.yaml"];
        let shared = shared.map(|path| (path.to_owned(), all.get(path).unwrap().to_owned()));
        let own = [("codedeploy/states.yaml", STATES), ("codedeploy/stop-deployment/case.yaml", SCENARIO)];
        let own = own.map(|(path, text)| (path.to_owned(), text.to_owned()));
        let suite = Suite::read(&Files::from_texts(shared.into_iter().chain(own))).unwrap();
        let target = Target {
            endpoint: "http://127.0.0.1:9".parse().unwrap(),
            name: String::new(),
            region: "us-east-1".to_owned(),
            other_region: None,
            owner: Identity::test().credentials().clone(),
            denied: None,
            other_account: None,
            state_handler,
            states: BTreeMap::new(),
        };
        let transport = Hanging::default();
        let case_timeout = Duration::from_millis(50);
        let (suite, target) = (&suite, &target);
        let executor = Executor { suite, target, transport: &transport, keys: None, seed: 0, case_timeout };
        let transcript = executor.execute(&suite.cases()[0]).await;
        (transport.0.into_inner().unwrap(), transcript.end)
    }

    #[tokio::test]
    async fn a_state_that_is_half_made_when_time_runs_out_is_cleaned_up() {
        let (sent, end) = sent(None).await;
        let operations: Vec<&str> = sent.iter().filter_map(|target| target.split('.').nth(1)).collect();
        assert_eq!(operations, ["CreateApplication", "CreateApplication", "DeleteApplication"]);
        assert!(matches!(end, End::TimedOut(_)));
    }

    #[tokio::test]
    async fn a_state_change_that_gave_no_answer_in_time_is_taken_back() {
        let url = StateHandler::Url { endpoint: "http://127.0.0.1:9".parse().unwrap(), path: "/state".to_owned() };
        let (sent, _) = sent(Some(url)).await;
        assert!(sent.len() == 2 && sent[0].contains("setup") && sent[1].contains("teardown"), "{sent:?}");
    }
}
