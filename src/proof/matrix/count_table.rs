//! The tables of the matrix as plain data, for the terminal and the page.

use serde::Serialize;

use crate::{
    judge::{
        check::{CHECKS, Check},
        code::Code,
        verdict::{Ledger, Severity},
    },
    proof::matrix::{ConstantRow, Fate, KillMatrix, MutantRow},
};

/// A table of counts.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Table {
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<TableRow>,
}

/// The name of a column, and its short form in two lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) short: [&'static str; 2],
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct TableRow {
    pub(super) name: String,
    /// The description of the row, if it has one.
    pub(super) says: String,
    /// True if it is the sum of the other rows, or the row that they are compared with.
    pub(super) is_total: bool,
    pub(super) cells: Vec<Count>,
}

/// A cell of a table, which may be empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Count {
    pub(super) number: Option<usize>,
    /// The rating of a number other than 0.
    pub(super) tone: Tone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Tone {
    Plain,
    Good,
    Weak,
    Bad,
}

impl Count {
    fn new(number: usize, tone: Tone) -> Self {
        Self { number: Some(number), tone: if number == 0 { Tone::Plain } else { tone } }
    }
}

const fn column(name: &'static str, short: [&'static str; 2]) -> Column {
    Column { name, short }
}

/// The number of mutants with each fate, by family.
pub(super) fn fates(matrix: &KillMatrix) -> Table {
    let columns = vec![
        column("mutants", ["", "mutants"]),
        column("killed", ["", "killed"]),
        column("killed by a warning only", ["by a", "warning"]),
        column("equivalent", ["", "equivalent"]),
        column("survived", ["", "survived"]),
        column("false positive", ["false", "positive"]),
        column("idle", ["", "idle"]),
    ];
    Table { columns, rows: by_family(matrix, |family| fates_of(matrix, family)) }
}

fn fates_of(matrix: &KillMatrix, family: Option<&str>) -> Vec<Count> {
    let count = |fate, tone| Count::new(matrix.count(fate, family), tone);
    let by_warning = of_family(matrix, family).filter(|row| is_killed_by_warning(row)).count();
    vec![
        Count::new(of_family(matrix, family).count(), Tone::Plain),
        count(Fate::Killed, Tone::Good),
        Count::new(by_warning, Tone::Weak),
        count(Fate::Equivalent, Tone::Plain),
        count(Fate::Survived, Tone::Bad),
        count(Fate::FalsePositive, Tone::Bad),
        count(Fate::Idle, Tone::Bad),
    ]
}

/// The number of mutants that each check detected by an error or a warning, by family. Checks without a mutant have no
/// column.
pub(super) fn codes(matrix: &KillMatrix) -> Table {
    let detects = |check: &&Check| matrix.mutants.iter().any(|row| is_detected_by(row, check.code));
    let checks: Vec<&Check> = CHECKS.iter().filter(detects).collect();
    let rows = by_family(matrix, |family| {
        let of_check = |check: &&Check| of_family(matrix, family).filter(|row| is_detected_by(row, check.code)).count();
        checks.iter().map(|check| Count::new(of_check(check), Tone::Plain)).collect()
    });
    Table { columns: checks.iter().map(|check| column(check.code.name(), check.label)).collect(), rows }
}

/// The cases that conform on the reference and on each constant endpoint.
pub(super) fn constants(matrix: &KillMatrix) -> Table {
    let columns = vec![
        column("conforms", ["", "conforms"]),
        column("of selected", ["of", "selected"]),
        column("conforms without presence check", ["presence", "unchecked"]),
        column("conforms without a reason", ["no", "reason"]),
    ];
    let mut rows = vec![reference(&matrix.reference)];
    rows.extend(matrix.constant_endpoints.iter().map(constant_row));
    Table { columns, rows }
}

fn reference(ledger: &Ledger) -> TableRow {
    let tone = if ledger.conforms == ledger.selected { Tone::Good } else { Tone::Bad };
    let cells = vec![
        Count { number: Some(ledger.conforms), tone },
        Count::new(ledger.selected, Tone::Plain),
        Count { number: None, tone: Tone::Plain },
        Count { number: None, tone: Tone::Plain },
    ];
    let says = "the reference implementation without a fault".to_owned();
    TableRow { name: "reference".to_owned(), says, is_total: true, cells }
}

fn constant_row(row: &ConstantRow) -> TableRow {
    let cells = vec![
        given(row.ledger.conforms, Tone::Plain),
        Count::new(row.ledger.selected, Tone::Plain),
        given(row.conforms_unchecked, Tone::Plain),
        given(row.unexplained.len(), Tone::Bad),
    ];
    TableRow { name: row.name.clone(), says: row.says.clone(), is_total: false, cells }
}

/// A number of cases that conform on a constant endpoint: 0 is good.
fn given(cases: usize, tone: Tone) -> Count {
    Count { number: Some(cases), tone: if cases == 0 { Tone::Good } else { tone } }
}

/// One row for each family, and one for all.
fn by_family(matrix: &KillMatrix, cells: impl Fn(Option<&str>) -> Vec<Count>) -> Vec<TableRow> {
    let families = matrix.families().into_iter().map(|family| (family, Some(family)));
    let row = |(name, family): (&str, Option<&str>)| TableRow {
        name: name.to_owned(),
        says: String::new(),
        is_total: family.is_none(),
        cells: cells(family),
    };
    families.chain([("all", None)]).map(row).collect()
}

fn of_family<'a>(matrix: &'a KillMatrix, family: Option<&str>) -> impl Iterator<Item = &'a MutantRow> {
    matrix.mutants.iter().filter(move |row| family.is_none_or(|family| row.family == family))
}

fn is_detected_by(row: &MutantRow, code: Code) -> bool {
    row.codes.get(&code).is_some_and(|cell| cell.severity >= Severity::Warning)
}

fn is_killed_by_warning(row: &MutantRow) -> bool {
    row.fate == Fate::Killed && row.weight() == Some(Severity::Warning)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::matrix::testing::matrix;

    fn row(table: &Table, name: &str) -> Vec<usize> {
        let row = table.rows.iter().find(|row| row.name == name).unwrap();
        row.cells.iter().filter_map(|count| count.number).collect()
    }

    fn names(table: &Table) -> Vec<&str> {
        table.columns.iter().map(|column| column.name).collect()
    }

    #[test]
    fn a_family_is_counted_by_fate_and_the_last_row_is_the_sum() {
        let table = fates(&matrix());
        assert_eq!(row(&table, "output"), [3, 2, 1, 0, 1, 0, 0]);
        assert_eq!(row(&table, "view"), [2, 0, 0, 0, 0, 1, 1]);
        let sum: Vec<usize> = (0..table.columns.len())
            .map(|at| table.rows.iter().filter(|row| !row.is_total).filter_map(|row| row.cells[at].number).sum())
            .collect();
        assert_eq!(row(&table, "all"), sum);
    }

    #[test]
    fn only_checks_that_detect_have_a_column_and_a_note_does_not_count() {
        let table = codes(&matrix());
        assert_eq!(names(&table), ["error-identity", "response-shape", "eventually"]);
        assert_eq!(row(&table, "output"), [0, 2, 0]);
        assert_eq!(row(&table, "error"), [1, 0, 0]);
        assert_eq!(row(&table, "all"), [1, 2, 1]);
    }

    #[test]
    fn the_reference_stands_above_the_constant_endpoints() {
        let table = constants(&matrix());
        assert_eq!(row(&table, "reference"), [466, 466]);
        assert_eq!(table.rows[0].name, "reference");
        assert_eq!(row(&table, "parrot"), [0, 466, 2, 1]);
        let tones: Vec<Tone> = table.rows[2].cells.iter().map(|count| count.tone).collect();
        assert_eq!(tones, [Tone::Good, Tone::Plain, Tone::Plain, Tone::Bad]);
    }

    #[test]
    fn a_reference_that_does_not_conform_is_reported_as_bad() {
        let mut matrix = matrix();
        matrix.reference.conforms = 0;
        assert_eq!(constants(&matrix).rows[0].cells[0], Count { number: Some(0), tone: Tone::Bad });
    }
}
