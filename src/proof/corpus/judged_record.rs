//! Judges a record: as a case with a transcript.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use serde_json::{Map, Value};

use super::{Record, RecordKind, RecordedProtocol, corpus_tally::Skipped};
use crate::{
    judge::{
        check::{PointsAt, judge},
        code::Code,
        transcript::{CaseEnd, Exchange, Role, Transcript},
        verdict::Finding,
    },
    model::Contract,
    suite::{
        Alternative, Call, CallerName, Case, CaseId, CaseStanding, Expectation, Fixtures, Region, Scenario,
        ScenarioRow, ServiceFixtures, Step, Template, requirement::Evidence, source::Source,
    },
    wire::{
        Headers, Response, error_name,
        protocol::{ErrorLocation, QUERY_ERROR_HEADER},
    },
};

/// The models of the recorded services.
#[derive(Debug)]
pub struct Models {
    suites: BTreeMap<(String, RecordedProtocol), Fixtures>,
    source: Arc<Source>,
}

/// The judgement of a record.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The findings about values that AWS sent.
    pub findings: Vec<Finding>,
    /// The number of findings that do not count, because the recorded value is not the one that was sent.
    pub left_out: usize,
}

impl Models {
    /// Loads the models that records need. `find` returns the model of a service, by its botocore name.
    ///
    /// # Errors
    /// A model cannot be loaded.
    pub fn gather<E>(records: &[Record], mut find: impl FnMut(&str) -> Result<Option<Contract>, E>) -> Result<Self, E> {
        let requested: BTreeSet<(&str, RecordedProtocol)> =
            records.iter().map(|record| (record.service.as_str(), record.protocol)).collect();
        let mut suites = BTreeMap::new();
        for (service, protocol) in requested {
            let Some(contract) = find(service)? else { continue };
            let contract = if protocol.binds_heads() { contract.with_optional_heads() } else { contract };
            let suite = Fixtures::of_services([ServiceFixtures::of(service, contract, protocol.reader())]);
            suites.insert((service.to_owned(), protocol), suite);
        }
        Ok(Self { suites, source: Arc::new(Source::none("corpus")) })
    }

    /// Judges a record.
    ///
    /// # Errors
    /// There is no model of the service or operation.
    pub fn judge(&self, record: &Record) -> Result<Judged, Skipped> {
        let suite = self.suites.get(&(record.service.clone(), record.protocol)).ok_or(Skipped::Service)?;
        let service = suite.service(&record.service).ok_or(Skipped::Service)?;
        service.contract().operation(&record.operation).ok_or(Skipped::Operation)?;
        let case = self.case(record, service);
        let transcript = transcript(record, &case, service);
        let judgement = judge(suite, &case, &transcript, None);
        let recorded = judgement.findings.into_iter().filter(|finding| is_recorded(record, finding.code));
        let (left_out, findings): (Vec<_>, Vec<_>) = recorded.partition(|finding| is_not_as_sent(record, finding));
        Ok(Judged { findings, left_out: left_out.len() })
    }

    /// A scenario with one call that expects the recorded outcome, because no document states the expected one.
    fn case(&self, record: &Record, service: &ServiceFixtures) -> Case {
        let id = format!("{}/{}/{}", record.service, record.operation, record.id);
        let call = Call {
            service: service.name.clone(),
            operation: record.operation.clone(),
            input: Template::Literal(Value::Object(Map::new())),
            valid: false,
            caller: CallerName::Owner,
            region: Region::Home,
            signing: None,
            raw: None,
        };
        let step = Step::once(call, Expectation { alternatives: vec![expected(record)] });
        let scenario = Scenario {
            id: id.clone(),
            service: service.name.clone(),
            operation: record.operation.clone(),
            title: "A recorded response conforms to its model".to_owned(),
            cites: Vec::new(),
            evidence: Evidence::Modelled,
            tags: Vec::new(),
            given: Vec::new(),
            rows: vec![ScenarioRow { name: None, values: Map::new() }],
            steps: vec![step],
            teardown: Vec::new(),
            removal: Vec::new(),
            source: Arc::clone(&self.source),
            standing: CaseStanding::Free,
            probe: None,
        };
        Case { id: CaseId(id), scenario: Arc::new(scenario), row: ScenarioRow { name: None, values: Map::new() } }
    }
}

fn expected(record: &Record) -> Alternative {
    match &record.error_code {
        Some(code) if record.kind == RecordKind::Error => {
            let mut errors = vec![code.clone()];
            // An error of a service that once used the query protocol has two names: the old one and that of the
            // model.
            if record.headers.contains_key(QUERY_ERROR_HEADER) {
                let name = record.body.pointer(ErrorLocation::TYPE.pointer()).and_then(Value::as_str);
                errors.extend(name.map(|name| error_name(name).to_owned()));
            }
            Alternative::Rejection { errors, classes: Vec::new(), statuses: Vec::new() }
        }
        _ => Alternative::Responded,
    }
}

fn transcript(record: &Record, case: &Case, service: &ServiceFixtures) -> Transcript {
    let contract = service.contract();
    let operation = contract.operation(&record.operation);
    let empty = Value::Object(Map::new());
    let request = operation.and_then(|operation| service.protocol.build_request(contract, operation, &empty).ok());
    let body = record.bytes();
    let mut headers: Headers = record.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    // The body is recorded without its chunks.
    if headers.get("transfer-encoding").is_none() {
        headers.set("content-length", body.len().to_string());
    }
    let response = Response { status: record.status, headers, body: body.into(), ..Response::default() };
    let exchange = Exchange {
        step: 1,
        role: Role::Main,
        service: service.name.clone(),
        operation: record.operation.clone(),
        // If the protocol cannot write the request, no check looks at it.
        request: request.unwrap_or_default(),
        outcome: Ok(response),
        started: Duration::ZERO,
        elapsed: Duration::ZERO,
    };
    Transcript { exchanges: vec![exchange], ..Transcript::empty(case, 0, CaseEnd::Complete) }
}

/// Returns whether a record contains what a check looks at.
fn is_recorded(record: &Record, code: Code) -> bool {
    let is_of_headers = matches!(code.points_at(), PointsAt::Headers(_));
    !(record.headers_reconstructed && is_of_headers)
}

/// Returns whether a finding is about a value that was redacted or changed after the recording.
fn is_not_as_sent(record: &Record, finding: &Finding) -> bool {
    let of_body = finding.code.points_at() == PointsAt::Body;
    let masked = record.masked_paths.iter().any(|path| path.covers(&finding.pointer));
    let labels = record.model_violations.iter().filter(|known| known.path.is_at(&finding.pointer));
    of_body && (masked || labels.into_iter().any(|known| !known.label.is_of_aws()))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::{model, proof::corpus::read};

    const MODEL: &str = r#"{"smithy":"2.0","shapes":{
        "x#S":{"type":"service","operations":[{"target":"x#Op"}],"traits":{"aws.protocols#awsJson1_1":{}}},
        "x#Op":{"type":"operation","output":{"target":"x#Out"},"errors":[{"target":"x#Gone"}]},
        "x#Out":{"type":"structure","members":{
            "a":{"target":"smithy.api#String","traits":{"smithy.api#required":{}}},
            "b":{"target":"smithy.api#Integer"},
            "c":{"target":"smithy.api#String","traits":{"smithy.api#httpHeader":"x-c","smithy.api#required":{}}}}},
        "x#Gone":{"type":"structure","members":{},"traits":{"smithy.api#error":"client","smithy.api#httpError":404}}}}"#;

    fn record(more: &Value) -> Record {
        let mut record = json!({"id": "1", "service": "s", "operation": "Op", "protocol": "json-1.1", "kind": "response",
            "tier": "A-recorded", "status": 200, "headers": {"content-type": "application/x-amz-json-1.1"},
            "headers_reconstructed": true, "body": {"a": "x", "c": "y"}});
        record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        read(&record.to_string()).unwrap().remove(0)
    }

    fn judged(more: &Value) -> Result<(Vec<String>, usize), Skipped> {
        let record = record(more);
        let find = |service: &str| Ok::<_, ()>((service == "s").then(|| model::read("m", MODEL).unwrap()));
        let judged = Models::gather(std::slice::from_ref(&record), find).unwrap().judge(&record)?;
        let in_words = |finding: &Finding| {
            let rule = finding.rule.as_ref().map(|rule| format!("/{rule}")).unwrap_or_default();
            format!("{} {}{rule} {}", finding.severity, finding.code, finding.pointer).trim_end().to_owned()
        };
        Ok((judged.findings.iter().map(in_words).collect(), judged.left_out))
    }

    #[rstest]
    #[case::sound(json!({}), &[])]
    #[case::missing(json!({"body": {"a": "x"}}), &["error response-shape/required /c"])]
    #[case::bound_to_a_header(json!({"body": {"a": "x"}, "protocol": "rest-json"}), &[])]
    #[case::wrong_type(json!({"body": {"a": "x", "b": "1", "c": "y"}}), &["error response-shape/type /b"])]
    #[case::no_json(json!({"body_text": "<html>"}), &["error body-format"])]
    #[case::another_success(json!({"status": 201}), &["error status"])]
    #[case::another_success_of_rest(json!({"status": 201, "protocol": "rest-json", "body": {"a": "x"}}), &["note status"])]
    #[case::headers_as_sent(json!({"headers_reconstructed": false, "headers": {}}), &["warning content-type", "warning request-id"])]
    #[case::error(json!({"kind": "error", "status": 400, "error_code": "Gone", "body": {"__type": "Gone"}}), &[])]
    #[case::error_of_rest(
        json!({"kind": "error", "status": 404, "error_code": "Gone", "body": {}, "protocol": "rest-json",
               "headers": {"x-amzn-errortype": "Gone"}}),
        &[]
    )]
    #[case::error_by_its_old_name(
        json!({"kind": "error", "status": 400, "error_code": "Old.Gone", "body": {"__type": "x#Gone"},
               "headers": {"x-amzn-query-error": "Old.Gone;Sender"}}),
        &[]
    )]
    #[case::error_without_a_name(
        json!({"kind": "error", "status": 400, "error_code": "Gone", "body": {}}),
        &["error error-identity", "warning declared-error /__type"]
    )]
    #[case::unknown_failure(
        json!({"kind": "error", "status": 500, "error_code": "Odd", "body": {"__type": "Odd"}}),
        &["warning declared-error /__type"]
    )]
    fn a_record_is_judged_as_any_response_is(#[case] more: Value, #[case] findings: &[&str]) {
        let mut found = judged(&more).unwrap().0;
        found.sort();
        assert_eq!(found, findings);
    }

    #[rstest]
    #[case::masked(json!({"masked_paths": ["$.b"]}), 0, 1)]
    #[case::masked_elsewhere(json!({"masked_paths": ["$.a"]}), 1, 0)]
    #[case::edited(json!({"model_violations": [{"path": "$.b", "label": "edited"}]}), 0, 1)]
    #[case::real(json!({"model_violations": [{"path": "$.b", "label": "real"}]}), 1, 0)]
    fn what_was_not_sent_so_is_left_out(#[case] mut more: Value, #[case] findings: usize, #[case] left_out: usize) {
        more["body"] = json!({"a": "x", "b": "1", "c": "y"});
        let (found, left) = judged(&more).unwrap();
        assert_eq!((found.len(), left), (findings, left_out), "{found:?}");
    }

    #[test]
    fn a_mask_of_the_whole_body_hides_no_status() {
        let more = json!({"masked_paths": ["$"], "status": 201, "body": {}});
        assert_eq!(judged(&more), Ok((vec!["error status".to_owned()], 2)));
    }

    #[test]
    fn responses_without_a_model_are_not_judged() {
        assert_eq!(judged(&json!({"service": "t"})), Err(Skipped::Service));
        assert_eq!(judged(&json!({"operation": "Other"})), Err(Skipped::Operation));
    }
}
