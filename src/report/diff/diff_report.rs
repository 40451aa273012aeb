//! What two runs differ in as text: for people, and for programs.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use super::diff_human;
use crate::report::{
    Tool,
    diff::{ChangeGroup, Comparison},
    json_schema::Schema,
};

/// The JSON Schema of [`Differences`].
pub const DIFF: Schema =
    Schema { name: "diff", of: "wireproof diff --report json", own: include_str!("diff.schema.json"), refers: false };

/// How differences are told to people.
#[derive(Debug, Clone, Copy)]
pub struct DiffOptions {
    /// Whether they are styled.
    pub color: bool,
    /// The columns to keep to, as far as words allow it.
    pub width: usize,
    /// So many groups, requirements and cases of each sort are told; the rest is counted.
    pub most: usize,
}

/// The differences as a program reads them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Differences {
    /// The name and version of this form.
    pub schema: String,
    /// What wrote it.
    pub tool: Tool,
    /// What differs.
    #[serde(flatten)]
    pub comparison: Comparison,
}

impl Differences {
    /// The differences that this program found.
    #[must_use]
    pub fn of(comparison: Comparison) -> Self {
        Self { schema: "wireproof/diff/v2".to_owned(), tool: Tool::this(), comparison }
    }
}

/// Writes the differences for people at a terminal.
///
/// # Errors
/// They cannot be written.
pub fn human(comparison: &Comparison, options: &DiffOptions, out: &mut impl Write) -> io::Result<()> {
    out.write_all(diff_human::told(comparison, options).as_bytes())
}

/// Writes groups of differences alone for people at a terminal.
///
/// # Errors
/// They cannot be written.
pub fn groups(groups: &[ChangeGroup], options: &DiffOptions, out: &mut impl Write) -> io::Result<()> {
    out.write_all(diff_human::groups_told(groups, options).as_bytes())
}

/// Writes the differences as one JSON document.
///
/// # Errors
/// They cannot be written.
pub fn json(comparison: Comparison, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &Differences::of(comparison))?;
    writeln!(out)
}

#[cfg(test)]
#[path = "diff_report_tests.rs"]
mod tests;
