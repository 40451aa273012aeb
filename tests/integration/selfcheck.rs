//! The harness checks itself: what it sends keeps the model, every check finds a mutant, every requirement is reached, and
//! nothing selected is lost.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, LazyLock},
};

use serde_json::json;
use wireproof::internals::{
    judge::{check::CHECKS, code::Code, verdict::Verdict},
    model::Contract,
    proof::mutant::{self, Mutant, MutantEndpoint, Sample},
    run::{event::RequirementOutcome, judged_case::JudgedCase, session::RunOptions},
    suite::Case,
    wire::Request,
};

use crate::support::{self, PACE, RUN, SUITE, Virtual};

/// Its cases, by id.
static BASE: LazyLock<BTreeMap<&str, &JudgedCase>> =
    LazyLock::new(|| RUN.cases.iter().map(|case| (case.case.id.0.as_str(), case)).collect());

#[test]
fn no_input_of_the_bundled_suite_breaks_the_model_unless_it_is_meant_to() {
    let ledger = RUN.ledger();
    assert_eq!((ledger.internal, ledger.conforms), (0, SUITE.cases().len()), "{ledger:?}");
}

#[test]
fn the_sample_of_the_presence_check_keeps_the_model() {
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
fn every_requirement_that_can_be_tested_holds_in_a_run_on_the_reference() {
    let untestable = |id: &str| {
        let mut requirements = SUITE.services().filter_map(|service| service.requirements.get(id));
        requirements.any(|requirement| requirement.untestable.is_some())
    };
    let requirements = &RUN.finished.requirements;
    let unreached: Vec<&str> = requirements
        .iter()
        .filter(|requirement| requirement.outcome != RequirementOutcome::Met && !untestable(&requirement.id))
        .map(|requirement| requirement.id.as_str())
        .collect();
    assert!(unreached.is_empty(), "{unreached:?}");
    let all: usize = SUITE.services().map(|service| service.requirements.iter().count()).sum();
    assert_eq!(requirements.len(), all);
}

#[test]
fn every_check_detects_a_mutant() {
    let contracts: Vec<(String, Arc<Contract>)> =
        SUITE.services().map(|service| (service.name.clone(), Arc::clone(service.contract()))).collect();
    let mut sample = Sample::new(&contracts);
    for case in BASE.values() {
        sample.take_in(&case.case, &case.transcript);
    }
    let time = Virtual::start();
    let mut idle: BTreeSet<Code> = CHECKS.iter().map(|check| check.code).collect();
    for mutant in some_of_each_sort(mutant::enumerate(&contracts, &sample)) {
        if mutant.kind.iter().any(|code| idle.contains(code)) {
            idle = &idle - &fired(&time, &mutant, &sample.occasions(&mutant));
        }
    }
    assert!(idle.is_empty(), "no mutant of their kind makes these fire: {idle:?}");
}

/// A few of each sort, which the last word of its id names.
fn some_of_each_sort(mutants: Vec<Mutant>) -> Vec<Mutant> {
    const OF_A_SORT: usize = 3;
    let mut taken: BTreeMap<_, usize> = BTreeMap::new();
    let is_early = |mutant: &Mutant| {
        let count = taken.entry((mutant.family, mutant.id.rsplit('/').next().map(str::to_owned))).or_default();
        *count += 1;
        *count <= OF_A_SORT
    };
    mutants.into_iter().filter(is_early).collect()
}

/// The codes that fire at a mutant of their kind and are silent on the reference, in the first cases that can show it.
fn fired(time: &Virtual, mutant: &Mutant, occasions: &BTreeSet<String>) -> BTreeSet<Code> {
    const CASES: usize = 3;
    let contracts = SUITE.services().map(|service| Arc::clone(service.contract())).collect();
    let endpoint = time.inside(|| MutantEndpoint::new(&time.endpoint(), contracts, Some(mutant)));
    let respond = move |request: &Request| endpoint.handle(request, support::real_now());
    let mut cases: Vec<Case> = SUITE.cases().into_iter().filter(|case| occasions.contains(&case.id.0)).collect();
    // Those that watch the most come first.
    cases.sort_by_key(|case| Reverse(case.scenario.steps.iter().map(|step| step.unchanged.len()).sum::<usize>()));
    cases.truncate(CASES);
    let run = time.run_against(respond, cases, RunOptions { jobs: 1, ..PACE });
    let new = run.cases.iter().flat_map(|case| &codes(case) - &codes(BASE[case.case.id.0.as_str()]));
    // A snapshot finding is only a note, so no mutant expects it; any mutant may cause one.
    new.filter(|code| mutant.kind.contains(code) || *code == Code::SNAPSHOT).collect()
}

fn codes(case: &JudgedCase) -> BTreeSet<Code> {
    let absent = (case.report.verdict == Verdict::NotImplemented).then_some(Code::IMPLEMENTATION);
    case.report.findings.iter().map(|finding| finding.code).chain(absent).collect()
}
