//! The text report of the kill matrix: problems with their details, the sums, and a summary in one line.

use anstyle::{AnsiColor, Style};

use super::{
    count_table::{self, Table},
    matrix_report::MatrixOptions,
    matrix_summary,
};
use crate::{
    judge::{code::Code, verdict::Severity},
    proof::matrix::{ConstantRow, Fate, KillMatrix, MatrixCell, MutantRow},
    report::{
        text,
        text_page::{FAINT, HEADING, PLAIN, TextPage, of_severity},
    },
};

/// Longer values are cut; the JSON document has them whole.
const LONGEST_VALUE: usize = 200;

pub(super) fn render(matrix: &KillMatrix, options: &MatrixOptions) -> String {
    let mut writer = MatrixWriter { page: TextPage::new(options.color, options.width), matrix, options };
    writer.head();
    writer.all_mutants();
    writer.problems();
    writer.unused_equivalents();
    writer.undeserved();
    writer.tables();
    writer.summary();
    writer.page.text().to_owned()
}

struct MatrixWriter<'a> {
    page: TextPage,
    matrix: &'a KillMatrix,
    options: &'a MatrixOptions,
}

impl MatrixWriter<'_> {
    fn head(&mut self) {
        let KillMatrix { mutants, constant_endpoints, seed, .. } = self.matrix;
        let mutants = text::count(mutants.len(), "mutant");
        let constants = text::count(constant_endpoints.len(), "constant endpoint");
        self.page.entry(0, HEADING, "wireproof mutants", &format!("{mutants} and {constants}, seed {seed}"));
    }

    /// One line per mutant, in verbose reports.
    fn all_mutants(&mut self) {
        if !self.options.verbose {
            return;
        }
        self.page.heading("mutants");
        for row in &self.matrix.mutants {
            let fate = self.page.styled(of_fate(row.fate), &format!("{:<11}", row.fate.name()));
            let found = self.in_short(row);
            self.page.push(2, &format!("{fate}  {}  {found}", text::line(&row.id)));
        }
    }

    fn in_short(&self, row: &MutantRow) -> String {
        let Some(detection) = &row.detection else {
            return self.page.styled(FAINT, "nothing found");
        };
        let code = self.page.styled(of_severity(detection.severity), detection.code.name());
        let others: Vec<String> = row
            .codes
            .iter()
            .filter(|(code, _)| **code != detection.code)
            .map(|(code, cell)| format!("{code} {}", cell.severity))
            .collect();
        let others = if others.is_empty() { String::new() } else { format!("  also {}", others.join(", ")) };
        let others = self.page.styled(FAINT, &others);
        format!("{code} {}  {}{others}", detection.severity, text::line(&detection.case))
    }

    /// The mutants with a bad fate, by fate.
    fn problems(&mut self) {
        for fate in Fate::ALL.into_iter().filter(|fate| !fate.is_good()) {
            let rows: Vec<&MutantRow> = self.matrix.mutants.iter().filter(|row| row.fate == fate).collect();
            if rows.is_empty() {
                continue;
            }
            self.page.heading(&format!("{}: {}", fate.name().replace('-', " "), text::count(rows.len(), "mutant")));
            self.page.entry(2, FAINT, "help:", matrix_summary::remedy(fate));
            for row in rows {
                self.page.blank();
                self.problem(row);
            }
        }
    }

    fn problem(&mut self, row: &MutantRow) {
        self.page.entry(2, of_fate(row.fate), row.fate.name(), &row.id);
        self.page.entry(4, FAINT, "fault", &row.says);
        if let Some(reason) = &row.reason {
            self.page.entry(4, FAINT, "reason", reason);
        }
        self.page.entry(4, FAINT, "expected", &wanted(row));
        self.page.entry(4, FAINT, "found", &found(row));
        if let Some(detection) = &row.detection {
            let expected = text::shorten(&detection.expected, LONGEST_VALUE);
            let actual = text::shorten(&detection.actual, LONGEST_VALUE);
            let printed = format!("expected {expected}, got {actual}  ({})", detection.case);
            self.page.entry(4, of_severity(detection.severity), detection.code.name(), &printed);
        }
        self.rerun(&row.id);
    }

    fn rerun(&mut self, id: &str) {
        let alone = format!("wireproof mutants --only {} -v {}", text::shell_word(id), self.options.rerun);
        self.page.whole(4, PLAIN, &format!("rerun: {}", alone.trim_end()));
    }

    fn unused_equivalents(&mut self) {
        if self.matrix.unused_equivalents.is_empty() {
            return;
        }
        self.page.heading(&format!("unused entries: {}", self.matrix.unused_equivalents.len()));
        self.page.entry(2, FAINT, "help:", matrix_summary::UNUSED_EQUIVALENTS);
        for reason in &self.matrix.unused_equivalents {
            self.page.whole(2, of_fate(Fate::FalsePositive), reason);
        }
    }

    fn undeserved(&mut self) {
        let endpoints = &self.matrix.constant_endpoints;
        let bad: Vec<&ConstantRow> = endpoints.iter().filter(|endpoint| endpoint.is_bad()).collect();
        if !bad.is_empty() {
            self.page.heading("constant endpoints on which cases conform without a reason");
            self.page.entry(2, FAINT, "help:", matrix_summary::UNDESERVED);
        }
        for endpoint in bad {
            self.page.entry(2, of_fate(Fate::Survived), &endpoint.name, &endpoint.says);
            for case in &endpoint.unexplained {
                self.page.whole(4, FAINT, case);
            }
            for glob in &endpoint.unused_allowances {
                self.page.whole(4, FAINT, &format!("no case conforms: {glob}"));
            }
            self.rerun(&format!("constant/{}", endpoint.name));
        }
    }

    /// The constant endpoints on which cases conform, with the reasons.
    fn reasons(&mut self) {
        let has_reasons = |endpoint: &&ConstantRow| !endpoint.reasons.is_empty();
        let endpoints: Vec<&ConstantRow> = self.matrix.constant_endpoints.iter().filter(has_reasons).collect();
        if !endpoints.is_empty() {
            self.page.heading("cases that may conform on constant endpoints");
        }
        for endpoint in endpoints {
            self.page.entry(2, FAINT, &endpoint.name, &endpoint.says);
            for (reason, cases) in &endpoint.reasons {
                self.page.entry(4, FAINT, &text::count(*cases, "case"), reason);
            }
        }
    }

    fn tables(&mut self) {
        self.table("mutants by family", &count_table::fates(self.matrix));
        let codes = count_table::codes(self.matrix);
        if !codes.columns.is_empty() {
            self.table("mutants that each check detected, by family", &codes);
        }
        let heading = format!("constant endpoints; the reference conforms in {}", matrix_summary::rate(self.matrix));
        self.table(&heading, &count_table::constants(self.matrix));
        self.reasons();
    }

    fn table(&mut self, heading: &str, table: &Table) {
        self.page.heading(heading);
        table.draw(&mut self.page, self.options.width);
    }

    /// The summary in one line, whatever the width.
    fn summary(&mut self) {
        self.page.blank();
        let style = of_fate(if self.matrix.is_proven() { Fate::Killed } else { Fate::Survived });
        let word = self.page.styled(style, matrix_summary::word(self.matrix));
        self.page.push(0, &format!("{word}: {}", matrix_summary::terms(self.matrix)));
    }
}

fn wanted(row: &MutantRow) -> String {
    let codes: Vec<&str> = row.kind.iter().map(|code| code.name()).collect();
    match (row.fate, codes.as_slice()) {
        (Fate::FalsePositive, _) => "no warning or error".to_owned(),
        (_, [one]) => format!("a detection by {one}"),
        (_, several) => format!("a detection by one of {}", several.join(", ")),
    }
}

fn found(row: &MutantRow) -> String {
    let all = text::count(row.cases, "case");
    let effect = match row.deviations {
        0 => "the fault had no effect".to_owned(),
        requests => format!("the fault took effect in {}", text::count(requests, "request")),
    };
    if row.codes.is_empty() {
        return format!("nothing in {all}; {effect}");
    }
    let of_code =
        |(code, cell): (&Code, &MatrixCell)| format!("{code} ({}, {} of {all})", severity(cell.severity), cell.cases);
    let codes: Vec<String> = row.codes.iter().map(of_code).collect();
    format!("{}; {effect}", codes.join(", "))
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "a note",
        Severity::Warning => "a warning",
        Severity::Error => "an error",
    }
}

/// The style of a fate.
fn of_fate(fate: Fate) -> Style {
    match fate {
        Fate::Killed => AnsiColor::Green.on_default(),
        Fate::Equivalent | Fate::Inconclusive => FAINT,
        Fate::Survived | Fate::FalsePositive => AnsiColor::Red.on_default().bold(),
        Fate::Idle => AnsiColor::Yellow.on_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::matrix::testing::{hostile, matrix, proven};

    fn plain() -> MatrixOptions {
        MatrixOptions { color: false, width: 100, verbose: false, rerun: "--seed 7".to_owned() }
    }

    #[test]
    fn wrong_fates_are_reported_for_each_mutant_and_in_the_summary() {
        insta::assert_snapshot!(render(&matrix(), &plain()), @r#"
        wireproof mutants  8 mutants and 2 constant endpoints, seed 7

        survived: 1 mutant
          help:  None of the expected checks detects it. Add or tighten a check or an expectation. If the
              fault violates no requirement, add it to src/proof/equivalents.toml with the reason. If it is
              listed there as unbounded, every case has a verdict.

          survived  codedeploy/GetDeployment/output/d/dropped
            fault  the member is null
            expected  a detection by one of error-identity, response-shape
            found  snapshot (a note, 1 of 3 cases); the fault took effect in 8 requests
            snapshot  expected a JSON string, got null  (codedeploy/stop-deployment/finished)
            rerun: wireproof mutants --only codedeploy/GetDeployment/output/d/dropped -v --seed 7

        false positive: 1 mutant
          help:  It is in src/proof/equivalents.toml, but a check detects it. The check is too strict, or
              the reason in the list is wrong.

          false-positive  codedeploy/GetDeployment/view/e/undone
            fault  the member is null
            reason  the page promises no such member
            expected  no warning or error
            found  eventually (an error, 1 of 3 cases); the fault took effect in 8 requests
            eventually  expected a JSON string, got null  (codedeploy/stop-deployment/finished)
            rerun: wireproof mutants --only codedeploy/GetDeployment/view/e/undone -v --seed 7

        idle: 1 mutant
          help:  Its fault had no effect in any case. Write a scenario that triggers it. If that is
              impossible, add it to src/proof/equivalents.toml with the reason.

          idle  codedeploy/GetDeployment/view/f/late
            fault  the member is null
            expected  a detection by one of error-identity, response-shape
            found  nothing in 3 cases; the fault had no effect
            rerun: wireproof mutants --only codedeploy/GetDeployment/view/f/late -v --seed 7

        unused entries: 1
          help:  Entries of src/proof/equivalents.toml that match no mutant, because a mutant was renamed or
              removed. Correct the ID or delete the entry, so that it cannot excuse another mutant later.
          codedeploy/Gone/*

        constant endpoints on which cases conform without a reason
          help:  Some cases conform on an endpoint that responds without regard to the request or to its
              state. Add an expectation or a control that such an endpoint violates. If it may conform in a
              case, add the case to src/proof/allowances.toml with the reason.
          parrot  200 with an empty object
            codedeploy/stop-deployment/finished
            rerun: wireproof mutants --only constant/parrot -v --seed 7

        mutants by family
                                      by a               incon-               false
                  mutants  killed  warning  equivalent  clusive  survived  positive  idle
          output        3       2        1           ·        ·         1         ·     ·
          view          2       ·        ·           ·        ·         ·         1     1
          error         1       1        ·           ·        ·         ·         ·     ·
          header        1       ·        ·           1        ·         ·         ·     ·
          state         1       ·        ·           ·        1         ·         ·     ·
          all           8       3        1           1        1         1         1     1

        mutants that each check detected, by family
                  error   resp  even-
                  ident  shape   tual
          output      ·      2      ·
          view        ·      ·      1
          error       1      ·      ·
          header      ·      ·      ·
          state       ·      ·      ·
          all         1      2      1

        constant endpoints; the reference conforms in 466 of 466 (100 %)
                                        of   presence      no
                        conforms  selected  unchecked  reason
          reference          466       466
          empty-object         0       466          0       0
          parrot               0       466          2       1

        cases that may conform on constant endpoints
          parrot  200 with an empty object
            1 case  it is right there

        not proven: 8 mutants = 3 killed + 1 equivalent + 1 inconclusive + 1 survived + 1 false positive + 1 idle, 1 unused entry, 0 of 2 constant endpoints conform, 1 in cases without a reason, 4 min 37 s
        "#);
    }

    #[test]
    fn a_proven_judge_is_reported_in_tables_and_one_line() {
        let report = render(&proven(), &plain());
        assert!(!report.contains("help"), "{report}");
        let last = report.lines().last().unwrap();
        assert!(last.starts_with("proven: 5 mutants = 3 killed + 1 equivalent + 1 inconclusive, "), "{last}");
        assert!(report.contains("constant endpoints; the reference conforms in 466 of 466 (100 %)"), "{report}");
    }

    #[test]
    fn a_verbose_report_has_a_line_for_every_mutant() {
        let report = render(&matrix(), &MatrixOptions { verbose: true, ..plain() });
        for line in [
            "  killed       codedeploy/GetDeployment/output/a.*.b/null  response-shape error  codedeploy/stop-deployment/finished",
            "  killed       codedeploy/GetDeployment/output/c/empty  response-shape warning  codedeploy/stop-deployment/finished",
            "  equivalent   codedeploy/StopDeployment/header/h/gone  nothing found",
        ] {
            assert!(report.lines().any(|each| each == line), "{line}\n{report}");
        }
        let lines = report.lines().skip_while(|line| *line != "mutants").skip(1);
        assert_eq!(lines.take_while(|line| !line.is_empty()).count(), matrix().mutants.len());
    }

    #[test]
    fn a_star_in_an_id_reaches_the_command_as_it_is() {
        let mut matrix = matrix();
        matrix.mutants[0].fate = Fate::Survived;
        let report = render(&matrix, &plain());
        let alone = "rerun: wireproof mutants --only 'codedeploy/GetDeployment/output/a.*.b/null' -v --seed 7";
        assert!(report.contains(alone), "{report}");
    }

    #[test]
    fn only_a_report_in_color_has_escapes_and_they_change_no_word() {
        let verbose = MatrixOptions { verbose: true, ..plain() };
        let (without, with) =
            (render(&matrix(), &verbose), render(&matrix(), &MatrixOptions { color: true, ..verbose }));
        assert!(!without.contains('\u{1b}'));
        assert!(with.contains("\u{1b}[1m\u{1b}[31mnot proven\u{1b}[0m"), "{with}");
        assert_eq!(anstream::adapter::strip_str(&with).to_string(), without);
    }

    #[test]
    fn no_text_from_elsewhere_moves_the_cursor() {
        let report = render(&hostile(), &MatrixOptions { verbose: true, ..plain() });
        assert!(!report.chars().any(|c| c == '\u{202e}' || (c.is_control() && c != '\n')));
        assert!(report.contains(r"\u{1b}[2J\u{202e}"));
    }

    #[test]
    fn a_suite_without_mutants_has_no_matrix_and_a_summary() {
        let mut matrix = proven();
        matrix.mutants.clear();
        let report = render(&matrix, &plain());
        assert!(!report.contains("each check detected"), "{report}");
        assert!(report.contains(": 0 mutants = 0 killed + 0 equivalent, "), "{report}");
    }
}
