//! The order of probes: operation by operation, controls before what rests on them, legal inputs before wrong ones,
//! and what was seen to end an endpoint after everything else.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
};

use serde_json::{Map, Value};

use super::{
    Coverage, Effect, KnownValues, Location, ProbeOptions,
    derive::{ConstraintSite, Probe, Subjected, Turn, salt},
    input::{Inputs, fits},
};
use crate::{
    model::Operation,
    suite::{
        Case, Filling, Given, Opening, Plan, PlanStage, SelectionDigester, ServiceFixtures, Template, Whole,
        source::Source,
    },
};

/// The probes of one service, derived as they are asked for: one operation at a time is held.
#[derive(Debug)]
pub struct Probes {
    inputs: Inputs,
    fillings: Vec<Filling>,
    options: ProbeOptions,
    operations: Vec<Subjected>,
    selected: usize,
    whole: Whole,
    settled: usize,
    coverage: Coverage,
    /// The operation at hand.
    at: usize,
    /// What is handed out now.
    phase: ProbePhase,
    loaded: LoadedOperation,
    known: KnownValues,
}

/// What is handed out, in this order; the last phase is that of all operations, after everything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ProbePhase {
    Ready,
    Opened,
    Least,
    Controls,
    Legal,
    Wrong,
    Deadly,
}

/// What the operation at hand has to run.
#[derive(Debug, Default)]
struct LoadedOperation {
    /// Whether the least legal input is still to be handed out.
    least: bool,
    /// How many probes need not run again.
    settled: usize,
    /// Places whose legal neighbour is asked first, beside the least legal input.
    controls: VecDeque<usize>,
    /// The probes, each kind in its order.
    legal: VecDeque<Probe>,
    wrong: VecDeque<Probe>,
    deadly: VecDeque<Probe>,
}

impl LoadedOperation {
    fn probes(&self) -> usize {
        self.legal.len() + self.wrong.len() + self.deadly.len()
    }

    /// Cases in all: the probes, their controls and the control of the least legal input.
    fn cases(&self) -> usize {
        self.probes() + self.controls.len() + usize::from(self.least)
    }

    /// The ids of its cases.
    fn ids(&self, subjected: &Subjected) -> Vec<String> {
        let probes = self.legal.iter().chain(&self.wrong).chain(&self.deadly).map(|probe| probe.id.clone());
        let places = self.controls.iter().filter_map(|place| subjected.places.get(*place));
        let controls = places.map(|place| subjected.control_of(place));
        probes.chain(controls).chain(self.least.then(|| subjected.least_control())).collect()
    }

    fn enter(&mut self, probe: Probe) {
        match probe.turn() {
            Turn::First => self.legal.push_back(probe),
            Turn::Second => self.wrong.push_back(probe),
            Turn::Last => self.deadly.push_back(probe),
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
            coverage: Coverage::default(),
            at: 0,
            phase: ProbePhase::Ready,
            loaded: LoadedOperation::default(),
            known: KnownValues::new(),
            inputs,
            options,
        };
        let mut operations: Vec<&Operation> = service.contract().operations().collect();
        // What an endpoint took wrongly shows in later reads: they come first, and what takes things away last.
        operations.sort_by_key(|operation| (Effect::of(operation), &operation.name));
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

    /// How many probes there are beside those of the selection that need not run again.
    #[must_use]
    pub fn settled(&self) -> usize {
        self.settled
    }

    /// The ids of all cases, in no order.
    pub fn ids(&self) -> impl Iterator<Item = String> {
        self.operations.iter().flat_map(|subjected| self.load(subjected, |_, _| ()).ids(subjected))
    }

    /// The sites of the model, and which of them are probed.
    #[must_use]
    pub fn coverage(&self) -> Coverage {
        self.coverage.clone()
    }

    /// Enters an operation: into the whole selection, and into what is run if it belongs to this part.
    fn enter(&mut self, subjected: Subjected, selecting: &mut SelectionDigester) {
        let mut coverage = std::mem::take(&mut self.coverage);
        let own = self.has(&subjected);
        let loaded = self.load(&subjected, |site, kept| {
            if own {
                coverage.enter(site, kept);
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

    /// Whether an operation belongs to this part.
    fn has(&self, subjected: &Subjected) -> bool {
        self.options.shard.is_none_or(|shard| shard.has(&subjected.least_control()))
    }

    fn leave_out(&mut self, subjected: &Subjected, reason: &str) {
        if !self.has(subjected) {
            return;
        }
        for place in 0..subjected.places.len() {
            for site in subjected.sites(&self.inputs, place, &self.options.families) {
                self.coverage.leave_out(&site, reason);
            }
        }
    }

    /// Everything that an operation has to run, and every site of it as it comes with the number of its probes.
    fn load(&self, subjected: &Subjected, mut seen: impl FnMut(&ConstraintSite, usize)) -> LoadedOperation {
        let chosen = self.chosen(subjected);
        let mut loaded = LoadedOperation::default();
        for (index, place) in subjected.places.iter().enumerate() {
            let (before, mut asked) = (loaded.probes(), 0);
            for mut site in self.sites(subjected, index) {
                let mut kept = std::mem::take(&mut site.probes);
                kept.retain(|probe| self.keeps(probe, chosen.as_ref()));
                let asked_here = kept.len();
                asked += asked_here;
                kept.retain(|probe| !self.options.settled.contains(&probe.id));
                loaded.settled += asked_here - kept.len();
                seen(&site, kept.len());
                for probe in kept {
                    loaded.enter(probe);
                }
            }
            // A control runs for what rests on it, and where it is itself what has to run again.
            let again = asked > 0 && !self.options.settled.contains(&subjected.control_of(place));
            if loaded.probes() > before || again {
                loaded.least = true;
                loaded.controls.extend((!place.in_minimal).then_some(index));
            }
        }
        loaded
    }

    /// What there is to ask at a place. A place that no legal input reaches has sites, and nothing to ask.
    fn sites(&self, subjected: &Subjected, index: usize) -> Vec<ConstraintSite> {
        let mut sites = subjected.sites(&self.inputs, index, &self.options.families);
        let reason = subjected.places.get(index).and_then(|place| subjected.unreachable(&self.inputs, place));
        if let Some(reason) = reason {
            for site in &mut sites {
                site.probes.clear();
                site.unasked = vec![reason.to_string()];
            }
        }
        sites
    }

    /// The ids that a limit leaves of an operation, those with the least hashes, so that one seed always picks the
    /// same; `None`: all.
    fn chosen(&self, subjected: &Subjected) -> Option<BTreeSet<String>> {
        let limit = self.options.max_per_operation?;
        let places = 0..subjected.places.len();
        let ids =
            places.flat_map(|place| self.sites(subjected, place)).flat_map(|site| site.probes).map(|probe| probe.id);
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
        for place in subjected.places.iter().filter(|place| !place.path.is_root()) {
            let state = self.filling(subjected, place).map(|filling| filling.state.as_str());
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

    fn filling(&self, subjected: &Subjected, place: &Location) -> Option<&Filling> {
        let name = format!("{}/{}", subjected.operation.name, place.path.slashed());
        self.fillings.iter().find(|filling| fits(&filling.glob, &name))
    }

    /// The stage of the phase that begins.
    fn begin(&mut self, phase: ProbePhase) -> Option<PlanStage> {
        self.phase = phase;
        match phase {
            ProbePhase::Opened => {
                let loaded = self.load(self.operations.get(self.at)?, |_, _| ());
                self.loaded = loaded;
                self.known.clear();
                Some(PlanStage::Open(self.opening(self.operations.get(self.at)?)))
            }
            // One at a time: who ended the endpoint is plain then.
            ProbePhase::Deadly => {
                self.known.clear();
                Some(PlanStage::Cases(Some(1)))
            }
            _ => Some(PlanStage::Cases(None)),
        }
    }

    /// The next case of all operations that may end the endpoint.
    fn next_deadly(&mut self) -> Option<Case> {
        loop {
            let subjected = self.operations.get(self.at)?;
            if let Some(probe) = self.loaded.deadly.pop_front() {
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
            ProbePhase::Controls => ProbePhase::Legal,
            ProbePhase::Legal => ProbePhase::Wrong,
            ProbePhase::Wrong => {
                self.at += 1;
                ProbePhase::Opened
            }
            ProbePhase::Deadly => return None,
        };
        if next == ProbePhase::Opened && self.at >= self.operations.len() {
            self.at = 0;
            self.loaded = self.load(self.operations.first()?, |_, _| ());
            return self.begin(ProbePhase::Deadly);
        }
        self.begin(next)
    }

    fn case(&mut self) -> Option<Case> {
        if self.phase == ProbePhase::Deadly {
            return self.next_deadly();
        }
        let subjected = self.operations.get(self.at)?;
        let (inputs, known) = (&self.inputs, &self.known);
        let control = |place: usize| subjected.control(inputs, known, subjected.places.get(place)?);
        let probe = |queue: &mut VecDeque<Probe>| {
            std::iter::from_fn(|| queue.pop_front()).find_map(|probe| subjected.probe(inputs, known, probe))
        };
        match self.phase {
            ProbePhase::Least if std::mem::take(&mut self.loaded.least) => control(0),
            ProbePhase::Controls => std::iter::from_fn(|| self.loaded.controls.pop_front()).find_map(control),
            ProbePhase::Legal => probe(&mut self.loaded.legal),
            ProbePhase::Wrong => probe(&mut self.loaded.wrong),
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
    fn controls_come_first_then_legal_inputs_then_wrong_ones_and_what_may_end_the_endpoint_last() {
        let stages = ids(ProbeOptions::default());
        assert_eq!(stages.len(), 6, "an opening, two of controls, legal, wrong, deadly");
        assert!(stages[0].is_empty());
        assert_eq!(stages[1], ["s.Put/control"]);
        assert!(stages[2].contains(&"s.Put/tags[]/key/control".to_owned()));
        assert!(stages[3].contains(&"s.Put/name/length/max".to_owned()));
        assert!(stages[4].contains(&"s.Put/name/length/over".to_owned()));
        assert!(stages[5].contains(&"s.Put/request/null".to_owned()));
    }

    #[test]
    fn a_filter_keeps_the_controls_that_its_probes_rest_on() {
        let filters = vec!["s.Put/tags[]/key/required/null".to_owned()];
        let all: Vec<String> = ids(ProbeOptions { filters, ..ProbeOptions::default() }).concat();
        assert_eq!(all, ["s.Put/control", "s.Put/tags[]/key/control", "s.Put/tags[]/key/required/null"]);
    }

    #[test]
    fn a_filter_that_nothing_fits_leaves_nothing_to_open() {
        let filters = vec!["elsewhere".to_owned()];
        assert!(ids(ProbeOptions { filters, ..ProbeOptions::default() }).concat().is_empty());
    }
}
