//! A run with every verdict, and with secrets that no report may show.

use std::{
    collections::BTreeSet,
    io,
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use bytes::Bytes;

use super::Reporter;
use crate::{
    judge::{
        code::Code,
        transcript::{Exchange, Role},
        verdict::{Finding, FindingRole, Ledger, Severity, Verdict},
    },
    run::{
        event::{
            CaseFinished, CaseReport, CitableRequirement, Event, Presence, PresenceChecked, RequirementOutcome,
            RequirementReport, RunFinished, RunStarted, ShownExchange,
        },
        exchange_report::ExchangeReport,
    },
    suite::{CaseAim, CaseId, ModelIdentity, SelectionDigest, requirement::Evidence, testing::BUNDLED},
    wire::{Headers, Request, Response, Secrets, TransportError, curl},
};

/// The secrets in the requests of the run.
const SECRETS: [&str; 3] = ["AKIDSECRETKEYID", "c0ffee5igna7ure", "FwoGZXIvYXdzEJr-session-token"];

/// The secrets in a text.
pub(super) fn secrets_in(text: &str) -> Vec<&'static str> {
    SECRETS.into_iter().filter(|secret| text.contains(secret)).collect()
}

/// Passes the events to a reporter.
pub(super) fn report_of(reporter: &mut dyn Reporter, events: &[Event]) -> io::Result<()> {
    events.iter().try_for_each(|event| reporter.event(event))
}

/// The text that `write` puts into the output that it gets.
pub(super) fn shared_output(write: impl FnOnce(Box<dyn io::Write + Send>)) -> String {
    #[derive(Clone, Default)]
    struct SharedOutput(Arc<Mutex<Vec<u8>>>);

    impl io::Write for SharedOutput {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let output = SharedOutput::default();
    write(Box::new(output.clone()));
    let bytes = std::mem::take(&mut *output.0.lock().unwrap());
    String::from_utf8(bytes).unwrap()
}

/// A run with every verdict.
pub(crate) fn events() -> Vec<Event> {
    run(cases())
}

/// A run of these cases.
pub(super) fn run(cases: Vec<CaseFinished>) -> Vec<Event> {
    let mut ledger = Ledger { selected: cases.len(), ..Ledger::default() };
    for case in &cases {
        ledger.enter(case.report.verdict);
    }
    let started = RunStarted {
        target: "emulator".to_owned(),
        endpoint: "http://127.0.0.1:4566".to_owned(),
        region: "us-east-1".to_owned(),
        suite: "d1ge57".to_owned(),
        models: vec![ModelIdentity::of("codedeploy", "botocore:codedeploy@2014-10-06".to_owned(), "2014-10-06", "{}")],
        seed: 7,
        selected: cases.len(),
        selection: SelectionDigest::of(cases.iter().map(|case| case.report.id.0.as_str())),
        shard: None,
    };
    let checked = [
        ("codedeploy", "StopDeployment", None),
        ("proton", "CancelServicePipelineDeployment", Some("the response is that of an operation that does not exist")),
    ];
    let checked = checked.map(|(service, operation, reason)| {
        Event::PresenceChecked(PresenceChecked {
            service: service.to_owned(),
            operation: operation.to_owned(),
            presence: if reason.is_some() { Presence::NotImplemented } else { Presence::Implemented },
            reason: reason.unwrap_or("it responds with a success (200)").to_owned(),
            unavailable: None,
        })
    });
    let finished = RunFinished {
        ledger,
        requirements: requirements(),
        coverage: None,
        interrupted: false,
        duration_ms: 4_250,
        notes: Vec::new(),
        baseline: None,
    };
    let cases = cases.into_iter().map(|case| Event::CaseFinished(Box::new(case)));
    [Event::RunStarted(started), Event::RequirementsListed(CITABLE.clone())]
        .into_iter()
        .chain(checked)
        .chain(cases)
        .chain([Event::RunFinished(finished)])
        .collect()
}

/// The requirements of the bundled fixtures.
static CITABLE: LazyLock<Vec<CitableRequirement>> = LazyLock::new(|| CitableRequirement::all(&BUNDLED));

fn requirements() -> Vec<RequirementReport> {
    let outcomes = [
        ("SD-21", RequirementOutcome::Met, 3, 0),
        ("SD-22", RequirementOutcome::Violated, 1, 2),
        ("SD-23", RequirementOutcome::NotExercised, 0, 0),
    ];
    let requirement = |(id, outcome, met, violated): (&str, RequirementOutcome, usize, usize)| RequirementReport {
        id: id.to_owned(),
        says: "An unknown deployment is refused.".to_owned(),
        evidence: Evidence::Documented,
        outcome,
        met,
        violated,
        reason: (outcome == RequirementOutcome::NotExercised).then(|| "no selected case cites it".to_owned()),
    };
    outcomes.map(requirement).into()
}

fn cases() -> Vec<CaseFinished> {
    let mut cases = vec![deviation("unknown-id"), finished_twice()];
    cases.push(case("codedeploy/stop-deployment/open", Verdict::Conforms, ""));
    let mut loose = case("codedeploy/stop-deployment/enum", Verdict::Conforms, "");
    loose.report.alternatives = vec!["step 1: a success".to_owned()];
    loose.report.findings = vec![shape_warning()];
    cases.push(loose);
    for row in 1..=4 {
        let id = format!("codedeploy/stop-deployment/in-progress#{row}");
        cases.push(case(&id, Verdict::Blocked, "no way to reach the state \"an open deployment\""));
    }
    cases.push(case("codedeploy/stop-deployment/denied", Verdict::NotApplicable, "the target has no denied identity"));
    cases.push(case("codedeploy/stop-deployment/not-run", Verdict::Inconclusive, "the run was interrupted"));
    for name in ["unknown-service", "twice"] {
        let id = format!("proton/cancel-service-pipeline-deployment/{name}");
        let reason = "CancelServicePipelineDeployment: the response is that of an operation that does not exist";
        cases.push(case(&id, Verdict::NotImplemented, reason));
    }
    cases
}

/// A case with an error, a warning and a note. Its exchanges contain the secrets in both directions.
/// Cases that conform and have warnings about what is only inferred.
pub(super) fn suspected(cases: usize) -> Vec<CaseFinished> {
    let suspected = |number: usize| {
        let mut case = deviation(&format!("lost-{number}"));
        case.report.verdict = Verdict::Conforms;
        let findings = case.report.findings.iter_mut();
        findings.for_each(|one| (one.severity, one.evidence) = (Severity::Warning, Evidence::Inferred));
        case
    };
    (0..cases).map(suspected).collect()
}

pub(super) fn deviation(name: &str) -> CaseFinished {
    let id = format!("codedeploy/stop-deployment/{name}");
    let mut finished = case(&id, Verdict::Deviates, "expected DeploymentDoesNotExistException, got InternalFailure");
    finished.report.title = "A deployment that does not exist cannot be stopped".to_owned();
    finished.report.findings = vec![identity_error(), shape_warning(), length_note()];
    finished.report.exchange = Some(shown());
    let exchange = |role: Role, outcome: Result<Response, TransportError>, elapsed: u64| Exchange {
        step: usize::from(role == Role::Main),
        role,
        service: "codedeploy".to_owned(),
        operation: "StopDeployment".to_owned(),
        request: redacted().0,
        outcome,
        started: Duration::ZERO,
        elapsed: Duration::from_micros(elapsed),
    };
    let exchanges = [
        exchange(Role::Before(0), Err(TransportError::Timeout(Duration::from_secs(2))), 2_000_100),
        exchange(Role::Main, Ok(redacted().1), 1_250),
    ];
    finished.exchanges = exchanges.iter().map(ExchangeReport::of).collect();
    finished
}

/// A case whose second step has two findings.
fn finished_twice() -> CaseFinished {
    let reason = "expected \"Succeeded\", got \"Stopped\"";
    let mut finished = case("codedeploy/stop-deployment/finished", Verdict::Deviates, reason);
    finished.report.title = "A finished deployment stays as it is".to_owned();
    let body = Finding {
        code: Code::EXPECTED_BODY,
        step: 2,
        role: FindingRole::Step,
        pointer: "/deploymentInfo/status".to_owned(),
        expected: "\"Succeeded\"".to_owned(),
        actual: "\"Stopped\"".to_owned(),
        cites: vec!["SD-21".to_owned()],
        ..identity_error()
    };
    let status = Finding {
        code: Code::STATUS,
        evidence: Evidence::Protocol,
        pointer: String::new(),
        expected: "200".to_owned(),
        actual: "202".to_owned(),
        cites: Vec::new(),
        ..body.clone()
    };
    finished.report.findings = vec![status, body];
    finished.report.exchange = Some(shown());
    finished
}

/// A case in which every text from the endpoint contains escape sequences and a forged line.
pub(super) fn hostile(verdict: Verdict) -> CaseFinished {
    let attack = "x\u{1b}[2J\u{9b}1A\r\n0 cases selected = forged\u{7}";
    let mut finished = deviation(attack);
    let report = &mut finished.report;
    report.verdict = verdict;
    for text in [&mut report.title, &mut report.reason, &mut report.position, &mut report.operation] {
        attack.clone_into(text);
    }
    for finding in &mut report.findings {
        finding.rule = Some(attack.to_owned());
        finding.cites = vec![attack.to_owned()];
        for text in [&mut finding.pointer, &mut finding.expected, &mut finding.actual] {
            attack.clone_into(text);
        }
    }
    if let Some(exchange) = &mut report.exchange {
        for text in [&mut exchange.request, &mut exchange.response, &mut exchange.curl] {
            attack.clone_into(text);
        }
    }
    finished
}

fn identity_error() -> Finding {
    Finding {
        code: Code::ERROR_IDENTITY,
        rule: None,
        severity: Severity::Error,
        evidence: Evidence::Documented,
        step: 1,
        role: FindingRole::Step,
        pointer: "/__type".to_owned(),
        expected: "DeploymentDoesNotExistException".to_owned(),
        actual: "InternalFailure".to_owned(),
        cites: vec!["SD-22".to_owned()],
    }
}

fn shape_warning() -> Finding {
    Finding {
        code: Code::RESPONSE_SHAPE,
        rule: Some("enum".to_owned()),
        severity: Severity::Warning,
        evidence: Evidence::Modelled,
        pointer: "/status".to_owned(),
        expected: "one of Pending, Succeeded".to_owned(),
        actual: "\"Done\"".to_owned(),
        cites: Vec::new(),
        ..identity_error()
    }
}

fn length_note() -> Finding {
    Finding {
        code: Code::RESPONSE_SHAPE,
        rule: Some("empty".to_owned()),
        severity: Severity::Note,
        pointer: "/statusMessage".to_owned(),
        expected: "at least 1 character".to_owned(),
        actual: "\"\"".to_owned(),
        ..shape_warning()
    }
}

fn request() -> Request {
    let [key, signature, token] = SECRETS;
    let authorization = format!("AWS4-HMAC-SHA256 Credential={key}/20150101/us-east-1, Signature={signature}");
    let headers = [
        ("host", "127.0.0.1:4566"),
        ("x-amz-target", "CodeDeploy_20141006.StopDeployment"),
        ("authorization", &authorization),
        ("X-Amz-Security-Token", token),
    ];
    Request {
        method: "POST".to_owned(),
        target: "/".to_owned(),
        headers: headers.into_iter().collect(),
        body: Bytes::from_static(br#"{"deploymentId":"d-000000001"}"#),
        ..Request::default()
    }
}

/// A response that echoes a credential, and contains escape sequences.
fn response() -> Response {
    let headers: Headers =
        [("content-type", "application/x-amz-json-1.1"), ("x-echo", SECRETS[2])].into_iter().collect();
    let body = "{\"__type\":\"InternalFailure\",\"message\":\"\u{1b}[32mall good\u{1b}[0m\rconforms\"}";
    Response { status: 500, headers, body: Bytes::from(body), ..Response::default() }
}

/// The exchange, redacted as by a session.
fn redacted() -> (Request, Response) {
    let (mut request, mut response) = (request(), response());
    let secrets = Secrets::default();
    secrets.enter(&request);
    secrets.hide_in(&mut response);
    request.hide_credentials();
    (request, response)
}

/// The exchange as text, as from a session.
fn shown() -> ShownExchange {
    let (request, response) = redacted();
    ShownExchange {
        request: String::from_utf8_lossy(&request.to_bytes()).into_owned(),
        response: String::from_utf8_lossy(&response.to_bytes()).into_owned(),
        curl: curl(&request, "http://127.0.0.1:4566", Some(("us-east-1", "codedeploy"))),
    }
}

/// A case without findings.
pub(super) fn case(id: &str, verdict: Verdict, reason: &str) -> CaseFinished {
    let (service, operation) = match id.split('/').next() {
        Some("proton") => ("proton", "CancelServicePipelineDeployment"),
        _ => ("codedeploy", "StopDeployment"),
    };
    let report = CaseReport {
        id: CaseId(id.to_owned()),
        service: service.to_owned(),
        operation: operation.to_owned(),
        title: "What is asked".to_owned(),
        aim: CaseAim::default(),
        verdict,
        reason: reason.to_owned(),
        findings: Vec::new(),
        checks: 9,
        alternatives: Vec::new(),
        errors: BTreeSet::new(),
        cites: vec!["SD-22".to_owned()],
        position: format!("fixtures/{}.yaml:7", id.split('#').next().unwrap_or_default()),
        exchange: None,
        duration_ms: 3,
    };
    CaseFinished { report, exchanges: Vec::new(), difference: None }
}
