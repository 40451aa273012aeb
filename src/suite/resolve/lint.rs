//! Checks a step against the contract and the variables in scope.

use serde_json::Value;

use super::{Resolver, scope::VariableScope, with_nearest};
use crate::{
    model::{
        Violation,
        pointer::{child, escape},
    },
    suite::{
        Alternative, Bindings, Body, Call, Expectation, Guard, ScenarioRow, Template, raw::RawStep, source::Diagnostic,
    },
};

impl Resolver<'_> {
    /// Rejects an invalid input without an expected rejection or `invalid: true`. Returns true if the input is valid as far as
    /// is known before a run, and is intended to be.
    pub(super) fn check_validity(
        &self,
        raw: &RawStep,
        call: &Call,
        expect: &Expectation,
        control: Option<&Template>,
        rows: &[ScenarioRow],
        at: &str,
    ) -> Result<bool, Diagnostic> {
        let body_replaced = call.raw.as_ref().is_some_and(|raw| raw.body.is_some());
        let mut valid = !raw.invalid && !body_replaced;
        for row in rows {
            let violation = if body_replaced { None } else { self.violation(call, &call.input, row)? };
            valid &= violation.is_none();
            match violation {
                None if raw.invalid && !body_replaced => self.check_invalid_is_open(&call.input, row, at)?,
                Some(violation) if !raw.invalid && !expect.is_rejection() => {
                    return Err(self
                        .invalid_input(&violation, row, &format!("{at}/input"))
                        .help("expect the rejection (expect: { error: … }), or mark the input with invalid: true"));
                }
                _ => {}
            }
            let Some(control) = control else { continue };
            if let Some(violation) = self.violation(call, control, row)? {
                return Err(self
                    .invalid_input(&violation, row, &format!("{at}/control"))
                    .help("a control must be valid"));
            }
        }
        Ok(valid)
    }

    /// The input of a guard must be valid, because guards compare successful responses.
    pub(super) fn check_guards(&self, guards: &[Guard], rows: &[ScenarioRow], at: &str) -> Result<(), Diagnostic> {
        for (index, guard) in guards.iter().enumerate() {
            for row in rows {
                if let Some(violation) = self.violation(&guard.call, &guard.call.input, row)? {
                    let at = format!("{at}/unchanged/{index}/input");
                    return Err(self.invalid_input(&violation, row, &at).help("a guard must be valid"));
                }
            }
        }
        Ok(())
    }

    /// An input marked as invalid must violate the model, or have a value that is known only during a run.
    fn check_invalid_is_open(&self, input: &Template, row: &ScenarioRow, at: &str) -> Result<(), Diagnostic> {
        let (_, unknown) = input.fill_known(&of_row(row));
        if !unknown.is_empty() {
            return Ok(());
        }
        let message = format!("this input{} is valid, but it is marked as invalid", name_of(row));
        Err(self
            .source
            .at_key(&format!("{at}/invalid"), message)
            .help("remove invalid, or change the input so that it violates the model"))
    }

    fn invalid_input(&self, violation: &Violation, row: &ScenarioRow, at: &str) -> Diagnostic {
        let message = format!(
            "the model forbids this input{}: expected {}, got {}",
            name_of(row),
            violation.expected,
            violation.actual
        );
        self.source.at(&format!("{at}{}", violation.pointer), message)
    }

    /// The first violation in the input that does not depend on values that are known only during a run.
    fn violation(&self, call: &Call, input: &Template, row: &ScenarioRow) -> Result<Option<Violation>, Diagnostic> {
        let service = &self.services[&call.service];
        let Some(operation) = service.contract().operation(&call.operation) else { return Ok(None) };
        let (value, unknown) = input.fill_known(&of_row(row));
        let violation = self.checked.violation(service, operation, &value, &unknown);
        violation.map_err(|error| Diagnostic::of_file(self.source.file(), error.to_string()))
    }

    pub(super) fn check_captures(
        &self,
        captures: &[(String, String)],
        call: &Call,
        at: &str,
    ) -> Result<(), Diagnostic> {
        self.check_pointers(captures, call, |index| {
            let variable = captures.get(index).map(|(variable, _)| variable.as_str()).unwrap_or_default();
            format!("{at}/capture/{}", escape(variable))
        })
    }

    /// Checks that pointers lead to members of the output.
    pub(super) fn check_pointers(
        &self,
        pointers: &[(String, String)],
        call: &Call,
        place: impl Fn(usize) -> String,
    ) -> Result<(), Diagnostic> {
        let contract = self.services[&call.service].schemas.contract();
        let Some(operation) = contract.operation(&call.operation) else { return Ok(()) };
        for (index, (_, pointer)) in pointers.iter().enumerate() {
            let leads = pointer.starts_with('/') && contract.member_at(&operation.output, pointer).is_some();
            if !leads {
                let message = format!("{pointer:?} is not in the output of {}", call.operation);
                let diagnostic = self.source.at(&place(index), message);
                let first = pointer.trim_start_matches('/').split('/').next().unwrap_or_default();
                let members = contract.members(&operation.output).iter().map(|member| member.name.as_str());
                return Err(with_nearest(diagnostic, first, members));
            }
        }
        Ok(())
    }

    /// Checks that the members of an expected body exist in the output.
    pub(super) fn check_body_members(&self, pattern: &Value, call: &Call, at: &str) -> Result<(), Diagnostic> {
        let mut pointers = Vec::new();
        leaves(pattern, "", &mut pointers);
        let pointers: Vec<(String, String)> = pointers.into_iter().map(|pointer| (String::new(), pointer)).collect();
        self.check_pointers(&pointers, call, |index| format!("{at}{}", pointers[index].1))
    }

    pub(super) fn check_expected_variables(
        &self,
        expect: &Expectation,
        scope: &VariableScope,
        at: &str,
    ) -> Result<(), Diagnostic> {
        let is_choice = expect.alternatives.len() > 1;
        for (index, alternative) in expect.alternatives.iter().enumerate() {
            let at = if is_choice { format!("{at}/any_of/{index}/body") } else { format!("{at}/body") };
            if let Alternative::Success { body: Some(body), .. } = alternative {
                self.check_variables(body, scope, &at)?;
            }
        }
        Ok(())
    }

    /// Checks the expressions in the raw parts of a request.
    pub(super) fn check_raw_variables(&self, call: &Call, scope: &VariableScope, at: &str) -> Result<(), Diagnostic> {
        let Some(raw) = &call.raw else { return Ok(()) };
        for (name, value) in &raw.set {
            self.check_variables(value, scope, &format!("{at}/raw/set/{}", escape(name)))?;
        }
        for (text, name) in [(&raw.path, "path"), (&raw.query, "query")] {
            if let Some(text) = text {
                self.check_variables(text, scope, &format!("{at}/raw/{name}"))?;
            }
        }
        match &raw.body {
            Some(Body::Text(template, _)) => self.check_variables(template, scope, &format!("{at}/raw/body/text")),
            _ => Ok(()),
        }
    }
}

/// The bindings that are known before a run.
pub(super) fn of_row(row: &ScenarioRow) -> Bindings {
    let mut bindings = Bindings::default();
    bindings.bind("row", Value::Object(row.values.clone()));
    bindings
}

pub(super) fn name_of(row: &ScenarioRow) -> String {
    row.name.as_ref().map(|name| format!(" (row {name})")).unwrap_or_default()
}

/// The pointers of a pattern's members that are not inside a matcher.
fn leaves(pattern: &Value, pointer: &str, found: &mut Vec<String>) {
    match pattern {
        Value::Object(map) if !map.keys().any(|key| key.starts_with('$')) => {
            for (name, value) in map {
                let at = child(pointer, name);
                found.push(at.clone());
                leaves(value, &at, found);
            }
        }
        _ => {}
    }
}
