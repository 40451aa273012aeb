//! What a run found, as far as a baseline wants to know.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::Key;
use crate::{
    event::CaseReport,
    verdict::{Finding, Severity, Verdict},
    wire::sigv4::hex,
};

/// What a run found.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    deviations: BTreeMap<Key, Found>,
    cases: BTreeSet<String>,
    judged: BTreeSet<String>,
}

/// What one check found in one case.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) fingerprint: String,
    /// The first finding, in words.
    pub(super) says: String,
}

impl Seen {
    /// Enters a case.
    pub fn enter(&mut self, case: &CaseReport) {
        self.cases.insert(case.id.0.clone());
        if matches!(case.verdict, Verdict::Conforms | Verdict::Deviates) {
            self.judged.insert(case.id.0.clone());
        }
        let mut found: BTreeMap<String, Vec<&Finding>> = BTreeMap::new();
        let errors = case.findings.iter().filter(|finding| finding.severity == Severity::Error);
        for finding in errors.filter(|_| case.verdict == Verdict::Deviates) {
            found.entry(finding.code.to_string()).or_default().push(finding);
        }
        for (code, findings) in found {
            let says = findings.first().map(|first| format!("expected {}, got {}", first.expected, first.actual));
            let found = Found { fingerprint: fingerprint(&findings), says: says.unwrap_or_default() };
            self.deviations.insert((case.id.0.clone(), code), found);
        }
    }

    /// How many deviations there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.deviations.len()
    }

    pub(super) fn deviations(&self) -> impl Iterator<Item = (&Key, &Found)> {
        self.deviations.iter()
    }

    pub(super) fn deviates_by(&self, key: &Key) -> bool {
        self.deviations.contains_key(key)
    }

    /// The codes of the checks that found something in a case.
    pub(super) fn codes_of(&self, case: &str) -> Vec<&str> {
        let from = (case.to_owned(), String::new());
        let of_case = self.deviations.range(from..).take_while(|((of, _), _)| of == case);
        of_case.map(|((_, code), _)| code.as_str()).collect()
    }

    /// Whether the run had a case.
    pub(super) fn has(&self, case: &str) -> bool {
        self.cases.contains(case)
    }

    /// Whether a case conforms or deviates.
    pub(super) fn is_judged(&self, case: &str) -> bool {
        self.judged.contains(case)
    }
}

/// What these findings of one check in one case come to, in twelve hexadecimal digits that a second run gives again.
#[must_use]
pub fn fingerprint(findings: &[&Finding]) -> String {
    let mut essences: Vec<String> = findings.iter().map(|finding| essence(finding)).collect();
    essences.sort();
    let mut hash = Sha256::new();
    for essence in &essences {
        hash.update(essence.as_bytes());
    }
    hex(&hash.finalize()).chars().take(12).collect()
}

/// A finding without what differs from run to run: ids, times, generated texts, and which item of a list it was.
fn essence(finding: &Finding) -> String {
    let rule = finding.rule.as_deref().unwrap_or_default();
    let place = finding.pointer.split('/').map(|token| if token.parse::<usize>().is_ok() { "*" } else { token });
    let place = place.collect::<Vec<_>>().join("/");
    // What a value of the body was is the endpoint's data; what an answer was, its status and its error, is not.
    let actual = if finding.pointer.is_empty() { steady(&finding.actual) } else { String::new() };
    format!("{rule}\n{place}\n{}\n{:?}\n{actual}\n", finding.step, finding.role)
}

/// A text without words that hold digits, but for short ones such as a status.
fn steady(text: &str) -> String {
    let is_border = |c: char| !c.is_alphanumeric();
    let steady = text.split_inclusive(is_border).map(|word| {
        let bare = word.trim_end_matches(is_border);
        if bare.len() > 3 && bare.chars().any(|c| c.is_ascii_digit()) { "<id>" } else { word }
    });
    steady.collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("ValidationException (400)", "ValidationException (400)")]
    #[case("no d-LGUMS25CC here", "no d-<id>here")]
    fn ids_are_no_part_of_a_fingerprint(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(steady(text), expected);
    }
}
