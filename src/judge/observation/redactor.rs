//! Redaction that keeps identity: equal values have equal names.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::placeholder::{Placeholder, is_identity};
use crate::{
    judge::transcript::{Exchange, Transcript},
    model::{
        Contract, ShapeId,
        exact_number::ExactNumber,
        kebab_case,
        walk::{Rewrite, Rewritten, VisitedValue, rewrite},
    },
    suite::{Bindings, Case, Expression, Fixtures, Template, TemplatePart},
    wire::{
        Response, json,
        protocol::{called, is_rpc_line},
    },
};

/// Redacts the values of one observation.
pub(super) struct Redactor<'a> {
    suite: &'a Fixtures,
    /// Each known value with its name, the longest value first.
    known: Vec<(String, String)>,
    counts: BTreeMap<String, usize>,
    /// Of longer bodies, only the length is shown.
    longest_body: usize,
}

/// Shorter values are not searched for inside other text: they would occur by chance.
const SHORTEST_IN_TEXT: usize = 6;

/// The longest body, in bytes, that snapshots and reports show.
const LONGEST_BODY: usize = 4096;

impl<'a> Redactor<'a> {
    pub(super) fn new(suite: &'a Fixtures, case: &'a Case, transcript: &Transcript) -> Self {
        let mut redactor = Self { suite, known: Vec::new(), counts: BTreeMap::new(), longest_body: LONGEST_BODY };
        for value in transcript.variables.values() {
            redactor.know_variables(value);
        }
        let mut bindings = case.bindings(transcript.seed, &transcript.region, &transcript.other_region);
        for (name, value) in &transcript.variables {
            bindings.bind_received(name, value.clone());
        }
        for step in &case.scenario.steps {
            let templates = [Some(&step.call.input), step.control.as_ref()];
            templates.into_iter().flatten().for_each(|template| redactor.know_fresh(template, &bindings));
        }
        redactor
    }

    /// The same redactor, without a limit for bodies.
    pub(super) fn in_full(self) -> Self {
        Self { longest_body: usize::MAX, ..self }
    }

    /// Learns the identities that states yielded, each under the name that the state gave it.
    fn know_variables(&mut self, value: &Value) {
        let Some(map) = value.as_object() else { return };
        for (name, value) in map {
            match value {
                Value::String(text) if is_identity(name) => drop(self.know(text, &kebab_case(name))),
                Value::Object(_) => self.know_variables(value),
                _ => {}
            }
        }
    }

    /// Learns the names that the fixture generates or changes, each under its label.
    fn know_fresh(&mut self, template: &Template, bindings: &Bindings) {
        let mut fresh = |expression: &Expression| {
            let label = match expression {
                Expression::Unique(label) | Expression::DeploymentId(label) | Expression::Uuid(label) => {
                    format!("fresh-{label}")
                }
                Expression::Filtered { of, .. } => {
                    let name = of.path().and_then(|(_, tokens)| tokens.last());
                    format!("changed-{}", name.map(|name| kebab_case(name)).unwrap_or_default())
                }
                _ => return,
            };
            if let Ok(Value::String(value)) = Template::Whole(expression.clone()).fill(bindings) {
                self.know(&value, &label);
            }
        };
        match template {
            Template::Whole(expression) => fresh(expression),
            Template::Text(parts) => parts.iter().for_each(|part| {
                if let TemplatePart::Expression(expression) = part {
                    fresh(expression);
                }
            }),
            Template::Array(items) => items.iter().for_each(|item| self.know_fresh(item, bindings)),
            Template::Object(members) => {
                members
                    .iter()
                    .flat_map(|(name, member)| [name, member])
                    .for_each(|part| self.know_fresh(part, bindings));
            }
            Template::Literal(_) => {}
        }
    }

    fn know(&mut self, value: &str, label: &str) -> String {
        if let Some((_, name)) = self.known.iter().find(|(known, _)| known == value) {
            return name.clone();
        }
        let count = self.counts.entry(label.to_owned()).or_default();
        *count += 1;
        let name = format!("<{label}:{count}>");
        self.known.push((value.to_owned(), name.clone()));
        self.known.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
        name
    }

    pub(super) fn request(&mut self, exchange: &Exchange) -> Value {
        let request = &exchange.request;
        let mut sent = Map::new();
        if !is_rpc_line(request) {
            sent.insert("line".to_owned(), json!(format!("{} {}", request.method, without_values(&request.target))));
        }
        sent.insert("target".to_owned(), json!(called(request)));
        let input = self.operation(exchange).map(|(contract, input, _)| (contract, input));
        let body = self.body(&request.body, |redactor, value| match &input {
            Some((contract, input)) => redactor.by_shape(contract, input, value),
            None => redactor.by_text(value),
        });
        sent.insert("body".to_owned(), body);
        Value::Object(sent)
    }

    pub(super) fn response_body(&mut self, exchange: &Exchange, response: &Response) -> Value {
        let operation = self.operation(exchange).map(|(contract, _, output)| (contract, output));
        let rejected = response.status >= 400;
        self.body(&response.body, |redactor, value| match (&operation, rejected) {
            (Some((contract, output)), false) => redactor.by_shape(contract, output, value),
            _ => redactor.error(value),
        })
    }

    fn operation(&self, exchange: &Exchange) -> Option<(&'a Contract, ShapeId, ShapeId)> {
        let contract = self.suite.service(&exchange.service)?.contract();
        let operation = contract.operation(&exchange.operation)?;
        Some((contract, operation.input.clone(), operation.output.clone()))
    }

    /// A body that is not JSON is shown as text; of bytes in another encoding than UTF-8, and of long bodies, only the
    /// length is shown.
    fn body(&mut self, bytes: &[u8], redact: impl FnOnce(&mut Self, &Value) -> Value) -> Value {
        if bytes.len() > self.longest_body {
            return json!(format!("<{} bytes>", bytes.len()));
        }
        match (json::value(bytes), std::str::from_utf8(bytes)) {
            (Some(value), _) => redact(self, &value),
            (None, Ok(text)) if !is_utf16(bytes) => json!({ "text": self.text(text) }),
            (None, _) => json!(format!("<{} bytes that are not text>", bytes.len())),
        }
    }

    fn by_shape(&mut self, contract: &Contract, id: &ShapeId, value: &Value) -> Value {
        rewrite(contract, id, value, self)
    }

    /// No document promises the message of an error.
    fn error(&mut self, value: &Value) -> Value {
        match value {
            Value::Object(map) => map
                .iter()
                .map(|(name, value)| {
                    let message = name.eq_ignore_ascii_case("message");
                    (name.clone(), if message { json!("<message>") } else { self.by_text(value) })
                })
                .collect(),
            other => self.by_text(other),
        }
    }

    fn by_text(&mut self, value: &Value) -> Value {
        match value {
            Value::String(text) => json!(self.text(text)),
            Value::Array(items) => items.iter().map(|item| self.by_text(item)).collect(),
            Value::Object(map) => map.iter().map(|(name, value)| (name.clone(), self.by_text(value))).collect(),
            other => other.clone(),
        }
    }

    fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (value, name) in &self.known {
            if text == *value || (value.len() >= SHORTEST_IN_TEXT && text.contains(value.as_str())) {
                text = text.replace(value.as_str(), name);
            }
        }
        text
    }
}

/// Returns whether every second byte is zero, as in ASCII text in UTF-16.
fn is_utf16(bytes: &[u8]) -> bool {
    let zero_from = |start| bytes.iter().skip(start).step_by(2).all(|byte| *byte == 0);
    bytes.len() >= 4 && (zero_from(0) || zero_from(1))
}

impl Rewrite for Redactor<'_> {
    fn value(&mut self, at: &VisitedValue<'_, '_, &Value>) -> Rewritten {
        let Some(shape) = at.shape else { return Rewritten::Value(self.by_text(at.value)) };
        let placeholder = at.member.and_then(|member| Placeholder::of_member(member, shape));
        Rewritten::Value(match (placeholder, at.value) {
            (Some(Placeholder::Sensitive), value) if !value.is_null() => json!("<sensitive>"),
            (Some(Placeholder::Timestamp), value) if ExactNumber::of(value).is_some() => json!("<timestamp>"),
            // Names from a state or from the fixture are known already; other ids are named after their member.
            (Some(Placeholder::Identity(label)), Value::String(text)) if !text.is_empty() => {
                json!(self.know(text, &label))
            }
            (_, Value::Object(_) | Value::Array(_)) => return Rewritten::Parts,
            (_, scalar) => self.by_text(scalar),
        })
    }

    fn key(&mut self, key: &str) -> String {
        self.text(key)
    }
}

/// A target with only the names of its parameters: their values may be new in each run.
fn without_values(target: &str) -> String {
    let Some((path, query)) = target.split_once('?') else { return target.to_owned() };
    let names: Vec<&str> = query.split('&').filter_map(|parameter| parameter.split('=').next()).collect();
    format!("{path}?{}", names.join("&"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::{
        judge::{check::testing::*, transcript::Role},
        model,
    };

    const MODEL: &str = r#"{"smithy":"2.0","shapes":{
        "x#S":{"type":"service","version":"1","operations":[{"target":"x#Op"}],"traits":{"aws.protocols#awsJson1_0":{}}},
        "x#Op":{"type":"operation","input":{"target":"x#Out"},"output":{"target":"x#Out"}},
        "x#Out":{"type":"structure","members":{
            "taskId":{"target":"smithy.api#String"},
            "planName":{"target":"x#Plan"},
            "task":{"target":"x#TaskId"},
            "tasks":{"target":"x#Tasks"},
            "words":{"target":"x#Words"},
            "at":{"target":"smithy.api#Timestamp"},
            "count":{"target":"smithy.api#Integer"},
            "note":{"target":"smithy.api#String"},
            "hidden":{"target":"smithy.api#String","traits":{"smithy.api#sensitive":{}}},
            "secret":{"target":"x#Secret"},
            "choice":{"target":"x#Choice"}}},
        "x#Plan":{"type":"enum","members":{"A":{"target":"smithy.api#Unit","traits":{"smithy.api#enumValue":"Basic"}}}},
        "x#TaskId":{"type":"string"},
        "x#Tasks":{"type":"list","member":{"target":"x#TaskId"}},
        "x#Words":{"type":"map","key":{"target":"smithy.api#String"},"value":{"target":"x#TaskId"}},
        "x#Choice":{"type":"union","members":{"task":{"target":"x#TaskId"},"other":{"target":"smithy.api#String"}}},
        "x#Secret":{"type":"string","traits":{"smithy.api#sensitive":{}}}}}"#;

    fn trial() -> Trial {
        Trial::stop(STOP).responds(1, 200, &stopping())
    }

    /// A redactor that knows the values that states yielded.
    fn knowing(trial: &mut Trial, yielded: Value) -> Redactor<'_> {
        trial.transcript.variables.insert("state".to_owned(), yielded);
        Redactor::new(&trial.suite, &trial.case, &trial.transcript)
    }

    #[rstest]
    #[case::id(json!({"taskId": "t-1"}), json!({"taskId": "<task-id:1>"}))]
    #[case::no_id(json!({"taskId": ""}), json!({"taskId": ""}))]
    #[case::id_of_another_type(json!({"taskId": 7}), json!({"taskId": 7}))]
    #[case::closed_list(json!({"planName": "Basic"}), json!({"planName": "Basic"}))]
    #[case::by_its_shape(json!({"task": "t-1"}), json!({"task": "<task-id:1>"}))]
    #[case::list(json!({"tasks": ["t-1", "t-2", "t-1"]}), json!({"tasks": ["<task-id:1>", "<task-id:2>", "<task-id:1>"]}))]
    #[case::map(json!({"words": {"a": "t-1"}}), json!({"words": {"a": "<task-id:1>"}}))]
    #[case::union(json!({"choice": {"task": "t-1"}}), json!({"choice": {"task": "<task-id:1>"}}))]
    #[case::timestamp(json!({"at": 1.7e9}), json!({"at": "<timestamp>"}))]
    #[case::timestamp_as_text(json!({"at": "noon"}), json!({"at": "noon"}))]
    #[case::number(json!({"count": 3}), json!({"count": 3}))]
    #[case::text(json!({"note": "t-1"}), json!({"note": "t-1"}))]
    #[case::sensitive_member(json!({"hidden": "x"}), json!({"hidden": "<sensitive>"}))]
    #[case::sensitive_member_null(json!({"hidden": null}), json!({"hidden": null}))]
    #[case::sensitive_shape(json!({"secret": "x"}), json!({"secret": "<sensitive>"}))]
    #[case::sensitive_shape_null(json!({"secret": null}), json!({"secret": null}))]
    #[case::unknown_member(json!({"more": ["x"]}), json!({"more": ["x"]}))]
    fn the_model_says_what_is_redacted(#[case] value: Value, #[case] expected: Value) {
        let mut trial = trial();
        let contract = model::read("m", MODEL).unwrap();
        let redacted = knowing(&mut trial, json!({})).by_shape(&contract, &ShapeId::new("x#Out"), &value);
        assert_eq!(redacted, expected);
    }

    #[test]
    fn values_of_a_state_keep_their_name_and_identity() {
        let mut trial = trial();
        let mut redactor = knowing(
            &mut trial,
            json!({"taskId": "task-one", "status": "running", "inner": {"taskId": "task-two"}, "again": {"id": "task-one"}}),
        );
        let text = redactor.by_text(&json!({"a": ["task-two of task-one"], "b": "running"}));
        assert_eq!(text, json!({"a": ["<task-id:2> of <task-id:1>"], "b": "running"}));
        assert_eq!(redactor.know("task-three", "task-id"), "<task-id:3>");
        assert_eq!(redactor.know("task-three", "other"), "<task-id:3>");
    }

    #[rstest]
    #[case::short_ones_only_as_a_whole("12345", "12345", "<id:1>")]
    #[case::short_ones_not_inside("12345", "x12345", "x12345")]
    #[case::long_ones_anywhere("123456", "x123456", "x<id:1>")]
    #[case::nothing_else("123456", "12345", "12345")]
    fn values_are_found_in_text(#[case] value: &str, #[case] text: &str, #[case] expected: &str) {
        assert_eq!(knowing(&mut trial(), json!({ "id": value })).text(text), expected);
    }

    #[test]
    fn the_longest_known_value_is_replaced_first() {
        let mut trial = trial();
        let redactor = knowing(&mut trial, json!({"id": "abcdef", "arn": "arn:abcdef:x"}));
        assert_eq!(redactor.text("arn:abcdef:x and abcdef"), "<arn:1> and <id:1>");
    }

    #[test]
    fn fresh_names_are_known_by_the_word_of_the_fixture_wherever_it_makes_them() {
        let input = "{ deploymentId: \"${deployment_id('id')}\" }";
        let control = "{ deploymentId: \"x-${unique('in-text')}-${region}\" }";
        let steps = format!(
            "- {{ call: StopDeployment, input: {input}, expect: {{ error: DeploymentDoesNotExistException }}, control: {control} }}\n\
             - {{ call: BatchGetDeployments, input: {{ deploymentIds: [\"${{uuid('in-a-list')}}\", plain] }} }}"
        );
        let trial = Trial::stop(&steps);
        let redactor = Redactor::new(&trial.suite, &trial.case, &trial.transcript);
        let mut names: Vec<&str> = redactor.known.iter().map(|(_, name)| name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["<fresh-id:1>", "<fresh-in-a-list:1>", "<fresh-in-text:1>"]);
        let bindings = trial.case.bindings(trial.transcript.seed, "", "");
        let Ok(Value::String(id)) = Template::Whole(Expression::DeploymentId("id".to_owned())).fill(&bindings) else {
            panic!("no text");
        };
        assert_eq!(redactor.text(&id), "<fresh-id:1>");
    }

    #[test]
    fn a_changed_value_is_known_by_the_name_of_the_original() {
        let steps = "- { call: GetDeployment, input: { deploymentId: d-1 }, capture: { d: /deploymentInfo } }\n\
                     - { call: StopDeployment, input: { deploymentId: \"${unique('abc') | swap_case}\" }, \
                     expect: { error: DeploymentDoesNotExistException }, \
                     control: { deploymentId: \"${d.deploymentId | cut(2)}\" } }";
        let mut trial = Trial::stop(steps);
        trial.transcript.variables.insert("d".to_owned(), json!({"deploymentId": "d-ABCDEFGHI"}));
        let redactor = Redactor::new(&trial.suite, &trial.case, &trial.transcript);
        assert_eq!(redactor.text("d-ABCDEFG d-ABCDEFGHI"), "<changed-deployment-id:1> <deployment-id:1>");
    }

    #[rstest]
    #[case::as_usual("POST", "/", None)]
    #[case::another_method("GET", "/", Some("GET /"))]
    #[case::another_target("POST", "/x", Some("POST /x"))]
    #[case::a_query("POST", "/?a=b&c=d", Some("POST /?a&c"))]
    fn the_request_line_is_shown_where_it_is_another(
        #[case] method: &str,
        #[case] target: &str,
        #[case] line: Option<&str>,
    ) {
        let trial = trial().sent(|request| {
            (request.method, request.target) = (method.to_owned(), target.to_owned());
            request.body = br#"{"deploymentId":"d-ABCDEF123"}"#.as_slice().into();
        });
        let mut redactor = Redactor::new(&trial.suite, &trial.case, &trial.transcript);
        let sent = redactor.request(&trial.transcript.exchanges[0]);
        assert_eq!(sent.get("line").and_then(Value::as_str), line);
        assert_eq!(sent["target"], "CodeDeploy_20141006.StopDeployment");
        assert_eq!(sent["body"], json!({"deploymentId": "<deployment-id:1>"}));
    }

    #[test]
    fn requests_to_an_unknown_service_are_redacted_as_text() {
        let mut trial = trial().sent(|request| request.body = br#"{"deploymentId":"task-one"}"#.as_slice().into());
        trial.transcript.exchanges[0].service = String::new();
        let exchange = trial.transcript.exchanges[0].clone();
        let mut redactor = knowing(&mut trial, json!({"id": "task-one"}));
        assert_eq!(redactor.request(&exchange)["body"], json!({"deploymentId": "<id:1>"}));
    }

    #[rstest]
    #[case::success(200, json!({"status": "Pending", "message": "m"}), json!({"status": "Pending", "message": "m"}))]
    #[case::highest_before_rejections(399, json!({"message": "m"}), json!({"message": "m"}))]
    #[case::rejection(400, json!({"__type": "E", "Message": "m"}), json!({"__type": "E", "Message": "<message>"}))]
    #[case::rejection_that_is_not_an_object(400, json!(["m"]), json!(["m"]))]
    fn messages_of_rejections_are_not_shown(#[case] status: u16, #[case] body: Value, #[case] expected: Value) {
        let trial = Trial::stop(STOP).responds(1, status, &body);
        assert_eq!(trial.observation().value()["steps"][0]["got"]["body"], expected);
    }

    #[rstest]
    #[case::text(b"<html>".to_vec(), json!({"text": "<html>"}))]
    #[case::no_text(vec![b'{', 0xff], json!("<2 bytes that are not text>"))]
    #[case::utf_16(b"{\0}\0".to_vec(), json!("<4 bytes that are not text>"))]
    #[case::utf_16_with_the_high_byte_first(b"\0{\0}".to_vec(), json!("<4 bytes that are not text>"))]
    #[case::zero_bytes_in_text(b"{\0}}".to_vec(), json!({"text": "{\0}}"}))]
    #[case::longest(vec![b'x'; 4096], json!({"text": "x".repeat(4096)}))]
    #[case::too_long(vec![b'x'; 4097], json!("<4097 bytes>"))]
    fn only_the_length_of_an_unprintable_body_is_shown(#[case] body: Vec<u8>, #[case] expected: Value) {
        let trial = Trial::stop(STOP).with(1, Role::Main, 200, &body, |_| {});
        assert_eq!(trial.observation().value()["steps"][0]["got"]["body"], expected);
    }
}
