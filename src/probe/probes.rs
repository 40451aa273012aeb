//! The order of probes: operation by operation, controls before the probes that rest on them, valid inputs before
//! invalid ones, and requests that were seen to crash endpoints last.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
};

use serde_json::{Map, Value};

use super::{
    Coverage, Effect, KnownValues, Location, ProbeFamily, ProbeOptions, UnprobedReason,
    derive::{Probe, ProbedConstraint, Subjected, Turn, salt},
    id_heads::IdHeads,
    input::Inputs,
};
use crate::{
    model::Operation,
    suite::{
        Case, Filling, Given, Opening, Plan, PlanStage, SelectionDigester, ServiceFixtures, Template, Whole,
        source::Source,
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

/// The remaining probes of the current operation.
#[derive(Debug, Default)]
struct LoadedOperation {
    /// True if the control with the least valid input is still to run.
    least: bool,
    /// The number of probes that need not run again.
    settled: usize,
    /// Locations with a control of their own.
    controls: VecDeque<usize>,
    valid: VecDeque<Probe>,
    invalid: VecDeque<Probe>,
    crashing: VecDeque<Probe>,
}

impl LoadedOperation {
    fn probes(&self) -> usize {
        self.valid.len() + self.invalid.len() + self.crashing.len()
    }

    /// All cases: the probes, their controls and the control with the least valid input.
    fn cases(&self) -> usize {
        self.probes() + self.controls.len() + usize::from(self.least)
    }

    fn ids(&self, subjected: &Subjected) -> Vec<String> {
        let probes = self.valid.iter().chain(&self.invalid).chain(&self.crashing).map(|probe| probe.id.clone());
        let locations = self.controls.iter().filter_map(|location| subjected.locations.get(*location));
        let controls = locations.map(|location| subjected.control_of(location));
        probes.chain(controls).chain(self.least.then(|| subjected.least_control())).collect()
    }

    fn enter(&mut self, probe: Probe) {
        match probe.turn() {
            Turn::First => self.valid.push_back(probe),
            Turn::Second => self.invalid.push_back(probe),
            Turn::Last => self.crashing.push_back(probe),
        }
    }
}

impl Probes {
    /// Derives the probes of a service.
    #[must_use]
    pub fn new(service: &ServiceFixtures, source: &Arc<Source>, options: ProbeOptions) -> Self {
        let inputs = Inputs::new(Arc::clone(&service.schemas), &service.fillings);
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
            let subjected = Subjected::new(&probes.inputs, &service.name, operation, source, probes.options.seed);
            match probes.options.leaves_out(operation) {
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
        for location in subjected.locations.iter().filter(|location| !location.path.is_root()) {
            let state = self.filling(subjected, location).map(|filling| filling.state.as_str());
            states.extend(state.filter(|state| !states.contains(state)));
        }
        let given = states.into_iter().map(|state| Given {
            variable: state.to_owned(),
            state: state.to_owned(),
            params: Template::Literal(Value::Object(Map::new())),
        });
        Opening {
            service: subjected.service.clone(),
            operation: subjected.operation.name.clone(),
            sample: subjected.sample(&self.inputs),
            given: given.collect(),
        }
    }

    fn filling(&self, subjected: &Subjected, location: &Location) -> Option<&Filling> {
        let name = format!("{}/{}", subjected.operation.name, location.path.slashed());
        self.fillings.iter().find(|filling| filling.glob.matches_whole(&name))
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
            _ => Some(PlanStage::Cases(None)),
        }
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
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::testing::{SHAPES, probes};

    fn ids(options: ProbeOptions) -> Vec<Vec<String>> {
        let mut probes = probes(SHAPES, options);
        let mut stages = Vec::new();
        while probes.stage().is_some() {
            stages.push(std::iter::from_fn(|| probes.case()).map(|case| case.id.0).collect());
        }
        let all: usize = stages.iter().map(Vec::len).sum();
        assert_eq!(all, probes.selected());
        stages
    }

    #[test]
    fn controls_come_first_then_valid_inputs_then_invalid_ones_and_crashing_requests_last() {
        let stages = ids(ProbeOptions::default());
        assert_eq!(stages.len(), 6, "an opening, two of controls, valid, invalid, crashing");
        assert!(stages[0].is_empty());
        assert_eq!(stages[1], ["s.Put/control"]);
        assert!(stages[2].contains(&"s.Put/tags[]/key/control".to_owned()));
        assert!(stages[3].contains(&"s.Put/name/length/max".to_owned()));
        assert!(stages[4].contains(&"s.Put/name/length/over".to_owned()));
        assert!(stages[5].contains(&"s.Put/request/null".to_owned()));
    }

    #[test]
    fn a_filter_keeps_the_controls_that_its_probes_rest_on() {
        let filters = vec!["s.Put/tags[]/key/required/null".parse().unwrap()];
        let all: Vec<String> = ids(ProbeOptions { filters, ..ProbeOptions::default() }).concat();
        assert_eq!(all, ["s.Put/control", "s.Put/tags[]/key/control", "s.Put/tags[]/key/required/null"]);
    }

    /// The number of constraints that were derived.
    fn derived(options: ProbeOptions) -> usize {
        probes(SHAPES, options).coverage().families().map(|(_, counts)| counts.total).sum()
    }

    #[rstest::rstest]
    #[case::id("s.Put/tags[]/key/required/null", 1)]
    #[case::location("s.Put/name/*", 4)]
    #[case::of_a_location_and_below("s.Put/tags*", 8)]
    #[case::an_operation_that_does_not_exist("s.Gut/*", 0)]
    fn only_what_a_filter_names_is_derived(#[case] filter: &str, #[case] constraints: usize) {
        let filters = vec![filter.parse().unwrap()];
        assert_eq!(derived(ProbeOptions { filters, ..ProbeOptions::default() }), constraints);
    }

    #[test]
    fn one_id_derives_one_constraint_and_the_controls_that_its_probe_rests_on() {
        let all: BTreeSet<String> = ids(ProbeOptions::default()).concat().into_iter().collect();
        for id in all.iter().filter(|id| !id.ends_with("/control")) {
            let options = ProbeOptions { only: Some([id.clone()].into()), ..ProbeOptions::default() };
            assert_eq!(derived(options.clone()), 1, "{id}");
            let found: Vec<String> = ids(options).concat();
            assert!(found.contains(id) && found.iter().all(|one| one == id || one.ends_with("/control")), "{found:?}");
        }
    }

    #[test]
    fn the_beginnings_of_ids_leave_out_nothing_that_a_filter_matches() {
        let all: Vec<String> = ids(ProbeOptions::default()).concat();
        let globs = all
            .iter()
            .cloned()
            .chain(["*null", "s.Put/{name,by}/*", "Put/name", "s.Put", "s.", "s.Put/na", "ame/len"].map(str::to_owned));
        for text in globs {
            let glob: crate::suite::Glob = text.parse().unwrap();
            let expected: BTreeSet<&String> = all.iter().filter(|id| glob.matches(id)).collect();
            let found = ids(ProbeOptions { filters: vec![glob], ..ProbeOptions::default() }).concat();
            assert!(expected.into_iter().all(|id| found.contains(id)), "{text}");
        }
    }

    #[rstest::rstest]
    #[case::of_a_location("s.Put/tags[]/key/control", &["s.Put/control", "s.Put/tags[]/key/control"])]
    #[case::least("s.Put/control", &["s.Put/control"])]
    #[case::settled_by_none("s.Put/tags[]/control/x", &[])]
    fn a_control_runs_alone_if_a_filter_is_its_id(#[case] filter: &str, #[case] expected: &[&str]) {
        let filters = vec![filter.parse().unwrap()];
        assert_eq!(ids(ProbeOptions { filters, ..ProbeOptions::default() }).concat(), expected);
    }

    #[test]
    fn a_filter_that_matches_nothing_leaves_nothing_to_open() {
        let filters = vec!["elsewhere".parse().unwrap()];
        assert!(ids(ProbeOptions { filters, ..ProbeOptions::default() }).concat().is_empty());
    }
}
