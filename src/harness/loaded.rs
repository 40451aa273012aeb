//! A suite that was read and checked: its fixtures and cases, or its model and probes.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use super::{Problem, Suite, test_environment::TestEnvironment};
use crate::{
    judge::named_checks::read_fixtures,
    probe::{self, Coverage, Effect, FamilySelector, UnknownFamily, derivation::Derivation},
    suite::{self, Batch, Case, FixtureFiles, Plan, RequestGroup, Selection, UnknownName},
};

/// A suite that was read and checked.
pub(super) struct LoadedSuite {
    pub(super) suite: Arc<suite::Fixtures>,
    what: CaseOrigin,
}

enum CaseOrigin {
    Scenarios(Vec<Case>),
    Probes(Box<OfModel>),
}

/// The probes of a model.
struct OfModel {
    derivation: Derivation,
    options: probe::ProbeOptions,
    /// The selected ones.
    ids: Vec<String>,
    /// The options select more probes than these.
    narrowed: bool,
}

/// The plan of a run, and the coverage of its model if it is a run of probes.
pub(super) struct Planned {
    pub(super) plan: Box<dyn Plan>,
    pub(super) coverage: Option<Coverage>,
}

impl LoadedSuite {
    /// Reads the fixtures or the model of a suite.
    pub(super) fn load(suite: &Suite) -> Result<Self, Problem> {
        if let Some(error) = &suite.malformed {
            return Err(Problem::Glob(error.to_string()));
        }
        let environment = TestEnvironment::read()?;
        match &suite.model {
            None => Self::scenarios(suite, &environment),
            Some(model) => Self::probes(suite, model, &environment),
        }
    }

    fn scenarios(suite: &Suite, environment: &TestEnvironment) -> Result<Self, Problem> {
        let files = match &suite.fixtures {
            None => FixtureFiles::bundled_fixtures(),
            Some(folder) => FixtureFiles::folder_with_models(folder, &environment.places)?,
        };
        let fixtures = read_fixtures(&files)?;
        if let Some(unknown_name) = suite.selection.unknown_name(&fixtures) {
            let hint = unknown_name.hint(|word| format!(".filter({word:?})"));
            return Err(Problem::Selection { word: unknown_name.word, hint });
        }
        let known: Vec<String> = fixtures.cases().into_iter().map(|case| case.id.0).collect();
        reject_unmatched_globs(suite, &known)?;
        let mut cases = suite.selection.cases(&fixtures);
        if cases.is_empty() {
            return Err(Problem::Nothing);
        }
        cases.retain(|case| environment.selects(&case.id.0));
        Ok(Self { suite: Arc::new(fixtures), what: CaseOrigin::Scenarios(cases) })
    }

    fn probes(suite: &Suite, model: &str, environment: &TestEnvironment) -> Result<Self, Problem> {
        let Selection { services, tags, operations, filters, excludes, .. } = suite.selection.clone();
        if !(services.is_empty() && tags.is_empty()) {
            return Err(Problem::SelectionOfProbes);
        }
        let derivation = Derivation { model: model.to_owned(), recipe: None, places: environment.places.clone() };
        let fixtures = derivation.suite()?;
        let effect = if suite.destructive { Effect::Destroys } else { Effect::Writes };
        let selectors = family_selectors(suite)?;
        let options = probe::ProbeOptions {
            families: FamilySelector::families(&selectors),
            every_control: selectors.iter().any(|selector| selector.is_of_valid_inputs()),
            operations,
            filters,
            excludes,
            effect,
            ..probe::ProbeOptions::default()
        };
        let every = probe::ProbeOptions { effect: Effect::Destroys, ..probe::ProbeOptions::default() };
        if suite.globs().next().is_some() {
            let known: Vec<String> = derivation.probes(&fixtures, every)?.ids().collect();
            reject_unmatched_globs(suite, &known)?;
        }
        let mut ids: Vec<String> = derivation.probes(&fixtures, options.clone())?.ids().collect();
        if let Some(operation) = left_out(&options, &fixtures) {
            return Err(Problem::Destructive { operation });
        }
        let all = ids.len();
        if all == 0 {
            return Err(Problem::Nothing);
        }
        ids.retain(|id| environment.selects(id));
        ids.sort();
        let narrowed = ids.len() < all;
        let probes = OfModel { derivation, options, ids, narrowed };
        Ok(Self { suite: Arc::new(fixtures), what: CaseOrigin::Probes(Box::new(probes)) })
    }

    /// The ids of the selected cases.
    pub(super) fn ids(&self) -> Box<dyn Iterator<Item = String> + '_> {
        match &self.what {
            CaseOrigin::Scenarios(cases) => Box::new(cases.iter().map(|case| case.id.0.clone())),
            CaseOrigin::Probes(probes) => Box::new(probes.ids.iter().cloned()),
        }
    }

    /// The cases are scenarios, few enough to keep their observations.
    pub(super) fn is_of_scenarios(&self) -> bool {
        matches!(self.what, CaseOrigin::Scenarios(_))
    }

    /// A plan of the selected cases that are `wanted`. Probes write only to an endpoint on this machine.
    pub(super) fn plan(&self, seed: u64, is_here: bool, wanted: impl Fn(&str) -> bool) -> Result<Planned, Problem> {
        match &self.what {
            CaseOrigin::Scenarios(cases) => {
                let cases = cases.iter().filter(|case| wanted(&case.id.0)).cloned().collect();
                Ok(Planned { plan: Box::new(Batch::new(cases)), coverage: None })
            }
            CaseOrigin::Probes(probes) => {
                let effect = if is_here { probes.options.effect } else { Effect::Reads };
                let settled = probes.unwanted(&self.suite, wanted)?;
                let options = probe::ProbeOptions { settled, seed, effect, ..probes.options.clone() };
                let probes = probes.derivation.probes(&self.suite, options)?;
                let coverage = Some(probes.coverage());
                Ok(Planned { plan: Box::new(probes), coverage })
            }
        }
    }

    /// The ids that no case has, selected or not.
    pub(super) fn missing(&self, ids: &BTreeSet<String>) -> Result<BTreeSet<String>, Problem> {
        match &self.what {
            CaseOrigin::Scenarios(_) => {
                let known: BTreeSet<String> = self.suite.cases().into_iter().map(|case| case.id.0).collect();
                Ok(ids.difference(&known).cloned().collect())
            }
            CaseOrigin::Probes(probes) => Ok(probes.derivation.missing(&self.suite, ids)?),
        }
    }
}

impl OfModel {
    /// The probes that need not run. The control of a wanted probe runs in any case.
    fn unwanted(&self, suite: &suite::Fixtures, wanted: impl Fn(&str) -> bool) -> Result<HashSet<String>, Problem> {
        if !self.narrowed && self.ids.iter().all(|id| wanted(id)) {
            return Ok(HashSet::new());
        }
        let selected: HashSet<&str> = self.ids.iter().map(String::as_str).filter(|id| wanted(id)).collect();
        let all = self.derivation.probes(suite, self.options.clone())?;
        Ok(all.ids().filter(|id| !selected.contains(id.as_str())).collect())
    }
}

/// The first named operation that the options leave out because it deletes resources.
fn left_out(options: &probe::ProbeOptions, fixtures: &suite::Fixtures) -> Option<String> {
    let operations = || fixtures.services().flat_map(|service| service.contract().operations());
    let known = |name: &String| operations().find(|operation| operation.name.eq_ignore_ascii_case(name));
    let mut named = options.operations.iter().filter_map(known);
    named.find(|operation| Effect::of(operation) > options.effect).map(|operation| operation.name.clone())
}

/// The families of a suite by its names, or the default.
fn family_selectors(suite: &Suite) -> Result<Vec<FamilySelector>, Problem> {
    let selectors: Result<Vec<FamilySelector>, Problem> =
        suite.probe_families.iter().map(|name| selector(name)).collect();
    let selectors = selectors?;
    let default =
        if suite.selection.filters.is_empty() { FamilySelector::Group(RequestGroup::Sdk) } else { FamilySelector::All };
    Ok(if selectors.is_empty() { vec![default] } else { selectors })
}

fn selector(name: &str) -> Result<FamilySelector, Problem> {
    name.parse()
        .map_err(|error: UnknownFamily| Problem::ProbeFamily { name: name.to_owned(), known: error.to_string() })
}

/// Rejects a glob that matches no case: a test that runs no case would always pass.
fn reject_unmatched_globs(suite: &Suite, known: &[String]) -> Result<(), Problem> {
    let Some(idle) = suite.globs().find(|glob| !known.iter().any(|id| glob.matches(id))) else { return Ok(()) };
    let parts: BTreeSet<&str> = known.iter().flat_map(|id| id.split(['/', '#']).chain([id.as_str()])).collect();
    let known = parts.into_iter().map(str::to_owned).collect();
    let unknown_name = UnknownName { word: idle.to_string(), known, filtered: 0 };
    let hint = unknown_name.hint(str::to_owned);
    Err(Problem::Selection { word: unknown_name.word, hint })
}

impl TestEnvironment {
    fn selects(&self, id: &str) -> bool {
        self.filters.is_empty() || self.filters.iter().any(|glob| glob.matches(id))
    }
}
