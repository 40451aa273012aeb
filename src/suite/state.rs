//! States: named preconditions, with the documented calls that reach them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Region, Step, Template};

/// A named state, and how to reach it.
#[derive(Debug, Clone)]
pub struct State {
    /// The name, such as "an open deployment".
    pub name: String,
    /// A description.
    pub says: String,
    /// Default values of the parameters that `${params.…}` reads.
    pub params: Map<String, Value>,
    /// States that it builds on.
    pub given: Vec<Given>,
    /// The calls that reach it; if empty, only the target's state-change URL can establish it.
    pub steps: Vec<Step>,
    /// The variables that it provides.
    pub yields: BTreeMap<String, Template>,
    /// Cleanup steps.
    pub teardown: Vec<Step>,
}

impl State {
    /// True if documented calls reach it, or its values are constants. A state that only names its variables comes from the
    /// state-change URL.
    #[must_use]
    pub fn is_reached_by_calls(&self) -> bool {
        let has_values = self.yields.values().any(|value| *value != Template::Literal(Value::Bool(true)));
        !self.steps.is_empty() || !self.given.is_empty() || has_values
    }
}

/// A state that a scenario, or another state, starts from.
#[derive(Debug, Clone)]
pub struct Given {
    /// The variable that holds the values of the state.
    pub variable: String,
    /// The name of the state.
    pub state: String,
    /// Parameters that differ from the defaults.
    pub params: Template,
    /// Its relation to another state of the case.
    pub twin: Twin,
}

/// The relation of a state to one with the same names in the other Region.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Twin {
    /// No other state has its names.
    #[default]
    Absent,
    /// It is the first of the two, in the Region of the run.
    First,
    /// It is in the other Region, and has the names of the state of this variable.
    Second(String),
}

impl Given {
    /// The variable that its generated names depend on.
    #[must_use]
    pub fn named_after(&self) -> &str {
        if let Twin::Second(first) = &self.twin { first } else { &self.variable }
    }

    /// The Region of its calls.
    #[must_use]
    pub fn region(&self) -> Region {
        if matches!(self.twin, Twin::Second(_)) { Region::Other } else { Region::Home }
    }

    /// True if only calls can establish it: a state handler gives two states different names.
    #[must_use]
    pub fn needs_calls(&self) -> bool {
        self.twin != Twin::Absent
    }
}
