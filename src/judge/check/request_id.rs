//! A request id, present and unique in the run.

use std::{
    collections::{HashSet, VecDeque},
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use super::{Check, CheckScope, Checked, ResponseSubject};
use crate::{
    judge::{
        transcript::{Role, Transcript},
        verdict::Finding,
    },
    suite::{Case, Fixtures, code::Code, requirement::Evidence},
};

use super::subject::Ground;

pub(super) const CHECK: Check = Check {
    code: Code::RequestId,
    wants: "an x-amzn-requestid on every answer, never the same twice in a run",
    why: "The page's sample shows it, and support and logs are keyed by it. Its form is not judged: services \
          use UUIDs and other forms.",
    look: CheckScope::Answer(look),
};

fn look<'a>(subject: &ResponseSubject<'a>) -> Checked<'a> {
    let ground = subject.ground(Code::RequestId, Evidence::Protocol);
    let id = subject.response.headers.get("x-amzn-requestid").filter(|id| !id.trim().is_empty());
    let finding = id.is_none().then(|| {
        ground.finding(
            Code::RequestId,
            None,
            subject.number(),
            "",
            "a request id in x-amzn-requestid".to_owned(),
            "none".to_owned(),
        )
    });
    Checked::with(ground.cites, finding.into_iter().collect())
}

/// So many request ids are remembered: a repeated one shows within far fewer answers, and a run of a million cases
/// must not hold a million ids.
const REMEMBERED: usize = 1 << 16;

/// The latest request ids of a run, by their hash: two that are unlike have one hash in one of 2⁴⁸ runs at most.
#[derive(Debug, Default)]
pub struct SeenRequestIds {
    known: HashSet<u64>,
    in_order: VecDeque<u64>,
}

impl SeenRequestIds {
    /// Whether the id is none of the remembered ones.
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
}

impl SeenRequestIds {
    /// Enters the ids of a case; a finding for each that was seen before.
    pub fn enter(&mut self, suite: &Fixtures, case: &Case, transcript: &Transcript) -> Vec<Finding> {
        let judged =
            transcript.exchanges.iter().filter(|exchange| !matches!(exchange.role, Role::Setup | Role::Teardown));
        let mut findings: Vec<Finding> = Vec::new();
        for exchange in judged {
            let Some(id) = exchange.outcome.as_ref().ok().and_then(|response| response.headers.get("x-amzn-requestid"))
            else {
                continue;
            };
            if self.is_new(id) {
                continue;
            }
            let Some(service) = suite.service(&case.scenario.service) else { continue };
            let ground =
                Ground::of(service.requirements.judged_by(Code::RequestId, &exchange.operation), Evidence::Protocol);
            let expected = "a request id that no other answer of the run has".to_owned();
            let finding = ground.finding(
                Code::RequestId,
                None,
                exchange.step,
                "",
                expected,
                "one that another answer has".to_owned(),
            );
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
    fn every_answer_has_an_id(#[case] id: Option<&str>, #[case] findings: &[&str]) {
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
        let one = one.answers(1, 200, &stopping());
        let mut two = two.answers(1, 200, &stopping()).answers(1, 200, &stopping());
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
    fn what_states_and_cleanups_were_answered_does_not_count() {
        let trial =
            Trial::stop(STOP).answers(1, 200, &stopping()).answers(1, 200, &stopping()).answers(1, 200, &stopping());
        let mut trial = trial.gets(1, Role::Main, Err(crate::wire::TransportError::Closed));
        for (exchange, role) in trial.transcript.exchanges.iter_mut().zip([Role::Setup, Role::Main, Role::Teardown]) {
            exchange.role = role;
            exchange.outcome.as_mut().unwrap().headers.set("x-amzn-requestid", "one");
        }
        assert!(SeenRequestIds::default().enter(&trial.suite, &trial.case, &trial.transcript).is_empty());
    }

    #[test]
    fn an_id_that_two_steps_share_is_found_on_the_ground_of_its_operation() {
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
