//! The space that large responses may take in the reports of a run.
//!
//! Texts of ordinary size are free. What exceeds it takes space from a budget that all cases share. Without space, a case
//! is reported with texts of ordinary size.

use std::fmt::Write as _;

use crate::{
    judge::verdict::{Finding, Severity},
    run::{
        event::{CaseFinished, ShownExchange},
        exchange_report::ExchangeOutcome,
    },
};

/// The space of a run, in bytes.
const SPACE: usize = 12 << 20;

/// The ordinary size of a message, in bytes.
const ORDINARY_MESSAGE: usize = 2048;

/// The ordinary number of findings of a case.
const ORDINARY_FINDINGS: usize = 10;

/// The ordinary size of a text of a finding, in bytes.
const ORDINARY_TEXT: usize = 300;

/// The rest of the space.
pub(super) struct ReportBudget(usize);

impl Default for ReportBudget {
    fn default() -> Self {
        Self(SPACE)
    }
}

impl ReportBudget {
    /// Shortens the texts of an event that exceed the ordinary size, if the space for them is used up.
    pub(super) fn fit(&mut self, finished: &mut CaseFinished) {
        let texts = messages(finished);
        let excess: usize = texts.iter().map(|text| excess(text, ORDINARY_MESSAGE)).sum();
        if !self.take(excess) {
            for text in texts {
                cut(text, ORDINARY_MESSAGE);
            }
        }
        let findings = &mut finished.report.findings;
        let excess = excess_of(findings);
        if !self.take(excess) {
            *findings = ordinary(std::mem::take(findings));
        }
    }

    fn take(&mut self, bytes: usize) -> bool {
        let rest = self.0.checked_sub(bytes);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }
}

fn messages(finished: &mut CaseFinished) -> Vec<&mut String> {
    let shown = finished.report.exchange.iter_mut().flat_map(|exchange| {
        let ShownExchange { request, response, curl } = exchange;
        [request, response, curl]
    });
    let exchanges = finished.exchanges.iter_mut().flat_map(|exchange| {
        let received = match &mut exchange.outcome {
            ExchangeOutcome::Response { message, .. } => vec![&mut message.head, &mut message.body],
            ExchangeOutcome::Failed { reason } => vec![reason],
        };
        received.into_iter().chain([&mut exchange.request.head, &mut exchange.request.body])
    });
    shown.chain(exchanges).collect()
}

/// The size over the ordinary one, as JSON escapes it: a control character takes six bytes.
fn excess(text: &str, ordinary: usize) -> usize {
    if text.len() <= ordinary {
        return 0;
    }
    let controls = text.bytes().filter(u8::is_ascii_control).count();
    (text.len() + 5 * controls).saturating_sub(ordinary)
}

fn excess_of(findings: &[Finding]) -> usize {
    let size = |finding: &Finding| finding.pointer.len() + finding.expected.len() + finding.actual.len();
    let all: usize = findings.iter().map(size).sum();
    all.saturating_sub(3 * ORDINARY_FINDINGS * ORDINARY_TEXT)
}

/// The first findings of the greatest severity, with short texts.
fn ordinary(mut findings: Vec<Finding>) -> Vec<Finding> {
    let worst = findings.iter().map(|finding| finding.severity).max().unwrap_or(Severity::Note);
    findings.retain(|finding| finding.severity == worst);
    findings.truncate(ORDINARY_FINDINGS);
    for finding in &mut findings {
        for text in [&mut finding.pointer, &mut finding.expected, &mut finding.actual] {
            cut(text, ORDINARY_TEXT);
        }
    }
    findings
}

fn cut(text: &mut String, length: usize) {
    if text.len() > length {
        let whole = text.len();
        let end = (0..=length).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
        text.truncate(end);
        // Writing to a String cannot fail.
        let _ = write!(text, "… ({whole} bytes)");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn finished(response: usize, findings: usize) -> CaseFinished {
        let finding = json!({
            "code": "body-format", "severity": "error", "evidence": "protocol", "step": 1, "role": "step", "pointer": "",
            "expected": "e", "actual": "a".repeat(1000), "cites": [],
        });
        let report = json!({
            "id": "s/o/c", "service": "s", "operation": "O", "title": "T", "verdict": "deviates", "checks": 1,
            "findings": vec![finding; findings], "cites": [], "position": "p", "duration_ms": 1,
            "exchange": {"request": "r", "response": "ü".repeat(response / 2), "curl": "c"},
        });
        serde_json::from_value(json!({ "report": report })).unwrap()
    }

    #[test]
    fn large_texts_are_shortened_once_the_space_is_used_up_and_ordinary_ones_never() {
        let mut budget = ReportBudget(10_000);
        let fitted = |budget: &mut ReportBudget, response, findings| {
            let mut event = finished(response, findings);
            budget.fit(&mut event);
            (event.report.exchange.unwrap().response.len(), event.report.findings.len())
        };
        assert_eq!(fitted(&mut budget, 8000, 5), (8000, 5));
        assert_eq!(fitted(&mut budget, 2000, 5), (2000, 5));
        let (response, findings) = fitted(&mut budget, 8000, 50);
        assert!(response < 2100 && findings == ORDINARY_FINDINGS, "{response} {findings}");
        assert_eq!(fitted(&mut budget, 2000, 1), (2000, 1));
    }
}
