//! A record as a case and its transcript, and what the judge says of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use serde_json::{Map, Value};

use super::{Kind, Protocol, Record, tally::Skipped};
use crate::{
    check::judge,
    code::Code,
    contract::Contract,
    observe::Observation,
    scenario::{
        Alternative, Call, Caller, Case, CaseId, Expectation, Region, Repeat, Row, Scenario, ServiceSuite, Step, Suite,
        Template,
    },
    source::Source,
    statement::Evidence,
    transcript::{End, Exchange, Role, Transcript},
    verdict::Finding,
    wire::{Headers, Request, Response, error_name},
};

/// The models by which records are judged.
#[derive(Debug)]
pub struct Models {
    suites: BTreeMap<(String, Protocol), Suite>,
    source: Arc<Source>,
}

/// What the judge says of one record.
#[derive(Debug, Clone)]
pub struct Judged {
    /// What it found that AWS has to answer for.
    pub findings: Vec<Finding>,
    /// Findings left out, because the value there is not the one that was sent.
    pub left_out: usize,
}

/// What the form of the corpus cannot say: bodies are written anew.
const NEVER_RECORDED: [Code; 1] = [Code::ContentLength];

/// What is judged by header fields that somebody put together afterwards.
const IN_HEADERS: [Code; 3] = [Code::ContentType, Code::ContentEncoding, Code::RequestId];

impl Models {
    /// Gathers the models that records ask for. `find` gives the model of a service, by botocore's name, where there
    /// is one.
    ///
    /// # Errors
    /// The first model that cannot be had.
    pub fn gather<E>(records: &[Record], mut find: impl FnMut(&str) -> Result<Option<Contract>, E>) -> Result<Self, E> {
        let asked: BTreeSet<(&str, Protocol)> =
            records.iter().map(|record| (record.service.as_str(), record.protocol)).collect();
        let mut suites = BTreeMap::new();
        for (service, protocol) in asked {
            let Some(contract) = find(service)? else { continue };
            let contract = if protocol == Protocol::RestJson { contract.bodies() } else { contract };
            let suite = Suite::of_services([ServiceSuite::of(service, contract, protocol.reader())]);
            suites.insert((service.to_owned(), protocol), suite);
        }
        Ok(Self { suites, source: Arc::new(Source::none("corpus")) })
    }

    /// What the judge says of a record.
    ///
    /// # Errors
    /// There is no model to judge it by.
    pub fn judge(&self, record: &Record) -> Result<Judged, Skipped> {
        let suite = self.suites.get(&(record.service.clone(), record.protocol)).ok_or(Skipped::Service)?;
        let service = suite.service(&record.service).ok_or(Skipped::Service)?;
        service.contract().operation(&record.operation).ok_or(Skipped::Operation)?;
        let case = self.case(record, service);
        let transcript = transcript(record, &case, service);
        let observation = Observation::of(suite, &case, &transcript);
        let judgement = judge(suite, &case, &transcript, &observation, None);
        let asked = judgement.findings.into_iter().filter(|finding| is_recorded(record, finding.code));
        let (left_out, findings): (Vec<_>, Vec<_>) = asked.partition(|finding| is_not_as_sent(record, finding));
        Ok(Judged { findings, left_out: left_out.len() })
    }

    /// A scenario of one call that expects what was recorded, whatever it is: whether it was due, nobody knows.
    fn case(&self, record: &Record, service: &ServiceSuite) -> Case {
        let id = format!("{}/{}/{}", record.service, record.operation, record.id);
        let step = Step {
            pointer: String::new(),
            call: Call {
                service: service.name.clone(),
                operation: record.operation.clone(),
                input: Template::Literal(Value::Object(Map::new())),
                legal: false,
                caller: Caller::Owner,
                region: Region::Home,
                fault: None,
                raw: None,
            },
            expect: Expectation { alternatives: vec![expected(record)] },
            control: None,
            unchanged: Vec::new(),
            capture: Vec::new(),
            repeat: Repeat::Once,
            racing: false,
        };
        let scenario = Scenario {
            id: id.clone(),
            service: service.name.clone(),
            operation: record.operation.clone(),
            title: "A recorded answer keeps its model".to_owned(),
            cites: Vec::new(),
            evidence: Evidence::Modelled,
            tags: Vec::new(),
            given: Vec::new(),
            rows: vec![Row { name: None, values: Map::new() }],
            steps: vec![step],
            teardown: Vec::new(),
            source: Arc::clone(&self.source),
        };
        Case { id: CaseId(id), scenario: Arc::new(scenario), row: Row { name: None, values: Map::new() } }
    }
}

fn expected(record: &Record) -> Alternative {
    match &record.error_code {
        Some(code) if record.kind == Kind::Error => {
            let mut errors = vec![code.clone()];
            // A service that once spoke the query protocol goes by two names: the old one, and that of the model.
            if record.headers.contains_key("x-amzn-query-error") {
                let name = record.body.get("__type").and_then(Value::as_str);
                errors.extend(name.map(|name| error_name(name).to_owned()));
            }
            Alternative::Refusal { errors, classes: Vec::new(), statuses: Vec::new() }
        }
        _ => Alternative::Answered,
    }
}

fn transcript(record: &Record, case: &Case, service: &ServiceSuite) -> Transcript {
    let contract = service.contract();
    let operation = contract.operation(&record.operation);
    let empty = Value::Object(Map::new());
    let request = operation.and_then(|operation| service.protocol.request(contract, operation, &empty).ok());
    let body = record.bytes();
    let mut headers: Headers = record.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    headers.set("content-length", body.len().to_string());
    let response = Response { status: record.status, headers, body: body.into(), ..Response::default() };
    let exchange = Exchange {
        step: 1,
        role: Role::Main,
        service: service.name.clone(),
        operation: record.operation.clone(),
        // Where the protocol writes none, its checks of the request have nothing to look at.
        request: request.unwrap_or_else(Request::default),
        outcome: Ok(response),
        started: Duration::ZERO,
        elapsed: Duration::ZERO,
    };
    Transcript { exchanges: vec![exchange], ..Transcript::empty(case, 0, End::Complete) }
}

/// Whether a record holds what a check looks at.
fn is_recorded(record: &Record, code: Code) -> bool {
    !NEVER_RECORDED.contains(&code) && !(record.headers_reconstructed && IN_HEADERS.contains(&code))
}

/// Whether a finding is about a value that is not the one that was sent.
fn is_not_as_sent(record: &Record, finding: &Finding) -> bool {
    let of_body = matches!(finding.code, Code::ResponseShape | Code::ErrorShape);
    let masked = record.masked_paths.iter().any(|path| path.covers(&finding.pointer));
    let labels = record.model_violations.iter().filter(|known| known.path.is_at(&finding.pointer));
    of_body && (masked || labels.into_iter().any(|known| !known.label.is_of_aws()))
}
