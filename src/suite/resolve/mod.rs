//! Resolves raw fixtures to validated types, so that a run never meets a broken fixture.
//!
//! Every problem is a [`Diagnostic`] with its position. The first problem of each file is reported.

mod call;
mod checked_inputs;
mod condition;
mod correction;
mod expect;
mod lint;
mod scope;
mod table;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use serde_json::{Map, Value};

use super::{
    Call, CaseStanding, ExclusiveMembers, Filling, FixtureFiles, Glob, GlobError, Guard, Repeat, ResourceNames,
    Scenario, ScenarioRow, State, Step, Template, matcher, nearest,
    raw::{RawScenario, RawState, RawStates, RawStep},
    service_fixtures::{Services, StateTable},
};
use crate::{
    model::{kebab_case, pointer::escape},
    suite::source::{Diagnostic, Source},
};
pub(super) use checked_inputs::CheckedInputs;
use scope::{VariableScope, Yields};

/// The context for resolving one file.
pub(super) struct Resolver<'a> {
    pub(super) source: &'a Source,
    pub(super) files: &'a FixtureFiles,
    pub(super) services: &'a Services,
    pub(super) service: &'a str,
    pub(super) checked: &'a CheckedInputs,
}

impl Resolver<'_> {
    /// Resolves the scenario of the file `service/folder/name`.
    pub(super) fn scenario(&self, raw: RawScenario, id: &str, folder: Option<&str>) -> Result<Scenario, Diagnostic> {
        if raw.model.is_some() && !self.files.is_alone(&format!("{id}.yaml")) {
            return Err(self
                .source
                .at_key("/model", format!("the folder {} already has a model", self.service))
                .help("remove this line"));
        }
        let operation = self.operation_of(&raw, folder)?;
        self.check_citations(&raw.cites)?;
        let rows = self.table(&raw.table)?;
        let mut scope = VariableScope::of_rows(&rows);
        let given = self.given(&raw.given, "/given", &self.yields(), &mut scope)?;
        let steps = self.steps(&raw.steps, "/steps", &mut scope, &rows)?;
        let steps = self.with_conditions(steps, &raw.steps, &scope)?;
        let teardown = self.steps(&raw.teardown, "/teardown", &mut scope, &rows)?;
        self.check_unconditional(&raw.teardown, "/teardown")?;
        if !steps.iter().any(|step| step.call.operation == operation) {
            return Err(self.source.at("/steps", format!("no step calls {operation}, the operation of this folder")));
        }
        Ok(Scenario {
            id: id.to_owned(),
            service: self.service.to_owned(),
            operation,
            title: raw.title,
            cites: raw.cites,
            evidence: raw.evidence,
            tags: raw.tags,
            given,
            rows,
            steps,
            teardown,
            removal: Vec::new(),
            source: Arc::new(self.source.clone()),
            standing: CaseStanding::Free,
            probe: None,
        })
    }

    /// Resolves a `states.yaml`, or `only` these states of it.
    pub(super) fn states(&self, mut raw: RawStates, only: Option<&BTreeSet<String>>) -> Result<StateTable, Diagnostic> {
        let is_newer = self.files.has_newer_states(self.service);
        let skipped = if is_newer { self.drop_inexpressible(&mut raw, only) } else { Vec::new() };
        let yields = yields(&raw);
        let wanted = raw.states.into_iter().filter(|(name, _)| only.is_none_or(|only| only.contains(name)));
        let states = wanted.map(|(name, state)| Ok((name.clone(), self.state(&name, state, &yields)?)));
        let by_name: BTreeMap<String, State> = states.collect::<Result<_, Diagnostic>>()?;
        let fillings = raw.members.iter().map(|(glob, place)| self.filling(glob, place, &by_name));
        let fillings = fillings.collect::<Result<_, _>>()?;
        let names = raw.names.iter().map(|(glob, places)| self.resource_names(glob, places, &by_name));
        let names = names.collect::<Result<_, _>>()?;
        let exclusive = raw.exclusive.into_iter().map(|(glob, members)| {
            Ok(ExclusiveMembers { glob: self.glob(&glob, &format!("/exclusive/{}", escape(&glob)))?, members })
        });
        let exclusive = exclusive.collect::<Result<_, _>>()?;
        let removals =
            raw.removals.iter().map(|(operation, calls)| Ok((operation.clone(), self.removal(operation, calls)?)));
        let removals = removals.collect::<Result<_, Diagnostic>>()?;
        self.check_reports(&raw.pending, "pending")?;
        self.check_reports(&raw.failed, "failed")?;
        let corrections = self.corrections(&raw.relations)?;
        let (pending, failed) = (raw.pending, raw.failed);
        Ok(StateTable { by_name, skipped, fillings, names, exclusive, removals, pending, failed, corrections })
    }

    /// Checks the patterns that tell how a change of an operation goes on.
    fn check_reports(&self, patterns: &BTreeMap<String, Value>, key: &str) -> Result<(), Diagnostic> {
        for (operation, pattern) in patterns {
            let at = format!("/{key}/{}", escape(operation));
            self.look_up(None, operation, &at)?;
            matcher::check(pattern)
                .map_err(|problem| self.source.at(&format!("{at}{}", problem.pointer), problem.problem))?;
        }
        Ok(())
    }

    /// Drops what this model cannot express from a recipe for a newer one. Returns the states among them, with the reason.
    fn drop_inexpressible(&self, raw: &mut RawStates, only: Option<&BTreeSet<String>>) -> Vec<String> {
        let mut skipped = Vec::new();
        // A state may build on one that is dropped.
        loop {
            let yields = yields(raw);
            let wanted = raw.states.iter().filter(|(name, _)| only.is_none_or(|only| only.contains(*name)));
            let problem = |(name, state): (&String, &RawState)| {
                Some((name.clone(), self.state(name, state.clone(), &yields).err()?.message))
            };
            let inexpressible: Vec<(String, String)> = wanted.filter_map(problem).collect();
            if inexpressible.is_empty() {
                break;
            }
            for (name, problem) in inexpressible {
                raw.states.remove(&name);
                skipped.push(format!("{}: the state {name:?} of the recipe is skipped: {problem}", self.service));
            }
        }
        let state = |place: &Value| Some(place.as_str()?.rsplit_once('/')?.0.to_owned());
        raw.members.retain(|_, place| state(place).is_none_or(|state| raw.states.contains_key(&state)));
        raw.names.retain(|_, places| {
            let mut places = places.as_array().into_iter().flatten();
            places.all(|place| state(place).is_none_or(|state| raw.states.contains_key(&state)))
        });
        raw.removals.retain(|operation, calls| self.removal(operation, calls).is_ok());
        for reports in [&mut raw.pending, &mut raw.failed] {
            reports.retain(|operation, _| self.look_up(None, operation, "").is_ok());
        }
        skipped
    }

    /// Resolves the calls that remove what an operation creates. Their values may be those of an invalid input.
    fn removal(&self, operation: &str, raw: &[RawStep]) -> Result<Vec<Step>, Diagnostic> {
        let at = format!("/removals/{}", escape(operation));
        self.look_up(None, operation, &at)?;
        let rows = [ScenarioRow { name: None, values: Map::new() }];
        let mut scope = VariableScope::of_rows(&rows);
        scope.add("input");
        scope.add("output");
        let mut steps = self.steps(raw, &at, &mut scope, &rows)?;
        for step in &mut steps {
            step.call.valid = false;
        }
        Ok(steps)
    }

    /// Resolves `"GetParameter/Name": a parameter/name`, the variable of a state that fills a member. With a `!` after its
    /// name, every valid input contains the member.
    fn filling(&self, glob: &str, place: &Value, states: &BTreeMap<String, State>) -> Result<Filling, Diagnostic> {
        let at = format!("/members/{}", escape(glob));
        let (state, variable) = self.variable(&at, place, states)?;
        let (glob, always) = glob.strip_suffix('!').map_or((glob, false), |glob| (glob, true));
        Ok(Filling { glob: self.glob(glob, &at)?, always, state, variable })
    }

    fn glob(&self, glob: &str, at: &str) -> Result<Glob, Diagnostic> {
        glob.parse().map_err(|error: GlobError| self.source.at_key(at, error.to_string()))
    }

    /// Resolves `a queue/url` to the state and its variable.
    fn variable(
        &self,
        at: &str,
        place: &Value,
        states: &BTreeMap<String, State>,
    ) -> Result<(String, String), Diagnostic> {
        let Some((state, variable)) = place.as_str().and_then(|place| place.rsplit_once('/')) else {
            return Err(self.source.at(at, "expected a state and its variable, such as \"a queue/url\""));
        };
        let Some(known) = states.get(state) else {
            let diagnostic = self.source.at(at, format!("unknown state {state:?}"));
            return Err(with_nearest(diagnostic, state, states.keys().map(String::as_str)));
        };
        if !known.yields.contains_key(variable) {
            let diagnostic = self.source.at(at, format!("the state {state:?} has no variable {variable:?}"));
            return Err(with_nearest(diagnostic, variable, known.yields.keys().map(String::as_str)));
        }
        Ok((state.to_owned(), variable.to_owned()))
    }

    /// Resolves `GetThing/ThingName: [a thing/name, a thing/arn]`, the names of one resource that a member takes.
    fn resource_names(
        &self,
        glob: &str,
        places: &Value,
        states: &BTreeMap<String, State>,
    ) -> Result<ResourceNames, Diagnostic> {
        let at = format!("/names/{}", escape(glob));
        let wrong = || self.source.at(&at, "expected several variables of one state, such as [a key/id, a key/arn]");
        let mut found: Vec<(String, String)> = Vec::new();
        for (index, place) in places.as_array().ok_or_else(wrong)?.iter().enumerate() {
            found.push(self.variable(&format!("{at}/{index}"), place, states)?);
        }
        let (state, _) = found.first().cloned().ok_or_else(wrong)?;
        if found.len() < 2 || found.iter().any(|(other, _)| *other != state) {
            return Err(wrong());
        }
        Ok(ResourceNames {
            glob: self.glob(glob, &at)?,
            state,
            variables: found.into_iter().map(|(_, variable)| variable).collect(),
        })
    }

    fn state(&self, name: &str, raw: RawState, of_states: &Yields) -> Result<State, Diagnostic> {
        let at = format!("/states/{}", escape(name));
        let rows = [ScenarioRow { name: None, values: Map::new() }];
        let mut scope = VariableScope::of_rows(&rows);
        scope.add("params");
        let given = self.given(&raw.given, &format!("{at}/given"), of_states, &mut scope)?;
        let steps = self.steps(&raw.steps, &format!("{at}/steps"), &mut scope, &rows)?;
        let teardown = self.steps(&raw.teardown, &format!("{at}/teardown"), &mut scope, &rows)?;
        self.check_unconditional(&raw.steps, &format!("{at}/steps"))?;
        self.check_unconditional(&raw.teardown, &format!("{at}/teardown"))?;
        let mut yields = BTreeMap::new();
        for (variable, value) in &raw.yields {
            let pointer = format!("{at}/yields/{}", escape(variable));
            let template = self.template(value, &pointer)?;
            self.check_variables(&template, &scope, &pointer)?;
            yields.insert(variable.clone(), template);
        }
        Ok(State { name: name.to_owned(), says: raw.says, params: raw.params, given, steps, yields, teardown })
    }

    /// The operation that a scenario is about: that of its folder, or that of its first step.
    fn operation_of(&self, raw: &RawScenario, folder: Option<&str>) -> Result<String, Diagnostic> {
        let mut operations = self.services[self.service].schemas.contract().operations();
        let named = operations.find(|operation| folder.is_some_and(|folder| kebab_case(&operation.name) == folder));
        let first = || raw.steps.iter().find(|step| step.service.is_none()).map(|step| step.call.clone());
        named.map(|operation| operation.name.clone()).or_else(first).ok_or_else(|| {
            self.source
                .at("/steps", format!("no step calls an operation of {}", self.service))
                .help("write a step: - { call: OPERATION, input: {…} }")
        })
    }

    fn check_citations(&self, cites: &[String]) -> Result<(), Diagnostic> {
        for (index, id) in cites.iter().enumerate() {
            let known = self.services.values().any(|service| service.requirements.get(id).is_some());
            if !known {
                let all = self
                    .services
                    .values()
                    .flat_map(|service| service.requirements.iter())
                    .map(|requirement| requirement.id.as_str());
                let diagnostic = self.source.at(&format!("/cites/{index}"), format!("unknown requirement {id}"));
                return Err(with_nearest(diagnostic, id, all));
            }
        }
        Ok(())
    }

    fn steps(
        &self,
        raw: &[RawStep],
        at: &str,
        scope: &mut VariableScope,
        rows: &[ScenarioRow],
    ) -> Result<Vec<Step>, Diagnostic> {
        raw.iter().enumerate().map(|(index, step)| self.step(step, &format!("{at}/{index}"), scope, rows)).collect()
    }

    fn step(
        &self,
        raw: &RawStep,
        at: &str,
        scope: &mut VariableScope,
        rows: &[ScenarioRow],
    ) -> Result<Step, Diagnostic> {
        let mut call = self.call(raw, at)?;
        call.signing = self.signing(raw.sign.as_ref(), at, rows)?;
        let expect = self.expectation(raw.expect.as_ref(), &format!("{at}/expect"), &call)?;
        let control =
            raw.control.as_ref().map(|control| self.template(control, &format!("{at}/control"))).transpose()?;
        let unchanged = self.guards(raw, at, scope)?;
        self.check_variables(&call.input, scope, &format!("{at}/input"))?;
        if let Some(control) = &control {
            self.check_variables(control, scope, &format!("{at}/control"))?;
        }
        self.check_raw_variables(&call, scope, at)?;
        self.check_expected_variables(&expect, scope, &format!("{at}/expect"))?;
        call.valid = self.check_validity(raw, &call, &expect, control.as_ref(), rows, at)?;
        self.check_guards(&unchanged, rows, at)?;
        let capture: Vec<(String, String)> = raw.capture.clone().into_iter().collect();
        self.check_captures(&capture, &call, at)?;
        for (variable, _) in &capture {
            scope.add(variable);
        }
        let repeat = self.repeat(raw, at)?;
        let (pointer, racing, at_end) = (at.to_owned(), raw.racing, raw.at_end);
        if at_end && repeat != Repeat::Once {
            return Err(self.source.at_key(&format!("{at}/at_end"), "a call at the end of the run is made once"));
        }
        Ok(Step {
            pointer,
            call,
            expect,
            control,
            unchanged,
            capture,
            repeat,
            racing,
            when: None,
            at_end,
            prepares: false,
        })
    }

    fn call(&self, raw: &RawStep, at: &str) -> Result<Call, Diagnostic> {
        let (service, operation) = self.look_up(raw.service.as_deref(), &raw.call, at)?;
        let empty = Value::Object(Map::new());
        let input = self.template(raw.input.as_ref().unwrap_or(&empty), &format!("{at}/input"))?;
        Ok(Call {
            service,
            operation,
            input,
            valid: true,
            caller: raw.caller,
            region: raw.region,
            signing: None,
            raw: raw.raw.as_ref().map(|raw| self.byte_changes(raw, &format!("{at}/raw"))).transpose()?,
        })
    }

    fn guards(&self, raw: &RawStep, at: &str, scope: &VariableScope) -> Result<Vec<Guard>, Diagnostic> {
        raw.unchanged
            .iter()
            .enumerate()
            .map(|(index, guard)| {
                let at = format!("{at}/unchanged/{index}");
                let read = RawStep {
                    call: guard.call.clone(),
                    service: guard.service.clone(),
                    input: guard.input.clone(),
                    ..RawStep::default()
                };
                let call = self.call(&read, &at)?;
                self.check_variables(&call.input, scope, &format!("{at}/input"))?;
                let pointers: Vec<(String, String)> =
                    guard.at.iter().map(|pointer| (String::new(), pointer.clone())).collect();
                self.check_pointers(&pointers, &call, |index| format!("{at}/at/{index}"))?;
                Ok(Guard { call, at: guard.at.clone() })
            })
            .collect()
    }

    fn look_up(&self, service: Option<&str>, operation: &str, at: &str) -> Result<(String, String), Diagnostic> {
        let name = service.unwrap_or(self.service);
        let Some(service) = self.services.get(name) else {
            let diagnostic = self.source.at(&format!("{at}/service"), format!("unknown service {name:?}"));
            return Err(with_nearest(diagnostic, name, self.services.keys().map(String::as_str)));
        };
        let contract = service.schemas.contract();
        if contract.operation(operation).is_none() {
            let diagnostic = self.source.at(&format!("{at}/call"), format!("{name} has no operation {operation}"));
            return Err(with_nearest(
                diagnostic,
                operation,
                contract.operations().map(|operation| operation.name.as_str()),
            ));
        }
        Ok((name.to_owned(), operation.to_owned()))
    }

    fn repeat(&self, raw: &RawStep, at: &str) -> Result<Repeat, Diagnostic> {
        match (&raw.eventually, &raw.consistently, raw.concurrently) {
            (None, None, None) => Ok(Repeat::Once),
            (Some(wait), None, None) => Ok(Repeat::Eventually {
                within: self.duration(&wait.within, &format!("{at}/eventually/within"))?,
                every: self.duration(&wait.every, &format!("{at}/eventually/every"))?,
            }),
            (None, Some(last), None) => Ok(Repeat::Consistently {
                lasting: self.duration(&last.lasting, &format!("{at}/consistently/for"))?,
                every: self.duration(&last.every, &format!("{at}/consistently/every"))?,
            }),
            (None, None, Some(count @ 2..=64)) => Ok(Repeat::Concurrently(count)),
            (None, None, Some(_)) => {
                Err(self.source.at(&format!("{at}/concurrently"), "concurrently must be from 2 to 64"))
            }
            _ => Err(self.source.at(at, "a step can have only one of eventually, consistently and concurrently")),
        }
    }

    fn duration(&self, text: &str, at: &str) -> Result<Duration, Diagnostic> {
        let (number, unit) = text.find(|c: char| !c.is_ascii_digit()).map_or((text, ""), |split| text.split_at(split));
        let number: Option<u64> = number.parse().ok();
        match (number, unit) {
            (Some(n), "ms") if n <= 3_600_000 => Ok(Duration::from_millis(n)),
            (Some(n), "s") if n <= 3600 => Ok(Duration::from_secs(n)),
            _ => Err(self
                .source
                .at(at, format!("{text:?} is not a duration"))
                .help("write 200ms or 5s, at most one hour")),
        }
    }

    fn template(&self, value: &Value, at: &str) -> Result<Template, Diagnostic> {
        Template::read(value)
            .map_err(|error| self.source.at(&format!("{at}{}", error.pointer), error.problem.to_string()))
    }
}

/// The variables of each state.
fn yields(raw: &RawStates) -> Yields {
    raw.states.iter().map(|(name, state)| (name.clone(), state.yields.keys().cloned().collect())).collect()
}

fn with_nearest<'n>(diagnostic: Diagnostic, wrong: &str, known: impl Iterator<Item = &'n str>) -> Diagnostic {
    match nearest(wrong, known) {
        Some(name) => diagnostic.help(format!("did you mean {name}?")),
        None => diagnostic,
    }
}

#[cfg(test)]
mod tests;
