//! Successes have their documented HTTP status.

use super::{Check, CheckBasis, CheckScope, Checked, PointsAt, ResponseSubject, SeverityRow};
use crate::{
    judge::{
        code::Code,
        verdict::{
            Finding,
            Severity::{Error, Note},
        },
    },
    suite::{Alternative, requirement::Evidence},
    wire::protocol::SuccessStatus,
};

impl Code {
    /// Successes have their documented HTTP status.
    pub const STATUS: Self = Self::new("status");
}

pub(super) const CHECK: Check = Check {
    code: Code::STATUS,
    wants: "the documented status on a success: 200 for AWS JSON",
    why: "Both pages state it, and each of 5,559 recorded successes of AWS JSON services has it.",
    label: ["sta-", "tus"],
    severities: &[SeverityRow::new(
        Error,
        Error,
        "every recorded success of an AWS JSON service has the status 200; another 2xx of a REST service is a note",
    )],
    basis: CheckBasis::Requirements { otherwise: Evidence::Protocol },
    points_at: PointsAt::StatusLine,
    from_recording: true,
    look: CheckScope::Response(look),
};

fn look<'a>(subject: &ResponseSubject<'a>) -> Checked<'a> {
    if subject.parsed.rejection.is_some() {
        return Checked::nothing();
    }
    let basis = subject.basis(&CHECK);
    let mut statuses = subject.step.step.expect.alternatives.iter().filter_map(|alternative| match alternative {
        Alternative::Success { status, .. } if subject.is_main() => Some(*status),
        _ => None,
    });
    let actual = subject.response.status;
    let expected = statuses.next();
    let compared = match expected {
        Some(expected) if actual == expected || statuses.any(|other| actual == other) => SuccessStatus::Expected,
        Some(expected) => SuccessStatus::Wrong { expected },
        None => {
            let service = subject.service;
            service.protocol.compare_success_status(service.contract(), subject.operation, actual)
        }
    };
    let finding = |expected: u16| {
        basis.finding(&CHECK, subject.number(), "", format!("the status {expected}"), actual.to_string())
    };
    let findings = match compared {
        SuccessStatus::Expected => Vec::new(),
        SuccessStatus::Tolerated { expected } => vec![Finding { severity: Note, ..finding(expected) }],
        SuccessStatus::Wrong { expected } => vec![finding(expected)],
    };
    Checked::with(basis.cites, findings)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use crate::judge::{check::testing::*, transcript::Role};

    #[rstest]
    #[case::ok(200, &[])]
    #[case::created(201, &["error status"])]
    #[case::accepted(202, &["error status"])]
    fn a_success_is_200(#[case] status: u16, #[case] findings: &[&str]) {
        assert_eq!(Trial::stop(STOP).responds(1, status, &stopping()).findings(), findings);
    }

    #[test]
    fn a_scenario_may_expect_another() {
        let steps = "- { call: StopDeployment, input: { deploymentId: d-ABCDEF123 }, expect: { status: 202 } }";
        assert!(Trial::stop(steps).responds(1, 202, &stopping()).findings().is_empty());
    }

    #[rstest]
    #[case(200, 0)]
    #[case(202, 0)]
    #[case(201, 1)]
    fn a_scenario_may_expect_one_of_several(#[case] status: u16, #[case] findings: usize) {
        let steps = "- { call: StopDeployment, input: { deploymentId: d-ABCDEF123 }, expect: { any_of: [{ status: 202 }, { status: 200 }] } }";
        assert_eq!(Trial::stop(steps).responds(1, status, &stopping()).findings().len(), findings);
    }

    #[test]
    fn another_status_is_expected_of_the_step_and_not_of_its_guards() {
        let guard = "unchanged: [{ call: GetDeployment, input: { deploymentId: d-ABCDEF123 } }]";
        let steps = format!(
            "- {{ call: StopDeployment, input: {{ deploymentId: d-ABCDEF123 }}, expect: {{ status: 202 }}, {guard} }}"
        );
        let body = br#"{"deploymentInfo":{}}"#;
        let trial = Trial::stop(&steps).with(1, Role::Before(0), 200, body, |_| {}).responds(1, 202, &stopping());
        assert_eq!(trial.findings(), Vec::<String>::new());
    }
}
