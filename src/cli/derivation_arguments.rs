//! The arguments for the derivation of probes. A recording stores them, to derive the same probes again.

use std::{
    collections::{BTreeSet, HashSet},
    path::PathBuf,
};

use clap::{
    Args,
    builder::{ArgPredicate, BoolishValueParser, PossibleValuesParser},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Failure, botocore::BotocoreArguments, given_path, select::globs};
use crate::{
    model::Operation,
    probe::{
        self, Effect, FamilySelector, Probes,
        derivation::{Derivation, DerivationError},
    },
    suite::{Fixtures, GlobList, shard::Shard},
    wire::protocol::{protocol_named, supported_protocols},
};

/// The model, its recipe, and the selection of probes.
#[derive(Debug, Clone, Args, Serialize, Deserialize)]
pub(super) struct DerivationArguments {
    /// Model of the service: a Smithy JSON AST, a botocore service-2.json[.gz], or botocore:SERVICE for the installed botocore.
    #[arg(long, value_name = "FILE|botocore:SERVICE", env = "WIREPROOF_MODEL")]
    #[serde(with = "given_path")]
    pub(super) model: PathBuf,

    #[command(flatten)]
    #[serde(skip)]
    pub(super) botocore: BotocoreArguments,

    /// Recipe that creates the resources of the service, in the format of states.yaml with `members` [default: built in].
    #[arg(long, value_name = "FILE", env = "WIREPROOF_RECIPE")]
    pub(super) recipe: Option<PathBuf>,

    #[command(flatten)]
    pub(super) choice: ChoiceArguments,
}

/// The selection of probes.
#[derive(Debug, Clone, Args, Serialize, Deserialize)]
#[command(next_help_heading = "Probes")]
pub(super) struct ChoiceArguments {
    #[command(flatten)]
    #[serde(flatten)]
    pub(super) families: FamilyArguments,

    /// Run only these operations.
    #[arg(long, value_name = "NAME", value_delimiter = ',', env = "WIREPROOF_OPERATION")]
    pub(super) operation: Vec<String>,

    /// Run only probe IDs that match this glob or contain this text (repeatable).
    #[arg(long, value_name = "GLOB", env = "WIREPROOF_FILTER")]
    pub(super) filter: Vec<GlobList>,

    /// Skip probe IDs that match this glob or contain this text (repeatable).
    #[arg(long, value_name = "GLOB", env = "WIREPROOF_EXCLUDE")]
    pub(super) exclude: Vec<GlobList>,
}

/// The families of probes, and the operations that may be probed.
#[derive(Debug, Clone, Args, Serialize, Deserialize)]
#[command(next_help_heading = "Probes")]
pub(super) struct FamilyArguments {
    /// Run only these groups or families: sdk (what an SDK can send), behaviour (several calls on one resource), wire
    /// (malformed requests), signing, or all; required, length, range, pattern, enum, items, entries, unique, union,
    /// legal, example of sdk; absent, round-trip, listed, consistent, pages, narrowing, names, tokens, duplicate, waits,
    /// gone of behaviour; type, timestamp, blob, integer, unknown-member, request of wire. With --filter, the default is all.
    #[arg(
        long,
        value_name = "GROUP|FAMILY",
        value_delimiter = ',',
        env = "WIREPROOF_PROBES",
        default_value = "sdk,behaviour",
        default_value_if("filter", ArgPredicate::IsPresent, "all")
    )]
    #[serde(serialize_with = "names", deserialize_with = "named")]
    probes: Vec<FamilySelector>,

    /// Protocol of the requests [default: the first of the model that is supported].
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(supported_protocols()), env = "WIREPROOF_PROTOCOL")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    protocol: Option<String>,

    /// At most N probes per operation, sampled by seed.
    #[arg(long, value_name = "N", env = "WIREPROOF_MAX_PER_OPERATION")]
    max_per_operation: Option<usize>,

    /// Also probe operations that destroy resources: delete, terminate, purge, deregister.
    #[arg(long, env = "WIREPROOF_DESTRUCTIVE", value_parser = BoolishValueParser::new())]
    pub(super) destructive: bool,

    /// Also probe operations that write, on an endpoint that is not on loopback.
    #[arg(long, env = "WIREPROOF_ALLOW_WRITES", value_parser = BoolishValueParser::new())]
    allow_writes: bool,
}

fn names<S: Serializer>(selectors: &[FamilySelector], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(selectors.iter().map(FamilySelector::to_string))
}

/// No name selects all: before there were groups, that was the default.
fn named<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<FamilySelector>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    if names.is_empty() {
        return Ok(vec![FamilySelector::All]);
    }
    names.iter().map(|name| name.parse().map_err(de::Error::custom)).collect()
}

/// The part of the probes that runs.
#[derive(Debug, Clone, Default)]
pub(super) struct ProbeSelection {
    pub(super) settled: HashSet<String>,
    pub(super) shard: Option<Shard>,
}

impl DerivationArguments {
    /// The source of the probes.
    fn derivation(&self) -> Derivation {
        Derivation {
            model: self.model.clone().into(),
            recipe: self.recipe.clone(),
            protocol: self.choice.families.protocol.as_deref().and_then(protocol_named),
            places: self.botocore.places(),
        }
    }

    /// A suite with one service, its model and its recipe, without scenarios.
    pub(super) fn suite(&self) -> Result<Fixtures, Failure> {
        Ok(self.derivation().suite()?)
    }

    pub(super) fn derive(
        &self,
        suite: &Fixtures,
        seed: u64,
        effect: Effect,
        part: ProbeSelection,
    ) -> Result<Probes, Failure> {
        let choice = &self.choice;
        let families = &choice.families;
        let options = probe::ProbeOptions {
            families: FamilySelector::families(&families.probes),
            every_control: families.probes.iter().any(|selector| selector.is_of_valid_inputs()),
            operations: choice.operation.clone(),
            filters: globs(&choice.filter),
            only: None,
            excludes: globs(&choice.exclude),
            settled: part.settled,
            shard: part.shard,
            max_per_operation: families.max_per_operation,
            seed,
            effect,
        };
        if let Some(operation) = suite.services().find_map(|service| options.named_and_left_out(service)) {
            return Err(left_out(operation));
        }
        Ok(self.derivation().probes(suite, options)?)
    }

    /// The given IDs that no probe has. Only their operations are derived, because derivation takes time.
    pub(super) fn missing(&self, suite: &Fixtures, ids: &BTreeSet<String>) -> Result<BTreeSet<String>, Failure> {
        Ok(self.derivation().missing(suite, ids)?)
    }
}

/// A named operation that has no probes with these flags.
fn left_out(operation: &Operation) -> Failure {
    let name = &operation.name;
    Failure::usage(match Effect::of(operation) {
        Effect::Destroys => {
            format!("{name} deletes resources, so it has no probes\nhelp: pass --destructive to probe it too")
        }
        _ => format!(
            "{name} writes, and the endpoint is not on this machine, so it has no probes\nhelp: pass --allow-writes to probe it"
        ),
    })
}

impl From<DerivationError> for Failure {
    fn from(error: DerivationError) -> Self {
        match error {
            DerivationError::NoService => Self::internal(error.to_string()),
            _ => Self::usage(error.to_string()),
        }
    }
}

impl FamilyArguments {
    /// A flag that was given, or set in the configuration file. `--filter` sets `--probes all`.
    pub(super) fn given(&self) -> Option<&'static str> {
        let is_default =
            |selector: &FamilySelector| ["sdk", "behaviour", "all"].contains(&selector.to_string().as_str());
        let flags = [
            ("--probes", !self.probes.iter().all(is_default)),
            ("--protocol", self.protocol.is_some()),
            ("--max-per-operation", self.max_per_operation.is_some()),
            ("--destructive", self.destructive),
            ("--allow-writes", self.allow_writes),
        ];
        flags.into_iter().find(|(_, is_given)| *is_given).map(|(flag, _)| flag)
    }
}

impl ChoiceArguments {
    /// The strongest effect that a probed operation may have.
    pub(super) fn effect(&self, is_loopback: bool) -> Effect {
        match (self.families.destructive, is_loopback || self.families.allow_writes) {
            (true, true) => Effect::Destroys,
            (_, true) => Effect::Writes,
            (_, false) => Effect::Reads,
        }
    }
}
