//! Draws a table of counts at a terminal, in as many blocks as the width requires.

use std::ops::Range;

use anstyle::{AnsiColor, Style};

use super::count_table::{Count, Table, TableRow, Tone};
use crate::report::{
    text,
    text_page::{FAINT, HEADING, PLAIN, TextPage},
};

const INDENT: usize = 2;

/// The widths of the columns and of the row names.
struct GridLayout {
    name: usize,
    /// The width of each column with the gap before it.
    columns: Vec<usize>,
    width: usize,
}

impl Table {
    /// Appends the table to the page, within that width if words allow it.
    pub(super) fn draw(&self, page: &mut TextPage, width: usize) {
        let layout = self.layout(width);
        for (index, block) in layout.blocks().into_iter().enumerate() {
            if index > 0 {
                page.blank();
            }
            self.header(page, &layout, &block);
            for row in &self.rows {
                row.draw(page, &layout, &block);
            }
        }
    }

    fn layout(&self, width: usize) -> GridLayout {
        let names = self.rows.iter().map(|row| text::width(&text::line(&row.name))).max().unwrap_or(0);
        let tight: Vec<usize> = (0..self.columns.len()).map(|at| 1 + self.column_width(at)).collect();
        let sum: usize = tight.iter().sum();
        let beside = width.saturating_sub(INDENT + sum);
        // A name that leaves no room for the numbers gets a separate line.
        let name = names.min(beside.max(width / 2));
        let is_roomy = INDENT + name + sum + tight.len() <= width;
        GridLayout { name, columns: tight.iter().map(|column| column + usize::from(is_roomy)).collect(), width }
    }

    fn column_width(&self, at: usize) -> usize {
        let header = self.columns.get(at).into_iter().flat_map(|column| column.short).map(text::width);
        let cells = self.rows.iter().filter_map(|row| row.cells.get(at)).map(|count| text::width(&count.shown()));
        header.chain(cells).max().unwrap_or(0)
    }

    fn header(&self, page: &mut TextPage, layout: &GridLayout, block: &Range<usize>) {
        for line in 0..2 {
            let words = self.columns.get(block.clone()).unwrap_or_default().iter().map(|column| column.short[line]);
            let words: Vec<String> =
                words.zip(layout.of(block)).map(|(word, width)| format!("{word:>width$}")).collect();
            let words = words.concat();
            if !words.trim().is_empty() {
                let line = page.styled(FAINT, words.trim_end());
                page.push(INDENT + layout.name, &line);
            }
        }
    }
}

impl GridLayout {
    /// The columns of each block: as many as fit, at least one.
    fn blocks(&self) -> Vec<Range<usize>> {
        let mut blocks: Vec<Range<usize>> = Vec::new();
        let mut taken = 0;
        for (at, column) in self.columns.iter().enumerate() {
            let room = self.width.saturating_sub(INDENT + self.name + taken);
            match blocks.last_mut() {
                Some(block) if *column <= room => block.end = at + 1,
                _ => {
                    blocks.push(at..at + 1);
                    taken = 0;
                }
            }
            taken += column;
        }
        blocks
    }

    fn of<'a>(&'a self, block: &Range<usize>) -> impl Iterator<Item = usize> + use<'a> {
        self.columns.get(block.clone()).unwrap_or_default().iter().copied()
    }
}

impl TableRow {
    fn draw(&self, page: &mut TextPage, layout: &GridLayout, block: &Range<usize>) {
        let mut name = text::line(&self.name);
        if text::width(&name) > layout.name {
            page.whole(INDENT, self.style(), &name);
            name.clear();
        }
        let name = page.styled(self.style(), &format!("{name:<width$}", width = layout.name));
        let cells = self.cells.get(block.clone()).unwrap_or_default().iter().zip(layout.of(block));
        let cells: String =
            cells.map(|(count, width)| page.styled(count.style(), &format!("{:>width$}", count.shown()))).collect();
        page.push(INDENT, format!("{name}{cells}").trim_end());
    }

    fn style(&self) -> Style {
        let is_bad = self.cells.iter().any(|count| count.tone == Tone::Bad);
        match (self.is_total, is_bad) {
            (true, _) => HEADING,
            (false, true) => AnsiColor::Red.on_default(),
            (false, false) => PLAIN,
        }
    }
}

impl Count {
    /// Shows 0 as a dot, so that other numbers stand out.
    fn shown(self) -> String {
        match self.number {
            None => String::new(),
            Some(0) if self.tone == Tone::Plain => "·".to_owned(),
            Some(number) => number.to_string(),
        }
    }

    fn style(self) -> Style {
        match self.tone {
            Tone::Plain if self.number == Some(0) => FAINT,
            Tone::Plain => PLAIN,
            Tone::Good => AnsiColor::Green.on_default(),
            Tone::Weak => AnsiColor::Yellow.on_default(),
            Tone::Bad => AnsiColor::Red.on_default().bold(),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::{
        judge::{check::CHECKS, code::Code, verdict::Severity},
        proof::matrix::{
            Fate, KillMatrix, MatrixCell, count_table,
            testing::{matrix, mutant},
        },
    };

    fn drawn(table: &Table, width: usize) -> String {
        let mut page = TextPage::new(false, width);
        table.draw(&mut page, width);
        page.text().to_owned()
    }

    /// Thousands of mutants, detected by every check.
    fn wide() -> KillMatrix {
        let everything: Vec<(Code, Severity)> = CHECKS.iter().map(|check| (check.code, Severity::Error)).collect();
        let row = mutant("codedeploy/StopDeployment/routing/x", Fate::Killed, &everything);
        let mutants = vec![row; 4_000];
        KillMatrix { mutants, ..matrix() }
    }

    fn widest(drawn: &str) -> usize {
        drawn.lines().map(text::width).max().unwrap()
    }

    #[test]
    fn the_whole_matrix_fits_120_columns_in_one_block() {
        let drawn = drawn(&count_table::codes(&wide()), 120);
        assert!(widest(&drawn) <= 120, "{drawn}");
        assert_eq!(drawn.lines().count(), 4, "{drawn}");
        assert_eq!(drawn.matches("4000").count(), 2 * CHECKS.len(), "{drawn}");
    }

    #[rstest]
    #[case(100)]
    #[case(80)]
    #[case(60)]
    #[case(40)]
    fn a_narrower_one_breaks_into_blocks_and_loses_no_column(#[case] width: usize) {
        let drawn = drawn(&count_table::codes(&wide()), width);
        assert!(widest(&drawn) <= width, "{drawn}");
        assert_eq!(drawn.matches("4000").count(), 2 * CHECKS.len(), "{drawn}");
        assert_eq!(drawn.matches("routing").count(), drawn.matches("\n\n").count() + 1, "{drawn}");
    }

    #[test]
    fn a_long_name_gets_a_line_of_its_own_where_the_numbers_would_not_fit_beside_it() {
        let mut matrix = matrix();
        matrix.constant_endpoints[1].name = "always-".to_owned() + &"x".repeat(60);
        let table = count_table::constants(&matrix);
        assert_eq!(drawn(&table, 120).lines().filter(|line| line.contains("always-")).count(), 1);
        assert!(drawn(&table, 120).lines().any(|line| line.contains("always-") && line.ends_with('1')));
        let narrow = drawn(&table, 60);
        let mut below = narrow.lines().skip_while(|line| !line.contains("always-"));
        assert!(below.next().unwrap().ends_with("xxx"), "{narrow}");
        assert!(below.next().unwrap().trim().starts_with(|c: char| c.is_ascii_digit()), "{narrow}");
    }

    #[test]
    fn a_table_without_columns_or_rows_is_empty() {
        assert_eq!(drawn(&Table { columns: Vec::new(), rows: Vec::new() }, 80), "");
    }

    #[test]
    fn a_note_does_not_count_as_detection_in_the_table() {
        let mut matrix = wide();
        matrix.mutants[0].codes.insert(Code::BODY_FORMAT, MatrixCell { severity: Severity::Note, cases: 9 });
        assert_eq!(drawn(&count_table::codes(&matrix), 120).matches("3999").count(), 2);
    }
}
