//! Responses have a request ID that is unique in the run.

use std::{
    collections::{HashSet, VecDeque},
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use super::{Basis, Check, CheckBasis, CheckScope, Checked, PointsAt, ResponseSubject, SeverityRow};
use crate::{
    judge::{
        code::Code,
        transcript::{Role, Transcript},
        verdict::{
            Finding,
            Severity::{Error, Warning},
        },
    },
    suite::{Case, Fixtures, requirement::Evidence},
    wire::protocol::{REQUEST_ID_HEADER, REQUEST_ID_HEADERS},
};

impl Code {
    /// Responses have a request ID that is unique in the run.
    pub const REQUEST_ID: Self = Self::new("request-id");
}

pub(super) const CHECK: Check = Check {
    code: Code::REQUEST_ID,
    wants: "a request ID on every response, unique in the run",
    why: "The sample on the page shows one, and support and logs use it as a key. Its form is not checked: services \
          use UUIDs and other forms.",
    label: ["req", "id"],
    severities: &[SeverityRow::new(
        Error,
        Warning,
        "the page's sample shows one; on other services it is a convention",
    )],
    basis: CheckBasis::Requirements { otherwise: OTHERWISE },
    points_at: PointsAt::Headers(&REQUEST_ID_HEADERS),
    from_recording: true,
    look: CheckScope::Response(look),
};

const OTHERWISE: Evidence = Evidence::Protocol;

fn look<'a>(subject: &ResponseSubject<'a>) -> Checked<'a> {
    let basis = subject.basis(&CHECK);
    let id = subject.response.headers.get(REQUEST_ID_HEADER).filter(|id| !id.trim().is_empty());
    let expected = || format!("a request ID in {REQUEST_ID_HEADER}");
    let finding = id.is_none().then(|| basis.finding(&CHECK, subject.number(), "", expected(), "none"));
    Checked::with(basis.cites, finding.into_iter().collect())
}

/// The number of request IDs that are kept. A repeated ID shows within far fewer responses, and a run of a million
/// cases must not hold a million IDs.
const REMEMBERED: usize = 1 << 16;

/// The latest request IDs of a run, as hashes. Two different IDs share a hash in at most one of 2⁴⁸ runs.
#[derive(Debug, Default)]
pub struct SeenRequestIds {
    known: HashSet<u64>,
    in_order: VecDeque<u64>,
}

impl SeenRequestIds {
    /// Remembers the ID. `false` if it was known.
    fn is_new(&mut self, id: &str) -> bool {
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        let hash = hasher.finish();
        if !self.known.insert(hash) {
            return false;
        }
        self.in_order.push_back(hash);
        if self.in_order.len() > REMEMBERED {
            self.in_order.pop_front().map(|oldest| self.known.remove(&oldest));
        }
        true
    }

    /// Remembers the IDs of a case. Returns a finding for each step with a known ID.
    pub fn enter(&mut self, suite: &Fixtures, case: &Case, transcript: &Transcript) -> Vec<Finding> {
        let judged =
            transcript.exchanges.iter().filter(|exchange| !matches!(exchange.role, Role::Setup | Role::Teardown));
        let mut findings: Vec<Finding> = Vec::new();
        for exchange in judged {
            let Some(id) = exchange.outcome.as_ref().ok().and_then(|response| response.headers.get(REQUEST_ID_HEADER))
            else {
                continue;
            };
            if self.is_new(id) {
                continue;
            }
            let Some(service) = suite.service(&case.scenario.service) else { continue };
            let judged_by = service.requirements.judged_by(CHECK.code.name(), &exchange.operation);
            let basis = Basis::of(judged_by, OTHERWISE);
            let expected = "a request ID that no other response of the run has";
            let finding = basis.finding(&CHECK, exchange.step, "", expected, "the ID of another response");
            if !findings.contains(&finding) {
                findings.push(finding);
            }
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::judge::check::testing::*;

    #[rstest]
    #[case::given(Some("x"), &[])]
    #[case::missing(None, &["error request-id"])]
    #[case::empty(Some(" "), &["error request-id"])]
    fn every_response_has_an_id(#[case] id: Option<&str>, #[case] findings: &[&str]) {
        let trial = Trial::stop(STOP).with(1, Role::Main, 200, stopping().to_string().as_bytes(), |response| {
            response.headers.remove("x-amzn-requestid");
            if let Some(id) = id {
                response.headers.push("x-amzn-requestid", id);
            }
        });
        assert_eq!(trial.findings(), findings);
    }

    #[test]
    fn an_id_that_two_cases_share_is_found_at_the_second_once_a_step() {
        let (one, two) = (Trial::stop(STOP), Trial::stop(STOP));
        let one = one.responds(1, 200, &stopping());
        let mut two = two.responds(1, 200, &stopping()).responds(1, 200, &stopping());
        for exchange in &mut two.transcript.exchanges {
            exchange.outcome.as_mut().unwrap().headers.set("x-amzn-requestid", "id-0");
        }
        let mut seen = SeenRequestIds::default();
        assert!(seen.enter(&one.suite, &one.case, &one.transcript).is_empty());
        let findings = seen.enter(&two.suite, &two.case, &two.transcript);
        assert_eq!(findings.iter().map(in_words).collect::<Vec<_>>(), ["error request-id"]);
    }

    #[test]
    fn the_latest_ids_are_remembered_and_no_more() {
        let mut seen = SeenRequestIds::default();
        assert!((0..=REMEMBERED).all(|number| seen.is_new(&number.to_string())));
        assert_eq!((seen.known.len(), seen.in_order.len()), (REMEMBERED, REMEMBERED));
        assert!(!seen.is_new("1"), "still remembered");
        assert!(seen.is_new("0"), "the oldest one");
    }

    #[test]
    fn responses_to_states_and_cleanups_do_not_count() {
        let trial =
            Trial::stop(STOP).responds(1, 200, &stopping()).responds(1, 200, &stopping()).responds(1, 200, &stopping());
        let mut trial = trial.gets(1, Role::Main, Err(crate::wire::TransportError::Closed));
        for (exchange, role) in trial.transcript.exchanges.iter_mut().zip([Role::Setup, Role::Main, Role::Teardown]) {
            exchange.role = role;
            exchange.outcome.as_mut().unwrap().headers.set("x-amzn-requestid", "one");
        }
        assert!(SeenRequestIds::default().enter(&trial.suite, &trial.case, &trial.transcript).is_empty());
    }

    #[test]
    fn an_id_that_two_steps_share_cites_the_requirements_of_its_operation() {
        let mut trial = Trial::stop(&format!("{STOP}\n{STOP}\n{STOP}"));
        for step in 1..=3 {
            trial =
                trial.with(step, Role::Main, 200, b"{}", |response| response.headers.set("x-amzn-requestid", "one"));
        }
        let found = SeenRequestIds::default().enter(&trial.suite, &trial.case, &trial.transcript);
        let found: Vec<_> = found.iter().map(|finding| (finding.step, finding.cites.join(" "))).collect();
        assert_eq!(found, [(2, "SD-40".to_owned()), (3, "SD-40".to_owned())]);
    }
}
