//! The order of probes: operation by operation, controls before the probes that rest on them, valid inputs before
//! invalid ones, and requests that were seen to crash endpoints last.
//!
//! Probes of an operation that only reads share its states, and run concurrently. Those of any other operation run one at
//! a time, and get new states after a request that may have left them in a state that no valid input reaches.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
};

use serde_json::{Map, Value};

use super::{
    Coverage, Effect, KnownValues, Location, ProbeFamily, ProbeOptions, UnprobedReason,
    derive::{Probe, ProbedConstraint, Subjected, salt},
    first_call::key_of_variable,
    id_heads::IdHeads,
    input::Inputs,
    loaded_operation::LoadedOperation,
    shared_states::{SharedStates, is_resource, may_spoil},
};
use crate::{
    model::Operation,
    suite::{
        Aftermath, Case, Filling, Given, Opening, Plan, PlanStage, ResourceNames, SelectionDigester, ServiceFixtures,
        Template, Twin, Whole, source::Source,
    },
};

/// The probes of one service, derived on demand: one operation at a time is in memory.
#[derive(Debug)]
pub struct Probes {
    inputs: Inputs,
    fillings: Vec<Filling>,
    options: ProbeOptions,
    heads: IdHeads,
    operations: Vec<Subjected>,
    selected: usize,
    whole: Whole,
    settled: usize,
    coverage: Coverage,
    /// The index of the current operation.
    at: usize,
    phase: ProbePhase,
    loaded: LoadedOperation,
    known: KnownValues,
    /// The names of the states that are more than values.
    resources: BTreeSet<String>,
    shared: SharedStates,
}

/// The phases of an operation, in this order; the last one runs once for all operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ProbePhase {
    Ready,
    Opened,
    Least,
    Controls,
    Valid,
    Invalid,
    Crashing,
}

impl Probes {
    /// Derives the probes of a service.
    #[must_use]
    pub fn new(service: &ServiceFixtures, source: &Arc<Source>, options: ProbeOptions) -> Self {
        let inputs = Inputs::new(service);
        let mut probes = Self {
            fillings: service.fillings.clone(),
            operations: Vec::new(),
            selected: 0,
            whole: Whole { shard: options.shard, ..Whole::default() },
            settled: 0,
            coverage: Coverage::by(&options.families),
            at: 0,
            phase: ProbePhase::Ready,
            loaded: LoadedOperation::default(),
            known: KnownValues::new(),
            resources: service
                .states
                .values()
                .filter(|state| is_resource(state))
                .map(|state| state.name.clone())
                .collect(),
            shared: SharedStates::Intact,
            heads: IdHeads::of(&options, service),
            inputs,
            options,
        };
        let is_reached = |operation: &&Operation| probes.heads.reach(&format!("{}.{}/", service.name, operation.name));
        let mut operations: Vec<&Operation> = service.contract().operations().filter(is_reached).collect();
        // Invalid input that an endpoint accepted shows in later reads: so reads run first, and deletions last.
        operations.sort_by_cached_key(|operation| (Effect::of(operation), operation.name.clone()));
        let mut selecting = SelectionDigester::default();
        for operation in operations {
            let mut subjected = Subjected::new(&probes.inputs, &service.name, operation, source, probes.options.seed);
            subjected.removal = service.removals.get(&operation.name).cloned().unwrap_or_default();
            let successor = || probes.inputs.protocol().successor(service.contract(), operation);
            let superseded = || successor().map(|other| UnprobedReason::Superseded(other.name.clone()));
            match probes.options.leaves_out(operation).or_else(superseded) {
                None => probes.enter(subjected, &mut selecting),
                Some(reason) => probes.leave_out(&subjected, &reason),
            }
        }
        probes.whole.selected = selecting.finish();
        probes.whole.services.extend((probes.whole.selected.cases > 0).then(|| service.name.clone()));
        probes
    }

    /// The number of selected probes that need not run again.
    #[must_use]
    pub fn settled(&self) -> usize {
        self.settled
    }

    /// The ids of all cases, in no order.
    pub fn ids(&self) -> impl Iterator<Item = String> {
        self.operations.iter().flat_map(|subjected| self.load(subjected, |_, _| ()).ids(subjected))
    }

    /// The constraints of the model that were derived, and how many of them are probed. Where filters name operations or
    /// ids, the others are not derived.
    #[must_use]
    pub fn coverage(&self) -> Coverage {
        self.coverage.clone()
    }

    /// Adds an operation to the whole selection, and to this shard if it belongs to it.
    fn enter(&mut self, subjected: Subjected, selecting: &mut SelectionDigester) {
        let mut coverage = std::mem::take(&mut self.coverage);
        let own = self.has(&subjected);
        let loaded = self.load(&subjected, |constraint, kept| {
            if own {
                coverage.enter(constraint, kept);
            }
        });
        self.coverage = coverage;
        let ids = loaded.ids(&subjected);
        selecting.enter(ids.iter().map(String::as_str).collect());
        self.settled += loaded.settled;
        if own && loaded.cases() > 0 {
            self.selected += loaded.cases();
            self.operations.push(subjected);
        }
    }

    /// Returns whether an operation belongs to this shard.
    fn has(&self, subjected: &Subjected) -> bool {
        self.options.shard.is_none_or(|shard| shard.has(&subjected.least_control()))
    }

    fn leave_out(&mut self, subjected: &Subjected, reason: &UnprobedReason) {
        if !self.has(subjected) {
            return;
        }
        for location in 0..subjected.locations.len() {
            for constraint in subjected.constraints(&self.inputs, location, &|at, family| self.wants(at, family)) {
                self.coverage.leave_out(&constraint, reason);
            }
        }
    }

    /// The probes of an operation; `seen` gets each of its constraints with its selected probes.
    fn load(&self, subjected: &Subjected, mut seen: impl FnMut(&ProbedConstraint, &[Probe])) -> LoadedOperation {
        let chosen = self.chosen(subjected);
        let mut loaded = LoadedOperation::default();
        for (index, location) in subjected.locations.iter().enumerate() {
            let (before, mut selected) = (loaded.probes(), 0);
            for mut constraint in self.constraints(subjected, index) {
                let mut kept = std::mem::take(&mut constraint.probes);
                kept.retain(|probe| self.keeps(probe, chosen.as_ref()));
                let selected_here = kept.len();
                selected += selected_here;
                kept.retain(|probe| !self.options.settled.contains(&probe.id));
                loaded.settled += selected_here - kept.len();
                seen(&constraint, &kept);
                for probe in kept {
                    loaded.enter(probe);
                }
            }
            // A control runs for the probes that rest on it, if it is wanted itself, and where it has to run again.
            let control = subjected.control_of(location);
            let wanted = selected > 0 || self.wants_control(&control) && self.reaches(subjected, location);
            let again = wanted && !self.options.settled.contains(&control);
            if loaded.probes() > before || again {
                loaded.least = true;
                loaded.controls.extend((!location.in_least_input).then_some(index));
            }
        }
        loaded
    }

    /// Returns whether the probes of a family at a location may be selected.
    fn wants(&self, at: &str, family: ProbeFamily) -> bool {
        let families = &self.options.families;
        (families.is_empty() || families.contains(&family)) && self.heads.reach(&format!("{at}/{family}/"))
    }

    /// Returns whether a control runs although no probe rests on it: because it is one of all, or it is named by its id.
    fn wants_control(&self, control: &str) -> bool {
        if let Some(only) = &self.options.only {
            return only.contains(control);
        }
        let is_one_of_all = self.options.every_control && self.options.max_per_operation.is_none();
        is_one_of_all && self.options.names(control) || self.options.filters.iter().any(|glob| glob.text() == control)
    }

    fn reaches(&self, subjected: &Subjected, location: &Location) -> bool {
        subjected.unreachable(&self.inputs, location).is_none()
    }

    /// The constraints at a location. Where no valid input reaches it, they have no probes.
    fn constraints(&self, subjected: &Subjected, index: usize) -> Vec<ProbedConstraint> {
        let mut constraints = subjected.constraints(&self.inputs, index, &|at, family| self.wants(at, family));
        let location = subjected.locations.get(index).filter(|_| !constraints.is_empty());
        let reason = location.and_then(|location| subjected.unreachable(&self.inputs, location));
        if let Some(reason) = reason {
            for constraint in &mut constraints {
                constraint.probes.clear();
                constraint.unprobed = vec![reason.clone().into()];
            }
        }
        constraints
    }

    /// The ids of an operation within the limit; `None`: all. Those with the least hashes are chosen, so that one seed
    /// always chooses the same.
    fn chosen(&self, subjected: &Subjected) -> Option<BTreeSet<String>> {
        let limit = self.options.max_per_operation?;
        let locations = 0..subjected.locations.len();
        let ids = locations
            .flat_map(|location| self.constraints(subjected, location))
            .flat_map(|one| one.probes)
            .map(|probe| probe.id);
        let mut hashed: Vec<(u64, String)> =
            ids.filter(|id| self.options.names(id)).map(|id| (salt(self.options.seed, &id), id)).collect();
        hashed.sort();
        Some(hashed.into_iter().take(limit).map(|(_, id)| id).collect())
    }

    fn keeps(&self, probe: &Probe, chosen: Option<&BTreeSet<String>>) -> bool {
        self.options.names(&probe.id) && chosen.is_none_or(|chosen| chosen.contains(&probe.id))
    }

    fn opening(&self, subjected: &Subjected) -> Opening {
        let mut states: Vec<&str> = Vec::new();
        let own = subjected.locations.iter().filter(|location| !location.path.is_root());
        let names = own.map(|location| format!("{}/{}", subjected.operation.name, location.path.slashed()));
        for name in names.chain(self.inputs_of_followers(subjected)) {
            let state = self.filling(&name).map(|filling| filling.state.as_str());
            states.extend(state.filter(|state| !states.contains(state)));
        }
        let named = self.loaded.states().filter(|state| !states.contains(state)).collect::<BTreeSet<_>>();
        states.extend(named);
        let given = states.into_iter().map(|state| Given {
            variable: state.to_owned(),
            state: state.to_owned(),
            params: Template::Literal(Value::Object(Map::new())),
            twin: Twin::Absent,
        });
        Opening {
            service: subjected.service.clone(),
            operation: subjected.operation.name.clone(),
            sample: subjected.sample(&self.inputs, &KnownValues::new()),
            given: given.collect(),
            removal: subjected.removal.clone(),
        }
    }

    /// The members of calls that follow in probes of several calls, as recipes name them.
    fn inputs_of_followers(&self, subjected: &Subjected) -> Vec<String> {
        let contract = self.inputs.contract();
        let operations = self.loaded.followers(subjected).into_iter().filter_map(|name| contract.operation(&name));
        let names = |operation: &Operation| {
            let members = contract.members(&operation.input).iter();
            let sent = members.filter(|member| self.inputs.is_sent_later(operation, member));
            sent.map(|member| format!("{}/{}", operation.name, member.name)).collect::<Vec<_>>()
        };
        operations.flat_map(names).collect()
    }

    /// The filling of a member, by its operation and path.
    fn filling(&self, name: &str) -> Option<&Filling> {
        self.fillings.iter().find(|filling| filling.glob.matches_whole(name))
    }

    /// Begins a phase, and returns its stage.
    fn begin(&mut self, phase: ProbePhase) -> Option<PlanStage> {
        self.phase = phase;
        match phase {
            ProbePhase::Opened => {
                let loaded = self.load(self.operations.get(self.at)?, |_, _| ());
                self.loaded = loaded;
                self.known.clear();
                Some(PlanStage::Open(self.opening(self.operations.get(self.at)?)))
            }
            // One at a time, so that the request that crashed the endpoint is known.
            ProbePhase::Crashing => {
                self.known.clear();
                Some(PlanStage::Cases(Some(1)))
            }
            _ => Some(self.cases()),
        }
    }

    /// A stage of cases that use the states of the operation: shared resources are never changed concurrently.
    fn cases(&self) -> PlanStage {
        let writes = |subjected: &Subjected| Effect::of(&subjected.operation) != Effect::Reads;
        PlanStage::Cases(self.operations.get(self.at).is_some_and(writes).then_some(1))
    }

    /// Returns whether a case may have spoiled states of the current operation that can be made again.
    fn spoils(&self, subjected: &Subjected, case: &Case, aftermath: Aftermath) -> bool {
        let is_made = |given: &Given| self.resources.contains(&given.state);
        may_spoil(subjected, case, aftermath) && self.opening(subjected).given.iter().any(is_made)
    }

    /// The next case of all operations that may crash the endpoint.
    fn next_crashing(&mut self) -> Option<Case> {
        loop {
            let subjected = self.operations.get(self.at)?;
            if let Some(probe) = self.loaded.crashing.pop_front() {
                if let Some(case) = subjected.probe(&self.inputs, &self.known, probe) {
                    return Some(case);
                }
                continue;
            }
            self.at += 1;
            self.loaded = self.load(self.operations.get(self.at)?, |_, _| ());
        }
    }
}

impl Plan for Probes {
    fn selected(&self) -> usize {
        self.selected
    }

    fn whole(&self) -> &Whole {
        &self.whole
    }

    fn stage(&mut self) -> Option<PlanStage> {
        match std::mem::replace(&mut self.shared, SharedStates::Intact) {
            SharedStates::Spoiled if self.loaded.needs_states() => {
                self.shared = SharedStates::Renewed;
                return Some(PlanStage::Renew);
            }
            SharedStates::Renewed => return Some(self.cases()),
            SharedStates::Spoiled | SharedStates::Intact => {}
        }
        let next = match self.phase {
            ProbePhase::Ready => ProbePhase::Opened,
            ProbePhase::Opened => ProbePhase::Least,
            ProbePhase::Least => ProbePhase::Controls,
            ProbePhase::Controls => ProbePhase::Valid,
            ProbePhase::Valid => ProbePhase::Invalid,
            ProbePhase::Invalid => {
                self.at += 1;
                ProbePhase::Opened
            }
            ProbePhase::Crashing => return None,
        };
        if next == ProbePhase::Opened && self.at >= self.operations.len() {
            self.at = 0;
            self.loaded = self.load(self.operations.first()?, |_, _| ());
            return self.begin(ProbePhase::Crashing);
        }
        self.begin(next)
    }

    fn case(&mut self) -> Option<Case> {
        if self.phase == ProbePhase::Crashing {
            return self.next_crashing();
        }
        if self.shared == SharedStates::Spoiled {
            return None;
        }
        let subjected = self.operations.get(self.at)?;
        let (inputs, known) = (&self.inputs, &self.known);
        let control = |location: usize| subjected.control(inputs, known, subjected.locations.get(location)?);
        let probe = |queue: &mut VecDeque<Probe>| {
            std::iter::from_fn(|| queue.pop_front()).find_map(|probe| subjected.probe(inputs, known, probe))
        };
        match self.phase {
            ProbePhase::Least if std::mem::take(&mut self.loaded.least) => control(0),
            ProbePhase::Controls => std::iter::from_fn(|| self.loaded.controls.pop_front()).find_map(control),
            ProbePhase::Valid => probe(&mut self.loaded.valid),
            ProbePhase::Invalid => probe(&mut self.loaded.invalid),
            _ => None,
        }
    }

    fn opened(&mut self, variables: Map<String, Value>) {
        let known = self.fillings.iter().filter_map(|filling| {
            let value = variables.get(&filling.state)?.get(&filling.variable)?;
            Some((filling.glob.clone(), value.clone()))
        });
        self.known = known.collect();
        let of_state = |names: &ResourceNames, variable: &String| {
            let value = variables.get(&names.state)?.get(variable)?;
            Some((key_of_variable(&names.state, variable).parse().ok()?, value.clone()))
        };
        let names = self.inputs.names.iter();
        self.known.extend(names.flat_map(|names| names.variables.iter().filter_map(|one| of_state(names, one))));
    }

    fn sample(&self) -> Option<Value> {
        self.operations.get(self.at)?.sample(&self.inputs, &self.known)
    }

    fn ended(&mut self, case: &Case, aftermath: Aftermath) {
        let current = self.operations.get(self.at).filter(|_| self.phase != ProbePhase::Crashing);
        if current.is_some_and(|subjected| self.spoils(subjected, case, aftermath)) {
            self.shared = SharedStates::Spoiled;
        }
    }
}

#[cfg(test)]
mod tests;
