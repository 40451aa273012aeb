//! Probes: scenarios that the program derives from a contract, where nobody wrote any.
//!
//! From the model alone: every constraint of every operation's input at every place, broken and just kept; whole
//! requests; signatures; the documents' examples. Each rests on a control, a legal input that must be taken first, so
//! that a refusal has the reason that is asked about. Pure: what exists is told by the session that runs the plan.
//! It refuses to judge: a probe is a [`Case`](crate::suite::Case) like any other.

mod change;
mod coverage;
pub mod derivation;
mod derive;
mod effect;
mod family;
mod input;
mod path;
mod place;
mod plan;
mod recipe;
mod refusal;
#[cfg(test)]
mod testing;
mod witness;

use std::collections::{BTreeSet, HashSet};

use crate::{
    model::Operation,
    suite::{glob_matches, shard::Shard},
};

pub use coverage::{Coverage, CoverageReport, FamilyRow, Sites, Unprobed};
pub use effect::Effect;
pub use family::ProbeFamily;
pub use input::{KnownValues, Unbuildable};
pub use path::{MemberPath, Token};
pub use place::Location;
pub use plan::Probes;
pub use recipe::recipe;

/// Which probes are derived.
#[derive(Debug, Clone)]
pub struct ProbeOptions {
    /// Families; empty: all.
    pub families: BTreeSet<ProbeFamily>,
    /// Operations by name, in any letter case; empty: all.
    pub operations: Vec<String>,
    /// Globs (`*`) that an id must match, one of them; empty: all.
    pub filters: Vec<String>,
    /// Globs of ids that are left out.
    pub excludes: Vec<String>,
    /// Ids that need not run again.
    pub settled: HashSet<String>,
    /// The part of all operations that is run; `None`: all of them.
    pub shard: Option<Shard>,
    /// So many probes of each operation at most, controls not counted.
    pub max_per_operation: Option<usize>,
    /// What fresh texts, and the choice under a limit, are derived from.
    pub seed: u64,
    /// The strongest effect that an operation may have to be probed.
    pub effect: Effect,
}

impl Default for ProbeOptions {
    fn default() -> Self {
        Self {
            families: BTreeSet::new(),
            operations: Vec::new(),
            filters: Vec::new(),
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
    /// Why an operation is not probed, if it is not.
    fn leaves_out(&self, operation: &Operation) -> Option<String> {
        let wanted = |name: &String| name.eq_ignore_ascii_case(&operation.name);
        if !self.operations.is_empty() && !self.operations.iter().any(wanted) {
            return Some("the operation is not selected".to_owned());
        }
        let effect = Effect::of(operation);
        (effect > self.effect).then(|| match effect {
            Effect::Destroys => "the operation takes something away for good (--destructive)".to_owned(),
            _ => "the operation writes, and the endpoint is not on loopback (--allow-writes)".to_owned(),
        })
    }

    fn names(&self, id: &str) -> bool {
        let any = |globs: &[String]| globs.iter().any(|glob| glob_matches(glob, id));
        (self.filters.is_empty() || any(&self.filters)) && !any(&self.excludes)
    }
}
