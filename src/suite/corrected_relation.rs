//! Corrections of the relations that are derived from a model.

use std::collections::BTreeMap;

use crate::model::{OutputPath, RelationRole};

/// The relation of an operation to a resource, as a person states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorrectedRelation {
    /// The name of the resource.
    pub resource: String,
    /// What the operation does to it.
    pub role: RelationRole,
    /// The input members that identify it, those of its parents first.
    pub input: Vec<String>,
    /// Where the output has the identifier.
    pub output: Option<OutputPath>,
}

/// By operation: all its relations; none for an operation that has none.
pub type RelationCorrections = BTreeMap<String, Vec<CorrectedRelation>>;
