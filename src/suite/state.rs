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

impl State {
    /// Whether documented calls reach it, or nothing but its values is needed. One that only names its variables comes
    /// from elsewhere.
    #[must_use]
    pub fn is_reached_by_calls(&self) -> bool {
        let has_values = self.yields.values().any(|value| *value != Template::Literal(Value::Bool(true)));
        !self.steps.is_empty() || !self.given.is_empty() || has_values
    }
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
