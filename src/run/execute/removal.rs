//! Removes what requests created.

use serde_json::{Map, Value};

use super::{CaseRun, Cleanup, Executor};
use crate::{
    judge::transcript::{PresenceResponses, Role},
    suite::{Aftermath, Bindings, Call, Case, CaseId, Expression, Opening, Scenario, Step, Template},
    wire::{Response, TransportError},
};

/// The request that may have created a resource.
struct Creation<'c> {
    service: &'c str,
    operation: &'c str,
    input: &'c Value,
    outcome: &'c Result<Response, TransportError>,
}

impl Executor<'_> {
    /// Removes what a presence check created.
    pub async fn remove_samples(&self, opening: &Opening, responses: &PresenceResponses) {
        let (service, operation) = (opening.service.as_str(), opening.operation.as_str());
        let empty = Value::Object(Map::new());
        let sample = opening.sample.as_ref().unwrap_or(&empty);
        let mut run = CaseRun::new(*self, CaseId(format!("{service}.{operation}")));
        // Some endpoints ignore the name of the service, or take an unknown operation for another one.
        let of_sample = [&responses.sample, &responses.unknown_operation, &responses.unknown_service];
        for (input, outcome) in
            of_sample.map(|outcome| (sample, outcome)).into_iter().chain([(&empty, &responses.empty_input)])
        {
            run.remove_later(&opening.removal, &Creation { service, operation, input, outcome });
        }
        if let Some(fallback) = &responses.fallback {
            run.remove_fallback_later(opening, fallback, sample, &responses.unknown_operation);
        }
        run.clean_up().await;
    }

    /// Removes what a request with a subresource of no operation created: it may call the operation `fallback`.
    pub async fn remove_fallback(&self, opening: &Opening, fallback: &str, sample: &Value, response: &Response) {
        let mut run = CaseRun::new(*self, CaseId(format!("{}.{}", opening.service, opening.operation)));
        run.remove_fallback_later(opening, fallback, sample, &Ok(response.clone()));
        run.clean_up().await;
    }
}

impl CaseRun<'_> {
    /// Removes at the end what a request created that the model gives to another operation. The names that both inputs
    /// have are in the same places of the path.
    fn remove_fallback_later(
        &mut self,
        opening: &Opening,
        fallback: &str,
        sample: &Value,
        outcome: &Result<Response, TransportError>,
    ) {
        let service = self.executor.suite.service(&opening.service);
        let Some(removal) = service.and_then(|service| service.removals.get(fallback)) else { return };
        if fallback != opening.operation {
            let creation = Creation { service: &opening.service, operation: fallback, input: sample, outcome };
            self.remove_later(removal, &creation);
        }
    }

    /// Removes at the end of the case what calls of its operation created, and other calls of a probe.
    pub(super) fn remove_creations(&mut self, case: &Case) {
        let scenario = &case.scenario;
        for (index, step) in scenario.steps.iter().enumerate() {
            let Some(removal) = removal_of(self.executor, scenario, step) else { continue };
            let input = step.call.input.fill(&Bindings::default()).unwrap_or_default();
            let made = self.transcript.of_step(index + 1);
            let made = made.filter(|exchange| matches!(exchange.role, Role::Main | Role::Setup));
            let outcomes: Vec<_> = made.map(|exchange| exchange.outcome.clone()).collect();
            let Call { service, operation, .. } = &step.call;
            for outcome in &outcomes {
                self.remove_later(removal, &Creation { service, operation, input: &input, outcome });
            }
        }
    }

    /// Removes at the end of the case what a request may have created.
    fn remove_later(&mut self, removal: &[Step], creation: &Creation<'_>) {
        let is_sent = !matches!(creation.outcome, Err(TransportError::Unsendable(_)));
        if !is_sent || Aftermath::of(creation.outcome) == Aftermath::Untouched {
            return;
        }
        let mut bindings = Bindings::new(self.executor.seed, &self.transcript.case.0);
        bindings.bind("input", creation.input.clone());
        bindings.bind("output", self.output(creation).unwrap_or_default());
        let calls: Vec<Step> = removal.iter().filter_map(|step| filled(step, &bindings)).collect();
        // Cleanups run in reverse order.
        self.cleanups.extend(calls.into_iter().rev().map(|step| Cleanup::Steps(vec![step], bindings.clone())));
    }

    /// The body of a success.
    fn output(&self, creation: &Creation<'_>) -> Option<Value> {
        let response = creation.outcome.as_ref().ok()?;
        let parsed = self.executor.suite.service(creation.service)?.parse_response(creation.operation, response);
        parsed.value.filter(|_| parsed.rejection.is_none())
    }
}

/// The calls that remove what a step creates; `None` if none are known.
fn removal_of<'s>(executor: Executor<'s>, scenario: &'s Scenario, step: &Step) -> Option<&'s [Step]> {
    let Call { service, operation, .. } = &step.call;
    if *operation == scenario.operation {
        return Some(&scenario.removal);
    }
    let service = executor.suite.service(service).filter(|_| scenario.probe.is_some())?;
    service.removals.get(operation).map(Vec::as_slice)
}

/// The step with its values. A member that the input lacks is null here, too. `None` if the output lacks a member: then it
/// is unknown what to remove.
fn filled(step: &Step, bindings: &Bindings) -> Option<Step> {
    let template = &step.call.input;
    let is_known = |expression: &Expression| Template::Whole(expression.clone()).fill(bindings).is_ok();
    let is_output = |expression: &Expression| expression.path().is_some_and(|(root, _)| root == "output");
    if template.expressions().into_iter().any(|(_, expression)| is_output(expression) && !is_known(expression)) {
        return None;
    }
    let (input, _) = template.fill_known(bindings);
    Some(Step { call: Call { input: Template::Literal(input), ..step.call.clone() }, ..step.clone() })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::suite::{CallerName, Expectation, Region};

    #[rstest]
    #[case::of_the_input(json!({"Name": "${input.Name}"}), Some(json!({"Name": "a"})))]
    #[case::not_in_the_input(json!({"Name": "${input.Other}"}), Some(json!({"Name": null})))]
    #[case::of_the_output(json!({"Ids": ["${output.Ids.0}"], "Force": true}), Some(json!({"Ids": ["i"], "Force": true})))]
    #[case::not_in_the_output(json!({"Id": "${output.Ids.1}"}), None)]
    fn a_removal_needs_its_output_and_has_null_for_a_missing_input(
        #[case] template: Value,
        #[case] expected: Option<Value>,
    ) {
        let call = Call {
            service: "s".to_owned(),
            operation: "Delete".to_owned(),
            input: Template::read(&template).unwrap(),
            valid: false,
            caller: CallerName::Owner,
            region: Region::Home,
            signing: None,
            raw: None,
        };
        let mut bindings = Bindings::new(0, "s.Create/control");
        bindings.bind("input", json!({"Name": "a"}));
        bindings.bind("output", json!({"Ids": ["i"]}));
        let step = Step::once(call, Expectation { alternatives: Vec::new() });
        let input = filled(&step, &bindings).map(|step| step.call.input.fill(&bindings).unwrap());
        assert_eq!(input, expected);
    }
}
