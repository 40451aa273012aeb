//! The kill matrix: what became of each mutant and of each null target. Plain data and its sums.

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

use crate::judge::{
    code::Code,
    verdict::{Ledger, Severity},
};

/// What became of a mutant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// A code of its kind convicts it.
    Killed,
    /// It is written down as the same as the reference as far as the documents say, and nothing convicts it.
    Equivalent,
    /// No code of its kind convicts it.
    Survived,
    /// It is written down as equivalent, and is convicted: the judge is too strict, or the reason is wrong.
    FalsePositive,
    /// Its fault never took effect: no case gives it an occasion.
    Idle,
}

impl Fate {
    /// Every fate, the good ones first.
    pub const ALL: [Self; 5] = [Self::Killed, Self::Equivalent, Self::Survived, Self::FalsePositive, Self::Idle];

    /// The kebab-case name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Killed => "killed",
            Self::Equivalent => "equivalent",
            Self::Survived => "survived",
            Self::FalsePositive => "false-positive",
            Self::Idle => "idle",
        }
    }

    /// Whether it is what a judge that can be trusted gives.
    #[must_use]
    pub fn is_good(self) -> bool {
        matches!(self, Self::Killed | Self::Equivalent)
    }
}

/// What one check found on one mutant, beyond what it finds on the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatrixCell {
    /// The worst finding.
    pub severity: Severity,
    /// In how many cases it found anything.
    pub cases: usize,
}

/// A finding that shows how a mutant was found out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detection {
    /// The case.
    pub case: String,
    /// The check.
    pub code: Code,
    /// How much it weighs.
    pub severity: Severity,
    /// What was expected.
    pub expected: String,
    /// What was there.
    pub actual: String,
}

/// One mutant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MutantRow {
    /// Its id.
    pub id: String,
    /// Its family.
    pub family: String,
    /// Its fault, in one line.
    pub says: String,
    /// The codes of which one has to convict it.
    pub kind: Vec<Code>,
    /// What became of it.
    pub fate: Fate,
    /// Why it is equivalent, where it is written down so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What each check found.
    pub codes: BTreeMap<Code, MatrixCell>,
    /// How it was found out, or what else was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detection: Option<Detection>,
    /// How many cases ran.
    pub cases: usize,
    /// At how many requests its fault took effect.
    pub deviations: usize,
}

impl MutantRow {
    /// The worst finding of a code of its kind.
    #[must_use]
    pub fn weight(&self) -> Option<Severity> {
        self.kind.iter().filter_map(|code| self.codes.get(code)).map(|cell| cell.severity).max()
    }
}

/// One null target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConstantRow {
    /// Its name.
    pub name: String,
    /// What it does, in one line.
    pub says: String,
    /// What the suite makes of it.
    pub ledger: Ledger,
    /// Cases that conform although nobody was asked first whether the operation is there.
    pub conforms_unchecked: usize,
}

/// This program: whose judge is proven.
pub const TOOL: &str = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"));

/// Everything that the proof of a judge came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KillMatrix {
    /// The name and version of the form.
    pub schema: String,
    /// What made it: name and version.
    pub tool: String,
    /// The digest of the fixtures.
    pub suite: String,
    /// What fresh names are derived from.
    pub seed: u64,
    /// Globs of the mutants that ran; none means all.
    pub only: Vec<String>,
    /// Whether every case ran on every mutant, and not only until it was plain that it is found out.
    pub exhaustive: bool,
    /// What the suite makes of the reference.
    pub reference: Ledger,
    /// The mutants, in the order of their ids.
    pub mutants: Vec<MutantRow>,
    /// The null targets.
    pub constant_endpoints: Vec<ConstantRow>,
    /// Rows of the list of equivalents that fit no mutant.
    pub unused_equivalents: Vec<String>,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
}

impl KillMatrix {
    /// How many mutants had that fate; of one family, or of all.
    #[must_use]
    pub fn count(&self, fate: Fate, family: Option<&str>) -> usize {
        let of_family = |row: &&MutantRow| family.is_none_or(|family| row.family == family);
        self.mutants.iter().filter(of_family).filter(|row| row.fate == fate).count()
    }

    /// Families in the order of their first mutant.
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

    /// Cases that a null target was given although it keeps nothing.
    #[must_use]
    pub fn given_away(&self) -> usize {
        self.constant_endpoints.iter().map(|endpoint| endpoint.ledger.conforms + endpoint.conforms_unchecked).sum()
    }

    /// Whether another proof of the same came to the same: which mutants there are, what became of each, and what null
    /// targets were given. How a mutant was found out may be told in other words.
    #[must_use]
    pub fn agrees_with(&self, other: &Self) -> bool {
        let rows = |matrix: &Self| -> Vec<(String, Vec<Code>, Fate)> {
            matrix.mutants.iter().map(|row| (row.id.clone(), row.kind.clone(), row.fate)).collect()
        };
        let given = |matrix: &Self| -> Vec<(String, usize, usize)> {
            matrix
                .constant_endpoints
                .iter()
                .map(|endpoint| (endpoint.name.clone(), endpoint.ledger.conforms, endpoint.conforms_unchecked))
                .collect()
        };
        (&self.tool, &self.suite, self.reference) == (&other.tool, &other.suite, other.reference)
            && rows(self) == rows(other)
            && given(self) == given(other)
    }

    /// Whether the judge is proven: the reference conforms, every mutant was found out by a code of its kind or
    /// is equivalent, and nothing was given to a null target.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        self.reference.conforms == self.reference.selected
            && !self.mutants.is_empty()
            && self.mutants.iter().all(|row| row.fate.is_good())
            && self.given_away() == 0
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
                conforms_unchecked: 0,
            }],
            unused_equivalents: Vec::new(),
            duration_ms: 0,
        }
    }

    #[test]
    fn a_judge_is_proven_by_all_of_it() {
        let matrix = matrix();
        assert!(matrix.is_proven());
        assert_eq!(matrix.mutants[0].weight(), Some(Severity::Warning));
        assert_eq!((matrix.count(Fate::Killed, None), matrix.count(Fate::Killed, Some("state"))), (1, 0));
        assert_eq!(matrix.families(), ["output"]);
    }

    #[test]
    fn two_proofs_agree_whatever_words_they_found_for_it() {
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
    #[case::a_false_alarm(|matrix: &mut KillMatrix| matrix.mutants[0].fate = Fate::FalsePositive)]
    #[case::an_idle_mutant(|matrix: &mut KillMatrix| matrix.mutants[0].fate = Fate::Idle)]
    #[case::no_mutant_at_all(|matrix: &mut KillMatrix| matrix.mutants.clear())]
    #[case::a_gift(|matrix: &mut KillMatrix| matrix.constant_endpoints[0].ledger.conforms = 1)]
    #[case::a_gift_without_the_survey(|matrix: &mut KillMatrix| matrix.constant_endpoints[0].conforms_unchecked = 1)]
    #[case::a_reference_that_deviates(|matrix: &mut KillMatrix| matrix.reference.conforms = 1)]
    #[case::a_dead_reason(|matrix: &mut KillMatrix| matrix.unused_equivalents.push("x".to_owned()))]
    fn one_thing_that_is_wrong_unproves_it(#[case] spoil: fn(&mut KillMatrix)) {
        let mut matrix = matrix();
        spoil(&mut matrix);
        assert!(!matrix.is_proven());
    }
}
