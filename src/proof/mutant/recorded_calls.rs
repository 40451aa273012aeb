//! The calls of a run of the reference, and the cases in which a fault would have acted on them.
//!
//! A case whose calls a fault leaves alone ends as it does on the reference. So only the others need to run, with those
//! whose calls the fault remembers. A fault that depends on more than the calls themselves, such as the time, is not
//! foreseen: all cases that can show it run.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, OnceLock},
};

use bytes::Bytes;
use serde_json::Value;

use super::{
    FaultMemory, Mutant,
    behavior::{Behavior, ReceivedCall},
};
use crate::{
    judge::transcript::Transcript,
    model::Contract,
    reference::ReferenceEndpoint,
    wire::{Request, Response, protocol::REQUEST_ID_HEADER},
};

/// A call to the reference, with its response.
#[derive(Debug)]
pub(super) struct RecordedCall {
    pub(super) request: Request,
    pub(super) response: Response,
    /// The real time, in seconds since 1970.
    pub(super) real_now: f64,
    /// The index of its case; `None` for a presence check.
    case: Option<usize>,
    input: OnceLock<Option<Value>>,
    output: OnceLock<Value>,
}

impl RecordedCall {
    fn new(request: Request, response: Response, real_now: f64) -> Self {
        Self { request, response, real_now, case: None, input: OnceLock::new(), output: OnceLock::new() }
    }

    /// The input, if the body is a JSON object.
    pub(super) fn input(&self) -> Option<&Value> {
        let read = || serde_json::from_slice::<Value>(&self.request.body).ok().filter(Value::is_object);
        self.input.get_or_init(read).as_ref()
    }

    /// The body of the response; null if it is not JSON.
    pub(super) fn output(&self) -> &Value {
        self.output.get_or_init(|| serde_json::from_slice(&self.response.body).unwrap_or_default())
    }

    /// Returns whether a response is this one, whenever it was made.
    fn has(&self, response: &Response) -> bool {
        (response.status, &response.body) == (self.response.status, &self.response.body)
    }
}

/// The calls of a run, in order.
#[derive(Debug, Default)]
pub struct RecordedCalls {
    calls: Vec<RecordedCall>,
    /// The indices of the calls, by the ID of their response.
    by_id: HashMap<String, usize>,
    /// The IDs of the cases.
    cases: Vec<String>,
    /// The indices of the cases whose calls have a text as a member of their input or output.
    mentions: HashMap<String, BTreeSet<usize>>,
    /// The indices of the cases that send a body.
    bodies: HashMap<Bytes, BTreeSet<usize>>,
}

impl RecordedCalls {
    /// Adds a call.
    pub fn add(&mut self, request: Request, response: Response, real_now: f64) {
        if let Some(id) = response.headers.get(REQUEST_ID_HEADER) {
            self.by_id.insert(id.to_owned(), self.calls.len());
        }
        self.calls.push(RecordedCall::new(request, response, real_now));
    }

    /// Assigns the calls of a case to it.
    pub fn assign(&mut self, case: &str, transcript: &Transcript) {
        let index = self.cases.len();
        self.cases.push(case.to_owned());
        let responses = transcript.exchanges.iter().filter_map(|exchange| exchange.outcome.as_ref().ok());
        for id in responses.filter_map(|response| response.headers.get(REQUEST_ID_HEADER)) {
            let Some(call) = self.by_id.get(id).and_then(|at| self.calls.get_mut(*at)) else { continue };
            call.case = Some(index);
            self.bodies.entry(call.request.body.clone()).or_default().insert(index);
            for text in texts(call.input()).chain(texts(Some(call.output()))) {
                self.mentions.entry(text.to_owned()).or_default().insert(index);
            }
        }
    }

    /// The cases among `shown`, which can show a fault, that must run to find out what it changes.
    #[must_use]
    pub fn occasions(
        &self,
        mutant: &Mutant,
        shown: BTreeSet<String>,
        pristine: &ReferenceEndpoint,
        contracts: &[Arc<Contract>],
    ) -> BTreeSet<String> {
        if mutant.memory == FaultMemory::Anything {
            return shown;
        }
        let runs: Vec<bool> = self.cases.iter().map(|case| shown.contains(case)).collect();
        let mut behavior = (mutant.fault)();
        let mut needed = BTreeSet::new();
        for call in self.calls.iter().filter(|call| call.case.is_none_or(|case| runs[case])) {
            let received = ReceivedCall::recorded(call, contracts, pristine);
            if !acts(&mut *behavior, &received, call) {
                continue;
            }
            // A presence check decides about every case of its operation.
            let Some(case) = call.case else { return shown };
            needed.insert(case);
            if mutant.memory == FaultMemory::Calls {
                let substituted = received.substituted();
                let named = texts(call.input()).chain(substituted.iter().flat_map(|input| texts(Some(input))));
                let alike = self.bodies.get(&call.request.body).into_iter();
                let others = alike.chain(named.filter_map(|text| self.mentions.get(text))).flatten();
                needed.extend(others.filter(|case| runs[**case]));
            }
        }
        needed.into_iter().map(|case| self.cases[case].clone()).collect()
    }
}

/// Returns whether a fault makes a difference to a call.
fn acts(behavior: &mut dyn Behavior, received: &ReceivedCall<'_>, call: &RecordedCall) -> bool {
    let response = behavior.respond(received);
    received.deviated() || response.is_some_and(|response| !call.has(&response))
}

/// The strings among the members of an object.
fn texts(value: Option<&Value>) -> impl Iterator<Item = &str> {
    let members = value.and_then(Value::as_object).into_iter().flat_map(|members| members.values());
    members.filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{super::*, *};
    use crate::{
        judge::transcript::{Exchange, Role},
        proof::mutant::testing::of_operation,
        reference::Identity,
        suite::{CaseId, testing::BUNDLED},
    };

    const SUCCESS: &str = r#"{"status":"Pending"}"#;
    const REJECTED: &str = r#"{"__type":"InvalidDeploymentIdException","message":"m"}"#;
    const SUCCEEDED: &str = r#"{"deploymentId":"d-ABCDEF123"}"#;

    fn call(calls: &mut RecordedCalls, input: &str, body: &'static str) -> Exchange {
        let request = Request {
            method: "POST".to_owned(),
            target: "/".to_owned(),
            headers: [("x-amz-target", "CodeDeploy_20141006.StopDeployment")].into_iter().collect(),
            body: input.to_owned().into(),
            ..Request::default()
        };
        let id = calls.calls.len().to_string();
        let response = Response {
            status: if body == REJECTED { 400 } else { 200 },
            headers: [(REQUEST_ID_HEADER, id.as_str())].into_iter().collect(),
            body: body.into(),
            ..Response::default()
        };
        calls.add(request.clone(), response.clone(), 1.7e9);
        Exchange {
            step: 1,
            role: Role::Main,
            service: "codedeploy".to_owned(),
            operation: "StopDeployment".to_owned(),
            request,
            outcome: Ok(response),
            started: std::time::Duration::ZERO,
            elapsed: std::time::Duration::ZERO,
        }
    }

    /// The calls of cases, each of one call.
    fn recorded(cases: &[(&str, &str, &'static str)]) -> RecordedCalls {
        let mut calls = RecordedCalls::default();
        for (case, input, body) in cases {
            let exchange = call(&mut calls, input, body);
            let transcript = Transcript { exchanges: vec![exchange], ..Transcript::new(CaseId((*case).to_owned()), 1) };
            calls.assign(case, &transcript);
        }
        calls
    }

    fn mutant(id: &str) -> Mutant {
        let seen = sample::SeenMembers::default();
        let all = of_operation("codedeploy", "StopDeployment", |subject| {
            let inputs = input_faults::mutants(subject, &seen).into_iter();
            inputs.chain(lookup_faults::mutants(subject)).chain(late_faults::mutants(subject)).collect()
        });
        all.into_iter().find(|mutant| mutant.id.ends_with(id)).unwrap()
    }

    fn occasions(calls: &RecordedCalls, id: &str, shown: &[&str]) -> Vec<String> {
        let contracts = vec![Arc::clone(BUNDLED.service("codedeploy").unwrap().contract())];
        let pristine = ReferenceEndpoint::new(contracts.clone(), Identity::defaults(), Clock::new()).unwrap();
        let shown = shown.iter().map(|case| (*case).to_owned()).collect();
        calls.occasions(&mutant(id), shown, &pristine, &contracts).into_iter().collect()
    }

    const NAMES: &str = r#"{"deploymentId":"d-ABCDEF123"}"#;
    const NUMBER: &str = r#"{"deploymentId":7}"#;
    const LOWER: &str = r#"{"deploymentId":"D-abcdef123"}"#;

    #[rstest]
    #[case::the_case_that_it_reads_otherwise("deploymentId/coerced-number", &["a", "b", "c"], &["b"])]
    #[case::no_case_that_cannot_show_it("deploymentId/coerced-number", &["a", "c"], &[])]
    #[case::also_the_case_of_the_resource_that_it_finds("deploymentId/case-insensitive", &["a", "b", "c"], &["a", "c"])]
    #[case::all_cases_if_it_depends_on_the_time("late/Stopped-to-Failed/after-1s", &["a", "b"], &["a", "b"])]
    fn the_cases_in_which_a_fault_acts_are_needed(#[case] id: &str, #[case] shown: &[&str], #[case] expected: &[&str]) {
        let calls = recorded(&[("a", NAMES, SUCCEEDED), ("b", NUMBER, REJECTED), ("c", LOWER, REJECTED)]);
        assert_eq!(occasions(&calls, id, shown), expected);
    }

    #[test]
    fn a_fault_that_acts_on_a_presence_check_needs_every_case() {
        let mut calls = recorded(&[("a", NAMES, SUCCESS), ("b", NUMBER, REJECTED)]);
        call(&mut calls, NUMBER, REJECTED);
        assert_eq!(occasions(&calls, "deploymentId/coerced-number", &["a", "b"]), ["a", "b"]);
    }
}
