//! The deviations by operation, each with its details and the command to run it again. Cases of one operation with the
//! same findings are shown once.

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

/// The maximum number of IDs of further cases with the same findings.
const ALIKE: usize = 3;

/// The maximum length of the text beside a mark. The finding has the whole text.
const LONGEST_MARK: usize = 100;

/// The maximum length of an underline.
const LONGEST_UNDERLINE: usize = 60;

impl<'a> HumanWriter<'a> {
    pub(super) fn deviations(&mut self, cases: impl IntoIterator<Item = &'a CaseReport>) {
        for ((service, operation), cases) in by_operation(cases) {
            let verb = phrasing::verb(Verdict::Deviates, cases.len());
            self.page.heading(&format!("{service} {operation}: {} {verb}", text::count(cases.len(), "case")));
            let groups = self.alike(cases);
            for (index, group) in groups.iter().enumerate() {
                self.page.blank();
                self.group(group, index == 0 || self.options.verbose);
            }
        }
    }

    /// Groups cases with the same findings, in the order of their first case. In verbose reports, every case is a
    /// group.
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
            self.page.whole(4, PLAIN, &format!("same findings in {}:", text::count(others.len(), "other case")));
        }
        for case in others.iter().take(ALIKE) {
            self.page.whole(6, FAINT, &case.id.0);
        }
        if others.len() > ALIKE {
            self.page.whole(6, FAINT, &format!("and {} more ({} shows them)", others.len() - ALIKE, self.options.more));
        }
    }

    pub(super) fn deviation(&mut self, case: &'a CaseReport, with_exchange: bool) {
        let shown = case.findings.iter().filter(|finding| finding.severity == Severity::Error || self.options.verbose);
        self.shown_case(case, &shown.collect::<Vec<_>>(), with_exchange);
    }

    /// A case with some of its findings.
    pub(super) fn shown_case(&mut self, case: &'a CaseReport, shown: &[&'a Finding], with_exchange: bool) {
        self.title(case);
        for finding in shown {
            self.finding(finding);
        }
        self.requirements_of(shown);
        self.page.whole(4, FAINT, &format!("in {}", case.position));
        if let Some(exchange) = case.exchange.as_ref().filter(|_| with_exchange) {
            self.page.blank();
            self.page.verbatim(4, FAINT, "> ", &exchange.request);
            self.response(&exchange.response, &of_the_exchange(&case.findings, shown));
            self.page.blank();
        }
        let alone = phrasing::alone(&self.options.command, &case.id, self.seed, &self.options.rerun);
        self.page.whole(4, PLAIN, &format!("rerun: {alone}"));
        self.curl(4, case.exchange.as_ref());
    }

    /// The verdict, ID and title of a case.
    pub(super) fn title(&mut self, case: &CaseReport) {
        self.page.lead(2, of_verdict(case.verdict), case.verdict.name(), &case.id.0);
        self.page.paragraph(4, HEADING, &case.title);
    }

    pub(super) fn finding(&mut self, finding: &Finding) {
        // Name the severity of a warning or a note, for readers who do not see colors.
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

    /// The violated requirements with their documents. Each requirement and each URL is shown once per report.
    fn requirements_of(&mut self, findings: &[&'a Finding]) {
        for id in findings.iter().flat_map(|finding| &finding.cites) {
            let Some(cited) = self.requirements.get(id).filter(|_| self.shown.insert(id)) else { continue };
            self.page.entry(4, HEADING, id, cited.says);
            self.page.paragraph(6, FAINT, &format!("{}, {}", cited.document, cited.section));
            if self.shown.insert(cited.url) {
                self.page.whole(6, FAINT, cited.url);
            }
        }
    }

    /// The response, with findings below the lines that they are about.
    fn response(&mut self, response: &str, findings: &[&Finding]) {
        for line in MarkedMessage::read(response, findings).around_marks().lines() {
            let style = if line.findings.is_empty() { FAINT } else { PLAIN };
            self.page.whole(4, style, format!("< {}", line.text).trim_end());
            let indent = 6 + text::width(&line.text) - text::width(line.text.trim_start());
            let underline = "^".repeat(text::width(line.text.trim()).clamp(1, LONGEST_UNDERLINE));
            for (index, finding) in line.findings.iter().enumerate() {
                let expected = text::shorten(&finding.expected, LONGEST_MARK);
                let printed = format!("{}: expected {expected}", phrasing::rule(finding));
                let lead = if index == 0 { underline.as_str() } else { "|" };
                self.page.entry(indent, of_severity(finding.severity), lead, &printed);
            }
        }
    }

    /// The `curl` command of an exchange, if the options request it. It has several lines already.
    pub(super) fn curl(&mut self, indent: usize, exchange: Option<&ShownExchange>) {
        if let Some(exchange) = exchange.filter(|_| self.options.curl) {
            self.page.verbatim(indent, PLAIN, "", &exchange.curl);
        }
    }
}

/// The key of cases with the same findings.
fn likeness(case: &CaseReport) -> String {
    let errors: Vec<&Finding> = errors(case).collect();
    let what: Vec<String> =
        errors.iter().map(|finding| format!("{} {}", phrasing::rule(finding), finding.expected)).collect();
    format!("{} {}", fingerprint(&errors), what.join("\n"))
}

/// The findings about the exchange of the report, which is that of the first finding with the highest severity.
fn of_the_exchange<'a>(all: &[Finding], shown: &[&'a Finding]) -> Vec<&'a Finding> {
    let worst = all.iter().map(|finding| finding.severity).max();
    let first = all.iter().find(|finding| Some(finding.severity) == worst);
    let is_of_it =
        |finding: &&&Finding| first.is_some_and(|first| (first.step, first.call()) == (finding.step, finding.call()));
    // A guard is read twice, and a finding does not say which of both reads it is about.
    shown.iter().filter(is_of_it).filter(|finding| finding.call() != FindingRole::Guard).copied().collect()
}
