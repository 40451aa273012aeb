//! The fixtures that single cases need: a process for one test does not read the others.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde_json::{Map, Value};

use super::{
    FixtureFiles, Fixtures,
    fixture_files::digest,
    fixtures::service_suite,
    raw::{RawScenario, RawState, RawStates, RawStep},
    resolve::{CheckedInputs, Resolver},
    service_fixtures::Services,
    source::Source,
};
use crate::model::{Contract, Operation};

/// A scenario that a case needs.
struct NeededScenario<'a> {
    id: &'a str,
    service: &'a str,
    folder: Option<&'a str>,
    source: Source,
    raw: RawScenario,
}

/// The states that the scenarios of a service need.
struct NeededStates {
    source: Source,
    raw: RawStates,
    names: BTreeSet<String>,
}

impl Fixtures {
    /// Reads the scenarios of these cases, with the services and the states that they use, and nothing else. The digest is that
    /// of their scenarios. `None` if an id has no file, or if a file is broken: [`Fixtures::read`] says so.
    #[must_use]
    pub fn of_cases(files: &FixtureFiles, ids: &BTreeSet<String>) -> Option<Self> {
        let names: BTreeSet<&str> = ids.iter().map(|id| id.split('#').next().unwrap_or(id)).collect();
        let texts: Option<BTreeMap<&str, &str>> = names.into_iter().map(|id| scenario_file(files, id)).collect();
        let texts = texts?;
        let needed = texts.iter().map(|(path, text)| NeededScenario::read(files, path, text));
        let needed: Vec<NeededScenario<'_>> = needed.collect::<Option<_>>()?;
        let (states, checked) = (needed_states(files, &needed)?, CheckedInputs::default());
        let mut services = needed_services(files, &needed, &states)?;
        for (service, needed) in states {
            let NeededStates { source, raw, names } = needed;
            let table = Resolver { source: &source, files, services: &services, service, checked: &checked }
                .states(raw, Some(&names))
                .ok()?;
            services.get_mut(service)?.set_states(table);
        }
        let resolved = needed.into_iter().map(|NeededScenario { id, service, folder, source, raw }| {
            Resolver { source: &source, files, services: &services, service, checked: &checked }
                .scenario(raw, id, folder)
                .ok()
                .map(Arc::new)
        });
        let scenarios = resolved.collect::<Option<_>>()?;
        Some(Self { services, scenarios, digest: digest(texts.into_iter()) })
    }

    /// Reads a service with the states that fill members of these operations, and nothing else. The digest is that of the
    /// operations. `None` if a file is missing or broken: [`Fixtures::read`] says so.
    #[must_use]
    pub fn of_operations(files: &FixtureFiles, service: &str, operations: &BTreeSet<String>) -> Option<Self> {
        let (path, text) = files.entry(&format!("{service}/model.json"))?;
        let mut services = Services::from([(service.to_owned(), service_suite(files, service, path, text).ok()?)]);
        for helper in files.helpers() {
            let (path, text) = files.entry(&format!("{helper}/model.json"))?;
            services.insert(helper.to_owned(), service_suite(files, helper, path, text).ok()?);
        }
        if let Some(text) = files.get(&format!("{service}/states.yaml")) {
            let mut needed = NeededStates::read(files, service, text)?;
            let contract = services.get(service)?.contract();
            let words: Vec<Vec<&str>> =
                operations.iter().filter_map(|name| Some(words(contract, contract.operation(name)?))).collect();
            needed.keep_members(&words);
            let (NeededStates { source, raw, names }, checked) = (needed, CheckedInputs::default());
            let table = Resolver { source: &source, files, services: &services, service, checked: &checked }
                .states(raw, Some(&names));
            services.get_mut(service)?.set_states(table.ok()?);
        }
        let digest = digest(operations.iter().map(|operation| (service, operation.as_str())));
        Some(Self { services, scenarios: Vec::new(), digest })
    }
}

/// The path and the text of a scenario.
fn scenario_file<'f>(files: &'f FixtureFiles, id: &str) -> Option<(&'f str, &'f str)> {
    files.entry(&format!("{id}.yaml")).or_else(|| files.entry(&format!("{id}.json")))
}

impl<'a> NeededScenario<'a> {
    fn read(files: &FixtureFiles, path: &'a str, text: &str) -> Option<Self> {
        let (id, _) = path.rsplit_once('.')?;
        let (service, rest) = id.split_once('/')?;
        let folder = rest.split_once('/').map(|(folder, _)| folder);
        if folder.is_none() && !files.is_alone(path) {
            return None;
        }
        let source = Source::read(&files.display(path), text).ok()?;
        let raw = source.decode().ok()?;
        Some(Self { id, service, folder, source, raw })
    }
}

/// The states of each service that scenarios need.
fn needed_states<'a>(files: &FixtureFiles, needed: &[NeededScenario<'a>]) -> Option<BTreeMap<&'a str, NeededStates>> {
    let mut found: BTreeMap<&str, NeededStates> = BTreeMap::new();
    for scenario in needed {
        let path = format!("{}/states.yaml", scenario.service);
        let Some(text) = files.get(&path) else { continue };
        if !found.contains_key(scenario.service) {
            let mut states = NeededStates::read(files, scenario.service, text)?;
            // Only derived inputs have members that states fill.
            states.raw.members.clear();
            found.insert(scenario.service, states);
        }
        found.get_mut(scenario.service)?.add(states_of(&scenario.raw.given).collect());
    }
    Some(found)
}

impl NeededStates {
    fn read(files: &FixtureFiles, service: &str, text: &str) -> Option<Self> {
        let source = Source::read(&files.display(&format!("{service}/states.yaml")), text).ok()?;
        let raw = source.decode().ok()?;
        Some(Self { source, raw, names: BTreeSet::new() })
    }

    /// Keeps the members of operations with these words, and adds the states that fill them.
    fn keep_members(&mut self, operations: &[Vec<&str>]) {
        self.raw.members.retain(|glob, _| operations.iter().any(|words| may_fill(glob, words)));
        let state = |place: &Value| Some(place.as_str()?.rsplit_once('/')?.0.to_owned());
        self.add(self.raw.members.values().filter_map(state).collect());
    }

    /// Adds states, and the states that these start from.
    fn add(&mut self, mut open: Vec<String>) {
        while let Some(name) = open.pop() {
            if let Some(state) = self.raw.states.get(&name).filter(|_| !self.names.contains(&name)) {
                open.extend(states_of(&state.given));
                self.names.insert(name);
            }
        }
    }

    fn states(&self) -> impl Iterator<Item = &RawState> {
        self.names.iter().filter_map(|name| self.raw.states.get(name))
    }
}

/// The name of an operation, then the names of all members of its input, at any depth.
fn words<'c>(contract: &'c Contract, operation: &'c Operation) -> Vec<&'c str> {
    let (mut words, mut seen, mut open) = (vec![operation.name.as_str()], BTreeSet::new(), vec![&operation.input]);
    while let Some(id) = open.pop() {
        let Some(shape) = contract.shape(id).filter(|shape| seen.insert(&shape.id)) else { continue };
        words.extend(contract.members(id).iter().map(|member| member.name.as_str()));
        open.extend(shape.kind.parts().map(|part| &part.target));
    }
    words
}

/// Returns whether a glob over `Operation/Member` may match a member of the operation with these words. A name that it
/// matches has every text of the glob between wildcards and slashes in one of its words.
fn may_fill(glob: &str, words: &[&str]) -> bool {
    let glob = glob.strip_suffix('!').unwrap_or(glob);
    if glob.contains(['?', '[', '{', '\\']) {
        return true;
    }
    let starts = |operation: &&str| {
        glob.starts_with('*') || glob.split(['*', '/']).next().is_some_and(|start| operation.starts_with(start))
    };
    let has = |text: &str| words.iter().any(|word| word.contains(text));
    words.first().is_some_and(starts) && glob.split(['*', '/']).all(has)
}

/// The names of the states in a `given`.
fn states_of(given: &Map<String, Value>) -> impl Iterator<Item = String> {
    given.values().filter_map(|value| value.as_str().or_else(|| value.get("state")?.as_str()).map(str::to_owned))
}

/// The services that scenarios and their states use.
fn needed_services(
    files: &FixtureFiles,
    needed: &[NeededScenario<'_>],
    states: &BTreeMap<&str, NeededStates>,
) -> Option<Services> {
    let of_scenarios = needed.iter().flat_map(|scenario| scenario.raw.steps.iter().chain(&scenario.raw.teardown));
    let of_states = states.values().flat_map(NeededStates::states);
    let steps = of_scenarios.chain(of_states.flat_map(|state| state.steps.iter().chain(&state.teardown)));
    let own = needed.iter().map(|scenario| scenario.service);
    let names: BTreeSet<&str> = own.chain(steps.flat_map(services_of)).collect();
    let services = names.into_iter().map(|name| {
        let (path, text) = files.entry(&format!("{name}/model.json"))?;
        Some((name.to_owned(), service_suite(files, name, path, text).ok()?))
    });
    services.collect()
}

/// The services that a step names.
fn services_of(step: &RawStep) -> impl Iterator<Item = &str> {
    step.service.as_deref().into_iter().chain(step.unchanged.iter().filter_map(|guard| guard.service.as_deref()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::{Scenario, testing::BUNDLED};

    #[test]
    fn the_cases_are_those_of_all_fixtures_and_nothing_else_is_read() {
        let files = FixtureFiles::bundled_fixtures();
        for scenario in BUNDLED.scenarios().step_by(7) {
            let ids: BTreeSet<String> = [format!("{}#a-row", scenario.id)].into();
            let needed = Fixtures::of_cases(&files, &ids).unwrap();
            let parts = |scenario: &Arc<Scenario>| {
                let Scenario { id, operation, given, rows, steps, teardown, .. } = &**scenario;
                format!("{id} {operation} {given:?} {rows:?} {steps:?} {teardown:?}")
            };
            assert_eq!(needed.scenarios().map(parts).collect::<Vec<_>>(), [parts(scenario)]);
            assert_eq!(needed.services().map(|service| &service.name).collect::<Vec<_>>(), [&scenario.service]);
            for (name, state) in needed.services().flat_map(|service| &service.states) {
                let whole = &BUNDLED.service(&scenario.service).unwrap().states[name];
                assert_eq!(format!("{state:?}"), format!("{whole:?}"));
            }
        }
    }

    #[test]
    fn states_are_read_with_the_states_that_they_start_from() {
        let files = FixtureFiles::bundled_fixtures();
        let scenario = BUNDLED.scenarios().find(|scenario| !scenario.given.is_empty()).unwrap();
        let needed = Fixtures::of_cases(&files, &[scenario.id.clone()].into()).unwrap();
        let states = &needed.service(&scenario.service).unwrap().states;
        let given = scenario.given.iter().chain(states.values().flat_map(|state| &state.given));
        assert!(given.map(|given| &given.state).all(|name| states.contains_key(name)));
        assert!(states.len() < BUNDLED.service(&scenario.service).unwrap().states.len());
    }

    #[rstest::rstest]
    #[case::whole("Put/Name", true)]
    #[case::always("Put/Name!", true)]
    #[case::any_operation("*/Name", true)]
    #[case::nested("*/Tags/*", true)]
    #[case::a_class("[GP]ut/Name", true)]
    #[case::another_operation("Get/Name", false)]
    #[case::a_longer_operation("Putter/Name", false)]
    #[case::another_member("*/Path", false)]
    #[case::another_part("*Policy*/Name", false)]
    fn a_member_is_kept_if_its_glob_may_match(#[case] glob: &str, #[case] expected: bool) {
        assert_eq!(may_fill(glob, &["Put", "Name", "Tags", "Key"]), expected);
    }

    #[test]
    fn an_id_without_a_file_and_a_broken_file_are_left_to_the_whole_read() {
        let files = FixtureFiles::bundled_fixtures();
        let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        assert!(Fixtures::of_cases(&files, &ids(&["baseline"])).is_none());
        assert!(Fixtures::of_cases(&files, &ids(&["codedeploy/states"])).is_none());
        let broken = [("s/op/x.yaml".to_owned(), "title: t".to_owned())];
        assert!(Fixtures::of_cases(&FixtureFiles::from_texts(broken), &ids(&["s/op/x"])).is_none());
    }
}
