//! A suite that was read and checked: its fixtures and cases, or its model and probes.

use std::{collections::BTreeSet, sync::Arc};

use super::{Problem, Suite, test_environment::TestEnvironment};
use crate::{
    judge::named_checks::{read_cases, read_fixtures},
    probe::{self, Coverage, Effect, FamilySelector, UnknownFamily, derivation::Derivation},
    suite::{self, Batch, Case, FixtureFiles, Plan, RequestGroup, Selection, UnknownName},
    wire::protocol::{ServerProtocol, protocol_named, supported_protocols},
};

/// A suite that was read and checked.
pub(super) struct LoadedSuite {
    pub(super) suite: Arc<suite::Fixtures>,
    what: CaseOrigin,
    /// True if it was loaded for single cases.
    narrow: bool,
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
}

/// The plan of a run, and the coverage of its model if it is a run of probes.
pub(super) struct Planned {
    pub(super) plan: Box<dyn Plan>,
    pub(super) coverage: Option<Coverage>,
}

impl LoadedSuite {
    /// Reads the fixtures or the model of a suite. With `only`, it may read and derive what these cases need and nothing else:
    /// then globs that match no case are not reported, and neither are broken fixtures of other cases.
    pub(super) fn load(suite: &Suite, only: Option<BTreeSet<String>>) -> Result<Self, Problem> {
        if let Some(error) = &suite.malformed {
            return Err(Problem::Glob(error.to_string()));
        }
        let environment = TestEnvironment::read()?;
        match &suite.model {
            None => Self::scenarios(suite, &environment, only.as_ref()),
            Some(model) => Self::probes(suite, model, &environment, only),
        }
    }

    fn scenarios(
        suite: &Suite,
        environment: &TestEnvironment,
        only: Option<&BTreeSet<String>>,
    ) -> Result<Self, Problem> {
        let files = match &suite.fixtures {
            None => FixtureFiles::bundled_fixtures(),
            Some(folder) => FixtureFiles::folder_with_models(folder, &environment.places)?,
        };
        if let Some(fixtures) = only.and_then(|only| read_cases(&files, only)) {
            let mut cases = suite.selection.cases(&fixtures);
            cases.retain(|case| environment.selects(&case.id.0));
            return Ok(Self { suite: Arc::new(fixtures), what: CaseOrigin::Scenarios(cases), narrow: true });
        }
        let fixtures = read_fixtures(&files)?;
        if let Some(unknown_name) = suite.selection.unknown_name(&fixtures) {
            let hint = unknown_name.hint(|word| format!(".filter({word:?})"));
            return Err(Problem::Selection { word: unknown_name.word, hint });
        }
        reject_unmatched_globs(suite, &[], || Ok(fixtures.cases().into_iter().map(|case| case.id.0).collect()))?;
        let mut cases = suite.selection.cases(&fixtures);
        if cases.is_empty() {
            return Err(Problem::Nothing);
        }
        cases.retain(|case| environment.selects(&case.id.0));
        Ok(Self { suite: Arc::new(fixtures), what: CaseOrigin::Scenarios(cases), narrow: false })
    }

    fn probes(
        suite: &Suite,
        model: &str,
        environment: &TestEnvironment,
        only: Option<BTreeSet<String>>,
    ) -> Result<Self, Problem> {
        if !(suite.selection.services.is_empty() && suite.selection.tags.is_empty()) {
            return Err(Problem::SelectionOfProbes);
        }
        let protocol = protocol_of_suite(suite)?;
        let derivation = Derivation { protocol, ..Derivation::of(model, environment.places.clone()) };
        let fixtures = only.as_ref().map_or_else(|| derivation.suite(), |only| derivation.suite_of(only))?;
        let narrow = only.is_some();
        let options = probe_options(suite, only)?;
        if let Some(operation) = fixtures.services().find_map(|service| options.named_and_left_out(service)) {
            return Err(Problem::Destructive { operation: operation.name.clone() });
        }
        let mut ids: Vec<String> = derivation.probes(&fixtures, options.clone())?.ids().collect();
        if !narrow {
            reject_unmatched_globs(suite, &ids, || Ok(derivation.probes(&fixtures, every_probe())?.ids().collect()))?;
            if ids.is_empty() {
                return Err(Problem::Nothing);
            }
        }
        ids.retain(|id| environment.selects(id));
        ids.sort();
        let probes = OfModel { derivation, options, ids };
        Ok(Self { suite: Arc::new(fixtures), what: CaseOrigin::Probes(Box::new(probes)), narrow })
    }

    /// Returns whether it was loaded for single cases.
    pub(super) fn is_narrow(&self) -> bool {
        self.narrow
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
                let only = Some(probes.ids.iter().filter(|id| wanted(id)).cloned().collect());
                let options = probe::ProbeOptions { only, seed, effect, ..probes.options.clone() };
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

/// The options for the probes of a suite, or for `only` some of them.
fn probe_options(suite: &Suite, only: Option<BTreeSet<String>>) -> Result<probe::ProbeOptions, Problem> {
    let Selection { operations, filters, excludes, .. } = suite.selection.clone();
    let selectors = family_selectors(suite)?;
    Ok(probe::ProbeOptions {
        families: FamilySelector::families(&selectors),
        every_control: selectors.iter().any(|selector| selector.is_of_valid_inputs()),
        operations,
        filters,
        excludes,
        only,
        effect: if suite.destructive { Effect::Destroys } else { Effect::Writes },
        ..probe::ProbeOptions::default()
    })
}

/// The protocol that a suite names.
pub(super) fn protocol_of_suite(suite: &Suite) -> Result<Option<&'static dyn ServerProtocol>, Problem> {
    let Some(name) = &suite.protocol else { return Ok(None) };
    let unknown = || Problem::Protocol { name: name.clone(), known: supported_protocols().join(", ") };
    protocol_named(name).map(Some).ok_or_else(unknown)
}

/// The options for all probes of a model.
fn every_probe() -> probe::ProbeOptions {
    probe::ProbeOptions { effect: Effect::Destroys, ..probe::ProbeOptions::default() }
}

/// The families of a suite by its names, or the default.
fn family_selectors(suite: &Suite) -> Result<Vec<FamilySelector>, Problem> {
    let selectors: Result<Vec<FamilySelector>, Problem> =
        suite.probe_families.iter().map(|name| selector(name)).collect();
    let selectors = selectors?;
    Ok(match (selectors.is_empty(), suite.selection.filters.is_empty()) {
        (false, _) => selectors,
        (true, true) => [RequestGroup::Sdk, RequestGroup::Behavior].map(FamilySelector::Group).to_vec(),
        (true, false) => vec![FamilySelector::All],
    })
}

fn selector(name: &str) -> Result<FamilySelector, Problem> {
    name.parse()
        .map_err(|error: UnknownFamily| Problem::ProbeFamily { name: name.to_owned(), known: error.to_string() })
}

/// Rejects a glob that matches no case: a test that runs no case would always pass. `all` returns the ids that may not be
/// among the selected ones.
fn reject_unmatched_globs(
    suite: &Suite,
    selected: &[String],
    all: impl FnOnce() -> Result<Vec<String>, Problem>,
) -> Result<(), Problem> {
    let idle_in = |ids: &[String]| suite.globs().find(|glob| !ids.iter().any(|id| glob.matches(id)));
    if idle_in(selected).is_none() {
        return Ok(());
    }
    let known = all()?;
    let Some(idle) = idle_in(&known) else { return Ok(()) };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::published::Places;

    const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/codedeploy/model.json");

    fn narrow(suite: &Suite, id: &str) -> LoadedSuite {
        LoadedSuite::load(suite, Some([id.to_owned()].into())).unwrap()
    }

    #[test]
    fn one_scenario_reads_one_scenario_and_one_service() {
        let id = "codedeploy/stop-deployment/missing-id#flag-alone";
        let loaded = narrow(&Suite::bundled(), id);
        assert!(loaded.is_narrow() && loaded.ids().any(|known| known == id));
        assert_eq!((loaded.suite.scenarios().count(), loaded.suite.services().count()), (1, 1));
        let whole = narrow(&Suite::bundled(), "baseline");
        assert!(!whole.is_narrow() && whole.suite.scenarios().count() > 200, "the test of the baseline needs all ids");
    }

    #[test]
    fn one_probe_derives_one_constraint_and_the_states_of_its_operation() {
        let suite = Suite::bundled().probes(MODEL);
        let id = "codedeploy.StopDeployment/deploymentId/required/absent";
        let derivation = Derivation::of(MODEL, Places::default());
        let whole = derivation.suite().unwrap();
        let loaded = narrow(&suite, id);
        assert_eq!(loaded.ids().filter(|known| !known.ends_with("/control")).collect::<Vec<_>>(), [id]);
        let derived = |loaded: &LoadedSuite| {
            let coverage = loaded.plan(1, true, |known| known == id).unwrap().coverage.unwrap();
            coverage.families().map(|(_, counts)| counts.total).sum::<usize>()
        };
        assert_eq!(derived(&loaded), 1);
        let states = |suite: &suite::Fixtures| suite.services().map(|service| service.states.len()).sum::<usize>();
        assert!(states(&loaded.suite) < states(&whole), "{} states", states(&loaded.suite));
        let expected = narrow(&suite, "codedeploy.StopDeployment/nowhere/length/max");
        assert_eq!(expected.ids().count(), 0, "a test that does not exist");
    }
}
