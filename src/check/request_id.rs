//! A request id, present and unique in the run.

use std::collections::HashSet;

use super::{AnswerSubject, Check, Checked, Look};
use crate::{
    code::Code,
    scenario::{Case, Suite},
    statement::Evidence,
    transcript::{Role, Transcript},
    verdict::Finding,
};

use super::subject::Ground;

pub(super) const CHECK: Check = Check {
    code: Code::RequestId,
    wants: "an x-amzn-requestid on every answer, never the same twice in a run",
    why: "The page's sample shows it, and support and logs are keyed by it. Its form is not judged: services \
          use UUIDs and other forms.",
    look: Look::Answer(look),
};

fn look(subject: &AnswerSubject<'_>) -> Checked {
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
    Checked::with(ground.cites.clone(), finding.into_iter().collect())
}

/// The request ids of a run so far.
#[derive(Debug, Default)]
pub struct SeenRequestIds(HashSet<String>);

impl SeenRequestIds {
    /// Enters the ids of a case; a finding for each that was seen before.
    pub fn enter(&mut self, suite: &Suite, case: &Case, transcript: &Transcript) -> Vec<Finding> {
        let judged =
            transcript.exchanges.iter().filter(|exchange| !matches!(exchange.role, Role::Setup | Role::Teardown));
        let mut findings: Vec<Finding> = Vec::new();
        for exchange in judged {
            let Some(id) = exchange.outcome.as_ref().ok().and_then(|response| response.headers.get("x-amzn-requestid"))
            else {
                continue;
            };
            if self.0.insert(id.to_owned()) {
                continue;
            }
            let Some(service) = suite.service(&case.scenario.service) else { continue };
            let ground =
                Ground::of(service.statements.judged_by(Code::RequestId, &exchange.operation), Evidence::Protocol);
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
