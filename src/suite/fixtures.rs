//! All fixtures of a run: contracts, requirements, states and scenarios.

use std::{fmt, sync::Arc};

use super::{
    Case, CaseId, FixtureFiles, ModelIdentity, Scenario,
    resolve::{CheckedInputs, Resolver},
    service_fixtures::{ServiceFixtures, Services, StateTable},
};
use crate::{
    model::{self, Companion, Contract},
    suite::{
        requirement::Requirements,
        source::{Diagnostic, Source},
    },
    wire::{UnknownProtocol, protocol_of},
};

/// All fixtures, validated.
#[derive(Debug, Clone)]
pub struct Fixtures {
    pub(super) services: Services,
    pub(super) scenarios: Vec<Arc<Scenario>>,
    pub(super) digest: String,
}

/// The problems of broken fixtures, at most one for each file.
#[derive(Debug)]
pub struct FixturesError(pub Vec<Diagnostic>);

impl fmt::Display for FixturesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for diagnostic in &self.0 {
            writeln!(f, "{diagnostic}\n")?;
        }
        match self.0.len() {
            1 => write!(f, "1 fixture file is broken"),
            files => write!(f, "{files} fixture files are broken"),
        }
    }
}

impl std::error::Error for FixturesError {}

impl Fixtures {
    /// The bundled fixtures.
    ///
    /// # Errors
    /// The bundled fixtures are broken, which a test of this crate rules out.
    pub fn bundled() -> Result<Self, FixturesError> {
        Self::read(&FixtureFiles::bundled_fixtures())
    }

    /// Reads and validates fixtures.
    ///
    /// # Errors
    /// A file is broken; the error names the position in each.
    pub fn read(files: &FixtureFiles) -> Result<Self, FixturesError> {
        let (mut problems, checked) = (Vec::new(), CheckedInputs::default());
        let mut services = Services::new();
        for (path, text) in files.iter() {
            if let Some((service, "model.json")) = path.split_once('/') {
                match service_suite(files, service, path, text) {
                    Ok(suite) => drop(services.insert(service.to_owned(), suite)),
                    Err(diagnostic) => problems.push(diagnostic),
                }
            }
        }
        if services.is_empty() && problems.is_empty() {
            problems.push(files.without_models());
        }
        for service in services.keys().cloned().collect::<Vec<_>>() {
            match states(files, &service, &services, &checked) {
                Ok(states) => {
                    if let Some(suite) = services.get_mut(&service) {
                        suite.set_states(states);
                    }
                }
                Err(diagnostic) => problems.push(diagnostic),
            }
        }
        let mut scenarios = Vec::new();
        for (path, text) in files.iter() {
            match scenario(files, path, text, &services, &checked) {
                Some(Ok(scenario)) => scenarios.push(Arc::new(scenario)),
                Some(Err(diagnostic)) => problems.push(diagnostic),
                None => {}
            }
        }
        if problems.is_empty() {
            Ok(Self { services, scenarios, digest: files.digest() })
        } else {
            Err(FixturesError(problems))
        }
    }

    /// Services without fixtures, for recorded responses and derived scenarios.
    #[must_use]
    pub fn of_services(services: impl IntoIterator<Item = ServiceFixtures>) -> Self {
        let services = services.into_iter().map(|service| (service.name.clone(), service)).collect();
        Self { services, scenarios: Vec::new(), digest: FixtureFiles::default().digest() }
    }

    /// The same with the digest of all these files.
    #[must_use]
    pub fn with_digest_of(self, files: &FixtureFiles) -> Self {
        Self { digest: files.digest(), ..self }
    }

    /// The services under test, sorted by folder.
    pub fn services(&self) -> impl Iterator<Item = &ServiceFixtures> {
        self.services.values().filter(|service| !service.is_helper)
    }

    /// The service in that folder.
    #[must_use]
    pub fn service(&self, name: &str) -> Option<&ServiceFixtures> {
        self.services.get(name)
    }

    /// The scenarios, sorted by ID.
    pub fn scenarios(&self) -> impl Iterator<Item = &Arc<Scenario>> {
        self.scenarios.iter()
    }

    /// Every case, sorted by scenario and row.
    #[must_use]
    pub fn cases(&self) -> Vec<Case> {
        let rows = self.scenarios.iter().flat_map(|scenario| scenario.rows.iter().map(move |row| (scenario, row)));
        rows.map(|(scenario, row)| {
            let id = row.name.as_ref().map_or_else(|| scenario.id.clone(), |name| format!("{}#{name}", scenario.id));
            Case { id: CaseId(id), scenario: Arc::clone(scenario), row: row.clone() }
        })
        .collect()
    }

    /// SHA-256 of the paths and texts of all fixtures, in hex. Two suites with the same digest are identical.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }
}

/// Reads a service with its model and its requirements.
pub(super) fn service_suite(
    files: &FixtureFiles,
    service: &str,
    path: &str,
    text: &str,
) -> Result<ServiceFixtures, Diagnostic> {
    let broken = |error: model::ModelError| Diagnostic::of_file(&error.file, error.to_string());
    let mut contract = model::read(&files.display(path), text).map_err(broken)?;
    for companion in Companion::ALL {
        let path = format!("{service}/{}", companion.file_name());
        if let Some(text) = files.get(&path) {
            contract = contract.with_companion(companion, &files.display(&path), text).map_err(broken)?;
        }
    }
    let unsupported = |error: UnknownProtocol| Diagnostic::of_file(&files.display(path), error.to_string());
    let protocol = files.protocol_of(service).map_or_else(|| protocol_of(&contract).map_err(unsupported), Ok)?;
    let requirements = match files.get(&format!("{service}/requirements.yaml")) {
        Some(text) => {
            Requirements::read(&Source::read(&files.display(&format!("{service}/requirements.yaml")), text)?, service)?
        }
        None => Requirements::default(),
    };
    check_requirement_traits(&contract, &requirements, &files.display(path))?;
    let model = ModelIdentity::of(service, files.model_name(service), &contract.service().version, text);
    let is_helper = files.is_helper(service);
    Ok(ServiceFixtures { model, requirements, is_helper, ..ServiceFixtures::of(service, contract, protocol) })
}

/// Every requirement ID in a model must exist, because findings cite it.
fn check_requirement_traits(contract: &Contract, requirements: &Requirements, file: &str) -> Result<(), Diagnostic> {
    for shape in contract.shapes() {
        let members = contract.members(&shape.id).iter().flat_map(|member| member.traits.requirements());
        if let Some(id) = shape.traits.requirements().chain(members).find(|id| requirements.get(id).is_none()) {
            return Err(Diagnostic::of_file(
                file,
                format!("{} cites {id}, which is not in requirements.yaml", shape.id),
            ));
        }
    }
    Ok(())
}

fn states(
    files: &FixtureFiles,
    service: &str,
    services: &Services,
    checked: &CheckedInputs,
) -> Result<StateTable, Diagnostic> {
    let path = format!("{service}/states.yaml");
    let Some(text) = files.get(&path) else { return Ok(StateTable::default()) };
    let source = Source::read(&files.display(&path), text)?;
    Resolver { source: &source, files, services, service, checked }.states(source.decode()?, None)
}

/// Resolves a file if its path is that of a scenario.
fn scenario(
    files: &FixtureFiles,
    path: &str,
    text: &str,
    services: &Services,
    checked: &CheckedInputs,
) -> Option<Result<Scenario, Diagnostic>> {
    let id = path.strip_suffix(".yaml").or_else(|| path.strip_suffix(".json"))?;
    let (service, rest) = id.split_once('/')?;
    let folder = rest.split_once('/').map(|(folder, _)| folder);
    if folder.is_none() && !files.is_alone(path) {
        return None;
    }
    // A broken model has already been reported.
    services.get(service)?;
    let read = || {
        let source = Source::read(&files.display(path), text)?;
        Resolver { source: &source, files, services, service, checked }.scenario(source.decode()?, id, folder)
    };
    Some(read())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rstest::rstest;

    use super::*;
    use crate::suite::testing::{MODEL, read, text};

    fn suite(path: &str, text: &str) -> Result<Fixtures, FixturesError> {
        let mut texts: BTreeMap<String, String> = FixtureFiles::bundled_fixtures()
            .iter()
            .filter(|(path, _)| path.split('/').count() == 2)
            .map(|(path, text)| (path.to_owned(), text.to_owned()))
            .collect();
        texts.insert(path.to_owned(), text.to_owned());
        Fixtures::read(&FixtureFiles::from_texts(texts))
    }

    fn scenario(steps: &str) -> String {
        format!("title: t\ncites: [SD-22]\nevidence: documented\nsteps:\n{steps}")
    }

    const PATH: &str = "codedeploy/stop-deployment/x.yaml";

    #[test]
    fn a_table_makes_one_case_a_row() {
        let text = "title: t\ncites: [SD-26]\nevidence: documented\ntable:\n  - { id: a, v: x }\n  - { id: b, v: z }\nsteps:\n  - call: StopDeployment\n    input: { deploymentId: '${row.v}' }\n    expect: { error: InvalidDeploymentIdException }\n";
        let suite = suite(PATH, text).unwrap();
        let ids: Vec<String> = suite.cases().into_iter().map(|case| case.id.0).collect();
        assert_eq!(ids, ["codedeploy/stop-deployment/x#a", "codedeploy/stop-deployment/x#b"]);
    }

    #[rstest]
    #[case::requirement("title: t\ncites: [SD-99]\nevidence: documented\nsteps: []\n", 2, "unknown requirement SD-99")]
    #[case::operation(&scenario("  - call: StopDeploymnt\n"), 5, "codedeploy has no operation StopDeploymnt")]
    #[case::invalid(&scenario("  - call: StopDeployment\n    input: { deploymentId: 5 }\n"), 6, "the model forbids this input")]
    #[case::invalid_control(&scenario("  - call: StopDeployment\n    input: {}\n    expect: { error: DeploymentIdRequiredException }\n    control: {}\n"), 8, "the model forbids this input")]
    #[case::invalid_guard(&scenario("  - call: StopDeployment\n    input: { deploymentId: x }\n    unchanged:\n      - { call: GetDeployment, input: {} }\n"), 8, "the model forbids this input")]
    #[case::capture(&scenario("  - call: StopDeployment\n    input: { deploymentId: x }\n    capture: { s: /statsu }\n"), 7, "is not in the output")]
    #[case::body(&scenario("  - call: StopDeployment\n    input: { deploymentId: x }\n    expect: { body: { state: x } }\n"), 7, "is not in the output")]
    #[case::error(&scenario("  - call: StopDeployment\n    input: {}\n    expect: { error: NoSuchException }\n"), 7, "does not declare NoSuchException")]
    #[case::variable(&scenario("  - call: StopDeployment\n    input: { deploymentId: '${gone.id}' }\n"), 6, "unknown variable \"gone\"")]
    #[case::state(
        "title: t\ncites: [SD-22]\nevidence: documented\ngiven: { d: no such state }\nsteps: []\n",
        4,
        "unknown state \"no such state\""
    )]
    #[case::matcher(&scenario("  - call: StopDeployment\n    input: { deploymentId: x }\n    expect: { body: { status: { $one_of: [a] } } }\n"), 7, "unknown matcher $one_of")]
    #[case::fault(&scenario("  - call: StopDeployment\n    input: { deploymentId: x }\n    sign: badly\n"), 7, "unknown signing fault")]
    #[case::duration(&scenario("  - call: StopDeployment\n    input: { deploymentId: x }\n    eventually: { within: 5m, every: 1s }\n"), 7, "is not a duration")]
    #[case::expectation(&scenario("  - call: StopDeployment\n    input: { deploymentId: x }\n    expect: { errror: X }\n"), 7, "unknown expectation \"errror\"")]
    #[case::hex(&scenario("  - call: StopDeployment\n    raw: { body: { hex: 'abc' } }\n    expect: { rejected: client }\n"), 6, "invalid hex")]
    #[case::service(&scenario("  - call: StopDeployment\n    service: codedeplo\n"), 6, "unknown service \"codedeplo\"")]
    #[case::never_called(&scenario("  - call: GetDeployment\n    input: { deploymentId: x }\n"), 5, "no step calls StopDeployment")]
    fn a_broken_fixture_is_rejected_at_its_position(#[case] text: &str, #[case] line: usize, #[case] says: &str) {
        let FixturesError(problems) = suite(PATH, text).unwrap_err();
        assert_eq!(problems.len(), 1);
        assert!(problems[0].message.contains(says), "{}", problems[0]);
        assert_eq!(problems[0].line, line, "{}", problems[0]);
    }

    #[test]
    fn an_input_marked_as_invalid_may_be_invalid() {
        let text = scenario(
            "  - call: StopDeployment\n    input: { deploymentId: x, more: 1 }\n    invalid: true\n    expect: { responded: true }\n",
        );
        assert!(suite(PATH, &text).is_ok());
    }

    #[test]
    fn a_folder_that_is_not_an_operation_is_a_topic_of_the_operation_of_the_first_step() {
        let text = scenario("  - call: StopDeployment\n    input: {deploymentId: x}\n");
        let topic = suite("codedeploy/stop/x.yaml", &text).unwrap();
        let scenario = topic.scenarios().find(|scenario| scenario.id == "codedeploy/stop/x").unwrap();
        assert_eq!(scenario.operation, "StopDeployment");
        let FixturesError(problems) = suite("codedeploy/stop/x.yaml", "title: t\nsteps: []\n").unwrap_err();
        assert!(problems[0].message.contains("no step calls an operation of codedeploy"), "{}", problems[0]);
    }

    #[test]
    fn a_scenario_needs_neither_citations_nor_evidence() {
        let text = "title: t\nsteps:\n  - call: StopDeployment\n    input: {deploymentId: x}\n";
        let read = suite(PATH, text).unwrap();
        let scenario = read.scenarios().find(|scenario| scenario.id == "codedeploy/stop-deployment/x").unwrap();
        assert!(scenario.cites.is_empty());
        assert_eq!(scenario.evidence, crate::suite::requirement::Evidence::Documented);
    }

    #[test]
    fn the_digest_changes_with_any_text() {
        let a = suite(PATH, &scenario("  - call: StopDeployment\n    input: { deploymentId: x }\n")).unwrap();
        let b = suite(PATH, &scenario("  - call: StopDeployment\n    input: { deploymentId: z }\n")).unwrap();
        assert_ne!(a.digest(), b.digest());
        assert_eq!(a.digest().len(), 64);
    }

    const STEP: &str = "steps:\n  - { call: MakeThing, input: { name: a } }";

    #[test]
    fn a_suite_gives_its_services_and_scenarios() {
        let suite = read(&[("works/make-thing/x.yaml", &text(STEP)), ("works/make-thing/notes.txt", "?")]).unwrap();
        assert_eq!(suite.services().map(|service| service.name.as_str()).collect::<Vec<_>>(), ["works"]);
        assert_eq!(suite.service("works").map(|service| service.contract().service().id.name()), Some("Works_1"));
        assert_eq!(suite.scenarios().map(|scenario| scenario.id.as_str()).collect::<Vec<_>>(), ["works/make-thing/x"]);
        assert_eq!(suite.cases()[0].id.0, "works/make-thing/x");
        assert!(suite.service("other").is_none());
    }

    #[test]
    fn scenarios_in_json_are_read_too() {
        let json = r#"{"title":"t","cites":["W-1"],"evidence":"documented","steps":[{"call":"MakeThing","input":{"name":"a"}}]}"#;
        assert_eq!(read(&[("works/make-thing/x.json", json)]).unwrap().cases().len(), 1);
    }

    #[test]
    fn every_broken_file_is_reported() {
        let FixturesError(problems) = Fixtures::read(&FixtureFiles::from_texts(
            [
                ("a/model.json", "{"),
                ("a/op/x.yaml", "["),
                ("b/model.json", MODEL),
                ("b/states.yaml", "["),
                ("b/make-thing/x.yaml", "["),
            ]
            .map(|(path, text)| (path.to_owned(), text.to_owned())),
        ))
        .unwrap_err();
        let files: Vec<&str> = problems.iter().map(|problem| problem.file.as_str()).collect();
        assert_eq!(files[0], "fixtures/a/model.json");
        // Its model cites a requirement, and there are none.
        assert_eq!(files[1], "fixtures/b/model.json");
        assert_eq!(files.len(), 2);
    }

    #[test]
    fn broken_states_and_scenarios_are_reported_together() {
        let problems = read(&[("works/states.yaml", "["), ("works/make-thing/x.yaml", "[")]).unwrap_err();
        assert_eq!(problems.len(), 2, "{problems:?}");
    }

    #[test]
    fn a_model_that_cites_no_requirement_of_its_service_is_rejected() {
        let problems = read(&[("works/model.json", &MODEL.replace("W-1", "W-2"))]).unwrap_err();
        assert!(problems[0].ends_with("cites W-2, which is not in requirements.yaml"), "{problems:?}");
    }

    #[test]
    fn a_folder_without_a_service_is_rejected_and_the_problems_are_counted() {
        let error = Fixtures::read(&FixtureFiles::default()).unwrap_err();
        assert!(error.to_string().contains("no <service>/model.json here"), "{error}");
        assert!(error.to_string().ends_with("1 fixture file is broken"), "{error}");
    }

    #[test]
    fn the_digest_is_that_of_every_path_and_text_with_their_lengths() {
        let digest = |texts: &[(&str, &str)]| {
            let texts = texts.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
            FixtureFiles::from_texts(texts).digest()
        };
        assert_eq!(digest(&[]), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_ne!(digest(&[("ab", "c")]), digest(&[("a", "bc")]));
        assert_ne!(digest(&[("a", "b")]), digest(&[("a", "c")]));
    }
}
