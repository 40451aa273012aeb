//! In which order cases run, and which of them at once.

use std::collections::{BTreeSet, VecDeque};

use serde_json::{Map, Value};

use super::{Case, Given, Selected};
use crate::suite::shard::Shard;

/// Cases in stages: those of a stage run at once, and a stage begins when the one before it is over.
///
/// Cases are asked for one by one, so that a plan need not hold them all.
pub trait Plan: Send {
    /// How many cases there will be in all.
    fn selected(&self) -> usize;

    /// The selection that they are of: all of it, or one part.
    fn whole(&self) -> &Whole;

    /// The next stage; `None` when all is done.
    fn stage(&mut self) -> Option<PlanStage>;

    /// The next case of the stage; `None` when the stage has no more.
    fn case(&mut self) -> Option<Case>;

    /// What the states of the last [`Stage::Open`] yielded, by variable; those that could not be had are missing.
    fn opened(&mut self, variables: Map<String, Value>);
}

/// One stage.
#[derive(Debug, Clone)]
pub enum PlanStage {
    /// An operation comes under test.
    Open(Opening),
    /// Cases, so many at once at most; `None`: as many as the run allows.
    Cases(Option<usize>),
}

/// An operation that comes under test.
#[derive(Debug, Clone)]
pub struct Opening {
    /// The service, by its folder.
    pub service: String,
    /// The operation.
    pub operation: String,
    /// A legal input, to ask whether the operation is there; `None`: the first of the model's examples.
    pub sample: Option<Value>,
    /// States that hold until the next operation opens.
    pub given: Vec<Given>,
}

/// A selection, and which part of it a plan is.
#[derive(Debug, Clone, Default)]
pub struct Whole {
    /// The cases of all parts.
    pub selected: Selected,
    /// Their services.
    pub services: BTreeSet<String>,
    /// The part; `None`: all of it.
    pub shard: Option<Shard>,
}

/// Cases that are known from the start, all in one stage.
#[derive(Debug)]
pub struct Batch {
    selected: usize,
    whole: Whole,
    openings: VecDeque<Opening>,
    cases: VecDeque<Case>,
    handed_out: bool,
}

impl Batch {
    /// A plan of these cases, in this order.
    #[must_use]
    pub fn new(cases: Vec<Case>) -> Self {
        Self::sharded(cases, None)
    }

    /// A plan of one part of these cases, in this order.
    #[must_use]
    pub fn sharded(mut cases: Vec<Case>, shard: Option<Shard>) -> Self {
        let whole = Whole {
            selected: Selected::of(cases.iter().map(|case| case.id.0.as_str())),
            services: cases.iter().map(|case| case.scenario.service.clone()).collect(),
            shard,
        };
        cases.retain(|case| shard.is_none_or(|shard| shard.has(&case.id.0)));
        let mut openings: VecDeque<Opening> = VecDeque::new();
        for case in &cases {
            let (service, operation) = (&case.scenario.service, &case.scenario.operation);
            if !openings.iter().any(|known| known.service == *service && known.operation == *operation) {
                let (service, operation) = (service.clone(), operation.clone());
                openings.push_back(Opening { service, operation, sample: None, given: Vec::new() });
            }
        }
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

    fn opened(&mut self, _: Map<String, Value>) {}
}
