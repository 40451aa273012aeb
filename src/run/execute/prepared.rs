//! States that outlast a case: what all the cases of one operation share.

use serde_json::{Map, Value};
use tokio::time::timeout;

use super::{CaseRun, Executor};
use crate::{
    judge::transcript::{CaseEnd, Transcript},
    suite::{Bindings, CaseId, Given},
};

/// States that hold until they are released.
pub struct PreparedStates<'a> {
    /// What the states yielded, by variable.
    pub variables: Map<String, Value>,
    /// Why others could not be had.
    pub problems: Vec<String>,
    run: CaseRun<'a>,
}

impl<'a> Executor<'a> {
    /// Establishes states one after the other; those that cannot be had are told, and missing.
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
    /// What was sent to establish the states.
    #[must_use]
    pub fn transcript(&self) -> &Transcript {
        &self.run.transcript
    }

    /// Cleans up.
    pub async fn release(mut self) {
        self.run.clean_up().await;
    }
}
