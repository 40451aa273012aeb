//! The harness checks itself: an input that it intends to be valid must be valid. Pure.
//!
//! A value that comes from a response of the endpoint is not a fault of the harness.

use crate::suite::{Bindings, Call, ServiceFixtures, Template};

/// The violation in an input that the harness intends to be valid.
pub(super) fn fault(call: &Call, input: &Template, service: &ServiceFixtures, bindings: &Bindings) -> Option<String> {
    let operation = service.contract().operation(&call.operation).filter(|_| call.valid)?;
    let value = input.filled(bindings).ok()?;
    let violated = |open: &[String]| match service.violation(operation, &value, open) {
        Ok(violation) => {
            violation.map(|found| format!("expected {} at {:?}, found {}", found.expected, found.pointer, found.actual))
        }
        Err(error) => Some(error.to_string()),
    };
    // Nearly every input is valid, so the origin of its values is looked up only for an invalid one.
    violated(&[])?;
    let (_, received) = input.fill_known(&bindings.own());
    let what = violated(&received)?;
    Some(format!("the harness sent an input that violates the model: {}: {what}", call.operation))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        judge::transcript::CaseEnd,
        run::{
            execute::{
                Patience,
                testing::{executor, suite, target},
            },
            transport::{InProcess, Reply},
        },
        suite::{CallerName, Region},
        wire::{Request, Response},
    };

    const SENT: &str = "the harness sent an input that violates the model: StopDeployment: expected ";

    fn scenario(steps: &str) -> String {
        format!("title: T\ncites: [SD-17]\nevidence: documented\n{steps}")
    }

    fn stop(input: &Value, valid: bool) -> Call {
        Call {
            service: "codedeploy".to_owned(),
            operation: "StopDeployment".to_owned(),
            input: Template::read(input).unwrap(),
            valid,
            caller: CallerName::Owner,
            region: Region::Home,
            signing: None,
            raw: None,
        }
    }

    #[rstest]
    #[case::valid(json!({"deploymentId": "d-ABCDEF123"}), true, false)]
    #[case::wrong_type(json!({"deploymentId": 5}), true, true)]
    #[case::missing(json!({}), true, true)]
    #[case::meant(json!({"deploymentId": 5}), false, false)]
    #[case::made_here(json!({"deploymentId": "${made}"}), true, true)]
    #[case::received(json!({"deploymentId": "${received}"}), true, false)]
    #[case::both(json!({"deploymentId": "${received}", "autoRollbackEnabled": "${made}"}), true, true)]
    fn an_invalid_input_of_the_harness_is_a_fault(#[case] input: Value, #[case] valid: bool, #[case] at_fault: bool) {
        let suite = suite("states: {}\n", &scenario("steps: [{ call: StopDeployment, input: { deploymentId: x } }]\n"));
        let mut bindings = Bindings::new(1, "case");
        bindings.bind("made", json!(5));
        bindings.bind_received("received", json!(5));
        let call = stop(&input, valid);
        let fault = fault(&call, &call.input, suite.service("codedeploy").unwrap(), &bindings);
        assert_eq!(fault.is_some(), at_fault, "{fault:?}");
        assert!(fault.is_none_or(|fault| fault.starts_with(SENT)));
    }

    const STATES: &str = "states:
  stopped:
    says: A state whose call is valid if its parameter is.
    params: { roll_back: true }
    steps:
      - { call: StopDeployment, input: { deploymentId: d-ABCDEF123, autoRollbackEnabled: '${params.roll_back}' } }
    yields: { id: d-ABCDEF123 }
";
    const STOP: &str = "steps: [{ call: StopDeployment, input: { deploymentId: d-ABCDEF123 } }]\n";

    /// The region is a string that is known only in a run, and the member is not a string.
    const WRONG: &str = "{ deploymentId: d-ABCDEF123, autoRollbackEnabled: '${region}' }";

    fn step(more: &str) -> String {
        format!("steps: [{{ call: StopDeployment, input: {{ deploymentId: d-ABCDEF123 }}, {more} }}]\n")
    }

    async fn end(steps: &str) -> CaseEnd {
        let suite = suite(STATES, &scenario(steps));
        let target = target(None);
        let body = bytes::Bytes::from_static(br#"{"status":"Pending"}"#);
        let response = Response { status: 200, body, ..Response::default() };
        let transport = InProcess::new(move |_: &Request| Reply::Answer(response.clone()));
        let case_timeout = Duration::from_secs(5);
        let patience = Patience::new(case_timeout);
        let executor = executor(&suite, &target, &transport, &patience, case_timeout);
        executor.execute(&suite.cases()[0]).await.end
    }

    #[rstest]
    #[case::step(format!("steps: [{{ call: StopDeployment, input: {WRONG} }}]\n"))]
    #[case::control(step(&format!("control: {WRONG}")))]
    #[case::guard(step(&format!("unchanged: [{{ call: StopDeployment, input: {WRONG} }}]")))]
    #[case::many_at_once(format!("steps: [{{ call: StopDeployment, input: {WRONG}, concurrently: 2 }}]\n"))]
    #[case::teardown(format!("{STOP}teardown: [{{ call: StopDeployment, input: {WRONG} }}]\n"))]
    #[case::state(format!("given: {{ s: {{ state: stopped, params: {{ roll_back: 'no' }} }} }}\n{STOP}"))]
    #[tokio::test]
    async fn every_call_of_a_case_is_checked(#[case] steps: String) {
        let end = end(&steps).await;
        assert!(matches!(&end, CaseEnd::Internal(fault) if fault.starts_with(SENT)), "{end:?}");
    }

    #[rstest]
    #[case::valid(STOP.to_owned())]
    #[case::state("given: { s: stopped }\n".to_owned() + STOP)]
    #[case::on_purpose(format!("steps: [{{ call: StopDeployment, input: {WRONG}, invalid: true }}]\n"))]
    #[case::another_body(step("raw: { body: { text: '[]' } }"))]
    #[tokio::test]
    async fn an_input_that_is_valid_or_marked_invalid_is_not_a_fault(#[case] steps: String) {
        assert_eq!(end(&steps).await, CaseEnd::Complete);
    }
}
