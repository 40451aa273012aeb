//! Warnings and notes, and cases that were not judged, by reason.

use std::collections::BTreeMap;

use super::{
    super::text_page::{FAINT, PLAIN, of_verdict},
    HumanWriter,
};
use crate::{
    judge::verdict::Verdict,
    report::{hunk::Hunk, phrasing, text},
    run::event::CaseReport,
    suite::CaseId,
};

/// The maximum number of case IDs per group.
const EXAMPLES: usize = 3;

/// The maximum number of groups, except in verbose reports. Where there are more, each has one example.
const GROUPS: usize = 5;

/// The maximum number of operations that are named for one reason.
const OPERATIONS: usize = 8;

impl<'a> HumanWriter<'a> {
    /// The findings in cases that do not deviate, in verbose reports.
    pub(super) fn warnings_and_notes(&mut self) {
        let mut cases = self.cases.iter().filter(|case| case.verdict != Verdict::Deviates && !case.findings.is_empty());
        let mut next = cases.next().filter(|_| self.options.verbose);
        if next.is_some() {
            self.page.heading("warnings and notes in cases without a deviation");
        }
        while let Some(case) = next {
            self.title(case);
            for finding in &case.findings {
                self.finding(finding);
            }
            next = cases.next();
        }
    }

    /// The differences from snapshots, in the unified format.
    pub(super) fn differences(&mut self, differences: &[(CaseId, Vec<Hunk>)]) {
        if !differences.is_empty() {
            self.page.heading("differences from snapshots");
        }
        for (id, hunks) in differences {
            self.page.whole(2, PLAIN, &id.0);
            self.page.whole(4, FAINT, "--- snapshot");
            self.page.whole(4, FAINT, "+++ observed");
            for hunk in hunks {
                self.page.whole(4, FAINT, &hunk.range);
                for line in &hunk.lines {
                    self.page.whole(4, FAINT, format!("{}{}", line.sign, line.text).trim_end());
                }
            }
        }
    }

    /// The operations that are not implemented.
    pub(super) fn not_implemented(&mut self) {
        let verdict = Verdict::NotImplemented;
        let groups = groups(self.of_verdict(verdict), |case| {
            let prefix = format!("{}: ", case.operation);
            let reason = case.reason.strip_prefix(&prefix).unwrap_or(&case.reason);
            (format!("{} {}", case.service, case.operation), reason)
        });
        if !groups.is_empty() {
            self.page.heading("not implemented");
        }
        if groups.len() > GROUPS && !self.shows_all() {
            self.operations_by_reason(&groups);
            return;
        }
        for ((operation, reason), cases) in groups {
            let printed = format!("{}: {reason}", text::count(cases.len(), "case"));
            self.page.entry(2, of_verdict(verdict), &operation, &printed);
            if self.shows_all() {
                self.ids(&cases, cases.len());
            }
        }
    }

    /// The operations that are not implemented, once for each reason.
    fn operations_by_reason(&mut self, groups: &BTreeMap<(String, &str), Vec<&CaseReport>>) {
        let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (operation, reason) in groups.keys() {
            reasons.entry(reason).or_default().push(operation);
        }
        for (reason, operations) in reasons {
            let lead = text::count(operations.len(), "operation");
            self.page.entry(2, of_verdict(Verdict::NotImplemented), &lead, reason);
            let named = operations.iter().take(OPERATIONS).copied().collect::<Vec<_>>().join(", ");
            let rest = operations.len().saturating_sub(OPERATIONS);
            let more =
                if rest > 0 { format!(" and {rest} more ({} lists them)", self.options.more) } else { String::new() };
            self.page.paragraph(4, FAINT, &format!("{named}{more}"));
        }
    }

    fn shows_all(&self) -> bool {
        self.options.verbose || self.options.curl
    }

    /// The cases with a verdict that is not about the endpoint, by reason, the most frequent first.
    pub(super) fn unjudged(&mut self, verdict: Verdict) {
        let groups = groups(self.of_verdict(verdict), |case| case.reason.as_str());
        let mut groups: Vec<(&str, Vec<&CaseReport>)> = groups.into_iter().collect();
        groups.sort_by_key(|(_, cases)| std::cmp::Reverse(cases.len()));
        if !groups.is_empty() {
            self.page.heading(phrasing::plural(verdict));
        }
        let (listed, examples) = match groups.len() {
            all if self.shows_all() => (all, usize::MAX),
            ..=GROUPS => (GROUPS, EXAMPLES),
            _ => (GROUPS, 1),
        };
        for (reason, cases) in groups.iter().take(listed) {
            self.page.entry(2, of_verdict(verdict), &text::count(cases.len(), "case"), reason);
            self.ids(cases, examples);
        }
        let rest: usize = groups.iter().skip(listed).map(|(_, cases)| cases.len()).sum();
        if rest > 0 {
            let printed =
                format!("and {} for other reasons ({} lists them)", text::count(rest, "case"), self.options.more);
            self.page.whole(2, FAINT, &printed);
        }
    }

    fn ids(&mut self, cases: &[&'a CaseReport], shown: usize) {
        for case in cases.iter().take(shown) {
            self.page.whole(4, PLAIN, &case.id.0);
            self.curl(6, case.exchange.as_ref());
        }
        if cases.len() > shown {
            self.page.whole(4, FAINT, &format!("and {} more ({} lists them)", cases.len() - shown, self.options.more));
        }
    }
}

fn groups<'a, K: Ord>(
    cases: impl Iterator<Item = &'a CaseReport>,
    key: impl Fn(&'a CaseReport) -> K,
) -> BTreeMap<K, Vec<&'a CaseReport>> {
    let mut groups: BTreeMap<K, Vec<&CaseReport>> = BTreeMap::new();
    for case in cases {
        groups.entry(key(case)).or_default().push(case);
    }
    groups
}
