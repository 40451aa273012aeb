//! Probes: cases that are derived from a model.
//!
//! The model alone decides: for every constraint at every location of an operation's input, requests that just violate
//! it and requests that just satisfy it; whole requests; signatures; the examples of the documents. Each probe rests on
//! a control, a valid request that the endpoint must accept first. So a rejection has the reason that is probed. Pure:
//! the session that runs the plan creates the resources. A probe is a [`Case`](crate::suite::Case) like any other; nothing
//! here judges.
//!
//! | module | holds | may import |
//! |---|---|---|
//! | `witness` | Strings for a pattern and bounds |  |
//! | `relations` | The kinds of resources of a service, and the operations that create, read, list, change and delete them |  |
//! | `input` | Valid inputs, built from the model | `witness`, `relations` |
//! | `examples` | Valid values of any shape of a contract | `input` |
//! | `related_errors` | The errors that say that a resource is absent or exists already |  |
//! | `sequence` | Several calls about one resource, of which the last are judged | `relations` |
//! | `change` | The difference between a probe and the valid request that it starts from | `input` |
//! | `family` | The families of probes | `witness`, `input`, `change`, `relations`, `related_errors`, `sequence` |
//! | `location` | The locations of an operation's input | `input` |
//! | `rejection` | Finds the errors of an operation that reject an input for its form |  |
//! | `first_call` | The values of a sequence as templates, and the expected responses | `relations`, `input`, `sequence` |
//! | `sequence_writer` | The steps of a sequence, with inputs that name what exists | `relations`, `input`, `sequence`, `first_call` |
//! | `derive` | The probes of one operation, and the case of each | `input`, `change`, `family`, `location`, `rejection`, `related_errors`, `sequence`, `sequence_writer`, `witness` |
//! | `coverage` | The number of a model's constraints, and of those that are probed and judged | `derive` |
//! | `recipe` | Recipes that create the resources of well-known services, so that probes refer to resources that exist |  |
//! | `portable_model` | The files that probes are derived from, without their places on a machine | `recipe` |
//! | `derivation` | From the name of a model to its probes |  |
//! | `effect` | The effect of an operation |  |
//! | `member_path` | The path from an operation's input to a location in it |  |
//! | `id_heads` | The beginnings of the ids that a selection can contain, so that only their probes are derived |  |
//! | `loaded_operation` | The cases of the current operation that are still to run | `derive`, `sequence` |
//! | `shared_states` | The states that the probes of an operation share, and the requests that may spoil them | `derive` |
//! | `probes` | The order of probes | `input`, `derive`, `first_call`, `id_heads`, `loaded_operation`, `shared_states` |
//! | `unprobed_reason` | The reasons why constraints have no probe |  |

#![allow(missing_docs, reason = "this room has no promised API")]

#[cfg(test)]
mod behavior_tests;
mod change;
mod coverage;
pub mod derivation;
mod derive;
mod effect;
mod examples;
mod family;
mod first_call;
mod id_heads;
mod input;
mod loaded_operation;
mod location;
mod member_path;
mod portable_model;
mod probes;
mod recipe;
mod rejection;
mod related_errors;
mod relations;
mod sequence;
mod sequence_writer;
mod shared_states;
#[cfg(test)]
mod testing;
mod unprobed_reason;
mod witness;

use std::collections::{BTreeSet, HashSet};

use crate::{
    model::Operation,
    suite::{Glob, ServiceFixtures, shard::Shard},
};

pub use coverage::{ConstraintCounts, Coverage, CoverageReport, FamilyRow, Unprobed};
pub use effect::Effect;
pub use examples::Examples;
pub use family::{FamilySelector, ProbeFamily, UnknownFamily, differs_in_ending};
pub use input::{KnownValues, Unbuildable};
pub use location::Location;
pub use member_path::MemberPath;
pub use portable_model::{PortableModel, RecipeOrigin};
pub use probes::Probes;
pub use recipe::{helpers, recipe};
pub use relations::{
    IdentifierLink, IdentifierOrigin, IdentityForm, OutputPath, Relation, RelationRole, Relations, Resource,
};
pub use unprobed_reason::{Inexpressible, UnprobedReason};
pub use witness::WitnessError;

/// The selection of the probes to derive.
#[derive(Debug, Clone)]
pub struct ProbeOptions {
    /// Families; empty: all.
    pub families: BTreeSet<ProbeFamily>,
    /// True to send a valid value at every location, also where no probe rests on it. A limit on the probes per operation
    /// rules it out.
    pub every_control: bool,
    /// Operations by name, in any letter case; empty: all.
    pub operations: Vec<String>,
    /// Globs. An id must match one of them; empty: all ids. A control runs for its probes, or if a glob is its id.
    pub filters: Vec<Glob>,
    /// The ids to derive, beside the controls that they rest on; `None`: all ids.
    pub only: Option<BTreeSet<String>>,
    /// Globs of ids to leave out.
    pub excludes: Vec<Glob>,
    /// Ids that need not run again.
    pub settled: HashSet<String>,
    /// The shard of operations to run; `None`: all operations.
    pub shard: Option<Shard>,
    /// At most N probes per operation, sampled by seed; controls are not counted.
    pub max_per_operation: Option<usize>,
    /// Seed for generated strings and for the sample.
    pub seed: u64,
    /// The strongest effect that an operation may have to be probed.
    pub effect: Effect,
}

impl Default for ProbeOptions {
    fn default() -> Self {
        Self {
            families: BTreeSet::new(),
            every_control: true,
            operations: Vec::new(),
            filters: Vec::new(),
            only: None,
            excludes: Vec::new(),
            settled: HashSet::new(),
            shard: None,
            max_per_operation: None,
            seed: 0,
            effect: Effect::Writes,
        }
    }
}

impl ProbeOptions {
    /// Returns why an operation is not probed, if it is not.
    fn leaves_out(&self, operation: &Operation) -> Option<UnprobedReason> {
        let wanted = |name: &String| name.eq_ignore_ascii_case(&operation.name);
        if !self.operations.is_empty() && !self.operations.iter().any(wanted) {
            return Some(UnprobedReason::OperationNotSelected);
        }
        let effect = Effect::of(operation);
        let reason = if effect == Effect::Destroys { UnprobedReason::Destructive } else { UnprobedReason::Writes };
        (effect > self.effect).then_some(reason)
    }

    /// The first operation that `operations` or a filter names and that the options leave out.
    #[must_use]
    pub fn named_and_left_out<'s>(&self, service: &'s ServiceFixtures) -> Option<&'s Operation> {
        let contract = service.contract();
        let by_filter = self.filters.iter().filter_map(|glob| {
            let name = glob.head().strip_prefix(service.name.as_str())?.strip_prefix('.')?.split('/').next()?;
            contract.operation(name)
        });
        let is_named =
            |operation: &&Operation| self.operations.iter().any(|name| name.eq_ignore_ascii_case(&operation.name));
        let mut named = contract.operations().filter(is_named).chain(by_filter);
        named.find(|operation| Effect::of(operation) > self.effect)
    }

    fn names(&self, id: &str) -> bool {
        let any = |globs: &[Glob]| globs.iter().any(|glob| glob.matches(id));
        self.only.as_ref().is_none_or(|only| only.contains(id))
            && (self.filters.is_empty() || any(&self.filters))
            && !any(&self.excludes)
    }
}
