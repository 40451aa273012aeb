//! Writes a comparison as text and as JSON.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use super::diff_human;
use crate::report::{
    Tool,
    diff::{ChangeGroup, Comparison},
    json_schema::Schema,
    text,
};

/// The JSON Schema of [`Differences`].
pub const DIFF: Schema =
    Schema { name: "diff", of: "wireproof diff --report json", own: include_str!("diff.schema.json"), refers: false };

/// The format of the text report.
#[derive(Debug, Clone, Copy)]
pub struct DiffOptions {
    /// Use colors.
    pub color: bool,
    /// The width in columns. Words that are longer stay whole.
    pub width: usize,
    /// The maximum number of groups, requirements and cases. The rest is counted.
    pub most: usize,
}

/// The JSON document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Differences {
    /// The schema and its version.
    pub schema: String,
    /// The program that wrote it.
    pub tool: Tool,
    #[serde(flatten)]
    pub comparison: Comparison,
}

impl Differences {
    /// The document of a comparison by this program.
    #[must_use]
    pub fn of(comparison: Comparison) -> Self {
        Self { schema: "wireproof/diff/v2".to_owned(), tool: Tool::this(), comparison }
    }
}

/// Writes the text report.
///
/// # Errors
/// The report cannot be written.
pub fn human(comparison: &Comparison, options: &DiffOptions, out: &mut impl Write) -> io::Result<()> {
    out.write_all(diff_human::render(comparison, options).as_bytes())
}

/// Writes only groups of differences as text.
///
/// # Errors
/// The report cannot be written.
pub fn groups(groups: &[ChangeGroup], options: &DiffOptions, out: &mut impl Write) -> io::Result<()> {
    out.write_all(diff_human::render_groups(groups, options).as_bytes())
}

/// Writes the JSON document.
///
/// # Errors
/// The report cannot be written.
pub fn json(comparison: Comparison, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer_pretty(text::CommandFreeJson::new(&mut *out), &Differences::of(comparison))?;
    writeln!(out)
}

#[cfg(test)]
#[path = "diff_report_tests.rs"]
mod tests;
