//! The differences from a baseline: what changed, in which cases, one exchange, and what to do. A single difference
//! fits a screen.

use super::{
    super::text_page::{FAINT, HEADING, PLAIN, of_verdict},
    HumanOptions, TextPage,
};
use crate::{
    judge::verdict::Verdict,
    report::{phrasing, text},
    run::{
        baseline_comparison::{BaselineComparison, Difference, Differing},
        exchange_report::ShownExchange,
    },
    wire::protocol::IDENTITY_HEADERS,
};

/// The maximum number of differences with an exchange.
const EXCHANGES: usize = 2;

/// The maximum number of differences that are listed.
const LISTED: usize = 15;

/// The maximum number of patterns of a difference, and of its responses.
const LINES: usize = 4;

/// The maximum number of lines of a body.
const BODY: usize = 8;

/// The maximum length of a line.
const LONGEST: usize = 300;

/// Writes the differences from a baseline.
pub(super) fn differences(page: &mut TextPage, compared: &BaselineComparison, seed: u64, options: &HumanOptions) {
    page.heading(&compared.summary());
    let all = &compared.differences;
    let listed = if options.verbose { all.len() } else { LISTED };
    for (index, one) in all.iter().take(listed).enumerate() {
        let is_first = index < EXCHANGES && (one.is_regression() || all.len() <= EXCHANGES);
        if is_first || options.verbose {
            page.blank();
            whole(page, one, seed, options);
        } else {
            lead(page, one);
            if all.get(index + 1).is_none_or(|next| next.difference != one.difference) {
                page.entry(4, HEADING, "to do:", &one.advice);
            }
        }
    }
    let rest = all.len().saturating_sub(listed);
    if rest > 0 {
        page.whole(2, FAINT, &format!("and {} ({} shows them)", text::count(rest, "more difference"), options.more));
    }
}

fn lead(page: &mut TextPage, one: &Differing) {
    let style = of_verdict(if one.is_regression() { Verdict::Deviates } else { Verdict::Blocked });
    let count = if one.difference == Difference::OperationVanished {
        String::new()
    } else {
        format!("  ({})", text::count(one.count, "case"))
    };
    page.entry(2, style, &format!("{}:", one.difference.title()), &format!("{}{count}", one.headline));
}

fn whole(page: &mut TextPage, one: &Differing, seed: u64, options: &HumanOptions) {
    lead(page, one);
    if one.difference != Difference::OperationVanished {
        lines(page, "in", &one.cases, options);
    }
    lines(page, "was", &one.known, options);
    lines(page, "now", &one.found, options);
    for (lead, text) in [("reason", &one.reason), ("issue", &one.issue), ("accepted until", &one.expires)] {
        if let Some(text) = text {
            page.entry(4, FAINT, &format!("{lead}:"), text);
        }
    }
    if let Some(exchange) = &one.exchange {
        page.verbatim(4, FAINT, "> ", &brief(&exchange.request));
        page.verbatim(4, FAINT, "< ", &brief(&exchange.response));
    }
    if let Some(case) = &one.representative {
        page.whole(4, PLAIN, &format!("rerun: {}", phrasing::alone(&options.command, case, seed, &options.rerun)));
        curl(page, one.exchange.as_ref(), options);
    }
    page.entry(4, HEADING, "to do:", &one.advice);
}

/// Texts below each other, each on one line, so that it can be copied.
fn lines(page: &mut TextPage, lead: &str, texts: &[String], options: &HumanOptions) {
    let shown = if options.verbose { texts.len() } else { LINES };
    for (index, text) in texts.iter().take(shown).enumerate() {
        let lead = if index == 0 { lead } else { "" };
        page.lead(4, FAINT, &format!("{lead:<3}"), &text::shorten(text, LONGEST));
    }
    if texts.len() > shown {
        page.lead(4, FAINT, "   ", &format!("and {} more ({} shows them)", texts.len() - shown, options.more));
    }
}

fn curl(page: &mut TextPage, exchange: Option<&ShownExchange>, options: &HumanOptions) {
    if let Some(exchange) = exchange.filter(|_| options.curl) {
        page.verbatim(4, PLAIN, "", &exchange.curl);
    }
}

/// A message without the headers and the lines that say little.
fn brief(message: &str) -> String {
    let is_telling = |line: &&str| {
        let name = line.split(':').next().unwrap_or_default();
        IDENTITY_HEADERS.iter().any(|telling| name.eq_ignore_ascii_case(telling))
    };
    let head = message.lines().take_while(|line| !line.trim().is_empty());
    let body = message.lines().skip(head.clone().count()).filter(|line| !line.trim().is_empty());
    let telling = head.clone().skip(1).filter(is_telling);
    let shown = head.take(1).chain(telling).chain(body.clone().take(BODY));
    let lines = shown.map(|line| text::shorten(line, LONGEST));
    let rest = body.count().saturating_sub(BODY);
    let more = (rest > 0).then(|| format!("… {} …", text::count(rest, "more line")));
    lines.chain(more).collect::<Vec<_>>().join("\n")
}
