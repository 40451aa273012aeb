//! The endpoint under test: where it is, who calls it, and how its states are established.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{transport::Endpoint, wire::sigv4::Credentials};

/// A target.
#[derive(Debug, Clone)]
pub struct Target {
    /// Where it is.
    pub endpoint: Endpoint,
    /// What reports call it.
    pub name: String,
    /// The region of the credential scope.
    pub region: String,
    /// Another region, where nothing of the first may be seen; `None`: the target has only one.
    pub other_region: Option<String>,
    /// Whose credentials sign.
    pub owner: Credentials,
    /// An identity of the same account that may not call the operations under test.
    pub denied: Option<Credentials>,
    /// An identity of another account.
    pub other_account: Option<Credentials>,
    /// Where states are established, as Pact's provider states are.
    pub state_change: Option<StateChange>,
    /// Variables of states that were established by hand, by the state's name.
    pub states: BTreeMap<String, Value>,
}

/// A state-change URL: `POST {state, params, action}` gives `{variables}`.
#[derive(Debug, Clone)]
pub struct StateChange {
    /// Where it is; it may be another server than the target.
    pub endpoint: Endpoint,
    /// The path and query.
    pub path: String,
}
