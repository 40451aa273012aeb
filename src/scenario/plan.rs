//! In which order cases run, and which of them at once.

use std::collections::VecDeque;

use serde_json::{Map, Value};

use super::{Case, Given};

/// Cases in stages: those of a stage run at once, and a stage begins when the one before it is over.
///
/// Cases are asked for one by one, so that a plan need not hold them all.
pub trait Plan: Send {
    /// How many cases there will be in all.
    fn selected(&self) -> usize;

    /// The next stage; `None` when all is done.
    fn stage(&mut self) -> Option<Stage>;

    /// The next case of the stage; `None` when the stage has no more.
    fn case(&mut self) -> Option<Case>;

    /// What the states of the last [`Stage::Open`] yielded, by variable; those that could not be had are missing.
    fn opened(&mut self, variables: Map<String, Value>);
}

/// One stage.
#[derive(Debug, Clone)]
pub enum Stage {
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

/// Cases that are known from the start, all in one stage.
#[derive(Debug)]
pub struct Batch {
    selected: usize,
    openings: VecDeque<Opening>,
    cases: VecDeque<Case>,
    handed_out: bool,
}

impl Batch {
    /// A plan of these cases, in this order.
    #[must_use]
    pub fn new(cases: Vec<Case>) -> Self {
        let mut openings: VecDeque<Opening> = VecDeque::new();
        for case in &cases {
            let (service, operation) = (&case.scenario.service, &case.scenario.operation);
            if !openings.iter().any(|known| known.service == *service && known.operation == *operation) {
                let (service, operation) = (service.clone(), operation.clone());
                openings.push_back(Opening { service, operation, sample: None, given: Vec::new() });
            }
        }
        Self { selected: cases.len(), openings, cases: cases.into(), handed_out: false }
    }
}

impl Plan for Batch {
    fn selected(&self) -> usize {
        self.selected
    }

    fn stage(&mut self) -> Option<Stage> {
        if let Some(opening) = self.openings.pop_front() {
            return Some(Stage::Open(opening));
        }
        let last = !std::mem::replace(&mut self.handed_out, true);
        last.then_some(Stage::Cases(None))
    }

    fn case(&mut self) -> Option<Case> {
        self.cases.pop_front()
    }

    fn opened(&mut self, _: Map<String, Value>) {}
}
