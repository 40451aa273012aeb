//! From the name of a model to probes: the suite of its one service, its recipe, and what probes cover.
//!
//! Shared by the program and by tests. It refuses to choose: which probes are wanted is said by [`probe::Options`].

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use thiserror::Error;

use crate::{
    judge::named_checks::read_fixtures,
    model::published::{self, ModelFileError, Places},
    probe::{self, Effect, Probes},
    suite::{
        FixtureFiles, Fixtures, ServiceFixtures, nearest,
        source::{Diagnostic, Source},
    },
};

/// Where probes are derived from.
#[derive(Debug, Clone)]
pub struct Derivation {
    /// The model: a file, or `botocore:SERVICE`.
    pub model: String,
    /// How the service's resources are made; `None`: what stands beside the model, or is built in.
    pub recipe: Option<PathBuf>,
    /// Where models are looked for by name.
    pub places: Places,
}

/// A model of which no probes can be derived.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DerivationError {
    /// The model is not found.
    #[error(transparent)]
    Model(#[from] ModelFileError),
    /// A file beside it cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The model or its recipe is broken: every problem, with its place.
    #[error("{0}")]
    Broken(String),
    /// An operation that the service does not have.
    #[error("{service} has no operation {operation}{hint}")]
    UnknownOperation {
        /// The service.
        service: String,
        /// What was asked for.
        operation: String,
        /// What may have been meant.
        hint: String,
    },
    /// The suite has no service, and is none of a model's.
    #[error("a suite without a service")]
    NoService,
}

/// A file's name among a service's fixtures, its text, and where it really stands.
type NamedText = (&'static str, String, PathBuf);

impl Derivation {
    /// A suite of one service, its model and its recipe, without scenarios.
    ///
    /// # Errors
    /// A model that is not found, or is broken.
    pub fn suite(&self) -> Result<Fixtures, DerivationError> {
        let model = published::find(&self.model, &self.places)?;
        let service = self.service(&model.file);
        let mut texts = vec![("model.json", model.text, model.file.clone())];
        texts.extend(model.examples.map(|(file, text)| ("examples-1.json", text, file)));
        texts.extend(beside(&model.file, "requirements.yaml")?);
        texts.extend(self.recipe(&service, &model.file)?);
        let path = |name: &str| format!("{service}/{name}");
        let mut files = FixtureFiles::from_texts(texts.iter().map(|(name, text, _)| (path(name), text.clone())));
        for (name, _, file) in texts {
            files.stand_at(&path(name), file);
        }
        // One file is wrong as a rule, and it is no fixture: it is told by itself.
        let told = |diagnostic: &Diagnostic| diagnostic.to_string();
        read_fixtures(&files)
            .map_err(|error| DerivationError::Broken(error.0.iter().map(told).collect::<Vec<_>>().join("\n\n")))
    }

    /// The recipe that was given, that of the model's own folder of fixtures, or the one that is built in.
    fn recipe(&self, service: &str, model: &Path) -> Result<Option<NamedText>, DerivationError> {
        if let Some(path) = &self.recipe {
            return Ok(Some(("states.yaml", read(path)?, path.clone())));
        }
        let built_in = || {
            let text = probe::recipe(service)?;
            Some(("states.yaml", text.to_owned(), format!("the recipe of {service}").into()))
        };
        Ok(beside(model, "states.yaml")?.or_else(built_in))
    }

    /// What ids call the service: botocore's name of it, else the file's own.
    fn service(&self, file: &Path) -> String {
        let named = self.model.strip_prefix("botocore:").map(|name| name.split('@').next().unwrap_or(name));
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
            let hint = nearest(operation, operations()).map(|near| format!("; did you mean {near}?"));
            let (service, operation) = (service.name.clone(), operation.clone());
            return Err(DerivationError::UnknownOperation { service, operation, hint: hint.unwrap_or_default() });
        }
        Ok(Probes::new(service, &Arc::new(Source::none(&self.model)), options))
    }

    /// Which of these ids no probe has. Their operations alone are derived, as that takes its time.
    ///
    /// # Errors
    /// A suite without a service.
    pub fn missing(&self, suite: &Fixtures, ids: &BTreeSet<String>) -> Result<BTreeSet<String>, DerivationError> {
        let service = the_service(suite)?;
        let operation = |id: &String| Some(id.split_once('.')?.1.split('/').next()?.to_owned());
        let known = |name: &String| service.contract().operation(name).is_some();
        let operations: BTreeSet<String> = ids.iter().filter_map(operation).filter(known).collect();
        if operations.is_empty() {
            return Ok(ids.clone());
        }
        let options = probe::ProbeOptions {
            operations: operations.into_iter().collect(),
            effect: Effect::Destroys,
            ..probe::ProbeOptions::default()
        };
        let probes = Probes::new(service, &Arc::new(Source::none(&self.model)), options);
        let there: BTreeSet<String> = probes.ids().collect();
        Ok(ids.difference(&there).cloned().collect())
    }
}

/// The one service of such a suite.
fn the_service(suite: &Fixtures) -> Result<&ServiceFixtures, DerivationError> {
    suite.services().next().ok_or(DerivationError::NoService)
}

fn read(path: &Path) -> Result<String, DerivationError> {
    fs::read_to_string(path).map_err(|error| DerivationError::Read { path: path.to_owned(), error })
}

/// Whether a model is that of a folder of fixtures.
fn is_of_fixtures(model: &Path) -> bool {
    model.file_name().is_some_and(|name| name == "model.json")
}

/// What stands beside the model of a folder of fixtures.
fn beside(model: &Path, name: &'static str) -> Result<Option<NamedText>, DerivationError> {
    let path = model.with_file_name(name);
    if !is_of_fixtures(model) || !path.exists() {
        return Ok(None);
    }
    Ok(Some((name, read(&path)?, path)))
}
