//! One operation's places and families to its probes, and a probe to its case.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::{Map, Value};

use super::{
    Effect, KnownValues, Location, ProbeFamily, Unbuildable,
    change::{InputChange, apply},
    family::{ASKS, DraftProbe, ProbeDraft, ProbeSubject, Want, deadly},
    input::{Inputs, Reached, Recipe, text_rule},
    place::places,
    refusal::own_errors,
};
use crate::{
    model::Operation,
    suite::{
        Alternative, Call, CallerName, Case, CaseId, CaseStanding, Expectation, Region, Scenario, ScenarioRow, Step,
        Template, requirement::Evidence, source::Source,
    },
    wire::{RefusalClass, digest::Sha256},
};

/// One probe, before its request is built.
#[derive(Debug, Clone)]
pub(super) struct Probe {
    /// `service.Operation/place/family/variant`.
    pub(super) id: String,
    pub(super) family: ProbeFamily,
    rule: String,
    draft: ProbeDraft,
    place: usize,
    control: String,
}

impl Probe {
    /// When it runs among the probes of its operation: a refused one that is taken all the same must not spoil others.
    pub(super) fn turn(&self) -> Turn {
        match self.draft.want {
            _ if self.family == ProbeFamily::Request && deadly(&self.draft.variant) => Turn::Last,
            Want::Admitted | Want::Tolerated => Turn::First,
            _ => Turn::Second,
        }
    }
}

/// When a probe runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Turn {
    /// Legal inputs first.
    First,
    /// What must be refused.
    Second,
    /// What was seen to end an endpoint, when all else is done.
    Last,
}

/// What one family has at one place.
#[derive(Debug)]
pub(super) struct ConstraintSite {
    pub(super) family: ProbeFamily,
    pub(super) probes: Vec<Probe>,
    /// What cannot be asked there, and why.
    pub(super) unasked: Vec<String>,
}

/// One operation under probe.
#[derive(Debug)]
pub(super) struct Subjected {
    pub(super) operation: Arc<Operation>,
    pub(super) places: Vec<Location>,
    pub(super) service: String,
    prefix: String,
    source: Arc<Source>,
    seed: u64,
}

impl Subjected {
    pub(super) fn new(inputs: &Inputs, service: &str, operation: &Operation, source: &Arc<Source>, seed: u64) -> Self {
        Self {
            places: places(inputs, operation),
            prefix: format!("{service}.{}", operation.name),
            operation: Arc::new(operation.clone()),
            service: service.to_owned(),
            source: Arc::clone(source),
            seed,
        }
    }

    /// The id of the case that shows whether the least legal input is taken.
    pub(super) fn least_control(&self) -> String {
        format!("{}/control", self.prefix)
    }

    /// The id of the case that shows whether a legal input which holds the place is taken.
    pub(super) fn control_of(&self, place: &Location) -> String {
        if place.in_minimal { self.least_control() } else { format!("{}/{}/control", self.prefix, place.path) }
    }

    /// What the families have to ask at one place.
    pub(super) fn sites(&self, inputs: &Inputs, index: usize, families: &BTreeSet<ProbeFamily>) -> Vec<ConstraintSite> {
        let Some((place, shape)) =
            self.places.get(index).and_then(|place| Some((place, inputs.contract().shape(&place.target)?)))
        else {
            return Vec::new();
        };
        let at = if place.path.is_root() { self.prefix.clone() } else { format!("{}/{}", self.prefix, place.path) };
        let wanted = ASKS.iter().filter(|(family, _)| families.is_empty() || families.contains(family));
        let sites = wanted.filter_map(|(family, ask)| {
            let id = format!("{at}/{family}");
            let asked = ask(&ProbeSubject { inputs, recipe: self.sketch(), place, shape })?;
            Some(self.site(&id, *family, index, asked))
        });
        sites.collect()
    }

    fn site(&self, id: &str, family: ProbeFamily, place: usize, asked: DraftProbe) -> ConstraintSite {
        let control = self.places.get(place).map(|place| self.control_of(place)).unwrap_or_default();
        let origin = self.places.get(place).map(Location::origin).unwrap_or_default();
        let rule = format!("{origin}: {}", asked.rule);
        let mut seen = BTreeSet::new();
        let probes = asked.drafts.into_iter().map(|mut draft| {
            while !seen.insert(draft.variant.clone()) {
                draft.variant.push('\'');
            }
            let id_of = format!("{id}/{}", draft.variant);
            Probe { id: id_of, family, rule: rule.clone(), draft, place, control: control.clone() }
        });
        ConstraintSite { probes: probes.collect(), unasked: asked.unasked, family }
    }

    fn recipe<'a>(&'a self, id: &str, known: &'a KnownValues) -> Recipe<'a> {
        Recipe { operation: &self.operation, known, salt: Some(salt(self.seed, id)) }
    }

    /// What is built without being sent: the same for every seed, so that ids are.
    fn sketch(&self) -> Recipe<'_> {
        Recipe { operation: &self.operation, known: &NOTHING_KNOWN, salt: None }
    }

    /// The least legal input, as the survey asks with.
    pub(super) fn sample(&self, inputs: &Inputs) -> Option<Value> {
        inputs.least(self.recipe(&self.least_control(), &NOTHING_KNOWN)).ok()
    }

    /// Why a place cannot be reached by a legal input, if it cannot.
    pub(super) fn unreachable(&self, inputs: &Inputs, place: &Location) -> Option<Unbuildable> {
        inputs.obstacle(&self.operation, place)
    }

    /// The case that shows whether a legal input that holds the place is taken.
    pub(super) fn control(&self, inputs: &Inputs, known: &KnownValues, place: &Location) -> Option<Case> {
        let id = self.control_of(place);
        let reached = self.reached(inputs, known, &id, place)?;
        let own = own_errors(inputs.contract(), &self.operation, Some(place));
        let what = if place.in_minimal {
            "the least legal input".to_owned()
        } else {
            format!("{} has a legal value", place.path)
        };
        Some(self.case(CaseOf {
            id,
            title: format!("{}: {what}", self.operation.name),
            rule: "the input shape".to_owned(),
            evidence: Evidence::Recorded,
            tag: "control",
            // What an endpoint said may break the model, and is no fault of ours.
            call: self.call(reached.input, known.is_empty()),
            alternatives: vec![Alternative::Admitted { except: own }],
            standing: CaseStanding::Control,
        }))
    }

    /// The case of a probe.
    pub(super) fn probe(&self, inputs: &Inputs, known: &KnownValues, probe: Probe) -> Option<Case> {
        let place = self.places.get(probe.place)?;
        let reached = self.reached(inputs, known, &probe.id, place)?;
        let recipe = self.recipe(&probe.id, known);
        let change = settled(inputs, recipe, place, probe.draft.change)?;
        let full = || inputs.full(recipe).ok();
        let changed = apply(change, reached, place.is_key(), full)?;
        let call = Call {
            fault: changed.fault,
            raw: changed.bytes,
            ..self.call(changed.input, changed.legal && known.is_empty())
        };
        let own = own_errors(inputs.contract(), &self.operation, Some(place));
        let name = if place.path.is_root() { "the request".to_owned() } else { place.path.to_string() };
        let want = self.due(probe.draft.want);
        Some(self.case(CaseOf {
            id: probe.id,
            title: format!("{}: {name} {}", self.operation.name, probe.draft.says),
            rule: probe.rule,
            evidence: evidence(probe.family, want),
            tag: probe.family.name(),
            call,
            alternatives: alternatives(want, own, place.names_a_resource(), probe.draft.looks_like),
            standing: CaseStanding::Controlled(CaseId(probe.control)),
        }))
    }

    /// What is due of this operation: one that can be done once may refuse a legal input after its control.
    fn due(&self, want: Want) -> Want {
        if want == Want::Admitted && Effect::is_once(&self.operation) { Want::Tolerated } else { want }
    }

    /// What is known may stand in the way of a place: then it is reached without.
    fn reached(&self, inputs: &Inputs, known: &KnownValues, id: &str, place: &Location) -> Option<Reached> {
        let with = inputs.reaching(self.recipe(id, known), place);
        with.or_else(|_| inputs.reaching(self.recipe(id, &NOTHING_KNOWN), place)).ok()
    }

    fn call(&self, input: Value, legal: bool) -> Call {
        Call {
            service: self.service.clone(),
            operation: self.operation.name.clone(),
            input: Template::Literal(input),
            legal,
            caller: CallerName::Owner,
            region: Region::Home,
            fault: None,
            raw: None,
        }
    }

    fn case(&self, of: CaseOf) -> Case {
        let step = Step::once(of.call, Expectation { alternatives: of.alternatives });
        let scenario = Scenario {
            id: of.id.clone(),
            service: self.service.clone(),
            operation: self.operation.name.clone(),
            title: of.title,
            cites: vec![of.rule],
            evidence: of.evidence,
            tags: vec![of.tag.to_owned()],
            given: Vec::new(),
            rows: Vec::new(),
            steps: vec![step],
            teardown: Vec::new(),
            source: Arc::clone(&self.source),
            standing: of.standing,
        };
        Case { id: CaseId(of.id), scenario: Arc::new(scenario), row: ScenarioRow { name: None, values: Map::new() } }
    }
}

/// A change whose value is made.
fn settled(inputs: &Inputs, recipe: Recipe<'_>, place: &Location, change: InputChange) -> Option<InputChange> {
    let value = match change {
        InputChange::Items(count) => inputs.list(recipe, place, count).ok()?,
        InputChange::Text(length) => {
            let rule = text_rule(inputs.contract().shape(&place.target)?, place.traits());
            let (witness, salt) = (inputs.witness(rule).ok()?, recipe.salt.unwrap_or_default().wrapping_add(1));
            match length {
                None => witness.text(salt).into(),
                // Some texts are found for some salts alone.
                Some(length) => match witness.of_length(length, salt) {
                    Some(text) => text.into(),
                    None => inputs.of_length(rule, length).ok()??.as_ref().into(),
                },
            }
        }
        other => return Some(other),
    };
    Some(InputChange::Set(value))
}

static NOTHING_KNOWN: KnownValues = KnownValues::new();

/// What one case has of its own.
struct CaseOf {
    id: String,
    title: String,
    rule: String,
    evidence: Evidence,
    tag: &'static str,
    call: Call,
    alternatives: Vec<Alternative>,
    standing: CaseStanding,
}

/// The ground of a probe: the model where it has a trait, the protocol's specification where every input is alike.
fn evidence(family: ProbeFamily, want: Want) -> Evidence {
    match want {
        Want::Tolerated | Want::Turned => Evidence::Recorded,
        _ if family.is_constraint() || family == ProbeFamily::Example => Evidence::Modelled,
        _ => Evidence::Protocol,
    }
}

/// `of_resource`: the value names a resource. Who may act on it may be asked before its name is looked at.
fn alternatives(want: Want, own: Vec<String>, of_resource: bool, looks_like: Option<Value>) -> Vec<Alternative> {
    let refusal = |errors: Vec<String>, classes: &[RefusalClass]| {
        vec![Alternative::Refusal { errors, classes: classes.to_vec(), statuses: Vec::new() }]
    };
    match want {
        Want::Refused if of_resource => refusal(own, &[RefusalClass::Constraint, RefusalClass::Auth]),
        Want::Refused => refusal(own, &[RefusalClass::Constraint]),
        Want::Unread => refusal(own, &[RefusalClass::Serialization, RefusalClass::Constraint]),
        Want::Malformed => refusal(Vec::new(), &[RefusalClass::Serialization]),
        Want::Unknown => refusal(Vec::new(), &[RefusalClass::UnknownOperation]),
        Want::Unsigned => refusal(Vec::new(), &[RefusalClass::Auth]),
        Want::Turned => refusal(Vec::new(), &[RefusalClass::Client]),
        Want::Admitted | Want::Tolerated => {
            let shaped =
                looks_like.map(|body| Alternative::Success { status: 200, body: Some(Template::Literal(body)) });
            shaped.into_iter().chain([Alternative::Admitted { except: own }]).collect()
        }
        Want::Answered => vec![Alternative::Answered],
    }
}

/// A number that is the same for the same seed and id.
pub(super) fn salt(seed: u64, id: &str) -> u64 {
    let mut hash = Sha256::new();
    hash.update(seed.to_be_bytes());
    hash.update(id.as_bytes());
    let digest = hash.finalize();
    digest.iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte))
}
