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
mod tests;
