//! A summary in GitHub Markdown, for job summaries and comments.
//!
//! Text from an endpoint is only in code spans and fenced blocks with longer delimiters than any in the text, so that
//! it cannot end a table, open a tag or create a link.
//!
//! GitHub rejects a text that is too long. So the report omits what does not fit, and says how much.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    io::{self, Write},
};

use super::{case_groups::errors, collected_run::CollectedRun, phrasing, phrasing::LIKELY_PRECISION, text};
use crate::{
    cause::Cause,
    judge::verdict::{Finding, Verdict},
    run::{
        baseline_comparison::Differing,
        event::{CaseReport, RequirementOutcome, RequirementReport, ShownExchange},
    },
};

/// The maximum length of a comment in characters; the length in bytes is never smaller. A job summary may have 1 MiB.
const LONGEST: usize = 65_535;

/// The reserved length for the numbers of omitted items.
const RESERVED: usize = 1_024;

/// The maximum number of rows in a table.
const ROWS: usize = 50;

/// The maximum number of exchanges.
const EXCHANGES: usize = 20;

/// The maximum number of findings with an exchange.
const FOUND: usize = 10;

/// The maximum length of a value in a table.
const LONGEST_CELL: usize = 160;

pub(super) fn write(run: &CollectedRun, out: &mut dyn Write) -> io::Result<()> {
    let mut page = MarkdownPage { text: String::new(), run };
    page.head();
    page.ledger();
    page.baseline();
    page.causes();
    page.likely_causes();
    page.deviations();
    page.unjudged();
    page.requirements();
    page.exchanges();
    out.write_all(page.text.as_bytes())
}

struct MarkdownPage<'a> {
    text: String,
    run: &'a CollectedRun,
}

impl MarkdownPage<'_> {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// Adds a heading or a table after an empty line.
    fn block(&mut self, line: &str) {
        self.line("");
        self.line(line);
    }

    /// Adds as many blocks as fit, each below its head, and the number of the others. Adjacent blocks with the same
    /// head share it.
    fn blocks(&mut self, blocks: impl IntoIterator<Item = (String, String)>, most: usize, noun: &str) {
        let mut above = None;
        let mut left = 0;
        for (index, (head, block)) in blocks.into_iter().enumerate() {
            let block = if above.as_ref() == Some(&head) { block } else { format!("{head}{block}") };
            if index < most && self.text.len() + block.len() < LONGEST - RESERVED {
                self.line(&block);
                above = Some(head);
            } else {
                left += 1;
            }
        }
        if left > 0 {
            self.block(&format!("and {}; the JSON report lists all", text::count(left, &format!("more {noun}"))));
        }
    }

    /// Adds as many rows of a table as fit.
    fn table(&mut self, head: &str, rows: impl IntoIterator<Item = String>, noun: &str) {
        let head = format!("\n{head}\n");
        self.blocks(rows.into_iter().map(|row| (head.clone(), row)), ROWS, noun);
    }

    fn head(&mut self) {
        let (started, finished) = (&self.run.started, &self.run.finished);
        let ledger = &finished.ledger;
        let applicable = ledger.applicable();
        let interrupted = if finished.interrupted { ", interrupted" } else { "" };
        self.line(&format!("## wireproof: {} of {applicable} cases conform{interrupted}", ledger.conforms));
        let (target, endpoint, region) = (code(&started.target), code(&started.endpoint), code(&started.region));
        let time = text::duration(finished.duration_ms);
        let suite = code(&started.suite.chars().take(12).collect::<String>());
        self.block(&format!("{target} at {endpoint}, {region}; suite {suite}, seed {}; {time}", started.seed));
        for note in &finished.notes {
            self.block(&format!("Note: {}", code(note)));
        }
    }

    fn ledger(&mut self) {
        self.block("| verdict | cases |\n|---|---:|");
        let ledger = &self.run.finished.ledger;
        for verdict in Verdict::ALL.into_iter().filter(|verdict| ledger.count(*verdict) > 0) {
            self.line(&format!("| {} {} | {} |", sign(verdict), phrasing::plural(verdict), ledger.count(verdict)));
        }
        self.line(&format!("| **selected** | **{}** |", ledger.selected));
        if !ledger.balances() {
            self.block("**The ledger does not balance. This is a bug in wireproof.**");
        }
    }

    /// The differences from the baseline.
    fn baseline(&mut self) {
        let Some(compared) = &self.run.finished.baseline else { return };
        self.block(&format!("### Baseline\n\n{}", code(&compared.summary())));
        if compared.differences.is_empty() {
            return;
        }
        let row = |one: &Differing| {
            let cases = one.cases.join("\n");
            let (title, advice) = (one.difference.title(), plain(&one.advice));
            format!("| {title} | {} | {} | {} | {advice} |", cell(&one.headline), one.count, cell(&cases))
        };
        let head = "| difference | cause | count | cases | what to do |\n|---|---|---:|---|---|";
        self.table(head, compared.differences.iter().map(row), "difference");
        let exchanges = compared.differences.iter().filter_map(|one| {
            let (case, exchange) = (one.representative.as_ref()?, one.exchange.as_ref()?);
            Some((String::new(), exchange_details(&case.0, "", exchange)))
        });
        self.blocks(exchanges, EXCHANGES, "exchange");
    }

    fn causes(&mut self) {
        if self.run.causes.is_empty() {
            return;
        }
        self.block("### Causes");
        let row = |cause: &Cause| {
            let cases = cause.cases.len();
            format!("| {} | {} | {cases} | {} |", cause.number, cause.rank.title(), cell(&cause.headline))
        };
        self.table("| # | rank | cases | cause |\n|---:|---|---:|---|", self.run.causes.iter().map(row), "cause");
    }

    fn likely_causes(&mut self) {
        if self.run.likely_causes.is_empty() {
            return;
        }
        self.block("### Probably wrong");
        self.block(&format!("Warnings: {LIKELY_PRECISION}."));
        let row = |cause: &Cause| format!("| {} | {} | {} |", cause.number, cause.cases.len(), cell(&cause.headline));
        self.table("| # | cases | cause |\n|---:|---:|---|", self.run.likely_causes.iter().map(row), "cause");
    }

    fn deviations(&mut self) {
        let deviating: Vec<&CaseReport> = self.run.of_verdict(Verdict::Deviates).collect();
        let rows: Vec<(&CaseReport, &Finding)> =
            deviating.iter().flat_map(|case| errors(case).map(move |finding| (*case, finding))).collect();
        if rows.is_empty() {
            return;
        }
        self.block("### Deviations");
        self.blocks(
            rows.into_iter().map(|(case, finding)| (operation_head(case), row(case, finding))),
            ROWS,
            "finding",
        );
    }

    /// The cases that were not judged, by reason.
    fn unjudged(&mut self) {
        let verdicts = [Verdict::NotImplemented, Verdict::Blocked, Verdict::Inconclusive, Verdict::NotApplicable];
        let mut reasons: Vec<(Verdict, &str, usize)> = Vec::new();
        for case in verdicts.into_iter().flat_map(|verdict| self.run.of_verdict(verdict)) {
            match reasons.iter_mut().find(|(verdict, reason, _)| (*verdict, *reason) == (case.verdict, &case.reason)) {
                Some((_, _, count)) => *count += 1,
                None => reasons.push((case.verdict, &case.reason, 1)),
            }
        }
        if reasons.is_empty() {
            return;
        }
        self.block("### Not judged");
        let row = |(verdict, reason, count)| format!("| {} {verdict} | {count} | {} |", sign(verdict), cell(reason));
        self.table("| verdict | cases | reason |\n|---|---:|---|", reasons.into_iter().map(row), "reason");
    }

    fn requirements(&mut self) {
        let finished = &self.run.finished;
        let [met, violated, not_exercised] = RequirementOutcome::ALL.map(|outcome| finished.count(outcome));
        self.block(&format!("### Requirements\n\n{met} met, {violated} violated, {not_exercised} not exercised"));
        let requirements = &finished.requirements;
        let violated: Vec<_> =
            requirements.iter().filter(|requirement| requirement.outcome == RequirementOutcome::Violated).collect();
        if violated.is_empty() {
            return;
        }
        let run = self.run;
        let row = |requirement: &RequirementReport| {
            let source = run.requirements.get(&requirement.id);
            let source = source.map(|cited| format!(" ({})", plain(cited.document))).unwrap_or_default();
            format!("| {} | {} | {}{source} |", code(&requirement.id), requirement.violated, plain(&requirement.says))
        };
        let rows = violated.into_iter().map(row);
        self.table("| violated | cases | requirement |\n|---|---:|---|", rows, "violated requirement");
    }

    /// The exchange of each cause, once if it shows several.
    fn exchanges(&mut self) {
        let mut seen = BTreeSet::new();
        let first = self.run.causes.iter().filter(|cause| seen.insert(&cause.representative));
        let representatives = first.filter_map(|cause| details(self.run.representative(cause)?));
        let shown: Vec<(String, String)> = representatives.map(|details| (String::new(), details)).collect();
        self.blocks(shown, EXCHANGES, "exchange");
    }
}

/// A case and its exchange, collapsed.
fn details(case: &CaseReport) -> Option<String> {
    let exchange = case.exchange.as_ref()?;
    let mut found = String::new();
    // Writing to a String cannot fail.
    for finding in errors(case).take(FOUND) {
        let _ = writeln!(found, "- {} {}", code(&phrasing::rule(finding)), code(&phrasing::found(finding)));
    }
    let left = errors(case).count().saturating_sub(FOUND);
    if left > 0 {
        let _ = writeln!(found, "- and {}", text::count(left, "more finding"));
    }
    let (title, location) = (plain(&case.title), code(&case.position));
    Some(exchange_details(&case.id.0, &format!("{title}, in {location}\n\n{found}\n"), exchange))
}

/// An exchange, collapsed, below a text.
fn exchange_details(id: &str, text: &str, exchange: &ShownExchange) -> String {
    let id = html(&text::line(id));
    let fences = [("http", &exchange.request), ("http", &exchange.response), ("sh", &exchange.curl)];
    let fences = fences.map(|(language, text)| fence(language, text)).join("\n\n");
    format!("\n<details><summary><code>{id}</code></summary>\n\n{text}{fences}\n\n</details>")
}

/// The head of the deviations of an operation.
fn operation_head(case: &CaseReport) -> String {
    let (service, operation) = (code(&case.service), code(&case.operation));
    format!("\n#### {service} {operation}\n\n| case | check | expected | got | violates |\n|---|---|---|---|---|\n")
}

fn row(case: &CaseReport, finding: &Finding) -> String {
    let location = if finding.pointer.is_empty() { String::new() } else { format!(" at {}", cell(&finding.pointer)) };
    let ground: Vec<&str> = finding.cites.iter().map(String::as_str).collect();
    let ground = if ground.is_empty() { finding.evidence.to_string() } else { ground.join(", ") };
    let (id, check) = (cell(&case.id.0), cell(&phrasing::rule(finding)));
    let (expected, actual) = (cell(&finding.expected), cell(&finding.actual));
    format!("| {id} | {check}{location} | {expected} | {actual} | {} |", plain(&ground))
}

fn sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Conforms => "✅",
        Verdict::Deviates => "❌",
        Verdict::NotImplemented => "🚫",
        Verdict::Blocked => "🚧",
        Verdict::Inconclusive => "❔",
        Verdict::NotApplicable => "➖",
    }
}

/// Text from outside in a table: a code span, cut to a maximum length.
fn cell(text: &str) -> String {
    code(&text::shorten(text, LONGEST_CELL))
}

/// Text from outside in a line: a code span.
fn code(text: &str) -> String {
    // A bar ends a cell even in a code span, and a backslash before it could be escaped itself.
    let text = text::line(text).replace('|', "¦");
    if text.trim().is_empty() {
        return "–".to_owned();
    }
    let mark = "`".repeat(longest_run(&text) + 1);
    // Markdown removes one space at each end.
    let pad = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    format!("{mark}{pad}{text}{pad}{mark}")
}

/// A fenced block of text.
fn fence(language: &str, text: &str) -> String {
    let text = text::lines(text).collect::<Vec<_>>().join("\n");
    let mark = "`".repeat(longest_run(&text).max(2) + 1);
    format!("{mark}{language}\n{text}\n{mark}")
}

/// The length of the longest run of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

/// Text of fixtures, such as a title or a requirement, with markup escaped.
fn plain(text: &str) -> String {
    let escape = |mut out: String, c: char| {
        // A dash is markup only at the start of a line.
        if c.is_ascii_punctuation() && (out.is_empty() || c != '-') && !".,;()'\"/?=".contains(c) {
            out.push('\\');
        }
        out.push(c);
        out
    };
    text::line(text).chars().fold(String::new(), escape)
}

/// Text between HTML tags.
fn html(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        // Writing to a String cannot fail.
        let _ = if c.is_ascii_punctuation() { write!(out, "&#{};", u32::from(c)) } else { write!(out, "{c}") };
    }
    out
}

#[cfg(test)]
mod tests;
