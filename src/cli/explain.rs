//! `wireproof explain`: prints a check with its reason and severities, a requirement with its source, a case or a probe
//! with its grounds, or the ranks of causes.

use std::{fmt::Write as _, io::Write as _, path::PathBuf};

use clap::Args;

use super::{Failure, given_path::shell_path, select::FixtureArguments, written};
use crate::{
    cause::CauseRank,
    judge::{
        check::{CHECKS, Check, SeverityRow},
        code::Code,
        verdict::{EXCEPTIONS, Exception},
    },
    probe::{Effect, ProbeOptions, derivation::Derivation},
    run::exit::ExitStatus,
    suite::{Alternative, Case, CaseStanding, Fixtures, Plan as _, Template},
};

/// Arguments of `wireproof explain`.
#[derive(Debug, Args)]
pub(super) struct ExplainArguments {
    /// Code of a check, number of a requirement, ID of a case or a probe, or `causes` [default: list every check].
    #[arg(value_name = "CODE|ID")]
    code: Option<String>,

    /// Model of a probe [default: botocore:SERVICE, the service of its ID].
    #[arg(long, value_name = "FILE|botocore:SERVICE", env = "WIREPROOF_MODEL")]
    model: Option<PathBuf>,

    #[command(flatten)]
    fixtures: FixtureArguments,
}

pub(super) fn run(arguments: &ExplainArguments) -> Result<ExitStatus, Failure> {
    let Some(name) = &arguments.code else {
        return written(all()).map(|()| ExitStatus::Conforms);
    };
    if name == CAUSES {
        return written(ranks()).map(|()| ExitStatus::Conforms);
    }
    if let Some((service, operation)) = operation_of_probe(name) {
        return arguments.probe(name, service, operation);
    }
    let suite = arguments.fixtures.suite()?;
    if let Some(case) = suite.cases().into_iter().find(|case| case.id.0 == *name) {
        return written(case_with_sources(&case, &suite)).map(|()| ExitStatus::Conforms);
    }
    let check = Code::named(name).and_then(Code::check);
    match check {
        Some(check) => written(one(&mut std::io::stdout().lock(), check, &suite))?,
        None => written(requirement(&suite, name)?)?,
    }
    Ok(ExitStatus::Conforms)
}

/// The word for the ranks of causes.
const CAUSES: &str = "causes";

/// The service and the operation in the ID of a probe, `service.Operation/…`.
fn operation_of_probe(id: &str) -> Option<(&str, &str)> {
    let (service, rest) = id.split_once('.')?;
    Some((service, rest.split_once('/')?.0)).filter(|_| !service.contains('/'))
}

impl ExplainArguments {
    fn probe(&self, id: &str, service: &str, operation: &str) -> Result<ExitStatus, Failure> {
        let model = self.model.clone().unwrap_or_else(|| format!("botocore:{service}").into());
        let derivation = Derivation::of(&model, self.fixtures.botocore.places());
        let suite = derivation.suite_of(&[id.to_owned()].into())?;
        let options = ProbeOptions {
            operations: vec![operation.to_owned()],
            only: Some([id.to_owned()].into()),
            effect: Effect::Destroys,
            ..ProbeOptions::default()
        };
        let mut probes = derivation.probes(&suite, options)?;
        let mut case = None;
        while case.is_none() && probes.stage().is_some() {
            case = std::iter::from_fn(|| probes.case()).find(|case| case.id.0 == id);
        }
        let case = case.ok_or_else(|| {
            Failure::usage(format!(
                "{} has no probe {id:?}\nhelp: wireproof probe --model {} --operation {operation} --probes all --dry-run lists the probes",
                model.display(), shell_path(&model)
            ))
        })?;
        written(case_with_sources(&case, &suite)).map(|()| ExitStatus::Conforms)
    }
}

/// The ranks of causes, the most important first, with the reason for the order.
fn ranks() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "Causes of deviations are ranked by what they mean to the users of an endpoint, and within a rank by the"
    )?;
    writeln!(out, "number of operations, locations and cases:\n")?;
    for (number, rank) in (1..).zip(CauseRank::ALL) {
        writeln!(out, "{number}  {:<40} {}", rank.title(), rank.reason())?;
    }
    Ok(())
}

/// Prints the requests of a case, the expected responses, and the grounds.
fn case_with_sources(case: &Case, suite: &Fixtures) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    let scenario = &case.scenario;
    writeln!(out, "{}\n{}\n", case.id, scenario.title)?;
    for (number, step) in (1..).zip(&scenario.steps) {
        let expected: Vec<String> = step.expect.alternatives.iter().map(Alternative::describe).collect();
        writeln!(out, "step {number}   {}", step.call.operation)?;
        if let Template::Literal(input) = &step.call.input {
            writeln!(out, "  input    {input}")?;
        }
        writeln!(out, "  expected {}", expected.join(" or "))?;
    }
    if let CaseStanding::Controlled(control) = &scenario.standing {
        writeln!(out, "control    {control}, which the endpoint must accept first")?;
    }
    writeln!(out, "evidence   {}", scenario.evidence)?;
    for cited in &scenario.cites {
        let says =
            suite.services().find_map(|service| service.requirements.get(cited)).map(|found| found.says.as_str());
        writeln!(out, "ground     {cited}{}", says.map(|says| format!(": {says}")).unwrap_or_default())?;
    }
    if scenario.probe.is_none() {
        writeln!(out, "fixture    {}", scenario.source.file())?;
    }
    Ok(())
}

fn all() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for check in CHECKS {
        writeln!(out, "{:<17} {}", check.code.name(), check.wants)?;
    }
    writeln!(out, "\nSeverity if a page states the rule / if only a model or the protocol does:")?;
    for (rule, SeverityRow { documented, modelled, reason, .. }) in CHECKS.iter().flat_map(Check::rules) {
        writeln!(out, "{rule:<34} {:<8} {:<8} {reason}", documented.to_string(), modelled.to_string())?;
    }
    Ok(())
}

fn one(out: &mut impl std::io::Write, check: &Check, suite: &Fixtures) -> std::io::Result<()> {
    writeln!(out, "{}\n\nRequires {}.\n\n{}\n", check.code, check.wants, check.why)?;
    writeln!(out, "Severity if a page states the rule / if only a model or the protocol does:")?;
    for SeverityRow { rule, documented, modelled, reason } in check.severities {
        let name = rule.map_or("any", crate::model::ShapeRule::name);
        writeln!(out, "  {name:<18} {:<8} {:<8} {reason}", documented.to_string(), modelled.to_string())?;
    }
    if check.code == Code::RESPONSE_SHAPE {
        exceptions(out)?;
    }
    let judged = suite
        .services()
        .flat_map(|service| service.requirements.iter())
        .filter(|requirement| requirement.checks.iter().any(|name| name == check.code.name()));
    for (index, requirement) in judged.enumerate() {
        let head = if index == 0 { "\nRequirements that it judges on every response:\n" } else { "" };
        writeln!(out, "{head}  {:<9} {}", requirement.id, requirement.says)?;
    }
    Ok(())
}

/// The required members that may be missing: a missing one is a warning.
fn exceptions(out: &mut impl std::io::Write) -> std::io::Result<()> {
    writeln!(out, "\nRequired members that AWS itself omits. A missing one is a warning if only a model states it:")?;
    for Exception { service, operation, pointer, reason } in EXCEPTIONS {
        writeln!(out, "  {service} {operation} {pointer}\n      {reason}")?;
    }
    Ok(())
}

fn requirement(suite: &Fixtures, id: &str) -> Result<std::io::Result<()>, Failure> {
    let found = suite.services().find_map(|service| Some((service, service.requirements.get(id)?)));
    let Some((service, requirement)) = found else {
        let codes: Vec<&str> = CHECKS.iter().map(|check| check.code.name()).collect();
        return Err(Failure::usage(format!(
            "unknown check, requirement or case {id:?}\nhelp: the checks are {}",
            codes.join(", ")
        )));
    };
    let mut text = format!("{}  {}\n", requirement.id, requirement.says);
    if let Some(document) = service.requirements.document(requirement) {
        let _ =
            write!(text, "{}, {} ({})\n{}\n", document.title, requirement.section, requirement.edition, document.url);
    }
    if let Some(contradiction) = &requirement.contradiction {
        let _ = writeln!(text, "{}: {} Policy: {}", contradiction.id, contradiction.with, contradiction.policy);
    }
    if let Some(reason) = &requirement.untestable {
        let _ = writeln!(text, "Cannot be tested: {reason}");
    }
    let citing: Vec<&str> = suite
        .scenarios()
        .filter(|scenario| scenario.cites.iter().any(|cited| cited == id))
        .map(|s| s.id.as_str())
        .collect();
    if !citing.is_empty() {
        let _ = write!(text, "Cited by:\n  {}\n", citing.join("\n  "));
    }
    Ok(write!(std::io::stdout(), "{text}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::testing::BUNDLED;

    #[test]
    fn every_check_is_explained() {
        for check in CHECKS {
            let mut text = Vec::new();
            one(&mut text, check, &BUNDLED).unwrap();
            let text = String::from_utf8(text).unwrap();
            assert!(text.contains("\n\nRequires ") && text.contains("\nSeverity if"), "{text}");
        }
    }
}
