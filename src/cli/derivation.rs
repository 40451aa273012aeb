//! The arguments that say which probes are derived from which model; a recording keeps them, to derive the same again.

use std::{
    collections::{BTreeSet, HashSet},
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::{Args, builder::BoolishValueParser};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Failure, botocore::BotocoreArguments};
use crate::{
    model,
    probe::{self, Effect, Family, Probes},
    scenario::{Files, ServiceSuite, Suite},
    shard::Shard,
    source::{Diagnostic, Source},
};

/// Which model, and what of it.
#[derive(Debug, Clone, Args, Serialize, Deserialize)]
pub(super) struct DerivationArguments {
    /// The model: a Smithy JSON AST, a botocore service-2.json[.gz], or botocore:SERVICE of the botocore that is installed.
    #[arg(long, value_name = "FILE|botocore:SERVICE", env = "WIREPROOF_MODEL")]
    pub(super) model: String,

    #[command(flatten)]
    #[serde(skip)]
    pub(super) botocore: BotocoreArguments,

    /// How the service's resources are made, in the form of states.yaml with `members`; else what is built in.
    #[arg(long, value_name = "FILE", env = "WIREPROOF_RECIPE")]
    pub(super) recipe: Option<PathBuf>,

    #[command(flatten)]
    pub(super) choice: ChoiceArguments,
}

/// Which probes.
#[derive(Debug, Clone, Args, Serialize, Deserialize)]
#[command(next_help_heading = "Probes")]
pub(super) struct ChoiceArguments {
    /// Only these families: required, length, range, pattern, enum, items, entries, unique, union, type, timestamp, blob,
    /// integer, unknown-member, legal, request, signing, example.
    #[arg(long, value_name = "FAMILY", value_delimiter = ',', env = "WIREPROOF_PROBES", value_parser = family)]
    #[serde(serialize_with = "names", deserialize_with = "named")]
    probes: Vec<Family>,

    /// Only these operations.
    #[arg(long, value_name = "NAME", value_delimiter = ',', env = "WIREPROOF_OPERATION")]
    operation: Vec<String>,

    /// Only ids that match this glob (`*`).
    #[arg(long, value_name = "GLOB", env = "WIREPROOF_FILTER")]
    filter: Vec<String>,

    /// No ids that match this glob.
    #[arg(long, value_name = "GLOB", env = "WIREPROOF_EXCLUDE")]
    exclude: Vec<String>,

    /// So many probes of each operation at most; the seed picks them.
    #[arg(long, value_name = "N", env = "WIREPROOF_MAX_PER_OPERATION")]
    max_per_operation: Option<usize>,

    /// Also operations that take something away: delete, terminate, purge, deregister.
    #[arg(long, env = "WIREPROOF_DESTRUCTIVE", value_parser = BoolishValueParser::new())]
    pub(super) destructive: bool,

    /// Also operations that write, on an endpoint that is not on loopback.
    #[arg(long, env = "WIREPROOF_ALLOW_WRITES", value_parser = BoolishValueParser::new())]
    allow_writes: bool,
}

fn family(name: &str) -> Result<Family, String> {
    let known = Family::ALL.into_iter().find(|family| family.name() == name);
    known.ok_or_else(|| format!("expected {}", Family::ALL.map(Family::name).join(", ")))
}

fn names<S: Serializer>(families: &[Family], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(families.iter().map(|family| family.name()))
}

fn named<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Family>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    names.iter().map(|name| family(name).map_err(de::Error::custom)).collect()
}

/// Which part of the probes runs.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) settled: HashSet<String>,
    pub(super) shard: Option<Shard>,
}

impl DerivationArguments {
    /// A suite of one service, its model and its recipe, without scenarios.
    pub(super) fn suite(&self) -> Result<Suite, Failure> {
        let model =
            model::find(&self.model, &self.botocore.places()).map_err(|error| Failure::usage(error.to_string()))?;
        let service = self.service(&model.file);
        let mut texts = vec![("model.json", model.text, model.file.clone())];
        texts.extend(model.examples.map(|(file, text)| ("examples-1.json", text, file)));
        texts.extend(beside(&model.file, "statements.yaml")?);
        texts.extend(self.recipe(&service, &model.file)?);
        let path = |name: &str| format!("{service}/{name}");
        let mut files = Files::from_texts(texts.iter().map(|(name, text, _)| (path(name), text.clone())));
        for (name, _, file) in texts {
            files.stand_at(&path(name), file);
        }
        // One file is wrong as a rule, and it is no fixture: it is told by itself.
        let told = |diagnostic: &Diagnostic| diagnostic.to_string();
        Suite::read(&files).map_err(|error| Failure::usage(error.0.iter().map(told).collect::<Vec<_>>().join("\n\n")))
    }

    /// The recipe that was given, that of the model's own folder of fixtures, or the one that is built in.
    fn recipe(&self, service: &str, model: &Path) -> Result<Option<Text>, Failure> {
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

    pub(super) fn derive(&self, suite: &Suite, seed: u64, effect: Effect, part: Part) -> Result<Probes, Failure> {
        let service = the_service(suite)?;
        let choice = &self.choice;
        let unknown = choice
            .operation
            .iter()
            .find(|name| !service.contract().operations().any(|operation| operation.name.eq_ignore_ascii_case(name)));
        if let Some(name) = unknown {
            let known = service.contract().operations().map(|operation| operation.name.as_str());
            let nearest = crate::scenario::nearest(name, known).map(|near| format!("; did you mean {near}?"));
            return Err(Failure::usage(format!(
                "{} has no operation {name}{}",
                service.name,
                nearest.unwrap_or_default()
            )));
        }
        let options = probe::Options {
            families: choice.probes.iter().copied().collect(),
            operations: choice.operation.clone(),
            filters: choice.filter.clone(),
            excludes: choice.exclude.clone(),
            settled: part.settled,
            shard: part.shard,
            max_per_operation: choice.max_per_operation,
            seed,
            effect,
        };
        Ok(Probes::new(service, &Arc::new(Source::none(&self.model)), options))
    }

    /// Which of these ids no probe has. Their operations alone are derived, as that takes its time.
    pub(super) fn missing(&self, suite: &Suite, ids: &BTreeSet<String>) -> Result<BTreeSet<String>, Failure> {
        let service = the_service(suite)?;
        let operation = |id: &String| Some(id.split_once('.')?.1.split('/').next()?.to_owned());
        let known = |name: &String| service.contract().operation(name).is_some();
        let operations: BTreeSet<String> = ids.iter().filter_map(operation).filter(known).collect();
        if operations.is_empty() {
            return Ok(ids.clone());
        }
        let options = probe::Options {
            operations: operations.into_iter().collect(),
            effect: Effect::Destroys,
            ..probe::Options::default()
        };
        let probes = Probes::new(service, &Arc::new(Source::none(&self.model)), options);
        let there: BTreeSet<String> = probes.ids().collect();
        Ok(ids.difference(&there).cloned().collect())
    }
}

/// A file's name among a service's fixtures, its text, and where it really stands.
type Text = (&'static str, String, PathBuf);

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))
}

/// Whether a model is that of a folder of fixtures.
fn is_of_fixtures(model: &Path) -> bool {
    model.file_name().is_some_and(|name| name == "model.json")
}

/// What stands beside the model of a folder of fixtures.
fn beside(model: &Path, name: &'static str) -> Result<Option<Text>, Failure> {
    let path = model.with_file_name(name);
    if !is_of_fixtures(model) || !path.exists() {
        return Ok(None);
    }
    Ok(Some((name, read(&path)?, path)))
}

impl ChoiceArguments {
    /// The strongest effect that an operation may have.
    pub(super) fn effect(&self, is_loopback: bool) -> Effect {
        match (self.destructive, is_loopback || self.allow_writes) {
            (true, true) => Effect::Destroys,
            (_, true) => Effect::Writes,
            (_, false) => Effect::Reads,
        }
    }
}

/// The one service of such a suite.
pub(super) fn the_service(suite: &Suite) -> Result<&ServiceSuite, Failure> {
    suite.services().next().ok_or_else(|| Failure::internal("a suite without a service"))
}
