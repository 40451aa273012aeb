//! The page of severities: each rule with its severities, and how often real AWS violates it.

use std::fmt::Write as _;

use super::corpus_report::{FalsePositives, in_words, scope};
use crate::{
    judge::{
        check::{CHECKS, Check, PointsAt, SeverityRow},
        verdict::EXCEPTIONS,
    },
    model::ShapeRule,
    proof::corpus::{CorpusTally, RecordShare},
};

const HEAD: &str = "# Severities

The severity of each rule, its reason, and how often real AWS violates it. This page is generated from the checks and
from the last run of `wireproof judge` over recorded responses (`docs/false-positives.json`). A test fails if it differs.
To update it:

```console no-run: the recorded responses are not in this repository
$ wireproof judge --corpus FILE --report json > docs/false-positives.json
$ WIREPROOF_UPDATE=1 cargo test --test integration severities
```

Responses that a client library recorded cannot show a wrong JSON type, a null or an unknown member, because the library
hides them. Only responses as on the wire can. A dash means that a recorded response cannot show a violation, or that
the corpus does not keep what the check needs.

The first row that fits a finding counts. A finding with evidence `recorded` is always a note, one with evidence
`inferred` a warning at most.

| rule | severity if a page states it | if only a model or the protocol does | violated by AWS | reason |
|---|---|---|---|---|
";

const EXCEPTED: &str = "
## Required members that AWS omits

A missing one is a warning if only a model states it. `*` is any item; `**` is the location itself and everything below
it. Services are named as their requests are signed.

| service | operation | member | reason |
|---|---|---|---|
";

/// The page in Markdown.
#[must_use]
pub fn page(positives: &FalsePositives) -> String {
    let mut out = HEAD.to_owned();
    // Writing to a String cannot fail.
    for check in CHECKS {
        for (rule, row) in check.rules() {
            let violated = measured(check, &rule, row, &positives.tally);
            let (documented, modelled, reason) = (row.documented, row.modelled, cell(row.reason));
            let _ = writeln!(out, "| `{rule}` | {documented} | {modelled} | {violated} | {reason} |");
        }
    }
    out.push_str(EXCEPTED);
    for one in EXCEPTIONS {
        let _ = writeln!(out, "| {} | {} | `{}` | {} |", one.service, one.operation, one.pointer, cell(one.reason));
    }
    let _ = write!(out, "\n## False positives\n\nThe run of {}.\n\n", positives.date);
    tables(&positives.tally, &mut out);
    errors(&positives.tally, &mut out);
    out
}

/// The share of AWS's responses that violate the rule of a row. A row without a rule has those that no other row of its
/// check names.
fn measured(check: &Check, rule: &str, row: &SeverityRow, tally: &CorpusTally) -> String {
    let contested = matches!(row.rule, Some(ShapeRule::ContestedValue | ShapeRule::ContestedMember));
    if !check.from_recording || contested {
        return "–".to_owned();
    }
    let of = match check.points_at {
        PointsAt::Headers(_) => tally.all().responses.of.saturating_sub(tally.headers_reconstructed),
        _ => tally.all().responses.of,
    };
    let named = |name: &str| check.rules().any(|(other, row)| row.rule.is_some() && other == name);
    let rest = |name: &str| row.rule.is_none() && name.split('/').next() == Some(rule) && !named(name);
    let counts = tally.rules.iter().filter(|count| count.rule == rule || rest(&count.rule));
    in_words(RecordShare { errors: counts.map(|count| count.responses).sum(), of })
}

fn tables(tally: &CorpusTally, out: &mut String) {
    for line in scope(tally) {
        let _ = writeln!(out, "- {line}");
    }
    out.push_str("\n| with an error | responses | distinct responses | operations |\n|---|---|---|---|\n");
    for group in &tally.groups {
        let [responses, distinct, operations] =
            [group.shares.responses, group.shares.distinct, group.shares.operations].map(in_words);
        let _ = writeln!(out, "| {} | {responses} | {distinct} | {operations} |", group.name);
    }
    out.push_str("\nThe findings:\n\n| rule | severity | responses | operations | services |\n|---|---|---|---|---|\n");
    for count in &tally.rules {
        let (responses, operations, services) = (count.responses, count.operations, count.services);
        let _ = writeln!(out, "| `{}` | {} | {responses} | {operations} | {services} |", count.rule, count.severity);
    }
}

fn errors(tally: &CorpusTally, out: &mut String) {
    let errors = tally.errors.iter().flat_map(|positive| positive.errors().map(move |error| (positive, error)));
    for (index, (positive, finding)) in errors.enumerate() {
        let head = if index == 0 { "\nEach error:\n\n" } else { "" };
        let operation = &positive.operation;
        let _ = writeln!(
            out,
            "{head}- {} {operation} `{}` at `{}`: expected {}, got {} (record {})",
            positive.service,
            finding.code,
            finding.pointer,
            cell(&finding.expected),
            cell(&finding.actual),
            positive.record
        );
    }
}

/// Text from outside, as one table cell.
fn cell(text: &str) -> String {
    text.replace('\n', " ").replace('|', "\\|")
}
