//! The values of the states that the probes of an operation share. Responses determine them, and probes name them.
//!
//! A recording has the requests that make states for the first time, but not those that make them again after a probe
//! spoiled them. So a bundle contains the values, and says after how many cases they hold.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::suite::{Aftermath, Case, Opening, Plan, PlanStage, Whole};

/// The values of the states of an operation from one case on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldStates {
    pub operation: String,
    /// The number of cases of the whole run before.
    pub after: usize,
    /// The values, by variable.
    pub variables: Map<String, Value>,
    /// Some values are sensitive, and have placeholders.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
}

/// A plan that notes the values of its states.
pub struct HoldingPlan {
    plan: Box<dyn Plan>,
    cases: usize,
    operation: String,
    held: Vec<HeldStates>,
}

impl HoldingPlan {
    #[must_use]
    pub fn new(plan: Box<dyn Plan>) -> Self {
        Self { plan, cases: 0, operation: String::new(), held: Vec::new() }
    }

    /// The values that the plan got.
    #[must_use]
    pub fn into_held(self) -> Vec<HeldStates> {
        self.held
    }
}

impl Plan for HoldingPlan {
    fn selected(&self) -> usize {
        self.plan.selected()
    }

    fn whole(&self) -> &Whole {
        self.plan.whole()
    }

    fn stage(&mut self) -> Option<PlanStage> {
        let stage = self.plan.stage();
        if let Some(PlanStage::Open(opening)) = &stage {
            self.operation.clone_from(&opening.operation);
        }
        stage
    }

    fn case(&mut self) -> Option<Case> {
        let case = self.plan.case();
        self.cases += usize::from(case.is_some());
        case
    }

    fn try_first(&mut self, service: &str, operation: &str) {
        self.plan.try_first(service, operation);
    }

    fn opened(&mut self, variables: Map<String, Value>) {
        let same = |held: &&mut HeldStates| held.operation == self.operation && held.after == self.cases;
        match self.held.last_mut().filter(same) {
            Some(held) => held.variables.clone_from(&variables),
            None if variables.is_empty() => {}
            None => self.held.push(HeldStates {
                operation: self.operation.clone(),
                after: self.cases,
                variables: variables.clone(),
                hidden: false,
            }),
        }
        self.plan.opened(variables);
    }

    fn sample(&self) -> Option<Value> {
        self.plan.sample()
    }

    fn ended(&mut self, case: &Case, aftermath: Aftermath) {
        self.plan.ended(case, aftermath);
    }
}

/// The operations and the cases of a plan, with the values of states that a run had.
#[derive(Debug, Default)]
pub struct DerivedCases {
    pub openings: Vec<Opening>,
    pub cases: Vec<Case>,
}

impl DerivedCases {
    /// Takes everything from a plan.
    #[must_use]
    pub fn of(plan: &mut dyn Plan, held: &[HeldStates]) -> Self {
        let (mut derived, mut plan) = (Self::default(), HeldPlan::new(plan, held));
        while let Some(stage) = plan.stage() {
            if let PlanStage::Open(opening) = stage {
                derived.openings.push(opening);
            }
            derived.cases.extend(std::iter::from_fn(|| plan.case()));
        }
        derived
    }
}

/// A plan whose states have the values that a run had.
pub struct HeldPlan<'p> {
    plan: &'p mut dyn Plan,
    held: &'p [HeldStates],
    cases: usize,
    operation: String,
}

impl<'p> HeldPlan<'p> {
    #[must_use]
    pub fn new(plan: &'p mut dyn Plan, held: &'p [HeldStates]) -> Self {
        Self { plan, held, cases: 0, operation: String::new() }
    }

    /// Passes the values that hold for the next case.
    fn hold(&mut self) {
        while let Some((next, rest)) = self.held.split_first()
            && next.operation == self.operation
            && next.after <= self.cases
        {
            self.plan.opened(next.variables.clone());
            self.held = rest;
        }
    }
}

impl Plan for HeldPlan<'_> {
    fn selected(&self) -> usize {
        self.plan.selected()
    }

    fn whole(&self) -> &Whole {
        self.plan.whole()
    }

    fn stage(&mut self) -> Option<PlanStage> {
        let stage = self.plan.stage();
        if let Some(PlanStage::Open(opening)) = &stage {
            self.operation.clone_from(&opening.operation);
        }
        stage
    }

    fn case(&mut self) -> Option<Case> {
        self.hold();
        let case = self.plan.case();
        self.cases += usize::from(case.is_some());
        case
    }

    fn opened(&mut self, variables: Map<String, Value>) {
        self.plan.opened(variables);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use serde_json::json;

    use super::*;
    use crate::suite::{CaseId, testing::BUNDLED};

    /// Two operations; each case has the value that held when it was taken in its id.
    #[derive(Default)]
    struct Named {
        whole: Whole,
        stages: VecDeque<(&'static str, usize)>,
        left: usize,
        value: String,
    }

    impl Plan for Named {
        fn selected(&self) -> usize {
            0
        }

        fn whole(&self) -> &Whole {
            &self.whole
        }

        fn stage(&mut self) -> Option<PlanStage> {
            let (operation, cases) = self.stages.pop_front()?;
            self.left = cases;
            if operation.is_empty() {
                return Some(PlanStage::Cases(None));
            }
            self.value.clear();
            let (service, given, removal) = (String::new(), Vec::new(), Vec::new());
            Some(PlanStage::Open(Opening { service, operation: operation.to_owned(), sample: None, given, removal }))
        }

        fn case(&mut self) -> Option<Case> {
            self.left = self.left.checked_sub(1)?;
            let mut case = BUNDLED.cases().swap_remove(0);
            case.id = CaseId(self.value.clone());
            Some(case)
        }

        fn opened(&mut self, variables: Map<String, Value>) {
            self.value = variables.get("v").and_then(Value::as_str).unwrap_or_default().to_owned();
        }
    }

    fn plan() -> Named {
        Named { stages: [("A", 0), ("", 2), ("", 1), ("B", 0), ("", 1)].into(), ..Named::default() }
    }

    fn values(value: &str) -> Map<String, Value> {
        Map::from_iter([("v".to_owned(), json!(value))])
    }

    #[test]
    fn the_cases_of_a_run_are_derived_again_with_the_values_that_it_had() {
        let mut run = HoldingPlan::new(Box::new(plan()));
        let mut ids = Vec::new();
        let mut opened = ["a", "", "b", "c", ""].into_iter();
        while run.stage().is_some() {
            let value = opened.next().unwrap();
            if !value.is_empty() {
                run.opened(values(value));
            }
            ids.extend(std::iter::from_fn(|| run.case()).map(|case| case.id.0));
        }
        assert_eq!(ids, ["a", "a", "b", "c"]);
        let held = run.into_held();
        let derived = DerivedCases::of(&mut plan(), &held);
        assert_eq!(derived.cases.into_iter().map(|case| case.id.0).collect::<Vec<_>>(), ids);
        assert_eq!(derived.openings.len(), 2);
        assert_eq!(DerivedCases::of(&mut plan(), &[]).cases[0].id.0, "");
    }
}
