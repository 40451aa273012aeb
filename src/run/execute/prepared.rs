//! States that all cases of an operation share.

use serde_json::{Map, Value};

use super::{CaseRun, Executor, state_setup::StatesAbove};
use crate::{
    judge::transcript::{CaseEnd, Transcript},
    suite::{Bindings, CaseId, Given},
};

/// Established states. They hold until they are renewed or released.
pub struct PreparedStates<'a> {
    /// The values of the states, by variable.
    pub variables: Map<String, Value>,
    /// The reasons why other states were not established.
    pub problems: Vec<String>,
    run: CaseRun<'a>,
    service: String,
    /// The states that were established.
    given: Vec<Given>,
    /// The number of renewals.
    renewals: usize,
}

impl<'a> Executor<'a> {
    /// Establishes states in order. A state that fails is missing from the variables, and its reason is in `problems`.
    pub async fn prepare(self, service: &str, operation: &str, given: &[Given]) -> PreparedStates<'a> {
        let mut prepared = PreparedStates::new(self, format!("{service}.{operation}"), service);
        prepared.establish(given).await;
        let is_established = |state: &&Given| prepared.variables.contains_key(&state.variable);
        prepared.given = given.iter().filter(is_established).cloned().collect();
        prepared
    }
}

impl<'a> PreparedStates<'a> {
    fn new(executor: Executor<'a>, origin: String, service: &str) -> Self {
        Self {
            variables: Map::new(),
            problems: Vec::new(),
            run: CaseRun::new(executor, CaseId(origin)),
            service: service.to_owned(),
            given: Vec::new(),
            renewals: 0,
        }
    }

    async fn establish(&mut self, given: &[Given]) {
        let Executor { seed, case_timeout: limit, .. } = self.run.executor;
        let mut origin = self.run.transcript.case.0.clone();
        if self.renewals > 0 {
            origin = format!("{origin}~{}", self.renewals);
        }
        let bindings = Bindings::new(seed, &origin);
        for state in given {
            let overtime = self.run.overtime.clone();
            let work = self.run.establish(state, &bindings, &origin, &self.service, StatesAbove::default());
            let established = overtime.exempt(limit, work).await;
            match established.unwrap_or(Err(CaseEnd::TimedOut(limit))) {
                Ok(value) => drop(self.variables.insert(state.variable.clone(), value)),
                Err(CaseEnd::Blocked(reason) | CaseEnd::Abandoned(reason)) => self.problems.push(reason),
                Err(end) => self.problems.push(format!("{}: {end:?}", state.state)),
            }
        }
    }

    /// Releases the states, and establishes them again with new names.
    #[must_use]
    pub async fn renew(mut self) -> Self {
        self.run.clean_up().await;
        let mut renewed = Self::new(self.run.executor, self.run.transcript.case.0.clone(), &self.service);
        renewed.renewals = self.renewals + 1;
        renewed.establish(&self.given).await;
        renewed.given = self.given;
        renewed
    }

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
