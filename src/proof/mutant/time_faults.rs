//! Times in responses that are far from the time of the response.

use serde_json::json;

use super::{
    FaultScope, Mutant, MutantFamily, MutantSubject,
    behavior::{Altered, ResponseRule, change_body},
    member_location::MemberLocation,
    sample::SeenMembers,
};
use crate::judge::code::Code;

const KIND: &[Code] = &[Code::EXPECTED_BODY, Code::EVENTUALLY, Code::CONSISTENTLY, Code::SIDE_EFFECT, Code::OUTCOME];

/// The times of what a scenario itself has just done, by operation.
const TIMES: [(&str, &[&str]); 5] = [
    ("GetDeployment", &["deploymentInfo", "createTime"]),
    ("GetDeployment", &["deploymentInfo", "completeTime"]),
    ("CancelServicePipelineDeployment", &["pipeline", "lastDeploymentAttemptedAt"]),
    ("GetService", &["service", "pipeline", "lastDeploymentAttemptedAt"]),
    ("GetService", &["service", "pipeline", "lastDeploymentSucceededAt"]),
];

const DAY: f64 = 24.0 * 60.0 * 60.0;

/// A name, the fault in words, and the seconds that it adds.
const SHIFTS: [(&str, &str, f64); 4] = [
    ("two-days-before", "is two days before the time", -2.0 * DAY),
    ("two-days-after", "is two days after the time", 2.0 * DAY),
    ("next-year", "is in the next year", 365.0 * DAY),
    ("epoch-of-2001", "is counted from the year 2001", -978_307_200.0),
];

pub(super) fn mutants(subject: &MutantSubject<'_>, seen: &SeenMembers) -> Vec<Mutant> {
    let own = TIMES.iter().filter(|(operation, _)| *operation == subject.operation.name);
    let locations = own.map(|(_, names)| names.iter().fold(MemberLocation::root(), |at, name| at.member(name)));
    let seen = locations.filter(|location| seen.members.contains(location));
    seen.flat_map(|location| SHIFTS.map(|shift| shifted(subject, &location, shift))).collect()
}

fn shifted(subject: &MutantSubject<'_>, location: &MemberLocation, (name, says, seconds): (&str, &str, f64)) -> Mutant {
    let (target, at) = (subject.target(), location.clone());
    let says = format!("{location} {says}");
    let mutant = subject.mutant(MutantFamily::Time, &format!("{location}/{name}"), KIND, says, move || {
        let at = at.clone();
        let alter = move |response: &mut _| {
            change_body(response, |body| {
                at.change(body, &mut |value| {
                    if let Some(time) = value.as_f64() {
                        *value = json!(time + seconds);
                    }
                });
            });
        };
        Altered { target: target.clone(), responses: ResponseRule::Successes, alter }
    });
    mutant.at(FaultScope::Member(location.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::mutant::testing::of_operation;

    #[test]
    fn every_time_that_was_seen_is_shifted_in_every_way() {
        let location = MemberLocation::root().member("deploymentInfo").member("createTime");
        let seen = SeenMembers { members: [location].into(), ..SeenMembers::default() };
        let count = |operation| of_operation("codedeploy", operation, |subject| mutants(subject, &seen)).len();
        assert_eq!((count("GetDeployment"), count("StopDeployment")), (SHIFTS.len(), 0));
    }
}
