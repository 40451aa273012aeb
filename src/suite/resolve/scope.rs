//! The variables in reach at one point of a fixture, and what is known before a run of the members that each has.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Resolver, with_nearest};
use crate::{
    model::pointer::escape,
    suite::{Expression, Given, ScenarioRow, Template, case::OWN_VARIABLES, source::Diagnostic},
};

/// The variables that each state yields, by the state's name.
pub(super) type Yields = BTreeMap<String, Vec<String>>;

/// The variables in reach; of two of one name, the later counts.
pub(super) struct VariableScope(Vec<(String, Vec<Holder>)>);

/// What a variable's value is taken from, where its members are known: without any, only a run knows them.
struct Holder {
    /// The start of a sentence of which a member's name is the end: `a queue yields`.
    says: String,
    members: Vec<String>,
}

impl VariableScope {
    /// What every case has.
    pub(super) fn of_rows(rows: &[ScenarioRow]) -> Self {
        let mut scope = Self(OWN_VARIABLES.iter().map(|name| ((*name).to_owned(), Vec::new())).collect());
        scope.0.push(("row".to_owned(), rows.iter().map(Holder::of_row).collect()));
        scope
    }

    /// A variable of which only a run knows the members.
    pub(super) fn add(&mut self, variable: &str) {
        self.0.push((variable.to_owned(), Vec::new()));
    }

    /// A variable that holds what a state yields.
    pub(super) fn add_given(&mut self, given: &Given, yields: &Yields) {
        let members = yields.get(&given.state).cloned().unwrap_or_default();
        let holder = Holder { says: format!("the state {:?} yields", given.state), members };
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
            None => "without a table, the row has".to_owned(),
        };
        Self { says, members: row.values.keys().cloned().collect() }
    }

    fn has(&self, member: &str) -> bool {
        self.members.iter().any(|name| name == member)
    }
}

impl Resolver<'_> {
    /// What the states of this service yield.
    pub(super) fn yields(&self) -> Yields {
        let states = self.services[self.service].states.iter();
        states.map(|(name, state)| (name.clone(), state.yields.keys().cloned().collect())).collect()
    }

    /// The states of a `given`, whose variables are in reach from there on.
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
                let (state, params) = match value {
                    Value::String(name) => (name.as_str(), Value::Object(Map::new())),
                    Value::Object(map) if map.keys().all(|key| key == "state" || key == "params") => (
                        map.get("state").and_then(Value::as_str).unwrap_or_default(),
                        map.get("params").cloned().unwrap_or_default(),
                    ),
                    _ => return Err(self.source.at(&pointer, "expected a state's name, or { state, params }")),
                };
                if !yields.contains_key(state) {
                    let diagnostic = self.source.at(&pointer, format!("no state {state:?} in states.yaml"));
                    return Err(with_nearest(diagnostic, state, yields.keys().map(String::as_str)));
                }
                let params = self.template(&params, &format!("{pointer}/params"))?;
                Ok(Given { variable: variable.clone(), state: state.to_owned(), params })
            })
            .collect()
    }

    /// Every variable of a template is in reach, and has the member that is taken from it.
    pub(super) fn check_variables(
        &self,
        template: &Template,
        scope: &VariableScope,
        at: &str,
    ) -> Result<(), Diagnostic> {
        for (pointer, expression) in template.expressions() {
            let Expression::Path { root, tokens } = expression else { continue };
            let at = format!("{at}{pointer}");
            let Some(holders) = scope.get(root) else {
                let diagnostic = self.source.at(&at, format!("no variable {root:?} at this point"));
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

    /// The values of a row as they are written, which hold no expressions: a row is known before any run.
    pub(super) fn row_values(&self, raw: &Map<String, Value>, at: &str) -> Result<Map<String, Value>, Diagnostic> {
        let refused = |pointer: &str| {
            self.source.at(&format!("{at}{pointer}"), "a row holds plain values, and no expressions").help(
                "write the value out, or write the expression where the row's values are used; $${ stands for a plain ${",
            )
        };
        match Template::read(&Value::Object(raw.clone())) {
            Ok(Template::Literal(Value::Object(values))) => Ok(values),
            Ok(template) => Err(refused(template.expressions().first().map_or("", |(pointer, _)| pointer))),
            Err(error) => Err(refused(&error.pointer)),
        }
    }
}
