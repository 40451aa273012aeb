//! States: named preconditions, and how they are reached through documented operations.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Step, Template};

/// How one state is reached.
#[derive(Debug, Clone)]
pub struct State {
    /// Its name, "an open deployment".
    pub name: String,
    /// What holds in it.
    pub says: String,
    /// Default values of its parameters, which `${params.…}` reads.
    pub params: Map<String, Value>,
    /// States that it builds on.
    pub given: Vec<Given>,
    /// The calls that reach it; none: only the target's state-change URL can.
    pub steps: Vec<Step>,
    /// Its variables.
    pub yields: BTreeMap<String, Template>,
    /// What is cleaned up afterwards.
    pub teardown: Vec<Step>,
}

/// A state that a scenario, or another state, starts from.
#[derive(Debug, Clone)]
pub struct Given {
    /// The variable that holds what the state yields.
    pub variable: String,
    /// The state's name.
    pub state: String,
    /// Its parameters, where they differ from the default.
    pub params: Template,
}
