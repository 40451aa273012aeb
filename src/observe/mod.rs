//! A transcript made stable and comparable: what a snapshot holds.
//!
//! Times, ids and secrets go; identity stays: `<deployment-id:1>` is the same thing wherever it appears in
//! one observation. What is an id, a time or a secret is the model's and the fixture's word, never a guess
//! from the look of a text. Pure.

mod redact;

use serde_json::{Map, Value, json};

use crate::{
    scenario::{Case, Repeat, Step, Suite},
    transcript::{Exchange, Role, Transcript},
    wire::{Response, TransportError},
};

use redact::Redactor;

/// What a case did, redacted.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation(Value);

impl Observation {
    /// The observation of a transcript: the answers of its steps and controls, without states and cleanups.
    #[must_use]
    pub fn of(suite: &Suite, case: &Case, transcript: &Transcript) -> Self {
        let mut redactor = Redactor::new(suite, case, transcript);
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

    /// The observation as a golden file holds it: indented JSON.
    #[must_use]
    pub fn text(&self) -> String {
        serde_json::to_string_pretty(&self.0).unwrap_or_default()
    }
}

/// A poll is observed by its last answer, a crowd by its different answers: how many there were depends on time.
fn of_step(step: &Step, exchanges: &[&Exchange], redactor: &mut Redactor<'_>) -> Option<Value> {
    let main: Vec<&&Exchange> = exchanges.iter().filter(|exchange| exchange.role == Role::Main).collect();
    let last = main.last()?;
    let mut observed = Map::new();
    observed.insert("call".to_owned(), json!(step.call.operation));
    observed.insert("sent".to_owned(), redactor.request(last));
    let answers = match step.repeat {
        _ if step.racing => json!("<depends on time>"),
        Repeat::Concurrently(_) => {
            let mut answers: Vec<Value> = main.iter().map(|exchange| of_outcome(exchange, redactor)).collect();
            answers.sort_by_key(Value::to_string);
            answers.dedup();
            json!({ "any of": answers })
        }
        Repeat::Once | Repeat::Eventually { .. } | Repeat::Consistently { .. } => of_outcome(last, redactor),
    };
    observed.insert("got".to_owned(), answers);
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

/// Headers that say something about the contract; the rest is the server's own affair.
const HEADERS: [&str; 3] = ["content-type", "content-encoding", "x-amzn-errortype"];

fn of_response(exchange: &Exchange, response: &Response, redactor: &mut Redactor<'_>) -> Value {
    let mut headers = Map::new();
    for name in HEADERS {
        if let Some(value) = response.headers.get(name) {
            headers.insert(name.to_owned(), json!(value));
        }
    }
    if response.headers.get("x-amzn-requestid").is_some() {
        headers.insert("x-amzn-requestid".to_owned(), json!("<request-id>"));
    }
    json!({ "status": response.status, "headers": headers, "body": redactor.response_body(exchange, response) })
}

/// The kind of a failure, without its details, which differ between systems.
fn kind(error: &TransportError) -> &'static str {
    match error {
        TransportError::Refused => "refused",
        TransportError::Dns(_) => "unknown host",
        TransportError::ConnectTimeout(_) | TransportError::Timeout(_) => "timeout",
        TransportError::Tls(_) => "tls",
        TransportError::Reset | TransportError::Closed => "closed",
        TransportError::NotHttp(_) => "not http",
        TransportError::HeadTooLarge(_) | TransportError::BodyTooLarge(_) => "too large",
        _ => "failed",
    }
}
