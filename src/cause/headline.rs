//! A cause in one line.

use std::collections::BTreeSet;

use super::{
    generalize::Rooted,
    occurrence_group::{Occurrence as _, OccurrenceGroup},
    root::Root,
    symptom::{ResponseFault, Symptom, fault as fault_of},
};
use crate::{
    judge::verdict::{Finding, Severity},
    probe::ProbeFamily,
};

/// The maximum number of operations that are named.
const NAMED: usize = 3;

/// Describes a cause in one line. The representative supplies the values.
pub(super) fn headline(group: &OccurrenceGroup<Root, Rooted<'_>>) -> String {
    let members = &group.occurrences;
    let findings = members.first().map(|representative| representative.case.findings.as_slice()).unwrap_or_default();
    let finding = || findings.iter().find(|finding| finding.severity == Severity::Error);
    let expected = || finding().map(|finding| finding.expected.as_str()).unwrap_or_default();
    let operations = || operations(members);
    match &group.root {
        Root::Signatures => "signatures are not verified".to_owned(),
        Root::Valid { location, symptom, .. } => format!("{}: {}", operations(), of_valid(location, symptom)),
        Root::Response { fault, .. } => format!("{}: {}", operations(), of_response(fault, findings)),
        Root::WrongError { error, .. } => format!("{}: {error} instead of a validation error", operations()),
        Root::InvalidCrashes { family, .. } => format!("{}: server error for {}", operations(), asks(family)),
        Root::Unenforced { family, accepted, judged, .. } if accepted * 2 >= *judged => {
            format!("`{family}` is not enforced: invalid values are accepted at {accepted} of {judged} locations")
        }
        Root::Unenforced { family, accepted, judged, .. } => {
            let enforced = judged.saturating_sub(*accepted);
            let but = named(&locations(members));
            format!("`{family}` is enforced at {enforced} of {judged} locations, but not at {but}")
        }
        Root::Unvalidated { .. } => unvalidated(members),
        Root::Accepted { family, location, .. } => {
            format!("{}: `{location}` accepts {}", operations(), asks(family))
        }
        Root::Wire { family, symptom, .. } => {
            format!("{}: {}: {}", operations(), asks(family), of_outcome(symptom, expected(), findings))
        }
        Root::Behavior { family, location, symptom, .. } => {
            let at = if location.is_empty() { String::new() } else { format!("`{location}`, ") };
            format!("{}: {at}{}: {}", operations(), asks(family), of_behavior(symptom, findings))
        }
        Root::Scenario { operation, symptom, .. } => {
            format!("{operation}: {}", of_outcome(symptom, expected(), findings))
        }
    }
}

/// Describes the requests of a family in a few words.
fn asks(family: &str) -> String {
    ProbeFamily::named(family).map_or_else(|| family.to_owned(), |family| family.asks().to_owned())
}

fn of_valid(location: &str, symptom: &Symptom) -> String {
    let what = if location.is_empty() { "a valid request".to_owned() } else { format!("a valid `{location}`") };
    match symptom {
        Symptom::Crash { .. } => format!("server error for {what}"),
        Symptom::Rejected { error } | Symptom::WrongError { error } => format!("{what} is rejected: {error}"),
        Symptom::Accepted | Symptom::Response(_) => what,
    }
}

fn of_response(fault: &ResponseFault, findings: &[Finding]) -> String {
    let member = if fault.member.is_empty() { String::new() } else { format!("`{}`: ", fault.member) };
    let rule = fault.rule.as_ref().map(|rule| format!("/{rule}")).unwrap_or_default();
    let finding = findings.iter().find(|finding| finding.severity == Severity::Error && fault_of(finding) == *fault);
    let (expected, actual) = finding.map(|finding| (&*finding.expected, &*finding.actual)).unwrap_or_default();
    format!("{member}expected {expected}, got {actual} ({}{rule})", fault.code)
}

/// Describes what operations on one resource do instead of what they promise. The expected errors are left to the finding.
fn of_behavior(symptom: &Symptom, findings: &[Finding]) -> String {
    match symptom {
        Symptom::Crash { .. } => "server error".to_owned(),
        Symptom::Accepted => "a success".to_owned(),
        Symptom::Rejected { error } | Symptom::WrongError { error } => error.clone(),
        Symptom::Response(fault) => {
            let mut errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
            let finding = errors.find(|finding| finding.code == fault.code);
            finding.map(|finding| of_response(&fault_of(finding), findings)).unwrap_or_default()
        }
    }
}

fn of_outcome(symptom: &Symptom, expected: &str, findings: &[Finding]) -> String {
    match symptom {
        Symptom::Crash { .. } => format!("server error instead of {expected}"),
        Symptom::Rejected { error } | Symptom::WrongError { error } => format!("{error} instead of {expected}"),
        Symptom::Accepted => format!("a success instead of {expected}"),
        Symptom::Response(fault) => of_response(fault, findings),
    }
}

/// The operations by name, or their number.
fn operations(members: &[Rooted<'_>]) -> String {
    let names: BTreeSet<&str> = members.iter().map(|member| member.case.operation.as_str()).collect();
    if names.len() > NAMED {
        return format!("{} operations", names.len());
    }
    names.into_iter().collect::<Vec<_>>().join(", ")
}

/// Names the members that are not validated.
fn unvalidated(members: &[Rooted<'_>]) -> String {
    let (families, locations) = (families(members), locations(members));
    let only = locations.iter().next().filter(|_| locations.len() == 1);
    match only {
        Some(location) => format!("{}: `{location}` is not validated ({families})", operations(members)),
        None => format!("{} members are not validated ({families}): {}", locations.len(), named(&locations)),
    }
}

/// The locations that members are about.
fn locations<'m>(members: &'m [Rooted<'_>]) -> BTreeSet<&'m str> {
    members.iter().map(Rooted::location).collect()
}

/// Some of the locations by name, and the number of the others.
fn named(locations: &BTreeSet<&str>) -> String {
    let names: Vec<String> = locations.iter().take(NAMED).map(|location| format!("`{location}`")).collect();
    match locations.len().saturating_sub(NAMED) {
        0 => names.join(", "),
        rest => format!("{} and {rest} more", names.join(", ")),
    }
}

fn families(members: &[Rooted<'_>]) -> String {
    let names: BTreeSet<&str> = members.iter().filter_map(|member| member.case.aim.family.as_deref()).collect();
    names.into_iter().collect::<Vec<_>>().join(", ")
}
