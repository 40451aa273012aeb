//! The obstacles that keep a step from being judged in full.

use std::time::Duration;

use super::StepSubject;
use crate::{
    judge::{
        check::{
            implementation::{self, NotImplementedReason},
            outcome,
        },
        obstacle::Obstacle,
        transcript::{Exchange, Role},
    },
    model::http_date_seconds,
    wire::{ParsedResponse, signing_date::amz_date_seconds, sigv4::SigningFault},
};

/// Clocks that differ by less count as equal. The rows of scenarios are a minute from the limit of 15 minutes.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(30);

impl StepSubject<'_> {
    /// The reason why this step cannot be judged in full: a missing or unsupported response, a neighbor that is not
    /// implemented, a guard whose first read was rejected, another clock, or controls with different responses.
    #[must_use]
    pub fn obstacle(&self) -> Option<Obstacle> {
        self.no_response()
            .or_else(|| self.unsupported())
            .or_else(|| self.absent_neighbor())
            .or_else(|| self.rejected_guard())
            .or_else(|| self.unfinished())
            .or_else(|| self.differing_clock())
            .or_else(|| self.varying_control())
    }

    /// The last response of a poll reports a change in progress, and no document bounds how long a change takes; or it
    /// reports a failure that the documents allow.
    #[must_use]
    pub fn unfinished(&self) -> Option<Obstacle> {
        if !self.is_poll() {
            return None;
        }
        let ((first, _), (last, outcome)) = self.main().next().zip(self.main().last())?;
        let (_, parsed) = outcome.ok().filter(|_| self.step.expect.held(outcome, &self.bindings).is_none())?;
        let service = self.case.suite.service(&last.service)?;
        let waited = (last.started + last.elapsed).saturating_sub(first.started);
        let pending = || Obstacle::StillPending { operation: last.operation.clone(), waited };
        let failed = || Obstacle::ChangeFailed(last.operation.clone());
        let is_failed = || service.is_failed(&last.operation, parsed);
        service.is_pending(&last.operation, parsed).then(pending).or_else(|| is_failed().then(failed))
    }

    /// The response of the exchange matters: of a poll, only the last one does.
    #[must_use]
    pub fn counts(&self, exchange: &Exchange) -> bool {
        let is_last = || self.main().last().is_some_and(|(last, _)| std::ptr::eq(last, exchange));
        exchange.role != Role::Main || !self.is_poll() || is_last()
    }

    /// An exchange without the response that it needs.
    fn no_response(&self) -> Option<Obstacle> {
        self.exchanges.iter().filter(|(exchange, _)| self.counts(exchange)).find_map(|(exchange, _)| {
            let error = exchange.outcome.as_ref().err()?;
            let expected = exchange.role == Role::Main && self.step.expect.held(Err(error), &self.bindings).is_some();
            let obstacle = || Obstacle::NoResponse { operation: exchange.operation.clone(), error: error.clone() };
            (!expected).then(obstacle)
        })
    }

    fn unsupported(&self) -> Option<Obstacle> {
        self.exchanges.iter().find_map(|(exchange, parsed)| {
            let limit = parsed.as_ref()?.limit?;
            Some(Obstacle::Unsupported { operation: exchange.operation.clone(), limit })
        })
    }

    fn absent_neighbor(&self) -> Option<Obstacle> {
        let absent = self.exchanges.iter().find(|(exchange, parsed)| self.is_absent(exchange, parsed.as_ref()));
        let (exchange, parsed) = absent?;
        let (operation, response) = (exchange.operation.clone(), exchange.outcome.as_ref().ok()?);
        Some(match implementation::not_implemented(response, parsed.as_ref()?)? {
            NotImplementedReason::HtmlPage(status @ 500..) => Obstacle::NeighborCrashed { operation, status },
            _ => Obstacle::NeighborNotImplemented(operation),
        })
    }

    /// The response proves that a neighbor, an operation beside the one under test, is not implemented. Then nothing in
    /// it is judged.
    #[must_use]
    pub fn is_absent(&self, exchange: &Exchange, parsed: Option<&ParsedResponse>) -> bool {
        let received = exchange.outcome.as_ref().ok().zip(parsed);
        exchange.operation != self.case.case.scenario.operation
            && received.is_some_and(|(response, parsed)| implementation::not_implemented(response, parsed).is_some())
    }

    /// The step itself calls a neighbor that is not implemented.
    fn calls_what_is_absent(&self) -> bool {
        self.main().any(|(exchange, outcome)| self.is_absent(exchange, outcome.ok().map(|(_, parsed)| parsed)))
    }

    /// Nothing that the step as a whole shows can be judged.
    #[must_use]
    pub fn has_no_judgement(&self) -> bool {
        self.calls_what_is_absent() || self.is_unsupported() || self.differing_clock().is_some()
    }

    /// The step is about the age of its request, and the `date` of a response differs from the time of this machine.
    /// Without that header, the clocks count as equal.
    fn differing_clock(&self) -> Option<Obstacle> {
        let fault = self.step.call.signing.as_ref()?.fault(&self.bindings).ok()??;
        let SigningFault::SkewedClock(skew) = fault else { return None };
        self.main().find_map(|(exchange, outcome)| {
            let (response, _) = outcome.ok()?;
            let signed = amz_date_seconds(exchange.request.headers.get("x-amz-date")?)?;
            let sent = signed.saturating_sub(skew);
            let ahead = http_date_seconds(response.headers.get("date")?)?.saturating_sub(sent);
            let tolerated = CLOCK_TOLERANCE.saturating_add(exchange.elapsed).as_secs();
            let obstacle = || Obstacle::ClockDiffers { operation: exchange.operation.clone(), ahead };
            (ahead.unsigned_abs() > tolerated).then(obstacle)
        })
    }

    /// A response of the step has JSON that this program does not support, so the step as a whole cannot be judged.
    fn is_unsupported(&self) -> bool {
        self.exchanges.iter().any(|(_, parsed)| parsed.as_ref().is_some_and(|parsed| parsed.limit.is_some()))
    }

    /// The early controls are equal requests without an effect, and an endpoint responds alike to all of them.
    fn varying_control(&self) -> Option<Obstacle> {
        let responses = self.of_role(Role::EarlyControl).filter_map(|(exchange, outcome)| {
            let (response, parsed) = outcome.ok()?;
            Some((exchange, outcome::describe(response.status, parsed)))
        });
        let responses: Vec<_> = responses.collect();
        let (exchange, first) = responses.first()?;
        let (_, other) = responses.iter().find(|(_, response)| response != first)?;
        let operation = exchange.operation.clone();
        Some(Obstacle::ControlVaries { operation, first: first.clone(), other: other.clone() })
    }

    fn rejected_guard(&self) -> Option<Obstacle> {
        let rejected = self.exchanges.iter().find(|(exchange, parsed)| {
            matches!(exchange.role, Role::Before(_)) && parsed.as_ref().is_some_and(|parsed| parsed.rejection.is_some())
        });
        rejected.map(|(exchange, _)| Obstacle::GuardRejected(exchange.operation.clone()))
    }
}

#[cfg(test)]
#[expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the method of one lifetime is not one of every lifetime"
)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        judge::{check::testing::*, verdict::Verdict},
        wire::{TransportError, signing_date::amz_date},
    };

    const INPUT: &str = "input: { deploymentId: d-ABCDEF123 }";

    fn unknown() -> Value {
        json!({"__type": "UnknownOperationException", "message": "m"})
    }

    #[rstest]
    #[case::alike(&[does_not_exist(), does_not_exist()], None)]
    #[case::accepted_once(&[does_not_exist(), stopping()], Some("DeploymentDoesNotExistException (400) and a success (200)"))]
    #[case::another_error(&[unknown(), does_not_exist()], Some("UnknownOperationException (400) and DeploymentDoesNotExistException (400)"))]
    fn early_controls_with_different_responses_leave_a_case_open(
        #[case] early: &[Value],
        #[case] expected: Option<&str>,
    ) {
        let steps = "- { call: StopDeployment, input: { deploymentId: x }, expect: { error: InvalidDeploymentIdException }, control: { deploymentId: d-ABCDEF124 } }";
        let trial = early.iter().fold(Trial::stop(steps), |trial, body| {
            let status = if body["__type"].is_string() { 400 } else { 200 };
            trial.with(1, Role::EarlyControl, status, body.to_string().as_bytes(), |_| {})
        });
        let trial = trial.responds(1, 400, &json!({"__type": "InvalidDeploymentIdException", "message": "m"}));
        let (verdict, reason) = trial.judge().verdict();
        let open = (Verdict::Inconclusive, true);
        let actual = (verdict, expected.is_none_or(|expected| reason.contains(expected)));
        assert_eq!(actual, if expected.is_some() { open } else { (Verdict::Conforms, true) }, "{reason}");
    }

    #[rstest]
    #[case::equal("Tue, 14 Nov 2023 22:13:20 GMT", None)]
    #[case::rounded("Tue, 14 Nov 2023 22:13:50 GMT", None)]
    #[case::ahead("Tue, 14 Nov 2023 22:15:20 GMT", Some("120 s ahead of this one"))]
    #[case::behind("Tue, 14 Nov 2023 22:12:40 GMT", Some("40 s behind this one"))]
    #[case::not_a_date("now", None)]
    fn the_age_of_a_request_is_judged_only_where_both_clocks_agree(
        #[case] date: &str,
        #[case] expected: Option<&str>,
        #[values(true, false)] skewed: bool,
    ) {
        let sign = if skewed { ", sign: { skewed-clock: -840 }" } else { "" };
        let rejected = json!({"__type": "InvalidDeploymentIdException", "message": "m"}).to_string();
        let trial = Trial::stop(&format!("- {{ call: StopDeployment, {INPUT}{sign} }}"))
            .with(1, Role::Main, 400, rejected.as_bytes(), |response| response.headers.set("date", date))
            .sent(|request| request.headers.set("x-amz-date", amz_date(1_700_000_000 - if skewed { 840 } else { 0 })));
        let (verdict, reason) = trial.judge().verdict();
        match expected.filter(|_| skewed) {
            Some(expected) => assert!(verdict == Verdict::Inconclusive && reason.contains(expected), "{reason}"),
            None => assert_eq!(verdict, Verdict::Deviates, "{reason}"),
        }
    }

    #[test]
    fn a_poll_needs_a_response_only_in_the_end() {
        let poll =
            || Trial::stop(&format!("- {{ call: StopDeployment, {INPUT}, eventually: {{ within: 1s, every: 1s }} }}"));
        let obstacle = |trial: &Trial| trial.on_step(|step| step.obstacle());
        let early = poll().gets(1, Role::Main, Err(TransportError::Reset)).responds(1, 200, &stopping());
        assert_eq!(obstacle(&early), None);
        let late = poll().responds(1, 200, &stopping()).gets(1, Role::Main, Err(TransportError::Reset));
        let expected = Obstacle::NoResponse { operation: "StopDeployment".to_owned(), error: TransportError::Reset };
        assert_eq!((obstacle(&late), expected.verdict()), (Some(expected), Verdict::Inconclusive));
    }

    #[test]
    fn a_control_that_closes_is_no_response_even_where_the_step_may_close() {
        let steps = format!(
            "- {{ call: StopDeployment, {INPUT}, expect: {{ closed: true }}, control: {{ deploymentId: d-ABCDEF124 }} }}"
        );
        let closes = |trial: Trial, role| trial.gets(1, role, Err(TransportError::Closed));
        let trial = closes(Trial::stop(&steps), Role::Main);
        assert_eq!(trial.on_step(|step| step.obstacle()), None);
        let trial = closes(trial, Role::Control);
        assert!(matches!(trial.on_step(|step| step.obstacle()), Some(Obstacle::NoResponse { .. })));
    }

    #[test]
    fn only_an_operation_beside_the_one_under_test_can_be_an_absent_neighbor() {
        let own = Trial::stop(STOP).responds(1, 400, &unknown());
        assert_eq!(own.on_step(|step| (step.obstacle(), step.calls_what_is_absent())), (None, false));
        let other = Trial::stop(&format!("- {{ call: GetDeployment, {INPUT} }}\n{STOP}"));
        let absent = other.responds(1, 400, &unknown());
        let expected = (Some(Obstacle::NeighborNotImplemented("GetDeployment".to_owned())), true);
        assert_eq!(absent.on_step(|step| (step.obstacle(), step.calls_what_is_absent())), expected);
    }

    fn guarded(before: (u16, &Value), after: (u16, &Value)) -> Trial {
        let guard = format!("unchanged: [{{ call: GetDeployment, {INPUT} }}]");
        let steps = UNKNOWN.replace(" } }", &format!(" }}, {guard} }}"));
        let add = |trial: Trial, role, (status, body): (u16, &Value)| {
            trial.with(1, role, status, body.to_string().as_bytes(), |_| {})
        };
        let trial = add(Trial::stop(&steps), Role::Before(0), before).responds(1, 200, &stopping());
        add(trial, Role::After(0), after)
    }

    #[test]
    fn a_guard_that_is_absent_or_rejected_blocks_and_the_step_is_still_judged() {
        let (seen, rejected) = (json!({"deploymentInfo": {}}), does_not_exist());
        let absent = guarded((400, &unknown()), (400, &unknown()));
        let expected = (Some(Obstacle::NeighborNotImplemented("GetDeployment".to_owned())), false);
        assert_eq!(absent.on_step(|step| (step.obstacle(), step.calls_what_is_absent())), expected);
        assert_eq!(absent.findings(), ["error outcome"]);
        let blind = guarded((400, &rejected), (400, &rejected));
        let expected = Obstacle::GuardRejected("GetDeployment".to_owned());
        assert_eq!((blind.on_step(|step| step.obstacle()), expected.verdict()), (Some(expected), Verdict::Blocked));
        assert_eq!(guarded((200, &seen), (400, &rejected)).on_step(|step| step.obstacle()), None);
    }
}
