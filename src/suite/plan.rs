//! The order in which cases run, and which run concurrently.

use std::collections::{BTreeSet, VecDeque};

use serde_json::{Map, Value};

use super::{Aftermath, Alternative, Case, Given, SelectionDigest, Step};
use crate::suite::shard::Shard;

/// Cases in stages. The cases of a stage run concurrently, and a stage starts when the previous one has ended.
///
/// Cases are requested one at a time, so a plan does not have to hold them all.
pub trait Plan: Send {
    /// The total number of cases.
    fn selected(&self) -> usize;

    /// The selection that the cases belong to, and which part of it they are.
    fn whole(&self) -> &Whole;

    /// The next stage; `None` at the end.
    fn stage(&mut self) -> Option<PlanStage>;

    /// The next case of the stage; `None` at the end of the stage.
    fn case(&mut self) -> Option<Case>;

    /// Moves a few cases of an operation to the front that expect it to succeed: nothing shows yet that the operation is
    /// implemented, and these may prove it. By default, the order stays.
    fn try_first(&mut self, _service: &str, _operation: &str) {}

    /// Passes the values of the states of the last [`PlanStage::Open`] or [`PlanStage::Renew`], by variable, without states
    /// that failed.
    fn opened(&mut self, variables: Map<String, Value>);

    /// A valid input of the operation that was opened last, with the values that were passed to [`Plan::opened`]. By
    /// default, there is none.
    fn sample(&self) -> Option<Value> {
        None
    }

    /// Passes what the request of a case did, as soon as the case has ended.
    fn ended(&mut self, _case: &Case, _aftermath: Aftermath) {}
}

/// A stage of a plan.
#[derive(Debug, Clone)]
pub enum PlanStage {
    /// Starts the test of an operation.
    Open(Opening),
    /// Releases the states of the operation, and establishes them again with new names.
    Renew,
    /// Runs cases, at most this many concurrently; `None`: as many as the run allows.
    Cases(Option<usize>),
}

/// The start of the test of an operation.
#[derive(Debug, Clone)]
pub struct Opening {
    /// The service, by its folder.
    pub service: String,
    /// The operation under test.
    pub operation: String,
    /// A valid input for the presence check; `None`: the first example of the model.
    pub sample: Option<Value>,
    /// States that hold until the next operation.
    pub given: Vec<Given>,
    /// The calls that remove what the operation creates, to undo the presence check.
    pub removal: Vec<Step>,
}

/// A whole selection, and the part of it that a plan covers.
#[derive(Debug, Clone, Default)]
pub struct Whole {
    /// The cases of all parts.
    pub selected: SelectionDigest,
    /// The services of the cases.
    pub services: BTreeSet<String>,
    /// The part; `None`: the whole selection.
    pub shard: Option<Shard>,
}

/// Cases that are known in advance, in a single stage.
#[derive(Debug, Clone)]
pub struct Batch {
    selected: usize,
    whole: Whole,
    openings: VecDeque<Opening>,
    cases: VecDeque<Case>,
    handed_out: bool,
}

impl Batch {
    /// A plan of these cases, in the given order; those that wait for the end of the run start first, so that it is
    /// long after their calls.
    #[must_use]
    pub fn new(cases: Vec<Case>) -> Self {
        Self::sharded(cases, None)
    }

    /// A plan of one part of these cases, in the order of [`Batch::new`].
    #[must_use]
    pub fn sharded(mut cases: Vec<Case>, shard: Option<Shard>) -> Self {
        let whole = Whole {
            selected: SelectionDigest::of(cases.iter().map(|case| case.id.0.as_str())),
            services: cases.iter().map(|case| case.scenario.service.clone()).collect(),
            shard,
        };
        cases.retain(|case| shard.is_none_or(|shard| shard.has(&case.id.0)));
        let mut openings: VecDeque<Opening> = VecDeque::new();
        for case in &cases {
            let (service, operation) = (&case.scenario.service, &case.scenario.operation);
            if !openings.iter().any(|known| known.service == *service && known.operation == *operation) {
                let (service, operation) = (service.clone(), operation.clone());
                openings.push_back(Opening {
                    service,
                    operation,
                    sample: None,
                    given: Vec::new(),
                    removal: Vec::new(),
                });
            }
        }
        cases.sort_by_key(|case| !case.scenario.steps.iter().any(|step| step.at_end));
        Self { selected: cases.len(), whole, openings, cases: cases.into(), handed_out: false }
    }
}

impl Plan for Batch {
    fn selected(&self) -> usize {
        self.selected
    }

    fn whole(&self) -> &Whole {
        &self.whole
    }

    fn stage(&mut self) -> Option<PlanStage> {
        if let Some(opening) = self.openings.pop_front() {
            return Some(PlanStage::Open(opening));
        }
        let last = !std::mem::replace(&mut self.handed_out, true);
        last.then_some(PlanStage::Cases(None))
    }

    fn case(&mut self) -> Option<Case> {
        self.cases.pop_front()
    }

    fn try_first(&mut self, service: &str, operation: &str) {
        let is_of = |case: &Case| case.scenario.service == service && case.scenario.operation == operation;
        let mut first = VecDeque::new();
        let mut rest = VecDeque::new();
        for case in self.cases.drain(..) {
            let moves = first.len() < TRIED_FIRST && is_of(&case) && expects_success(&case);
            if moves { first.push_back(case) } else { rest.push_back(case) }
        }
        first.append(&mut rest);
        self.cases = first;
    }

    fn opened(&mut self, _: Map<String, Value>) {}
}

/// The number of cases that [`Plan::try_first`] moves.
const TRIED_FIRST: usize = 4;

/// True if a step calls the operation of the case, and the only expectation is a success.
fn expects_success(case: &Case) -> bool {
    let is_success = |alternative: &Alternative| matches!(alternative, Alternative::Success { .. });
    case.scenario
        .steps
        .iter()
        .any(|step| step.call.operation == case.scenario.operation && step.expect.alternatives.iter().all(is_success))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::testing::BUNDLED;

    #[test]
    fn cases_that_wait_for_the_end_start_first_and_all_others_keep_their_order() {
        let cases = BUNDLED.cases();
        let waits = |case: &&Case| case.scenario.steps.iter().any(|step| step.at_end);
        let (late, others): (Vec<&Case>, Vec<&Case>) = cases.iter().partition(waits);
        assert!(!late.is_empty() && !others.is_empty());
        let expected: Vec<&str> = late.into_iter().chain(others).map(|case| case.id.0.as_str()).collect();
        let mut plan = Batch::new(cases.clone());
        let handed_out: Vec<Case> = std::iter::from_fn(|| plan.case()).collect();
        assert_eq!(handed_out.iter().map(|case| case.id.0.as_str()).collect::<Vec<_>>(), expected);
    }
}
