//! A small emulator of AWS CodeDeploy, deliberately incomplete: README.md says what is missing.
//!
//! This file is the protocol, awsJson1.1: which operation a request means, and how answers and errors look.
//! `deployments` is what the service knows, and what its operations do.

mod deployments;

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use axum::{
    Router,
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use deployments::Estate;

/// The emulator; clones share what they know.
#[derive(Clone, Default)]
pub struct Emulator {
    estate: Arc<Mutex<Estate>>,
    answered: Arc<AtomicU64>,
}

/// Why an operation is refused: what clients find as `__type`, and its HTTP status.
pub(crate) struct Refusal {
    status: u16,
    error: &'static str,
}

pub(crate) type Outcome = Result<Value, Refusal>;

impl Refusal {
    pub(crate) fn new(error: &'static str) -> Self {
        Self { status: 400, error }
    }

    pub(crate) fn of_status(status: u16, error: &'static str) -> Self {
        Self { status, error }
    }
}

impl Emulator {
    /// The service.
    pub fn router(&self) -> Router {
        Router::new().fallback(answer).with_state(self.clone())
    }

    /// Brings about a state that no operation reaches, for tests; `None` for one that is not known.
    pub fn establish(&self, state: &str) -> Option<Value> {
        self.estate().establish(state)
    }

    fn estate(&self) -> MutexGuard<'_, Estate> {
        self.estate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn call(&self, operation: &str, body: &[u8]) -> Outcome {
        let mut estate = self.estate();
        match operation {
            "CreateApplication" => estate.create_application(input(body)?),
            "DeleteApplication" => estate.delete_application(&input(body)?),
            "CreateDeploymentGroup" => estate.create_group(input(body)?),
            "DeleteDeploymentGroup" => estate.delete_group(input(body)?),
            "CreateDeployment" => estate.create_deployment(input(body)?),
            "GetDeployment" => estate.get_deployment(&input(body)?),
            "StopDeployment" => estate.stop_deployment(&input(body)?),
            _ => Err(Refusal::new("UnknownOperationException")),
        }
    }
}

/// Every operation is a `POST /`, and a header names it.
async fn answer(
    State(emulator): State<Emulator>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let target = headers.get("x-amz-target").filter(|_| method == Method::POST && uri.path() == "/");
    let target = target.and_then(|target| target.to_str().ok()).unwrap_or_default();
    let operation = target.strip_prefix("CodeDeploy_20141006.").unwrap_or_default();
    // A body that did not come whole is none.
    let outcome = body.map_err(|_| Refusal::new("SerializationException"));
    let (status, body) = match outcome.and_then(|body| emulator.call(operation, &body)) {
        Ok(output) => (200, output),
        Err(Refusal { status, error }) => {
            (status, json!({"__type": error, "message": format!("{operation}: {error}")}))
        }
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let id = format!("00000000-0000-4000-8000-{:012x}", emulator.answered.fetch_add(1, Ordering::Relaxed));
    let headers = [(header::CONTENT_TYPE.as_str(), "application/x-amz-json-1.1"), ("x-amzn-requestid", &id)];
    (status, headers, body.to_string()).into_response()
}

/// An operation's input; what is no JSON object, or has a member of a wrong type, is refused.
fn input<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    let refused = |_| Refusal::new("SerializationException");
    let object: serde_json::Map<String, Value> = serde_json::from_slice(body).map_err(refused)?;
    serde_json::from_value(object.into()).map_err(refused)
}
