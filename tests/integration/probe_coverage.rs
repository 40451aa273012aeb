//! The probes of every published model of an AWS JSON service: which constraints have a probe, and whether the model
//! itself confirms the meaning of each probe.
//!
//! botocore is the one that Python or the AWS CLI has installed, or `WIREPROOF_BOTOCORE`; the Smithy models are in the
//! folder `WIREPROOF_CORPUS`. Without them, the tests are skipped and report so; the figures go to standard error.

#![allow(clippy::cast_possible_truncation, reason = "the helpers that other tests share")]

use std::{
    collections::BTreeMap,
    fs,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::support::{
    self,
    corpus::{self, say},
    modelled::family_of,
};
use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use wireproof::internals::{
    model::{self, Contract, PayloadSide, Violation},
    probe::{ConstraintCounts, Coverage, Effect, ProbeFamily, ProbeOptions, Probes},
    suite::{Alternative, Case, Plan as _, ServiceFixtures, Template, source::Source},
    wire::{self, RejectionClass, digest::Sha256},
};

/// The service of a model, if it speaks an AWS JSON protocol.
fn service(name: &str, contract: Contract) -> Option<ServiceFixtures> {
    let protocol = wire::protocol_of(&contract).ok()?;
    Some(ServiceFixtures::of(name, contract, protocol))
}

/// The newest model of each JSON service of botocore, with its examples; `None` without a botocore.
fn botocore() -> Result<Option<Vec<ServiceFixtures>>> {
    let Some(services) = support::botocore::services()? else { return Ok(None) };
    let services = services.into_keys().map(|name| {
        let files = support::botocore::model_files(&name)?;
        let contract = files.map(support::botocore::contract).transpose()?;
        Ok(contract.and_then(|contract| service(&name, contract)))
    });
    services.filter_map(Result::transpose).collect::<Result<_>>().map(Some)
}

/// AWS's own models of JSON services; `None` where no corpus is given.
fn smithy() -> Result<Option<Vec<ServiceFixtures>>> {
    let Some(folder) = corpus::unpack("smithy-models.tar.xz")? else { return Ok(None) };
    let services = support::files_below(folder.path(), ".json").into_iter().map(|file| {
        let text = fs::read_to_string(folder.path().join(&file))?;
        let name = file.file_stem().and_then(|name| name.to_str()).context("a name that is not text")?;
        Ok(service(name, model::read(name, &text)?))
    });
    services.filter_map(Result::transpose).collect::<Result<_>>().map(Some)
}

fn probes(service: &ServiceFixtures, options: ProbeOptions) -> Probes {
    Probes::new(service, &Arc::new(Source::none("model.json")), options)
}

/// Does something with each service, on all processors; the results in the order of the services.
fn each<T: Send>(services: &[ServiceFixtures], work: impl Fn(&ServiceFixtures) -> T + Sync) -> Vec<T> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some((index, service)) =
                    Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|index| Some((index, services.get(index)?)))
                {
                    let result = work(service);
                    done.lock().unwrap().insert(index, result);
                }
            });
        }
    });
    done.into_inner().unwrap().into_values().collect()
}

/// The sums of many services.
#[derive(Default)]
struct Sums {
    families: BTreeMap<ProbeFamily, ConstraintCounts>,
    reasons: BTreeMap<String, usize>,
    constraints: [usize; 2],
    cases: usize,
}

impl Sums {
    fn enter(&mut self, coverage: &Coverage, cases: usize) {
        for (family, counts) in coverage.families() {
            let sum = self.families.entry(family).or_default();
            sum.total += counts.total;
            sum.probed += counts.probed;
            sum.probes += counts.probes;
        }
        for unprobed in coverage.report().unprobed {
            *self.reasons.entry(unprobed.reason).or_default() += unprobed.constraints;
        }
        let ConstraintCounts { total, probed, .. } = coverage.constraints();
        self.constraints = [self.constraints[0] + total, self.constraints[1] + probed];
        self.cases += cases;
    }

    fn table(&self) -> String {
        let row = |(family, sums): (&ProbeFamily, &ConstraintCounts)| {
            let ConstraintCounts { total, probed, probes, .. } = sums;
            format!("{:<16}{total:>9}{probed:>9}{probes:>10}\n", family.name())
        };
        let rows: String = self.families.iter().map(row).collect();
        let mut reasons: Vec<_> = self.reasons.iter().collect();
        reasons.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let reasons: Vec<String> =
            reasons.iter().take(40).map(|(reason, count)| format!("{count:>6}  {reason}")).collect();
        let reasons = reasons.join("\n");
        format!(
            "{:<16}{:>9}{:>9}{:>10}\n{rows}not probed, by reason:\n{reasons}",
            "family", "total", "probed", "probes"
        )
    }
}

/// Derives everything, and looks whether each constraint has a probe or a reason.
fn cover(services: &[ServiceFixtures], least_percent: usize) -> Result<()> {
    let begun = Instant::now();
    let derived = each(services, |service| {
        let begun = Instant::now();
        let probes = probes(service, ProbeOptions { effect: Effect::Destroys, ..ProbeOptions::default() });
        (probes.coverage(), wireproof::internals::suite::Plan::selected(&probes), begun.elapsed())
    });
    let mut sums = Sums::default();
    let mut slowest = (Duration::ZERO, "");
    for ((coverage, cases, took), service) in derived.iter().zip(services) {
        sums.enter(coverage, *cases);
        slowest = slowest.max((*took, &service.name));
    }
    let operations: usize = services.iter().map(|service| service.contract().operations().count()).sum();
    let [total, probed] = sums.constraints;
    say(&format!(
        "{} JSON services, {operations} operations, {} cases, derived in {:?} (the slowest: {} in {:?})\n{}constraints: \
         {probed} of {total} probed",
        services.len(),
        sums.cases,
        begun.elapsed(),
        slowest.1,
        slowest.0,
        sums.table(),
    ))?;
    let unprobed: usize = sums.families.values().map(|counts| counts.total - counts.probed).sum();
    ensure!(unprobed == sums.reasons.values().sum::<usize>(), "a constraint is not probed, and has no reason");
    ensure!(!sums.reasons.contains_key("not selected"), "a constraint has no probe and no reason");
    ensure!(probed * 100 >= total * least_percent, "only {probed} of {total} constraints are probed");
    Ok(())
}

#[test]
#[cfg_attr(
    debug_assertions,
    ignore = "minutes long without optimisation: cargo test --release --test integration probe_coverage::"
)]
fn nearly_every_constraint_of_every_json_service_of_botocore_is_probed_and_each_other_has_its_reason() -> Result<()> {
    let Some(services) = botocore()? else { return Ok(()) };
    ensure!(services.len() > 100, "only {} services", services.len());
    cover(&services, 99)
}

#[test]
#[cfg_attr(
    debug_assertions,
    ignore = "minutes long without optimisation: cargo test --release --test integration probe_coverage::"
)]
fn nearly_every_constraint_of_aws_own_models_is_probed_and_each_other_has_its_reason() -> Result<()> {
    let Some(services) = smithy()? else { return Ok(()) };
    ensure!(services.len() > 100, "only {} services", services.len());
    // One service has a pattern of one character for texts of 20 and more: 2 % of all constraints.
    cover(&services, 98)
}

/// The sampling rate of operations, by the hash of their names.
const ONE_OF: u8 = if cfg!(debug_assertions) { 20 } else { 1 };

/// Checks the probes of one service. Returns the numbers of valid and invalid inputs, and the problems.
fn examine(service: &ServiceFixtures) -> (usize, usize, Vec<String>) {
    let is_chosen = |name: &str| Sha256::digest(format!("{}.{name}", service.name))[0].is_multiple_of(ONE_OF);
    let names = service.contract().operations().map(|operation| operation.name.clone());
    let operations: Vec<String> = names.filter(|name| is_chosen(name)).collect();
    let (mut legal, mut wrong, mut problems) = (0, 0, Vec::new());
    if operations.is_empty() {
        return (legal, wrong, problems);
    }
    let mut plan = probes(service, ProbeOptions { effect: Effect::Destroys, operations, ..ProbeOptions::default() });
    let mut handed_out = 0;
    while plan.stage().is_some() {
        while let Some(case) = plan.case() {
            handed_out += 1;
            let Some(violations) = violations(service, &case) else { continue };
            match meaning(&case) {
                Some(Meaning::Legal) => {
                    legal += 1;
                    problems.extend(violations.first().map(|broken| told(&case, broken)));
                }
                Some(Meaning::Wrong(family)) => {
                    wrong += 1;
                    let as_meant = |broken: &Violation| family_of(broken) == family && is_at(&case, family, broken);
                    if !violations.iter().any(as_meant) {
                        problems.push(format!("{}: breaks {violations:?} and not what is meant", case.id));
                    }
                }
                None => {}
            }
        }
    }
    if handed_out != plan.selected() {
        problems.push(format!("{}: {} cases selected, {handed_out} handed out", service.name, plan.selected()));
    }
    (legal, wrong, problems)
}

fn told(case: &Case, broken: &Violation) -> String {
    format!("{}: {} is not {}: {}", case.id, broken.pointer, broken.expected, broken.actual)
}

/// The violations of an input, if there is one.
fn violations(service: &ServiceFixtures, case: &Case) -> Option<Vec<Violation>> {
    let call = &case.scenario.steps[0].call;
    let Template::Literal(input) = &call.input else { return None };
    let operation = service.contract().operation(&call.operation)?;
    let input: Value = service.contract().without_null_members(&operation.input, input);
    Some(service.schemas.violations(&operation.input, PayloadSide::Input, &input).unwrap())
}

enum Meaning {
    Legal,
    /// It breaks a constraint, of the family of that name.
    Wrong(&'static str),
}

/// The intended meaning of a case's input; `None` if it is not about constraints.
fn meaning(case: &Case) -> Option<Meaning> {
    let tag = case.scenario.tags[0].as_str();
    let step = &case.scenario.steps[0];
    if tag == "control" || step.call.valid || step.call.raw.is_some() || step.call.signing.is_some() {
        return Some(Meaning::Legal);
    }
    let family = ProbeFamily::ALL.into_iter().find(|family| family.name() == tag && family.is_constraint())?;
    match &step.expect.alternatives[0] {
        Alternative::Accepted { .. } => Some(Meaning::Legal),
        Alternative::Rejection { classes, .. } if classes.contains(&RejectionClass::Constraint) => {
            Some(Meaning::Wrong(family.name()))
        }
        _ => None,
    }
}

/// Returns whether a violation is at the location that the id of the case names.
fn is_at(case: &Case, family: &str, broken: &Violation) -> bool {
    let (_, path) = case.id.0.split_once('/').unwrap();
    let path = path.rsplit_once(&format!("/{family}/")).unwrap().0;
    let mut tokens: Vec<String> = Vec::new();
    for part in path.split('/') {
        let end = part.find(['[', '{']).unwrap_or(part.len());
        tokens.push(part[..end].to_owned());
        let inner = part[end..].replace("{key}", "K").replace("[]", "*").replace("{}", "*");
        // A violation of a key is reported at its map.
        tokens.extend(inner.chars().filter(|c| *c == '*').map(String::from));
    }
    let found: Vec<&str> = broken.pointer.split('/').skip(1).collect();
    found.len() == tokens.len() && found.iter().zip(&tokens).all(|(found, token)| token == "*" || found == token)
}

#[test]
#[cfg_attr(
    debug_assertions,
    ignore = "minutes long without optimisation: cargo test --release --test integration probe_coverage::"
)]
fn valid_inputs_violate_nothing_and_invalid_ones_only_their_own_constraint() -> Result<()> {
    let Some(services) = botocore()? else { return Ok(()) };
    let (mut legal, mut wrong, mut problems) = (0, 0, Vec::new());
    for (of_valid, of_wrong, found) in each(&services, examine) {
        legal += of_valid;
        wrong += of_wrong;
        problems.extend(found);
    }
    say(&format!("{legal} legal inputs and {wrong} wrong ones looked at; {} problems", problems.len()))?;
    problems.sort();
    ensure!(legal > 1_000 && wrong > 1_000, "a sample of {legal} and {wrong} says nothing");
    ensure!(problems.is_empty(), "{} problems\n{}", problems.len(), problems[..problems.len().min(40)].join("\n"));
    Ok(())
}
