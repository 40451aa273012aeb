//! States that all cases of an operation share.

use serde_json::{Map, Value};
use tokio::time::timeout;

use super::{CaseRun, Executor};
use crate::{
    judge::transcript::{CaseEnd, Transcript},
    suite::{Bindings, CaseId, Given},
};

/// Established states. They hold until they are released.
pub struct PreparedStates<'a> {
    /// The values of the states, by variable.
    pub variables: Map<String, Value>,
    /// The reasons why other states were not established.
    pub problems: Vec<String>,
    run: CaseRun<'a>,
}

impl<'a> Executor<'a> {
    /// Establishes states in order. A state that fails is missing from the variables, and its reason is in `problems`.
    pub async fn prepare(self, service: &str, operation: &str, given: &[Given]) -> PreparedStates<'a> {
        let origin = format!("{service}.{operation}");
        let mut prepared = PreparedStates {
            variables: Map::new(),
            problems: Vec::new(),
            run: CaseRun::new(self, CaseId(origin.clone())),
        };
        let bindings = Bindings::new(self.seed, &origin);
        for state in given {
            let limit = self.case_timeout;
            let established = timeout(limit, prepared.run.establish(state, &bindings, &origin, service, 0)).await;
            match established.unwrap_or(Err(CaseEnd::TimedOut(limit))) {
                Ok(value) => drop(prepared.variables.insert(state.variable.clone(), value)),
                Err(CaseEnd::Blocked(reason)) => prepared.problems.push(reason),
                Err(end) => prepared.problems.push(format!("{}: {end:?}", state.state)),
            }
        }
        prepared
    }
}

impl PreparedStates<'_> {
    /// The exchanges that established the states.
    #[must_use]
    pub fn transcript(&self) -> &Transcript {
        &self.run.transcript
    }

    /// Releases the states.
    pub async fn release(mut self) {
        self.run.clean_up().await;
    }
}
