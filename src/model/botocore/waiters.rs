//! Reads a `waiters-2.json` into the trait `smithy.waiters#waitable`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::model::{
    Contract, Operation,
    model_error::{ModelError, decode},
};

#[derive(Deserialize)]
struct WaitersDocument {
    waiters: BTreeMap<String, BotocoreWaiter>,
}

/// A waiter of botocore.
#[derive(Deserialize)]
pub(in crate::model) struct BotocoreWaiter {
    /// The operation that is polled.
    pub(in crate::model) operation: String,
    #[serde(default)]
    delay: Option<u64>,
    acceptors: Vec<BotocoreAcceptor>,
}

#[derive(Deserialize)]
struct BotocoreAcceptor {
    state: AcceptorState,
    matcher: String,
    expected: Value,
    #[serde(default)]
    argument: Option<String>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum AcceptorState {
    Success,
    Failure,
    Retry,
}

impl AcceptorState {
    fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Retry => "retry",
        }
    }
}

impl BotocoreWaiter {
    /// The waiter as Smithy has it. Acceptors that Smithy cannot express are left out; `None` if no acceptor of a success
    /// remains.
    pub(in crate::model) fn waitable(&self, contract: &Contract, operation: &Operation) -> Option<Value> {
        let expressible =
            self.acceptors.iter().filter_map(|acceptor| Some((acceptor, acceptor.matcher(contract, operation)?)));
        let acceptors: Vec<(&BotocoreAcceptor, Value)> = expressible.collect();
        acceptors.iter().find(|(acceptor, _)| acceptor.state == AcceptorState::Success)?;
        let written =
            acceptors.iter().map(|(acceptor, matcher)| json!({"state": acceptor.state.name(), "matcher": matcher}));
        let mut waiter = json!({"acceptors": written.collect::<Vec<_>>()});
        if let Some(delay) = self.delay {
            waiter["minDelay"] = delay.into();
        }
        Some(waiter)
    }
}

impl BotocoreAcceptor {
    fn matcher(&self, contract: &Contract, operation: &Operation) -> Option<Value> {
        match (self.matcher.as_str(), &self.expected) {
            ("path", Value::String(expected)) => self.output(expected, "stringEquals"),
            ("path", Value::Bool(expected)) => self.output(&expected.to_string(), "booleanEquals"),
            ("pathAll", Value::String(expected)) => self.output(expected, "allStringEquals"),
            ("pathAny", Value::String(expected)) => self.output(expected, "anyStringEquals"),
            ("error", Value::String(error)) => Some(json!({"errorType": error_name(contract, operation, error)})),
            ("error", Value::Bool(fails)) => Some(json!({"success": !fails})),
            ("status", status) => by_status(contract, operation, u16::try_from(status.as_u64()?).ok()?),
            _ => None,
        }
    }

    fn output(&self, expected: &str, comparator: &str) -> Option<Value> {
        let path = self.argument.as_deref()?;
        Some(json!({"output": {"path": path, "expected": expected, "comparator": comparator}}))
    }
}

/// The name of the shape of an error that is named by its code.
fn error_name<'n>(contract: &'n Contract, operation: &Operation, error: &'n str) -> &'n str {
    contract.error(operation, error).map_or(error, |shape| shape.id.name())
}

/// Smithy has no matcher of statuses: a status is that of a success, or of an error that the operation declares.
fn by_status(contract: &Contract, operation: &Operation, status: u16) -> Option<Value> {
    if (200..300).contains(&status) {
        return Some(json!({"success": true}));
    }
    let mut errors = operation.errors.iter().filter_map(|id| contract.shape(id));
    let error = errors.find(|shape| shape.traits.http_error() == Some(status))?;
    Some(json!({"errorType": error.id.name()}))
}

/// The waiters of a service, by name.
pub(in crate::model) fn read_waiters(file: &str, text: &str) -> Result<BTreeMap<String, BotocoreWaiter>, ModelError> {
    decode(file, text).map(|document: WaitersDocument| document.waiters)
}
