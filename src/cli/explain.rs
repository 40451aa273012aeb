//! `wireproof explain`: prints what a check expects, why, and the severities of its findings.

use std::{fmt::Write as _, io::Write as _};

use clap::Args;

use super::{Failure, select::FixtureArguments, written};
use crate::{
    judge::{
        check::{CHECKS, Check, SeverityRow},
        code::Code,
        verdict::{EXCEPTIONS, Exception},
    },
    run::exit::ExitStatus,
    suite::Fixtures,
};

/// Arguments of `wireproof explain`.
#[derive(Debug, Args)]
pub(super) struct ExplainArguments {
    /// Code of a check or number of a requirement [default: list every check].
    #[arg(value_name = "CODE")]
    code: Option<String>,

    #[command(flatten)]
    fixtures: FixtureArguments,
}

pub(super) fn run(arguments: &ExplainArguments) -> Result<ExitStatus, Failure> {
    let Some(name) = &arguments.code else {
        return written(all()).map(|()| ExitStatus::Conforms);
    };
    let suite = arguments.fixtures.suite()?;
    let check = Code::named(name).and_then(Code::check);
    match check {
        Some(check) => written(one(check, &suite))?,
        None => written(requirement(&suite, name)?)?,
    }
    Ok(ExitStatus::Conforms)
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

fn one(check: &Check, suite: &Fixtures) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}\n\nRequires {}.\n\n{}\n", check.code, check.wants, check.why)?;
    writeln!(out, "Severity if a page states the rule / if only a model or the protocol does:")?;
    for SeverityRow { rule, documented, modelled, reason } in check.severities {
        let name = rule.map_or("any", crate::model::ShapeRule::name);
        writeln!(out, "  {name:<18} {:<8} {:<8} {reason}", documented.to_string(), modelled.to_string())?;
    }
    if check.code == Code::RESPONSE_SHAPE {
        exceptions(&mut out)?;
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
            "unknown check or requirement {id:?}\nhelp: the checks are {}",
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
