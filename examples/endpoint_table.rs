//! What probes found on several endpoints, as one Markdown page: `cargo run --example endpoint_table -- REPORT…`.
//!
//! Each argument is a JSON report of `wireproof probe`. An endpoint's reports stand together; the page names no time,
//! so that the same reports give the same page.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    io::{self, Write as _},
};

use anyhow::Context as _;
use serde::Deserialize;

#[derive(Deserialize)]
struct Report {
    target: Target,
    ledger: Ledger,
    presence: Vec<PresenceCheck>,
    cases: Vec<Case>,
    #[serde(default)]
    died: Vec<Died>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

#[derive(Deserialize)]
struct Ledger {
    selected: usize,
    conforms: usize,
    deviates: usize,
    not_implemented: usize,
    blocked: usize,
    inconclusive: usize,
}

#[derive(Deserialize)]
struct PresenceCheck {
    presence: String,
}

#[derive(Deserialize)]
struct Died {
    suspects: Vec<String>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    service: String,
    operation: String,
    title: String,
    verdict: String,
    findings: Vec<Finding>,
}

#[derive(Deserialize)]
struct Finding {
    code: String,
    severity: String,
    expected: String,
    actual: String,
}

fn main() -> anyhow::Result<()> {
    let mut endpoints: BTreeMap<String, Vec<Report>> = BTreeMap::new();
    for path in std::env::args().skip(1) {
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
        let report: Report = serde_json::from_str(&text).with_context(|| format!("{path} is not a report"))?;
        endpoints.entry(report.target.name.clone()).or_default().push(report);
    }
    anyhow::ensure!(!endpoints.is_empty(), "give at least one JSON report of wireproof probe");
    Ok(io::stdout().write_all(page(&endpoints)?.as_bytes())?)
}

fn page(endpoints: &BTreeMap<String, Vec<Report>>) -> Result<String, std::fmt::Error> {
    let mut page = String::from(
        "# What probes found on real endpoints\n\n\
         Made by `docs/endpoints/run` from the published models alone. An operation is *implemented* if its response \
         differs from that of an operation that does not exist. `wireproof explain` describes the checks.\n",
    );
    for (name, reports) in endpoints {
        write!(page, "\n## {name}\n\n")?;
        services(&mut page, reports)?;
        classes(&mut page, reports)?;
        examples(&mut page, reports)?;
        deaths(&mut page, reports)?;
    }
    Ok(page)
}

/// Counts by verdict, a row a service.
fn services(page: &mut String, reports: &[Report]) -> std::fmt::Result {
    page.push_str(
        "| service | operations implemented | cases | conform | deviate | not implemented | blocked | inconclusive |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    for report in reports {
        let implemented = report.presence.iter().filter(|check| check.presence == "implemented").count();
        let Ledger { selected, conforms, deviates, not_implemented, blocked, inconclusive } = &report.ledger;
        writeln!(
            page,
            "| {} | {implemented} of {} | {selected} | {conforms} | {deviates} | {not_implemented} | {blocked} | {inconclusive} |",
            service(report),
            report.presence.len(),
        )?;
    }
    Ok(())
}

/// Counts by class of finding, a row a class and a column a service.
fn classes(page: &mut String, reports: &[Report]) -> std::fmt::Result {
    let counted: Vec<BTreeMap<String, usize>> = reports.iter().map(count).collect();
    let mut all: Vec<&String> = counted.iter().flat_map(BTreeMap::keys).collect::<BTreeSet<_>>().into_iter().collect();
    let total = |class: &String| counted.iter().filter_map(|counts| counts.get(class)).sum::<usize>();
    all.sort_by_key(|class| std::cmp::Reverse(total(class)));
    if all.is_empty() {
        return Ok(());
    }
    let header: Vec<String> = reports.iter().map(|report| format!(" {} |", service(report))).collect();
    let header = header.concat();
    writeln!(page, "\n| cases that deviate, by class |{header}\n|---|{}", "---:|".repeat(reports.len()))?;
    for class in all {
        let row: Vec<String> = counted.iter().map(|counts| format!(" {} |", counts.get(class).unwrap_or(&0))).collect();
        let row = row.concat();
        writeln!(page, "| {class} |{row}")?;
    }
    Ok(())
}

/// How many cases of a report have an error of each class.
fn count(report: &Report) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for case in deviating(report) {
        let classes: BTreeSet<String> = errors(case).map(|finding| class(case, finding)).collect();
        for class in classes {
            *counts.entry(class).or_default() += 1;
        }
    }
    counts
}

/// Three deviations of three classes: of each of the commonest, the one that is told most briefly.
fn examples(page: &mut String, reports: &[Report]) -> std::fmt::Result {
    let mut by_class: BTreeMap<String, Vec<(&Case, &Finding)>> = BTreeMap::new();
    for case in reports.iter().flat_map(deviating) {
        for finding in errors(case) {
            by_class.entry(class(case, finding)).or_default().push((case, finding));
        }
    }
    let mut classes: Vec<_> = by_class.into_values().collect();
    classes.sort_by_key(|found| std::cmp::Reverse(found.len()));
    let mut shown = BTreeSet::new();
    let mut operations = BTreeSet::new();
    let mut lines = Vec::new();
    for found in classes {
        let brief = found
            .into_iter()
            .filter(|(case, _)| !operations.contains(&(&case.service, &case.operation)) && !shown.contains(&case.id))
            .min_by_key(|(case, finding)| (case.title.len() + finding.actual.len(), &case.id));
        let Some((case, finding)) = brief else { continue };
        shown.insert(&case.id);
        operations.insert((&case.service, &case.operation));
        lines.push(format!("- {} (`{}`): expected {}, got {}.", case.title, case.id, finding.expected, finding.actual));
        if lines.len() == 3 {
            break;
        }
    }
    if !lines.is_empty() {
        write!(page, "\n{}\n", lines.join("\n"))?;
    }
    Ok(())
}

/// What ended the endpoint.
fn deaths(page: &mut String, reports: &[Report]) -> std::fmt::Result {
    let died: Vec<&Died> = reports.iter().flat_map(|report| &report.died).collect();
    let Some(first) = died.first() else { return Ok(()) };
    let times = if died.len() == 1 { "once".to_owned() } else { format!("{} times", died.len()) };
    let others = if first.suspects.len() > 1 { ", or a case that ran at the same time," } else { "" };
    let suspect = first.suspects.first().map_or_else(String::new, |case| format!(", first at `{case}`{others}"));
    writeln!(page, "\nIt crashed or stopped responding {times}{suspect} and was restarted.")
}

fn service(report: &Report) -> &str {
    report.cases.first().map_or("", |case| case.service.as_str())
}

fn deviating(report: &Report) -> impl Iterator<Item = &Case> {
    report.cases.iter().filter(|case| case.verdict == "deviates")
}

fn errors(case: &Case) -> impl Iterator<Item = &Finding> {
    case.findings.iter().filter(|finding| finding.severity == "error")
}

/// The class of a finding: what happened to which kind of input, or the code of the check.
fn class(case: &Case, finding: &Finding) -> String {
    let mut parts = case.id.rsplit('/');
    let kind = parts.next().unwrap_or_default();
    let family = parts.next().unwrap_or_default();
    let of = if family.is_empty() || kind == "control" { "a legal input" } else { family };
    match finding.code.as_str() {
        "outcome" if finding.expected.starts_with("a legal input") => format!("{of}: a legal input is refused"),
        "outcome" if finding.actual.starts_with("a success") => format!("{of}: a wrong input is taken"),
        "outcome" | "error-identity" => format!("{of}: refused for another reason"),
        code => code.to_owned(),
    }
}
