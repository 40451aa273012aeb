//! Resolves the `expect` of a step.

use serde_json::{Map, Value};

use super::{Resolver, with_nearest};
use crate::{
    model::pointer::escape,
    suite::{Alternative, Bindings, Call, Expectation, matcher, source::Diagnostic},
    wire::RejectionClass,
};

const FORMS: &str = "use { status, body } for a success, { error, status } or { rejected, status } for a rejection, { responded: true }, { closed: true }, or { any_of: [...] }";

impl Resolver<'_> {
    /// Without `expect`, a step expects a success.
    pub(super) fn expectation(&self, raw: Option<&Value>, at: &str, call: &Call) -> Result<Expectation, Diagnostic> {
        let success = Alternative::Success { status: self.success_status(call), body: None };
        let alternatives = match raw {
            None => vec![success],
            Some(Value::Object(map)) if map.len() == 1 && map.contains_key("any_of") => {
                let options = map["any_of"].as_array().filter(|options| options.len() > 1);
                let options = options.ok_or_else(|| self.source.at(at, "any_of needs at least two expectations"))?;
                let at = |index: usize| format!("{at}/any_of/{index}");
                options
                    .iter()
                    .enumerate()
                    .map(|(index, option)| self.alternative(option, &at(index), call))
                    .collect::<Result<_, _>>()?
            }
            Some(other) => vec![self.alternative(other, at, call)?],
        };
        Ok(Expectation { alternatives })
    }

    fn alternative(&self, raw: &Value, at: &str, call: &Call) -> Result<Alternative, Diagnostic> {
        let Value::Object(map) = raw else {
            return Err(self.source.at(at, "expected an object").help(FORMS));
        };
        let known = ["error", "rejected", "status", "body", "responded", "closed"];
        if let Some(unknown) = map.keys().find(|key| !known.contains(&key.as_str())) {
            return Err(self
                .source
                .at_key(&format!("{at}/{}", escape(unknown)), format!("unknown expectation {unknown:?}"))
                .help(FORMS));
        }
        let has = |key: &str| map.contains_key(key);
        if has("responded") || has("closed") {
            return self.flag(map, at);
        }
        if (has("error") || has("rejected")) && has("body") {
            return Err(self.source.at(at, "an expected error cannot have a body").help(FORMS));
        }
        if has("error") || has("rejected") {
            return self.rejection(map, at, call);
        }
        self.success(map, at, call)
    }

    /// The status of a success by the model.
    fn success_status(&self, call: &Call) -> u16 {
        let service = &self.services[&call.service];
        let operation = service.contract().operation(&call.operation);
        operation.map_or(200, |operation| service.protocol.success_status(operation))
    }

    fn flag(&self, map: &Map<String, Value>, at: &str) -> Result<Alternative, Diagnostic> {
        match map.iter().next() {
            Some((name, Value::Bool(true))) if map.len() == 1 => {
                Ok(if name == "responded" { Alternative::Responded } else { Alternative::Closed })
            }
            _ => Err(self.source.at(at, "responded and closed must be true and the only key").help(FORMS)),
        }
    }

    fn success(&self, map: &Map<String, Value>, at: &str, call: &Call) -> Result<Alternative, Diagnostic> {
        let status =
            self.statuses(map.get("status"), at)?.first().copied().unwrap_or_else(|| self.success_status(call));
        let Some(body) = map.get("body") else { return Ok(Alternative::Success { status, body: None }) };
        let at = format!("{at}/body");
        let template = self.template(body, &at)?;
        let (known, _) = template.fill_known(&Bindings::default());
        matcher::check(&known)
            .map_err(|problem| self.source.at(&format!("{at}{}", problem.pointer), problem.problem))?;
        self.check_body_members(&known, call, &at)?;
        Ok(Alternative::Success { status, body: Some(template) })
    }

    fn rejection(&self, map: &Map<String, Value>, at: &str, call: &Call) -> Result<Alternative, Diagnostic> {
        let errors = self.names(map.get("error"), &format!("{at}/error"))?;
        for (pointer, name) in &errors {
            self.check_error(name, pointer, call)?;
        }
        let classes = self.names(map.get("rejected"), &format!("{at}/rejected"))?.into_iter().map(|(pointer, name)| {
            serde_json::from_value::<RejectionClass>(Value::from(name))
                .map_err(|error| self.source.at(&pointer, error.to_string()))
        });
        Ok(Alternative::Rejection {
            classes: classes.collect::<Result<_, _>>()?,
            errors: errors.into_iter().flat_map(|(_, name)| self.names_of_error(name, call)).collect(),
            statuses: self.statuses(map.get("status"), at)?,
        })
    }

    /// A name or a list of names, each with its pointer.
    fn names(&self, raw: Option<&Value>, at: &str) -> Result<Vec<(String, String)>, Diagnostic> {
        match raw {
            None => Ok(Vec::new()),
            Some(Value::String(name)) => Ok(vec![(at.to_owned(), name.clone())]),
            Some(Value::Array(names)) => names
                .iter()
                .enumerate()
                .map(|(index, name)| {
                    let at = format!("{at}/{index}");
                    name.as_str()
                        .map(|name| (at.clone(), name.to_owned()))
                        .ok_or_else(|| self.source.at(&at, "expected a name"))
                })
                .collect(),
            Some(_) => Err(self.source.at(at, "expected a name or a list of names")),
        }
    }

    fn statuses(&self, raw: Option<&Value>, at: &str) -> Result<Vec<u16>, Diagnostic> {
        let at = format!("{at}/status");
        let one = |value: &Value| {
            let status = value
                .as_u64()
                .and_then(|status| u16::try_from(status).ok())
                .filter(|status| (100..600).contains(status));
            status.ok_or_else(|| self.source.at(&at, format!("{value} is not an HTTP status")))
        };
        match raw {
            None => Ok(Vec::new()),
            Some(Value::Array(values)) => values.iter().map(one).collect(),
            Some(value) => Ok(vec![one(value)?]),
        }
    }

    /// The name of an error, and its code in the query protocol.
    fn names_of_error(&self, name: String, call: &Call) -> Vec<String> {
        let contract = self.services[&call.service].contract();
        let shape = contract.operation(&call.operation).and_then(|operation| contract.error(operation, &name));
        let code = shape.and_then(|shape| shape.traits.query_error_code()).filter(|code| **code != *name);
        let code = code.filter(|_| !self.services[&call.service].protocol.lists_errors()).map(str::to_owned);
        [Some(name), code].into_iter().flatten().collect()
    }

    fn check_error(&self, name: &str, at: &str, call: &Call) -> Result<(), Diagnostic> {
        let service = &self.services[&call.service];
        let contract = service.contract();
        if !service.protocol.lists_errors() {
            return Ok(());
        }
        let Some(operation) = contract.operation(&call.operation) else { return Ok(()) };
        if contract.error(operation, name).is_some() || RejectionClass::is_common(name) {
            return Ok(());
        }
        let message = format!("{} does not declare {name}, and it is not a common error", call.operation);
        Err(with_nearest(self.source.at(at, message), name, operation.errors.iter().map(crate::model::ShapeId::name)))
    }
}
