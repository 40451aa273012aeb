//! From the name of a model to its probes: a suite of one service, with its recipe.
//!
//! The program and the harness share it. [`ProbeOptions`](probe::ProbeOptions) say which probes are derived.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use thiserror::Error;

use crate::{
    judge::named_checks::read_fixtures,
    model::bounded_file::{self, FileKind},
    model::published::{self, ModelFileError, Places},
    probe::{self, Effect, PortableModel, Probes},
    suite::{
        FixtureFiles, Fixtures, ServiceFixtures, nearest,
        source::{Diagnostic, Source},
    },
    wire::protocol::ServerProtocol,
};

/// A model by name, and what probes are derived with.
#[derive(Debug, Clone)]
pub struct Derivation {
    /// The model: a file, or `botocore:SERVICE`.
    pub model: OsString,
    /// The recipe for the service's resources; `None`: the one beside the model, or the built-in one.
    pub recipe: Option<PathBuf>,
    /// The protocol; `None`: the first of the model that is supported.
    pub protocol: Option<&'static dyn ServerProtocol>,
    /// The locations that are searched for models by name.
    pub places: Places,
}

/// A model from which no probes can be derived.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DerivationError {
    /// The model cannot be read.
    #[error(transparent)]
    Model(#[from] ModelFileError),
    /// A file beside it cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        error: io::Error,
    },
    /// The model or its recipe is broken: every problem, with its position.
    #[error("{}", paragraphs(.0))]
    Broken(Vec<Diagnostic>),
    /// An operation that the service does not have.
    #[error("{service} has no operation {operation}{}", hint(nearest.as_deref()))]
    UnknownOperation {
        /// The service.
        service: String,
        /// The operation as it was given.
        operation: String,
        /// A similar name.
        nearest: Option<String>,
    },
    /// The suite has no service: it is not derived from a model.
    #[error("the suite has no service")]
    NoService,
}

fn paragraphs(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().map(Diagnostic::to_string).collect::<Vec<_>>().join("\n\n")
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map(|name| format!("; did you mean {name}?")).unwrap_or_default()
}

/// The name of a file among a service's fixtures, its text, and its path on disk.
type NamedText = (&'static str, String, PathBuf);

/// The files of a suite, and where they were found.
struct FoundModel {
    model: PortableModel,
    places: Vec<(&'static str, PathBuf)>,
}

impl Derivation {
    /// A model with the built-in recipe, in its own protocol.
    #[must_use]
    pub fn of(model: impl Into<OsString>, places: Places) -> Self {
        Self { model: model.into(), recipe: None, protocol: None, places }
    }

    /// A suite of one service, its model and its recipe, without scenarios.
    ///
    /// # Errors
    /// A model that is not found, or is broken.
    pub fn suite(&self) -> Result<Fixtures, DerivationError> {
        let (_, files) = self.files()?;
        read_fixtures(&files).map_err(|error| DerivationError::Broken(error.0))
    }

    /// The same with the states that these probes need, and no others.
    ///
    /// # Errors
    /// See [`Derivation::suite`].
    pub fn suite_of(&self, ids: &BTreeSet<String>) -> Result<Fixtures, DerivationError> {
        let (service, files) = self.files()?;
        let operations: Option<BTreeSet<String>> = ids.iter().map(|id| operation_of(id)).collect();
        let needed = operations.and_then(|operations| Fixtures::of_operations(&files, &service, &operations));
        needed.map_or_else(|| read_fixtures(&files).map_err(|error| DerivationError::Broken(error.0)), Ok)
    }

    /// The name of the service, and the files of its suite.
    fn files(&self) -> Result<(String, FixtureFiles), DerivationError> {
        let FoundModel { model, places } = self.found()?;
        let mut files = model.files();
        for (name, file) in places {
            files.stand_at(&model.path(name), file);
        }
        Ok((model.service, files))
    }

    /// The files of the suite without their places on this machine. A model that is not of botocore has the name of its file.
    ///
    /// # Errors
    /// A model that is not found, or a file that cannot be read.
    pub fn portable(&self) -> Result<PortableModel, DerivationError> {
        let FoundModel { mut model, .. } = self.found()?;
        if !model.is_of_botocore() {
            let name = Path::new(&model.source).file_name();
            model.source = name.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        }
        Ok(model)
    }

    /// The files of the suite, and where they were found.
    fn found(&self) -> Result<FoundModel, DerivationError> {
        let model = published::find(&self.model, &self.places)?;
        let service = self.service(&model.file);
        let mut texts = vec![("model.json", model.text, model.file.clone())];
        texts.extend(model.companions.into_iter().map(|found| (found.companion.file_name(), found.text, found.file)));
        texts.extend(beside(&model.file, "requirements.yaml")?);
        texts.extend(self.own_recipe(&model.file)?.or_else(|| built_in(&service)));
        let places = texts.iter().map(|(name, _, file)| (*name, file.clone())).collect();
        let texts = texts.into_iter().map(|(name, text, _)| (name.to_owned(), text)).collect();
        let model = PortableModel { service, source: model.source, texts, protocol: self.protocol };
        Ok(FoundModel { model, places })
    }

    /// The given recipe, or the one in the model's own folder of fixtures.
    fn own_recipe(&self, model: &Path) -> Result<Option<NamedText>, DerivationError> {
        match &self.recipe {
            Some(path) => Ok(Some(("states.yaml", read(path)?, path.clone()))),
            None => beside(model, "states.yaml"),
        }
    }

    /// The name of the service in ids: the name that botocore gives it, or the name of the file.
    fn service(&self, file: &Path) -> String {
        let named = self
            .model
            .to_str()
            .and_then(|model| model.strip_prefix("botocore:"))
            .map(|name| name.split('@').next().unwrap_or(name));
        let folder = || {
            let is_botocore = file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("service-2.json"));
            file.ancestors().nth(2).filter(|_| is_botocore)?.file_name()?.to_str()
        };
        let own_folder = || file.parent().filter(|_| is_of_fixtures(file))?.file_name()?.to_str();
        let stem = || file.file_name()?.to_str()?.split('.').next();
        named.or_else(folder).or_else(own_folder).or_else(stem).unwrap_or("service").to_owned()
    }

    /// The probes of such a suite.
    ///
    /// # Errors
    /// An operation that the service does not have.
    pub fn probes(&self, suite: &Fixtures, options: probe::ProbeOptions) -> Result<Probes, DerivationError> {
        let service = the_service(suite)?;
        let operations = || service.contract().operations().map(|operation| operation.name.as_str());
        let unknown = |name: &&String| !operations().any(|known| known.eq_ignore_ascii_case(name));
        if let Some(operation) = options.operations.iter().find(unknown) {
            let nearest = nearest(operation, operations()).map(str::to_owned);
            let (service, operation) = (service.name.clone(), operation.clone());
            return Err(DerivationError::UnknownOperation { service, operation, nearest });
        }
        Ok(Probes::new(service, &Arc::new(Source::none(&self.model.to_string_lossy())), options))
    }

    /// The ids that no probe has. Only their operations are derived, since that takes time.
    ///
    /// # Errors
    /// A suite without a service.
    pub fn missing(&self, suite: &Fixtures, ids: &BTreeSet<String>) -> Result<BTreeSet<String>, DerivationError> {
        let service = the_service(suite)?;
        let known = |name: &String| service.contract().operation(name).is_some();
        let operations: BTreeSet<String> = ids.iter().filter_map(|id| operation_of(id)).filter(known).collect();
        if operations.is_empty() {
            return Ok(ids.clone());
        }
        let options = probe::ProbeOptions {
            operations: operations.into_iter().collect(),
            effect: Effect::Destroys,
            ..probe::ProbeOptions::default()
        };
        let probes = Probes::new(service, &Arc::new(Source::none(&self.model.to_string_lossy())), options);
        let known: BTreeSet<String> = probes.ids().collect();
        Ok(ids.difference(&known).cloned().collect())
    }
}

/// The recipe of the program for a service.
fn built_in(service: &str) -> Option<NamedText> {
    Some(("states.yaml", probe::recipe(service)?.to_owned(), format!("the recipe of {service}").into()))
}

/// The operation of a probe, by its id `service.Operation/…`.
fn operation_of(id: &str) -> Option<String> {
    Some(id.split_once('.')?.1.split('/').next()?.to_owned())
}

/// The one service of such a suite.
fn the_service(suite: &Fixtures) -> Result<&ServiceFixtures, DerivationError> {
    suite.services().next().ok_or(DerivationError::NoService)
}

fn read(path: &Path) -> Result<String, DerivationError> {
    bounded_file::text(path, FileKind::Model).map_err(|error| DerivationError::Read { path: path.to_owned(), error })
}

/// Returns whether the model belongs to a folder of fixtures.
fn is_of_fixtures(model: &Path) -> bool {
    model.file_name().is_some_and(|name| name == "model.json")
}

/// A file beside the model of a folder of fixtures.
fn beside(model: &Path, name: &'static str) -> Result<Option<NamedText>, DerivationError> {
    let path = model.with_file_name(name);
    if !is_of_fixtures(model) || !path.exists() {
        return Ok(None);
    }
    Ok(Some((name, read(&path)?, path)))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// An old Secrets Manager: it creates and deletes secrets, and can do nothing else.
    const OLD: &str = r#"{"smithy":"2.0","shapes":{
        "x#SecretsManager":{"type":"service","version":"2001-01-01","operations":[{"target":"x#CreateSecret"},{"target":"x#DeleteSecret"}],
            "traits":{"aws.auth#sigv4":{"name":"secretsmanager"},"aws.protocols#awsJson1_1":{}}},
        "x#CreateSecret":{"type":"operation","input":{"target":"x#New"},"output":{"target":"x#Created"}},
        "x#New":{"type":"structure","members":{"Name":{"target":"smithy.api#String"},"SecretString":{"target":"smithy.api#String"},
            "ClientRequestToken":{"target":"smithy.api#String"}}},
        "x#Created":{"type":"structure","members":{"ARN":{"target":"smithy.api#String"},"VersionId":{"target":"smithy.api#String"}}},
        "x#DeleteSecret":{"type":"operation","input":{"target":"x#Old"},"output":{"target":"smithy.api#Unit"}},
        "x#Old":{"type":"structure","members":{"SecretId":{"target":"smithy.api#String"},
            "ForceDeleteWithoutRecovery":{"target":"smithy.api#Boolean"}}}}}"#;

    fn old() -> (tempfile::TempDir, Derivation) {
        let folder = tempfile::tempdir().unwrap();
        let model = folder.path().join("secretsmanager.json");
        fs::write(&model, OLD).unwrap();
        (folder, Derivation::of(model, Places::default()))
    }

    #[test]
    fn states_of_the_built_in_recipe_that_an_older_model_cannot_express_are_skipped_with_a_reason() {
        let (_folder, derivation) = old();
        let suite = derivation.suite().unwrap();
        let service = suite.service("secretsmanager").unwrap();
        assert!(service.states.contains_key("a secret") && !service.states.contains_key("a secret of two versions"));
        let of = |part: &str| service.skipped.iter().any(|skipped| skipped.contains(part));
        assert!(of(
            "\"a secret of two versions\" of the recipe is skipped: secretsmanager has no operation PutSecretValue"
        ));
        assert!(of("\"a deleted secret\" of the recipe is skipped: ") && !of("\"a secret\""), "{:?}", service.skipped);
        assert!(service.fillings.iter().all(|filling| service.states.contains_key(&filling.state)));
        assert!(!service.fillings.is_empty());
    }

    #[test]
    fn an_error_in_a_recipe_of_a_user_is_reported() {
        let (folder, derivation) = old();
        let path = folder.path().join("states.yaml");
        fs::write(&path, "states:\n  s:\n    says: S.\n    steps: [{ call: PutSecretValue }]\n    yields: {}\n")
            .unwrap();
        let error = Derivation { recipe: Some(path), ..derivation }.suite().unwrap_err().to_string();
        assert!(error.contains("has no operation PutSecretValue"), "{error}");
    }

    #[test]
    fn a_suite_knows_the_state_of_its_model() {
        let (folder, derivation) = old();
        let suite = derivation.suite().unwrap();
        let model = &suite.service("secretsmanager").unwrap().model;
        assert_eq!(model.source, folder.path().join("secretsmanager.json").display().to_string());
        assert_eq!((model.version.as_str(), model.digest.len()), ("2001-01-01", 64));
        fs::write(folder.path().join("secretsmanager.json"), OLD.replace("2001", "2002")).unwrap();
        let other = derivation.suite().unwrap();
        assert_ne!(model.digest, other.service("secretsmanager").unwrap().model.digest);
    }
}
