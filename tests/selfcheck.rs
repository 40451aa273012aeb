//! The harness checks itself: what it sends keeps the model, every check finds a mutant, every statement is reached, and
//! nothing selected is lost.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic here is a failed test")]

mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, LazyLock},
    time::Duration,
};

use serde_json::json;
use wireproof::{
    code::Code,
    contract::Contract,
    event::Outcome,
    mutant::{self, Mutant, MutantEndpoint, Sample},
    scenario::Case,
    session::Options,
    verdict::Verdict,
};

use support::{PACE, Run, SUITE, Virtual};

/// A run of everything on the reference.
static BASE: LazyLock<Run> = LazyLock::new(|| Virtual::start().run(SUITE.cases(), PACE, Duration::ZERO));

#[test]
fn no_input_of_the_bundled_suite_breaks_the_model_unless_it_is_meant_to() {
    let ledger = BASE.ledger();
    assert_eq!((ledger.internal, ledger.conforms), (0, SUITE.cases().len()), "{ledger:?}");
}

#[test]
fn what_the_survey_asks_with_keeps_the_model() {
    let under_test: BTreeSet<(&str, &str)> =
        SUITE.scenarios().map(|scenario| (scenario.service.as_str(), scenario.operation.as_str())).collect();
    for (service, operation) in under_test {
        let service = SUITE.service(service).unwrap();
        let operation = service.contract().operation(operation).unwrap();
        let sample = operation.example_input().cloned().unwrap_or_else(|| json!({}));
        assert_eq!(service.violation(operation, &sample, &[]).unwrap(), None, "{}", operation.name);
    }
}

#[test]
fn every_statement_that_can_be_tested_holds_in_a_run_on_the_reference() {
    let untestable = |id: &str| {
        let mut statements = SUITE.services().filter_map(|service| service.statements.get(id));
        statements.any(|statement| statement.untestable.is_some())
    };
    let statements = &BASE.finished.statements;
    let unreached: Vec<&str> = statements
        .iter()
        .filter(|statement| statement.outcome != Outcome::Held && !untestable(&statement.id))
        .map(|statement| statement.id.as_str())
        .collect();
    assert!(unreached.is_empty(), "{unreached:?}");
    let all: usize = SUITE.services().map(|service| service.statements.iter().count()).sum();
    assert_eq!(statements.len(), all);
}

/// So many mutants of a code are tried at the most, in so many cases each.
const MUTANTS: usize = 40;
const CASES: usize = 3;

#[test]
fn every_code_finds_a_mutant_out() {
    let contracts: Vec<(String, Arc<Contract>)> =
        SUITE.services().map(|service| (service.name.clone(), Arc::clone(service.contract()))).collect();
    let mut sample = Sample::new(&contracts);
    for case in &BASE.cases {
        let scenario = &case.case.scenario;
        sample.take_in(&case.case.id.0, &scenario.service, &scenario.operation, &case.transcript);
    }
    let mutants = mutant::enumerate(&contracts, &sample);
    let convicting: BTreeMap<&str, Option<&str>> =
        Code::ALL.into_iter().map(|code| (code.name(), found_out_by(code, &mutants, &sample))).collect();
    let idle: Vec<&&str> = convicting.iter().filter(|(_, mutant)| mutant.is_none()).map(|(code, _)| code).collect();
    assert!(idle.is_empty(), "no mutant makes these fire: {idle:?}\n{convicting:#?}");
}

/// The first mutant that makes the code fire where it is silent on the reference.
fn found_out_by<'m>(code: Code, mutants: &'m [Mutant], sample: &Sample) -> Option<&'m str> {
    // A golden convicts nobody, so that no mutant is of its kind; any may differ from it.
    let of_its_kind = mutants.iter().filter(|mutant| mutant.kind.contains(&code) || code == Code::Snapshot);
    of_its_kind.take(MUTANTS).find(|mutant| fires(code, mutant, sample)).map(|mutant| mutant.id.as_str())
}

fn fires(code: Code, mutant: &Mutant, sample: &Sample) -> bool {
    let occasions = sample.occasions(mutant);
    let cases: Vec<Case> =
        SUITE.cases().into_iter().filter(|case| occasions.contains(&case.id.0)).take(CASES).collect();
    let time = Virtual::start();
    let contracts = SUITE.services().map(|service| Arc::clone(service.contract())).collect();
    let endpoint = time.inside(|| MutantEndpoint::new(contracts, Some(mutant))).unwrap();
    let answer = move |request: &_| endpoint.handle(request, support::real_now());
    let run = time.run_against(answer, cases, Options { jobs: 1, ..PACE });
    run.cases.iter().any(|case| match code {
        Code::Implementation => case.report.verdict == Verdict::NotImplemented,
        _ => has(case, code) && !BASE.cases.iter().any(|base| base.case.id == case.case.id && has(base, code)),
    })
}

fn has(case: &wireproof::event::CaseFinished, code: Code) -> bool {
    case.report.findings.iter().any(|finding| finding.code == code)
}
