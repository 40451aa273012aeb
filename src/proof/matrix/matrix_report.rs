//! The kill matrix as text: for people at a terminal, for programs, and as a page.
//!
//! It refuses to judge: what is good, and whether the judge is proven, [`crate::proof::matrix`] says.

use std::io::{self, Write};

use super::{KillMatrix, matrix_html, matrix_human};

pub use super::matrix_schema::MATRIX;

/// How the matrix is told to people.
#[derive(Debug, Clone)]
pub struct MatrixOptions {
    /// Whether it is styled.
    pub color: bool,
    /// The columns to keep to, as far as words allow it.
    pub width: usize,
    /// Whether every mutant is shown, and not only those that are not as they should be.
    pub verbose: bool,
    /// The flags of this run that a single mutant needs again, such as `--seed 7`.
    pub rerun: String,
}

/// Writes the matrix for people at a terminal.
///
/// # Errors
/// It cannot be written.
pub fn human(matrix: &KillMatrix, options: &MatrixOptions, out: &mut impl Write) -> io::Result<()> {
    out.write_all(matrix_human::told(matrix, options).as_bytes())
}

/// Writes the matrix as one JSON document, which fits [`MATRIX`].
///
/// # Errors
/// It cannot be written.
pub fn json(matrix: &KillMatrix, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, matrix)?;
    writeln!(out)
}

/// Writes the matrix as one page of HTML, which needs nothing beside it. `rerun` as in [`MatrixOptions`].
///
/// # Errors
/// It cannot be written.
pub fn html(matrix: &KillMatrix, rerun: &str, out: &mut impl Write) -> io::Result<()> {
    out.write_all(matrix_html::page(matrix, rerun)?.as_bytes())
}
