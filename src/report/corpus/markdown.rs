//! The sums as tables in Markdown.

use std::fmt::Write as _;

use super::{in_words, scope};
use crate::corpus::Tally;

pub(super) fn tables(tally: &Tally) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    for line in scope(tally) {
        let _ = writeln!(out, "- {line}");
    }
    out.push_str("\n| with an error | answers | distinct answers | operations |\n|---|---|---|---|\n");
    for group in &tally.groups {
        let [answers, distinct, operations] =
            [group.shares.answers, group.shares.distinct, group.shares.operations].map(in_words);
        let _ = writeln!(out, "| {} | {answers} | {distinct} | {operations} |", group.name);
    }
    out.push_str("\n| rule | weighs | answers | operations | services |\n|---|---|---|---|---|\n");
    for count in &tally.rules {
        let (answers, operations, services) = (count.answers, count.operations, count.services);
        let _ = writeln!(out, "| `{}` | {} | {answers} | {operations} | {services} |", count.rule, count.severity);
    }
    for error in &tally.errors {
        let (operation, finding) = (&error.operation, &error.finding);
        let _ = write!(out, "\n- {} {operation} `{}` at `{}`: ", error.service, finding.code, finding.pointer);
        let _ = write!(out, "expected {}, got `{}` (record {})", finding.expected, finding.actual, error.record);
    }
    out
}
