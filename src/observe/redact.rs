//! Redaction that keeps identity.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::{
    contract::{Contract, Kind, Member, ShapeId, kebab_case},
    scenario::{Bindings, Case, Expression, Part, Suite, Template},
    transcript::{Exchange, Transcript},
    wire::Response,
};

/// Replaces the values of one observation.
pub(super) struct Redactor<'a> {
    suite: &'a Suite,
    /// Value to the name that stands for it, longest value first when text is searched.
    known: Vec<(String, String)>,
    counts: BTreeMap<String, usize>,
}

/// Shorter values are not looked for inside other text: they would hit by chance.
const SHORTEST_IN_TEXT: usize = 6;

/// Longer bodies are shown by their length.
const LONGEST_BODY: usize = 4096;

impl<'a> Redactor<'a> {
    pub(super) fn new(suite: &'a Suite, case: &'a Case, transcript: &Transcript) -> Self {
        let mut redactor = Self { suite, known: Vec::new(), counts: BTreeMap::new() };
        for value in transcript.variables.values() {
            redactor.know_variables(value);
        }
        let bindings = case.bindings(transcript.seed, &transcript.region, &transcript.other_region);
        for step in &case.scenario.steps {
            let templates = [Some(&step.call.input), step.control.as_ref()];
            templates.into_iter().flatten().for_each(|template| redactor.know_fresh(template, &bindings));
        }
        redactor
    }

    /// What a state yields is known by the name that it is yielded under.
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

    /// Names that the fixture makes fresh, by the word that it gives them.
    fn know_fresh(&mut self, template: &Template, bindings: &Bindings) {
        let mut fresh = |expression: &Expression| {
            let label = match expression {
                Expression::Unique(label) | Expression::DeploymentId(label) | Expression::Uuid(label) => label.clone(),
                _ => return,
            };
            if let Ok(Value::String(value)) = Template::Whole(expression.clone()).fill(bindings) {
                self.know(&value, &format!("fresh-{label}"));
            }
        };
        match template {
            Template::Whole(expression) => fresh(expression),
            Template::Text(parts) => parts.iter().for_each(|part| {
                if let Part::Expression(expression) = part {
                    fresh(expression);
                }
            }),
            Template::Array(items) => items.iter().for_each(|item| self.know_fresh(item, bindings)),
            Template::Object(members) => members.iter().for_each(|(_, member)| self.know_fresh(member, bindings)),
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
        if request.method != "POST" || request.target != "/" {
            sent.insert("line".to_owned(), json!(format!("{} {}", request.method, request.target)));
        }
        sent.insert("target".to_owned(), json!(request.headers.get("x-amz-target")));
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
        let refused = response.status >= 400;
        self.body(&response.body, |redactor, value| match (&operation, refused) {
            (Some((contract, output)), false) => redactor.by_shape(contract, output, value),
            _ => redactor.error(value),
        })
    }

    fn operation(&self, exchange: &Exchange) -> Option<(&'a Contract, ShapeId, ShapeId)> {
        let contract = self.suite.service(&exchange.service)?.contract();
        let operation = contract.operation(&exchange.operation)?;
        Some((contract, operation.input.clone(), operation.output.clone()))
    }

    /// Text that is no JSON is shown as text; bytes that are no text, and long bodies, by their length.
    fn body(&mut self, bytes: &[u8], redact: impl FnOnce(&mut Self, &Value) -> Value) -> Value {
        if bytes.len() > LONGEST_BODY {
            return json!(format!("<{} bytes>", bytes.len()));
        }
        match (serde_json::from_slice::<Value>(bytes), std::str::from_utf8(bytes)) {
            (Ok(value), _) => redact(self, &value),
            (Err(_), Ok(text)) => json!({ "text": self.text(text) }),
            (Err(_), Err(_)) => json!(format!("<{} bytes that are no text>", bytes.len())),
        }
    }

    fn by_shape(&mut self, contract: &Contract, id: &ShapeId, value: &Value) -> Value {
        let Some(shape) = contract.shape(id) else { return self.by_text(value) };
        if shape.traits.sensitive() && !value.is_null() {
            return json!("<sensitive>");
        }
        match (&shape.kind, value) {
            (Kind::Structure(members) | Kind::Union(members), Value::Object(map)) => {
                let member = |name: &str| members.iter().find(|member| member.name == name);
                map.iter().map(|(name, value)| (name.clone(), self.by_member(contract, member(name), value))).collect()
            }
            (Kind::List(item), Value::Array(items)) => {
                items.iter().map(|value| self.by_member(contract, Some(item), value)).collect()
            }
            (Kind::Map { value: member, .. }, Value::Object(map)) => map
                .iter()
                .map(|(name, value)| (self.text(name), self.by_member(contract, Some(member), value)))
                .collect(),
            (Kind::Timestamp, Value::Number(_)) => json!("<timestamp>"),
            (Kind::String, Value::String(text)) if is_identity(id.name()) => {
                json!(self.know(text, &kebab_case(id.name())))
            }
            _ => self.by_text(value),
        }
    }

    fn by_member(&mut self, contract: &Contract, member: Option<&Member>, value: &Value) -> Value {
        let Some(member) = member else { return self.by_text(value) };
        if member.traits.sensitive() && !value.is_null() {
            return json!("<sensitive>");
        }
        match value {
            // Names that a state or the fixture made are known already; other ids are known by their member.
            Value::String(text) if is_identity(&member.name) && !text.is_empty() && is_minted(contract, member) => {
                json!(self.know(text, &kebab_case(&member.name)))
            }
            _ => self.by_shape(contract, &member.target, value),
        }
    }

    /// Messages of errors are nobody's promise.
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

/// Whether a member's values are made by the endpoint: ids and ARNs, not texts with a closed list.
fn is_minted(contract: &Contract, member: &Member) -> bool {
    contract.shape(&member.target).is_some_and(|shape| matches!(shape.kind, Kind::String))
}

/// Whether a member or shape of that name identifies something that an endpoint or a fixture minted.
fn is_identity(name: &str) -> bool {
    let last = kebab_case(name);
    let last = last.rsplit('-').next().unwrap_or_default();
    matches!(last, "id" | "ids" | "arn" | "name" | "token")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_names_arns_and_tokens_are_identities() {
        assert!(
            is_identity("deploymentId") && is_identity("Arn") && is_identity("serviceName") && is_identity("nextToken")
        );
        assert!(!is_identity("status") && !is_identity("deploymentStatus"));
    }
}
