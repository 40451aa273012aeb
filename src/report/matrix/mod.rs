//! The kill matrix, for people and for programs.

use std::io::{self, Write};

use crate::matrix::{Fate, KillMatrix, MutantRow};

/// Writes the matrix as one JSON document.
///
/// # Errors
/// It cannot be written.
pub fn json(matrix: &KillMatrix, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, matrix)?;
    writeln!(out)
}

/// Writes the matrix for people.
///
/// # Errors
/// It cannot be written.
pub fn human(matrix: &KillMatrix, verbose: bool, out: &mut impl Write) -> io::Result<()> {
    for row in matrix.mutants.iter().filter(|row| verbose || !row.fate.is_good()) {
        mutant(row, out)?;
    }
    for family in matrix.families() {
        write!(out, "{family:<10}")?;
        for fate in Fate::ALL {
            write!(out, " {} {:>4}", fate.name(), matrix.count(fate, Some(family)))?;
        }
        writeln!(out)?;
    }
    for null in &matrix.nulls {
        writeln!(
            out,
            "{:<60} {:>3} of {} conform, {} without the survey",
            null.name, null.ledger.conforms, null.ledger.selected, null.unsurveyed
        )?;
    }
    writeln!(out, "reference: {} of {} conform", matrix.reference.conforms, matrix.reference.selected)?;
    writeln!(out, "{} mutants, {} ms", matrix.mutants.len(), matrix.duration_ms)
}

fn mutant(row: &MutantRow, out: &mut impl Write) -> io::Result<()> {
    let codes: Vec<String> =
        row.codes.iter().map(|(code, cell)| format!("{code}:{}:{}", cell.severity, cell.cases)).collect();
    writeln!(out, "{:<10} {} d={} c={} [{}]", row.fate.name(), row.id, row.deviations, row.cases, codes.join(" "))
}
