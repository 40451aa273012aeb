//! A transcript made stable and comparable, for snapshots.
//!
//! Times, ids and secrets are replaced; identity stays: `<deployment-id:1>` is the same resource everywhere in one
//! observation. The model and the fixture decide what is an id, a time or a secret; the form of a string never does.
//! Pure.

mod placeholder;
mod redactor;

use serde_json::{Map, Value, json};

use crate::{
    judge::transcript::{Exchange, Role, Transcript},
    model::JsonText,
    suite::{Case, Fixtures, Repeat, Step},
    wire::{
        Response, TransportError,
        protocol::{ERROR_HEADER, REQUEST_ID_HEADER},
    },
};

pub use placeholder::Placeholder;

use redactor::Redactor;

/// A redacted transcript of one case.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation(Value);

impl Observation {
    /// The observation of a transcript: the responses to its steps and controls, without states and cleanups.
    #[must_use]
    pub fn of(suite: &Fixtures, case: &Case, transcript: &Transcript) -> Self {
        Self::by(Redactor::new(suite, case, transcript), case, transcript)
    }

    /// The same with long bodies in full, for comparisons.
    #[must_use]
    pub fn in_full(suite: &Fixtures, case: &Case, transcript: &Transcript) -> Self {
        Self::by(Redactor::new(suite, case, transcript).in_full(), case, transcript)
    }

    fn by(mut redactor: Redactor<'_>, case: &Case, transcript: &Transcript) -> Self {
        let mut steps = Vec::new();
        for (index, step) in case.scenario.steps.iter().enumerate() {
            let exchanges: Vec<&Exchange> = transcript.of_step(index + 1).collect();
            if let Some(observed) = of_step(step, &exchanges, &mut redactor) {
                steps.push(observed);
            }
        }
        Self(json!({ "case": case.id.0, "steps": steps }))
    }

    /// The observation as JSON.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.0
    }

    /// The observation as a snapshot file holds it: indented JSON.
    #[must_use]
    pub fn text(&self) -> String {
        JsonText(&self.0).indented()
    }
}

/// A poll is observed by its last response, concurrent requests by their different responses: the number depends on
/// time. Whether a conditional call is made can depend on time as well: if it is racing, it is left out.
fn of_step(step: &Step, exchanges: &[&Exchange], redactor: &mut Redactor<'_>) -> Option<Value> {
    let main: Vec<&&Exchange> = exchanges.iter().filter(|exchange| exchange.role == Role::Main).collect();
    let last = main.last().filter(|_| !(step.racing && step.when.is_some()))?;
    let mut observed = Map::new();
    observed.insert("call".to_owned(), json!(step.call.operation));
    observed.insert("sent".to_owned(), redactor.request(last));
    let got = match step.repeat {
        _ if step.racing => json!("<depends on time>"),
        Repeat::Concurrently(_) => {
            let mut responses: Vec<Value> = main.iter().map(|exchange| of_outcome(exchange, redactor)).collect();
            responses.sort_by_key(|response| JsonText(response).to_string());
            responses.dedup();
            json!({ "any of": responses })
        }
        Repeat::Once | Repeat::Eventually { .. } | Repeat::Consistently { .. } => of_outcome(last, redactor),
    };
    observed.insert("got".to_owned(), got);
    if let Some(control) = exchanges.iter().find(|exchange| exchange.role == Role::Control) {
        observed.insert(
            "control".to_owned(),
            json!({ "sent": redactor.request(control), "got": of_outcome(control, redactor) }),
        );
    }
    Some(Value::Object(observed))
}

fn of_outcome(exchange: &Exchange, redactor: &mut Redactor<'_>) -> Value {
    match &exchange.outcome {
        Ok(response) => of_response(exchange, response, redactor),
        Err(error) => json!({ "no answer": kind(error) }),
    }
}

/// The headers that belong to the contract.
const HEADERS: [&str; 3] = ["content-type", "content-encoding", ERROR_HEADER];

fn of_response(exchange: &Exchange, response: &Response, redactor: &mut Redactor<'_>) -> Value {
    let mut headers = Map::new();
    for name in HEADERS {
        if let Some(value) = response.headers.get(name) {
            headers.insert(name.to_owned(), json!(value));
        }
    }
    if response.headers.get(REQUEST_ID_HEADER).is_some() {
        headers.insert(REQUEST_ID_HEADER.to_owned(), json!("<request-id>"));
    }
    json!({ "status": response.status, "headers": headers, "body": redactor.response_body(exchange, response) })
}

/// The kind of a failure, without details that differ between systems.
fn kind(error: &TransportError) -> &'static str {
    match error {
        TransportError::Refused => "refused",
        TransportError::Dns(_) => "unknown host",
        TransportError::ConnectTimeout(_) | TransportError::Timeout(_) | TransportError::Unfinished { .. } => "timeout",
        TransportError::Tls { .. } => "tls",
        TransportError::Reset | TransportError::Closed => "closed",
        TransportError::NotHttp { .. } => "not http",
        TransportError::HeadTooLarge(_) | TransportError::BodyTooLarge { .. } => "too large",
        _ => "failed",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rstest::rstest;

    use super::*;
    use crate::judge::check::testing::*;

    const CALL: &str = "- { call: StopDeployment, input: { deploymentId: d-ABCDEF123 }";

    /// The observation of the first step.
    fn first(trial: &Trial) -> Value {
        trial.observation().value()["steps"][0].clone()
    }

    fn says(message: &str) -> Value {
        json!({"status": "Pending", "statusMessage": message})
    }

    #[test]
    fn a_step_is_observed_by_what_it_sent_and_what_it_got() {
        let observation = Trial::stop(STOP).responds(1, 200, &stopping()).observation();
        let headers = json!({"content-type": "application/x-amz-json-1.1", "x-amzn-requestid": "<request-id>"});
        let expected = json!({
            "case": "codedeploy/stop-deployment/case",
            "steps": [{
                "call": "StopDeployment",
                "sent": {"target": "CodeDeploy_20141006.StopDeployment", "body": {}},
                "got": {"status": 200, "headers": headers, "body": stopping()},
            }],
        });
        assert_eq!(*observation.value(), expected);
        assert_eq!(observation.text(), serde_json::to_string_pretty(&expected).unwrap());
    }

    #[test]
    fn a_step_that_was_not_sent_is_not_observed() {
        let trial = Trial::stop(&format!("{STOP}\n{STOP}")).responds(2, 200, &stopping());
        assert_eq!(trial.observation().value()["steps"].as_array().map(Vec::len), Some(1));
    }

    #[rstest]
    #[case("when: { error: DeploymentDoesNotExistException }, racing: true", 1)]
    #[case("when: { error: DeploymentDoesNotExistException }", 2)]
    #[case("racing: true", 2)]
    fn a_racing_call_on_a_condition_is_not_observed(#[case] form: &str, #[case] steps: usize) {
        let trial = Trial::stop(&format!("{STOP}\n{CALL}, {form} }}"));
        let trial = trial.responds(1, 200, &stopping()).responds(2, 200, &stopping());
        assert_eq!(trial.observation().value()["steps"].as_array().map(Vec::len), Some(steps));
    }

    #[test]
    fn only_headers_of_the_contract_are_observed() {
        let trial = Trial::stop(STOP).with(1, Role::Main, 400, b"{}", |response| {
            response.headers.remove("x-amzn-requestid");
            response.headers.push("Content-Encoding", "gzip");
            response.headers.push("x-amzn-ErrorType", "E");
            response.headers.push("server", "s");
        });
        let expected =
            json!({"content-type": "application/x-amz-json-1.1", "content-encoding": "gzip", "x-amzn-errortype": "E"});
        assert_eq!(first(&trial)["got"]["headers"], expected);
    }

    #[rstest]
    #[case::poll(", eventually: { within: 150ms, every: 100ms } }", json!({"body": says("a")}))]
    #[case::crowd(", concurrently: 3 }", json!({"any of": [{"body": says("a")}, {"body": says("b")}]}))]
    #[case::racing(", racing: true }", json!("<depends on time>"))]
    fn the_number_of_responses_is_not_observed(#[case] form: &str, #[case] expected: Value) {
        let trial = ["a", "b", "a"].iter().fold(Trial::stop(&format!("{CALL}{form}")), |trial, message| {
            trial.with(1, Role::Main, 200, says(message).to_string().as_bytes(), |_| {})
        });
        let mut got = first(&trial)["got"].clone();
        let alternatives = match got.get_mut("any of") {
            Some(responses) => responses.as_array_mut().unwrap().iter_mut().collect(),
            None => vec![&mut got],
        };
        for response in alternatives.into_iter().filter_map(Value::as_object_mut) {
            response.retain(|name, _| name == "body");
        }
        assert_eq!(got, expected);
    }

    #[test]
    fn a_control_is_observed_beside_the_step() {
        let steps = UNKNOWN.replace(" } }", " }, control: { deploymentId: d-ABCDEF124 } }");
        let trial = Trial::stop(&steps).responds(1, 400, &does_not_exist());
        assert_eq!(first(&trial).get("control"), None);
        let control = &first(&trial.gets(1, Role::Control, Err(TransportError::Closed)))["control"];
        assert_eq!(control["sent"]["target"], "CodeDeploy_20141006.StopDeployment");
        assert_eq!(control["got"], json!({"no answer": "closed"}));
    }

    #[rstest]
    #[case(TransportError::Refused, "refused")]
    #[case(TransportError::Dns("x".to_owned()), "unknown host")]
    #[case(TransportError::ConnectTimeout(Duration::ZERO), "timeout")]
    #[case(TransportError::Timeout(Duration::ZERO), "timeout")]
    #[case(TransportError::Tls { problem: "x".to_owned(), help: String::new() }, "tls")]
    #[case(TransportError::Reset, "closed")]
    #[case(TransportError::Closed, "closed")]
    #[case(TransportError::NotHttp { problem: "x".to_owned(), received: String::new() }, "not http")]
    #[case(TransportError::Unfinished { limit: Duration::ZERO, awaited: "x".to_owned() }, "timeout")]
    #[case(TransportError::HeadTooLarge(1), "too large")]
    #[case(TransportError::HeadTooLarge(1), "too large")]
    #[case(TransportError::Unsendable("x".to_owned()), "failed")]
    fn a_failure_is_observed_by_its_kind_alone(#[case] error: TransportError, #[case] expected: &str) {
        let trial = Trial::stop(STOP).gets(1, Role::Main, Err(error));
        assert_eq!(first(&trial)["got"], json!({ "no answer": expected }));
    }
}
