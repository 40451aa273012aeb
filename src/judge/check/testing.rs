//! Shared by the tests of the checks: a case from a fixture's text, its responses as plain values, and the judgement.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use serde_json::{Value, json};

use super::{CaseJudgement, CaseSubject, StepSubject, judge};
use crate::{
    judge::{
        observation::Observation,
        transcript::{CaseEnd, Exchange, Role, Transcript},
        verdict::{Finding, Verdict},
    },
    suite::{Case, FixtureFiles, Fixtures},
    wire::{Request, Response, TransportError},
};

/// One case with its transcript.
pub(crate) struct Trial {
    pub(crate) suite: Fixtures,
    pub(crate) case: Case,
    pub(crate) transcript: Transcript,
    snapshot: Option<String>,
}

/// A stop that must succeed.
pub(crate) const STOP: &str = "- { call: StopDeployment, input: { deploymentId: d-ABCDEF123 } }";

/// A stop of a deployment that does not exist; it must be rejected.
pub(crate) const UNKNOWN: &str = "- { call: StopDeployment, input: { deploymentId: d-ABCDEF123 }, expect: { error: DeploymentDoesNotExistException } }";

/// A cancel that must succeed.
pub(crate) const CANCEL: &str = "- { call: CancelServicePipelineDeployment, input: { serviceName: shop } }";

/// A cancel for a service that does not exist; it must be rejected.
pub(crate) const NO_SERVICE: &str = "- { call: CancelServicePipelineDeployment, input: { serviceName: shop }, expect: { error: ResourceNotFoundException } }";

/// The error that [`UNKNOWN`] expects.
pub(crate) fn does_not_exist() -> Value {
    json!({"__type": "DeploymentDoesNotExistException", "message": "m"})
}

/// The response of a stop.
pub(crate) fn stopping() -> Value {
    json!({"status": "Pending", "statusMessage": "m"})
}

/// The response of a cancel.
pub(crate) fn cancelling() -> Value {
    json!({"pipeline": {
        "arn": "arn:aws:proton:us-east-1:123456789012:service/shop/pipeline/1", "createdAt": 1.7e9,
        "deploymentStatus": "CANCELLING", "lastDeploymentAttemptedAt": 1.7e9, "lastDeploymentSucceededAt": 1.7e9,
        "templateMajorVersion": "1", "templateMinorVersion": "0", "templateName": "web"}})
}

/// A stop, and a read of the deployment that is repeated as `form` says until it is stopped.
pub(crate) fn poll(form: &str) -> Trial {
    let expect = "expect: { body: { deploymentInfo: { status: Stopped } } }";
    let read = format!("- {{ call: GetDeployment, input: {{ deploymentId: d-ABCDEF123 }}, {expect}, {form} }}");
    Trial::stop(&format!("{STOP}\n{read}")).responds(1, 200, &stopping())
}

/// The response of a read of a deployment with this status.
pub(crate) fn deployment(status: &str) -> Value {
    json!({"deploymentInfo": {"status": status}})
}

impl Trial {
    /// A case of `StopDeployment` with these steps, of evidence `documented`.
    pub(crate) fn stop(steps: &str) -> Self {
        Self::of("codedeploy/stop-deployment", "SD-17", "documented", steps)
    }

    /// The same, of evidence `recorded`.
    pub(crate) fn recorded(steps: &str) -> Self {
        Self::of("codedeploy/stop-deployment", "SD-17", "recorded", steps)
    }

    /// A case of `CancelServicePipelineDeployment` with these steps, of evidence `documented`.
    pub(crate) fn cancel(steps: &str) -> Self {
        Self::of("proton/cancel-service-pipeline-deployment", "CSP-15", "documented", steps)
    }

    fn of(folder: &str, cites: &str, evidence: &str, steps: &str) -> Self {
        let steps = steps.replace('\n', "\n  ");
        let text = format!("title: T\ncites: [{cites}]\nevidence: {evidence}\nsteps:\n  {steps}\n");
        let suite = Self::suite(folder, text);
        let case = suite.cases().remove(0);
        let transcript = Transcript::empty(&case, 0, CaseEnd::Complete);
        Self { suite, case, transcript, snapshot: None }
    }

    /// The fixtures of one service with only this scenario. Kept, because reading them takes most of a trial's time.
    fn suite(folder: &str, text: String) -> Fixtures {
        static READ: Mutex<BTreeMap<String, Fixtures>> = Mutex::new(BTreeMap::new());
        let known = || READ.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(suite) = known().get(&text) {
            return suite.clone();
        }
        let (service, _) = folder.split_once('/').unwrap();
        let all = FixtureFiles::bundled_fixtures();
        let shared = all.iter().filter(|(path, _)| path.rsplit_once('/').is_some_and(|(parent, _)| parent == service));
        let shared = shared.map(|(path, text)| (path.to_owned(), text.to_owned()));
        let suite =
            Fixtures::read(&FixtureFiles::from_texts(shared.chain([(format!("{folder}/case.yaml"), text.clone())])));
        let suite = suite.unwrap_or_else(|error| panic!("{error}"));
        known().insert(text, suite.clone());
        suite
    }

    /// A well-formed response of the case's service.
    pub(crate) fn response(&self, status: u16, body: &[u8]) -> Response {
        let service = self.suite.service(&self.case.scenario.service).unwrap();
        let headers = [
            ("content-type", service.protocol.content_type().to_owned()),
            ("content-length", body.len().to_string()),
            ("x-amzn-requestid", format!("id-{}", self.transcript.exchanges.len())),
        ];
        let headers = headers.into_iter().collect();
        Response { status, headers, body: Bytes::copy_from_slice(body), ..Response::default() }
    }

    /// Adds the response to a step's own call.
    pub(crate) fn responds(self, step: usize, status: u16, body: &Value) -> Self {
        self.with(step, Role::Main, status, body.to_string().as_bytes(), |_| {})
    }

    /// Adds the response to a call of any role, changed by `change`.
    pub(crate) fn with(
        self,
        step: usize,
        role: Role,
        status: u16,
        body: &[u8],
        change: impl FnOnce(&mut Response),
    ) -> Self {
        let mut response = self.response(status, body);
        change(&mut response);
        self.gets(step, role, Ok(response))
    }

    /// Adds any outcome.
    pub(crate) fn gets(mut self, step: usize, role: Role, outcome: Result<Response, TransportError>) -> Self {
        let made = &self.case.scenario.steps[step - 1];
        let call = match role {
            Role::Before(index) | Role::After(index) => &made.unchanged[index].call,
            _ => &made.call,
        };
        let service = self.suite.service(&call.service).unwrap();
        let operation = service.contract().operation(&call.operation).unwrap();
        let request = service.protocol.build_request(service.contract(), operation, &json!({})).unwrap();
        let (service, operation) = (call.service.clone(), call.operation.clone());
        let started = Duration::from_millis(100 * self.transcript.exchanges.len() as u64);
        let elapsed = Duration::from_millis(1);
        self.transcript.exchanges.push(Exchange { step, role, service, operation, request, outcome, started, elapsed });
        self
    }

    /// Changes the request of the last exchange.
    pub(crate) fn sent(mut self, change: impl FnOnce(&mut Request)) -> Self {
        change(&mut self.transcript.exchanges.last_mut().unwrap().request);
        self
    }

    /// Sets how the case ended.
    pub(crate) fn ended(mut self, end: CaseEnd) -> Self {
        self.transcript.end = end;
        self
    }

    /// Sets the snapshot.
    pub(crate) fn snapshot(mut self, snapshot: &str) -> Self {
        self.snapshot = Some(snapshot.to_owned());
        self
    }

    pub(crate) fn observation(&self) -> Observation {
        Observation::of(&self.suite, &self.case, &self.transcript)
    }

    pub(crate) fn judge(&self) -> CaseJudgement {
        judge(&self.suite, &self.case, &self.transcript, self.snapshot.as_deref())
    }

    /// The result of `look` on the first step that was made.
    pub(crate) fn on_step<R>(&self, look: impl FnOnce(&StepSubject<'_>) -> R) -> R {
        let (suite, case, transcript) = (&self.suite, &self.case, &self.transcript);
        let subject = CaseSubject { suite, case, transcript, snapshot: None };
        look(&subject.steps().next().unwrap())
    }

    pub(crate) fn verdict(&self) -> Verdict {
        self.judge().verdict().0
    }

    /// The expected and the actual text of each finding.
    pub(crate) fn expected_and_actual(&self) -> Vec<(String, String)> {
        self.judge().findings.into_iter().map(|finding| (finding.expected, finding.actual)).collect()
    }

    /// Each finding as `severity code/rule pointer`.
    pub(crate) fn findings(&self) -> Vec<String> {
        self.judge().findings.iter().map(in_words).collect()
    }
}

/// A finding as `severity code/rule pointer`.
pub(crate) fn in_words(finding: &Finding) -> String {
    let rule = finding.rule.as_ref().map(|rule| format!("/{rule}")).unwrap_or_default();
    format!("{} {}{rule} {}", finding.severity, finding.code, finding.pointer).trim_end().to_owned()
}
