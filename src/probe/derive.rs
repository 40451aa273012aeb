//! The probes of one operation, and the case of each.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::{Map, Value};

use super::{
    Effect, KnownValues, Location, ProbeFamily, Unbuildable, UnprobedReason,
    change::{InputChange, apply, unlike, unlike_digits},
    family::{ExpectedOutcome, FamilyDrafts, ProbeDraft, ProbeSubject},
    input::{Inputs, Reached, Recipe, text_rule},
    location::locations,
    rejection::own_errors,
    related_errors,
    sequence::Sequence,
    sequence_writer::SequenceWriter,
    witness::TextRule,
};
use crate::{
    model::{Contract, Operation, ShapeKind},
    suite::{
        Alternative, Call, CallSigning, CallerName, Case, CaseAim, CaseId, CaseStanding, Expectation, Region,
        RequestGroup, Scenario, ScenarioRow, Step, Template, requirement::Evidence, source::Source,
    },
    wire::{RejectionClass, digest::Sha256},
};

/// One probe, before its request is built.
#[derive(Debug, Clone)]
pub(super) struct Probe {
    /// `service.Operation/location/family/variant`.
    pub(super) id: String,
    pub(super) family: ProbeFamily,
    rule: String,
    pub(super) draft: ProbeDraft,
    location: usize,
    control: String,
}

impl Probe {
    /// The turn of the probe within its operation: an invalid request that is accepted must not affect valid ones.
    pub(super) fn turn(&self) -> Turn {
        match self.draft.expected {
            _ if self.draft.may_crash => Turn::Last,
            ExpectedOutcome::Accepted | ExpectedOutcome::Tolerated => Turn::First,
            _ => Turn::Second,
        }
    }
}

/// The turn of a probe within its operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Turn {
    /// Valid inputs.
    First,
    /// Requests that must be rejected.
    Second,
    /// Requests that were seen to crash endpoints.
    Last,
}

/// One constraint at one location, with its probes.
#[derive(Debug)]
pub(super) struct ProbedConstraint {
    pub(super) family: ProbeFamily,
    pub(super) probes: Vec<Probe>,
    pub(super) unprobed: Vec<UnprobedReason>,
}

/// One operation under probe.
#[derive(Debug)]
pub(super) struct Subjected {
    pub(super) operation: Arc<Operation>,
    pub(super) locations: Vec<Location>,
    pub(super) service: String,
    prefix: String,
    source: Arc<Source>,
    seed: u64,
    /// The calls that remove what the operation creates.
    pub(super) removal: Vec<Step>,
}

impl Subjected {
    pub(super) fn new(inputs: &Inputs, service: &str, operation: &Operation, source: &Arc<Source>, seed: u64) -> Self {
        Self {
            locations: locations(inputs, operation),
            prefix: format!("{service}.{}", operation.name),
            operation: Arc::new(operation.clone()),
            service: service.to_owned(),
            source: Arc::clone(source),
            seed,
            removal: Vec::new(),
        }
    }

    /// The id of the control with the least valid input.
    pub(super) fn least_control(&self) -> String {
        format!("{}/control", self.prefix)
    }

    /// The id of the control whose valid input has the location.
    pub(super) fn control_of(&self, location: &Location) -> String {
        if location.in_least_input {
            self.least_control()
        } else {
            format!("{}/{}/control", self.prefix, location.path)
        }
    }

    /// The constraints at one location of the families that are wanted there, with their probes.
    pub(super) fn constraints(
        &self,
        inputs: &Inputs,
        index: usize,
        wants: &dyn Fn(&str, ProbeFamily) -> bool,
    ) -> Vec<ProbedConstraint> {
        let Some((location, shape)) =
            self.locations.get(index).and_then(|location| Some((location, inputs.contract().shape(&location.target)?)))
        else {
            return Vec::new();
        };
        let at =
            if location.path.is_root() { self.prefix.clone() } else { format!("{}/{}", self.prefix, location.path) };
        let wanted = ProbeFamily::ALL.into_iter().filter(|family| wants(&at, *family));
        let place = inputs.place(&self.operation, location);
        let constraints = wanted.filter_map(|family| {
            let drafts = family.draft(&ProbeSubject { inputs, recipe: self.sketch(), location, shape, place })?;
            Some(self.constraint(&format!("{at}/{family}"), family, index, drafts))
        });
        constraints.collect()
    }

    fn constraint(&self, id: &str, family: ProbeFamily, location: usize, drafts: FamilyDrafts) -> ProbedConstraint {
        let control = self.locations.get(location).map(|location| self.control_of(location)).unwrap_or_default();
        let origin = self.locations.get(location).map(Location::origin).unwrap_or_default();
        let rule = format!("{origin}: {}", drafts.rule);
        let mut seen = BTreeSet::new();
        let probes = drafts.drafts.into_iter().map(|mut draft| {
            while !seen.insert(draft.variant.clone()) {
                draft.variant.push('\'');
            }
            let id_of = format!("{id}/{}", draft.variant);
            Probe { id: id_of, family, rule: rule.clone(), draft, location, control: control.clone() }
        });
        ProbedConstraint { probes: probes.collect(), unprobed: drafts.unprobed, family }
    }

    fn recipe<'a>(&'a self, id: &str, known: &'a KnownValues) -> Recipe<'a> {
        Recipe { operation: &self.operation, known, salt: Some(salt(self.seed, id)) }
    }

    /// For inputs that are built and not sent. They are the same for every seed, and so are the ids.
    fn sketch(&self) -> Recipe<'_> {
        Recipe { operation: &self.operation, known: &NOTHING_KNOWN, salt: None }
    }

    /// The least valid input, for the presence check. Its names are not those of the control, so that the control does not
    /// meet what the presence check created.
    pub(super) fn sample(&self, inputs: &Inputs, known: &KnownValues) -> Option<Value> {
        inputs.least(self.recipe(&format!("{}/presence", self.prefix), known)).ok()
    }

    /// Returns why no valid input reaches a location, if none does.
    pub(super) fn unreachable(&self, inputs: &Inputs, location: &Location) -> Option<Unbuildable> {
        inputs.obstacle(&self.operation, location)
    }

    /// The control of a location.
    pub(super) fn control(&self, inputs: &Inputs, known: &KnownValues, location: &Location) -> Option<Case> {
        let id = self.control_of(location);
        let reached = self.reached(inputs, known, &id, location)?;
        let own = own_errors(inputs.contract(), &self.operation, Some(location));
        let what = if location.in_least_input {
            "the least valid input".to_owned()
        } else {
            format!("{} has a valid value", location.path)
        };
        Some(self.case(CaseOf {
            id,
            title: format!("{}: {what}", self.operation.name),
            rule: "the input shape".to_owned(),
            evidence: Evidence::Recorded,
            tag: "control",
            // A value that the endpoint returned may violate the model.
            call: self.call(reached.input, known.is_empty()),
            alternatives: vec![Alternative::Accepted { except: own }],
            standing: CaseStanding::Control,
            aim: CaseAim {
                group: RequestGroup::Sdk,
                valid: true,
                location: Some(location.path.to_string()),
                family: None,
            },
        }))
    }

    /// The case of a probe. If the value that an endpoint returned for a state does not fit, it is made up instead.
    pub(super) fn probe(&self, inputs: &Inputs, known: &KnownValues, probe: Probe) -> Option<Case> {
        self.probe_with(inputs, known, probe.clone()).or_else(|| self.probe_with(inputs, &NOTHING_KNOWN, probe))
    }

    fn probe_with(&self, inputs: &Inputs, known: &KnownValues, probe: Probe) -> Option<Case> {
        let location = self.locations.get(probe.location)?;
        if let Some(sequence) = probe.draft.sequence.clone() {
            return self.several(inputs, known, probe, &sequence);
        }
        let reached = self.reached(inputs, known, &probe.id, location)?;
        let recipe = self.recipe(&probe.id, known);
        let change = built(inputs, recipe, location, &reached, probe.draft.change)?;
        let full = || inputs.full(recipe).ok();
        let changed = apply(change, reached, location.is_key(), full)?;
        let call = Call {
            signing: changed.fault.map(CallSigning::Always),
            raw: changed.bytes,
            ..self.call(changed.input, changed.valid && known.is_empty())
        };
        let own = own_errors(inputs.contract(), &self.operation, Some(location));
        let name = if location.path.is_root() { "the request".to_owned() } else { location.path.to_string() };
        let expected = self.expected(probe.draft.expected);
        Some(self.case(CaseOf {
            id: probe.id,
            title: format!("{}: {name} {}", self.operation.name, probe.draft.title),
            rule: probe.rule,
            evidence: evidence(probe.family, expected),
            tag: probe.family.name(),
            call,
            alternatives: match expected {
                ExpectedOutcome::Absent => not_found(inputs.contract(), &self.operation, location),
                _ => alternatives(expected, own, location.names_a_resource(), probe.draft.looks_like),
            },
            standing: CaseStanding::Controlled(CaseId(probe.control)),
            aim: CaseAim {
                group: probe.family.group(),
                valid: expected.is_acceptance(),
                location: Some(location.path.to_string()),
                family: Some(probe.family.name().to_owned()),
            },
        }))
    }

    /// The case of a probe of several calls.
    fn several(&self, inputs: &Inputs, known: &KnownValues, probe: Probe, sequence: &Sequence) -> Option<Case> {
        let location = self.locations.get(probe.location)?;
        let reached = self.reached(inputs, known, &probe.id, location)?;
        let call = |input: Value, valid: bool| self.call(input, valid);
        let salt = salt(self.seed, &probe.id);
        let writer = SequenceWriter { operation: &self.operation, inputs, known, salt, call: &call };
        let steps = writer.steps(sequence, location, reached)?;
        let name = if location.path.is_root() { "the request".to_owned() } else { location.path.to_string() };
        let scenario = self.scenario(ScenarioOf {
            id: probe.id,
            title: format!("{}: {name} {}", self.operation.name, probe.draft.title),
            rule: probe.rule,
            evidence: if probe.draft.is_likely { Evidence::Inferred } else { probe.family.evidence() },
            tag: probe.family.name(),
            steps,
            standing: if sequence.makes_its_own() {
                CaseStanding::Prepared
            } else {
                CaseStanding::Controlled(CaseId(probe.control))
            },
            aim: CaseAim {
                group: probe.family.group(),
                valid: sequence.ends_in_success(),
                location: Some(location.path.to_string()),
                family: Some(probe.family.name().to_owned()),
            },
        });
        Some(scenario)
    }

    /// An operation that can be done once may reject a valid input after its control.
    fn expected(&self, outcome: ExpectedOutcome) -> ExpectedOutcome {
        let is_spent = outcome == ExpectedOutcome::Accepted && Effect::is_once(&self.operation);
        if is_spent { ExpectedOutcome::Tolerated } else { outcome }
    }

    /// A known value may make a location unreachable: then it is reached without known values.
    fn reached(&self, inputs: &Inputs, known: &KnownValues, id: &str, location: &Location) -> Option<Reached> {
        let with = inputs.reaching(self.recipe(id, known), location);
        with.or_else(|_| inputs.reaching(self.recipe(id, &NOTHING_KNOWN), location)).ok()
    }

    fn call(&self, input: Value, valid: bool) -> Call {
        Call {
            service: self.service.clone(),
            operation: self.operation.name.clone(),
            input: Template::Literal(input),
            valid,
            caller: CallerName::Owner,
            region: Region::Home,
            signing: None,
            raw: None,
        }
    }

    fn case(&self, of: CaseOf) -> Case {
        let step = Step::once(of.call, Expectation { alternatives: of.alternatives });
        let CaseOf { id, title, rule, evidence, tag, standing, aim, .. } = of;
        self.scenario(ScenarioOf { id, title, rule, evidence, tag, steps: vec![step], standing, aim })
    }

    fn scenario(&self, of: ScenarioOf) -> Case {
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
            steps: of.steps,
            teardown: Vec::new(),
            removal: self.removal.clone(),
            source: Arc::clone(&self.source),
            standing: of.standing,
            probe: Some(of.aim),
        };
        Case { id: CaseId(of.id), scenario: Arc::new(scenario), row: ScenarioRow { name: None, values: Map::new() } }
    }
}

/// The change with its value built.
fn built(
    inputs: &Inputs,
    recipe: Recipe<'_>,
    location: &Location,
    reached: &Reached,
    change: InputChange,
) -> Option<InputChange> {
    let value = match change {
        InputChange::Unlike => {
            let known = reached.input.pointer(&reached.pointer)?;
            let shape = inputs.contract().shape(&location.target)?;
            match &shape.kind {
                ShapeKind::List(item) => {
                    let rule = text_rule(inputs.contract().shape(&item.target)?, Some(&item.traits));
                    vec![another(inputs, recipe, rule, known.get(0)?.as_str()?)?].into()
                }
                _ => another(inputs, recipe, text_rule(shape, location.traits()), known.as_str()?)?.into(),
            }
        }
        InputChange::Items(count) => inputs.list(recipe, location, count).ok()?,
        InputChange::String(length) => {
            let rule = text_rule(inputs.contract().shape(&location.target)?, location.traits());
            let (witness, salt) = (inputs.witness(rule).ok()?, recipe.salt.unwrap_or_default().wrapping_add(1));
            match length {
                None => witness.text(salt).into(),
                // Some strings are found for some salts only.
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

/// A valid text that looks like a known one.
fn another(inputs: &Inputs, recipe: Recipe<'_>, rule: TextRule<'_>, known: &str) -> Option<String> {
    let (witness, salt) = (inputs.witness(rule).ok()?, recipe.salt.unwrap_or_default().wrapping_add(1));
    let mut others = [unlike(known), unlike_digits(known)].into_iter();
    let other = others.find(|other| other != known && witness.is_valid(other));
    Some(other.unwrap_or_else(|| witness.text(salt)))
}

static NOTHING_KNOWN: KnownValues = KnownValues::new();

struct CaseOf {
    id: String,
    title: String,
    rule: String,
    evidence: Evidence,
    tag: &'static str,
    call: Call,
    alternatives: Vec<Alternative>,
    standing: CaseStanding,
    aim: CaseAim,
}

struct ScenarioOf {
    id: String,
    title: String,
    rule: String,
    evidence: Evidence,
    tag: &'static str,
    steps: Vec<Step>,
    standing: CaseStanding,
    aim: CaseAim,
}

/// An error for what does not exist, or one that the operation declares for an invalid value of this location. A service
/// may check the permission before. A response to HEAD has no name.
fn not_found(contract: &Contract, operation: &Operation, location: &Location) -> Vec<Alternative> {
    let general = own_errors(contract, operation, None);
    let mut specific = own_errors(contract, operation, Some(location));
    specific.retain(|error| !general.contains(error) && error.starts_with("Invalid"));
    let declared = related_errors::absent(contract, operation);
    let others = contract.operations().flat_map(|other| related_errors::absent(contract, other));
    let mut errors = [declared, specific].concat();
    for error in others {
        if !errors.contains(&error) {
            errors.push(error);
        }
    }
    let is_head = operation.traits.get("smithy.api#http").is_some_and(|http| http["method"] == "HEAD");
    let class = if is_head { RejectionClass::Client } else { RejectionClass::Auth };
    vec![Alternative::Rejection { errors, classes: vec![class], statuses: Vec::new() }]
}

/// The evidence of a probe: its family's, or less where no document promises the outcome.
fn evidence(family: ProbeFamily, expected: ExpectedOutcome) -> Evidence {
    match expected {
        ExpectedOutcome::Tolerated | ExpectedOutcome::RejectedInAnyWay => Evidence::Recorded,
        _ => family.evidence(),
    }
}

/// `of_resource`: the value names a resource. A service may check the permission before the name.
fn alternatives(
    expected: ExpectedOutcome,
    own: Vec<String>,
    of_resource: bool,
    looks_like: Option<Value>,
) -> Vec<Alternative> {
    let rejection = |errors: Vec<String>, classes: &[RejectionClass]| {
        vec![Alternative::Rejection { errors, classes: classes.to_vec(), statuses: Vec::new() }]
    };
    match expected {
        ExpectedOutcome::Rejected if of_resource => rejection(own, &[RejectionClass::Constraint, RejectionClass::Auth]),
        ExpectedOutcome::Rejected => rejection(own, &[RejectionClass::Constraint]),
        ExpectedOutcome::RejectedOrUnreadable => {
            rejection(own, &[RejectionClass::Serialization, RejectionClass::Constraint])
        }
        ExpectedOutcome::Unreadable => rejection(Vec::new(), &[RejectionClass::Serialization]),
        ExpectedOutcome::UnknownOperation => rejection(Vec::new(), &[RejectionClass::UnknownOperation]),
        // A service may hide what does not exist.
        ExpectedOutcome::Absent | ExpectedOutcome::Unauthenticated => rejection(Vec::new(), &[RejectionClass::Auth]),
        ExpectedOutcome::ClientError | ExpectedOutcome::RejectedInAnyWay => {
            rejection(Vec::new(), &[RejectionClass::Client])
        }
        ExpectedOutcome::Accepted | ExpectedOutcome::Tolerated => {
            let shaped =
                looks_like.map(|body| Alternative::Success { status: 200, body: Some(Template::Literal(body)) });
            shaped.into_iter().chain([Alternative::Accepted { except: own }]).collect()
        }
        ExpectedOutcome::Responded => vec![Alternative::Responded],
    }
}

/// A number derived from a seed and an id.
pub(super) fn salt(seed: u64, id: &str) -> u64 {
    let mut hash = Sha256::new();
    hash.update(seed.to_be_bytes());
    hash.update(id.as_bytes());
    let digest = hash.finalize();
    digest.iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte))
}
