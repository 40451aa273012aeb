//! The variables in scope at a point of a fixture, and the members of each that are known before a run.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Resolver, with_nearest};
use crate::{
    model::pointer::escape,
    suite::{Given, ScenarioRow, Template, Twin, case::OWN_VARIABLES, source::Diagnostic},
};

/// The variables of each state, by the name of the state.
pub(super) type Yields = BTreeMap<String, Vec<String>>;

/// The variables in scope; a later variable shadows an earlier one of the same name.
pub(super) struct VariableScope(Vec<(String, Vec<Holder>)>);

/// The source of a variable's value; without known members, only a run knows them.
struct Holder {
    /// The start of an error message that a member name completes: `the state "a queue" has`.
    says: String,
    members: Vec<String>,
}

/// The forms of a state in `given`.
const GIVEN: &str = "expected the name of a state, { state, params } or { twin_of: VARIABLE }";

/// The variable that a value of `given` is the twin of.
fn twin_of(value: &Value) -> Option<&str> {
    value.as_object().filter(|map| map.len() == 1)?.get("twin_of")?.as_str()
}

/// The relation of a variable of `given` to the others.
fn twin(variable: &str, raw: &Map<String, Value>) -> Twin {
    if let Some(first) = raw.get(variable).and_then(twin_of) {
        return Twin::Second(first.to_owned());
    }
    let has_second = raw.values().filter_map(twin_of).any(|first| first == variable);
    if has_second { Twin::First } else { Twin::Absent }
}

impl VariableScope {
    /// The variables that every case has.
    pub(super) fn of_rows(rows: &[ScenarioRow]) -> Self {
        let mut scope = Self(OWN_VARIABLES.iter().map(|name| ((*name).to_owned(), Vec::new())).collect());
        scope.0.push(("row".to_owned(), rows.iter().map(Holder::of_row).collect()));
        scope
    }

    /// Adds a variable whose members are known only during a run.
    pub(super) fn add(&mut self, variable: &str) {
        self.0.push((variable.to_owned(), Vec::new()));
    }

    /// Adds a variable that holds the values of a state.
    pub(super) fn add_given(&mut self, given: &Given, yields: &Yields) {
        let members = yields.get(&given.state).cloned().unwrap_or_default();
        let holder = Holder { says: format!("the state {:?} has", given.state), members };
        self.0.push((given.variable.clone(), vec![holder]));
    }

    fn get(&self, variable: &str) -> Option<&[Holder]> {
        self.0.iter().rev().find(|(name, _)| name == variable).map(|(_, holders)| holders.as_slice())
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }
}

impl Holder {
    fn of_row(row: &ScenarioRow) -> Self {
        let says = match &row.name {
            Some(name) => format!("the row {name:?} has"),
            None => "a scenario without a table has".to_owned(),
        };
        Self { says, members: row.values.keys().cloned().collect() }
    }

    fn has(&self, member: &str) -> bool {
        self.members.iter().any(|name| name == member)
    }
}

impl Resolver<'_> {
    /// The variables of the states of this service.
    pub(super) fn yields(&self) -> Yields {
        let states = self.services[self.service].states.iter();
        states.map(|(name, state)| (name.clone(), state.yields.keys().cloned().collect())).collect()
    }

    /// Resolves the states of a `given`, and adds their variables to the scope.
    pub(super) fn given(
        &self,
        raw: &Map<String, Value>,
        at: &str,
        yields: &Yields,
        scope: &mut VariableScope,
    ) -> Result<Vec<Given>, Diagnostic> {
        let given = self.given_among(raw, at, yields)?;
        for given in &given {
            scope.add_given(given, yields);
        }
        for given in &given {
            self.check_variables(&given.params, scope, &format!("{at}/{}/params", escape(&given.variable)))?;
        }
        Ok(given)
    }

    fn given_among(&self, raw: &Map<String, Value>, at: &str, yields: &Yields) -> Result<Vec<Given>, Diagnostic> {
        raw.iter()
            .map(|(variable, value)| {
                let pointer = format!("{at}/{}", escape(variable));
                let (state, params) = match twin_of(value).and_then(|first| raw.get(first)).unwrap_or(value) {
                    Value::String(name) => (name.as_str(), Value::Object(Map::new())),
                    Value::Object(map) if map.keys().all(|key| key == "state" || key == "params") => (
                        map.get("state").and_then(Value::as_str).unwrap_or_default(),
                        map.get("params").cloned().unwrap_or_default(),
                    ),
                    _ => return Err(self.source.at(&pointer, GIVEN)),
                };
                if !yields.contains_key(state) {
                    let diagnostic = self.source.at(&pointer, format!("unknown state {state:?}"));
                    return Err(with_nearest(diagnostic, state, yields.keys().map(String::as_str)));
                }
                let params = self.template(&params, &format!("{pointer}/params"))?;
                Ok(Given { variable: variable.clone(), state: state.to_owned(), params, twin: twin(variable, raw) })
            })
            .collect()
    }

    /// Checks that every variable of a template is in scope and has the member that the template uses.
    pub(super) fn check_variables(
        &self,
        template: &Template,
        scope: &VariableScope,
        at: &str,
    ) -> Result<(), Diagnostic> {
        for (pointer, expression) in template.expressions() {
            let Some((root, tokens)) = expression.path() else { continue };
            let at = format!("{at}{pointer}");
            let Some(holders) = scope.get(root) else {
                let diagnostic = self.source.at(&at, format!("unknown variable {root:?}"));
                return Err(with_nearest(diagnostic, root, scope.names()));
            };
            let Some(member) = tokens.first() else { continue };
            if let Some(lacking) = holders.iter().find(|holder| !holder.has(member)) {
                let diagnostic = self.source.at(&at, format!("{} no {member:?}", lacking.says));
                return Err(with_nearest(diagnostic, member, lacking.members.iter().map(String::as_str)));
            }
        }
        Ok(())
    }

    /// The literal values of a row, which cannot have expressions because rows are known before a run.
    pub(super) fn row_values(&self, raw: &Map<String, Value>, at: &str) -> Result<Map<String, Value>, Diagnostic> {
        let rejected = |pointer: &str| {
            self.source.at(&format!("{at}{pointer}"), "a row cannot have expressions").help(
                "write the value out, or move the expression to where the row is used; write $${ for a literal ${",
            )
        };
        match Template::read(&Value::Object(raw.clone())) {
            Ok(Template::Literal(Value::Object(values))) => Ok(values),
            Ok(template) => Err(rejected(template.expressions().first().map_or("", |(pointer, _)| pointer))),
            Err(error) => Err(rejected(&error.pointer)),
        }
    }
}
