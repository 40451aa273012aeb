//! The sums of a run: the ledger, and the outcome of each requirement.

use std::collections::{BTreeSet, HashMap};

use crate::{
    judge::{
        check::CaseJudgement,
        verdict::{Finding, Ledger, Severity, Verdict},
    },
    model::ShapeRule,
    run::event::{RequirementOutcome, RequirementReport, RunFinished, UNJUDGED},
    suite::{Case, Fixtures, requirement::Requirement},
};

/// The sums of the cases so far.
pub(super) struct RunTally {
    ledger: Ledger,
    services: BTreeSet<String>,
    cited: BTreeSet<String>,
    requirements: HashMap<String, (usize, usize)>,
}

impl RunTally {
    /// `services` are those of the whole selection: a shard reports all of their requirements.
    pub(super) fn new(suite: &Fixtures, selected: usize, services: &BTreeSet<String>) -> Self {
        let requirements = suite.services().flat_map(|service| service.requirements.iter());
        Self {
            ledger: Ledger { selected, ..Ledger::default() },
            services: services.clone(),
            cited: BTreeSet::new(),
            requirements: requirements.map(|requirement| (requirement.id.clone(), (0, 0))).collect(),
        }
    }

    pub(super) fn enter(&mut self, case: &Case, verdict: Verdict, judgement: &CaseJudgement) {
        for id in case.scenario.cites.iter().filter(|id| self.requirements.contains_key(*id)) {
            if !self.cited.contains(id) {
                self.cited.insert(id.clone());
            }
        }
        self.ledger.enter(verdict);
        self.ledger.internal += usize::from(judgement.is_internal());
        let errors = judgement.findings.iter().filter(|finding| finding.severity == Severity::Error);
        let violated: BTreeSet<&String> = errors.flat_map(|finding| &finding.cites).collect();
        for id in &violated {
            self.requirements.get_mut(*id).into_iter().for_each(|(_, violated)| *violated += 1);
        }
        // The whole case judges the requirements that its scenario cites: they are met if it conforms.
        let cites: BTreeSet<&String> = case.scenario.cites.iter().collect();
        let by_checks = judgement.judged.iter().filter(|id| !cites.contains(id));
        let judged = by_checks.chain(cites.iter().copied().filter(|_| verdict == Verdict::Conforms));
        // A requirement with a warning or a note against it is neither violated nor met. A contested value is valid by
        // the requirement that it cites: that warning is about the documents.
        let rules = [ShapeRule::ContestedValue, ShapeRule::ContestedMember].map(ShapeRule::name);
        let contested = |finding: &&Finding| finding.rule.as_deref().is_some_and(|rule| rules.contains(&rule));
        let doubts = judgement.findings.iter().filter(|finding| !contested(finding));
        let doubted: BTreeSet<&String> = doubts.flat_map(|finding| &finding.cites).collect();
        for id in judged.filter(|id| !doubted.contains(id)) {
            self.requirements.get_mut(id).into_iter().for_each(|(met, _)| *met += 1);
        }
    }

    pub(super) fn finish(&self, suite: &Fixtures) -> RunFinished {
        let services = suite.services().filter(|service| self.services.contains(&service.name));
        let requirements = services
            .flat_map(|service| service.requirements.iter())
            .map(|requirement| self.requirement(requirement))
            .collect();
        RunFinished {
            ledger: self.ledger,
            requirements,
            coverage: None,
            interrupted: false,
            duration_ms: 0,
            notes: Vec::new(),
            baseline: None,
        }
    }

    fn requirement(&self, requirement: &Requirement) -> RequirementReport {
        let (met, violated) = self.requirements.get(&requirement.id).copied().unwrap_or_default();
        let outcome = RequirementOutcome::of(met, violated);
        let reason = (outcome == RequirementOutcome::NotExercised).then(|| self.why_not(requirement));
        RequirementReport {
            id: requirement.id.clone(),
            says: requirement.says.clone(),
            evidence: requirement.evidence,
            outcome,
            met,
            violated,
            reason,
        }
    }

    fn why_not(&self, requirement: &Requirement) -> String {
        match &requirement.untestable {
            Some(reason) => reason.clone(),
            None if self.cited.contains(&requirement.id) => UNJUDGED.to_owned(),
            None if !requirement.checks.is_empty() => "no response came that its checks judge".to_owned(),
            None => "no selected case cites it".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{check::testing::*, transcript::CaseEnd};

    fn services(suite: &Fixtures) -> BTreeSet<String> {
        suite.services().map(|service| service.name.clone()).collect()
    }

    fn outcome(trial: &Trial, id: &str) -> RequirementOutcome {
        let mut tally = RunTally::new(&trial.suite, 1, &services(&trial.suite));
        let judgement = trial.judge();
        tally.enter(&trial.case, judgement.verdict().0, &judgement);
        let finished = tally.finish(&trial.suite);
        finished.requirements.into_iter().find(|requirement| requirement.id == id).unwrap().outcome
    }

    #[test]
    fn a_cited_requirement_is_met_violated_or_not_exercised() {
        assert_eq!(outcome(&Trial::stop(STOP).responds(1, 200, &stopping()), "SD-17"), RequirementOutcome::Met);
        assert_eq!(
            outcome(&Trial::stop(STOP).responds(1, 400, &does_not_exist()), "SD-17"),
            RequirementOutcome::Violated
        );
        assert_eq!(outcome(&Trial::stop(STOP), "SD-17"), RequirementOutcome::NotExercised);
    }

    #[test]
    fn a_fault_of_the_harness_is_counted_in_addition_to_its_verdict() {
        let trial = Trial::stop(STOP).responds(1, 200, &stopping()).ended(CaseEnd::Internal("it erred".to_owned()));
        let mut tally = RunTally::new(&trial.suite, 1, &services(&trial.suite));
        let judgement = trial.judge();
        tally.enter(&trial.case, judgement.verdict().0, &judgement);
        let ledger = tally.finish(&trial.suite).ledger;
        assert!(ledger.balances() && (ledger.inconclusive, ledger.internal) == (1, 1), "{ledger:?}");
    }

    #[test]
    fn a_requirement_with_a_note_against_it_is_not_met() {
        let trial = Trial::recorded(STOP).responds(1, 400, &does_not_exist());
        assert_eq!((trial.verdict(), outcome(&trial, "SD-17")), (Verdict::Conforms, RequirementOutcome::NotExercised));
    }
}
