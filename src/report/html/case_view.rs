//! A case on a page: its findings, its difference from the snapshot, and its exchanges.

use std::{collections::BTreeSet, fmt::Write as _, io};

use serde::Serialize;

use super::{
    HtmlOptions,
    exchange_view::{self, ExchangeView},
    kept_cases::{CollectedCases, KeptCases},
    packed_cases::{PackedCases, PackedExchanges, PackedPage, PackedPosition},
    page_template,
    requirement_matrix::CitedView,
};
use crate::{
    cause::Cause,
    judge::verdict::{Finding, Severity, Verdict},
    report::{hunk, phrasing, requirement_index::RequirementIndex, text},
    run::event::CaseReport,
};

/// Values are cut to this number of characters. The JSON report contains them in full.
const LONGEST_VALUE: usize = 2_000;

/// The maximum number of exchanges that are readable without scripts. The script unpacks the others.
const WRITTEN_OUT: usize = 2;

#[derive(Debug, Serialize)]
struct CaseView<'a> {
    anchor: String,
    id: &'a str,
    /// The ID below the operation.
    name: &'a str,
    title: &'a str,
    verdict: Verdict,
    mark: char,
    service: &'a str,
    operation: &'a str,
    reason: &'a str,
    /// True if the case has a reason instead of findings.
    is_unjudged: bool,
    /// The errors and warnings.
    findings: Vec<FindingView<'a>>,
    notes: Vec<FindingView<'a>>,
    codes: BTreeSet<&'static str>,
    severities: BTreeSet<String>,
    cites: &'a [String],
    /// The requirements that the case or one of its findings cites.
    requirements: BTreeSet<&'a str>,
    alternatives: &'a [String],
    causes: Vec<CauseLink<'a>>,
    checks: usize,
    position: &'a str,
    command: String,
    took: String,
    /// The position of its exchanges, if the page has them.
    packed_at: Option<PackedPosition>,
}

/// A case that is readable without scripts.
#[derive(Debug, Serialize)]
struct WrittenCase<'a> {
    case: &'a CaseView<'a>,
    written_out: Vec<&'a ExchangeView>,
}

/// The cause of a case.
#[derive(Debug, Serialize)]
struct CauseLink<'a> {
    number: usize,
    headline: &'a str,
    /// The case that represents it.
    representative: &'a str,
}

impl<'a> CauseLink<'a> {
    fn of(cause: &'a Cause) -> Self {
        Self { number: cause.number, headline: &cause.headline, representative: &cause.representative.0 }
    }
}

#[derive(Debug, Serialize)]
struct FindingView<'a> {
    code: &'static str,
    rule: Option<&'a str>,
    severity: String,
    evidence: String,
    location: String,
    expected: String,
    actual: String,
    cites: Vec<CitedView<'a>>,
}

/// The inputs of the command that runs a case again.
#[derive(Clone, Copy)]
pub(super) struct RerunOptions<'a> {
    pub(super) options: &'a HtmlOptions,
    pub(super) seed: u64,
}

/// Makes the views of cases: the data of each, and the markup of some.
pub(super) struct CaseViews<'a> {
    requirements: &'a RequirementIndex,
    rerun: RerunOptions<'a>,
    kept: &'a KeptCases<'a>,
    packed: PackedCases,
}

impl<'a> CaseViews<'a> {
    pub(super) fn new(requirements: &'a RequirementIndex, rerun: RerunOptions<'a>, kept: &'a KeptCases<'a>) -> Self {
        Self { requirements, rerun, kept, packed: PackedCases::default() }
    }

    /// Packs a case. Returns its markup if it is readable without scripts.
    pub(super) fn enter(&mut self, cases: &CollectedCases, report: &CaseReport) -> io::Result<Option<String>> {
        let whole = if self.kept.has_exchanges(&report.id) { cases.whole(&report.id)? } else { None };
        let exchanges = whole.as_ref().map(exchange_view::shown);
        let mut view = self.view(report);
        if let (Some(case), Some(exchanges)) = (&whole, &exchanges) {
            let difference = case.difference.as_ref().map(hunk::of).unwrap_or_default();
            let difference = difference.iter().map(|hunk| &hunk.lines[..]).collect();
            view.packed_at = Some(self.packed.exchanges(&PackedExchanges { exchanges, difference })?);
        }
        self.packed.case(&view)?;
        if !self.kept.is_written_out(&report.id) {
            return Ok(None);
        }
        let written_out =
            exchanges.as_ref().map(|exchanges| written_out(report.verdict, exchanges)).unwrap_or_default();
        page_template::part("case.html", &WrittenCase { case: &view, written_out }).map(Some)
    }

    pub(super) fn finish(self) -> io::Result<PackedPage> {
        self.packed.finish()
    }

    fn view<'c>(&self, report: &'c CaseReport) -> CaseView<'c>
    where
        'a: 'c,
    {
        let RerunOptions { options, seed } = self.rerun;
        CaseView {
            anchor: anchor(&report.id.0),
            id: &report.id.0,
            name: name(&report.id.0),
            title: &report.title,
            verdict: report.verdict,
            mark: mark(report.verdict),
            service: &report.service,
            operation: &report.operation,
            reason: &report.reason,
            is_unjudged: !matches!(report.verdict, Verdict::Conforms | Verdict::Deviates),
            findings: findings(report, self.requirements, |severity| severity > Severity::Note),
            notes: findings(report, self.requirements, |severity| severity == Severity::Note),
            codes: report.findings.iter().map(|finding| finding.code.name()).collect(),
            severities: report.findings.iter().map(|finding| finding.severity.to_string()).collect(),
            cites: &report.cites,
            requirements: requirements_of(report),
            alternatives: &report.alternatives,
            causes: self.kept.causes(&report.id).iter().map(|cause| CauseLink::of(cause)).collect(),
            checks: report.checks,
            position: &report.position,
            command: phrasing::alone(&options.command, &report.id, seed, &options.rerun),
            took: text::duration(report.duration_ms),
            packed_at: None,
        }
    }
}

/// The requirements that a case or one of its findings cites.
pub(super) fn requirements_of(case: &CaseReport) -> BTreeSet<&str> {
    let of_findings = case.findings.iter().flat_map(|finding| &finding.cites);
    case.cites.iter().chain(of_findings).map(String::as_str).collect()
}

/// The ID of a case below its operation.
pub(super) fn name(id: &str) -> &str {
    id.splitn(3, '/').last().unwrap_or_default()
}

/// The sign of a verdict, for readers who do not see colors.
pub(super) fn mark(verdict: Verdict) -> char {
    match verdict {
        Verdict::Conforms => '✓',
        Verdict::Deviates => '✕',
        Verdict::NotImplemented => '∅',
        Verdict::Blocked => '◼',
        Verdict::Inconclusive => '?',
        Verdict::NotApplicable => '–',
    }
}

/// The HTML ID of a case. Characters that a URL would escape are written in hexadecimal.
pub(super) fn anchor(id: &str) -> String {
    let mut anchor = "case-".to_owned();
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || b"-./".contains(&byte) {
            anchor.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(anchor, "_{byte:02x}");
        }
    }
    anchor
}

/// The exchanges with findings. For a case that was not judged, the last exchange before the teardown.
fn written_out(verdict: Verdict, exchanges: &[ExchangeView]) -> Vec<&ExchangeView> {
    let marked: Vec<&ExchangeView> = exchanges.iter().filter(|exchange| exchange.is_marked).take(WRITTEN_OUT).collect();
    if !marked.is_empty() || verdict == Verdict::Conforms {
        return marked;
    }
    exchanges.iter().rev().find(|exchange| !exchange.is_teardown).into_iter().collect()
}

fn findings<'a>(
    case: &'a CaseReport,
    requirements: &'a RequirementIndex,
    is_among: fn(Severity) -> bool,
) -> Vec<FindingView<'a>> {
    let among = case.findings.iter().filter(|finding| is_among(finding.severity));
    among.map(|finding| finding_view(finding, requirements)).collect()
}

fn finding_view<'a>(finding: &'a Finding, requirements: &'a RequirementIndex) -> FindingView<'a> {
    FindingView {
        code: finding.code.name(),
        rule: finding.rule.as_deref(),
        severity: finding.severity.to_string(),
        evidence: finding.evidence.to_string(),
        location: location(finding),
        expected: text::shorten(&finding.expected, LONGEST_VALUE),
        actual: text::shorten(&finding.actual, LONGEST_VALUE),
        cites: finding.cites.iter().map(|id| CitedView::of(requirements, id)).collect(),
    }
}

fn location(finding: &Finding) -> String {
    let call = if finding.step == 0 { "the whole case".to_owned() } else { phrasing::call(finding) };
    if finding.pointer.is_empty() { call } else { format!("{call}, {}", finding.pointer) }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("codedeploy/stop-deployment/x", "case-codedeploy/stop-deployment/x")]
    #[case("s/o/x#1.5", "case-s/o/x_231.5")]
    #[case("s/o/a_b c\"<ü", "case-s/o/a_5fb_20c_22_3c_c3_bc")]
    fn an_anchor_stands_in_an_address_as_it_is(#[case] id: &str, #[case] expected: &str) {
        assert_eq!(anchor(id), expected);
    }

    #[test]
    fn every_verdict_has_a_sign_of_its_own() {
        let signs: BTreeSet<char> = Verdict::ALL.into_iter().map(mark).collect();
        assert_eq!(signs.len(), Verdict::ALL.len());
    }
}
