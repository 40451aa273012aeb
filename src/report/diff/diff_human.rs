//! The text report of a comparison: both sides, verdicts, differences, and a summary.

use std::collections::BTreeMap;

use anstyle::{AnsiColor, Style};

use super::diff_report::DiffOptions;
use crate::{
    judge::verdict::Verdict,
    report::{
        diff::{ChangeGroup, ChangeKind, Comparison, Depth, DiffLocation, Party, PartyKind, Transition},
        phrasing::plural,
        text::{count, shorten},
        text_page::{FAINT, HEADING, PLAIN, TextPage, of_verdict},
    },
    run::event::RequirementOutcome,
    suite::CaseId,
};

/// Longer values are cut. The JSON document contains them in full.
const LONGEST_VALUE: usize = 160;

/// The maximum number of cases and locations that are named per group.
const NAMED: usize = 3;

/// The maximum number of operations that are named per group.
const OPERATIONS: usize = 6;

pub(super) fn render(comparison: &Comparison, options: &DiffOptions) -> String {
    let mut page = TextPage::new(options.color, options.width);
    page.whole(0, HEADING, "wireproof diff");
    party(&mut page, "A", &comparison.a);
    party(&mut page, "B", &comparison.b);
    scope(&mut page, comparison);
    if !comparison.verdicts.is_empty() {
        page.heading("verdicts");
        for transition in &comparison.verdicts {
            let style = of_verdict(transition.after);
            page.entry(2, style, &in_words(transition), &count(transition.cases, "case"));
        }
    }
    groups(&mut page, &comparison.groups, options.most);
    requirements(&mut page, comparison, options.most);
    alone(&mut page, "only in A", &comparison.only_a, options.most);
    alone(&mut page, "only in B", &comparison.only_b, options.most);
    sums(&mut page, comparison);
    page.text().to_owned()
}

pub(super) fn render_groups(shown: &[ChangeGroup], options: &DiffOptions) -> String {
    let mut page = TextPage::new(options.color, options.width);
    groups(&mut page, shown, options.most);
    page.text().to_owned()
}

fn party(page: &mut TextPage, lead: &str, party: &Party) {
    let kind = match party.kind {
        PartyKind::Endpoint => "endpoint".to_owned(),
        PartyKind::Recording => format!("recording of {}", party.endpoint),
        PartyKind::Report => format!("report on {}", party.endpoint),
    };
    let interrupted = if party.interrupted { ", interrupted" } else { "" };
    let cases = count(party.cases, "case");
    page.entry(2, HEADING, lead, &format!("{}  {kind}, seed {}, {cases}{interrupted}", party.name, party.seed));
}

/// The depth of the comparison, and its caveats.
fn scope(page: &mut TextPage, comparison: &Comparison) {
    if comparison.depth == Depth::Findings {
        let printed = "compared by verdicts, findings and requirements, because a report contains no responses";
        page.entry(2, PLAIN, "-", printed);
    }
    if comparison.a.suite != comparison.b.suite {
        page.entry(2, PLAIN, "-", "the fixtures differ, so some cases may send different requests");
    }
    if comparison.a.seed != comparison.b.seed {
        page.entry(2, PLAIN, "-", "the seeds differ, so generated names differ");
    }
}

fn groups(page: &mut TextPage, groups: &[ChangeGroup], most: usize) {
    if groups.is_empty() {
        return;
    }
    page.heading(&count(groups.len(), "difference"));
    for group in groups.iter().take(most) {
        page.blank();
        one(page, group);
    }
    more(page, groups.len(), most, "differences");
}

fn one(page: &mut TextPage, group: &ChangeGroup) {
    let location = match &group.location {
        DiffLocation::Response => word(group.kind).to_owned(),
        location => format!("{}  {location}", word(group.kind)),
    };
    page.entry(2, of_kind(group), &location, &count(group.cases.len(), "case"));
    for values in &group.values {
        page.entry(6, PLAIN, "A", &shorten(&values.before, LONGEST_VALUE));
        page.entry(6, PLAIN, "B", &shorten(&values.after, LONGEST_VALUE));
    }
    if group.distinct > group.values.len() {
        let rest = group.distinct - group.values.len();
        page.paragraph(6, FAINT, &format!("and {rest} more pairs of values"));
    }
    if !group.verdicts.is_empty() {
        let verdicts: Vec<String> =
            group.verdicts.iter().map(|verdicts| format!("{} x{}", in_words(verdicts), verdicts.cases)).collect();
        page.entry(6, PLAIN, "verdicts", &verdicts.join(", "));
    }
    if !group.locations.is_empty() {
        let locations: Vec<&str> = group.locations.iter().map(String::as_str).collect();
        page.entry(6, FAINT, "at", &some(&locations));
    }
    page.entry(6, FAINT, "of", &operations(&group.operations));
    let others = group.cases.iter().filter(|case| **case != group.representative);
    let cases: Vec<&str> = std::iter::once(&group.representative).chain(others).map(|case| case.0.as_str()).collect();
    page.entry(6, FAINT, "in", &some(&cases));
}

/// The first of some names, and the number of the others.
fn some(names: &[&str]) -> String {
    let (named, rest) = names.split_at(names.len().min(NAMED));
    let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
    named.join(", ") + &more
}

fn operations(operations: &BTreeMap<String, usize>) -> String {
    let mut named: Vec<(&String, &usize)> = operations.iter().collect();
    named.sort_by_key(|(_, cases)| std::cmp::Reverse(**cases));
    let rest = named.len().saturating_sub(OPERATIONS);
    let printed = named.into_iter().take(OPERATIONS).map(|(name, cases)| format!("{name} ({cases})"));
    let mut printed: Vec<String> = printed.collect();
    if rest > 0 {
        printed.push(format!("{rest} more"));
    }
    printed.join(", ")
}

fn requirements(page: &mut TextPage, comparison: &Comparison, most: usize) {
    if comparison.requirements.is_empty() {
        return;
    }
    page.heading(&count(comparison.requirements.len(), "requirement"));
    for requirement in comparison.requirements.iter().take(most) {
        let style =
            if requirement.after == RequirementOutcome::Violated { of_verdict(Verdict::Deviates) } else { PLAIN };
        let lead = format!("{}  {} -> {}", requirement.id, outcome(requirement.before), outcome(requirement.after));
        page.entry(2, style, &lead, &requirement.says);
    }
    more(page, comparison.requirements.len(), most, "requirements");
}

fn outcome(outcome: RequirementOutcome) -> &'static str {
    match outcome {
        RequirementOutcome::Met => "met",
        RequirementOutcome::Violated => "violated",
        RequirementOutcome::NotExercised => "not exercised",
    }
}

fn alone(page: &mut TextPage, heading: &str, cases: &[CaseId], most: usize) {
    if cases.is_empty() {
        return;
    }
    page.heading(&format!("{heading}: {}", count(cases.len(), "case")));
    for id in cases.iter().take(most) {
        page.whole(2, PLAIN, &id.0);
    }
    more(page, cases.len(), most, "cases");
}

fn more(page: &mut TextPage, all: usize, most: usize, of_what: &str) {
    if all > most {
        page.paragraph(2, FAINT, &format!("and {} more {of_what} (--verbose)", all - most));
    }
}

fn sums(page: &mut TextPage, comparison: &Comparison) {
    page.blank();
    for (verdict, cases) in &comparison.unjudged {
        let printed = format!("{} {} on both sides, not compared", count(*cases, "case"), plural(*verdict));
        page.paragraph(0, PLAIN, &printed);
    }
    if comparison.ignored > 0 {
        page.paragraph(0, PLAIN, &format!("{} ignored (--ignore, --only)", count(comparison.ignored, "difference")));
    }
    let compared = count(comparison.compared, "case");
    let (style, end) = match comparison {
        _ if comparison.is_empty() => (of_verdict(Verdict::Blocked), "nothing to compare".to_owned()),
        _ if comparison.is_equal() => (of_verdict(Verdict::Conforms), "no difference".to_owned()),
        _ => {
            let printed =
                format!("{} in {}", count(comparison.groups.len(), "difference"), count(comparison.different, "case"));
            (of_verdict(Verdict::Deviates), printed)
        }
    };
    page.entry(0, style, &end, &format!("{compared} compared"));
}

fn in_words(transition: &Transition) -> String {
    format!("{} -> {}", transition.before, transition.after)
}

/// The name of a difference for people.
fn word(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Operation => "operation implemented on one side only",
        ChangeKind::Verdict => "verdict differs",
        ChangeKind::Response => "response on one side only",
        ChangeKind::Outcome => "accepted on one side, rejected on the other",
        ChangeKind::Error => "error differs",
        ChangeKind::Status => "status differs",
        ChangeKind::Step => "step on one side only",
        ChangeKind::Type => "type differs",
        ChangeKind::Removed => "missing in B",
        ChangeKind::Renamed => "name differs",
        ChangeKind::Added => "additional in B",
        ChangeKind::Header => "header differs",
        ChangeKind::Value => "value differs",
        ChangeKind::Order => "order differs",
        ChangeKind::Finding => "finding on one side only",
        ChangeKind::Requirement => "outcome of a requirement differs",
        ChangeKind::Case => "case on one side only",
    }
}

fn of_kind(group: &ChangeGroup) -> Style {
    match group.kind {
        _ if !group.verdicts.is_empty() => AnsiColor::Red.on_default().bold(),
        kind if kind <= ChangeKind::Step => AnsiColor::Red.on_default(),
        ChangeKind::Type | ChangeKind::Removed | ChangeKind::Renamed => AnsiColor::Yellow.on_default(),
        _ => AnsiColor::Cyan.on_default(),
    }
}
