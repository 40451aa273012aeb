//! The text report: the scope, each rule, each error with its details, and the shares.

use super::corpus_report::{CorpusOptions, in_words, scope};
use crate::{
    judge::verdict::Severity,
    proof::corpus::{CorpusTally, RuleCount},
    report::{
        phrasing, text,
        text_page::{HEADING, PLAIN, TextPage, of_severity},
    },
};

/// Longer values are cut. The JSON document contains them in full.
const LONGEST_VALUE: usize = 200;

pub(super) fn render(tally: &CorpusTally, options: &CorpusOptions) -> String {
    let mut page = TextPage::new(options.color, options.width);
    page.entry(0, HEADING, "wireproof judge", &text::count(tally.records, "recorded response"));
    for line in scope(tally) {
        page.entry(2, PLAIN, "-", &line);
    }
    rules(&mut page, "violations in responses of AWS", &tally.rules);
    if !tally.edited.is_empty() {
        rules(&mut page, "violations in edited records", &tally.edited);
    }
    errors(&mut page, tally);
    shares(&mut page, tally);
    page.blank();
    let all = tally.all().responses;
    let is_fine = all.rate() <= options.max_error_rate;
    let (style, word) = if is_fine { (PLAIN, "within") } else { (of_severity(Severity::Error), "above") };
    let allowed = format!("{word} {} %, the maximum", options.max_error_rate * 100.0);
    page.entry(0, style, "errors", &format!("{}: {allowed}", in_words(all)));
    page.text().to_owned()
}

fn rules(page: &mut TextPage, heading: &str, counts: &[RuleCount]) {
    page.heading(heading);
    page.whole(
        2,
        HEADING,
        &format!("{:<34} {:<8} {:>8} {:>11} {:>9}", "rule", "severity", "responses", "operations", "services"),
    );
    for count in counts {
        let severity = page.styled(of_severity(count.severity), &format!("{:<8}", count.severity.to_string()));
        let rule = text::line(&count.rule);
        page.push(
            2,
            &format!("{rule:<34} {severity} {:>8} {:>11} {:>9}", count.responses, count.operations, count.services),
        );
    }
}

fn errors(page: &mut TextPage, tally: &CorpusTally) {
    if tally.errors.is_empty() {
        return;
    }
    page.heading("errors");
    let errors = tally.errors.iter().flat_map(|positive| positive.errors().map(move |error| (positive, error)));
    for (positive, finding) in errors {
        let lead = format!("{} {} {}", positive.record, positive.service, positive.operation);
        page.entry(2, of_severity(Severity::Error), &lead, &format!("{} {}", phrasing::rule(finding), finding.pointer));
        page.entry(6, PLAIN, "expected", &text::shorten(&finding.expected, LONGEST_VALUE));
        page.entry(6, PLAIN, "actual  ", &text::shorten(&finding.actual, LONGEST_VALUE));
    }
}

fn shares(page: &mut TextPage, tally: &CorpusTally) {
    page.heading("share with an error");
    page.whole(
        2,
        HEADING,
        &format!("{:<14} {:<24} {:<24} {}", "", "all responses", "distinct responses", "operations"),
    );
    for group in &tally.groups {
        let [responses, distinct, operations] =
            [group.shares.responses, group.shares.distinct, group.shares.operations].map(in_words);
        page.whole(2, PLAIN, &format!("{:<14} {responses:<24} {distinct:<24} {operations}", group.name));
    }
}
