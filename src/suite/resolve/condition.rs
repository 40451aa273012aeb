//! Resolves the `when` and the `at_end` of steps.

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
            if !raw[index].at_end && index > 0 && raw[index - 1].at_end {
                return Err(self
                    .source
                    .at(&format!("/steps/{index}"), "after a step with at_end, every step needs at_end"));
            }
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

    /// Rejects `when` and `at_end` in states and teardowns, where no earlier response counts.
    pub(super) fn check_unconditional(&self, raw: &[RawStep], at: &str) -> Result<(), Diagnostic> {
        for (index, step) in raw.iter().enumerate() {
            let given = if step.when.is_some() { "when" } else { "at_end" };
            if step.when.is_some() || step.at_end {
                let message = format!("only a step of a scenario can have {given}");
                return Err(self.source.at_key(&format!("{at}/{index}/{given}"), message));
            }
        }
        Ok(())
    }
}
