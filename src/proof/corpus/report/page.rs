//! The page of severities: the table that the program weighs by, and how often real AWS breaks each rule.

use std::fmt::Write as _;

use super::{FalsePositives, in_words, scope};
use crate::{
    judge::verdict::{EXCEPTIONS, SEVERITIES, SeverityRow},
    model::ShapeRule,
    proof::corpus::{CorpusTally, RecordShare},
    suite::code::Code,
};

const HEAD: &str = "# Severities

What breaking each rule weighs, why, and how often real AWS breaks it itself. The page is written from the program's
own tables and from the last run of `wireproof judge` over recorded answers (`docs/false-alarms.json`); a test fails
when it differs. To write it anew:

```console no-run: the recorded answers are not in this repository
$ wireproof judge --corpus FILE --report json > docs/false-alarms.json
$ WIREPROOF_UPDATE=1 cargo test --test integration severities::
```

What a client library recorded cannot show a wrong JSON type, a null or an unknown member: the library hides them. Only
answers as on the wire can. A dash is where a recorded answer cannot break the rule, or where the corpus has lost it.

The first row that fits a finding counts. A finding of evidence `recorded` is always a note.

| rule | where a page states it | where only a model or the protocol does | broken by AWS | why |
|---|---|---|---|---|
";

const EXCEPTED: &str = "
## Required members that AWS leaves out

Missing ones are warnings where only a model speaks. `*` is any item, `**` the place itself and everything below it. The
service is named as its requests are signed.

| service | operation | member | why |
|---|---|---|---|
";

/// The page, in Markdown.
#[must_use]
pub fn page(alarms: &FalsePositives) -> String {
    let mut out = HEAD.to_owned();
    // Writing to a String cannot fail.
    for row in SEVERITIES {
        let broken = measured(row, &alarms.tally);
        let _ = writeln!(
            out,
            "| `{}` | {} | {} | {broken} | {} |",
            rule(row),
            row.documented,
            row.modelled,
            cell(row.reason)
        );
    }
    out.push_str(EXCEPTED);
    for one in EXCEPTIONS {
        let _ = writeln!(out, "| {} | {} | `{}` | {} |", one.service, one.operation, one.pointer, cell(one.reason));
    }
    let _ = write!(out, "\n## False alarms\n\nThe run of {}.\n\n", alarms.date);
    tables(&alarms.tally, &mut out);
    errors(&alarms.tally, &mut out);
    out
}

fn rule(row: &SeverityRow) -> String {
    row.rule.map_or_else(|| row.code.to_string(), |rule| format!("{}/{}", row.code, rule.name()))
}

/// In how many of AWS's answers the row was broken. A row without a rule has those of its check that no row names.
fn measured(row: &SeverityRow, tally: &CorpusTally) -> String {
    let of = match row.code {
        code if UNRECORDED.contains(&code) => return "–".to_owned(),
        _ if row.rule == Some(ShapeRule::ContestedValue) => return "–".to_owned(),
        Code::ContentType | Code::ContentEncoding | Code::RequestId => {
            tally.all().answers.of.saturating_sub(tally.headers_reconstructed)
        }
        _ => tally.all().answers.of,
    };
    let own = rule(row);
    let named = |name: &str| SEVERITIES.iter().any(|other| other.rule.is_some() && rule(other) == name);
    let rest = |name: &str| row.rule.is_none() && name.split('/').next() == Some(own.as_str()) && !named(name);
    let counts = tally.rules.iter().filter(|count| count.rule == own || rest(&count.rule));
    in_words(RecordShare { errors: counts.map(|count| count.answers).sum(), of })
}

/// What a scenario asks for, or what takes more than one answer; the length of a body that is written anew.
const UNRECORDED: [Code; 9] = [
    Code::Outcome,
    Code::ContentLength,
    Code::ExpectedBody,
    Code::Eventually,
    Code::Consistently,
    Code::Control,
    Code::SideEffect,
    Code::Implementation,
    Code::Snapshot,
];

fn tables(tally: &CorpusTally, out: &mut String) {
    for line in scope(tally) {
        let _ = writeln!(out, "- {line}");
    }
    out.push_str("\n| with an error | answers | distinct answers | operations |\n|---|---|---|---|\n");
    for group in &tally.groups {
        let [answers, distinct, operations] =
            [group.shares.answers, group.shares.distinct, group.shares.operations].map(in_words);
        let _ = writeln!(out, "| {} | {answers} | {distinct} | {operations} |", group.name);
    }
    out.push_str(
        "\nWhat was found in them:\n\n| rule | weighs | answers | operations | services |\n|---|---|---|---|---|\n",
    );
    for count in &tally.rules {
        let (answers, operations, services) = (count.answers, count.operations, count.services);
        let _ = writeln!(out, "| `{}` | {} | {answers} | {operations} | {services} |", count.rule, count.severity);
    }
}

fn errors(tally: &CorpusTally, out: &mut String) {
    for (index, error) in tally.errors.iter().enumerate() {
        let head = if index == 0 { "\nEach error:\n\n" } else { "" };
        let (operation, finding) = (&error.operation, &error.finding);
        let _ = writeln!(
            out,
            "{head}- {} {operation} `{}` at `{}`: expected {}, got {} (record {})",
            error.service,
            finding.code,
            finding.pointer,
            cell(&finding.expected),
            cell(&finding.actual),
            error.record
        );
    }
}

/// Text from elsewhere that breaks no table.
fn cell(text: &str) -> String {
    text.replace('\n', " ").replace('|', "\\|")
}
