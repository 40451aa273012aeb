//! A row of the truth: an operation in one role for a resource, with the members that identify it.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};
use wireproof::internals::probe::{Relation, RelationRole, Relations, Resource};

/// An operation in one role; its resource may have another name in the truth.
pub(super) type Triple = (RelationRole, String);

/// A row of a truth. Its file has a head, and these fields between tabs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TruthRow {
    pub(super) resource: String,
    pub(super) role: RelationRole,
    pub(super) operation: String,
    /// The members of the input, joined by `+`; `-` if there are none.
    pub(super) input: String,
    /// The location in the output; `-` if there is none.
    pub(super) output: String,
}

impl TruthRow {
    pub(super) fn triple(&self) -> Triple {
        (self.role, self.operation.clone())
    }

    /// The rows of a file.
    pub(super) fn read(file: &Path) -> Result<Vec<Self>> {
        let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
        let rows = text.lines().skip(1).map(|line| Self::parse(line).with_context(|| format!("{line:?}")));
        rows.collect()
    }

    fn parse(line: &str) -> Result<Self> {
        let fields: Vec<&str> = line.split('\t').collect();
        let fields: [&str; 5] = fields.try_into().ok().context("a row has five fields")?;
        let [resource, role, operation, input, output] = fields;
        let role = RelationRole::ALL.into_iter().find(|known| known.name() == role).context("unknown role")?;
        let [resource, operation, input, output] = [resource, operation, input, output].map(str::to_owned);
        Ok(Self { resource, role, operation, input, output })
    }

    /// The rows of the relations of a service.
    pub(super) fn of(relations: &Relations) -> Vec<Self> {
        let row = |resource: &Resource, relation: &Relation| Self {
            resource: resource.name.clone(),
            role: relation.role,
            operation: relation.operation.clone(),
            input: if relation.input.is_empty() { "-".to_owned() } else { relation.input.join("+") },
            output: relation.output.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string),
        };
        let all = relations.resources.iter().flat_map(|one| one.relations.iter().map(move |relation| (one, relation)));
        all.map(|(resource, relation)| row(resource, relation)).collect()
    }
}
