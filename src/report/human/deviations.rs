//! The cases that deviate, by operation, each with what is needed to see it again. Cases of one operation that deviate by
//! the same are told once.

use std::collections::BTreeMap;

use super::{
    super::text_page::{FAINT, HEADING, PLAIN, of_severity, of_verdict},
    HumanWriter,
};
use crate::{
    judge::fingerprint::fingerprint,
    judge::verdict::{Finding, FindingRole, Severity, Verdict},
    report::{
        case_groups::{by_operation, errors},
        marked_message::MarkedMessage,
        phrasing, text,
    },
    run::event::{CaseReport, ShownExchange},
};

/// So many ids stand for cases that deviate by the same.
const ALIKE: usize = 3;

/// More than this is not said beside a mark; the finding has it all.
const LONGEST_MARK: usize = 100;

/// Longer lines of an answer are not underlined to their end.
const LONGEST_UNDERLINE: usize = 60;

impl<'a> HumanWriter<'a> {
    pub(super) fn deviations(&mut self) {
        for ((service, operation), cases) in by_operation(self.of_verdict(Verdict::Deviates)) {
            let verb = phrasing::verb(Verdict::Deviates, cases.len());
            self.page.heading(&format!("{service} {operation}: {} {verb}", text::count(cases.len(), "case")));
            let groups = self.alike(cases);
            let most = self.options.most.unwrap_or(usize::MAX);
            for (index, group) in groups.iter().take(most).enumerate() {
                self.page.blank();
                self.group(group, index == 0 || self.options.verbose);
            }
            let rest: usize = groups.iter().skip(most).map(Vec::len).sum();
            if rest > 0 {
                let told = format!("and {rest} more ({} shows them, a report in JSON has them all)", self.options.more);
                self.page.blank();
                self.page.whole(2, FAINT, &told);
            }
        }
    }

    /// Cases that deviate by the same, in the order of their first; every case by itself when everything is asked for.
    fn alike(&self, cases: Vec<&'a CaseReport>) -> Vec<Vec<&'a CaseReport>> {
        let mut groups: Vec<Vec<&CaseReport>> = Vec::new();
        let mut known: BTreeMap<String, usize> = BTreeMap::new();
        for case in cases {
            let at = *known.entry(likeness(case)).or_insert(groups.len());
            match groups.get_mut(at).filter(|_| !self.options.verbose && !self.options.curl) {
                Some(group) => group.push(case),
                None => groups.push(vec![case]),
            }
        }
        groups
    }

    fn group(&mut self, cases: &[&'a CaseReport], with_exchange: bool) {
        let Some((first, others)) = cases.split_first() else { return };
        self.deviation(first, with_exchange);
        if !others.is_empty() {
            self.page.whole(4, PLAIN, &format!("the same in {}:", text::count(others.len(), "other case")));
        }
        for case in others.iter().take(ALIKE) {
            self.page.whole(6, FAINT, &case.id.0);
        }
        if others.len() > ALIKE {
            self.page.whole(6, FAINT, &format!("and {} more ({} shows them)", others.len() - ALIKE, self.options.more));
        }
    }

    fn deviation(&mut self, case: &'a CaseReport, with_exchange: bool) {
        self.title(case);
        let shown = case.findings.iter().filter(|finding| finding.severity == Severity::Error || self.options.verbose);
        let shown: Vec<&Finding> = shown.collect();
        for finding in &shown {
            self.finding(finding);
        }
        self.requirements_of(&shown);
        self.page.whole(4, FAINT, &format!("in {}", case.position));
        if let Some(exchange) = case.exchange.as_ref().filter(|_| with_exchange) {
            self.page.blank();
            self.page.verbatim(4, FAINT, "> ", &exchange.request);
            self.answer(&exchange.response, &of_the_exchange(&case.findings, &shown));
            self.page.blank();
        }
        let alone = phrasing::alone(&self.options.command, &case.id, self.seed, &self.options.rerun);
        self.page.whole(4, PLAIN, &format!("run it alone: {alone}"));
        self.curl(4, case.exchange.as_ref());
    }

    /// A case: what became of it, its id, and what it shows.
    pub(super) fn title(&mut self, case: &CaseReport) {
        self.page.lead(2, of_verdict(case.verdict), case.verdict.name(), &case.id.0);
        self.page.paragraph(4, HEADING, &case.title);
    }

    pub(super) fn finding(&mut self, finding: &Finding) {
        // What is no error says so in words, for those who see no colours.
        let severity = match finding.severity {
            Severity::Error => String::new(),
            Severity::Warning | Severity::Note => format!("{}: ", finding.severity),
        };
        let lead = format!("{severity}{}", phrasing::rule(finding));
        let location = format!("{}  ({})", phrasing::location(finding), phrasing::sources(finding));
        self.page.entry(4, of_severity(finding.severity), &lead, location.trim_start());
        let (expected, actual) = phrasing::values(finding);
        self.page.entry(6, FAINT, "expected", &expected);
        self.page.entry(6, FAINT, "     got", &actual);
    }

    /// What the findings break, with its document; each requirement and each address once in a report.
    fn requirements_of(&mut self, findings: &[&'a Finding]) {
        for id in findings.iter().flat_map(|finding| &finding.cites) {
            let Some(cited) = self.requirements.get(id).filter(|_| self.told.insert(id)) else { continue };
            self.page.entry(4, HEADING, id, cited.says);
            self.page.paragraph(6, FAINT, &format!("{}, {}", cited.document, cited.section));
            if self.told.insert(cited.url) {
                self.page.whole(6, FAINT, cited.url);
            }
        }
    }

    /// An answer, with the findings below the lines that they are about.
    fn answer(&mut self, response: &str, findings: &[&Finding]) {
        for line in MarkedMessage::read(response, findings).around_marks().lines() {
            let style = if line.findings.is_empty() { FAINT } else { PLAIN };
            self.page.whole(4, style, format!("< {}", line.text).trim_end());
            let indent = 6 + text::width(&line.text) - text::width(line.text.trim_start());
            let underline = "^".repeat(text::width(line.text.trim()).clamp(1, LONGEST_UNDERLINE));
            for (index, finding) in line.findings.iter().enumerate() {
                let expected = text::shorten(&finding.expected, LONGEST_MARK);
                let told = format!("{}: expected {expected}", phrasing::rule(finding));
                let lead = if index == 0 { underline.as_str() } else { "|" };
                self.page.entry(indent, of_severity(finding.severity), lead, &told);
            }
        }
    }

    /// The `curl` command of an exchange, where it is asked for. It goes over several lines already.
    pub(super) fn curl(&mut self, indent: usize, exchange: Option<&ShownExchange>) {
        if let Some(exchange) = exchange.filter(|_| self.options.curl) {
            self.page.verbatim(indent, PLAIN, "", &exchange.curl);
        }
    }
}

/// What two cases share that deviate by the same.
fn likeness(case: &CaseReport) -> String {
    let errors: Vec<&Finding> = errors(case).collect();
    let what: Vec<String> =
        errors.iter().map(|finding| format!("{} {}", phrasing::rule(finding), finding.expected)).collect();
    format!("{} {}", fingerprint(&errors), what.join("\n"))
}

/// Those findings that are about the exchange that a report shows: it is that of the first of the worst.
fn of_the_exchange<'a>(all: &[Finding], shown: &[&'a Finding]) -> Vec<&'a Finding> {
    let worst = all.iter().map(|finding| finding.severity).max();
    let first = all.iter().find(|finding| Some(finding.severity) == worst);
    let is_of_it =
        |finding: &&&Finding| first.is_some_and(|first| (first.step, first.call()) == (finding.step, finding.call()));
    // A guard is read twice, and which of both is shown a finding does not tell.
    shown.iter().filter(is_of_it).filter(|finding| finding.call() != FindingRole::Guard).copied().collect()
}
