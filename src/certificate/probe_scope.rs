//! The probes that a certificate covers: those of whole groups, at every operation of a model.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::certified_digest::CertifiedDigest;
use crate::{
    model::published::Places,
    probe::{
        Effect, FamilySelector, PortableModel, ProbeOptions, Probes, RecipeOrigin,
        derivation::{Derivation, DerivationError},
    },
    suite::{FixtureFiles, Fixtures, ModelIdentity, RequestGroup},
    wire::protocol::protocol_named,
};

/// The probes that a vendor certifies. Every probe of these groups counts: none can be left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StatedProbes {
    /// The model of the service.
    pub model: ModelIdentity,
    /// The protocol; `None`: the first of the model that is supported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// The groups of probes.
    pub groups: Vec<RequestGroup>,
    /// True if operations that delete resources are probed, too.
    pub destructive: bool,
}

/// The fixtures of the probes of a model.
#[derive(Debug, Clone)]
pub struct ProbeScope {
    pub model: PortableModel,
    pub suite: Arc<Fixtures>,
    /// The digest of the model and its recipe, file by file.
    pub digest: CertifiedDigest,
}

/// The folder of the model in a bundle.
const FOLDER: &str = "fixtures/";

impl ProbeScope {
    /// The scope of a model; `None` if the model is broken.
    #[must_use]
    pub fn of(model: PortableModel) -> Option<Self> {
        let files = model.files();
        let digest = CertifiedDigest::of(&files, &FixtureFiles::default());
        Some(Self { suite: Arc::new(model.suite()?), model, digest })
    }

    /// The model in the files of a bundle, by the name that its vendor gave it.
    #[must_use]
    pub fn of_bundle(files: &BTreeMap<String, Vec<u8>>, stated: &StatedProbes) -> Option<Self> {
        let folder = format!("{FOLDER}{}/", stated.model.service);
        let name = |path: &String| path.strip_prefix(&folder).map(str::to_owned);
        let texts = files.iter().filter_map(|(path, bytes)| Some((name(path)?, bytes)));
        let texts = texts.map(|(name, bytes)| Some((name, String::from_utf8(bytes.clone()).ok()?)));
        Self::of(PortableModel {
            service: stated.model.service.clone(),
            source: stated.model.source.clone(),
            texts: texts.collect::<Option<_>>()?,
            protocol: stated.protocol.as_deref().and_then(protocol_named),
        })
    }

    /// The files of a bundle, by path.
    #[must_use]
    pub fn bundled(&self) -> BTreeMap<String, String> {
        let files = self.model.files();
        files.iter().map(|(path, text)| (format!("{FOLDER}{path}"), text.to_owned())).collect()
    }

    /// The identity of its model.
    #[must_use]
    pub fn identity(&self) -> ModelIdentity {
        self.suite.service(&self.model.service).map(|service| service.model.clone()).unwrap_or_default()
    }

    /// The probes that a run with this seed needs.
    #[must_use]
    pub fn probes(&self, stated: &StatedProbes, seed: u64) -> Option<Probes> {
        self.chosen(stated, seed, None)
    }

    /// Those of them that have these ids, beside the controls that they rest on.
    #[must_use]
    pub fn sample(&self, stated: &StatedProbes, seed: u64, ids: BTreeSet<String>) -> Option<Probes> {
        self.chosen(stated, seed, Some(ids))
    }

    fn chosen(&self, stated: &StatedProbes, seed: u64, only: Option<BTreeSet<String>>) -> Option<Probes> {
        let selectors: Vec<_> = stated.groups.iter().map(|group| FamilySelector::Group(*group)).collect();
        let options = ProbeOptions {
            families: FamilySelector::families(&selectors),
            every_control: stated.groups.contains(&RequestGroup::Sdk),
            only,
            seed,
            effect: if stated.destructive { Effect::Destroys } else { Effect::Writes },
            ..ProbeOptions::default()
        };
        self.model.probes(&self.suite, options)
    }
}

/// The relation of a bundle's model to a model that the verifier has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelStanding {
    /// The same files.
    Same,
    /// These files differ.
    Differs(Vec<String>),
    /// The verifier has no model of that name and version.
    Unknown,
}

impl ModelStanding {
    /// Compares a model of a bundle with that of this machine's botocore in the same version.
    #[must_use]
    pub fn of(scope: &ProbeScope, places: &Places) -> Self {
        let ModelIdentity { service, version, source, .. } = scope.identity();
        let name = if scope.model.is_of_botocore() { source } else { format!("botocore:{service}@{version}") };
        match Derivation::of(name, places.clone()).portable() {
            Ok(own) => Self::between(&scope.model, &own),
            Err(_) => Self::Unknown,
        }
    }

    /// Compares a model of a bundle with one that the verifier names.
    ///
    /// # Errors
    /// The verifier's model cannot be read.
    pub fn to_named(scope: &ProbeScope, name: &std::ffi::OsStr, places: &Places) -> Result<Self, DerivationError> {
        Ok(Self::between(&scope.model, &Derivation::of(name, places.clone()).portable()?))
    }

    fn between(model: &PortableModel, own: &PortableModel) -> Self {
        let differences = model.differences(own);
        if differences.is_empty() { Self::Same } else { Self::Differs(differences) }
    }
}

/// Describes the recipe of a model.
#[must_use]
pub fn recipe_in_words(origin: RecipeOrigin) -> &'static str {
    match origin {
        RecipeOrigin::BuiltIn => "the recipe of wireproof",
        RecipeOrigin::Own => "a recipe of the vendor",
        RecipeOrigin::None => "no recipe",
        RecipeOrigin::Removed => "without the recipe of wireproof",
    }
}
