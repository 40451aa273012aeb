//! A test bench: an endpoint on a held clock, called without a socket.

use std::{
    collections::BTreeSet,
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use serde_json::Value;

use super::{Clock, Identity, ReferenceEndpoint};
use crate::{
    model::{self, Contract, PayloadSide, Schemas},
    wire::{
        AwsJson, Protocol as _, Request, Response,
        sigv4::{CredentialScope, sign},
    },
};

/// The time of every request, and the start of the held clock.
pub(super) const NOW: i64 = 1_700_000_000;

/// An endpoint with one service. It checks every success against the model.
pub(super) struct Bench {
    pub(super) endpoint: ReferenceEndpoint,
    schemas: Schemas,
    called: Mutex<BTreeSet<String>>,
}

/// The caller and the region.
#[derive(Clone)]
pub(super) struct From {
    pub(super) identity: Identity,
    pub(super) region: &'static str,
}

impl Default for From {
    fn default() -> Self {
        Self { identity: Identity::test(), region: "us-east-1" }
    }
}

impl Bench {
    pub(super) fn contract() -> Arc<Contract> {
        let model = include_str!("../../fixtures/codedeploy/model.json");
        Arc::new(model::read("fixtures/codedeploy/model.json", model).unwrap())
    }

    pub(super) fn new() -> Self {
        let clock = Clock::held_at(1.7e9);
        let endpoint = ReferenceEndpoint::new(vec![Self::contract()], Identity::defaults(), clock).unwrap();
        Self { endpoint, schemas: Schemas::new(Self::contract(), AwsJson::V1_1.body_rules()), called: Mutex::default() }
    }

    /// A shared bench for tests that leave no state.
    pub(super) fn shared() -> &'static Self {
        static SHARED: LazyLock<Bench> = LazyLock::new(Bench::new);
        &SHARED
    }

    pub(super) fn handle(&self, request: &Request) -> Response {
        self.endpoint.handle(request, 1.7e9)
    }

    pub(super) fn step(&self, seconds: f64) {
        self.endpoint.clock().step(Duration::from_secs_f64(seconds));
    }

    /// Calls an operation. Returns the output or the name of the error.
    pub(super) fn call(&self, operation: &str, input: &Value) -> Result<Value, String> {
        self.call_from(&From::default(), operation, input)
    }

    pub(super) fn call_from(&self, from: &From, operation: &str, input: &Value) -> Result<Value, String> {
        let contract = self.schemas.contract();
        let shape = contract.operation(operation).unwrap();
        let mut request = AwsJson::V1_1.build_request(contract, shape, input).unwrap();
        request.headers.set("host", "reference");
        let scope = CredentialScope { region: from.region.to_owned(), service: "codedeploy".to_owned() };
        sign(&mut request, from.identity.credentials(), &scope, NOW, None);
        let parsed = AwsJson::V1_1.parse_response(contract, Some(shape), &self.handle(&request));
        if let Some(error) = parsed.error() {
            let declared = contract.error(shape, error).is_some() || crate::wire::RejectionClass::is_common(error);
            assert!(declared, "{operation} does not declare {error}");
            return Err(error.to_owned());
        }
        let output = parsed.value.unwrap();
        let violations = self.schemas.violations(&shape.output, PayloadSide::Output, &output).unwrap();
        assert!(violations.is_empty(), "{operation} returned {output}, which violates {violations:?}");
        self.called.lock().unwrap().insert(operation.to_owned());
        Ok(output)
    }

    /// Establishes a state and returns its variables.
    pub(super) fn establish(&self, state: &str) -> Value {
        let body = serde_json::json!({"state": state}).to_string();
        let request = Request {
            method: "POST".to_owned(),
            target: "/_wireproof/state".to_owned(),
            body: body.into(),
            ..Request::default()
        };
        let response = self.handle(&request);
        assert_eq!(response.status, 200, "{state}");
        serde_json::from_slice::<Value>(&response.body).unwrap()["variables"].take()
    }

    /// Operations of the contract without a successful call so far.
    pub(super) fn uncalled(&self) -> Vec<String> {
        let called = self.called.lock().unwrap();
        let operations = self.schemas.contract().operations().map(|operation| operation.name.clone());
        operations.filter(|name| !called.contains(name)).collect()
    }
}
