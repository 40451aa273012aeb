//! A summary in GitHub's Markdown, as its job summaries and comments show it.
//!
//! What comes from an endpoint stands in code spans and fenced blocks alone, whose marks are longer than any in it: it
//! ends no table, opens no tag and makes no link.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{self, Write},
};

use super::{
    collected::{Run, errors},
    text, words,
};
use crate::{
    event::{CaseReport, Outcome},
    verdict::{Finding, Verdict},
};

/// So many deviations are in the table.
const DEVIATIONS: usize = 50;

/// So many exchanges are shown. GitHub takes a mebibyte at the most.
const EXCHANGES: usize = 20;

/// Longer values are cut in tables.
const LONGEST_CELL: usize = 160;

pub(super) fn write(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page { text: String::new(), run };
    page.head();
    page.ledger();
    page.deviations();
    page.unjudged();
    page.statements();
    page.exchanges();
    out.write_all(page.text.as_bytes())
}

struct Page<'a> {
    text: String,
    run: &'a Run,
}

impl Page<'_> {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// A heading or a table stands apart.
    fn block(&mut self, line: &str) {
        self.line("");
        self.line(line);
    }

    fn head(&mut self) {
        let (started, finished) = (&self.run.started, &self.run.finished);
        let ledger = &finished.ledger;
        let applicable = ledger.selected.saturating_sub(ledger.not_applicable);
        let interrupted = if finished.interrupted { ", interrupted" } else { "" };
        self.line(&format!("## wireproof: {} of {applicable} cases conform{interrupted}", ledger.conforms));
        let (target, endpoint, region) = (code(&started.target), code(&started.endpoint), code(&started.region));
        let time = text::duration(finished.duration_ms);
        let suite = code(&started.suite.chars().take(12).collect::<String>());
        self.block(&format!("{target} at {endpoint}, {region}; suite {suite}, seed {}; {time}", started.seed));
    }

    fn ledger(&mut self) {
        self.block("| verdict | cases |\n|---|---:|");
        let ledger = &self.run.finished.ledger;
        for verdict in Verdict::ALL.into_iter().filter(|verdict| ledger.count(*verdict) > 0) {
            self.line(&format!("| {} {} | {} |", sign(verdict), words::plural(verdict), ledger.count(verdict)));
        }
        self.line(&format!("| **selected** | **{}** |", ledger.selected));
        if !ledger.balances() {
            self.block("**The ledger does not balance: this is an error of wireproof.**");
        }
    }

    fn deviations(&mut self) {
        let deviating: Vec<&CaseReport> = self.run.of_verdict(Verdict::Deviates).collect();
        let rows: Vec<(&CaseReport, &Finding)> =
            deviating.iter().flat_map(|case| errors(case).map(move |finding| (*case, finding))).collect();
        if rows.is_empty() {
            return;
        }
        self.block("### Deviations");
        for (index, ((service, operation), rows)) in by_operation(rows.iter().take(DEVIATIONS)).into_iter().enumerate()
        {
            if index > 0 {
                self.line("");
            }
            self.block(&format!("#### {} {}\n", code(service), code(operation)));
            self.line("| case | check | expected | got | breaks |\n|---|---|---|---|---|");
            for (case, finding) in rows {
                self.line(&row(case, finding));
            }
        }
        if rows.len() > DEVIATIONS {
            self.block(&format!("and {} more findings; the JSON report has them all", rows.len() - DEVIATIONS));
        }
    }

    /// What says nothing of the endpoint, by its reasons.
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
        self.block("### Not judged\n");
        self.line("| verdict | cases | reason |\n|---|---:|---|");
        for (verdict, reason, count) in reasons.iter().take(DEVIATIONS) {
            self.line(&format!("| {} {verdict} | {count} | {} |", sign(*verdict), cell(reason)));
        }
        if reasons.len() > DEVIATIONS {
            self.block(&format!("and {} more reasons", reasons.len() - DEVIATIONS));
        }
    }

    fn statements(&mut self) {
        let statements = &self.run.finished.statements;
        let count = |outcome| statements.iter().filter(|statement| statement.outcome == outcome).count();
        self.block(&format!(
            "### Statements\n\n{} held, {} broken, {} not provoked",
            count(Outcome::Held),
            count(Outcome::Broken),
            count(Outcome::NotProvoked)
        ));
        let broken: Vec<_> = statements.iter().filter(|statement| statement.outcome == Outcome::Broken).collect();
        if broken.is_empty() {
            return;
        }
        self.block("| broken | in cases | it says |\n|---|---:|---|");
        for statement in broken {
            let source = self.run.statements.get(&statement.id);
            let source = source.map(|cited| format!(" ({})", plain(cited.document))).unwrap_or_default();
            let row =
                format!("| {} | {} | {}{source} |", code(&statement.id), statement.broken, plain(&statement.says));
            self.line(&row);
        }
    }

    /// The first exchange of each operation that deviates.
    fn exchanges(&mut self) {
        let deviating = self.run.of_verdict(Verdict::Deviates).filter(|case| case.exchange.is_some());
        for (_, cases) in Run::by_operation(deviating).into_iter().take(EXCHANGES) {
            let Some((case, exchange)) = cases.first().and_then(|case| Some((case, case.exchange.as_ref()?))) else {
                continue;
            };
            self.block(&format!("<details><summary><code>{}</code></summary>", html(&text::line(&case.id.0))));
            self.block(&format!("{}, in {}", plain(&case.title), code(&case.place)));
            self.line("");
            for finding in errors(case) {
                self.line(&format!("- {} {}", code(&words::rule(finding)), code(&words::found(finding))));
            }
            self.block(&fence("http", &exchange.request));
            self.block(&fence("http", &exchange.response));
            self.block(&fence("sh", &exchange.curl));
            self.block("</details>");
        }
    }
}

type Row<'a> = (&'a CaseReport, &'a Finding);

/// The rows of each service and operation.
fn by_operation<'a>(rows: impl Iterator<Item = &'a Row<'a>>) -> BTreeMap<(&'a str, &'a str), Vec<Row<'a>>> {
    let mut operations: BTreeMap<_, Vec<Row<'a>>> = BTreeMap::new();
    for (case, finding) in rows {
        operations.entry((case.service.as_str(), case.operation.as_str())).or_default().push((case, finding));
    }
    operations
}

fn row(case: &CaseReport, finding: &Finding) -> String {
    let place = if finding.pointer.is_empty() { String::new() } else { format!(" at {}", cell(&finding.pointer)) };
    let ground: Vec<&str> = finding.cites.iter().map(String::as_str).collect();
    let ground = if ground.is_empty() { finding.evidence.to_string() } else { ground.join(", ") };
    let (id, check) = (cell(&case.id.0), cell(&words::rule(finding)));
    let (expected, actual) = (cell(&finding.expected), cell(&finding.actual));
    format!("| {id} | {check}{place} | {expected} | {actual} | {} |", plain(&ground))
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

/// Text from elsewhere in a table: a code span that is cut where it is long.
fn cell(text: &str) -> String {
    code(&text::shorten(text, LONGEST_CELL))
}

/// Text from elsewhere in a line: a code span.
fn code(text: &str) -> String {
    // A bar ends a cell even in a code span, and an escaped one does after a backslash.
    let text = text::line(text).replace('|', "¦");
    if text.trim().is_empty() {
        return "–".to_owned();
    }
    let mark = "`".repeat(longest_run(&text) + 1);
    // A blank at each end is taken off again.
    let pad = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    format!("{mark}{pad}{text}{pad}{mark}")
}

/// A block of text as it stands.
fn fence(language: &str, text: &str) -> String {
    let text = text::lines(text).collect::<Vec<_>>().join("\n");
    let mark = "`".repeat(longest_run(&text).max(2) + 1);
    format!("{mark}{language}\n{text}\n{mark}")
}

/// The longest row of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

/// Text of our own side, such as a title or a statement: nothing in it is markup.
fn plain(text: &str) -> String {
    let escape = |mut out: String, c: char| {
        // A dash is markup at the beginning of a line alone.
        if c.is_ascii_punctuation() && (out.is_empty() || c != '-') && !".,;()'\"/?=".contains(c) {
            out.push('\\');
        }
        out.push(c);
        out
    };
    text::line(text).chars().fold(String::new(), escape)
}

/// Text between tags.
fn html(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        // Writing to a String cannot fail.
        let _ = if c.is_ascii_punctuation() { write!(out, "&#{};", u32::from(c)) } else { write!(out, "{c}") };
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::{
        event::Event,
        report::{
            collected::AtEnd,
            testing::{case, deviation, events, hostile, report_of, run, secrets_in},
        },
    };

    fn written(events: &[Event]) -> String {
        let mut out = Vec::new();
        report_of(&mut AtEnd::new(&mut out, write), events).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_run_with_every_verdict() {
        insta::assert_snapshot!(written(&events()), @r#"
        ## wireproof: 2 of 11 cases conform

        `emulator` at `http://127.0.0.1:4566`, `us-east-1`; suite `d1ge57`, seed 7; 4.2 s

        | verdict | cases |
        |---|---:|
        | ✅ conform | 2 |
        | ❌ deviate | 2 |
        | 🚫 not implemented | 2 |
        | 🚧 blocked | 4 |
        | ❔ inconclusive | 1 |
        | ➖ not applicable | 1 |
        | **selected** | **12** |

        ### Deviations

        #### `codedeploy` `StopDeployment`

        | case | check | expected | got | breaks |
        |---|---|---|---|---|
        | `codedeploy/stop-deployment/finished` | `status` | `200` | `202` | protocol |
        | `codedeploy/stop-deployment/finished` | `expected-body` at `/deploymentInfo/status` | `"Succeeded"` | `"Stopped"` | SD-21 |
        | `codedeploy/stop-deployment/unknown-id` | `error-identity` at `/__type` | `DeploymentDoesNotExistException` | `InternalFailure` | SD-22 |

        ### Not judged

        | verdict | cases | reason |
        |---|---:|---|
        | 🚫 not-implemented | 2 | `CancelServicePipelineDeployment: the answer is that to an unknown operation` |
        | 🚧 blocked | 4 | `no way to reach the state "an open deployment"` |
        | ❔ inconclusive | 1 | `the run was interrupted` |
        | ➖ not-applicable | 1 | `the target has no denied identity` |

        ### Statements

        1 held, 1 broken, 1 not provoked

        | broken | in cases | it says |
        |---|---:|---|
        | `SD-22` | 2 | An unknown deployment is refused. (AWS CodeDeploy API Reference, StopDeployment) |

        <details><summary><code>codedeploy&#47;stop&#45;deployment&#47;finished</code></summary>

        A finished deployment stays as it is, in `fixtures/codedeploy/stop-deployment/finished.yaml:7`

        - `status` `in step 2: expected 200, got 202  (protocol)`
        - `expected-body` `in step 2 at /deploymentInfo/status: expected "Succeeded", got "Stopped"  (SD-21, documented)`

        ```http
        POST / HTTP/1.1
        host: 127.0.0.1:4566
        x-amz-target: CodeDeploy_20141006.StopDeployment
        authorization: <redacted>
        X-Amz-Security-Token: <redacted>

        {"deploymentId":"d-000000001"}
        ```

        ```http
        HTTP/1.1 500
        content-type: application/x-amz-json-1.1
        x-echo: *****************************

        {"__type":"InternalFailure","message":"\u{1b}[32mall good\u{1b}[0m\u{d}conforms"}
        ```

        ```sh
        curl --silent --show-error --include --path-as-is \
          --aws-sigv4 'aws:amz:us-east-1:codedeploy' \
          --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \
          --header 'x-amz-target: CodeDeploy_20141006.StopDeployment' \
          --data-binary '{"deploymentId":"d-000000001"}' \
          'http://127.0.0.1:4566/'
        ```

        </details>
        "#);
    }

    #[test]
    fn a_run_that_conforms_is_short() {
        insta::assert_snapshot!(written(&run(vec![case("s/o/x", Verdict::Conforms, "")])), @"
        ## wireproof: 1 of 1 cases conform

        `emulator` at `http://127.0.0.1:4566`, `us-east-1`; suite `d1ge57`, seed 7; 4.2 s

        | verdict | cases |
        |---|---:|
        | ✅ conform | 1 |
        | **selected** | **1** |

        ### Statements

        1 held, 1 broken, 1 not provoked

        | broken | in cases | it says |
        |---|---:|---|
        | `SD-22` | 2 | An unknown deployment is refused. (AWS CodeDeploy API Reference, StopDeployment) |
        ");
    }

    #[test]
    fn fifty_deviations_are_in_the_table_and_the_rest_is_counted() {
        let text = written(&run((0..60).map(|number| deviation(&format!("x{number:02}"))).collect()));
        assert_eq!(text.matches("| `codedeploy/stop-deployment/x").count(), 50);
        assert!(text.contains("\nand 10 more findings; the JSON report has them all\n"), "{text}");
        assert_eq!(text.matches("<details>").count(), 1);
    }

    #[rstest]
    #[case::plain("a", "`a`")]
    #[case::bar("a|b\\|c", "`a¦b\\¦c`")]
    #[case::ticks("a``b`", "``` a``b` ```")]
    #[case::blank(" ", "–")]
    #[case::lines("a\nb\r<b>", "`a\\nb\\u{d}<b>`")]
    fn a_span_holds_its_text(#[case] text: &str, #[case] shown: &str) {
        assert_eq!(code(text), shown);
    }

    #[test]
    fn a_fence_is_longer_than_any_in_it() {
        assert_eq!(fence("http", "a\n````\nb"), "`````http\na\n````\nb\n`````");
        assert_eq!(fence("http", ""), "```http\n\n```");
    }

    /// The text outside of code: what Markdown would act on.
    fn outside(text: &str) -> String {
        let mut out = String::new();
        let mut fence: Option<String> = None;
        for line in text.lines() {
            let marks: String = line.chars().take_while(|c| *c == '`').collect();
            match &fence {
                Some(open) if line == open => fence = None,
                Some(_) => {}
                None if marks.len() > 2 && !line[marks.len()..].contains('`') => fence = Some(marks),
                None => out.extend([without_spans(line), "\n".to_owned()]),
            }
        }
        assert_eq!(fence, None, "{text}");
        out
    }

    fn without_spans(line: &str) -> String {
        let mut out = String::new();
        let mut rest = line;
        while let Some(start) = rest.find(['`', '\\']) {
            out.push_str(&rest[..start]);
            if rest[start..].starts_with('\\') {
                // What is escaped is no markup.
                rest = &rest[(start + 2).min(rest.len())..];
                continue;
            }
            let run: String = rest[start..].chars().take_while(|c| *c == '`').collect();
            let inside = &rest[start + run.len()..];
            let is_end = |at: usize| !inside[..at].ends_with('`') && !inside[at + run.len()..].starts_with('`');
            let end = inside.match_indices(&run).map(|(at, _)| at).find(|at| is_end(*at));
            let end = end.unwrap_or_else(|| panic!("a span without an end: {line}"));
            rest = &inside[end + run.len()..];
        }
        out + rest
    }

    #[rstest]
    fn nothing_of_an_endpoint_is_markup(
        #[values(Verdict::Deviates, Verdict::Blocked, Verdict::NotImplemented, Verdict::Conforms)] verdict: Verdict,
    ) {
        let attack =
            "| x |\n\n# y <script>alert(1)</script> [l](javascript:x) ``` </details> https://evil.example @all";
        let mut finished = hostile(verdict);
        finished.report.reason = attack.to_owned();
        finished.report.title = attack.to_owned();
        for finding in &mut finished.report.findings {
            for text in [&mut finding.pointer, &mut finding.expected, &mut finding.actual] {
                attack.clone_into(text);
            }
        }
        if let Some(exchange) = &mut finished.report.exchange {
            attack.clone_into(&mut exchange.response);
        }
        let text = written(&run(vec![finished]));
        let outside = outside(&text);
        for markup in ["<script", "](", "https://evil", " @all", "# y", "| x |"] {
            assert!(!outside.contains(markup), "{markup}: {outside}");
        }
        assert_eq!(outside.matches("</details>").count(), outside.matches("<details>").count());
        for line in text.lines().filter(|line| line.starts_with("| `") && line.contains("evil")) {
            assert_eq!(without_spans(line).matches('|').count(), 6, "{line}");
        }
    }

    #[test]
    fn no_secret_is_in_it() {
        assert_eq!(secrets_in(&written(&events())), Vec::<&str>::new());
    }

    proptest! {
        #[test]
        fn a_span_ends_where_it_ends(text in "[`|a \\\\]{0,12}") {
            prop_assert_eq!(without_spans(&code(&text)).replace('–', ""), "");
        }
    }
}
