//! The proof of the judge: the whole suite against every mutant and every constant endpoint.
//!
//! Each run is in this process, on a runtime of its own with a paused clock: minutes of waiting pass at once, and nothing
//! depends on the load of the machine. This module does not judge: a mutant is detected if the findings of its run go beyond
//! those of the reference.
//!
//! | module | holds | may import |
//! |---|---|---|
//! | `allowances` | The cases that may conform on a constant endpoint |  |
//! | `corpus` | Judges recorded responses of AWS by their models, to count false positives |  |
//! | `equivalents` | The list of equivalent mutants |  |
//! | `matrix` | The kill matrix |  |
//! | `mutant` | Mutants |  |
//! | `rejudged` | A run of a proof, recorded and judged again offline |  |
//! | `proof_runner` | One run of the suite against an endpoint of this process, in virtual time | `mutant`, `rejudged` |

#![allow(missing_docs, reason = "this room has no promised API")]

mod allowances;
pub mod corpus;
mod equivalents;
pub mod matrix;
pub mod mutant;
mod proof_runner;
mod rejudged;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use thiserror::Error;

use crate::{
    judge::{
        code::Code,
        snapshots::Snapshots,
        verdict::{Finding, Severity, Verdict},
    },
    model::Contract,
    proof::{
        matrix::{ConstantRow, Detection, Fate, KillMatrix, MatrixCell, MutantRow, TOOL},
        mutant::{ConstantEndpoint, Mutant, RecordedCalls, Sample, enumerate},
    },
    reference::ReferenceError,
    run::judged_case::JudgedCase,
    suite::{Case, Fixtures, Glob},
};

use allowances::Allowances;
use equivalents::{Equivalents, ExcuseKind};
use proof_runner::{ConstantRun, ProofRunner};

/// A proof that is set up.
#[derive(Debug, Clone)]
pub struct Proof {
    pub suite: Arc<Fixtures>,
    /// Its snapshots.
    pub snapshots: Arc<Snapshots>,
    /// Globs of the ids of mutants and constant endpoints. Without any, all of them run.
    pub only: Vec<Glob>,
    /// Every case that can show a fault runs, also when the mutant is already detected, or when the calls of the
    /// reference tell that its fault makes no difference there.
    pub exhaustive: bool,
    /// Each run is recorded and judged again from its recording. The result must be the same.
    pub judge_again: bool,
    /// The number of mutants that run at the same time.
    pub jobs: usize,
    /// The seed of generated names.
    pub seed: u64,
}

/// The reason why a proof cannot run.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The reference does not implement a service of the suite.
    #[error(transparent)]
    Endpoint(#[from] ReferenceError),
    /// The selection matches no mutant and no constant endpoint.
    #[error("no mutant and no constant endpoint matches {0}\nhelp: `wireproof mutants --list` shows all of them")]
    NothingFits(String),
    /// The address of the endpoint in this process is invalid.
    #[error(transparent)]
    Address(#[from] crate::run::transport::EndpointError),
    /// The recording of a run cannot be read.
    #[error(transparent)]
    Recording(#[from] crate::run::recording::RecordingError),
    /// A recording has another result than its run.
    #[error("a run has another result when judged again from its recording\n  live:    {live}\n  offline: {offline}")]
    Other {
        /// An event of the run.
        live: String,
        /// The event of its recording.
        offline: String,
    },
    /// The runtime cannot start.
    #[error("cannot start a runtime: {0}")]
    Runtime(#[from] std::io::Error),
}

/// One piece of work.
enum ProofWork {
    Mutant(Mutant),
    Constant(ConstantEndpoint),
}

impl ProofWork {
    fn listed(self) -> ProofListing {
        match self {
            Self::Mutant(mutant) => ProofListing { id: mutant.id, says: mutant.says },
            Self::Constant(endpoint) => ProofListing { id: endpoint.id(), says: endpoint.says },
        }
    }
}

/// A mutant or a constant endpoint in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofListing {
    pub id: String,
    /// Its fault or its response, in one line.
    pub says: String,
}

enum Done {
    Mutant(MutantRow),
    Constant(ConstantRow),
}

/// The run of the reference itself.
struct ReferenceRun {
    ledger: crate::judge::verdict::Ledger,
    sample: Sample,
    calls: RecordedCalls,
    /// The findings on the reference, by case.
    findings: BTreeMap<String, BTreeSet<ProofMark>>,
}

/// The key that identifies a finding across runs.
type ProofMark = (Code, Option<String>, usize, String, Severity);

fn mark(finding: &Finding) -> ProofMark {
    (finding.code, finding.rule.clone(), finding.step, finding.pointer.clone(), finding.severity)
}

impl Proof {
    /// Runs it. `progress` gets the number of finished runs, and of all runs.
    ///
    /// # Errors
    /// The reference does not implement the suite, or the runtime cannot start.
    pub fn run(&self, progress: &(dyn Fn(usize, usize) + Sync)) -> Result<KillMatrix, ProofError> {
        let started = Instant::now();
        let contracts = self.contracts();
        let runner = ProofRunner::new(&self.suite, &self.snapshots, self.seed, self.judge_again)?;
        let baseline = baseline(&runner, &contracts)?;
        let work = self.work(&contracts, &baseline.sample);
        if work.is_empty() {
            return Err(ProofError::NothingFits(self.only.iter().map(Glob::text).collect::<Vec<_>>().join(", ")));
        }
        let equivalents = Equivalents::bundled();
        let all_ids: BTreeSet<String> =
            enumerate(&contracts, &baseline.sample).into_iter().map(|mutant| mutant.id).collect();
        let (next, finished) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let done: Mutex<Vec<Result<Done, ProofError>>> = Mutex::new(Vec::with_capacity(work.len()));
        std::thread::scope(|scope| {
            for _ in 0..self.jobs.max(1) {
                scope.spawn(|| {
                    while let Some(work_item) = work.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let result = self.one(work_item, &runner, &baseline, &equivalents);
                        progress(finished.fetch_add(1, Ordering::Relaxed) + 1, work.len());
                        done.lock().unwrap_or_else(PoisonError::into_inner).push(result);
                    }
                });
            }
        });
        let mut matrix = KillMatrix {
            schema: "wireproof/mutants/v2".to_owned(),
            tool: TOOL.to_owned(),
            suite: self.suite.digest().to_owned(),
            seed: self.seed,
            only: self.only.iter().map(ToString::to_string).collect(),
            exhaustive: self.exhaustive,
            reference: baseline.ledger,
            mutants: Vec::new(),
            constant_endpoints: Vec::new(),
            unused_equivalents: equivalents.dead(&all_ids),
            duration_ms: 0,
        };
        for result in done.into_inner().unwrap_or_else(PoisonError::into_inner) {
            match result? {
                Done::Mutant(row) => matrix.mutants.push(row),
                Done::Constant(row) => matrix.constant_endpoints.push(row),
            }
        }
        matrix.mutants.sort_by(|one, other| one.id.cmp(&other.id));
        matrix.constant_endpoints.sort_by(|one, other| one.name.cmp(&other.name));
        matrix.duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(matrix)
    }

    /// The selected mutants, and then the selected constant endpoints.
    ///
    /// # Errors
    /// As [`Proof::run`].
    pub fn listings(&self) -> Result<Vec<ProofListing>, ProofError> {
        let contracts = self.contracts();
        let runner = ProofRunner::new(&self.suite, &self.snapshots, self.seed, self.judge_again)?;
        let sample = baseline(&runner, &contracts)?.sample;
        Ok(self.work(&contracts, &sample).into_iter().map(ProofWork::listed).collect())
    }

    fn contracts(&self) -> Vec<(String, Arc<Contract>)> {
        self.suite.services().map(|service| (service.name.clone(), Arc::clone(service.contract()))).collect()
    }

    fn work(&self, contracts: &[(String, Arc<Contract>)], sample: &Sample) -> Vec<ProofWork> {
        let wanted = |id: &str| self.only.is_empty() || self.only.iter().any(|glob| glob.matches(id));
        let mutants =
            enumerate(contracts, sample).into_iter().filter(|mutant| wanted(&mutant.id)).map(ProofWork::Mutant);
        let constants = ConstantEndpoint::all(contracts, sample)
            .into_iter()
            .filter(|endpoint| wanted(&endpoint.id()))
            .map(ProofWork::Constant);
        mutants.chain(constants).collect()
    }
}

fn baseline(runner: &ProofRunner<'_>, contracts: &[(String, Arc<Contract>)]) -> Result<ReferenceRun, ProofError> {
    let mut sample = Sample::new(contracts);
    let mut findings = BTreeMap::new();
    let calls = Arc::new(Mutex::new(RecordedCalls::default()));
    let recorded = || calls.lock().unwrap_or_else(PoisonError::into_inner);
    let ledger = runner.reference(&calls, &mut |finished| {
        let case = &finished.case.id.0;
        sample.take_in(&finished.case, &finished.transcript);
        recorded().assign(case, &finished.transcript);
        findings.insert(case.clone(), finished.report.findings.iter().map(mark).collect());
        true
    })?;
    let calls = std::mem::take(&mut *recorded());
    Ok(ReferenceRun { ledger, sample, calls, findings })
}

impl Proof {
    fn one(
        &self,
        work: &ProofWork,
        runner: &ProofRunner<'_>,
        baseline: &ReferenceRun,
        equivalents: &Equivalents,
    ) -> Result<Done, ProofError> {
        match work {
            ProofWork::Mutant(mutant) => {
                let shown = baseline.sample.occasions(mutant);
                let occasions = if self.exhaustive { shown } else { runner.occasions(mutant, shown, &baseline.calls) };
                let shows = |case: &Case| occasions.contains(&case.id.0);
                let cases = self.suite.cases().into_iter().filter(shows).collect();
                let excuse = equivalents.excuse(&mutant.id);
                let mut row = MutantRow::new(mutant, excuse.map(|(_, reason)| reason));
                let mut detections = 0;
                row.deviations = runner.mutant(mutant, cases, &mut |finished| {
                    let detected = row.enter(finished, &news(finished, baseline));
                    detections += usize::from(detected && row.reason.is_none());
                    self.exhaustive || detections < ENOUGH
                })?;
                row.fate = fate(&row, excuse.map(|(kind, _)| kind));
                Ok(Done::Mutant(row))
            }
            ProofWork::Constant(constant) => {
                let checked = runner.constant_endpoint(constant, true)?;
                let unchecked = runner.constant_endpoint(constant, false)?;
                Ok(Done::Constant(ConstantRow::new(constant, &checked, &unchecked)))
            }
        }
    }
}

impl ConstantRow {
    fn new(constant: &ConstantEndpoint, checked: &ConstantRun, unchecked: &ConstantRun) -> Self {
        let mut conforming = checked.conforming.clone();
        for (case, is_right) in &unchecked.conforming {
            conforming.entry(case.clone()).and_modify(|known| *known &= is_right).or_insert(*is_right);
        }
        let allowances = Allowances::bundled();
        let (mut reasons, mut unexplained) = (BTreeMap::<String, usize>::new(), Vec::new());
        for (case, is_right) in &conforming {
            let right = is_right.then_some(RESPONDS_RIGHTLY);
            match right.or_else(|| allowances.reason(&constant.name, case)) {
                Some(reason) => *reasons.entry(reason.to_owned()).or_default() += 1,
                None => unexplained.push(case.clone()),
            }
        }
        let unused_allowances = allowances.unused(&constant.name, &conforming.keys().map(String::as_str));
        Self {
            name: constant.name.clone(),
            says: constant.says.clone(),
            ledger: checked.ledger,
            conforms_unchecked: unchecked.ledger.conforms,
            reasons,
            unexplained,
            unused_allowances,
        }
    }
}

/// The reason why a case conforms on a constant endpoint that is not wrong in that case.
const RESPONDS_RIGHTLY: &str = "every response of the case is that of the reference";

/// A mutant counts as detected after this many cases with an error of its kind.
const ENOUGH: usize = 3;

impl MutantRow {
    fn new(mutant: &Mutant, reason: Option<&str>) -> Self {
        Self {
            id: mutant.id.clone(),
            family: mutant.family.name().to_owned(),
            says: mutant.says.clone(),
            kind: mutant.kind.to_vec(),
            fate: Fate::Survived,
            reason: reason.map(str::to_owned),
            codes: BTreeMap::new(),
            detection: None,
            cases: 0,
            inconclusive: 0,
            deviations: 0,
        }
    }

    /// Enters the new findings of a case. Returns whether one of them is an error of the mutant's kind.
    fn enter(&mut self, finished: &JudgedCase, news: &[Finding]) -> bool {
        self.cases += 1;
        self.inconclusive += usize::from(finished.report.verdict == Verdict::Inconclusive);
        for (code, severity) in worst(news) {
            let cell = self.codes.entry(code).or_insert(MatrixCell { severity, cases: 0 });
            *cell = MatrixCell { severity: cell.severity.max(severity), cases: cell.cases + 1 };
        }
        for finding in news {
            let weight = |code: &Code, severity| (self.kind.contains(code), severity);
            let best = self.detection.as_ref().map(|best| weight(&best.code, best.severity));
            if best < Some(weight(&finding.code, finding.severity)) {
                self.detection = Some(detection(finished, finding));
            }
        }
        news.iter().any(|finding| finding.severity == Severity::Error && self.kind.contains(&finding.code))
    }
}

fn fate(row: &MutantRow, excuse: Option<ExcuseKind>) -> Fate {
    let detected = row.codes.values().any(|cell| cell.severity >= Severity::Warning);
    match (excuse, row.weight()) {
        (Some(_), _) if detected => Fate::FalsePositive,
        (Some(ExcuseKind::Equivalent), _) => Fate::Equivalent,
        (Some(ExcuseKind::Unbounded), _) if row.inconclusive > 0 => Fate::Inconclusive,
        (None, Some(Severity::Warning | Severity::Error)) => Fate::Killed,
        (None, _) if row.deviations == 0 => Fate::Idle,
        (None | Some(ExcuseKind::Unbounded), _) => Fate::Survived,
    }
}

/// The findings of a case that the reference does not have.
fn news(finished: &JudgedCase, baseline: &ReferenceRun) -> Vec<Finding> {
    let known = baseline.findings.get(&finished.case.id.0);
    let new = |finding: &&Finding| known.is_none_or(|known| !known.contains(&mark(finding)));
    let mut news: Vec<Finding> = finished.report.findings.iter().filter(new).cloned().collect();
    // A presence check gives a verdict instead of a finding.
    if finished.report.verdict == Verdict::NotImplemented {
        news.push(absence(finished));
    }
    news
}

fn absence(finished: &JudgedCase) -> Finding {
    Finding {
        code: Code::IMPLEMENTATION,
        rule: None,
        severity: Severity::Error,
        evidence: finished.case.scenario.evidence,
        step: 0,
        role: crate::judge::verdict::FindingRole::Step,
        pointer: String::new(),
        expected: "an operation that is there".to_owned(),
        actual: finished.report.reason.clone(),
        cites: Vec::new(),
    }
}

/// The worst finding of each code.
fn worst(findings: &[Finding]) -> BTreeMap<Code, Severity> {
    let mut worst = BTreeMap::new();
    for finding in findings {
        let severity = worst.entry(finding.code).or_insert(finding.severity);
        *severity = (*severity).max(finding.severity);
    }
    worst
}

fn detection(finished: &JudgedCase, finding: &Finding) -> Detection {
    Detection {
        case: finished.case.id.0.clone(),
        code: finding.code,
        severity: finding.severity,
        expected: finding.expected.clone(),
        actual: finding.actual.clone(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn row(kind: &[Code], found: &[(Code, Severity)], reason: Option<&str>, deviations: usize) -> MutantRow {
        let codes = found.iter().map(|(code, severity)| (*code, MatrixCell { severity: *severity, cases: 1 }));
        MutantRow {
            id: "s/Op/output/a/b".to_owned(),
            family: "output".to_owned(),
            says: String::new(),
            kind: kind.to_vec(),
            fate: Fate::Survived,
            reason: reason.map(str::to_owned),
            codes: codes.collect(),
            detection: None,
            cases: 1,
            inconclusive: 0,
            deviations,
        }
    }

    const KIND: &[Code] = &[Code::RESPONSE_SHAPE];

    #[rstest]
    #[case::by_an_error_of_its_kind(&[(Code::RESPONSE_SHAPE, Severity::Error)], Fate::Killed)]
    #[case::by_a_warning_of_its_kind(&[(Code::RESPONSE_SHAPE, Severity::Warning)], Fate::Killed)]
    #[case::a_note_is_not_enough(&[(Code::RESPONSE_SHAPE, Severity::Note)], Fate::Survived)]
    #[case::another_code_is_no_proof(&[(Code::OUTCOME, Severity::Error)], Fate::Survived)]
    #[case::nothing_found(&[], Fate::Survived)]
    fn only_a_code_of_its_kind_kills_a_mutant(#[case] found: &[(Code, Severity)], #[case] expected: Fate) {
        assert_eq!(fate(&row(KIND, found, None, 1), None), expected);
    }

    #[rstest]
    #[case::nothing_found(&[], Fate::Equivalent)]
    #[case::a_note(&[(Code::SNAPSHOT, Severity::Note)], Fate::Equivalent)]
    #[case::any_warning(&[(Code::OUTCOME, Severity::Warning)], Fate::FalsePositive)]
    #[case::an_error_of_its_kind(&[(Code::RESPONSE_SHAPE, Severity::Error)], Fate::FalsePositive)]
    fn an_equivalent_mutant_must_not_be_detected(#[case] found: &[(Code, Severity)], #[case] expected: Fate) {
        assert_eq!(fate(&row(KIND, found, Some("a reason"), 1), Some(ExcuseKind::Equivalent)), expected);
    }

    #[test]
    fn a_fault_that_never_took_effect_is_idle() {
        assert_eq!(fate(&row(KIND, &[], None, 0), None), Fate::Idle);
    }

    #[rstest]
    #[case::inconclusive_cases(&[], 2, Fate::Inconclusive)]
    #[case::a_note(&[(Code::SNAPSHOT, Severity::Note)], 2, Fate::Inconclusive)]
    #[case::every_case_conforms(&[], 0, Fate::Survived)]
    #[case::any_warning(&[(Code::EVENTUALLY, Severity::Warning)], 2, Fate::FalsePositive)]
    fn a_change_that_never_ends_must_leave_cases_inconclusive(
        #[case] found: &[(Code, Severity)],
        #[case] inconclusive: usize,
        #[case] expected: Fate,
    ) {
        let row = MutantRow { inconclusive, ..row(KIND, found, Some("a reason"), 1) };
        assert_eq!(fate(&row, Some(ExcuseKind::Unbounded)), expected);
    }
}
