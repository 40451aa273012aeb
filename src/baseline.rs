//! Known deviations of a target, accepted for now, each with a reason: what makes a run a regression gate.
//!
//! A baseline changes the exit status alone, never a verdict or a count. An entry stands for one case and one check, with
//! a fingerprint of what was found. What is known and unchanged is not red; everything else is, in words of its own:
//! a new deviation, one that changed, an entry that expired, one that no longer deviates, one of a case that nobody has.
//! Pure: it is given text and the day.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::{
    event::CaseReport,
    verdict::{Finding, Severity, Verdict},
    wire::sigv4::hex,
};

/// The form of the file.
const SCHEMA: &str = "wireproof/baseline/v1";

/// What an entry says that `--baseline-update` made.
pub const UNEXPLAINED: &str = "seen when the baseline was made, not yet looked at";

/// The accepted deviations of one target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline {
    entries: BTreeMap<(String, String), Entry>,
}

/// One accepted deviation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The case.
    pub case: String,
    /// The code of the check.
    pub code: String,
    /// What was found, in twelve hexadecimal digits.
    pub fingerprint: String,
    /// Why it is accepted.
    pub reason: String,
    /// Where it is being dealt with.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub issue: Option<String>,
    /// The last day on which it is accepted, `2026-12-31`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub expires: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    schema: String,
    #[serde(default)]
    deviation: Vec<Entry>,
}

/// A baseline that cannot be used.
#[derive(Debug, Error)]
pub enum BaselineError {
    /// Not TOML, or not of this form.
    #[error("{file}: {problem}")]
    Form {
        /// The file as the caller named it.
        file: String,
        /// What is wrong, with its line.
        problem: String,
    },
    /// Another version of the form.
    #[error("{file}: the schema is {found:?}; {SCHEMA:?} is known here")]
    Schema {
        /// The file.
        file: String,
        /// What it says.
        found: String,
    },
    /// An entry without a reason, with a broken date, or twice.
    #[error("{file}: the entry of {case} ({code}) {problem}")]
    Entry {
        /// The file.
        file: String,
        /// The case.
        case: String,
        /// The code.
        code: String,
        /// What is wrong with it.
        problem: &'static str,
    },
}

/// What turns a run red, or that it is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// A deviation that the baseline does not have.
    New,
    /// The same check of the same case found something else.
    Changed,
    /// The entry's last day is over.
    Expired,
    /// The case no longer deviates by that check.
    Stale,
    /// No case has that id.
    UnknownCase,
}

impl Difference {
    /// A few words for a person.
    #[must_use]
    pub fn words(&self) -> &'static str {
        match self {
            Self::New => "new deviation",
            Self::Changed => "deviates in another way than the baseline says",
            Self::Expired => "its acceptance has expired",
            Self::Stale => "deviates no longer: take the entry out",
            Self::UnknownCase => "no case has this id",
        }
    }
}

impl Baseline {
    /// Reads a baseline. `file` is used in errors alone.
    ///
    /// # Errors
    /// Text of another form, an entry twice, without a reason, or with a date that is none.
    pub fn read(file: &str, text: &str) -> Result<Self, BaselineError> {
        let document: Document = toml::from_str(text)
            .map_err(|error| BaselineError::Form { file: file.to_owned(), problem: error.to_string() })?;
        if document.schema != SCHEMA {
            return Err(BaselineError::Schema { file: file.to_owned(), found: document.schema });
        }
        let mut entries = BTreeMap::new();
        for entry in document.deviation {
            let broken = |problem| BaselineError::Entry {
                file: file.to_owned(),
                case: entry.case.clone(),
                code: entry.code.clone(),
                problem,
            };
            if entry.reason.trim().is_empty() {
                return Err(broken("has no reason"));
            }
            if entry.expires.as_deref().is_some_and(|day| !is_day(day)) {
                return Err(broken("expires on no day: write it as 2026-12-31"));
            }
            let key = (entry.case.clone(), entry.code.clone());
            if entries.contains_key(&key) {
                return Err(broken("stands there twice"));
            }
            entries.insert(key, entry);
        }
        Ok(Self { entries })
    }

    /// The file's text: sorted by case and code, so that two baselines differ where they say something else.
    #[must_use]
    pub fn text(&self) -> String {
        let document = Document { schema: SCHEMA.to_owned(), deviation: self.entries.values().cloned().collect() };
        // Plain tables of texts can always be written.
        toml::to_string(&document).unwrap_or_default()
    }

    /// How many deviations it accepts.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it accepts nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The baseline that accepts what `seen` deviates by: reasons, issues and days of what stays are kept, and so is
    /// what was not run.
    #[must_use]
    pub fn updated(&self, seen: &Seen) -> Self {
        let unrun = self.entries.iter().filter(|((case, _), _)| !seen.cases.contains(case));
        let mut entries: BTreeMap<(String, String), Entry> =
            unrun.map(|(key, entry)| (key.clone(), entry.clone())).collect();
        for ((case, code), fingerprint) in &seen.deviations {
            let key = (case.clone(), code.clone());
            let known = self.entries.get(&key);
            entries.insert(
                key,
                Entry {
                    case: case.clone(),
                    code: code.clone(),
                    fingerprint: fingerprint.clone(),
                    reason: known.map_or_else(|| UNEXPLAINED.to_owned(), |entry| entry.reason.clone()),
                    issue: known.and_then(|entry| entry.issue.clone()),
                    expires: known.and_then(|entry| entry.expires.clone()),
                },
            );
        }
        Self { entries }
    }

    /// What differs, sorted by case. `today` is a day as `expires` writes it; `whole`: the run was of every case, so that
    /// a case that was not seen does not exist.
    #[must_use]
    pub fn compare(&self, seen: &Seen, today: &str, whole: bool) -> Vec<(Difference, String, String)> {
        let mut differences = Vec::new();
        let mut differ = |difference, case: &str, code: &str| {
            differences.push((difference, case.to_owned(), code.to_owned()));
        };
        for ((case, code), fingerprint) in &seen.deviations {
            match self.entries.get(&(case.clone(), code.clone())) {
                None => differ(Difference::New, case, code),
                Some(entry) if entry.fingerprint != *fingerprint => differ(Difference::Changed, case, code),
                Some(entry) if entry.expires.as_deref().is_some_and(|day| day < today) => {
                    differ(Difference::Expired, case, code);
                }
                Some(_) => {}
            }
        }
        for ((case, code), _) in self.entries.iter().filter(|(key, _)| !seen.deviations.contains_key(*key)) {
            if seen.judged.contains(case) {
                differ(Difference::Stale, case, code);
            } else if whole && !seen.cases.contains(case) {
                differ(Difference::UnknownCase, case, code);
            }
        }
        differences.sort_by(|a, b| (&a.1, &a.2).cmp(&(&b.1, &b.2)));
        differences
    }
}

fn is_day(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 10
        && bytes
            .iter()
            .enumerate()
            .all(|(at, byte)| if at == 4 || at == 7 { *byte == b'-' } else { byte.is_ascii_digit() })
}

/// What a run found, as far as a baseline wants to know.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    deviations: BTreeMap<(String, String), String>,
    cases: BTreeSet<String>,
    judged: BTreeSet<String>,
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
            self.deviations.insert((case.id.0.clone(), code), fingerprint(&findings));
        }
    }

    /// How many deviations there are.
    #[must_use]
    pub fn deviations(&self) -> usize {
        self.deviations.len()
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
    use crate::{code::Code, scenario::CaseId, statement::Evidence, verdict::FindingRole};

    fn case_report(id: &str, verdict: Verdict) -> CaseReport {
        let finding = Finding {
            code: Code::Outcome,
            rule: None,
            severity: Severity::Error,
            evidence: Evidence::Modelled,
            step: 1,
            role: FindingRole::Step,
            pointer: String::new(),
            expected: "a refusal".to_owned(),
            actual: "a success (200)".to_owned(),
            cites: Vec::new(),
        };
        CaseReport {
            id: CaseId(id.to_owned()),
            service: "s".to_owned(),
            operation: "O".to_owned(),
            title: "t".to_owned(),
            verdict,
            reason: String::new(),
            findings: if verdict == Verdict::Deviates { vec![finding] } else { Vec::new() },
            checks: 1,
            alternatives: Vec::new(),
            cites: Vec::new(),
            place: String::new(),
            exchange: None,
            duration_ms: 1,
        }
    }

    fn seen(cases: &[(&str, Verdict)]) -> Seen {
        let mut seen = Seen::default();
        for (id, verdict) in cases {
            seen.enter(&case_report(id, *verdict));
        }
        seen
    }

    fn words(baseline: &Baseline, seen: &Seen, today: &str) -> Vec<String> {
        let told = baseline.compare(seen, today, true).into_iter();
        told.map(|(difference, case, _)| format!("{case}: {}", difference.words())).collect()
    }

    #[test]
    fn what_is_known_and_unchanged_is_not_red() {
        let seen = seen(&[("a/b", Verdict::Deviates), ("a/c", Verdict::Conforms)]);
        let baseline = Baseline::default().updated(&seen);
        assert_eq!((baseline.len(), seen.deviations()), (1, 1));
        assert_eq!(baseline.compare(&seen, "2026-11-22", true), []);
        assert_eq!(words(&Baseline::default(), &seen, "2026-11-22"), ["a/b: new deviation"]);
    }

    #[test]
    fn each_way_to_differ_is_told_in_its_own_words() {
        let baseline = Baseline::default().updated(&seen(&[("x", Verdict::Deviates)]));
        assert_eq!(
            words(&baseline, &seen(&[("x", Verdict::Conforms)]), "2026-01-01"),
            ["x: deviates no longer: take the entry out"]
        );
        assert_eq!(words(&baseline, &seen(&[]), "2026-01-01"), ["x: no case has this id"]);
        assert!(words(&baseline, &seen(&[("x", Verdict::Blocked)]), "2026-01-01").is_empty());
        let text = baseline.text();
        let other = text.replace("fingerprint = \"", "fingerprint = \"0");
        let changed = Baseline::read("b", &other).unwrap();
        assert_eq!(
            words(&changed, &seen(&[("x", Verdict::Deviates)]), "2026-01-01"),
            ["x: deviates in another way than the baseline says"]
        );
        let expired = Baseline::read("b", &format!("{text}expires = \"2026-01-01\"\n")).unwrap();
        assert_eq!(words(&expired, &seen(&[("x", Verdict::Deviates)]), "2026-01-01"), [""; 0]);
        assert_eq!(
            words(&expired, &seen(&[("x", Verdict::Deviates)]), "2026-01-02"),
            ["x: its acceptance has expired"]
        );
    }

    #[test]
    fn an_update_keeps_reasons_and_what_was_not_run() {
        let first = Baseline::default().updated(&seen(&[("a", Verdict::Deviates), ("b", Verdict::Deviates)]));
        let told = Baseline::read("b", &first.text().replacen(UNEXPLAINED, "we know", 1)).unwrap();
        let next = told.updated(&seen(&[("a", Verdict::Deviates), ("c", Verdict::Deviates)]));
        let reasons: Vec<(&str, &str)> =
            next.entries.values().map(|entry| (entry.case.as_str(), entry.reason.as_str())).collect();
        assert_eq!(reasons, [("a", "we know"), ("b", UNEXPLAINED), ("c", UNEXPLAINED)]);
        assert_eq!(Baseline::read("b", &next.text()).unwrap(), next);
    }

    #[rstest]
    #[case("schema = 1", "b: ")]
    #[case("schema = \"x\"", "b: the schema is \"x\"")]
    #[case(
        "schema = \"wireproof/baseline/v1\"\n[[deviation]]\ncase = \"a\"\ncode = \"json\"\nfingerprint = \"1\"\nreason = \" \"",
        "b: the entry of a (json) has no reason"
    )]
    #[case(
        "schema = \"wireproof/baseline/v1\"\n[[deviation]]\ncase = \"a\"\ncode = \"json\"\nfingerprint = \"1\"\nreason = \"r\"\nexpires = \"soon\"",
        "b: the entry of a (json) expires on no day"
    )]
    fn a_broken_baseline_says_what_is_wrong(#[case] text: &str, #[case] starts: &str) {
        let error = Baseline::read("b", text).unwrap_err().to_string();
        assert!(error.starts_with(starts), "{error}");
    }

    #[rstest]
    #[case("ValidationException (400)", "ValidationException (400)")]
    #[case("no d-LGUMS25CC here", "no d-<id>here")]
    fn ids_are_no_part_of_a_fingerprint(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(steady(text), expected);
    }
}
