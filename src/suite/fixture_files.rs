//! Fixture and snapshot files, compiled in or from a folder. Nothing else reads them.
//!
//! The folder of a service holds its model, or a `model.yaml` that names one. A scenario may also name its model itself
//! and stand alone, outside of such a folder; then it appears in the folder of its service. All models appear as
//! `<service>/model.json`, together with the companions that botocore has of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use thiserror::Error;

use crate::{
    model::{
        bounded_file::{self, FileKind, FolderFailure, files_below},
        published::{self, ModelFiles, Places},
    },
    suite::source::{Diagnostic, Source},
    wire::{digest::Sha256, protocol::ServerProtocol, sigv4::hex},
};

/// Text files by their path below a root, with `/` as the separator.
#[derive(Debug, Clone, Default)]
pub struct FixtureFiles {
    root: Option<PathBuf>,
    texts: BTreeMap<String, String>,
    /// The real locations of files whose location differs from their path.
    elsewhere: BTreeMap<String, PathBuf>,
    /// The names of models that were found by name, by service.
    models: BTreeMap<String, String>,
    /// The paths of scenarios that name their model themselves.
    alone: BTreeSet<String>,
    /// The services whose `states.yaml` was written for the newest model.
    newest: BTreeSet<String>,
    /// The protocol of all services; `None`: the first of each model that is supported.
    protocol: Option<&'static dyn ServerProtocol>,
    /// The services that only help to establish states.
    helpers: BTreeSet<String>,
}

/// A folder that cannot be read.
#[derive(Debug, Error)]
pub enum FixtureFilesError {
    /// A file or folder could not be read.
    #[error("cannot read {path}: {error}")]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The error of the system.
        error: io::Error,
    },
    /// A file has another extension than fixtures have.
    #[error("{} has the extension .yml\nhelp: rename it to .yaml", .0.display())]
    Extension(PathBuf),
    /// The model that a `model.yaml` or a scenario names could not be loaded.
    #[error(transparent)]
    Model(Box<Diagnostic>),
}

/// The texts that are compiled in.
#[cfg(feature = "bundled")]
mod bundled {
    use std::collections::BTreeMap;

    use include_dir::{Dir, include_dir};

    static FIXTURES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/fixtures");
    static SNAPSHOTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/snapshots");

    pub(super) fn fixtures() -> BTreeMap<String, String> {
        texts(&FIXTURES)
    }

    pub(super) fn snapshots() -> BTreeMap<String, String> {
        texts(&SNAPSHOTS)
    }

    fn texts(root: &Dir<'_>) -> BTreeMap<String, String> {
        let mut texts = BTreeMap::new();
        let mut open = vec![root];
        while let Some(dir) = open.pop() {
            open.extend(dir.dirs());
            for file in dir.files() {
                if let Some(text) = file.contents_utf8() {
                    texts.insert(file.path().to_string_lossy().replace('\\', "/"), text.to_owned());
                }
            }
        }
        texts
    }
}

#[cfg(not(feature = "bundled"))]
mod bundled {
    use std::collections::BTreeMap;

    pub(super) fn fixtures() -> BTreeMap<String, String> {
        BTreeMap::new()
    }

    pub(super) fn snapshots() -> BTreeMap<String, String> {
        BTreeMap::new()
    }
}

/// The form of a `model.yaml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelName {
    /// `botocore:SERVICE[@VERSION]`, or a file from the folder of the `model.yaml`.
    model: String,
}

impl FixtureFiles {
    /// Lets all services speak this protocol, whichever their models name.
    pub fn speak(&mut self, protocol: &'static dyn ServerProtocol) {
        self.protocol = Some(protocol);
    }

    /// The protocol of a service; `None`: the first of its model that is supported.
    pub(super) fn protocol_of(&self, service: &str) -> Option<&'static dyn ServerProtocol> {
        self.protocol.filter(|_| !self.helpers.contains(service))
    }

    /// Adds a service that only helps to establish the states of another one, by its model.
    pub fn add_helper(&mut self, service: &str, model: &str) {
        self.texts.insert(format!("{service}/model.json"), model.to_owned());
        self.helpers.insert(service.to_owned());
    }

    /// Returns true if a service only helps to establish the states of another one.
    pub(super) fn is_helper(&self, service: &str) -> bool {
        self.helpers.contains(service)
    }

    /// The services that only help to establish states.
    pub(super) fn helpers(&self) -> impl Iterator<Item = &str> {
        self.helpers.iter().map(String::as_str)
    }

    /// The fixtures that are compiled in; none in a build without the feature `bundled`.
    #[must_use]
    pub fn bundled_fixtures() -> Self {
        Self { texts: bundled::fixtures(), ..Self::default() }
    }

    /// The snapshots that are compiled in; none in a build without the feature `bundled`.
    #[must_use]
    pub fn bundled_snapshots() -> Self {
        Self { texts: bundled::snapshots(), ..Self::default() }
    }

    /// SHA-256 of all paths and texts, in hex: the digest of the [`Fixtures`](super::Fixtures) that these files make.
    #[must_use]
    pub fn digest(&self) -> String {
        digest(self.iter())
    }

    /// The problem of a folder without a model.
    pub(super) fn without_models(&self) -> Diagnostic {
        if self.root.is_none() && cfg!(not(feature = "bundled")) {
            let message = "this build of wireproof has no bundled scenarios";
            return Diagnostic::of_file("fixtures", message).help("enable the feature `bundled`, or load a folder");
        }
        Diagnostic::of_file(&self.display(""), "no <service>/model.json here")
            .help("write the line `model: botocore:SERVICE` into each scenario, or into <service>/model.yaml")
    }

    /// Reads every `.yaml`, `.json` and `.snap` file below a folder, and the models that they name. botocore is searched on
    /// this machine. A single scenario that names its model may be given instead of a folder.
    ///
    /// # Errors
    /// A folder or file cannot be read or is not UTF-8, or a model cannot be loaded.
    pub fn folder(root: &Path) -> Result<Self, FixtureFilesError> {
        Self::folder_with_models(root, &Places::default())
    }

    /// Like [`FixtureFiles::folder`], with botocore searched in `places`.
    ///
    /// # Errors
    /// See [`FixtureFiles::folder`].
    pub fn folder_with_models(root: &Path, places: &Places) -> Result<Self, FixtureFilesError> {
        let broken = |diagnostic| FixtureFilesError::Model(Box::new(diagnostic));
        let mut files = Self { root: Some(root.to_owned()), ..Self::default() };
        files.texts = if root.is_file() { files.text_alone(root)? } else { texts_below(root)? };
        let named: Vec<String> = files.texts.keys().filter_map(|path| service_of(path)).map(str::to_owned).collect();
        for service in named {
            files.add_model(&service, places).map_err(broken)?;
        }
        for path in files.outside_of_services(root.is_file()) {
            files.add_alone(&path, places).map_err(broken)?;
        }
        Ok(files)
    }

    /// The text of the one scenario at `file`. The root is its folder.
    fn text_alone(&mut self, file: &Path) -> Result<BTreeMap<String, String>, FixtureFilesError> {
        if file.extension().is_some_and(|kind| kind == "yml") {
            return Err(FixtureFilesError::Extension(file.to_owned()));
        }
        let failed = |error| FixtureFilesError::Read { path: file.to_owned(), error };
        let folder = file.parent().unwrap_or(Path::new("")).to_owned();
        let path = relative(&folder, file);
        self.root = Some(folder);
        Ok(BTreeMap::from([(path, bounded_file::text(file, FileKind::Fixture).map_err(failed)?)]))
    }

    /// The paths of the scenarios that are in no folder of a service. A YAML file without steps is not a scenario, unless it
    /// `is_given` by its name.
    fn outside_of_services(&self, is_given: bool) -> Vec<String> {
        let is_service = |folder: &str| {
            ["model.json", "model.yaml"].iter().any(|name| self.texts.contains_key(&format!("{folder}/{name}")))
        };
        let is_inside = |path: &str| path.split_once('/').is_some_and(|(folder, _)| is_service(folder));
        let is_scenario = |text: &str| is_given || text.lines().any(|line| line.starts_with("steps:"));
        let outside = self
            .texts
            .iter()
            .filter(|(path, text)| path.strip_suffix(".yaml").is_some() && !is_inside(path) && is_scenario(text));
        outside.map(|(path, _)| path.clone()).collect()
    }

    /// Moves a scenario to the folder of the service whose model it names.
    fn add_alone(&mut self, path: &str, places: &Places) -> Result<(), Diagnostic> {
        let source = Source::read(&self.display(path), self.get(path).unwrap_or_default())?;
        let Some(name) = source.value().get("model").and_then(serde_json::Value::as_str).map(str::to_owned) else {
            return Err(source
                .at("", "this file is in no folder of a service, and it names no model")
                .help("write the service in the first line, such as `model: botocore:ssm`"));
        };
        let service = service_named(&name);
        let (own, json) = (format!("{service}/{path}"), format!("{service}/model.json"));
        let folder = self.file(path).and_then(|file| file.parent().map(Path::to_owned)).unwrap_or_default();
        let found = find_model(&source, &name, &folder, places)?;
        if self.texts.get(&json).is_some_and(|known| *known != found.text) {
            return Err(source
                .at("/model", format!("another scenario names another model of {service}"))
                .help("name the same model in all scenarios of a service"));
        }
        self.elsewhere.extend(self.file(path).map(|file| (own.clone(), file)));
        let text = self.texts.remove(path).unwrap_or_default();
        self.texts.insert(own.clone(), text);
        self.alone.insert(own);
        self.set_model(&service, found);
        Ok(())
    }

    /// Returns whether a scenario names its model itself.
    pub(super) fn is_alone(&self, path: &str) -> bool {
        self.alone.contains(path)
    }

    /// Adds the model that `<service>/model.yaml` names as `<service>/model.json`.
    fn add_model(&mut self, service: &str, places: &Places) -> Result<(), Diagnostic> {
        let (yaml, json) = (format!("{service}/model.yaml"), format!("{service}/model.json"));
        let source = Source::read(&self.display(&yaml), self.get(&yaml).unwrap_or_default())?;
        if self.texts.contains_key(&json) {
            return Err(source
                .at("", "the folder also has a model.json")
                .help("keep model.json or model.yaml, not both"));
        }
        let ModelName { model: name } = source.decode()?;
        let folder = self.root.iter().map(|root| root.join(service)).next().unwrap_or_default();
        let found = find_model(&source, &name, &folder, places)?;
        self.set_model(service, found);
        Ok(())
    }

    fn set_model(&mut self, service: &str, found: ModelFiles) {
        self.name_model(service, found.source);
        let model = ("model.json", found.file, found.text);
        let companions =
            found.companions.into_iter().map(|found| (found.companion.file_name(), found.file, found.text));
        for (name, file, text) in std::iter::once(model).chain(companions) {
            let path = format!("{service}/{name}");
            self.texts.insert(path.clone(), text);
            self.elsewhere.insert(path, file);
        }
    }

    /// Files from texts, for tests and for callers that store fixtures elsewhere.
    #[must_use]
    pub fn from_texts(texts: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { texts: texts.into_iter().collect(), ..Self::default() }
    }

    /// Sets the name that finds the model of a service again.
    pub fn name_model(&mut self, service: &str, name: String) {
        self.models.insert(service.to_owned(), name);
    }

    /// The name that finds the model of a service again: that of botocore, or its path.
    pub(super) fn model_name(&self, service: &str) -> String {
        self.models.get(service).cloned().unwrap_or_else(|| self.display(&format!("{service}/model.json")))
    }

    /// Lets the states of a service be for a newer model: those that its model cannot express are skipped.
    pub fn allow_newer_states(&mut self, service: &str) {
        self.newest.insert(service.to_owned());
    }

    /// Returns whether the states of a service may be for a newer model.
    pub(super) fn has_newer_states(&self, service: &str) -> bool {
        self.newest.contains(service)
    }

    /// Sets the real location of a file, for error messages.
    pub fn stand_at(&mut self, path: &str, file: PathBuf) {
        self.elsewhere.insert(path.to_owned(), file);
    }

    /// All files, sorted by path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The path and the text of a file.
    pub(super) fn entry(&self, path: &str) -> Option<(&str, &str)> {
        self.texts.get_key_value(path).map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The text of a file.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&str> {
        self.texts.get(path).map(String::as_str)
    }

    /// The path under which a person would open the file.
    #[must_use]
    pub fn display(&self, path: &str) -> String {
        self.file(path).map_or_else(|| format!("fixtures/{path}"), |file| file.display().to_string())
    }

    /// The file on disk; `None` for a text that is compiled in.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<PathBuf> {
        let below = || self.root.as_ref().map(|root| root.join(path));
        self.elsewhere.get(path).cloned().or_else(below)
    }
}

/// The model of that name; a file is searched from `folder`.
fn find_model(source: &Source, name: &str, folder: &Path, places: &Places) -> Result<ModelFiles, Diagnostic> {
    let file = (!name.starts_with("botocore:")).then(|| folder.join(name).to_string_lossy().into_owned());
    published::find(file.as_deref().unwrap_or(name), places).map_err(|error| source.at("/model", error.to_string()))
}

/// The name of the service of a model: that of botocore, or the name of its file.
fn service_named(model: &str) -> String {
    let of_file = || Path::new(model).file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let named = model.strip_prefix("botocore:").map(|name| name.split('@').next().unwrap_or(name).to_owned());
    named.unwrap_or_else(|| of_file().split('.').next().unwrap_or_default().to_owned())
}

/// The service that a `model.yaml` belongs to.
fn service_of(path: &str) -> Option<&str> {
    path.strip_suffix("/model.yaml").filter(|service| !service.contains('/'))
}

fn texts_below(root: &Path) -> Result<BTreeMap<String, String>, FixtureFilesError> {
    let mut texts = BTreeMap::new();
    let mut left = LARGEST_FOLDER;
    let files = files_below(root).map_err(|FolderFailure { path, error }| FixtureFilesError::Read { path, error })?;
    for path in files {
        let has = |kind: &str| path.extension().is_some_and(|known| known == kind);
        if has("yml") {
            return Err(FixtureFilesError::Extension(path));
        }
        if !["yaml", "json", "snap"].into_iter().any(has) {
            continue;
        }
        let kind = if has("json") { FileKind::Model } else { FileKind::Fixture };
        let text = bounded_file::text(&path, kind).and_then(|text| {
            left = left.checked_sub(text.len()).ok_or_else(folder_too_large)?;
            Ok(text)
        });
        let text = text.map_err(|error| FixtureFilesError::Read { path: path.clone(), error })?;
        texts.insert(relative(root, &path), text);
    }
    Ok(texts)
}

/// The maximum size of all texts below a folder, in bytes.
const LARGEST_FOLDER: usize = 64 << 20;

fn folder_too_large() -> io::Error {
    let problem = format!("its folder has more than {} MiB of fixtures; split it", LARGEST_FOLDER >> 20);
    io::Error::new(io::ErrorKind::FileTooLarge, problem)
}

fn relative(root: &Path, path: &Path) -> String {
    let below = path.strip_prefix(root).unwrap_or(path);
    below.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// SHA-256 of paths and texts, in hex.
pub(super) fn digest<'f>(files: impl Iterator<Item = (&'f str, &'f str)>) -> String {
    let mut hash = Sha256::new();
    for (path, text) in files {
        hash.update((path.len() as u64).to_be_bytes());
        hash.update(path.as_bytes());
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
    hex(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn both_bundled_services_are_compiled_in() {
        let files = FixtureFiles::bundled_fixtures();
        assert!(files.get("codedeploy/model.json").is_some() && files.get("proton/requirements.yaml").is_some());
    }

    #[test]
    fn a_file_with_the_other_extension_of_yaml_is_an_error_and_not_ignored() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a.yml"), "x").unwrap();
        let error = FixtureFiles::folder(dir.path()).unwrap_err().to_string();
        assert!(error.ends_with("a.yml has the extension .yml\nhelp: rename it to .yaml"), "{error}");
    }

    #[test]
    fn a_folder_gives_its_fixtures_by_relative_path() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("s/op")).unwrap();
        fs::write(dir.path().join("s/op/a.yaml"), "x").unwrap();
        fs::write(dir.path().join("s/op/notes.txt"), "x").unwrap();
        let files = FixtureFiles::folder(dir.path()).unwrap();
        assert_eq!(files.iter().map(|(path, _)| path).collect::<Vec<_>>(), ["s/op/a.yaml"]);
    }

    #[test]
    fn a_missing_folder_is_an_error_that_names_it() {
        let error = FixtureFiles::folder(Path::new("not/there")).unwrap_err().to_string();
        assert!(error.contains("not/there"), "{error}");
    }

    #[test]
    fn every_kind_of_fixture_is_read_and_shown_by_its_real_path() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a.yaml", "b.json", "c.snap", "d.snap.new"] {
            fs::write(dir.path().join(name), name).unwrap();
        }
        let files = FixtureFiles::folder(dir.path()).unwrap();
        assert_eq!(
            files.iter().collect::<Vec<_>>(),
            [("a.yaml", "a.yaml"), ("b.json", "b.json"), ("c.snap", "c.snap")]
        );
        assert_eq!(files.display("a.yaml"), dir.path().join("a.yaml").display().to_string());
        assert_eq!(FixtureFiles::default().display("s/a.yaml"), "fixtures/s/a.yaml");
    }

    const BOTOCORE: &str = r#"{"metadata":{"apiVersion":"2020-01-01","endpointPrefix":"toy","serviceFullName":"Toy",
        "serviceId":"Toy","protocol":"json","jsonVersion":"1.1","targetPrefix":"Toy_20200101"},
        "operations":{"Get":{"http":{"method":"POST","requestUri":"/"},"input":{"shape":"In"}}},
        "shapes":{"In":{"type":"structure","required":["Name"],"members":{"Name":{"shape":"Name"}}},
                  "Name":{"type":"string","min":1,"max":3}}}"#;
    const SCENARIO: &str =
        "title: t\ncites: [T-1]\nevidence: modelled\nsteps:\n  - call: Get\n    input: { Name: abc }\n";

    const REQUIREMENTS: &str = "service: svc\ndocuments:\n  model: { title: Toy, url: 'https://example.com/' }\nrequirements:\n  - \
        { id: T-1, says: A name has one to three characters., document: model, section: Name, edition: first, kind: request-constraint, evidence: modelled }\n";

    /// A botocore with one service, and a fixture folder for it with this `model.yaml`.
    fn toy(model_yaml: &str) -> (tempfile::TempDir, PathBuf, Places) {
        let dir = tempfile::tempdir().unwrap();
        let version = dir.path().join("botocore/data/toy/2020-01-01");
        let operation = dir.path().join("fixtures/svc/get");
        fs::create_dir_all(&version).unwrap();
        fs::create_dir_all(&operation).unwrap();
        fs::write(version.join("service-2.json"), BOTOCORE).unwrap();
        fs::write(version.join("examples-1.json"), r#"{"examples":{"Get":[{"title":"t","input":{"Name":"a"}}]}}"#)
            .unwrap();
        fs::write(dir.path().join("fixtures/svc/model.yaml"), model_yaml).unwrap();
        fs::write(dir.path().join("fixtures/svc/requirements.yaml"), REQUIREMENTS).unwrap();
        fs::write(operation.join("a.yaml"), SCENARIO).unwrap();
        let root = dir.path().join("fixtures");
        let places = Places { botocore: Some(dir.path().join("botocore")), path: None };
        (dir, root, places)
    }

    #[rstest::rstest]
    #[case::by_service("model: botocore:toy\n")]
    #[case::by_path("model: ../../botocore/data/toy/2020-01-01/service-2.json\n")]
    fn a_service_may_name_its_model(#[case] model_yaml: &str) {
        let (_dir, root, places) = toy(model_yaml);
        let files = FixtureFiles::folder_with_models(&root, &places).unwrap();
        assert!(files.display("svc/model.json").ends_with("service-2.json"));
        let suite = crate::suite::Fixtures::read(&files).unwrap();
        assert_eq!(suite.cases().len(), 1);
        let operation = suite.service("svc").unwrap().contract().operation("Get").unwrap();
        assert_eq!(operation.example_input(), Some(&serde_json::json!({"Name": "a"})));
    }

    #[rstest::rstest]
    #[case::unknown("model: botocore:toi\n", "did you mean toy?")]
    #[case::no_file("model: gone.json\n", "svc/gone.json")]
    #[case::no_model("modell: x\n", "unknown field")]
    #[case::form("model: toy\n", "expected a .json")]
    fn a_model_that_cannot_be_loaded_is_reported_at_its_position(#[case] model_yaml: &str, #[case] expected: &str) {
        let (_dir, root, places) = toy(model_yaml);
        let error = FixtureFiles::folder_with_models(&root, &places).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains("model.yaml:1:"), "{error}");
    }

    #[test]
    fn a_model_and_the_name_of_one_are_one_too_many() {
        let (_dir, root, places) = toy("model: botocore:toy\n");
        fs::write(root.join("svc/model.json"), BOTOCORE).unwrap();
        let error = FixtureFiles::folder_with_models(&root, &places).unwrap_err().to_string();
        assert!(error.contains("keep model.json or model.yaml, not both"), "{error}");
    }

    #[test]
    fn snapshots_are_compiled_in() {
        assert!(
            FixtureFiles::bundled_snapshots().iter().any(|(path, text)| path.contains(".snap") && !text.is_empty())
        );
    }

    #[test]
    fn a_text_is_found_only_by_its_path() {
        let files = FixtureFiles::from_texts([("s/a.yaml".to_owned(), "text".to_owned())]);
        assert_eq!((files.get("s/a.yaml"), files.get("a.yaml")), (Some("text"), None));
        assert_eq!(files.iter().collect::<Vec<_>>(), [("s/a.yaml", "text")]);
    }

    const ALONE: &str = "model: botocore:toy\ntitle: t\nsteps:\n  - { call: Get, input: { Name: abc } }\n";

    fn read_alone(root: &Path, places: &Places) -> Vec<String> {
        let files = FixtureFiles::folder_with_models(root, places).unwrap();
        let fixtures = crate::suite::Fixtures::read(&files).unwrap();
        fixtures.cases().into_iter().map(|case| case.id.0).collect()
    }

    #[test]
    fn a_scenario_that_names_its_model_stands_alone_in_a_file_or_in_a_folder_of_topics() {
        let (dir, _, places) = toy("model: botocore:toy\n");
        let root = dir.path().join("own");
        fs::create_dir_all(root.join("names")).unwrap();
        fs::write(root.join("names/get.yaml"), ALONE).unwrap();
        fs::write(root.join("whole.yaml"), ALONE).unwrap();
        fs::write(root.join("compose.yaml"), "services: { a: { image: b } }").unwrap();
        assert_eq!(read_alone(&root, &places), ["toy/names/get", "toy/whole"]);
        assert_eq!(read_alone(&root.join("whole.yaml"), &places), ["toy/whole"]);
        let files = FixtureFiles::folder_with_models(&root.join("whole.yaml"), &places).unwrap();
        assert_eq!(files.display("toy/whole.yaml"), root.join("whole.yaml").display().to_string());
        let ids = ["toy/whole".to_owned()].into();
        assert_eq!(crate::suite::Fixtures::of_cases(&files, &ids).unwrap().cases().len(), 1);
    }

    #[rstest::rstest]
    #[case::no_model("title: t\nsteps: []\n", "it names no model")]
    #[case::unknown("model: botocore:toi\ntitle: t\nsteps: []\n", "did you mean toy?")]
    fn a_scenario_alone_without_its_model_says_what_to_write(#[case] text: &str, #[case] expected: &str) {
        let (dir, _, places) = toy("model: botocore:toy\n");
        let root = dir.path().join("own");
        fs::create_dir_all(&root).unwrap();
        fs::write(root.join("x.yaml"), text).unwrap();
        for path in [root.clone(), root.join("x.yaml")] {
            let error = FixtureFiles::folder_with_models(&path, &places).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains("x.yaml:1:"), "{error}");
        }
    }

    #[test]
    fn a_model_in_a_scenario_of_a_folder_that_has_one_is_one_too_many() {
        let (_dir, root, places) = toy("model: botocore:toy\n");
        fs::write(root.join("svc/get/b.yaml"), ALONE).unwrap();
        let files = FixtureFiles::folder_with_models(&root, &places).unwrap();
        let error = crate::suite::Fixtures::read(&files).unwrap_err().to_string();
        assert!(error.contains("the folder svc already has a model"), "{error}");
    }
}
