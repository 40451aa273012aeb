//! The endpoint does not crash: no server error that no document promises.

use super::{Check, CheckBasis, CheckScope, Checked, PointsAt, ResponseSubject, SeverityRow, StepSubject};
use crate::{
    judge::{code::Code, verdict::Severity::Error},
    suite::{Alternative, ServiceFixtures, requirement::Evidence},
    wire::{ParsedResponse, Response},
};

impl Code {
    /// The endpoint does not crash.
    pub const SERVER_ERROR: Self = Self::new("server-error");
}

pub(super) const CHECK: Check = Check {
    code: Code::SERVER_ERROR,
    wants: "no server error, unless the operation declares it or the scenario expects it",
    why: "A crash is a defect, whatever the request. It hides what the endpoint would have responded, so it is one \
          finding, and no other check looks at that response.",
    label: ["", "5xx"],
    severities: &[SeverityRow::new(Error, Error, "no document lets a request crash the endpoint")],
    basis: CheckBasis::Scenario,
    points_at: PointsAt::StatusLine,
    from_recording: false,
    look: CheckScope::Response(look),
};

fn look<'a>(subject: &ResponseSubject<'a>) -> Checked<'a> {
    if !is_crash(subject) {
        return Checked::nothing();
    }
    let mut basis = subject.step.basis();
    // A server error is a defect, even if no document states the response.
    basis.evidence = basis.evidence.min(Evidence::Protocol);
    let finding = basis.finding(&CHECK, subject.number(), "", expected(subject), actual(subject));
    Checked::with(basis.cites, vec![finding])
}

/// The response is a server error that nothing allows. Of a poll, only the last response counts.
pub(super) fn is_crash(subject: &ResponseSubject<'_>) -> bool {
    let (step, exchange) = (subject.step, subject.exchange);
    if !subject.is_main() {
        return is_undeclared(subject.service, &exchange.operation, subject.response, subject.parsed);
    }
    step.counts(exchange) && is_unexpected_crash(step, subject.response, subject.parsed)
}

/// A response to the step's own call is a server error that nothing allows.
pub(super) fn is_unexpected_crash(step: &StepSubject<'_>, response: &Response, parsed: &ParsedResponse) -> bool {
    let mut alternatives = step.step.expect.alternatives.iter();
    is_undeclared(step.service, &step.step.call.operation, response, parsed)
        && !alternatives.any(|alternative| alternative.allows_error(response, parsed))
}

/// A server error that the operation does not declare.
pub(super) fn is_undeclared(
    service: &ServiceFixtures,
    operation: &str,
    response: &Response,
    parsed: &ParsedResponse,
) -> bool {
    let contract = service.contract();
    let declares =
        |name: &str| contract.operation(operation).is_some_and(|operation| contract.error(operation, name).is_some());
    is_server_error(response.status) && !parsed.error().is_some_and(declares)
}

/// The endpoint itself failed, whatever error it names.
pub(super) fn is_server_error(status: u16) -> bool {
    status >= 500
}

fn expected(subject: &ResponseSubject<'_>) -> String {
    if !subject.is_main() {
        return "this valid request does not crash the endpoint".to_owned();
    }
    let alternatives = subject.step.step.expect.alternatives.iter().map(Alternative::describe);
    alternatives.collect::<Vec<_>>().join(" or ")
}

fn actual(subject: &ResponseSubject<'_>) -> String {
    let status = subject.response.status;
    let is_page = subject.response.headers.get("content-type").is_some_and(|kind| kind.contains("html"));
    match subject.parsed.error() {
        Some(name) => format!("server error: HTTP {status}, {name}"),
        None if is_page => format!("server error: HTTP {status} with an HTML page"),
        None if subject.response.body.is_empty() => format!("server error: HTTP {status} with an empty body"),
        None => format!("server error: HTTP {status} without an error name"),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use serde_json::{Value, json};

    use crate::judge::{check::testing::*, transcript::Role, verdict::Verdict};

    fn failure(name: &str) -> Value {
        json!({"__type": name, "message": "m"})
    }

    #[rstest]
    #[case::page(b"<html>", "text/html", "server error: HTTP 500 with an HTML page")]
    #[case::empty(b"", "", "server error: HTTP 500 with an empty body")]
    #[case::list(b"[]", "", "server error: HTTP 500 without an error name")]
    #[case::common(br#"{"__type":"InternalFailure"}"#, "", "server error: HTTP 500, InternalFailure")]
    #[case::client_error(
        br#"{"__type":"SerializationException"}"#,
        "",
        "server error: HTTP 500, SerializationException"
    )]
    fn a_crash_is_one_finding_whatever_the_response_looks_like(
        #[case] body: &[u8],
        #[case] kind: &str,
        #[case] actual: &str,
    ) {
        for steps in [STOP, UNKNOWN] {
            let trial = Trial::stop(steps).with(1, Role::Main, 500, body, |response| {
                response.headers.remove("x-amzn-requestid");
                if !kind.is_empty() {
                    response.headers.set("content-type", kind);
                }
            });
            assert_eq!(trial.findings(), ["error server-error"]);
            assert_eq!(trial.expected_and_actual()[0].1, actual);
            assert_eq!(trial.verdict(), Verdict::Deviates);
        }
    }

    #[rstest]
    #[case::rejection_expected("{ rejected: client }")]
    #[case::success_expected("{ status: 200 }")]
    #[case::anything_expected("{ responded: true }")]
    fn a_crash_is_an_error_even_if_the_response_is_only_recorded(#[case] expect: &str) {
        let steps = format!("- {{ call: StopDeployment, input: {{ deploymentId: d-ABCDEF123 }}, expect: {expect} }}");
        let found = Trial::recorded(&steps).responds(1, 500, &failure("InternalFailure")).findings();
        assert_eq!(found, ["error server-error"]);
    }

    #[test]
    fn a_server_error_that_the_operation_declares_is_judged_like_any_other_error() {
        let declared = || failure("InternalServerException");
        assert_eq!(Trial::cancel(CANCEL).responds(1, 500, &declared()).findings(), ["error outcome"]);
        let undeclared = Trial::cancel(CANCEL).responds(1, 500, &failure("InternalFailure"));
        assert_eq!(undeclared.findings(), ["error server-error"]);
    }

    #[rstest]
    #[case::by_name("{ error: InternalFailure, status: 500 }", "InternalFailure", &[])]
    #[case::by_class("{ rejected: auth }", "AccessDeniedException", &["error error-status"])]
    #[case::another("{ error: InternalFailure, status: 500 }", "ServiceUnavailable", &["error server-error"])]
    fn a_server_error_that_the_scenario_expects_is_left_to_the_other_checks(
        #[case] expect: &str,
        #[case] name: &str,
        #[case] findings: &[&str],
    ) {
        let steps = format!("- {{ call: StopDeployment, input: {{ deploymentId: d-ABCDEF123 }}, expect: {expect} }}");
        assert_eq!(Trial::stop(&steps).responds(1, 500, &failure(name)).findings(), findings);
    }

    #[test]
    fn a_control_or_guard_that_crashes_is_one_finding() {
        let guard = "unchanged: [{ call: GetDeployment, input: { deploymentId: d-ABCDEF123 } }]";
        let steps = UNKNOWN.replace(" } }", &format!(" }}, control: {{ deploymentId: d-ABCDEF124 }}, {guard} }}"));
        let crash = failure("InternalFailure").to_string();
        for role in [Role::EarlyControl, Role::Control, Role::Before(0)] {
            let trial = Trial::stop(&steps).with(1, role, 500, crash.as_bytes(), |_| {});
            let trial = trial.responds(1, 400, &does_not_exist());
            assert_eq!(trial.findings(), ["error server-error"], "{role:?}");
        }
    }

    #[test]
    fn a_crash_of_one_concurrent_call_does_not_affect_the_others() {
        let steps = "- { call: StopDeployment, input: { deploymentId: d-ABCDEF123 }, concurrently: 2 }";
        let trial = Trial::recorded(steps).responds(1, 500, &failure("InternalFailure"));
        let trial = trial.responds(1, 400, &does_not_exist());
        assert_eq!(trial.findings(), ["error server-error", "note outcome"]);
    }

    #[test]
    fn a_poll_may_crash_on_its_way_but_not_at_its_end() {
        let steps = "- { call: StopDeployment, input: { deploymentId: d-ABCDEF123 }, eventually: { within: 150ms, every: 100ms } }";
        let crash = failure("InternalFailure");
        let early = Trial::stop(steps).responds(1, 500, &crash).responds(1, 200, &stopping());
        assert_eq!(early.findings(), Vec::<String>::new());
        let late = Trial::stop(steps).responds(1, 200, &stopping()).responds(1, 500, &crash);
        assert_eq!(late.findings(), ["error server-error"]);
    }

    #[rstest]
    #[case(499, false)]
    #[case(500, true)]
    fn a_server_error_is_any_status_from_500_on(#[case] status: u16, #[case] is_one: bool) {
        assert_eq!(super::is_server_error(status), is_one);
    }
}
