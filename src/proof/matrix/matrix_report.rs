//! Writes the kill matrix as text, as JSON and as an HTML page.
//!
//! [`KillMatrix`] decides which fates are good and whether the judge is proven.

use std::io::{self, Write};

use super::{KillMatrix, matrix_html, matrix_human};
use crate::report::text;

pub use super::matrix_schema::MATRIX;

/// The format of the text report.
#[derive(Debug, Clone)]
pub struct MatrixOptions {
    /// Use colors.
    pub color: bool,
    /// The width in columns. Words that are longer stay whole.
    pub width: usize,
    /// Show every mutant, including those with a good fate.
    pub verbose: bool,
    /// The flags of this run for a run of a single mutant, such as `--seed 7`.
    pub rerun: String,
}

/// Writes the text report.
///
/// # Errors
/// The report cannot be written.
pub fn human(matrix: &KillMatrix, options: &MatrixOptions, out: &mut impl Write) -> io::Result<()> {
    out.write_all(matrix_human::render(matrix, options).as_bytes())
}

/// Writes the matrix as JSON, according to the schema [`MATRIX`].
///
/// # Errors
/// The report cannot be written.
pub fn json(matrix: &KillMatrix, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer_pretty(text::CommandFreeJson::new(&mut *out), matrix)?;
    writeln!(out)
}

/// Writes the matrix as a self-contained HTML page. `rerun` as in [`MatrixOptions`].
///
/// # Errors
/// The report cannot be written.
pub fn html(matrix: &KillMatrix, rerun: &str, out: &mut impl Write) -> io::Result<()> {
    out.write_all(matrix_html::page(matrix, rerun)?.as_bytes())
}
