//! The sums over all judged records. Plain data.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use serde::{Deserialize, Serialize};

use super::{Judged, Record, RecordKind, Tier};
use crate::{
    judge::{
        code::Code,
        verdict::{Finding, Severity},
    },
    model::ShapeRule,
    wire::digest::Sha256,
};

/// The reason why a record was not judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Skipped {
    /// The model of the service was not found.
    Service,
    /// The model of the service lacks the operation.
    Operation,
}

/// The number of items with an error, and the total.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordShare {
    /// The number of items with an error.
    pub errors: usize,
    /// The total.
    pub of: usize,
}

impl RecordShare {
    /// The share of errors; 0 if the total is 0.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts of records are small")]
    pub fn rate(self) -> f64 {
        if self.of == 0 { 0.0 } else { self.errors as f64 / self.of as f64 }
    }
}

/// The shares of errors in a group of responses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shares {
    /// Among all responses.
    pub responses: RecordShare,
    /// Among distinct responses.
    pub distinct: RecordShare,
    /// Among operations.
    pub operations: RecordShare,
}

/// A group of responses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordGroup {
    pub name: String,
    pub shares: Shares,
}

/// The number of violations of a rule at one severity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleCount {
    /// The check, and its rule if it has several.
    pub rule: String,
    pub severity: Severity,
    /// The number of responses.
    pub responses: usize,
    /// The number of operations.
    pub operations: usize,
    /// The number of services.
    pub services: usize,
}

/// A false positive: a response of AWS with an error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FalsePositive {
    /// The ID of the record.
    pub record: String,
    pub service: String,
    pub operation: String,
    /// All its findings, the errors first.
    pub findings: Vec<Finding>,
}

impl FalsePositive {
    /// Its errors.
    pub fn errors(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.severity == Severity::Error)
    }
}

/// The sums of a corpus.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CorpusTally {
    /// The number of records.
    pub records: usize,
    /// The number of judged records, by tier.
    pub tiers: BTreeMap<Tier, usize>,
    /// The number of findings that do not count, because the recorded value is not the one that was sent.
    pub left_out: usize,
    /// The number of judged responses of AWS with reconstructed headers.
    pub headers_reconstructed: usize,
    /// The records that were not judged, by reason and by missing item.
    pub skipped: BTreeMap<Skipped, BTreeMap<String, usize>>,
    /// The number of responses of AWS that lack a required member, which is only a warning because of an exception.
    pub excepted: usize,
    /// The responses of AWS: all of them first, then in groups.
    pub groups: Vec<RecordGroup>,
    /// The violations in responses of AWS.
    pub rules: Vec<RuleCount>,
    /// The violations in edited records.
    pub edited: Vec<RuleCount>,
    /// The false positives.
    pub errors: Vec<FalsePositive>,
}

impl CorpusTally {
    /// Sums up the judgements.
    #[must_use]
    pub fn of<'r>(judged: impl IntoIterator<Item = (&'r Record, Result<Judged, Skipped>)>) -> Self {
        let mut tally = Self::default();
        let (mut groups, mut ours, mut edited) = (Gathering::default(), Breaches::default(), Breaches::default());
        for (record, judged) in judged {
            tally.records += 1;
            let judged = match judged {
                Ok(judged) => judged,
                Err(why) => {
                    tally.skip(record, why);
                    continue;
                }
            };
            *tally.tiers.entry(record.tier).or_default() += 1;
            tally.left_out += judged.left_out;
            if record.tier == Tier::Edited {
                edited.enter(record, &judged.findings);
                continue;
            }
            tally.headers_reconstructed += usize::from(record.headers_reconstructed);
            tally.excepted += usize::from(judged.findings.iter().any(is_excepted));
            ours.enter(record, &judged.findings);
            groups.enter(record, &judged.findings);
            tally.add_errors(record, judged.findings);
        }
        tally.groups = groups.shares();
        tally.rules = ours.counts();
        tally.edited = edited.counts();
        tally
    }

    /// The shares among all responses of AWS.
    #[must_use]
    pub fn all(&self) -> Shares {
        self.groups.first().map(|group| group.shares).unwrap_or_default()
    }

    fn skip(&mut self, record: &Record, why: Skipped) {
        let name = match why {
            Skipped::Service => record.service.clone(),
            Skipped::Operation => format!("{} {}", record.service, record.operation),
        };
        *self.skipped.entry(why).or_default().entry(name).or_default() += 1;
    }

    fn add_errors(&mut self, record: &Record, mut findings: Vec<Finding>) {
        findings.sort_by_key(|finding| Reverse(finding.severity));
        let (record, service, operation) = (record.id.clone(), record.service.clone(), record.operation.clone());
        let positive = FalsePositive { record, service, operation, findings };
        if positive.errors().next().is_some() {
            self.errors.push(positive);
        }
    }
}

/// Returns whether a finding is only a warning because of an exception. Any other missing required member is an error.
fn is_excepted(finding: &Finding) -> bool {
    let is_missing =
        finding.code == Code::RESPONSE_SHAPE && finding.rule.as_deref() == Some(ShapeRule::Required.name());
    is_missing && finding.severity == Severity::Warning
}

/// The violations, by rule and severity.
#[derive(Default)]
struct Breaches<'r>(BTreeMap<(String, Severity), Breach<'r>>);

#[derive(Default)]
struct Breach<'r> {
    records: BTreeSet<&'r str>,
    operations: BTreeSet<(&'r str, &'r str)>,
    services: BTreeSet<&'r str>,
}

impl<'r> Breaches<'r> {
    fn enter(&mut self, record: &'r Record, findings: &[Finding]) {
        for finding in findings {
            let rule = finding.rule.as_ref().map(|rule| format!("/{rule}")).unwrap_or_default();
            let breach = self.0.entry((format!("{}{rule}", finding.code), finding.severity)).or_default();
            breach.records.insert(&record.id);
            breach.operations.insert((&record.service, &record.operation));
            breach.services.insert(&record.service);
        }
    }

    /// The counts, sorted by severity, then by frequency.
    fn counts(self) -> Vec<RuleCount> {
        let mut counts: Vec<RuleCount> = self
            .0
            .into_iter()
            .map(|((rule, severity), breach)| RuleCount {
                rule,
                severity,
                responses: breach.records.len(),
                operations: breach.operations.len(),
                services: breach.services.len(),
            })
            .collect();
        counts.sort_by_key(|count| Reverse((count.severity, count.responses)));
        counts
    }
}

/// The responses of each group.
#[derive(Default)]
struct Gathering(Vec<(String, MissingMembers)>);

#[derive(Default)]
struct MissingMembers {
    responses: RecordShare,
    distinct: BTreeMap<[u8; 32], bool>,
    operations: BTreeMap<String, bool>,
}

impl Gathering {
    fn enter(&mut self, record: &Record, findings: &[Finding]) {
        let has_error = findings.iter().any(|finding| finding.severity == Severity::Error);
        let operation = format!("{}.{}", record.service, record.operation);
        let body = digest(&[operation.as_bytes(), &record.status.to_be_bytes(), &record.bytes()]);
        for name in names(record, &operation) {
            let members = self.members(name);
            members.responses.of += 1;
            members.responses.errors += usize::from(has_error);
            *members.distinct.entry(body).or_default() |= has_error;
            *members.operations.entry(operation.clone()).or_default() |= has_error;
        }
    }

    fn members(&mut self, name: &str) -> &mut MissingMembers {
        let at = self.0.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
            self.0.push((name.to_owned(), MissingMembers::default()));
            self.0.len() - 1
        });
        &mut self.0[at].1
    }

    /// The shares of all responses first, then those of the groups, sorted by name.
    fn shares(mut self) -> Vec<RecordGroup> {
        self.0.sort_by_key(|(name, _)| (name != ALL, name.clone()));
        let groups = self.0.into_iter().map(|(name, members)| {
            let share =
                |flags: Vec<bool>| RecordShare { errors: flags.iter().filter(|flag| **flag).count(), of: flags.len() };
            let shares = Shares {
                responses: members.responses,
                distinct: share(members.distinct.into_values().collect()),
                operations: share(members.operations.into_values().collect()),
            };
            RecordGroup { name, shares }
        });
        groups.collect()
    }
}

const ALL: &str = "all";

/// The groups of a record. The operations are split into halves: a rule that fits only the operations of one half
/// fails in the other.
fn names(record: &Record, operation: &str) -> [&'static str; 4] {
    let half = if digest(&[operation.as_bytes()])[0] & 1 == 0 { "first half" } else { "second half" };
    let kind = match record.kind {
        RecordKind::Response => "successes",
        RecordKind::Error => "errors",
    };
    [ALL, record.protocol.name(), kind, half]
}

fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{judge::verdict::FindingRole, proof::corpus::read, suite::requirement::Evidence};

    fn record(id: &str, operation: &str, tier: &str, body: u8) -> Record {
        let record = json!({"id": id, "service": "s", "operation": operation, "protocol": "json-1.1", "kind": "response",
            "tier": tier, "status": 200, "headers": {}, "headers_reconstructed": true, "body": {"n": body}});
        read(&record.to_string()).unwrap().remove(0)
    }

    fn judged(severity: Option<Severity>) -> Judged {
        broken(severity, "enum")
    }

    fn broken(severity: Option<Severity>, rule: &str) -> Judged {
        let finding = severity.map(|severity| Finding {
            code: Code::RESPONSE_SHAPE,
            rule: Some(rule.to_owned()),
            severity,
            evidence: Evidence::Modelled,
            step: 1,
            role: FindingRole::Step,
            pointer: "/n".to_owned(),
            expected: "e".to_owned(),
            actual: "a".to_owned(),
            cites: Vec::new(),
        });
        Judged { findings: finding.into_iter().collect(), left_out: 1 }
    }

    fn tally() -> CorpusTally {
        let (error, warning) = (Some(Severity::Error), Some(Severity::Warning));
        let all = [
            (record("1", "A", "A-recorded", 1), Ok(judged(error))),
            (record("2", "A", "A-recorded", 1), Ok(judged(error))),
            (record("3", "A", "W-wire", 2), Ok(judged(None))),
            (record("4", "B", "A-recorded", 1), Ok(judged(warning))),
            (record("5", "B", "B-edited", 9), Ok(judged(error))),
            (record("6", "C", "A-recorded", 1), Err(Skipped::Operation)),
        ];
        CorpusTally::of(all.iter().map(|(record, judged)| (record, judged.clone())))
    }

    #[test]
    fn shares_are_of_responses_of_distinct_ones_and_of_operations() {
        let share = |errors, of| RecordShare { errors, of };
        let expected = Shares { responses: share(2, 4), distinct: share(1, 3), operations: share(1, 2) };
        let tally = tally();
        assert_eq!(tally.all(), expected);
        let group = |name: &str| tally.groups.iter().find(|group| group.name == name).map(|group| group.shares);
        assert_eq!([group("json-1.1"), group("successes")], [Some(expected); 2]);
        let halves = ["first half", "second half"].map(|half| group(half).unwrap_or_default().responses.of);
        assert_eq!(halves.iter().sum::<usize>(), 4);
    }

    #[test]
    fn edited_records_and_skipped_ones_count_for_themselves() {
        let tally = tally();
        assert_eq!((tally.records, tally.left_out, tally.headers_reconstructed), (6, 5, 4));
        assert_eq!(tally.tiers.values().copied().collect::<Vec<_>>(), [1, 3, 1]);
        assert_eq!(tally.skipped[&Skipped::Operation]["s C"], 1);
        assert_eq!(tally.edited.iter().map(|count| count.responses).collect::<Vec<_>>(), [1]);
        let rules: Vec<_> =
            tally.rules.iter().map(|count| (count.severity, count.responses, count.operations)).collect();
        assert_eq!(rules, [(Severity::Error, 2, 1), (Severity::Warning, 1, 1)]);
        assert_eq!(tally.errors.iter().map(|error| error.record.as_str()).collect::<Vec<_>>(), ["1", "2"]);
    }

    #[test]
    fn a_record_with_an_error_is_listed_once_with_all_its_findings() {
        let mut several = judged(Some(Severity::Warning));
        several.findings.extend(judged(Some(Severity::Error)).findings);
        several.findings.extend(judged(Some(Severity::Error)).findings);
        let tally = CorpusTally::of([(&record("7", "A", "A-recorded", 1), Ok(several))]);
        let [positive] = tally.errors.as_slice() else { panic!("{:?}", tally.errors) };
        let severities: Vec<Severity> = positive.findings.iter().map(|finding| finding.severity).collect();
        assert_eq!(severities, [Severity::Error, Severity::Error, Severity::Warning]);
        assert_eq!((positive.record.as_str(), positive.errors().count()), ("7", 2));
    }

    #[test]
    fn a_missing_member_that_only_warns_is_excepted() {
        let excepted = |severity, rule| {
            let record = record("1", "A", "A-recorded", 1);
            CorpusTally::of([(&record, Ok(broken(Some(severity), rule)))]).excepted
        };
        assert_eq!(excepted(Severity::Warning, "required"), 1);
        assert_eq!(excepted(Severity::Error, "required") + excepted(Severity::Warning, "enum"), 0);
    }

    #[test]
    fn an_empty_tally_has_a_share_of_zero() {
        assert!(RecordShare::default().rate().abs() < f64::EPSILON && CorpusTally::of([]).all() == Shares::default());
    }

    #[test]
    fn sums_are_read_back_as_they_were_written() {
        let tally = tally();
        let text = serde_json::to_string(&tally).unwrap();
        assert_eq!(serde_json::from_str::<CorpusTally>(&text).unwrap(), tally);
    }
}
