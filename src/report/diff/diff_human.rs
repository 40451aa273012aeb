//! Differences for people: who was compared, which verdicts are other ones, each difference once, and the sums.

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

/// Longer values are cut; the JSON document has them whole.
const LONGEST_VALUE: usize = 160;

/// So many operations of a group are named.
const OPERATIONS: usize = 6;

pub(super) fn told(comparison: &Comparison, options: &DiffOptions) -> String {
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

pub(super) fn groups_told(told: &[ChangeGroup], options: &DiffOptions) -> String {
    let mut page = TextPage::new(options.color, options.width);
    groups(&mut page, told, options.most);
    page.text().to_owned()
}

fn party(page: &mut TextPage, lead: &str, party: &Party) {
    let kind = match party.kind {
        PartyKind::Endpoint => "asked now".to_owned(),
        PartyKind::Recording => format!("a recording of {}", party.endpoint),
        PartyKind::Report => format!("a report on {}", party.endpoint),
    };
    let interrupted = if party.interrupted { ", interrupted" } else { "" };
    let cases = count(party.cases, "case");
    page.entry(2, HEADING, lead, &format!("{}  {kind}, seed {}, {cases}{interrupted}", party.name, party.seed));
}

/// How far they were compared, and what is to be known of that.
fn scope(page: &mut TextPage, comparison: &Comparison) {
    if comparison.depth == Depth::Findings {
        let told = "by verdicts, findings and requirements: a report does not hold what was answered";
        page.entry(2, PLAIN, "-", told);
    }
    if comparison.a.suite != comparison.b.suite {
        page.entry(2, PLAIN, "-", "the fixtures are not the same: some cases may ask for something else");
    }
    if comparison.a.seed != comparison.b.seed {
        page.entry(2, PLAIN, "-", "the seeds are not the same: names that the fixtures make up differ");
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
    page.entry(
        2,
        of_kind(group),
        &location,
        &match group.cases {
            1 => "1 case".to_owned(),
            cases => format!("{cases} cases"),
        },
    );
    for values in &group.values {
        page.entry(6, PLAIN, "A", &shorten(&values.before, LONGEST_VALUE));
        page.entry(6, PLAIN, "B", &shorten(&values.after, LONGEST_VALUE));
    }
    if group.distinct > group.values.len() {
        let rest = group.distinct - group.values.len();
        page.paragraph(6, FAINT, &format!("and {rest} other pairs of values"));
    }
    if !group.verdicts.is_empty() {
        let verdicts: Vec<String> =
            group.verdicts.iter().map(|verdicts| format!("{} x{}", in_words(verdicts), verdicts.cases)).collect();
        page.entry(6, PLAIN, "verdicts", &verdicts.join(", "));
    }
    page.entry(6, FAINT, "of", &operations(&group.operations));
    let examples: Vec<String> = group.examples.iter().map(ToString::to_string).collect();
    page.entry(6, FAINT, "in", &examples.join(", "));
}

fn operations(operations: &BTreeMap<String, usize>) -> String {
    let mut named: Vec<(&String, &usize)> = operations.iter().collect();
    named.sort_by_key(|(_, cases)| std::cmp::Reverse(**cases));
    let rest = named.len().saturating_sub(OPERATIONS);
    let told = named.into_iter().take(OPERATIONS).map(|(name, cases)| format!("{name} ({cases})"));
    let mut told: Vec<String> = told.collect();
    if rest > 0 {
        told.push(format!("{rest} more"));
    }
    told.join(", ")
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
        let told = format!("{} {} on both sides, not compared", count(*cases, "case"), plural(*verdict));
        page.paragraph(0, PLAIN, &told);
    }
    if comparison.ignored > 0 {
        page.paragraph(0, PLAIN, &format!("{} left out (--ignore, --only)", count(comparison.ignored, "difference")));
    }
    let compared = count(comparison.compared, "case");
    let (style, end) = match comparison {
        _ if comparison.is_empty() => (of_verdict(Verdict::Blocked), "nothing to compare".to_owned()),
        _ if comparison.is_equal() => (of_verdict(Verdict::Conforms), "no difference".to_owned()),
        _ => {
            let told =
                format!("{} in {}", count(comparison.groups.len(), "difference"), count(comparison.different, "case"));
            (of_verdict(Verdict::Deviates), told)
        }
    };
    page.entry(0, style, &end, &format!("{compared} compared"));
}

fn in_words(transition: &Transition) -> String {
    format!("{} -> {}", transition.before, transition.after)
}

/// What a difference is called where it is told.
fn word(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Operation => "an operation on one side alone",
        ChangeKind::Verdict => "another verdict",
        ChangeKind::Response => "an answer on one side alone",
        ChangeKind::Outcome => "success or refusal",
        ChangeKind::Error => "another error",
        ChangeKind::Status => "another status",
        ChangeKind::Step => "a step on one side alone",
        ChangeKind::Type => "another type",
        ChangeKind::Removed => "missing in B",
        ChangeKind::Renamed => "another name",
        ChangeKind::Added => "more in B",
        ChangeKind::Header => "another header",
        ChangeKind::Value => "another value",
        ChangeKind::Order => "another order",
        ChangeKind::Finding => "another finding",
        ChangeKind::Requirement => "another outcome of a requirement",
        ChangeKind::Case => "a case on one side alone",
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
