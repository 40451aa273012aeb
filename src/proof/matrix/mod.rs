//! The kill matrix: the fate of each mutant, and the cases that conform on each constant endpoint. Plain data.

mod count_table;
mod grid;
mod matrix_html;
mod matrix_human;
pub mod matrix_report;
mod matrix_schema;
mod matrix_summary;
#[cfg(test)]
mod testing;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    judge::{
        code::Code,
        verdict::{Ledger, Severity},
    },
    wire::{digest::Sha256, sigv4::hex},
};

/// The fate of a mutant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// An expected check detects it.
    Killed,
    /// It is listed as equivalent, because it violates no requirement, and no check detects it.
    Equivalent,
    /// It is listed as unbounded, because its change never ends and no document says when it must. No check detects it, but
    /// cases are inconclusive, so a run on it never passes.
    Inconclusive,
    /// No expected check detects it.
    Survived,
    /// It is listed as equivalent, but a check detects it: the check is too strict, or the reason is wrong.
    FalsePositive,
    /// Its fault had no effect, because no case triggers it.
    Idle,
}

impl Fate {
    /// Every fate, the good ones first.
    pub const ALL: [Self; 6] =
        [Self::Killed, Self::Equivalent, Self::Inconclusive, Self::Survived, Self::FalsePositive, Self::Idle];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Killed => "killed",
            Self::Equivalent => "equivalent",
            Self::Inconclusive => "inconclusive",
            Self::Survived => "survived",
            Self::FalsePositive => "false-positive",
            Self::Idle => "idle",
        }
    }

    /// Returns whether the fate is consistent with a correct judge.
    #[must_use]
    pub fn is_good(self) -> bool {
        matches!(self, Self::Killed | Self::Equivalent | Self::Inconclusive)
    }
}

/// The findings of one check on one mutant that it does not have on the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatrixCell {
    /// The highest severity.
    pub severity: Severity,
    /// The number of cases with a finding.
    pub cases: usize,
}

/// A finding that detects a mutant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detection {
    pub case: String,
    pub code: Code,
    pub severity: Severity,
    pub expected: String,
    pub actual: String,
}

/// The row of a mutant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MutantRow {
    pub id: String,
    pub family: String,
    /// The fault, in one line.
    pub says: String,
    /// The expected checks. At least one of them must detect it.
    pub kind: Vec<Code>,
    /// Its fate.
    pub fate: Fate,
    /// The reason why no check detects it, if it is listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The findings, by check.
    pub codes: BTreeMap<Code, MatrixCell>,
    /// The finding that detects it, or else its most severe finding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detection: Option<Detection>,
    /// The number of cases that ran.
    pub cases: usize,
    /// The number of inconclusive cases.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub inconclusive: usize,
    /// The number of requests in which its fault took effect.
    pub deviations: usize,
}

impl MutantRow {
    /// The highest severity among its expected checks.
    #[must_use]
    pub fn weight(&self) -> Option<Severity> {
        self.kind.iter().filter_map(|code| self.codes.get(code)).map(|cell| cell.severity).max()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// The row of a constant endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConstantRow {
    pub name: String,
    /// Its response, in one line.
    pub says: String,
    /// The ledger of the suite.
    pub ledger: Ledger,
    /// The number of cases that conform without a presence check.
    pub conforms_unchecked: usize,
    /// The number of cases that may conform, in either run, by the reason.
    #[serde(default)]
    pub reasons: BTreeMap<String, usize>,
    /// The cases that conform, in either run, without a reason.
    #[serde(default)]
    pub unexplained: Vec<String>,
    /// The entries of the list of allowances for it that match no case that conforms.
    #[serde(default)]
    pub unused_allowances: Vec<String>,
}

impl ConstantRow {
    /// Returns whether cases conform on it that should not, or an allowance is unused.
    #[must_use]
    pub fn is_bad(&self) -> bool {
        let conforms = self.ledger.selected > 0 && self.ledger.conforms == self.ledger.selected;
        conforms || !self.unexplained.is_empty() || !self.unused_allowances.is_empty()
    }
}

/// The name and version of this program.
pub const TOOL: &str = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"));

/// The result of a proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KillMatrix {
    /// The schema and its version.
    pub schema: String,
    /// The name and version of the program that made it.
    pub tool: String,
    /// The digest of the fixtures.
    pub suite: String,
    /// The seed of generated names.
    pub seed: u64,
    /// The globs that selected mutants and constant endpoints; empty for all of them.
    pub only: Vec<String>,
    /// True if every case ran on every mutant, even after the mutant was detected.
    pub exhaustive: bool,
    /// The ledger of the suite on the reference.
    pub reference: Ledger,
    /// The mutants, sorted by ID.
    pub mutants: Vec<MutantRow>,
    /// The constant endpoints, sorted by name.
    pub constant_endpoints: Vec<ConstantRow>,
    /// The entries of the list of equivalent mutants that match no mutant.
    pub unused_equivalents: Vec<String>,
    /// The duration in milliseconds.
    pub duration_ms: u64,
}

impl KillMatrix {
    /// The number of mutants with that fate, in one family or in all.
    #[must_use]
    pub fn count(&self, fate: Fate, family: Option<&str>) -> usize {
        let of_family = |row: &&MutantRow| family.is_none_or(|family| row.family == family);
        self.mutants.iter().filter(of_family).filter(|row| row.fate == fate).count()
    }

    /// The families, in the order of their first mutant.
    #[must_use]
    pub fn families(&self) -> Vec<&str> {
        let mut families: Vec<&str> = Vec::new();
        for row in &self.mutants {
            if !families.contains(&row.family.as_str()) {
                families.push(&row.family);
            }
        }
        families
    }

    /// The number of constant endpoints on which cases conform without a reason.
    #[must_use]
    pub fn undeserved(&self) -> usize {
        self.constant_endpoints.iter().filter(|endpoint| endpoint.is_bad()).count()
    }

    /// Returns whether another proof has the same result: the same mutants and fates, and the same cases that conform
    /// on constant endpoints. The findings may differ in wording.
    #[must_use]
    pub fn agrees_with(&self, other: &Self) -> bool {
        self.result_digest() == other.result_digest()
    }

    /// The SHA-256 of the result, in hex. Proofs that agree have the same.
    #[must_use]
    pub fn result_digest(&self) -> String {
        let rows: Vec<_> = self.mutants.iter().map(|row| (&row.id, &row.kind, row.fate)).collect();
        let constant = |row: &ConstantRow| (row.name.clone(), row.ledger.conforms, row.conforms_unchecked);
        let constants: Vec<_> = self.constant_endpoints.iter().map(constant).collect();
        let result = (&self.tool, &self.suite, self.reference, rows, constants);
        hex(&Sha256::digest(serde_json::to_vec(&result).unwrap_or_default()))
    }

    /// Returns whether the judge is proven: every case conforms on the reference, every mutant is killed, equivalent or
    /// inconclusive, every case that conforms on a constant endpoint has a reason, and no entry of a list is unused. Only
    /// a selection may lack mutants or constant endpoints.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        self.reference.conforms == self.reference.selected
            && if self.only.is_empty() {
                !self.mutants.is_empty() && !self.constant_endpoints.is_empty()
            } else {
                !self.mutants.is_empty() || !self.constant_endpoints.is_empty()
            }
            && self.mutants.iter().all(|row| row.fate.is_good())
            && self.undeserved() == 0
            && self.unused_equivalents.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn matrix() -> KillMatrix {
        let row = MutantRow {
            id: "s/Op/output/a/b".to_owned(),
            family: "output".to_owned(),
            says: String::new(),
            kind: vec![Code::RESPONSE_SHAPE],
            fate: Fate::Killed,
            reason: None,
            codes: BTreeMap::from([(Code::RESPONSE_SHAPE, MatrixCell { severity: Severity::Warning, cases: 2 })]),
            detection: None,
            cases: 3,
            inconclusive: 0,
            deviations: 4,
        };
        let ledger = Ledger { selected: 2, not_implemented: 2, ..Ledger::default() };
        KillMatrix {
            schema: "wireproof/mutants/v2".to_owned(),
            tool: TOOL.to_owned(),
            suite: String::new(),
            seed: 1,
            only: Vec::new(),
            exhaustive: false,
            reference: Ledger { selected: 2, conforms: 2, ..Ledger::default() },
            mutants: vec![row],
            constant_endpoints: vec![ConstantRow {
                name: "n".to_owned(),
                says: String::new(),
                ledger,
                conforms_unchecked: 1,
                reasons: BTreeMap::from([("a reason".to_owned(), 1)]),
                unexplained: Vec::new(),
                unused_allowances: Vec::new(),
            }],
            unused_equivalents: Vec::new(),
            duration_ms: 0,
        }
    }

    #[test]
    fn a_judge_is_proven_only_if_every_condition_holds() {
        let matrix = matrix();
        assert!(matrix.is_proven());
        assert_eq!(matrix.mutants[0].weight(), Some(Severity::Warning));
        assert_eq!((matrix.count(Fate::Killed, None), matrix.count(Fate::Killed, Some("state"))), (1, 0));
        assert_eq!(matrix.families(), ["output"]);
    }

    #[rstest]
    #[case::of_mutants(|matrix: &mut KillMatrix| matrix.constant_endpoints.clear())]
    #[case::of_constant_endpoints(|matrix: &mut KillMatrix| matrix.mutants.clear())]
    fn a_selection_is_proven_by_what_it_has(#[case] select: fn(&mut KillMatrix)) {
        let mut matrix = KillMatrix { only: vec!["x".to_owned()], ..matrix() };
        select(&mut matrix);
        assert!(matrix.is_proven());
    }

    #[test]
    fn proofs_agree_regardless_of_the_wording_of_findings() {
        let one = matrix();
        let mut other = KillMatrix { duration_ms: 7, ..matrix() };
        other.mutants[0].cases = 9;
        assert!(one.agrees_with(&other));
        other.mutants[0].fate = Fate::Equivalent;
        assert!(!one.agrees_with(&other));
        assert!(!one.agrees_with(&KillMatrix { constant_endpoints: Vec::new(), ..matrix() }));
        assert!(!one.agrees_with(&KillMatrix { tool: "another".to_owned(), ..matrix() }));
    }

    #[rstest]
    #[case::a_survivor(|matrix: &mut KillMatrix| matrix.mutants[0].fate = Fate::Survived)]
    #[case::a_false_positive(|matrix: &mut KillMatrix| matrix.mutants[0].fate = Fate::FalsePositive)]
    #[case::an_idle_mutant(|matrix: &mut KillMatrix| matrix.mutants[0].fate = Fate::Idle)]
    #[case::no_mutant_at_all(|matrix: &mut KillMatrix| matrix.mutants.clear())]
    #[case::no_constant_endpoint(|matrix: &mut KillMatrix| matrix.constant_endpoints.clear())]
    #[case::an_empty_selection(|matrix: &mut KillMatrix| {
        matrix.only.push("x".to_owned());
        matrix.mutants.clear();
        matrix.constant_endpoints.clear();
    })]
    #[case::an_undeserved_case(|matrix: &mut KillMatrix| matrix.constant_endpoints[0].unexplained.push("x".to_owned()))]
    #[case::an_unused_allowance(|matrix: &mut KillMatrix| matrix.constant_endpoints[0].unused_allowances.push("x".to_owned()))]
    #[case::an_endpoint_that_conforms(|matrix: &mut KillMatrix| matrix.constant_endpoints[0].ledger.conforms = 2)]
    #[case::a_reference_that_deviates(|matrix: &mut KillMatrix| matrix.reference.conforms = 1)]
    #[case::a_unused_entry(|matrix: &mut KillMatrix| matrix.unused_equivalents.push("x".to_owned()))]
    fn one_thing_that_is_wrong_unproves_it(#[case] spoil: fn(&mut KillMatrix)) {
        let mut matrix = matrix();
        spoil(&mut matrix);
        assert!(!matrix.is_proven());
    }
}
