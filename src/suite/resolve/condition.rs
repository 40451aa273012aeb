//! Resolves the `when` of steps.

use serde_json::Value;

use super::{Resolver, scope::VariableScope};
use crate::suite::{Step, StepCondition, raw::RawStep, source::Diagnostic};

impl Resolver<'_> {
    /// Adds the conditions of the steps. Each is about the response of the last step before it that has none.
    pub(super) fn with_conditions(
        &self,
        mut steps: Vec<Step>,
        raw: &[RawStep],
        scope: &VariableScope,
    ) -> Result<Vec<Step>, Diagnostic> {
        let mut asked = None;
        for index in 0..steps.len() {
            match &raw[index].when {
                Some(when) => {
                    let condition = self.condition(when, index, asked, &steps, scope)?;
                    steps[index].when = Some(condition);
                }
                None => asked = Some(index),
            }
        }
        Ok(steps)
    }

    fn condition(
        &self,
        when: &Value,
        index: usize,
        asked: Option<usize>,
        steps: &[Step],
        scope: &VariableScope,
    ) -> Result<StepCondition, Diagnostic> {
        let at = format!("/steps/{index}/when");
        let Some(asked) = asked else {
            return Err(self.source.at(&at, "there is no step before it whose response it could be about"));
        };
        if !steps[index].capture.is_empty() {
            return Err(self.source.at(&at, "a step with a condition cannot capture, because it may not be sent"));
        }
        let expect = self.expectation(Some(when), &at, &steps[asked].call)?;
        self.check_expected_variables(&expect, scope, &at)?;
        Ok(StepCondition { step: asked + 1, expect })
    }

    /// Rejects conditions where no earlier response counts: in states and teardowns.
    pub(super) fn check_unconditional(&self, raw: &[RawStep], at: &str) -> Result<(), Diagnostic> {
        match raw.iter().position(|step| step.when.is_some()) {
            Some(index) => {
                Err(self.source.at_key(&format!("{at}/{index}/when"), "only a step of a scenario can have a condition"))
            }
            None => Ok(()),
        }
    }
}
