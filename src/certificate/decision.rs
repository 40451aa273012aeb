//! Decides the level that is granted for a profile, and what is missing for the next one. Pure.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{
    certified_report::{Reported, ReportedCase, ReportedFate, ReportedRequirement},
    profile::{Level, Profile},
};
use crate::{
    judge::verdict::{Severity, Verdict},
    suite::Fixtures,
};

/// The decision for one profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    pub service: String,
    pub profile: String,
    /// The level that is granted; `None` if not even the core is.
    pub granted: Option<Level>,
    /// The number of cases that count.
    pub cases: usize,
    /// The number of requirements.
    pub requirements: usize,
    /// The causes that prevent a level.
    pub missing: Vec<Missing>,
}

/// One thing that prevents a level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// The lowest level that it prevents.
    pub level: Level,
    /// The ID of a requirement or a case.
    pub what: String,
    pub because: String,
    /// The reason, if a whole operation is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap: Option<OperationGap>,
}

/// The reason why a certificate does not cover an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OperationGap {
    NotImplemented,
    NotProbed,
    /// The endpoint does not accept its least valid request.
    NotShown,
}

impl OperationGap {
    /// The reason in a few words.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::NotImplemented => "not implemented",
            Self::NotProbed => "not probed",
            Self::NotShown => "its least valid request is not accepted",
        }
    }
}

/// The decision that follows from a report.
///
/// A deviation in any case prevents the whole profile. A case that is blocked, inconclusive or not implemented
/// prevents its level; a requirement that is not met prevents its level. A case that is not applicable prevents the
/// extended level.
#[must_use]
pub fn decide(suite: &Fixtures, profile: &Profile, reported: &Reported) -> Decision {
    let known: HashMap<&str, &ReportedCase> = reported.cases.iter().map(|case| (case.id.0.as_str(), case)).collect();
    let cases = profile.cases(suite);
    let of_cases =
        cases.iter().filter_map(|(case, level)| missing_case(&case.id.0, known.get(case.id.0.as_str()), *level));
    let mut missing: Vec<Missing> = of_cases.collect();
    for (id, level) in &profile.requirements {
        let requirement = reported.requirements.iter().find(|requirement| requirement.id == *id);
        missing.extend(unheld(requirement, reported).map(|because| Missing {
            level: *level,
            what: id.clone(),
            because,
            gap: None,
        }));
    }
    missing.sort_by(|a, b| (a.level, &a.what).cmp(&(b.level, &b.what)));
    Decision {
        service: profile.service.clone(),
        profile: profile.name.clone(),
        granted: granted(&missing),
        cases: cases.len(),
        requirements: profile.requirements.len(),
        missing,
    }
}

/// The level that nothing missing prevents.
pub(super) fn granted(missing: &[Missing]) -> Option<Level> {
    match missing.iter().map(|missing| missing.level).min() {
        None => Some(Level::Extended),
        Some(Level::Extended) => Some(Level::Core),
        Some(Level::Core) => None,
    }
}

fn missing_case(id: &str, reported: Option<&&ReportedCase>, level: Level) -> Option<Missing> {
    let (level, because) = match reported {
        None => (level, "was not run".to_owned()),
        Some(case) => match case.verdict {
            Verdict::Conforms => return None,
            Verdict::Deviates => (Level::Core, format!("deviates: {}", worst(case))),
            Verdict::NotApplicable => (Level::Extended, format!("not applicable: {}", case.reason)),
            other => (level, format!("{other}: {}", case.reason)),
        },
    };
    Some(Missing { level, what: id.to_owned(), because, gap: None })
}

/// The first error, in one line.
fn worst(case: &ReportedCase) -> String {
    let error = case.findings.iter().find(|finding| finding.severity == Severity::Error);
    error.map_or_else(String::new, |error| format!("{}, expected {}, got {}", error.code, error.expected, error.actual))
}

/// Returns why a requirement is not met; `None` if it is.
fn unheld(requirement: Option<&ReportedRequirement>, reported: &Reported) -> Option<String> {
    let Some(requirement) = requirement else { return Some("missing in the report".to_owned()) };
    match requirement.outcome {
        ReportedFate::Met => None,
        ReportedFate::Violated => Some(broken_in(&requirement.id, reported)),
        ReportedFate::NotExercised => {
            let reason = requirement.reason.as_deref().unwrap_or("no case judged it");
            Some(format!("not exercised: {reason}"))
        }
    }
}

fn broken_in(id: &str, reported: &Reported) -> String {
    let breaks = |case: &&ReportedCase| {
        case.findings
            .iter()
            .any(|finding| finding.severity == Severity::Error && finding.cites.iter().any(|cited| cited == id))
    };
    let cases: Vec<&str> = reported.cases.iter().filter(breaks).map(|case| case.id.0.as_str()).collect();
    match cases.as_slice() {
        [] => "violated".to_owned(),
        [one] => format!("violated in {one}"),
        [first, rest @ ..] => format!("violated in {first} and {} more", rest.len()),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::{
        certificate::{
            certified_report::{Addressed, ReportedTool, SuiteName},
            profile::Profiles,
        },
        judge::{
            code::Code,
            verdict::{Finding, FindingRole, Ledger},
        },
        suite::{FixtureFiles, requirement::Evidence, testing::BUNDLED},
    };

    fn auth() -> Profile {
        let profiles = Profiles::read(&FixtureFiles::bundled_fixtures(), &BUNDLED).unwrap();
        profiles.select(&["auth".to_owned()], &["proton".to_owned()])[0].clone()
    }

    /// A report that grants the whole profile.
    fn good(profile: &Profile) -> Reported {
        let cases = profile.cases(&BUNDLED).into_iter().map(|(case, _)| ReportedCase {
            id: case.id,
            verdict: Verdict::Conforms,
            reason: String::new(),
            findings: Vec::new(),
        });
        let requirements = profile.requirements.keys();
        let met = |id: &String| ReportedRequirement { id: id.clone(), outcome: ReportedFate::Met, reason: None };
        let mut report = Reported {
            tool: ReportedTool { name: "wireproof".to_owned(), version: "0".to_owned() },
            suite: SuiteName { digest: BUNDLED.digest().to_owned() },
            target: Addressed { name: String::new(), endpoint: String::new(), region: String::new() },
            seed: 1,
            interrupted: false,
            ledger: Ledger::default(),
            cases: cases.collect(),
            requirements: requirements.map(met).collect(),
        };
        report.ledger = report.sums();
        report
    }

    fn case<'r>(report: &'r mut Reported, name: &str) -> &'r mut ReportedCase {
        report.cases.iter_mut().find(|case| case.id.0.ends_with(name)).unwrap()
    }

    fn requirement<'r>(report: &'r mut Reported, id: &str) -> &'r mut ReportedRequirement {
        report.requirements.iter_mut().find(|requirement| requirement.id == id).unwrap()
    }

    fn deviation(cites: &str) -> Finding {
        Finding {
            code: Code::ERROR_IDENTITY,
            rule: None,
            severity: Severity::Error,
            evidence: Evidence::Documented,
            step: 1,
            role: FindingRole::Step,
            pointer: String::new(),
            expected: "AccessDeniedException".to_owned(),
            actual: "200".to_owned(),
            cites: vec![cites.to_owned()],
        }
    }

    #[rstest]
    #[case::all_is_well(|_: &mut Reported| {}, Some(Level::Extended), "")]
    #[case::a_core_case_is_blocked(|report: &mut Reported| case(report, "/unsigned").verdict = Verdict::Blocked, None, "blocked")]
    #[case::a_core_case_is_inconclusive(|report: &mut Reported| case(report, "/unsigned").verdict = Verdict::Inconclusive, None, "inconclusive")]
    #[case::an_operation_is_absent(|report: &mut Reported| case(report, "/unsigned").verdict = Verdict::NotImplemented, None, "not-implemented")]
    #[case::an_extended_case_is_blocked(|report: &mut Reported| case(report, "/denied-identity").verdict = Verdict::Blocked, Some(Level::Core), "blocked")]
    #[case::an_extended_case_deviates(|report: &mut Reported| case(report, "/denied-identity").verdict = Verdict::Deviates, None, "deviates")]
    #[case::a_case_is_not_applicable(|report: &mut Reported| case(report, "/other-region").verdict = Verdict::NotApplicable, Some(Level::Core), "not applicable")]
    #[case::a_case_was_not_run(|report: &mut Reported| drop(report.cases.pop()), None, "was not run")]
    #[case::a_core_requirement_was_not_exercised(|report: &mut Reported| requirement(report, "CSP-10").outcome = ReportedFate::NotExercised, None, "not exercised: no case judged it")]
    #[case::an_extended_requirement_was_not(|report: &mut Reported| requirement(report, "CSP-37").outcome = ReportedFate::NotExercised, Some(Level::Core), "not exercised")]
    #[case::a_requirement_is_not_in_the_report(|report: &mut Reported| report.requirements.retain(|each| each.id != "CSP-36"), None, "missing in the report")]
    fn a_level_is_granted_when_nothing_of_it_is_missing(
        #[case] spoil: fn(&mut Reported),
        #[case] level: Option<Level>,
        #[case] says: &str,
    ) {
        let profile = auth();
        let mut report = good(&profile);
        spoil(&mut report);
        let decision = decide(&BUNDLED, &profile, &report);
        assert_eq!(decision.granted, level, "{:?}", decision.missing);
        assert_eq!(decision.missing.is_empty(), says.is_empty());
        assert!(decision.missing.iter().all(|missing| missing.because.contains(says)), "{:?}", decision.missing);
    }

    #[test]
    fn a_violated_requirement_is_reported_with_its_case() {
        let profile = auth();
        let mut report = good(&profile);
        let denied = case(&mut report, "/denied-identity");
        (denied.verdict, denied.findings) = (Verdict::Deviates, vec![deviation("CSP-37")]);
        requirement(&mut report, "CSP-37").outcome = ReportedFate::Violated;
        let reported: Vec<String> = decide(&BUNDLED, &profile, &report)
            .missing
            .into_iter()
            .map(|missing| format!("{} {}: {}", missing.level.name(), missing.what, missing.because))
            .collect();
        let case = "proton/cancel-service-pipeline-deployment/denied-identity";
        assert_eq!(
            reported,
            [
                format!("core {case}: deviates: error-identity, expected AccessDeniedException, got 200"),
                format!("extended CSP-37: violated in {case}"),
            ]
        );
    }
}
